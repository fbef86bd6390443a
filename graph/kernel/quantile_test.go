package kernel

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestQuantilesInvert checks that a quantile in normal scores is where the log distribution function, from the smaller
// tail, has the value of the score: to 1e-12 of what a relative change of ε in the quantile would do besides. Those of the skew normal and
// the Wald distribution have 1e-11, where their distribution functions cancel.
func TestQuantilesInvert(t *testing.T) {
	check := func(t *rapid.T, name string, z, u, lower, upper, density float64) {
		got, want := lower, LogPhi(-math.Abs(z))
		if z > 0 {
			got = upper
		}
		h, tol := math.Exp(density-want), 1e-12
		if name == "skew normal" || name == "Wald" {
			tol = 1e-11
		}
		if err := math.Abs(got - want); !(err <= tol+3e-14*math.Abs(want)+4*eps*math.Abs(u)*h) {
			t.Fatalf("%s at z = %v: quantile %v has a tail of %v, not %v", name, z, u, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Float64Range(-8, 8).Draw(t, "z")
		a, b := logUniform(t, "a", 1e-3, 1e6), logUniform(t, "b", 1e-3, 1e6)
		u := GammaLogQuantile(a, z)
		x := math.Exp(u)
		if u > -700 {
			check(t, "gamma", z, u, LogGammaP(a, x), LogGammaQ(a, x), GammaLogDensity(a, u))
		} else if want := LogPhi(z); math.Abs(a*u-lgamma1p(a)-want) > 1e-13*math.Abs(want) {
			t.Fatalf("gamma at a = %v, z = %v: %v", a, z, u)
		}
		u = BetaLogitQuantile(a, b, z)
		tail := betaTail(logitArgs(a, b, u), false)
		check(t, "beta", z, u, tail.logValue(false), tail.logValue(true), BetaLogitDensity(a, b, u))
		u = WaldLogQuantile(a, z)
		w := waldCurve{a, math.Sqrt(a)}
		lower, density, _ := w.at(u, false)
		upper, _, _ := w.at(u, true)
		check(t, "Wald", z, u, lower, upper, density)
		c := skewNormalCurve{rapid.Float64Range(-20, 20).Draw(t, "alpha")}
		u = SkewNormalQuantile(c.alpha, z)
		lower, density, _ = c.at(u, false)
		upper, _, _ = c.at(u, true)
		check(t, "skew normal", z, u, lower, upper, density)
		kappa, mean := logUniform(t, "kappa", 1e-3, 1e4), rapid.Float64Range(-7, 7).Draw(t, "mean")
		u = VonMisesQuantile(mean, kappa, z)
		v, _ := newVonMisesCurve(mean, kappa)
		lower, density, _ = v.at(u, false)
		upper, _, _ = v.at(u, true)
		if math.Abs(u) < 3.14159 { // at the ends F is that of the rounding of π
			check(t, "von Mises", z, u, lower, upper, density)
		}
		if s := StudentTQuantile(a, z); math.Abs(s) < largestT {
			check(t, "t", z, s, LogStudentTCdf(a, s), LogStudentTCdf(a, -s), StudentTLogDensity(a, s))
		}
	})
}

// TestQuantilesTakeFewSteps counts evaluations of distribution functions, over shapes from 1e-3 to 1e6 and scores from −8 to 8.
func TestQuantilesTakeFewSteps(t *testing.T) {
	shapes := []float64{1e-3, 0.02, 0.1, 0.3, 0.7, 1, 2.5, 8, 40, 300, 1e4, 1e6}
	var gamma, beta steps
	for _, a := range shapes {
		for z := -8.0; z <= 8; z += 0.25 {
			lp, lq := scoreLevels(z)
			if far := (lp + lgamma1p(a)) / a; far >= gammaFar {
				c := &counted{curve: gammaCurve{a}}
				quantileOf(c, gammaStart(a, z, far, lq), math.Sqrt((1+1/a)/a), lp, lq)
				gamma.add(c.n)
			}
			for _, b := range shapes {
				c := &counted{curve: betaCurve{a, b}}
				quantileOf(c, betaStart(a, b, z, lp, lq), math.Sqrt((1+1/a)/a+(1+1/b)/b), lp, lq)
				beta.add(c.n)
			}
		}
	}
	t.Logf("gamma: %d at most, %.2f on average; beta: %d, %.2f", gamma.most, gamma.average(), beta.most, beta.average())
	if gamma.most > 5 || beta.most > 12 || gamma.average() > 2.5 || beta.average() > 2.5 {
		t.Errorf("too many steps: %+v, %+v", gamma, beta)
	}
}

type steps struct{ most, sum, count int }

func (s *steps) add(n int) { s.most, s.sum, s.count = max(s.most, n), s.sum+n, s.count+1 }

func (s steps) average() float64 { return float64(s.sum) / float64(s.count) }

type counted struct {
	curve
	n int
}

func (c *counted) at(u float64, upper bool) (tail, density, slope float64) {
	c.n++
	return c.curve.at(u, upper)
}

// TestQuantileDerivatives checks the derivatives of quantiles in their shapes and in the score with differences, in the
// units of the quantile's standard deviation where it does not move with the shape.
func TestQuantileDerivatives(t *testing.T) {
	check := func(t *rapid.T, name string, got, x, size float64, f func(x float64) float64) {
		h := 2e-3 * max(math.Abs(x), 1e-3)
		central := func(h float64) float64 { return (f(x+h) - f(x-h)) / (2 * h) }
		a, b, c := central(h), central(h/2), central(h/4)
		ab, bc := (4*b-a)/3, (4*c-b)/3
		want := (16*bc - ab) / 15
		slack := math.Abs(bc-ab) + 1e-14*(math.Abs(f(x))+size)/h
		if !(math.Abs(got-want) <= 1e-8*math.Abs(want)+4*slack) {
			t.Fatalf("%s: derivative %v, by differences %v ± %.1g", name, got, want, slack)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Float64Range(-8, 8).Draw(t, "z")
		a, b := logUniform(t, "a", 1e-3, 1e6), logUniform(t, "b", 1e-3, 1e6)
		sd := math.Sqrt((1 + 1/a) / a)
		u := GammaLogQuantile(a, z)
		check(t, "gamma in a", GammaQuantileDa(a, u), a, sd, func(a float64) float64 { return GammaLogQuantile(a, z) })
		check(t, "gamma in z", math.Exp(logNormalDensity(z)-GammaLogDensity(a, u)), z, sd, func(z float64) float64 { return GammaLogQuantile(a, z) })
		sd = math.Sqrt((1+1/a)/a + (1+1/b)/b)
		u = BetaLogitQuantile(a, b, z)
		check(t, "beta in a", BetaQuantileDa(a, b, u), a, sd, func(a float64) float64 { return BetaLogitQuantile(a, b, z) })
		check(t, "beta in b", -BetaQuantileDa(b, a, -u), b, sd, func(b float64) float64 { return BetaLogitQuantile(a, b, z) })
		check(t, "beta in z", math.Exp(logNormalDensity(z)-BetaLogitDensity(a, b, u)), z, sd, func(z float64) float64 { return BetaLogitQuantile(a, b, z) })
		if s := StudentTQuantile(a, z); math.Abs(s) < 1e250 {
			check(t, "t in df", StudentTQuantileDdf(a, s), a, 1, func(df float64) float64 { return StudentTQuantile(df, z) })
			check(t, "t in z", math.Exp(logNormalDensity(z)-StudentTLogDensity(a, s)), z, 1, func(z float64) float64 { return StudentTQuantile(a, z) })
		}
	})
}

package kernel

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestQuantilesInvert checks that a quantile in normal scores is where the log distribution function, from the smaller
// tail, has the value of the score: to 1e-12 of what a relative change of ε in the quantile would do besides.
func TestQuantilesInvert(t *testing.T) {
	check := func(t *rapid.T, name string, z, u, lower, upper, density float64) {
		got, want := lower, LogPhi(-math.Abs(z))
		if z > 0 {
			got = upper
		}
		h := math.Exp(density - want)
		if err := math.Abs(got - want); !(err <= 1e-12+3e-14*math.Abs(want)+4*eps*math.Abs(u)*h) {
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
		if s := StudentTQuantile(a, z); math.Abs(s) < largestT {
			check(t, "t", z, s, LogStudentTCdf(a, s), LogStudentTCdf(a, -s), StudentTLogDensity(a, s))
		}
	})
}

// TestQuantilesTakeFewSteps counts evaluations of distribution functions.
func TestQuantilesTakeFewSteps(t *testing.T) {
	worst, sum, n := 0, 0, 0
	for _, a := range []float64{1e-3, 0.02, 0.1, 0.3, 0.7, 1, 2.5, 8, 40, 300, 1e4, 1e6} {
		for _, b := range []float64{1e-3, 0.02, 0.1, 0.3, 0.7, 1, 2.5, 8, 40, 300, 1e4, 1e6} {
			for z := -8.0; z <= 8; z += 0.25 {
				lp, lq := scoreLevels(z)
				c := &counted{curve: betaCurve{a, b}}
				quantileOf(c, betaStart(a, b, z, lp, lq), math.Sqrt((1+1/a)/a+(1+1/b)/b), lp, lq)
				if c.n > worst {
					worst = c.n
					t.Logf("beta %v %v z %v: %d", a, b, z, c.n)
				}
				sum += c.n
				n++
			}
		}
	}
	t.Logf("beta: %d at most, %.2f on average", worst, float64(sum)/float64(n))
	worst, sum, n = 0, 0, 0
	for _, a := range []float64{1e-3, 0.02, 0.1, 0.3, 0.7, 1, 2.5, 8, 40, 300, 1e4, 1e6} {
		for z := -8.0; z <= 8; z += 0.25 {
			lp, lq := scoreLevels(z)
			far := (lp + lgamma1p(a)) / a
			if far < gammaFar {
				continue
			}
			c := &counted{curve: gammaCurve{a}}
			quantileOf(c, gammaStart(a, z, far, lq), math.Sqrt((1+1/a)/a), lp, lq)
			if c.n > worst {
				worst = c.n
				t.Logf("gamma %v z %v: %d", a, z, c.n)
			}
			sum += c.n
			n++
		}
	}
	t.Logf("gamma: %d at most, %.2f on average", worst, float64(sum)/float64(n))
}

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

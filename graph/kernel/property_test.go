package kernel

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mathext"
	"pgregory.net/rapid"
	_ "ppl/bench/daily"
)

// logUniform draws a positive number whose logarithm is uniform.
func logUniform(t *rapid.T, name string, low, high float64) float64 {
	return math.Exp(rapid.Float64Range(logOf(low), logOf(high)).Draw(t, name))
}

func close(got, want, tol float64) bool {
	return math.Abs(got-want) <= tol*math.Max(1e-300, math.Abs(want))
}

// TestComplements checks that a probability and its complement add up to one, and that
// their logarithms and the values agree, across the borders between methods.
func TestComplements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := logUniform(t, "a", 1e-6, 1e7)
		x := a * logUniform(t, "x/a", 0.05, 20)
		p, q := gammaP(a, x), gammaQ(a, x)
		if math.Abs(p+q-1) > 4*eps || p < 0 || q < 0 {
			t.Fatalf("P = %v, Q = %v", p, q)
		}
		if l := LogGammaP(a, x); p > 1e-290 && !close(math.Exp(l), p, 1e-12) {
			t.Fatalf("log P = %v, P = %v", l, p)
		}
		if l := LogGammaQ(a, x); q > 1e-290 && !close(math.Exp(l), q, 1e-12) {
			t.Fatalf("log Q = %v, Q = %v", l, q)
		}
		b := logUniform(t, "b", 1e-6, 1e7)
		y := rapid.Float64Range(0x1p-30, 1-0x1p-30).Draw(t, "y")
		y = math.Round(y*0x1p30) / 0x1p30 // so that 1−y is exact
		i, j := betaInc(a, b, y), betaInc(b, a, 1-y)
		if math.Abs(i+j-1) > 4*eps || i < 0 || j < 0 {
			t.Fatalf("I = %v, complement = %v", i, j)
		}
		if l := LogBetaInc(a, b, y); i > 1e-290 && !close(math.Exp(l), i, 1e-12) {
			t.Fatalf("log I = %v, I = %v", l, i)
		}
		if l := LogBetaIncC(a, b, y); j > 1e-290 && !close(math.Exp(l), j, 1e-12) {
			t.Fatalf("log(1−I) = %v, complement = %v", l, j)
		}
	})
}

// TestRecurrences checks relations between neighbours in the parameters, which cross the
// borders between methods: P(a+1, x) = P(a, x) − D and I(a+1, b) = I(a, b) − xᵃyᵇ/(a·B).
func TestRecurrences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := logUniform(t, "a", 1e-3, 1e5)
		x := math.Max(1e-6, a+rapid.Float64Range(-8, 8).Draw(t, "z")*math.Sqrt(a+0.1))
		lead, _ := gammaLead(a, x)
		if d := gammaP(a, x) - gammaP(a+1, x) - lead; math.Abs(d) > 1e-13 {
			t.Fatalf("P(a,x) − P(a+1,x) is off by %v", d)
		}
		b := logUniform(t, "b", 1e-3, 1e5)
		y := rapid.Float64Range(0.001, 0.999).Draw(t, "y")
		if m := a / (a + b); min(a, b) > 10 { // near the mean, where I moves
			y = m + rapid.Float64Range(-8, 8).Draw(t, "w")*math.Sqrt(m*(1-m)/(a+b))
			y = math.Min(0.999, math.Max(0.001, y))
		}
		step := math.Exp(newBetaArgs(a, b, y).lead())
		if d := betaInc(a, b, y) - betaInc(a+1, b, y) - step; math.Abs(d) > 1e-12 {
			t.Fatalf("I(a,b) − I(a+1,b) is off by %v", d)
		}
	})
}

// TestMonotone checks cdfs and their logarithms for order, at steps far above rounding.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-60, 30).Draw(t, "x")
		y := x + math.Abs(x)*1e-9 + 1e-9
		df := logUniform(t, "df", 0.1, 1e12)
		a := logUniform(t, "a", 1e-3, 1e6)
		for name, f := range map[string]func(float64) float64{
			"InvLogit": InvLogit, "Softplus": Softplus, "LogInvLogit": LogInvLogit, "Phi": Phi, "LogPhi": LogPhi,
			"LogStudentTCdf": func(x float64) float64 { return LogStudentTCdf(df, x) },
			"GammaP":         func(x float64) float64 { return gammaP(a, a+x*math.Sqrt(a)) },
			"BesselRatio":    BesselRatio,
		} {
			if f(x) > f(y) {
				t.Fatalf("%s(%v) = %v, %s(%v) = %v", name, x, f(x), name, y, f(y))
			}
		}
		if InvMills(x) < InvMills(y) {
			t.Fatalf("InvMills(%v) = %v, InvMills(%v) = %v", x, InvMills(x), y, InvMills(y))
		}
	})
}

// TestTinyParameters checks the limits for a shape parameter p below the normal range: with the other of
// ordinary size, the probability on p's far side and its derivative in p are to p and to 1 what they are
// at p = 1e-250; with both that small, I is b/(a+b).
func TestTinyParameters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := logUniform(t, "p", tiny, 1e-300)
		const at = 1e-250
		logRatio := logOf(p) - math.Log(at)
		b := logUniform(t, "b", 1e-3, 1e4)
		x := rapid.Float64Range(1e-6, 1-1e-6).Draw(t, "x")
		z := logUniform(t, "z", 1e-300, 30)
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"LogBetaIncC", LogBetaIncC(p, b, x), LogBetaIncC(at, b, x) + logRatio},
			{"LogBetaInc", LogBetaInc(b, p, x), LogBetaInc(b, at, x) + logRatio},
			{"BetaIncDa", betaIncDa(p, b, x), betaIncDa(at, b, x)},
			{"BetaIncDb", betaIncDb(b, p, x), betaIncDb(b, at, x)},
			{"LogBetaIncCDb", LogBetaIncCDb(p, b, x), LogBetaIncCDb(at, b, x)},
			{"LogBetaIncDa", LogBetaIncDa(b, p, x), LogBetaIncDa(b, at, x)},
			{"LogBetaIncCDa", LogBetaIncCDa(p, b, x), 1 / p},
			{"LogBetaIncDb", LogBetaIncDb(b, p, x), 1 / p},
			{"LogGammaQ", LogGammaQ(p, z), LogGammaQ(at, z) + logRatio},
			{"GammaPDa", gammaPDa(p, z), gammaPDa(at, z)},
			{"LogGammaQDa", LogGammaQDa(p, z), 1 / p},
		} {
			if !(c.got == c.want || close(c.got, c.want, 1e-10)) {
				t.Fatalf("%s is %v, want %v", c.name, c.got, c.want)
			}
		}
		q := logUniform(t, "q", tiny, 1e-300)
		if got, want := betaInc(p, q, x), q/(p+q); !close(got, want, 1e-13) {
			t.Fatalf("BetaInc(%v, %v, %v) = %v, want %v", p, q, x, got, want)
		}
	})
}

// TestInverses checks round trips.
func TestInverses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-37, 8).Draw(t, "x")
		// The condition of Φ⁻¹∘Φ is Φ/(|x|φ), large only to the right.
		slack := 8 * eps * (1 + 1/InvMills(x))
		if got := phiInv(Phi(x)); math.Abs(got-x) > slack*math.Max(1, math.Abs(x)) {
			t.Fatalf("PhiInv(Phi(%v)) = %v", x, got)
		}
		if got := Logit(InvLogit(-math.Abs(x))); math.Abs(got+math.Abs(x)) > 4*eps*math.Max(1, math.Abs(x)) {
			t.Fatalf("Logit(InvLogit(%v)) = %v", -math.Abs(x), got)
		}
	})
}

// TestAgainstGonum compares with an implementation of other descent, over ordinary arguments.
func TestAgainstGonum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := logUniform(t, "a", 0.1, 100), logUniform(t, "b", 0.1, 100)
		x := rapid.Float64Range(0.01, 0.99).Draw(t, "x")
		if got, want := betaInc(a, b, x), mathext.RegIncBeta(a, b, x); math.Abs(got-want) > 1e-12 {
			t.Fatalf("BetaInc = %v, gonum %v", got, want)
		}
		if got, want := gammaP(a, b), mathext.GammaIncReg(a, b); math.Abs(got-want) > 1e-12 {
			t.Fatalf("GammaP = %v, gonum %v", got, want)
		}
		if got, want := Lbeta(a, b), mathext.Lbeta(a, b); math.Abs(got-want) > 1e-12*math.Max(1, math.Abs(want)) {
			t.Fatalf("Lbeta = %v, gonum %v", got, want)
		}
		if got, want := Digamma(a), mathext.Digamma(a); math.Abs(got-want) > 1e-10*math.Max(1, math.Abs(want)) { // gonum's own error
			t.Fatalf("Digamma = %v, gonum %v", got, want)
		}
	})
}

package kernel

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// FuzzBits feeds any bit patterns to every function: none may panic, take long, or leave the
// range that its meaning fixes.
func FuzzBits(f *testing.F) {
	special := []float64{0, neg, 1, -1, 0.5, tiny, -tiny, 0x1p-1022, math.MaxFloat64, -math.MaxFloat64, inf, -inf, nan, 1e8, 3e3, 1e-10, 20, 1 - eps/2}
	for i, x := range special {
		for j, y := range special {
			z := special[(i+3*j)%len(special)]
			f.Add(floatBits(x, y, z))
		}
	}
	f.Add(floatBits(tiny, 2.2495121061803043, 0.2265624999999929))
	f.Add(floatBits(0.35409232876392804, 1.1813935960898455e+22, 3.748209879192661e-05))
	f.Add(floatBits(1.742474130139522e+69, 2.4147413394830276e+53, 0.9999999999999999))
	for _, small := range []float64{tiny, 1e-300, 1e-31} {
		for _, other := range []float64{tiny, 1e-120, 0.3, 9, 30, 1e8} {
			for _, z := range []float64{1e-300, 0.4, 1 - 1e-10} {
				f.Add(floatBits(small, other, z))
				f.Add(floatBits(other, small, z))
			}
		}
	}
	f.Fuzz(func(t *testing.T, bits []byte) {
		if len(bits) < 24 {
			return
		}
		x := math.Float64frombits(binary.LittleEndian.Uint64(bits))
		y := math.Float64frombits(binary.LittleEndian.Uint64(bits[8:]))
		z := math.Float64frombits(binary.LittleEndian.Uint64(bits[16:]))
		checkOneArgument(t, x)
		checkMoreArguments(t, x, y, z)
		// The interesting domains are thin among all bit patterns: fold into them as well.
		checkMoreArguments(t, math.Abs(x), math.Abs(y), math.Abs(math.Remainder(z, 2)))
		checkMoreArguments(t, math.Abs(x), ordinary(y), inUnit(z))
		checkMoreArguments(t, ordinary(x), math.Abs(y), inUnit(z))
		checkMoreArguments(t, subnormal(x), ordinary(y), inUnit(z))
		checkMoreArguments(t, ordinary(x), subnormal(y), inUnit(z))
		checkMoreArguments(t, ordinary(x), ordinary(y), inUnit(z))
		checkMoreArguments(t, ordinary(x), -ordinary(y), subnormal(z))
	})
}

// ordinary folds a bit pattern into 2⁻¹⁶ to 2¹⁶, log-uniformly.
func ordinary(x float64) float64 {
	bits := math.Float64bits(x)
	return math.Ldexp(1+float64(bits&(1<<52-1))*eps, int(bits>>52&31)-16)
}

// subnormal keeps the fraction of a bit pattern and makes the exponent the lowest.
func subnormal(x float64) float64 { return math.Float64frombits(math.Float64bits(x) & (1<<52 - 1)) }

// inUnit folds a bit pattern into (0, 1), half of them log-uniform at either end.
func inUnit(x float64) float64 {
	bits := math.Float64bits(x)
	u := (float64(bits&(1<<52-1)) + 0.5) * eps
	switch k := int(bits >> 52 & 63); bits >> 58 & 3 {
	case 0:
		return math.Ldexp(u, -k)
	case 1:
		return 1 - math.Ldexp(u, -k)
	}
	return u
}

func floatBits(values ...float64) []byte {
	var bits []byte
	for _, v := range values {
		bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(v))
	}
	return bits
}

// inRange fails unless v, which f computed, is NaN or in [low, high].
func inRange(t *testing.T, name string, f func() float64, low, high float64, args ...float64) float64 {
	t.Helper()
	var v float64
	if slow(func() { v = f() }) {
		t.Errorf("%s%v takes more than half a second", name, args)
	}
	if v < low || v > high {
		t.Errorf("%s%v = %v", name, args, v)
	}
	return v
}

// slow runs f and says whether it takes more than half a second: most functions take under a
// microsecond. A machine that is busy with something else may hold up one run, so it takes five
// in a row.
func slow(f func()) bool {
	for range 5 {
		start := time.Now()
		if f(); time.Since(start) < 500*time.Millisecond {
			return false
		}
	}
	return true
}

func checkOneArgument(t *testing.T, x float64) {
	for _, c := range []struct {
		name      string
		f         func(float64) float64
		low, high float64
	}{
		{"InvLogit", InvLogit, 0, 1}, {"Logit", Logit, -inf, inf}, {"Softplus", Softplus, 0, inf}, {"LogInvLogit", LogInvLogit, -inf, 0},
		{"Log1mExp", Log1mExp, -inf, 0}, {"Phi", Phi, 0, 1}, {"LogPhi", LogPhi, -inf, 0}, {"InvMills", InvMills, 0, inf},
		{"InvMillsDeriv", InvMillsDeriv, -1, 0}, {"Erfcx", erfcx, 0, inf}, {"PhiInv", phiInv, -inf, inf}, {"Lgamma", Lgamma, -inf, inf},
		{"Digamma", Digamma, -inf, inf}, {"Trigamma", trigamma, 0, inf}, {"LogI0", LogI0, 0, inf}, {"BesselRatio", BesselRatio, -1, 1},
		{"BesselRatioDeriv", BesselRatioDeriv, 0, 0.5},
	} {
		v := inRange(t, c.name, func() float64 { return c.f(x) }, c.low, c.high, x)
		if math.IsNaN(x) && !math.IsNaN(v) {
			t.Errorf("%s(NaN) = %v", c.name, v)
		}
	}
	for n := -1; n < 200; n += 7 {
		inRange(t, "Polygamma", func() float64 { return Polygamma(n, x) }, -inf, inf, float64(n), x)
	}
}

func checkMoreArguments(t *testing.T, x, y, z float64) {
	for _, c := range []struct {
		name      string
		f         func(x, y float64) float64
		low, high float64
	}{
		{"LogSumExp2", LogSumExp2, -inf, inf}, {"LogDiffExp", LogDiffExp, -inf, inf}, {"XLogY", XLogY, -inf, inf}, {"XLog1PY", XLog1PY, -inf, inf},
		{"Lbeta", Lbeta, -inf, inf}, {"Lchoose", Lchoose, -inf, inf}, {"GammaP", gammaP, 0, 1}, {"GammaQ", gammaQ, 0, 1}, {"LogGammaP", LogGammaP, -inf, 0},
		{"LogGammaQ", LogGammaQ, -inf, 0}, {"GammaPDa", gammaPDa, -inf, 0}, {"LogGammaPDa", LogGammaPDa, -inf, 0}, {"LogGammaQDa", LogGammaQDa, 0, inf},
		{"GammaPDx", gammaPDx, 0, inf}, {"LogStudentTCdf", LogStudentTCdf, -inf, 0}, {"LogStudentTCdfDdf", LogStudentTCdfDdf, -inf, inf},
	} {
		v := inRange(t, c.name, func() float64 { return c.f(x, y) }, c.low, c.high, x, y)
		if math.IsNaN(x+y) && (math.IsNaN(x) || math.IsNaN(y)) && !math.IsNaN(v) {
			t.Errorf("%s(%v, %v) = %v", c.name, x, y, v)
		}
		if math.IsNaN(v) && wellInside(x) && wellInside(y) && c.name != "Lchoose" && c.name != "LogDiffExp" {
			t.Errorf("%s(%v, %v) = %v", c.name, x, y, v)
		}
	}
	for _, c := range []struct {
		name      string
		f         func(x, y, z float64) float64
		low, high float64
	}{
		{"BetaInc", betaInc, 0, 1}, {"LogBetaInc", LogBetaInc, -inf, 0}, {"LogBetaIncC", LogBetaIncC, -inf, 0}, {"BetaIncDa", betaIncDa, -inf, 0},
		{"BetaIncDb", betaIncDb, 0, inf}, {"BetaIncDx", betaIncDx, 0, inf}, {"LogBetaIncDa", LogBetaIncDa, -inf, 0}, {"LogBetaIncDb", LogBetaIncDb, 0, inf},
		{"LogBetaIncCDa", LogBetaIncCDa, 0, inf}, {"LogBetaIncCDb", LogBetaIncCDb, -inf, 0},
	} {
		v := inRange(t, c.name, func() float64 { return c.f(x, y, z) }, c.low, c.high, x, y, z)
		if math.IsNaN(v) && wellInside(x) && wellInside(y) && z > 0 && z < 1 {
			t.Errorf("%s(%v, %v, %v) = %v", c.name, x, y, z, v)
		}
	}
}

// wellInside says that x is a positive number with room for squares and reciprocals.
func wellInside(x float64) bool { return x > 1e-100 && x < 1e100 }

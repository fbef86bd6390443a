package kernel

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// reference is one line of testdata/reference.tsv.
type reference struct {
	args  []float64
	value float64
}

func readReferences(t testing.TB) map[string][]reference {
	t.Helper()
	file, err := os.Open("testdata/reference.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	refs := map[string][]reference{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		values := make([]float64, len(fields)-1)
		for i, field := range fields[1:] {
			v, err := strconv.ParseFloat(field, 64)
			if err != nil && !math.IsInf(v, 0) {
				t.Fatalf("reading %q: %v", lines.Text(), err)
			}
			values[i] = v
		}
		last := len(values) - 1
		refs[fields[0]] = append(refs[fields[0]], reference{values[:last], values[last]})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return refs
}

// allowance is the relative error a function may have at a reference point.
type allowance func(args []float64, value float64) float64

// relative allows the same everywhere.
func relative(tol float64) allowance {
	return func([]float64, float64) float64 { return tol }
}

// nearZeros allows tol relative to max(1, |f|).
func nearZeros(tol float64) allowance {
	return func(_ []float64, v float64) float64 { return tol * math.Max(1, 1/math.Abs(v)) }
}

// exponent allows tol, and two units of rounding for each unit of log f besides.
func exponent(tol float64) allowance {
	return func(_ []float64, v float64) float64 { return tol + 9e-16*math.Abs(math.Log(math.Abs(v))) }
}

func one(f func(float64) float64) func([]float64) float64 {
	return func(a []float64) float64 { return f(a[0]) }
}

func two(f func(x, y float64) float64) func([]float64) float64 {
	return func(a []float64) float64 { return f(a[0], a[1]) }
}

func three(f func(x, y, z float64) float64) func([]float64) float64 {
	return func(a []float64) float64 { return f(a[0], a[1], a[2]) }
}

var referenceTests = []struct {
	name  string
	f     func([]float64) float64
	allow allowance
}{
	{"InvLogit", one(InvLogit), relative(3 * eps)},
	{"Logit", one(Logit), relative(4 * eps)},
	{"Softplus", one(Softplus), relative(3 * eps)},
	{"LogInvLogit", one(LogInvLogit), relative(3 * eps)},
	{"Log1mExp", one(Log1mExp), relative(3 * eps)},
	{"LogSumExp2", two(LogSumExp2), relative(3 * eps)},
	{"LogDiffExp", two(LogDiffExp), relative(3 * eps)},
	{"XLogY", two(XLogY), relative(2 * eps)},
	{"XLog1PY", two(XLog1PY), relative(2 * eps)},
	{"Phi", one(Phi), relative(4 * eps)},
	{"LogPhi", one(LogPhi), relative(4 * eps)},
	{"InvMills", one(InvMills), relative(4 * eps)},
	{"InvMillsDeriv", one(InvMillsDeriv), relative(1e-14)},
	{"Erfcx", one(erfcx), relative(4 * eps)},
	{"PhiInv", one(phiInv), relative(6 * eps)},
	{"NormalScore", two(NormalScore), nearZeros(8 * eps)},
	{"TruncatedScore", three(TruncatedScore), relative(16 * eps)},
	{"LogPhiBetween", two(LogPhiBetween), relative(16 * eps)},
	{"Lgamma", one(Lgamma), func(a []float64, v float64) float64 {
		if a[0] > 0 {
			return 4 * eps
		}
		return nearZeros(4*eps)(a, v)
	}},
	{"Digamma", one(Digamma), relative(4 * eps)},
	{"Trigamma", one(trigamma), relative(20 * eps)},
	{"Polygamma", func(a []float64) float64 { return Polygamma(int(a[0]), a[1]) }, func(a []float64, _ float64) float64 {
		switch {
		case a[0] > 20:
			return 3e-13
		case a[1] < 0:
			return 1e-13
		}
		return 8 * eps
	}},
	{"Lbeta", two(Lbeta), nearZeros(8 * eps)},
	{"Lchoose", two(Lchoose), nearZeros(16 * eps)},
	{"GammaP", two(gammaP), exponent(1e-14)},
	{"GammaQ", two(gammaQ), exponent(1e-14)},
	{"LogGammaP", two(LogGammaP), exponent(1e-14)},
	{"LogGammaQ", two(LogGammaQ), exponent(1e-14)},
	{"GammaPDa", two(gammaPDa), exponent(1e-12)},
	{"LogGammaPDa", two(LogGammaPDa), relative(1e-12)},
	{"LogGammaQDa", two(LogGammaQDa), relative(1e-12)},
	{"BetaInc", three(betaInc), exponent(1e-13)},
	{"LogBetaInc", three(LogBetaInc), exponent(1e-13)},
	{"LogBetaIncC", three(LogBetaIncC), exponent(1e-13)},
	{"BetaIncDa", three(betaIncDa), exponent(1e-10)},
	{"BetaIncDb", three(betaIncDb), exponent(1e-10)},
	{"LogBetaIncDa", three(LogBetaIncDa), exponent(1e-10)},
	{"LogBetaIncDb", three(LogBetaIncDb), exponent(1e-10)},
	{"LogBetaIncCDa", three(LogBetaIncCDa), exponent(1e-10)},
	{"LogBetaIncCDb", three(LogBetaIncCDb), exponent(1e-10)},
	{"LogStudentTCdf", two(LogStudentTCdf), exponent(1e-14)},
	{"LogStudentTCdfDdf", two(LogStudentTCdfDdf), func(a []float64, v float64) float64 { return exponent(1e-12*(1+a[0]))(a, v) }},
	{"LogI0", one(LogI0), relative(4 * eps)},
	{"BesselRatio", one(BesselRatio), relative(6 * eps)},
	{"BesselRatioDeriv", one(BesselRatioDeriv), relative(4 * eps)},
}

// TestReferences compares every function with figures from mpmath, see testdata/generate.py. A
// figure below the normal range is compared in units of the smallest subnormal.
func TestReferences(t *testing.T) {
	refs := readReferences(t)
	for _, test := range referenceTests {
		t.Run(test.name, func(t *testing.T) {
			points := refs[test.name]
			if len(points) < 5 {
				t.Fatalf("%d reference points", len(points))
			}
			worst, at := 0.0, reference{}
			for _, p := range points {
				got := test.f(p.args)
				if math.Abs(p.value) < 0x1p-1000 && math.Abs(got-p.value) <= 64*math.SmallestNonzeroFloat64 || got == p.value {
					continue
				}
				e := math.Abs(got-p.value) / math.Abs(p.value)
				allowed := test.allow(p.args, p.value)
				if !(e <= allowed) {
					t.Errorf("%s%v = %v, want %v: error %.3g, allowed %.3g", test.name, p.args, got, p.value, e, allowed)
				}
				if e > worst {
					worst, at = e, p
				}
			}
			t.Logf("%d points, largest relative error %.2g at %v = %v", len(points), worst, at.args, at.value)
		})
	}
	if len(referenceTests) != len(refs) {
		t.Errorf("%d functions tested, %d in the file", len(referenceTests), len(refs))
	}
}

package vec

import (
	"bufio"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"ppl/graph/kernel"
)

var sweep = flag.Int("sweep", 400_000, "arguments of each function in TestSweep")

// tolerances are the stated errors of the functions in ulp, portable and native.
var tolerances = map[UnaryOp][2]float64{
	Exp: {1, 1}, Log: {1, 1}, Log1p: {1, 1.5}, Expm1: {1.5, 2.5}, Tanh: {4, 4}, InvLogit: {3, 3},
	Softplus: {2.5, 2.5}, LogInvLogit: {2.5, 2.5}, Sin: {2, 2}, Cos: {2, 2}, Erf: {2, 2}, Phi: {8, 6},
}

func tolerance(op UnaryOp) float64 {
	if nativeUnary[level][op] == nil {
		return tolerances[op][0]
	}
	return tolerances[op][1]
}

// record keeps the largest error of a run.
type record struct {
	worst, at, got float64
}

func (r *record) see(x, got, errorUlp float64) {
	if r.worst == r.worst && !(errorUlp <= r.worst) { // a NaN stays
		*r = record{errorUlp, x, got}
	}
}

// ulpsExact is the distance of got from an exact value.
func ulpsExact(got float64, want exact) float64 {
	_, e := math.Frexp(want.h)
	return math.Abs((got-want.h)-want.l) / math.Ldexp(1, max(e-53, -1074))
}

// arguments returns n arguments for op where its result is normal: half from the range that models
// reach, half random bit patterns.
func arguments(r *rand.Rand, op UnaryOp, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = argument(r, op, i)
	}
	return x
}

func argument(r *rand.Rand, op UnaryOp, i int) float64 {
	for {
		v := r.NormFloat64() * 4
		switch i % 4 {
		case 0:
			v = math.Float64frombits(r.Uint64())
		case 1:
			v = r.Float64()*1420 - 710
		case 2:
			v = math.Ldexp(r.Float64()*2-1, -r.IntN(60))
		}
		switch op {
		case Log:
			if v = math.Abs(v); i%3 == 0 {
				v += 1
			}
			if v == 0 {
				continue
			}
		case Log1p:
			if v <= -1 {
				v = -v
			}
		}
		limited := op == Exp || op == InvLogit || op == Expm1 || op == Softplus || op == LogInvLogit || op == Tanh
		if !(math.Abs(v) <= math.MaxFloat64) || limited && math.Abs(v) > 680 { // beyond, the lower part of an exact value would be subnormal
			continue
		}
		if op != Log && math.Abs(v) < 0x1p-1000 {
			continue
		}
		return v
	}
}

// TestSweep compares random arguments with exact values.
func TestSweep(t *testing.T) {
	n := *sweep
	if testing.Short() {
		n = 20_000
	}
	for op, f := range exactly {
		x := arguments(rand.New(rand.NewPCG(7, uint64(op))), op, n)
		want := make([]exact, n)
		for i, v := range x {
			want[i] = f(ex(v))
		}
		t.Run(op.String(), func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				got := make([]float64, n)
				Map(op, got, x)
				var r record
				for i := range got {
					r.see(x[i], got[i], ulpsExact(got[i], want[i]))
				}
				t.Logf("%v %v: largest error %.3f ulp at %v", op, level, r.worst, r.at)
				if !(r.worst <= tolerance(op)) {
					t.Errorf("error %.3f ulp at %v (%x): %v", r.worst, r.at, math.Float64bits(r.at), r.got)
				}
			})
		})
	}
}

// TestFunctionReferences compares with figures from mpmath, see testdata/generate.py. They include the
// edges: overflow, underflow, subnormals.
func TestFunctionReferences(t *testing.T) {
	points := readReferences(t)
	for op := Exp; op <= Phi; op++ {
		x, want := points[op.String()][0], points[op.String()][1]
		if len(x) < 100 {
			t.Fatalf("%v: %d points", op, len(x))
		}
		t.Run(op.String(), func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				got := make([]float64, len(x))
				Map(op, got, x)
				var r record
				for i := range got {
					allowed := tolerance(op)
					if math.Abs(want[i]) < smallest {
						allowed++ // the last place is large there
					}
					u := ulps(got[i], want[i])
					r.see(x[i], got[i], u)
					if !(u <= allowed+0.5) { // the figure is rounded too
						t.Errorf("%v(%v) = %v, want %v: %.2f ulp", op, x[i], got[i], want[i], u)
					}
				}
				t.Logf("%v %v: %d points, largest error %.2f ulp at %v", op, level, len(x), r.worst, r.at)
			})
		})
	}
}

// readReferences returns arguments and values by function.
func readReferences(t testing.TB) map[string][2][]float64 {
	t.Helper()
	file, err := os.Open("testdata/reference.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := map[string][2][]float64{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		p := out[f[0]]
		for i := range p {
			v, err := strconv.ParseFloat(f[i+1], 64)
			if err != nil && !math.IsInf(v, 0) {
				t.Fatal(err)
			}
			p[i] = append(p[i], v)
		}
		out[f[0]] = p
	}
	return out
}

// TestFunctionEdges checks what figures cannot say.
func TestFunctionEdges(t *testing.T) {
	inf, nan, zero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	cases := map[UnaryOp][][2]float64{
		Exp:         {{inf, inf}, {-inf, 0}, {nan, nan}, {0, 1}, {zero, 1}, {1e300, inf}, {-1e300, 0}, {710, inf}, {-746, 0}, {5e-324, 1}},
		Log:         {{0, -inf}, {zero, -inf}, {-1, nan}, {-inf, nan}, {-5e-324, nan}, {inf, inf}, {nan, nan}, {1, 0}},
		Log1p:       {{0, 0}, {zero, zero}, {-1, -inf}, {-1.5, nan}, {-inf, nan}, {inf, inf}, {nan, nan}, {5e-324, 5e-324}, {-5e-324, -5e-324}},
		Expm1:       {{0, 0}, {zero, zero}, {inf, inf}, {-inf, -1}, {nan, nan}, {1e300, inf}, {-1e300, -1}, {5e-324, 5e-324}, {-5e-324, -5e-324}, {710, inf}},
		Tanh:        {{0, 0}, {zero, zero}, {inf, 1}, {-inf, -1}, {nan, nan}, {1e300, 1}, {-1e300, -1}, {5e-324, 5e-324}, {-5e-324, -5e-324}},
		InvLogit:    {{0, 0.5}, {inf, 1}, {-inf, 0}, {nan, nan}, {1e300, 1}, {-1e300, 0}, {-746, 0}},
		Softplus:    {{inf, inf}, {-inf, 0}, {nan, nan}, {1e300, 1e300}, {-1e300, 0}, {0, math.Ln2}},
		LogInvLogit: {{inf, 0}, {-inf, -inf}, {nan, nan}, {1e300, 0}, {-1e300, -1e300}, {0, -math.Ln2}},
		Sin:         {{0, 0}, {zero, zero}, {inf, nan}, {-inf, nan}, {nan, nan}, {5e-324, 5e-324}},
		Cos:         {{0, 1}, {zero, 1}, {inf, nan}, {-inf, nan}, {nan, nan}, {5e-324, 1}},
		Erf:         {{0, 0}, {zero, zero}, {inf, 1}, {-inf, -1}, {nan, nan}, {1e300, 1}, {-7, -1}},
		Phi:         {{0, 0.5}, {zero, 0.5}, {inf, 1}, {-inf, 0}, {nan, nan}, {40, 1}, {-40, 0}},
	}
	eachLevel(t, func(t *testing.T) {
		for op, points := range cases {
			for _, p := range points {
				for n := 1; n <= 19; n += 6 { // in a tail and in whole vectors
					x := make([]float64, n)
					fill(x, p[0])
					Map(op, x, x)
					for _, got := range x {
						if !(sameBits(got, p[1]) || op == Phi && math.Abs(got-0.5) < 1e-15 || got == p[1] && p[1] == 0 && op == LogInvLogit) {
							t.Errorf("%v(%v) = %v, want %v", op, p[0], got, p[1])
						}
					}
				}
			}
		}
	})
}

// TestLevelsAgree checks that AVX2 and AVX-512 give the same bits, in every position of a vector, for
// any bit pattern, and the portable kernels nearly the same.
func TestLevelsAgree(t *testing.T) {
	if !Supported(AVX512) {
		t.Skip("no AVX-512")
	}
	was := level
	defer func() { level = was }()
	r := source()
	n := 200_003
	for op := Neg; op < Lgamma; op++ {
		x, y, z := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			switch i % 3 {
			case 0:
				x[i] = math.Float64frombits(r.Uint64())
			case 1:
				x[i] = r.NormFloat64() * 3
			default:
				x[i] = edges[r.IntN(len(edges))]
			}
		}
		level = AVX2
		Map(op, y, x)
		level = AVX512
		Map(op, z, x)
		for i := range x {
			if !sameBits(y[i], z[i]) {
				t.Errorf("%v(%v): avx2 %v, avx512 %v", op, x[i], y[i], z[i])
				break
			}
		}
	}
}

// TestScalarKernels compares the special functions with package kernel on all bit patterns.
func TestScalarKernels(t *testing.T) {
	scalar := map[UnaryOp]func(float64) float64{
		InvLogit: kernel.InvLogit, Softplus: kernel.Softplus, LogInvLogit: kernel.LogInvLogit, Phi: kernel.Phi,
		Lgamma: kernel.Lgamma, Digamma: kernel.Digamma, LogPhi: kernel.LogPhi, InvMills: kernel.InvMills,
		Erf: math.Erf, Tanh: math.Tanh, Expm1: math.Expm1, Log1p: math.Log1p,
	}
	eachLevel(t, func(t *testing.T) {
		r := source()
		n := 100_001
		x, y := make([]float64, n), make([]float64, n)
		for op, f := range scalar {
			for i := range x {
				x[i] = math.Float64frombits(r.Uint64())
				if i%2 == 0 {
					x[i] = r.NormFloat64() * 8
				}
			}
			Map(op, y, x)
			for i := range x {
				want := f(x[i])
				if u := ulps(y[i], want); u > 12 && math.Abs(y[i]-want) > 1e-300 && !(math.IsInf(want, 0) && math.Abs(y[i]) > 1e308) {
					t.Errorf("%v(%v) = %v, scalar %v", op, x[i], y[i], want)
					break
				}
			}
		}
	})
}

// FuzzFunctions gives every function eight numbers at once.
func FuzzFunctions(f *testing.F) {
	f.Add(0.0, 1.0, -1.0)
	f.Add(math.Inf(1), math.NaN(), 5e-324)
	f.Fuzz(func(t *testing.T, a, b, c float64) {
		was := level
		defer func() { level = was }()
		x := []float64{a, b, c, a + b, a * b, a - c, b / c, -a, -b, c * c, a}
		for op := Neg; op < unaryOps; op++ {
			var results [levels][]float64
			for level = Portable; level <= bestLevel(); level++ {
				results[level] = make([]float64, len(x))
				Map(op, results[level], x)
			}
			for l := AVX2; l <= bestLevel(); l++ {
				for i, v := range results[l] {
					want := results[Portable][i]
					if u := ulps(v, want); u > 16 && math.Abs(v-want) > 1e-300 {
						t.Errorf("%v(%v): %v at %v, %v portable", op, x[i], v, l, want)
					}
				}
			}
		}
	})
}

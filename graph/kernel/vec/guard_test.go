package vec

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// guard is memory whose end is followed, where the system can do that, by a page that must not be touched.
type guard struct {
	free []byte
}

// slice returns n numbers that end where the forbidden page begins.
func (g *guard) slice(n int) []float64 {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float64)(unsafe.Pointer(&g.free[len(g.free)-8*n])), n)
}

// atEnds returns a function that copies slices to the ends of guarded memory, each to its own.
func atEnds(t testing.TB, count, elements int) func(i int, x []float64) []float64 {
	guards := make([]*guard, count)
	for i := range guards {
		guards[i] = newGuard(t, elements)
	}
	return func(i int, x []float64) []float64 {
		s := guards[i].slice(len(x))
		copy(s, x)
		return s
	}
}

// eachLevel runs a test at every level that this machine has.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	was := level
	defer func() { level = was }()
	for l := Portable; l < levels; l++ {
		t.Run(l.String(), func(t *testing.T) {
			if err := Use(l); err != nil {
				t.Skip(err)
			}
			f(t)
		})
	}
}

var edges = []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 0.5, 1e-300, -1e-300, 5e-324, -5e-324, 1e300, -1e300, math.MaxFloat64, -math.MaxFloat64,
	math.Inf(1), math.Inf(-1), math.NaN(), smallest, -smallest, smallest - 5e-324, 709.782712893384, 709.7827128933841, -745.1332191019411, -745.1332191019412, -708.3964185322641, 37, -37, 1 - 0x1p-53, 1 + 0x1p-52, math.Pi, math.E}

// mixed returns n numbers of all kinds; one in eight is an edge.
func mixed(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		switch r.IntN(8) {
		case 0:
			x[i] = edges[r.IntN(len(edges))]
		case 1:
			x[i] = float64(r.IntN(3) - 1)
		default:
			x[i] = r.NormFloat64() * 3
		}
	}
	return x
}

// normals returns n ordinary numbers.
func normals(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func source() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func sameBits(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}

// ulps is the distance of got from want in units in the last place of want.
func ulps(got, want float64) float64 {
	if sameBits(got, want) || got == want {
		return 0
	}
	if math.IsNaN(got) || math.IsNaN(want) || math.IsInf(got, 0) || math.IsInf(want, 0) {
		return math.Inf(1)
	}
	_, e := math.Frexp(want)
	return math.Abs(got-want) / math.Ldexp(1, max(e-53, -1074))
}

// shapes are the blocks that tests run over: every length up to 70 as one row and as one particle,
// and some of several rows.
func blocks() [][2]int {
	var s [][2]int
	for n := range 71 {
		s = append(s, [2]int{1, n}, [2]int{n, 1})
	}
	for _, p := range []int{2, 3, 7, 8, 13, 16, 24, 40, 64, 72, 128} {
		for _, rows := range []int{2, 3, 4, 5, 9} {
			s = append(s, [2]int{rows, p})
		}
	}
	return append(s, [2]int{1, 1001}, [2]int{1001, 1})
}

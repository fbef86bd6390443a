package guide_test

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/guide"
	"ppl/lang"
)

// kase is a support with a box of objects in it.
type kase struct {
	kind         lang.SupportKind
	box          graph.Shape
	lower, upper float64
	event        int // dimensions of one object
	inside       func(x []float64) bool
	// coords are the coordinates of an object that the measure is of; nil: the
	// first ones. measure is what the log-Jacobian by them lacks, for an object.
	coords  []int
	measure float64
	// bounds, if set, are those of each element, of which some are infinite.
	bounds [][2]float64
}

// support is that of the objects, boundsOf the bounds of one of them.
func (k kase) support(b *named.Builder) dist.Support {
	if k.bounds == nil {
		return dist.Support{Kind: k.kind, Lower: b.Scalar(k.lower), Upper: b.Scalar(k.upper)}
	}
	lower, upper := make([]float64, len(k.bounds)), make([]float64, len(k.bounds))
	for i, w := range k.bounds {
		lower[i], upper[i] = w[0], w[1]
	}
	s := dist.Support{Kind: k.kind, Unbounded: true}
	if k.kind != lang.SupportUpper {
		s.Lower = b.Vector(lower...)
	}
	if k.kind != lang.SupportLower {
		s.Upper = b.Vector(upper...)
	}
	return s
}

func (k kase) boundsOf(object int) (lower, upper float64) {
	if k.bounds == nil {
		return k.lower, k.upper
	}
	return k.bounds[object][0], k.bounds[object][1]
}

// lower lists the places of the lower triangle of a K×K matrix, with or without
// the diagonal.
func lowerTriangle(k int, diagonal bool) []int {
	var out []int
	for i := 0; i < k; i++ {
		for j := 0; j < i; j++ {
			out = append(out, i*k+j)
		}
		if diagonal {
			out = append(out, i*k+i)
		}
	}
	return out
}

// positiveDefinite reports whether a symmetric matrix is, with ones on the
// diagonal if it is a correlation matrix.
func positiveDefinite(k int, correlation bool) func([]float64) bool {
	return func(x []float64) bool {
		s := mat.NewSymDense(k, nil)
		for i := 0; i < k; i++ {
			for j := 0; j <= i; j++ {
				if math.Abs(x[i*k+j]-x[j*k+i]) > 1e-12*math.Abs(x[i*k+j]) {
					return false
				}
				s.SetSym(i, j, x[i*k+j])
			}
			if correlation && math.Abs(x[i*k+i]-1) > 1e-12 {
				return false
			}
		}
		var c mat.Cholesky
		return c.Factorize(s)
	}
}

// choleskyFactor reports whether x is the Cholesky factor of a correlation matrix.
func choleskyFactor(k int) func([]float64) bool {
	return func(x []float64) bool {
		for i := 0; i < k; i++ {
			t := 0.0
			for j := 0; j < k; j++ {
				if j > i && x[i*k+j] != 0 {
					return false
				}
				t += x[i*k+j] * x[i*k+j]
			}
			if math.Abs(t-1) > 1e-12 || !(x[i*k+i] > 0) {
				return false
			}
		}
		return true
	}
}

func increasing(x []float64) bool {
	for i := 1; i < len(x); i++ {
		if !(x[i] > x[i-1]) {
			return false
		}
	}
	return true
}

func between(lower, upper float64) func([]float64) bool {
	return func(x []float64) bool { return x[0] > lower && x[len(x)-1] < upper && increasing(x) }
}

func all(f func(float64) bool) func([]float64) bool {
	return func(x []float64) bool {
		for _, v := range x {
			if !f(v) {
				return false
			}
		}
		return true
	}
}

func cases() []kase {
	sum1 := func(x []float64) bool {
		t := 0.0
		for _, v := range x {
			t += v
		}
		return math.Abs(t-1) < 1e-12 && all(func(v float64) bool { return v > 0 })(x)
	}
	sum0 := func(x []float64) bool {
		t := 0.0
		for _, v := range x {
			t += v
		}
		return math.Abs(t) < 1e-12
	}
	inf, anything := math.Inf(1), all(func(float64) bool { return true })
	return []kase{
		{kind: lang.SupportInterval, box: graph.Shape{5}, inside: anything,
			bounds: [][2]float64{{-1, 4}, {-7, inf}, {2, inf}, {-inf, -3}, {-inf, inf}}},
		{kind: lang.SupportLower, box: graph.Shape{3}, inside: anything, bounds: [][2]float64{{-2, inf}, {-inf, inf}, {0, inf}}},
		{kind: lang.SupportUpper, box: graph.Shape{2}, inside: anything, bounds: [][2]float64{{-inf, inf}, {-inf, 5}}},
		{kind: lang.SupportReal, box: graph.Shape{4}, inside: all(func(float64) bool { return true })},
		{kind: lang.SupportPositive, box: graph.Shape{2, 2}, inside: all(func(v float64) bool { return v > 0 })},
		{kind: lang.SupportLower, box: graph.Shape{3}, lower: -2, inside: all(func(v float64) bool { return v > -2 })},
		{kind: lang.SupportUpper, box: graph.Shape{3}, upper: 5, inside: all(func(v float64) bool { return v < 5 })},
		{kind: lang.SupportUnit, box: graph.Shape{3}, inside: all(func(v float64) bool { return v > 0 && v < 1 })},
		{kind: lang.SupportInterval, box: graph.Shape{3}, lower: -1, upper: 4, inside: all(func(v float64) bool { return v > -1 && v < 4 })},
		{kind: lang.SupportOrdered, box: graph.Shape{4}, event: 1, inside: increasing},
		{kind: lang.SupportOrdered, box: graph.Shape{1}, event: 1, inside: increasing},
		{kind: lang.SupportOrdered, box: graph.Shape{2, 3}, event: 1, inside: increasing},
		{kind: lang.SupportPositiveOrdered, box: graph.Shape{3}, event: 1, inside: func(x []float64) bool { return x[0] > 0 && increasing(x) }},
		{kind: lang.SupportOrderedInterval, box: graph.Shape{1}, lower: -1, upper: 4, event: 1, inside: between(-1, 4)},
		{kind: lang.SupportOrderedInterval, box: graph.Shape{4}, lower: 0, upper: 1, event: 1, inside: between(0, 1)},
		{kind: lang.SupportOrderedInterval, box: graph.Shape{2, 3}, lower: 10, upper: 10.5, event: 1, inside: between(10, 10.5)},
		{kind: lang.SupportSimplex, box: graph.Shape{2}, event: 1, inside: sum1},
		{kind: lang.SupportSimplex, box: graph.Shape{5}, event: 1, inside: sum1},
		{kind: lang.SupportSimplex, box: graph.Shape{3, 4}, event: 1, inside: sum1},
		{kind: lang.SupportSumToZero, box: graph.Shape{4}, event: 1, inside: sum0, measure: 0.5 * math.Log(4)},
		{kind: lang.SupportSumToZero, box: graph.Shape{2, 3}, event: 1, inside: sum0, measure: 0.5 * math.Log(3)},
		{kind: lang.SupportCholeskyCorr, box: graph.Shape{2, 2}, event: 2, inside: choleskyFactor(2), coords: lowerTriangle(2, false)},
		{kind: lang.SupportCholeskyCorr, box: graph.Shape{4, 4}, event: 2, inside: choleskyFactor(4), coords: lowerTriangle(4, false)},
		{kind: lang.SupportCholeskyCorr, box: graph.Shape{2, 3, 3}, event: 2, inside: choleskyFactor(3), coords: lowerTriangle(3, false)},
		{kind: lang.SupportCorr, box: graph.Shape{3, 3}, event: 2, inside: positiveDefinite(3, true), coords: lowerTriangle(3, false)},
		{kind: lang.SupportCorr, box: graph.Shape{2, 4, 4}, event: 2, inside: positiveDefinite(4, true), coords: lowerTriangle(4, false)},
		{kind: lang.SupportCov, box: graph.Shape{1, 1}, event: 2, inside: positiveDefinite(1, false), coords: lowerTriangle(1, true)},
		{kind: lang.SupportCov, box: graph.Shape{3, 3}, event: 2, inside: positiveDefinite(3, false), coords: lowerTriangle(3, true)},
		{kind: lang.SupportCov, box: graph.Shape{2, 2, 2}, event: 2, inside: positiveDefinite(2, false), coords: lowerTriangle(2, true)},
	}
}

// forward evaluates the transform at u.
func forward(t *guide.Transform, k kase, u []float64) (x []float64, jac float64) {
	return compiled(t, k)(u)
}

// compiled is the transform as a function.
func compiled(t *guide.Transform, k kase) func(u []float64) (x []float64, jac float64) {
	b := named.New()
	in := b.G.Input("u", t.Free(k.box))
	v, terms := t.Forward(b, b.Wrap(in), k.support(b))
	total := b.Scalar(0)
	for _, j := range terms {
		total = b.Add(total, b.SumAll(j))
	}
	p := plan.Compile(b.G, []*graph.Node{v.N, total.N})
	s, err := p.NewState()
	if err != nil {
		panic(err)
	}
	return func(u []float64) ([]float64, float64) {
		if len(p.Inputs()) > 0 {
			copy(s.Input(0), u)
		}
		if err := s.Run(); err != nil {
			panic(err)
		}
		return append([]float64(nil), s.Output(0)...), s.Output(1)[0]
	}
}

func (k kase) objectSize() int {
	n := 1
	for i := len(k.box) - k.event; i < len(k.box); i++ {
		n *= k.box[i]
	}
	return n
}

// TestTransforms checks, for random unconstrained points: the image lies in
// the support; the inverse leads back; the log-Jacobian is that of a numerical
// derivative (for simplexes, of all coordinates but the last, which is the
// measure that densities on the simplex are with respect to).
func TestTransforms(t *testing.T) {
	for _, k := range cases() {
		t.Run(fmt.Sprint(k.kind, k.box), func(t *testing.T) {
			tr, err := guide.ForSupport(k.kind)
			if err != nil {
				t.Fatal(err)
			}
			run := compiled(tr, k)
			width, tol := 4.0, 1e-8
			if k.event == 2 { // near a singular matrix the way back loses digits
				width, tol = 2, 1e-7
			}
			rapid.Check(t, func(t *rapid.T) {
				n := tr.Free(k.box).Size()
				u := make([]float64, n)
				for i := range u {
					u[i] = rapid.Float64Range(-width, width).Draw(t, "u")
				}
				x, jac := run(u)
				size := k.objectSize()
				free := n / (len(x) / size)
				for o := 0; o*size < len(x); o++ {
					obj := x[o*size : (o+1)*size]
					if !k.inside(obj) {
						t.Fatalf("%v is outside the support (from %v)", obj, u)
					}
					lower, upper := k.boundsOf(o)
					if k.bounds != nil && !(obj[0] > lower && obj[0] < upper) {
						t.Fatalf("%v is outside (%g, %g)", obj, lower, upper)
					}
					back := tr.Inverse(obj, lower, upper)
					for i, v := range back {
						if math.Abs(v-u[o*free+i]) > tol {
							t.Fatalf("round trip of %v gives %v", u, back)
						}
					}
				}
				if want := numericJacobian(run, k, u, size, free) + k.measure*float64(len(x)/size); math.Abs(jac-want) > 1e-6*math.Max(1, math.Abs(want)) {
					t.Fatalf("log-Jacobian %g, by differences %g", jac, want)
				}
			})
		})
	}
}

func (k kase) coordinate(i int) int {
	if k.coords == nil {
		return i
	}
	return k.coords[i]
}

// TestUnitVector: the point lies on the sphere, and the log-Jacobian is that of
// standard normals along the radius.
func TestUnitVector(t *testing.T) {
	tr, err := guide.ForSupport(lang.SupportUnitVector)
	if err != nil {
		t.Fatal(err)
	}
	u := []float64{0.3, -1.2, 2, 0.1, 0.2, -0.4}
	x, jac := forward(tr, kase{kind: lang.SupportUnitVector, box: graph.Shape{2, 3}}, u)
	sum := 0.0
	for o := 0; o < 2; o++ {
		r := math.Sqrt(u[3*o]*u[3*o] + u[3*o+1]*u[3*o+1] + u[3*o+2]*u[3*o+2])
		for i := 0; i < 3; i++ {
			if math.Abs(x[3*o+i]-u[3*o+i]/r) > 1e-14 {
				t.Errorf("element %d of object %d is %g", i, o, x[3*o+i])
			}
		}
		sum -= 0.5 * r * r
	}
	if math.Abs(jac-sum) > 1e-12 {
		t.Errorf("log-Jacobian %g, want %g", jac, sum)
	}
}

// numericJacobian is log |det| of the map to the first coordinates of each
// object (all of them but a simplex's last).
func numericJacobian(run func([]float64) ([]float64, float64), k kase, u []float64, size, free int) float64 {
	n := len(u)
	m := mat.NewDense(n, n, nil)
	const h = 1e-4
	at := func(j int, s float64) []float64 {
		v := append([]float64(nil), u...)
		v[j] += s
		x, _ := run(v)
		return x
	}
	for j := 0; j < n; j++ {
		a, b, c, d := at(j, h), at(j, -h), at(j, 2*h), at(j, -2*h)
		for i := 0; i < n; i++ {
			e := i/free*size + k.coordinate(i%free)
			m.Set(i, j, (8*(a[e]-b[e])-(c[e]-d[e]))/(12*h))
		}
	}
	l, _ := mat.LogDet(m)
	return l
}

// TestTransformsInTheTails: no infinity or NaN far out, where a line search may go.
func TestTransformsInTheTails(t *testing.T) {
	for _, k := range cases() {
		tr, _ := guide.ForSupport(k.kind)
		n := tr.Free(k.box).Size()
		for _, far := range []float64{-600, -40, 40, 600} {
			u := make([]float64, n)
			for i := range u {
				if u[i] = far; k.kind == lang.SupportCov {
					u[i] = far / 2 // variances are squares
				}
			}
			x, jac := forward(tr, k, u)
			for _, v := range append(x, jac) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%v %v at %g: x = %v, log-Jacobian %g", k.kind, k.box, far, x, jac)
					break
				}
			}
		}
	}
}

func TestUnsupportedSupports(t *testing.T) {
	for _, k := range []lang.SupportKind{lang.SupportNaturals} {
		if _, err := guide.ForSupport(k); err == nil {
			t.Errorf("support %v has a transform but no test", k)
		}
	}
}

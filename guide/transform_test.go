package guide_test

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

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
	// dim is the dimension of the set that one object lies in (K−1 for a simplex).
	inside func(x []float64) bool
}

func increasing(x []float64) bool {
	for i := 1; i < len(x); i++ {
		if !(x[i] > x[i-1]) {
			return false
		}
	}
	return true
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
	return []kase{
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
		{kind: lang.SupportSimplex, box: graph.Shape{2}, event: 1, inside: sum1},
		{kind: lang.SupportSimplex, box: graph.Shape{5}, event: 1, inside: sum1},
		{kind: lang.SupportSimplex, box: graph.Shape{3, 4}, event: 1, inside: sum1},
	}
}

// forward evaluates the transform at u.
func forward(t *guide.Transform, k kase, u []float64) (x []float64, jac float64) {
	b := named.New()
	in := b.G.Input("u", t.Free(k.box))
	v, terms := t.Forward(b, b.Wrap(in), dist.Support{Kind: k.kind, Lower: b.Scalar(k.lower), Upper: b.Scalar(k.upper)})
	total := b.Scalar(0)
	for _, j := range terms {
		total = b.Add(total, b.SumAll(j))
	}
	p := plan.Compile(b.G, []*graph.Node{v.N, total.N})
	s, err := p.NewState()
	if err != nil {
		panic(err)
	}
	if len(p.Inputs()) > 0 {
		copy(s.Input(0), u)
	}
	if err := s.Run(); err != nil {
		panic(err)
	}
	return append([]float64(nil), s.Output(0)...), s.Output(1)[0]
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
			rapid.Check(t, func(t *rapid.T) {
				n := tr.Free(k.box).Size()
				u := make([]float64, n)
				for i := range u {
					u[i] = rapid.Float64Range(-4, 4).Draw(t, "u")
				}
				x, jac := forward(tr, k, u)
				size := k.objectSize()
				free := n / (len(x) / size)
				for o := 0; o*size < len(x); o++ {
					obj := x[o*size : (o+1)*size]
					if !k.inside(obj) {
						t.Fatalf("%v is outside the support (from %v)", obj, u)
					}
					back := tr.Inverse(obj, k.lower, k.upper)
					for i, v := range back {
						if math.Abs(v-u[o*free+i]) > 1e-8 {
							t.Fatalf("round trip of %v gives %v", u, back)
						}
					}
				}
				if want := numericJacobian(tr, k, u, size, free); math.Abs(jac-want) > 1e-6*math.Max(1, math.Abs(want)) {
					t.Fatalf("log-Jacobian %g, by differences %g", jac, want)
				}
			})
		})
	}
}

// numericJacobian is log |det| of the map to the first coordinates of each
// object (all of them but a simplex's last).
func numericJacobian(tr *guide.Transform, k kase, u []float64, size, free int) float64 {
	n := len(u)
	m := mat.NewDense(n, n, nil)
	const h = 1e-4
	at := func(j int, s float64) []float64 {
		v := append([]float64(nil), u...)
		v[j] += s
		x, _ := forward(tr, k, v)
		return x
	}
	for j := 0; j < n; j++ {
		a, b, c, d := at(j, h), at(j, -h), at(j, 2*h), at(j, -2*h)
		for i := 0; i < n; i++ {
			e := i/free*size + i%free
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
				u[i] = far
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
	for _, k := range []lang.SupportKind{lang.SupportUnitVector, lang.SupportSumToZero, lang.SupportCorr, lang.SupportCov, lang.SupportCholeskyCorr, lang.SupportNaturals} {
		if _, err := guide.ForSupport(k); err == nil {
			t.Errorf("support %v has a transform but no test", k)
		}
	}
}

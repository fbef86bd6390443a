package dist

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/edge"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/plan"
	"ppl/lang"
)

// Derivatives of densities at the ends of supports, at parameters of 0, 1, 2 and ∞,
// and in branches that are not taken.

// derivatives are a row's log density with first derivatives by every element
// of its inputs, and second derivatives by the same element twice.
type derivatives struct {
	state  graph.State
	inputs []*graph.Node
	names  []string
	at     map[string][]float64
	out    map[string][2]int // of element j of an input, "name[j]": its outputs
}

// part is what of a distribution is differentiated.
type part string

const (
	density      part = "log density"
	distribution part = "log cdf"
	survival     part = "log survival"
)

// value is nil where the distribution has no such part.
func (p part) value(d *Dist) func(b *named.Builder, x named.Value, p Params) named.Value {
	switch p {
	case distribution:
		return d.LogCDF
	case survival:
		return d.LogSurvival
	}
	return func(b *named.Builder, x named.Value, p Params) named.Value {
		ts := d.LogDensity(b, x, p)
		return b.Total(ts[0], ts[1:]...)
	}
}

// wrap puts a density into the expression that is differentiated.
type wrap func(b *named.Builder, density named.Value, in map[string]*graph.Node) named.Value

func (r row) derivatives(t *testing.T, of part, x []float64, put wrap) *derivatives {
	b := named.New()
	xv, p, names, in, at := r.inputs(b, x, !r.d.Support.Discrete() && r.d.EventRank == 0)
	p.Inside = constrained(r.d.Support)
	y := put(b, of.value(r.d)(b, xv, p), in)
	d := &derivatives{names: names, at: at, out: map[string][2]int{}}
	var wrt []*graph.Node
	for _, n := range names {
		wrt = append(wrt, in[n])
	}
	outs := append([]*graph.Node{y.N}, grad.Reverse(b.G, y.N, wrt)...)
	for i, n := range names {
		for j := range at[n] {
			one := make([]float64, len(at[n]))
			one[j] = 1
			s := grad.VJP(b.G, outs[1+i], b.G.Constant(wrt[i].Shape, one), wrt[i:i+1])
			d.out[element(n, j)] = [2]int{1 + i, len(outs)}
			outs = append(outs, s...)
		}
	}
	prog := plan.Compile(b.G, outs)
	s, err := prog.NewState()
	if err != nil {
		t.Fatal(err)
	}
	d.state, d.inputs = s, prog.Inputs()
	return d
}

func element(name string, j int) string { return fmt.Sprintf("%s[%d]", name, j) }

func (d *derivatives) run(t *testing.T) float64 {
	for i, n := range d.inputs {
		copy(d.state.Input(i), d.at[n.Name])
	}
	if err := d.state.Run(); err != nil {
		t.Fatal(err)
	}
	return d.state.Output(0)[0]
}

// of gives first and second derivative by element j of an input, after run.
func (d *derivatives) of(name string, j int) (first, second float64) {
	o := d.out[element(name, j)]
	return d.state.Output(o[0])[j], d.state.Output(o[1])[j]
}

// variants calls f with the row as it is, and with each number in turn replaced by special ones.
func (d *derivatives) variants(special []float64, f func()) {
	f()
	for _, n := range d.names {
		for j, was := range d.at[n] {
			for _, v := range special {
				d.at[n][j] = v
				f()
			}
			d.at[n][j] = was
		}
	}
}

// edgePoints are the ends of supports.
func (r row) edgePoints() [][]float64 {
	if r.d.EventRank > 0 || r.d.Support.Discrete() {
		return nil
	}
	ends := [][]float64{{0}, {1}, {math.Inf(1)}, {math.Inf(-1)}}
	for _, name := range []string{r.d.Lower, r.d.Upper} {
		if name != "" {
			ends = append(ends, r.values[name])
		}
	}
	return ends
}

// TestEdgeDerivatives: wherever a log density or a log distribution function is finite, and
// differences of it have finite limits, its derivatives are those limits.
func TestEdgeDerivatives(t *testing.T) {
	for _, of := range []part{density, distribution, survival} {
		t.Run(string(of), func(t *testing.T) { checkEdges(t, of) })
	}
}

func checkEdges(t *testing.T, of part) {
	inf := math.Inf(1)
	compared, places, dists := 0, 0, map[string]int{}
	for _, r := range table(t, casesFile) {
		if r.d.EventRank == 2 || r.flags["tails"] || of.value(r.d) == nil {
			continue
		}
		points := append(r.points(), r.edgePoints()...)
		whole := func(_ *named.Builder, y named.Value, _ map[string]*graph.Node) named.Value { return y }
		var d *derivatives
		for _, x := range points {
			if d == nil || d.at["x"] == nil { // a constant point
				d = r.derivatives(t, of, x, whole)
			} else {
				copy(d.at["x"], x)
			}
			if len(d.names) == 0 {
				break
			}
			d.variants([]float64{0, 1, 2, inf}, func() {
				y := d.run(t)
				if math.IsNaN(y) || math.IsInf(y, 0) {
					return
				}
				places++
				for _, n := range d.names {
					if r.open(n, d.at[n]) || of != density && math.Abs(x[0]) > 1e6 { // where differences of a distribution function see nothing
						continue
					}
					if r.d.EventRank == 0 || len(d.at[n]) == 1 {
						c := r.compareEdge(t, d, n, x)
						compared, dists[r.d.Name] = compared+c, dists[r.d.Name]+c
					}
				}
			})
		}
	}
	for _, d := range all { // those of arrays, without parameters, or of integers alone have no edges
		if of == density && d.NotYet == "" && dists[d.Name] == 0 && d.EventRank == 0 && d.Name != "Flat" && d.Name != "DiscreteUniform" && d.Name != "HyperGeometric" {
			t.Errorf("%s: nothing compared", d.Name)
		}
	}
	t.Logf("%s: %d distributions, %d places, %d derivatives compared with their limits", of, tested(dists), places, compared)
}

// open reports whether a parameter is outside of its domain, or cannot leave its place alone.
func (r row) open(name string, v []float64) bool {
	for _, s := range r.d.Forms[r.form].Params {
		if s.Name == name {
			return s.Constraint == lang.ProbabilityVector || s.Constraint == lang.Positive && v[0] <= 0
		}
	}
	return false
}

// compareEdge compares derivatives by the elements of an input, of which those
// of ordinary size are left to other tests.
func (r row) compareEdge(t *testing.T, d *derivatives, name string, x []float64) (compared int) {
	for j, was := range d.at[name] {
		d.run(t)
		var got [2]float64
		got[0], got[1] = d.of(name, j)
		lo, hi, ok := edge.Expect(func(v float64) float64 {
			d.at[name][j] = v
			y := d.run(t)
			return y
		}, was)
		d.at[name][j] = was
		for m := range got {
			if !ok[m] || m == 1 && r.flags["first"] {
				continue
			}
			compared++
			slack := 1e-3 * (math.Abs(lo[m]) + math.Abs(hi[m]))
			if !(lo[m]-slack <= got[m] && got[m] <= hi[m]+slack) {
				t.Errorf("%s at %v, with %v: derivative %d by %s is %g, its limits are %g to %g", r.head, x, d.at, m+1, name, got[m], lo[m], hi[m])
			}
		}
	}
	return compared
}

// TestNotTaken: a density in a branch that is not taken is not seen,
// whatever its value and its parameters.
func TestNotTaken(t *testing.T) {
	inf := math.Inf(1)
	compared, places, dists := 0, 0, map[string]int{}
	for _, r := range table(t, casesFile) {
		other := func(b *named.Builder, y named.Value, in map[string]*graph.Node) named.Value {
			z := b.Scalar(0)
			for _, n := range in {
				x := b.Wrap(n)
				s := b.Apply(op.Sin, b.Where(b.Less(b.Abs(x), b.Scalar(1e6)), x, b.Scalar(3)))
				z = b.Add(z, b.SumAll(s))
			}
			never := b.Greater(z, b.Scalar(1e6))
			return b.Where(never, b.Exp(y), z)
		}
		for _, x := range [][]float64{r.points()[0], {-inf}, {-1}, {0}, {1}, {2}, {inf}} {
			if len(x) != len(r.points()[0]) {
				continue
			}
			d := r.derivatives(t, density, x, other)
			dists[r.d.Name] += len(d.names)
			d.variants([]float64{-inf, -1, 0, 1, inf, math.NaN()}, func() {
				d.run(t)
				places++
				for _, n := range d.names {
					for j, v := range d.at[n] {
						first, second := d.of(n, j)
						w1, w2 := 0.0, 0.0
						if math.Abs(v) < 1e6 {
							w1, w2 = math.Cos(v), -math.Sin(v)
						}
						compared++
						if math.Abs(first-w1) > 1e-12 || math.Abs(second-w2) > 1e-12 || first != first || second != second {
							t.Errorf("%s at %v, with %v, not taken: derivatives by %s are %g and %g, want %g and %g", r.head, x, d.at, element(n, j), first, second, w1, w2)
						}
					}
				}
			})
		}
	}
	t.Logf("%d distributions, %d places in branches, %d derivatives", tested(dists), places, 2*compared)
}

// tested is the number of names of which something was.
func tested(counts map[string]int) (n int) {
	for _, c := range counts {
		if c > 0 {
			n++
		}
	}
	return n
}

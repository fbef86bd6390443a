package dist

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/kernel"
	"ppl/graph/named"
	"ppl/graph/plan"
)

// Values as functions of normal noise: every distribution of the table that has them, at scores in the bulk and in both
// tails. For a univariate one the distribution function must be that of the score and the density that of
// the noise over the slope; first and second derivatives by noise, parameters and bounds must be those of differences.

var scores = []float64{-8, -5, -2.1, -0.7, 0, 0.3, 1.6, 4.5, 8}

// drawn is a value as a function of its noise and parameters.
type drawn struct {
	b        *named.Builder
	names    []string
	in       map[string]*graph.Node
	at       map[string][]float64
	z, value named.Value
}

// fromNormal builds the value of a row, truncated to bounds where these are given. Bounds that cut something off are inputs; one
// within 1e-6 of 0 or 1e-3 of an upper end is not, since the slopes there are so large that differences tell nothing.
func (r row) fromNormal(t testing.TB, event graph.Shape, bounds ...*float64) *drawn {
	t.Helper()
	noise, err := r.d.NoiseShape(event)
	if err != nil {
		t.Fatal(err)
	}
	b := named.New()
	_, p, names, in, at := r.inputs(b, make([]float64, event.Size()), false)
	d := &drawn{b: b, in: in, at: at}
	d.z = b.Wrap(b.G.Input("z", noise))
	d.names = append(names, "z")
	in["z"], at["z"] = d.z.N, make([]float64, noise.Size())
	values := [2]*named.Value{}
	for i, v := range bounds {
		name := []string{"from", "to"}[i]
		c := b.Scalar(*v)
		if from, to := r.ends(); *v > from && *v < to && math.Abs(*v) > 1e-6 && to-*v > 1e-3 {
			in[name], at[name] = b.G.Input(name, graph.Shape{}), []float64{*v}
			d.names = append(d.names, name)
			c = b.Wrap(in[name])
		}
		values[i] = &c
	}
	if d.value, err = FromNormal(b, r.d, d.z, p, values[0], values[1]); err != nil {
		t.Fatalf("%s: %v", r.head, err)
	}
	return d
}

// slope compiles the value and its derivative by z, of scalars.
func (d *drawn) slope(t testing.TB) func(z float64) (x, dx float64) {
	p := plan.Compile(d.b.G, append([]*graph.Node{d.value.N}, grad.Reverse(d.b.G, d.value.N, []*graph.Node{d.z.N})...))
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	return func(z float64) (x, dx float64) {
		d.at["z"][0] = z
		for i, n := range p.Inputs() {
			copy(s.Input(i), d.at[n.Name])
		}
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		return s.Output(0)[0], s.Output(1)[0]
	}
}

// fromNormalRows are the rows of the table whose values are functions of noise.
func fromNormalRows(t testing.TB) []row {
	var out []row
	for _, r := range table(t, casesFile) {
		if r.d.FromNormal != nil {
			out = append(out, r)
		}
	}
	return out
}

// at is log F, or log(1 − F) from above, and the log density, at a number.
func (r row) at(x float64, above bool, bounds ...*float64) (tail, density float64) {
	b := named.New()
	values := [2]*named.Value{}
	for i, v := range bounds {
		c := b.Scalar(*v)
		values[i] = &c
	}
	f, err := LogTail(b, r.d, b.Scalar(x), r.constants(b), above, values[0], values[1])
	if err != nil {
		panic(err)
	}
	ts, err := Truncated(b, r.d, b.Scalar(x), r.constants(b), values[0], values[1])
	if err != nil {
		panic(err)
	}
	return f.Const()[0], b.Total(ts[0], ts[1:]...).Const()[0]
}

// checkScores: F(x) is Φ(z) and p(x)·dx/dz is φ(z), but for the rounding of x itself, which
// next to a bound is all that there is.
func (r row) checkScores(t *testing.T, what string, d *drawn, bounds ...*float64) (checked int) {
	f := d.slope(t)
	epsilon := 4e-16
	if len(bounds) > 0 { // the distribution function of a bound 40 standard deviations out
		epsilon = 1e-13
	}
	for _, z := range scores {
		x, dx := f(z)
		tail, density := r.at(x, z > 0, bounds...)
		want := kernel.LogPhi(-math.Abs(z))
		rounding := epsilon * math.Abs(x) * math.Exp(density-want)
		if math.Abs(x) < 1e-300 || math.Abs(x) > 1e300 || rounding > 1e-3 { // kept from an end of the line
			continue
		}
		checked++
		if !(math.Abs(tail-want) <= 1e-9+rounding) {
			t.Errorf("%s: at z = %g the value %.17g has log F = %.15g, not %.15g", what, z, x, tail, want)
		}
		normal := -0.5*z*z - halfLog2Pi
		if got := density + math.Log(dx); !(math.Abs(got-normal) <= 1e-8+100*rounding) {
			t.Errorf("%s: at z = %g log p(x) + log dx/dz = %.15g, log φ(z) = %.15g", what, z, got, normal)
		}
	}
	return checked
}

func TestFromNormalIsTheQuantile(t *testing.T) {
	checked, dists := 0, map[string]bool{}
	for _, r := range fromNormalRows(t) {
		if r.d.EventRank > 0 {
			continue
		}
		dists[r.d.Name] = true
		checked += r.checkScores(t, r.head, r.fromNormal(t, graph.Shape{}))
	}
	t.Logf("%d distributions, %d values", len(dists), checked)
}

func TestFromNormalGradient(t *testing.T) {
	checked, dists := 0, map[string]bool{}
	for _, r := range fromNormalRows(t) {
		x := r.points()[0]
		event := r.event(x)
		for k, z := range []float64{-6, -1.3, 0.4, 2.5} {
			d := r.fromNormal(t, event)
			for j := range d.at["z"] {
				d.at["z"][j] = z * math.Cos(float64(j*(k+1)))
			}
			w := make([]float64, event.Size())
			for j := range w {
				w[j] = weight(1, j)
			}
			y := d.b.SumAll(d.b.Mul(d.value, d.b.Array(event, w)))
			compileScalar(t, d.b, y, d.names, d.in, true).checkGradient(fmt.Sprintf("%s at z = %v", r.head, d.at["z"]), d.at, true)
			checked++
			dists[r.d.Name] = true
		}
	}
	t.Logf("%d distributions, %d sets of first and second derivatives", len(dists), checked)
}

// Truncated values, at the intervals that truncated densities are tested at.
func TestFromNormalTruncated(t *testing.T) {
	checked, gradients, kinds, dists := 0, 0, map[string]int{}, map[string]bool{}
	for _, r := range truncationRows(t) {
		if r.d.FromNormal == nil {
			continue
		}
		for _, k := range r.truncations() {
			what := fmt.Sprintf("%s in %s", r.head, k)
			checked += r.checkScores(t, what, r.fromNormal(t, graph.Shape{}, &k.lower, &k.up), &k.lower, &k.up)
			kinds[k.kind]++
			dists[r.d.Name] = true
			if r.flags["noint"] || r.kink(k) {
				continue
			}
			for _, z := range []float64{-1.3, 0.4}[gradients%2:][:1] {
				gradients++
				d := r.fromNormal(t, graph.Shape{}, &k.lower, &k.up)
				d.at["z"][0] = z
				second := math.Abs(k.at) < 1e3 // else what bounds and parameters do cancels, and differences tell nothing
				e := compileScalar(t, d.b, d.value, d.names, d.in, second)
				e.size = 1e3 * math.Abs(k.at)
				e.checkGradient(fmt.Sprintf("%s at z = %g", what, z), d.at, second)
			}
		}
	}
	t.Logf("%d distributions, %d values, %d sets of first and second derivatives; %s", len(dists), checked, gradients, tally(kinds))
}

// The same intervals as rows of one statement, of which some cut nothing off: each row is as it is alone, and no
// derivative is affected by the bounds of others.
func TestFromNormalTruncatedByRow(t *testing.T) {
	rows := 0
	for _, r := range truncationRows(t) {
		ks := r.truncations()
		if r.d.FromNormal == nil || r.flags["noint"] {
			continue
		}
		b := named.New()
		_, p, names, in, at := r.inputs(b, []float64{0}, false)
		axis := &named.Axis{Name: "row", Size: len(ks), Class: named.Plate}
		column := func(name string, get func(i int) float64) named.Value {
			v := make([]float64, len(ks))
			for i := range v {
				v[i] = get(i)
			}
			in[name], at[name] = b.G.Input(name, graph.Shape{len(ks)}), v
			names = append(names, name)
			return b.Wrap(in[name], axis)
		}
		score := func(i int) float64 { return 0.9 * math.Cos(float64(i)) }
		z := column("z", score)
		l := column("from", func(i int) float64 { return ks[i].lower })
		u := column("to", func(i int) float64 { return ks[i].up })
		v, err := FromNormal(b, r.d, z, p, &l, &u)
		if err != nil {
			t.Fatal(err)
		}
		e := compileScalar(t, b, b.SumAxes(v, axis), names, in, true)
		got, g, _ := e.run(at)
		want := 0.0
		for i, k := range ks {
			x, dx := r.fromNormal(t, graph.Shape{}, &k.lower, &k.up).slope(t)(score(i))
			want += x
			if j := len(names) - 3; !near(g[j][i], dx, 1e-9, 1e-300) {
				t.Errorf("%s in %s, as a row: dx/dz is %.12g, alone %.12g", r.head, k, g[j][i], dx)
			}
			rows++
		}
		if !near(got, want, 1e-12, 1e-12) {
			t.Errorf("%s: values in all intervals sum to %.15g, alone to %.15g", r.head, got, want)
		}
		for i, name := range names {
			for j, d := range append(g[i], e.second(i)...) {
				if math.IsNaN(d) || math.IsInf(d, 0) {
					t.Errorf("%s: derivative %d by %s is %g", r.head, j, name, d)
				}
			}
		}
	}
	t.Logf("%d intervals as rows", rows)
}

// The plan computes what the TapeMachine does, node by node: values, first and second derivatives.
func TestFromNormalPlanAgreesWithTapeMachine(t *testing.T) {
	compared := 0
	for _, r := range fromNormalRows(t) {
		event := r.event(r.points()[0])
		d := r.fromNormal(t, event)
		for j := range d.at["z"] {
			d.at["z"][j] = 0.8 * math.Cos(float64(j+1))
		}
		y := d.b.SumAll(d.b.Square(d.value))
		var wrt []*graph.Node
		for _, n := range d.names {
			wrt = append(wrt, d.in[n])
		}
		outs := append([]*graph.Node{d.value.N}, grad.Reverse(d.b.G, y.N, wrt)...)
		total := d.b.Scalar(0)
		for _, g := range outs[1:] {
			total = d.b.Add(total, d.b.SumAll(d.b.Wrap(g)))
		}
		outs = append(outs, grad.Reverse(d.b.G, total.N, wrt)...)
		run := func(p graph.Program) (all []float64) {
			s, err := p.NewState()
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range p.Inputs() {
				copy(s.Input(i), d.at[n.Name])
			}
			if err := s.Run(); err != nil {
				t.Fatal(err)
			}
			for i := range outs {
				all = append(all, s.Output(i)...)
			}
			return all
		}
		got, want := run(plan.Compile(d.b.G, outs)), run(d.b.G.TapeMachine(outs))
		for i := range want {
			compared++
			if !near(got[i], want[i], 1e-10, 1e-12*math.Abs(want[0])) {
				t.Errorf("%s: number %d is %.15g in the plan, %.15g in the TapeMachine", r.head, i, got[i], want[i])
			}
		}
	}
	t.Logf("%d numbers", compared)
}

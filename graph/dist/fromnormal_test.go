package dist

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/kernel"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/lang"
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

// A distribution either has values as functions of noise, or says why not, and what to do instead.
func TestFromNormalOrAReason(t *testing.T) {
	for _, d := range all {
		if (d.FromNormal == nil) == (d.NoFromNormal == "") {
			t.Errorf("%s: neither FromNormal nor NoFromNormal, or both", d.Name)
		}
		if d.FromNormal == nil {
			b := named.New()
			_, none := d.NoiseShape(graph.Shape{})
			_, err := FromNormal(b, d, b.Scalar(0), Params{}, nil, nil)
			for _, err := range []error{none, err} {
				if err == nil || !strings.HasPrefix(err.Error(), "`"+d.Name+"` ") || !strings.Contains(err.Error(), ": ") {
					t.Errorf("%s: %v", d.Name, err)
				}
			}
		}
	}
	for _, name := range []string{"LKJ", "LKJCholesky"} {
		d, _ := Find(name)
		if _, err := d.NoiseShape(graph.Shape{1, 1}); err == nil {
			t.Errorf("%s of one row is a function of noise", name)
		}
	}
	b := named.New()
	d, one := mvNormal, b.Scalar(1)
	p := parseRow(t, "MvNormal mean=0,0 cov=1,0,0,1").constants(b)
	if _, err := FromNormal(b, d, b.Vector(0, 0), p, &one, nil); err == nil {
		t.Error("MvNormal is truncated")
	}
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

// draws are values of a row made of standard normal noise, and their log densities.
func (r row) drawsFromNormal(t *testing.T, event graph.Shape, n int) (values, densities []float64) {
	noise, err := r.d.NoiseShape(event)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 8))
	z := make([]float64, n*noise.Size())
	for i := range z {
		z[i] = rng.NormFloat64()
	}
	particle := &named.Axis{Name: "particle", Size: n, Class: named.Particle}
	b := named.New()
	p := r.constants(b)
	v, err := FromNormal(b, r.d, b.Wrap(b.G.Input("z", append(graph.Shape{n}, noise...)), particle), p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	values = append(values, evaluate(t, b, v, map[string][]float64{"z": z})...)
	return values, r.densitiesOf(t, values, event)
}

// densitiesOf are the log densities of values one after another.
func (r row) densitiesOf(t *testing.T, values []float64, event graph.Shape) []float64 {
	n := len(values) / event.Size()
	particle := &named.Axis{Name: "particle", Size: n, Class: named.Particle}
	b := named.New()
	ts := r.d.LogDensity(b, b.Wrap(b.G.Input("x", append(graph.Shape{n}, event...)), particle), r.constants(b))
	return append([]float64(nil), evaluate(t, b, b.With(b.Total(ts[0], ts[1:]...), particle), map[string][]float64{"x": values})...)
}

// Multivariate values have the means and variances of the distribution, and each element and the log density have the distribution
// that those of independent draws of its sampler have (Kolmogorov and Smirnov, two samples):
// 25,000 of each, with PPL_SLOW=1 100,000.
func TestFromNormalDraws(t *testing.T) {
	n := 25_000
	if os.Getenv("PPL_SLOW") != "" {
		n = 100_000
	}
	elements, dists := 0, map[string]bool{}
	for _, r := range fromNormalRows(t) {
		if r.d.EventRank == 0 {
			continue
		}
		dists[r.d.Name] = true
		event := r.event(r.points()[0])
		size := event.Size()
		got, gotDensity := r.drawsFromNormal(t, event, n)
		rng := rand.New(rand.NewPCG(13, 21))
		want := make([]float64, n*size)
		for i := range n {
			r.d.Sample(rng, r.numbers(), want[i*size:(i+1)*size])
		}
		same := func(what string, x, y []float64) {
			elements++
			if d, most := twoSample(x, y), 2.2*math.Sqrt(2/float64(n)); !(d < most) { // p = 1e-4
				t.Errorf("%s: %s of values from noise and of the sampler differ by %.4g in the distribution function, more than %.4g", r.head, what, d, most)
			}
		}
		for j := range size {
			x, y := make([]float64, n), make([]float64, n)
			for i := range n {
				x[i], y[i] = got[i*size+j], want[i*size+j]
			}
			same(fmt.Sprintf("elements %d", j), x, y)
			if r.flags["nomoments"] || r.d.Mean == nil || r.d.Variance == nil {
				continue
			}
			mean, variance, slack := average(x)
			wantMean, wantVariance := r.d.Mean(r.numbers())[j], r.d.Variance(r.numbers())[j]
			if math.IsNaN(wantVariance) || math.IsInf(wantVariance, 0) {
				continue
			}
			if math.Abs(mean-wantMean) > 4.5*math.Sqrt(wantVariance/float64(n)) || math.Abs(variance-wantVariance) > 4.5*slack+1e-20 {
				t.Errorf("%s: element %d has mean %.6g and variance %.6g, not %.6g and %.6g", r.head, j, mean, variance, wantMean, wantVariance)
			}
		}
		same("log densities", gotDensity, r.densitiesOf(t, want, event))
	}
	t.Logf("%d distributions, %d samples compared", len(dists), elements)
}

// average also gives the standard error of the variance.
func average(x []float64) (mean, variance, slack float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	fourth := 0.0
	for _, v := range x {
		s := (v - mean) * (v - mean)
		variance += s / n
		fourth += s * s / n
	}
	return mean, variance, math.Sqrt((fourth - variance*variance) / n)
}

// twoSample is the largest difference of two empirical distribution functions, of values that are equal to
// 10 digits where they are constants up to rounding.
func twoSample(x, y []float64) float64 {
	for _, v := range [][]float64{x, y} {
		for i := range v {
			v[i] = math.Round(v[i]*1e10) / 1e10
		}
		sort.Float64s(v)
	}
	largest := 0.0
	for i, j := 0, 0; i < len(x) && j < len(y); {
		at := math.Min(x[i], y[j])
		for i < len(x) && x[i] <= at {
			i++
		}
		for j < len(y) && y[j] <= at {
			j++
		}
		largest = math.Max(largest, math.Abs(float64(i)/float64(len(x))-float64(j)/float64(len(y))))
	}
	return largest
}

// With noise along a plate and parameters along the particle axis every value is what it is alone.
func TestFromNormalAxes(t *testing.T) {
	particle := &named.Axis{Name: "particle", Size: 3, Class: named.Particle}
	plate := &named.Axis{Name: "i", Size: 4, Class: named.Plate}
	compared := 0
	for _, r := range fromNormalRows(t) {
		event := r.event(r.points()[0])
		noise, err := r.d.NoiseShape(event)
		if err != nil {
			t.Fatal(err)
		}
		b := named.New()
		p, at, varied := r.constants(b), map[string][]float64{}, map[string][][]float64{}
		for _, s := range r.continuous() {
			v := r.values[s.Name]
			var all []float64
			for k := range 3 {
				w := vary(s, v, k)
				varied[s.Name] = append(varied[s.Name], w)
				all = append(all, w...)
			}
			p.Values[s.Name] = b.Wrap(b.G.Input(s.Name, append(graph.Shape{3}, shape(s.Rank, len(v))...)), particle)
			at[s.Name] = all
		}
		for i := range 4 * noise.Size() {
			at["z"] = append(at["z"], 1.5*math.Sin(float64(i+1)))
		}
		v, err := FromNormal(b, r.d, b.Wrap(b.G.Input("z", append(graph.Shape{4}, noise...)), plate), p, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := evaluate(t, b, b.With(v, particle, plate), at)
		for k := range 3 {
			w := r
			w.values = map[string][]float64{}
			for name, v := range r.values {
				w.values[name] = v
			}
			for name, v := range varied {
				w.values[name] = v[k]
			}
			for i := range 4 {
				b := named.New()
				z := b.Array(noise, at["z"][i*noise.Size():(i+1)*noise.Size()])
				alone, err := FromNormal(b, r.d, z, w.constants(b), nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				for j, want := range alone.Const() {
					compared++
					if g := got[(k*4+i)*event.Size()+j]; !near(g, want, 1e-12, 1e-13) {
						t.Errorf("%s, particle %d, row %d, element %d: %.16g, alone %.16g", r.head, k, i, j, g, want)
					}
				}
			}
		}
	}
	t.Logf("%d numbers", compared)
}

// randomRow has parameters drawn within their constraints.
func randomRow(rng *rand.Rand, d *Dist, form int) row {
	r := row{head: d.Name, d: d, form: form, values: map[string][]float64{}}
	for _, s := range d.Forms[form].Params {
		v := 6*rng.Float64() - 3
		switch s.Constraint {
		case lang.Positive, lang.NonNegative:
			v = math.Exp(8*rng.Float64() - 4)
		case lang.Unit:
			v = 0.02 + 0.96*rng.Float64()
		}
		if s.Name == d.Upper {
			v = r.values[d.Lower][0] + math.Exp(v)
		}
		r.values[s.Name] = []float64{v}
		r.head += fmt.Sprintf(" %s=%g", s.Name, v)
	}
	return r
}

// At random parameters, truncated or not, the distribution function at a value does not move with the parameters or the bounds: with F
// the log of the smaller tail, dF/dθ = 0 along the value, to rounding beside ∂F/∂θ at a fixed one and 1/θ; and F is that of the score.
func TestFromNormalAtRandom(t *testing.T) {
	times := 4
	if os.Getenv("PPL_SLOW") != "" {
		times = 40
	}
	rng := rand.New(rand.NewPCG(34, 55))
	checked := 0
	for _, d := range all {
		if d.FromNormal == nil || d.EventRank > 0 {
			continue
		}
		for form := range d.Forms {
			for i := range times {
				r := randomRow(rng, d, form)
				var bounds []*float64
				if i%2 == 1 { // between two quantiles
					l, u := r.quantile(math.Log(0.1+0.3*rng.Float64()), false), r.quantile(math.Log(0.1+0.4*rng.Float64()), true)
					bounds = append(bounds, &l, &u)
					r.head += fmt.Sprintf(" in (%g, %g)", l, u)
				}
				checked += r.checkStill(t, 14*rng.Float64()-7, bounds)
			}
		}
	}
	t.Logf("%d values and sets of derivatives", checked)
}

func (r row) checkStill(t *testing.T, z float64, bounds []*float64) (checked int) {
	d := r.fromNormal(t, graph.Shape{}, bounds...)
	d.at["z"][0] = z
	x, _ := d.slope(t)(z)
	if math.Abs(x) < 1e-100 || math.Abs(x) > 1e100 { // the slopes of F are out of range
		return 0
	}
	params := Params{Form: r.form, Values: map[string]named.Value{}}
	for _, s := range r.d.Forms[r.form].Params {
		params.Values[s.Name] = d.b.Wrap(d.in[s.Name])
	}
	ends := [2]*named.Value{}
	for i, v := range bounds {
		c := d.b.Scalar(*v)
		if n := d.in[[]string{"from", "to"}[i]]; n != nil {
			c = d.b.Wrap(n)
		}
		ends[i] = &c
	}
	tail := func(v named.Value) *evaluator {
		f, err := LogTail(d.b, r.d, v, params, z > 0, ends[0], ends[1])
		if err != nil {
			t.Fatal(err)
		}
		return compileScalar(t, d.b, f, d.names, d.in, false)
	}
	fixed := d.b.Wrap(d.b.G.Input("x", graph.Shape{}))
	d.in["x"], d.at["x"] = fixed.N, []float64{x}
	d.names = append(d.names, "x")
	got, along, _ := tail(d.value).run(d.at)
	_, still, _ := tail(fixed).run(d.at)
	at := func(name string) int { return slices.Index(d.names, name) }
	byX := math.Abs(still[at("x")][0])
	if 1e-14*math.Abs(x)*byX > 1e-9 || byX == 0 { // next to a bound, or rounded to an end
		return 0
	}
	if want := kernel.LogPhi(-math.Abs(z)); math.Abs(got-want) > 3e-9 {
		t.Errorf("%s: at z = %g the value %.17g has log F = %.15g, not %.15g", r.head, z, x, got, want)
	}
	for i, name := range d.names {
		slope := 0.0
		switch name {
		case "x":
			continue
		case "z":
			slope = kernel.InvMills(-math.Abs(z))
			if z > 0 {
				slope = -slope
			}
		}
		checked++
		if size := 1 + math.Abs(still[i][0]) + math.Abs(slope) + 1/math.Abs(d.at[name][0]); math.Abs(along[i][0]-slope) > 1e-8*size {
			t.Errorf("%s: at z = %g the log F moves with %s by %.6g, not %.6g (%.6g at a fixed value)", r.head, z, name, along[i][0], slope, still[i][0])
		}
	}
	return checked
}

// Where draws of small shapes round to an end of the support they are kept inside, and densities there are finite.
func TestFromNormalStaysInside(t *testing.T) {
	for _, head := range []string{
		"Beta alpha=0.1 beta=0.1", "Beta alpha=0.001 beta=0.001", "BetaMeanPrecision mean=0.5 precision=0.01", "Kumaraswamy a=0.02 b=0.02",
		"Gamma shape=0.001 rate=1", "InvGamma shape=0.001 scale=1", "ChiSquared df=0.001", "InvChiSquared df=0.001", "Weibull shape=0.001 scale=1",
		"Frechet shape=0.001 scale=1", "StudentT df=0.001 mean=0 scale=1", "HalfStudentT df=0.001 scale=1", "Uniform lower=1 upper=1.0000000000000007",
		"Pareto minimum=1 shape=1e17", "Pareto minimum=1 shape=0.001", "Wald mean=1 shape=0.001",
	} {
		r := parseRow(t, head)
		f := r.fromNormal(t, graph.Shape{}).slope(t)
		from, to := r.ends()
		for _, z := range scores {
			x, dx := f(z)
			if y := r.logDensity([]float64{x}); !(x > from && x < to) || math.IsInf(y, 0) || math.IsNaN(y) || !(dx >= 0) || math.IsInf(dx, 0) {
				t.Errorf("%s: at z = %g the value is %g, with slope %g and log density %g", head, z, x, dx, y)
			}
		}
	}
	r := parseRow(t, "Dirichlet concentration=0.001,0.001,0.001")
	x, densities := r.drawsFromNormal(t, graph.Shape{3}, 1000)
	for i, y := range densities {
		if math.IsInf(y, 0) || math.IsNaN(y) {
			t.Errorf("%s: log density %g at %v", r.head, y, x[3*i:3*i+3])
		}
	}
}

package lower_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/builtin"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/guide"
	"ppl/lang"
	"ppl/lang/check"
	"ppl/lang/diag"
	"ppl/parser"
)

// A testCase is a model, data of a size that can be chosen, and the log density
// of its statements written independently: loops over elements, math.Log, and
// nothing of ours. It is compared at values of the latents that come from
// random unconstrained points; the Jacobian is the guide's business and only
// takes part in the test of gradients.
type testCase struct {
	name string
	text string
	data func(n int) values
	want func(x at) float64
	// lets are reported values: each element by its indices from 1.
	lets map[string]func(x at, i ...int) float64
}

type values map[string]any

// at reads a datum or a latent: the element at indices from 1.
type at func(name string, index ...int) float64

func (c testCase) run(t *testing.T) {
	t.Helper()
	t.Run(c.name, func(t *testing.T) {
		t.Parallel()
		p := c.lowered(t, 6)
		for seed := uint64(0); seed < 4; seed++ {
			c.compare(t, p, seed)
		}
		c.inParticles(t, p)
		if t.Failed() {
			return
		}
		if q := c.lowered(t, 60); q.size > p.size+3 || p.size > q.size+3 { // scalars that happen to be equal are shared
			t.Errorf("%d nodes with small data, %d with ten times as much: %s", p.size, q.size, describe(q.b))
		}
	})
}

func (c testCase) lowered(t *testing.T, n int) *lowering {
	t.Helper()
	p, ds := lowerText(t, c.text, c.data(n))
	if len(ds) > 0 {
		t.Fatalf("size %d:\n%s", n, ds.Error())
	}
	return p
}

func (c testCase) compare(t *testing.T, p *lowering, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	u := make([]float64, p.d)
	for i := range u {
		u[i] = r.NormFloat64()
	}
	got := p.eval(u)
	want := c.want(got.at)
	if !near(got.density, want, 1e-10) {
		t.Errorf("log density %.15g, want %.15g", got.density, want)
	}
	for name, f := range c.lets {
		shape := got.shapes[name]
		for k, v := range got.values[name] {
			if want := f(got.at, unravel(shape, k)...); !near(v, want, 1e-10) {
				t.Errorf("%s%v is %.15g, want %.15g", name, unravel(shape, k), v, want)
			}
		}
	}
	p.checkGradient(t, u, got)
}

// inParticles evaluates at several points at once, values and gradients, and
// compares with one after another.
func (c testCase) inParticles(t *testing.T, p *lowering) {
	t.Helper()
	if p.d == 0 {
		return
	}
	const s = 3
	r := rand.New(rand.NewPCG(9, 9))
	u := make([]float64, s*p.d)
	for i := range u {
		u[i] = r.NormFloat64()
	}
	b := named.New()
	particles := &named.Axis{Name: "particle", Size: s, Class: named.Particle}
	in := b.G.BatchInput("u", graph.Shape{s, p.d})
	pack := &guide.Packed{U: b.Wrap(in, particles)}
	m := checked(t, c.text)
	joint, ds := lower.Lower(m, p.data, pack, b)
	if joint == nil {
		t.Fatal(ds.Error())
	}
	target := b.With(b.Add(joint.LogDensity(b), pack.LogJacobian(b)), particles)
	g := grad.Reverse(b.G, b.SumAxes(target, particles).N, []*graph.Node{in})[0]
	q := &lowering{b: b}
	val := q.run(u, []*graph.Node{target.N, g})
	planAgrees(t, b.G, u, []*graph.Node{target.N, g}, val)
	for k := range s {
		one := p.eval(u[k*p.d : (k+1)*p.d])
		if !near(val[target.N][k], one.target, 1e-10) {
			t.Errorf("particle %d of several has %.15g, alone %.15g", k, val[target.N][k], one.target)
		}
		for i, want := range one.grad {
			if got := val[g][k*p.d+i]; !near(got, want, 1e-9) {
				t.Errorf("gradient %d of particle %d of several is %.15g, alone %.15g", i, k, got, want)
			}
		}
	}
}

// planAgrees runs the compiled plan and compares it with the node by node
// evaluation.
func planAgrees(t *testing.T, g *graph.Graph, u []float64, outputs []*graph.Node, want map[*graph.Node][]float64) {
	t.Helper()
	program := plan.Compile(g, outputs)
	state, err := program.NewState()
	if err != nil {
		t.Fatal(err)
	}
	if len(program.Inputs()) > 0 {
		copy(state.Input(0), u)
	}
	if err := state.Run(); err != nil {
		t.Fatal(err)
	}
	for i, n := range outputs {
		for k, v := range state.Output(i) {
			if w := want[n][k]; !near(v, w, 1e-10) && !(math.IsNaN(v) && math.IsNaN(w)) {
				t.Errorf("plan: output %d element %d is %.15g, not %.15g", i, k, v, w)
				return
			}
		}
	}
}

func near(x, y, tol float64) bool {
	return x == y || math.Abs(x-y) <= tol*math.Max(1, math.Max(math.Abs(x), math.Abs(y)))
}

func unravel(shape []int, k int) []int {
	idx := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		idx[d] = k%shape[d] + 1
		k /= shape[d]
	}
	return idx
}

// lowering is a lowered model over its packed unconstrained vector.
type lowering struct {
	b       *named.Builder
	joint   *lower.Joint
	data    *lower.Data
	d       int
	size    int // nodes of the density
	u       *graph.Node
	density *graph.Node
	target  *graph.Node // with the Jacobian
	grad    *graph.Node
}

type evaluated struct {
	density, target float64
	grad            []float64
	values          map[string][]float64
	shapes          map[string][]int
}

func (e evaluated) at(name string, index ...int) float64 {
	v, ok := e.values[name]
	if !ok {
		panic("the test reads " + name + ", which is not there")
	}
	shape, k := e.shapes[name], 0
	if len(index) != len(shape) {
		panic(fmt.Sprintf("the test reads %s%v of shape %v", name, index, shape))
	}
	for d, i := range index {
		if i < 1 || i > shape[d] {
			panic(fmt.Sprintf("the test reads %s%v of shape %v", name, index, shape))
		}
		k = k*shape[d] + i - 1
	}
	return v[k]
}

func checked(t testing.TB, text string) *lang.Model {
	t.Helper()
	file, ds := parser.Parse("model.ppl", []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	ds = slices.DeleteFunc(append(append(ds, more...), m.NotYet...), func(d diag.Diagnostic) bool {
		return d.Code == check.TruncatedMissing // a test may mean it
	})
	if len(ds) > 0 {
		t.Fatalf("the model does not check:\n%s", ds.Error())
	}
	return m
}

// checkedWithout leaves out what the checker says is not supported yet.
func checkedWithout(t testing.TB, text string) *lang.Model {
	t.Helper()
	file, ds := parser.Parse("model.ppl", []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	if ds = append(ds, more...); ds.HasErrors() {
		t.Fatalf("the model does not check:\n%s", ds.Error())
	}
	return m
}

func lowerText(t testing.TB, text string, v values) (*lowering, diag.List) {
	t.Helper()
	m := checked(t, text)
	data := bound(t, m, v)
	probe := &guide.Packed{}
	if joint, ds := lower.Lower(m, data, probe, named.New()); joint == nil || len(ds) > 0 {
		return nil, ds
	}
	p := &lowering{b: named.New(), data: data, d: probe.Size}
	pack := &guide.Packed{U: p.b.Scalar(0)}
	if p.d > 0 {
		p.u = p.b.G.Input("u", graph.Shape{p.d})
		pack.U = p.b.Wrap(p.u)
	}
	var ds diag.List
	p.joint, ds = lower.Lower(m, data, pack, p.b)
	if p.joint == nil {
		return nil, ds
	}
	total := p.joint.LogDensity(p.b)
	p.density, p.target = total.N, p.b.Add(total, pack.LogJacobian(p.b)).N
	p.size = len(p.b.G.Nodes())
	return p, ds
}

// eval evaluates density, gradient and reported values node by node.
func (p *lowering) eval(u []float64) evaluated {
	if p.grad == nil && p.d > 0 {
		p.grad = grad.Reverse(p.b.G, p.target, []*graph.Node{p.u})[0]
	}
	outputs := []*graph.Node{p.density, p.target}
	if p.grad != nil {
		outputs = append(outputs, p.grad)
	}
	for _, r := range p.joint.Reported {
		outputs = append(outputs, r.Value.N)
	}
	val := p.run(u, outputs)
	e := evaluated{density: val[p.density][0], target: val[p.target][0], values: map[string][]float64{}, shapes: map[string][]int{}}
	if p.grad != nil {
		e.grad = val[p.grad]
	}
	for name, a := range p.data.Values {
		e.values[name], e.shapes[name] = a.Data, a.Shape
	}
	for _, r := range p.joint.Reported {
		if r.Part != nil { // the missing elements of data
			whole := append([]float64(nil), p.data.Values[r.Symbol.Name].Data...)
			for k, i := range r.Part.Elements {
				whole[i] = val[r.Value.N][k]
			}
			e.values[r.Symbol.Name], e.shapes[r.Symbol.Name] = whole, r.Part.Shape
			continue
		}
		e.values[r.Symbol.Name], e.shapes[r.Symbol.Name] = val[r.Value.N], r.Value.Shape()
	}
	return e
}

func (p *lowering) run(u []float64, outputs []*graph.Node) map[*graph.Node][]float64 {
	needed := graph.Needed(outputs)
	val := map[*graph.Node][]float64{}
	for _, n := range p.b.G.Nodes() {
		switch {
		case !needed[n.ID]:
		case n.IsConst():
			val[n] = n.Const
		case n.IsInput():
			val[n] = u
		default:
			in := make([][]float64, len(n.In))
			for i, c := range n.In {
				in[i] = val[c]
			}
			val[n] = make([]float64, n.Shape.Size())
			n.Op.Eval(val[n], in)
		}
	}
	return val
}

func (p *lowering) checkGradient(t *testing.T, u []float64, got evaluated) {
	t.Helper()
	norm := 1.0
	for _, g := range got.grad {
		if math.IsNaN(g) || math.IsInf(g, 0) {
			t.Errorf("gradient %v", got.grad)
			return
		}
		norm = math.Max(norm, math.Abs(g))
	}
	value := func(i int, h float64) float64 {
		v := append([]float64(nil), u...)
		v[i] += h
		return p.run(v, []*graph.Node{p.target})[p.target][0]
	}
	for i := range u {
		const h = 1e-3
		d1 := (value(i, h) - value(i, -h)) / (2 * h)
		d2 := (value(i, h/2) - value(i, -h/2)) / h
		d3 := (value(i, h/4) - value(i, -h/4)) / (h / 2)
		d := (16*(4*d3-d2)/3 - (4*d2-d1)/3) / 15
		if math.Abs(d-got.grad[i]) > 1e-6*norm {
			t.Errorf("gradient %d is %.10g, differences give %.10g", i, got.grad[i], d)
		}
	}
}

// bound is a plain data binding: shapes give dimensions, and integers count as
// the codes of factors.
func bound(t testing.TB, m *lang.Model, v values) *lower.Data {
	t.Helper()
	out := &lower.Data{Values: map[string]*lower.Array{}, Dims: map[string]int{}}
	for _, s := range m.Data {
		x, ok := v[s.Name]
		if !ok {
			t.Fatalf("the test gives no value for %s", s.Name)
		}
		a := arrayOf(x)
		out.Values[s.Name] = a
		for i, d := range s.Type.Dims {
			if syms := d.Symbols(); len(syms) == 1 && syms[0].Length == nil && d.Const() == 0 {
				out.Dims[d.String()] = a.Shape[i]
			}
		}
		if s.Type.Levels != "" {
			for _, c := range a.Data {
				out.Dims[s.Type.Levels] = max(out.Dims[s.Type.Levels], int(c))
			}
		}
		if s.Type.IsScalar() && s.Type.Elem == lang.Int {
			out.Dims[s.Name] = int(a.Data[0])
		}
	}
	for _, s := range m.Dims {
		if _, ok := out.Dims[s.Name]; !ok {
			t.Fatalf("the test does not determine the dimension %s", s.Name)
		}
	}
	return out
}

// shaped is an array with an explicit shape, for those without elements.
type shaped struct {
	shape []int
	data  []float64
}

func arrayOf(x any) *lower.Array {
	if h, ok := x.(holes); ok {
		return h.array()
	}
	if s, ok := x.(shaped); ok {
		return &lower.Array{Shape: s.shape, Data: s.data}
	}
	a := &lower.Array{Shape: []int{}, Data: []float64{}}
	v := reflect.ValueOf(x)
	for w := v; w.Kind() == reflect.Slice; w = w.Index(0) {
		a.Shape = append(a.Shape, w.Len())
		if w.Len() == 0 {
			break
		}
	}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Slice:
			for i := 0; i < v.Len(); i++ {
				walk(v.Index(i))
			}
		case reflect.Bool:
			a.Data = append(a.Data, map[bool]float64{true: 1}[v.Bool()])
		case reflect.Int:
			a.Data = append(a.Data, float64(v.Int()))
		default:
			a.Data = append(a.Data, v.Float())
		}
	}
	walk(v)
	return a
}

// Data for tests: reals and integers without regularity.

func reals(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Sin(1.7*float64(i)) + 0.1*math.Cos(float64(i*i))
	}
	return x
}

func positives(n int) []float64 {
	x := reals(n)
	for i := range x {
		x[i] = math.Exp(0.5 * x[i])
	}
	return x
}

func table(n, m int) [][]float64 {
	x := make([][]float64, n)
	all := reals(n * m)
	for i := range x {
		x[i] = all[i*m : (i+1)*m]
	}
	return x
}

// codes are n integers in 1..k that are not an arithmetic sequence (from
// three on), in which k occurs.
func codes(n, k int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = (i*i*3+i/2)%k + 1
	}
	if n > 1 {
		x[1] = k
	}
	return x
}

func codeTable(n, m, k int) [][]int {
	x := make([][]int, n)
	all := codes(n*m, k)
	for i := range x {
		x[i] = all[i*m : (i+1)*m]
	}
	return x
}

func counts(n int) []int {
	x := codes(n, 5)
	for i := range x {
		x[i]--
	}
	return x
}

// Densities, from their textbook formulas.

func normal(x, mu, sd float64) float64 {
	return -0.5*math.Log(2*math.Pi) - math.Log(sd) - (x-mu)*(x-mu)/(2*sd*sd)
}

func halfNormal(x, sd float64) float64 { return math.Ln2 + normal(x, 0, sd) }

func exponential(x, rate float64) float64 { return math.Log(rate) - rate*x }

func lgamma(x float64) float64 {
	y, _ := math.Lgamma(x)
	return y
}

func gamma(x, shape, rate float64) float64 {
	return shape*math.Log(rate) - lgamma(shape) + (shape-1)*math.Log(x) - rate*x
}

func beta(x, a, b float64) float64 {
	return lgamma(a+b) - lgamma(a) - lgamma(b) + (a-1)*math.Log(x) + (b-1)*math.Log(1-x)
}

func poisson(k, rate float64) float64 { return k*math.Log(rate) - rate - lgamma(k+1) }

func bernoulli(k, p float64) float64 {
	if k == 1 {
		return math.Log(p)
	}
	return math.Log(1 - p)
}

func invLogit(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// phi is the standard normal distribution function.
func phi(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

func dirichlet(x, a []float64) float64 {
	s, t := 0.0, 0.0
	for k := range x {
		t += (a[k]-1)*math.Log(x[k]) - lgamma(a[k])
		s += a[k]
	}
	return t + lgamma(s)
}

// mvNormal is the density by elimination: Gauss–Jordan on the covariance.
func mvNormal(x, mu []float64, cov [][]float64) float64 {
	n := len(x)
	a := make([][]float64, n)
	for i := range a {
		a[i] = append(append([]float64{}, cov[i]...), x[i]-mu[i])
	}
	logDet := 0.0
	for i := range a {
		logDet += math.Log(a[i][i])
		for j := i + 1; j < n; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k <= n; k++ {
				a[j][k] -= f * a[i][k]
			}
		}
	}
	sol := make([]float64, n)
	quad := 0.0
	for i := n - 1; i >= 0; i-- {
		s := a[i][n]
		for k := i + 1; k < n; k++ {
			s -= a[i][k] * sol[k]
		}
		sol[i] = s / a[i][i]
		quad += sol[i] * (x[i] - mu[i])
	}
	return -0.5 * (float64(n)*math.Log(2*math.Pi) + logDet + quad)
}

func runCases(t *testing.T, cases []testCase) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.name] {
			t.Fatalf("two cases named %s", c.name)
		}
		seen[c.name] = true
		c.run(t)
	}
}

// describe lists the ops of a graph with their numbers, for messages.
func describe(b *named.Builder) string {
	count := map[string]int{}
	for _, n := range b.G.Nodes() {
		switch {
		case n.IsConst():
			count["const"]++
		case n.IsInput():
			count["input"]++
		default:
			key := n.Op.Key()
			if i := strings.IndexAny(key, "[]0123456789"); i > 0 {
				key = key[:i]
			}
			count[key]++
		}
	}
	var lines []string
	for k, n := range count {
		lines = append(lines, fmt.Sprintf("%s×%d", k, n))
	}
	sort.Strings(lines)
	return strings.Join(lines, " ")
}

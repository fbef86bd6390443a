package sufficient_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/plan"
	"ppl/graph/sufficient"
)

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// world is one graph with S particles of D numbers each, and rows along an axis.
type world struct {
	*named.Builder
	u        *graph.Node
	particle *named.Axis
	row      *named.Axis
	used     int
}

func newWorld(s, d, n int, rule graph.SumRule) *world {
	b := named.New()
	b.G.SumRule = rule
	return &world{Builder: b, u: b.G.BatchInput("u", graph.Shape{s, d}),
		particle: &named.Axis{Name: "particle", Size: s, Class: named.Particle},
		row:      &named.Axis{Name: "n", Size: n, Class: named.Plate}}
}

// vector is the next k numbers of each particle.
func (w *world) vector(k int) named.Value {
	v := w.Index(w.Wrap(w.u, w.particle), named.IndexArg{Lo: w.used + 1, Hi: w.used + k})
	w.used += k
	return v
}

func (w *world) scalar() named.Value { return w.Reshape(w.vector(1), graph.Shape{}) }

// column and matrix are data.
func (w *world) column(x []float64) named.Value {
	return w.Wrap(w.G.Constant(graph.Shape{len(x)}, x), w.row)
}

// linear is X @ b.
func (w *world) linear(x []float64, k int) named.Value {
	m := w.Wrap(w.G.Constant(graph.Shape{len(x) / k, k}, x), w.row)
	b := w.vector(k)
	f := op.NewContract(w.G, m.N, b.N, []int{0, 1}, []int{2, 1}, []int{2, 0})
	return w.Wrap(f, w.particle, w.row)
}

// pick is v[g[n]], with indices from 1.
func (w *world) pick(v named.Value, g []float64) named.Value {
	return w.Index(v, named.IndexArg{Value: w.column(g)})
}

func (w *world) total(x named.Value) named.Value { return w.SumAxes(x, w.row) }

// result evaluates a value for each particle, and its gradient.
func (w *world) result(t failer, v named.Value, u []float64, flat bool) (lp, g []float64) {
	t.Helper()
	v = w.With(v, w.particle)
	s := w.particle.Size
	ones := make([]float64, s)
	for i := range ones {
		ones[i] = 1
	}
	w.G.SumRule = nil
	outs := []*graph.Node{v.N, grad.VJP(w.G, v.N, w.G.Constant(graph.Shape{s}, ones), []*graph.Node{w.u})[0]}
	compile := plan.Compile
	if flat {
		compile = plan.Flat
	}
	p := compile(w.G, outs)
	st, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Inputs()) > 0 {
		copy(st.Input(0), u)
	}
	if err := st.Run(); err != nil {
		t.Fatal(err)
	}
	return append([]float64(nil), st.Output(0)...), append([]float64(nil), st.Output(1)...)
}

// widest is the number of elements, for each particle, of the largest array
// that evaluating v takes.
func (w *world) widest(v named.Value) int {
	needed, most := graph.Needed([]*graph.Node{v.N}), 0
	for _, n := range w.G.Nodes() {
		if needed[n.ID] && !n.IsConst() && n != w.u {
			most = max(most, n.Shape.Size()/w.particle.Size)
		}
	}
	return most
}

// model builds a scalar for each particle.
type model func(w *world) named.Value

// agree compares the two forms of a model. It gives the widest array of the
// replaced form.
func agree(t failer, m model, s, d, n int, seed uint64) int {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	u := make([]float64, s*d)
	for i := range u {
		u[i] = r.NormFloat64()
	}
	direct := newWorld(s, d, n, nil)
	want, wantG := direct.result(t, m(direct), u, true)
	widest := 0
	for _, flat := range []bool{true, false} {
		w := newWorld(s, d, n, sufficient.NewRules(sufficient.NewCache()).Sum)
		v := m(w)
		widest = w.widest(v)
		got, gotG := w.result(t, v, u, flat)
		for k := range want {
			if !near(got[k], want[k], math.Abs(want[k])+1e-3) {
				t.Fatalf("particle %d: %.17g, directly %.17g", k, got[k], want[k])
			}
			size := 1e-3
			for _, x := range wantG[k*d : (k+1)*d] {
				size = math.Max(size, math.Abs(x))
			}
			for i, x := range wantG[k*d : (k+1)*d] {
				if !near(gotG[k*d+i], x, size) {
					t.Fatalf("particle %d: gradient %d is %.17g, directly %.17g", k, i, gotG[k*d+i], x)
				}
			}
		}
	}
	return widest
}

func near(x, want, size float64) bool {
	return math.Abs(x-want) <= 1e-9*size || math.IsNaN(want) && math.IsNaN(x) || x == want
}

func normals(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// groups are n indices from 1 to j.
func groups(r *rand.Rand, n, j int) []float64 {
	g := make([]float64, n)
	for i := range g {
		g[i] = float64(r.IntN(j) + 1)
	}
	return g
}

// residuals of the models that follow: 200 rows, data from one stream.
const rows = 200

var table = []struct {
	name string
	most int // elements of the largest array that may be left; 0: all rows
	m    func(r *rand.Rand, w *world) named.Value
}{
	{"mean", 2, func(r *rand.Rand, w *world) named.Value {
		return squares(w, w.Sub(w.column(normals(r, rows)), w.scalar()))
	}},
	{"regression", 6, func(r *rand.Rand, w *world) named.Value {
		y, x := normals(r, rows), normals(r, 4*rows)
		return squares(w, w.Sub(w.column(y), w.Add(w.scalar(), w.linear(x, 4))))
	}},
	{"regression with a latent scale", 6, func(r *rand.Rand, w *world) named.Value {
		y, x := normals(r, rows), normals(r, 4*rows)
		z := w.Sub(w.column(y), w.Add(w.scalar(), w.linear(x, 4)))
		return squares(w, w.Mul(z, w.Recip(w.Exp(w.scalar()))))
	}},
	{"offset, column and intercept", 3, func(r *rand.Rand, w *world) named.Value {
		y, x, o := normals(r, rows), normals(r, rows), normals(r, rows)
		mu := w.Add(w.column(o), w.Add(w.Mul(w.scalar(), w.column(x)), w.scalar()))
		return squares(w, w.Sub(w.column(y), mu))
	}},
	{"product of latents in a coefficient", 3, func(r *rand.Rand, w *world) named.Value {
		y, x := normals(r, rows), normals(r, rows)
		mu := w.Mul(w.Exp(w.scalar()), w.Sub(w.column(x), w.scalar()))
		return squares(w, w.Sub(w.column(y), mu))
	}},
	{"known sds", 5, func(r *rand.Rand, w *world) named.Value {
		y, x, sd := normals(r, rows), normals(r, 3*rows), normals(r, rows)
		for i := range sd {
			sd[i] = math.Exp(sd[i])
		}
		z := w.Sub(w.column(y), w.Add(w.scalar(), w.linear(x, 3)))
		return squares(w, w.Mul(z, w.Recip(w.column(sd))))
	}},
	{"known sds times a latent", 6, func(r *rand.Rand, w *world) named.Value {
		y, x, sd := normals(r, rows), normals(r, 3*rows), normals(r, rows)
		for i := range sd {
			sd[i] = math.Exp(sd[i])
		}
		z := w.Sub(w.column(y), w.Add(w.scalar(), w.linear(x, 3)))
		return squares(w, w.Div(z, w.Mul(w.Exp(w.scalar()), w.column(sd))))
	}},
	{"weighted squares, some of weight 0", 5, func(r *rand.Rand, w *world) named.Value {
		y, x, weight := normals(r, rows), normals(r, 3*rows), groups(r, rows, 4)
		for i := range weight {
			weight[i]--
		}
		z := w.Sub(w.column(y), w.Add(w.scalar(), w.linear(x, 3)))
		return w.total(w.Mul(w.column(weight), w.Square(z)))
	}},
	{"a weight below 0 is left", 0, func(r *rand.Rand, w *world) named.Value {
		y, weight := normals(r, rows), normals(r, rows)
		return w.total(w.Mul(w.column(weight), w.Square(w.Sub(w.column(y), w.scalar()))))
	}},
	{"groups, non-centred, with a slope", 9, func(r *rand.Rand, w *world) named.Value {
		y, x, g := normals(r, rows), normals(r, rows), groups(r, rows, 9)
		alpha := w.Add(w.scalar(), w.Mul(w.Exp(w.scalar()), w.vector(9)))
		mu := w.Add(w.pick(alpha, g), w.Mul(w.column(x), w.scalar()))
		return squares(w, w.Sub(w.column(y), mu))
	}},
	{"the gather before the arithmetic", 9, func(r *rand.Rand, w *world) named.Value {
		y, g := normals(r, rows), groups(r, rows, 9)
		mu := w.Add(w.scalar(), w.Mul(w.Exp(w.scalar()), w.pick(w.vector(9), g)))
		return squares(w, w.Sub(w.column(y), mu))
	}},
	{"empty groups", 50, func(r *rand.Rand, w *world) named.Value {
		y, g := normals(r, rows), groups(r, rows, 20)
		for i := range g {
			g[i] = 2*g[i] + math.Floor(g[i]/7)
		}
		return squares(w, w.Sub(w.column(y), w.pick(w.vector(50), g)))
	}},
	{"groups with intercepts and slopes", 9, func(r *rand.Rand, w *world) named.Value {
		y, x, g := normals(r, rows), normals(r, rows), groups(r, rows, 9)
		mu := w.Add(w.pick(w.vector(9), g), w.Mul(w.column(x), w.pick(w.vector(9), g)))
		return squares(w, w.Sub(w.column(y), mu))
	}},
	{"groups with a matrix", 9, func(r *rand.Rand, w *world) named.Value {
		y, x, g := normals(r, rows), normals(r, 3*rows), groups(r, rows, 9)
		return squares(w, w.Sub(w.column(y), w.Add(w.pick(w.vector(9), g), w.linear(x, 3))))
	}},
	{"groups with coefficients of a matrix", 2 * 9, func(r *rand.Rand, w *world) named.Value {
		y, x, g := normals(r, rows), normals(r, 2*rows), groups(r, rows, 9)
		b := w.pick(w.Reshape(w.vector(18), graph.Shape{9, 2}), g)
		m := w.G.Constant(graph.Shape{rows, 2}, x)
		mu := op.NewContract(w.G, m, b.N, []int{0, 1}, []int{2, 0, 1}, []int{2, 0})
		return squares(w, w.Sub(w.column(y), w.Wrap(mu, w.particle, w.row)))
	}},
	{"two indices, few cells", 12, func(r *rand.Rand, w *world) named.Value {
		y, x, g, h := normals(r, rows), normals(r, rows), groups(r, rows, 4), groups(r, rows, 3)
		mu := w.Add(w.Add(w.pick(w.vector(4), g), w.Mul(w.column(x), w.scalar())), w.pick(w.vector(3), h))
		return squares(w, w.Sub(w.column(y), mu))
	}},
	{"two indices, many cells", 0, func(r *rand.Rand, w *world) named.Value {
		y, g, h := normals(r, rows), groups(r, rows, 30), groups(r, rows, 30)
		return squares(w, w.Sub(w.column(y), w.Add(w.pick(w.vector(30), g), w.pick(w.vector(30), h))))
	}},
	{"a scale for each group", 5, func(r *rand.Rand, w *world) named.Value {
		y, x, g := normals(r, rows), normals(r, 2*rows), groups(r, rows, 4)
		z := w.Sub(w.column(y), w.Add(w.scalar(), w.linear(x, 2)))
		return squares(w, w.Div(z, w.pick(w.Exp(w.vector(4)), g)))
	}},
	{"variances that are data times a latent", 5, func(r *rand.Rand, w *world) named.Value {
		y, x, v := normals(r, rows), normals(r, 2*rows), groups(r, rows, 5)
		sd := w.Sqrt(w.Mul(w.column(v), w.Exp(w.scalar())))
		return squares(w, w.Div(w.Sub(w.column(y), w.linear(x, 2)), sd))
	}},
	{"variances of either sign are left", 0, func(r *rand.Rand, w *world) named.Value {
		y, v := normals(r, rows), normals(r, rows)
		return squares(w, w.Div(w.Sub(w.column(y), w.scalar()), w.Sqrt(w.Mul(w.column(v), w.Exp(w.scalar())))))
	}},
	{"a product with itself", 2, func(r *rand.Rand, w *world) named.Value {
		z := w.Sub(w.column(normals(r, rows)), w.scalar())
		return w.total(w.Mul(z, z))
	}},
	{"a latent that is repeated", 3, func(r *rand.Rand, w *world) named.Value {
		y, x := normals(r, rows), normals(r, rows)
		repeated := func(v named.Value) named.Value { return w.Open(w.Spread(v, graph.Shape{rows}), w.row) }
		a := w.Add(repeated(w.scalar()), repeated(w.Exp(w.scalar())))
		b := w.With(w.scalar(), w.row)
		return squares(w, w.Sub(w.column(y), w.Neg(w.Add(a, w.Mul(b, w.column(x))))))
	}},
	{"products as contractions, data second", 5, func(r *rand.Rand, w *world) named.Value {
		y, x, m := normals(r, rows), normals(r, rows), normals(r, 3*rows)
		outer := op.NewContract(w.G, w.scalar().N, w.column(x).N, []int{0}, []int{1}, []int{0, 1})
		transposed := w.G.Constant(graph.Shape{3, rows}, m)
		inner := op.NewContract(w.G, w.vector(3).N, transposed, []int{0, 2}, []int{2, 1}, []int{0, 1})
		mu := w.Add(w.Wrap(outer, w.particle, w.row), w.Wrap(inner, w.particle, w.row))
		return squares(w, w.Sub(w.column(y), mu))
	}},
	{"few levels of many", 5000, func(r *rand.Rand, w *world) named.Value {
		y, g := normals(r, rows), groups(r, rows, 7)
		for i := range g {
			g[i] = g[i] * g[i] * 100
		}
		return squares(w, w.Sub(w.column(y), w.pick(w.vector(5000), g)))
	}},
	{"one latent for each row", 0, func(r *rand.Rand, w *world) named.Value {
		y := normals(r, rows)
		return squares(w, w.Sub(w.column(y), w.pick(w.vector(rows), counter(rows))))
	}},
	{"not linear", 0, func(r *rand.Rand, w *world) named.Value {
		y, x := normals(r, rows), normals(r, rows)
		return squares(w, w.Sub(w.column(y), w.Exp(w.Mul(w.scalar(), w.column(x)))))
	}},
	{"data that are not finite", 0, func(r *rand.Rand, w *world) named.Value {
		y := normals(r, rows)
		y[17] = math.NaN()
		return squares(w, w.Sub(w.column(y), w.scalar()))
	}},
	{"huge and tiny data", 3, func(r *rand.Rand, w *world) named.Value {
		y, x := normals(r, rows), normals(r, rows)
		for i := range y {
			y[i] *= 1e120
			x[i] *= 1e-200
		}
		mu := w.Mul(w.Scale(1e100, w.scalar()), w.Mul(w.Scale(1e220, w.scalar()), w.column(x)))
		return w.Scale(1e-240, squares(w, w.Sub(w.column(y), mu)))
	}},
	{"linear: y times a predictor", 5, func(r *rand.Rand, w *world) named.Value {
		y, x := normals(r, rows), normals(r, 4*rows)
		return w.total(w.Mul(w.column(y), w.Add(w.scalar(), w.linear(x, 4))))
	}},
	{"linear: groups", 9, func(r *rand.Rand, w *world) named.Value {
		y, x, g := normals(r, rows), normals(r, rows), groups(r, rows, 9)
		mu := w.Add(w.pick(w.vector(9), g), w.Mul(w.column(x), w.pick(w.Exp(w.vector(9)), g)))
		return w.total(w.Mul(w.column(y), mu))
	}},
	{"linear: the log of a known number times a latent", 9, func(r *rand.Rand, w *world) named.Value {
		x, g := groups(r, rows, 5), groups(r, rows, 9)
		return w.total(w.Log(w.Mul(w.column(x), w.pick(w.Exp(w.vector(9)), g))))
	}},
	{"linear: the log of a scale for each group", 9, func(r *rand.Rand, w *world) named.Value {
		return w.total(w.Log(w.pick(w.Exp(w.vector(9)), groups(r, rows, 9))))
	}},
}

func squares(w *world, z named.Value) named.Value { return w.total(w.Scale(-0.5, w.Square(z))) }

func counter(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = float64(i + 1)
	}
	return x
}

// TestForms compares both forms of each model, for one particle and for
// several, and checks that those are replaced that should be.
func TestForms(t *testing.T) {
	for _, k := range table {
		t.Run(k.name, func(t *testing.T) {
			m := func(w *world) named.Value { return k.m(rand.New(rand.NewPCG(7, 7)), w) }
			for _, s := range []int{1, 5} {
				widest := agree(t, m, s, max(rows, k.most)+1, rows, 3)
				if k.most == 0 && widest < rows || k.most > 0 && widest > k.most {
					t.Errorf("the largest array left has %d elements for a particle, not %d", widest, k.most)
				}
			}
		})
	}
}

// TestRandomForms compares both forms of random sums of all kinds of terms.
func TestRandomForms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 2, 9, 40, 300}).Draw(t, "rows")
		s := rapid.SampledFrom([]int{1, 3}).Draw(t, "particles")
		seed := rapid.Uint64().Draw(t, "seed")
		kinds := rapid.SliceOfN(rapid.IntRange(0, 8), 1, 6).Draw(t, "terms")
		scale := rapid.IntRange(0, 5).Draw(t, "scale")
		linear := rapid.Bool().Draw(t, "linear")
		levels := []int{rapid.IntRange(1, 12).Draw(t, "levels"), rapid.IntRange(1, 5).Draw(t, "more levels")}
		m := func(w *world) named.Value {
			r := rand.New(rand.NewPCG(seed, 2))
			g := [][]float64{groups(r, n, levels[0]), groups(r, n, levels[1])}
			x := w.column(normals(r, n))
			z := w.column(normals(r, n))
			for _, k := range kinds {
				z = w.Sub(z, randomTerm(r, w, k, n, levels, g, x))
			}
			switch scale {
			case 1:
				z = w.Mul(z, w.Recip(w.Exp(w.scalar())))
			case 2:
				z = w.Mul(z, w.column(normals(r, n)))
			case 3:
				z = w.Div(z, w.Mul(w.column(groups(r, n, 3)), w.Exp(w.scalar())))
			case 4:
				z = w.Mul(z, w.pick(w.vector(levels[1]), g[1]))
			}
			if linear {
				return w.total(z)
			}
			return squares(w, z)
		}
		agree(t, m, s, 200, n, seed)
	})
}

func randomTerm(r *rand.Rand, w *world, kind, n int, levels []int, g [][]float64, x named.Value) named.Value {
	switch kind {
	case 0:
		return w.scalar()
	case 1:
		return w.Mul(x, w.scalar())
	case 2:
		k := 1 + r.IntN(4)
		return w.linear(normals(r, n*k), k)
	case 3:
		return w.pick(w.vector(levels[0]), g[0])
	case 4:
		return w.Mul(x, w.pick(w.vector(levels[0]), g[0]))
	case 5:
		return w.pick(w.vector(levels[1]), g[1])
	case 6:
		return w.column(normals(r, n))
	case 7:
		return w.Mul(w.Exp(w.scalar()), w.Add(w.scalar(), w.pick(w.vector(levels[0]), g[0])))
	}
	return w.Mul(w.scalar(), w.Sub(x, w.scalar()))
}

// TestTwoPlates sums over two axes: y[i, j] with effects of i, of j, and of both.
func TestTwoPlates(t *testing.T) {
	const i, j = 30, 4
	m := func(w *world) named.Value {
		r := rand.New(rand.NewPCG(5, 5))
		other := &named.Axis{Name: "j", Size: j, Class: named.Plate, Depth: 1}
		y := w.Wrap(w.G.Constant(graph.Shape{i, j}, normals(r, i*j)), w.row, other)
		x := w.column(normals(r, i))
		b := w.Open(w.vector(j), other)
		mu := w.Add(w.Add(w.scalar(), b), w.Mul(x, w.Add(w.scalar(), b)))
		weight := w.Wrap(w.G.Constant(graph.Shape{j}, []float64{1, 0, 2, 0.5}), other)
		return w.SumAxes(w.Mul(weight, w.Square(w.Sub(y, mu))), w.row, other)
	}
	for _, s := range []int{1, 3} {
		if widest := agree(t, m, s, 10, i, 1); widest > 2*j {
			t.Errorf("the largest array left has %d elements for a particle", widest)
		}
	}
}

// TestManyOutcomes sums over rows and columns of Y − X B.
func TestManyOutcomes(t *testing.T) {
	const n, k, j = 40, 3, 4
	m := func(w *world) named.Value {
		r := rand.New(rand.NewPCG(5, 5))
		outcome := &named.Axis{Name: "j", Size: j, Class: named.Plate, Depth: 1}
		y := w.Wrap(w.G.Constant(graph.Shape{n, j}, normals(r, n*j)), w.row, outcome)
		x := w.G.Constant(graph.Shape{n, k}, normals(r, n*k))
		b := w.Reshape(w.vector(k*j), graph.Shape{k, j})
		mu := op.NewContract(w.G, x, b.N, []int{0, 1}, []int{2, 1, 3}, []int{2, 0, 3})
		return w.SumAxes(w.Square(w.Sub(y, w.Wrap(mu, w.particle, w.row, outcome))), w.row, outcome)
	}
	for _, s := range []int{1, 3} {
		if widest := agree(t, m, s, k*j, n, 1); widest > k*j {
			t.Errorf("the largest array left has %d elements for a particle", widest)
		}
	}
}

// TestManyRows: more rows than a part has, the same bits whatever the number of
// cores.
func TestManyRows(t *testing.T) {
	n := 70_001
	build := func(grouped bool) ([]float64, []float64) {
		r := rand.New(rand.NewPCG(1, 1))
		w := newWorld(1, 2000, n, sufficient.NewRules(sufficient.NewCache()).Sum)
		z := w.Sub(w.column(normals(r, n)), w.linear(normals(r, 5*n), 5))
		if grouped {
			z = w.Sub(z, w.pick(w.vector(1000), groups(r, n, 1000)))
		}
		u := normals(r, 2000)
		return w.result(t, squares(w, z), u, false)
	}
	for _, grouped := range []bool{false, true} {
		old := runtime.GOMAXPROCS(1)
		v, g := build(grouped)
		for _, procs := range []int{2, 16} {
			runtime.GOMAXPROCS(procs)
			w, h := build(grouped)
			if fmt.Sprint(v, g) != fmt.Sprint(w, h) {
				t.Errorf("grouped %t: another result on %d cores", grouped, procs)
			}
		}
		runtime.GOMAXPROCS(old)
		m := func(w *world) named.Value {
			r := rand.New(rand.NewPCG(1, 1))
			z := w.Sub(w.column(normals(r, n)), w.linear(normals(r, 5*n), 5))
			if grouped {
				z = w.Sub(z, w.pick(w.vector(1000), groups(r, n, 1000)))
			}
			return squares(w, z)
		}
		if widest := agree(t, m, 1, 2000, n, 4); widest > 1000 {
			t.Errorf("grouped %t: not replaced", grouped)
		}
	}
}

// TestIllConditioned compares, near the least-squares solution, with the sum in
// 300 bits: there the residuals are small beside the terms they are made of,
// and a design of condition 1e8 has a Gram matrix that is singular to working
// precision.
func TestIllConditioned(t *testing.T) {
	const n, k = 400, 4
	for _, condition := range []float64{1, 1e4, 1e8} {
		r := rand.New(rand.NewPCG(11, 3))
		x, y := make([]float64, n*k), make([]float64, n)
		theta := []float64{2, -1 + 3e5, 0.5 - 3e5, 1}
		for i := range y {
			at := 1000 + r.NormFloat64()
			copy(x[i*k:], []float64{1, at, at + r.NormFloat64()/condition*1e3, r.NormFloat64()})
			for j, c := range theta {
				y[i] += c * x[i*k+j]
			}
			y[i] += r.NormFloat64() * 100
		}
		w := newWorld(1, k, n, sufficient.NewRules(nil).Sum)
		v := w.total(w.Square(w.Sub(w.column(y), w.linear(x, k))))
		if w.widest(v) > k+1 {
			t.Fatal("not replaced")
		}
		got, _ := w.result(t, v, theta, false)
		want := exactSquares(x, y, theta)
		if e := math.Abs(got[0]-want) / want; e > 1e-9 {
			t.Errorf("condition %g: relative error %.2g", condition, e)
		}
	}
}

func exactSquares(x, y, theta []float64) float64 {
	num := func(v float64) *big.Float { return new(big.Float).SetPrec(300).SetFloat64(v) }
	mul := func(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(300).Mul(a, b) }
	total := num(0)
	for i := range y {
		z := num(y[i])
		for j, c := range theta {
			z.Sub(z, mul(num(c), num(x[i*len(theta)+j])))
		}
		total.Add(total, mul(z, z))
	}
	out, _ := total.Float64()
	return out
}

// TestCacheShared: several goroutines build graphs with the same data.
func TestCacheShared(t *testing.T) {
	cache := sufficient.NewCache()
	out := make(chan float64)
	const workers = 4
	for range workers {
		go func() {
			r := rand.New(rand.NewPCG(1, 1))
			w := newWorld(1, 3, rows, sufficient.NewRules(cache).Sum)
			z := w.Sub(w.column(normals(r, rows)), w.linear(normals(r, 3*rows), 3))
			v, _ := w.result(t, squares(w, z), []float64{1, 2, 3}, false)
			out <- v[0]
		}()
	}
	first := <-out
	for range workers - 1 {
		if v := <-out; v != first {
			t.Errorf("%g and %g", first, v)
		}
	}
}

// TestCache: a second graph with the same data takes the factor from the cache,
// one with other data does not.
func TestCache(t *testing.T) {
	cache := sufficient.NewCache()
	build := func(seed uint64) float64 {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(1, 3, rows, sufficient.NewRules(cache).Sum)
		z := w.Sub(w.column(normals(r, rows)), w.linear(normals(r, 3*rows), 3))
		v, _ := w.result(t, squares(w, z), []float64{1, 2, 3}, false)
		return v[0]
	}
	a, b, c := build(1), build(2), build(1)
	if a != c || a == b {
		t.Errorf("%g, %g, and again %g", a, b, c)
	}
}

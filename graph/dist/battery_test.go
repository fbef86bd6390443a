package dist

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/lang"
)

// One table drives every test: testdata/cases.txt has a row for each
// distribution, parameter setting and list of points. This file reads it and
// evaluates graphs; the tests are in the files beside it.

// row is a line of a table.
type row struct {
	head   string // the name and the parameters, as written
	d      *Dist
	form   int
	values map[string][]float64
	fields []string // the other fields
	flags  map[string]bool
}

func (r row) numbers() Numbers { return Numbers{Form: r.form, Values: r.values} }

func (r row) points() [][]float64 {
	var ps [][]float64
	for _, f := range strings.Fields(r.fields[0]) {
		ps = append(ps, parseVector(f))
	}
	return ps
}

func parseVector(s string) []float64 {
	var v []float64
	for _, t := range strings.Split(s, ",") {
		x, err := strconv.ParseFloat(t, 64)
		if err != nil {
			panic(err)
		}
		v = append(v, x)
	}
	return v
}

// parseRow reads "Name a=1 b=2" and finds the form that has those parameters.
func parseRow(t testing.TB, head string, fields ...string) row {
	words := strings.Fields(head)
	d, ok := Find(words[0])
	if !ok {
		t.Fatalf("no distribution %s", words[0])
	}
	r := row{head: head, d: d, values: map[string][]float64{}, fields: fields, flags: map[string]bool{}, form: -1}
	for _, w := range words[1:] {
		name, v, _ := strings.Cut(w, "=")
		r.values[name] = parseVector(v)
	}
	for i, f := range d.Forms {
		fits := len(f.Params) == len(r.values)
		for _, p := range f.Params {
			fits = fits && r.values[p.Name] != nil
		}
		if fits && r.form < 0 {
			r.form = i
		}
	}
	if r.form < 0 {
		t.Fatalf("%s: no form has these parameters", head)
	}
	return r
}

func lines(t testing.TB, path string) []string {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var ls []string
	for s := bufio.NewScanner(f); s.Scan(); {
		if l := s.Text(); l != "" && !strings.HasPrefix(l, "#") {
			ls = append(ls, l)
		}
	}
	return ls
}

// table reads cases.txt or truncations.txt.
func table(t testing.TB, path string) []row {
	var rows []row
	for _, l := range lines(t, path) {
		parts := strings.Split(l, ":")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		r := parseRow(t, parts[0], parts[1:]...)
		if path == casesFile && len(parts) > 2 {
			for _, f := range strings.Fields(parts[2]) {
				r.flags[f] = true
			}
		}
		rows = append(rows, r)
	}
	return rows
}

const (
	casesFile       = "testdata/cases.txt"
	truncationsFile = "testdata/truncations.txt"
)

// shape is the event shape of a parameter with so many elements.
func shape(rank, n int) graph.Shape {
	switch rank {
	case 0:
		return graph.Shape{}
	case 1:
		return graph.Shape{n}
	}
	k := int(math.Round(math.Sqrt(float64(n))))
	return graph.Shape{k, k}
}

// constants are the row's parameters as constants.
func (r row) constants(b *named.Builder) Params {
	p := Params{Form: r.form, Values: map[string]named.Value{}}
	for _, s := range r.d.Forms[r.form].Params {
		v := r.values[s.Name]
		p.Values[s.Name] = b.Array(shape(s.Rank, len(v)), v)
	}
	return p
}

func (r row) event(x []float64) graph.Shape { return shape(r.d.EventRank, len(x)) }

// logDensity folds the log density at a point.
func (r row) logDensity(x []float64) float64 {
	b := named.New()
	ts := r.d.LogDensity(b, b.Array(r.event(x), append([]float64(nil), x...)), r.constants(b))
	return b.Total(ts[0], ts[1:]...).Const()[0]
}

// compileScalar compiles y and its gradient with respect to inputs, and (for
// second derivatives) the gradient of a weighted sum of that gradient.
func compileScalar(t testing.TB, b *named.Builder, y named.Value, names []string, in map[string]*graph.Node, second bool) *evaluator {
	var wrt []*graph.Node
	for _, n := range names {
		wrt = append(wrt, in[n])
	}
	first := grad.Reverse(b.G, y.N, wrt)
	outs := append([]*graph.Node{y.N}, first...)
	if second {
		sum := b.Scalar(0)
		for i, g := range first {
			v := b.Wrap(g)
			w := make([]float64, g.Shape.Size())
			for j := range w {
				w[j] = weight(i, j)
			}
			sum = b.Add(sum, b.SumAll(b.Mul(v, b.Array(g.Shape, w))))
		}
		outs = append(outs, grad.Reverse(b.G, sum.N, wrt)...)
	}
	p := plan.Compile(b.G, outs)
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	e := &evaluator{t: t, state: s, at: map[string]int{}, names: names}
	for i, n := range p.Inputs() {
		e.at[n.Name] = i
	}
	return e
}

// weight makes every element of a gradient count differently.
func weight(i, j int) float64 { return 0.3 + 0.7*math.Cos(float64(3*i+7*j)) }

type evaluator struct {
	t     testing.TB
	state graph.State
	at    map[string]int
	names []string
	size  float64 // of the terms that the value adds up, where they cancel
}

// run gives the value, the gradient and, if compiled, the second derivatives.
func (e *evaluator) run(at map[string][]float64) (y float64, first, second [][]float64) {
	for n, i := range e.at {
		copy(e.state.Input(i), at[n])
	}
	if err := e.state.Run(); err != nil {
		e.t.Fatal(err)
	}
	get := func(i int) []float64 { return append([]float64(nil), e.state.Output(i)...) }
	for i := range e.names {
		first = append(first, get(1+i))
	}
	return get(0)[0], first, nil
}

func (e *evaluator) second(i int) []float64 {
	return append([]float64(nil), e.state.Output(1+len(e.names)+i)...)
}

// checkGradient compares first and second derivatives with central
// differences, extrapolated by Richardson.
func (e *evaluator) checkGradient(what string, at map[string][]float64, second bool) {
	y, first, _ := e.run(at)
	var hess [][]float64
	if second {
		for i := range e.names {
			hess = append(hess, e.second(i))
		}
	}
	if math.IsInf(y, 0) || math.IsNaN(y) {
		e.t.Errorf("%s: the value is %g", what, y)
		return
	}
	size := 0.0 // of what a sum of the gradient adds up
	for a := range first {
		for c := range first[a] {
			size += math.Abs(weight(a, c) * first[a][c])
		}
	}
	for i, n := range e.names {
		for j := range at[n] {
			saved := at[n][j]
			seen := map[float64][2]float64{} // both orders are differences between the same points
			move := func(x float64) (y, sum float64) {
				if v, ok := seen[x]; ok {
					return v[0], v[1]
				}
				at[n][j] = x
				defer func() {
					at[n][j] = saved
					seen[x] = [2]float64{y, sum}
				}()
				y, g, _ := e.run(at)
				if math.IsInf(y, 0) { // outside the support
					return math.NaN(), math.NaN()
				}
				for a := range g {
					for c := range g[a] {
						sum += weight(a, c) * g[a][c]
					}
				}
				return y, sum
			}
			got := first[i][j]
			want, slack := richardson(saved, math.Max(math.Abs(y), e.size), func(x float64) float64 { y, _ := move(x); return y })
			if !near(got, want, 2e-7, slack+1e-9) {
				e.t.Errorf("%s: ∂/∂%s[%d] is %.12g, by differences %.12g (±%.1g)", what, n, j, got, want, slack)
			}
			if second {
				want, slack := richardson(saved, size, func(x float64) float64 { _, s := move(x); return s })
				if !near(hess[i][j], want, 2e-6, slack+1e-8) {
					e.t.Errorf("%s: second derivative by %s[%d] is %.12g, by differences %.12g (±%.1g)", what, n, j, hess[i][j], want, slack)
				}
			}
		}
	}
}

func near(got, want, rel, abs float64) bool {
	return math.Abs(got-want) <= abs+rel*math.Abs(want)
}

// richardson differentiates f at x, with an estimate of the error: it takes
// the step at which two extrapolations agree best. size is that of what f adds up.
func richardson(x, size float64, f func(float64) float64) (slope, slack float64) {
	best, step := math.Inf(1), 1.0
	for _, rel := range []float64{1e-2, 3e-3, 1e-3, 1e-4, 1e-5} {
		h := rel * math.Max(math.Abs(x), 1e-2)
		if x != 0 && math.Abs(x) < 1e-2 {
			h = rel * math.Abs(x)
		}
		d := func(h float64) float64 { return (f(x+h) - f(x-h)) / (2 * h) }
		d1, d2, d4 := d(h), d(h/2), d(h/4)
		a, b := (4*d2-d1)/3, (4*d4-d2)/3
		if s := math.Abs(a - b); s < best || math.IsInf(best, 1) && s == s {
			best, slope, step = s, (16*b-a)/15, h
		}
	}
	return slope, 4*best + 1e-15*size/step // with the rounding of f itself
}

func describe(r row, x []float64) string { return fmt.Sprintf("%s at %v", r.head, x) }

// continuous lists the parameters that a gradient makes sense for.
func (r row) continuous() []lang.ParamSig {
	var ps []lang.ParamSig
	for _, s := range r.d.Forms[r.form].Params {
		if s.Elem == lang.Real {
			ps = append(ps, s)
		}
	}
	return ps
}

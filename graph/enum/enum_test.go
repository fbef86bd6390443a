package enum_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/graph"
	"ppl/graph/enum"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/plan"
)

// A model is a set of sites and tables, generated or written out, whose joint
// distribution is small enough to be added up state by state.
type model struct {
	b      *named.Builder
	sites  []*enum.Site
	tables []*enum.Table
	inputs []*graph.Node
	data   map[string][]float64
	depth  int
}

func newModel() *model { return &model{b: named.New(), data: map[string][]float64{}} }

func (m *model) axis(name string, n int, class named.Class) *named.Axis {
	m.depth++
	return &named.Axis{Name: name, Size: n, Class: class, Depth: m.depth}
}

func (m *model) site(name string, k int, shape ...int) *enum.Site {
	s := &enum.Site{Name: name, Shape: graph.Shape(shape), K: k}
	for _, n := range shape {
		s.Axes = append(s.Axes, m.axis(name, n, named.Plate))
	}
	m.sites = append(m.sites, s)
	return s
}

// ref refers to element f(coordinates of over).
func (m *model) ref(s *enum.Site, over []*named.Axis, f func(c []int) int) *enum.Ref {
	r := &enum.Ref{Site: s, Axis: m.axis("e"+s.Name, s.K, named.Enumerated), Over: over}
	coords(over, func(c []int) { r.Index = append(r.Index, f(c)) })
	return r
}

func coords(axes []*named.Axis, f func(c []int)) {
	c := make([]int, len(axes))
	for {
		f(c)
		d := len(axes) - 1
		for ; d >= 0; d-- {
			if c[d]++; c[d] < axes[d].Size {
				break
			}
			c[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// table adds a table with one term over the given axes, an input.
func (m *model) table(plates []*named.Axis, refs []*enum.Ref, draw func() float64, terms ...[]*named.Axis) *enum.Table {
	t := &enum.Table{Plates: plates, Refs: refs}
	for _, axes := range terms {
		axes = ordered(axes)
		shape := make(graph.Shape, len(axes))
		for i, a := range axes {
			shape[i] = a.Size
		}
		name := fmt.Sprintf("x%d", len(m.inputs))
		n := m.b.G.Input(name, shape)
		m.inputs = append(m.inputs, n)
		for range shape.Size() {
			m.data[name] = append(m.data[name], draw())
		}
		t.Terms = append(t.Terms, m.b.Wrap(n, axes...))
	}
	m.tables = append(m.tables, t)
	return t
}

func ordered(axes []*named.Axis) []*named.Axis {
	out := append([]*named.Axis(nil), axes...)
	for i := range out {
		for k := i; k > 0 && out[k].Before(out[k-1]); k-- {
			out[k], out[k-1] = out[k-1], out[k]
		}
	}
	return out
}

// brute adds up all states: log Σ, the derivative by each element of each
// input, and the heaviest weight.
func (m *model) brute() (logz float64, d [][]float64, heaviest float64) {
	var slots []struct{ s, i int }
	offset := make([]int, len(m.sites))
	for i, s := range m.sites {
		offset[i] = len(slots)
		for range s.Shape.Size() {
			slots = append(slots, struct{ s, i int }{i, 0})
		}
	}
	of := map[*enum.Site]int{}
	for i, s := range m.sites {
		of[s] = offset[i]
	}
	for _, n := range m.inputs {
		d = append(d, make([]float64, n.Shape.Size()))
	}
	state := make([]int, len(slots))
	heaviest = math.Inf(-1)
	visit := func(f func(w float64, counts func(g func(input, element int)))) {
		for i := range state {
			state[i] = 0
		}
		for {
			w := 0.0
			m.each(state, of, func(k, e int) { w += m.data[m.inputs[k].Name][e] })
			f(w, func(g func(k, e int)) { m.each(state, of, g) })
			i := 0
			for ; i < len(state); i++ {
				if state[i]++; state[i] < m.sites[slots[i].s].K {
					break
				}
				state[i] = 0
			}
			if i == len(state) {
				return
			}
		}
	}
	visit(func(w float64, _ func(func(int, int))) { heaviest = math.Max(heaviest, w) })
	if math.IsInf(heaviest, -1) {
		return heaviest, d, heaviest
	}
	total := 0.0
	visit(func(w float64, counts func(func(int, int))) {
		p := math.Exp(w - heaviest)
		total += p
		if p > 0 {
			counts(func(k, e int) { d[k][e] += p })
		}
	})
	for _, x := range d {
		for i := range x {
			x[i] /= total
		}
	}
	return heaviest + math.Log(total), d, heaviest
}

// each calls f with the element of each input that counts in a state, once for
// each iteration of the plates.
func (m *model) each(state []int, of map[*enum.Site]int, f func(input, element int)) {
	k := 0
	for _, t := range m.tables {
		coords(t.Plates, func(c []int) {
			at := map[*named.Axis]int{}
			for i, a := range t.Plates {
				at[a] = c[i]
			}
			for _, r := range t.Refs {
				j := 0
				for _, a := range r.Over {
					j = j*a.Size + at[a]
				}
				at[r.Axis] = state[of[r.Site]+r.Index[j]]
			}
			for i, x := range t.Terms {
				e := 0
				for _, a := range x.Axes() {
					e = e*a.Size + at[a]
				}
				f(k+i, e)
			}
		})
		k += len(t.Terms)
	}
}

// failer is what reports a failure.
type failer interface {
	Fatalf(string, ...any)
	Helper()
}

// check compares the elimination with the sum over all states.
func (m *model) check(t failer) *enum.Result {
	t.Helper()
	return m.checkBy(t, enum.Eliminate)
}

func (m *model) checkBy(t failer, eliminate func(enum.Problem) (*enum.Result, error)) *enum.Result {
	t.Helper()
	want, d, heaviest := m.brute()
	r, err := eliminate(enum.Problem{B: m.b, Sites: m.sites, Tables: m.tables})
	if err != nil {
		t.Fatalf("%v", err)
	}
	best, err := eliminate(enum.Problem{B: m.b, Sites: m.sites, Tables: m.tables, Max: true})
	if err != nil {
		t.Fatalf("%v", err)
	}
	m.independent(t, r)
	outs := append([]*graph.Node{r.Value.N, best.Value.N}, grad.Reverse(m.b.G, r.Value.N, m.inputs)...)
	p := plan.Compile(m.b.G, outs)
	s, err := p.NewState()
	if err != nil {
		t.Fatalf("%v", err)
	}
	for i, n := range p.Inputs() {
		copy(s.Input(i), m.data[n.Name])
	}
	if err := s.Run(); err != nil {
		t.Fatalf("%v", err)
	}
	near := func(what string, got, want float64) {
		if got != want && !(math.Abs(got-want) <= 1e-10*math.Max(1, math.Abs(want))) {
			t.Fatalf("%s: %v, want %v\n%s", what, got, want, m.describe(r))
		}
	}
	near("log sum", s.Output(0)[0], want)
	near("heaviest", s.Output(1)[0], heaviest)
	for k := range m.inputs {
		for i, x := range s.Output(2 + k) {
			if math.IsInf(want, -1) && !math.IsNaN(x) && !math.IsInf(x, 0) {
				continue // no state is possible: derivatives need only be finite
			}
			near(fmt.Sprintf("derivative by %s[%d]", m.inputs[k].Name, i), x, d[k][i])
		}
	}
	return r
}

// independent checks that each element is drawn once, and that those of one draw are independent given those before: no
// path of tables joins them over elements that are drawn later.
func (m *model) independent(t failer, r *enum.Result) {
	t.Helper()
	type element struct {
		s *enum.Site
		i int
	}
	near := map[element][]element{}
	for _, tab := range m.tables {
		var over []*named.Axis
		for _, r := range tab.Refs {
			for _, a := range r.Over {
				if !has(over, a) {
					over = append(over, a)
				}
			}
		}
		for i := range cellsOf(over) {
			for _, x := range tab.Refs {
				for _, y := range tab.Refs {
					if !together(tab, x, y) {
						continue
					}
					a, b := element{x.Site, x.At(over)[i]}, element{y.Site, y.At(over)[i]}
					near[a] = append(near[a], b)
				}
			}
		}
	}
	drawn, draws := map[element]bool{}, r.Order()
	for _, d := range draws {
		of := map[element]int{} // component of each element
		for _, k := range d.Elements {
			first := element{d.Site, k}
			if drawn[first] || of[first] > 0 && d.Site.K > 1 {
				t.Fatalf("%s[%d] is not independent of others of its draw, or drawn twice\n%s", d.Site.Name, k, m.describe(r))
			}
			queue := []element{first}
			of[first] = k + 1
			for len(queue) > 0 {
				x := queue[0]
				queue = queue[1:]
				for _, y := range near[x] {
					if !drawn[y] && of[y] == 0 && y.s.K > 1 {
						of[y] = k + 1
						queue = append(queue, y)
					}
				}
			}
		}
		for _, k := range d.Elements {
			drawn[element{d.Site, k}] = true
		}
	}
	for _, s := range m.sites {
		for k := range s.Shape.Size() {
			if !drawn[element{s, k}] {
				t.Fatalf("%s[%d] is never drawn", s.Name, k)
			}
		}
	}
}

// together reports whether a term depends on both.
func together(t *enum.Table, x, y *enum.Ref) bool {
	for _, v := range t.Terms {
		if v.Has(x.Axis) && v.Has(y.Axis) {
			return true
		}
	}
	return false
}

func has(axes []*named.Axis, a *named.Axis) bool {
	for _, x := range axes {
		if x == a {
			return true
		}
	}
	return false
}

func (m *model) describe(r *enum.Result) string {
	var b strings.Builder
	for _, s := range m.sites {
		fmt.Fprintf(&b, "site %s%v of %d\n", s.Name, s.Shape, s.K)
	}
	for _, t := range m.tables {
		fmt.Fprintf(&b, "table over %v:", t.Plates)
		for _, r := range t.Refs {
			fmt.Fprintf(&b, " %s%v over %v", r.Site.Name, r.Index, r.Over)
		}
		fmt.Fprintln(&b)
	}
	for _, st := range r.Steps {
		fmt.Fprintf(&b, "step %s:", st.How)
		for _, s := range st.Sites {
			fmt.Fprintf(&b, " %s", s.Name)
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// TestRandomModels: value, marginals and the largest weight are those of the sum over all states, whatever refers to
// what, by all rules as by the graph of all elements alone.
func TestRandomModels(t *testing.T) {
	used := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		m := randomModel(t)
		for rule, n := range m.check(t).Rules() {
			used[rule] += n
		}
		m.checkBy(t, enum.ByElements)
	})
	for _, rule := range []string{"plates", "chain", "parts", "elements"} {
		if used[rule] == 0 {
			t.Errorf("no model used the rule for %s, but %v", rule, used)
		}
	}
	t.Log(used)
}

func randomModel(t *rapid.T) *model {
	m := newModel()
	n := rapid.IntRange(1, 3).Draw(t, "sites")
	bits := 0.0
	for i := range n {
		k := rapid.IntRange(1, 3).Draw(t, "k")
		shape := rapid.SampledFrom([][]int{{}, {2}, {3}, {4}, {2, 2}, {2, 3}}).Draw(t, "shape")
		bits += float64(graph.Shape(shape).Size()) * math.Log2(float64(k))
		if bits > 11 {
			shape, k = nil, 2
		}
		m.site(string(rune('a'+i)), k, shape...)
	}
	draw := func() float64 {
		if rapid.IntRange(0, 12).Draw(t, "impossible") == 0 {
			return math.Inf(-1)
		}
		return rapid.Float64Range(-3, 3).Draw(t, "weight")
	}
	for range rapid.IntRange(1, 4).Draw(t, "tables") {
		m.randomTable(t, draw)
	}
	return m
}

func (m *model) randomTable(t *rapid.T, draw func() float64) {
	var plates []*named.Axis
	main := rapid.SampledFrom(m.sites).Draw(t, "main")
	if rapid.Bool().Draw(t, "own plates") {
		plates = append(plates, main.Axes...)
	}
	for range rapid.IntRange(0, 1).Draw(t, "more plates") {
		plates = append(plates, m.axis("p", rapid.IntRange(1, 3).Draw(t, "plate size"), named.Plate))
	}
	var refs []*enum.Ref
	for range rapid.IntRange(1, 3).Draw(t, "references") {
		s := rapid.SampledFrom(m.sites).Draw(t, "site")
		refs = append(refs, m.randomRef(t, s, plates))
	}
	var terms [][]*named.Axis
	for range rapid.IntRange(1, 2).Draw(t, "terms") {
		var axes []*named.Axis
		for _, a := range plates {
			if rapid.Bool().Draw(t, "plate") {
				axes = append(axes, a)
			}
		}
		for _, r := range refs {
			if rapid.IntRange(0, 3).Draw(t, "value") > 0 {
				axes = append(axes, r.Axis)
			}
		}
		terms = append(terms, axes)
	}
	m.table(plates, refs, draw, terms...)
}

// randomRef refers to the own element, one at a distance, or any.
func (m *model) randomRef(t *rapid.T, s *enum.Site, plates []*named.Axis) *enum.Ref {
	size := s.Shape.Size()
	switch kind := rapid.IntRange(0, 4).Draw(t, "kind of reference"); kind {
	case 0, 1, 2: // z[i], or z[i-1] or z[i-2] where there is one
		if len(plates) > 0 && cellsOf(plates) >= size {
			stride := cellsOf(plates) / size
			i := -1
			return m.ref(s, plates, func([]int) int {
				i++
				return max(0, i/stride-kind) % size
			})
		}
	case 3:
		return m.ref(s, nil, func([]int) int { return rapid.IntRange(0, size-1).Draw(t, "element") })
	}
	return m.ref(s, plates, func([]int) int { return rapid.IntRange(0, size-1).Draw(t, "element") })
}

func cellsOf(axes []*named.Axis) int {
	n := 1
	for _, a := range axes {
		n *= a.Size
	}
	return n
}

// TestChains: chains of any order, of several sites, in plates, with a class
// above, are removed by the forward recursion, and right.
func TestChains(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func() float64 {
		if r.IntN(8) == 0 {
			return math.Inf(-1)
		}
		return r.NormFloat64()
	}
	for order := 1; order <= 3; order++ {
		for _, batch := range []int{0, 2} {
			m := newModel()
			const n = 5
			shape := []int{n}
			if batch > 0 {
				shape = []int{batch, n}
			}
			if batch > 0 && order == 3 {
				shape[1] = 4
			}
			a := m.site("a", 2, shape...)
			last := a.Axes[len(a.Axes)-1]
			c := m.site("c", 2, shape[:len(shape)-1]...)
			// Emissions, with the class.
			own := m.ref(a, a.Axes, func(x []int) int { return index(shape, x) })
			class := m.ref(c, a.Axes, func(x []int) int { return index(shape[:len(shape)-1], x[:len(x)-1]) })
			m.table(a.Axes, []*enum.Ref{own, class}, draw, append(append([]*named.Axis{}, a.Axes...), own.Axis, class.Axis))
			for k := 1; k <= order; k++ { // from k earlier elements
				plates := append([]*named.Axis(nil), a.Axes...)
				plates[len(plates)-1] = m.axis("t", last.Size-k, named.Plate)
				var refs []*enum.Ref
				axes := []*named.Axis{plates[len(plates)-1]}
				for back := 0; back <= k; back++ {
					x := m.ref(a, plates, func(x []int) int {
						y := append([]int(nil), x...)
						y[len(y)-1] += k - back
						return index(shape, y)
					})
					refs = append(refs, x)
					axes = append(axes, x.Axis)
				}
				m.table(plates, refs, draw, axes)
			}
			res := m.check(t)
			if res.Steps[0].How[:7] != "forward" {
				t.Errorf("order %d: %s", order, m.describe(res))
			}
		}
	}
}

func index(shape, x []int) int {
	k := 0
	for d, n := range shape {
		k = k*n + x[d]
	}
	return k
}

package lower

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// A discrete latent has no value of its own: a reference to it is its support
// along an axis that belongs to the reference (refer.go), and what is computed
// from it is a table along that axis. The statements whose density depends on
// such axes become tables of an elimination (package enum), which leaves a log
// density of the other latents.

// discrete is a discrete latent.
type discrete struct {
	site *enum.Site
	sym  *lang.Symbol
	// lo is the least value; the others follow it.
	lo float64
	// defined has a piece of zeros for each statement, to find gaps.
	defined *array
	// guessing is set while the parameters of its first statement are evaluated
	// to find the support: they may look back at the site itself.
	guessing bool
	// gaps is set where it is the missing elements of data.
	gaps *gaps

	// how is the strategy; whole says that it is score-function gradients, though the latent is lowered as a relaxed one is.
	how   string
	whole bool
	// aligned says of the axes of its statement whether all references stay with the element along them (score.go).
	aligned map[*named.Axis]bool
	// infinite says that the values are sampled from infinitely many.
	infinite bool
	// Of the guide: the assignment, what averages the density, values drawn.
	weights, prior, drawn named.Value
	given                 named.Value // its value, where that is given
}

// value lists the support.
func (d *discrete) values() []float64 {
	out := make([]float64, d.site.K)
	for k := range out {
		out[k] = d.lo + float64(k)
	}
	return out
}

// Discrete is a discrete latent that was summed out.
type Discrete struct {
	Symbol *lang.Symbol
	Shape  graph.Shape
	// Part is set where it is the missing elements of data, as a vector.
	Part   *Part
	Values []float64 // its support
	// How says how it was summed out, and Size how many numbers the largest
	// table took for one particle.
	How  string
	Size int
	// Strategy is Exact, or how its guide is used. Infinite says that its values
	// are all integers from Low on; Values is then empty.
	Strategy string
	Infinite bool
	Low      float64
	// Written says that a guide of the user's draws it.
	Written bool
}

// Draw is a set of elements of a discrete latent (row-major) that are
// independent given those of the Draws before.
type Draw struct {
	Site     int // in Joint.Discrete
	Elements []int
}

// siteOf finds or makes the record of a discrete latent.
func (l *lowerer) siteOf(sym *lang.Symbol) *discrete {
	if d := l.sites[sym.Name]; d != nil {
		return d
	}
	d := &discrete{sym: sym, defined: &array{name: sym.Name, span: sym.Span}, site: &enum.Site{Name: sym.Name}}
	inside := l.context
	l.context = l.root
	defer func() { l.context = inside }()
	d.site.Shape = l.shape(spanned{sym.Span}, sym.Type.Dims)
	l.reach(d.site.Shape, sym)
	l.afford(spanned{sym.Span}, d.site.Shape)
	if d.how = l.options.Strategies[sym.Name]; d.how == "" {
		d.how = Exact
	}
	if l.options.Whole[sym.Name] && d.how == Score {
		d.how, d.whole = Relax, true
	}
	l.relaxes = l.relaxes || d.how == Relax
	l.sites[sym.Name] = d
	l.siteOrder = append(l.siteOrder, d)
	return d
}

// reach extends the shape that the ranges on the left of a latent give to the elements that
// statements define one by one: z[1] is there beside a loop over 2..N also if N is 0.
func (l *lowerer) reach(shape graph.Shape, sym *lang.Symbol) {
	ast.Inspect(l.m.File, func(n ast.Node) bool {
		s, ok := n.(*ast.Sample)
		if !ok || s.Name.Name != sym.Name || l.m.Samples[s] == nil || l.m.Samples[s].Symbol != sym {
			return true
		}
		for k, x := range s.Index {
			if x.Arg.Expr == nil || k >= len(shape) {
				continue
			}
			l.quietly(func() { // an index of a plate or a loop is not known out here
				if i, ok := l.eval(x.Arg.Expr).Float(); ok && i <= float64(l.mostElements()) {
					shape[k] = max(shape[k], int(i))
				}
			})
		}
		return true
	})
}

// bindSite makes a discrete latent visible.
func (l *lowerer) bindSite(d *discrete) {
	root := l.scope
	for root.outer != nil {
		root = root.outer
	}
	if b := root.names[d.sym.Name]; b == nil {
		root.names[d.sym.Name] = &binding{site: d}
	}
	if b := root.names[d.sym.Name]; b.twin == nil && l.options.Values != nil {
		b.twin = &binding{value: val{l.given(d), lang.Int}}
	}
}

// discreteLatent adds the density of the elements of a discrete latent that a
// statement defines.
func (l *lowerer) discreteLatent(s *ast.Sample, info *lang.SampleInfo) {
	if info.Dist.Sig.EventRank > 0 {
		l.fail("not-supported-here", s, "a latent that is a vector of counts is not supported yet")
	}
	l.left(s.Index, func(idx []named.Value) {
		rest := l.shape(s, info.Shape)
		x := l.box(s, idx, rest)
		depth := l.depth
		defer func() { l.depth = depth }()
		lead := make([]*named.Axis, len(rest))
		for i, n := range rest {
			lead[i] = l.newAxis("_", n, named.Plate)
			idx = append(idx, l.b.Counter(lead[i], 1))
		}
		d := l.declare(s, info, x, lead)
		l.define(d.defined, s, piece{value: l.b.Array(x.inner, make([]float64, x.inner.Size())), dims: x.dims})
		for k, n := range d.defined.shape {
			if n > d.site.Shape[k] {
				l.fail("not-supported-here", s, "an element of `%s` with the index %d is not supported beside the ranges on its left, which end at %d", d.sym.Name, n, d.site.Shape[k])
			}
		}
		if x.inner.Size() == 0 {
			return
		}
		v := l.refer(s, d, l.elements(d, idx))
		terms := l.densityOver(s.Dist, info.Dist, v, lead, map[string]int{}, false, s)
		l.addFactor(s, true, terms, lead)
	})
}

// declare settles the support of a discrete latent, from its first statement;
// the others must stay within it.
func (l *lowerer) declare(s *ast.Sample, info *lang.SampleInfo, x box, lead []*named.Axis) *discrete {
	d := l.siteOf(info.Symbol)
	known := d.site.K > 0
	if !known {
		d.guessing, d.lo, d.site.K = true, 1, 1
		l.bindSite(d)
	}
	lo, hi, ok := math.NaN(), math.NaN(), false
	func() {
		defer func() {
			d.guessing = false
			if !known && !ok {
				d.site.K = 0
				delete(l.rootScope().names, d.sym.Name)
			}
		}()
		lo, hi = l.supportRange(s, info, lead)
		ok = true
	}()
	n := hi - lo + 1
	if math.IsInf(hi, 1) {
		if l.options.Strategies[d.sym.Name] == "" {
			d.how = Score // the planner's choice: nothing else is possible
		}
		if d.how != Score {
			l.infinite(s)
		}
		d.infinite, n = true, 1
		hi = lo
	}
	l.asChosen(s, d, lo, n)
	switch {
	case known && (lo < d.lo || hi > d.lo+float64(d.site.K-1)):
		l.failWith(diag.Diagnostic{Code: "not-supported-here", Span: s.Span(),
			Summary:  fmt.Sprintf("the statements that define `%s` give it different supports", d.sym.Name),
			Expected: fmt.Sprintf("values from %g to %g, as before", d.lo, d.lo+float64(d.site.K-1)), Found: fmt.Sprintf("%g to %g", lo, hi)})
	case known:
		return d
	case n > float64(l.options.limit()):
		l.tooLarge(s, []string{d.sym.Name}, n)
	case n < 1:
		l.fail("outside-support", s, "`%s` has no possible value", d.sym.Name)
	}
	d.lo, d.site.K = lo, int(n)
	d.site.Axes = l.siteAxes(d, x)
	return d
}

func (l *lowerer) rootScope() *scope {
	root := l.scope
	for root.outer != nil {
		root = root.outer
	}
	return root
}

// siteAxes are those of the statement, if it defines the whole array, so that
// nothing is renamed; or new ones.
func (l *lowerer) siteAxes(d *discrete, x box) []*named.Axis {
	out := make([]*named.Axis, len(d.site.Shape))
	for i, n := range d.site.Shape {
		if p := x.dims[i]; p.list == nil && p.along >= 0 && p.along < len(x.axes) && p.first == 0 {
			if a := x.axes[p.along]; a.Size == n && a.Class == named.Plate && !contains(out, a) {
				out[i] = a
				continue
			}
		}
		l.fresh++
		out[i] = &named.Axis{Name: d.sym.Name, Size: n, Class: named.Plate, Depth: 1<<16 + l.fresh}
	}
	return out
}

// supportRange is the least and the largest value that a statement allows.
func (l *lowerer) supportRange(s *ast.Sample, info *lang.SampleInfo, lead []*named.Axis) (lo, hi float64) {
	call := info.Dist
	decl, ok := dist.Find(call.Sig.Name)
	if !ok || decl.LogDensity == nil || call.Sig.NotYet != "" {
		l.fail("not-supported-here", s.Dist, "`%s` is not supported yet", call.Sig.Name)
	}
	sup := decl.SupportOf(l.params(s.Dist, call, lead, map[string]int{}))
	lo, hi = sup.Min, sup.Max
	switch sup.Kind {
	case lang.SupportBool:
		lo, hi = 0, 1
	case lang.SupportCategories:
		lo, hi = 1, float64(sup.Count)
	case lang.SupportNaturals:
		lo, hi = 0, math.Inf(1)
	case lang.SupportPositiveInts:
		lo, hi = 1, math.Inf(1)
	}
	if sup.Lower.Valid() {
		lo = l.extreme(s.Dist, sup.Lower, math.Min)
	}
	if sup.Upper.Valid() {
		hi = l.extreme(s.Dist, sup.Upper, math.Max)
	}
	if r := s.Dist.Range; r != nil {
		lo = math.Max(lo, l.extreme(r.Lo, l.openLead(r.Lo, lead), math.Min))
		hi = math.Min(hi, l.extreme(r.Hi, l.openLead(r.Hi, lead), math.Max))
	}
	return math.Ceil(lo), math.Floor(hi)
}

// infinite refuses to tabulate infinitely many values.
func (l *lowerer) infinite(s *ast.Sample) {
	l.failWith(diag.Diagnostic{Code: "infinite-support", Span: s.Span(),
		Summary: fmt.Sprintf("`%s` has infinitely many values, which no table holds", s.Name.Name),
		Hint:    fmt.Sprintf("leave the strategy to the planner, or ask for `BindOptions.Discrete %s=score`; or truncate it if large values do not matter: `~ %s in 0..100`", s.Name.Name, l.m.File.Source.Slice(s.Dist.Call.Span()))})
}

// extreme is the least or largest element of a bound, which the data tell.
func (l *lowerer) extreme(at ast.Node, v named.Value, f func(x, y float64) float64) float64 {
	if !v.IsConst() || len(v.Const()) == 0 {
		l.fail("unknown-range", at, "the support of a discrete latent must be known from the data")
	}
	out := v.Const()[0]
	for _, x := range v.Const() {
		out = f(out, x)
	}
	return out
}

// prepareDiscrete settles the support of a discrete latent of a loop, so that
// statements before it may refer to earlier elements.
func (l *lowerer) prepareDiscrete(s *ast.Sample, info *lang.SampleInfo) {
	l.left(s.Index, func(idx []named.Value) {
		rest := l.shape(s, info.Shape)
		lead := make([]*named.Axis, len(rest))
		for i, n := range rest {
			lead[i] = l.newAxis("_", n, named.Plate)
		}
		l.declare(s, info, l.box(s, idx, rest), lead)
		l.ahead[s] = piece{}
	})
}

// enumerated reports whether a value depends on discrete latents.
func enumerated(v named.Value) bool {
	for _, a := range v.Axes() {
		if a.Class == named.Enumerated {
			return true
		}
	}
	return false
}

// addTable takes the terms that depend on discrete latents into the
// elimination, and returns the rest. They are those of o, if it is given.
func (l *lowerer) addTable(terms []named.Value, plates []*named.Axis, o *Observed) []named.Value {
	t := &enum.Table{Plates: append([]*named.Axis(nil), plates...)}
	var rest []named.Value
	for _, x := range terms {
		if !enumerated(x) {
			rest = append(rest, x)
			continue
		}
		t.Terms = append(t.Terms, x)
		for _, a := range x.Axes() {
			if r := l.refs[a]; r != nil && !contains(refAxes(t.Refs), a) {
				t.Refs = append(t.Refs, r)
			}
		}
	}
	if len(t.Terms) > 0 {
		if o != nil {
			l.weighRows(t, o)
		}
		l.tables = append(l.tables, t)
	}
	return rest
}

func refAxes(rs []*enum.Ref) []*named.Axis {
	var out []*named.Axis
	for _, r := range rs {
		out = append(out, r.Axis)
	}
	return out
}

// eliminate sums the discrete latents out.
func (l *lowerer) eliminate() {
	if len(l.siteOrder) == 0 || l.diags.HasErrors() {
		return
	}
	p := enum.Problem{B: l.b, Tables: l.tables, Max: l.options.MostLikely, Limit: l.options.limit()}
	index := map[*enum.Site]int{}
	for i, d := range l.siteOrder {
		if d.gaps != nil {
			l.try(func() { l.described(d.gaps) })
		} else {
			l.try(func() { l.cover(d.defined) })
		}
		if d.site.Shape.Size() == 0 || d.how != Exact {
			continue
		}
		index[d.site] = i
		p.Sites = append(p.Sites, d.site)
		l.weigh(&p, i, d)
	}
	if l.diags.HasErrors() {
		return
	}
	if l.options.Given {
		l.listDiscrete()
		return
	}
	l.findComponents()
	l.b.Limit = 0 // the elimination counts for itself
	r, err := enum.Eliminate(p)
	if err != nil {
		l.try(func() { l.notExact(err) })
		return
	}
	l.listDiscrete()
	for _, st := range r.Steps {
		for _, s := range st.Sites {
			x := &l.joint.Discrete[index[s.Whole()]]
			if st.Size > x.Size {
				x.How, x.Size = st.How, st.Size
			}
		}
	}
	for _, o := range r.Order() {
		l.joint.Order = append(l.joint.Order, Draw{Site: index[o.Site], Elements: o.Elements})
	}
	first := l.siteOrder[0].sym
	factor := Factor{Site: first.Name, Summed: l.siteNames(), Value: r.Value, Span: first.Span}
	rest := l.average(r.Rest)
	if l.guided == nil || len(l.guided.chosen) == 0 {
		for _, x := range rest {
			factor.Value = l.b.Add(factor.Value, x)
		}
		rest = nil
	}
	if len(p.Sites) > 0 || len(rest) == 0 {
		l.reward([]named.Value{factor.Value}, nil)
		l.joint.Factors = append(l.joint.Factors, factor)
	}
	for _, x := range rest { // apart, as some may be of rows and others not
		f := factor
		f.Value = x
		l.joint.Factors = append(l.joint.Factors, f)
	}
}

// listDiscrete describes the discrete latents, before any has been summed out.
func (l *lowerer) listDiscrete() {
	l.joint.Discrete = make([]Discrete, len(l.siteOrder))
	for i, d := range l.siteOrder {
		x := Discrete{Symbol: d.sym, Shape: d.site.Shape, Values: d.values(), How: "empty", Strategy: d.how, Low: d.lo}
		if d.gaps != nil {
			x.Part = &Part{d.gaps.shape, d.gaps.cells}
		}
		if d.whole {
			x.Strategy = Score
		}
		if d.how != Exact {
			x.How = guided[x.Strategy]
			x.Size = d.site.Shape.Size() * d.site.K
		}
		if x.Written = l.chosenOf(d) != nil; x.Written {
			x.How += ", as the `guide` gives it"
		}
		if d.infinite {
			x.Infinite, x.Values = true, nil
		}
		l.joint.Discrete[i] = x
	}
}

func (l *lowerer) siteNames() []string {
	var out []string
	for _, d := range l.siteOrder {
		out = append(out, d.sym.Name)
	}
	return out
}

// weigh adds the caller's log weights of the values of a site.
func (l *lowerer) weigh(p *enum.Problem, i int, d *discrete) {
	if l.options.Weights == nil {
		return
	}
	v := l.options.Weights(l.b, i, append(append(graph.Shape{}, d.site.Shape...), d.site.K))
	l.fresh++
	e := &named.Axis{Name: d.sym.Name, Size: d.site.K, Class: named.Enumerated, Depth: 1<<16 + l.fresh}
	r := &enum.Ref{Site: d.site, Axis: e, Over: d.site.Axes, Index: make([]int, d.site.Shape.Size())}
	for k := range r.Index {
		r.Index[k] = k
	}
	t := &enum.Table{Terms: []named.Value{l.b.Open(v, append(append([]*named.Axis(nil), d.site.Axes...), e)...)}, Plates: d.site.Axes, Refs: []*enum.Ref{r}}
	p.Tables = append(p.Tables, t)
}

// guided says in words how the guide of a latent is used.
var guided = map[string]string{
	Expect: "averaged over its guide",
	Relax:  "relaxed by a Gumbel-softmax",
	Score:  "sampled, with score-function gradients",
}

func (l *lowerer) notExact(err error) {
	e, ok := err.(*enum.TooLarge)
	if !ok {
		panic(err)
	}
	at := l.sites[e.Sites[0]].sym
	if e.Size > 0 {
		l.tooLarge(spanned{at.Span}, e.Sites, e.Size)
	}
	d := diag.Diagnostic{Code: "not-exact", Span: at.Span, Summary: e.Error(),
		Hint: "approximate it: `BindOptions.Discrete SITE=expect`, `relax` or `score`"}
	l.failWith(d)
}

// tooLarge refuses a table.
func (l *lowerer) tooLarge(at ast.Node, sites []string, size float64) {
	e := &enum.TooLarge{Sites: sites, Size: size, Limit: l.options.limit()}
	l.failWith(diag.Diagnostic{Code: "discrete-too-large", Span: at.Span(), Summary: e.Error(),
		Hint: "fewer values, or fewer sites in one expression, make it smaller; or approximate: `BindOptions.Discrete SITE=expect`, `relax` or `score`"})
}

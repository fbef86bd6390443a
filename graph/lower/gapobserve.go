package lower

import (
	"math"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// objects are what a `~` describes of an array with gaps: one for each iteration
// and each element of its iid dimensions.
type objects struct {
	lead  []*named.Axis // of the iid dimensions
	outer []*named.Axis // those of the plates, and lead: an object is a cell of these
	event graph.Shape   // of one object
	pos   []float64     // the elements of all objects, row-major from 0
	// whole and holed are the objects without missing elements and with some.
	whole, holed []float64
}

// objects lists the objects of a statement, in its place.
func (l *lowerer) objects(s *ast.Sample, info *lang.SampleInfo, g *gaps, idx []named.Value) *objects {
	pos := l.b.With(l.positions(g.shape, l.observedArgs(s, idx, g.shape)), l.plates...)
	iid := pos.Rank() - info.Dist.Sig.EventRank
	if iid < 0 {
		l.fail("shape-at-binding", s, "`%s` describes arrays of rank %d", info.Dist.Sig.Name, info.Dist.Sig.EventRank)
	}
	o := &objects{}
	for i := range iid {
		o.lead = append(o.lead, l.newAxis("_", pos.Shape()[i], named.Comprehension))
	}
	pos = l.b.Open(pos, o.lead...)
	o.outer, o.event, o.pos = pos.Axes(), pos.Shape(), pos.Const()
	n := o.event.Size()
	for c := range sizesOf(o.outer).Size() {
		missing := 0.0
		for _, p := range o.pos[c*n : (c+1)*n] {
			missing += g.missing[int(p)]
		}
		if missing > 0 {
			o.holed = append(o.holed, float64(c))
		} else {
			o.whole = append(o.whole, float64(c))
		}
	}
	return o
}

// at lists the elements of some objects.
func (o *objects) at(cells []float64) []int {
	n := o.event.Size()
	var out []int
	for _, c := range cells {
		for _, p := range o.pos[int(c)*n : (int(c)+1)*n] {
			out = append(out, int(p))
		}
	}
	return out
}

// among runs f over some of the objects: their axis takes the place of those of
// the plates, and of the iid dimensions of arguments.
func (l *lowerer) amongObjects(o *objects, cells []float64, f func(a *named.Axis)) {
	saved := l.context
	defer func() { l.context = saved }()
	a := l.flatten("_", o.outer, cells, named.Plate)
	l.narrowed = &narrowed{l.ragged[len(l.ragged)-1], o.lead}
	f(a)
}

// narrowed is a choice among the objects of a statement.
type narrowed struct {
	*ragged
	lead []*named.Axis
}

// openArgument opens the iid dimensions of an argument of a distribution.
func (l *lowerer) openArgument(v named.Value, lead []*named.Axis) named.Value {
	v = l.b.Open(v, lead...)
	if l.narrowed != nil {
		v = l.spreadOver(l.narrowed.ragged, v)
	}
	return v
}

// observeGaps adds the density of data with gaps.
func (l *lowerer) observeGaps(s *ast.Sample, info *lang.SampleInfo, g *gaps) {
	l.left(s.Index, func(idx []named.Value) {
		l.once(s, g.shape, l.observedArgs(s, idx, g.shape))
		o := l.objects(s, info, g, idx)
		if g.discrete() {
			l.settle(g, s, o)
		} else {
			l.makeGaps(s, info, g, o)
		}
		l.counting(s, o, g)
		l.observeObjects(s, info, g, o, g.known, o.whole)
		if len(o.holed) == 0 || g.absent {
			return
		}
		l.partlyObserved(s, g, o)
		l.amongObjects(o, o.holed, func(a *named.Axis) {
			slot := l.elementsOver(g.slot, o, o.holed, a)
			var x named.Value
			switch {
			case g.discrete():
				x = l.refer(s, g.site, l.elements(g.site, []named.Value{slot}))
			case len(o.event) == 0:
				x = l.b.Index(l.gapLatents(g), named.IndexArg{Value: slot})
			default:
				x = l.b.Index(l.gapLatents(g), named.IndexArg{Value: l.b.Max(slot, l.b.Scalar(1))})
				x = l.b.Where(slot, x, l.elementsOver(g.known, o, o.holed, a))
			}
			l.addFactor(s, true, l.densityOver(s.Dist, info.Dist, x, o.lead, o.sizes(info), !g.discrete(), s), nil)
		})
	})
}

// sizes are the event dimensions of the distribution, by name.
func (o *objects) sizes(info *lang.SampleInfo) map[string]int {
	out := map[string]int{}
	for i, name := range info.Dist.Sig.EventDims {
		out[name] = o.event[i]
	}
	return out
}

// elementsOver are the elements of an array that some objects are of, along the
// axis of these.
func (l *lowerer) elementsOver(data []float64, o *objects, cells []float64, a *named.Axis) named.Value {
	var out []float64
	for _, i := range o.at(cells) {
		out = append(out, data[i])
	}
	return l.b.Wrap(l.b.G.Constant(append(graph.Shape{len(cells)}, o.event...), out), a)
}

// places are the positions of n elements.
func places(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}

// makeGaps obtains the continuous latents of a statement.
func (l *lowerer) makeGaps(s *ast.Sample, info *lang.SampleInfo, g *gaps, o *objects) {
	if g.made[s] || len(o.holed) == 0 {
		return
	}
	g.busy = true
	defer func() { g.busy = false }()
	var cells []int
	for _, i := range o.at(o.holed) {
		if g.missing[i] != 0 {
			cells = append(cells, i)
		}
	}
	block := Block{Site: g.sym, Box: graph.Shape{len(cells)}, Cells: g.indices(cells), Support: dist.Support{Kind: info.Dist.Sig.Support}, Span: s.Span()}
	switch {
	case len(o.event) == 0:
		l.amongObjects(o, o.holed, func(a *named.Axis) {
			x := box{dims: []pieceDim{{along: 0}}, axes: []*named.Axis{a}, inner: block.Box, full: block.Box}
			block.Support, _ = l.support(s, info, x)
			block.Location, block.Scale = l.locationScale(s, info, x)
		})
	case info.Dist.Sig.Support != lang.SupportReal:
		l.fail("not-supported-here", s, "%s is missing: elements of a value of `%s` depend on one another, and may not be missing yet", g.element(cells[0]), info.Dist.Sig.Name)
	}
	v, err := l.src.Latent(l.b, block)
	if err != nil {
		l.fail("not-supported-here", s, "%v", err)
	}
	for _, i := range cells {
		g.cells = append(g.cells, i)
		g.slot[i] = float64(len(g.cells))
	}
	g.parts, g.joined = append(g.parts, v), named.Value{}
	g.made[s] = true
}

// indices are those of elements, from 0.
func (g *gaps) indices(cells []int) [][]int {
	out := make([][]int, len(cells))
	for k, i := range cells {
		out[k] = make([]int, len(g.shape))
		for d, st := range g.shape.Strides() {
			out[k][d] = i / st % g.shape[d]
		}
	}
	return out
}

// settle makes the discrete latents of an array, all at once: those that some
// statement describes, with the values that their statements allow. The current
// statement, if there is one, is s, with its objects.
func (l *lowerer) settle(g *gaps, s *ast.Sample, o *objects) {
	if g.settled {
		if s != nil && g.site != nil {
			l.sameValues(g, s, o)
		}
		return
	}
	described := map[int]bool{}
	all := false
	l.each(g, s, o, func(at observation, o *objects) {
		for _, i := range o.at(o.holed) {
			described[i] = true
		}
	}, func() { all = true })
	for i, miss := range g.missing {
		if miss != 0 && (all || described[i]) {
			g.cells = append(g.cells, i)
		}
	}
	if len(g.cells) == 0 {
		g.settled = true
		return
	}
	for k, i := range g.cells {
		g.slot[i] = float64(k + 1)
	}
	d := &discrete{sym: g.sym, gaps: g, lo: 1, guessing: true, defined: &array{name: g.sym.Name, span: g.sym.Span},
		site: &enum.Site{Name: g.sym.Name, Shape: graph.Shape{len(g.cells)}, K: 1}}
	g.site = d
	lo, hi := math.Inf(1), math.Inf(-1)
	var first observation
	func() {
		defer func() {
			if d.guessing { // a failure: another statement may settle it
				g.site, g.cells = nil, nil
				clear(g.slot)
			}
		}()
		l.each(g, s, o, func(at observation, o *objects) {
			if len(o.holed) == 0 {
				return
			}
			a, b := l.gapRange(at, g, o)
			if first.stmt == nil {
				first = at
			}
			lo, hi = math.Min(lo, a), math.Max(hi, b)
		}, func() {})
		d.guessing = first.stmt == nil
	}()
	if first.stmt == nil {
		return // what reads it says so
	}
	g.settled = true
	if math.IsInf(hi, 1) && !l.readsData(g.sym.Name) {
		g.absent, g.site = true, nil
		return
	}
	l.enrol(g, first, lo, hi)
}

// each calls f for every statement that describes elements of g, in its place,
// and failed for those whose place cannot be found from here.
func (l *lowerer) each(g *gaps, s *ast.Sample, o *objects, f func(at observation, o *objects), failed func()) {
	for _, at := range l.observations(g.sym.Name) {
		if at.stmt == s {
			f(at, o)
		} else if !l.inPlaceOf(at, func(idx []named.Value) { f(at, l.objects(at.stmt, at.info, g, idx)) }) {
			failed()
		}
	}
}

// gapRange is the least and the largest value that a statement allows its
// missing elements.
func (l *lowerer) gapRange(at observation, g *gaps, o *objects) (lo, hi float64) {
	sig := at.info.Dist.Sig
	switch {
	case sig.EventRank > 0:
		l.fail("not-supported-here", at.stmt, "%s is missing: elements of a value of `%s` depend on one another, and may not be missing yet", g.element(o.at(o.holed)[0]), sig.Name)
	case !sig.Support.Discrete():
		l.fail("not-supported-here", at.stmt, "`%s` is an array of integers with missing elements, and `%s` is continuous: declare it `real?`", g.sym.Name, sig.Name)
	}
	l.amongObjects(o, o.holed, func(*named.Axis) { lo, hi = l.supportRange(at.stmt, at.info, o.lead) })
	return lo, hi
}

// sameValues refuses a statement that allows values which the latents, settled
// before it, do not have.
func (l *lowerer) sameValues(g *gaps, s *ast.Sample, o *objects) {
	if len(o.holed) == 0 || g.site.infinite {
		return
	}
	if lo, hi := l.gapRange(observation{stmt: s, info: l.m.Samples[s]}, g, o); lo < g.site.lo || hi > g.site.lo+float64(g.site.site.K-1) {
		l.fail("not-supported-here", s, "the statements that describe `%s` give its missing elements different supports", g.sym.Name)
	}
}

// enrol makes the latents a site of the elimination.
func (l *lowerer) enrol(g *gaps, first observation, lo, hi float64) {
	d := g.site
	if d.how = l.options.Strategies[g.sym.Name]; d.how == "" {
		d.how = Exact
	}
	n := hi - lo + 1
	if math.IsInf(hi, 1) {
		if l.options.Strategies[g.sym.Name] == "" {
			d.how = Score
		}
		if d.how != Score {
			l.infinite(first.stmt)
		}
		d.infinite, n = true, 1
	}
	switch {
	case n > float64(l.options.limit()):
		l.tooLarge(first.stmt, []string{g.sym.Name}, n)
	case n < 1:
		l.fail("outside-support", first.stmt, "`%s` has no possible value", g.sym.Name)
	}
	l.relaxes = l.relaxes || d.how == Relax
	d.lo, d.site.K = lo, int(n)
	l.fresh++
	d.site.Axes = []*named.Axis{{Name: g.sym.Name, Size: len(g.cells), Class: named.Plate, Depth: 1<<16 + l.fresh}}
	l.sites[g.sym.Name] = d
	l.siteOrder = append(l.siteOrder, d)
}

// readsData reports whether the model reads data, other than on the left of `~`.
func (l *lowerer) readsData(name string) bool {
	for _, r := range readsOf(l.m.File.Stmts...) {
		if r.name == name {
			return true
		}
	}
	return false
}

// referGaps is the value of references to discrete latents, by their slots.
func (l *lowerer) referGaps(at ast.Node, g *gaps, slot named.Value) named.Value {
	depth := l.depth
	defer func() { l.depth = depth }()
	var own []*named.Axis
	for _, n := range slot.Shape() {
		own = append(own, l.newAxis("_", n, named.Comprehension))
	}
	v := l.refer(at, g.site, l.elements(g.site, []named.Value{l.b.Open(slot, own...)}))
	return l.b.Close(v, own...)
}

// described checks that each discrete latent of an array has a density.
func (l *lowerer) described(g *gaps) {
	o := l.observed[g.sym.Name]
	for _, i := range g.cells {
		if o == nil || o.by(i) == 0 {
			l.failWith(diag.Diagnostic{Code: "missing-undefined", Span: g.sym.Span, Summary: g.element(i) + " is missing in the data, and no `~` describes it"})
		}
	}
}

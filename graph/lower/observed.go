package lower

import (
	"slices"

	"ppl/graph"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// What the data are, row by row. Every statement with data on its left adds one log
// likelihood for each object that it describes: a number, or a vector of which the
// distribution is. They are kept apart here, with the element of the data that each is
// of, before they are summed over plates or taken into the elimination of discrete
// latents. Rows are dependent, given all other latents, if there is a path between them
// over discrete latents that densities mention together: the components of that graph
// are worked out from the references, element by element.

// Observed is what one statement says of the data on its left, or of a part of them: those
// without missing elements, those that were not censored, and those that were, are apart.
type Observed struct {
	// Symbol is the left side, nil for a `factor`; Shape is that of its array.
	Symbol *lang.Symbol
	Shape  graph.Shape
	// Plates are the axes of the objects: one in each of their iterations. Elements are
	// those of the objects, row-major from 0, one object after another, Event of them
	// in each.
	Plates   []*named.Axis
	Elements []int
	Event    int
	// Terms add up to the log likelihood of each object. They have Plates, or some, and
	// where discrete latents are summed out the axes of their values, those of Refs.
	Terms []named.Value
	Refs  []*enum.Ref
	// Component is, for each object that refers to discrete latents, the number of the
	// component that these are in: objects in different ones are independent given the
	// continuous latents, and objects of other statements too.
	Component []int
	// Partial says that objects have missing elements beside known ones, whose
	// likelihood is not apart from the density of the missing: there are no Terms.
	Partial bool
	Span    diag.Span
}

// Objects is the number of objects.
func (o *Observed) Objects() int { return len(o.Elements) / max(1, o.Event) }

// newObserved lists what a statement observes now.
func (l *lowerer) newObserved(s *ast.Sample, terms []named.Value, plates []*named.Axis) *Observed {
	d := l.datum
	pos := l.b.With(l.b.Open(d.place(), d.lead...), plates...)
	o := &Observed{Symbol: l.global[d.name], Shape: d.shape, Plates: pos.Axes(), Event: pos.Shape().Size(), Terms: slices.Clone(terms), Span: s.Span()}
	o.Elements = make([]int, len(pos.Const()))
	for i, p := range pos.Const() {
		o.Elements[i] = int(p)
	}
	l.joint.Observed = append(l.joint.Observed, o)
	return o
}

// weighRows takes the caller's factors and log weights into the table of a statement.
func (l *lowerer) weighRows(t *enum.Table, o *Observed) {
	o.Refs = slices.Clone(t.Refs)
	slices.SortFunc(o.Refs, func(x, y *enum.Ref) int {
		if x.Axis.Before(y.Axis) {
			return -1
		}
		return 1
	})
	keep, weights := l.options.Rows(l.b, o)
	for i, x := range t.Terms {
		t.Terms[i] = l.b.Apply(op.MulZ, keep, x)
	}
	t.Terms = append(t.Terms, weights)
}

// partlyObserved remembers objects of which some elements are missing, but not all.
func (l *lowerer) partlyObserved(s *ast.Sample, g *gaps, o *objects) {
	if l.options.Rows == nil {
		return
	}
	for _, i := range o.at(o.holed) {
		if g.missing[i] == 0 {
			l.joint.Observed = append(l.joint.Observed, &Observed{Symbol: g.sym, Shape: g.shape, Partial: true, Span: s.Span()})
			return
		}
	}
}

// findComponents says which objects of the data depend on one another.
func (l *lowerer) findComponents() {
	if l.options.Rows == nil {
		return
	}
	first, n := map[*enum.Site]int{}, 0
	for _, d := range l.siteOrder {
		first[d.site] = n
		n += d.site.Shape.Size()
	}
	root := make([]int, n)
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, t := range l.tables {
		var over []*named.Axis
		for _, r := range t.Refs {
			over = union(over, r.Over)
		}
		for k, r := range t.Refs {
			if k == 0 {
				continue
			}
			x, y := t.Refs[0].At(over), r.At(over)
			for i := range x {
				root[find(first[t.Refs[0].Site]+x[i])] = find(first[r.Site] + y[i])
			}
		}
	}
	for _, o := range l.joint.Observed {
		if len(o.Refs) == 0 {
			continue
		}
		r := o.Refs[0]
		o.Component = r.At(o.Plates)
		for i, e := range o.Component {
			o.Component[i] = find(first[r.Site] + e)
		}
	}
}

// leaveOut multiplies the terms of objects that Data.Left marks by 0.
func (l *lowerer) leaveOut(terms []named.Value, plates []*named.Axis) []named.Value {
	d := l.datum
	if d == nil || l.data.Left[d.name] == nil {
		return terms
	}
	left := l.data.Left[d.name]
	pos := l.b.With(l.b.Open(d.place(), d.lead...), plates...)
	places, event := pos.Const(), pos.Shape().Size()
	sizes := make(graph.Shape, len(pos.Axes()))
	for i, a := range pos.Axes() {
		sizes[i] = a.Size
	}
	keep, some := make([]float64, sizes.Size()), false
	for i := range keep {
		keep[i] = 1
		for _, p := range places[i*event : (i+1)*event] {
			if left[int(p)] {
				keep[i], some = 0, true
			}
		}
	}
	if !some {
		return terms
	}
	k := l.b.Wrap(l.b.G.Constant(sizes, keep), pos.Axes()...)
	out := make([]named.Value, len(terms))
	for i, x := range terms {
		out[i] = l.b.Apply(op.MulZ, k, x)
	}
	return out
}

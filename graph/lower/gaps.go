package lower

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Data with missing elements. A missing element that some `~` describes is a
// latent, wherever it is read; one that none describes may not be read.
//
// A `~` falls into two parts (gapobserve.go): its objects without missing
// elements are data as ever, and the others are latents with a density, over
// ranges that are flattened as ragged ones are. The latents of one statement
// are a vector in the order of its objects. They are made where the statement
// stands, or before, when something reads them: data may be read anywhere.

// gaps is a data array with missing elements.
type gaps struct {
	sym     *lang.Symbol
	elem    lang.Elem
	shape   graph.Shape
	known   []float64 // the data; a missing element has the value of some other one
	missing []float64 // 1 where missing, else 0
	// slot is, for each element, its place among the latents from 1; 0 where it
	// is none (yet).
	slot  []float64
	cells []int // the element that each latent is

	made map[*ast.Sample]bool
	busy bool // while latents are being made
	// parts are the values of continuous latents, for each statement, and joined
	// all of them.
	parts  []named.Value
	joined named.Value
	// site are the latents of an array of integers; absent ones have no other
	// part in the model than their own density, which sums to 1.
	site    *discrete
	settled bool
	absent  bool
}

// Part says which elements of an array a vector of values is of.
type Part struct {
	Shape    graph.Shape // of the array
	Elements []int       // row-major, from 0
}

// bindData makes data visible.
func (l *lowerer) bindData(name string, a *Array, elem lang.Elem) {
	for _, miss := range a.Missing {
		if miss {
			l.scope.names[name] = &binding{gaps: l.newGaps(l.global[name], a, elem)}
			return
		}
	}
	if l.forwardInput(name, a, elem) {
		return
	}
	if l.data.Refilled[name] {
		l.bind(name, val{l.b.Wrap(l.b.G.Refillable(graph.Shape(a.Shape), a.Data)), elem})
		return
	}
	l.bind(name, val{l.b.Array(graph.Shape(a.Shape), a.Data), elem})
}

func (l *lowerer) newGaps(sym *lang.Symbol, a *Array, elem lang.Elem) *gaps {
	g := &gaps{sym: sym, elem: elem, shape: graph.Shape(a.Shape), known: append([]float64(nil), a.Data...),
		missing: make([]float64, len(a.Data)), slot: make([]float64, len(a.Data)), made: map[*ast.Sample]bool{}}
	stand := 1.0 // in for values that nobody looks at
	for i, x := range a.Data {
		if !a.Missing[i] && !math.IsInf(x, 0) && !math.IsNaN(x) {
			stand = x
			break
		}
	}
	for i, miss := range a.Missing {
		if miss {
			g.known[i], g.missing[i] = stand, 1
		}
	}
	l.gaps = append(l.gaps, g)
	return g
}

// element names element i: `y[3]`.
func (g *gaps) element(i int) string {
	if len(g.shape) == 0 {
		return "`" + g.sym.Name + "`"
	}
	return "`" + g.sym.Name + "[" + element(g.shape, i) + "]`"
}

// readGaps reads elements of data with gaps; without arguments all of them.
func (l *lowerer) readGaps(at ast.Node, g *gaps, args []named.IndexArg) val {
	read := func(data []float64) named.Value {
		return l.b.Index(l.nonEmpty(l.b.Array(g.shape, data)), args...)
	}
	known := read(g.known)
	if l.guiding && g.anyRead(l, read(g.missing)) >= 0 {
		l.fail("not-supported-here", at, "a guide may not read missing elements of `%s`", g.sym.Name)
	}
	if g.anyRead(l, read(g.missing)) < 0 {
		return val{known, g.elem}
	}
	if g.site != nil && g.site.guessing {
		return val{known, g.elem}
	}
	if l.sequence != nil && l.sim == nil {
		panic(depends{})
	}
	if l.sim == nil {
		l.makeAhead(g)
	}
	undefined := make([]float64, len(g.missing))
	mask := make([]float64, len(g.missing))
	slot := make([]float64, len(g.missing))
	for i, miss := range g.missing {
		slot[i] = max(1, g.slot[i])
		switch {
		case miss != 0 && g.slot[i] == 0:
			undefined[i] = 1
		case miss != 0:
			mask[i] = 1
		}
	}
	if i := g.anyRead(l, read(undefined)); i >= 0 {
		l.gapRead(at, g, int(read(iota64(len(g.missing))).Const()[i]))
	}
	var v named.Value
	if g.discrete() {
		v = l.referGaps(at, g, read(slot))
	} else {
		v = l.b.Index(l.gapLatents(g), named.IndexArg{Value: read(slot)})
	}
	taken := read(mask)
	if c, ok := uniform(taken); ok && c == 1 {
		return val{v, g.elem}
	}
	return val{l.b.Where(taken, v, known), g.elem}
}

func iota64(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}

// anyRead is the first place where a mask of elements read is set and the guard
// says that somebody looks, or -1.
func (g *gaps) anyRead(l *lowerer, mask named.Value) int {
	if !l.guard.Valid() {
		for i, x := range mask.Const() {
			if x != 0 {
				return i
			}
		}
		return -1
	}
	open := l.guard
	for _, a := range open.Axes() {
		if !mask.Has(a) { // the same element in each of its iterations: does any look?
			open = l.b.ReduceAxis(op.AnyOf, open, a)
		}
	}
	open = l.b.With(open, mask.Axes()...)
	size := mask.Shape().Size()
	for i, x := range mask.Const() {
		if x != 0 && open.Const()[i/size] != 0 {
			return i
		}
	}
	return -1
}

// gapRead reports that a missing element is read that no `~` describes, or none
// that could be made before it is read.
func (l *lowerer) gapRead(at ast.Node, g *gaps, i int) {
	d := diag.Diagnostic{Code: "missing-undefined", Span: at.Span(),
		Summary: fmt.Sprintf("this reads %s, which is missing in the data, and no `~` describes it", g.element(i)),
		Related: []diag.Related{{Span: g.sym.Span, Message: "declared here"}},
		Hint:    fmt.Sprintf("give `%s` a model, `%s`, or leave out what reads it", g.sym.Name, g.example())}
	switch {
	case l.sim != nil:
		d.Summary = fmt.Sprintf("this reads %s, which is missing in the data", g.element(i))
		d.Hint = ""
	case g.busy:
		d.Code = "not-supported-here"
		d.Summary = fmt.Sprintf("the support of %s, which is missing in the data, depends on other missing elements, which is not supported yet", g.element(i))
		d.Hint = ""
	case l.isCensored(g.sym.Name):
		d.Code = "not-supported-here"
		d.Summary = fmt.Sprintf("this reads %s, of which only a range is known; a censored value that is read elsewhere is not supported yet", g.element(i))
		d.Hint = "give it a latent of its own, truncated to what is known of it: `in (a, b)`"
	case l.describes(g, i):
		d.Code = "not-supported-here"
		d.Summary = fmt.Sprintf("this reads %s, which is missing in the data, above the `~` that describes it", g.element(i))
		d.Hint = "move the `~` above what reads the element"
	}
	l.failWith(d)
}

func (g *gaps) example() string {
	ix := ""
	for d := range g.shape {
		if d > 0 {
			ix += ", "
		}
		ix += fmt.Sprintf("%c in 1..%d", "ijklmnop"[d%8], g.shape[d])
	}
	if ix != "" {
		ix = "[" + ix + "]"
	}
	if g.elem == lang.Int {
		return g.sym.Name + ix + " ~ Categorical(p)"
	}
	return g.sym.Name + ix + " ~ Normal(m, s)"
}

// discrete reports whether the latents are discrete.
func (g *gaps) discrete() bool { return g.elem != lang.Real }

// gapLatents are all continuous latents made so far, as a vector.
func (l *lowerer) gapLatents(g *gaps) named.Value {
	if g.joined.Valid() {
		return g.joined
	}
	if len(g.parts) == 1 {
		g.joined = g.parts[0]
		return g.joined
	}
	var blocks []named.Block
	n := 0
	for _, p := range g.parts {
		blocks = append(blocks, named.Block{Value: p, At: []int{n}})
		n += p.Shape().Size()
	}
	g.joined = l.b.Assemble(graph.Shape{n}, blocks...)
	return g.joined
}

// observation is a `~` with data on its left, and the plates and loops around it.
type observation struct {
	stmt  *ast.Sample
	info  *lang.SampleInfo
	scope []ast.Node
}

// observations are those of a name, in the order of the text.
func (l *lowerer) observations(name string) []observation {
	if l.observing == nil {
		l.observing = map[string][]observation{}
		l.collect(l.stmts, nil)
	}
	return l.observing[name]
}

func (l *lowerer) collect(stmts []ast.Stmt, scope []ast.Node) {
	inner := func(n ast.Node, body []ast.Stmt) {
		l.collect(body, append(scope[:len(scope):len(scope)], n))
	}
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.Plate:
			inner(s, s.Body)
		case *ast.For:
			inner(s, s.Body)
		case *ast.Sample:
			// Missing elements of censored data are known to lie in a range: no latents.
			if info := l.m.Samples[s]; info != nil && info.Kind == lang.Observe && info.Dist != nil && s.Censored == nil {
				name := s.Name.Name
				l.observing[name] = append(l.observing[name], observation{s, info, scope})
			}
		}
	}
}

// inPlaceOf runs f as if where a statement stands, with its indices. It fails
// where they depend on what is defined in the plates around it.
func (l *lowerer) inPlaceOf(o observation, f func(idx []named.Value)) bool {
	inside := l.context
	defer func() { l.context = inside }()
	l.context = l.root
	return l.quietly(func() {
		defer l.enter()()
		for _, n := range o.scope {
			switch n := n.(type) {
			case *ast.Plate:
				l.openAll(n.Binders)
			case *ast.For:
				l.openAll(n.Binders)
			}
		}
		l.left(o.stmt.Index, f)
	})
}

// makeAhead makes the latents that statements further down describe, as far as
// that can be done here.
func (l *lowerer) makeAhead(g *gaps) {
	if g.discrete() {
		l.settle(g, nil, nil)
		return
	}
	for _, o := range l.observations(g.sym.Name) {
		if !g.made[o.stmt] && !g.busy {
			l.inPlaceOf(o, func(idx []named.Value) { l.makeGaps(o.stmt, o.info, g, l.objects(o.stmt, o.info, g, idx)) })
		}
	}
}

// describes reports whether some statement describes an element.
func (l *lowerer) describes(g *gaps, i int) bool {
	found := false
	for _, o := range l.observations(g.sym.Name) {
		ok := l.inPlaceOf(o, func(idx []named.Value) {
			for _, p := range l.objects(o.stmt, o.info, g, idx).pos {
				found = found || int(p) == i
			}
		})
		found = found || !ok
	}
	return found
}

// reportGaps adds the continuous latents to what the posterior shows, in the
// order of the elements.
func (l *lowerer) reportGaps() {
	for _, g := range l.gaps {
		if g.absent {
			l.joint.Unreported = append(l.joint.Unreported, g.sym)
		}
		if len(g.parts) == 0 {
			continue
		}
		part := &Part{Shape: g.shape}
		var order []float64
		for i, k := range g.slot {
			if k > 0 {
				part.Elements, order = append(part.Elements, i), append(order, k)
			}
		}
		v := l.b.Index(l.gapLatents(g), named.IndexArg{Value: l.b.Vector(order...)})
		l.joint.Reported = append(l.joint.Reported, Reported{Symbol: g.sym, Value: v, Part: part})
	}
}

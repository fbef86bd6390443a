package lower

import (
	"math"

	"ppl/graph"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
)

// Lets that depend on discrete latents. What the density needs of one is a table
// (or a mixture, for a relaxed latent), which is no value to report. For the
// posterior such a let is interpreted a second time, at values of the discrete
// latents that the caller gives, drawn from their posterior: there a discrete
// latent is an array like any other, and no table arises, however many elements
// an expression mentions. A let that no density needs, such as the number of
// occupied sites, is interpreted in this way alone.
//
// While that is done (context.giving) names stand for the twins of their
// bindings, if they have any.

// uncertainty is what the tree tells about discrete latents.
type uncertainty struct {
	// depends are the lets whose value depends on discrete latents, needed what
	// densities, ranges and other statements read, directly or through lets.
	depends, needed map[*lang.Symbol]bool
}

// uncertain works out which lets depend on discrete latents.
func (l *lowerer) uncertain() *uncertainty {
	if l.unsure != nil {
		return l.unsure
	}
	u := &uncertainty{depends: map[*lang.Symbol]bool{}, needed: map[*lang.Symbol]bool{}}
	l.unsure = u
	for s, info := range l.m.Samples {
		switch {
		case info == nil || info.Symbol == nil:
		case info.Kind == lang.Latent && info.Discrete:
			u.depends[info.Symbol] = true
		case info.Kind == lang.Observe && info.Symbol.Type.Optional && info.Symbol.Type.Elem == lang.Int:
			if a := l.data.Values[s.Name.Name]; a != nil && a.Missing != nil {
				u.depends[info.Symbol] = true
			}
		}
	}
	if len(u.depends) == 0 {
		return u
	}
	reads := map[*lang.Symbol]map[*lang.Symbol]bool{}
	read := func(into map[*lang.Symbol]bool, nodes ...ast.Node) {
		for _, n := range nodes {
			ast.Inspect(n, func(n ast.Node) bool {
				if s := l.m.Uses[n]; s != nil {
					into[s] = true
				}
				return true
			})
		}
	}
	var walk func(stmts []ast.Stmt)
	inner := func(binders []*ast.Binder, body []ast.Stmt) {
		for _, b := range binders {
			read(u.needed, b)
		}
		walk(body)
	}
	walk = func(stmts []ast.Stmt) {
		for _, s := range stmts {
			switch s := s.(type) {
			case *ast.Plate:
				inner(s.Binders, s.Body)
			case *ast.For:
				inner(s.Binders, s.Body)
			case *ast.Let:
				sym := l.m.Uses[s]
				if reads[sym] == nil {
					reads[sym] = map[*lang.Symbol]bool{}
				}
				read(reads[sym], s)
			default:
				read(u.needed, s)
			}
		}
	}
	walk(l.stmts)
	for again := true; again; {
		again = false
		for let, from := range reads {
			for s := range from {
				if u.depends[s] && !u.depends[let] {
					u.depends[let], again = true, true
				}
				if u.needed[let] && !u.needed[s] {
					u.needed[s], again = true, true
				}
			}
		}
	}
	return u
}

// given is the value of a discrete latent that the caller gives.
func (l *lowerer) given(d *discrete) named.Value {
	switch {
	case d.given.Valid():
	case d.site.Shape.Size() == 0:
		d.given = l.b.Array(d.site.Shape, []float64{})
	default:
		d.given = l.options.Values(l.b, l.siteNumber(d), d.site.Shape)
	}
	return d.given
}

// givenAt is the given value of elements of a discrete latent.
func (l *lowerer) givenAt(d *discrete, x elementAt) named.Value {
	r := (&enum.Ref{Site: d.site, Over: x.over, Index: x.index}).Reduced()
	l.fresh++
	r.Axis = &named.Axis{Name: d.sym.Name, Size: 1, Class: named.Enumerated, Depth: l.fresh}
	flat := l.b.Reshape(l.given(d), graph.Shape{d.site.Shape.Size(), 1})
	return l.b.SumAxes(enum.Gather(l.b, flat, r), r.Axis)
}

// standing is the binding that a name stands for.
func (b *binding) standing(giving bool) *binding {
	if giving && b.twin != nil {
		return b.twin
	}
	return b
}

// letGiven interprets a let that depends on discrete latents at given values.
// What is not supported there leaves the let without a report.
func (l *lowerer) letGiven(s *ast.Let, sym *lang.Symbol) {
	before := len(l.diags)
	l.giving = true
	ok := l.try(func() { l.letTwin(s) })
	l.giving = l.options.Given
	if ok {
		return
	}
	unsupported := true
	for _, d := range l.diags[before:] {
		unsupported = unsupported && (d.Code == "not-supported-here" || d.Code == "discrete-too-large")
	}
	if unsupported {
		l.diags = l.diags[:before]
	}
	l.notGiven[sym] = true
}

func (l *lowerer) letTwin(s *ast.Let) {
	name := s.Name.Name
	if len(s.Index) == 0 {
		v := l.eval(s.Value)
		b := l.scope.names[name]
		if b == nil {
			b = &binding{}
			l.scope.names[name] = b
		}
		b.twin = &binding{value: v}
		return
	}
	l.left(s.Index, func(idx []named.Value) {
		v := l.eval(s.Value)
		x := l.box(s, idx, v.Shape())
		a := l.twinArray(name, s)
		if len(a.pieces) == 0 {
			a.elem = v.elem
		}
		a.elem = join(a.elem, v.elem)
		l.define(a, s, piece{value: l.b.Close(v.Value, x.axes...), dims: x.dims, axes: x.axes, by: s})
	})
}

// twinArray finds or makes the array of a let at given values.
func (l *lowerer) twinArray(name string, at ast.Node) *array {
	root := l.rootScope()
	b := root.names[name]
	if b == nil {
		b = &binding{}
		root.names[name] = b
	}
	if b.twin == nil {
		b.twin = &binding{array: &array{name: name, span: at.Span()}}
		l.all = append(l.all, b.twin.array)
	}
	return b.twin.array
}

// reportGiven adds the lets that depend on discrete latents to what the
// posterior shows.
func (l *lowerer) reportGiven(s *lang.Symbol) {
	if l.options.Values == nil {
		return
	}
	ok := !l.notGiven[s] && l.quietly(func() {
		l.giving = true
		l.joint.Given = append(l.joint.Given, Reported{Symbol: s, Value: l.lookup(s.Name).Value})
	})
	l.giving = l.options.Given
	if !ok {
		l.joint.Unreported = append(l.joint.Unreported, s)
	}
}

// varying reports whether an index varies with latents.
func (l *lowerer) varying(args []ast.IndexArg) bool {
	for _, a := range args {
		if a.Expr != nil && !l.eval(a.Expr).IsConst() {
			return true
		}
	}
	return false
}

// indexVarying reads elements of an array at indices that vary with the given
// values: of all elements along such a dimension the one that is meant is kept.
// An index out of bounds gives NaN.
func (l *lowerer) indexVarying(e *ast.Index) val {
	x := l.eval(e.X)
	shape := x.Shape()
	if len(e.Args) > len(shape) {
		l.fail("shape-at-binding", e, "%d indices for an array of rank %d", len(e.Args), len(shape))
	}
	depth := l.depth
	defer func() { l.depth = depth }()
	args := make([]named.IndexArg, len(e.Args))
	var along, dims []*named.Axis
	var hits []named.Value
	whole := false // a dimension is kept
	for d, a := range e.Args {
		var v named.Value
		if a.Expr != nil {
			v = l.eval(a.Expr).Value
		}
		if !v.Valid() || v.IsConst() {
			args[d] = l.indexArg(a, shape[d])
			whole = whole || !args[d].Value.Valid() || args[d].Value.Rank() > 0
			continue
		}
		if v.Rank() > 0 {
			if whole {
				l.fail("not-supported-here", e, "this index depends on a discrete latent, after a dimension that is read as a whole: that is not supported yet")
			}
			var own []*named.Axis
			for _, n := range v.Shape() {
				own = append(own, l.newAxis("_", n, named.Comprehension))
			}
			v, dims = l.b.Open(v, own...), append(dims, own...)
		}
		axis := l.newAxis("_", shape[d], named.Comprehension)
		at := l.b.Counter(axis, 1)
		args[d].Value = at
		along, hits = append(along, axis), append(hits, l.b.Equal(v, at))
	}
	out := l.b.Index(x.Value, args...)
	for k := len(along) - 1; k >= 0; k-- {
		found := l.b.SumAxes(hits[k], along[k])
		out = l.b.SumAxes(l.b.Apply(op.MulZ, hits[k], out), along[k])
		out = l.b.Where(found, out, l.b.Scalar(math.NaN()))
	}
	if len(dims) > 0 {
		out = l.b.Close(out, dims...)
	}
	return val{out, x.elem}
}

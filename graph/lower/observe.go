package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// observe adds the density of known values.
func (l *lowerer) observe(s *ast.Sample, info *lang.SampleInfo) {
	if s.Censored != nil {
		l.censored(s, info)
		return
	}
	if b := l.find(s.Name.Name); b != nil && b.gaps != nil {
		l.observeGaps(s, info, b.gaps)
		return
	}
	l.left(s.Index, func(idx []named.Value) {
		x := l.lookup(s.Name.Name)
		args := l.observedArgs(s, idx, x.Shape())
		l.once(s, x.Shape(), args)
		if s.Weighted != nil && x.IsConst() {
			g := l.asGaps(s.Name.Name, x)
			list := func() *objects { return l.objects(s, info, g, idx) }
			if l.leavesOut(s, list, g) {
				o := list()
				l.counting(s, o, g)
				l.observeObjects(s, info, g, o, g.known, o.whole)
				return
			}
		}
		y := l.b.Index(l.nonEmpty(x.Value), args...)
		if !y.IsConst() {
			l.fail("not-supported-here", s, "`%s` is not known from the data", s.Name.Name)
		}
		place := func() named.Value { return l.positions(x.Shape(), args) }
		l.underObservation(&datum{name: s.Name.Name, shape: x.Shape(), value: y, place: place}, func() {
			terms, lead := l.density(s.Dist, info.Dist, y, false, s)
			for _, t := range terms {
				l.notImpossible(s, info.Dist, t)
			}
			l.addFactor(s, false, terms, lead)
		})
	})
}

// observeObjects adds the density of some objects, of which known are the values.
func (l *lowerer) observeObjects(s *ast.Sample, info *lang.SampleInfo, g *gaps, o *objects, known, cells []float64) {
	if len(cells) == 0 {
		return
	}
	l.amongObjects(o, cells, func(a *named.Axis) {
		y := l.elementsOver(known, o, cells, a)
		place := func() named.Value { return l.elementsOver(places(len(known)), o, cells, a) }
		l.underObservation(&datum{name: g.sym.Name, shape: g.shape, value: y, place: place}, func() {
			terms := l.densityOver(s.Dist, info.Dist, y, o.lead, o.sizes(info), false, s)
			for _, t := range terms {
				l.notImpossible(s, info.Dist, t)
			}
			l.addFactor(s, false, terms, nil)
		})
	})
}

// observedArgs are the indices of a left side in an array of a shape.
func (l *lowerer) observedArgs(s *ast.Sample, idx []named.Value, shape graph.Shape) []named.IndexArg {
	if len(idx) > len(shape) {
		l.fail("shape-at-binding", s, "%d indices for an array of rank %d", len(idx), len(shape))
	}
	args := make([]named.IndexArg, len(idx))
	for i, ix := range s.Index {
		if idx[i].Valid() {
			args[i].Value = l.within(ix, idx[i], shape[i])
		} else {
			args[i] = l.indexArg(ix.Arg, shape[i])
		}
	}
	return args
}

// observed remembers which elements of an array have been observed, and where.
type observed struct {
	owner []int32 // of each element: 0, or its statement's place in stmts
	whole bool    // the first statement observes all, and owner is not made yet
	stmts []diag.Span
}

// by is the place in stmts of the statement that observes an element; 0 if none does.
func (o *observed) by(at int) int32 {
	if o.whole {
		return 1
	}
	return o.owner[at]
}

// once refuses to observe an element again.
func (l *lowerer) once(s *ast.Sample, shape graph.Shape, args []named.IndexArg) {
	o := l.observed[s.Name.Name]
	if o == nil {
		o = &observed{whole: len(args) == 0 && len(l.plates) == 0, stmts: []diag.Span{s.Span()}}
		l.observed[s.Name.Name] = o
		if o.whole {
			return
		}
	} else {
		o.stmts = append(o.stmts, s.Span())
	}
	if o.owner == nil {
		o.owner = make([]int32, shape.Size())
		for i := range o.owner {
			if o.whole {
				o.owner[i] = 1
			}
		}
		o.whole = false
	}
	for _, a := range l.plates {
		if a.Size == 0 {
			return
		}
	}
	for _, at := range elements(shape, args) {
		if k := int(o.owner[at]); k != 0 {
			name := s.Name.Name
			if len(shape) > 0 {
				name += "[" + element(shape, at) + "]"
			}
			d := diag.Diagnostic{Code: "observed-twice", Span: s.Span(), Summary: fmt.Sprintf("`%s` is observed twice", name)}
			if k < len(o.stmts) {
				d.Related = []diag.Related{{Span: o.stmts[k-1], Message: "first observed here"}}
			}
			l.failWith(d)
		}
		o.owner[at] = int32(len(o.stmts))
	}
}

// elements lists the positions that an index reads.
func elements(shape graph.Shape, args []named.IndexArg) []int {
	scratch := named.New()
	place := places(shape.Size())
	if len(place) == 0 {
		return nil
	}
	at := scratch.Index(scratch.Array(shape, place), args...).Const()
	out := make([]int, len(at))
	for i, v := range at {
		out[i] = int(v)
	}
	return out
}

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

// observe adds the density of known values.
func (l *lowerer) observe(s *ast.Sample, info *lang.SampleInfo) {
	if b := l.find(s.Name.Name); b != nil && b.gaps != nil {
		l.observeGaps(s, info, b.gaps)
		return
	}
	l.left(s.Index, func(idx []named.Value) {
		x := l.lookup(s.Name.Name)
		args := l.observedArgs(s, idx, x.Shape())
		l.once(s, x.Shape(), args)
		y := l.b.Index(l.nonEmpty(x.Value), args...)
		if !y.IsConst() {
			l.fail("not-supported-here", s, "`%s` is not known from the data", s.Name.Name)
		}
		terms, lead := l.density(s.Dist, info.Dist, y, false, s)
		for _, t := range terms {
			l.notImpossible(s, t)
		}
		l.addFactor(s, false, terms, lead)
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
	owner []int // of each element: 0, or its statement's place in stmts
	stmts []diag.Span
}

// once refuses to observe an element again.
func (l *lowerer) once(s *ast.Sample, shape graph.Shape, args []named.IndexArg) {
	o := l.observed[s.Name.Name]
	if o == nil {
		o = &observed{owner: make([]int, shape.Size())}
		l.observed[s.Name.Name] = o
	}
	o.stmts = append(o.stmts, s.Span())
	for _, a := range l.plates {
		if a.Size == 0 {
			return
		}
	}
	for _, at := range elements(shape, args) {
		if k := o.owner[at]; k != 0 {
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
		o.owner[at] = len(o.stmts)
	}
}

// elements lists the positions that an index reads.
func elements(shape graph.Shape, args []named.IndexArg) []int {
	scratch := named.New()
	place := make([]float64, shape.Size())
	for i := range place {
		place[i] = float64(i)
	}
	if len(place) == 0 {
		return nil
	}
	var out []int
	for _, v := range scratch.Index(scratch.Array(shape, place), args...).Const() {
		out = append(out, int(v))
	}
	return out
}

// notImpossible refuses a term that is known to be -Inf, or NaN, somewhere.
func (l *lowerer) notImpossible(at ast.Node, t named.Value) {
	if enumerated(t) {
		return // some values may be impossible
	}
	known := t
	if m, ok := t.N.Op.(*op.Map); ok && m.F == op.Where && t.N.In[0].IsConst() && t.N.In[2].IsConst() {
		// where(inside, density, -Inf): the value is known where it is outside.
		var axes []*named.Axis
		for _, d := range m.Dims[0] {
			if d >= len(t.Axes()) {
				return
			}
			axes = append(axes, t.Axes()[d])
		}
		if c, ok := t.N.In[2].ConstScalar(); !ok || !math.IsInf(c, -1) {
			return
		}
		known = l.b.Where(l.b.Wrap(t.N.In[0], axes...), l.b.Scalar(0), l.b.Scalar(math.Inf(-1)))
	}
	if !known.IsConst() {
		return
	}
	mask, i := l.firstBad(known, func(x float64) bool { return !math.IsInf(x, -1) && !math.IsNaN(x) })
	switch {
	case i < 0:
	case math.IsNaN(l.elementAt(known, mask, i)):
		l.fail("bad-value", at, "the log density is not a number here%s", l.at(mask, i))
	default:
		l.fail("outside-support", at, "this has density 0 whatever the latents are%s", l.at(mask, i))
	}
}

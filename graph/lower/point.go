package lower

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// Params are values that are learned as points. Where the data hold one it is as known as they are;
// else the source supplies it, as it does a latent, but that no Jacobian belongs to it: what is
// maximised is the density of the data by the param itself, whatever scale it is moved on.

// ErrInitOutside is a source's error for a block whose Init is not inside of its support.
var ErrInitOutside = errors.New("the initial value is outside of the support")

// paramStmt makes a param visible.
func (l *lowerer) paramStmt(s *ast.Param) {
	sym := l.global[s.Name.Name]
	if sym == nil {
		l.fail("not-supported-here", s, "the param `%s` has no type", s.Name.Name)
	}
	if a := l.data.Values[s.Name.Name]; a != nil {
		var shape graph.Shape
		if l.quietly(func() { shape = l.shape(s, sym.Type.Dims) }) && !shape.Equal(graph.Shape(a.Shape)) {
			l.fail("shape-at-binding", s, "`%s` was learned with the shape %s, and the data ask for %s: what the fit has not seen has no value", sym.Name, shapeText(a.Shape), shapeText(shape))
		}
		l.bindData(s.Name.Name, a, lang.Real)
		return
	}
	if (l.options.Unguided || l.sim != nil) && l.m.GuideParams[sym] {
		return
	}
	if l.sim != nil {
		l.notGenerative(s, "a `param` has no prior to draw it from", "declare it as data, and give it a value, or as a latent with a prior")
	}
	shape := l.shape(s, sym.Type.Dims)
	if shape.Size() == 0 {
		l.bind(s.Name.Name, val{l.b.Array(shape, []float64{}), lang.Real})
		return
	}
	l.affordLatents(s, shape)
	sup, rank := l.paramSupport(s, sym, shape)
	block := Block{Site: sym, At: make([]int, len(shape)), Box: shape, Support: sup, EventRank: rank, Span: s.Span(), Param: true, Init: l.paramInit(s, sym, shape)}
	v, err := l.src.Latent(l.b, block)
	if errors.Is(err, ErrInitOutside) {
		l.fail("start-outside", s.Init, "the initial value of `%s` is outside of its range, or on an end of it", sym.Name)
	}
	if err != nil {
		l.fail("not-supported-here", s, "%v", err)
	}
	l.bind(s.Name.Name, val{v, lang.Real})
}

// paramSupport is the set of values that a declaration leaves a param.
func (l *lowerer) paramSupport(s *ast.Param, sym *lang.Symbol, shape graph.Shape) (dist.Support, int) {
	if k := sym.Type.Kind; k != lang.Plain {
		return dist.Support{Kind: kindSupports[k]}, k.EventRank()
	}
	whole := dist.Support{Kind: lang.SupportReal}
	k := s.Constraint
	if k == nil {
		return whole, 0
	}
	x := box{inner: shape, full: shape}
	lo, hi := l.b.Scalar(math.Inf(-1)), l.b.Scalar(math.Inf(1))
	switch {
	case k.Interval != nil:
		lo, hi = l.bound(k.Interval.Lo, "", x), l.bound(k.Interval.Hi, "", x)
	case k.Op == ">" || k.Op == ">=":
		lo = l.bound(k.Bound, "", x)
	default:
		hi = l.bound(k.Bound, "", x)
	}
	if mask, i := l.firstBad(l.b.Less(lo, hi), func(x float64) bool { return x != 0 }); i >= 0 {
		l.fail("bad-value", k, "the bounds of `%s` leave no value%s", sym.Name, l.at(mask, i))
	}
	return l.cut(whole, lo, hi), 0
}

// paramInit is the value that a declaration lets a param start from; not valid where there is none.
func (l *lowerer) paramInit(s *ast.Param, sym *lang.Symbol, shape graph.Shape) named.Value {
	if s.Init == nil {
		return named.Value{}
	}
	v := l.eval(s.Init)
	if v.Rank() > 0 && !v.Shape().Equal(shape) {
		l.fail("shape-at-binding", s.Init, "the initial value of `%s` has another shape than it", sym.Name)
	}
	if v.Rank() > 0 {
		return v.Value
	}
	return l.b.Spread(v.Value, shape)
}

// penalty adds the density of a param on its own scale.
func (l *lowerer) penalty(s *ast.Sample, info *lang.SampleInfo) {
	l.left(s.Index, func(idx []named.Value) {
		x := l.lookup(s.Name.Name)
		v := l.b.Index(l.nonEmpty(x.Value), l.observedArgs(s, idx, x.Shape())...)
		terms, lead := l.density(s.Dist, info.Dist, v, false, s)
		l.addFactor(s, true, terms, lead)
	})
}

// reportParams collects the params that the source supplies.
func (l *lowerer) reportParams() {
	for _, s := range l.m.Params {
		if l.data.Values[s.Name] == nil && !(l.options.Unguided && l.m.GuideParams[s]) {
			l.try(func() { l.joint.Params = append(l.joint.Params, Reported{Symbol: s, Value: l.lookup(s.Name).Value}) })
		}
	}
}

// shapeText writes a shape: "[3, 2]".
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = fmt.Sprint(n)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

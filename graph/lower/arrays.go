package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

func (l *lowerer) arrayLiteral(e *ast.Array) val {
	if len(e.Elems) == 0 {
		return val{l.b.Array(graph.Shape{0}, []float64{}), lang.Real}
	}
	vs := make([]named.Value, len(e.Elems))
	var first val
	elem := lang.Bool
	for i, x := range e.Elems {
		v := l.eval(x)
		if i == 0 {
			first, elem = v, v.elem
		}
		if !v.Shape().Equal(first.Shape()) {
			l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: x.Span(),
				Summary:  "the elements of an array have one shape",
				Expected: typeOf(first).String(), Found: typeOf(v).String()})
		}
		elem = join(elem, v.elem)
		vs[i] = v.Value
	}
	return val{l.b.Stack(vs...), elem}
}

// comprehension evaluates its element once, over fresh innermost axes, which
// then become its dimensions.
func (l *lowerer) comprehension(e *ast.Comprehension) val {
	defer l.enter()()
	outer := len(l.ragged)
	var axes []*named.Axis
	for _, b := range e.Binders {
		axes = append(axes, l.open(b, named.Comprehension))
	}
	if len(l.ragged) > outer {
		l.failWith(diag.Diagnostic{Code: "not-supported-here", Span: e.Span(),
			Summary: "the length of this array differs between iterations",
			Hint:    "`sum` and `mean` may be taken of it directly: `sum([... for j in 1..n[i]])`"})
	}
	v := l.eval(e.Elem)
	return val{l.b.Close(v.Value, axes...), v.elem}
}

// total is the sum over a comprehension: no array is built, and its ranges may
// be ragged. It adds up whole elements.
func (l *lowerer) total(e *ast.Comprehension) val {
	defer l.enter()()
	outer := len(l.ragged)
	var axes []*named.Axis
	for _, b := range e.Binders {
		axes = append(axes, l.open(b, named.Comprehension))
	}
	var v val
	if l.relaxes && len(l.ragged) == outer && !l.relaxed(e.Elem) {
		var summed []*named.Axis
		v = l.table(e.Elem)
		v.Value, summed = l.mix(v.Value, axes)
		axes = without(axes, summed)
	} else {
		v = l.eval(e.Elem)
	}
	elem := arithmetic(v.elem, lang.Int)
	return val{l.collapse(l.sumEvent(v.Value), axes, l.ragged[outer:]), elem}
}

// collapse sums over the axes of a comprehension, innermost ragged range
// first: its iterations are added up for each iteration of what is around it.
func (l *lowerer) collapse(v named.Value, axes []*named.Axis, rs []*ragged) named.Value {
	for k := len(rs) - 1; k >= 0; k-- {
		r := rs[k]
		axes = without(axes, []*named.Axis{r.axis})
		if k == 0 && len(without(r.outer, axes)) == 0 {
			axes = append(without(axes, r.outer), r.axis) // all of it is summed
			break
		}
		v = l.fold(r, v)
	}
	return l.sumAxes(v, axes)
}

package lower

import (
	"fmt"
	"math"
	"strings"

	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// counter is the running index of a range.
type counter struct {
	name  string
	value named.Value
}

// open opens the range of a binder and binds its name to the running index. A
// range whose ends are the same in every iteration is an axis of its own; one
// whose ends differ is flattened together with the axes that they vary over.
func (l *lowerer) open(b *ast.Binder, class named.Class) *named.Axis {
	lo, hi := l.end(b.Range.Lo, "the start of a range"), l.end(b.Range.Hi, "the end of a range")
	first, ok1 := uniform(lo)
	last, ok2 := uniform(hi)
	if !ok1 || !ok2 {
		return l.openRagged(b, lo, hi, class)
	}
	n := max(0, int(last)-int(first)+1)
	l.multiply(b, n)
	a := l.newAxis(b.Name.Name, n, class)
	if class == named.Plate {
		l.plates = append(l.plates[:len(l.plates):len(l.plates)], a)
	}
	l.count(b, l.b.Counter(a, int(first)))
	if n == 0 {
		l.guard = l.b.Scalar(0) // nothing in there is evaluated
	}
	return a
}

// newAxis opens an axis inside all that are open.
func (l *lowerer) newAxis(name string, size int, class named.Class) *named.Axis {
	l.depth++
	return &named.Axis{Name: name, Size: size, Class: class, Depth: l.depth}
}

// multiply counts the iterations of a range inside those that are open.
func (l *lowerer) multiply(at ast.Node, n int) {
	l.size = max(1, l.size)
	if n > 0 && l.size > l.mostElements()/n {
		l.fail("unknown-range", at, "this makes %.3g iterations, which is more than can be worked with", float64(l.size)*float64(n))
	}
	l.size *= max(1, n)
}

// count binds the index of a range.
func (l *lowerer) count(b *ast.Binder, idx named.Value) {
	l.bind(b.Name.Name, val{idx, lang.Int})
	l.counters = append(l.counters[:len(l.counters):len(l.counters)], counter{b.Name.Name, idx})
}

// end evaluates an end of a range: an integer known from the data, which may
// differ between iterations.
func (l *lowerer) end(e ast.Expr, what string) (end named.Value) {
	if l.inBody() && !l.tainted(e) {
		l.outsideBody(func() { end = l.end(e, what) })
		if end.Has(l.scanning.axis) {
			l.fail("not-supported-here", e, "%s that differs between the iterations of a recurrence over latents is not supported yet", what)
		}
		return l.in(e, end)
	}
	v := l.eval(e)
	if !v.IsConst() {
		l.fail("unknown-range", e, "%s must be known from the data", what)
	}
	if enumerated(v.Value) {
		l.fail("unknown-range", e, "%s must be known from the data, and may not depend on a discrete latent", what)
	}
	if v.Rank() > 0 {
		l.fail("shape-at-binding", e, "%s must be one integer, found %s", what, typeOf(v))
	}
	for _, x := range v.Const() {
		if x != math.Trunc(x) || math.Abs(x) > 1<<40 {
			l.fail("unknown-range", e, "%s must be an integer, found %g", what, x)
		}
	}
	return v.Value
}

// uniform is the value of a constant that is the same in every iteration; 0
// where there are none.
func uniform(v named.Value) (float64, bool) {
	if v.IsConst() && len(v.Const()) == 0 {
		return 0, true
	}
	return v.N.ConstScalar()
}

// integer evaluates an expression that must be one integer known from data.
func (l *lowerer) integer(e ast.Expr, what string) int {
	x, ok := uniform(l.end(e, what))
	if !ok {
		l.fail("not-supported-here", e, "%s that differs between iterations of an outer plate or loop is not supported here", what)
	}
	return int(x)
}

// at names the iteration that element i of a value belongs to: ", at i = 3".
func (l *lowerer) at(v named.Value, i int) (where string) {
	if l.inBody() {
		l.outsideBody(func() { where = l.at(v, i) })
		return where
	}
	coords := coordinates(v, i)
	var parts []string
	for _, c := range l.counters { // of a sequence: one number
		if x, ok := c.value.Float(); ok {
			parts = append(parts, fmt.Sprintf("%s = %g", c.name, x))
		}
	}
	for d, a := range v.Axes() {
		if a.Class == named.Particle {
			continue
		}
		if r := l.refs[a]; r != nil && l.sites[r.Site.Name] != nil { // a value of a discrete latent
			parts = append(parts, fmt.Sprintf("%s = %g", r.Site.Name, l.sites[r.Site.Name].values()[coords[d]]))
			continue
		}
		found := false
		for _, c := range l.counters {
			idx := l.here(c.value)
			if ax := idx.Axes(); len(ax) == 1 && ax[0] == a {
				parts = append(parts, fmt.Sprintf("%s = %g", c.name, idx.Const()[coords[d]]))
				found = true
			}
		}
		if !found {
			parts = append(parts, fmt.Sprintf("element %d", coords[d]+1))
		}
	}
	if k := len(v.Axes()); len(coords) > k && len(v.Const()) > 1 {
		var at []string
		for _, c := range coords[k:] {
			at = append(at, fmt.Sprint(c+1))
		}
		parts = append(parts, "element "+strings.Join(at, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return ", at " + strings.Join(parts, ", ")
}

// whereabouts names, later, the iterations of what is being interpreted now.
func (l *lowerer) whereabouts() func(v named.Value, i int) string {
	now, at := l.context, l.now
	return func(v named.Value, i int) string {
		context, was := l.context, l.now
		defer func() { l.context, l.now = context, was }()
		l.context, l.now = now, at
		return strings.TrimPrefix(l.at(v, i), ", at ")
	}
}

func coordinates(v named.Value, i int) []int {
	shape := v.N.Shape
	coords := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		coords[d] = i % shape[d]
		i /= shape[d]
	}
	return coords
}

// offending finds the first element of a mask that is set where the guard
// holds. It returns the mask with the guard, to say where that is.
func (l *lowerer) offending(bad named.Value) (mask named.Value, i int) {
	if l.inBody() {
		l.outsideBody(func() { mask, i = l.offending(l.in(l.now, bad)) })
		return mask, i
	}
	if l.guard.Valid() {
		bad = l.b.And(bad, l.guard)
	}
	for i, x := range bad.Const() {
		if x != 0 {
			return bad, i
		}
	}
	return bad, -1
}

// elementAt is the element of a value at the place of element i of a mask over more axes.
func (l *lowerer) elementAt(v, mask named.Value, i int) float64 {
	c := l.b.With(l.in(l.now, v), mask.Axes()...).Const()
	if len(c) != len(mask.Const()) {
		return c[0]
	}
	return c[i]
}

// outside reports a value that is not allowed, with the iteration it is in.
func (l *lowerer) outside(code diag.Code, at ast.Node, v, mask named.Value, i int, summary, expected string) {
	l.failWith(diag.Diagnostic{Code: code, Span: at.Span(), Summary: summary + l.at(mask, i),
		Expected: expected, Found: fmt.Sprintf("%g", l.elementAt(v, mask, i))})
}

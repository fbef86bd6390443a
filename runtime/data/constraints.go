package data

import (
	"fmt"
	"math"

	"ppl/lang"
	"ppl/lang/ast"
)

// checkConstraints checks the values against what their declarations say.
func (b *binder) checkConstraints() {
	for _, it := range b.items {
		if it.array == nil || it.bad {
			continue
		}
		if it.decl != nil && it.decl.Constraint != nil {
			b.checkConstraint(it, it.decl.Constraint)
		}
		if it.sym.Type.Kind != lang.Plain && !it.bad {
			b.checkKind(it)
		}
	}
}

// limit is one side of a constraint.
type limit struct {
	expr ast.Expr
	op   string // ">", ">=", "<", "<="
}

func (l limit) holds(x, bound float64) bool {
	switch l.op {
	case ">":
		return x > bound
	case ">=":
		return x >= bound
	case "<":
		return x < bound
	}
	return x <= bound
}

// limits splits a constraint into its sides.
func limits(c *ast.Constraint) []limit {
	switch {
	case c.Interval != nil:
		return []limit{{c.Interval.Lo, ">"}, {c.Interval.Hi, "<"}}
	case c.Range != nil:
		return []limit{{c.Range.Lo, ">="}, {c.Range.Hi, "<="}}
	}
	return []limit{{c.Bound, c.Op}}
}

// checkConstraint checks every element that is not missing.
func (b *binder) checkConstraint(it *item, c *ast.Constraint) {
	sides := limits(c)
	bounds := make([]*Array, len(sides))
	for k, side := range sides {
		if side.expr == nil {
			return
		}
		var ok bool
		if bounds[k], ok = b.bound(it, side); !ok {
			return
		}
	}
	var out trouble
	side := make([]int, 0, maxListed) // the side that each listed element is beyond
	for i, x := range it.array.Data {
		if it.array.Missing != nil && it.array.Missing[i] {
			continue
		}
		for k := range sides {
			if y := bounds[k].each(i); !math.IsNaN(y) && !sides[k].holds(x, y) {
				if out.add(i); len(side) < maxListed {
					side = append(side, k)
				}
				break
			}
		}
	}
	if out.n > 0 {
		b.reportConstraint(it, c, out, sides[side[0]], bounds[side[0]])
	}
}

// bound evaluates one side: a number, or an array of the shape of the data.
func (b *binder) bound(it *item, side limit) (*Array, bool) {
	a, err := b.eval(side.expr)
	if err != nil {
		b.evalFailed(it, side.expr, "the bound", err)
		return nil, false
	}
	if len(a.Shape) > 0 && !sameShape(a.Shape, it.array.Shape) {
		d := b.fail(it, expression, side.expr.Span(), "the bound of `%s` has another shape than the data", it.sym.Name)
		d.Expected = "a scalar, or " + shapeText(it.array.Shape)
		d.Found = shapeText(a.Shape)
		return nil, false
	}
	return a, true
}

// each is element i of a bound.
func (a *Array) each(i int) float64 {
	if len(a.Shape) == 0 {
		return a.Data[0]
	}
	return a.Data[i]
}

func sameShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// reportConstraint reports elements outside; the first one is beyond side.
func (b *binder) reportConstraint(it *item, c *ast.Constraint, out trouble, side limit, bound *Array) {
	text := b.declText(c)
	if text == "" {
		text = "as declared"
	}
	here := ""
	if _, literal := simpleNumber(side.expr); !literal {
		here = fmt.Sprintf(", where `%s` is %s", b.declText(side.expr), plain(bound.each(out.at[0])))
	}
	from := b.fromBound(it)
	for k, i := range out.at {
		out.at[k] = from(i)
	}
	value := func(i int) string { return b.boundText(it, i) }
	b.elements(it, constraintFail, c.Span(), out, func(i int) string {
		return fmt.Sprintf("is %s, which is not %s%s", value(i), text, here)
	}, value)
}

// simpleNumber reports whether e is a literal, possibly with a sign.
func simpleNumber(e ast.Expr) (float64, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Number:
		return e.Value, true
	case *ast.Unary:
		x, ok := simpleNumber(e.X)
		return -x, ok && e.Op == "-"
	}
	return 0, false
}

// fromBound turns offsets in the bound array into offsets in the value as it
// was read, which is what messages count in.
func (b *binder) fromBound(it *item) func(int) int {
	if it.order == nil {
		return func(i int) int { return i }
	}
	row := size(it.array.Shape[1:])
	return func(i int) int { return it.order[i/row]*row + i%row }
}

// toBound is the inverse of fromBound.
func (b *binder) toBound(it *item, i int) int {
	k := 0
	for d, j := range b.index(it, i) {
		k = k*it.array.Shape[d] + j
	}
	return k
}

// boundText shows the value of element i of the value as it was read. Levels of
// a factor show their code.
func (b *binder) boundText(it *item, i int) string {
	return plain(it.array.Data[b.toBound(it, i)])
}

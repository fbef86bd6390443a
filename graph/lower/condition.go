package lower

import (
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// conditional selects elementwise. Where the condition is known, each branch
// is evaluated only for the elements that take it (rows.go): an index out of bounds or a
// missing element on the other branch does not count, nor does a density that is
// infinite there.
func (l *lowerer) conditional(e *ast.If) val {
	if l.inBody() && !l.tainted(e.Cond) {
		return l.conditionalInBody(e)
	}
	c := l.table(e.Cond)
	if !c.IsConst() {
		x, y := l.table(e.Then), l.table(e.Else)
		l.branches(e, c, x, y)
		return val{l.b.Where(c.Value, x.Value, y.Value), join(x.elem, y.elem)}
	}
	if x, ok := uniform(l.where(c.Value)); ok { // one branch for all
		if x != 0 {
			return l.table(e.Then)
		}
		return l.table(e.Else)
	}
	x := l.onRows(c.Value, e.Then)
	y := l.onRows(l.b.Not(c.Value), e.Else)
	l.branches(e, c, x, y)
	return val{l.b.Where(c.Value, x.Value, y.Value), join(x.elem, y.elem)}
}

// conditionalInBody selects in the body of a recurrence, by a condition that
// does not depend on it. The guard is that of the loop outside.
func (l *lowerer) conditionalInBody(e *ast.If) val {
	var c val
	var all float64
	var same bool
	l.outsideBody(func() {
		c = l.table(e.Cond)
		if c.IsConst() {
			all, same = uniform(l.where(c.Value))
		}
	})
	if same && all != 0 {
		return l.table(e.Then)
	}
	if same {
		return l.table(e.Else)
	}
	saved := l.guard
	branch := func(cond func() named.Value, e ast.Expr) val {
		defer func() { l.guard = saved }()
		if c.IsConst() && c.Rank() == 0 {
			l.outsideBody(func() { l.guard = l.guarded(cond()) })
		}
		return l.table(e)
	}
	x := branch(func() named.Value { return c.Value }, e.Then)
	y := branch(func() named.Value { return l.b.Not(c.Value) }, e.Else)
	l.branches(e, c, x, y)
	return val{l.b.Where(l.in(e, c.Value), x.Value, y.Value), join(x.elem, y.elem)}
}

// guarded narrows the guard by a condition.
func (l *lowerer) guarded(cond named.Value) named.Value {
	if l.guard.Valid() {
		return l.b.And(l.guard, cond)
	}
	return cond
}

func join(a, b lang.Elem) lang.Elem {
	if a == b {
		return a
	}
	return arithmetic(a, b)
}

func (l *lowerer) branches(e *ast.If, c, x, y val) {
	l.sameShape(e, x, y)
	l.sameShape(e, c, x)
	l.sameShape(e, c, y)
}

// under evaluates e with the guard narrowed by a known condition. A condition
// on whole arrays does not say which iterations run, so it does not guard.
func (l *lowerer) under(cond named.Value, e ast.Expr) val {
	saved := l.guard
	defer func() { l.guard = saved }()
	if cond.Rank() == 0 {
		l.guard = l.guarded(cond)
	}
	return l.table(e)
}

// where is a known condition with what is beyond the guard left out, if that
// makes it the same everywhere.
func (l *lowerer) where(cond named.Value) named.Value {
	t := l.b.Not(l.b.Not(cond))
	if !l.guard.Valid() || cond.Rank() > 0 {
		return t
	}
	if _, i := l.offending(cond); i < 0 {
		return l.b.Scalar(0)
	}
	if _, i := l.offending(l.b.Not(cond)); i < 0 {
		return l.b.Scalar(1)
	}
	return t
}

// shortCircuit evaluates the right side of && and || only where the left one
// does not settle the matter.
func (l *lowerer) shortCircuit(e *ast.Binary) val {
	x := l.table(e.X)
	if !x.IsConst() || x.Rank() > 0 {
		return l.operate(e, x, l.table(e.Y))
	}
	open := x.Value
	if e.Op == "||" {
		open = l.b.Not(open)
	}
	if c, ok := uniform(l.where(open)); ok && c == 0 {
		return val{l.b.Scalar(map[string]float64{"||": 1}[e.Op]), lang.Bool}
	}
	return l.operate(e, x, l.under(open, e.Y))
}

package lower

import (
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// A sequential loop is interpreted as a plate: given the values of latents,
// all its terms are known at once. What an iteration reads of earlier ones
// must then be there in full before the statement that reads it, so
//
//   - latents are made ahead of the body (prepare), but for those whose bounds
//     must be worked out first;
//   - statements go in the order of their dependencies, not of the text: one
//     that reads e[t-1] comes after the one that defines e[t];
//   - statements that depend on one another in a circle are a recurrence.
//     Those of lets of data run iteration by iteration (sequence.go).
func (l *lowerer) forLoop(s *ast.For) {
	if l.sequence != nil {
		l.iterate(s.Binders, func() { l.block(s.Body) })
		return
	}
	if l.sim == nil && !l.guiding {
		l.prepare(s)
	}
	around := l.context
	var done []ast.Stmt
	l.plate(s.Binders, func() {
		for _, group := range l.order(s) {
			if group.circular && !l.try(func() { done = append(done, l.recurrence(s, group, around)...) }) {
				for _, u := range group.units {
					l.breakArrays(u.stmt)
				}
				continue
			}
			for _, u := range group.units {
				if _, let := u.stmt.(*ast.Let); l.sim != nil && group.circular && !let {
					continue // the sequence has drawn it
				}
				l.runUnit(u)
			}
		}
	})
	for _, x := range done { // in a function, another call runs it again
		delete(l.done, x)
	}
}

func (l *lowerer) runUnit(u *unit) {
	if u.making {
		if !l.try(func() { l.makeLatent(u.stmt.(*ast.Sample)) }) {
			l.breakArrays(u.stmt)
		}
		return
	}
	l.attempt(u.stmt)
}

// prepare makes the pieces of the latents of a loop whose support needs no
// parameters.
func (l *lowerer) prepare(s ast.Stmt) {
	inner := func(binders []*ast.Binder, body []ast.Stmt) {
		l.plate(binders, func() {
			for _, x := range body {
				l.quietly(func() { l.prepare(x) }) // if it cannot be, it waits its turn
			}
		})
	}
	switch s := s.(type) {
	case *ast.For:
		inner(s.Binders, s.Body)
	case *ast.Plate:
		inner(s.Binders, s.Body)
	case *ast.Sample:
		info := l.m.Samples[s]
		switch {
		case info == nil || info.Dist == nil || info.Kind != lang.Latent:
		case info.Discrete:
			l.prepareDiscrete(s, info)
		case !l.bounded(s, info):
			l.makeLatent(s)
		}
	}
}

// iterate runs body for each value of the binders' indices.
func (l *lowerer) iterate(binders []*ast.Binder, body func()) {
	if len(binders) == 0 {
		body()
		return
	}
	b := binders[0]
	lo, hi := l.end(b.Range.Lo, "the start of a range"), l.end(b.Range.Hi, "the end of a range")
	first, ok1 := uniform(lo)
	last, ok2 := uniform(hi)
	outer := union(lo.Axes(), hi.Axes())
	lo, hi = l.b.With(lo, outer...), l.b.With(hi, outer...)
	for c, x := range lo.Const() {
		if c == 0 {
			first, last = x, hi.Const()[0]
		}
		first, last = min(first, x), max(last, hi.Const()[c])
	}
	defer l.enter()()
	l.multiply(b, max(0, int(last)-int(first)+1))
	before := len(l.diags)
	for i := int(first) + l.skipped[b]; i <= int(last); i++ {
		l.iteration(b, i, func() {
			if !ok1 || !ok2 {
				l.flatten(b.Name.Name, outer, among(lo.Const(), hi.Const(), float64(i)), named.Plate)
			}
			l.iterate(binders[1:], body)
		})
		if len(l.diags) > before {
			panic(failed{}) // what comes after would lack elements
		}
	}
}

// iteration binds an index to a number around body.
func (l *lowerer) iteration(b *ast.Binder, i int, body func()) {
	defer l.enter()()
	l.count(b, l.b.Scalar(float64(i)))
	body()
}

// among lists the cells whose range lo..hi contains i.
func among(lo, hi []float64, i float64) []float64 {
	var cells []float64
	for c := range lo {
		if lo[c] <= i && i <= hi[c] {
			cells = append(cells, float64(c))
		}
	}
	return cells
}

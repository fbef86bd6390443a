package check

import (
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Plates and loops. Iterations of a plate are independent, those of a `for`
// run in order. So what a statement may read of an array that is being built
// depends on where each defining statement stands:
//
//   - in no loop in common with the read: it must be above, and then all of its
//     elements are there; one below is fine if the element read is provably not
//     among those that it defines;
//   - in a common plate: only the element of the plate's own index;
//   - in a common `for`: an element of an earlier iteration, or of the same one
//     if the definition stands above in the text;
//   - in either: an element that is provably none of those that the statement
//     defines in any iteration.
//
// Loops are gone through from the outside in; an earlier iteration of an outer
// `for` settles the matter. What cannot be proven is refused.

// when says at which iteration of a loop an element was defined.
type when int

const (
	unknownWhen when = iota
	same
	earlier
	notLater // the same or an earlier one
	later
	allOf // a whole dimension
)

// readable checks a read of an array in pieces; args is nil for the whole.
func (c *checker) readable(in *info, at diag.Span, args []ast.IndexArg) bool {
	if in.array.done || in.array.busy || len(in.array.sites) > maxPieces && !c.affordable(in, at) {
		return true
	}
	in.array.busy = true
	defer func() { in.array.busy = false }()
	for _, d := range in.array.sites {
		shared := c.sharedLoops(d)
		switch {
		case len(shared) > 0:
			if !c.apartFrom(d, args) && !c.readableInLoop(in, d, shared, at, args) {
				return false
			}
		case !d.done && !c.apartFrom(d, args) && !c.insideDone(in, args):
			c.reportIncomplete(in, d, at, args)
			return false
		}
	}
	return true
}

// affordable refuses reads of an array of very many pieces in a loop, each of
// which would be compared with all of the pieces. Outside of loops the order of
// the text is left to binding.
func (c *checker) affordable(in *info, at diag.Span) bool {
	if len(c.loops) > 0 && !in.array.refused {
		in.array.refused = true
		c.notYet(at, "reading an array in a loop that more than %d statements define is not supported yet", maxPieces)
	}
	return false
}

// sharedLoops are the plates and loops around both the read and d.
func (c *checker) sharedLoops(d *defSite) []*loop {
	n := 0
	for n < len(d.loops) && n < len(c.loops) && d.loops[n] == c.loops[n].node {
		n++
	}
	return c.loops[:n]
}

func (c *checker) readableInLoop(in *info, d *defSite, shared []*loop, at diag.Span, args []ast.IndexArg) bool {
	for _, l := range shared {
		for _, v := range l.vars {
			p, offset, ok := c.follows(d, v)
			if !ok {
				return false // the definition does not use the index: reported there
			}
			w := allOf
			if p < len(args) {
				w = c.iteration(args[p], offset, v)
			}
			switch {
			case w == same:
				continue
			case l.ordered && w == earlier, l.ordered && w == notLater && d.done:
				return true
			}
			c.reportLook(in, d, l, v, w, at, args)
			return false
		}
	}
	if d.done {
		return true
	}
	c.report(UsedBeforeDefinition, at, "`%s` is read above its definition in the same iteration", in.sym.Name).
		related(d.span, "defined here").hint("%s", selfHint(shared))
	return false
}

func selfHint(shared []*loop) string {
	if shared[len(shared)-1].ordered {
		return "an iteration may read what earlier ones defined: `[t-1]`"
	}
	return "move the definition above its first use"
}

// follows finds the position of d's left side that follows an index, and its
// offset: 1 for `h[t+1]`.
func (c *checker) follows(d *defSite, v *indexVar) (p int, offset lang.Dim, ok bool) {
	for p, ix := range d.index {
		if ix.Binder != nil {
			if ix.Binder.Name.Name == v.name && v.loop.node == d.stmt {
				return p, lang.Dim{}, true
			}
			continue
		}
		if ix.Arg.Expr == nil {
			continue
		}
		form, ok := c.affine(ix.Arg.Expr)
		if ok && form.Coef(v.id) == 1 {
			offset := form.Sub(v.dim)
			return p, offset, !c.mentionsIndex(offset)
		}
	}
	return 0, lang.Dim{}, false
}

// iteration says when the element at an index was defined, relative to now.
func (c *checker) iteration(a ast.IndexArg, offset lang.Dim, v *indexVar) when {
	e := a.Expr
	if a.Range != nil {
		e = a.Range.Hi
	}
	if e == nil {
		return allOf
	}
	form, ok := c.affine(e)
	if !ok {
		return unknownWhen
	}
	ahead := form.Sub(offset).Sub(v.dim)
	n, isInt := ahead.Int()
	switch {
	case isInt && n == 0 && a.Range == nil:
		return same
	case c.provable(ahead.Scale(-1), 1):
		return earlier
	case c.provable(ahead.Scale(-1), 0):
		return notLater
	case c.provable(ahead, 1):
		return later
	}
	return unknownWhen
}

// reportLook says why an iteration may not read an element.
func (c *checker) reportLook(in *info, d *defSite, l *loop, v *indexVar, w when, at diag.Span, args []ast.IndexArg) {
	name := in.sym.Name
	text := name
	if len(args) > 0 {
		text = name + "[" + c.src.Slice(args[0].Span().To(args[len(args)-1].Span())) + "]"
	}
	switch {
	case w == allOf:
		c.report(IncompleteArray, at, "`%s` as a whole is complete only after the %s that defines it", name, loopWord(l)).
			related(d.span, "defined here").hint("read single elements here, or use it below")
	case !l.ordered:
		c.report(PlateLooksSideways, at, "a plate may not look at `%s`: its iterations are independent", text).
			expected("the plate's own index, `%s`", v.name).found("`%s`", text).
			related(d.span, "`%s` is defined here", name).hint("%s", sidewaysHint(w, name))
	case w == later:
		c.report(LoopLooksAhead, at, "a `for` may not look ahead at `%s`", text).
			related(d.span, "`%s` is defined here", name).hint("an iteration may read what earlier ones defined: `[%s-1]`", v.name)
	case w == notLater:
		c.report(UsedBeforeDefinition, at, "`%s` may be the element that this very iteration defines below", text).
			related(d.span, "defined here").hint("an iteration may read what earlier ones defined")
	default:
		c.report(LoopLooksAhead, at, "it cannot be told whether `%s` lies before iteration `%s`", text, v.name).
			related(d.span, "`%s` is defined here", name).
			hint("an iteration may read only what earlier ones defined; the index must be `%s` minus something that is at least 1", v.name)
	}
}

func sidewaysHint(w when, name string) string {
	if w == earlier || w == notLater {
		return "use `for`, whose iterations may look back"
	}
	return "use `for`, whose iterations may look back, or read `" + name + "` below the plate"
}

func loopWord(l *loop) string {
	if l.ordered {
		return "`for`"
	}
	return "plate"
}

// apartFrom reports whether an element is provably none of those that d defines.
func (c *checker) apartFrom(d *defSite, args []ast.IndexArg) bool {
	for p, ix := range d.index {
		if p >= len(args) {
			return false
		}
		lo, hi, ok := c.endsOf(args[p])
		if !ok {
			continue
		}
		e, ok := c.extentBelow(d, ix)
		if ok && (c.provable(e.lo.Sub(hi), 1) || c.provable(lo.Sub(e.hi), 1)) {
			return true
		}
	}
	return false
}

// insideDone reports whether an element lies in a piece that is complete.
func (c *checker) insideDone(in *info, args []ast.IndexArg) bool {
	for _, box := range in.array.boxes() {
		inside := len(args) >= len(box)
		for p, e := range box {
			if !inside {
				break
			}
			lo, hi, ok := c.endsOf(args[p])
			inside = ok && e.exact && c.provable(lo.Sub(e.lo), 0) && c.provable(e.hi.Sub(hi), 0)
		}
		if inside {
			return true
		}
	}
	return false
}

// endsOf are the least and the largest index of an argument.
func (c *checker) endsOf(a ast.IndexArg) (lo, hi lang.Dim, ok bool) {
	switch {
	case a.Range != nil:
		lo, okLo := c.affine(a.Range.Lo)
		hi, okHi := c.affine(a.Range.Hi)
		return lo, hi, okLo && okHi
	case a.Expr == nil:
		return lo, hi, false
	}
	lo, ok = c.affine(a.Expr)
	return lo, lo, ok
}

// extentBelow is the range of a left index of a statement whose loops have not
// been entered. The ends of its loops must be known here.
func (c *checker) extentBelow(d *defSite, ix ast.LeftIndex) (extent, bool) {
	b, e := ix.Binder, ix.Arg.Expr
	if b == nil && e != nil {
		for _, v := range d.vars {
			if mentionsName(e, v.Name.Name) {
				if n, ok := ast.Unparen(e).(*ast.Name); !ok || n.Name != v.Name.Name {
					return extent{}, false
				}
				b = v
			}
		}
	}
	if b == nil {
		if e == nil {
			return extent{}, false
		}
		form, ok := c.affine(e)
		return extent{form, form, ok}, ok
	}
	for _, v := range d.vars {
		if b.Range == nil || mentionsName(b.Range, v.Name.Name) {
			return extent{}, false
		}
	}
	lo, okLo := c.affine(b.Range.Lo)
	hi, okHi := c.affine(b.Range.Hi)
	return extent{lo, hi, true}, okLo && okHi
}

func (c *checker) reportIncomplete(in *info, d *defSite, at diag.Span, args []ast.IndexArg) {
	what := "`" + in.sym.Name + "` as a whole is complete only below"
	if len(args) > 0 {
		what = "this element of `" + in.sym.Name + "` may be defined only below"
	}
	c.report(IncompleteArray, at, "%s", what).
		related(d.span, "more of it is defined here").hint("move this statement below the last piece")
}

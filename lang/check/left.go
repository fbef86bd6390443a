package check

import (
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
)

// The left side of a definition. What is defined must be plain from the text,
// so an index is a constant or the index of an enclosing loop, shifted perhaps,
// and the index of every loop is used.

// leftBox checks the indices on the left of a definition, and gives the box
// that it fills.
func (c *checker) leftBox(name ast.Ident, index []ast.LeftIndex, in *info) ([]extent, bool) {
	ok := c.usesIndices(name, index)
	var box []extent
	seen := map[string]bool{}
	for _, ix := range index {
		e, good := c.leftExtent(name, ix, seen)
		box = append(box, e)
		ok = ok && good
	}
	return box, ok
}

// leftExtent checks one index of a definition: a constant, or an index of an
// enclosing plate or loop, shifted perhaps.
func (c *checker) leftExtent(name ast.Ident, ix ast.LeftIndex, seen map[string]bool) (extent, bool) {
	var e ast.Expr
	switch {
	case ix.Binder != nil:
		e = &ast.Name{At: ix.Binder.Name.At, Name: ix.Binder.Name.Name}
	case ix.Arg.Expr != nil:
		e = ix.Arg.Expr
	case ix.Arg.Range == nil && !ix.Arg.Colon:
		return extent{}, false
	default:
		c.report(SliceDefines, ix.Span(), "a slice on the left is for data; `%s` is defined here", name.Name).
			hint("name the index, `%s[i in %s] ~ ...`, or write `%s` alone where the distribution is over vectors", name.Name, c.sliceText(ix.Arg), name.Name)
		return extent{}, false
	}
	var v value
	c.as(roleIndex, e, func() { v = c.expr(e) })
	if v.bad {
		return extent{}, false
	} else if !v.t.IsScalar() || v.t.Elem != lang.Int || !v.dep.known() {
		c.report(BadLeftIndex, e.Span(), "an index on the left is an int that data and indices tell").expected("int").found("%s", v.t)
		return extent{}, false
	}
	d, ok := c.affine(e)
	if !ok || !c.simpleLeft(d, seen) {
		c.report(BadLeftIndex, e.Span(), "an index on the left of a definition is a constant, or one index of a plate or loop, shifted perhaps").
			expected("`i`, `i + 1` or `1`").found("`%s`", c.text(e)).
			hint("each index may stand once; reorder with an index on the right")
		return extent{}, false
	}
	out := c.extentOf(d)
	if n, isInt := out.lo.Int(); isInt && n < 1 {
		c.report(IndexOutOfBounds, e.Span(), "`%s[%d]` is outside: indices start at 1", name.Name, n).expected("1 or more").found("%d", n)
		return extent{}, false
	}
	return out, true
}

// sliceText is the range that a slice on the left means.
func (c *checker) sliceText(a ast.IndexArg) string {
	if a.Range == nil {
		return "1..N"
	}
	return c.text(a.Range)
}

// simpleLeft reports whether a form has at most one index, not seen before,
// with coefficient 1.
func (c *checker) simpleLeft(d lang.Dim, seen map[string]bool) bool {
	n := 0
	for _, s := range d.Symbols() {
		b := c.bounds[s.Name]
		switch {
		case b == nil || !b.index && !b.dependent:
		case !b.index || d.Coef(s.Name) != 1 || seen[s.Name]:
			return false
		default:
			seen[s.Name] = true
			n++
		}
	}
	return n <= 1
}

// usesIndices asks that the left side uses the index of each enclosing loop.
func (c *checker) usesIndices(name ast.Ident, index []ast.LeftIndex) bool {
	var missing []string
	for _, l := range c.loops {
		for _, v := range l.vars {
			if !leftMentions(index, v.name) {
				missing = append(missing, v.name)
			}
		}
	}
	if len(missing) == 0 {
		return true
	}
	var full []string
	for _, l := range c.loops {
		for _, v := range l.vars {
			full = append(full, v.name)
		}
	}
	c.report(MissingIndex, name.Span(), "`%s` does not use the index `%s`, so every iteration would define the same element", name.Name, strings.Join(missing, "`, `")).
		hint("write `%s[%s]`, or move it out of the plate or loop", name.Name, strings.Join(full, ", "))
	return false
}

func leftMentions(index []ast.LeftIndex, name string) bool {
	for _, ix := range index {
		if ix.Binder != nil && ix.Binder.Name.Name == name {
			return true
		}
		if e := ix.Arg.Expr; e != nil && mentionsName(e, name) {
			return true
		}
		if r := ix.Arg.Range; r != nil && mentionsName(r, name) {
			return true
		}
	}
	return false
}

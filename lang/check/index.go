package check

import (
	"strconv"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Indexing: `x[i, j]`, a row `x[i]`, `x[:, j]`, `x[2..T]`, `x[idx]`. An index
// that is provably outside is an error at once, unless an `if` may keep it from
// being evaluated. One that depends on a latent must be provably inside.

// index checks `X[ARGS]`.
func (c *checker) index(e *ast.Index) value {
	name, ok := ast.Unparen(e.X).(*ast.Name)
	if !ok {
		base := c.expr(e.X)
		return c.selected(base, e.Args, e.Span(), c.text(e.X), true)
	}
	var base value
	if reserved[name.Name] {
		base = c.expr(e.X)
	} else if in := c.lookupArray(name); in == nil {
		base = poison()
	} else {
		base = c.read(in, name, e.Span(), e.Args)
		if !base.bad {
			c.recordType(e.X, base.t)
		}
		return c.selected(base, e.Args, e.Span(), name.Name, in.array == nil || in.array.done)
	}
	return c.selected(base, e.Args, e.Span(), name.Name, true)
}

// lookupArray resolves a name that is indexed.
func (c *checker) lookupArray(name *ast.Name) (in *info) {
	c.as(roleArray, name, func() { in = c.lookup(name.Name, name.Span()) })
	return in
}

func (c *checker) recordType(e ast.Expr, t lang.Type) {
	if c.quiet == 0 {
		c.m.Types[e] = t
	}
}

// selected gives the type of base at args. sized says that its dimensions are
// final, so that an index can be compared with them.
func (c *checker) selected(base value, args []ast.IndexArg, at diag.Span, name string, sized bool) value {
	out := base
	var dims []lang.Dim
	for p, a := range args {
		if a.Colon {
			if !base.bad && p < base.t.Rank() {
				dims = append(dims, base.t.Dims[p])
			}
			continue
		}
		var dim *lang.Dim
		if sized && !base.bad && p < base.t.Rank() {
			dim = &base.t.Dims[p]
		}
		if base.bad {
			c.underIf++ // one error is enough: no bounds
		}
		ds, d, ok := c.indexArg(a, dim, name)
		if base.bad {
			c.underIf--
		}
		dims = append(dims, ds...)
		out.dep = out.dep.or(d)
		out.bad = out.bad || !ok
	}
	if base.bad {
		return out
	}
	if len(args) > base.t.Rank() {
		if base.t.IsScalar() {
			c.report(BadIndex, at, "`%s` is a scalar: it has no elements", name).expected("an array").found("`%s` is %s", name, base.t)
		} else {
			c.report(BadIndex, at, "`%s` has %s, but is indexed by %d", name, counted(base.t.Rank(), "dimension"), len(args)).
				expected("at most %s", counted(base.t.Rank(), "index")).found("`%s` is %s", name, base.t)
		}
		out.bad = true
		return out
	}
	if len(args) == 0 {
		c.report(BadIndex, at, "an index is missing between the brackets")
		out.bad = true
		return out
	}
	out.t.Dims = append(dims, base.t.Dims[len(args):]...)
	if len(args) > base.t.Rank()-base.t.Kind.EventRank() {
		out.t.Kind = lang.Plain
	}
	return out
}

// indexArg checks one index into a dimension (nil where not known) and gives
// the dimensions that it leaves.
func (c *checker) indexArg(a ast.IndexArg, dim *lang.Dim, name string) ([]lang.Dim, dep, bool) {
	switch {
	case a.Range != nil:
		lo, hi, ok := c.rangeEnds(a.Range)
		if !ok {
			return []lang.Dim{{}}, dep{}, false
		}
		c.checkInside(a.Range.Lo, lo, nil, name, true)
		if dim != nil {
			c.checkInside(a.Range.Hi, hi, dim, name, false)
		}
		return []lang.Dim{length(lo, hi)}, dep{}, true
	case a.Expr == nil:
		return nil, dep{}, false
	}
	var v value
	c.as(roleIndex, a.Expr, func() { v = c.expr(a.Expr) })
	if v.bad {
		return nil, v.dep, false
	}
	if v.t.Elem != lang.Int {
		n := c.report(BadIndex, a.Expr.Span(), "an index is an int").expected("int").found("%s", v.t)
		if v.t.Elem == lang.Bool {
			n.hint("there are no masks: use `if`, or an int array of positions")
		}
		return nil, v.dep, false
	}
	return v.t.Dims, v.dep, c.checkBounds(a.Expr, v, dim, name)
}

// checkBounds compares an index with the dimension that it goes into.
func (c *checker) checkBounds(e ast.Expr, v value, dim *lang.Dim, name string) bool {
	if c.quiet > 0 {
		return true
	}
	if v.dep.known() {
		c.noteFnUse(e, func(f *fnInfo) map[string]bool { return f.indices })
		if d, ok := c.affine(e); ok && v.t.IsScalar() {
			return c.checkInside(e, d, dim, name, true)
		}
		return true
	}
	if dim == nil {
		return true
	}
	lo, hi := c.rangeOf(e)
	if lo != nil && c.provable(*lo, 1) && hi != nil && c.provable(dim.Sub(*hi), 0) {
		return true
	}
	if lo != nil && hi != nil && !c.provable(lo.Scale(-1), 0) && !c.provable(hi.Sub(*dim), 1) {
		return true // only the data can tell: binding compares all values with the dimension
	}
	found := "unknown bounds"
	if lo != nil && hi != nil {
		found = lo.String() + ".." + hi.String()
	} else if lo != nil {
		found = lo.String() + " and above"
	}
	c.report(LatentIndex, e.Span(), "an index that depends on %s must lie inside `%s`, whatever its value", v.dep, name).
		expected("1..%s", dim).found("%s", found).
		hint("draw it from a Categorical over %s categories, or truncate it: `in 1..%s`", dim, dim)
	return false
}

// checkInside reports an index that is provably outside 1..dim.
func (c *checker) checkInside(e ast.Expr, d lang.Dim, dim *lang.Dim, name string, low bool) bool {
	if c.underIf > 0 || !c.attained(d) {
		return true
	}
	if least, ok := c.lower(d, indexSymbol); ok && low {
		if most, isInt := least.Int(); isInt && most < 1 {
			n := c.report(IndexOutOfBounds, e.Span(), "`%s[%s]` is outside: indices start at 1", name, least)
			if least.Equal(d) != lang.Yes {
				n.d.Summary = "the index of `" + name + "` goes down to " + least.String() + ": indices start at 1"
			}
			n.expected("1 or more").found("%s", least)
			if c.underIf == 0 && least.Equal(d) != lang.Yes {
				n.hint("let the range start later, or guard it with `if`")
			} else if most == 0 {
				n.hint("the first element is `%s[1]`", name)
			}
			return false
		}
	}
	if dim == nil {
		return true
	}
	most, ok := c.upper(d, indexSymbol)
	if !ok || !c.atLeast(most.Sub(*dim), 1) {
		return true
	}
	n := c.report(IndexOutOfBounds, e.Span(), "`%s[%s]` is outside: the dimension has %s", name, most, elements(*dim)).
		expected("1..%s", dim).found("%s", most)
	if most.Equal(d) != lang.Yes {
		n.d.Summary = "the index of `" + name + "` goes up to " + most.String() + ": the dimension has " + elements(*dim)
	}
	return false
}

func elements(d lang.Dim) string {
	if n, ok := d.Int(); ok && n == 1 {
		return "1 element"
	}
	return d.String() + " elements"
}

// counted writes a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if noun == "index" {
		return strconv.Itoa(n) + " indices"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

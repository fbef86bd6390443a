package check

import (
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Statements, in the order of the text.

func (c *checker) stmts(list []ast.Stmt) {
	for _, s := range list {
		c.stmt(s)
		if len(c.loops) == 0 {
			c.finish()
		}
	}
}

func (c *checker) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.Data:
		if c.allowed(s, "data", true) {
			c.data(s)
		}
	case *ast.Param:
		if c.allowed(s, "param", true) {
			c.param(s)
		}
	case *ast.Fn:
		c.allowed(s, "fn", true) // checked at the start
	case *ast.Guide:
		if c.allowed(s, "guide", true) {
			c.guideBlock(s)
		}
	case *ast.Factor:
		if c.allowed(s, "factor", false) {
			c.factor(s)
		}
	case *ast.Generate:
		if c.allowed(s, "generate", false) {
			c.generate(s)
		}
	case *ast.Sample:
		if c.allowed(s, "~", false) {
			c.sample(s)
		}
	case *ast.Plate:
		if c.allowed(s, "plate", false) {
			c.loop(&loop{node: s}, s.Binders, s.Body)
		}
	case *ast.For:
		c.loop(&loop{node: s, ordered: true}, s.Binders, s.Body)
	case *ast.Let:
		c.let(s)
	}
}

// allowed reports a statement that may not stand where it does.
func (c *checker) allowed(s ast.Stmt, what string, topOnly bool) bool {
	at := diag.Span{Start: s.Span().Start, End: min(s.Span().Start+len(what), s.Span().End)}
	if smp, ok := s.(*ast.Sample); ok {
		at = smp.Name.Span()
	}
	switch {
	case c.fn != nil && what != "let" && what != "for":
		c.report(MisplacedStatement, at, "`%s` may not stand in a `fn`", what).expected("`let`, `for` or `return`").
			hint("a function only computes; draw and observe in the model")
		return false
	case c.guide != nil && (topOnly || what == "factor" || what == "generate"):
		c.report(MisplacedStatement, at, "`%s` may not stand in a `guide`", what).expected("`~`, `let`, `plate` or `for`")
		return false
	case topOnly && len(c.loops) > 0:
		c.report(MisplacedStatement, at, "`%s` stands at top level only", what).hint("move it out of the plate or loop")
		return false
	}
	return true
}

func (c *checker) data(s *ast.Data) {
	t, ok := c.resolveType(s.Type, dataType)
	sym := &lang.Symbol{Name: s.Name.Name, Kind: lang.SymData, Type: t, Span: s.Name.Span(), Decl: s}
	in := &info{sym: sym, bad: !ok}
	if ok {
		c.dataBounds(in, s, t)
		c.constraint(s.Constraint, t, "data")
		if s.Default != nil {
			c.defaultValue(s.Default, t, "the default of `"+sym.Name+"`", false)
		}
		if t.Optional {
			c.notYet(s.Type.Span(), "data with missing elements are not supported yet")
		}
	}
	c.m.Data = append(c.m.Data, sym)
	if old, known := c.top.names[sym.Name]; known && ok && old.sym.Kind == lang.SymDim && isPlainInt(t) {
		c.all = append(c.all, in)
		c.top.names[sym.Name] = in // `data N : int` after `real[N]`
		return
	}
	c.declare(c.top, in, RedefinedName)
}

func isPlainInt(t lang.Type) bool {
	return t.Elem == lang.Int && t.IsScalar() && !t.Optional && t.Levels == ""
}

// dataBounds records the symbolic value of an int and the bounds of its elements.
func (c *checker) dataBounds(in *info, s *ast.Data, t lang.Type) {
	if t.Elem == lang.Bool {
		in.lo, in.hi = dimPtr(lang.DimInt(0)), dimPtr(lang.DimInt(1))
	}
	if t.Elem != lang.Int {
		return
	}
	if t.Levels != "" {
		in.lo, in.hi = dimPtr(lang.DimInt(1)), dimPtr(lang.DimName(t.Levels))
		if l, ok := c.find(t.Levels); ok && l.aff != nil {
			in.hi = l.aff
		}
	}
	lo, hi := c.constraintBounds(s.Constraint)
	if lo != nil {
		in.lo = lo
	}
	if hi != nil {
		in.hi = hi
	}
	if t.IsScalar() {
		d := lang.DimName(in.sym.Name)
		in.aff = &d
		if old := c.bounds[in.sym.Name]; old != nil {
			if in.lo != nil {
				old.lo = in.lo
			}
			old.hi = in.hi
		} else {
			c.setBound(in.sym.Name, d, in.lo, in.hi)
		}
	}
}

// constraintBounds are the bounds that a constraint puts on integers.
func (c *checker) constraintBounds(k *ast.Constraint) (lo, hi *lang.Dim) {
	form := func(e ast.Expr) *lang.Dim {
		if e == nil {
			return nil
		}
		v := c.ask(e)
		if d, ok := c.affine(e); ok && !v.bad && v.t.IsScalar() && !c.mentionsIndex(d) {
			return &d
		}
		return nil
	}
	switch {
	case k == nil:
	case k.Range != nil:
		return form(k.Range.Lo), form(k.Range.Hi)
	case k.Op == ">=":
		return form(k.Bound), nil
	case k.Op == ">":
		return sum(form(k.Bound), dimPtr(lang.DimInt(1))), nil
	case k.Op == "<=":
		return nil, form(k.Bound)
	case k.Op == "<":
		return nil, sum(form(k.Bound), dimPtr(lang.DimInt(-1)))
	}
	return nil, nil
}

// constraint checks the bounds of data or of a param.
func (c *checker) constraint(k *ast.Constraint, t lang.Type, what string) {
	if k == nil {
		return
	}
	if t.Kind != lang.Plain || t.Elem == lang.Bool || t.Levels != "" {
		c.report(BadConstraint, k.Span(), "a `%s` cannot be bounded", strings.SplitN(t.String(), "[", 2)[0]).hint("its type already says which values it takes")
		return
	}
	var ends []ast.Expr
	switch {
	case k.Interval != nil:
		ends = []ast.Expr{k.Interval.Lo, k.Interval.Hi}
	case k.Range != nil:
		ends = []ast.Expr{k.Range.Lo, k.Range.Hi}
	default:
		ends = []ast.Expr{k.Bound}
	}
	if k.Range != nil && t.Elem == lang.Real {
		c.report(BadConstraint, k.Span(), "a range is for integers, but this is %s", t).
			hint("an open interval is written `in (%s, %s)`", c.text(ends[0]), c.text(ends[1]))
		return
	}
	for _, e := range ends {
		c.constraintEnd(e, k, t, what)
	}
}

func (c *checker) constraintEnd(e ast.Expr, k *ast.Constraint, t lang.Type, what string) {
	v := c.expr(e)
	switch {
	case v.bad:
	case !v.dep.known():
		c.report(NeedsData, e.Span(), "a bound of %s must be known from the data, but this depends on %s", what, v.dep)
	case k.Range != nil && v.t.Elem == lang.Real && !isInfinity(e):
		c.report(TypeMismatch, e.Span(), "the ends of a range are ints").expected("int").found("%s", v.t)
	case !v.t.IsScalar() && lang.SameShape(v.t.Dims, t.Dims) == lang.No:
		c.report(ShapeMismatch, e.Span(), "a bound must be scalar, or of the shape of what it bounds").expected("real or %s", t).found("%s", v.t)
	}
}

// defaultValue checks a default or an initial value: of the declared shape, or
// a scalar for all elements. Dimensions that the declaration binds are left to
// binding.
func (c *checker) defaultValue(e ast.Expr, t lang.Type, what string, exact bool) {
	v := c.expr(e)
	if v.bad {
		return
	}
	if !v.dep.known() {
		c.report(NeedsData, e.Span(), "%s must be known from the data, but this depends on %s", what, v.dep)
		return
	}
	want := t
	if v.t.IsScalar() || !exact && v.t.Rank() == t.Rank() {
		want.Dims = v.t.Dims
	}
	c.checkAssignable(v, want, e.Span(), what)
}

func (c *checker) param(s *ast.Param) {
	t, ok := c.resolveType(s.Type, paramType)
	if ok && t.Elem != lang.Real {
		c.report(TypeMismatch, s.Type.Span(), "a param is learned by gradients: it must be real").expected("real").found("%s", t)
		ok = false
	}
	sym := &lang.Symbol{Name: s.Name.Name, Kind: lang.SymParam, Type: t, Span: s.Name.Span(), Decl: s, Random: true}
	in := &info{sym: sym, bad: !ok, dep: dep{param: true}}
	if ok {
		c.constraint(s.Constraint, t, "a param")
		if s.Init != nil {
			c.defaultValue(s.Init, t, "the initial value of `"+sym.Name+"`", true)
		}
	}
	c.notYet(s.Span(), "`param` is not supported yet")
	c.m.Params = append(c.m.Params, sym)
	c.declare(c.top, in, RedefinedName)
}

func (c *checker) factor(s *ast.Factor) {
	v := c.expr(s.Value)
	if v.bad {
		return
	}
	if !v.t.IsScalar() {
		c.report(ShapeMismatch, s.Value.Span(), "`factor` adds one number to the log density").expected("real").found("%s", v.t).
			hint("add the elements up: `factor sum(...)`")
	}
}

func (c *checker) generate(s *ast.Generate) {
	c.notYet(s.Span(), "`generate` is not supported yet")
	was := c.generating
	c.generating = true
	c.stmt(s.Stmt)
	c.generating = was
}

// loop checks a plate or a `for`.
func (c *checker) loop(l *loop, bs []*ast.Binder, body []ast.Stmt) {
	c.enter(l, bs)
	defer c.leave()
	for _, s := range body {
		c.stmt(s)
	}
}

// enter opens the scope of a loop and binds its indices.
func (c *checker) enter(l *loop, bs []*ast.Binder) bool {
	c.scope = newScope(c.scope)
	ok := true
	c.loops = append(c.loops, l)
	for _, b := range bs {
		if v, good := c.bind(b, l); !good {
			ok = false
			if v != nil {
				c.hideIndex(v)
			}
		}
	}
	if len(c.loops) == 1 {
		c.declareArrays(l.node)
	}
	return ok
}

// hideIndex makes an index whose range is in error usable.
func (c *checker) hideIndex(v *indexVar) {
	if in, ok := c.scope.names[v.name]; ok {
		in.aff = &v.dim
	}
}

func (c *checker) leave() {
	c.loops = c.loops[:len(c.loops)-1]
	c.scope = c.scope.parent
}

// let checks `let x = E` and `let x[...] = E`.
func (c *checker) let(s *ast.Let) {
	if len(s.Index) > 0 {
		c.indexedLet(s)
		return
	}
	if in, taken := c.root.names[s.Name.Name]; taken && in.array != nil {
		c.expr(s.Value)
		c.report(RedefinedName, s.Name.Span(), "`%s` is already defined, element by element", s.Name.Name).related(in.sym.Span, "first defined here")
		c.markDone(s.Name.Name, s)
		return
	}
	sym := &lang.Symbol{Name: s.Name.Name, Kind: lang.SymLet, Span: s.Name.Span(), Decl: s, Generated: c.generating}
	in := &info{sym: sym, reads: map[*info]bool{}, local: c.scope != c.top}
	v := c.letValue(in, s.Value)
	in.dep, in.bad = v.dep, v.bad
	sym.Type, sym.Random = v.t, !v.dep.known()
	c.letForm(in, s.Value, v)
	c.m.Uses[s] = sym
	sym.Pieces = []*lang.Piece{{Stmt: s, Scope: c.loopNodes()}}
	c.declare(c.scope, in, RedefinedName)
	c.markDone(s.Name.Name, s)
	if c.scope == c.top {
		c.list(in)
	}
}

// letValue checks the value of a let and notes what it reads.
func (c *checker) letValue(in *info, e ast.Expr) value {
	was := c.cur
	c.cur = in
	v := c.expr(e)
	c.cur = was
	return v
}

// letForm records the symbolic value or the bounds of an integer let.
func (c *checker) letForm(in *info, e ast.Expr, v value) {
	if v.bad || v.t.Elem == lang.Real {
		return
	}
	in.lo, in.hi = c.rangeOf(e)
	if v.t.Elem != lang.Int || !v.t.IsScalar() || !v.dep.known() {
		return
	}
	d, ok := c.affine(e)
	if !ok {
		return
	}
	if d.Opaque() && c.scope == c.top {
		form := lang.DimName(in.sym.Name)
		b := c.setBound(in.sym.Name, form, nil, nil)
		if lo, ok := c.lower(d, opaqueSymbol); ok {
			b.lo = &lo
		}
		d = form
	}
	in.aff = &d
}

func opaqueSymbol(b *bound) bool { return b.sym.Opaque() }

func (c *checker) loopNodes() []ast.Node {
	var out []ast.Node
	for _, l := range c.loops {
		if _, own := l.node.(ast.Stmt); own {
			switch l.node.(type) {
			case *ast.Plate, *ast.For:
				out = append(out, l.node)
			}
		}
	}
	return out
}

// list adds a value of the model to its list.
func (c *checker) list(in *info) {
	if c.fn != nil || c.guide != nil {
		return
	}
	switch {
	case in.sym.Generated:
		c.m.Generated = append(c.m.Generated, in.sym)
	case in.sym.Kind == lang.SymLatent:
		c.m.Latents = append(c.m.Latents, in.sym)
	default:
		c.m.Lets = append(c.m.Lets, in.sym)
	}
}

func (c *checker) markDone(name string, stmt ast.Node) {
	d := c.site(name, stmt)
	if d == nil || d.done {
		return
	}
	d.done = true
	if d.array != nil {
		if d.array.array.left--; d.array.array.left == 0 {
			c.ready = append(c.ready, d.array)
		}
	}
}

// indexedLet fills (a part of) an array.
func (c *checker) indexedLet(s *ast.Let) {
	defer c.markDone(s.Name.Name, s)
	if own := binders(s.Index); len(own) > 0 {
		c.enter(&loop{node: s}, own)
		defer c.leave()
	}
	in := c.arrayFor(s.Name, s)
	if in == nil {
		c.letValue(&info{reads: map[*info]bool{}}, s.Value)
		return
	}
	v := c.letValue(in, s.Value)
	in.dep = in.dep.or(v.dep)
	if c.inFor() {
		in.loopLets = append(in.loopLets, s)
	}
	box, ok := c.leftBox(s.Name, s.Index, in)
	if v.bad || !ok {
		in.bad = true
		return
	}
	var lo, hi *lang.Dim
	if v.t.Elem != lang.Real {
		lo, hi = c.rangeOf(s.Value)
	}
	c.addPiece(in, s, lang.Array(v.t.Elem, v.t.Dims...), s.Value.Span(), box, lo, hi)
}

// arrayFor finds or declares the array that a statement defines a piece of.
func (c *checker) arrayFor(name ast.Ident, stmt ast.Stmt) *info {
	d := c.site(name.Name, stmt)
	in, found := c.find(name.Name)
	if d == nil || found && in.array == nil {
		if found {
			c.reportTaken(RedefinedName, in, &lang.Symbol{Name: name.Name, Kind: kindOf(stmt), Span: name.Span()})
		}
		return nil
	}
	if !found {
		in = c.declareArray(c.defs.byName[name.Name])
	}
	if in.sym.Kind != kindOf(stmt) || in.sym.Generated && !c.generating || c.generating && !in.sym.Generated && len(in.sym.Pieces) > 0 {
		c.reportTaken(RedefinedName, in, &lang.Symbol{Name: name.Name, Kind: kindOf(stmt), Span: name.Span()})
		return nil
	}
	c.m.Uses[stmt] = in.sym
	if len(in.sym.Pieces) == 0 {
		in.sym.Generated = c.generating
		c.list(in)
	}
	in.sym.Pieces = append(in.sym.Pieces, &lang.Piece{Stmt: stmt, Scope: c.loopNodes()})
	return in
}

func kindOf(stmt ast.Stmt) lang.SymbolKind {
	if _, ok := stmt.(*ast.Sample); ok {
		return lang.SymLatent
	}
	return lang.SymLet
}

// addPiece records a piece of an array: the type of its elements and the box
// that it fills.
func (c *checker) addPiece(in *info, stmt ast.Stmt, elem lang.Type, at diag.Span, box []extent, lo, hi *lang.Dim) {
	a := in.array
	switch {
	case len(box) != a.n:
		c.report(BadLeftIndex, c.site(in.sym.Name, stmt).span, "`%s` is defined with %s here and with %d elsewhere", in.sym.Name, counted(len(box), "index"), a.n).
			related(in.sym.Span, "first defined here")
		in.bad = true
		return
	case a.guessed && lang.SameShape(a.elem.Dims, elem.Dims) != lang.No, a.guessed && !in.readEarly:
		if in.readEarly {
			elem.Elem = join(elem.Elem, a.elem.Elem)
		}
		a.elem, a.guessed = elem, false
		in.lo, in.hi = lo, hi
	case lang.SameShape(a.elem.Dims, elem.Dims) == lang.No:
		c.report(ShapeMismatch, at, "the pieces of `%s` must have elements of one shape", in.sym.Name).
			expected("%s", a.elem).found("%s", elem).related(in.sym.Span, "first defined here")
		in.bad = true
		return
	default:
		a.elem.Elem = join(a.elem.Elem, elem.Elem)
		in.lo, in.hi = c.lesser(in.lo, lo), c.greater(in.hi, hi)
	}
	c.site(in.sym.Name, stmt).piece = &piece{box}
}

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
			hint("name the index: `%s[i in 1..N] ~ ...`", name.Name)
		return extent{}, false
	}
	if v := c.expr(e); v.bad {
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

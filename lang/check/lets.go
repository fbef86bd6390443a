package check

import (
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Lets. A plain let is one value, local to the iteration inside a plate or
// loop; an indexed let fills an array of the root.

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
	box, ok := c.leftBox(s.Name, s.Index, in)
	if v.bad || !ok {
		in.bad = true
		return
	}
	if !c.alikeElements(s.Name, v.t) {
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
	if in.sym.Kind != kindOf(stmt) && !in.array.mixed || in.sym.Generated && !c.generating || c.generating && !in.sym.Generated && len(in.sym.Pieces) > 0 {
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
		if a.elem.Kind != elem.Kind { // a row that a let gives need not be a simplex
			a.elem.Kind = lang.Plain
		}
		in.lo, in.hi = c.lesser(in.lo, lo), c.greater(in.hi, hi)
	}
	c.site(in.sym.Name, stmt).piece = &piece{box}
	a.filled = append(a.filled, box)
}

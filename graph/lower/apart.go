package lower

import (
	"ppl/graph/fn"
	"ppl/lang"
	"ppl/lang/ast"
)

// Rows of data are predicted some at a time if each is predicted on its own: if nothing that a
// statement computes for a row reads another row, or the row's number, or how many there are. That is
// looked for in the text, and said to be so only where it is plain: arrays along the
// dimension are read at the row at hand, or are the operands of what works element by element. What the
// model computes over all rows of data is kept from the fit (frozen.go), and is none of this.

// Rows are the rows from..to−1 (from 0) along a dimension, as data of their own. What was frozen stays.
func (d *Data) Rows(m *lang.Model, dim string, from, to int) *Data {
	out := *d
	out.Values, out.Dims = map[string]*Array{}, map[string]int{}
	for name, n := range d.Dims {
		out.Dims[name] = n
	}
	for name, a := range d.Values {
		out.Values[name] = a
	}
	out.Dims[dim] = to - from
	if a := d.Values[dim]; a != nil { // a length that is data
		out.Values[dim] = &Array{Shape: a.Shape, Data: []float64{float64(to - from)}}
	}
	for _, s := range m.Data {
		if k := alongDim(s, dim); k >= 0 && d.Values[s.Name] != nil {
			out.Values[s.Name] = d.Values[s.Name].rows(k, from, to)
		}
	}
	return &out
}

// alongDim is the place of a dimension in the type of a symbol, −1 if it is not there.
func alongDim(s *lang.Symbol, dim string) int {
	for k, d := range s.Type.Dims {
		if d.Coef(dim) != 0 {
			return k
		}
	}
	return -1
}

// rows are those from..to−1 of dimension k.
func (a *Array) rows(k, from, to int) *Array {
	out := &Array{Shape: append([]int{}, a.Shape...)}
	out.Shape[k] = to - from
	inner, outer := 1, 1
	for _, n := range a.Shape[k+1:] {
		inner *= n
	}
	for _, n := range a.Shape[:k] {
		outer *= n
	}
	if k == 0 {
		out.Data = a.Data[from*inner : to*inner : to*inner]
		if a.Missing != nil {
			out.Missing = a.Missing[from*inner : to*inner]
		}
		return out
	}
	for o := range outer {
		at := o * a.Shape[k] * inner
		out.Data = append(out.Data, a.Data[at+from*inner:at+to*inner]...)
		if a.Missing != nil {
			out.Missing = append(out.Missing, a.Missing[at+from*inner:at+to*inner]...)
		}
	}
	return out
}

// RowsApart reports whether the rows along a dimension can be predicted some at a time, with
// Rows: see above. Freeze must have been called for the dimension.
func (d *Data) RowsApart(m *lang.Model, dim string) bool {
	a := &apart{m: m, data: d, dim: dim, rows: map[ast.Node]bool{}, ok: true}
	for _, list := range [][]*lang.Symbol{m.Data, m.Params, m.Latents, m.Lets, m.Generated} {
		for _, s := range list {
			a.typed(s.Type)
		}
	}
	for _, s := range m.Statements(true) {
		a.stmt(s)
	}
	return a.ok
}

// apart looks for what puts rows together.
type apart struct {
	m    *lang.Model
	data *Data
	dim  string
	rows map[ast.Node]bool // binders of indices that run over all rows
	ok   bool
}

func (a *apart) refuse() { a.ok = false }

// typed refuses types with lengths computed from that of the dimension, or with two of it.
func (a *apart) typed(t lang.Type) {
	n := 0
	for _, d := range t.Dims {
		switch {
		case a.isDim(d):
			n++
		case d.Coef(a.dim) != 0:
			a.refuse()
		}
		for _, s := range d.Symbols() {
			if s.Length != nil && a.mentions(s.Length) {
				a.refuse()
			}
		}
	}
	if n > 1 {
		a.refuse()
	}
}

// isDim reports whether a length is that of the dimension.
func (a *apart) isDim(d lang.Dim) bool {
	return d.Coef(a.dim) == 1 && len(d.Symbols()) == 1 && d.Const() == 0
}

// mentions reports whether an expression reads the length of the dimension.
func (a *apart) mentions(n ast.Node) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		found = found || a.isLength(n)
		return !found
	})
	return found
}

func (a *apart) isLength(n ast.Node) bool {
	x, is := n.(*ast.Name)
	s := a.m.Uses[n]
	return is && x.Name == a.dim && s != nil && (s.Kind == lang.SymDim || s.Kind == lang.SymData)
}

// along is the place of the dimension in the type of an expression; −1 if it is not there.
func (a *apart) along(e ast.Expr) int {
	for k, d := range a.m.Types[e].Dims {
		if d.Coef(a.dim) != 0 {
			return k
		}
	}
	return -1
}

func (a *apart) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.Data, *ast.Param, *ast.Guide, *ast.Fn:
	case *ast.Let:
		a.left(s.Index, a.m.Uses[s])
		a.expr(s.Value)
	case *ast.Sample:
		a.sample(s)
	case *ast.Plate:
		a.binders(s.Binders)
		for _, x := range s.Body {
			a.stmt(x)
		}
	case *ast.For:
		a.binders(s.Binders)
		for _, x := range s.Body {
			a.stmt(x)
		}
	default: // a factor weighs what it mentions
		a.refuse()
	}
}

func (a *apart) binders(bs []*ast.Binder) {
	for _, b := range bs {
		a.binder(b)
	}
}

// binder notes an index that runs over all rows, and refuses one over some of them.
func (a *apart) binder(b *ast.Binder) {
	one, is := ast.Unparen(b.Range.Lo).(*ast.Number)
	if a.isLength(ast.Unparen(b.Range.Hi)) && is && one.Value == 1 {
		a.rows[b] = true
		return
	}
	a.expr(b.Range.Lo)
	a.expr(b.Range.Hi)
}

// left looks at the indices of a left side.
func (a *apart) left(ix []ast.LeftIndex, s *lang.Symbol) {
	for k, x := range ix {
		if x.Binder != nil {
			a.binder(x.Binder)
		}
		along := s == nil || k < len(s.Type.Dims) && a.isDim(s.Type.Dims[k])
		switch {
		case x.Binder != nil:
			if a.rows[x.Binder] != along {
				a.refuse()
			}
		case along:
			a.rowIndex(x.Arg)
		default:
			a.indexArg(x.Arg)
		}
	}
}

// rowIndex refuses an index along the dimension that is not the row at hand.
func (a *apart) rowIndex(x ast.IndexArg) {
	if x.Colon {
		return
	}
	if name, is := ast.Unparen(orNothing(x.Expr)).(*ast.Name); !is || !a.isRow(name) {
		a.refuse()
	}
}

// isRow reports whether a name is an index that runs over all rows.
func (a *apart) isRow(e *ast.Name) bool {
	s := a.m.Uses[e]
	return s != nil && s.Kind == lang.SymIndex && a.rows[s.Decl]
}

func orNothing(e ast.Expr) ast.Expr {
	if e == nil {
		return &ast.Bool{}
	}
	return e
}

func (a *apart) indexArg(x ast.IndexArg) {
	if x.Expr != nil {
		a.expr(x.Expr)
	}
	if x.Range != nil {
		a.expr(x.Range.Lo)
		a.expr(x.Range.Hi)
	}
}

func (a *apart) sample(s *ast.Sample) {
	info := a.m.Samples[s]
	if info == nil || info.Dist == nil {
		a.refuse()
		return
	}
	a.left(s.Index, info.Symbol)
	for _, d := range info.Shape { // of a vector that runs over rows
		if d.Coef(a.dim) != 0 && !scalarParams(a.m, info.Dist) {
			a.refuse()
		}
	}
	if info.ValueKind != lang.Plain && alongDim(info.Symbol, a.dim) >= 0 && kindSupports[info.ValueKind] != info.Dist.Sig.Support {
		a.refuse() // an ordered vector of rows
	}
	a.dist(s.Dist)
	if s.Censored != nil {
		for _, n := range ast.Children(s.Censored) {
			if e, is := n.(ast.Expr); is {
				a.expr(e)
			} else {
				a.parts(n)
			}
		}
	}
}

// scalarParams reports whether a distribution is of numbers, with numbers as parameters.
func scalarParams(m *lang.Model, call *lang.DistCall) bool {
	if call == nil || call.Sig.EventRank > 0 {
		return false
	}
	for _, p := range call.Sig.Forms[call.Form].Params {
		if p.Rank > 0 {
			return false
		}
	}
	for _, d := range call.Dists {
		if !scalarParams(m, m.Dists[d.Call]) {
			return false
		}
	}
	return true
}

// dist looks at the arguments of a distribution; one with vectors as parameters has none of them along
// the rows.
func (a *apart) dist(d *ast.Dist) {
	call := a.m.Dists[d.Call]
	if call == nil {
		a.refuse()
		return
	}
	for _, e := range call.Args {
		if e == nil {
			continue
		}
		if a.along(e) >= 0 && !scalarParams(a.m, call) {
			a.refuse()
		}
		a.expr(e)
	}
	for _, x := range call.Dists {
		a.dist(x)
	}
	if d.Interval != nil {
		a.expr(d.Interval.Lo)
		a.expr(d.Interval.Hi)
	}
	if d.Range != nil {
		a.expr(d.Range.Lo)
		a.expr(d.Range.Hi)
	}
}

// parts looks at the expressions within a node.
func (a *apart) parts(n ast.Node) {
	for _, c := range ast.Children(n) {
		switch c := c.(type) {
		case *ast.Binder:
			a.binder(c)
		case ast.Expr:
			a.expr(c)
		default:
			a.parts(c)
		}
	}
}

// expr looks at an expression.
func (a *apart) expr(e ast.Expr) {
	if _, kept := a.data.frozen[e]; kept || !a.ok {
		return
	}
	switch e := e.(type) {
	case *ast.Number, *ast.Bool:
	case *ast.Name:
		if a.isLength(e) || a.isRow(e) {
			a.refuse()
		}
	case *ast.Paren:
		a.expr(e.X)
	case *ast.Unary:
		a.expr(e.X)
	case *ast.If, *ast.Comprehension:
		a.comprehension(e)
	case *ast.Binary:
		if x := a.m.Types[e.X].Dims; e.Op == "@" && (a.along(e.X) == len(x)-1 && len(x) > 0 || a.along(e.Y) == 0) {
			a.refuse()
		}
		a.expr(e.X)
		a.expr(e.Y)
	case *ast.Index:
		a.index(e)
	case *ast.Call:
		a.call(e)
	default:
		a.refuse()
	}
}

// comprehension looks at binders before what they are for.
func (a *apart) comprehension(e ast.Expr) {
	if c, is := e.(*ast.Comprehension); is {
		a.binders(c.Binders)
		for k, b := range c.Binders {
			if d := a.m.Types[e].Dims; a.rows[b] && (k >= len(d) || !a.isDim(d[k])) {
				a.refuse()
			}
		}
		a.expr(c.Elem)
		return
	}
	a.parts(e)
}

func (a *apart) index(e *ast.Index) {
	if _, name := ast.Unparen(e.X).(*ast.Name); !name {
		a.expr(e.X)
	}
	dims := a.m.Types[e.X].Dims
	for k, x := range e.Args {
		if k < len(dims) && dims[k].Coef(a.dim) != 0 {
			a.rowIndex(x)
		} else {
			a.indexArg(x)
		}
	}
}

// call refuses a function, other than one that works element by element, of an array of rows.
func (a *apart) call(e *ast.Call) {
	f, builtin := fn.Find(e.Fn.Name)
	if a.m.Dists[e] != nil {
		a.refuse()
		return
	}
	for _, x := range e.Args {
		if x.Value == nil {
			continue
		}
		if a.along(x.Value) >= 0 && !(builtin && f.Group == "Elementwise") {
			a.refuse()
		}
		a.expr(x.Value)
	}
	if a.along(e) >= 0 && !(builtin && f.Group == "Elementwise") {
		a.refuse()
	}
}

package check

import (
	"strconv"
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
)

// Affine forms. An int scalar that is known from data has a symbolic value: an
// affine form of dimension names, data ints and loop indices where the
// expression is one, and otherwise an opaque symbol that stands for the
// expression (`n[i]`), equal only to the same expression of the same values.
//
// A symbol has bounds that are forms of older symbols. An inequality d >= n is
// proven by replacing the newest symbol of d by the bound that makes d smaller
// until a number is left; a range whose body is being read is known not to be
// empty, which gives one more fact to try with. This proves what models need
// (t - k >= 1 for t in K+1..T, k in 1..K) and never proves what is false.

// bound is what is known of a symbol. order is its age.
type bound struct {
	sym    lang.Dim
	lo, hi *lang.Dim
	order  int
	// index marks a loop index: it takes both of its bounds, unless dependent.
	index     bool
	dependent bool // the range mentions another index
}

func dimPtr(d lang.Dim) *lang.Dim { return &d }

func (c *checker) setBound(name string, sym lang.Dim, lo, hi *lang.Dim) *bound {
	if b, ok := c.bounds[name]; ok {
		return b
	}
	c.nextID++
	b := &bound{sym: sym, lo: lo, hi: hi, order: c.nextID}
	c.bounds[name] = b
	return b
}

// newest returns the youngest symbol of d for which keep holds, or nil.
func (c *checker) newest(d lang.Dim, keep func(*bound) bool) (string, *bound) {
	var name string
	var best *bound
	for _, s := range d.Symbols() {
		if b := c.bounds[s.Name]; b != nil && keep(b) && (best == nil || b.order > best.order) {
			name, best = s.Name, b
		}
	}
	return name, best
}

func anySymbol(*bound) bool     { return true }
func indexSymbol(b *bound) bool { return b.index }

// lower replaces symbols for which keep holds by bounds, so that the result is
// at most d. It fails where a bound is missing.
func (c *checker) lower(d lang.Dim, keep func(*bound) bool) (lang.Dim, bool) {
	for range 100 {
		name, b := c.newest(d, keep)
		if b == nil {
			return d, true
		}
		k := d.Coef(name)
		by := b.lo
		if k < 0 {
			by = b.hi
		}
		if by == nil {
			return d, false
		}
		d = d.Sub(b.sym.Scale(k)).Add(by.Scale(k))
	}
	return d, false
}

// upper is the mirror of lower.
func (c *checker) upper(d lang.Dim, keep func(*bound) bool) (lang.Dim, bool) {
	low, ok := c.lower(d.Scale(-1), keep)
	return low.Scale(-1), ok
}

// atLeast reports whether d >= n is provable.
func (c *checker) atLeast(d lang.Dim, n int, facts ...lang.Dim) bool {
	if c.plainlyAtLeast(d, n) {
		return true
	}
	for _, f := range facts { // each fact is a form known to be >= 0
		if c.plainlyAtLeast(d.Sub(f), n) {
			return true
		}
	}
	return false
}

func (c *checker) plainlyAtLeast(d lang.Dim, n int) bool {
	low, ok := c.lower(d, anySymbol)
	if !ok {
		return false
	}
	v, isInt := low.Int()
	return isInt && v >= n
}

// nonEmpty are the facts that hold inside the loops and comprehensions in scope.
func (c *checker) nonEmpty() []lang.Dim {
	var out []lang.Dim
	for s := c.scope; s != nil; s = s.parent {
		for _, in := range s.indices {
			if in.lo != nil && in.hi != nil {
				out = append(out, in.hi.Sub(*in.lo))
			}
		}
	}
	return out
}

// provable reports whether d >= n holds given that the loops in scope run.
func (c *checker) provable(d lang.Dim, n int) bool {
	return c.plainlyAtLeast(d, n) || c.atLeast(d, n, c.nonEmpty()...)
}

// attained reports whether the extremes of d over its indices are taken: none
// of the ranges in scope depends on another index.
func (c *checker) attained(d lang.Dim) bool {
	for s := c.scope; s != nil; s = s.parent {
		for _, in := range s.indices {
			if b := c.bounds[in.aff.Symbols()[0].Name]; b != nil && b.dependent {
				return false
			}
		}
	}
	for _, s := range d.Symbols() {
		if s.Length != nil {
			return false
		}
	}
	return true
}

// mentionsIndex reports whether a form varies from iteration to iteration.
func (c *checker) mentionsIndex(d lang.Dim) bool {
	for _, s := range d.Symbols() {
		if b := c.bounds[s.Name]; b != nil && (b.index || b.dependent) {
			return true
		}
	}
	return false
}

// affine gives the symbolic value of an int scalar that is known from data. It
// reports nothing: e has been checked, or is being asked about.
func (c *checker) affine(e ast.Expr) (lang.Dim, bool) {
	if e == nil || tooLarge(e) {
		return lang.Dim{}, false
	}
	switch e := e.(type) {
	case *ast.Paren:
		return c.affine(e.X)
	case *ast.Number:
		if e.Real || e.Value != float64(int32(e.Value)) {
			return lang.Dim{}, false
		}
		return lang.DimInt(int(e.Value)), true
	case *ast.Name:
		if in, ok := c.findQuietly(e.Name); ok && in.aff != nil {
			return *in.aff, true
		}
		return lang.Dim{}, false
	case *ast.Unary:
		if d, ok := c.affine(e.X); ok && e.Op == "-" {
			return d.Scale(-1), true
		}
	case *ast.Binary:
		if d, ok := c.affineBinary(e); ok {
			return d, true
		}
	case *ast.Call:
		if d, ok := c.affineSize(e); ok {
			return d, true
		}
	}
	return c.opaque(e)
}

// tooLarge bounds the work on one form: nobody writes an index of a hundred
// terms, and a generated one is left to binding.
func tooLarge(e ast.Expr) bool {
	n := 0
	ast.Inspect(e, func(ast.Node) bool {
		n++
		return n <= 200
	})
	return n > 200
}

func (c *checker) affineBinary(e *ast.Binary) (lang.Dim, bool) {
	if e.Op != "+" && e.Op != "-" && e.Op != "*" {
		return lang.Dim{}, false
	}
	x, okX := c.affine(e.X)
	if !okX {
		return lang.Dim{}, false
	}
	y, okY := c.affine(e.Y)
	if !okY {
		return lang.Dim{}, false
	}
	switch e.Op {
	case "+":
		return x.Add(y), true
	case "-":
		return x.Sub(y), true
	}
	return x.Mul(y)
}

// affineSize is the value of `size(x)`.
func (c *checker) affineSize(e *ast.Call) (lang.Dim, bool) {
	if e.Fn.Name != "size" || len(e.Args) != 1 {
		return lang.Dim{}, false
	}
	v := c.ask(e.Args[0].Value)
	if v.bad || v.t.IsScalar() {
		return lang.Dim{}, false
	}
	n := lang.DimInt(1)
	for _, d := range v.t.Dims {
		var ok bool
		if n, ok = n.Mul(d); !ok {
			return lang.Dim{}, false
		}
	}
	return n, true
}

// ask evaluates without reporting.
func (c *checker) ask(e ast.Expr) value {
	if c.quiet == 0 {
		c.asked = map[ast.Expr]value{}
	}
	c.quiet++
	defer func() { c.quiet-- }()
	return c.expr(e)
}

// opaque makes a symbol of a data-only int scalar expression.
func (c *checker) opaque(e ast.Expr) (lang.Dim, bool) {
	v := c.ask(e)
	if v.bad || !v.t.IsScalar() || v.t.Elem != lang.Int || !v.dep.known() {
		return lang.Dim{}, false
	}
	var b strings.Builder
	c.canonical(&b, e)
	name := b.String()
	d := lang.DimOpaque(name, e)
	if _, seen := c.bounds[name]; !seen {
		lo, hi := c.opaqueRange(e)
		bd := c.setBound(name, d, lo, hi)
		bd.dependent = strings.Contains(name, "#")
	}
	return d, true
}

// canonical writes e so that equal texts have equal values.
func (c *checker) canonical(b *strings.Builder, e ast.Node) {
	if e == nil {
		return
	}
	switch e := e.(type) {
	case *ast.Paren:
		c.canonical(b, e.X)
		return
	case *ast.Name:
		b.WriteString(c.uniqueName(e.Name))
		return
	case *ast.Number:
		b.WriteString(e.Text)
		return
	case *ast.Call:
		b.WriteString(e.Fn.Name)
	case *ast.Binary:
		b.WriteString(e.Op)
	case *ast.Unary:
		b.WriteString("u" + e.Op)
	case *ast.Index:
		b.WriteString("ix")
	case *ast.Comprehension, *ast.DistExpr:
		b.WriteString(c.id("fresh")) // binds names of its own: equal to nothing
		return
	case *ast.Bool:
		b.WriteString(strconv.FormatBool(e.Value))
		return
	}
	b.WriteString("(")
	for _, child := range ast.Children(e) {
		c.canonical(b, child)
		b.WriteString(",")
	}
	b.WriteString(")")
}

func (c *checker) uniqueName(name string) string {
	in, ok := c.findQuietly(name)
	if !ok {
		return name
	}
	if in.aff != nil && in.sym.Kind == lang.SymIndex {
		return in.aff.Symbols()[0].Name
	}
	if in.local || c.root != c.top {
		return name + "#" + strconv.Itoa(in.sym.Span.Start)
	}
	return name
}

// findQuietly is lookup without a report.
func (c *checker) findQuietly(name string) (*info, bool) {
	if in, ok := c.find(name); ok {
		return in, true
	}
	if c.guide != nil {
		in, ok := c.top.names[name]
		return in, ok
	}
	return nil, false
}

// opaqueRange bounds a data-only int expression that is not affine.
func (c *checker) opaqueRange(e ast.Expr) (lo, hi *lang.Dim) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Index, *ast.Call, *ast.If:
		return c.rangeOf(e)
	}
	return nil, nil
}

// rangeOf bounds the value of an int expression, random or not; nil is unknown.
func (c *checker) rangeOf(e ast.Expr) (lo, hi *lang.Dim) {
	switch e := e.(type) {
	case *ast.Paren:
		return c.rangeOf(e.X)
	case *ast.Name:
		if in, ok := c.findQuietly(e.Name); ok {
			if in.aff != nil {
				return in.aff, in.aff
			}
			return in.lo, in.hi
		}
	case *ast.Index:
		if n, ok := e.X.(*ast.Name); ok {
			if in, ok := c.findQuietly(n.Name); ok {
				return in.lo, in.hi
			}
		}
	case *ast.Number:
		if d, ok := c.affine(e); ok {
			return &d, &d
		}
	case *ast.Bool:
		return dimPtr(lang.DimInt(0)), dimPtr(lang.DimInt(1))
	case *ast.Unary:
		return c.rangeOfUnary(e)
	case *ast.Binary:
		return c.rangeOfBinary(e)
	case *ast.If:
		al, ah := c.rangeOf(e.Then)
		bl, bh := c.rangeOf(e.Else)
		return c.lesser(al, bl), c.greater(ah, bh)
	case *ast.Call:
		return c.rangeOfCall(e)
	}
	return nil, nil
}

func (c *checker) rangeOfUnary(e *ast.Unary) (lo, hi *lang.Dim) {
	if e.Op == "!" {
		return dimPtr(lang.DimInt(0)), dimPtr(lang.DimInt(1))
	}
	l, h := c.rangeOf(e.X)
	return scaled(h, -1), scaled(l, -1)
}

func (c *checker) rangeOfBinary(e *ast.Binary) (lo, hi *lang.Dim) {
	switch e.Op {
	case "==", "!=", "<", "<=", ">", ">=", "&&", "||":
		return dimPtr(lang.DimInt(0)), dimPtr(lang.DimInt(1))
	case "+", "-", "*":
	default:
		return nil, nil
	}
	xl, xh := c.rangeOf(e.X)
	yl, yh := c.rangeOf(e.Y)
	switch e.Op {
	case "+":
		return sum(xl, yl), sum(xh, yh)
	case "-":
		return sum(xl, scaled(yh, -1)), sum(xh, scaled(yl, -1))
	}
	if k, ok := constant(xl, xh); ok {
		return span(yl, yh, k)
	}
	if k, ok := constant(yl, yh); ok {
		return span(xl, xh, k)
	}
	return nil, nil
}

// rangeOfCall knows the functions that give small integers.
func (c *checker) rangeOfCall(e *ast.Call) (lo, hi *lang.Dim) {
	if sig, ok := c.cat.Func(e.Fn.Name); ok {
		e = sig.InOrder(e)
	}
	arg := func(i int) ast.Expr {
		if i < len(e.Args) && e.Args[i].Value != nil {
			return e.Args[i].Value
		}
		return nil
	}
	switch e.Fn.Name {
	case "argmax":
		if v := c.ask(arg(0)); !v.bad && v.t.Rank() == 1 {
			return dimPtr(lang.DimInt(1)), dimPtr(v.t.Dims[0])
		}
	case "mod":
		if arg(1) == nil {
			break
		}
		if n, ok := c.affine(arg(1)); ok && c.provable(n, 1) {
			return dimPtr(lang.DimInt(0)), dimPtr(n.AddInt(-1))
		}
	case "min", "max":
		if len(e.Args) == 2 {
			al, ah := c.rangeOf(arg(0))
			bl, bh := c.rangeOf(arg(1))
			if e.Fn.Name == "min" {
				return c.lesser(al, bl), either(ah, bh)
			}
			return either(al, bl), c.greater(ah, bh)
		}
	case "size":
		return dimPtr(lang.DimInt(0)), nil
	}
	return nil, nil
}

func either(a, b *lang.Dim) *lang.Dim {
	if a != nil {
		return a
	}
	return b
}

func sum(a, b *lang.Dim) *lang.Dim {
	if a == nil || b == nil {
		return nil
	}
	return dimPtr(a.Add(*b))
}

func scaled(a *lang.Dim, k int) *lang.Dim {
	if a == nil {
		return nil
	}
	return dimPtr(a.Scale(k))
}

func constant(lo, hi *lang.Dim) (int, bool) {
	if lo == nil || hi == nil || lo.Equal(*hi) != lang.Yes {
		return 0, false
	}
	return lo.Int()
}

func span(lo, hi *lang.Dim, k int) (*lang.Dim, *lang.Dim) {
	if k < 0 {
		lo, hi = hi, lo
	}
	return scaled(lo, k), scaled(hi, k)
}

// lesser is a bound below both, where they can be compared.
func (c *checker) lesser(a, b *lang.Dim) *lang.Dim {
	switch {
	case a == nil || b == nil:
		return nil
	case c.provable(b.Sub(*a), 0):
		return a
	case c.provable(a.Sub(*b), 0):
		return b
	}
	return nil
}

// greater is a bound above both, where they can be compared.
func (c *checker) greater(a, b *lang.Dim) *lang.Dim {
	switch {
	case a == nil || b == nil:
		return nil
	case c.provable(b.Sub(*a), 0):
		return b
	case c.provable(a.Sub(*b), 0):
		return a
	}
	return nil
}

package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// block interprets statements in order; one that fails is reported and left
// out, and so is, silently, what depends on it.
func (l *lowerer) block(stmts []ast.Stmt) {
	for _, s := range stmts {
		before := len(l.diags)
		if !l.try(func() { l.stmt(s) }) && len(l.diags) == before && !l.diags.HasErrors() {
			l.try(func() { l.fail("not-supported-here", s, "this statement cannot be interpreted") })
		}
	}
}

func (l *lowerer) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.Data:
		l.dataStmt(s)
	case *ast.Let:
		l.let(s)
	case *ast.Sample:
		l.sample(s)
	case *ast.Plate:
		l.plate(s.Binders, func() { l.block(s.Body) })
	case *ast.For:
		l.forLoop(s)
	case *ast.Factor:
		l.factor(s)
	case *ast.Fn:
	default:
		l.fail("not-supported-here", s, "this statement is not supported yet")
	}
}

func (l *lowerer) dataStmt(s *ast.Data) {
	a := l.data.Values[s.Name.Name]
	if a == nil {
		l.fail("not-supported-here", s, "the data `%s` have no value", s.Name.Name)
	}
	for i, miss := range a.Missing {
		if miss {
			l.fail("not-supported-here", s, "`%s` has missing elements (number %d is the first), which are not supported yet", s.Name.Name, i+1)
		}
	}
	elem := lang.Real
	if sym := l.global[s.Name.Name]; sym != nil {
		elem = sym.Type.Elem
	}
	l.bind(s.Name.Name, val{l.b.Array(graph.Shape(a.Shape), a.Data), elem})
}

// plate opens the axes of the binders around body.
func (l *lowerer) plate(binders []*ast.Binder, body func()) {
	l.push()
	depth, plates := l.depth, l.plates
	for _, b := range binders {
		a := l.openAxis(b, named.Plate)
		l.plates = append(l.plates[:len(l.plates):len(l.plates)], a)
	}
	body()
	l.depth, l.plates = depth, plates
	l.pop()
}

// forLoop interprets a sequential loop as a plate: given the values of latents
// all its terms are known at once. Recurrences of lets are run first, in
// sequence, if they involve data only.
func (l *lowerer) forLoop(s *ast.For) {
	if lets := recurrences(s); len(lets) > 0 && !l.inSequence {
		l.sequence(s, lets)
	}
	if l.inSequence {
		l.iterate(s.Binders, func() { l.block(s.Body) })
		return
	}
	l.prepare(s)
	l.plate(s.Binders, func() { l.block(s.Body) })
}

// sequence runs the lets of a loop iteration by iteration. Other statements
// wait for the vectorised pass, which finds the arrays complete.
func (l *lowerer) sequence(s *ast.For, lets map[*ast.Let]bool) {
	l.inSequence = true
	defer func() { l.inSequence = false }()
	l.iterate(s.Binders, func() { l.block(s.Body) })
	if l.done == nil {
		l.done = map[*ast.Let]bool{}
	}
	for x := range lets {
		l.done[x] = true
	}
}

// iterate runs body for each value of the binders' indices.
func (l *lowerer) iterate(binders []*ast.Binder, body func()) {
	if len(binders) == 0 {
		body()
		return
	}
	b := binders[0]
	lo, hi := l.constInt(b.Range.Lo, "the start of a range"), l.constInt(b.Range.Hi, "the end of a range")
	for i := lo; i <= hi && !l.diags.HasErrors(); i++ {
		l.push()
		l.bind(b.Name.Name, val{l.b.Scalar(float64(i)), lang.Int})
		l.iterate(binders[1:], body)
		l.pop()
	}
}

// recurrences finds the indexed lets of a loop if one of the arrays that they
// define is read in the loop at other indices than those of its definition.
func recurrences(s *ast.For) map[*ast.Let]bool {
	lets := map[*ast.Let]bool{}
	own := map[string]string{} // array → its indices as text
	ast.Inspect(s, func(n ast.Node) bool {
		if x, ok := n.(*ast.Let); ok && len(x.Index) > 0 {
			lets[x] = true
			own[x.Name.Name] = leftText(x.Index)
		}
		return true
	})
	looksBack := false
	ast.Inspect(s, func(n ast.Node) bool {
		if x, ok := n.(*ast.Index); ok {
			if name, ok := x.X.(*ast.Name); ok {
				if text, defined := own[name.Name]; defined && argText(x.Args) != text {
					looksBack = true
				}
			}
		}
		return true
	})
	if !looksBack {
		return nil
	}
	return lets
}

func leftText(ix []ast.LeftIndex) string {
	var args []ast.IndexArg
	for _, x := range ix {
		if x.Binder != nil {
			args = append(args, ast.IndexArg{Expr: &ast.Name{Name: x.Binder.Name.Name}})
		} else {
			args = append(args, x.Arg)
		}
	}
	return argText(args)
}

// argText identifies plain-name indices; anything else differs from all.
func argText(args []ast.IndexArg) string {
	text := ""
	for _, a := range args {
		n, ok := a.Expr.(*ast.Name)
		if !ok {
			return fmt.Sprintf("%p", &args)
		}
		text += n.Name + ","
	}
	return text
}

// left is the left side of a let or `~` in one iteration: its index values,
// known integers over the axes of enclosing plates and of its own binders.
func (l *lowerer) left(ix []ast.LeftIndex, body func(idx []named.Value)) {
	l.push()
	depth, plates := l.depth, l.plates
	idx := make([]named.Value, len(ix))
	for i, x := range ix {
		if x.Binder != nil {
			a := l.openAxis(x.Binder, named.Plate)
			l.plates = append(l.plates[:len(l.plates):len(l.plates)], a)
			idx[i] = l.find(x.Binder.Name.Name).value.Value
		} else if x.Arg.Expr != nil {
			v := l.eval(x.Arg.Expr)
			if !v.IsConst() || v.Rank() > 0 {
				l.fail("not-supported-here", x, "an index on the left must be one integer known from the data")
			}
			idx[i] = v.Value
		}
	}
	body(idx)
	l.depth, l.plates = depth, plates
	l.pop()
}

func (l *lowerer) let(s *ast.Let) {
	if l.done[s] {
		return
	}
	if len(s.Index) == 0 {
		v := l.eval(s.Value)
		l.bind(s.Name.Name, v)
		return
	}
	l.left(s.Index, func(idx []named.Value) {
		v := l.eval(s.Value)
		if l.inSequence && !v.IsConst() {
			l.fail("not-supported-here", s, "a recurrence through `%s` that involves latents is not supported yet", s.Name.Name)
		}
		box := l.box(s, idx, graph.Shape(v.Shape()))
		block := named.Block{Value: l.b.Reshape(l.b.Close(v.Value, box.axes...), box.shape), At: box.at}
		a := l.arrayNamed(s.Name.Name, s)
		a.elem = join2(a, v.elem)
		l.addBlock(a, s, block)
	})
}

func join2(a *array, e lang.Elem) lang.Elem {
	if len(a.blocks) == 0 {
		return e
	}
	return join(a.elem, e)
}

func (l *lowerer) addBlock(a *array, at ast.Node, b named.Block) {
	if a.shape != nil && len(a.shape) != len(b.At) {
		l.fail("shape-at-binding", at, "`%s` has rank %d here and %d before", a.name, len(b.At), len(a.shape))
	}
	a.add(at, b)
}

// arrayNamed finds or makes the array of a name, in the outermost scope of the
// model or function, where it outlives the plates that define it.
func (l *lowerer) arrayNamed(name string, at ast.Node) *array {
	root := l.scope
	for root.outer != nil {
		root = root.outer
	}
	if b := root.names[name]; b != nil && b.array != nil {
		return b.array
	}
	a := &array{name: name, span: at.Span()}
	root.names[name] = &binding{array: a}
	l.all = append(l.all, a)
	return a
}

// boxed says which box of an array a left side defines.
type boxed struct {
	at    []int         // its start, from 0
	shape graph.Shape   // its dimensions: one for each index, then the rest
	axes  []*named.Axis // of the indices that run, in order of the dimensions
	inner graph.Shape   // dimensions that run: shape without those of constant indices
}

// box finds the box of the indices; rest are the dimensions that follow.
func (l *lowerer) box(at ast.Node, idx []named.Value, rest graph.Shape) boxed {
	var x boxed
	for _, v := range idx {
		if c, ok := v.Float(); ok {
			if c < 1 {
				l.fail("index-out-of-bounds", at, "the index %g on the left is below 1", c)
			}
			x.at = append(x.at, int(c)-1)
			x.shape = append(x.shape, 1)
			continue
		}
		if !v.Valid() || len(v.Axes()) != 1 || !stepOne(v.Const()) {
			l.fail("not-supported-here", at, "an index on the left of a latent or a let must be a plate's index, or that plus a constant")
		}
		first := 0
		if d := v.Const(); len(d) > 0 {
			first = int(d[0]) - 1
		}
		if first < 0 {
			l.fail("index-out-of-bounds", at, "the index %d on the left is below 1", first+1)
		}
		a := v.Axes()[0]
		x.at = append(x.at, first)
		x.shape = append(x.shape, a.Size)
		x.inner = append(x.inner, a.Size)
		x.axes = append(x.axes, a)
	}
	for _, n := range rest {
		x.at = append(x.at, 0)
		x.shape = append(x.shape, n)
		x.inner = append(x.inner, n)
	}
	return x
}

func stepOne(d []float64) bool {
	for i, v := range d {
		if v != d[0]+float64(i) {
			return false
		}
	}
	return true
}

func (l *lowerer) factor(s *ast.Factor) {
	if l.inSequence {
		return
	}
	v := l.eval(s.Value)
	if v.Rank() > 0 {
		l.fail("shape-at-binding", s, "`factor` takes a scalar, found %s", typeOf(v))
	}
	l.joint.Factors = append(l.joint.Factors, Factor{Value: l.b.SumAxes(v.Value, l.plates...), Span: s.Span()})
}

// complete checks that every element of every array built in pieces is defined
// exactly once.
func (l *lowerer) complete() {
	for _, a := range l.all {
		l.try(func() { l.cover(a) })
	}
}

func (l *lowerer) cover(a *array) {
	if len(a.blocks) == 1 && zero(a.blocks[0].At) {
		return
	}
	shape := graph.Shape(a.shape)
	owner := make([]int, shape.Size())
	st := shape.Strides()
	for k, b := range a.blocks {
		l.coverBlock(a, owner, st, k, b, 0, 0)
	}
	for i, o := range owner {
		if o == 0 {
			l.fail("incomplete-array", spanned{a.span}, "no statement defines `%s[%s]`", a.name, element(shape, i))
		}
	}
}

func (l *lowerer) coverBlock(a *array, owner, st []int, k int, b named.Block, dim, base int) {
	if dim == len(st) {
		if o := owner[base]; o != 0 {
			l.fail("incomplete-array", spanned{a.where[k]}, "`%s[%s]` is defined twice", a.name, element(a.shape, base))
		}
		owner[base] = k + 1
		return
	}
	for i := 0; i < b.Value.Shape()[dim]; i++ {
		l.coverBlock(a, owner, st, k, b, dim+1, base+(b.At[dim]+i)*st[dim])
	}
}

// element prints the index of element i of an array, from 1.
func element(shape graph.Shape, i int) string {
	text := ""
	for d := len(shape) - 1; d >= 0; d-- {
		s := fmt.Sprint(i%shape[d] + 1)
		if text != "" {
			s += ", "
		}
		text = s + text
		i /= shape[d]
	}
	return text
}

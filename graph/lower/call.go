package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/fn"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// call applies a built-in or user function.
func (l *lowerer) call(e *ast.Call) val {
	switch e.Fn.Name {
	case "log_density":
		return l.logDensity(e)
	case "log_cdf", "log_ccdf":
		return l.logTail(e, e.Fn.Name == "log_ccdf")
	}
	if f, ok := l.m.Fns[e.Fn.Name]; ok {
		return l.userCall(e.InOrder(f.ParamNames()), f)
	}
	f, ok := fn.Find(e.Fn.Name)
	if !ok {
		l.fail("not-supported-here", e, "`%s` is not supported yet", e.Fn.Name)
	}
	e = f.InOrder(e)
	if v, ok := l.sumCall(e); ok {
		return v
	}
	if f.Name == "ode" {
		return l.ode(e)
	}
	if f.NotYet != "" {
		l.fail("not-supported-here", e, "%s", f.NotYet)
	}
	args := make([]named.Value, len(e.Args))
	sig := make([]lang.Arg, len(e.Args))
	for i, a := range e.Args {
		v := l.eval(a.Value)
		args[i] = v.Value
		sig[i] = lang.Arg{Type: typeOf(v)}
		if x, ok := uniform(v.Value); ok && v.elem != lang.Real && v.Rank() == 0 {
			d := lang.DimInt(int(x))
			sig[i].Size = &d
			args[i] = l.b.Scalar(x)
		}
	}
	t, err := f.Result(sig)
	if err != nil {
		l.fail("shape-at-binding", e, "`%s` %v", f.Name, err)
	}
	shape := make(graph.Shape, len(t.Dims))
	for i, d := range t.Dims {
		shape[i], _ = d.Int()
	}
	l.afford(e, shape)
	v, err := f.Lower(l.b, args)
	if err != nil {
		l.fail("bad-value", e, "`%s` %v", f.Name, err)
	}
	return val{v, t.Elem}
}

// afford refuses an array that takes more memory than there may be.
func (l *lowerer) afford(at ast.Node, shape graph.Shape) {
	n := 1.0
	for _, d := range shape {
		n *= float64(d)
	}
	if n > float64(l.mostElements()) {
		l.failTooLarge(at, n)
	}
}

func (l *lowerer) failTooLarge(at ast.Node, elements float64) {
	l.failWith(diag.Diagnostic{Code: "too-large", Span: at.Span(),
		Summary:  fmt.Sprintf("this makes an array of %.3g elements, which is more than can be worked with", elements),
		Expected: fmt.Sprintf("at most %.3g elements", float64(l.mostElements())),
		Hint:     "what is added up need not be an array: `sum([... for i in 1..N])` and plates are worked through in blocks"})
}

// failLimit reports what passes a limit of the graph.
func (l *lowerer) failLimit(at ast.Node, t graph.TooLarge) {
	d := diag.Diagnostic{Code: "too-large", Span: at.Span()}
	switch {
	case t.Nodes > 0:
		d.Summary = fmt.Sprintf("with this, the model comes to %d operations on arrays, which is more than can be worked with", t.Nodes)
		d.Expected = fmt.Sprintf("fewer than %d operations", graph.MostNodes)
		d.Hint = "write arrays, over which an operation counts once: `x[i in 1..N]`, plates and comprehensions"
	case t.Together:
		d.Summary = fmt.Sprintf("with this, what the model computes from data comes to %.3g numbers, which is more than can be worked with", t.Elements)
		d.Expected = fmt.Sprintf("at most %.3g numbers", graph.Together*float64(l.mostElements()))
		d.Hint = "compute it beforehand, and give it as data"
	default:
		l.failTooLarge(at, t.Elements)
	}
	l.failWith(d)
}

// mostLatents bounds the numbers of all latents: an answer of 4096 draws has as many
// numbers for each of them.
const mostLatents = 1 << 22

// affordLatents refuses more latents than can be fitted, before anything of their
// number is made.
func (l *lowerer) affordLatents(at ast.Node, shape graph.Shape) {
	n := 1.0
	for _, d := range shape {
		n *= float64(d)
	}
	if l.latents += n; l.latents > mostLatents {
		l.failWith(diag.Diagnostic{Code: "too-large", Span: at.Span(),
			Summary:  fmt.Sprintf("with this, the model has %.3g latents, which is more than can be fitted", l.latents),
			Expected: fmt.Sprintf("at most %d latents", mostLatents),
			Hint:     "give a latent to each group, not to each row, or sum it out by hand"})
	}
}

// sumCall interprets `sum` and `mean` of a comprehension or of a slice whose
// length differs between iterations.
func (l *lowerer) sumCall(e *ast.Call) (val, bool) {
	if e.Fn.Name != "sum" && e.Fn.Name != "mean" || len(e.Args) != 1 {
		return val{}, false
	}
	c, ok := ast.Unparen(e.Args[0].Value).(*ast.Comprehension)
	if !ok {
		if c, ok = l.raggedSlice(e.Args[0].Value); !ok {
			return l.sumArray(e)
		}
	}
	v := l.total(c)
	if e.Fn.Name == "sum" {
		return v, true
	}
	ones := &ast.Comprehension{At: c.At, Elem: &ast.Call{At: c.At, Fn: ast.Ident{At: c.At, Name: "size"}, Args: []ast.Arg{{At: c.At, Value: c.Elem}}}, Binders: c.Binders}
	if l.scalarElement(c) {
		ones.Elem = &ast.Number{At: c.At, Text: "1", Value: 1}
	}
	return val{l.b.Div(v.Value, l.total(ones).Value), lang.Real}, true
}

// sumArray interprets sum(x * b).
func (l *lowerer) sumArray(e *ast.Call) (val, bool) {
	if b, ok := ast.Unparen(e.Args[0].Value).(*ast.Binary); !ok || b.Op != "*" || e.Fn.Name != "sum" {
		return val{}, false
	}
	v := l.eval(e.Args[0].Value)
	return val{l.sumEvent(v.Value), arithmetic(v.elem, lang.Int)}, v.Rank() > 0
}

func (l *lowerer) scalarElement(c *ast.Comprehension) bool {
	t, ok := l.m.Types[c.Elem]
	return !ok || t.IsScalar()
}

// raggedSlice sees x[a..b], with ends that differ between iterations, as
// [x[k] for k in a..b].
func (l *lowerer) raggedSlice(e ast.Expr) (*ast.Comprehension, bool) {
	x, ok := ast.Unparen(e).(*ast.Index)
	if !ok {
		return nil, false
	}
	elem := &ast.Index{At: x.At, X: x.X, Args: append([]ast.IndexArg(nil), x.Args...)}
	c := &ast.Comprehension{At: x.At, Elem: elem}
	for i, a := range x.Args {
		if a.Range == nil {
			continue
		}
		_, ok1 := uniform(l.end(a.Range.Lo, "the start of a slice"))
		_, ok2 := uniform(l.end(a.Range.Hi, "the end of a slice"))
		if ok1 && ok2 {
			continue
		}
		name := fmt.Sprintf("index %d", i+1) // no name of the language
		elem.Args[i] = ast.IndexArg{At: a.At, Expr: &ast.Name{At: a.At, Name: name}}
		c.Binders = append(c.Binders, &ast.Binder{At: a.At, Name: ast.Ident{At: a.At, Name: name}, Range: a.Range})
	}
	return c, len(c.Binders) > 0
}

// userCall interprets the function's body with its parameters bound to the
// arguments; outer names are not visible.
func (l *lowerer) userCall(e *ast.Call, f *ast.Fn) val {
	args := make([]val, len(e.Args))
	for i, a := range e.Args {
		args[i] = l.table(a.Value)
	}
	return l.callFn(e, f, args)
}

// callFn is userCall with the values of the arguments. A function is pure: a call
// with the arguments of another one, in the same place, has the same value. So
// functions that call one another twice, level by level, are not interpreted
// 2^levels times.
func (l *lowerer) callFn(e *ast.Call, f *ast.Fn, args []val) val {
	key := l.callKey(f, args)
	if c, ok := l.called[key]; ok {
		return c.value
	}
	v := l.interpretCall(e, f, args)
	l.called[key] = call{v, l.context}
	return v
}

// call is the value of a call, with the surroundings whose identity is in its key.
type call struct {
	value val
	in    context
}

// callKey tells calls apart that may have different values: by the arguments,
// and by what a body sees of its surroundings, which are the iterations that are
// looked at and the graph that is being built.
func (l *lowerer) callKey(f *ast.Fn, args []val) string {
	key := fmt.Appendf(nil, "%p %p %p %t", f, l.b.G, l.narrowed, l.giving)
	value := func(v named.Value) {
		key = fmt.Appendf(key, " %p", v.N)
		for _, a := range v.Axes() {
			key = fmt.Appendf(key, ",%p", a)
		}
	}
	value(l.guard)
	for _, a := range l.plates {
		key = fmt.Appendf(key, " %p", a)
	}
	for _, r := range l.ragged {
		key = fmt.Appendf(key, " r%p", r)
	}
	for _, v := range args {
		key = fmt.Appendf(key, " %d", v.elem)
		value(v.Value)
	}
	return string(key)
}

// interpretCall interprets the body of a function.
func (l *lowerer) interpretCall(e *ast.Call, f *ast.Fn, args []val) val {
	defer l.enter()()
	l.scope.outer = nil
	l.calls++
	if l.calls > 200 {
		l.fail("not-supported-here", e, "functions call one another more than 200 deep")
	}
	for i, p := range f.Params {
		l.bind(p.Name.Name, args[i])
	}
	for i, p := range f.Params {
		l.bindDims(p, args[i])
	}
	for i, p := range f.Params {
		l.checkDims(e, f, p, args[i])
	}
	l.block(f.Body)
	return l.table(f.Result)
}

// bindDims binds the dimension names of a parameter's type from the argument.
func (l *lowerer) bindDims(p *ast.FnParam, v val) {
	for i, d := range p.Type.Dims {
		if name, ok := ast.Unparen(d).(*ast.Name); ok && i < v.Rank() && l.find(name.Name) == nil {
			l.bind(name.Name, val{l.b.Scalar(float64(v.Shape()[i])), lang.Int})
		}
	}
}

// checkDims compares an argument with the dimensions of the parameter's type,
// all names of which are bound.
func (l *lowerer) checkDims(e *ast.Call, f *ast.Fn, p *ast.FnParam, v val) {
	for i, d := range p.Type.Dims {
		if want := l.integer(d, "a dimension"); i >= v.Rank() || want != v.Shape()[i] {
			l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: e.Span(),
				Summary:  "the argument `" + p.Name.Name + "` of `" + f.Name.Name + "` has another length than its type says",
				Expected: lang.DimInt(want).String(), Found: typeOf(v).String()})
		}
	}
}

package lower

import (
	"fmt"

	"ppl/graph/fn"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// What a model computes from data over all rows (a mean, a scale, the number of rows, the first
// of them) belongs to the fit: a prediction for other rows keeps its value, and only what is
// elementwise sees the new ones. Otherwise a predictor that is centred within the model would
// mean something else for each set of new rows.

// Freeze keeps in d, data with new rows along the dimensions of anew, the values that
// data had in was wherever the model reduces them over such a dimension. The diagnostics, of the
// code cannot-predict, say what of data can neither be kept nor worked out row by row.
func (d *Data) Freeze(m *lang.Model, was *Data, anew map[string]bool) diag.List {
	f := &freezer{m: m, now: d, was: was, anew: anew, lets: map[string]*Array{}}
	d.frozen = map[ast.Expr]frozenValue{}
	weights := ForWeights(m)
	for _, s := range m.File.Stmts {
		if weights[m.Uses[s]] {
			f.weight++
		}
		if _, is := s.(*ast.Fn); !is {
			f.visit(s, false)
		}
		if weights[m.Uses[s]] {
			f.weight--
		}
	}
	f.diags.Sort()
	return f.diags
}

// frozenValue is the value of an expression that is kept.
type frozenValue struct {
	array *Array
	elem  lang.Elem
}

// frozen is the value of an expression, if it is kept.
func (l *lowerer) frozen(e ast.Expr) (val, bool) {
	v, ok := l.data.frozen[e]
	if !ok {
		return val{}, false
	}
	return val{l.b.Array(v.array.Shape, v.array.Data), v.elem}, true
}

// freezer finds what is to be kept.
type freezer struct {
	m     *lang.Model
	now   *Data
	was   *Data
	anew  map[string]bool
	lets  map[string]*Array // values that lets of data had
	diags diag.List
	// weight is not 0 within a weight, in which nothing is refused.
	weight int
}

// visit looks through a statement or an expression; arithmetic says that the value of an
// expression is put to use as a number, and not as a length.
func (f *freezer) visit(n ast.Node, arithmetic bool) {
	switch n := n.(type) {
	case *ast.Range, *ast.Type: // lengths follow the new rows
		return
	case *ast.Weighting: // has no part in a prediction
		f.weight++
		defer func() { f.weight-- }()
	case *ast.Call:
		arithmetic = f.call(n)
	case *ast.Unary, *ast.Binary:
		arithmetic = true
	case *ast.Paren:
	default:
		arithmetic = false
	}
	if e, is := n.(ast.Expr); is && f.reduces(e) {
		f.keep(e)
		return
	}
	for _, c := range ast.Children(n) {
		if name, is := c.(*ast.Name); is && arithmetic && f.isLength(name) {
			f.keep(name)
			continue
		}
		f.visit(c, arithmetic)
	}
}

// call refuses a function that mixes rows, and reports whether its arguments are numbers.
func (f *freezer) call(e *ast.Call) (arithmetic bool) {
	builtin, is := fn.Find(e.Fn.Name)
	switch {
	case f.m.Dists[e] != nil || f.random(e) || !f.along(e) || !f.argumentAlong(e):
	case is && (builtin.Group == "Linear algebra" || builtin.Group == "Vectors" || builtin.Group == "Networks"):
		f.refuse(e, fmt.Sprintf("`%s` mixes the rows of data", e.Fn.Name))
	case !is && f.m.Fns[e.Fn.Name] != nil && f.mixes(f.m.Fns[e.Fn.Name]):
		f.refuse(e, fmt.Sprintf("the function `%s` computes something over all rows of its argument", e.Fn.Name))
	}
	return is && builtin.Group == "Elementwise" || f.m.Dists[e] != nil
}

// reduces reports whether an expression is one of data over rows that are new.
func (f *freezer) reduces(e ast.Expr) bool {
	if f.along(e) || f.random(e) {
		return false
	}
	switch e := e.(type) {
	case *ast.Call:
		return f.m.Dists[e] == nil && f.argumentAlong(e)
	case *ast.Index:
		return f.along(e.X) && f.closed(e)
	case *ast.Binary:
		return e.Op == "@" && (f.along(e.X) || f.along(e.Y))
	}
	return false
}

// along reports whether an expression has a dimension whose rows are new.
func (f *freezer) along(e ast.Expr) bool {
	for _, d := range f.m.Types[e].Dims {
		for _, s := range d.Symbols() {
			if f.anew[s.Name] {
				return true
			}
		}
	}
	return false
}

func (f *freezer) argumentAlong(e *ast.Call) bool {
	for _, a := range e.Args {
		if f.along(a.Value) {
			return true
		}
	}
	return false
}

// isLength reports whether a name is the number of rows that are new.
func (f *freezer) isLength(e *ast.Name) bool {
	s := f.m.Uses[e]
	return s != nil && f.anew[s.Name] && (s.Kind == lang.SymDim || s.Kind == lang.SymData && s.Type.IsScalar())
}

// random reports whether an expression depends on a latent.
func (f *freezer) random(e ast.Expr) bool {
	random := false
	ast.Inspect(e, func(n ast.Node) bool {
		if s := f.m.Uses[n]; s != nil && (s.Random || s.Kind == lang.SymLatent || s.Kind == lang.SymParam) {
			random = true
		}
		return !random
	})
	return random
}

// closed reports whether all that an expression reads is known without iterations around it.
func (f *freezer) closed(e ast.Expr) bool {
	inside := map[string]bool{}
	ast.Inspect(e, func(n ast.Node) bool {
		if b, is := n.(*ast.Binder); is {
			inside[b.Name.Name] = true
		}
		return true
	})
	closed := true
	ast.Inspect(e, func(n ast.Node) bool {
		if s := f.m.Uses[n]; s != nil && (s.Kind == lang.SymFnParam || s.Kind == lang.SymIndex && !inside[s.Name]) {
			closed = false
		}
		return closed
	})
	return closed
}

// mixes reports whether a function does anything with an array that is not elementwise.
func (f *freezer) mixes(of *ast.Fn) bool {
	found := false
	ast.Inspect(of, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Call:
			builtin, is := fn.Find(n.Fn.Name)
			for _, a := range n.Args {
				if len(f.m.Types[a.Value].Dims) > 0 && (!is || builtin.Group != "Elementwise") {
					found = true
				}
			}
		case *ast.Binary:
			found = found || n.Op == "@"
		case *ast.Index:
			found = found || len(n.Args) > 0
		}
		return !found
	})
	return found
}

// keep keeps the value that an expression had.
func (f *freezer) keep(e ast.Expr) {
	if !f.closed(e) {
		f.refuse(e, "this is computed over all rows of data, anew in each iteration")
		return
	}
	a, ds := Evaluate(f.m, f.lookup, e)
	if a == nil && f.weight > 0 {
		return
	}
	if a == nil {
		for _, d := range ds {
			d.Code = "cannot-predict"
			f.diags.Add(d)
		}
		return
	}
	f.now.frozen[e] = frozenValue{a, f.m.Types[e].Elem}
}

// lookup is what data, dimensions and lets of data were.
func (f *freezer) lookup(name string) (*Array, bool) {
	if a, ok := f.was.Values[name]; ok {
		return a, true
	}
	if n, ok := f.was.Dims[name]; ok {
		return &Array{Data: []float64{float64(n)}}, true
	}
	if a, ok := f.lets[name]; ok {
		return a, a != nil
	}
	for _, s := range f.m.Lets {
		let, is := s.Decl.(*ast.Let)
		if s.Name == name && is && !s.Random && len(let.Index) == 0 {
			f.lets[name] = nil
			f.lets[name], _ = Evaluate(f.m, f.lookup, let.Value)
			return f.lets[name], f.lets[name] != nil
		}
	}
	return nil, false
}

func (f *freezer) refuse(e ast.Expr, what string) {
	if f.weight > 0 {
		return
	}
	f.diags.Add(diag.Diagnostic{Code: "cannot-predict", Severity: diag.Error, Source: f.m.File.Source, Span: e.Span(),
		Summary: what + ": for new rows it would be another number than in the fit",
		Hint:    "compute it before, and give it as data; or name it in a `let` of its own at the top of the model, if it is one number for all rows"})
}

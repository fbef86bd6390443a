package data

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Lookup finds the value of a name that an expression over data may mention.
type Lookup func(name string) (*Array, bool)

// Eval evaluates an expression over data: a default, a bound, a length. If the
// error is a diag.List it is reported as it stands.
type Eval func(e ast.Expr, lookup Lookup) (*Array, error)

// BindOptions sets how data are bound.
type BindOptions struct {
	// Eval evaluates expressions; nil takes an evaluator that knows numbers,
	// names, array literals and arithmetic.
	Eval Eval
	// Levels fixes the levels of factors, as when predicting from a fit: a
	// label that is not among them is an error.
	Levels map[string][]string
	// Drawn are declarations that a simulation will draw: they may be left out, and
	// then have no value in the result. Factors may not, since labels come with data.
	Drawn map[string]bool
	// Unread are declarations of which the value is not looked at, as that of weights is not in a
	// simulation: they may be left out, and then have no value in the result.
	Unread map[string]bool
}

// Bind binds data to the declarations of m. Data that only `generate` reads may be
// left out, too: they have no value then. The result is complete only if the
// list holds no errors. See the package comment for the steps.
func Bind(m *lang.Model, t *Tables, opt BindOptions) (*Bound, diag.List) {
	return newBinder(m, t, opt).bind()
}

// bind goes through the steps.
func (b *binder) bind() (*Bound, diag.List) {
	b.match()
	b.factors()
	b.convertAll()
	b.bindDims()
	b.fillIn()
	b.checkShapes()
	b.checkConstraints()
	b.finish()
	b.diags.Sort()
	return b.out, b.diags
}

// binder is the state of one Bind.
type binder struct {
	m     *lang.Model
	src   *diag.Source
	t     *Tables
	opt   BindOptions
	out   *Bound
	diags diag.List
	items []*item
	byKey map[string]*item
	dims  map[string]*dimension
	order []string // of dims, as they appear
	lets  map[string]*letValue
	used  map[string]bool
	// failed are the names whose value is not known because of an error.
	failed map[string]bool
	again  *rebinding // of data that are bound anew; else nil
	piece  *piece     // of rows that are not all there are; else nil
}

// item is one data declaration on its way.
type item struct {
	sym   *lang.Symbol
	decl  *ast.Data // nil only in a model made by hand
	value *Value    // nil: left out
	shape []int     // of the value; -1 where an empty array leaves a length open
	array *Array    // once converted
	order []int     // of the rows of a keyed value: row r of the array is row order[r] of the value
	bad   bool
}

// open reports whether an empty array leaves some length to be found.
func (it *item) open() bool {
	for _, n := range it.shape {
		if n < 0 {
			return true
		}
	}
	return false
}

func newBinder(m *lang.Model, t *Tables, opt BindOptions) *binder {
	if t == nil {
		t = newTables()
	}
	if opt.Eval == nil {
		opt.Eval = simpleEval
	}
	t = t.For(context.Background(), m)
	b := &binder{
		m: m, t: t, opt: opt,
		out:   &Bound{Values: map[string]*Array{}, Dims: map[string]int{}, Levels: map[string][]string{}, places: map[string]func(int) string{}},
		byKey: map[string]*item{}, dims: map[string]*dimension{}, lets: map[string]*letValue{},
		used: map[string]bool{}, failed: map[string]bool{},
	}
	if m.File != nil {
		b.src = m.File.Source
	}
	for _, s := range m.Lets {
		if let, ok := s.Decl.(*ast.Let); ok && len(let.Index) == 0 && !s.Random {
			b.lets[s.Name] = &letValue{expr: let.Value, span: s.Span}
		}
	}
	for _, s := range m.Data {
		decl, _ := s.Decl.(*ast.Data)
		it := &item{sym: s, decl: decl}
		b.items = append(b.items, it)
		b.byKey[s.Name] = it
	}
	return b
}

// match finds the value of each declaration and compares ranks.
func (b *binder) match() {
	for _, it := range b.items {
		v, ok := b.take(it.sym.Name)
		if !ok && it.sym.Type.Rank() > 1 {
			v = b.joined(it.sym.Name, it.sym.Type.Rank())
		}
		if v == nil {
			continue
		}
		it.value = v
		switch {
		case v.also != nil:
			b.add(it, v.duplicate())
		case v.problem != nil:
			code := v.problem.code
			if code == "" {
				code = notAnArray
			}
			b.fail(it, code, b.typeSpan(it), "%s (%s)", v.problem.summary, v.Where()).Hint = v.problem.hint
		default:
			it.shape = v.shape
			b.checkRank(it)
		}
	}
}

// take returns the value of a key and marks it as used.
func (b *binder) take(key string) (*Value, bool) {
	v, ok := b.t.Lookup(key)
	if ok {
		b.used[key] = true
	}
	return v, ok
}

// checkRank compares the number of dimensions. An empty array may leave out the
// ones that it has no rows to show.
func (b *binder) checkRank(it *item) {
	want, got := it.sym.Type.Rank(), len(it.shape)
	if want == got {
		return
	}
	if got > 0 && got < want && it.shape[got-1] == 0 {
		it.shape = append([]int(nil), it.shape...)
		for len(it.shape) < want {
			it.shape = append(it.shape, -1)
		}
		return
	}
	d := b.fail(it, shapeError, b.typeSpan(it), "`%s` is %s, but is declared %s (%s)", it.sym.Name, shapeText(it.shape), declared(want), it.value.Where())
	d.Expected, d.Found = it.sym.Type.String(), shapeText(it.shape)
	d.Hint = rankHint(it, want, got)
}

func declared(rank int) string {
	switch rank {
	case 0:
		return "as a scalar"
	case 1:
		return "with 1 dimension"
	}
	return fmt.Sprintf("with %d dimensions", rank)
}

func rankHint(it *item, want, got int) string {
	v := it.value
	switch {
	case want == 0 && v.origin.kind == fromCSV:
		return fmt.Sprintf("columns of a CSV file are arrays; give the number with `-d %s=...`", it.sym.Name)
	case want == 0 && v.origin.kind == fromLines:
		return fmt.Sprintf("a line of a .jsonl file is a row; give the number with `-d %s=...`, or, if the line is a whole data set, call the file .json", it.sym.Name)
	case want == 0 && v.origin.isTable():
		return fmt.Sprintf("columns are arrays; give the number with `-d %s=...`", it.sym.Name)
	case want == 0 && got == 1 && size(it.shape) == 1 && v.origin.kind == fromJSON:
		return "write the number without brackets; in R: `jsonlite::write_json(data, path, auto_unbox = TRUE)`"
	case want == 0 && got == 1 && size(it.shape) == 1:
		return "write the number without brackets"
	case want > 0 && got == 0 && v.origin.kind == fromFlag && v.tag(0) > 0 && list(v.text(0).s):
		return v.bracketsHint(v.text(0).s)
	case want == 1 && got == 0:
		return "an array of one element stands in brackets: [1]"
	case want > 1 && v.origin.kind == fromCSV:
		return fmt.Sprintf("a column of a CSV file has one dimension; a matrix is columns %s.1, %s.2, ..., or JSON, a list of its rows", it.sym.Name, it.sym.Name)
	case want > 1 && got == 1 && v.origin.isTable():
		return fmt.Sprintf("a matrix is a column of lists of numbers, or columns %s.1, %s.2, ...", it.sym.Name, it.sym.Name)
	}
	return ""
}

// finish collects the results and the keys without a use.
func (b *binder) finish() {
	for _, it := range b.items {
		if it.array != nil && !it.bad {
			b.out.Values[it.sym.Name] = it.array
			if it.value != nil {
				from := b.fromBound(it)
				b.out.places[it.sym.Name] = func(i int) string { return it.value.whereElement(from(i)) }
			}
		}
	}
	for name, d := range b.dims {
		if d.known {
			b.out.Dims[name] = d.n
		}
	}
	b.warnFixed()
	b.undeclared()
	b.warnComputed()
	b.warnEmpty()
	for _, key := range b.t.Names() {
		if !b.used[key] {
			b.out.Unused = append(b.out.Unused, key)
		}
	}
	sort.Strings(b.out.Unused)
}

// warnFixed warns of keys for names that the model itself defines, unless the
// data say the same.
func (b *binder) warnFixed() {
	for name, let := range b.lets {
		v, ok := b.t.Lookup(name)
		if !ok || b.byKey[name] != nil {
			continue
		}
		b.used[name] = true
		a, known := b.lookup(name)
		same := known && v.problem == nil && sameShape(a.Shape, v.shape) && slices.Equal(a.Data, v.nums)
		if known && !same {
			b.diags.Add(diag.Diagnostic{
				Code: ignoredKey, Severity: diag.Warning, Source: b.src, Span: let.span, Where: v.Where(),
				Summary: fmt.Sprintf("the model fixes `%s`, so the value in the data is ignored (%s)", name, v.Where()),
				Hint:    fmt.Sprintf("to set it from the data, declare `data %s`", name),
			})
		}
	}
}

// fail reports an error of a declaration, and leaves it out of what follows.
func (b *binder) fail(it *item, code diag.Code, at diag.Span, format string, args ...any) *diag.Diagnostic {
	b.add(it, diag.Diagnostic{Code: code, Span: at, Summary: fmt.Sprintf(format, args...)})
	return &b.diags[len(b.diags)-1]
}

// add completes and adds a diagnostic about a declaration.
func (b *binder) add(it *item, d diag.Diagnostic) {
	d.Source = b.src
	if d.Span == (diag.Span{}) {
		d.Span = it.sym.Span
	}
	if d.Where == "" && it.value != nil {
		d.Where = it.value.Where()
	}
	b.diags.Add(d)
	if d.Severity == diag.Error {
		b.spoil(it)
	}
}

func (b *binder) spoil(it *item) {
	it.bad = true
	b.failed[it.sym.Name] = true
}

// typeSpan is where the type of a declaration stands.
func (b *binder) typeSpan(it *item) diag.Span {
	if it.decl != nil && it.decl.Type != nil {
		return it.decl.Type.Span()
	}
	return it.sym.Span
}

// letValue is a `let` of data, evaluated when it is asked for.
type letValue struct {
	expr  ast.Expr
	span  diag.Span
	value *Array
	busy  bool
}

// lookup is what expressions see: data, dimensions, and lets of data.
func (b *binder) lookup(name string) (*Array, bool) {
	if p := b.piece; p != nil && name == p.dim && p.rows > 0 {
		return scalar(float64(p.rows)), true
	}
	if it, ok := b.byKey[name]; ok {
		return it.array, it.array != nil && !it.bad && !it.open()
	}
	if d, ok := b.dims[name]; ok && d.known {
		return scalar(float64(d.n)), true
	}
	let, ok := b.lets[name]
	if !ok && b.piece != nil && b.piece.base != nil {
		return b.piece.base.Lookup(name)
	}
	if !ok || let.busy {
		return nil, false
	}
	if let.value == nil {
		let.busy = true
		let.value, _ = b.opt.Eval(let.expr, b.lookup)
		let.busy = false
	}
	return let.value, let.value != nil
}

// errNotReady says that an expression depends on what has failed already.
var errNotReady = errors.New("depends on data with errors")

// eval evaluates e. The error is errNotReady where another one was reported for
// what e depends on.
func (b *binder) eval(e ast.Expr) (*Array, error) {
	if !b.ready(e) {
		return nil, errNotReady
	}
	a, err := b.opt.Eval(e, b.lookup)
	if err == nil && (a == nil || size(a.Shape) != len(a.Data)) {
		err = errors.New("it has no value")
	}
	return a, err
}

// ready reports whether all that e mentions has a value, or none of it failed.
func (b *binder) ready(e ast.Expr) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		name, isName := n.(*ast.Name)
		if !isName {
			return ok
		}
		if let := b.lets[name.Name]; let != nil && !let.busy && let.value == nil {
			let.busy = true
			ok = ok && b.ready(let.expr)
			let.busy = false
		}
		ok = ok && !b.failed[name.Name]
		return ok
	})
	return ok
}

// evalFailed reports that an expression of a declaration has no value.
func (b *binder) evalFailed(it *item, e ast.Expr, what string, err error) {
	var list diag.List
	switch {
	case errors.Is(err, errNotReady) && b.piece != nil: // it is checked again when the rest is known
	case errors.Is(err, errNotReady):
		b.spoil(it)
	case errors.As(err, &list):
		b.diags = append(b.diags, list...)
		b.spoil(it)
	default:
		b.fail(it, expression, e.Span(), "%s of `%s` cannot be evaluated: %s", what, it.sym.Name, err)
	}
}

// declText is a part of the model's text on one line.
func (b *binder) declText(n ast.Node) string {
	if b.src == nil {
		return ""
	}
	return strings.Join(strings.Fields(b.src.Slice(n.Span())), " ")
}

// Package check turns a syntax tree into a typed model.
//
// # How it works
//
// The text is read once, top to bottom. A value is declared when its statement
// is reached, so a name that is not yet there is an error; only functions may
// stand anywhere and are gathered first (fns.go).
//
// Types carry symbolic dimensions (lang.Dim): affine forms over dimension
// names, integers known from data, and the indices of plates and loops. Two
// arrays fit when their dimensions are equal as forms; where only the data can
// tell, the question is left to binding. The same forms answer questions about
// indices: each symbol has bounds (a dimension is at least 0, a plate's index
// lies in its range), and an inequality is proven by replacing symbols by their
// bounds, newest first (affine.go).
//
// An array may be built by several statements. Before anything is checked, the
// defining statements of every name are listed with the plates and loops around
// them (prescan in names.go). A read of such an array is compared with each of
// those statements (plates.go): one in no common loop must be complete, one in
// a common plate must be of the same iteration, one in a common `for` of an
// earlier iteration or above in the same one. When the last piece is done, the
// boxes that the pieces fill are put side by side: a gap or an overlap that is
// provable is an error, the rest is left to binding (pieces.go).
//
// Whatever is wrong gives a diagnostic and a poisoned value. An operation on a
// poisoned value is poisoned in silence, so that one mistake is reported once.
package check

import (
	"fmt"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Check finds out what file means. The model is complete only if the list
// holds no errors. What a later version will support is in Model.NotYet, and
// what is of no use in Model.Remarks, as warnings that are not in the list.
func Check(file *ast.File, cat lang.Catalogue) (*lang.Model, diag.List) {
	if file == nil {
		file = &ast.File{}
	}
	c := newChecker(file, cat)
	c.defs = prescan(file.Stmts)
	c.gatherFns(file.Stmts)
	c.stmts(file.Stmts)
	c.finishAll()
	c.settleRandom()
	if !c.diags.HasErrors() {
		c.unused()
	}
	c.m.NoteGuideParams()
	c.diags.Sort()
	c.m.NotYet.Sort()
	c.m.Remarks.Sort()
	return c.m, c.diags
}

// checker is the state of one run.
type checker struct {
	src   *diag.Source
	cat   lang.Catalogue
	m     *lang.Model
	diags diag.List
	// quiet, if positive, suppresses diagnostics: a question is being asked.
	quiet int
	// full says that there are as many errors as are reported: what follows is
	// not looked at.
	full bool

	scope *scope // innermost
	root  *scope // where indexed definitions go: the model, a fn body, a guide
	top   *scope // the model
	loops []*loop
	defs  *definitions // of the current root
	// built are the arrays of the current root that are built in pieces.
	built []*info
	// all lists every value, for the last pass over what depends on latents.
	all []*info
	// cur is the let whose value is being checked.
	cur *info

	fns        map[string]*fnInfo
	fn         *fnInfo // whose body is being checked, or nil
	guide      *guideInfo
	generating bool
	role       role
	leftOf     *ast.Sample // whose left side is being checked
	underIf    int         // the number of enclosing branches of `if`
	unparsed   map[string]bool
	declared   map[string]diag.Span // data and params, wherever they stand
	// memo holds the values of expressions that have been checked, asked those
	// of the question being asked: nothing is evaluated twice for one answer.
	memo, asked map[ast.Expr]value
	// added is a comprehension that `sum` or `mean` adds up, element by element:
	// its rows may differ in length.
	added *ast.Comprehension
	// ready are arrays whose last piece is done.
	ready []*info

	bounds map[string]*bound
	nextID int
}

func newChecker(file *ast.File, cat lang.Catalogue) *checker {
	src := file.Source
	if src == nil {
		src = diag.NewSource("<input>", "")
	}
	c := &checker{
		src: src,
		cat: cat,
		m: &lang.Model{
			File:    file,
			Fns:     map[string]*ast.Fn{},
			Samples: map[*ast.Sample]*lang.SampleInfo{},
			Dists:   map[*ast.Call]*lang.DistCall{},
			Types:   map[ast.Expr]lang.Type{},
			Uses:    map[ast.Node]*lang.Symbol{},
		},
		fns:    map[string]*fnInfo{},
		bounds: map[string]*bound{},
		memo:   map[ast.Expr]value{},
		defs:   prescan(nil),
	}
	c.top = newScope(nil)
	c.scope, c.root = c.top, c.top
	return c
}

// note is a diagnostic under construction.
type note struct{ d *diag.Diagnostic }

// report adds an error, up to a number that nobody reads. The note that it
// returns takes the rest.
func (c *checker) report(code diag.Code, at diag.Span, format string, args ...any) note {
	d := diag.Diagnostic{Code: code, Source: c.src, Span: at, Summary: fmt.Sprintf(format, args...)}
	if c.quiet > 0 {
		return note{&d}
	}
	switch {
	case c.full:
		return note{&d}
	case len(c.diags) == diag.MaxErrors:
		c.full = true
		c.diags.Add(diag.Diagnostic{Code: diag.TooManyErrors, Source: c.src, Span: at, Summary: diag.MoreErrors, Hint: diag.MendFirst})
		return note{&d}
	}
	c.diags.Add(d)
	return note{&c.diags[len(c.diags)-1]}
}

// text is the source of a node, "" where there is none.
func (c *checker) text(n ast.Node) string {
	if n == nil {
		return ""
	}
	return c.src.Slice(n.Span())
}

// notYet records a located "not supported yet".
func (c *checker) notYet(at diag.Span, format string, args ...any) {
	if c.quiet > 0 {
		return
	}
	c.m.NotYet.Add(diag.Diagnostic{
		Code: NotSupportedYet, Severity: diag.Warning, Source: c.src, Span: at, Summary: fmt.Sprintf(format, args...),
	})
}

func (n note) expected(format string, args ...any) note {
	n.d.Expected = fmt.Sprintf(format, args...)
	return n
}

func (n note) found(format string, args ...any) note {
	n.d.Found = fmt.Sprintf(format, args...)
	return n
}

// hint sets the hint; an empty text leaves it as it is.
func (n note) hint(format string, args ...any) note {
	if text := fmt.Sprintf(format, args...); text != "" {
		n.d.Hint = text
	}
	return n
}

func (n note) related(at diag.Span, format string, args ...any) note {
	if at != (diag.Span{}) {
		n.d.Related = append(n.d.Related, diag.Related{Span: at, Message: fmt.Sprintf(format, args...)})
	}
	return n
}

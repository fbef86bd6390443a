// Package ast is the syntax tree of a ppl model. Every node knows the span of
// text it came from. The tree is what the text says, nothing more: names are
// unresolved and a call may turn out to be a function or a distribution.
package ast

import (
	"slices"

	"ppl/lang/diag"
)

// Node is any part of the tree.
type Node interface {
	Span() diag.Span
}

// At is embedded in every node and holds its span.
type At struct {
	Sp diag.Span
}

// Span returns the byte range of the node, from its first to its last token.
func (a At) Span() diag.Span { return a.Sp }

// File is a whole model.
type File struct {
	At
	Source   *diag.Source
	Stmts    []Stmt
	Comments []Comment // in order of appearance
}

// Comment is one `# ...` comment without its line break; Text includes the #.
type Comment struct {
	At
	Text string
}

// Ident is a name where it is written.
type Ident struct {
	At
	Name string
}

// ---- Statements ----

// Stmt is a statement.
type Stmt interface {
	Node
	stmt()
}

// Data is `data NAME : TYPE [CONSTRAINT] [= DEFAULT]`.
type Data struct {
	At
	Name       Ident
	Type       *Type
	Constraint *Constraint // or nil
	Default    Expr        // or nil
}

// Param is `param NAME : TYPE [CONSTRAINT] [= INIT]`.
type Param struct {
	At
	Name       Ident
	Type       *Type
	Constraint *Constraint // or nil
	Init       Expr        // or nil
}

// Let is `let NAME[INDEX] = E`. Index is empty for a plain let; its elements
// are Binder (`i in 1..N`) or an index argument (`t`, `1`, `2..T`, `:`).
type Let struct {
	At
	Name  Ident
	Index []LeftIndex
	Value Expr
}

// Sample is `NAME[INDEX] [: TYPE [CONSTRAINT]] ~ DIST [censored ...] [weighted E]`,
// where DIST is a call, possibly truncated.
type Sample struct {
	At
	Name       Ident
	Index      []LeftIndex
	Type       *Type       // or nil
	Constraint *Constraint // or nil
	Dist       *Dist
	Censored   *Censoring // or nil
	Weighted   *Weighting // or nil
}

// Element is the expression that reads, of an array of a name, what the left side names: `x[i]` of `x[i] ~ ...`.
func (s *Sample) Element(name string) Expr {
	x := &Name{At: s.Name.At, Name: name}
	if len(s.Index) == 0 {
		return x
	}
	args := make([]IndexArg, len(s.Index))
	for i, ix := range s.Index {
		if args[i] = ix.Arg; ix.Binder != nil {
			args[i] = IndexArg{At: ix.Binder.At, Expr: &Name{At: ix.Binder.Name.At, Name: ix.Binder.Name.Name}}
		}
	}
	return &Index{At: s.At, X: x, Args: args}
}

// Censoring is `censored above E`, `censored below E`, `censored in (a, b)` or
// `censored in a..b`: values of that range are not seen.
type Censoring struct {
	At
	Side     string // "above", "below" or "in"
	Bound    Expr   // for above and below
	Interval *Interval
	Range    *Range
}

// Weighting is `weighted E`: the log density counts E times.
type Weighting struct {
	At
	Value Expr
}

// LeftIndex is one index on the left of `~` or of a let: exactly one field is set.
type LeftIndex struct {
	At
	Binder *Binder  // `i in 1..N`
	Arg    IndexArg // an expression, a range or a colon
}

// Plate is `plate i in R, j in S { ... }`.
type Plate struct {
	At
	Binders []*Binder
	Body    []Stmt
}

// For is `for t in R { ... }`.
type For struct {
	At
	Binders []*Binder
	Body    []Stmt
}

// Factor is `factor E`.
type Factor struct {
	At
	Value Expr
}

// Generate is `generate STMT` where STMT is a Sample or a Let.
type Generate struct {
	At
	Stmt Stmt
}

// Fn is `fn NAME(PARAMS) -> TYPE = E` (Body empty, Result set) or with a block
// `{ let ... for ... return E }` (Block true, Body the lets and fors, Result
// the returned expression).
type Fn struct {
	At
	Name   Ident
	Params []*FnParam
	Return *Type
	Block  bool
	Body   []Stmt
	Result Expr
}

// ParamNames are the names of the parameters.
func (f *Fn) ParamNames() []string {
	names := make([]string, len(f.Params))
	for i, p := range f.Params {
		names[i] = p.Name.Name
	}
	return names
}

// FnParam is `NAME : TYPE`.
type FnParam struct {
	At
	Name Ident
	Type *Type
}

// Guide is `guide { ... }`.
type Guide struct {
	At
	Body []Stmt
}

// Bad stands for text that did not parse; its diagnostics were reported.
type Bad struct {
	At
}

func (*Data) stmt()     {}
func (*Param) stmt()    {}
func (*Let) stmt()      {}
func (*Sample) stmt()   {}
func (*Plate) stmt()    {}
func (*For) stmt()      {}
func (*Factor) stmt()   {}
func (*Generate) stmt() {}
func (*Fn) stmt()       {}
func (*Guide) stmt()    {}
func (*Bad) stmt()      {}

// Binder is `NAME in RANGE`.
type Binder struct {
	At
	Name  Ident
	Range *Range
}

// Range is `LO..HI`, both ends included.
type Range struct {
	At
	Lo, Hi Expr
}

// Type is `real`, `int?[N]`, `simplex[J, K]`, `factor(J)[N]`.
type Type struct {
	At
	Name     Ident // real, int, bool, simplex, ..., factor
	Levels   *Ident
	Optional bool   // `?`
	Dims     []Expr // nil for a scalar
}

// Constraint is what may follow a type.
type Constraint struct {
	At
	Op       string // ">", ">=", "<", "<=", or "in"
	Bound    Expr   // for the comparisons
	Interval *Interval
	Range    *Range // `in a..b`
}

// Dist is a distribution call, possibly truncated by `in (a, b)` or `in a..b`.
type Dist struct {
	At
	Call     *Call
	Interval *Interval // open interval, or nil
	Range    *Range    // closed integer range, or nil
}

// Interval is the open interval `(LO, HI)`.
type Interval struct {
	At
	Lo, Hi Expr
}

// ---- Expressions ----

// Expr is an expression.
type Expr interface {
	Node
	expr()
}

// Name refers to a value (or, as a call's argument, to a function).
type Name struct {
	At
	Name string
}

// Number is a numeric literal; Text is as written, Real says that it has a
// point or an exponent.
type Number struct {
	At
	Text  string
	Value float64
	Real  bool
}

// Bool is `true` or `false`.
type Bool struct {
	At
	Value bool
}

// Unary is `-X` or `!X`.
type Unary struct {
	At
	Op   string
	OpAt diag.Span
	X    Expr
}

// Binary is `X OP Y`; Op is one of || && == != < <= > >= + - * / @ ^.
type Binary struct {
	At
	Op   string
	OpAt diag.Span
	X, Y Expr
}

// If is `if COND then A else B`.
type If struct {
	At
	Cond, Then, Else Expr
}

// Index is `X[ARGS]`.
type Index struct {
	At
	X    Expr
	Args []IndexArg
}

// IndexArg is one argument of an index: exactly one of Expr, Range and Colon.
type IndexArg struct {
	At
	Expr  Expr   // `i`, `t - 1`, `idx`
	Range *Range // `2..T`
	Colon bool   // `:`
}

// Call is `NAME(ARGS)`: a function or, where a distribution is expected, a
// distribution.
type Call struct {
	At
	Fn   Ident
	Args []Arg
}

// Arg is one argument of a call, positional (Name nil) or by keyword. Where
// the argument is a truncated distribution (`log_density(Normal(0, 1) in (0, inf), x)`)
// Value is a *DistExpr.
type Arg struct {
	At
	Name  *Ident
	Value Expr
}

// InOrder is the call with its arguments in the order of the parameters, all
// positional. The call is one that the checker accepts.
func (e *Call) InOrder(params []string) *Call {
	if !slices.ContainsFunc(e.Args, func(a Arg) bool { return a.Name != nil }) {
		return e
	}
	args := make([]Arg, max(len(params), len(e.Args)))
	for i, a := range e.Args {
		if a.Name != nil {
			i = slices.Index(params, a.Name.Name)
		}
		if i < 0 {
			return e
		}
		args[i] = Arg{At: a.At, Value: a.Value}
	}
	return &Call{At: e.At, Fn: e.Fn, Args: slices.DeleteFunc(args, func(a Arg) bool { return a.Value == nil })}
}

// DistExpr is a truncated distribution as an argument.
type DistExpr struct {
	At
	Dist *Dist
}

// Drawn stands for what a `~` of a guide draws, as a function of noise, or for its log density there. No
// text has it: the checker makes a `let` of each such `~` (lang.Model.Guide).
type Drawn struct {
	At
	Sample *Sample
	Noise  Expr // the noise of the element that is drawn
	// Value is the element, where its log density is meant; nil for the draw.
	Value Expr
}

// Array is `[E1, E2]`.
type Array struct {
	At
	Elems []Expr
}

// Comprehension is `[E for i in R, j in S]`.
type Comprehension struct {
	At
	Elem    Expr
	Binders []*Binder
}

// Paren is `(X)`; kept so that the formatter keeps what the user wrote.
type Paren struct {
	At
	X Expr
}

// BadExpr stands for an expression that did not parse.
type BadExpr struct {
	At
}

func (*Name) expr()          {}
func (*Number) expr()        {}
func (*Bool) expr()          {}
func (*Unary) expr()         {}
func (*Binary) expr()        {}
func (*If) expr()            {}
func (*Index) expr()         {}
func (*Call) expr()          {}
func (*DistExpr) expr()      {}
func (*Drawn) expr()         {}
func (*Array) expr()         {}
func (*Comprehension) expr() {}
func (*Paren) expr()         {}
func (*BadExpr) expr()       {}

// Unparen strips parentheses.
func Unparen(e Expr) Expr {
	for {
		p, ok := e.(*Paren)
		if !ok {
			return e
		}
		e = p.X
	}
}

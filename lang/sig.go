package lang

import (
	"slices"
	"strconv"
	"strings"

	"ppl/lang/ast"
)

// Arg is what a signature's Result rule sees of an argument.
type Arg struct {
	Type Type
	// Size is the symbolic value of a scalar int argument known from data
	// (`zeros(K)`), otherwise nil.
	Size *Dim
	// Fn is the name of a function passed by bare name (`ode(flow, ...)`).
	Fn string
}

// FuncSig is the signature of a built-in function. graph/fn declares each
// once, with the rule that lowers it.
type FuncSig struct {
	Name string
	// Params names the parameters in order, for help, messages and keyword
	// arguments; the last may end in "..." (variadic).
	Params []string
	// MinArgs is the number of required arguments (the rest have defaults).
	MinArgs int
	// Defaults are the numbers that the first of these have where one after
	// them is given by keyword; those without one must be given then.
	Defaults []string
	// Group is the heading under which help and docs list it: "Elementwise",
	// "Reductions", "Shape", "Linear algebra", "Kernels", ...
	Group string
	// Doc is one or more sentences: what it computes (formula), shapes, domain.
	Doc string
	// Example is an expression of the language.
	Example string
	// Result gives the type of the call, or an error whose text completes
	// "`name` ...": "needs a square matrix, found real[N, D]".
	Result func(args []Arg) (Type, error)
	// NotYet, if not empty, says that fit refuses it: "ordinary differential
	// equations are not supported yet".
	NotYet string
}

// Default is the value of parameter i where it is left out, nil if it has none.
func (f *FuncSig) Default(i int) ast.Expr {
	if i -= f.MinArgs; i < 0 || i >= len(f.Defaults) {
		return nil
	}
	text := f.Defaults[i]
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("lang: a default of `" + f.Name + "` is no number: " + text)
	}
	return &ast.Number{Text: text, Value: x, Real: strings.ContainsAny(text, ".e")}
}

// InOrder is a call that the checker accepts with its arguments by position;
// where some are by keyword, parameters that have defaults are among them.
func (f *FuncSig) InOrder(e *ast.Call) *ast.Call {
	byName := func(name string) bool {
		return slices.ContainsFunc(e.Args, func(a ast.Arg) bool { return a.Name != nil && a.Name.Name == name })
	}
	byPosition, more := 0, []ast.Arg{}
	for _, a := range e.Args {
		if a.Name == nil {
			byPosition++
		}
	}
	for i := byPosition; i < len(f.Params) && byPosition < len(e.Args); i++ {
		if d := f.Default(i); d != nil && !byName(f.Params[i]) {
			more = append(more, ast.Arg{At: e.At, Name: &ast.Ident{At: e.At, Name: f.Params[i]}, Value: d})
		}
	}
	if len(more) > 0 {
		e = &ast.Call{At: e.At, Fn: e.Fn, Args: append(slices.Clone(e.Args), more...)}
	}
	return e.InOrder(f.Params)
}

// SupportKind is the set on which a distribution lives.
type SupportKind int

const (
	SupportReal            SupportKind = iota
	SupportPositive                    // (0, ∞)
	SupportUnit                        // (0, 1)
	SupportInterval                    // (lower, upper), from parameters or truncation
	SupportLower                       // (lower, ∞)
	SupportUpper                       // (-∞, upper)
	SupportCircle                      // angles in (−π, π], whose ends are one point
	SupportSimplex                     // K-simplex
	SupportOrdered                     // increasing vectors
	SupportPositiveOrdered             // positive increasing vectors
	SupportOrderedInterval             // increasing vectors of numbers in (lower, upper)
	SupportUnitVector                  // unit sphere
	SupportSumToZero                   // vectors that sum to zero
	SupportCholeskyCorr                // Cholesky factors of correlation matrices
	SupportCorr                        // correlation matrices
	SupportCov                         // positive definite matrices
	SupportBool                        // {0, 1}
	SupportIntRange                    // integers from lower to upper
	SupportNaturals                    // 0, 1, 2, ...
	SupportPositiveInts                // 1, 2, ...
	SupportCategories                  // 1..K
)

// Discrete reports whether the support is a set of integers.
func (k SupportKind) Discrete() bool { return k >= SupportBool }

// ParamSig is one parameter of a distribution.
type ParamSig struct {
	Name    string
	Aliases []string
	Doc     string
	// Elem is the element type asked for; Int for counts. int is accepted
	// where Real is asked for.
	Elem Elem
	// Rank is the number of event dimensions of the parameter: 0 a scalar per
	// element, 1 a vector (the probabilities of a Categorical), 2 a matrix.
	Rank int
	// Dims names the event dimensions, to tie parameters and event together:
	// MvNormal has mean [K], cov [K, K] and event [K].
	Dims []string
	// Positive, NonNegative, Unit (in [0, 1]), Simplex, ...: checked where the
	// value is known from data; a parameter outside gives density -Inf or NaN.
	Constraint ParamConstraint
	// Default, if not empty, makes the parameter optional: a number.
	Default string
}

// ParamConstraint is the set a parameter must lie in.
type ParamConstraint int

const (
	AnyReal ParamConstraint = iota
	Positive
	NonNegative
	Unit // [0, 1]
	ProbabilityVector
	NonNegativeInt
	PositiveInt
	PositiveDefinite
	CholeskyFactor
	IncreasingVector
)

// DistSig is the signature of a distribution. graph/dist declares each once,
// with density, sampler and moments.
type DistSig struct {
	Name string
	// Forms are the alternative parameter lists. The first that fits the
	// arguments given is taken; positional arguments fill the first form.
	Forms []FormSig
	// TakesDists marks a distribution that takes distributions as arguments
	// besides those of Forms: ZeroInflated(dist, p) one before them,
	// Mixture(w, d1, d2, ...) any number after them.
	TakesDists bool
	// Support is the set of values; where it is SupportInterval, Lower and
	// Upper name the parameters that bound it.
	Support      SupportKind
	Lower, Upper string
	// EventRank and EventDims give the shape of one value in terms of the
	// parameters' dimension names: Dirichlet has EventRank 1, EventDims ["K"].
	EventRank int
	EventDims []string
	// Doc, Density (a formula in Unicode) and Source (where it is from).
	Doc, Density, Source string
	// Example is a statement of the language.
	Example string
	// NoTruncation, if not empty, says why `in (a, b)` is refused, and NoCDF why
	// `log_cdf` and `censored` are.
	NoTruncation, NoCDF string
	// NotYet, if not empty, says what is missing: fit refuses the model.
	NotYet string
}

// FormSig is one way to give the parameters.
type FormSig struct {
	Params []ParamSig
}

// Catalogue is what the checker knows of built-ins. graph/builtin implements it.
type Catalogue interface {
	Dist(name string) (*DistSig, bool)
	Func(name string) (*FuncSig, bool)
	DistNames() []string
	FuncNames() []string
}

package lang

import (
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Model is a checked model: the tree, what its names mean and the types of
// its declarations. It has no data yet. It is immutable and may be shared.
type Model struct {
	File *ast.File
	// Data, Params (learned points), Latents, Lets and Fns in order of appearance.
	Data    []*Symbol
	Params  []*Symbol
	Latents []*Symbol
	Lets    []*Symbol // top-level, whether or not they depend on latents
	Fns     map[string]*ast.Fn
	// Generated are the values that `generate` defines, in order.
	Generated []*Symbol
	// Guide is the body of the guide with lets in the place of its `~` (see DrawnBody), and Guided the
	// latents that it draws.
	Guide  []ast.Stmt
	Guided []*Symbol
	// GuideParams are the params that nothing but the guide reads.
	GuideParams map[*Symbol]bool
	// Dims are the dimension names that data declarations bind (`N` of `real[N]`).
	Dims []*Symbol
	// Samples says what each `~` does.
	Samples map[*ast.Sample]*SampleInfo
	// Dists resolves each distribution call (of `~` and `log_density`, and
	// those nested in Mixture and ZeroInflated).
	Dists map[*ast.Call]*DistCall
	// Types gives the type of each expression outside patterns that failed to
	// check; expressions in a `fn` are typed once, in the dimensions of the fn.
	Types map[ast.Expr]Type
	// Uses resolves each name that stands for a value, and each left side of a
	// `~` (keyed by its *ast.Sample) and of a let (by its *ast.Let).
	Uses map[ast.Node]*Symbol
	// NotYet are the located "not supported yet" diagnostics (severity
	// Warning): fit turns them into errors.
	NotYet diag.List
	// Remarks are warnings about what is right but of no use.
	Remarks diag.List
}

// SymbolKind says what a name stands for.
type SymbolKind int

const (
	SymData SymbolKind = iota
	SymDim
	SymParam
	SymLatent
	SymLet
	SymIndex // plate, loop or comprehension variable
	SymFnParam
)

// Symbol is a declared value.
type Symbol struct {
	Name string
	Kind SymbolKind
	Type Type
	// Span is where the name is first defined.
	Span diag.Span
	// Decl is the defining statement (the first, where there are several).
	Decl ast.Node
	// Random reports whether the value depends on a latent or a param.
	Random bool
	// Generated marks values defined under `generate`.
	Generated bool
	// Pieces are the statements that define parts of an array, in order.
	Pieces []*Piece
}

// Piece is one statement that defines a block of an array.
type Piece struct {
	Stmt ast.Node // *ast.Sample or *ast.Let
	// Scope is the chain of enclosing plates and loops, outermost first
	// (*ast.Plate or *ast.For).
	Scope []ast.Node
}

// SampleKind says what a `~` does.
type SampleKind int

const (
	Observe  SampleKind = iota // the left side is known
	Latent                     // the statement declares (a piece of) a latent
	Predict                    // under generate
	GuideFor                   // inside guide { }: replaces the guide of a site
	Penalty                    // the left side is a param: a term of the log density on the param's own scale
)

// SampleInfo is what the checker found about one `~`.
type SampleInfo struct {
	Kind   SampleKind
	Symbol *Symbol
	Dist   *DistCall
	// Shape of the left side of one iteration (without plate indices): its
	// leading dimensions are iid, its last Dist.Sig.EventRank (or the kind's
	// event rank) are the event.
	Shape []Dim
	// Kind of a latent declared with a constrained kind, else Plain.
	ValueKind Kind
	// Discrete marks a latent with a discrete distribution.
	Discrete bool
}

// DistCall is a resolved distribution call.
type DistCall struct {
	Sig  *DistSig
	Form int
	// Args holds, for each parameter of the form that is not itself a
	// distribution, the expression given, or nil where its default applies.
	Args []ast.Expr
	// Dists are arguments that are themselves distributions (Mixture,
	// ZeroInflated), in order.
	Dists []*ast.Dist
}

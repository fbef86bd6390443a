// Package lower turns a checked model and its data into a graph: the log joint
// density as factors over named axes, one per statement, and the values that
// are reported.
//
// It is an interpreter of the syntax tree whose values are named.Values.
// Data-only expressions fold as they are met. A plate opens an axis and its
// body is interpreted once (axes.go); a range whose length differs between the
// iterations around it is flattened together with them (ragged.go). A `for`
// whose statements look back is interpreted like a plate, since given the
// values every term of a sequential density is known: z[t-1] is a shifted view
// (loop.go, order.go). Only recurrences of `let` run in sequence: over
// data iteration by iteration (sequence.go), over latents as one op whose body
// is one iteration (scan.go). What statements define element by element or block by block is
// put together from pieces (array.go, left.go).
//
// A simulation is the same interpretation with draws in the place of densities
// (simulate.go, draw.go, store.go).
//
// Where the values of latents come from is not its business: a Source supplies
// them (a guide's sample, a point on the unconstrained scale), block by block,
// with the support that the density has there.
//
// A statement that fails is reported and left out, and so is, quietly, what
// depends on it: several independent errors come out of one run (context.go).
// Nothing is checked where the guard says that nobody looks: in the branch of
// an `if` that is not taken, in an empty plate.
package lower

import (
	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Array is a bound data value, row-major.
type Array struct {
	Shape   []int
	Data    []float64
	Missing []bool // nil where nothing is missing
}

// Data are the values of a model's data declarations and dimensions.
type Data struct {
	Values map[string]*Array
	Dims   map[string]int
	// Where says where an element of data stands in their source, row-major from 0,
	// for messages: "d.csv:3, row 2". It may be nil.
	Where func(name string, element int) string
	// Lets are values that stand in for those of top-level lets of data: what a
	// simulation drew where the left side of a `~` is such a let.
	Lets map[string]*Array
	// Left marks elements of arrays on the left of a `~`, row-major, whose log likelihood is
	// left out, as if its factor were not there: what reads them elsewhere goes on to do so. An
	// object of several elements is left out if one of them is.
	Left map[string][]bool

	// Refilled names data that other rows take the place of in graphs of the same structure (graph.Refillable).
	Refilled map[string]bool
	// Checked says that the data are known to lie in the supports of their distributions: they were lowered before.
	Checked bool

	frozen map[ast.Expr]frozenValue // see Freeze
}

// Block is a box of a latent site for which a value is wanted.
type Block struct {
	Site *lang.Symbol
	At   []int       // where it starts, from 0, in each dimension of the site
	Box  graph.Shape // its dimensions
	// Support of each of its objects; bounds are scalars or have the box as
	// their event shape.
	Support dist.Support
	// Cells, for a block that is no box (under a ragged range), lists the indices
	// of each element of the leading dimension of Box, from 0. At is then nil.
	Cells [][]int
	// EventRank is the number of trailing dimensions of the box that form one
	// object of the support: 1 for simplexes.
	EventRank int
	// Location and Scale are those of the prior on the unconstrained scale, if it
	// is a location-scale family there whose parameters are known when the block
	// is made: scalars, or with the box as their event shape. Otherwise they are
	// not valid; either alone may be missing (a location of 0, a scale of 1).
	Location, Scale named.Value
	// Param says that it is a value that is learned as a point: no Jacobian belongs to it. Init is
	// where it starts, of the shape of the box; not valid where the source decides.
	Param bool
	Init  named.Value
	// Noise says that it is the noise that a guide of the user's draws the site from, standard normal under
	// that guide: its density is a part of the joint one, and no Jacobian belongs to it (guided.go).
	Noise bool
	// Choice says that it is noise which picks the value of a discrete latent: standard normal too, but its density is no
	// part of the joint one (choice.go).
	Choice bool
	Span   diag.Span
}

// Source supplies the values of latents.
type Source interface {
	// Latent returns a value with the block's box as its event. It is asked
	// once for each block, in the order of the model.
	Latent(b *named.Builder, block Block) (named.Value, error)
}

// Factor is the contribution of one statement to the log joint density.
type Factor struct {
	// Site is the name on the left of the `~`, or "" for a `factor` statement.
	Site string
	// Latent says that it is the prior of a latent, not a likelihood.
	Latent bool
	// Summed names the discrete latents, for the one factor in which they were
	// summed out together with all that depends on them.
	Summed []string
	// Value is a scalar for each particle.
	Value named.Value
	// Terms are what Value sums, with the axes of the iterations around the
	// statement; those over which discrete latents are summed out are left out. At names the
	// iteration of element i of a term, as in "i = 3"; "" if there is but one.
	Terms []named.Value
	At    func(term named.Value, i int) string
	Span  diag.Span
}

// Reported is a value that the posterior shows.
type Reported struct {
	Symbol *lang.Symbol
	// Value has no axes but the particle's.
	Value named.Value
	// Part is set where the value is a vector of some elements of the symbol's
	// array: those that are missing in data.
	Part *Part
}

// Joint is a lowered model.
type Joint struct {
	Factors  []Factor
	Reported []Reported
	// Discrete are the discrete latents, which the factors no longer depend on,
	// and Order is an order in which they can be drawn.
	Discrete []Discrete
	Order    []Draw
	// Params are those that the source supplies, at what they are then.
	Params []Reported
	// Given are the lets that depend on discrete latents, at the values that
	// Options.Values gives; Unreported are those that cannot be worked out, and
	// missing counts that have no part in the model.
	Given      []Reported
	Unreported []*lang.Symbol
	// Observed are the likelihoods, if Options.Rows asks for them.
	Observed []*Observed
	// Idle are warnings of data that have no part in the model.
	Idle diag.List
	// Chosen are the discrete latents that a guide of the user's draws, at their weights: of their shapes with a dimension for the
	// values.
	Chosen []Reported
	// Rewards are what score-function gradients weigh the draws of discrete sites of a guide by.
	Rewards []Reward
	// Excesses are log q − log N of what a guide of the user's has drawn from standard normal noise, by site.
	Excesses []Excess
}

// Excess is by how much the log density of what a guide has drawn of a site exceeds that of its noise.
type Excess struct {
	Site  string
	Value named.Value
	Span  diag.Span
}

// The strategies for a discrete latent: summed out; averaged over, relaxed, or
// sampled under a guide (relax.go).
const (
	Exact  = "exact"
	Expect = "expect"
	Relax  = "relax"
	Score  = "score"
)

// Options say what to do with discrete latents. The zero value sums them out.
type Options struct {
	// Strategies asks for a strategy for a site.
	Strategies map[string]string
	// Weights supplies log weights that are added to the density, for discrete
	// latent number i, with its array and its values as the event: the
	// derivative of the log density by them are the probabilities of the values.
	Weights func(b *named.Builder, i int, shape graph.Shape) named.Value
	// Values supplies values of discrete latent number i, an array of its shape, at
	// which lets that depend on discrete latents are reported.
	Values func(b *named.Builder, i int, shape graph.Shape) named.Value
	// Unguided leaves out the guide of the user's, and the params that nothing else reads.
	Unguided bool
	// Whole are sites drawn by a guide of the user's whose score-function gradients (Score) are not of tables, but of the whole of
	// what hangs on an element.
	Whole map[string]bool
	// Relaxation says how discrete latents that a guide of the user's draws are drawn.
	Relaxation Relaxation
	// Given takes the discrete latents at what Values gives, in place of summing them
	// out: all factors are those at these values, -Inf where one is impossible, and no
	// table arises.
	Given bool
	// Rows asks for Joint.Observed. It is called for each statement with data on its left
	// whose likelihood depends on discrete latents that are summed out, and supplies two
	// values along o.Plates: by keep the log likelihood of each object is multiplied, 0
	// leaves it out whatever it is; weights, with the axes of o.Refs as well, are log
	// weights that are added, one for each joint value of the latents that an object
	// refers to. The derivative of the log density by them are the probabilities of
	// these joint values.
	Rows func(b *named.Builder, o *Observed) (keep, weights named.Value)
	// Assigner supplies the assignments of latents that are not summed out; none:
	// all values equally.
	Assigner Assigner
	// MostLikely finds the most likely values in place of summing over all.
	MostLikely bool
	// Unweighted gives all data the weight 1. Data that only weights read may be left out.
	Unweighted bool
	// Weighing is told the weight of each element, row-major from 0, of data, an array of that shape,
	// whose statement has weights; under a distribution over vectors all of one have that of the vector.
	Weighing func(of *lang.Symbol, shape graph.Shape, element int, weight float64)
	// LatentsOnly passes over data on the left of a `~`, factors and all densities: what is left are the latents as the
	// source hands them out, without those that are missing data.
	LatentsOnly bool
	// Limit is the largest number of elements of a table for one particle;
	// enum.DefaultLimit if 0.
	Limit int
	// Elements is the largest number of elements of any array, and of iterations
	// of a nest of ranges: defaultElements if 0.
	Elements int
	// Halt, if it is set, is asked now and then whether to stop: see graph.Graph.
	Halt func() bool
}

// defaultElements is 256 MB of numbers. A model that asks for more in one array,
// particles apart, has a typing error in it, or would take all memory.
const defaultElements = 1 << 25

func (o Options) limit() int {
	if o.Limit == 0 {
		return enum.DefaultLimit
	}
	return o.Limit
}

// mostElements is the largest number of elements of an array.
func (l *lowerer) mostElements() int {
	if l.options.Elements == 0 {
		return defaultElements
	}
	return l.options.Elements
}

// newBuilder is for values that are thrown away; so are, then, those of calls
// in the one before it.
func (l *lowerer) newBuilder() *named.Builder {
	l.called = map[string]call{}
	b := named.New()
	b.G.Limit, b.G.Halt = l.mostElements(), l.b.G.Halt
	return b
}

// LogDensity is the sum of all factors; under a guide of the user's, the density of its noise.
func (j *Joint) LogDensity(b *named.Builder) named.Value {
	t := b.Scalar(0)
	for _, f := range j.Factors {
		t = b.Add(t, f.Value)
	}
	for _, x := range j.Excesses {
		t = b.Sub(t, x.Value)
	}
	return t
}

// Lower interprets the model. The builder's graph receives the nodes. The
// diagnostics are about shapes, ranges, indices and values that only data can
// tell; Joint is nil if there is an error among them.
func Lower(m *lang.Model, data *Data, src Source, b *named.Builder) (*Joint, diag.List) {
	return LowerWith(m, data, src, b, Options{})
}

// LowerWith is Lower with options for discrete latents.
func LowerWith(m *lang.Model, data *Data, src Source, b *named.Builder, opt Options) (*Joint, diag.List) {
	l := newLowerer(m, data, src, b)
	l.options = opt
	l.giving, l.root.giving = opt.Given, opt.Given
	if opt.Halt != nil {
		b.G.Halt = opt.Halt
	}
	b.Limit = opt.limit()
	b.G.Limit = l.mostElements()
	l.drawGuide()
	l.block(l.stmts)
	b.G.Limit = 0 // the elimination counts for itself, as does the plan
	l.complete()
	l.eliminate()
	l.report()
	l.unobserved()
	b.Limit = 0
	if l.guided != nil {
		l.try(l.score)
		l.joint.Excesses = l.guided.excesses
		for _, s := range l.m.Guided {
			if c := l.guided.chosen[s.Name]; c != nil && c.site.site.Shape.Size() > 0 {
				l.joint.Chosen = append(l.joint.Chosen, Reported{Symbol: s, Value: c.weights})
			}
		}
	}
	l.diags.Sort()
	if l.diags.HasErrors() {
		return nil, l.diags
	}
	return l.joint, l.diags
}

func newLowerer(m *lang.Model, data *Data, src Source, b *named.Builder) *lowerer {
	l := &lowerer{b: b, m: m, data: data, src: src, joint: &Joint{}, ahead: map[*ast.Sample]piece{}, done: map[ast.Stmt]bool{},
		observed: map[string]*observed{}, sites: map[string]*discrete{}, refs: map[*named.Axis]*enum.Ref{}, refByKey: map[string]*enum.Ref{}, notGiven: map[*lang.Symbol]bool{}, called: map[string]call{}}
	l.stmts = m.Statements(false)
	l.scope = &scope{names: map[string]*binding{}}
	l.root = l.context
	l.symbols()
	l.dims()
	return l
}

// lowerer is the interpreter.
type lowerer struct {
	context
	b     *named.Builder
	m     *lang.Model
	data  *Data
	src   Source
	joint *Joint
	diags diag.List

	stmts    []ast.Stmt // without those under `generate`, or with them (lang.Model.Statements)
	root     context    // of the model's top level
	global   map[string]*lang.Symbol
	all      []*array // built in pieces, in order
	observed map[string]*observed
	// gaps are the data with missing elements, observing the statements with data
	// on their left, by name.
	gaps      []*gaps
	observing map[string][]observation
	// ahead holds the pieces of latents that a loop has made before its body.
	ahead map[*ast.Sample]piece
	// done holds the statements of the loops at work that have run in a sequence.
	done map[ast.Stmt]bool
	// sequence is set while data-only recurrences run iteration by iteration.
	sequence *sequence
	// scanning is set while the body of a recurrence over latents is interpreted.
	scanning *scanning
	// skipped are the first iterations of loops that draw nothing (resume.go).
	skipped map[*ast.Binder]int
	// guiding is set in the walk through a guide, guided are what it has drawn (guided.go).
	guiding bool
	guided  *guideSites
	// sim is set in a simulation (simulate.go).
	sim *simulation

	options   Options
	sites     map[string]*discrete
	siteOrder []*discrete
	// unsure says which lets depend on discrete latents, notGiven which of them
	// cannot be worked out at given values.
	unsure   *uncertainty
	notGiven map[*lang.Symbol]bool
	// weightsOnly are the data and lets that only weights read (weighted.go).
	weightsOnly map[*lang.Symbol]bool
	// relaxes is set where a latent is relaxed.
	relaxes bool
	// plugIn asks the reference about to be interpreted for a relaxed value.
	plugIn bool
	// closing are the axes that a reference to several elements is about to close.
	closing  []*named.Axis
	refs     map[*named.Axis]*enum.Ref
	refByKey map[string]*enum.Ref
	tables   []*enum.Table
	fresh    int // axes made for discrete latents
	// called are the values of the calls of functions so far (call.go).
	called  map[string]call
	latents float64 // numbers of the latents so far
	// now is the statement that is being interpreted, datum what it observes.
	now   ast.Node
	datum *datum
	// chosen are the discrete sites of a guide at work (choice.go), rewarding the terms of the density of a model that has such ones.
	chosen    map[string]*chosen
	rewarding []rewarding
	// unfit says that the latents are known, at several points (unfit.go).
	unfit bool
}

func (l *lowerer) symbols() {
	l.global = map[string]*lang.Symbol{}
	for _, list := range [][]*lang.Symbol{l.m.Data, l.m.Params, l.m.Latents, l.m.Lets} {
		for _, s := range list {
			l.global[s.Name] = s
		}
	}
}

// dims binds dimension names, unless an int datum of that name will be.
func (l *lowerer) dims() {
	for name, n := range l.data.Dims {
		l.bind(name, val{l.b.Scalar(float64(n)), lang.Int})
	}
}

func (l *lowerer) report() {
	if l.diags.HasErrors() {
		return
	}
	for _, s := range l.m.Latents {
		if l.sites[s.Name] == nil {
			l.reportArray(s)
		}
	}
	for _, s := range l.m.Lets {
		switch {
		case !s.Random || s.Generated:
		case l.sim == nil && l.uncertain().depends[s]:
			l.reportGiven(s)
		default:
			l.reportArray(s)
		}
	}
	l.reportGaps()
	l.reportParams()
}

func (l *lowerer) reportArray(s *lang.Symbol) {
	ok := l.try(func() {
		l.joint.Reported = append(l.joint.Reported, Reported{Symbol: s, Value: l.lookup(s.Name).Value})
	})
	if !ok && !l.diags.HasErrors() {
		l.try(func() { l.fail("not-supported-here", spanned{s.Span}, "`%s` has no value", s.Name) })
	}
}

package target

import (
	"fmt"
	"maps"
	"slices"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/graph/plan"
	"ppl/graph/sufficient"
	"ppl/guide"
	"ppl/lang"
	"ppl/lang/diag"
)

// Engine compiles a graph.
type Engine func(g *graph.Graph, outputs []*graph.Node) graph.Program

// Plan is the default engine, Tape the TapeMachine.
func Plan(g *graph.Graph, outputs []*graph.Node) graph.Program { return plan.Compile(g, outputs) }

// Tape runs Gorgonia's TapeMachine: slow, and the oracle of the plan.
func Tape(g *graph.Graph, outputs []*graph.Node) graph.Program { return g.TapeMachine(outputs) }

// Target is a model with its data, over D unconstrained numbers. It is
// immutable and may be shared by goroutines.
type Target struct {
	Model  *lang.Model
	Data   *lower.Data
	Slots  []guide.Slot
	D      int
	Engine Engine
	// Options are those of the lowering: what to do with discrete latents.
	Options lower.Options
	// Discrete are the discrete latents. Given are the lets that depend on them, of
	// which a GivenReporter gives the values, Unreported those that cannot be worked out.
	Discrete   []lower.Discrete
	Given      []*lang.Symbol
	Unreported []*lang.Symbol
	// TooLarge are lets that the posterior leaves out, as draws of them would take too much.
	TooLarge []*lang.Symbol
	// Idle are warnings of data that have no part in the model.
	Idle diag.List
	// Mode leaves the Jacobian of the transforms out: the density is that of the
	// latents as they are written, whose maximum does not depend on the transforms.
	Mode bool
	// Centring is the parameterisation of blocks with a hierarchical prior: see
	// guide.Packed.
	Centring [][]float64
	// Angles say how blocks of angles are held: see guide.Packed.
	Angles []guide.Angles
	// Direct keeps sums over data as they are written: no sufficient statistics.
	Direct bool

	// Known are params that have been learned, and are as data from then on.
	Known []Param

	// Asked says of latents, by name, whether they are to be integrated out: Keep or Integrate. Of others GaussianSlots
	// and who calls it decide.
	Asked map[string]string

	// Block is a Gaussian part of the latents that is integrated out: see Marginal. Nil: there is none.
	Block *Block

	// Programs, where it is set, keeps what has been compiled for targets of the same model. The engine is then Plan.
	Programs *Programs

	whole      *Target  // of a Block: the target with it
	unasked    []string // discrete latents that the guide of the user's draws, by a strategy that nobody has asked for
	statistics *sufficient.Cache
	// halt, if it is set, says that whoever waits for graphs to be built has given up.
	halt func() bool
}

// Written reports whether a guide of the user's draws some latents: they are functions of the unconstrained numbers of
// its noise, of which that guide is a standard normal.
func (t *Target) Written() bool {
	return slices.ContainsFunc(t.Slots, func(s guide.Slot) bool { return s.Noise })
}

// Unguided is the target without the guide of the user's, over other unconstrained numbers.
func (t *Target) Unguided() (*Target, diag.List) {
	if len(t.Model.Guide) == 0 || t.Options.Unguided {
		return t, nil
	}
	opt := t.Options
	opt.Unguided, opt.Halt, opt.Whole = true, t.halt, nil
	opt.Strategies = maps.Clone(opt.Strategies)
	for _, s := range t.unasked {
		delete(opt.Strategies, s) // it was for the guide
	}
	next, ds := NewWith(t.Model, t.Data, t.Engine, opt)
	if next != nil {
		next.Direct, next.Mode, next.Programs = t.Direct, t.Mode, t.Programs
		for _, p := range t.Known {
			if !t.Model.GuideParams[p.Symbol] {
				next.Known = append(next.Known, p)
			}
		}
	}
	return next, ds
}

// Heard is the target with graphs that stop being built, by a panic that is a graph.Halted,
// when halt says so.
func (t *Target) Heard(halt func() bool) *Target {
	u := *t
	u.halt = halt
	return &u
}

// WithCentring is the target in another parameterisation: the same posterior on
// another unconstrained scale.
func (t *Target) WithCentring(lambda [][]float64) *Target {
	u := *t
	u.Centring = lambda
	return &u
}

// Builder makes graphs that listen.
func (t *Target) Builder() *named.Builder {
	b := named.New()
	b.G.Halt, b.G.Bare = t.halt, t.Programs != nil // Gorgonia's nodes are made for what is compiled
	return b
}

// Points makes the axis of s points, and the input that holds them, S×D; without unconstrained
// numbers the input is nil.
func (t *Target) Points(b *named.Builder, s int) (ax *named.Axis, in *graph.Node, u named.Value) {
	ax = &named.Axis{Name: "particle", Size: s, Class: named.Particle}
	if t.D > 0 {
		in = b.G.BatchInput("u", graph.Shape{s, t.D})
		u = b.Wrap(in, ax)
	}
	return ax, in, u
}

// Derivatives are those of the sum of log densities, one for each of s points, by inputs.
func Derivatives(b *named.Builder, lp *graph.Node, s int, by ...*graph.Node) []*graph.Node {
	ones := make([]float64, s)
	for i := range ones {
		ones[i] = 1
	}
	return grad.VJP(b.G, lp, b.G.Constant(graph.Shape{s}, ones), by)
}

// Lowered is a model lowered over a given unconstrained vector.
type Lowered struct {
	Joint *lower.Joint
	Pack  *guide.Packed
	b     *named.Builder
	mode  bool // without the Jacobian
	// density is that of the latents outside of a block that is integrated out; invalid without.
	density named.Value
}

// Lower lowers the model for its values; LowerDensity for its log density, in
// which sums over data may be replaced. Their gradient is the replacement's, so
// that the rule need not look at the sums in it.
func (t *Target) LowerDensity(b *named.Builder, u named.Value) (*Lowered, error) {
	b.G.SumRule = t.SumRule()
	defer func() { b.G.SumRule = nil }()
	return t.Lower(b, u)
}

// SumRule is the rule for sums in the log density; nil where Direct is set.
func (t *Target) SumRule() graph.SumRule {
	if t.Direct {
		return nil
	}
	return sufficient.NewRules(t.statistics).Sum
}

func (t *Target) Lower(b *named.Builder, u named.Value) (*Lowered, error) {
	return t.LowerWith(b, u, t.Options)
}

func (t *Target) LowerWith(b *named.Builder, u named.Value, opt lower.Options) (*Lowered, error) {
	if t.Block != nil {
		return t.lowerBlock(b, u, opt, named.Value{})
	}
	l := &Lowered{b: b, mode: t.Mode, Pack: &guide.Packed{U: u, Centring: t.Centring, Angles: t.Angles}}
	return l, t.lowerAs(l, opt)
}

// lowerAs lowers the model with the source that l has.
func (t *Target) lowerAs(l *Lowered, opt lower.Options) error {
	var ds diag.List
	l.Joint, ds = lower.LowerWith(t.Model, t.Data, l.Pack, l.b, opt)
	if err := ds.Err(); err != nil {
		return fmt.Errorf("lowering again: %w", err)
	}
	return nil
}

// LogDensity is log p(x(u), data) + log |det ∂x/∂u|, one number per particle.
func (l *Lowered) LogDensity() named.Value {
	if l.density.Valid() {
		return l.density
	}
	if l.mode {
		return l.Joint.LogDensity(l.b)
	}
	return l.b.Add(l.Joint.LogDensity(l.b), l.Pack.LogJacobian(l.b))
}

package inference

import (
	"fmt"

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

	statistics *sufficient.Cache
	// halt, if it is set, says that whoever waits for graphs to be built has given up.
	halt func() bool
}

// WithCentring is the target in another parameterisation: the same posterior on
// another unconstrained scale.
func (t *Target) WithCentring(lambda [][]float64) *Target {
	u := *t
	u.Centring = lambda
	return &u
}

// NewTarget lowers the model once to find its unconstrained numbers. The
// diagnostics tell what does not fit in the data; the target is nil if one of
// them is an error.
func NewTarget(m *lang.Model, data *lower.Data, engine Engine) (*Target, diag.List) {
	return NewTargetWith(m, data, engine, lower.Options{})
}

// NewTargetWith is NewTarget with options for discrete latents. Those for which
// the options name no strategy are summed out, if that is affordable; otherwise
// their expectation under a guide is taken in closed form, if tables of that are;
// otherwise they are relaxed. Those with infinitely many values are sampled.
func NewTargetWith(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options) (*Target, diag.List) {
	asked := opt.Strategies
	var first diag.List
	for _, how := range []string{"", lower.Expect, lower.Relax} {
		l := lowerPlanned(m, data, opt, asked, how)
		if !l.ds.HasErrors() {
			why := ""
			switch {
			case how != "":
				why = first[0].Summary
			case l.work > dear && l.probe.Size > 0:
				r := lowerPlanned(m, data, opt, asked, lower.Relax)
				if times := l.work / r.work; !r.ds.HasErrors() && times > dearer {
					l, how, why = r, lower.Relax, fmt.Sprintf("summing out exactly would be %.0f times the work", times)
				}
			}
			return l.target(m, data, engine, opt, asked, how, why)
		}
		if first == nil {
			first = l.ds
			if tooDear(l.ds) {
				if t := whole(m, data, engine, opt, asked); t != nil {
					return t, nil
				}
			}
		}
		if !tooDear(l.ds) {
			break
		}
	}
	return nil, first
}

// A sum over discrete latents that works through more than dear numbers for each
// particle, and dearer times those of the relaxation, takes longer than Markov chains
// that start from a guide: a joint table over many latents.
const (
	dear   = 1e5
	dearer = 200
)

// plannedModel is a model lowered to see what becomes of its discrete latents.
type plannedModel struct {
	joint *lower.Joint
	probe *guide.Packed
	work  float64 // numbers that an evaluation works through
	ds    diag.List
}

func lowerPlanned(m *lang.Model, data *lower.Data, opt lower.Options, asked map[string]string, how string) plannedModel {
	l := plannedModel{probe: &guide.Packed{}}
	opt.Strategies = planned(m, asked, how)
	b := named.New()
	l.joint, l.ds = lower.LowerWith(m, data, l.probe, b, opt)
	if !l.ds.HasErrors() && len(l.joint.Discrete) > 0 {
		for _, n := range b.G.Nodes() {
			if !n.IsConst() {
				l.work += float64(n.Shape.Size())
			}
		}
	}
	return l
}

// target makes the target; why says why the strategy how was chosen.
func (l plannedModel) target(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options, asked map[string]string, how, why string) (*Target, diag.List) {
	// A latent with infinitely many values has no other strategy.
	fixed := map[string]string{}
	for i := range l.joint.Discrete {
		d := &l.joint.Discrete[i]
		fixed[d.Symbol.Name] = d.Strategy
		if how != "" && d.Strategy == how && asked[d.Symbol.Name] == "" {
			d.How += " (" + why + ")"
		}
	}
	opt.Strategies, opt.Halt = fixed, nil
	t := &Target{Model: m, Data: data, Slots: l.probe.Slots, D: l.probe.Size, Engine: engine, Options: opt,
		Discrete: l.joint.Discrete, Unreported: l.joint.Unreported, Idle: l.joint.Idle, statistics: sufficient.NewCache()}
	if ds := t.findGiven(); ds.HasErrors() {
		return nil, ds
	}
	return t, nil
}

// whole is the target where latents that are to be sampled have factors that
// cannot be tabulated: they are lowered as relaxed ones are, and what they are
// given are draws. It is nil if that does not help.
func whole(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options, asked map[string]string) *Target {
	as, sampled := map[string]string{}, map[string]bool{}
	for name, how := range asked {
		if as[name] = how; how == lower.Score {
			as[name], sampled[name] = lower.Relax, true
		}
	}
	if len(sampled) == 0 {
		return nil
	}
	t, ds := NewTargetWith(m, data, engine, lower.Options{Strategies: as, Limit: opt.Limit})
	if ds.HasErrors() {
		return nil
	}
	for i := range t.Discrete {
		if d := &t.Discrete[i]; sampled[d.Symbol.Name] {
			d.Strategy, d.How = lower.Score, "sampled, with score-function gradients of the density as a whole"
		}
	}
	return t
}

// planned are the strategies asked for, and how for all other discrete latents.
func planned(m *lang.Model, asked map[string]string, how string) map[string]string {
	out := map[string]string{}
	for _, s := range m.Samples {
		if how != "" && MayBeDiscrete(s) {
			out[s.Symbol.Name] = how
		}
	}
	for name, x := range asked {
		out[name] = x
	}
	return out
}

// MayBeDiscrete reports whether a `~` describes a discrete latent: one that it
// declares, or missing elements of data if there are any.
func MayBeDiscrete(s *lang.SampleInfo) bool {
	if s.Symbol == nil {
		return false
	}
	missing := s.Kind == lang.Observe && s.Symbol.Type.Optional && s.Symbol.Type.Elem == lang.Int
	return missing || s.Kind == lang.Latent && s.Discrete
}

// tooDear reports whether all that is wrong is the size of tables.
func tooDear(ds diag.List) bool {
	for _, d := range ds {
		if d.Severity == diag.Error && d.Code != "discrete-too-large" && d.Code != "not-exact" {
			return false
		}
	}
	return true
}

// builder makes graphs that listen.
func (t *Target) builder() *named.Builder {
	b := named.New()
	b.G.Halt = t.halt
	return b
}

// lowered is a model lowered over a given unconstrained vector.
type lowered struct {
	b     *named.Builder
	joint *lower.Joint
	pack  *guide.Packed
	mode  bool // without the Jacobian
}

// lower lowers the model for its values; lowerDensity for its log density, in
// which sums over data may be replaced. Their gradient is the replacement's, so
// that the rule need not look at the sums in it.
func (t *Target) lowerDensity(b *named.Builder, u named.Value) (*lowered, error) {
	b.G.SumRule = t.SumRule()
	defer func() { b.G.SumRule = nil }()
	return t.lower(b, u)
}

// SumRule is the rule for sums in the log density; nil where Direct is set.
func (t *Target) SumRule() graph.SumRule {
	if t.Direct {
		return nil
	}
	return sufficient.NewRules(t.statistics).Sum
}

func (t *Target) lower(b *named.Builder, u named.Value) (*lowered, error) {
	return t.lowerWith(b, u, t.Options)
}

func (t *Target) lowerWith(b *named.Builder, u named.Value, opt lower.Options) (*lowered, error) {
	l := &lowered{b: b, mode: t.Mode, pack: &guide.Packed{U: u, Centring: t.Centring, Angles: t.Angles}}
	var ds diag.List
	l.joint, ds = lower.LowerWith(t.Model, t.Data, l.pack, b, opt)
	if err := ds.Err(); err != nil {
		return nil, fmt.Errorf("lowering again: %w", err)
	}
	return l, nil
}

// logDensity is log p(x(u), data) + log |det ∂x/∂u|, one number per particle.
func (l *lowered) logDensity() named.Value {
	if l.mode {
		return l.joint.LogDensity(l.b)
	}
	return l.b.Add(l.joint.LogDensity(l.b), l.pack.LogJacobian(l.b))
}

// program is a compiled graph, with working memory, and its inputs by node.
type program struct {
	compiled graph.Program
	state    graph.State
	inputs   map[*graph.Node]int
}

// ErrMemory is returned where an evaluation of the model would take more memory than
// there may be.
type ErrMemory struct{ Bytes float64 }

func (e *ErrMemory) Error() string {
	return fmt.Sprintf("an evaluation of the model takes %.0f GiB of memory, more than can be worked with", e.Bytes/(1<<30))
}

func (t *Target) compile(g *graph.Graph, outputs ...*graph.Node) (c *program, err error) {
	defer func() {
		r := recover()
		if large, is := r.(plan.TooLarge); is {
			err = &ErrMemory{8 * large.Numbers}
		} else if r != nil {
			panic(r)
		}
	}()
	p := t.Engine(g, outputs)
	s, err := p.NewState()
	if err != nil {
		return nil, err
	}
	c = &program{compiled: p, state: s, inputs: map[*graph.Node]int{}}
	for i, n := range p.Inputs() {
		c.inputs[n] = i
	}
	return c, nil
}

// set copies an input; one on which nothing depends is ignored.
func (p *program) set(n *graph.Node, x []float64) {
	if i, ok := p.inputs[n]; ok {
		copy(p.state.Input(i), x)
	}
}

// Density evaluates the log density on the unconstrained scale and its
// gradient, at S points at once.
type Density struct {
	S, D int
	p    *program
	u    *graph.Node
}

// NewDensity compiles the log density for S points.
func (t *Target) NewDensity(s int) (*Density, error) {
	b := t.builder()
	ax := &named.Axis{Name: "particle", Size: s, Class: named.Particle}
	u := b.G.BatchInput("u", graph.Shape{s, t.D})
	l, err := t.lowerDensity(b, b.Wrap(u, ax))
	if err != nil {
		return nil, err
	}
	lp := b.With(l.logDensity(), ax).N
	ones := make([]float64, s)
	for i := range ones {
		ones[i] = 1
	}
	g := grad.VJP(b.G, lp, b.G.Constant(graph.Shape{s}, ones), []*graph.Node{u})
	p, err := t.compile(b.G, lp, g[0])
	if err != nil {
		return nil, err
	}
	return &Density{S: s, D: t.D, p: p, u: u}, nil
}

// Eval gives the log densities (S) and gradients (S×D) at points u (S×D),
// valid until the next call.
func (d *Density) Eval(u []float64) (lp, g []float64, err error) {
	d.p.set(d.u, u)
	if err := d.p.state.Run(); err != nil {
		return nil, nil, err
	}
	return d.p.state.Output(0), d.p.state.Output(1), nil
}

// Reporter evaluates the values that the posterior shows, at S points at once.
type Reporter struct {
	S, D    int
	Symbols []*lang.Symbol
	Shapes  []graph.Shape
	Parts   []*lower.Part // see lower.Reported
	p       *program
	u       *graph.Node
}

// NewReporter compiles the reported values for S points.
func (t *Target) NewReporter(s int) (*Reporter, error) {
	b := t.builder()
	ax := &named.Axis{Name: "particle", Size: s, Class: named.Particle}
	u := b.G.BatchInput("u", graph.Shape{s, t.D})
	l, err := t.lower(b, b.Wrap(u, ax))
	if err != nil {
		return nil, err
	}
	r := &Reporter{S: s, D: t.D, u: u}
	var outs []*graph.Node
	for _, x := range l.joint.Reported {
		if x.Value.N.Shape.Size() == 0 {
			continue
		}
		r.Symbols = append(r.Symbols, x.Symbol)
		r.Shapes = append(r.Shapes, x.Value.Shape())
		r.Parts = append(r.Parts, x.Part)
		outs = append(outs, b.With(x.Value, ax).N)
	}
	r.p, err = t.compile(b.G, outs...)
	return r, err
}

// Eval gives, for each reported value k, an S×size(k) array, valid until the
// next call.
func (r *Reporter) Eval(u []float64) ([][]float64, error) {
	r.p.set(r.u, u)
	if err := r.p.state.Run(); err != nil {
		return nil, err
	}
	out := make([][]float64, len(r.Symbols))
	for k := range out {
		out[k] = r.p.state.Output(k)
	}
	return out, nil
}

package runtime

import (
	"context"
	"runtime/debug"
	"time"

	"ppl/graph/lower"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
	"ppl/runtime/data"
)

// Engine names an executor.
const (
	EnginePlan = "plan" // the compiled plan
	EngineTape = "tape" // Gorgonia's TapeMachine: slow, for comparison
)

// Problem is a model with its data.
type Problem struct {
	model  *Model
	bound  *data.Bound
	target *target.Target
	notes  diag.List
	// As asked for.
	engine   string
	discrete map[string]string
	latents  map[string]string
	took     time.Duration // to compile the model and bind the data
}

// Bind checks the data against the model's declarations and lowers the model.
// The error is a *DataError or a *ModelError; an *ArgumentError where d is nil; and of
// BindWith also an *OptionError.
func (m *Model) Bind(d *Data) (*Problem, error) { return m.BindEngine(d, EnginePlan) }

// BindEngine is Bind with a choice of executor.
func (m *Model) BindEngine(d *Data, engine string) (p *Problem, err error) {
	return m.BindWith(d, BindOptions{Engine: engine})
}

// BindOptions set how a model is compiled. The zero value is the default.
type BindOptions struct {
	// Engine is EnginePlan (default) or EngineTape.
	Engine string
	// Discrete asks for a strategy for a discrete latent, by name; see Strategies.
	Discrete map[string]string
	// Latents says of latents, by name, whether they are to be integrated out where their posterior is Gaussian given the
	// others: LatentKeep or LatentIntegrate. Of others the program decides.
	Latents map[string]string
}

// What BindOptions.Latents may ask of a latent.
const (
	LatentKeep      = target.Keep
	LatentIntegrate = target.Integrate
)

// engine compiles graphs.
func (o *BindOptions) engine() target.Engine {
	if o.Engine == EngineTape {
		return target.Tape
	}
	return target.Plan
}

// valid refuses an engine that there is not, or a strategy of a latent that there is not.
func (o *BindOptions) valid(m *Model) error {
	if err := oneOf("Engine", o.Engine, []string{EnginePlan, EngineTape}); err != nil {
		return err
	}
	if err := m.knowsStrategies(o.Discrete); err != nil {
		return err
	}
	return m.knowsLatents(o.Latents)
}

// BindWith is Bind with options.
func (m *Model) BindWith(d *Data, opt BindOptions) (p *Problem, err error) {
	return m.BindContext(context.Background(), d, opt)
}

// BindContext is BindWith until the context is done: the error is then a *Stopped.
func (m *Model) BindContext(ctx context.Context, d *Data, opt BindOptions) (p *Problem, err error) {
	return m.bind(ctx, d, opt, nil)
}

// bind is BindContext with the levels of factors, where these are known.
func (m *Model) bind(ctx context.Context, d *Data, opt BindOptions, levels map[string][]string) (p *Problem, err error) {
	defer stopped(ctx, &err)
	defer guarded(&err)
	begun := time.Now()
	if err := given("Model.Bind", contextArgument(ctx), argument{"m", m.made()}, dataArgument(d)); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx)}
	}
	if err := opt.valid(m); err != nil {
		return nil, err
	}
	if ds := m.unsupported(); ds.HasErrors() {
		return nil, &ModelError{ds}
	}
	tables, err := d.read()
	if err != nil {
		return nil, err
	}
	if tables = tables.For(ctx, m.checked); ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx), before: "the data were read"}
	}
	bound, diags := data.Bind(m.checked, tables, data.BindOptions{Eval: evaluator(m.checked), Levels: levels})
	if diags.HasErrors() {
		return nil, &DataError{diags}
	}
	p = &Problem{model: m, bound: bound, engine: opt.Engine, discrete: opt.Discrete, latents: opt.Latents, notes: append(d.diags.Warnings(), diags.Warnings()...)}
	target, diags := target.NewWith(m.checked, lowerData(bound), opt.engine(), lower.Options{Strategies: opt.Discrete, Halt: func() bool { return ctx.Err() != nil }})
	if diags.HasErrors() {
		return nil, &DataError{diags}
	}
	target.Asked = opt.Latents
	p.target = target
	if opt.Engine != EngineTape {
		target.Programs = m.programs
	}
	if amount(bound) > largeAmount {
		// What reading and checking left behind is of the size of the data, and
		// would stay until as much again has been allocated.
		debug.FreeOSMemory()
	}
	p.notes = append(append(p.notes, notReported(m, target)...), target.Idle...)
	if target.D == 0 && len(target.Discrete) == 0 && len(m.checked.Params) == 0 {
		return nil, m.nothingToFit()
	}
	p.took = m.took + time.Since(begun)
	return p, nil
}

// largeAmount is the number of data from which binding gives memory back: 16 MB.
const largeAmount = 1 << 21

// amount counts the data of a model.
func amount(b *data.Bound) int {
	n := 0
	for _, a := range b.Values {
		n += len(a.Data)
	}
	return n
}

// nothingToFit is the error of a model without latents.
func (m *Model) nothingToFit() error {
	return &ModelError{diag.List{{Code: "nothing-to-fit", Source: m.checked.File.Source, Summary: "the model has no latents: there is nothing to infer",
		Hint: "declare one: a new name on the left of `~`"}}}
}

// Unused lists the keys of the data that the model does not declare.
func (p *Problem) Unused() []string {
	if !p.made() {
		return nil
	}
	return p.bound.Unused
}

// Warnings are notes on the data that do not stop a fit.
func (p *Problem) Warnings() diag.List {
	if p == nil {
		return nil
	}
	return p.notes
}

// Latents is the number of unconstrained numbers that are inferred.
func (p *Problem) Latents() int {
	if !p.made() {
		return 0
	}
	return p.target.D
}

// Target is the lowered model, for tests and tools within ppl.
func (p *Problem) Target() *target.Target {
	if p == nil {
		return nil
	}
	return p.target
}

func lowerData(b *data.Bound) *lower.Data {
	out := &lower.Data{Values: map[string]*lower.Array{}, Dims: b.Dims, Where: b.Where}
	for name, a := range b.Values {
		out.Values[name] = arrayOf(a)
	}
	for name, a := range b.Params {
		out.Values[name] = arrayOf(a)
	}
	return out
}

// evaluator computes data-only expressions for the binder: defaults, bounds
// and dimensions.
func evaluator(m *lang.Model) data.Eval {
	return func(e ast.Expr, lookup data.Lookup) (*data.Array, error) {
		a, diags := lower.Evaluate(m, lookupIn(lookup), e)
		if a == nil {
			return nil, diags
		}
		return &data.Array{Shape: a.Shape, Data: a.Data}, nil
	}
}

// arrayOf is an array of data as lowering has it.
func arrayOf(a *data.Array) *lower.Array {
	return &lower.Array{Shape: a.Shape, Data: a.Data, Missing: a.Missing}
}

// lookupIn is a lookup of data as lowering has it.
func lookupIn(lookup data.Lookup) func(name string) (*lower.Array, bool) {
	return func(name string) (*lower.Array, bool) {
		a, ok := lookup(name)
		if !ok {
			return nil, false
		}
		return arrayOf(a), true
	}
}

// observedIn are the data on the left of a `~`, which may be a let of data; nil if they cannot be
// worked out.
func observedIn(m *lang.Model, b *data.Bound, sym *lang.Symbol) *lower.Array {
	if let, is := sym.Decl.(*ast.Let); is {
		a, _ := lower.Evaluate(m, lookupIn(b.Lookup), let.Value)
		return a
	}
	if a := b.Values[sym.Name]; a != nil {
		return arrayOf(a)
	}
	return nil
}

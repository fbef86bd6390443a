package runtime

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"ppl/graph/lower"
	"ppl/inference"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
	"ppl/runtime/answer"
	"ppl/runtime/data"
)

// Fits in batches: some rows along a dimension at a time, read as they are wanted, by stochastic gradients.

// BatchOptions say how rows are taken.
type BatchOptions struct {
	// Dim is the dimension whose rows are taken Size at a time, 256 if that is 0.
	Dim  string
	Size int
	// Epochs bounds how often every row is used; 100, or as often as makes 40,000 steps.
	Epochs int
	// Rate, if it is set, is the rate of Adam (Kingma & Ba 2015) throughout, for all Epochs. Otherwise it is lowered as
	// soon as iterates at it are stationary, until that gains little.
	Rate float64
	// Memory is how many bytes of rows are held at once, among which rows are shuffled; 0: 48 MB.
	Memory int
	// HeldOut are rows that are not learned from, in number along Dim: how well they are described is told of the fit.
	HeldOut []data.Part
	// Resume is a fit in batches that this one goes on with, of the same model, data and options but for Epochs and
	// MaxTime: one that was stopped, or whose Epochs were too few. Together they have the same bits as one that does not stop.
	Resume *Posterior
	// Discrete asks for a strategy for a discrete latent, by name; see Strategies. Other than StrategyExact they are for
	// latents that the guide of the model draws.
	Discrete map[string]string
	// Progress is told of the state after a batch.
	Progress func(BatchProgress)
}

// BatchProgress is the state of a fit in batches.
type BatchProgress = inference.BatchProgress

// RowsOf are rows of data that are read in pieces: files and assignments as Files takes them.
func RowsOf(sources ...string) []data.Part { return data.FileParts(sources...) }

// batchSize is the number of rows of a batch where options do not say.
const batchSize = 256

// scoreParticles is the number of draws of each row where score-function gradients compare them.
const scoreParticles = 4

// probedRows is how many rows are looked at to tell which parts of a model are sums over rows.
const probedRows = 6

// FitBatches fits the model to data whose rows along a dimension are read in pieces, and may be larger than memory. Options hold
// as for Problem.Fit where they apply: Seed, Particles (of each row; 1, with score-function gradients 4), Draws, Guide ("written" where the model has a guide, else "meanfield"), MaxTime.
//
// Latents of rows have the guide that the model writes for them, or a mean-field guide of their own; they are not part of the
// posterior, which is of the latents that belong to no row. Rows must be a sum in the log density: a *ModelError names what couples them.
// Discrete latents are summed out, or drawn by the guide of the model. The posterior of a fit whose context is done is in the error, a *Stopped; a Progress that panics
// ends the fit with a *CallbackError.
func (m *Model) FitBatches(ctx context.Context, rows []data.Part, opt Options, batch BatchOptions) (post *Posterior, err error) {
	calls := &callbacks{}
	defer settle(calls, &post, &err)
	defer stopped(ctx, &err)
	defer guarded(&err)
	begun := time.Now()
	if err := given("Model.FitBatches", contextArgument(ctx), argument{"m", m.made()}); err != nil {
		return nil, err
	}
	if slices.Contains(rows, nil) || slices.Contains(batch.HeldOut, nil) {
		return nil, &ArgumentError{"Model.FitBatches", "rows"}
	}
	if ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx)}
	}
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if err := batch.complete(m, &opt); err != nil {
		return nil, err
	}
	if ds := m.unsupported(); ds.HasErrors() {
		return nil, &ModelError{ds}
	}
	ctx, calls.cancel = context.WithCancel(ctx)
	batch.Progress = watched(calls, "BatchOptions.Progress", batch.Progress)
	f := &batchFit{m: m, opt: opt, batch: batch}
	stream, diags := data.OpenStream(ctx, m.checked, batch.Dim, rows, data.StreamOptions{Eval: evaluator(m.checked), Memory: batch.Memory})
	if diags.HasErrors() {
		if ctx.Err() != nil {
			return nil, &Stopped{Why: whyDone(ctx), before: "the data were read"}
		}
		return nil, &DataError{diags}
	}
	defer stream.Close()
	f.stream = stream
	if err := f.wholeRows(ctx); err != nil {
		return nil, err
	}
	if err := f.bind(ctx); err != nil {
		return nil, err
	}
	f.problem.took = m.took + time.Since(begun)
	begun = time.Now()
	post, err = f.fit(ctx, begun)
	if err == nil && ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx), Posterior: post}
	}
	return post, err
}

// complete fills in defaults, and refuses what cannot be.
func (b *BatchOptions) complete(m *Model, o *Options) error {
	switch {
	case b.Dim == "":
		return &OptionError{"Dim", "must name the dimension whose rows are taken in batches"}
	case b.Size < 0:
		return &OptionError{"Size", fmt.Sprintf("must be positive, found %d", b.Size)}
	case b.Epochs < 0:
		return &OptionError{"Epochs", fmt.Sprintf("must be positive, found %d", b.Epochs)}
	case b.Rate < 0 || math.IsNaN(b.Rate) || b.Rate > 1:
		return &OptionError{"Rate", fmt.Sprintf("must be between 0 and 1, found %g", b.Rate)}
	case b.Memory < 0:
		return &OptionError{"Memory", fmt.Sprintf("must not be negative, found %d", b.Memory)}
	case b.Resume != nil && b.Resume.checkpoint == nil:
		return &OptionError{"Resume", "must be a fit in batches that has not come to its end"}
	case b.Resume != nil && b.Resume.answer.Model.Text != string(m.checked.File.Source.Text):
		return &OptionError{"Resume", "is a fit of another model"}
	case o.Method == MethodNUTS:
		return &OptionError{"Method", MethodNUTS + " evaluates all rows at once, and does not go with batches"}
	case o.Quick:
		return &OptionError{"Quick", "does not go with batches, whose Epochs say how long a fit takes"}
	case o.Init != nil:
		return &OptionError{"Init", "does not go with batches yet: a `param` says itself where it starts"}
	}
	if g := o.Guide; g != "" && g != inference.Guides[0] && g != inference.Written {
		return &OptionError{"Guide", fmt.Sprintf("%s does not go with batches: use %s, or a `guide` in the model", g, inference.Guides[0])}
	}
	if err := m.knowsStrategies(b.Discrete); err != nil {
		return err
	}
	if b.Size == 0 {
		b.Size = batchSize
	}
	if o.Draws == 0 {
		o.Draws = DefaultDraws
	}
	if o.Particles > target.Lanes {
		return &OptionError{"Particles", fmt.Sprintf("must be at most %d in batches, found %d", target.Lanes, o.Particles)}
	}
	switch written := len(m.checked.Guide) > 0; {
	case o.Guide == "" && written:
		o.Guide = inference.Written
	case o.Guide == "":
		o.Guide = inference.Guides[0]
	case o.Guide == inference.Written && !written:
		return &OptionError{"Guide", inference.Written + " is the `guide` that a model writes down, and this one writes none"}
	}
	return nil
}

// batchFit is a fit in batches at work.
type batchFit struct {
	m       *Model
	opt     Options
	batch   BatchOptions
	stream  *data.Stream
	problem *Problem // of the first rows
	over    *target.Batched
	base    *lower.Data     // what is along no rows
	along   map[string]bool // the data along the dimension
	checked bool            // each row has been lowered once
}

// wholeRows refuses rows with missing elements, of which there are no latents in batches, and names the first.
func (f *batchFit) wholeRows(ctx context.Context) error {
	for k, c := range f.stream.Columns() {
		if c.Missing == 0 {
			continue
		}
		first := -1
		for rows, err := range f.stream.Batches(ctx, 0, 0, 4096, 0) {
			if err != nil {
				return streamError(ctx, err)
			}
			for i, miss := range rows.Missing[k] {
				if row := rows.Index[i/c.Elements]; miss && (first < 0 || row < first) {
					first = row
				}
			}
		}
		d := diag.Diagnostic{Code: "data-missing-element", Source: f.m.checked.File.Source, Summary: fmt.Sprintf("row %d of `%s` has no value, or one that is not a number; %s in all", first+1, c.Name, countOf(c.Missing, "element")),
			Hint: "rows with missing elements cannot be fitted in batches: leave them out"}
		for _, s := range f.m.checked.Data {
			if s.Name == c.Name {
				d.Span = s.Span
			}
		}
		return &DataError{diag.List{d}}
	}
	return nil
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// streamError is the error of rows that could not be read.
func streamError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &Stopped{Why: whyDone(ctx), before: "the data were read"}
	}
	if ds := (diag.List)(nil); errors.As(err, &ds) {
		return &DataError{ds}
	}
	return err
}

// bind makes the problem of the first rows, and finds which parts of it are sums over rows.
func (f *batchFit) bind(ctx context.Context) error {
	n := f.stream.Rows()
	half := min(probedRows, n/2)
	if half < 1 {
		return &DataError{diag.List{{Code: "data-dimension", Summary: fmt.Sprintf("there is one row along `%s`, or none: there is nothing to take in batches", f.batch.Dim)}}}
	}
	bound, diags := f.stream.First(ctx, 2*half)
	if diags.HasErrors() {
		return &DataError{diags}
	}
	f.along = map[string]bool{}
	for _, c := range f.stream.Columns() {
		f.along[c.Name] = true
	}
	all := lowerData(bound)
	opt := lower.Options{Strategies: f.batch.Discrete, Halt: func() bool { return ctx.Err() != nil }, Unguided: f.opt.Guide != inference.Written && len(f.m.checked.Guide) > 0}
	t, diags := target.NewWith(f.m.checked, all, target.Plan, opt)
	if diags.HasErrors() {
		return &DataError{diags}
	}
	if t.Guided() {
		var names []string
		for _, d := range t.Discrete {
			if d.Strategy != lower.Exact && !d.Written {
				names = append(names, d.Symbol.Name)
			}
		}
		return &OptionError{"Dim", fmt.Sprintf("batches do not go with discrete latents that are not summed out, unless the model has a `guide` for them (%s)", strings.Join(names, ", "))}
	}
	if t.D == 0 {
		return f.m.nothingToFit()
	}
	if err := f.scores(t); err != nil {
		return err
	}
	f.problem = &Problem{model: f.m, bound: bound, target: t, engine: EnginePlan, notes: diags.Warnings()}
	return f.of(t, n, half, f.opt.Particles)
}

// scores settles the number of particles, and refuses score-function gradients that cannot be had: their draws are compared with
// those of other particles, and by the density of the rows at hand.
func (f *batchFit) scores(t *target.Target) error {
	least := 1
	for _, d := range t.Chosen() {
		if !t.Options.Whole[d.Symbol.Name] {
			continue
		}
		if !alongRows(d.Symbol, f.batch.Dim) {
			return &OptionError{"Discrete", fmt.Sprintf("%s=%s: in batches score-function gradients are for latents of rows", d.Symbol.Name, lower.Score)}
		}
		least = 2
	}
	switch p := &f.opt.Particles; {
	case *p == 0 && least > 1:
		*p = scoreParticles
	case *p == 0:
		*p = 1
	case *p < least:
		return &OptionError{"Particles", fmt.Sprintf("must be at least %d for score-function gradients, whose draws are compared with those of other particles", least)}
	}
	return nil
}

// of finds which parts of a target of the first rows, twice half of them, are sums over rows.
func (f *batchFit) of(t *target.Target, n, half, points int) error {
	base := *t.Data
	base.Refilled = f.along
	f.base = &base
	part := func(from, to int) *target.Rows {
		d := base.Rows(f.m.checked, f.batch.Dim, from, to)
		d.Where = nil
		return &target.Rows{Data: d, Index: make([]int, to-from)}
	}
	var err error
	f.over, err = target.NewBatched(t, f.batch.Dim, n, points, lower.Relaxation{Hard: f.opt.StraightThrough}, part(0, half), part(half, 2*half), part(0, 2*half))
	return f.explain(err)
}

// explain gives an error its public type.
func (f *batchFit) explain(err error) error {
	if coupled := (*target.ErrCoupled)(nil); errors.As(err, &coupled) {
		return &ModelError{diag.List{{Code: "coupled-rows", Source: f.m.checked.File.Source, Span: coupled.Span, Summary: coupled.Error(),
			Hint: "what is computed over all rows (a mean, a sum, the length itself) is not known of a batch: compute it before, and give it as data"}}}
	}
	if other := (*inference.ErrOtherRun)(nil); errors.As(err, &other) {
		return &OptionError{"Resume", "cannot be gone on with: " + other.Error()}
	}
	if bad := (*inference.ErrNotFinite)(nil); errors.As(err, &bad) {
		return &DataError{diag.List{{Code: "no-finite-start", Source: f.m.checked.File.Source, Summary: bad.Error(), Hint: "start params elsewhere (`param a : real = 1`), or scale the data"}}}
	}
	if ds := (diag.List)(nil); errors.As(err, &ds) {
		return &DataError{ds}
	}
	return err
}

// Rows implements inference.Feed.
func (f *batchFit) Rows() int { return f.stream.Rows() }

// Epoch implements inference.Feed.
func (f *batchFit) Epoch(ctx context.Context, seed uint64, epoch, from int) iter.Seq2[*target.Rows, error] {
	columns := f.stream.Columns()
	return func(yield func(*target.Rows, error) bool) {
		for b, err := range f.stream.Batches(ctx, seed, epoch, f.batch.Size, from) {
			if err != nil {
				yield(nil, err)
				return
			}
			d := *f.base
			d.Values, d.Dims = maps.Clone(f.base.Values), maps.Clone(f.base.Dims)
			d.Dims[f.batch.Dim] = b.Rows
			if _, is := d.Values[f.batch.Dim]; is {
				d.Values[f.batch.Dim] = &lower.Array{Data: []float64{float64(b.Rows)}}
			}
			for k, c := range columns {
				d.Values[c.Name] = &lower.Array{Shape: append([]int{b.Rows}, c.Shape...), Data: b.Values[k]}
			}
			d.Checked = f.checked
			d.Where = func(name string, element int) string {
				for _, c := range columns {
					if c.Name == name {
						return fmt.Sprintf("row %d", b.Index[element/c.Elements]+1)
					}
				}
				return ""
			}
			if !yield(&target.Rows{Data: &d, Index: b.Index}, nil) {
				return
			}
		}
		f.checked = f.checked || from == 0
	}
}

// fit learns, and makes the answer.
func (f *batchFit) fit(ctx context.Context, begun time.Time) (*Posterior, error) {
	opt := inference.BatchOptions{Options: inference.Options{Seed: f.opt.Seed, MaxTime: f.opt.MaxTime, Temperature: f.opt.Temperature}, Epochs: f.batch.Epochs, Rate: f.batch.Rate, Size: f.batch.Size}
	opt.Tell = f.batch.Progress
	if f.batch.Resume != nil {
		opt.From = f.batch.Resume.checkpoint
	}
	r, err := inference.InBatches(ctx, f.over, f, opt)
	if err != nil {
		return nil, f.explain(err)
	}
	// The params at what they are, and everything else given them.
	global := f.place(r.Loc)
	values, err := f.problem.target.ParamsAt(global, 1)
	if err != nil {
		return nil, err
	}
	n := 0
	for n < len(values) && values[n].Symbol.Kind == lang.SymParam {
		n++
	}
	figures := f.figures(r)
	made := &making{problem: f.problem, asks: f.opt, options: f.opt, batches: figures, inBatches: r}
	if n > 0 {
		q, err := f.problem.knowing(values[:n:n])
		if err != nil {
			return nil, err
		}
		q.took = f.problem.took
		l := &inference.Learned{Ending: r.Ending, Values: values[:n:n], Starts: 1, Reached: 1}
		lets, err := q.target.KnownLets()
		if err != nil {
			return nil, err
		}
		made.problem, made.learned = q, &learned{Learned: l, lets: f.ofNoRow(lets)}
		if r.Covariance != nil && f.over.Global == f.problem.target.Params() {
			if err := l.ErrorsBy(f.problem.target, global, r.Covariance); err != nil {
				return nil, err
			}
		}
	}
	if figures.HeldOut, err = f.heldOut(ctx, made.problem.target, r); err != nil {
		return nil, err
	}
	t := *made.problem.target
	t.TooLarge = f.unreported(&t)
	t.Discrete, t.Given = nil, nil // of rows, which are summed out, and are not reported
	problem := *made.problem
	problem.target = &t
	made.problem = &problem
	made.fit = f.answer(&t, r)
	if err := made.reportOnce(ctx); err != nil {
		return nil, err
	}
	made.conclude()
	post := made.done(begun)
	for i := range post.answer.Sizes {
		if s := &post.answer.Sizes[i]; s.Name == f.batch.Dim {
			s.Length = f.stream.Rows()
		}
	}
	post.checkpoint = r.Checkpoint
	post.answer.Latents = f.over.Global - f.problem.target.Params()
	return post, nil
}

// heldOut evaluates the rows that were held out, under a target whose params are known.
func (f *batchFit) heldOut(ctx context.Context, t *target.Target, r *inference.Batches) (*answer.HeldOut, error) {
	if len(f.batch.HeldOut) == 0 || r.Interrupted || r.TimedOut {
		return nil, nil
	}
	stream, diags := data.OpenStream(ctx, f.m.checked, f.batch.Dim, f.batch.HeldOut, data.StreamOptions{Eval: evaluator(f.m.checked), Levels: f.stream.Levels(), Memory: f.batch.Memory})
	if diags.HasErrors() {
		return nil, streamError(ctx, diags)
	}
	defer stream.Close()
	held := *f
	held.stream, held.batch.Size, held.checked = stream, 1, false
	if err := held.wholeRows(ctx); err != nil {
		return nil, err
	}
	if err := held.of(t, stream.Rows(), t.Data.Dims[f.batch.Dim]/2, target.Lanes); err != nil {
		return nil, err
	}
	loc, logsd := f.ofLatents(r)
	h, err := inference.HoldOut(ctx, held.over, &held, loc, logsd, f.opt.Seed)
	if err != nil {
		return nil, f.explain(streamError(ctx, err))
	}
	if h == nil {
		return nil, &OptionError{"HeldOut", "needs a `guide` in the model for the latents of rows: without it the guide of each row is its own, and rows that were held out have none"}
	}
	return &answer.HeldOut{Rows: h.Rows, ELBO: h.ELBO, ELBOError: h.ELBOError, Bound: h.Bound, BoundError: h.BoundError, Samples: h.Samples, Unsteady: h.Unsteady}, nil
}

// ofLatents are the global numbers that are of no param.
func (f *batchFit) ofLatents(r *inference.Batches) (loc, logsd []float64) {
	at := 0
	for k, s := range f.over.Slots {
		if f.over.Local[k] {
			continue
		}
		n := s.Free.Size()
		if !s.Param {
			loc, logsd = append(loc, r.Loc[at:at+n]...), append(logsd, r.LogSD[at:at+n]...)
		}
		at += n
	}
	return loc, logsd
}

// place puts global numbers into a point of the first rows, whose own numbers are 0.
func (f *batchFit) place(global []float64) []float64 {
	var u []float64
	at := 0
	for k, s := range f.problem.target.Slots {
		one := make([]float64, s.Free.Size())
		if !f.over.Local[k] {
			at += copy(one, global[at:at+len(one)])
		}
		u = append(u, one...)
	}
	return u
}

// answer makes draws of the latents that belong to no row; those of the first rows are drawn as their guides are at their outset.
func (f *batchFit) answer(t *target.Target, r *inference.Batches) *inference.Answer {
	nan := math.NaN()
	a := &inference.Answer{Target: t, Applied: inference.NoCorrection, Ending: r.Ending,
		Optimum: inference.Optimum{Starts: 1, ELBO: r.ELBO, MCSE: r.MCSE, KHatMeanField: nan, LocError: nan, Particles: f.opt.Particles, Modes: make([]inference.Mode, 1), Decrement: r.Decrement}}
	a.Draws = &inference.Weighted{D: t.D, KHat: nan, ESS: float64(f.opt.Draws)}
	if t.D == 0 {
		a.Applied = inference.ExactSum
		return a
	}
	var latents []int // among the global numbers, those of latents
	at := 0
	for k, s := range f.problem.target.Slots {
		if f.over.Local[k] {
			continue
		}
		for range s.Free.Size() {
			if !s.Param {
				latents = append(latents, at)
			}
			at++
		}
	}
	n := f.opt.Draws
	if r.Weighed != nil && r.Weighed.D == len(latents) && len(latents) == t.D {
		w := *r.Weighed
		a.Draws, a.Applied = &w, inference.Importance
		return a
	}
	spread := r.Spread(latents)
	z := make([]float64, n*t.D)
	random.Balanced(random.Stream(f.opt.Seed, "draws", 0), z, n, t.D)
	global := make([]float64, len(r.Loc))
	a.Draws.U = make([]float64, 0, n*t.D)
	for i := range n {
		row := z[i*t.D : (i+1)*t.D]
		spread(row, global)
		k, g := 0, 0
		for j, s := range f.problem.target.Slots {
			size := s.Free.Size()
			switch {
			case s.Param:
				g += size
			case f.over.Local[j]:
				a.Draws.U = append(a.Draws.U, row[k:k+size]...)
				k += size
			default:
				a.Draws.U = append(a.Draws.U, global[g:g+size]...)
				g += size
				k += size
			}
		}
	}
	if r.Covariance != nil {
		a.Applied = inference.LinearResponse
	}
	return a
}

// unreported are the values that belong to rows, or hang on what does: those whose type has the dimension, and lets of them.
func (f *batchFit) unreported(t *target.Target) []*lang.Symbol {
	out := slices.Clone(t.TooLarge)
	rows := map[*lang.Symbol]bool{}
	m := f.m.checked
	for _, list := range [][]*lang.Symbol{m.Latents, m.Lets} {
		for _, s := range list {
			if alongRows(s, f.batch.Dim) || f.hangs(s, rows) {
				rows[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// ofNoRow leaves out lets that hang on the rows.
func (f *batchFit) ofNoRow(lets []target.Param) []target.Param {
	skip := f.unreported(f.problem.target)
	return slices.DeleteFunc(lets, func(x target.Param) bool { return slices.Contains(skip, x.Symbol) })
}

// hangs reports whether a let reads what belongs to rows: data along the dimension, its length, or a symbol of rows.
func (f *batchFit) hangs(s *lang.Symbol, rows map[*lang.Symbol]bool) (found bool) {
	look := func(n ast.Node) bool {
		x := f.m.checked.Uses[n]
		if name, is := n.(*ast.Name); is && name.Name == f.batch.Dim {
			found = true
		}
		found = found || x != nil && x != s && (rows[x] || x.Kind == lang.SymData && alongRows(x, f.batch.Dim))
		return !found
	}
	if let, is := s.Decl.(*ast.Let); is {
		ast.Inspect(let.Value, look)
	}
	for _, p := range s.Pieces {
		if let, is := p.Stmt.(*ast.Let); is && !found {
			ast.Inspect(let.Value, look)
		}
	}
	return found
}

func alongRows(s *lang.Symbol, dim string) bool {
	for _, d := range s.Type.Dims {
		if d.Coef(dim) != 0 {
			return true
		}
	}
	return false
}

// figures are what the answer says of the batches.
func (f *batchFit) figures(r *inference.Batches) *answer.Batches {
	return &answer.Batches{Dim: f.batch.Dim, Rows: f.stream.Rows(), Size: f.batch.Size, Epochs: r.Epochs, Steps: r.Steps, Exact: r.Exact, Rate: r.Rate, RowsASecond: r.RowsASecond}
}

// judgeBatches lowers the verdict for what batches leave open.
func (post *making) judgeBatches() {
	r := post.inBatches
	if r == nil {
		return
	}
	if r.Covariance == nil && post.fit.Applied == inference.ExactSum {
		post.lower(Caution, "params are where stochastic gradients have ended: no pass over all rows has checked how far the maximum of the likelihood is")
	}
	if r.Missing > 0 && !r.Converged {
		post.lower(Poor, "%d epochs were not enough: some %d in all would be", r.Epochs, r.Epochs+r.Missing)
	}
}

// RowsGone says that something needs the rows of a fit that took them in batches: it has kept none.
type RowsGone struct {
	Dim string // the dimension whose rows they were
}

func (e *RowsGone) Error() string {
	return fmt.Sprintf("the rows along `%s` were taken in batches, and none is kept: this needs them", e.Dim)
}

// rows refuses what needs the rows that were fitted.
func (post *Posterior) rows() error {
	if b := post.answer.Batches; b != nil {
		return &RowsGone{b.Dim}
	}
	return nil
}

func init() {
	diag.Declare(diag.CodeInfo{Code: "coupled-rows", Title: "A model whose rows cannot be taken in batches",
		Explanation: "Batches need a log density that is a sum over rows: each term is of one row, or the same whatever rows there are. A mean over all rows, their number, a row that reads the one before " +
			"couple them. What is computed from all rows of data can be computed before, and given as data.",
		Wrong: "data x : real[N]\ndata y : real[N]\nb ~ Normal(0, 1)\ny ~ Normal(b * (x - mean(x)), 1)          # ppl fit --batch N=256",
		Right: "data x : real[N]\ndata y : real[N]\ndata centre : real\nb ~ Normal(0, 1)\ny ~ Normal(b * (x - centre), 1)"})
}

package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	goruntime "runtime"
	"slices"
	"sort"
	"sync"
	"time"

	"ppl/graph/parallel"
	"ppl/inference/random"
	"ppl/inference/sbc"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// SBCOptions set a simulation-based calibration. The zero value of a field means
// its default.
type SBCOptions struct {
	Seed       uint64
	Replicates int // data sets that are drawn and fitted; 200
	Draws      int // posterior draws that a latent is ranked among; 99
	// Fit sets how each data set is fitted; its seed is not used.
	Fit Options
	// Bind sets how each data set is bound: the engine, and strategies for discrete latents.
	Bind BindOptions
	// Model is fitted in the place of the one that the data are drawn from. It
	// needs the same data declarations, and latents of the same names.
	Model *Model
	// Level is the probability that a right model and an exact fit fail; 0.01.
	Level float64
	// Progress is called after each replicate, by one goroutine at a time. If it panics
	// the calibration ends with a *CallbackError.
	Progress func(Progress)
}

// SBC is the outcome of a simulation-based calibration: see package
// inference/sbc.
type SBC struct {
	// Replicates were fitted; Used of them have a verdict that is not poor. Ranks
	// are of these: whether a fit believes in itself depends on its data alone, so
	// the ranks of the rest are still uniform if the fits are exact.
	Replicates, Used int
	Draws            int
	Level            float64
	// Verdicts counts the fits by verdict, and Failures those that gave no answer,
	// by the reason.
	Verdicts map[Verdict]int
	Failures map[string]int
	// Quantities are the latents, number by number, in the order of the model.
	Quantities []Calibration
	// Passed says that all replicates were fitted and that no latent's ranks
	// differ from uniform ones at the level, corrected for the number of latents;
	// Failed, that some do, or that too few fits can be used. A calibration that
	// was interrupted may be neither. Reasons say what was found.
	Passed, Failed bool
	Reasons        []string
	// Interrupted says that the context was done before all replicates were.
	Interrupted bool
}

// Calibration is what the ranks of one number of a latent say.
type Calibration struct {
	Name  string
	Ranks []int
	// Test has the p-values, and P is that of both, corrected for the number of
	// latents.
	Test *sbc.Test
	P    float64
}

// SBC draws data sets from the prior, fits each, and tests whether the ranks of
// the latents drawn among their posterior draws are uniform. Replicates run side
// by side, and the result does not depend on the number of cores. The error is an
// *ArgumentError, an *OptionError, a *DataError where the model cannot be simulated, a *ModelError, a
// *CallbackError, or a *Stopped where ctx was done: it holds the result of the replicates until then.
func (s *Simulator) SBC(ctx context.Context, opt SBCOptions) (out *SBC, err error) {
	calls := &callbacks{}
	defer settle(calls, &out, &err)
	defer stopped(ctx, &err)
	defer guarded(&err)
	if err := given("Simulator.SBC", argument{"s", s.made()}, contextArgument(ctx)); err != nil {
		return nil, err
	}
	if err := opt.complete(s); err != nil {
		return nil, err
	}
	if err := opt.Model.calibrates(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx), before: "a data set was fitted"}
	}
	runs := make([]*replicate, opt.Replicates)
	if err := s.replicates(calls.watchSBC(ctx, &opt), opt, runs); err != nil {
		return nil, err
	}
	out = &SBC{Draws: opt.Draws, Level: opt.Level, Verdicts: map[Verdict]int{}, Failures: map[string]int{}, Interrupted: slices.Contains(runs, nil)}
	out.collect(runs)
	out.judge(opt.Replicates)
	if ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx), SBC: out}
	}
	return out, nil
}

// calibrates refuses a model of which the density is not that of what is drawn. The error is a
// *ModelError.
func (m *Model) calibrates() error {
	var ds diag.List
	for _, s := range m.checked.File.Stmts {
		ast.Inspect(s, func(n ast.Node) bool {
			if w, is := n.(*ast.Weighting); is {
				ds.Add(diag.Diagnostic{Code: "cannot-calibrate", Source: m.checked.File.Source, Span: w.Span(),
					Summary: "data are drawn without their weights, and a fit with weights is no fit of the distribution that they come from",
					Hint:    "calibrate the model without `weighted`"})
			}
			return true
		})
	}
	if len(ds) > 0 {
		return &ModelError{ds}
	}
	return nil
}

// The most that options may ask for; see MostDraws.
const (
	MostReplicates = 1_000_000
	MostRanks      = 1_000_000
)

// Validate reports whether some model can be calibrated with these options. The error
// is an *OptionError that names the field; SBC returns the same.
func (o *SBCOptions) Validate() error {
	switch {
	case o == nil:
		return &ArgumentError{"SBCOptions.Validate", "o"}
	case o.Replicates < 0 || o.Replicates > MostReplicates:
		return outside("Replicates", 1, MostReplicates, o.Replicates)
	case o.Draws < 0 || o.Draws > MostRanks:
		return outside("Draws", 1, MostRanks, o.Draws)
	case o.Level != 0 && !(o.Level > 0 && o.Level < 1):
		return &OptionError{"Level", fmt.Sprintf("must be between 0 and 1, found %g", o.Level)}
	case o.Model != nil && !o.Model.made():
		return &OptionError{"Model", "was not made by Compile"}
	}
	var fit *OptionError
	if err := o.Fit.Validate(); errors.As(err, &fit) {
		return &OptionError{"Fit." + fit.Field, fit.Why}
	}
	return nil
}

// complete fills in defaults, and refuses what cannot be.
func (o *SBCOptions) complete(s *Simulator) error {
	if err := o.Validate(); err != nil {
		return err
	}
	fitted := o.Model
	if fitted == nil {
		fitted = s.model
	}
	if err := o.Bind.valid(fitted); err != nil {
		if e := (*OptionError)(nil); errors.As(err, &e) {
			return &OptionError{"Bind." + e.Field, e.Why}
		}
		return err
	}
	if o.Replicates == 0 {
		o.Replicates = 200
	}
	if o.Draws == 0 {
		o.Draws = 99
	}
	if o.Level == 0 {
		o.Level = 0.01
	}
	if o.Model == nil {
		o.Model = s.model
	}
	if o.Fit.Draws == 0 {
		o.Fit.Draws = o.Draws
		if o.Fit.Method == MethodNUTS {
			o.Fit.Draws = min(20*o.Draws, MostDraws) // they are thinned
		}
	}
	if o.Fit.Draws < o.Draws {
		return &OptionError{"Fit.Draws", fmt.Sprintf("must be at least %d, to rank a latent among that many; found %d", o.Draws, o.Fit.Draws)}
	}
	return nil
}

// replicate is one data set, fitted. Without ranks there is no answer.
type replicate struct {
	verdict Verdict
	failure string
	names   []string
	ranks   []int
	fixed   []bool // elements that a `let` defines and that do not vary
}

// replicates runs them on all cores; those that a cancelled context has left out
// stay nil. The error is one of the model, not of a fit.
func (s *Simulator) replicates(ctx context.Context, opt SBCOptions, runs []*replicate) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		lock   sync.Mutex
		failed error
		next   int
		done   int
	)
	begun := time.Now()
	take := func() (int, bool) {
		lock.Lock()
		defer lock.Unlock()
		next++
		return next - 1, next <= len(runs) && ctx.Err() == nil
	}
	put := func(k int, r *replicate, err error) {
		lock.Lock()
		defer lock.Unlock()
		switch {
		case err != nil && failed == nil && ctx.Err() == nil:
			failed = err
			cancel()
		case err == nil && ctx.Err() == nil:
			runs[k] = r
			done++
			if opt.Progress != nil {
				opt.Progress(counted(StageCalibrate, done, len(runs), time.Since(begun), 0))
			}
		}
	}
	parallel.Each(min(goruntime.GOMAXPROCS(0), len(runs)), func(int) {
		for k, more := take(); more; k, more = take() {
			r, err := s.replicate(ctx, opt, k)
			put(k, r, err)
		}
	})
	return failed
}

// replicate draws data set k, fits it, and ranks the latents.
func (s *Simulator) replicate(ctx context.Context, opt SBCOptions, k int) (r *replicate, err error) {
	defer guarded(&err)
	sim, err := s.Draw(opt.Seed, k)
	if err != nil {
		return nil, err
	}
	random := random.Stream(opt.Seed, "sbc", k)
	p, err := sim.problemOf(ctx, opt.Model, opt.Bind)
	if err != nil {
		return nil, err
	}
	fit := opt.Fit
	fit.Seed, fit.Progress = random.Uint64(), nil
	post, err := p.Fit(ctx, fit)
	var stopped *Stopped
	var data *DataError
	switch {
	case errors.As(err, &stopped):
		return &replicate{failure: stopped.Error()}, nil
	case errors.As(err, &data):
		why := data.Diagnostics[0].Summary
		if data.Diagnostics[0].Code == "no-finite-start" {
			why = noFiniteStart
		}
		return &replicate{failure: why}, nil
	case err != nil:
		return nil, err
	}
	r = &replicate{verdict: post.Verdict()}
	for _, truth := range sim.Latents() {
		if symbol := s.symbol(truth.Symbol); symbol == nil || symbol.Kind != lang.SymLatent {
			continue
		}
		draws, err := post.Draws(truth.Name)
		if err != nil {
			return nil, err
		}
		r.names = append(r.names, truth.Name)
		r.fixed = append(r.fixed, ofLet(s.symbol(truth.Symbol)) && allEqual(truth.Mean, draws))
		r.ranks = append(r.ranks, rank(truth.Mean, draws, opt.Draws, random))
	}
	return r, nil
}

// ofLet reports whether a `let` defines elements of a latent.
func ofLet(s *lang.Symbol) bool {
	return slices.ContainsFunc(s.Pieces, func(p *lang.Piece) bool { _, let := p.Stmt.(*ast.Let); return let })
}

// allEqual reports whether all draws are x.
func allEqual(x float64, draws []float64) bool {
	for _, v := range draws {
		if v != x {
			return false
		}
	}
	return true
}

func (s *Simulator) symbol(name string) *lang.Symbol {
	for _, x := range s.model.checked.Latents {
		if x.Name == name {
			return x
		}
	}
	return nil
}

// rank counts how many of n draws, spread evenly over all, are below x; among
// equal ones its place is drawn.
func rank(x float64, draws []float64, n int, r *rand.Rand) int {
	below, equal := 0, 0
	for i := range n {
		switch v := draws[(2*i+1)*len(draws)/(2*n)]; {
		case v < x:
			below++
		case v == x:
			equal++
		}
	}
	return below + r.IntN(equal+1)
}

// collect gathers the ranks of the replicates that count.
func (out *SBC) collect(runs []*replicate) {
	var used []*replicate
	for _, r := range runs {
		switch {
		case r == nil:
			continue
		case r.failure != "":
			out.Failures[r.failure]++
		default:
			out.Verdicts[r.verdict]++
			if r.verdict != Poor {
				used = append(used, r)
			}
		}
		out.Replicates++
	}
	out.Used = len(used)
	if len(used) == 0 {
		return
	}
	for i, name := range used[0].names {
		if !slices.ContainsFunc(used, func(r *replicate) bool { return !r.fixed[i] }) {
			continue // there is nothing to rank
		}
		c := Calibration{Name: name}
		for _, r := range used {
			c.Ranks = append(c.Ranks, r.ranks[i])
		}
		c.Test = sbc.Uniform(c.Ranks, out.Draws)
		c.P = math.Min(1, c.Test.P()*float64(len(used[0].names)))
		out.Quantities = append(out.Quantities, c)
	}
}

// judge says whether the calibration has passed, of so many replicates that were
// asked for. Those that an interrupt has left may fail it, but cannot pass it.
func (out *SBC) judge(asked int) {
	fail := func(format string, args ...any) {
		out.Failed = true
		out.Reasons = append(out.Reasons, fmt.Sprintf(format, args...))
	}
	note := func(format string, args ...any) { out.Reasons = append(out.Reasons, fmt.Sprintf(format, args...)) }
	switch left := out.Replicates - out.Used; {
	case out.Replicates == 0: // interrupted: nothing to judge
	case out.Used*2 < out.Replicates:
		fail("only %d of %d fits can be believed by their own verdict: too few to judge by", out.Used, out.Replicates)
	case left > 0:
		note("%d of %d fits are left out: poor by their own verdict, or without an answer", left, out.Replicates)
	}
	worst := make([]*Calibration, 0, len(out.Quantities))
	for i := range out.Quantities {
		if c := &out.Quantities[i]; c.P < out.Level {
			worst = append(worst, c)
		}
	}
	sort.SliceStable(worst, func(i, j int) bool { return worst[i].P < worst[j].P })
	for i, c := range worst {
		if i == 5 {
			fail("and %d more", len(worst)-i)
			break
		}
		fail("the ranks of `%s` are not uniform (p = %.2g): %s", c.Name, c.P, c.shape())
	}
	if out.Interrupted {
		note("interrupted after %d of %d replicates: too few to pass", out.Replicates, asked)
	}
	if out.Passed = !out.Failed && !out.Interrupted; out.Passed {
		note("the ranks of %s are uniform as far as %d replicates tell", allOf(len(out.Quantities)), out.Used)
	}
}

func allOf(n int) string {
	if n == 1 {
		return "the one latent"
	}
	return fmt.Sprintf("all %d latents", n)
}

// shape says in words how ranks differ from uniform ones.
func (c *Calibration) shape() string {
	n := math.Sqrt(float64(len(c.Ranks)))
	uniform := 1 / math.Sqrt(12)
	// In standard errors: the variance of a squared uniform deviation is 1/180.
	shift := (c.Test.Mean - 0.5) / uniform * n
	width := (c.Test.SD*c.Test.SD - uniform*uniform) * math.Sqrt(180) * n
	switch {
	case math.Abs(shift) > 3 && math.Abs(shift) > math.Abs(width) && shift > 0:
		return "posteriors are too low"
	case math.Abs(shift) > 3 && math.Abs(shift) > math.Abs(width):
		return "posteriors are too high"
	case width > 3:
		return "posteriors are too narrow"
	case width < -3:
		return "posteriors are too wide"
	}
	return "posteriors have another shape"
}

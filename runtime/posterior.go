package runtime

import (
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"ppl/inference"
	"ppl/inference/tails"
	"ppl/lang"
	"ppl/lang/diag"
	"ppl/runtime/answer"
	"ppl/runtime/report"
)

// The parts of an answer; see package answer.
type (
	Verdict          = answer.Verdict
	Quantity         = answer.Quantity
	DiscreteQuantity = answer.Discrete
	DiscreteStrategy = answer.Strategy
	Sampling         = answer.Sampling
	Figures          = answer.Figures
)

// The verdicts.
const (
	Good    = answer.Good
	Caution = answer.Caution
	Poor    = answer.Poor
)

// Posterior is an answer with names. It is immutable, and safe for many goroutines.
type Posterior struct {
	problem *Problem // nil if the answer was loaded
	loaded  *loaded  // nil if not
	answer  answer.Answer
	// Positions among the answer's quantities and discrete latents, by name.
	byName, discreteByName map[string]int

	checkpoint map[string][]float64 // of a fit in batches that has not come to its end

	once sync.Once
	draw func() ([][]int, error) // of all elements of the discrete latents
	z    [][]int
	err  error
}

// done ends the making of an answer.
func (post *making) done(begun time.Time) *Posterior {
	p := post.problem
	out := &Posterior{problem: p, draw: post.drawn, answer: answer.Answer{
		Model: answer.Model{Name: p.model.Name(), Text: string(p.model.checked.File.Source.Text)}, Sizes: p.sizes(), Latents: p.target.D, Asked: post.asked(),
		Verdict: post.verdict, Reasons: post.reasons, Figures: post.figures(), Sampling: post.sampling, Batches: post.batches, Parts: post.parts(),
		Params: post.learned.params(p.naming()), Strategies: p.Discrete(), Discrete: post.discrete.quantities, Compiling: p.took, Fitting: time.Since(begun),
	}}
	for i := range post.quantities {
		out.answer.Quantities = append(out.answer.Quantities, post.quantities[i].Quantity)
	}
	out.index()
	return out
}

// index makes the tables of names.
func (post *Posterior) index() {
	post.byName, post.discreteByName = map[string]int{}, map[string]int{}
	for i := range post.answer.Quantities {
		post.byName[post.answer.Quantities[i].Name] = i
	}
	for i := range post.answer.Discrete {
		post.discreteByName[post.answer.Discrete[i].Name] = i
	}
}

// asked are the options of the fit.
func (post *making) asked() answer.Asked {
	o, p := post.asks, post.problem
	a := answer.Asked{Seed: o.Seed, Method: o.Method, Guide: o.Guide, Correct: o.Correct, Particles: o.Particles, Draws: o.Draws, Temperature: o.Temperature,
		StraightThrough: o.StraightThrough, MaxTime: o.MaxTime, Quick: o.Quick, Chains: o.Chains, Warmup: o.Warmup, TargetAccept: o.TargetAccept, Engine: p.engine, Discrete: p.discrete, Latents: p.latents, Init: askedInit(o.init)}
	for _, d := range []struct {
		of    *string
		value string
	}{{&a.Method, MethodVariational}, {&a.Guide, inference.Guides[0]}, {&a.Correct, inference.Corrections[0]}, {&a.Engine, EnginePlan}} {
		if *d.of == "" {
			*d.of = d.value
		}
	}
	return a
}

// figures are what the fit says of itself.
func (post *making) figures() answer.Figures {
	f := post.fit
	out := answer.Figures{Applied: string(f.Applied), ELBO: f.ELBO, MCSE: f.MCSE, Beyond: f.Beyond, KHat: f.Draws.KHat, KHatMeanField: f.KHatMeanField, ESS: f.Draws.ESS,
		Converged: f.Converged, Interrupted: f.Interrupted, TimedOut: f.TimedOut, Ended: f.Ended, Point: f.Point, Guided: post.problem.target.Guided(), Particles: f.Particles, Evaluations: f.Evaluations}
	out.Integrated, out.IntegratedNumbers = f.Target.Integrated()
	for _, m := range f.Modes {
		out.Modes = append(out.Modes, m.ELBO)
	}
	if l := f.Look; l != nil && l.Used {
		out.Evidence = &answer.Estimate{Value: l.LogEvidence, MCSE: l.MCSE}
	}
	return out
}

// parts are the expected log joint by statement.
func (post *making) parts() []answer.Part {
	var out []answer.Part
	source := post.problem.model.checked.File.Source
	for _, x := range post.fit.Parts {
		f := x.Factor
		out = append(out, answer.Part{Site: f.Site, Summed: f.Summed, Latent: f.Latent, Jacobian: f.Site == "" && f.Span.End == 0,
			Line: source.Position(f.Span.Start).Line, Mean: x.Mean})
	}
	return out
}

// sizes lists the dimensions of the data.
func (p *Problem) sizes() []answer.Size {
	var out []answer.Size
	seen := map[string]bool{}
	for _, d := range p.target.Model.Data {
		for _, dim := range d.Type.Dims {
			for _, s := range dim.Symbols() {
				if n, ok := p.sizeOf(s); ok && !seen[s.Name] {
					seen[s.Name] = true
					out = append(out, answer.Size{Name: s.Name, Length: n})
				}
			}
		}
	}
	return out
}

// sizeOf is the value of a dimension: one that shapes bind, or an int of the data.
func (p *Problem) sizeOf(s *lang.DimSym) (int, bool) {
	if n, ok := p.bound.Dims[s.Name]; ok {
		return n, true
	}
	if v, ok := p.bound.Values[s.Name]; ok && len(v.Shape) == 0 && len(v.Data) == 1 {
		return int(v.Data[0]), true
	}
	return 0, false
}

// Verdict says how far the answer may be believed, and Reasons why; none of a Posterior that
// no fit has made.
func (post *Posterior) Verdict() Verdict {
	if post == nil {
		return ""
	}
	return post.answer.Verdict
}

// Reasons say why the verdict is what it is.
func (post *Posterior) Reasons() []string {
	if post == nil {
		return nil
	}
	return slices.Clone(post.answer.Reasons)
}

// FitTime is the time that the fit took.
func (post *Posterior) FitTime() time.Duration {
	if post == nil {
		return 0
	}
	return post.answer.Fitting
}

// Figures are what the method says of itself: the ELBO, k̂, whether and why it ended.
func (post *Posterior) Figures() Figures {
	if !post.made() {
		nan := math.NaN()
		return Figures{ELBO: nan, MCSE: nan, KHat: nan, KHatMeanField: nan}
	}
	out := post.answer.Figures
	out.Modes = slices.Clone(out.Modes)
	return out
}

// Sampling is how the draws were sampled; nil where they are not of Markov chains or
// tempered particles.
func (post *Posterior) Sampling() *Sampling {
	if post == nil || post.answer.Sampling == nil {
		return nil
	}
	out := *post.answer.Sampling
	return &out
}

// TableOptions say what WriteTable shows.
type TableOptions = report.Options

// WriteTable writes a header, a table of the quantities, and how far to believe them. The
// error is one of w, an *UnknownQuantity, or an *OptionError.
func (post *Posterior) WriteTable(w io.Writer, opt TableOptions) error {
	if err := given("Posterior.WriteTable", argument{"post", post.made()}, writerArgument(w)); err != nil {
		return err
	}
	for _, name := range opt.Names {
		if !post.has(name) {
			return post.unknown(name, post.symbols()...)
		}
	}
	if err := validTable(&opt); err != nil {
		return err
	}
	return report.Text(callersWriter{w}, &post.answer, opt)
}

// validTable refuses what no table can show.
func validTable(opt *TableOptions) error {
	for _, p := range opt.Quantiles {
		if !(p > 0 && p < 1) {
			return &OptionError{"Quantiles", fmt.Sprintf("must be between 0 and 1, found %g", p)}
		}
	}
	if p := opt.HDI; p != 0 && !(p > 0 && p < 1) {
		return &OptionError{"HDI", fmt.Sprintf("must be between 0 and 1, found %g", p)}
	}
	return nil
}

// WriteJSON writes the answer as one JSON object, as `ppl fit` does in its format json; where reasons name
// fields of Options, that names its flags.
func (post *Posterior) WriteJSON(w io.Writer) error {
	if err := given("Posterior.WriteJSON", argument{"post", post.made()}, writerArgument(w)); err != nil {
		return err
	}
	return report.JSON(callersWriter{w}, &post.answer)
}

// has reports whether something is called so: a symbol, or an element.
func (post *Posterior) has(name string) bool {
	return slices.ContainsFunc(post.answer.Quantities, func(q Quantity) bool { return name == q.Symbol || name == q.Name || name == q.Column }) ||
		slices.ContainsFunc(post.answer.Discrete, func(q DiscreteQuantity) bool { return name == q.Symbol || name == q.Name || name == q.Column }) ||
		slices.ContainsFunc(post.answer.Params, func(p Param) bool { return p.Has(name) })
}

// Quantities lists all numbers of the posterior in the order of the model.
func (post *Posterior) Quantities() []Quantity {
	if post == nil {
		return nil
	}
	return slices.Clone(post.answer.Quantities)
}

// Discrete lists the elements of the discrete latents in the order of the model.
func (post *Posterior) Discrete() []DiscreteQuantity {
	if post == nil {
		return nil
	}
	return slices.Clone(post.answer.Discrete)
}

// UnknownQuantity is the error for a name that the posterior does not have.
type UnknownQuantity struct {
	Name, Suggestion string
}

func (e *UnknownQuantity) Error() string {
	if e.Suggestion != "" {
		return fmt.Sprintf("the posterior has no %q; did you mean %q?", e.Name, e.Suggestion)
	}
	return fmt.Sprintf("the posterior has no %q", e.Name)
}

// Quantity finds a number by its name in the model or its CmdStan column.
func (post *Posterior) Quantity(name string) (*Quantity, error) {
	if err := given("Posterior.Quantity", argument{"post", post != nil}); err != nil {
		return nil, err
	}
	if i, ok := elementOf(post.byName, name); ok {
		q := post.answer.Quantities[i]
		return &q, nil
	}
	for _, q := range post.answer.Quantities {
		if q.Column == name {
			return &q, nil
		}
	}
	return nil, post.unknown(name)
}

// elementOf finds an element by its name, which may be written with blanks (`w[2, 1]`), as labels may
// have some (`a[county 01]`).
func elementOf(at map[string]int, name string) (int, bool) {
	if i, ok := at[name]; ok {
		return i, true
	}
	i, ok := at[strings.ReplaceAll(name, " ", "")]
	return i, ok
}

// DiscreteQuantity finds an element of a discrete latent by its name in the
// model or its CmdStan column.
func (post *Posterior) DiscreteQuantity(name string) (*DiscreteQuantity, error) {
	i, err := post.discreteIndex(name)
	if err != nil {
		return nil, err
	}
	q := post.answer.Discrete[i]
	return &q, nil
}

func (post *Posterior) discreteIndex(name string) (int, error) {
	if err := given("Posterior.DiscreteQuantity", argument{"post", post != nil}); err != nil {
		return 0, err
	}
	if i, ok := elementOf(post.discreteByName, name); ok {
		return i, nil
	}
	for i := range post.answer.Discrete {
		if post.answer.Discrete[i].Column == name {
			return i, nil
		}
	}
	return 0, post.unknown(name)
}

// symbols are the names of all arrays and scalars.
func (post *Posterior) symbols() []string {
	var out []string
	for i := range post.answer.Quantities {
		out = append(out, post.answer.Quantities[i].Symbol)
	}
	for i := range post.answer.Discrete {
		out = append(out, post.answer.Discrete[i].Symbol)
	}
	for i := range post.answer.Params {
		out = append(out, post.answer.Params[i].Symbol)
	}
	return slices.Compact(out)
}

// unknown is the error for a name, with one that is like it: of an element, or of those that may be meant
// too.
func (post *Posterior) unknown(name string, names ...string) error {
	for i := range post.answer.Quantities {
		names = append(names, post.answer.Quantities[i].Name)
	}
	for i := range post.answer.Discrete {
		names = append(names, post.answer.Discrete[i].Name)
	}
	return &UnknownQuantity{name, diag.Suggest(name, names)}
}

// either finds a quantity or else an element of a discrete latent: of both the moments,
// quantiles and draws are asked for by one name.
func (post *Posterior) either(name string) (*Quantity, *DiscreteQuantity, error) {
	q, err := post.Quantity(name)
	if err == nil || post == nil {
		return q, nil, err
	}
	if d, none := post.DiscreteQuantity(name); none == nil {
		return nil, d, nil
	}
	return nil, nil, err
}

// Mean is the posterior mean of a quantity, or of an element of a discrete latent as a
// number. Where it has none the error is a *NoMoment, and the number NaN.
func (post *Posterior) Mean(name string) (float64, error) {
	q, d, err := post.either(name)
	switch {
	case err != nil:
		return math.NaN(), err
	case d != nil:
		return d.Mean(), nil
	}
	return q.Mean, lacks(q, tails.Mean)
}

// SD is the posterior standard deviation of a quantity, or of an element of a discrete
// latent as a number. Where it has none the error is a *NoMoment, and the number NaN.
func (post *Posterior) SD(name string) (float64, error) {
	q, d, err := post.either(name)
	switch {
	case err != nil:
		return math.NaN(), err
	case d != nil:
		return d.SD(), nil
	}
	return q.SD, lacks(q, tails.Both)
}

// Quantile is the posterior quantile, from the draws that were kept, of a
// quantity at p in [0, 1]; of an element of a discrete latent the least value that is not
// exceeded with probability p. The error is an *UnknownQuantity, or an *OptionError of p.
func (post *Posterior) Quantile(name string, p float64) (float64, error) {
	q, d, err := post.either(name)
	switch {
	case err != nil:
		return math.NaN(), err
	case !(p >= 0 && p <= 1):
		return math.NaN(), &OptionError{"p", fmt.Sprintf("must be between 0 and 1, found %g", p)}
	case d != nil:
		return float64(d.Quantile(p)), nil
	}
	sorted := q.Draws()
	sort.Float64s(sorted)
	return quantile(sorted, p), nil
}

// Draws returns the posterior draws of a quantity, or of an element of a discrete latent as
// numbers (see DiscreteDraws); row i of all quantities is one joint draw.
func (post *Posterior) Draws(name string) ([]float64, error) {
	q, d, err := post.either(name)
	if err != nil {
		return nil, err
	}
	if d != nil {
		z, err := post.DiscreteDraws(name)
		out := make([]float64, len(z))
		for i, v := range z {
			out[i] = float64(v)
		}
		return out, err
	}
	return q.Draws(), nil
}

// Probability is the posterior probability that an element of a discrete
// latent has a value; 0 for one outside its support.
func (post *Posterior) Probability(name string, value int) (float64, error) {
	q, err := post.DiscreteQuantity(name)
	if err != nil {
		return math.NaN(), err
	}
	if k := slices.Index(q.Values, value); k >= 0 {
		return q.P[k], nil
	}
	return 0, nil
}

// DiscreteDraws returns draws of an element of a discrete latent: draw i is
// joint with draw i of every other quantity, discrete or not. The first call
// draws all of them.
func (post *Posterior) DiscreteDraws(name string) ([]int, error) {
	i, err := post.discreteIndex(name)
	if err != nil {
		return nil, err
	}
	draws, err := post.discreteDraws()
	if err != nil {
		return nil, err
	}
	return slices.Clone(draws[i]), nil
}

// discreteDraws are draws of all elements of the discrete latents, made by the first call.
func (post *Posterior) discreteDraws() ([][]int, error) {
	post.once.Do(func() {
		defer guarded(&post.err)
		post.z, post.err = post.draw()
		post.draw = nil
	})
	return post.z, post.err
}

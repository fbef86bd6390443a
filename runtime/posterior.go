package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	goruntime "runtime"
	"sort"
	"strings"
	"time"

	"ppl/graph/lower"
	"ppl/graph/parallel"
	"ppl/inference"
	"ppl/inference/tails"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/diag"
)

// Posterior is a fitted model. It is immutable.
type Posterior struct {
	problem *Problem
	options Options
	fit     *inference.Fit
	// sampling is set if the draws are of Markov chains.
	sampling *Sampling
	// late, if it is set, says why whoever waits has no time for a report of so many
	// numbers; nil if there is time.
	late func(numbers int) error

	// Verdict says how far the answer may be believed, and Reasons why.
	Verdict Verdict
	Reasons []string
	// FitTime is the time that the fit took, compilation of the graph included.
	FitTime time.Duration

	quantities []Quantity
	byName     map[string]int
	discrete   discretePosterior
	shortfall  inference.Shortfall
}

// Quantity is one number of the posterior: a latent, or a let that depends on
// one, or an element of either.
type Quantity struct {
	// Name is as in the model, with indices from 1 or factor labels:
	// `mu`, `theta[3]`, `alpha[AITKIN]`, `w[2, 1]` prints as `w[2,1]`.
	Name string
	// Column is the name that CmdStan would use: `theta.3`, `w.2.1`.
	Column string
	// Symbol is the name in the model, Index the position in it from 1.
	Symbol string
	Index  []int

	// Mean and SD are NaN where Moments says that there is none.
	Mean, SD     float64
	Q5, Q50, Q95 float64
	// MCSE is the Monte-Carlo standard error of the mean, MCSESD that of the sd.
	MCSE, MCSESD float64
	// MCSETail is the larger one of those of Q5 and Q95; 0 where draws are independent and
	// not weighted, and of quantities of few values.
	MCSETail float64
	// Moments says which moments there are, as far as the draws tell, and TailIndex
	// why: it is the larger one of the indices of both tails, of which 1/2 is that from
	// which on there is no variance (see package tails); 0 where they are light.
	Moments   tails.Which
	TailIndex float64
	// MeanFieldSD is the standard deviation under the plain mean-field guide.
	MeanFieldSD float64
	// RHat is R̂, and ESSBulk and ESSTail are effective numbers of draws, of Markov
	// chains; 0 for variational inference.
	RHat, ESSBulk, ESSTail float64
	// Draws of the quantity; not to be changed.
	Draws []float64

	at          int     // where the text declares it
	broken      bool    // some draw that counts is not finite
	leftOut     float64 // share of the draws that are not, and are left out for being so few
	squareIndex float64 // see tails.Moments
	divisor     string  // that takes its moments: see findPoles
}

// largeDraws is the number of numbers, 100 MB of them, from which memory is
// collected before they are doubled.
const largeDraws = 100 << 17

// report evaluates the quantities at the fit's draws, in the order in which the
// model declares them. Summaries are of all draws; keep are kept, resampled by
// their weights.
func (post *Posterior) report(keep int) error {
	fit := post.fit
	post.byName = map[string]int{}
	if fit.Target.D == 0 {
		return nil // no continuous latents
	}
	r, err := fit.Target.NewReporter(64)
	if err != nil {
		return err
	}
	plainSD, err := post.plainSDs(r)
	if err != nil {
		return err
	}
	post.hasten(r)
	if len(fit.Draws.U) > largeDraws {
		goruntime.GC() // what the fit worked with would stay beside draws of this size
	}
	draws, err := r.Report(fit.Draws.U)
	if err != nil {
		return err
	}
	n := fit.Draws.N()
	if (fit.Interrupted || fit.TimedOut) && len(fit.Target.Discrete) == 0 {
		keep = min(keep, n) // few, which it would take time and memory to repeat
	}
	var rows []int // with weights, those that are kept
	if fit.Draws.W != nil || keep > n {
		rows = fit.Draws.Resample(post.options.Seed, keep)
	}
	if len(fit.Draws.U) > largeDraws/8 {
		fit.Release() // large models hold each draw once
	}
	order := make([]int, len(r.Symbols))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		return r.Symbols[order[i]].Span.Start < r.Symbols[order[j]].Span.Start
	})
	var columns [][]float64
	for _, k := range order {
		for e := 0; e < r.Shapes[k].Size(); e++ {
			q := post.namePart(r.Symbols[k], r.Shapes[k], r.Parts[k], e)
			q.MeanFieldSD = plainSD[k][e]
			post.byName[q.Name] = len(post.quantities)
			post.quantities = append(post.quantities, q)
			columns = append(columns, draws[k][e*n:(e+1)*n:(e+1)*n])
		}
	}
	forEach(len(columns), func(from, to int) {
		scratch := make([]float64, n)
		for i := from; i < to; i++ {
			q := &post.quantities[i]
			if rows == nil {
				q.Draws = columns[i][:keep:keep]
			} else {
				q.Draws = make([]float64, len(rows))
				for j, row := range rows {
					q.Draws[j] = columns[i][row]
				}
			}
			if s := post.sampling; s != nil {
				q.summariseChains(byChain(columns[i], s.Chains), s.Groups, s.kept())
			} else {
				q.summarise(columns[i], fit.Draws.W, scratch)
			}
		}
	})
	if err := post.findPoles(columns, fit.Draws.W, fit.Loc); err != nil {
		return err
	}
	if post.sampling != nil {
		for i := range post.quantities {
			post.sampling.worst(&post.quantities[i])
		}
	}
	return nil
}

// hasten leaves few draws where there is no time for a report of all.
func (post *Posterior) hasten(r *target.Reporter) {
	if post.late == nil {
		return
	}
	elements := 0
	for _, s := range r.Shapes {
		elements += s.Size()
	}
	if why := post.late(elements * post.fit.Draws.N()); why != nil {
		post.fit.Hasten(post.options.Seed, errors.Is(why, context.Canceled))
	}
}

// lateness is the late of a posterior that is waited for until ctx is done. A number is
// evaluated, and its part in the summaries made, in about timeOfNumber; where there are
// few there is always time.
func lateness(ctx context.Context) func(int) error {
	const timeOfNumber, few = 300 * time.Nanosecond, 1 << 20
	return func(numbers int) error {
		end, limited := ctx.Deadline()
		switch {
		case numbers <= few:
			return nil
		case ctx.Err() == nil && limited && time.Until(end) < time.Duration(numbers)*timeOfNumber:
			return context.DeadlineExceeded
		}
		return ctx.Err()
	}
}

// byChain are the draws of each chain, of draws that come chain by chain.
func byChain(draws []float64, chains int) [][]float64 {
	n := len(draws) / chains
	out := make([][]float64, chains)
	for c := range out {
		out[c] = draws[c*n : (c+1)*n]
	}
	return out
}

// plainDraws is the number of draws behind the sds under the plain guide.
const plainDraws = 1024

// plainSDs are the sds of the quantities, by symbol and element, under the
// guide before any correction.
func (post *Posterior) plainSDs(r *target.Reporter) ([][]float64, error) {
	n := plainDraws
	if fit := post.fit; fit.Interrupted || fit.TimedOut { // someone is waiting
		n = min(n, fit.Draws.N())
	}
	u := post.fit.PlainDraws(post.options.Seed, n)
	n = len(u) / post.fit.Target.D // 1 of a point
	plain, err := r.Report(u)
	if err != nil {
		return nil, err
	}
	out := make([][]float64, len(plain))
	for k, columns := range plain {
		for e := 0; e < len(columns)/n; e++ {
			_, sd := meanSD(columns[e*n : (e+1)*n])
			out[k] = append(out[k], sd)
		}
	}
	return out, nil
}

// forEach splits the indices below n into ranges, one for each core.
func forEach(n int, work func(from, to int)) {
	cores := max(1, min(goruntime.GOMAXPROCS(0), n/64))
	parallel.Each(cores, func(c int) { work(c*n/cores, (c+1)*n/cores) })
}

func meanSD(x []float64) (mean, sd float64) {
	n, ss := float64(len(x)), 0.0
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(ss / math.Max(1, n-1))
}

// namePart gives element e of a reported value its names: of an array, or of
// the part of one.
func (post *Posterior) namePart(s *lang.Symbol, shape []int, part *lower.Part, e int) Quantity {
	if part != nil {
		return post.name(s, part.Shape, part.Elements[e])
	}
	return post.name(s, shape, e)
}

// name gives element e of an array its names.
func (post *Posterior) name(s *lang.Symbol, shape []int, e int) Quantity {
	q := Quantity{Symbol: s.Name, Index: make([]int, len(shape)), at: s.Span.Start}
	for d := len(shape) - 1; d >= 0; d-- {
		q.Index[d] = e%shape[d] + 1
		e /= shape[d]
	}
	q.Name, q.Column = s.Name, s.Name
	if len(shape) == 0 {
		return q
	}
	parts := make([]string, len(shape))
	for d, i := range q.Index {
		parts[d] = post.label(s, d, i)
		q.Column += fmt.Sprintf(".%d", i)
	}
	q.Name += "[" + strings.Join(parts, ",") + "]"
	return q
}

// label is the factor level of index i along dimension d, if that dimension
// is the levels of a factor.
func (post *Posterior) label(s *lang.Symbol, d, i int) string {
	if d < len(s.Type.Dims) {
		if levels, ok := post.problem.bound.Levels[s.Type.Dims[d].String()]; ok && i <= len(levels) {
			return levels[i-1]
		}
	}
	return fmt.Sprint(i)
}

// quantile interpolates between order statistics (type 7 of Hyndman & Fan 1996).
func quantile(sorted []float64, p float64) float64 {
	n := len(sorted)
	h := p * float64(n-1)
	i := int(h)
	if i+1 >= n {
		return sorted[n-1]
	}
	a, b := sorted[i], sorted[i+1]
	if a == b {
		return a
	}
	return a + (h-float64(i))*(b-a)
}

// Quantities lists all numbers of the posterior in the order of the model.
func (post *Posterior) Quantities() []Quantity {
	if post == nil {
		return nil
	}
	return post.quantities
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
	if i, ok := post.byName[strings.ReplaceAll(name, " ", "")]; ok {
		return &post.quantities[i], nil
	}
	for i := range post.quantities {
		if post.quantities[i].Column == name {
			return &post.quantities[i], nil
		}
	}
	return nil, post.unknown(name)
}

// unknown is the error for a name, with one that is like it.
func (post *Posterior) unknown(name string) error {
	var names []string
	for i := range post.quantities {
		names = append(names, post.quantities[i].Name)
	}
	for i := range post.discrete.quantities {
		names = append(names, post.discrete.quantities[i].Name)
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
	return q.Mean, q.lacks(tails.Mean)
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
	return q.SD, q.lacks(tails.Both)
}

// Quantile is the posterior quantile, from the draws that were kept, of a
// quantity at p in [0, 1]; of an element of a discrete latent the least value that is not
// exceeded with probability p.
func (post *Posterior) Quantile(name string, p float64) (float64, error) {
	q, d, err := post.either(name)
	switch {
	case err != nil:
		return math.NaN(), err
	case !(p >= 0 && p <= 1):
		return math.NaN(), fmt.Errorf("a quantile is asked at a probability, not at %g", p)
	case d != nil:
		return float64(d.Quantile(p)), nil
	}
	sorted := append([]float64(nil), q.Draws...)
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
	return append([]float64(nil), q.Draws...), nil
}

// result is the fit; of a Posterior that no fit has made, one that knows nothing.
func (post *Posterior) result() *inference.Fit {
	if post == nil || post.fit == nil {
		nan := math.NaN()
		return &inference.Fit{ELBO: nan, MCSE: nan, KHatMeanField: nan, Draws: &inference.Weighted{KHat: nan}}
	}
	return post.fit
}

// Beyond is the share of the draws of the guide, before any correction, where the density
// is 0 or undefined: such a guide's ELBO is −∞, which does not touch what corrects it.
func (post *Posterior) Beyond() float64 { return post.result().Beyond }

// ELBO is the evidence lower bound in nats, with its Monte-Carlo standard error.
func (post *Posterior) ELBO() (value, mcse float64) { return post.result().ELBO, post.result().MCSE }

// Converged reports whether the optimiser met its criterion.
func (post *Posterior) Converged() bool { return post.result().Converged }

// Interrupted reports whether the fit's context stopped it, TimedOut whether
// Options.MaxTime did.
func (post *Posterior) Interrupted() bool { return post.result().Interrupted }
func (post *Posterior) TimedOut() bool    { return post.result().TimedOut }

// KHat is the shape k̂ of the importance weights' tail (Vehtari et al. 2024):
// up to 0.5 the answer is as good as its draws, above 0.7 it is not to be
// believed; NaN where no weights were computed. KHatMeanField is that of the
// plain mean-field guide.
func (post *Posterior) KHat() float64          { return post.result().Draws.KHat }
func (post *Posterior) KHatMeanField() float64 { return post.result().KHatMeanField }

// ESS is the effective number of the draws behind the summaries.
func (post *Posterior) ESS() float64 { return post.result().Draws.ESS }

// Guide is the family of the approximation, one of inference.Guides.
func (post *Posterior) Guide() string {
	if post == nil || post.options.Guide == "" {
		return inference.Guides[0]
	}
	return post.options.Guide
}

// Point reports whether the answer is a point, without uncertainty: then ELBO
// is the log density there.
func (post *Posterior) Point() bool { return post.result().Point }

// Applied says what the answer's draws are.
func (post *Posterior) Applied() inference.Correction { return post.result().Applied }

// Look is what tempering from the prior says of the answer; its zero value where it was
// not asked.
func (post *Posterior) Look() inference.Look {
	if post.result().Look == nil {
		return inference.Look{Agrees: true}
	}
	return *post.result().Look
}

// Particles is the number of Monte-Carlo particles of the ELBO in the end.
func (post *Posterior) Particles() int { return post.result().Particles }

// Modes are the ELBOs of the distinct optima that were found, the best first.
func (post *Posterior) Modes() []float64 {
	var out []float64
	for _, m := range post.result().Modes {
		out = append(out, m.ELBO)
	}
	return out
}

// Evaluations is the number of points at which the log density, its gradient
// or a product with its Hessian was evaluated.
func (post *Posterior) Evaluations() int { return post.result().Evaluations }

// Ended says in words why the optimiser stopped.
func (post *Posterior) Ended() string { return post.result().Ended }

// Parts is the expected log joint by statement.
func (post *Posterior) Parts() []target.Part { return post.result().Parts }

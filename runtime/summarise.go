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
	"ppl/inference/target"
	"ppl/lang"
	"ppl/runtime/answer"
	"ppl/runtime/data"
)

// making is an answer in the making: a fit, or chains, and what has been reported of it.
type making struct {
	problem *Problem
	asks    Options // as given, defaults filled in; options change with what is done
	options Options
	fit     *inference.Answer // that it is of
	// sampling is set if the draws are of Markov chains.
	sampling *Sampling
	// late, if it is set, says why whoever waits has no time for a report of so many
	// numbers; nil if there is time.
	late func(numbers int) error

	draws      *answer.Draws // of the quantities
	quantities []quantity
	byName     map[string]int
	discrete   discreteMaking
	shortfall  inference.Shortfall
	displaced  inference.Displacement
	learned    *learned           // nil where there are no params
	batches    *answer.Batches    // of a fit in batches
	inBatches  *inference.Batches // what it has come to
	chosen     bool               // the guide of the model draws discrete latents

	verdict Verdict
	reasons []string
}

// quantity is one in the making.
type quantity struct {
	Quantity
	at          int     // where the text declares it
	leftOut     float64 // share of the draws that are not finite, and are left out for being so few
	squareIndex float64 // see tails.Moments
	divisor     string  // that takes its moments: see findPoles
}

// largeDraws is the number of numbers, 100 MB of them, from which memory is
// collected before they are doubled.
const largeDraws = 100 << 17

// reportQuantities evaluates the quantities at the fit's draws, in the order in which the
// model declares them. Summaries are of all draws; keep are kept, resampled by
// their weights.
func (post *making) reportQuantities(keep int) error {
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
	fit = post.fit
	at := fit.Loc
	if at == nil {
		at = fit.Draws.U[:fit.Target.D]
	}
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
	post.draws = &answer.Draws{N: n, Chains: fit.Draws.Chains, Weights: fit.Draws.W, Kept: keep}
	if fit.Draws.W != nil || keep > n {
		post.draws.Rows = fit.Draws.Resample(post.options.Seed, keep)
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
			q := post.problem.naming().part(r.Symbols[k], r.Shapes[k], r.Parts[k], e)
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
			q.Hold(columns[i], post.draws)
			if s := post.sampling; s != nil {
				q.summariseChains(byChain(columns[i], s.Chains), s.Groups, s.Kept())
			} else {
				q.summarise(columns[i], fit.Draws.W, scratch)
			}
		}
	})
	if err := post.findPoles(columns, fit.Draws.W, at); err != nil {
		return err
	}
	if post.sampling != nil {
		for i := range post.quantities {
			worst(post.sampling, &post.quantities[i])
		}
	}
	return nil
}

// hasten leaves few draws where there is no time for a report of all.
func (post *making) hasten(r *target.Reporter) {
	if post.late == nil {
		return
	}
	elements := 0
	for _, s := range r.Shapes {
		elements += s.Size()
	}
	if why := post.late(elements * post.fit.Draws.N()); why != nil {
		post.fit = post.fit.Hastened(post.options.Seed, errors.Is(why, context.Canceled))
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
func (post *making) plainSDs(r *target.Reporter) ([][]float64, error) {
	n := plainDraws
	if post.options.Quick || post.fit.Loc == nil {
		out := make([][]float64, len(r.Shapes))
		for k, shape := range r.Shapes {
			for range shape.Size() {
				out[k] = append(out[k], math.NaN())
			}
		}
		return out, nil
	}
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

// naming gives numbers their names, with the labels of the data.
type naming struct{ bound *data.Bound }

func (p *Problem) naming() naming { return naming{p.bound} }

// part gives element e of a reported value its names: of an array, or of
// the part of one.
func (n naming) part(s *lang.Symbol, shape []int, part *lower.Part, e int) quantity {
	if part != nil {
		return n.name(s, part.Shape, part.Elements[e])
	}
	return n.name(s, shape, e)
}

// name gives element e of an array its names.
func (n naming) name(s *lang.Symbol, shape []int, e int) quantity {
	q := quantity{Quantity: Quantity{Symbol: s.Name, Index: make([]int, len(shape))}, at: s.Span.Start}
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
		parts[d] = n.label(s, d, i)
		q.Column += fmt.Sprintf(".%d", i)
	}
	q.Name += "[" + strings.Join(parts, ",") + "]"
	return q
}

// label is the factor level of index i along dimension d, if that dimension
// is the levels of a factor.
func (n naming) label(s *lang.Symbol, d, i int) string {
	if d < len(s.Type.Dims) {
		if levels, ok := n.bound.Levels[s.Type.Dims[d].String()]; ok && i <= len(levels) {
			return levels[i-1]
		}
	}
	return fmt.Sprint(i)
}

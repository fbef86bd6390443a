package inference

import (
	"context"
	"math"

	"ppl/inference/psis"
	"ppl/inference/random"
)

// mostExtended bounds the importance draws of an answer, and extendedWork the elements
// that the evaluations of more work through: some half a second.
const (
	mostExtended = 65536
	extendedWork = 1e9
)

// more is the More of answers that rest on importance weights or tempered particles: it draws
// again from the proposal of the weights, widened, four times as many as the answer has. There are
// no more where weights are unsteady, or so many would take too long or more memory than most numbers that
// are reported at each draw allow. The draws are of a stream of their own.
func (fit *Answer) more(ctx context.Context, seed uint64, reported int) (*Answer, bool, error) {
	next := *fit
	w := fit.Draws
	if fit.Applied == Tempered {
		more, err := next.temperMore(ctx, seed, reported)
		return &next, more, err
	}
	if fit.Applied != Importance || w.KHat > SteadyKHat {
		return fit, false, nil
	}
	more, evaluations, err := fit.widened(ctx, seed, reported)
	if more == nil {
		return fit, false, err
	}
	if w.D > chainedAtOnce && w.steady() && !more.steady() {
		// k̂ of so many latents is an estimate about its limit, and nothing else could be tried.
		next.Evaluations += evaluations
		return &next, false, nil
	}
	next.take(more, evaluations, seed)
	return &next, true, nil
}

// steady reports whether weights carry means and variances.
func (w *Weighted) steady() bool { return w.KHat <= SteadyKHat && w.Spread.KHat <= UsableKHat }

// Widen draws again as More does where weights are in doubt, and gives an answer with these draws
// if their weights are steady beyond doubt: posteriors with heavy tails need no
// Markov chains then, which take long to explore them. Else it gives the answer as it was.
func (fit *Answer) Widen(ctx context.Context, seed uint64) (next *Answer, sure bool, err error) {
	more, evaluations, err := fit.widened(ctx, seed, 0)
	if more == nil {
		return fit, false, err
	}
	wide := *fit
	if more.KHat > safeKHat || more.ESS < float64(more.N())/2 {
		wide.Evaluations += evaluations
		return &wide, false, nil
	}
	wide.Applied = Importance
	wide.take(more, evaluations, seed)
	return &wide, true, nil
}

// safeKHat is the k̂ up to which weights were right in all of some hundred posteriors that
// quadrature knows; above, one in ten missed a part.
const safeKHat = 0.3

func (fit *Answer) take(more *Weighted, evaluations int, seed uint64) {
	if more.KHat <= safeKHat && more.ESS >= float64(more.N())/2 {
		more.Spread = Spread{} // the proposal covers the tails: heavy ones are the posterior's own
	}
	fit.Draws = more
	fit.spread()
	fit.imaged(seed)
	fit.Evaluations += evaluations
}

// widened are weighted draws from the proposal, widened, four times as many as the answer
// has; nil where there can be none.
func (fit *Answer) widened(ctx context.Context, seed uint64, reported int) (*Weighted, int, error) {
	w := fit.Draws
	n := 4 * len(w.W)
	if w.proposal == nil || n > mostExtended || n*(w.D+reported) > mostNumbers || ctx.Err() != nil {
		return nil, 0, nil
	}
	f := newFitter(ctx, fit.Target, Options{Seed: seed})
	f.sym = fit.Symmetry
	if err := f.use(fit.Target); err != nil {
		return nil, 0, err
	}
	if float64(n)*f.surf.Cost() > extendedWork {
		return nil, 0, nil
	}
	more, err := f.weighWide(w.proposal, n)
	if err != nil {
		return nil, 0, err
	}
	more.measureSpread()
	return more, f.evaluations(), nil
}

// A share of the draws that are added comes from t distributions with two degrees of
// freedom: where tails are in question, the proposal must have heavier ones, or neither
// the draws nor their weights know of them (Hesterberg 1995, "Weighted average importance
// sampling and defensive mixture distributions").
const (
	wideShare = 0.25
	wideDF    = 2
)

// weighWide is weighMixture for the mixture m, widened; the draws' proposal stays m.
func (f *fitter) weighWide(m *mixture, n int) (*Weighted, error) {
	d := m.part[0].d
	wide := &mixture{df: wideDF, weight: m.weight, part: m.part}
	w := &Weighted{D: d, U: make([]float64, n*d), logP: make([]float64, n), logRatio: make([]float64, n), proposal: m}
	spread := wideShare
	if d > mostTempered { // of so many coordinates some are far out in every draw of such a t
		spread = 0
	}
	near := int(math.Round((1-spread)*float64(n)/2)) * 2
	r := random.Stream(f.opt.Seed, "more draws", n)
	ignore := func(int, *gaussian, []float64, float64) {}
	m.place(r, w.U[:near*d], ignore)
	wide.place(r, w.U[near*d:], ignore)
	if err := f.surf.Value(w.U, w.logP); err != nil {
		return nil, err
	}
	f.sym.restrict(w.U, w.logP)
	share, distance, z := make([]float64, len(m.part)), make([]float64, len(m.part)), make([]float64, d)
	narrow, broad := m.density(), wide.density()
	narrowly, widely := math.Log(1-spread)+studentNorm(d, m.df), math.Log(spread)+studentNorm(d, wideDF)
	for i := range w.logRatio {
		u := w.U[i*d : (i+1)*d]
		a := narrowly + narrow.at(u, z, share, distance)
		b := widely + broad.of(distance, share)
		w.logRatio[i] = w.logP[i] - math.Max(a, b) - math.Log1p(math.Exp(-math.Abs(a-b)))
	}
	smooth, khat := psis.Smooth(w.logRatio)
	w.W, w.KHat = psis.Weights(smooth), khat
	w.ESS = psis.ESS(w.W, 1)
	return w, nil
}

// mostNumbers is how many numbers all draws of an answer that is extended may take,
// 400 MB of them.
const mostNumbers = 5e7

// Final is the answer without what only more draws and correctors need.
func (fit *Answer) Final() *Answer {
	final := *fit
	final.More, final.Before, final.ways = nil, nil, ways{}
	return &final
}

// Release lets go of the draws' places on the unconstrained scale, once everything that is
// reported has been evaluated there, unless the posterior of discrete latents is found
// from them.
func (fit *Answer) Release() {
	if len(fit.Target.Discrete) == 0 && fit.Draws != nil {
		fit.Draws.U, fit.outsets = nil, nil
	}
}

package inference

import (
	"errors"
	"math"
)

// answer computes linear response and importance weights. Where the weights
// cannot carry the answer it rests on the locations, and the particles are
// doubled until those are exact enough.
func (f *fitter) answer(fit *Answer, o *objective, a *ascent) error {
	f.stage = "correct"
	if !fit.Converged || f.opt.Correct == "none" || f.halted() {
		return f.plainDraws(fit, a, f.t.D)
	}
	plain := *a
	err := f.unlessHalted(func() error { return f.corrected(fit, o, a) })
	if stopped := (*ErrStopped)(nil); errors.As(err, &stopped) {
		return f.plainDraws(fit, &plain, f.t.D)
	}
	return err
}

// corrected is answer where there is time for it.
func (f *fitter) corrected(fit *Answer, o *objective, a *ascent) error {
	if f.pattern == nil {
		return f.respondKrylov(fit, a)
	}
	var r *response
	for {
		// One from no more particles than the last one had would be no better.
		if n := f.affordable(o); r == nil || n > r.particles {
			var err error
			if r, err = f.respond(o, n); err != nil {
				return err
			}
		}
		fit.Flat, fit.NoResponse = r.flat, r.why
		if r.factor == nil {
			return f.withoutResponse(fit, r, a)
		}
		fit.LocError = locError(o, r)
		if err := f.weights(fit, r, a); err != nil {
			return err
		}
		if math.IsNaN(fit.Draws.KHat) { // no weights
			loc, worst, way, err := f.recentre(r, a.loc)
			if err != nil {
				return err
			}
			fit.Moved = way
			if !math.IsNaN(worst) {
				fit.LocError = worst
				f.responseDraws(fit, r, loc)
				return nil
			}
		}
		weighted := fit.Applied == Importance && fit.Draws.KHat <= UsableKHat
		if weighted || f.leaves(fit) || fit.LocError < 0.05 || o.S >= f.mostParticles(fit) || f.halted() {
			f.responseDraws(fit, r, a.loc)
			return nil
		}
		more := newObjective(f.surf, f.opt.Seed, f.moreParticles(fit, o.S), f.still())
		next, err := f.refine(more, a, r)
		if err != nil {
			return err
		}
		if !next.converged {
			f.responseDraws(fit, r, a.loc)
			return nil
		}
		o, a = more, next
		f.take(fit, a)
	}
}

// leaves reports whether the answer is left to Markov chains.
func (f *fitter) leaves(fit *Answer) bool { return fit.chained && fit.Draws.KHat > UsableKHat }

// moreParticles is how often s must be doubled for the error of the locations
// to become small: it falls with the root of s.
func (f *fitter) moreParticles(fit *Answer, s int) int {
	most := f.mostParticles(fit)
	for e := 1.1 * fit.LocError; ; e /= math.Sqrt2 { // an estimate: a little more is safer
		if s *= 2; 2*s > most || e < 0.05*math.Sqrt2 {
			return s
		}
	}
}

// mostParticles bounds the doubling: where no Gaussian comes near the posterior
// (k̂ above 1) exact locations of one are of little use.
func (f *fitter) mostParticles(fit *Answer) int {
	switch {
	case f.opt.Particles < 64:
		return f.opt.Particles // the user wants few
	case fit.Draws.KHat > 1:
		return 256
	}
	return 1024
}

// mostWeighted is the number of coordinates beyond which importance weights
// are not tried.
const mostWeighted = 300

// weights runs importance sampling around the linear response, where that may
// help. Where it does not, k̂ and the effective draws are kept, without draws.
func (f *fitter) weights(fit *Answer, r *response, a *ascent) error {
	d := f.t.D
	fit.Draws, fit.Applied = &Weighted{D: d, KHat: math.NaN(), ESS: float64(f.opt.Draws)}, LinearResponse
	if f.opt.Correct == "linear" || d > mostWeighted {
		return nil
	}
	q := newGaussian(a.loc, r.covariance())
	if q == nil {
		return nil
	}
	return f.weightsAround(fit, q, a)
}

// weightsAround is weights for a Gaussian that is given.
func (f *fitter) weightsAround(fit *Answer, q *gaussian, a *ascent) error {
	d, n := f.t.D, f.opt.Draws
	rounds := adaptations
	if f.opt.Quick {
		rounds = adaptationsBefore
	} else if fit.chained = f.chained(fit); fit.chained && d <= chainedAtOnce {
		rounds = adaptationsBefore
	}
	w, err := f.correct(q, n, rounds)
	if err != nil {
		return err
	}
	if f.opt.Quick {
		fit.KHatMeanField = math.NaN()
	} else if plain, err := f.weigh(diagonal(a.loc, a.logsd), math.Inf(1), min(n, 1024), "meanfield", 0); err == nil {
		fit.KHatMeanField = plain.KHat
	} else {
		return err
	}
	if fit.Draws = w; w.KHat < 1 && w.ESS > 100 {
		fit.Applied = Importance
		return nil
	}
	fit.Draws = &Weighted{D: d, KHat: w.KHat, ESS: w.ESS}
	return nil
}

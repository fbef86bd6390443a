package inference

import (
	"context"
	"math"
	"math/rand/v2"

	"ppl/inference/random"
	"ppl/inference/tails"
	"ppl/inference/temper"
)

// A look at a fit that does not descend from it: particles are tempered from the prior
// (package temper), and what they find is held against the answer. Where the answer has
// missed some of the mass, or could not be corrected, what the particles have found is
// weighed, and becomes the answer.

// Look is what tempering from the prior says of an answer.
type Look struct {
	// Agrees says that the answer has the means, sds and quantiles of the particles, as
	// far as their number can tell. Otherwise Coordinate is the number of the unconstrained
	// scale that is furthest off, by Off of the particles' sds.
	Agrees     bool
	Coordinate int
	Off        float64
	// Used says that the answer has been made from the particles.
	Used bool
	// Particles are the tempered ones; Chains is the number of their runs.
	Particles *Weighted
	// LogEvidence is their estimate of the log evidence, with its Monte-Carlo error.
	LogEvidence, MCSE float64
	// RHat is the largest over the coordinates, between runs, Drift by how much their last
	// moves changed the particles, in the units of Off.
	RHat, Drift float64
	coarse      float64 // what fitter.coarse says of the particles
	result      *temper.Result
	sym         *Symmetry
	figures     []figures // of the particles, by coordinate
	from        *reference
	size        size
}

// Tempered draws are particles that were tempered from the prior.
const Tempered Correction = "tempered particles"

const (
	// mostTempered latents are what a few thousand particles can cover.
	mostTempered = 30
	// cheapLook is the work that is always spent on a look, dearLook where the answer is in
	// doubt: numbers that evaluations work through.
	cheapLook, dearLook = 5e9, 2.5e11
	// doubtfulKHat is that from which on the weights of a fit are not taken for an
	// answer without a thorough look.
	doubtfulKHat = 0.3
	// fewTempered latents are covered so well that particles may be the answer.
	fewTempered = 8
)

// size is that of a tempered run.
type size struct{ runs, particles, moves, final, keep int }

var glance = size{4, 512, 5, 10, 1}

// Coarse is the largest Monte-Carlo error of the sds and quantiles of what is reported, as a
// multiple of what is aimed at, 5 % of the sd; 0 of a glance, of which it is not computed.
func (l *Look) Coarse() float64 { return l.coarse }

// Precise reports whether sds and quantiles are as exact as those of an answer called good.
func (l *Look) Precise() bool { return l.coarse <= precise }

// thorough is that which may become the answer.
func thorough(d int) size { return size{8, 512, 8 + d/2, 40 + 4*d, 4} }

// evaluations estimates how many a run takes in d coordinates.
func (s size) evaluations(d int) float64 {
	temperatures := 6 + 4*math.Sqrt(float64(d))
	return float64(s.runs*s.particles) * (temperatures*float64(s.moves) + float64(s.final))
}

// looksAt reports whether a fit may be looked at.
func (f *fitter) looksAt(fit *Answer) bool {
	return !f.opt.Quick && f.opt.Correct == Corrections[0] && !fit.Point && f.t.D <= mostTempered && f.t.D > 0 && !f.halted() && f.surf != nil
}

// look holds a fit against tempered particles.
func (f *fitter) look(fit *Answer) error {
	if !f.looksAt(fit) {
		return nil
	}
	f.stage = "look"
	defer func() { fit.Symmetry = f.sym }() // of which particles may have shown that it is none
	d, cost := f.t.D, f.surf.Work()
	sound := fit.sound()
	glances := sound && fit.Draws.KHat <= doubtfulKHat
	if glances && glance.evaluations(d)*cost > cheapLook || !glances && thorough(d).evaluations(d)*cost > dearLook {
		return nil
	}
	prior := f.prior()
	ref := f.reference(fit, prior)
	if glances {
		l, err := f.temper(ref, glance, "glance")
		if err != nil || l == nil {
			return err
		}
		if l.Compare(fit.Draws); l.Agrees && l.unseen(fit.Draws) == 0 {
			fit.Look = l
			return nil
		}
	}
	l, err := f.thoroughly(fit, ref, prior)
	if err != nil || l == nil {
		return err
	}
	fit.Look = l
	if l.Compare(fit.Draws); l.unseen(fit.Draws) > mostUnseen {
		l.Agrees = false
	}
	if sound && l.Agrees && (fit.Draws.KHat <= doubtfulKHat || d > fewTempered) || f.opt.Guide != Guides[0] && f.opt.Guide != Written {
		return nil
	}
	return f.takeParticles(fit)
}

// thoroughly tempers as many particles as it takes until runs agree, and the figures
// that are reported are precise; nil if that cannot be afforded. It starts with few, goes on
// with four times as many, and then with more runs of as many.
func (f *fitter) thoroughly(fit *Answer, ref *reference, prior []float64) (*Look, error) {
	d, cost := f.t.D, f.surf.Work()
	s := thorough(d)
	var best *Look
	for round := range 4 {
		if n := s.evaluations(d); n*cost > dearLook || n > mostEvaluations || round > 0 && d > fewTempered || f.halted() {
			break
		}
		var l *Look
		var err error
		if round < 2 {
			l, err = f.temper(ref, s, "look")
		} else {
			l, err = f.moreRuns(best, s.runs)
		}
		if err != nil || l == nil {
			return best, err
		}
		if !l.steady() && prior != nil && round == 0 { // the fit may be where there is nothing
			if l, ref, err = f.fromPrior(fit, prior, s, l, ref); err != nil {
				return nil, err
			}
		}
		if l.coarse, err = f.coarse(l.Particles); err != nil {
			return nil, err
		}
		if l.steady() {
			if best = l; l.coarse < 1 || round > 0 && l.coarse < nearly {
				break
			}
		} else if l.MCSE > hopeless || round > 0 {
			break
		}
		if round == 0 {
			s.particles *= 4
		} else {
			s.runs *= 2
		}
	}
	return best, nil
}

// moreRuns joins as many runs to those of a look as make n.
func (f *fitter) moreRuns(l *Look, n int) (*Look, error) {
	s := l.size
	s.runs = n - l.size.runs
	r, err := f.particles(l.from, s, "look", l.size.runs)
	if err != nil || !r.Complete {
		return nil, err
	}
	s.runs = n
	return f.lookOf(l.result.Join(r), l.from, s), nil
}

// temperMore makes four times as many runs the answer, or twice as many; false where these would
// take too long or too much memory, or do not agree.
func (fit *Answer) temperMore(ctx context.Context, seed uint64, reported int) (bool, error) {
	f := newFitter(ctx, fit.Target, Options{Seed: seed})
	f.sym = fit.Symmetry
	if err := f.use(fit.Target); err != nil {
		return false, err
	}
	s := fit.Look.size
	affordable, most := false, float64(mostMore)
	if fit.Look.heavy() {
		most = mostEvaluations
	}
	for _, times := range []int{4, 2} {
		s.runs = times * fit.Look.size.runs
		n := s.evaluations(f.t.D)
		if affordable = n*f.surf.Work() <= dearLook && n <= most && s.runs*s.particles*s.keep*(f.t.D+reported) <= mostNumbers; affordable {
			break
		}
	}
	if !affordable || f.halted() {
		return false, nil
	}
	l, err := f.moreRuns(fit.Look, s.runs)
	fit.Evaluations += f.evaluations()
	if err != nil || l == nil || !l.steady() {
		return false, err
	}
	if l.coarse, err = f.coarse(l.Particles); err != nil {
		return false, err
	}
	l.Agrees, l.Used = true, true
	fit.taken(l)
	fit.imaged(seed)
	return true, nil
}

// heavy reports whether some coordinate of the particles has a tail that may be without a variance. How far particles reach
// into such a tail does not grow with their number, and of very many the end of their reach would be taken for that of the tail.
func (l *Look) heavy() bool {
	w := l.Particles
	x := make([]float64, w.N())
	for j := range w.D {
		for i := range x {
			x[i] = w.U[i*w.D+j]
		}
		if m := tails.Weighted(x, nil); m.Index > tails.HeavySD/2 {
			return true
		}
	}
	return false
}

// fromPrior tempers from the prior alone, and gives the steadier of the two, with its
// reference.
func (f *fitter) fromPrior(fit *Answer, prior []float64, s size, l *Look, ref *reference) (*Look, *reference, error) {
	m := f.priorParts(fit, prior)
	if len(m.part) == 0 {
		return l, ref, nil
	}
	alone := newReference(m)
	other, err := f.temper(alone, s, "look from the prior")
	if err == nil && other != nil && other.MCSE < l.MCSE {
		return other, alone, nil
	}
	return l, ref, err
}

// steady reports whether the runs agree with one another, and were where they had to be
// before their last moves.
func (l *Look) steady() bool {
	return l.MCSE < steadyEvidence && l.RHat < steadyRHat && l.Drift < offMost
}

// Limits of what differs between runs.
const (
	steadyEvidence = 0.15
	steadyRHat     = 1.01
	hopeless       = 0.7
	// mostEvaluations are those of the largest run.
	mostEvaluations = 1e7
	// mostMore are those where nothing but more particles is missing: some ten seconds of a small model.
	mostMore = 4e7
)

// sound reports whether the answer is one of importance weights that need no help.
func (fit *Answer) sound() bool {
	w := fit.Draws
	return fit.Applied == Importance && fit.Converged && len(fit.Modes) == 1 && w.steady() && w.ESS >= FewESS
}

// temper runs particles; nil if they did not come to the density.
func (f *fitter) temper(ref *reference, s size, purpose string) (*Look, error) {
	r, err := f.particles(ref, s, purpose, 0)
	if err != nil || !r.Complete {
		return nil, err
	}
	if err := f.hold(r.U, r.LogDensity); err != nil {
		return nil, err
	}
	return f.lookOf(r, ref, s), nil
}

// particles runs them, with the streams of runs from the given one on.
func (f *fitter) particles(ref *reference, s size, purpose string, from int) (*temper.Result, error) {
	return temper.Run(f.surf.Value, ref, temper.Options{D: f.t.D, Runs: s.runs, Particles: s.particles, Moves: s.moves, Final: s.final, Keep: s.keep,
		Most:   int(dearLook / f.surf.Work()),
		Stream: func(i int) *rand.Rand { return random.Stream(f.opt.Seed, purpose, from+i) }, Halted: f.halted})
}

// lookOf examines what particles have come to.
func (f *fitter) lookOf(r *temper.Result, ref *reference, s size) *Look {
	w := &Weighted{D: r.D, U: r.U, KHat: math.NaN(), ESS: float64(r.Runs * r.Particles * r.Keep), Chains: r.Runs, logP: r.LogDensity}
	l := &Look{Particles: w, result: r, from: ref, size: s, sym: f.sym}
	f.sym.Fold(w.U)
	f.sym.Fold(r.Before)
	l.LogEvidence, l.MCSE = r.Evidence()
	l.examine()
	return l
}

// Package temper draws from a density by tempering: particles start from a
// reference distribution that is wide enough to cover all of it, and move to it along
//
//	π_β(u) ∝ reference(u)^(1−β) · density(u)^β,   β from 0 to 1,
//
// a sequential Monte Carlo sampler (Del Moral, Doucet & Jasra 2006, "Sequential Monte
// Carlo samplers"). It is the look that does not descend from a fit: modes far apart
// receive particles in proportion to their mass, and the normalising constant comes
// with it, the log evidence.
//
// Each β is the largest whose incremental weights keep seven tenths of the particles
// effective (Jasra, Stephens, Doucet & Tsagaris 2011). Particles are then resampled
// systematically and moved by differential evolution (ter Braak & Vrugt 2008;
// Vrugt et al. 2009): a proposal adds the difference of two particles of the other half
// of the population, in all coordinates or in some, scaled so as to be accepted a
// quarter of the time, or as it stands, which leads from one mode to another. No
// gradient is needed, and no metric: the population is the metric.
//
// Several runs go side by side. They share nothing but their reference, so that what
// differs between them is the error of them all.
package temper

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"ppl/graph/parallel"
)

// Density fills lp with the log densities at the rows of u. What is NaN counts as −Inf.
type Density func(u, lp []float64) error

// Reference is the distribution that particles start from.
type Reference interface {
	// Draw fills the n rows of u.
	Draw(r *rand.Rand, u []float64, n int)
	// LogDensities fills lp with the log densities at the rows of u. They are normalised; it may be called by several goroutines.
	LogDensities(u, lp []float64)
}

// Options set a run.
type Options struct {
	D               int // numbers of a particle
	Runs, Particles int // independent runs, and particles of each (even)
	// Moves are those of each particle at each temperature, Final those at the end.
	Moves, Final int
	// Keep is how often a particle is kept in the course of its final moves, which sample the
	// density itself (Dau & Chopin 2022, "Waste-free sequential Monte Carlo"); 0 is 1, the end.
	Keep int
	// Most bounds the evaluations of all runs together; 0: no bound.
	Most int
	// Stream is the random stream of each run.
	Stream func(run int) *rand.Rand
	// Halted asks whether to stop; nil never does.
	Halted func() bool
}

// Result is what the particles have come to.
type Result struct {
	D, Runs, Particles, Keep int
	// U are the states that were kept, equally weighted: run by run, in each particle by particle.
	U []float64
	// Before are the particles as they came to the density, before the final moves: where
	// these have changed what they say, there were too few moves on the way.
	Before     []float64
	LogDensity []float64
	// LogEvidence is each run's estimate of the log of the density's integral.
	LogEvidence  []float64
	Temperatures int // most of a run
	Evaluations  int
	// Complete says that all runs have come to the density itself, and made their
	// final moves.
	Complete bool
}

// Run tempers.
func Run(density Density, ref Reference, opt Options) (*Result, error) {
	opt.Keep = max(1, opt.Keep)
	s := &sampler{density: density, ref: ref, opt: opt}
	for i := range opt.Runs {
		s.runs = append(s.runs, newPopulation(opt.D, opt.Particles, opt.Stream(i)))
	}
	n := opt.Runs * opt.Particles
	s.u, s.lp = make([]float64, n*opt.D), make([]float64, n)
	if err := s.start(); err != nil {
		return nil, err
	}
	if err := s.climb(); err != nil {
		return nil, err
	}
	return s.result(), nil
}

// sampler runs populations side by side: what they propose is evaluated together.
type sampler struct {
	density     Density
	ref         Reference
	opt         Options
	runs        []*population
	u, lp       []float64 // proposals of all runs
	evaluations int
	complete    bool
	before      []float64
	kept        []snapshot
}

// snapshot is where all particles were after a final move.
type snapshot struct{ u, lp []float64 }

// snap takes one.
func (s *sampler) snap() {
	var at snapshot
	for _, p := range s.runs {
		at.u, at.lp = append(at.u, p.u...), append(at.lp, p.lp...)
	}
	s.kept = append(s.kept, at)
}

func (s *sampler) halted() bool { return s.opt.Halted != nil && s.opt.Halted() }

// spent reports whether n more evaluations are too many.
func (s *sampler) spent(n int) bool {
	return s.opt.Most > 0 && s.evaluations+n > s.opt.Most
}

// together does some work of each run, on all cores.
func (s *sampler) together(work func(i int, p *population)) {
	workers := min(len(s.runs), runtime.GOMAXPROCS(0))
	parallel.Each(workers, func(w int) {
		for i := w; i < len(s.runs); i += workers {
			work(i, s.runs[i])
		}
	})
}

// evaluate fills lp for the first n rows of proposals of every run.
func (s *sampler) evaluate(n int) error {
	total := n * len(s.runs)
	lp := s.lp[:total]
	if err := s.density(s.u[:total*s.opt.D], lp); err != nil {
		return err
	}
	for i, v := range lp {
		if math.IsNaN(v) || math.IsInf(v, 1) {
			lp[i] = math.Inf(-1)
		}
	}
	s.evaluations += total
	return nil
}

// start draws all particles from the reference.
func (s *sampler) start() error {
	n, d := s.opt.Particles, s.opt.D
	s.together(func(i int, p *population) {
		s.ref.Draw(p.r, p.u, n)
		copy(s.u[i*n*d:], p.u)
		s.ref.LogDensities(p.u, p.lq)
	})
	if err := s.evaluate(n); err != nil {
		return err
	}
	s.together(func(i int, p *population) {
		copy(p.lp, s.lp[i*n:(i+1)*n])
		p.support()
	})
	return nil
}

// climb raises the temperatures to 1, and moves the particles there.
func (s *sampler) climb() error {
	for !s.arrived() {
		if s.halted() || s.spent(s.opt.Moves*s.opt.Particles*s.opt.Runs) {
			return nil
		}
		s.together(func(_ int, p *population) { p.advance() })
		for range s.opt.Moves {
			if err := s.move(); err != nil {
				return err
			}
		}
	}
	for _, p := range s.runs {
		s.before = append(s.before, p.u...)
	}
	for i := range s.opt.Final {
		if left := s.opt.Final - i; left < s.opt.Keep*s.between() && left%s.between() == 0 {
			s.snap()
		}
		if s.halted() || s.spent(s.opt.Particles*s.opt.Runs) {
			return nil
		}
		if err := s.move(); err != nil {
			return err
		}
	}
	s.snap()
	s.complete = true
	return nil
}

// between are the moves from one state that is kept to the next.
func (s *sampler) between() int { return max(1, s.opt.Final/s.opt.Keep) }

// arrived reports whether every run is at the density itself, or lost.
func (s *sampler) arrived() bool {
	for _, p := range s.runs {
		if p.beta < 1 && !p.lost {
			return false
		}
	}
	return true
}

// move proposes a move of every particle, one half of each population after the other.
func (s *sampler) move() error {
	d, half := s.opt.D, s.opt.Particles/2
	propose := func(i int, p *population, side int) {
		u := s.u[i*half*d : (i+1)*half*d]
		if p.propose(side, u); p.beta < 1 {
			s.ref.LogDensities(u, p.proposed)
		}
	}
	accept := func(i int, p *population, side int) {
		p.accept(side, s.u[i*half*d:(i+1)*half*d], s.lp[i*half:(i+1)*half])
	}
	s.together(func(i int, p *population) { propose(i, p, 0) })
	if err := s.evaluate(half); err != nil {
		return err
	}
	s.together(func(i int, p *population) {
		accept(i, p, 0)
		propose(i, p, 1)
	})
	if err := s.evaluate(half); err != nil {
		return err
	}
	s.together(func(i int, p *population) {
		accept(i, p, 1)
		p.adapt()
	})
	return nil
}

func (s *sampler) result() *Result {
	r := &Result{D: s.opt.D, Runs: len(s.runs), Particles: s.opt.Particles, Keep: len(s.kept), Before: s.before, Evaluations: s.evaluations, Complete: s.complete}
	for i := range len(s.runs) * s.opt.Particles {
		for _, at := range s.kept {
			r.U = append(r.U, at.u[i*s.opt.D:(i+1)*s.opt.D]...)
			r.LogDensity = append(r.LogDensity, at.lp[i])
		}
	}
	for _, p := range s.runs {
		r.LogEvidence = append(r.LogEvidence, p.logEvidence)
		r.Temperatures = max(r.Temperatures, p.temperatures)
		r.Complete = r.Complete && !p.lost
	}
	return r
}

// Join is the result of the runs of both, which have as many particles.
func (r *Result) Join(o *Result) *Result {
	j := *r
	j.Runs += o.Runs
	j.U = slices.Concat(r.U, o.U)
	j.Before = slices.Concat(r.Before, o.Before)
	j.LogDensity = slices.Concat(r.LogDensity, o.LogDensity)
	j.LogEvidence = slices.Concat(r.LogEvidence, o.LogEvidence)
	j.Temperatures = max(r.Temperatures, o.Temperatures)
	j.Evaluations += o.Evaluations
	j.Complete = r.Complete && o.Complete
	return &j
}

// Evidence is the log of the mean of the runs' estimates, which is free of bias on the
// natural scale, and the standard error of their logs' mean.
func (r *Result) Evidence() (value, mcse float64) {
	top := math.Inf(-1)
	for _, v := range r.LogEvidence {
		top = math.Max(top, v)
	}
	n := float64(len(r.LogEvidence))
	sum, mean := 0.0, 0.0
	for _, v := range r.LogEvidence {
		sum += math.Exp(v - top)
		mean += v / n
	}
	for _, v := range r.LogEvidence {
		mcse += (v - mean) * (v - mean)
	}
	return top + math.Log(sum/n), math.Sqrt(mcse / math.Max(1, n-1) / n)
}

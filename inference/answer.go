package inference

import (
	"context"
	"slices"

	"ppl/inference/target"
)

// Answer is what a method says of the posterior of a target. It does not know which method:
// what one does not find is left at its zero, NaN of a number. Correctors make a new one of
// it and leave the old as it is.
type Answer struct {
	// Target is the target in the parameterisation that was chosen; the draws
	// are on its unconstrained scale.
	Target *target.Target
	// Draws are of the continuous latents, and Applied says how they came about.
	Draws   *Weighted
	Applied Correction
	// Guides are the marginals and draws of the discrete latents that were not summed out, in
	// the order of Target.Discrete; nil for others.
	Guides []*target.SiteGuide
	// Sampling is how draws of Markov chains, or runs of tempered particles, came about;
	// nil of others.
	Sampling *Sampling
	// Symmetry are maps between modes that are images of one another: of these modes one stands
	// for all, and the draws are in each with the same probability. Nil if there are none.
	Symmetry *Symmetry
	// Look is what tempering from the prior says; nil where it was not asked.
	Look *Look
	// Evaluations counts those of the log density, its gradient or a Hessian product, at a point.
	Evaluations int

	Ending
	Optimum

	// Before is the answer of a fit of continuous latents that this one corrects; nil where it corrects none.
	Before *Answer
	// Trail lists the correctors that were tried, in order.
	Trail []Step
	// More is how more draws can be had: see Extend, by which they were Extended. Nil where there are none.
	More     More
	Extended bool

	ways
}

// Ending is how a method came to its end.
type Ending struct {
	Converged   bool
	Interrupted bool // by its context
	TimedOut    bool // MaxTime was reached
	// Ended says in words why.
	Ended string
}

// End marks a method that had to end before it was done, since it was interrupted or its time was up.
func (e *Ending) End(interrupted bool) {
	if e.Interrupted, e.TimedOut, e.Ended = interrupted, !interrupted, "the time limit was reached"; interrupted {
		e.Ended = "interrupted"
	}
}

// Optimum is the guide that an optimiser has found, and how well it is known.
type Optimum struct {
	// Loc and LogSD are the mean-field guide, on the unconstrained scale; nil where there is none.
	Loc, LogSD []float64
	// ELBO is the guide's, estimated with fresh noise; MCSE is its Monte-Carlo standard
	// error. Beyond is the share of the guide's draws where the density is 0 or undefined:
	// the ELBO is −∞ where there are some.
	ELBO, MCSE float64
	Beyond     float64
	Parts      []target.Part // nil if the run was stopped
	Particles  int           // of the ELBO in the end
	Decrement  float64       // Newton decrement at the end, in nats
	// Point says that the answer is a point, without uncertainty.
	Point bool
	// Integrates says that the density contains solutions of differential equations.
	Integrates bool
	// KHatMeanField is k̂ of the plain mean-field guide as a proposal; NaN where
	// it was not computed.
	KHatMeanField float64
	// LocError is the largest Monte-Carlo error, in posterior sds, that the fixed
	// noise leaves in a location.
	LocError float64
	// Rounding is the size of the rounding errors of the log density, in nats, at the
	// guide's centre; 0 where it was not measured.
	Rounding float64
	// Moved is how far linear response led from the mean-field location, where there are no
	// weights; the location is that of mean-field where it would have led further than 3 sds.
	Moved Moved
	// Flat lists the unconstrained coordinates of a direction in which the
	// posterior has no curvature, and NoResponse says why there is no linear
	// response.
	Flat       []int
	NoResponse string
	// Modes lists the distinct optima that were found, the best first; Minor
	// those whose mass is negligible beside it.
	Modes, Minor []Mode
	// Higher is a mode that is better than the answer, which is the one that the values to start from lead to.
	Higher []Mode
	// Starts is the number of starting points tried.
	Starts int
}

// More makes an answer with more draws of the same kind than a has, at each of which so many
// numbers are reported; more is false where there can be none, or they would take too long.
type More func(ctx context.Context, a *Answer, reported int) (next *Answer, more bool, err error)

// Extend makes more draws where only the number of them keeps a figure from being exact
// enough. It gives the answer to go on with, and whether that has more.
func (a *Answer) Extend(ctx context.Context, reported int) (next *Answer, more bool, err error) {
	if a.More == nil {
		return a, false, nil
	}
	if next, more, err = a.More(ctx, a, reported); more {
		next.Extended, next.Trail = true, a.Trail
	}
	return next, more, err
}

// Mode is a local optimum of the ELBO.
type Mode struct {
	Loc  []float64
	ELBO float64 // under the fixed noise
}

// ways are what correctors may begin with.
type ways struct {
	// outsets are where Markov chains may start, the guide first; chained says that a
	// doubtful answer is left to them.
	outsets []outset
	chained bool
	// stalled says that the optimiser came to no end, as kinks make it: where it stands
	// is as good a start for chains as any.
	stalled bool
	// plain is the guide before any correction, if it is not Loc and LogSD.
	plain *gaussian
}

// Correction says what the answer's draws are.
type Correction string

const (
	Importance     Correction = "importance weights" // around linear response
	LinearResponse Correction = "linear response"
	NoCorrection   Correction = "none"
	// Sampled draws are of Markov chains that start from the guide: package chains.
	Sampled Correction = "Markov chains"
)

// Sampling is how draws of Markov chains came about, or those of particles that were tempered from
// the prior, of which each run counts as a chain.
type Sampling struct {
	Chains, Groups int // with a common starting point
	Warmup, Draws  int // of each chain
	// Particles is how many were tempered in each run; 0 of Markov chains.
	Particles int
	// Trajectories counts those after warm-up of all chains; Divergences those of them that broke
	// off, and Saturated those that reached 2^MaxDepth steps.
	Trajectories, Divergences, Saturated, MaxDepth int
	// Restarts counts starting points that chains gave up because they could not move there.
	Restarts int
	// EBFMI is the energy Bayesian fraction of missing information of each chain; nil where
	// discrete latents move too, which changes energies as well.
	EBFMI        []float64
	TargetAccept float64
	StepSize     []float64 // of each chain, or one that is common to all
	Dense        bool      // the metric has covariances
}

// Step is a corrector that was tried.
type Step struct {
	Name string
	// Refused says why it could not be done; "" if it could.
	Refused string
}

// Tried reports whether a corrector was.
func (a *Answer) Tried(name string) bool {
	return slices.ContainsFunc(a.Trail, func(s Step) bool { return s.Name == name })
}

// After is a copy of the answer with a step added to its trail.
func (a *Answer) After(s Step) *Answer {
	next := *a
	next.Trail = append(slices.Clone(a.Trail), s)
	return &next
}

// Uncorrected says why a corrector that was wanted could not be had; "" if there was none.
func (a *Answer) Uncorrected() string {
	for _, s := range a.Trail {
		if s.Refused != "" {
			return s.Refused
		}
	}
	return ""
}

package inference

import (
	"fmt"
	"math"
	"slices"

	"ppl/graph"
	"ppl/inference/target"
)

// Family is a family of approximations to the posterior of continuous latents.
type Family struct {
	Name string
	Doc  string // a few words
	// Most is the number of latents up to which the family can be fitted, and Instead the name of one
	// for more; 0 of a family without bound.
	Most    int
	Instead string

	fit func(*fitter) (*Answer, error)
}

// Families lists the values of Options.Guide, the default first; each stands in a file of its own.
var Families = []Family{meanField, fullRank, lowRank, laplace, mode, written}

// Guides are the names of the families, the default first.
var Guides = func() (names []string) {
	for _, f := range Families {
		names = append(names, f.Name)
	}
	return names
}()

// family finds a family by its name.
func family(name string) (Family, bool) {
	i := slices.Index(Guides, name)
	if i < 0 {
		return Family{}, false
	}
	return Families[i], true
}

// suits refuses too many latents.
func (f Family) suits(latents int) error {
	if f.Most > 0 && latents > f.Most {
		return &ErrTooLarge{f.Name, latents, f.Most, f.Instead}
	}
	return nil
}

// Corrections lists the values of Options.Correct, the default first.
var Corrections = []string{"auto", "linear", "none"}

// ErrTooLarge is returned where a guide cannot hold so many latents.
type ErrTooLarge struct {
	Guide       string
	Latents     int
	Most        int
	Alternative string // the name of a guide that can
}

func (e *ErrTooLarge) Error() string {
	return fmt.Sprintf("the %s guide is for up to %d latents, this model has %d; use %s", e.Guide, e.Most, e.Latents, e.Alternative)
}

// base fits the mean-field guide, from which others start: it finds the
// parameterisation, the bulk of the posterior and the scales.
func (f *fitter) base() (*Answer, *objective, *ascent, error) {
	o, a, err := f.optimise()
	if err != nil {
		return nil, nil, nil, err
	}
	fit := newAnswer(f.t)
	f.take(fit, a)
	o, a, err = f.explore(fit, o, a)
	return fit, o, a, err
}

func newAnswer(t *target.Target) *Answer {
	return &Answer{Target: t, Applied: NoCorrection, Optimum: Optimum{Starts: 1, KHatMeanField: math.NaN(), LocError: math.NaN()}}
}

// around is the Gaussian of linear response at a fitted mean-field guide, or
// that guide itself where there is none.
func (f *fitter) around(o *objective, a *ascent) (*gaussian, error) {
	if f.pattern != nil && a.converged {
		r, err := f.response(o)
		if err != nil {
			return nil, err
		}
		if r.factor != nil {
			if q := newGaussian(a.loc, r.covariance()); q != nil {
				return q, nil
			}
		}
	}
	return diagonal(a.loc, a.logsd), nil
}

// conclude makes the answer from a Gaussian guide: importance weights around
// it, unless they are not wanted or there are too many latents, else its own
// draws.
func (f *fitter) conclude(fit *Answer, q *gaussian) error {
	f.stage = "correct"
	d, n := f.t.D, f.opt.Draws
	fit.Loc, fit.LogSD = q.loc, make([]float64, d)
	for i := range fit.LogSD {
		row := q.l[i*d : i*d+i+1]
		fit.LogSD[i] = 0.5 * math.Log(dot(row, row))
	}
	fit.plain = q
	fit.Modes[0].Loc = q.loc
	plain := &mixture{df: math.Inf(1), weight: []float64{1}, part: []*gaussian{q}}
	sym := f.sym
	f.sym = nil // the ELBO is of the guide as it stands, wherever it reaches
	w, err := f.weighMixture(plain, n, "guide draws", 0)
	f.sym = sym
	if err != nil {
		return err
	}
	fit.KHatMeanField = w.KHat
	fit.ELBO, fit.MCSE, fit.Beyond = w.elbo()
	fit.Modes[0].ELBO = fit.ELBO
	fit.Draws, fit.Applied = &Weighted{D: d, U: w.U, KHat: w.KHat, ESS: w.ESS}, NoCorrection
	if fit.Converged && f.opt.Correct == "auto" && d <= mostWeighted && !f.halted() {
		c, err := f.correct(q, n, adaptations)
		if err != nil {
			return err
		}
		fit.Draws.KHat, fit.Draws.ESS = c.KHat, c.ESS
		if c.KHat < 1 && c.ESS > 100 {
			fit.Draws, fit.Applied = c, Importance
		}
	}
	if !f.halted() {
		// Particles that are the draws themselves: no location, a unit scale.
		zero := make([]float64, d)
		if fit.Parts, err = f.t.Parts(zero, zero, w.U[:target.Lanes*d], target.Lanes); err != nil {
			return err
		}
	}
	f.mark(fit)
	fit.Evaluations = f.evaluations()
	return nil
}

// elbo is the mean of log p − log q over draws of a single Gaussian, by
// antithetic pairs, its Monte-Carlo error, and the share of draws beyond the support.
func (w *Weighted) elbo() (value, mcse, beyond float64) {
	pairs := make([]float64, len(w.logRatio)/2)
	constant := 0.5 * float64(w.D) * math.Log(2*math.Pi)
	for i := range pairs {
		pairs[i] = 0.5*(w.logRatio[2*i]+w.logRatio[2*i+1]) + constant
	}
	for i, l := range w.logRatio {
		if !graph.Finite(l) {
			pairs[min(i/2, len(pairs)-1)] = math.Inf(-1)
			beyond += 1 / float64(len(w.logRatio))
		}
	}
	m, sd := meanSD(pairs)
	return m, sd / math.Sqrt(float64(len(pairs))), beyond
}

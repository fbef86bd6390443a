package answer

import (
	"fmt"
	"time"
)

// Verdict says how far an answer may be believed.
type Verdict string

// The rules of the verdict are in docs/verdict.md.
const (
	// Good: converged, one mode found, k̂ of the corrected answer at most 0.5,
	// the Monte-Carlo error of every mean under 0.05 sd and of every sd under 10 %,
	// more than 400 effective draws, which carry the variances.
	Good Verdict = "good"
	// Caution: k̂ at most 0.7, or too many latents for importance weights but a
	// stable linear response.
	Caution Verdict = "caution"
	// Poor is the rest.
	Poor Verdict = "poor"
)

// The values of Figures.Applied: what the draws are.
const (
	ImportanceWeights = "importance weights" // around linear response, or of particles
	LinearResponse    = "linear response"
	NoCorrection      = "none"
	MarkovChains      = "Markov chains" // that start from the guide
	Tempered          = "tempered particles"
	ExactSum          = "exact" // of a model without continuous latents
)

// Answer is what an inference leaves.
type Answer struct {
	Model Model
	// Sizes are the dimensions of the data, in the order of the model, and Latents is the
	// number of unconstrained numbers that were inferred.
	Sizes   []Size
	Latents int
	Asked   Asked

	Verdict Verdict
	Reasons []string
	Figures Figures
	// Sampling is set if the draws are of Markov chains or of tempered particles.
	Sampling *Sampling
	// Batches is set if rows were taken in batches.
	Batches *Batches `saved:"optional"`
	// Parts is the expected log joint density by statement; nil where it was not computed.
	Parts []Part

	Quantities []Quantity
	// Params are what was learned as points.
	Params []Param `saved:"optional"`
	// Strategies say how each discrete latent was handled; Discrete are their elements.
	Strategies []Strategy
	Discrete   []Discrete

	// Compiling is the time that reading, checking and compiling the model took, Fitting that
	// of the fit.
	Compiling, Fitting time.Duration
}

// Batches say how rows were taken.
type Batches struct {
	// Dim is the dimension, Rows its length, Size the number of rows of a batch.
	Dim        string
	Rows, Size int
	// Epochs is how often the rows were gone through by stochastic gradients, in Steps steps, at a last Rate of Adam; Exact the
	// number of passes over all rows at the end.
	Epochs, Steps, Exact int
	Rate                 float64
	// RowsASecond is the speed of the stochastic part.
	RowsASecond float64
	// HeldOut is what rows say that were not learned from; nil without any.
	HeldOut *HeldOut
}

// HeldOut are means over rows that were held out, in nats a row, with standard errors: the ELBO, and the importance-weighted
// bound of log p(row), of so many Samples; Unsteady is the share of rows whose weights have a k̂ above 0.7.
type HeldOut struct {
	Rows              int
	ELBO, ELBOError   float64
	Bound, BoundError float64
	Samples           int
	Unsteady          float64
}

// Model is the program that was fitted.
type Model struct {
	Name string // that of its file
	Text string
}

// Size is the length of a dimension.
type Size struct {
	Name   string
	Length int
}

// Asked are the options of a fit, defaults filled in.
type Asked struct {
	Seed            uint64
	Method          string
	Guide           string
	Correct         string
	Particles       int
	Draws           int
	Temperature     float64
	StraightThrough bool
	MaxTime         time.Duration // 0: no limit
	Quick           bool
	Chains, Warmup  int
	TargetAccept    float64
	Engine          string
	Discrete        map[string]string // strategies by site
	Latents         map[string]string // those that are to be kept or integrated out
	// Init are the starting values that were given, arrays by latent, NaN without a value; nil without any.
	Init map[string][]float64 `saved:"optional"`
}

// Figures are what a method says of itself. Those that it has not are NaN.
type Figures struct {
	// Applied says what the draws are.
	Applied string
	// ELBO is the evidence lower bound in nats, or the log density of a Point, with its
	// Monte-Carlo standard error; Beyond is the share of the draws of the guide, before any
	// correction, where the density is 0 or undefined: such a guide's ELBO is −∞, which does
	// not touch what corrects it.
	ELBO, MCSE, Beyond float64
	// Evidence is the estimate of the log evidence, in nats, of particles that were tempered
	// from the prior, where the answer is made from them.
	Evidence *Estimate
	// KHat is the shape k̂ of the importance weights' tail (Vehtari et al. 2024): up to 0.5 the
	// answer is as good as its draws, above 0.7 it is not to be believed. KHatMeanField is
	// that of the plain mean-field guide.
	KHat, KHatMeanField float64
	// ESS is the effective number of the draws behind the summaries.
	ESS float64
	// Modes are the ELBOs of the distinct optima that were found, the best first.
	Modes []float64
	// Converged says that the optimiser met its criterion, or the chains theirs; Interrupted
	// that the context stopped the fit, TimedOut that its time limit did; Ended why it stopped,
	// in words.
	Converged, Interrupted, TimedOut bool
	Ended                            string
	// Point says that the answer is a point, without uncertainty.
	Point bool
	// Guided says that some discrete latents have a guide, which chains move in.
	Guided bool
	// Integrated names latents that were integrated out, as their posterior is Gaussian given the others, of so many
	// Numbers; what is said of the guide, its ELBO and k̂ is then of the others alone.
	Integrated        []string
	IntegratedNumbers int
	// Particles is the number of Monte-Carlo particles of the ELBO in the end.
	Particles int
	// Evaluations is the number of points at which the log density, its gradient
	// or a product with its Hessian was evaluated.
	Evaluations int
}

// Estimate is a number with its Monte-Carlo standard error.
type Estimate struct{ Value, MCSE float64 }

// Part is the contribution of one statement to the expected log joint density, in nats.
type Part struct {
	// Site is the name on the left of the `~`, "" of a `factor`; Summed names the discrete
	// latents of the one part in which they were summed out. Jacobian marks the part of the
	// transforms, which is no statement.
	Site     string
	Summed   []string
	Latent   bool // the prior of a latent
	Jacobian bool
	Line     int // of the model's text, from 1
	Mean     float64
}

// Strategy says how a discrete latent was handled.
type Strategy struct {
	Name     string
	Elements int
	Values   int // of each element
	Strategy string
	// How is the way in which it was summed out, and Numbers how many numbers
	// the largest table takes for one particle.
	How     string
	Numbers int
}

func (s Strategy) String() string {
	elements := ""
	if s.Elements != 1 {
		elements = fmt.Sprintf("%d elements of ", s.Elements)
	}
	if s.Values == 0 {
		return fmt.Sprintf("%s: %s, %s; %sinfinitely many values", s.Name, s.Strategy, s.How, elements)
	}
	return fmt.Sprintf("%s: %s, %s; %s%d values, %d numbers for each particle", s.Name, s.Strategy, s.How, elements, s.Values, s.Numbers)
}

// Sampling says how draws of Markov chains, or tempered particles, came about.
type Sampling struct {
	Chains, Warmup int
	Draws          int // of each chain
	// Particles is how many were tempered in each run, which count as its chain, particle by
	// particle; 0 of Markov chains.
	Particles int
	// Groups is the number of groups of chains with a common starting point: R̂ is
	// nested where there are fewer than chains (see package mcmc).
	Groups int
	// Divergences and Saturated count trajectories after warm-up that broke off,
	// as the sampler misses a region of strong curvature, and that reached the
	// greatest length.
	Divergences, Saturated int
	MaxDepth               int
	// Trajectories is how many there were after warm-up: more than draws, where these
	// are thinned.
	Trajectories int
	// Restarts counts starting points that chains gave up because they could not move there.
	Restarts int
	// EBFMI is the energy Bayesian fraction of missing information of each chain; nil where
	// discrete latents move too, which changes energies as well.
	EBFMI []float64
	// TargetAccept is the mean acceptance that step sizes were adapted to.
	TargetAccept float64
	// StepSize is that of each chain, and Dense says that the metric has covariances.
	StepSize []float64
	Dense    bool
	// RHat is the largest, ESSBulk and ESSTail are the smallest over all quantities.
	RHat, ESSBulk, ESSTail float64
}

// Kept is how often each particle is among the draws; 1 of Markov chains.
func (s *Sampling) Kept() int {
	if s.Particles == 0 {
		return 1
	}
	return s.Draws / s.Particles
}

// Predictions are draws from the predictive distribution of an answer.
type Predictions struct {
	Model   Model
	Asked   AskedPrediction
	Verdict Verdict // of the fit, with its reasons
	Reasons []string
	// Quantities are the elements that were predicted.
	Quantities []Quantity
	// Unseen are the labels, by factor, that the fit has not seen.
	Unseen map[string][]string
	// Scores compare predictions with what has become known; nil where they were not asked for.
	Scores []Score
}

// Score compares predictions with data. What does not apply is NaN. Where the new data have weights (`weighted`)
// means and shares are those by weight, densities are to the power of the weight, and rows of weight 0 are left out.
type Score struct {
	Symbol string
	Group  string // a label, as "county = AITKIN"; "" of all
	N      int
	// ELPD is the expected log predictive density: the sum over the data of the log of the
	// mean density under the draws, in nats.
	ELPD float64
	// RMSE is the root of the mean squared difference from the predictive mean.
	RMSE float64
	// Brier is the mean squared difference between the probabilities of the values and what
	// came, summed over the values (Brier 1950; halved for two of them), LogLoss the mean of
	// −log of the probability of what came: of outcomes of few values.
	Brier, LogLoss float64
	// Coverage50 and Coverage90 are the shares of data inside of the central intervals of
	// that probability.
	Coverage50, Coverage90 float64
}

// AskedPrediction are the options of a prediction, defaults filled in.
type AskedPrediction struct {
	Seed  uint64
	Draws int
}

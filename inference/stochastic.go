package inference

import (
	"math"
	"math/rand/v2"

	"ppl/inference/mcmc"
	"ppl/inference/random"
)

// stochastic maximises an objective of which only noisy gradients are known,
// after Welandawe, Andersen, Vehtari & Huggins (2024), "A framework for
// improving the reliability of black-box variational inference" (RAABBVI):
// Adam at a fixed rate until the iterates are stationary, their average, then
// half the rate. At a fixed rate the average is off its limit by O(rate), so
// the symmetrised divergence between the averages of two rates in a row tells
// how much half the rate would still gain; the run ends when that is small, or
// when halving again would cost more steps than are left.
//
// Coordinates must be scaled so that a change of 1 matters.
type stochastic struct {
	f *fitter
	// gradient fills g with an estimate at x, from noise of r alone, and returns
	// an estimate of the objective in nats; ok is false where either is not
	// finite.
	gradient func(x []float64, r *rand.Rand, g []float64) (value float64, ok bool, err error)
	// divergence of two iterates, in nats: the symmetrised Kullback-Leibler
	// divergence of the guides that they stand for.
	divergence func(a, b []float64) float64
	purpose    string  // of the random stream
	first      float64 // rate
	// watch gives what must be stationary, on a scale where a hundredth does not
	// matter; nil: the coordinates themselves.
	watch func(x []float64) []float64
	// blocks bounds the blocks at one rate; 0: mostBlocks.
	blocks int
	// within is the accuracy of the answer; 0: accuracy.
	within float64
	// ready says whether the run may end at a rate; nil: at any.
	ready func(rate float64) bool

	// The outcome:
	x         []float64 // the average at the last rate
	value     float64   // the objective averaged over the steps of that average
	steps     int
	rate      float64
	converged bool
	why       string
}

const (
	lowestRate   = 1e-5
	blockSteps   = 25   // of iterates that are averaged before anything is looked at
	leastBlocks  = 16   // before stationarity is tested
	mostBlocks   = 400  // at one rate
	stationary   = 1.2  // R̂ of stationary iterates
	averageError = 0.05 // largest Monte-Carlo error of an average
	accuracy     = 0.1  // of the answer: the root of the divergence that halving gains
	mostSteps    = 40000
	mostBad      = 200 // steps in a row without a finite gradient
)

// run optimises from x.
func (s *stochastic) run(x []float64) error {
	n := len(x)
	s.x = append([]float64(nil), x...)
	x = append([]float64(nil), x...)
	g, m, v := make([]float64, n), make([]float64, n), make([]float64, n)
	var before []float64 // the average at the rate before
	limit := mostBlocks
	if s.blocks > 0 {
		limit = s.blocks
	}
	within := s.within
	if within == 0 {
		within = accuracy
	}
	bad := 0
	for s.rate = s.first; s.rate >= lowestRate; s.rate /= 2 {
		clear(m)
		clear(v)
		var blocks, watched [][]float64
		var values []float64
		block, value, look := make([]float64, n), 0.0, leastBlocks
		for k := 1; ; k++ {
			if s.f.halted() {
				s.why = s.f.why
				return nil
			}
			val, ok, err := s.gradient(x, random.Stream(s.f.opt.Seed, s.purpose, s.steps), g)
			if err != nil {
				return err
			}
			s.steps++
			if !ok { // without a step; the next noise may do
				if bad++; bad > mostBad {
					s.why = "the gradients are not finite"
					return nil
				}
				continue
			}
			bad = 0
			const b1, b2 = 0.9, 0.999
			c1, c2 := 1-math.Pow(b1, float64(k)), 1-math.Pow(b2, float64(k))
			for i := range x {
				m[i] = b1*m[i] + (1-b1)*g[i]
				v[i] = b2*v[i] + (1-b2)*g[i]*g[i]
				x[i] += s.rate * (m[i] / c1) / (math.Sqrt(v[i]/c2) + 1e-8)
				block[i] += x[i] / blockSteps
			}
			value += val / blockSteps
			if k%blockSteps != 0 {
				continue
			}
			blocks, values = append(blocks, block), append(values, value)
			if s.watch != nil {
				watched = append(watched, s.watch(block))
			} else {
				watched = blocks
			}
			block, value = make([]float64, n), 0
			s.f.tell(values[len(values)-1], math.NaN())
			if len(blocks) == limit || s.steps > mostSteps {
				break
			}
			if len(blocks) >= look {
				if settled(watched[len(watched)/2:]) {
					break
				}
				look += look / 4
			}
		}
		window := blocks[len(blocks)/2:]
		mean := make([]float64, n)
		for _, b := range window {
			axpy(1/float64(len(window)), b, mean)
		}
		s.x = mean
		s.value, _ = meanSD(values[len(values)/2:])
		copy(x, mean)
		if before != nil {
			// Between the rates r and r/2 lie C·r²/4, beyond r/2 as much again.
			if left := math.Sqrt(s.divergence(before, mean)); left < within && (s.ready == nil || s.ready(s.rate)) {
				s.converged, s.why = true, "converged: half the rate would change little"
				return nil
			}
		}
		if s.steps > mostSteps {
			s.why = "the limit of steps was reached"
			return nil
		}
		before = mean
	}
	s.why = "the lowest rate was reached"
	return nil
}

// settled reports whether averages of blocks of iterates vary as those of a
// stationary series do, and their mean is known well enough. Of many
// coordinates, evenly spaced ones stand for all, and one in twenty may be
// restless: R̂ has noise of its own.
func settled(blocks [][]float64) bool {
	n := len(blocks[0])
	stride := max(1, n/100)
	chain := make([]float64, len(blocks))
	looked, restless := 0, 0
	for i := 0; i < n; i += stride {
		for k, b := range blocks {
			chain[k] = b[i]
		}
		looked++
		_, sd := meanSD(chain)
		if sd < 1e-2 {
			continue // it stands still
		}
		chains := [][]float64{chain}
		if !(mcmc.RHat(chains) < stationary) || !(mcmc.MCSEMean(chains) < averageError) {
			restless++
		}
	}
	return restless <= looked/20
}

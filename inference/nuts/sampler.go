package nuts

import (
	"math"
	"math/rand/v2"
	"ppl/graph"
	"slices"
)

// Sampler is one chain, a transition at a time, for callers that change the
// density in between or adapt many chains together.
type Sampler struct {
	c     *chain
	steps averager
}

// NewSampler makes a chain over d numbers; of the options it takes MaxDepth,
// TargetAccept and InvMetric. A transition ends early where halted says so.
func NewSampler(density Density, d int, r *rand.Rand, opt Options, halted func() bool) (*Sampler, error) {
	if err := opt.complete(d); err != nil {
		return nil, err
	}
	return &Sampler{c: newChain(density, d, r, opt, halted), steps: averager{target: opt.TargetAccept}}, nil
}

// Place moves the chain to q and reports whether density and gradient are finite
// there.
func (s *Sampler) Place(q []float64) bool {
	z := newPoint(s.c.d)
	copy(z.q, q)
	s.c.sys.evaluate(&z)
	copy(s.c.now.q, q)
	s.Renew(z.lp, z.g)
	return s.c.sys.err == nil && graph.Finite(z.lp) && graph.AllFinite(z.g)
}

// Renew says what the density and its gradient have become at the position.
func (s *Sampler) Renew(lp float64, g []float64) {
	s.c.now.lp = lp
	copy(s.c.now.g, g)
}

// Position is where the chain is, LogDensity the log density there; valid until
// the next transition.
func (s *Sampler) Position() []float64 { return s.c.now.q }
func (s *Sampler) LogDensity() float64 { return s.c.now.lp }

// Err is the first error of the density.
func (s *Sampler) Err() error { return s.c.sys.err }

// Transition makes one transition. It is incomplete, and must not be counted,
// where the chain was halted or the density failed.
func (s *Sampler) Transition() (complete bool) { return s.c.advance() }

// Divergent and Saturated say whether the last trajectory ended in a divergence
// or reached the greatest depth.
func (s *Sampler) Divergent() bool { return s.c.tree.divergent }
func (s *Sampler) Saturated() bool { return s.c.tree.depth >= s.c.opt.MaxDepth && !s.c.tree.divergent }

// Limit bounds the doublings of trajectories, by MaxDepth at the most.
func (s *Sampler) Limit(depth int) { s.c.tree.maxDepth = min(depth, s.c.opt.MaxDepth) }

// Step is the step size; Tune starts to adapt it, from a size found by trial,
// Adapt does so after each transition, and Settle makes it the average.
func (s *Sampler) Step() float64     { return s.c.tree.step }
func (s *Sampler) SetStep(e float64) { s.c.tree.step = e }

// TargetAccept is the mean acceptance that Adapt aims at.
func (s *Sampler) TargetAccept() float64     { return s.steps.target }
func (s *Sampler) SetTargetAccept(a float64) { s.steps.target = a }

func (s *Sampler) Tune() error {
	if s.c.tree.step == 0 {
		s.c.tree.step = 1
	}
	if err := s.c.findStep(); err != nil {
		return err
	}
	s.steps.restart(s.c.tree.step)
	return nil
}

func (s *Sampler) Adapt() { s.c.tree.step = s.steps.next(s.c.tree.acceptance()) }
func (s *Sampler) Settle() {
	if s.steps.n > 0 {
		s.c.tree.step = s.steps.final()
	}
}

// Pool estimates M⁻¹ from the draws of many chains.
type Pool struct{ spread *spread }

// NewPool makes one for d numbers, with covariances where the dimension allows, or those of the directions that matter.
func NewPool(d int) *Pool {
	p := &Pool{newSpread(d, d <= mostPooled)}
	p.spread.directions = PartialMetric(d)
	return p
}

// Add takes a draw.
func (p *Pool) Add(q []float64) { p.spread.add(q) }

// Metric is the M⁻¹ of the draws, which it forgets; before is the diagonal of the
// one before. It may be set for many chains.
func (p *Pool) Metric(before []float64) *Metric {
	sys := &system{invMetric: append([]float64(nil), before...)}
	p.spread.take(sys)
	return &Metric{sys.invMetric, sys.covariances}
}

// Metric is an M⁻¹.
type Metric struct {
	Diagonal    []float64
	covariances covariances
}

// Dense says whether it has covariances.
func (m *Metric) Dense() bool { return m.covariances != nil }

// PartialMetric says that metrics of pools of d numbers have not all covariances: d is too large.
func PartialMetric(d int) bool { return d > mostDense }

// SetMetric sets M⁻¹.
func (s *Sampler) SetMetric(m *Metric) {
	copy(s.c.sys.invMetric, m.Diagonal)
	s.c.sys.covariances, s.c.sys.scale = m.covariances, nil
}

// SetScale makes M⁻¹ what SetMetric has set, with rows and columns multiplied by
// the scales: sds, where the metric is that of numbers in units of them.
func (s *Sampler) SetScale(scale []float64) { s.c.sys.scale = append(s.c.sys.scale[:0], scale...) }

// Median is the geometric median of step sizes, for many chains.
func Median(steps []float64) float64 {
	s := slices.Clone(steps)
	slices.Sort(s)
	n := len(s)
	return math.Sqrt(s[(n-1)/2] * s[n/2])
}

package inference

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang/diag"
)

// The score of the marginal likelihood at params θ is the posterior mean, given θ, of that of the joint
// density (Fisher's identity),
//
//	∇ log p(y; θ) = E[ ∇ log p(y, u; θ) | y ],
//
// and its negated derivative, the observed information, is E[−∇² log p(y, u; θ) | y] − Cov[∇ log p(y, u; θ) | y]
// (Louis 1982, "Finding the observed information matrix when using the EM algorithm"). Draws of the latents given θ
// give both, in whatever parameterisation they are held; so they tell how far θ is from the maximum, and Newton
// steps lead there.

const (
	// scoreRounds bounds the steps, each after a fit of the latents.
	scoreRounds = 8
	// smallScore is the distance, in standard errors, from which on no step is made; longStep bounds one.
	smallScore = 0.02
	longStep   = 2
	// mostScored bounds the params whose information is estimated.
	mostScored = 100
	// unidentified is the share of missing information from which on a direction counts as flat.
	unidentified = 0.95
	// scoredDraws are those that the gradient is averaged over; curvedNumbers bounds draws × params of the curvature.
	scoredDraws, curvedNumbers = 16384, 8192
	// tightGap is the distance of the bound from the likelihood, in nats, up to which it counts as none.
	tightGap = 1e-7
)

// Score says how estimates were moved from the maximum of a bound to that of the marginal likelihood.
type Score struct {
	Rounds int // steps that were made
	// Off is how far, in standard errors of the direction in which it is the most, the maximum lies from
	// the estimates, and MCSE its Monte-Carlo error. NaN where draws of the latents cannot tell, and Why says why.
	Off, MCSE float64
	Why       string
}

// step is what draws say at an estimate.
type scoreStep struct {
	by        []float64 // the Newton step, of the params' unconstrained numbers
	off, mcse float64
	flat      []int
}

// Improve moves the estimates by the scores that draws of the latents give; infer makes these.
func (l *Learned) Improve(t *target.Target, seed uint64, infer func(*target.Target) (*Answer, error)) error {
	if l.gap < tightGap {
		l.Score = &Score{} // the bound is the likelihood
		return nil
	}
	nan := math.NaN()
	l.Score = &Score{Off: nan, MCSE: nan}
	for ; ; l.Score.Rounds++ {
		fixed, ds := t.At(l.Values)
		if err := diag.List(ds).Err(); err != nil {
			return fmt.Errorf("with params that were learned: %w", err)
		}
		a, err := infer(fixed)
		if err != nil {
			return err
		}
		l.Evaluations += a.Evaluations
		s, why, err := l.score(a, seed)
		if err != nil || why != "" {
			l.Score.Why = why
			return err
		}
		l.Score.Off, l.Score.MCSE = s.off, s.mcse
		l.Flat = paramNames(l.free, s.flat)
		if s.off < math.Max(smallScore, s.mcse) || l.Score.Rounds == scoreRounds {
			return nil
		}
		if err := l.move(s); err != nil {
			return err
		}
	}
}

// move makes a step.
func (l *Learned) move(s *scoreStep) error {
	c := math.Min(1, longStep/s.off)
	at := slices.Clone(l.at)
	for k, i := range paramCoordinates(l.free) {
		at[i] += c * s.by[k]
	}
	all, err := l.free.ParamsAt(at, 1)
	if err != nil {
		return err
	}
	for _, x := range all {
		if !graph.AllFinite(x.Values) {
			return fmt.Errorf("a step leads `%s` out of its range", x.Symbol.Name)
		}
	}
	l.at, l.Values = at, all
	return nil
}

// score is what the draws of an answer, which is of the latents at the estimates, say; why says why they say nothing.
func (l *Learned) score(a *Answer, seed uint64) (s *scoreStep, why string, err error) {
	p := l.free.Params()
	switch d := a.Draws; {
	case p > mostScored:
		return nil, fmt.Sprintf("there are more than %d params", mostScored), nil
	case a.Interrupted || a.TimedOut:
		return nil, "there was no time", nil
	case d.KHat > UsableKHat:
		return nil, "the draws of the latents are not those of their posterior", nil
	}
	t, err := l.beside(a.Target)
	if err != nil {
		return nil, "", err
	}
	surf, err := t.NewSurface()
	if err != nil {
		return nil, "", err
	}
	rows, weights := a.Draws.scored(seed)
	u := l.around(t, a, rows)
	n, d := len(rows), t.D
	lp, g := make([]float64, n), make([]float64, n*d)
	if err := surf.Gradient(u, lp, g); err != nil {
		return nil, "", err
	}
	at := paramCoordinates(t)
	mean, cov, ess := momentsOf(g, d, at, weights)
	curved, err := l.curvature(surf, u, weights, at, seed)
	if err != nil {
		return nil, "", err
	}
	if mean == nil || curved == nil {
		return nil, "the density is not finite at some draws", nil
	}
	s, why = newScoreStep(mean, cov, curved, ess)
	return s, why, nil
}

// beside is the target of params and latents in the parameterisation in which a target holds the latents alone.
func (l *Learned) beside(fixed *target.Target) (*target.Target, error) {
	t := *l.free
	t.Slots, t.Angles, t.Centring = slices.Clone(t.Slots), make([]guide.Angles, len(t.Slots)), make([][]float64, len(t.Slots))
	k := 0
	for i := range t.Slots {
		s := &t.Slots[i]
		if s.Param {
			continue
		}
		if k >= len(fixed.Slots) || fixed.Slots[k].Site.Name != s.Site.Name || fixed.Slots[k].Free.Size() != s.Free.Size() {
			return nil, fmt.Errorf("`%s` is held otherwise beside params", s.Site.Name)
		}
		s.Transform = fixed.Slots[k].Transform
		if k < len(fixed.Angles) {
			t.Angles[i] = fixed.Angles[k]
		}
		if k < len(fixed.Centring) {
			t.Centring[i] = fixed.Centring[k]
		}
		k++
	}
	return &t, nil
}

// around are rows of draws of the latents, with the params where they are.
func (l *Learned) around(t *target.Target, a *Answer, rows []int) []float64 {
	u := make([]float64, len(rows)*t.D)
	for r, row := range rows {
		from, to := a.Draws.U[row*a.Draws.D:(row+1)*a.Draws.D], u[r*t.D:(r+1)*t.D]
		for _, s := range t.Slots {
			n := s.Free.Size()
			if s.Param {
				copy(to[s.Offset:s.Offset+n], l.at[s.Offset:s.Offset+n])
				continue
			}
			copy(to[s.Offset:s.Offset+n], from[:n])
			from = from[n:]
		}
	}
	return u
}

// scored are draws to average over, with weights that sum to 1.
func (w *Weighted) scored(seed uint64) (rows []int, weights []float64) {
	n := w.N()
	if n > scoredDraws {
		if w.W != nil {
			rows = w.Resample(seed, scoredDraws)
		} else {
			for i := range scoredDraws {
				rows = append(rows, i*n/scoredDraws)
			}
		}
		return rows, fill(make([]float64, len(rows)), 1/float64(len(rows)))
	}
	for i := range n {
		rows = append(rows, i)
	}
	if w.W != nil {
		return rows, w.W
	}
	return rows, fill(make([]float64, n), 1/float64(n))
}

// momentsOf are the mean and the covariance of columns at of rows of d numbers, and the effective number of
// rows; nil where a row that counts is not finite.
func momentsOf(x []float64, d int, at []int, weights []float64) (mean []float64, cov *mat.SymDense, ess float64) {
	p := len(at)
	mean, cov = make([]float64, p), mat.NewSymDense(p, nil)
	sum := 0.0
	for r, w := range weights {
		if w == 0 {
			continue
		}
		sum += w * w
		for k, i := range at {
			v := x[r*d+i]
			if !graph.Finite(v) {
				return nil, nil, 0
			}
			mean[k] += w * v
		}
	}
	for r, w := range weights {
		for k, i := range at {
			for m := k; m < p && w != 0; m++ {
				cov.SetSym(k, m, cov.At(k, m)+w*(x[r*d+i]-mean[k])*(x[r*d+at[m]]-mean[m]))
			}
		}
	}
	return mean, cov, 1 / sum
}

// curvature is the mean of the negated second derivatives by params, over some of the draws; nil where it
// is not finite.
func (l *Learned) curvature(surf *target.Surface, u, weights []float64, at []int, seed uint64) (*mat.SymDense, error) {
	p, d := len(at), surf.D
	n := min(len(weights), max(32, min(256, curvedNumbers/max(1, p))))
	r := random.Stream(seed, "curvature", p)
	us, vs := make([]float64, 0, n*p*d), make([]float64, n*p*d)
	for i := range n {
		row := rowAt(weights, (float64(i)+r.Float64())/float64(n))
		for k, j := range at {
			us = append(us, u[row*d:(row+1)*d]...)
			vs[(i*p+k)*d+j] = 1
		}
	}
	lp, g, hv := make([]float64, n*p), make([]float64, n*p*d), make([]float64, n*p*d)
	if err := surf.Product(us, vs, lp, g, hv); err != nil {
		return nil, err
	}
	out := mat.NewSymDense(p, nil)
	for i := range n {
		for k := range p {
			for m := k; m < p; m++ {
				h := -0.5 * (hv[(i*p+k)*d+at[m]] + hv[(i*p+m)*d+at[k]])
				if !graph.Finite(h) {
					return nil, nil
				}
				out.SetSym(k, m, out.At(k, m)+h/float64(n))
			}
		}
	}
	return out, nil
}

// rowAt is the row at which the weights before it sum to x.
func rowAt(weights []float64, x float64) int {
	last := 0
	for i, w := range weights {
		if w > 0 {
			last = i
		}
		if x -= w; x < 0 {
			return last
		}
	}
	return last
}

// newScoreStep is the Newton step, direction by direction of those in which complete information C and missing
// information V are both diagonal: C⁻¹ᐟ²VC⁻¹ᐟ² has the shares that are missing as eigenvalues.
func newScoreStep(score []float64, missing, complete *mat.SymDense, ess float64) (*scoreStep, string) {
	p := len(score)
	var c mat.Cholesky
	if !c.Factorize(complete) {
		return nil, "the params are at no maximum even where the latents are known"
	}
	var lower mat.TriDense
	c.LTo(&lower)
	var half, share mat.Dense
	if half.Solve(&lower, missing) != nil || share.Solve(&lower, half.T()) != nil {
		return nil, "the information on the params is nearly singular"
	}
	sym := mat.NewSymDense(p, nil)
	for i := range p {
		for j := i; j < p; j++ {
			sym.SetSym(i, j, 0.5*(share.At(i, j)+share.At(j, i)))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(sym, true) {
		return nil, "the information on the params has no eigenvectors"
	}
	var v mat.Dense
	e.VectorsTo(&v)
	var z, in mat.VecDense
	if z.SolveVec(&lower, mat.NewVecDense(p, score)) != nil {
		return nil, "the information on the params is nearly singular"
	}
	s := &scoreStep{by: make([]float64, p)}
	whitened := make([]float64, p)
	for k, f := range e.Values(nil) {
		c := 0.0
		for i := range p {
			c += v.At(i, k) * z.AtVec(i)
		}
		f = math.Max(0, f)
		step := c // as EM makes it
		if f < unidentified {
			step /= 1 - f
			if off := math.Abs(c) / math.Sqrt(1-f); off > s.off {
				s.off = off
			}
			s.mcse = math.Max(s.mcse, math.Sqrt(f/ess/(1-f)))
		}
		for i := range p {
			whitened[i] += v.At(i, k) * step
		}
		if f < unidentified {
			continue
		}
		var direction mat.VecDense
		if direction.SolveVec(lower.T(), v.ColView(k)) == nil {
			s.flat = append(s.flat, leading(direction.RawVector().Data)...)
		}
	}
	if in.SolveVec(lower.T(), mat.NewVecDense(p, whitened)) != nil {
		return nil, "the information on the params is nearly singular"
	}
	for i := range s.by {
		s.by[i] = in.AtVec(i)
	}
	return s, ""
}

// leading are the coordinates that have a good part in a direction.
func leading(x []float64) []int {
	most := 0.0
	for _, v := range x {
		most = math.Max(most, math.Abs(v))
	}
	var out []int
	for i, v := range x {
		if math.Abs(v) > 0.1*most {
			out = append(out, i)
		}
	}
	return out
}

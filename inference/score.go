package inference

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/inference/target"
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
	scoreRounds = 40
	// smallScore is the distance, in standard errors, from which on no step is made; longStep bounds one.
	// Where the scores have no noise exactScore takes the place of it.
	smallScore, exactScore = 0.02, 1e-4
	longStep               = 2
	// mostScored bounds the params whose information is estimated.
	mostScored = 100
	// mostMissing caps the share of missing information of a direction: more than that the draws do not tell well
	// enough, and a step that is too short is mended by the next ones.
	mostMissing = 0.9
	// fewScored draws do while the maximum is far, manyScored, if they are not too many numbers, where it is near.
	fewScored, manyScored, scoredNumbers = 4096, 16384, 1 << 21
	// leastInformation is the share of the complete information along a step from which on the change of the score is
	// more than noise.
	leastInformation = 2e-3
	// curvedNumbers bounds draws × params of the curvature.
	curvedNumbers = 16384
	// tightGap is the distance of the bound from the likelihood, in nats, up to which it counts as none.
	tightGap = 1e-7
	// evidenceNoise is a loss of the log likelihood, in nats, that may be noise.
	evidenceNoise = 0.1
)

// Score says how estimates were moved from the maximum of a bound to that of the marginal likelihood.
type Score struct {
	Rounds int // steps that were made
	// Off is how far, in standard errors, the maximum lies from the estimates, and MCSE its Monte-Carlo
	// error. NaN where draws of the latents cannot tell, and Why says why.
	Off, MCSE float64
	Why       string
}

// Sampler makes an answer of the latents alone.
type Sampler func(t *target.Target, draws int, last bool) (*Answer, error)

// scored is what draws say at an estimate.
type scored struct {
	at, score         []float64 // the params' unconstrained numbers
	missing, complete *mat.SymDense
	ess, evidence     float64 // NaN where it is not known
}

// Improve moves the estimates to where the score vanishes. The maximum of a bound may lie where that of the likelihood
// does not, at an end of the range above all, where there is nothing that a mean-field guide would miss: so the scores are
// followed from another start as well, and the better place is gone on from. infer makes draws of the latents, about so
// many; they need be exact at the last steps alone.
func (l *Learned) Improve(t *target.Target, opt Options, infer Sampler) error {
	c := &climbing{l: l, t: t, seed: opt.Seed, infer: infer, off: math.NaN(), mcse: math.NaN(), evidence: math.NaN()}
	l.Score = &Score{Off: math.NaN(), MCSE: math.NaN()}
	if tight := l.gap < tightGap; tight {
		l.Score = &Score{} // the bound is the likelihood
		flat, err := c.flat()
		if err != nil || !flat {
			return err
		}
		c.evidence = l.ELBO
	} else if err := c.climb(fewScored, false); err != nil || c.why != "" {
		l.Score.Why = c.why
		return err
	}
	other := *l
	other.at = slices.Clone(l.at)
	start, err := startOf(l.free, opt)
	if err != nil {
		return err
	}
	d := &climbing{l: &other, t: t, seed: opt.Seed, infer: infer}
	if !math.IsNaN(c.evidence) && !opt.Quick && other.goTo(paramsOf(l.free, start)) == nil {
		if err := d.climb(fewScored, false); err != nil {
			return err
		}
		gain := d.evidence - c.evidence
		if d.why == "" {
			l.Starts, l.Reached = 2, 1
			other.Starts, other.Reached = 2, 1
			if math.Abs(gain) < evidenceNoise {
				l.Reached = 2
			}
		}
		if d.why == "" && gain > evidenceNoise {
			*l, c = other, d
			c.l = l
		}
	}
	if c != d && l.gap < tightGap {
		l.Edge = paramNames(l.free, c.unknown)
		return nil
	}
	if !(c.mcse == 0 && c.off < exactScore) {
		if err := c.climb(max(fewScored, min(manyScored, scoredNumbers/max(1, t.D))), true); err != nil {
			return err
		}
	}
	if flat, err := c.flat(); err != nil || flat {
		l.Edge = paramNames(l.free, c.unknown)
		if err != nil {
			return err
		}
	}
	l.Score = &Score{Rounds: c.rounds, Off: c.off, MCSE: c.mcse, Why: c.why}
	if c.why == "" && c.rounds < scoreRounds { // whatever became of the bound
		l.Converged, l.Ended = true, "the score vanishes"
	}
	return nil
}

// climbing follows scores by a quasi-Newton method (BFGS), which begins with the information of the first draws and learns
// from each step. The draws of all steps come from the same random numbers, so that their noise is nearly the same.
type climbing struct {
	l     *Learned
	t     *target.Target
	seed  uint64
	infer Sampler

	now       *scored
	inverse   *mat.SymDense // of the observed information
	rounds    int
	off, mcse float64
	evidence  float64   // of now, in nats; NaN where it is not known
	unknown   []int     // the coordinates of a direction in which nearly all information is missing
	direction []float64 // it, a standard error long if the latents were known
	share     float64   // of missing information there
	why       string    // it ended
}

// climb goes on from the estimates until they are at the maximum, as far as draws tell.
func (c *climbing) climb(draws int, last bool) error {
	l := c.l
	c.now = nil
	for ; ; c.rounds++ {
		next, why, err := l.scoreBy(c.t, c.seed, draws, last, c.infer)
		if err != nil {
			return err
		}
		spent := c.rounds >= scoreRounds
		if why != "" && c.now != nil && !spent { // the step was too long
			if err := l.goTo(quarter(c.now.at, paramsOf(l.free, l.at))); err != nil {
				return err
			}
			continue
		}
		if why != "" {
			c.why = why
			return nil
		}
		switch {
		case c.now == nil && c.inverse != nil: // the same place, by other draws
		case c.now == nil:
			if c.inverse, why = c.observed(next); why != "" {
				c.why = why
				return nil
			}
		case next.evidence < c.now.evidence-evidenceNoise && !spent:
			if err := l.goTo(quarter(c.now.at, next.at)); err != nil {
				return err
			}
			continue
		default:
			update(c.inverse, c.now, next)
		}
		c.now, c.evidence = next, next.evidence
		step := product(c.inverse, next.score)
		c.off = math.Sqrt(math.Max(0, dot(step, next.score)))
		c.mcse = math.Sqrt(traceOf(c.inverse, next.missing) / next.ess)
		least := math.Max(smallScore, c.mcse)
		if c.mcse == 0 {
			least = exactScore
		}
		if c.off < least || spent {
			return nil
		}
		short := math.Min(1, longStep/c.off)
		to := slices.Clone(next.at)
		axpy(short, step, to)
		if err := l.goTo(to); err != nil {
			return err
		}
	}
}

// flat reports whether the data say next to nothing of a combination of params where they are: where nearly all of the
// information on it is missing, and the likelihood is the same some way to both sides.
func (c *climbing) flat() (is bool, err error) {
	l := c.l
	at := paramsOf(l.free, l.at)
	here, why, err := l.scoreBy(c.t, c.seed, fewScored, false, c.infer)
	if err != nil || why != "" {
		return false, err
	}
	if _, why := c.observed(here); why != "" || c.share < littleKnown {
		return why != "", nil
	}
	defer func() {
		if back := l.goTo(at); err == nil {
			err = back
		}
	}()
	for _, side := range []float64{flatWay, -flatWay} {
		to := slices.Clone(at)
		axpy(side, c.direction, to)
		if l.goTo(to) != nil {
			return false, nil
		}
		there, why, err := l.scoreBy(c.t, c.seed, fewScored, false, c.infer)
		if err != nil || why != "" || !(math.Abs(there.evidence-here.evidence) < flatLoss) {
			return false, err
		}
	}
	return true, nil
}

const (
	// littleKnown is the share of missing information of a direction from which on it is looked whether all is, flatWay how
	// far, in standard errors if the latents were known, and flatLoss the change of the log likelihood, in nats, that
	// counts as none: that of a share of 99.6 %.
	littleKnown, flatWay, flatLoss = 0.9, 3, 0.02
)

// startOf is where params start.
func startOf(t *target.Target, opt Options) ([]float64, error) {
	u := paramStart(t, opt.Seed, 1)
	if opt.Init == nil {
		return u, nil
	}
	s, err := t.Start(opt.Init, u)
	if err != nil {
		return nil, err
	}
	return s.U, nil
}

// scoreBy scores the estimates by draws of the latents given them.
func (l *Learned) scoreBy(t *target.Target, seed uint64, draws int, last bool, infer Sampler) (*scored, string, error) {
	fixed, ds := t.At(l.Values)
	if err := ds.Err(); err != nil {
		return nil, "", fmt.Errorf("with params that were learned: %w", err)
	}
	a, err := infer(fixed, draws, last)
	if no := (*target.ErrNoStart)(nil); errors.As(err, &no) {
		return nil, "the density is not finite at the estimates", nil
	}
	if err != nil {
		return nil, "", err
	}
	l.Evaluations += a.Evaluations
	return l.score(a, seed)
}

// observed is the inverse of the observed information: direction by direction of those in which complete information C
// and missing information V are both diagonal, C⁻¹ᐟ²VC⁻¹ᐟ² having the shares that are missing as eigenvalues.
func (c *climbing) observed(s *scored) (inverse *mat.SymDense, why string) {
	p := len(s.score)
	var chol mat.Cholesky
	if !chol.Factorize(s.complete) {
		c.unknown = unknownOf(s.complete)
		return nil, "the params are at no maximum even where the latents are known"
	}
	var lower mat.TriDense
	chol.LTo(&lower)
	var half, share mat.Dense
	if half.Solve(&lower, s.missing) != nil || share.Solve(&lower, half.T()) != nil {
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
	var v, back mat.Dense
	e.VectorsTo(&v)
	if back.Solve(lower.T(), &v) != nil { // L⁻ᵀV
		return nil, "the information on the params is nearly singular"
	}
	inverse = mat.NewSymDense(p, nil)
	shares := e.Values(nil)
	c.share, c.direction = shares[p-1], mat.Col(nil, p-1, &back)
	c.unknown = leading(c.direction)
	for k, f := range shares {
		f = math.Min(math.Max(0, f), mostMissing)
		inverse.SymRankOne(inverse, 1/(1-f), back.ColView(k))
	}
	return inverse, ""
}

// update is that of BFGS, where the curvature along the step is positive and no noise.
func update(inverse *mat.SymDense, from, to *scored) {
	p := len(from.at)
	s, y := make([]float64, p), make([]float64, p)
	for i := range s {
		s[i], y[i] = to.at[i]-from.at[i], from.score[i]-to.score[i]
	}
	sy, my := dot(s, y), product(inverse, y)
	if !(sy > leastInformation*dot(s, product(from.complete, s))) {
		return
	}
	ymy := dot(y, my)
	for i := range p {
		for j := i; j < p; j++ {
			inverse.SetSym(i, j, inverse.At(i, j)+(1+ymy/sy)*s[i]*s[j]/sy-(my[i]*s[j]+s[i]*my[j])/sy)
		}
	}
}

func product(m *mat.SymDense, x []float64) []float64 {
	out := make([]float64, len(x))
	for i := range out {
		for j, v := range x {
			out[i] += m.At(i, j) * v
		}
	}
	return out
}

// traceOf is the trace of a product.
func traceOf(a, b *mat.SymDense) float64 {
	t := 0.0
	for i := range a.SymmetricDim() {
		for j := range a.SymmetricDim() {
			t += a.At(i, j) * b.At(i, j)
		}
	}
	return math.Max(0, t)
}

// quarter is a quarter of the way.
func quarter(from, to []float64) []float64 {
	out := slices.Clone(from)
	for i := range out {
		out[i] += 0.25 * (to[i] - from[i])
	}
	return out
}

// paramsOf are the numbers of params in a point.
func paramsOf(t *target.Target, u []float64) []float64 {
	var out []float64
	for _, i := range paramCoordinates(t) {
		out = append(out, u[i])
	}
	return out
}

// goTo puts the params at other unconstrained numbers.
func (l *Learned) goTo(params []float64) error {
	at := slices.Clone(l.at)
	for k, i := range paramCoordinates(l.free) {
		at[i] = params[k]
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
func (l *Learned) score(a *Answer, seed uint64) (s *scored, why string, err error) {
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
	evidence := a.evidence()
	if q, z := a.Draws.normal(); q != nil && mean != nil {
		// The score is a quadratic function of the latents where their posterior is normal: its mean by 2D points is exact
		// (the spherical-radial rule of degree 3; Arasaratnam & Haykin 2009, eq. 33).
		evidence, ess = z, math.Inf(1)
		if mean, err = l.cubature(surf, t, a, q, at); err != nil {
			return nil, "", err
		}
	}
	curved, err := l.curvature(surf, u, weights, at, seed)
	if err != nil {
		return nil, "", err
	}
	if mean == nil || curved == nil {
		return nil, "the density is not finite at some draws", nil
	}
	return &scored{paramsOf(l.free, l.at), mean, cov, curved, ess, evidence}, "", nil
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
	if n > manyScored {
		if w.W != nil {
			rows = w.Resample(seed, manyScored)
		} else {
			for i := range manyScored {
				rows = append(rows, i*n/manyScored)
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

// evidence is the log of the mean weight of the draws, in nats; NaN without weights.
func (a *Answer) evidence() float64 {
	w := a.Draws.logRatio
	if len(w) == 0 || a.Applied != Importance || a.Draws.proposal == nil {
		return math.NaN()
	}
	most, sum := slices.Max(w), 0.0
	for _, x := range w {
		sum += math.Exp(x - most)
	}
	return most + math.Log(sum/float64(len(w))) - a.Draws.proposal.constant()
}

// constant is that of the log densities of a mixture's parts, but for their covariances.
func (m *mixture) constant() float64 {
	d := float64(m.part[0].d)
	if math.IsInf(m.df, 1) {
		return -0.5 * d * math.Log(2*math.Pi)
	}
	a, _ := math.Lgamma(0.5 * (m.df + d))
	b, _ := math.Lgamma(0.5 * m.df)
	return a - b - 0.5*d*math.Log(m.df*math.Pi)
}

// normal is the Gaussian that a posterior is, of which the draws are, and the log evidence; nil where it is another.
func (w *Weighted) normal() (q *gaussian, evidence float64) {
	if w.proposal == nil || len(w.proposal.part) > 1 || len(w.logP) < normalDraws || len(w.logP)*w.D != len(w.U) {
		return nil, 0
	}
	q = w.proposal.part[0]
	z, rest := make([]float64, q.d), make([]float64, normalDraws)
	for i := range rest {
		row := i * len(w.logP) / normalDraws
		for k := range z {
			z[k] = w.U[row*q.d+k] - q.loc[k]
		}
		blas64.Trsv(blas.NoTrans, blas64.Triangular{Uplo: blas.Lower, Diag: blas.NonUnit, N: q.d, Data: q.l, Stride: q.d}, blas64.Vector{N: q.d, Data: z, Inc: 1})
		rest[i] = w.logP[row] + 0.5*dot(z, z)
	}
	mean, sd := meanSD(rest)
	if !(sd < normalSpread) {
		return nil, 0
	}
	return q, mean + q.logDet + 0.5*float64(q.d)*math.Log(2*math.Pi)
}

// Draws that are looked at, and by how much, in nats, their densities may differ from those of a normal distribution.
const normalDraws, normalSpread = 256, 1e-3

// cubature is the mean score under a Gaussian of the latents.
func (l *Learned) cubature(surf *target.Surface, t *target.Target, a *Answer, q *gaussian, at []int) ([]float64, error) {
	points := &Weighted{D: q.d, U: make([]float64, 2*q.d*q.d)}
	radius := math.Sqrt(float64(q.d))
	rows := make([]int, 2*q.d)
	for i := range q.d {
		for side, sign := range []float64{radius, -radius} {
			k := 2*i + side
			rows[k] = k
			for j := range q.d {
				points.U[k*q.d+j] = q.loc[j] + sign*q.l[j*q.d+i]
			}
		}
	}
	u := l.around(t, &Answer{Draws: points}, rows)
	lp, g := make([]float64, len(rows)), make([]float64, len(u))
	if err := surf.Gradient(u, lp, g); err != nil {
		return nil, err
	}
	mean, _, _ := momentsOf(g, t.D, at, fill(make([]float64, len(rows)), 1/float64(len(rows))))
	return mean, nil
}

// unknownOf are the coordinates without information of their own; all where each has some.
func unknownOf(information *mat.SymDense) []int {
	p, most := information.SymmetricDim(), 0.0
	for i := range p {
		most = math.Max(most, information.At(i, i))
	}
	var none, all []int
	for i := range p {
		if all = append(all, i); !(information.At(i, i) > 1e-9*most) {
			none = append(none, i)
		}
	}
	if none == nil {
		return all
	}
	return none
}

// leading are the coordinates that have a good part in a direction.
func leading(x []float64) []int {
	most := 0.0
	for _, v := range x {
		most = math.Max(most, math.Abs(v))
	}
	var out []int
	for i, v := range x {
		if math.Abs(v) > 0.3*most {
			out = append(out, i)
		}
	}
	return out
}

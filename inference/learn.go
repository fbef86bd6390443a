package inference

import (
	"context"
	"fmt"
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/guide"
	"ppl/inference/arrow"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
)

// Params are learned on the ELBO: with those of a mean-field guide they maximise
//
//	F(θ, loc, logsd) = E[ log p(x(u), data; θ) + log |dx/du| ] + entropy of the guide,
//
// by the same optimiser as a fit's guide, with noise that is orthogonal (see orthogonal). Where there are
// no latents F is the log density itself, and they are estimates of maximum likelihood, or
// of maximum a posteriori under a penalty. Otherwise F is a bound, whose maximum is off by as much as the
// bound's distance varies with θ; Improve moves from there to where the score of the marginal
// likelihood vanishes.

const (
	// learnedTol is the Newton decrement, in nats, at which params are learned.
	learnedTol = 1e-10
	// learnedSteps bounds the Newton steps: params and latents that move together (loadings and factors) lie in long
	// curved valleys, of which each start may cross some.
	learnedSteps = 3000
	// learnStarts bounds the starts; two that come to the same value, to within sameNats, are enough.
	learnStarts = 4
	sameNats    = 1e-3
)

// Learned are params at their estimates.
type Learned struct {
	Ending
	Values []target.Param
	// Errors are standard errors, in the order of each param's values, by the observed information: of
	// models without continuous latents. Nil where there are none.
	Errors [][]float64
	// Lets are those that depend on params, of models without latents, and LetErrors their standard errors.
	Lets      []target.Param
	LetErrors [][]float64
	// ELBO is that of the estimates, under the noise of the optimiser.
	ELBO float64
	// Starts counts starting points, and Reached those that led to the ELBO.
	Starts, Reached int
	// Edge lists params of which the data say next to nothing where they are: at an end of the range, or anywhere. Unbounded
	// are those that have run so far to an end that no unit explains it.
	Edge, Unbounded []string
	// Flat lists params of which a combination changes nothing.
	Flat        []string
	Evaluations int
	// Score says how Improve ended; nil where it was not asked.
	Score *Score

	free *target.Target // that the params are part of, in the parameterisation that was chosen
	at   []float64      // its unconstrained numbers
	gap  float64        // of the ELBO to the log likelihood, by the spread of the guide's weights, in nats
}

// Learn maximises the ELBO over params and the guide of the latents.
func Learn(ctx context.Context, t *target.Target, opt Options) (*Learned, error) {
	if opt.Particles == 0 {
		opt.Particles = DefaultParticles
	}
	opt.Correct = Corrections[0]
	f := newFitter(ctx, t, opt)
	defer f.ears.close()
	f.learning, f.written = true, t.Written()
	written := t.Heard(f.ears.halt)
	var best *ascent
	var values []float64
	var from *target.Target
	err := f.unlessHalted(func() error {
		n := learnStarts
		for k := 0; k < n && !f.halted(); k++ {
			f.t = written
			f.outset = paramStart(written, opt.Seed, k)
			if k == 0 {
				if err := f.face(); err != nil {
					return err
				}
				written = f.t
			}
			_, a, err := f.optimise()
			if err != nil && k > 0 {
				if _, none := err.(*target.ErrNoStart); none {
					continue
				}
			}
			if err != nil {
				return err
			}
			if f.halted() && best != nil && !(a.value > best.value) {
				break
			}
			values = append(values, a.value)
			if best == nil || (a.converged || !best.converged) && a.value > best.value {
				best, from = a, f.t
			}
			if opt.Quick || f.started() || f.reached(values, best.value) >= 2 {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if best == nil {
		return nil, &ErrStopped{f.why}
	}
	l := &Learned{free: from, at: best.loc, ELBO: best.value, Starts: len(values), Reached: f.reached(values, best.value)}
	l.gap = best.o.gap()
	l.Ending = Ending{Converged: best.converged, Ended: best.why}
	if f.why != "" {
		l.End(f.ctx.Err() != nil)
		l.Converged = false
	}
	all, err := from.ParamsAt(best.loc, 1)
	if err != nil {
		return nil, err
	}
	var far []int
	for k, i := range paramCoordinates(from) {
		if math.Abs(best.loc[i]) > farOut {
			far = append(far, k)
		}
	}
	n := 0
	for n < len(all) && all[n].Symbol.Kind == lang.SymParam {
		n++
	}
	if l.Unbounded = curvedAmong(paramNames(from, far), from); len(l.Unbounded) > 0 {
		l.Converged, l.Ended = false, "the likelihood has no maximum"
	}
	l.Values, l.Lets = all[:n:n], all[n:]
	if err := f.unlessHalted(func() error { return f.certainty(l) }); err != nil && !isStopped(err) {
		return nil, err
	}
	l.Evaluations = f.evaluations()
	return l, nil
}

// OfModel is what was learned of the params that the model itself reads, of a target where those that its guide alone
// reads are known; nil where there are none of either.
func (l *Learned) OfModel(t *target.Target) (*Learned, *target.Target, error) {
	var own, model []target.Param
	for _, x := range l.Values {
		if t.Model.GuideParams[x.Symbol] {
			own = append(own, x)
		} else {
			model = append(model, x)
		}
	}
	if len(own) == 0 || len(model) == 0 {
		return nil, t, nil
	}
	fixed, ds := t.At(own)
	if err := ds.Err(); err != nil {
		return nil, nil, fmt.Errorf("with the guide's params at their estimates: %w", err)
	}
	m := *l
	m.Values, m.free, m.at = model, fixed, make([]float64, fixed.D)
	numbers := map[*lang.Symbol][]float64{}
	for _, s := range l.free.Slots {
		if s.Param {
			numbers[s.Site] = append(numbers[s.Site], l.at[s.Offset:s.Offset+s.Free.Size()]...)
		}
	}
	for _, s := range fixed.Slots {
		if s.Param {
			copy(m.at[s.Offset:], numbers[s.Site])
		}
	}
	return &m, fixed, nil
}

// Join takes what was learned of the model's params, and of the guide's at these.
func (l *Learned) Join(model, guide *Learned) {
	at := map[*lang.Symbol]target.Param{}
	for _, x := range append(slices.Clone(model.Values), guide.Values...) {
		at[x.Symbol] = x
	}
	values := slices.Clone(l.Values)
	for k, x := range values {
		values[k] = at[x.Symbol]
	}
	evaluations := guide.Evaluations
	*l = *model
	l.Values = values
	l.ELBO = guide.ELBO
	l.Evaluations += evaluations
}

// InitOf starts from values of params.
func InitOf(values []target.Param) target.Init {
	init := target.Init{}
	for _, x := range values {
		init[x.Symbol] = &lower.Array{Shape: x.Shape, Data: x.Values}
	}
	return init
}

// farOut is a logarithm that no unit explains.
const farOut = 80

// curvedAmong are those of some params that are behind logarithms and the like.
func curvedAmong(names []string, t *target.Target) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(t.Slots, func(s guide.Slot) bool { return s.Param && s.Site.Name == name && s.Transform.Name == "identity" })
	})
}

// started reports whether all params have values to start from.
func (f *fitter) started() bool {
	for _, s := range f.t.Slots {
		if s.Param && f.opt.Init[s.Site] == nil && (s.Init == nil || !graph.AllFinite(s.Init)) {
			return false
		}
	}
	return true
}

// reached counts the values that are the best one.
func (f *fitter) reached(values []float64, best float64) int {
	n := 0
	for _, v := range values {
		if v >= best-sameNats-1e-9*math.Abs(best) {
			n++
		}
	}
	return n
}

// paramStart is where params start the k-th time: from what their declarations say, or from a normal
// number with sd 0.1, of an array of two dimensions and more 1/√(the last of them), as the weights of
// networks do (LeCun et al. 1998, "Efficient BackProp"); ten times as wide from the third start on.
// Zeros would keep a network where it is. Latents start at the origin.
func paramStart(t *target.Target, seed uint64, k int) []float64 {
	u := make([]float64, t.D)
	r := random.Stream(seed, "params", k)
	for _, s := range t.Slots {
		if !s.Param {
			continue
		}
		sd := 0.1
		if n := len(s.Free); n >= 2 {
			sd = 1 / math.Sqrt(float64(max(1, s.Free[n-1])))
		}
		if k > 1 {
			sd *= 10
		}
		for i := range s.Free.Size() {
			u[s.Offset+i] = sd * r.NormFloat64()
		}
		for i, x := range s.Init {
			if !math.IsNaN(x) {
				u[s.Offset+i] = x
			}
		}
	}
	return u
}

// orthogonal makes the noise of coordinates that interact orthogonal: then expectations of quadratic
// functions of them are exact, those of a Gaussian likelihood of affine predictors above all, cross moments too.
// Of coordinates in blocks of the Hessian's pattern those of a block, of its neighbour where blocks form
// a chain, and the global ones interact. The columns are random directions (Yu et al. 2016, "Orthogonal random
// features"), in antithetic pairs; particles are added where there are too few of them, up to mostOrthogonal.
func (f *fitter) orthogonal(o *objective) {
	p := f.pattern
	if p == nil { // it is too large to be known: each latent is taken to be alone
		p = unrelated(f.t.D)
	}
	groups, global := interacting(p, o.point)
	most := 0
	for i, g := range groups {
		n := len(g)
		if p.Chained && i > 0 {
			n += len(groups[i-1])
		}
		most = max(most, n)
	}
	need := 2 * (len(global) + most)
	if need > mostOrthogonal {
		return // as they are: independent, with unit variances
	}
	if s := (need + target.Lanes - 1) / target.Lanes * target.Lanes; s > o.S {
		*o = *newObjective(f.surf, f.opt.Seed, s, f.still())
	}
	half := o.S / 2
	r := random.Stream(f.opt.Seed, "orthogonal", o.S)
	var fixed [][]float64
	for _, i := range global {
		fixed = append(fixed, o.column(i, direction(r, half, fixed)))
	}
	var before [][]float64
	for _, g := range groups {
		against := slices.Clone(fixed)
		if p.Chained {
			against = append(against, before...)
		}
		n := len(against)
		for _, i := range g {
			against = append(against, o.column(i, direction(r, half, against)))
		}
		before = against[n:]
	}
}

// mostOrthogonal bounds the particles.
const mostOrthogonal = 256

// interacting are the latents of each block of a pattern, and those outside of blocks.
func interacting(p *arrow.Pattern, point []bool) (groups [][]int, global []int) {
	latent := func(all []int) (out []int) {
		for _, i := range all {
			if !point[i] {
				out = append(out, i)
			}
		}
		return out
	}
	for _, b := range p.Blocks {
		groups = append(groups, latent(b))
	}
	return groups, latent(p.Globals)
}

// direction is a random vector of n numbers orthogonal to others, which are so to one another, of length √n.
func direction(r interface{ NormFloat64() float64 }, n int, others [][]float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = r.NormFloat64()
	}
	for range 2 { // twice is enough (Kahan; Parlett 1980)
		for _, x := range others {
			axpy(-dot(v, x)/dot(x, x), x, v)
		}
	}
	c := math.Sqrt(float64(n) / dot(v, v))
	for i := range v {
		v[i] *= c
	}
	return v
}

// gap estimates how far the ELBO is below the log evidence: by half the variance of log p − log q over the
// particles, which is 0 where the guide is the posterior.
func (o *objective) gap() float64 {
	ratio := make([]float64, o.S)
	for s := range ratio {
		ratio[s] = o.lps[s]
		for _, e := range o.eps[s*o.D : (s+1)*o.D] {
			ratio[s] += 0.5 * e * e
		}
	}
	_, sd := meanSD(ratio)
	return 0.5 * sd * sd
}

// column makes the noise of coordinate i that of x and −x by turns, and gives x.
func (o *objective) column(i int, x []float64) []float64 {
	for k, v := range x {
		o.eps[2*k*o.D+i], o.eps[(2*k+1)*o.D+i] = v, -v
	}
	return x
}

// certainty finds standard errors where there are no latents, and what the likelihood does not tell.
func (f *fitter) certainty(l *Learned) error {
	d := l.free.D
	if d > l.free.Params() || d > mostCertain || f.halted() {
		return nil
	}
	if err := f.use(l.free); err != nil {
		return err
	}
	h, _, err := f.hessianAs(arrow.Dense(d), l.at)
	if err != nil || !h.Finite() {
		return err
	}
	l.Edge = paramNames(l.free, f.atEdge(h))
	information := newSpectrum(h)
	l.Flat = paramNames(l.free, information.flat())
	if len(l.Flat) > 0 || !l.Converged {
		return nil
	}
	return l.errors(l.free, l.at, func(row []float64) float64 { return dot(row, information.solve(row, 0)) })
}

// ErrorsBy sets standard errors by a covariance of the unconstrained numbers of a target of params alone.
func (l *Learned) ErrorsBy(t *target.Target, at, covariance []float64) error {
	d := t.D
	return l.errors(t, at, func(row []float64) float64 {
		v := 0.0
		for i, x := range row {
			v += x * dot(covariance[i*d:(i+1)*d], row)
		}
		return v
	})
}

// errors sets standard errors, the roots of J C Jᵀ; J comes by central differences, and variance is that of a row of it.
func (l *Learned) errors(t *target.Target, at []float64, variance func(row []float64) float64) error {
	const step = 1e-5
	d := t.D
	us := make([]float64, 0, 2*d*d)
	for i := range d {
		for _, s := range []float64{step, -step} {
			u := slices.Clone(at)
			u[i] += s
			us = append(us, u...)
		}
	}
	moved, err := t.ParamsAt(us, 2*d)
	if err != nil {
		return err
	}
	var errors [][]float64
	for _, x := range moved {
		size := x.Shape.Size()
		sd := make([]float64, size)
		for j := range size {
			row := make([]float64, d)
			for i := range d {
				row[i] = (x.Values[2*i*size+j] - x.Values[(2*i+1)*size+j]) / (2 * step)
			}
			sd[j] = math.Sqrt(math.Max(0, variance(row)))
			if slices.Contains(l.Edge, x.Symbol.Name) {
				sd[j] = math.NaN()
			}
		}
		errors = append(errors, sd)
	}
	l.Errors, l.LetErrors = errors[:len(l.Values):len(l.Values)], errors[len(l.Values):]
	return nil
}

// atEdge lists the params' coordinates behind logarithms and the like of which nothing is known: their estimates run to an
// end of the range, where the likelihood is flat in them.
func (f *fitter) atEdge(h *arrow.Matrix) []int {
	diagonal := make([]float64, f.t.D)
	h.Diagonal(diagonal)
	var out []int
	for i, x := range diagonal {
		if f.curved[i] && x < leastKnown {
			out = append(out, i)
		}
	}
	return out
}

// leastKnown is the information on a number of a scale without units, whose standard error is more than 30 then, up to
// which it counts as none.
const leastKnown = 1e-3

// mostCertain bounds the params whose information matrix is formed.
const mostCertain = 300

// paramCoordinates are those of params.
func paramCoordinates(t *target.Target) []int {
	var at []int
	for _, s := range t.Slots {
		if s.Param {
			for i := range s.Free.Size() {
				at = append(at, s.Offset+i)
			}
		}
	}
	return at
}

// paramNames are those of the params that some coordinates, counted among those of params, belong to.
func paramNames(t *target.Target, of []int) []string {
	var out []string
	at := paramCoordinates(t)
	for _, s := range t.Slots {
		touches := slices.ContainsFunc(of, func(k int) bool { return at[k] >= s.Offset && at[k] < s.Offset+s.Free.Size() })
		if s.Param && touches && !slices.Contains(out, s.Site.Name) {
			out = append(out, s.Site.Name)
		}
	}
	return out
}

// flatShare is how far below the others' the curvature of a direction lies that counts as none.
const flatShare = 1e-8

// flat lists the coordinates that move most along directions without curvature.
func (q *spectrum) flat() []int {
	var out []int
	for k, v := range q.values {
		if math.Abs(v) > flatShare {
			continue
		}
		for i := range q.n {
			if math.Abs(q.v.At(i, k)) > 0.1 {
				out = append(out, i)
			}
		}
	}
	return out
}

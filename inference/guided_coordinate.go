package inference

import (
	"math"
	"math/rand/v2"
	"slices"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

const (
	// sweeps bounds the rounds of coordinate ascent; in the first of them
	// probabilities are drawn towards even ones.
	sweeps    = 16
	annealing = 6
	// sweepWork bounds the elements that the evaluations of one sweep work through
	// at each particle, flipWork those of a sweep for each value of each element.
	sweepWork = 1e6
	flipWork  = 1e8
	sweepStep = 12 // Newton steps in a round
	// flipGain is by how many nats a flip must raise the ELBO.
	flipGain = 0.1
)

// coordinates maximises the ELBO of the model with hard values by coordinate
// ascent: a few Newton steps for the mean-field Gaussian of the continuous
// latents, at particles each of which has values of the discrete ones, then the
// probabilities of one element after another,
//
//	q(z_e = k) ∝ exp E log p(u, z with z_e = k, data),
//
// an average over the particles with all else as drawn (Bishop 2006, eq. 10.9).
// The exponent grows to what it is over the first rounds (deterministic annealing,
// Rose 1998), and in the end each element is tried at its other values: what a
// mean-field guide has left out it does not take in again by itself, since the
// coefficient of what is out has its prior for a guide.
//
// Nothing is relaxed or plugged in, and no mode of the continuous latents is
// sought: a density that rises without bound at a point, as that of a saturated
// regression does where its scale is zero, has an ELBO all the same.
type coordinates struct {
	f   *fitter
	g   *guided
	sub *fitter // of the continuous latents, given the draws; nil if there are none
	o   *objective
	in  *target.Inputs
	st  *guidedStart

	logsd, u []float64
}

// sweepable reports whether the start is found by sweeps over all elements:
// where some factors are not tabulated, and the sweeps are cheap.
func (f *fitter) sweepable(g *guided) bool {
	values := 0
	for _, x := range g.sites {
		if x.infinite {
			return false
		}
		values += x.n * x.k
	}
	return !g.tabulated() && float64(values)*g.work <= sweepWork
}

// coordinateStart is a start by coordinate ascent, from even probabilities or
// random ones.
func (f *fitter) coordinateStart(g *guided, try int) (*coordinates, error) {
	d := g.t.D
	r := random.Stream(f.opt.Seed, "coordinate start", try)
	st := &guidedStart{loc: make([]float64, d), sd: make([]float64, d), phi: make([]float64, g.layout()), value: math.Inf(-1)}
	c := &coordinates{f: f, g: g, st: st, logsd: make([]float64, d), u: make([]float64, target.Lanes*d)}
	for i := range st.loc {
		st.loc[i], st.sd[i] = 0.5*r.NormFloat64()*float64(try), 1
	}
	if err := f.startAt(st, try); err != nil {
		return nil, err
	}
	for i := range st.phi {
		st.phi[i] = r.NormFloat64() * float64(min(try, 1))
	}
	for _, x := range g.sites {
		for i := range x.allowed {
			x.allowed[i] = true
		}
	}
	c.recall(r)
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if err := c.rounds(r); err != nil || !graph.Finite(st.value) {
		return nil, err
	}
	return c, nil
}

// rounds runs coordinate ascent.
func (c *coordinates) rounds(r *rand.Rand) error {
	for round := 1; round <= sweeps && !c.f.halted(); round++ {
		if ok, err := c.ascend(); err != nil || !ok {
			return err
		}
		moved, err := c.sweep(r, math.Min(1, float64(round)/annealing))
		if err != nil {
			return err
		}
		if moved < 0.02 && round > annealing {
			break
		}
	}
	return c.settle()
}

// flip tries each element at each value that it hardly ever has, with the
// continuous latents moved to suit, and stays where that raises the ELBO.
func (c *coordinates) flip(r *rand.Rand) error {
	values := 0
	for _, x := range c.g.sites {
		values += x.n * x.k
	}
	if float64(values)*float64(values)*c.g.work > flipWork {
		return nil
	}
	for _, x := range c.g.sites {
		for e := range x.n {
			for k := range x.k {
				if c.f.halted() {
					return nil
				}
				c.recall(r)
				if x.q[e*x.k+k] > 0.9 {
					continue
				}
				if err := c.flipped(r, x, e, k); err != nil {
					return err
				}
			}
		}
	}
	c.recall(r)
	if _, err := c.sweep(r, 1); err != nil {
		return err
	}
	return c.settle()
}

// flipped tries one element at one value.
func (c *coordinates) flipped(r *rand.Rand, x *guidedSite, e, k int) error {
	kept := *c.st
	st := kept
	st.loc, st.sd, st.phi = slices.Clone(kept.loc), slices.Clone(kept.sd), slices.Clone(kept.phi)
	c.st = &st
	phi := st.phi[x.at+e*x.k : x.at+(e+1)*x.k]
	for i := range phi {
		phi[i] = -6
	}
	phi[k] = 0
	c.recall(r)
	ok, err := c.ascend()
	if err != nil {
		return err
	}
	if ok {
		if err := c.settle(); err != nil {
			return err
		}
	}
	if !ok || !(st.value > kept.value+flipGain) {
		c.st = &kept
	}
	return nil
}

// recall makes the state of the start that of the sites.
func (c *coordinates) recall(r *rand.Rand) {
	for i, sd := range c.st.sd {
		c.logsd[i] = math.Log(sd)
	}
	for i, x := range c.g.sites {
		if len(c.st.allowed) > 0 {
			copy(x.allowed, c.st.allowed[i])
		}
		x.logits(c.st.phi[x.at : x.at+x.params()])
		for e := range x.n {
			x.deal(r, e, target.Lanes)
		}
	}
}

// prepare makes the objective of the continuous latents.
func (c *coordinates) prepare() error {
	f := c.f
	if c.g.t.D == 0 {
		return nil
	}
	ax := target.PointAxis()
	c.in = target.NewInputs(target.Lanes, ax)
	t := *c.g.t
	t.Options.Assigner = c.in
	c.sub = newFitter(f.ctx, &t, f.opt)
	c.sub.stop = f.stop
	if err := c.sub.useOver(&t, ax); err != nil {
		return err
	}
	c.o = newObjective(c.sub.surf, f.opt.Seed, target.Lanes, nil)
	return nil
}

// ascend moves the Gaussian; it returns false where the ELBO is not finite.
func (c *coordinates) ascend() (ok bool, err error) {
	if c.sub == nil {
		return true, nil
	}
	c.sub.surf.Fixed = map[*graph.Node][]float64{}
	for _, x := range c.g.sites {
		for n, w := range map[*graph.Node][]float64{c.in.AssignmentOf[x.i]: x.w, c.in.PriorOf[x.i]: x.pr} {
			if n != nil {
				c.sub.surf.Fixed[n] = append([]float64(nil), w...)
			}
		}
	}
	for k := 0; ; k++ {
		if err := c.o.eval(c.st.loc, c.logsd); err != nil {
			return false, err
		}
		if c.o.finite() {
			break
		}
		if k == 40 {
			return false, nil
		}
		for i := range c.logsd {
			c.logsd[i] -= math.Ln2
		}
	}
	a := c.sub.newAscent(c.o, c.st.loc, c.logsd)
	a.most = sweepStep
	if a, err = a.run(nil); err != nil {
		return false, err
	}
	copy(c.st.loc, a.loc)
	copy(c.logsd, a.logsd)
	for i, l := range c.logsd {
		c.st.sd[i] = math.Exp(l)
	}
	return true, nil
}

// sweep updates the probabilities of all elements, and draws their values anew;
// moved is the largest change of a probability. The logarithms of probabilities
// are multiplied by beta.
func (c *coordinates) sweep(r *rand.Rand, beta float64) (moved float64, err error) {
	c.place()
	for _, x := range c.g.sites {
		phi := c.st.phi[x.at : x.at+x.params()]
		for e := range x.n {
			t, err := c.conditional(x, e)
			if err != nil {
				return 0, err
			}
			top := math.Inf(-1)
			for _, v := range t {
				top = math.Max(top, v)
			}
			if graph.Finite(top) {
				before := append([]float64(nil), x.q[e*x.k:(e+1)*x.k]...)
				for k, v := range t {
					phi[e*x.k+k] = math.Max(beta*(v-top), -30)
				}
				softmax(phi[e*x.k:(e+1)*x.k], x.allowed[e*x.k:(e+1)*x.k], 1, x.q[e*x.k:(e+1)*x.k])
				for k, q := range x.q[e*x.k : (e+1)*x.k] {
					moved = math.Max(moved, math.Abs(q-before[k]))
				}
			}
			x.deal(r, e, target.Lanes)
		}
	}
	return moved, nil
}

// conditional is E log p with an element at each of its values.
func (c *coordinates) conditional(x *guidedSite, e int) ([]float64, error) {
	t := make([]float64, x.k)
	for k := range t {
		for p := range target.Lanes {
			x.put(p, e, k)
		}
		if err := c.g.eval(c.u); err != nil {
			return nil, err
		}
		c.f.spent += target.Lanes
		for _, l := range c.g.lp {
			t[k] += l / target.Lanes
		}
		if math.IsNaN(t[k]) {
			t[k] = math.Inf(-1)
		}
	}
	return t, nil
}

// place sets the particles.
func (c *coordinates) place() {
	if c.o == nil {
		return
	}
	for i := range c.u {
		c.u[i] = c.st.loc[i%c.o.D] + c.st.sd[i%c.o.D]*c.o.eps[i]
	}
}

// settle estimates the ELBO, and fills what goes with a start.
func (c *coordinates) settle() error {
	st := c.st
	c.place()
	if err := c.g.eval(c.u); err != nil {
		return err
	}
	st.value = 0.5 * float64(len(st.loc)) * (1 + math.Log(2*math.Pi))
	for _, l := range c.g.lp {
		st.value += l / target.Lanes
	}
	for _, l := range c.logsd {
		st.value += l
	}
	st.bounds, st.allowed = nil, nil
	for _, x := range c.g.sites {
		st.value += x.entropy(nil)
		st.bounds = append(st.bounds, [2][]float64{append([]float64(nil), x.from...), append([]float64(nil), x.to...)})
		st.allowed = append(st.allowed, append([]bool(nil), x.allowed...))
	}
	return nil
}

// put sets the value of an element at a particle.
func (x *guidedSite) put(p, e, k int) {
	at := (p*x.n + e) * x.k
	oneHot(x.w[at:at+x.k], k)
	oneHot(x.pr[at:at+x.k], k)
}

// deal draws values of an element for s particles, as often each as its
// probability says, up to rounding (systematic sampling), in random order.
func (x *guidedSite) deal(r *rand.Rand, e, s int) {
	q := x.q[e*x.k : (e+1)*x.k]
	order := r.Perm(s)
	u, k, below := r.Float64(), 0, q[0]
	for i, p := range order {
		for k < x.k-1 && (float64(i)+u)/float64(s) >= below {
			k++
			below += q[k]
		}
		x.put(p, e, k)
	}
}

// guidedStarts finds the best start for the stochastic optimiser; nil if there
// is none.
func (f *fitter) guidedStarts(g *guided) (*guidedStart, error) {
	const tries = 4
	var best *guidedStart
	var sweeping *coordinates
	for try := 0; try < tries && !f.halted(); try++ {
		var s *guidedStart
		var c *coordinates
		var err error
		if f.sweepable(g) {
			if c, err = f.coordinateStart(g, try); c != nil {
				s = c.st
			}
		} else {
			s, err = f.guidedStart(g, try)
		}
		if err != nil {
			return nil, err
		}
		if s != nil {
			f.tried = append(f.tried, s)
		}
		if s != nil && (best == nil || s.value > best.value) {
			best, sweeping = s, c
		}
	}
	if sweeping == nil {
		return best, nil
	}
	err := sweeping.flip(random.Stream(f.opt.Seed, "flips", 0))
	return sweeping.st, err
}

package inference

import (
	"math"
	"math/rand/v2"
	"slices"

	"ppl/graph/lower"
	"ppl/inference/target"
)

// Joint is the log density of the continuous latents and hard values of the
// discrete ones that have a guide, at S points at once: what a Markov chain over
// both moves on. Latents that were summed out are summed out of it. It is one
// goroutine's; Share makes another for the same density.
type Joint struct {
	S, D  int
	Sites []JointSite
	// Exact says that Given of a tabulated element is its conditional
	// distribution, and not just like it: nothing is summed out around it.
	Exact bool

	g     *guided
	work  float64
	full  *values // with derivatives
	plain *values // the value alone, where there are elements to be drawn by it; else nil
	read  bool    // whether the derivatives by the discrete latents have been read
}

// values are the inputs of a program that hold the discrete latents, by site; −1
// where it has no such input.
type values struct {
	p                     *target.Program
	weights, prior, drawn []int
}

func newValues(p *target.Program, g *guided) *values {
	v := &values{p: p}
	for _, x := range g.sites {
		w := p.Index(x.weights)
		v.weights, v.prior, v.drawn = append(v.weights, w), append(v.prior, p.Index(x.prior)), append(v.drawn, p.Index(x.drawn))
		if x.infinite && w >= 0 {
			in := p.At(w)
			for i := range in {
				in[i] = 1
			}
		}
	}
	return v
}

// set gives element e of a site a value at point p.
func (v *values) set(x *guidedSite, site, p, e, z int) {
	if x.infinite {
		if i := v.drawn[site]; i >= 0 {
			v.p.At(i)[p*x.n+e] = float64(z)
		}
		return
	}
	at := (p*x.n + e) * x.k
	for _, i := range [...]int{v.weights[site], v.prior[site]} {
		if i >= 0 {
			oneHot(v.p.At(i)[at:at+x.k], z)
		}
	}
}

// JointSite is a discrete latent of a Joint.
type JointSite struct {
	Index            int // in Target.Discrete
	Elements, Values int // infinitely many values have Values 0
	Low              float64
	// Tabulated says that Given has log densities: all factors of the latent are tables.
	Tabulated bool
}

// NewJoint compiles the joint density for s points.
func NewJoint(t *target.Target, s int) (*Joint, error) {
	g, err := hardened(t, s)
	if err != nil {
		return nil, err
	}
	j := &Joint{S: s, D: t.D, g: g, work: g.work + (target.InnerWork(g.b.G)+target.StepWork(g.b.G))/float64(s), Exact: true}
	for _, d := range t.Discrete {
		if d.Strategy == lower.Exact && d.Shape.Size() > 0 {
			j.Exact = false
		}
	}
	for _, x := range g.sites {
		k := x.k
		if x.infinite {
			k = 0
		}
		j.Sites = append(j.Sites, JointSite{Index: x.i, Elements: x.n, Values: k, Low: x.low, Tabulated: !x.whole && !x.infinite})
	}
	j.full = newValues(g.p, g)
	for _, s := range j.Sites {
		if !s.Tabulated && s.Values > 0 && j.plain == nil {
			p, err := t.Compile(g.b.G, g.value)
			if err != nil {
				return nil, err
			}
			j.plain = newValues(p, g)
		}
	}
	return j, nil
}

// Share is the same density with memory of its own.
func (j *Joint) Share() (*Joint, error) {
	c, g := *j, *j.g
	var err error
	if g.p, err = j.g.p.Another(); err != nil {
		return nil, err
	}
	g.sites = nil
	for _, x := range j.g.sites {
		y := *x
		y.dw, y.dp = make([]float64, len(x.w)), make([]float64, len(x.w))
		g.sites = append(g.sites, &y)
	}
	c.g, c.full = &g, newValues(g.p, &g)
	if j.plain != nil {
		p, err := j.plain.p.Another()
		if err != nil {
			return nil, err
		}
		c.plain = newValues(p, &g)
	}
	return &c, nil
}

// Work is the number of elements that an evaluation at one point works through.
func (j *Joint) Work() float64 { return j.work }

// Set gives element e of a site a value at point p: its index, or of infinitely
// many the value itself.
func (j *Joint) Set(p, site, e, z int) {
	x := j.g.sites[site]
	j.full.set(x, site, p, e, z)
	if j.plain != nil {
		j.plain.set(x, site, p, e, z)
	}
}

// Eval evaluates at points u (S×D) and the values set, with derivatives or
// without. What the other methods give is valid until the next call.
func (j *Joint) Eval(u []float64, derivatives bool) error {
	v := j.full
	if !derivatives && j.plain != nil {
		v = j.plain
	}
	if j.g.u != nil {
		v.p.Set(j.g.u, u)
	}
	if err := v.p.Run(); err != nil {
		return err
	}
	j.g.lp, j.read = v.p.Out(0), false
	if v == j.full && j.g.u != nil {
		j.g.du = v.p.Out(1)
	}
	return nil
}

// LogDensity is that of point p.
func (j *Joint) LogDensity(p int) float64 { return j.g.lp[p] }

// Gradient is that by the continuous latents, at point p.
func (j *Joint) Gradient(p int) []float64 { return j.g.du[p*j.D : (p+1)*j.D] }

// Given fills out with what the density has to say of each element of a site at
// point p, given all else there: the log density of each of its values, up to a
// constant, or of infinitely many the sum of the factors that mention the
// element, at its value.
func (j *Joint) Given(p, site int, out []float64) {
	if !j.read { // which takes time that not all evaluations need to spend
		j.g.read()
		j.read = true
	}
	x := j.g.sites[site]
	n := x.n * x.k
	for i := range n {
		out[i] = x.dw[p*n+i] + x.dp[p*n+i]
		if math.IsNaN(out[i]) {
			out[i] = math.Inf(-1)
		}
	}
}

// outset is where chains may start: a Gaussian, and the guides of the discrete
// latents, in the order of Target.Discrete; or draws of a proposal.
type outset struct {
	loc, sd []float64
	guides  []*target.SiteGuide
	draws   *Weighted
	stretch float64   // of the draws about loc
	centre  []float64 // where loc is moved to; nil: nowhere
}

// outset is that of a start of the optimiser.
func (g *guided) outset(st *guidedStart) outset {
	o := outset{loc: st.loc, sd: st.sd, guides: make([]*target.SiteGuide, len(g.t.Discrete))}
	for i, x := range g.sites {
		copy(x.from, st.bounds[i][0])
		copy(x.to, st.bounds[i][1])
		copy(x.allowed, st.allowed[i])
		phi := st.phi[x.at : x.at+x.params()]
		x.logits(phi)
		o.guides[x.i] = x.summary(phi)
	}
	return o
}

// relevant is by how many nats the objective at a starting point may be below the
// best one's for chains to start from it: below, its mass is nothing.
const relevant = 20

// outsets are those of a fitted guide and of the starting points that are not
// far below it.
func (f *fitter) outsets(g *guided, fit *Answer) []outset {
	sd := make([]float64, len(fit.LogSD))
	for i, l := range fit.LogSD {
		sd[i] = math.Exp(l)
	}
	out := []outset{{loc: fit.Loc, sd: sd, guides: fit.Guides}}
	top := math.Inf(-1)
	for _, st := range f.tried {
		top = math.Max(top, st.value)
	}
	for _, st := range f.tried {
		if st.value > top-relevant {
			out = append(out, g.outset(st))
		}
	}
	return out
}

// Disperse draws a point to start a chain from, wider spread than the guide:
// from the k-th of the places that the fit came by, in turn, with the sds times
// wide, and a share of the discrete values at random. Values of element e of
// discrete latent i are z[i][e], as for Joint.Set.
func (fit *Answer) Disperse(r *rand.Rand, k int, wide float64) (u []float64, z [][]int) {
	o := fit.outsets[k%len(fit.outsets)]
	if o.draws != nil {
		i := r.IntN(o.draws.N())
		u = slices.Clone(o.draws.U[i*o.draws.D : (i+1)*o.draws.D])
		for k := range u {
			at := o.loc[k]
			if o.centre != nil {
				at = o.centre[k]
			}
			u[k] = at + o.stretch*min(1, wide/2)*(u[k]-o.loc[k])
		}
		return u, nil
	}
	u = make([]float64, len(o.loc))
	for i := range u {
		u[i] = o.loc[i] + wide*o.sd[i]*r.NormFloat64()
	}
	z = make([][]int, len(o.guides))
	for i, g := range o.guides {
		if g == nil {
			continue
		}
		n := fit.Target.Discrete[i].Shape.Size()
		values := len(g.P) / n
		z[i] = make([]int, n)
		for e := range n {
			p := g.P[e*values : (e+1)*values]
			v := pick(r, p)
			if r.Float64() < 0.1*min(wide, 1) {
				for try := 0; try < 10; try++ { // one of those that can be
					if w := r.IntN(values); p[w] > 0 {
						v = w
						break
					}
				}
			}
			if len(g.Values) > 0 {
				v = int(g.Values[v])
			}
			z[i][e] = v
		}
	}
	return u, z
}

// Doubtful reports whether the answer of a fit of continuous latents has not been checked by importance weights that
// are steady: where these are unsteady or few, where there are none (of many latents, or without linear response), where
// several modes were found or the optimiser came to no end. Markov chains may do better.
func (fit *Answer) Doubtful() bool {
	switch {
	case fit.stalled:
		return true
	case !fit.chained:
		return false
	case fit.Applied == Tempered:
		return true
	case len(fit.outsets) == 0:
		return false
	case fit.Applied != Importance || !fit.Converged || len(fit.Flat) > 0 || len(fit.Modes) > 1:
		return true
	}
	w, steady := fit.Draws, SteadyKHat
	if w.D > mostTempered { // no look from the prior has seen that nothing is missing
		steady = safeKHat
	}
	return w.KHat > steady || w.Spread.KHat > UsableKHat || w.ESS < FewESS
}

// Proposes reports whether the draws of a fit are near enough to the posterior, and the latents few enough, for a metric
// of chains with covariances.
func (fit *Answer) Proposes() bool {
	return fit.Target.D <= chainedAtOnce && (fit.Applied == Tempered || fit.Applied == Importance)
}

// Limits of importance weights: the k̂ up to which they are as good as their draws, that
// up to which they are of use (Vehtari et al. 2024), and the number of effective draws
// that is too few.
const (
	SteadyKHat = 0.5
	UsableKHat = 0.7
	FewESS     = 400
)

// chainedAtOnce is the number of latents up to which chains are left what weights do not carry at once; for more, which take
// chains longer, proposals are adapted first.
const chainedAtOnce = 50

// dearest is how many numbers an evaluation may work through for chains to be tried: with more, a few steps of each
// transition of the shortest run are more than is allowed.
const dearest = 1e6

// chained reports whether a fit would be left to chains where it is doubtful.
func (f *fitter) chained(fit *Answer) bool {
	return f.opt.Correct == Corrections[0] && !f.opt.Quick && !fit.Point && f.surf.Work() <= dearest
}

// spread makes the draws of a fit of continuous latents where chains may start: those that
// weights were tried on are wider than the posterior already, others are stretched. Where there are several modes, chains
// start around each.
func (fit *Answer) spread() {
	fit.outsets = nil
	switch {
	case fit.Applied == Tempered:
		fit.outsets = []outset{{loc: fit.Loc, draws: fit.Draws, stretch: 1}}
		return
	case fit.Draws.N() == 0:
		return
	}
	o := outset{loc: fit.Loc, draws: fit.Draws, stretch: 1}
	if fit.Applied != Importance {
		o.stretch = 1.5
	}
	fit.outsets = []outset{o}
	for _, m := range fit.Modes[min(1, len(fit.Modes)):] {
		moved := o
		moved.centre = m.Loc
		fit.outsets = append(fit.outsets, moved)
	}
}

// Proposal are the draws of which chains start, equally weighted; nil where they start
// from a guide.
func (fit *Answer) Proposal() *Weighted {
	if len(fit.outsets) == 0 {
		return nil
	}
	return fit.outsets[0].draws
}

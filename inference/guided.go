package inference

import (
	"fmt"
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/graph/kernel/vec"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/inference/target"
)

// guided is the objective of a model some of whose discrete latents are not
// summed out but have a guide: independent distributions, one for each element,
// beside the mean-field Gaussian of the continuous latents,
//
//	E_q(u) E_q(z) log p(u, z, data) + H[q(u)] + Σ H[q(z_i)].
//
// The gradient by the parameters of q(z) is, by the strategy of the latent,
// that of the expectation in closed form, of the Gumbel-softmax sample, or the
// score-function estimator (see lower.Assigner). All of them follow from the
// derivatives of the log density by the assignments, which one program gives.
type guided struct {
	t     *target.Target
	s     int // particles
	p     *target.Program
	b     *named.Builder
	value *graph.Node // the log density
	u     *graph.Node
	sites []*guidedSite
	work  float64 // elements that an evaluation works through at each particle

	lp, du []float64
}

// guidedSite is a discrete latent with a guide.
type guidedSite struct {
	i        int // in Target.Discrete
	n, k     int // elements, values; k = 1 stands for infinitely many
	how      string
	infinite bool
	whole    bool // sampled, though lowered as a relaxed latent is
	low      float64

	weights, prior, drawn *graph.Node // batched inputs
	w, pr, z              []float64   // what they hold
	dw, dp                []float64   // derivatives, of the last evaluation; zeros where there is no such input

	// allowed marks the values that have probability at all (n×k); of infinitely
	// many, those between from and to.
	allowed  []bool
	from, to []float64

	at    int       // of its parameters in the vector
	q     []float64 // probabilities (n×k) at the present parameters
	lq    []float64 // their logarithms
	sum   []float64 // derivatives, added up over the particles (n×k)
	gum   []float64 // relaxed samples before any hardening (S×n×k)
	score []float64 // ∇ log q at the draws, for infinitely many (S×n×2)
	logq  []float64 // log q at the draws (S×n)
}

// params is the number of guide parameters: logits, or a mean and a log sd.
func (g *guidedSite) params() int {
	if g.infinite {
		return 2 * g.n
	}
	return g.n * g.k
}

// newGuided compiles the log density of a target, at s particles with their
// assignments, and its derivatives.
func newGuided(t *target.Target, s int) (*guided, error) {
	g, err := lowerGuided(t, s)
	if err != nil {
		return nil, err
	}
	return g, g.compile()
}

// lowerGuided is newGuided without the program.
func lowerGuided(t *target.Target, s int) (*guided, error) {
	b := t.Builder()
	ax, at, u := t.Points(b, s)
	g := &guided{t: t, s: s, b: b, u: at}
	in := target.NewInputs(s, ax)
	opt := t.Options
	opt.Assigner = in
	l, err := t.LowerWith(b, u, opt)
	if err != nil {
		return nil, err
	}
	for i, d := range t.Discrete {
		n := d.Shape.Size()
		if d.Strategy == lower.Exact || n == 0 {
			continue
		}
		x := &guidedSite{i: i, n: n, k: max(1, len(d.Values)), how: d.Strategy, infinite: d.Infinite, low: d.Low,
			whole:   d.Strategy == lower.Score && t.Options.Strategies[d.Symbol.Name] == lower.Relax,
			weights: in.AssignmentOf[i], prior: in.PriorOf[i], drawn: in.DrawnOf[i]}
		if x.infinite {
			x.k = 1
		}
		x.w, x.dw = make([]float64, s*n*x.k), make([]float64, s*n*x.k)
		x.pr, x.dp = make([]float64, s*n*x.k), make([]float64, s*n*x.k)
		x.z = make([]float64, s*n)
		x.q, x.gum = make([]float64, n*x.k), make([]float64, s*n*x.k)
		x.lq, x.sum = make([]float64, n*x.k), make([]float64, n*x.k)
		x.score, x.logq = make([]float64, 2*s*n), make([]float64, s*n)
		x.allowed = make([]bool, n*x.k)
		for k := range x.allowed {
			x.allowed[k] = true
		}
		x.from, x.to = make([]float64, n), make([]float64, n)
		for k := range x.from {
			x.from[k], x.to[k] = x.low, math.Inf(1)
		}
		g.sites = append(g.sites, x)
	}
	g.value = b.With(l.LogDensity(), ax).N
	g.count()
	return g, nil
}

// count counts the work of the graph as it is.
func (g *guided) count() {
	g.work = 0
	for _, n := range g.b.G.Nodes() {
		g.work += float64(n.Shape.Size()) / float64(g.s)
	}
}

// compile adds the derivatives, and makes the program.
func (g *guided) compile() (err error) {
	outs, _ := g.differentiate()
	g.p, err = g.t.Compile(g.b.G, outs...)
	return err
}

// differentiate adds the derivatives to the graph, and gives all outputs with their names.
func (g *guided) differentiate() (outs []*graph.Node, names []string) {
	var wrt []*graph.Node
	names = []string{"log density"}
	if g.u != nil {
		wrt, names = append(wrt, g.u), append(names, fmt.Sprintf("gradient by the %d unconstrained numbers", g.t.D))
	}
	for _, x := range g.sites {
		for _, w := range []*graph.Node{x.weights, x.prior} {
			if w != nil {
				wrt, names = append(wrt, w), append(names, "gradient by "+w.Name)
			}
		}
	}
	outs = append([]*graph.Node{g.value}, target.Derivatives(g.b, g.value, g.s, wrt...)...)
	g.count()
	return outs, names
}

// ListingOf is what a fit of a target evaluates, at as many points as it does at once: the log density, with the
// assignments of discrete latents that have a guide, and its derivatives.
func ListingOf(t *target.Target) (*target.Listing, error) {
	if !t.Guided() {
		return t.Listing()
	}
	g, err := lowerGuided(t, target.Lanes)
	if err != nil {
		return nil, err
	}
	outs, names := g.differentiate()
	return t.List(g.b.G, outs, names), nil
}

// place sets the inputs: points u (S×D) and the sites' assignments.
func (g *guided) place(u []float64) {
	if g.u != nil {
		g.p.Set(g.u, u)
	}
	for _, x := range g.sites {
		if x.weights != nil {
			g.p.Set(x.weights, x.w)
		}
		if x.prior != nil {
			g.p.Set(x.prior, x.pr)
		}
		if x.drawn != nil {
			g.p.Set(x.drawn, x.z)
		}
	}
}

// eval runs at points u (S×D) with the sites' assignments.
func (g *guided) eval(u []float64) error {
	g.place(u)
	if err := g.p.Run(); err != nil {
		return err
	}
	g.read()
	return nil
}

// read takes the outputs of the last evaluation.
func (g *guided) read() {
	g.lp = g.p.Out(0)
	k := 1
	if g.u != nil {
		g.du = g.p.Out(k)
		k++
	}
	for _, x := range g.sites {
		if x.weights != nil {
			x.dw = g.p.Out(k)
			k++
		}
		if x.prior != nil {
			x.dp = g.p.Out(k)
			k++
		}
	}
}

// logits sets the probabilities from parameters.
func (x *guidedSite) logits(phi []float64) {
	if x.infinite {
		return
	}
	for e := 0; e < x.n; e++ {
		softmax(phi[e*x.k:(e+1)*x.k], x.allowed[e*x.k:(e+1)*x.k], 1, x.q[e*x.k:(e+1)*x.k])
	}
	vec.Map(vec.Log, x.lq, x.q)
}

// softmax of a/τ over the allowed values.
func softmax(a []float64, allowed []bool, tau float64, p []float64) {
	top := math.Inf(-1)
	for k, v := range a {
		if allowed[k] {
			top = math.Max(top, v)
		}
	}
	sum := 0.0
	for k, v := range a {
		p[k] = 0
		if allowed[k] {
			p[k] = math.Exp((v - top) / tau)
			sum += p[k]
		}
	}
	for k := range p {
		p[k] /= sum
	}
}

// entropy of the guide's categorical distributions, and its gradient by the
// logits, added to grad: −q_k (log q_k + H).
func (x *guidedSite) entropy(grad []float64) float64 {
	total := 0.0
	if x.infinite {
		return 0
	}
	for e := 0; e < x.n; e++ {
		q := x.q[e*x.k : (e+1)*x.k]
		h := 0.0
		for _, p := range q {
			if p > 0 {
				h -= p * math.Log(p)
			}
		}
		total += h
		for k, p := range q {
			if p > 0 && grad != nil {
				grad[e*x.k+k] -= p * (math.Log(p) + h)
			}
		}
	}
	return total
}

// assign fills the assignments of one evaluation from noise; hard asks for
// draws whatever the strategy.
func (x *guidedSite) assign(r *rand.Rand, s int, phi []float64, tau float64, straight, hard bool) {
	switch {
	case x.infinite:
		x.drawNormal(r, s, phi)
	case x.how == lower.Expect && !hard:
		for p := 0; p < s; p++ {
			copy(x.w[p*x.n*x.k:], x.q)
		}
	case x.how == lower.Relax && !hard:
		for p := 0; p < s; p++ {
			copy(x.pr[p*x.n*x.k:], x.q)
		}
		x.relax(r, s, phi, tau)
		copy(x.w, x.gum)
		for at := 0; straight && at < len(x.w); at += x.k {
			oneHot(x.w[at:at+x.k], target.MostProbable(x.gum[at:at+x.k]))
		}
	default:
		for p := 0; p < s; p++ {
			for e := 0; e < x.n; e++ {
				at := (p*x.n + e) * x.k
				k := pick(r, x.q[e*x.k:(e+1)*x.k])
				oneHot(x.w[at:at+x.k], k)
				x.z[p*x.n+e] = float64(k)
				x.logq[p*x.n+e] = x.lq[e*x.k+k]
			}
		}
		copy(x.pr, x.w)
	}
}

// relax fills gum with Gumbel-softmax samples, softmax((φ + G)/τ), where G is
// minus the logarithm of a standard exponential.
func (x *guidedSite) relax(r *rand.Rand, s int, phi []float64, tau float64) {
	for i := range x.gum[:s*x.n*x.k] {
		x.gum[i] = r.ExpFloat64()
	}
	vec.Map(vec.Log, x.gum, x.gum)
	each := func(f func(row []float64, allowed []bool, phi []float64)) {
		for p := 0; p < s; p++ {
			for e := 0; e < x.n; e++ {
				at := (p*x.n + e) * x.k
				f(x.gum[at:at+x.k], x.allowed[e*x.k:(e+1)*x.k], phi[e*x.k:(e+1)*x.k])
			}
		}
	}
	each(func(row []float64, allowed []bool, phi []float64) {
		top := math.Inf(-1)
		for k := range row {
			row[k] = (phi[k] - row[k]) / tau
			if !allowed[k] {
				row[k] = math.Inf(-1)
			}
			if row[k] > top {
				top = row[k]
			}
		}
		for k := range row {
			row[k] -= top
		}
	})
	vec.Map(vec.Exp, x.gum, x.gum)
	each(func(row []float64, _ []bool, _ []float64) {
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		for k := range row {
			row[k] /= sum
		}
	})
}

func oneHot(w []float64, k int) {
	clear(w)
	w[k] = 1
}

// pick draws from probabilities.
func pick(r *rand.Rand, p []float64) int {
	u, last := r.Float64(), 0
	for k, q := range p {
		if q > 0 {
			last = k
		}
		if u < q {
			return k
		}
		u -= q
	}
	return last
}

// drawNormal draws from the guide over infinitely many values: a normal
// distribution rounded to integers within the bounds. It also fills log q and
// its gradient by mean and log sd.
func (x *guidedSite) drawNormal(r *rand.Rand, s int, phi []float64) {
	for i := range x.w {
		x.w[i] = 1
	}
	for e := 0; e < x.n; e++ {
		mean, sd := phi[2*e], math.Exp(phi[2*e+1])
		lo, hi := (x.from[e]-0.5-mean)/sd, (x.to[e]+0.5-mean)/sd
		pl, ph := phi0(lo), phi0(hi)
		z0 := ph - pl
		for p := 0; p < s; p++ {
			// By rejection; by inversion where little of the normal is inside.
			var v float64
			for try := 0; ; try++ {
				if v = math.Round(mean + sd*r.NormFloat64()); v >= x.from[e] && v <= x.to[e] {
					break
				}
				if try > 100 {
					v = math.Min(math.Max(math.Round(mean), x.from[e]), x.to[e])
					break
				}
			}
			i := p*x.n + e
			x.z[i] = v
			a, b := (v-0.5-mean)/sd, (v+0.5-mean)/sd
			mass := math.Max(phi0(b)-phi0(a), 1e-300)
			norm := math.Max(z0, 1e-300)
			x.logq[i] = math.Log(mass) - math.Log(norm)
			x.score[2*i] = -(dens(b)-dens(a))/(sd*mass) + (dens(hi)-dens(lo))/(sd*norm)
			x.score[2*i+1] = -(times(b)-times(a))/mass + (times(hi)-times(lo))/norm
		}
	}
}

// phi0 is the standard normal distribution function, dens its density, times x
// times it.
func phi0(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
func dens(x float64) float64 { return math.Exp(-0.5*x*x) / math.Sqrt(2*math.Pi) }
func times(x float64) float64 {
	if math.IsInf(x, 0) {
		return 0
	}
	return x * dens(x)
}

// gradient adds the estimate of the gradient by the parameters to out, from the
// derivatives and the log densities lp of the last evaluation.
func (x *guidedSite) gradient(s int, tau float64, lp, out []float64) {
	w := 1 / float64(s)
	switch {
	case x.infinite:
		x.scoreInfinite(s, out)
	case x.whole:
		x.scoreWhole(s, lp, out)
	case x.how != lower.Relax:
		// d/dφ of Σ_k q_k T_k: q_k (T_k − Σ q T). Under draws, T is that given the
		// other elements' draws: the score-function estimator with the element's
		// own draw summed over, which has the same mean and less variance (Titsias &
		// Lázaro-Gredilla 2015, "Local expectation gradients").
		x.throughAll(x.dw, w, out)
	default:
		for p := 0; p < s; p++ {
			for e := 0; e < x.n; e++ {
				at := (p*x.n + e) * x.k
				x.through(x.gum[at:at+x.k], x.dw[at:at+x.k], w/tau, out[e*x.k:(e+1)*x.k])
			}
		}
		x.throughAll(x.dp, w, out)
	}
}

// throughAll adds c times the derivatives d at all particles through the
// probabilities, which are the same for all.
func (x *guidedSite) throughAll(d []float64, c float64, out []float64) {
	clear(x.sum)
	for at := 0; at < len(d); at += len(x.sum) {
		axpy(1, d[at:at+len(x.sum)], x.sum)
	}
	for e := 0; e < x.n; e++ {
		x.through(x.q[e*x.k:(e+1)*x.k], x.sum[e*x.k:(e+1)*x.k], c, out[e*x.k:(e+1)*x.k])
	}
}

// through adds c times the derivative through a softmax with value p.
func (x *guidedSite) through(p, d []float64, c float64, out []float64) {
	mean := 0.0
	for k, v := range p {
		if v > 0 {
			mean += v * d[k]
		}
	}
	for k, v := range p {
		if v > 0 {
			out[k] += c * v * (d[k] - mean)
		}
	}
}

// scoreWhole is the score-function estimator with the whole log density, less
// its mean over the other particles.
func (x *guidedSite) scoreWhole(s int, lp, out []float64) {
	sum := 0.0
	for _, l := range lp {
		sum += l
	}
	for p, l := range lp {
		a := (l - (sum-l)/float64(s-1)) / float64(s)
		for e := 0; e < x.n; e++ {
			z := int(x.z[p*x.n+e])
			for k, q := range x.q[e*x.k : (e+1)*x.k] {
				d := -q
				if k == z {
					d++
				}
				out[e*x.k+k] += a * d
			}
		}
	}
}

// scoreInfinite is the score-function estimator: for each element the factors
// that mention it, at the draw, less their mean over the other particles, times
// ∇ log q (Kool, van Hoof & Welling 2019; Ranganath, Gerrish & Blei 2014).
func (x *guidedSite) scoreInfinite(s int, out []float64) {
	for e := 0; e < x.n; e++ {
		sum := 0.0
		local := func(p int) float64 { i := p*x.n + e; return x.dw[i] - x.logq[i] }
		for p := 0; p < s; p++ {
			sum += local(p)
		}
		for p := 0; p < s; p++ {
			f := local(p)
			a := (f - (sum-f)/float64(s-1)) / float64(s)
			i := p*x.n + e
			out[2*e] += a * x.score[2*i]
			out[2*e+1] += a * x.score[2*i+1]
		}
	}
}

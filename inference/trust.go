package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/arrow"
	"ppl/inference/target"
)

// ascent maximises the fixed-noise ELBO by a trust-region Newton method: each
// step solves the quadratic model by conjugate gradients on Hessian-vector
// products inside a ball (Steihaug 1983; Nocedal & Wright, alg. 7.2), which
// needs no definite Hessian. The ball and the preconditioner are those of
//
//	M = [ −∇² log p(loc), made positive definite ; 2I for the log sds ],
//
// so that the radius is in posterior sds and the units of the coordinates do
// not matter.
type ascent struct {
	f     *fitter
	o     *objective
	m     *arrow.Cholesky
	scale []float64 // M's coordinates are divided by these
	// near is the linear response at a nearby optimum, under other noise: its
	// Hessian is M then.
	near *response
	// most bounds the steps, and budget the products, if it is not 0.
	most, budget int

	loc, logsd []float64
	value      float64
	gl, gs     []float64
	radius     float64

	decrement float64 // ½ gᵀp of the last Newton step that was not cut
	steps     int
	products  int
	converged bool
	why       string
}

const (
	ascentSteps  = 150
	ascentRadius = 1e6
	// decrementTol is the Newton decrement, in nats, of a converged fit.
	decrementTol = 1e-6
	// refinedTol is that of a fit that moves on to more particles: a hundredth of
	// an sd, where their noise is several.
	refinedTol = 1e-4
	// logStride bounds the change of a log sd in a step.
	logStride = 1.5
)

// ascend runs from (loc, logsd), where the objective must be finite. near, if
// not nil, is asked after each step and ends the run early by returning true.
func (f *fitter) ascend(o *objective, loc, logsd []float64, near func(loc []float64) bool) (*ascent, error) {
	return f.newAscent(o, loc, logsd).run(near)
}

// refine moves a converged guide to the optimum under other noise. The linear
// response there, which is at hand, is so near to the Hessian that a few
// products do.
func (f *fitter) refine(o *objective, from *ascent, r *response) (*ascent, error) {
	a := f.newAscent(o, from.loc, from.logsd)
	a.near = r
	return a.run(nil)
}

func (f *fitter) newAscent(o *objective, loc, logsd []float64) *ascent {
	d, most := f.t.D, ascentSteps
	if f.learning {
		most = learnedSteps
	}
	return &ascent{f: f, o: o, most: most, budget: f.budget, loc: append([]float64(nil), loc...), logsd: append([]float64(nil), logsd...),
		gl: make([]float64, d), gs: make([]float64, d), radius: 10 * math.Sqrt(2*float64(d))}
}

// fewUlps is the sd of a coordinate, relative to its location, at which its draws are a few numbers next to one another.
const fewUlps = 0x1p-50

// rounded reports whether the draws of some coordinate, or of a latent that is held relative to its prior, are rounded to
// where the guide's centre is. The density of a hierarchy as written rises without bound where its scale vanishes, and the
// entropy of the guide falls as fast, so that the ELBO stays below the evidence; but the density of rounded draws knows
// nothing of their spread, and the ELBO rises with the density.
func (a *ascent) rounded() (bool, error) {
	if a.narrow() {
		return true, nil
	}
	t := a.f.t
	relative := t.RelativeSlots()
	if len(relative) == 0 {
		return false, nil
	}
	location, logScale, err := t.Frames(a.loc)
	if err != nil {
		return false, err
	}
	for _, i := range relative {
		for k, m := range location[i] {
			lambda := t.Lambda(i, k)
			if sd := math.Exp(a.logsd[t.Slots[i].Offset+k] + (1-lambda)*logScale[i][k]); lambda > 0 && sd < fewUlps*math.Abs(m) {
				return true, nil
			}
		}
	}
	return false, nil
}

// narrow reports whether some coordinate is rounded.
func (a *ascent) narrow() bool {
	for i, x := range a.loc {
		if math.Exp(a.logsd[i]) < fewUlps*math.Abs(x) {
			return true
		}
	}
	return false
}

func (a *ascent) run(near func(loc []float64) bool) (*ascent, error) {
	f, o, d := a.f, a.o, len(a.loc)
	if err := a.o.eval(a.loc, a.logsd); err != nil {
		return nil, err
	}
	a.accept()
	if !o.finite() {
		a.why = "the ELBO is not finite at the start"
		return a, nil
	}
	if err := a.precondition(); err != nil {
		return nil, err
	}
	small := 0
	for a.steps < a.most {
		if f.halted() {
			a.why = f.why
			return a, nil
		}
		if a.budget > 0 && a.products > a.budget {
			a.why = "took much longer than the first run"
			return a, nil
		}
		if near != nil && near(a.loc) {
			a.why = "came near a known optimum"
			return a, nil
		}
		if a.narrow() {
			a.why = "the guide has become narrower than the numbers around its centre can tell apart"
			return a, nil
		}
		p, err := a.cg()
		if err != nil {
			return nil, err
		}
		if !p.cut && p.decrement < a.tol() {
			a.decrement, a.converged, a.why = p.decrement, true, "converged"
			return a, nil
		}
		a.decrement = p.decrement
		gain, err := a.try(p)
		if err != nil {
			return nil, err
		}
		a.steps++
		f.tell(a.value, p.decrement)
		if a.radius < 1e-9 {
			// The quadratic model promises gains that rounding swallows.
			a.converged = p.decrement < 1e-3
			a.why = "no step raises the ELBO"
			return a, nil
		}
		if gain < 1e-10*math.Max(1, math.Abs(a.value)) {
			if small++; small > 8 {
				a.converged = a.decrement < 1e-3
				a.why = "the ELBO no longer rises"
				return a, nil
			}
		} else {
			small = 0
		}
		if a.f.wide(a.logsd) {
			a.why = "a standard deviation of the guide grows without bound"
			return a, nil
		}
		if a.steps%5 == 0 || p.iterations > 10 || d <= target.Lanes {
			if err := a.precondition(); err != nil {
				return nil, err
			}
		}
	}
	a.why = "the limit of Newton steps was reached"
	return a, nil
}

func (a *ascent) tol() float64 {
	switch {
	case a.near != nil:
		return refinedTol
	case a.f.learning:
		return learnedTol
	}
	return decrementTol
}

// accept takes over the objective's last evaluation.
func (a *ascent) accept() {
	copy(a.loc, a.o.loc)
	copy(a.logsd, a.o.logsd)
	a.value = a.o.value
	copy(a.gl, a.o.gloc)
	copy(a.gs, a.o.glogsd)
}

// precondition factorises M at the present location.
func (a *ascent) precondition() error {
	if a.near != nil {
		return nil
	}
	if a.f.pattern == nil {
		a.plain()
		return nil
	}
	h, _, err := a.f.hessianInTime(a.f.pattern, a.loc)
	if isStopped(err) { // which the loop hears next
		if a.m == nil {
			a.plain()
		}
		return nil
	}
	if err != nil {
		return err
	}
	if m, scale := definite(h); m != nil {
		a.m, a.scale = m, scale
	} else if a.m == nil {
		a.plain()
	}
	return nil
}

// plain makes M of the guide's own sds.
func (a *ascent) plain() {
	d := a.f.t.D
	a.scale = make([]float64, d)
	ones := make([]float64, d)
	for i, l := range a.logsd {
		a.scale[i] = math.Exp(l)
		ones[i] = 1
	}
	a.m, _ = arrow.New(unrelated(d)).Scaled(ones, ones).Factor()
}

// definite factorises h (a negated Hessian), scaled by its diagonal and shifted
// as little as it needs to be positive definite; nil if h is not finite.
func definite(h *arrow.Matrix) (*arrow.Cholesky, []float64) {
	if !h.Finite() {
		return nil, nil
	}
	n := h.Size()
	scale := unitDiagonal(h)
	shift := make([]float64, n)
	for mu := 0.0; mu < 1e8; mu = math.Max(1e-6, mu*10) {
		for i := range shift {
			shift[i] = mu
		}
		if c, ok := h.Scaled(scale, shift).Factor(); ok {
			return c, scale
		}
	}
	return nil, nil
}

// unitDiagonal are the factors that make the diagonal of h plus or minus one.
func unitDiagonal(h *arrow.Matrix) []float64 {
	d := make([]float64, h.Size())
	h.Diagonal(d)
	largest := 0.0
	for _, x := range d {
		largest = math.Max(largest, math.Abs(x))
	}
	for i, x := range d {
		d[i] = 1
		if x = math.Abs(x); x > 1e-14*largest && x > 0 {
			d[i] = 1 / math.Sqrt(x)
		}
	}
	return d
}

// step is a solution of the trust-region subproblem.
type step struct {
	l, s       []float64
	linear     float64 // gᵀp
	quadratic  float64 // pᵀ(−H)p
	decrement  float64 // ½ gᵀp
	cut        bool    // by the radius, negative curvature or the iteration limit
	norm       float64 // in M
	iterations int
}

// solve applies M⁻¹.
func (a *ascent) solve(rl, rs, zl, zs []float64) {
	if a.near != nil {
		a.near.solve(rl, rs, zl, zs)
		return
	}
	b := make([]float64, len(rl))
	for i, r := range rl {
		b[i] = r * a.scale[i]
	}
	a.m.Solve(b, zl)
	for i := range zl {
		zl[i] *= a.scale[i]
		zs[i] = 0.5 * rs[i]
	}
	a.o.hold(zl)
}

func dot(a, b []float64) float64 {
	t := 0.0
	for i, x := range a {
		t += x * b[i]
	}
	return t
}

func axpy(c float64, x, y []float64) {
	for i, v := range x {
		y[i] += c * v
	}
}

// cg is Steihaug's method. The norm of p in M is followed by recurrences, as
// M itself is only known by its inverse.
func (a *ascent) cg() (*step, error) {
	d := len(a.loc)
	vec := func() []float64 { return make([]float64, d) }
	p := &step{l: vec(), s: vec()}
	rl, rs := append([]float64(nil), a.gl...), append([]float64(nil), a.gs...)
	zl, zs := vec(), vec()
	a.solve(rl, rs, zl, zs)
	dl, ds := append([]float64(nil), zl...), append([]float64(nil), zs...)
	bl, bs := vec(), vec()
	rz := dot(rl, zl) + dot(rs, zs)
	first := rz
	pp, pd, dd := 0.0, 0.0, rz                        // norms in M: pᵀMp, pᵀMd, dᵀMd
	tol := math.Min(0.01, math.Sqrt(math.Max(rz, 0))) // of the squared norm
	most := min(4*d+10, 250)
	for p.iterations = 0; p.iterations < most; p.iterations++ {
		if !(rz > 0) || rz <= tol*first*1e-2 || rz < 1e-14 || a.near != nil && rz < 0.2*refinedTol {
			break
		}
		if a.f.halted() {
			p.cut = true
			break
		}
		a.products++
		if err := a.o.product(dl, ds, bl, bs); err != nil {
			return nil, err
		}
		kappa := -(dot(dl, bl) + dot(ds, bs))
		alpha := rz / kappa
		next := pp + 2*alpha*pd + alpha*alpha*dd
		if !(kappa > 0) || !(next < a.radius*a.radius) {
			// To the boundary along d.
			disc := pd*pd + dd*(a.radius*a.radius-pp)
			tau := (-pd + math.Sqrt(math.Max(disc, 0))) / dd
			if !graph.Finite(tau) {
				tau = 0
			}
			p.move(tau, dl, ds)
			axpy(tau, bl, rl)
			axpy(tau, bs, rs)
			pp, p.cut = a.radius*a.radius, true
			break
		}
		p.move(alpha, dl, ds)
		axpy(alpha, bl, rl)
		axpy(alpha, bs, rs)
		a.solve(rl, rs, zl, zs)
		old := rz
		rz = dot(rl, zl) + dot(rs, zs)
		beta := rz / old
		for i := range dl {
			dl[i] = zl[i] + beta*dl[i]
			ds[i] = zs[i] + beta*ds[i]
		}
		pp, pd, dd = next, beta*(pd+alpha*dd), rz+beta*beta*dd
	}
	p.cut = p.cut || p.iterations == most
	p.norm = math.Sqrt(math.Max(pp, 0))
	p.linear = dot(a.gl, p.l) + dot(a.gs, p.s)
	// −Hp = g − r.
	for i := range p.l {
		p.quadratic += p.l[i]*(a.gl[i]-rl[i]) + p.s[i]*(a.gs[i]-rs[i])
	}
	p.decrement = 0.5 * p.linear
	return p, nil
}

func (p *step) move(c float64, dl, ds []float64) {
	axpy(c, dl, p.l)
	axpy(c, ds, p.s)
}

// try evaluates a step, takes it if the ELBO rises, and adapts the radius.
func (a *ascent) try(p *step) (gain float64, err error) {
	d := len(a.loc)
	t := 1.0
	for i := range p.s {
		t = math.Min(t, logStride/math.Abs(p.s[i]))
		if a.f.curved[i] {
			t = math.Min(t, stride/math.Abs(p.l[i]))
		}
	}
	predicted := t*p.linear - 0.5*t*t*p.quadratic
	loc, logsd := make([]float64, d), make([]float64, d)
	for i := range loc {
		loc[i] = a.loc[i] + t*p.l[i]
		logsd[i] = a.logsd[i] + t*p.s[i]
	}
	if err := a.o.eval(loc, logsd); err != nil {
		return 0, err
	}
	gain = a.o.value - a.value
	noise := 1e-11 * math.Max(1, math.Abs(a.value))
	ok := a.o.finite() && (gain >= 1e-4*predicted || math.Abs(predicted) < noise && gain > -noise)
	norm := t * p.norm
	switch ratio := gain / predicted; {
	case !ok:
		a.radius = 0.25 * math.Min(a.radius, norm)
		// The particles' derivatives belong to the present point again.
		if err := a.o.eval(a.loc, a.logsd); err != nil {
			return 0, err
		}
		return 0, nil
	case ratio < 0.25:
		a.radius = 0.5 * math.Min(a.radius, norm)
	case ratio > 0.75 && p.cut:
		a.radius = math.Min(2*a.radius, ascentRadius)
	}
	a.accept()
	return gain, nil
}

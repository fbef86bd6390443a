package inference

import (
	"math"
	"sort"

	"ppl/inference/arrow"
	"ppl/inference/random"
	"ppl/inference/target"
)

// response is the linear-response approximation: a Gaussian around the
// location of the mean-field optimum with the covariance that the optimum's
// reaction to a tilt of the log density implies, the location block of the
// inverse Hessian of the negative ELBO (Giordano, Broderick & Jordan 2018,
// "Covariances, Robustness, and Variational Bayes").
type response struct {
	d         int
	particles int             // that it was formed from
	factor    *arrow.Cholesky // of the scaled 2D×2D Hessian
	scale     []float64
	// flat lists the coordinates of a direction without curvature; the
	// covariance does not exist then, and factor is nil; direction is that of locations.
	flat      []int
	direction []float64
	why       string
}

// respond forms the Hessian of the negative ELBO from products at the first n
// particles of o, which must be evaluated at the optimum. With J_s = [I, diag(sd ⊙ eps_s)]
// it is mean J_sᵀ(−∇² log p(u_s))J_s, plus 1 for each log sd from the
// entropy's side (at the optimum mean g ⊙ sd ⊙ eps = −1).
func (f *fitter) respond(o *objective, n int) (*response, error) {
	d := f.t.D
	p := f.pattern
	twice := p.Doubled()
	m := arrow.New(twice)
	np := p.Probes()
	rows := batch(d)
	us, vs := make([]float64, rows*d), make([]float64, rows*d)
	lp, g, hv := make([]float64, rows), make([]float64, rows*d), make([]float64, rows*d)
	type job struct{ s, probe int }
	var jobs []job
	flush := func() error {
		c := len(jobs)
		if err := f.surf.Product(us[:c*d], vs[:c*d], lp[:c], g[:c*d], hv[:c*d]); err != nil {
			return err
		}
		for i, j := range jobs {
			addParticle(m, p, j.probe, -1/float64(n), hv[i*d:(i+1)*d], o.eps[j.s*d:(j.s+1)*d], o.sd)
		}
		jobs = jobs[:0]
		return nil
	}
	o.place(o.u)
	for s := 0; s < n; s++ {
		if s > 0 && f.halted() {
			return &response{d: d, why: f.why}, nil
		}
		for i := 0; i < np; i++ {
			c := len(jobs)
			copy(us[c*d:], o.u[s*d:(s+1)*d])
			p.Probe(i, vs[c*d:(c+1)*d])
			if jobs = append(jobs, job{s, i}); len(jobs) == rows {
				if err := flush(); err != nil {
					return nil, err
				}
			}
		}
	}
	if len(jobs) > 0 {
		if err := flush(); err != nil {
			return nil, err
		}
	}
	m.Symmetrise()
	one := make([]float64, 2*d)
	shift := make([]float64, 2*d)
	for i := range one {
		one[i] = 1
		if i >= d {
			shift[i] = 1
		}
	}
	r := newResponse(m.Scaled(one, shift), d)
	r.particles = n
	return r, nil
}

// addParticle adds c·JᵀH_sJ, of which hv is the product of H_s with a probe: each
// element h of H_s in row x and column y adds to four of the result's, those of
// the two copies of x and y, times sd ⊙ eps for the second copy.
func addParticle(m *arrow.Matrix, p *arrow.Pattern, probe int, c float64, hv, eps, sd []float64) {
	es := func(i int) float64 { return eps[i] * sd[i] }
	// The doubled matrix has the copies of a block's coordinates one after the
	// other; its probe for the first copy of a column gives that column, and so
	// on. So the two columns of the doubled matrix are given by products too.
	d := len(hv)
	twice := make([]float64, 2*d)
	k, g := p.K(), len(p.Globals)
	colours := (p.Probes() - g) / max(1, k)
	first, second := 0, 0
	column := make([]float64, d) // sd ⊙ eps of the column that a row's element is in
	if probe < colours*k {
		colour, at := probe/k, probe%k
		first, second = colour*2*k+at, colour*2*k+k+at
		p.EachTouched(colour, at, func(row, col int) { column[row] = es(col) })
	} else {
		j := probe - colours*k
		first, second = colours*2*k+j, colours*2*k+g+j
		for i := range column {
			column[i] = es(p.Globals[j])
		}
	}
	for i, h := range hv {
		twice[i], twice[d+i] = h, h*es(i)
	}
	m.AddProduct(first, c, twice)
	for i := range column {
		twice[i] *= column[i]
		twice[d+i] *= column[i]
	}
	m.AddProduct(second, c, twice)
}

func newResponse(m *arrow.Matrix, d int) *response {
	r := &response{d: d}
	if !m.Finite() {
		r.why = "the Hessian at the optimum is not finite"
		return r
	}
	r.scale = unitDiagonal(m)
	scaled := m.Scaled(r.scale, nil)
	var ok bool
	r.factor, ok = scaled.Factor()
	// A direction whose curvature is this far below that of its coordinates is
	// flat up to rounding.
	const flat = 1e-11
	if ok {
		v := make([]float64, 2*d)
		r.factor.InverseDiagonal(v)
		for i := 0; i < d; i++ {
			if !(v[i] < 1/flat) {
				ok = false
			}
		}
	}
	if !ok {
		r.flat, r.direction = flattest(scaled, d)
		for i := range r.direction {
			r.direction[i] *= r.scale[i]
		}
		r.factor = nil
		r.why = "the Hessian at the optimum is not negative definite"
	}
	return r
}

// flattest finds the direction of locations with the least curvature, and its
// coordinates, by inverse iteration on the matrix shifted to be positive definite.
func flattest(m *arrow.Matrix, d int) (coordinates []int, direction []float64) {
	n := m.Size()
	ones, shift := make([]float64, n), make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	var c *arrow.Cholesky
	for mu, ok := 1e-10, false; !ok; mu *= 10 {
		if mu > 1e8 {
			return nil, nil
		}
		for i := range shift {
			shift[i] = mu
		}
		c, ok = m.Scaled(ones, shift).Factor()
	}
	x := make([]float64, n)
	r := random.Stream(0, "flattest", n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	for k := 0; k < 30; k++ {
		c.Solve(x, x)
		norm := math.Sqrt(dot(x, x))
		for i := range x {
			x[i] /= norm
		}
	}
	order := make([]int, d)
	for i := range order {
		order[i] = i
	}
	size := func(i int) float64 { return math.Hypot(x[i], x[d+i]) }
	sort.SliceStable(order, func(a, b int) bool { return size(order[a]) > size(order[b]) })
	out := order[:0]
	for _, i := range order {
		if size(i) > 0.3*size(order[0]) {
			out = append(out, i)
		}
	}
	return out, x[:d]
}

// variances fills v (D) with the marginal variances.
func (r *response) variances() []float64 {
	v := make([]float64, 2*r.d)
	r.factor.InverseDiagonal(v)
	for i := range v {
		v[i] *= r.scale[i] * r.scale[i]
	}
	return v[:r.d]
}

// colour turns 2D standard normals into a draw (D) with the covariance; y is
// room for 2D numbers.
func (r *response) colour(z, x, y []float64) {
	r.factor.Colour(z, y)
	for i := range x {
		x[i] = y[i] * r.scale[i]
	}
}

// solve is the inverse of the whole Hessian, of locations and log sds, times
// (xl, xs).
func (r *response) solve(xl, xs, yl, ys []float64) {
	d := r.d
	b := make([]float64, 2*d)
	for i := range xl {
		b[i], b[d+i] = xl[i]*r.scale[i], xs[i]*r.scale[d+i]
	}
	r.factor.Solve(b, b)
	for i := range yl {
		yl[i], ys[i] = b[i]*r.scale[i], b[d+i]*r.scale[d+i]
	}
}

// apply is the covariance times x (D).
func (r *response) apply(x, y []float64) {
	b, out := make([]float64, 2*r.d), make([]float64, 2*r.d)
	for i, v := range x {
		b[i] = v * r.scale[i]
	}
	r.factor.Solve(b, out)
	for i := range y {
		y[i] = out[i] * r.scale[i]
	}
}

// covariance is the dense D×D matrix.
func (r *response) covariance() []float64 {
	d := r.d
	c := make([]float64, d*d)
	e := make([]float64, d)
	for i := 0; i < d; i++ {
		clear(e)
		e[i] = 1
		r.apply(e, c[i*d:(i+1)*d])
	}
	target.Symmetrise(c, d)
	return c
}

// response forms the linear response from the particles that are affordable.
func (f *fitter) response(o *objective) (*response, error) {
	return f.respond(o, f.affordable(o))
}

// affordable is the number of particles that a linear response is formed from,
// the fewer the dearer a product is.
func (f *fitter) affordable(o *objective) int {
	n := o.S
	for n > 8 && float64(n)*float64(f.pattern.Probes())*f.surf.Cost() > 2e9 {
		n /= 2
	}
	return n
}

// locError is the Monte-Carlo error of the locations in posterior sds: the
// covariance of the mean gradient over antithetic pairs, through the linear
// response (Giordano, Ingram & Broderick 2024, eq. 13).
func locError(o *objective, r *response) float64 {
	d := o.D
	pairs := o.S / 2
	if pairs < 2 {
		return math.NaN()
	}
	sums := make([]float64, d)
	x, y := make([]float64, d), make([]float64, d)
	for p := 0; p < pairs; p++ {
		for i := range x {
			x[i] = 0.5*(o.g[2*p*d+i]+o.g[(2*p+1)*d+i]) - o.gloc[i]
		}
		r.apply(x, y)
		for i, v := range y {
			sums[i] += v * v
		}
	}
	worst := 0.0
	for i, v := range r.variances() {
		worst = math.Max(worst, math.Sqrt(sums[i]/float64(pairs*(pairs-1))/v))
	}
	return worst
}

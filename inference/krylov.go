package inference

import (
	"math"

	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/gonum"

	"ppl/graph"
	"ppl/graph/parallel"
	"ppl/inference/random"
)

// Linear response without a matrix, for models whose Hessian is too large to
// form and has no pattern: many crossed effects, say. All that is needed of the
// inverse Hessian are draws with that covariance and its products with a few
// vectors. Both come from products of the Hessian with vectors alone:
//
//   - a draw is M^(−1/2) z, z standard normal, in the Krylov space of z: with m
//     steps of Lanczos, M Q ≈ Q T, it is |z| Q T^(−1/2) e_1 (Chow & Saad 2014,
//     "Preconditioned Krylov subspace methods for sampling multivariate Gaussian
//     distributions");
//   - a product with the inverse is solved by conjugate gradients.
//
// M is the Hessian of the negative ELBO in locations and log sds, as in
// response, in units of the mean-field sds: its diagonal is near one, and the
// number of steps grows with the root of what correlations there are.
type krylov struct {
	f    *fitter
	d    int
	k    int       // particles that the Hessian is averaged over
	u    []float64 // K×D: where they are
	eps  []float64 // K×D
	sd   []float64
	most int // vectors that are worked on together
	// steps is the largest number of steps that anything took.
	steps int
	// why says what went wrong.
	why string
}

const (
	// krylovDraws is the largest number of draws that are made, in antithetic
	// pairs: the sds have an error of 2 %.
	krylovDraws = 1024
	// krylovSteps bounds the steps, and krylovError is the relative error of a
	// draw at which they end.
	krylovSteps = 200
	krylovError = 2e-3
	// krylovWork is about the number of elements that all products may work
	// through, if they are averaged over more than two particles.
	krylovWork = 2e10
	// krylovMemory bounds the numbers of the bases.
	krylovMemory = 1 << 24
	entropyScale = math.Sqrt2 / 2 // 1 over the root of the diagonal of log sds
)

func (f *fitter) newKrylov(a *ascent) *krylov {
	d := f.t.D
	k := &krylov{f: f, d: d, k: 16, sd: make([]float64, d)}
	for k.k > 2 && float64(k.k)*krylovDraws/2*30*f.surf.Cost() > krylovWork {
		k.k /= 2
	}
	for i, l := range a.logsd {
		k.sd[i] = math.Exp(l)
	}
	k.eps, k.u = make([]float64, k.k*d), make([]float64, k.k*d)
	random.Antithetic(random.Stream(f.opt.Seed, "krylov points", 0), k.eps, k.k, d)
	for i := range k.u {
		k.u[i] = a.loc[i%d] + k.sd[i%d]*k.eps[i]
	}
	k.most = max(1, min(batch(d)/k.k, krylovMemory/(2*d*60)))
	return k
}

// product is y = M x for n vectors of 2D numbers. It reports false where the
// result is not finite.
func (k *krylov) product(x, y []float64, n int) (bool, error) {
	d := k.d
	rows := n * k.k
	us, vs := make([]float64, rows*d), make([]float64, rows*d)
	lp, g, hv := make([]float64, rows), make([]float64, rows*d), make([]float64, rows*d)
	for i := range n {
		x1, x2 := x[2*i*d:(2*i+1)*d], x[(2*i+1)*d:(2*i+2)*d]
		for s := range k.k {
			r := (i*k.k + s) * d
			copy(us[r:r+d], k.u[s*d:])
			for j := range d {
				vs[r+j] = k.sd[j] * (x1[j] + entropyScale*k.eps[s*d+j]*x2[j])
			}
		}
	}
	if err := k.f.surf.Product(us, vs, lp, g, hv); err != nil {
		return false, err
	}
	w := -1 / float64(k.k)
	for i := range n {
		y1, y2, x2 := y[2*i*d:(2*i+1)*d], y[(2*i+1)*d:(2*i+2)*d], x[(2*i+1)*d:(2*i+2)*d]
		clear(y1)
		for j := range y2 {
			y2[j] = entropyScale * entropyScale * x2[j]
		}
		for s := range k.k {
			r := (i*k.k + s) * d
			for j, h := range hv[r : r+d] {
				h *= w * k.sd[j]
				y1[j] += h
				y2[j] += entropyScale * k.eps[s*d+j] * h
			}
		}
	}
	if !graph.AllFinite(y[:2*n*d]) {
		k.why = "the Hessian at the optimum is not finite"
		return false, nil
	}
	return true, nil
}

// lanczos is the process of one vector.
type lanczos struct {
	norm        float64
	basis       [][]float64
	alpha, beta []float64 // of the tridiagonal matrix
	coef        []float64 // of the draw, in the basis
	done        bool
}

// extend orthogonalises the product with the last basis vector, which y holds,
// and makes it the next one.
func (l *lanczos) extend(y []float64) {
	q := l.basis[len(l.basis)-1]
	l.alpha = append(l.alpha, dot(q, y))
	for range 2 { // twice is enough
		for _, b := range l.basis {
			axpy(-dot(b, y), b, y)
		}
	}
	b := math.Sqrt(dot(y, y))
	l.beta = append(l.beta, b)
	next := make([]float64, len(y))
	if b > 1e-12*math.Abs(l.alpha[0]) {
		axpy(1/b, y, next)
	} else {
		l.done = true // the space is exhausted: the draw is exact
	}
	l.basis = append(l.basis, next)
}

// root sets coef to |z| T^(−1/2) e_1, and reports whether T is positive definite.
func (l *lanczos) root() bool {
	m := len(l.alpha)
	d := append([]float64(nil), l.alpha...)
	e := append([]float64(nil), l.beta[:m-1]...)
	z := make([]float64, m*m)
	if !(gonum.Implementation{}).Dsteqr(lapack.EVTridiag, m, d, e, z, m, make([]float64, max(1, 2*m-2))) {
		return false
	}
	l.coef = make([]float64, m)
	for j, v := range d {
		if !(v > 0) {
			return false
		}
		c := l.norm * z[j] / math.Sqrt(v)
		for i := range l.coef {
			l.coef[i] += c * z[i*m+j]
		}
	}
	return true
}

// colour turns n vectors z of 2D standard normals into n vectors x of D numbers
// with the covariance of the locations.
func (k *krylov) colour(z, x []float64, n int) (bool, error) {
	d := k.d
	ls := make([]*lanczos, n)
	for i := range ls {
		v := append([]float64(nil), z[2*i*d:2*(i+1)*d]...)
		l := &lanczos{norm: math.Sqrt(dot(v, v))}
		for j := range v {
			v[j] /= l.norm
		}
		l.basis = [][]float64{v}
		ls[i] = l
	}
	const every = 5
	in, out := make([]float64, 2*n*d), make([]float64, 2*n*d)
	for step := 1; step <= krylovSteps; step++ {
		var open []*lanczos
		for _, l := range ls {
			if !l.done {
				copy(in[2*len(open)*d:], l.basis[len(l.basis)-1])
				open = append(open, l)
			}
		}
		if len(open) == 0 {
			break
		}
		if k.f.halted() {
			k.why = k.f.why
			return false, nil
		}
		if ok, err := k.product(in, out, len(open)); !ok {
			return false, err
		}
		k.steps = max(k.steps, step)
		parallel.Each(len(open), func(i int) { open[i].extend(out[2*i*d : 2*(i+1)*d]) })
		for _, l := range open {
			if step%every > 0 && !l.done {
				continue
			}
			last := l.coef
			if !l.root() {
				k.why = "the Hessian at the optimum is not negative definite"
				return false, nil
			}
			if change := distance(l.coef, last); last != nil && change < krylovError*math.Sqrt(dot(l.coef, l.coef)) {
				l.done = true
			}
		}
	}
	for i, l := range ls {
		if !l.done {
			k.why = "the Hessian at the optimum is too close to singular"
			return false, nil
		}
		out := x[i*d : (i+1)*d]
		clear(out)
		for j, c := range l.coef {
			axpy(c, l.basis[j][:d], out)
		}
		for j := range out {
			out[j] *= k.sd[j]
		}
	}
	return true, nil
}

// distance is the norm of x − y, where y is as good as padded with zeros.
func distance(x, y []float64) float64 {
	t := 0.0
	for i, v := range x {
		if i < len(y) {
			v -= y[i]
		}
		t += v * v
	}
	return math.Sqrt(t)
}

// apply is the covariance of the locations times n vectors of D numbers, by
// conjugate gradients.
func (k *krylov) apply(b, x []float64, n int) (bool, error) {
	d := k.d
	size := 2 * d
	sol, res, p, q := make([]float64, n*size), make([]float64, n*size), make([]float64, n*size), make([]float64, n*size)
	rr, first := make([]float64, n), make([]float64, n)
	for i := range n {
		for j := range d {
			res[i*size+j] = k.sd[j] * b[i*d+j]
		}
		r := res[i*size : (i+1)*size]
		rr[i] = dot(r, r)
		first[i] = rr[i]
	}
	copy(p, res)
	for step := 1; ; step++ {
		open := false
		for i := range n {
			open = open || rr[i] > 1e-6*first[i]
		}
		if !open {
			break
		}
		if step > krylovSteps || k.f.halted() {
			k.why = "the Hessian at the optimum is too close to singular"
			return false, nil
		}
		if ok, err := k.product(p, q, n); !ok {
			return false, err
		}
		k.steps = max(k.steps, step)
		for i := range n {
			if !(rr[i] > 1e-6*first[i]) {
				continue
			}
			pi, qi, ri := p[i*size:(i+1)*size], q[i*size:(i+1)*size], res[i*size:(i+1)*size]
			c := dot(pi, qi)
			if !(c > 0) {
				k.why = "the Hessian at the optimum is not negative definite"
				return false, nil
			}
			axpy(rr[i]/c, pi, sol[i*size:(i+1)*size])
			axpy(-rr[i]/c, qi, ri)
			old := rr[i]
			rr[i] = dot(ri, ri)
			for j := range pi {
				pi[j] = ri[j] + rr[i]/old*pi[j]
			}
		}
	}
	for i := range n {
		for j := range d {
			x[i*d+j] = k.sd[j] * sol[i*size+j]
		}
	}
	return true, nil
}

// respondKrylov makes the answer of a model whose Hessian is too large to form:
// a Gaussian with the covariance of linear response, recentred.
func (f *fitter) respondKrylov(fit *Answer, a *ascent) error {
	k := f.newKrylov(a)
	d := f.t.D
	n := max(2, min(f.opt.Draws, krylovDraws)/2*2)
	u := make([]float64, n*d)
	for from := 0; from < n/2; from += k.most {
		c := min(k.most, n/2-from)
		z, x := make([]float64, 2*c*d), make([]float64, c*d)
		for i := range c {
			r := random.Stream(f.opt.Seed, "krylov", from+i)
			for j := range 2 * d {
				z[2*i*d+j] = r.NormFloat64()
			}
		}
		ok, err := k.colour(z, x, c)
		if err != nil {
			return err
		}
		if !ok {
			fit.NoResponse = k.why
			if err := f.polish(a); err != nil {
				return err
			}
			f.take(fit, a)
			return f.plainDraws(fit, a, d)
		}
		for i := range c {
			for j, v := range x[i*d : (i+1)*d] {
				u[2*(from+i)*d+j], u[(2*(from+i)+1)*d+j] = v, -v
			}
		}
		f.tell(a.value, a.decrement)
	}
	loc, worst, way, err := k.recentre(u, a.loc)
	if err != nil {
		return err
	}
	for i := range u {
		u[i] += loc[i%d]
	}
	fit.LocError, fit.Moved = worst, way
	fit.Draws, fit.Applied = &Weighted{D: d, U: u, KHat: math.NaN(), ESS: float64(n)}, LinearResponse
	return nil
}

// recentre is that of fitter, with draws (without location) that are there.
func (k *krylov) recentre(draws, loc []float64) (mu []float64, worst float64, way Moved, err error) {
	f, d := k.f, k.d
	total := len(draws) / d
	sd := make([]float64, d)
	for i := range total {
		for j, x := range draws[i*d : (i+1)*d] {
			sd[j] += x * x / float64(total)
		}
	}
	for j, v := range sd {
		sd[j] = math.Sqrt(v)
	}
	mu = append([]float64(nil), loc...)
	n := min(leastRecentring, total)
	for round := 0; round < recentrings && !f.halted(); round++ {
		u, lp, g := make([]float64, n*d), make([]float64, n), make([]float64, n*d)
		for i := range u { // a part of the draws that the rounds before did not use, while there is one
			u[i] = mu[i%d] + draws[(i+round*leastRecentring*d)%len(draws)]
		}
		if err := f.surf.Gradient(u, lp, g); err != nil {
			return nil, 0, way, err
		}
		// The step, and the spread of what single pairs would give.
		const probes = 16
		b, x := make([]float64, (probes+1)*d), make([]float64, (probes+1)*d)
		for i := range n {
			axpy(1/float64(n), g[i*d:(i+1)*d], b[:d])
		}
		pairs := n / 2
		for p := range probes { // random combinations of the pairs' deviations have their covariance
			r := random.Stream(f.opt.Seed, "krylov spread", round*probes+p)
			to := b[(p+1)*d : (p+2)*d]
			for i := range pairs {
				c := r.NormFloat64() / math.Sqrt(float64(pairs)*float64(max(1, pairs-1)))
				axpy(c/2, g[2*i*d:(2*i+1)*d], to)
				axpy(c/2, g[(2*i+1)*d:(2*i+2)*d], to)
				axpy(-c, b[:d], to)
			}
		}
		for from := 0; from <= probes; from += k.most {
			c := min(k.most, probes+1-from)
			if ok, err := k.apply(b[from*d:(from+c)*d], x[from*d:(from+c)*d], c); !ok {
				return append(mu[:0], loc...), math.NaN(), way, err
			}
		}
		moved := 0.0
		worst, way = 0, Moved{}
		for i, s := range x[:d] {
			mu[i] += s
			moved = math.Max(moved, math.Abs(s)/sd[i])
			way.update(i, math.Abs(mu[i]-loc[i])/sd[i])
			v := 0.0
			for p := 1; p <= probes; p++ {
				v += x[p*d+i] * x[p*d+i] / probes
			}
			worst = math.Max(worst, math.Sqrt(v)/sd[i])
		}
		if !(way.SDs < farthest) {
			return append(mu[:0], loc...), math.NaN(), way, nil
		}
		if worst < smallError && moved < smallStep {
			break
		}
		n = min(2*n, mostRecentring, total)
	}
	return mu, worst, way, nil
}

package op

import (
	"math"
	"sync"
)

// chainRun runs the recursions of one chain after another.
//
// The filter a_t(k) = P(z_t = k | U_1..U_t) is kept normalised. Going back,
//
//	B_t(j, k) = P(z_(t−1) = j | z_t = k, U_1..U_t) = a_(t−1)(j) e^W(j,k) / s_t(k)
//
// gives the marginals without a second recursion on the log scale:
// γ_T = a_T, ξ_t(j, k) = γ_t(k) B_t(j, k), γ_(t−1)(j) = Σ_k ξ_t(j, k). All of
// these are probabilities, so that nothing overflows.
//
// The filter runs on the linear scale, with an exp for each U only, as long as
// no weight that is not exactly zero becomes so small that it could vanish;
// otherwise it runs again on the log scale.
type chainRun struct {
	ChainShape
	u, w []float64 // log weights

	logs  bool      // a and s hold logs
	zero  bool      // no path has a positive weight, or something is NaN
	a, s  []float64 // T×K: filter, and Σ_j a_(t−1)(j) e^W(j,k)
	e     []float64 // exp(W − max), on the linear scale
	top   []float64 // max of W, for each step
	b     []float64 // K×K: B_t
	x, y  []float64 // T×K: scratch
	g     []float64 // K
	back  []int32   // T×K: best state before
	scale []float64
}

// chainRuns keeps the memory of runs, by T and K.
var chainRuns = struct {
	sync.RWMutex
	pools map[[2]int]*sync.Pool
}{pools: map[[2]int]*sync.Pool{}}

func chainPool(t, k int) *sync.Pool {
	key := [2]int{t, k}
	chainRuns.RLock()
	p := chainRuns.pools[key]
	chainRuns.RUnlock()
	if p != nil {
		return p
	}
	chainRuns.Lock()
	defer chainRuns.Unlock()
	if p = chainRuns.pools[key]; p == nil {
		p = &sync.Pool{}
		chainRuns.pools[key] = p
	}
	return p
}

func newChainRun(c ChainShape) *chainRun {
	if r, ok := chainPool(c.T, c.K).Get().(*chainRun); ok {
		r.ChainShape = c
		if len(r.e) < c.Steps()*c.K*c.K {
			r.e, r.top = make([]float64, c.Steps()*c.K*c.K), make([]float64, c.Steps())
		}
		return r
	}
	n := c.T * c.K
	return &chainRun{ChainShape: c, a: make([]float64, n), s: make([]float64, n), x: make([]float64, n), y: make([]float64, n),
		e: make([]float64, c.Steps()*c.K*c.K), top: make([]float64, c.Steps()),
		b: make([]float64, c.K*c.K), g: make([]float64, 2*c.K), back: make([]int32, n), scale: make([]float64, c.K)}
}

func (r *chainRun) free() {
	r.u, r.w = nil, nil
	chainPool(r.T, r.K).Put(r)
}

func (r *chainRun) set(u, w []float64) { r.u, r.w = u, w[:r.Steps()*r.K*r.K] }

// step is where the matrix into state t (from 1) starts, in steps.
func (r *chainRun) step(t int) int {
	if r.Varies {
		return t - 1
	}
	return 0
}

// forward fills the filter and returns log Z.
func (r *chainRun) forward() float64 {
	if z, ok := r.linear(); ok {
		return z
	}
	return r.logarithmic()
}

// Weights that the linear scale may meet: of a step relative to the largest,
// and of a filtered state. A product of two is still far from underflow.
const (
	LeastStep   = -230 // e^-230 = 1e-100
	LeastFilter = 1e-150
)

// linear is the filter on the linear scale; false if that is not safe.
func (r *chainRun) linear() (logz float64, ok bool) {
	k := r.K
	r.logs, r.zero = false, false
	if r.T > 1 && !r.expSteps() {
		return 0, false
	}
	// log Z is a sum of logs; a product of scales stands for many of them.
	prod := 1.0
	for t := 0; t < r.T; t++ {
		u, a, s := r.u[t*k:(t+1)*k], r.a[t*k:(t+1)*k], r.s[t*k:(t+1)*k]
		m := maxOf(u)
		if math.IsInf(m, 0) || math.IsNaN(m) {
			return 0, false
		}
		logz += m
		if t == 0 {
			for i := range s {
				s[i] = 1
			}
		} else {
			e, prev := r.e[r.step(t)*k*k:][:k*k], r.a[(t-1)*k:t*k]
			stepInto(s, prev, e)
			logz += r.top[r.step(t)]
		}
		total := 0.0
		for i, x := range u {
			a[i] = s[i] * math.Exp(x-m)
			total += a[i]
		}
		if !(total > LeastFilter) {
			return 0, false
		}
		inv := 1 / total
		for i := range a {
			a[i] *= inv
			if a[i] < LeastFilter && s[i] != 0 && !math.IsInf(u[i], -1) {
				return 0, false
			}
		}
		prod *= total
		if prod < 1e-140 || prod > 1e140 {
			logz += math.Log(prod)
			prod = 1
		}
	}
	return logz + math.Log(prod), true
}

// stepInto is s(k) = Σ_j a(j) e(j, k).
func stepInto(s, a, e []float64) {
	if len(a) == 2 {
		s[0] = a[0]*e[0] + a[1]*e[2]
		s[1] = a[0]*e[1] + a[1]*e[3]
		return
	}
	clear(s)
	for j, x := range a {
		if x == 0 {
			continue
		}
		row := e[j*len(s):][:len(s)]
		for i, y := range row {
			s[i] += x * y
		}
	}
}

func (r *chainRun) expSteps() bool {
	kk := r.K * r.K
	for t := 0; t < r.Steps(); t++ {
		w, e := r.w[t*kk:(t+1)*kk], r.e[t*kk:(t+1)*kk]
		m := maxOf(w)
		if math.IsInf(m, 0) || math.IsNaN(m) {
			return false
		}
		r.top[t] = m
		for i, x := range w {
			if x-m < LeastStep && !math.IsInf(x, -1) {
				return false
			}
			e[i] = math.Exp(x - m)
		}
	}
	return true
}

// logarithmic is the filter on the log scale.
func (r *chainRun) logarithmic() float64 {
	k := r.K
	r.logs, r.zero = true, false
	logz := 0.0
	row := r.g[:k]
	for t := 0; t < r.T; t++ {
		u, a, s := r.u[t*k:(t+1)*k], r.a[t*k:(t+1)*k], r.s[t*k:(t+1)*k]
		for i := range s {
			s[i] = 0
			if t > 0 {
				w, prev := r.w[r.step(t)*k*k:], r.a[(t-1)*k:t*k]
				for j, x := range prev {
					row[j] = x + w[j*k+i]
					if math.IsInf(x, -1) {
						row[j] = x
					}
				}
				s[i] = logSumExp(row)
			}
			a[i] = s[i] + u[i]
			if math.IsInf(s[i], -1) {
				a[i] = s[i]
			}
		}
		z := logSumExp(a)
		logz += z
		if math.IsInf(z, 0) || math.IsNaN(z) {
			r.zero = true
			return logz
		}
		for i := range a {
			a[i] -= z
		}
	}
	return logz
}

// before computes B_t for t ≥ 1 into r.b, [from, to].
func (r *chainRun) before(t int) []float64 {
	k := r.K
	prev, s := r.a[(t-1)*k:t*k], r.s[t*k:(t+1)*k]
	if r.logs {
		w := r.w[r.step(t)*k*k:]
		for j, x := range prev {
			for i := range s {
				v := 0.0
				if !math.IsInf(s[i], -1) && !math.IsInf(x, -1) {
					v = math.Exp(x + w[j*k+i] - s[i])
				}
				r.b[j*k+i] = v
			}
		}
		return r.b
	}
	for i, x := range s {
		r.scale[i] = 0
		if x > 0 {
			r.scale[i] = 1 / x
		}
	}
	e := r.e[r.step(t)*k*k:]
	for j, x := range prev {
		for i, y := range r.scale {
			r.b[j*k+i] = x * e[j*k+i] * y
		}
	}
	return r.b
}

// last fills the marginals of the last state.
func (r *chainRun) last(gamma []float64) {
	k := r.K
	a := r.a[(r.T-1)*k:]
	for i := range gamma {
		gamma[i] = a[i]
		if r.logs {
			gamma[i] = math.Exp(a[i])
		}
	}
}

// backward fills the marginals of states (T×K) and steps. They are zero where
// no path has a positive weight.
func (r *chainRun) backward(gamma, xi []float64) {
	k := r.K
	clear(xi)
	if r.zero {
		clear(gamma)
		return
	}
	r.last(gamma[(r.T-1)*k:])
	for t := r.T - 1; t > 0; t-- {
		g, prev, out := gamma[t*k:(t+1)*k], gamma[(t-1)*k:t*k], xi[r.step(t)*k*k:][:k*k]
		if !r.logs {
			r.backLinear(t, g, prev, out)
			continue
		}
		b := r.before(t)
		for j := range prev {
			total := 0.0
			for i, x := range g {
				v := x * b[j*k+i]
				out[j*k+i] += v
				total += v
			}
			prev[j] = total
		}
	}
}

// backLinear is a step of backward on the linear scale.
func (r *chainRun) backLinear(t int, g, prev, out []float64) {
	k := r.K
	a, s, e := r.a[(t-1)*k:t*k], r.s[t*k:(t+1)*k], r.e[r.step(t)*k*k:][:k*k]
	q := r.scale
	for i, x := range s {
		q[i] = 0
		if x > 0 {
			q[i] = g[i] / x
		}
	}
	for j, x := range a {
		total := 0.0
		row, o := e[j*k:][:k], out[j*k:][:k]
		for i, y := range q {
			v := x * row[i] * y
			o[i] += v
			total += v
		}
		prev[j] = total
	}
}

// hessian adds up the adjoints of U and W for an adjoint of log Z (d0), of the
// marginals of the states (du) and of those of the steps (dw): the derivative
// of the marginals in the direction (du, dw), since the Hessian is symmetric,
// plus d0 times the marginals themselves. Dots are derivatives:
//
//	l̇_t(k) = U̇_t(k) + Σ_j B_t(j,k) (l̇_(t−1)(j) + Ẇ_t(j,k)),  l = log a, not normalised
//	γ̇_T = γ_T (l̇_T − Σ γ_T l̇_T)
//	ξ̇_t(j,k) = B_t(j,k) [γ̇_t(k) + γ_t(k) (l̇_(t−1)(j) + Ẇ_t(j,k) − m_t(k))],  γ̇_(t−1)(j) = Σ_k ξ̇_t(j,k)
//
// where m_t(k) = Σ_j B_t(j,k) (l̇_(t−1)(j) + Ẇ_t(j,k)).
func (r *chainRun) hessian(d0 float64, du, dw, outU, outW []float64) {
	k := r.K
	clear(outW)
	if r.zero {
		clear(outU)
		return
	}
	l, m := r.x, r.y
	copy(l[:k], du[:k])
	for t := 1; t < r.T; t++ {
		b, d := r.before(t), dw[r.step(t)*k*k:]
		for i := range k {
			total := 0.0
			for j := range k {
				if p := b[j*k+i]; p != 0 {
					total += p * (l[(t-1)*k+j] + d[j*k+i])
				}
			}
			m[t*k+i] = total
			l[t*k+i] = du[t*k+i] + total
		}
	}
	gamma, dot := r.g[:k], outU[(r.T-1)*k:]
	r.last(gamma)
	mean := 0.0
	for i, x := range gamma {
		if x != 0 {
			mean += x * l[(r.T-1)*k+i]
		}
	}
	for i, x := range gamma {
		dot[i] = 0
		if x != 0 {
			dot[i] = x * (l[(r.T-1)*k+i] - mean)
		}
	}
	next := r.g[k:]
	for t := r.T - 1; t > 0; t-- {
		b, d, o := r.before(t), dw[r.step(t)*k*k:], outW[r.step(t)*k*k:]
		dot := outU[t*k : (t+1)*k]
		for j := range k {
			sum, g := 0.0, 0.0
			for i := range k {
				p := b[j*k+i]
				if p == 0 {
					continue
				}
				v := p * (dot[i] + gamma[i]*(l[(t-1)*k+j]+d[j*k+i]-m[t*k+i]))
				sum += v
				xi := p * gamma[i]
				g += xi
				o[j*k+i] += v + d0*xi
			}
			outU[(t-1)*k+j] = sum
			next[j] = g
		}
		for i := range dot {
			dot[i] += d0 * gamma[i]
		}
		copy(gamma, next)
	}
	for i := range k {
		outU[i] += d0 * gamma[i]
	}
}

// heaviest finds the heaviest path (the first, where several are) and marks it.
func (r *chainRun) heaviest(gamma, xi []float64) float64 {
	k := r.K
	clear(gamma)
	clear(xi)
	copy(r.x[:k], r.u[:k])
	for t := 1; t < r.T; t++ {
		w := r.w[r.step(t)*k*k:]
		for i := range k {
			best, from := math.Inf(-1), 0
			for j := range k {
				if v := r.x[(t-1)*k+j] + w[j*k+i]; v > best {
					best, from = v, j
				}
			}
			r.x[t*k+i], r.back[t*k+i] = best+r.u[t*k+i], int32(from)
		}
	}
	last := r.x[(r.T-1)*k:][:k]
	z := int(argMax(last)) - 1
	total := last[z]
	for t := r.T - 1; ; t-- {
		gamma[t*k+z] = 1
		if t == 0 {
			return total
		}
		j := int(r.back[t*k+z])
		xi[r.step(t)*k*k+j*k+z]++
		z = j
	}
}

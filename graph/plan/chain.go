package plan

import (
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// Chains of discrete states in rows. The recursions are those of package op,
// on the linear scale, for all particles at once; a particle for which that
// scale is not safe is taken out and goes through op's own recursion, which
// can do without it.

// chainRows is the memory of the chains of one step.
type chainRows struct {
	op.ChainShape
	p int
	// particles is how many of the p are not there to fill up rows.
	particles int

	a, s []float64 // [T, K] rows: filter, and Σ_j a(j) e^W(j,k)
	e    []float64 // [steps, K, K] rows: exp(W − top)
	top  []float64 // [steps] rows
	l, m []float64 // [T, K] rows: scratch of the Hessian
	row  []float64 // some rows
	bad  []bool
	one  *chainOne // of a particle that was taken out; made when needed
}

// chainOne holds a single particle in logical order.
type chainOne struct {
	u, w, d, out []float64
}

// marginalsRead reports whether anything but log Z is read of a packed chain. Where
// nothing is, as in a program of values alone, there is no pass backwards.
func (a *analysis) marginalsRead(n *graph.Node, outputs []*graph.Node) bool {
	if slices.Contains(outputs, n) {
		return true
	}
	for _, by := range a.order {
		if _, value := by.Op.(op.ChainValue); !value && slices.Contains(by.In, n) {
			return true
		}
	}
	return false
}

func newChainRows(c op.ChainShape, p int) *chainRows {
	n, kk := c.T*c.K*p, c.K*c.K
	return &chainRows{ChainShape: c, p: p, a: make([]float64, n), s: make([]float64, n), e: make([]float64, c.Steps()*kk*p),
		top: make([]float64, c.Steps()*p), row: make([]float64, (kk+3*c.K+4)*p), bad: make([]bool, p)}
}

// bindChain is a Chain or a ChainHessian over rows; nil for the heaviest path
// and for single particles, which the op runs as well by itself.
func (s *rowState) bindChain(g *generic, c op.ChainShape, hessian bool, p int) native {
	if c.Max || p == 1 || len(c.Batch) == 0 {
		return nil
	}
	r := newChainRows(c, p)
	out, u, w := s.array(g.out), s.array(g.in[0]), s.array(g.in[1])
	var d []float64
	dSize := 0
	if hessian {
		d = s.array(g.in[2])
		r.l, r.m = make([]float64, len(r.a)), make([]float64, len(r.a))
		dSize = (1 + c.Size()) * p
		if !g.in[2].batch {
			return nil
		}
	}
	if !g.in[0].batch {
		return nil
	}
	width := 1
	if g.in[1].batch {
		width = p
	}
	uSize, outSize := c.T*c.K*p, g.out.rows[len(g.out.rows)-1]*p
	if width == 1 && len(c.WBatch) > 0 && c.WBatch[0] == 0 {
		return nil
	}
	wAt := r.offsets()
	r.particles = s.pr.s
	return func(*rowState) {
		for b, at := range wAt {
			r.steps(w[at*width:], width)
			r.forward(u[b*uSize : (b+1)*uSize])
			o := out[b*outSize : (b+1)*outSize]
			switch {
			case hessian:
				r.hessian(d[b*dSize:(b+1)*dSize], o)
			case g.valueOnly:
				copy(o[:p], r.rows(0))
			default:
				r.backward(o)
			}
			r.exceptions(u[b*uSize:(b+1)*uSize], w[at*width:], width, d[b*dSize:(b+1)*dSize], o)
		}
	}
}

// offsets are where, in rows, the step matrices of each chain of a particle start.
func (r *chainRows) offsets() []int {
	batch := r.Batch[1:]
	strides := make([]int, len(batch))
	n := r.Steps() * r.K * r.K
	for i := len(r.WBatch) - 1; i >= 0; i-- {
		if d := r.WBatch[i]; d > 0 {
			strides[d-1] = n
			n *= r.Batch[d]
		}
	}
	out := make([]int, batch.Size())
	graph.Walk(batch, strides, nil, 0, func(i, at, _ int) { out[i] = at })
	return out
}

// steps computes exp(W − top); width is that of the rows of w.
func (r *chainRows) steps(w []float64, width int) {
	clear(r.bad)
	p, kk := r.p, r.K*r.K
	for t := range r.Steps() {
		top, e := r.top[t*p:(t+1)*p], r.e[t*kk*p:(t+1)*kk*p]
		for i := range kk {
			row := e[i*p : (i+1)*p]
			if width == 1 {
				for j := range row {
					row[j] = w[t*kk+i]
				}
			} else {
				copy(row, w[(t*kk+i)*p:])
			}
		}
		r.scaled(e, top, kk, op.LeastStep)
	}
}

// scaled turns n rows x into exp(x − top), where top becomes their maximum;
// particles for which that is not safe are marked: none of their numbers is
// finite, or one that is not −Inf is below least.
func (r *chainRows) scaled(x, top []float64, n int, least float64) {
	p := r.p
	copy(top, x[:p])
	for i := 1; i < n; i++ {
		for j, v := range x[i*p : (i+1)*p] {
			top[j] = max(top[j], v)
		}
	}
	for j, v := range top {
		if math.IsInf(v, 0) || v != v {
			r.bad[j], top[j] = true, 0
		}
	}
	for i := range n {
		row := x[i*p : (i+1)*p]
		for j := range row {
			row[j] -= top[j]
			if row[j] < least && row[j] >= -math.MaxFloat64 {
				r.bad[j] = true
			}
		}
	}
	vec.Map(vec.Exp, x[:n*p], x[:n*p])
}

// forward fills the filter and the first row with log Z.
func (r *chainRows) forward(u []float64) {
	p, k := r.p, r.K
	kp := k * p
	logz, prod, top, total, weight := r.rows(0), r.rows(1), r.rows(2), r.rows(3), r.row[4*p:4*p+kp]
	clear(logz)
	for j := range prod {
		prod[j] = 1
	}
	for t := range r.T {
		copy(weight, u[t*kp:(t+1)*kp])
		r.scaled(weight, top, k, math.Inf(-1))
		a, s := r.a[t*kp:(t+1)*kp], r.s[t*kp:(t+1)*kp]
		if t == 0 {
			for j := range s {
				s[j] = 1
			}
		} else {
			at := r.stepAt(t)
			r.into(s, r.a[(t-1)*kp:t*kp], r.e[at*k*kp:(at+1)*k*kp])
			add(logz, r.top[at*p:(at+1)*p])
		}
		add(logz, top)
		clear(total)
		for i := range k {
			times(a[i*p:(i+1)*p], s[i*p:(i+1)*p], weight[i*p:(i+1)*p])
			add(total, a[i*p:(i+1)*p])
		}
		r.normalise(a, s, weight, total, u[t*kp:(t+1)*kp])
		far := false
		for j, x := range total {
			prod[j] *= x
			far = far || prod[j] < 1e-100 || prod[j] > 1e100
		}
		if far {
			r.spill(logz, prod)
		}
	}
	r.spill(logz, prod)
}

// spill moves the product of the scales into the log.
func (r *chainRows) spill(logz, prod []float64) {
	for j, x := range prod {
		logz[j] += math.Log(x)
		prod[j] = 1
	}
}

// normalise divides the filter by its sum, and marks particles in which a
// state becomes so unlikely that it could vanish though it is possible.
func (r *chainRows) normalise(a, s, weight, total, u []float64) {
	p := r.p
	for j, x := range total {
		if !(x > op.LeastFilter) {
			r.bad[j], total[j] = true, 1
		}
	}
	for i := range r.K {
		row, from := a[i*p:(i+1)*p], s[i*p:(i+1)*p]
		for j := range row {
			row[j] /= total[j]
			if row[j] < op.LeastFilter && from[j] != 0 && !math.IsInf(u[i*p+j], -1) {
				r.bad[j] = true
			}
		}
	}
}

// into is s(k) = Σ_j a(j) e(j, k).
func (r *chainRows) into(s, a, e []float64) {
	p, k := r.p, r.K
	for i := range k {
		times(s[i*p:(i+1)*p], a[:p], e[i*p:(i+1)*p])
		for j := 1; j < k; j++ {
			addTimes(s[i*p:(i+1)*p], a[j*p:(j+1)*p], e[(j*k+i)*p:(j*k+i+1)*p])
		}
	}
}

func (r *chainRows) rows(i int) []float64 { return r.row[i*r.p : (i+1)*r.p] }

func (r *chainRows) stepAt(t int) int {
	if r.Varies {
		return t - 1
	}
	return 0
}

// backward packs log Z and the marginals.
func (r *chainRows) backward(out []float64) {
	p, k := r.p, r.K
	kp := k * p
	copy(out[:p], r.rows(0))
	gamma, xi := out[p:p+r.T*kp], out[p+r.T*kp:]
	clear(xi)
	copy(gamma[(r.T-1)*kp:], r.a[(r.T-1)*kp:])
	q := r.row[4*p : 4*p+kp]
	for t := r.T - 1; t > 0; t-- {
		at := r.stepAt(t)
		e, o := r.e[at*k*kp:(at+1)*k*kp], xi[at*k*kp:(at+1)*k*kp]
		g, s, a, prev := gamma[t*kp:(t+1)*kp], r.s[t*kp:(t+1)*kp], r.a[(t-1)*kp:t*kp], gamma[(t-1)*kp:t*kp]
		for i := range q {
			q[i] = 0
			if s[i] > 0 {
				q[i] = g[i] / s[i]
			}
		}
		clear(prev)
		for j := range k {
			x, total := a[j*p:(j+1)*p], prev[j*p:(j+1)*p]
			for i := range k {
				row, from, into := e[(j*k+i)*p:(j*k+i+1)*p], q[i*p:(i+1)*p], o[(j*k+i)*p:(j*k+i+1)*p]
				for n := range into {
					v := x[n] * row[n] * from[n]
					into[n] += v
					total[n] += v
				}
			}
		}
	}
}

// hessian packs the adjoints of U and W for the adjoint d of the packed chain;
// see the recursion of the same name in package op.
func (r *chainRows) hessian(d, out []float64) {
	p, k := r.p, r.K
	kp := k * p
	d0, du, dw := d[:p], d[p:p+r.T*kp], d[p+r.T*kp:]
	outU, outW := out[:r.T*kp], out[r.T*kp:]
	clear(outW)
	l, m := r.l, r.m
	copy(l[:kp], du[:kp])
	for t := 1; t < r.T; t++ {
		at := r.stepAt(t)
		e, dstep := r.e[at*k*kp:(at+1)*k*kp], dw[at*k*kp:(at+1)*k*kp]
		s, a, before := r.s[t*kp:(t+1)*kp], r.a[(t-1)*kp:t*kp], l[(t-1)*kp:t*kp]
		for i := range k {
			mt := m[t*kp+i*p : t*kp+(i+1)*p]
			clear(mt)
			for j := range k {
				row, x, y, b := e[(j*k+i)*p:(j*k+i+1)*p], a[j*p:(j+1)*p], dstep[(j*k+i)*p:(j*k+i+1)*p], before[j*p:(j+1)*p]
				for n := range mt {
					if v := x[n] * row[n]; v != 0 {
						mt[n] += v * (b[n] + y[n])
					}
				}
			}
			lt, from := l[t*kp+i*p:t*kp+(i+1)*p], s[i*p:(i+1)*p]
			for n := range mt {
				if from[n] > 0 {
					mt[n] /= from[n]
				}
				lt[n] = du[t*kp+i*p+n] + mt[n]
			}
		}
	}
	gamma, next, mean := r.row[4*p:4*p+kp], r.row[4*p+kp:4*p+2*kp], r.rows(3)
	last := (r.T - 1) * kp
	copy(gamma, r.a[last:])
	clear(mean)
	for i := range k {
		for n := range p {
			if x := gamma[i*p+n]; x != 0 {
				mean[n] += x * l[last+i*p+n]
			}
		}
	}
	for i := range k {
		for n := range p {
			outU[last+i*p+n] = 0
			if x := gamma[i*p+n]; x != 0 {
				outU[last+i*p+n] = x * (l[last+i*p+n] - mean[n])
			}
		}
	}
	for t := r.T - 1; t > 0; t-- {
		at := r.stepAt(t)
		e, dstep, o := r.e[at*k*kp:(at+1)*k*kp], dw[at*k*kp:(at+1)*k*kp], outW[at*k*kp:(at+1)*k*kp]
		s, a, before := r.s[t*kp:(t+1)*kp], r.a[(t-1)*kp:t*kp], l[(t-1)*kp:t*kp]
		dot, prev := outU[t*kp:(t+1)*kp], outU[(t-1)*kp:t*kp]
		clear(prev)
		clear(next)
		for j := range k {
			for i := range k {
				for n := range p {
					c := (j*k+i)*p + n
					b := a[j*p+n] * e[c]
					if b == 0 {
						continue
					}
					b /= s[i*p+n]
					v := b * (dot[i*p+n] + gamma[i*p+n]*(before[j*p+n]+dstep[c]-m[t*kp+i*p+n]))
					xi := b * gamma[i*p+n]
					prev[j*p+n] += v
					next[j*p+n] += xi
					o[c] += v + d0[n]*xi
				}
			}
		}
		for i := range k {
			for n := range p {
				dot[i*p+n] += d0[n] * gamma[i*p+n]
			}
		}
		gamma, next = next, gamma
	}
	for i := range k {
		for n := range p {
			outU[i*p+n] += d0[n] * gamma[i*p+n]
		}
	}
}

// exceptions runs the particles that were marked by themselves.
func (r *chainRows) exceptions(u, w []float64, width int, d, out []float64) {
	for n, bad := range r.bad[:r.particles] { // the rest only fills up the rows
		if !bad {
			continue
		}
		c := r.ChainShape
		c.Batch, c.WBatch = nil, nil
		if r.one == nil {
			r.one = &chainOne{u: make([]float64, c.T*c.K), w: make([]float64, c.Steps()*c.K*c.K), d: make([]float64, 1+c.Size()), out: make([]float64, 1+c.Size())}
		}
		x := r.one
		pick(x.u, u, n, r.p)
		if width == 1 {
			copy(x.w, w)
		} else {
			pick(x.w, w, n, r.p)
		}
		o := x.out[:len(out)/r.p]
		if len(d) > 0 {
			pick(x.d, d, n, r.p)
			op.ChainHessian{ChainShape: c}.Eval(o, [][]float64{x.u, x.w, x.d})
		} else {
			op.Chain{ChainShape: c}.Eval(o, [][]float64{x.u, x.w})
		}
		for i, v := range o {
			out[i*r.p+n] = v
		}
	}
}

// pick copies particle n of rows.
func pick(to, rows []float64, n, p int) {
	for i := range to {
		to[i] = rows[i*p+n]
	}
}

func add(x, y []float64) {
	for i, v := range y[:len(x)] {
		x[i] += v
	}
}

func times(z, x, y []float64) {
	x, y = x[:len(z)], y[:len(z)]
	for i := range z {
		z[i] = x[i] * y[i]
	}
}

func addTimes(z, x, y []float64) {
	x, y = x[:len(z)], y[:len(z)]
	for i := range z {
		z[i] += x[i] * y[i]
	}
}

// chainValue reads the first row of each packed chain.
func (s *rowState) chainValue(g *generic, c op.ChainValue, p int) native {
	x, out := s.array(g.in[0]), s.array(g.out)
	n := (1 + c.Size()) * p
	return parts(len(out), p, func(lo, hi int) { copy(out[lo:hi], x[lo/p*n:]) })
}

// Package arrow works with symmetric matrices whose coordinates fall into
// equal local blocks that touch only themselves and a few global coordinates:
// the Hessian of a model with a plate, whose iterations do not interact given
// the rest. Ordered locals first, such a matrix is an arrow,
//
//	M = [ diag(M₁ … M_n)  B ]
//	    [ Bᵀ              C ],
//
// with n blocks of k×k, a border of nk×G and a corner of G×G. Its Cholesky
// factor has the same pattern, so that a factorisation costs
// O(nk³ + nk²G + nkG² + G³) and memory is O(nk² + nkG + G²). Without blocks it
// is a dense matrix. The blocks may also form a chain, in which each touches the
// one before it: a state-space model. The costs stay the same.
package arrow

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// Pattern says which coordinates are where.
type Pattern struct {
	Blocks  [][]int // n lists of k coordinates
	Globals []int
	Chained bool // blocks touch their neighbours
}

// Dense is the pattern of n coordinates without structure.
func Dense(n int) *Pattern {
	p := &Pattern{Globals: make([]int, n)}
	for i := range p.Globals {
		p.Globals[i] = i
	}
	return p
}

// K is the size of a block, 0 if there are none.
func (p *Pattern) K() int {
	if len(p.Blocks) == 0 {
		return 0
	}
	return len(p.Blocks[0])
}

// Size is the number of coordinates.
func (p *Pattern) Size() int { return len(p.Blocks)*p.K() + len(p.Globals) }

// Probes is the number of vectors whose products with a matrix of the pattern
// determine it: one for each position in a block, for all blocks together (in a
// chain, for every third block), and one for each global coordinate.
func (p *Pattern) Probes() int { return p.Colours()*p.K() + len(p.Globals) }

// Colours is the number of sets of blocks that do not touch a common block.
func (p *Pattern) Colours() int {
	if p.Chained {
		return min(3, len(p.Blocks))
	}
	return 1
}

// Probe fills v (of all coordinates) with the i-th of these vectors.
func (p *Pattern) Probe(i int, v []float64) {
	clear(v)
	k, colours := p.K(), p.Colours()
	if i >= colours*k {
		v[p.Globals[i-colours*k]] = 1
		return
	}
	for b := i / k; b < len(p.Blocks); b += colours {
		v[p.Blocks[b][i%k]] = 1
	}
}

// EachTouched calls f for each row that the blocks of a colour reach, with the
// coordinate at a position of that block, which is the column that a product
// with their common probe shows there.
func (p *Pattern) EachTouched(colour, at int, f func(row, col int)) {
	colours := p.Colours()
	for b := colour; b < len(p.Blocks); b += colours {
		col := p.Blocks[b][at]
		lo, hi := b, b
		if p.Chained {
			lo, hi = max(0, b-1), min(len(p.Blocks)-1, b+1)
		}
		for i := lo; i <= hi; i++ {
			for _, row := range p.Blocks[i] {
				f(row, col)
			}
		}
	}
}

// Doubled is the pattern for two copies of each coordinate, i and n+i, that
// belong together.
func (p *Pattern) Doubled() *Pattern {
	n := p.Size()
	twice := func(c []int) []int {
		out := append([]int(nil), c...)
		for _, i := range c {
			out = append(out, n+i)
		}
		return out
	}
	q := &Pattern{Globals: twice(p.Globals), Chained: p.Chained}
	for _, b := range p.Blocks {
		q.Blocks = append(q.Blocks, twice(b))
	}
	return q
}

// Matrix is a symmetric matrix of a pattern; both triangles are stored.
type Matrix struct {
	*Pattern
	Local  []float64 // n×k×k
	Border []float64 // n×k×G
	Corner []float64 // G×G
	Next   []float64 // of a chain, (n−1)×k×k: block b+1 by block b
}

// New is the zero matrix.
func New(p *Pattern) *Matrix {
	n, k, g := len(p.Blocks), p.K(), len(p.Globals)
	m := &Matrix{p, make([]float64, n*k*k), make([]float64, n*k*g), make([]float64, g*g), nil}
	if p.Chained {
		m.Next = make([]float64, max(0, n-1)*k*k)
	}
	return m
}

// AddProduct adds c times a matrix, given by its product hv with probe i.
func (m *Matrix) AddProduct(i int, c float64, hv []float64) {
	k, g, colours := m.K(), len(m.Globals), m.Colours()
	if i < colours*k {
		col := i % k
		for b := i / k; b < len(m.Blocks); b += colours {
			for r, x := range m.Blocks[b] {
				m.Local[(b*k+r)*k+col] += c * hv[x]
			}
			if m.Chained && b+1 < len(m.Blocks) {
				for r, x := range m.Blocks[b+1] {
					m.Next[(b*k+r)*k+col] += c * hv[x]
				}
			}
		}
		return
	}
	j := i - colours*k
	for b, coords := range m.Blocks {
		for r, x := range coords {
			m.Border[(b*k+r)*g+j] += c * hv[x]
		}
	}
	for r, x := range m.Globals {
		m.Corner[r*g+j] += c * hv[x]
	}
}

// Symmetrise makes blocks and corner symmetric: products with probes are so up
// to rounding only.
func (m *Matrix) Symmetrise() {
	k, g := m.K(), len(m.Globals)
	for b := range m.Blocks {
		symmetrise(m.Local[b*k*k:], k)
	}
	symmetrise(m.Corner, g)
}

func symmetrise(a []float64, n int) {
	for i := 0; i < n; i++ {
		for j := 0; j < i; j++ {
			x := 0.5 * (a[i*n+j] + a[j*n+i])
			a[i*n+j], a[j*n+i] = x, x
		}
	}
}

// Diagonal fills d with the diagonal, by coordinate.
func (m *Matrix) Diagonal(d []float64) {
	k, g := m.K(), len(m.Globals)
	for b, coords := range m.Blocks {
		for r, x := range coords {
			d[x] = m.Local[(b*k+r)*k+r]
		}
	}
	for r, x := range m.Globals {
		d[x] = m.Corner[r*g+r]
	}
}

// Scaled is diag(s)·M·diag(s) + diag(shift); a nil shift is zero.
func (m *Matrix) Scaled(s, shift []float64) *Matrix {
	out := New(m.Pattern)
	k, g := m.K(), len(m.Globals)
	for b, coords := range m.Blocks {
		for r, x := range coords {
			for c, y := range coords {
				out.Local[(b*k+r)*k+c] = s[x] * m.Local[(b*k+r)*k+c] * s[y]
			}
			for c, y := range m.Globals {
				out.Border[(b*k+r)*g+c] = s[x] * m.Border[(b*k+r)*g+c] * s[y]
			}
			if shift != nil {
				out.Local[(b*k+r)*k+r] += shift[x]
			}
		}
	}
	for b := 0; m.Chained && b+1 < len(m.Blocks); b++ {
		for r, x := range m.Blocks[b+1] {
			for c, y := range m.Blocks[b] {
				out.Next[(b*k+r)*k+c] = s[x] * m.Next[(b*k+r)*k+c] * s[y]
			}
		}
	}
	for r, x := range m.Globals {
		for c, y := range m.Globals {
			out.Corner[r*g+c] = s[x] * m.Corner[r*g+c] * s[y]
		}
		if shift != nil {
			out.Corner[r*g+r] += shift[x]
		}
	}
	return out
}

// MulVec fills y with M·x.
func (m *Matrix) MulVec(x, y []float64) {
	k, g := m.K(), len(m.Globals)
	clear(y)
	for b, coords := range m.Blocks {
		for r, i := range coords {
			for c, j := range coords {
				y[i] += m.Local[(b*k+r)*k+c] * x[j]
			}
			for c, j := range m.Globals {
				e := m.Border[(b*k+r)*g+c]
				y[i] += e * x[j]
				y[j] += e * x[i]
			}
		}
	}
	for b := 0; m.Chained && b+1 < len(m.Blocks); b++ {
		for r, i := range m.Blocks[b+1] {
			for c, j := range m.Blocks[b] {
				e := m.Next[(b*k+r)*k+c]
				y[i] += e * x[j]
				y[j] += e * x[i]
			}
		}
	}
	for r, i := range m.Globals {
		for c, j := range m.Globals {
			y[i] += m.Corner[r*g+c] * x[j]
		}
	}
}

// AddDense adds c·M to a dense matrix of all coordinates.
func (m *Matrix) AddDense(c float64, a []float64) {
	k, g, n := m.K(), len(m.Globals), m.Size()
	for b, coords := range m.Blocks {
		for r, i := range coords {
			for s, j := range coords {
				a[i*n+j] += c * m.Local[(b*k+r)*k+s]
			}
			for s, j := range m.Globals {
				e := c * m.Border[(b*k+r)*g+s]
				a[i*n+j] += e
				a[j*n+i] += e
			}
		}
	}
	for b := 0; m.Chained && b+1 < len(m.Blocks); b++ {
		for r, i := range m.Blocks[b+1] {
			for s, j := range m.Blocks[b] {
				e := c * m.Next[(b*k+r)*k+s]
				a[i*n+j] += e
				a[j*n+i] += e
			}
		}
	}
	for r, i := range m.Globals {
		for s, j := range m.Globals {
			a[i*n+j] += c * m.Corner[r*g+s]
		}
	}
}

// Finite reports whether all elements are.
func (m *Matrix) Finite() bool {
	for _, part := range [][]float64{m.Local, m.Border, m.Corner, m.Next} {
		for _, x := range part {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return false
			}
		}
	}
	return true
}

// Cholesky is the factorisation M = L Lᵀ.
type Cholesky struct {
	*Pattern
	l []float64 // n lower triangles of k×k
	w []float64 // n × k×G: L_i⁻¹ (B_i − C_i W_{i−1})
	c []float64 // of a chain, (n−1) × k×k: C_i = N_{i−1} L_{i−1}⁻ᵀ
	s []float64 // the lower factor of the Schur complement, G×G
}

// Factor factorises; ok is false if the matrix is not positive definite.
func (m *Matrix) Factor() (c *Cholesky, ok bool) {
	k, g := m.K(), len(m.Globals)
	c = &Cholesky{m.Pattern, append([]float64(nil), m.Local...), append([]float64(nil), m.Border...), append([]float64(nil), m.Next...), append([]float64(nil), m.Corner...)}
	for b := range m.Blocks {
		l := c.l[b*k*k : (b+1)*k*k]
		if m.Chained && b > 0 {
			before, by := c.l[(b-1)*k*k:b*k*k], c.link(b)
			for r := 0; r < k; r++ {
				row := by[r*k : (r+1)*k]
				forward(before, k, row)
				for s := 0; s <= r; s++ {
					x := dot(row, by[s*k:(s+1)*k])
					l[r*k+s] -= x
					if s < r {
						l[s*k+r] -= x
					}
				}
				for s, x := range row {
					axpy(-x, c.w[((b-1)*k+s)*g:((b-1)*k+s+1)*g], c.w[(b*k+r)*g:(b*k+r+1)*g])
				}
			}
		}
		if !potrf(l, k) {
			return nil, false
		}
		w := c.w[b*k*g : (b+1)*k*g]
		for r := 0; r < k; r++ { // forward substitution, a row of G at a time
			row := w[r*g : (r+1)*g]
			for t := 0; t < r; t++ {
				axpy(-l[r*k+t], w[t*g:(t+1)*g], row)
			}
			scale(1/l[r*k+r], row)
		}
		for r := 0; r < k; r++ {
			row := w[r*g : (r+1)*g]
			for i := 0; i < g; i++ {
				if row[i] != 0 {
					axpy(-row[i], row[:i+1], c.s[i*g:i*g+i+1])
				}
			}
		}
	}
	return c, potrf(c.s, g)
}

// link is C_b.
func (c *Cholesky) link(b int) []float64 {
	k := c.K()
	return c.c[(b-1)*k*k : b*k*k]
}

// potrf factorises the lower triangle of a row-major matrix in place.
func potrf(a []float64, n int) bool {
	if n <= 4 { // most blocks are
		return small(a, n)
	}
	_, ok := lapack64.Potrf(blas64.Symmetric{N: n, Stride: n, Data: a, Uplo: blas.Lower})
	return ok
}

func small(a []float64, n int) bool {
	for i := 0; i < n; i++ {
		for j := 0; j <= i; j++ {
			x := a[i*n+j]
			for t := 0; t < j; t++ {
				x -= a[i*n+t] * a[j*n+t]
			}
			if i == j {
				if !(x > 0) || math.IsInf(x, 1) {
					return false
				}
				a[i*n+i] = math.Sqrt(x)
			} else {
				a[i*n+j] = x / a[j*n+j]
			}
		}
	}
	return true
}

func axpy(c float64, x, y []float64) {
	if len(x) >= 8 {
		blas64.Axpy(c, blas64.Vector{N: len(x), Inc: 1, Data: x}, blas64.Vector{N: len(x), Inc: 1, Data: y})
		return
	}
	for i, v := range x {
		y[i] += c * v
	}
}

func dot(x, y []float64) float64 {
	if len(x) >= 8 {
		return blas64.Dot(blas64.Vector{N: len(x), Inc: 1, Data: x}, blas64.Vector{N: len(x), Inc: 1, Data: y})
	}
	t := 0.0
	for i, v := range x {
		t += v * y[i]
	}
	return t
}

func scale(c float64, x []float64) {
	for i := range x {
		x[i] *= c
	}
}

// forward solves L y = x in place for a row-major lower triangle, backward
// Lᵀ y = x.
func forward(l []float64, n int, x []float64) {
	for i := 0; i < n; i++ {
		x[i] = (x[i] - dot(l[i*n:i*n+i], x[:i])) / l[i*n+i]
	}
}

func backward(l []float64, n int, x []float64) {
	for i := n - 1; i >= 0; i-- {
		x[i] /= l[i*n+i]
		axpy(-x[i], l[i*n:i*n+i], x[:i])
	}
}

// Solve fills x with M⁻¹·b.
func (c *Cholesky) Solve(b, x []float64) {
	k, g := c.K(), len(c.Globals)
	y := make([]float64, k)
	r := make([]float64, g)
	for j, i := range c.Globals {
		r[j] = b[i]
	}
	for n, coords := range c.Blocks {
		before := append([]float64(nil), y...)
		for t, i := range coords {
			y[t] = b[i]
			if c.Chained && n > 0 {
				y[t] -= dot(c.link(n)[t*k:(t+1)*k], before)
			}
		}
		forward(c.l[n*k*k:(n+1)*k*k], k, y)
		for t, i := range coords {
			x[i] = y[t]
			axpy(-y[t], c.w[(n*k+t)*g:(n*k+t+1)*g], r)
		}
	}
	forward(c.s, g, r)
	c.back(r, x)
}

// Colour fills x with L⁻ᵀ·z in the order of the coordinates: standard normal z
// become draws with covariance M⁻¹.
func (c *Cholesky) Colour(z, x []float64) {
	r := make([]float64, len(c.Globals))
	for j, i := range c.Globals {
		r[j] = z[i]
	}
	copy(x, z)
	c.back(r, x)
}

// back solves Lᵀ x = y, where y is r for the globals and in x for the locals.
func (c *Cholesky) back(r, x []float64) {
	k, g := c.K(), len(c.Globals)
	backward(c.s, g, r)
	for j, i := range c.Globals {
		x[i] = r[j]
	}
	y := make([]float64, k)
	for n := len(c.Blocks) - 1; n >= 0; n-- {
		coords := c.Blocks[n]
		after := append([]float64(nil), y...)
		for t, i := range coords {
			y[t] = x[i] - dot(c.w[(n*k+t)*g:(n*k+t+1)*g], r)
		}
		if c.Chained && n+1 < len(c.Blocks) {
			for s, v := range after {
				axpy(-v, c.link(n + 1)[s*k:(s+1)*k], y)
			}
		}
		backward(c.l[n*k*k:(n+1)*k*k], k, y)
		for t, i := range coords {
			x[i] = y[t]
		}
	}
}

// InverseDiagonal fills d with the diagonal of M⁻¹.
func (c *Cholesky) InverseDiagonal(d []float64) {
	k, g := c.K(), len(c.Globals)
	inv := lowerInverse(c.s, g) // L_S⁻¹: the corner of M⁻¹ is L_S⁻ᵀ L_S⁻¹
	for j, i := range c.Globals {
		d[i] = 0
		for r := j; r < g; r++ {
			d[i] += inv[r*g+j] * inv[r*g+j]
		}
	}
	// Of the locals alone the inverse has the blocks, from the last to the first,
	//
	//	Z_i = L_i⁻ᵀ (I + C_{i+1}ᵀ Z_{i+1} C_{i+1}) L_i⁻¹,
	//
	// and the border adds V S⁻¹ Vᵀ with V_i = L_i⁻ᵀ (W_i − C_{i+1}ᵀ V_{i+1}).
	z, v := make([]float64, k*k), make([]float64, k*g)
	p := make([]float64, g)
	for n := len(c.Blocks) - 1; n >= 0; n-- {
		l := c.l[n*k*k : (n+1)*k*k]
		mid := make([]float64, k*k)
		now := append([]float64(nil), c.w[n*k*g:(n+1)*k*g]...)
		for i := 0; i < k; i++ {
			mid[i*k+i] = 1
		}
		if c.Chained && n+1 < len(c.Blocks) {
			by := c.link(n + 1)
			for s := 0; s < k; s++ {
				t := make([]float64, k) // row s of Z C
				for r := 0; r < k; r++ {
					axpy(z[s*k+r], by[r*k:(r+1)*k], t)
				}
				for i := 0; i < k; i++ {
					axpy(by[s*k+i], t, mid[i*k:(i+1)*k])
					axpy(-by[s*k+i], v[s*g:(s+1)*g], now[i*g:(i+1)*g])
				}
			}
		}
		inv := lowerInverse(l, k)
		for i := range z {
			z[i] = 0
		}
		for i := 0; i < k; i++ { // L⁻ᵀ mid L⁻¹
			for j := 0; j < k; j++ {
				for r := i; r < k; r++ {
					for s := j; s < k; s++ {
						z[i*k+j] += inv[r*k+i] * mid[r*k+s] * inv[s*k+j]
					}
				}
			}
		}
		clear(v)
		for i := 0; i < k; i++ {
			for r := i; r < k; r++ {
				axpy(inv[r*k+i], now[r*g:(r+1)*g], v[i*g:(i+1)*g])
			}
		}
		for t, i := range c.Blocks[n] {
			copy(p, v[t*g:(t+1)*g])
			forward(c.s, g, p)
			d[i] = z[t*k+t] + dot(p, p)
		}
	}
}

// lowerInverse inverts a lower triangle.
func lowerInverse(l []float64, n int) []float64 {
	inv := make([]float64, n*n)
	e := make([]float64, n)
	for j := 0; j < n; j++ {
		clear(e)
		e[j] = 1
		forward(l, n, e)
		for i := j; i < n; i++ {
			inv[i*n+j] = e[i]
		}
	}
	return inv
}

// logDet is log det M.
func (c *Cholesky) logDet() float64 {
	k, g := c.K(), len(c.Globals)
	t := 0.0
	for n := range c.Blocks {
		for r := 0; r < k; r++ {
			t += math.Log(c.l[n*k*k+r*k+r])
		}
	}
	for r := 0; r < g; r++ {
		t += math.Log(c.s[r*g+r])
	}
	return 2 * t
}

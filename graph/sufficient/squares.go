package sufficient

import (
	"ppl/graph"
	"ppl/graph/op"
)

// gain is how many times cheaper than the sum over all rows the sum over the
// statistics must be.
const gain = 2

// squares replaces times · Σ w·u² over the rows.
func (r *Rules) squares(f *space, u, w placed, times float64) (*graph.Node, bool) {
	ts, ok := f.affine(u)
	if !ok {
		return nil, false
	}
	d := newDesign(f, ts)
	q, p := len(d.locals), d.shared()
	room := f.n*(d.parts+2)/gain - p*(p+2)
	if room < 0 {
		return nil, false
	}
	c := &cells{}
	if q > 0 {
		if c, ok = d.cells(room / (q * (q + p + 2))); !ok {
			return nil, false
		}
	}
	fd, ok := r.cache.fold(d, w, c)
	if !ok {
		return nil, false
	}
	var total graph.Term
	fr := op.Frame{G: f.g, Shape: f.kept}
	add := func(residual graph.Term, size int) {
		sq := f.over(size).Apply(op.Square, residual)
		t := graph.Term{Node: f.g.ScaledSum(sq.Node, []int{len(sq.Dims) - 1}, times), Dims: sq.Dims[:len(sq.Dims)-1]}
		if total.Zero() {
			total = t
		} else {
			total = fr.Apply(op.Add, total, t)
		}
	}
	values := make([]graph.Term, q)
	for i, l := range d.locals {
		values[i] = d.value(l, c)
	}
	for i := range values {
		m := matrix{fd.cells[i*fd.width:], c.n, q * fd.width}
		fr := f.over(c.n)
		res := d.sharedTerms(m, q)
		for k := i; k < q; k++ {
			res = fr.Apply(op.Add, res, fr.Apply(op.Mul, m.column(f, k), values[k]))
		}
		add(res, c.n)
	}
	m := matrix{fd.pooled, p, p}
	add(d.sharedTerms(m, 0), p)
	return fr.Node(total), true
}

// matrix is part of a row-major array.
type matrix struct {
	x            []float64
	rows, stride int
}

// block is columns from .. from+n−1 of the matrix as a constant.
func (m matrix) block(f *space, from, n int) *graph.Node {
	out := make([]float64, 0, m.rows*n)
	for i := 0; i < m.rows; i++ {
		out = append(out, m.x[i*m.stride+from:][:n]...)
	}
	return f.g.Constant(graph.Shape{m.rows, n}, out)
}

// column is column j, over the rows of the matrix.
func (m matrix) column(f *space, j int) graph.Term {
	out := make([]float64, m.rows)
	for i := range out {
		out[i] = m.x[i*m.stride+j]
	}
	return graph.Term{Node: f.g.Constant(graph.Shape{m.rows}, out), Dims: []int{f.last()}}
}

// sharedTerms multiplies the columns of m, from column at on, with what the
// design multiplies its shared columns with.
func (d *design) sharedTerms(m matrix, at int) graph.Term {
	f := d.f
	fr := f.over(m.rows)
	var res graph.Term
	add := func(t graph.Term) {
		if res.Zero() {
			res = t
		} else {
			res = fr.Apply(op.Add, res, t)
		}
	}
	for _, t := range d.dense {
		add(f.times(m.block(f, at, t.columns), t.latent))
		at += t.columns
	}
	var rest []graph.Term
	for _, t := range d.singles {
		rest = append(rest, fr.Apply(op.Mul, m.column(f, at), t.latent))
		at++
	}
	rest = append(rest, m.column(f, at))
	for _, t := range rest {
		add(t)
	}
	return res
}

// times is the product of a matrix with a latent vector: Σ_j m[i, j]·v[j], over
// the kept dimensions and i.
func (f *space) times(m *graph.Node, v graph.Term) graph.Term {
	last := len(v.Dims) - 1
	rows, column := f.last(), f.last()+1
	in := append(append([]int{}, v.Dims[:last]...), column)
	out := append(append([]int{}, v.Dims[:last]...), rows)
	return graph.Term{Node: op.NewContract(f.g, m, v.Node, []int{rows, column}, in, out), Dims: out}
}

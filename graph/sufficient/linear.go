package sufficient

import (
	"math"

	"ppl/graph"
	"ppl/graph/op"
)

// linear replaces times · Σ x over the rows, where x is affine: each latent is
// multiplied by the sum of its coefficients.
func linear(f *space, x placed, times float64) (*graph.Node, bool) {
	ts, ok := f.affine(x)
	if !ok {
		return nil, false
	}
	d := newDesign(f, ts)
	work := d.shared()
	for _, l := range d.locals {
		for _, t := range l.parts {
			if t.index != nil {
				work += t.index.levels
			}
		}
	}
	if gain*work > f.n*(d.parts+1) {
		return nil, false
	}
	fr := op.Frame{G: f.g, Shape: f.kept}
	var total graph.Term
	add := func(t graph.Term) {
		if total.Zero() {
			total = t
		} else {
			total = fr.Apply(op.Add, total, t)
		}
	}
	for _, t := range ts {
		s, ok := f.sums(t, times)
		if !ok {
			return nil, false
		}
		switch {
		case t.index != nil:
			last := len(t.latent.Dims) - 1
			weights := graph.Term{Node: f.g.Constant(graph.Shape{len(s)}, s), Dims: []int{f.last()}}
			w := f.over(len(s)).Apply(op.MulZ, weights, t.latent)
			add(graph.Term{Node: f.g.ScaledSum(w.Node, []int{last}, 1), Dims: w.Dims[:last]})
		case t.columns > 0:
			m := f.times(f.g.Constant(graph.Shape{1, len(s)}, s), t.latent)
			add(graph.Term{Node: f.g.ScaledSum(m.Node, []int{len(m.Dims) - 1}, 1), Dims: m.Dims[:len(m.Dims)-1]})
		default:
			sum := 0.0
			for _, v := range s {
				sum += v
			}
			add(fr.Apply(op.MulZ, fr.Scalar(sum), t.latent))
		}
	}
	return fr.Node(total), true
}

// sums adds up a term's coefficients, times a number: for each level, for each
// column, or one. They must be finite.
func (f *space) sums(t term, times float64) ([]float64, bool) {
	s := f.column1(t.coef)
	level := func(int) int { return 0 }
	size := 1
	switch {
	case t.index != nil:
		size = t.index.levels
		level = func(row int) int { return int(t.index.codes.Const[row]) }
	case t.columns > 0:
		size = t.columns
		s = f.matrixSource(t)
	}
	out, block := make([]float64, size), make([]float64, size)
	flush := func() {
		for i, v := range block {
			out[i] += v
		}
		clear(block)
	}
	// Rows in blocks, so that the error grows slowly.
	const rows = 512
	for row := 0; row < f.n; row++ {
		w, at, k := s.weightOf(row), s.at.at(row), level(row)
		for j := 0; j < s.columns; j++ {
			block[k+j] += w * s.data[at+j*s.step]
		}
		if row%rows == rows-1 && size <= rows {
			flush()
		}
	}
	flush()
	for i := range out {
		out[i] *= times
		if math.IsNaN(out[i]) || math.IsInf(out[i], 0) {
			return nil, false
		}
	}
	return out, true
}

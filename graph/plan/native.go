package plan

import (
	"slices"

	"ppl/graph"
	"ppl/graph/kernel/linalg"
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
	"ppl/graph/scan"
)

// Steps that run in rows although they are not elementwise: decompositions, solves, reductions over
// rows. Products are in contract.go. What is in none of these runs through the op's own Eval.

// native is a step with the memory of one state.
type native func(s *rowState)

func (f native) run(s *rowState) { f(s) }

// perParticle reports whether operand k, which does not vary, is read as one that does.
func (c *compiler) perParticle(n *graph.Node, k int) bool {
	if !c.an.batch[n.ID] || c.an.batch[n.In[k].ID] {
		return false
	}
	switch o := n.Op.(type) {
	case op.CholeskyAdjoint:
		return true
	case op.TriSolve:
		return len(o.A) == len(o.B)
	case op.Solve:
		return len(o.A) == len(o.B)
	case op.Contract:
		return slices.Index([][]int{o.A, o.B}[k], o.Out[0]) == 0
	case scan.Scan:
		return o.Input(k).Batch
	case scan.Steps:
		return o.Input(k).Batch
	}
	return false
}

// bindOther gives a generic step its memory. Particles summed over are left to the op's Eval, but in products.
func (s *rowState) bindOther(g *generic) runner {
	if g.promote != nil {
		return s.bindGeneric(g)
	}
	p, varies := 1, false
	for _, v := range g.in {
		varies = varies || v.batch
	}
	if g.out.batch {
		p = s.pr.p
	}
	if _, product := g.n.Op.(op.Contract); product || varies == g.out.batch {
		if f := s.bindNative(g, p); f != nil {
			return f
		}
	}
	return s.bindGeneric(g)
}

// bindNative is the step over rows of p numbers, nil if there is none for the op.
func (s *rowState) bindNative(g *generic, p int) native {
	w := &linalg.Workspace{}
	var in [][]float64
	for _, v := range g.in {
		in = append(in, s.array(v))
	}
	out := s.array(g.out)
	switch o := g.n.Op.(type) {
	case op.Cholesky:
		n := o.Of[len(o.Of)-1]
		return parts(len(out), n*n*p, func(lo, hi int) { linalg.Cholesky(out[lo:hi], in[0][lo:hi], n, p, w) })
	case op.CholeskyAdjoint:
		n := o.Of[len(o.Of)-1]
		return parts(len(out), n*n*p, func(lo, hi int) { linalg.CholeskyAdjoint(out[lo:hi], in[0][lo:hi], in[1][lo:hi], n, p, w) })
	case op.LogDet:
		n := o.Of[len(o.Of)-1]
		return parts(len(out), p, func(lo, hi int) { linalg.LogDet(out[lo:hi], in[0][lo*n*n:hi*n*n], n, p, w) })
	case op.TriSolve:
		return s.solver(g, o.A, o.B, p, func(x, a, b []float64, n, m, p int) { linalg.TriSolve(x, a, b, n, m, p, o.Trans, w) })
	case op.Solve:
		return s.solver(g, o.A, o.B, p, func(x, a, b []float64, n, m, p int) { linalg.Solve(x, a, b, n, m, p, o.Trans, w) })
	case op.Reduce:
		return s.logSumExp(g, o, p)
	case op.CumSum:
		return s.cumSum(g, o, p)
	case op.Contract:
		return s.bindContract(g, o, p)
	case op.View:
		return s.bindView(g, o, p)
	case op.Scatter:
		return s.bindScatter(g, o, p)
	case op.Chain:
		return s.bindChain(g, o.ChainShape, false, p)
	case op.ChainHessian:
		return s.bindChain(g, o.ChainShape, true, p)
	case op.ChainValue:
		return s.chainValue(g, o, p)
	case scan.Scan:
		return s.bindScan(g, o)
	case scan.Steps:
		return s.bindSteps(g, o)
	}
	return nil
}

// parts runs f on parts of size numbers.
func parts(total, size int, f func(lo, hi int)) native {
	return func(*rowState) {
		for lo := 0; lo < total; lo += size {
			f(lo, lo+size)
		}
	}
}

// solver solves with matrices for each particle, or with matrices that all share: the particles are then columns
// of the right-hand side.
func (s *rowState) solver(g *generic, a, b graph.Shape, p int, solve func(x, a, b []float64, n, m, p int)) native {
	n, m := b[len(b)-2], b[len(b)-1]
	x, of, y := s.array(g.out), s.array(g.in[0]), s.array(g.in[1])
	shared := !g.in[0].batch
	return parts(len(x), n*m*p, func(lo, hi int) {
		at := lo / m * n
		if shared {
			at = at / p % len(of)
			solve(x[lo:hi], of[at:at+n*n], y[lo:hi], n, m*p, 1)
		} else {
			solve(x[lo:hi], of[at:at+n*n*p], y[lo:hi], n, m, p)
		}
	})
}

// logSumExp reduces dimensions that are next to one another.
func (s *rowState) logSumExp(g *generic, r op.Reduce, p int) native {
	if r.Kind != op.LogSumExp || len(r.Dims) == 0 || r.Dims[len(r.Dims)-1]-r.Dims[0] != len(r.Dims)-1 {
		return nil
	}
	first, end := r.Dims[0], r.Dims[len(r.Dims)-1]+1
	k, stride := r.From[first:end].Size(), r.From[end:].Size()*p
	x, out := s.array(g.in[0]), s.array(g.out)
	return parts(len(out), stride, func(lo, hi int) { vec.LogSumExp(out[lo:hi], x[lo*k:hi*k], k, stride, stride) })
}

// cumSum adds up along the last dimension.
func (s *rowState) cumSum(g *generic, c op.CumSum, p int) native {
	k := g.out.rows[len(g.out.rows)-1]
	x, out := s.array(g.in[0]), s.array(g.out)
	return parts(len(out), k*p, func(lo, hi int) {
		first, step := lo, p
		if c.Reverse {
			first, step = hi-p, -p
		}
		copy(out[first:first+p], x[first:])
		for at := first + step; at >= lo && at < hi; at += step {
			sum := vec.Operand{Data: out[at-step : at-step+p], Mode: vec.Full}
			vec.Binary(vec.Add, out[at:at+p], vec.Operand{Data: x[at : at+p], Mode: vec.Full}, sum, 1, p)
		}
	})
}

package sufficient

import (
	"ppl/graph"
	"ppl/graph/op"
)

// term is one term of an affine form. It is one of
//
//	coef[n] · latent                        index nil, columns 0
//	coef[n] · latent[index[n]]              an index
//	coef[n] · Σ_j matrix[n, j] · latent[j]  columns > 0
//
// where latent has the kept dimensions of the space and, in the last two cases,
// one more after them.
type term struct {
	coef    placed
	latent  graph.Term
	index   *index
	matrix  placed // its last column dimension is neither a row nor kept
	columns int
}

// index picks one of a number of levels for each row. All levels occur.
type index struct {
	codes  *graph.Node // one for each row, from 0
	levels int
}

// form is a sum of terms.
type form []term

// maxTerms bounds the work on one sum.
const maxTerms = 64

// frame is the frame of the term's latent.
func (f *space) frame(t term) op.Frame {
	switch {
	case t.index != nil:
		return f.over(t.index.levels)
	case t.columns > 0:
		return f.over(t.columns)
	}
	return f.over(1)
}

// one reports whether a coefficient is the number 1.
func one(x placed) bool {
	c, ok := x.node.ConstScalar()
	return ok && c == 1 && len(x.node.Shape) == 0
}

// number is the value of a term that is the same known number everywhere.
func (t term) number() (float64, bool) {
	if t.index != nil || t.columns > 0 || len(t.latent.Dims) > 0 || !t.latent.Node.IsConst() {
		return 0, false
	}
	return t.latent.Node.Const[0], true
}

// plain reports whether the term is a latent, or an element of one, alone.
func (t term) plain() bool { return t.columns == 0 && one(t.coef) }

// sameIndex gives the index of terms that agree in it (none agrees with any).
func sameIndex(ts ...term) (*index, bool) {
	var ix *index
	for _, t := range ts {
		switch {
		case t.index == nil || ix != nil && t.index.codes == ix.codes:
		case ix != nil:
			return nil, false
		default:
			ix = t.index
		}
	}
	return ix, true
}

func (f *space) negate(ts form) form {
	out := make(form, len(ts))
	for i, t := range ts {
		t.latent = f.frame(t).Apply(op.Neg, t.latent)
		out[i] = t
	}
	return out
}

// product multiplies two forms out.
func (f *space) product(a, b form) (form, bool) {
	if len(a)*len(b) > maxTerms {
		return nil, false
	}
	var out form
	for _, s := range a {
		for _, t := range b {
			if s.columns > 0 {
				s, t = t, s
			}
			if s.index != nil && t.columns > 0 {
				ts, ok := f.columnsOf(t)
				if !ok {
					return nil, false
				}
				ps, ok := f.product(form{s}, ts)
				if !ok {
					return nil, false
				}
				out = append(out, ps...)
				continue
			}
			ix, ok := sameIndex(s, t)
			if !ok || s.columns > 0 {
				return nil, false
			}
			p := term{coef: f.data(op.Mul, s.coef, t.coef), index: ix, matrix: t.matrix, columns: t.columns}
			p.latent = f.frame(p).Apply(op.Mul, s.latent, t.latent)
			out = append(out, p)
		}
	}
	return out, true
}

// apply is a function that commutes with products, of a form of one term.
func (f *space) apply(fn *op.Func, a form) (form, bool) {
	if len(a) != 1 || a[0].columns > 0 {
		return nil, false
	}
	t := a[0]
	if !one(t.coef) && fn != op.Recip && fn != op.Square && !positive(t.coef.node.Const) {
		return nil, false
	}
	t.coef = f.data(fn, t.coef)
	t.latent = f.frame(t).Apply(fn, t.latent)
	return form{t}, true
}

// log of a product of data and a latent is the sum of both logs.
func (f *space) log(a form) (form, bool) {
	if len(a) != 1 || a[0].columns > 0 || one(a[0].coef) || !positive(a[0].coef.node.Const) {
		return nil, false
	}
	t := a[0]
	known := term{coef: f.data(op.Log, t.coef), latent: graph.Term{Node: f.g.Scalar(1)}}
	t.coef = f.scalar(1)
	t.latent = f.frame(t).Apply(op.Log, t.latent)
	return form{known, t}, true
}

func positive(x []float64) bool {
	for _, v := range x {
		if !(v > 0) {
			return false
		}
	}
	return true
}

// lift applies any function to latents that share an index: it is then taken
// once for each level.
func (f *space) lift(fn *op.Func, xs []form) (form, bool) {
	ts := make([]term, len(xs))
	for i, x := range xs {
		if len(x) != 1 || !x[0].plain() {
			return nil, false
		}
		ts[i] = x[0]
	}
	ix, ok := sameIndex(ts...)
	if !ok || ix == nil {
		return nil, false
	}
	ls := make([]graph.Term, len(ts))
	for i, t := range ts {
		ls[i] = t.latent
	}
	return form{{coef: f.scalar(1), latent: f.over(ix.levels).Apply(fn, ls...), index: ix}}, true
}

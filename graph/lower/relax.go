package lower

import (
	"ppl/graph"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang/ast"
)

// Discrete latents that are not summed out have a guide: independent
// categorical distributions, one for each element. What lowering needs of it is
// an assignment, a weight for each value of each element, which the caller
// supplies:
//
//   - expect: the guide's probabilities. Every factor is its table averaged over
//     them, which is its exact expectation, as elements are independent.
//   - score: one for the value that was drawn, else zero: the factors at the
//     draw. Their derivative by the assignment is, for each value of an element,
//     the sum of the factors that mention the element, with that value in place
//     of the one drawn: what a Rao-Blackwellised estimator needs. A latent with
//     infinitely many values has one place that stands for the value drawn.
//   - relax: a point of the simplex, from a Gumbel-softmax (Jang, Gu & Poole
//     2017; Maddison, Mnih & Teh 2017). It is plugged in where the latent is
//     used: mu[z] is the mixture of the mu, and z in arithmetic the mixture of
//     its values. Its own prior is averaged over the guide's probabilities
//     instead, as for expect.

// Assigner supplies assignments. Shapes are those of the latent with a
// dimension for its values at the end.
type Assigner interface {
	// Weights are the weights of the values of discrete latent number i.
	Weights(b *named.Builder, i int, shape graph.Shape) named.Value
	// Prior are those by which a relaxed latent's own density is averaged.
	Prior(b *named.Builder, i int, shape graph.Shape) named.Value
	// Drawn are the values drawn of a latent with infinitely many; lo is the
	// least value. Its shape is the latent's.
	Drawn(b *named.Builder, i int, shape graph.Shape, lo float64) named.Value
}

// evenly is the assignment where the caller has none: of all values equally.
type evenly struct{}

func (evenly) Weights(b *named.Builder, _ int, shape graph.Shape) named.Value {
	x := make([]float64, shape.Size())
	for i := range x {
		x[i] = 1 / float64(shape[len(shape)-1])
	}
	return b.Array(shape, x)
}

func (e evenly) Prior(b *named.Builder, i int, shape graph.Shape) named.Value {
	return e.Weights(b, i, shape)
}

func (evenly) Drawn(b *named.Builder, _ int, shape graph.Shape, lo float64) named.Value {
	x := make([]float64, shape.Size())
	for i := range x {
		x[i] = lo + 1
	}
	return b.Array(shape, x)
}

func (l *lowerer) assigner() Assigner {
	if l.options.Assigner == nil {
		return evenly{}
	}
	return l.options.Assigner
}

// siteNumber is the position of a latent among the discrete ones.
func (l *lowerer) siteNumber(d *discrete) int {
	for i, x := range l.siteOrder {
		if x == d {
			return i
		}
	}
	panic("lower: an unknown discrete latent")
}

func (d *discrete) full() graph.Shape {
	return append(append(graph.Shape{}, d.site.Shape...), d.site.K)
}

// weights are the assignment of a latent, prior what averages its own density.
func (l *lowerer) weightsOf(d *discrete) named.Value {
	if c := l.chosenOf(d); c != nil {
		return c.weights
	}
	if !d.weights.Valid() {
		d.weights = l.assigner().Weights(l.b, l.siteNumber(d), d.full())
	}
	return d.weights
}

func (l *lowerer) priorOf(d *discrete) named.Value {
	if c := l.chosenOf(d); c != nil {
		return c.prior
	}
	if d.how != Relax {
		return l.weightsOf(d)
	}
	if !d.prior.Valid() {
		d.prior = l.assigner().Prior(l.b, l.siteNumber(d), d.full())
	}
	return d.prior
}

// drawnOf is the value of a reference to a latent with infinitely many values.
func (l *lowerer) drawnOf(d *discrete, r *enum.Ref) named.Value {
	if !d.drawn.Valid() {
		d.drawn = l.assigner().Drawn(l.b, l.siteNumber(d), d.site.Shape, d.lo)
	}
	flat := l.b.Reshape(d.drawn, graph.Shape{d.site.Shape.Size(), 1})
	return enum.Gather(l.b, flat, r)
}

// relaxed reports whether an expression is a reference to a relaxed latent.
func (l *lowerer) relaxed(e ast.Expr) bool {
	e = ast.Unparen(e)
	if x, ok := e.(*ast.Index); ok {
		e = ast.Unparen(x.X)
	}
	n, ok := e.(*ast.Name)
	if !ok {
		return false
	}
	b := l.find(n.Name)
	return b != nil && b.site != nil && b.site.how == Relax
}

// plug is the relaxed value of elements of a latent: the mixture of its values.
// Any number of elements may be read at once, since no table holds them jointly.
func (l *lowerer) plug(d *discrete, x elementAt) named.Value {
	l.fresh++
	r := (&enum.Ref{Site: d.site, Over: x.over, Index: x.index}).Reduced()
	r.Axis = &named.Axis{Name: d.sym.Name, Size: d.site.K, Class: named.Enumerated, Depth: l.fresh}
	d.noteRef(r)
	values := l.b.Wrap(l.b.G.Constant(graph.Shape{d.site.K}, d.values()), r.Axis)
	return l.b.SumAxes(l.b.Apply(op.MulZ, enum.Gather(l.b, l.flat(l.weightsOf(d), d), r), values), r.Axis)
}

// mixed mixes what a value has along the axes of relaxed latents.
func (l *lowerer) mixed(v val) val {
	if !l.relaxes {
		return v
	}
	v.Value, _ = l.mix(v.Value, nil)
	return v
}

// mix is mixed, summed over those of some axes that it gives, where that takes no more work.
func (l *lowerer) mix(v named.Value, over []*named.Axis) (out named.Value, summed []*named.Axis) {
	var refs []*enum.Ref
	for _, a := range v.Axes() {
		if r := l.refs[a]; r != nil && l.sites[r.Site.Name].how == Relax {
			refs = append(refs, r)
		}
	}
	return enum.AverageSum(l.b, v, refs, over, func(r *enum.Ref) named.Value {
		d := l.sites[r.Site.Name]
		return l.flat(l.weightsOf(d), d)
	})
}

// flat lays an assignment out as elements × values.
func (l *lowerer) flat(v named.Value, d *discrete) named.Value {
	return l.b.Reshape(v, graph.Shape{d.site.Shape.Size(), d.site.K})
}

// average is the sum of each of the tables that are left, averaged over the
// assignments.
func (l *lowerer) average(tables []*enum.Table) []named.Value {
	out := make([]named.Value, len(tables))
	for i, t := range tables {
		out[i] = l.b.Scalar(0)
		for _, x := range t.Terms {
			var refs []*enum.Ref
			for _, r := range t.Refs {
				if x.Has(r.Axis) {
					refs = append(refs, r)
				}
			}
			x = enum.Average(l.b, x, refs, func(r *enum.Ref) named.Value {
				d := l.sites[r.Site.Name]
				return l.flat(l.priorOf(d), d)
			})
			l.reward([]named.Value{x}, t.Plates)
			out[i] = l.b.Add(out[i], l.b.SumAxes(x, t.Plates...))
		}
	}
	return out
}

package enum

import (
	"ppl/graph/named"
	"ppl/graph/op"
)

// Gather reads, for each iteration of a reference's plates, the row of the
// element that it is of from x, elements × values: the result has the
// reference's plates and its axis.
func Gather(b *named.Builder, x named.Value, r *Ref) named.Value {
	r = r.Reduced()
	idx := make([]float64, len(r.Index))
	for i, k := range r.Index {
		idx[i] = float64(k + 1)
	}
	at := b.Wrap(b.G.Constant(sizes(r.Over), idx), r.Over...)
	rows := b.Index(x, named.IndexArg{Value: at}, named.IndexArg{All: true})
	return b.Open(rows, r.Axis)
}

// Average sums a table over a reference's axis, each value by its weight:
// weights are elements × values. A value of weight zero does not count,
// whatever the table has there.
func Average(b *named.Builder, table named.Value, r *Ref, weights named.Value) named.Value {
	return b.SumAxes(b.Apply(op.MulZ, Gather(b, weights, r), table), r.Axis)
}

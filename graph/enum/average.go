package enum

import (
	"ppl/graph"
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

// Average sums a table over the axes of references, each value by its weight:
// weights gives those of a reference's site, elements × values. A value of
// weight zero does not count, whatever the table has there. Where several
// references are of the same element, only their common values count, once.
func Average(b *named.Builder, table named.Value, refs []*Ref, weights func(*Ref) named.Value) named.Value {
	table, _ = AverageSum(b, table, refs, nil, weights)
	return table
}

// AverageSum is Average, summed over those of some axes that it gives, where that takes no more work.
func AverageSum(b *named.Builder, table named.Value, refs []*Ref, over []*named.Axis, weights func(*Ref) named.Value) (out named.Value, summed []*named.Axis) {
	for i := len(refs) - 1; i >= 0; i-- { // a weight may depend on the axes of earlier references
		w := weightsGiven(b, refs[i], refs[:i], weights)
		if table.Has(refs[i].Axis) && lacksSome(table, w.Axes()) {
			for _, a := range over {
				if i == 0 && table.Has(a) && w.Has(a) {
					summed = append(summed, a)
				}
			}
			table = b.SumProduct(w, table, append(summed, refs[i].Axis)...) // one table for many elements
			continue
		}
		table = b.SumAxes(b.Apply(op.MulZ, w, table), refs[i].Axis)
	}
	return table, summed
}

func lacksSome(v named.Value, axes []*named.Axis) bool {
	for _, a := range axes {
		if !v.Has(a) {
			return true
		}
	}
	return false
}

// weightsGiven are the weights of a reference's values given those of others:
// one for the value of another reference to the same element, else zero.
func weightsGiven(b *named.Builder, r *Ref, others []*Ref, weights func(*Ref) named.Value) named.Value {
	w := Gather(b, weights(r), r)
	for _, o := range others {
		if o.Site != r.Site {
			continue
		}
		same, some, all := sameElement(b, r, o)
		switch {
		case all:
			return identity(b, o.Axis, r.Axis)
		case some:
			w = b.Where(same, identity(b, o.Axis, r.Axis), w)
		}
	}
	return w
}

// sameElement is one where two references are of the same element.
func sameElement(b *named.Builder, r, o *Ref) (same named.Value, some, all bool) {
	at := func(r *Ref) named.Value {
		idx := make([]float64, len(r.Index))
		for i, k := range r.Index {
			idx[i] = float64(k)
		}
		return b.Wrap(b.G.Constant(sizes(r.Over), idx), r.Over...)
	}
	same = b.Equal(at(r.Reduced()), at(o.Reduced()))
	all = true
	for _, x := range same.Const() {
		some, all = some || x != 0, all && x != 0
	}
	return same, some, all
}

func identity(b *named.Builder, x, y *named.Axis) named.Value {
	d := make([]float64, x.Size*y.Size)
	for i := range x.Size {
		d[i*y.Size+i] = 1
	}
	return b.Wrap(b.G.Constant(graph.Shape{x.Size, y.Size}, d), x, y)
}

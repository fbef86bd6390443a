package enum

import (
	"slices"

	"ppl/graph"
	"ppl/graph/named"
)

// Parts of tables: some of their iterations.

// over are the plates that some references vary over.
func over(refs []*Ref) []*named.Axis {
	var out []*named.Axis
	for _, r := range refs {
		out = union(out, r.Over)
	}
	return out
}

// restrict is a table in some iterations of the axes over, given in order. Where these are all those with some
// coordinates, the other axes stay; else they have one axis.
func (e *elim) restrict(t *Table, over []*named.Axis, rows []int) *Table {
	size := sizes(over)
	if len(rows) == size.Size() {
		return &Table{Terms: t.Terms, Plates: t.Plates, Refs: slices.Clone(t.Refs)}
	}
	if coords, ok := box(over, rows); ok {
		return e.iteration(t, coords)
	}
	r := e.axis("row", len(rows), named.Plate)
	out := &Table{Plates: append(without(t.Plates, over), r)}
	for _, x := range t.Refs {
		out.Refs = append(out.Refs, x.inRows(over, rows, r))
	}
	for _, x := range t.Terms {
		out.Terms = append(out.Terms, e.pick(x, over, rows, r))
	}
	return out
}

// box finds the coordinates that rows have in common, if they are all that have these.
func box(over []*named.Axis, rows []int) (map[*named.Axis]int, bool) {
	size := sizes(over)
	coords, n := map[*named.Axis]int{}, 1
	for d, st := range size.Strides() {
		same := true
		for _, i := range rows {
			same = same && i/st%size[d] == rows[0]/st%size[d]
		}
		if same {
			coords[over[d]] = rows[0] / st % size[d]
		} else {
			n *= size[d]
		}
	}
	return coords, n == len(rows)
}

// iteration is a table where some axes have a fixed index, from 0.
func (e *elim) iteration(t *Table, coords map[*named.Axis]int) *Table {
	out := &Table{}
	for _, a := range t.Plates {
		if _, ok := coords[a]; !ok {
			out.Plates = append(out.Plates, a)
		}
	}
	for _, r := range t.Refs {
		out.Refs = append(out.Refs, r.Fixed(coords))
	}
	for _, v := range t.Terms {
		out.Terms = append(out.Terms, e.fixed(v, coords))
	}
	return out
}

// inRows is a reference in some iterations of axes, which have axis to.
func (r *Ref) inRows(over []*named.Axis, rows []int, to *named.Axis) *Ref {
	rest := without(r.Over, over)
	if len(rest) == len(r.Over) {
		return r
	}
	out := &Ref{Site: r.Site, Axis: r.Axis, Over: append(rest, to)}
	size := sizes(over)
	st := size.Strides()
	inner, from := make([]int, len(rows)), 0
	own := sizes(r.Over).Strides()
	step := make([]int, len(rest))
	for d, a := range r.Over {
		if k := indexOf(over, a); k >= 0 {
			for i, row := range rows {
				inner[i] += row / st[k] % size[k] * own[d]
			}
		} else {
			step[from] = own[d]
			from++
		}
	}
	graph.Walk(sizes(rest), step, nil, 0, func(_, p, _ int) {
		for _, q := range inner {
			out.Index = append(out.Index, r.Index[p+q])
		}
	})
	return out
}

// pick is a value in some iterations of axes, along axis to; as it is if it has none of them.
func (e *elim) pick(x named.Value, over []*named.Axis, rows []int, to *named.Axis) named.Value {
	size := sizes(over)
	st := size.Strides()
	var have []*named.Axis
	var args []named.IndexArg
	for d, a := range over {
		if !x.Has(a) {
			continue
		}
		at := make([]float64, len(rows))
		for i, row := range rows {
			at[i] = float64(row/st[d]%size[d] + 1)
		}
		have = append(have, a)
		args = append(args, named.IndexArg{Value: e.b.Wrap(e.b.G.Constant(graph.Shape{len(rows)}, at), to)})
	}
	if len(have) == 0 {
		return x
	}
	return e.b.Index(e.b.Close(x, have...), args...)
}

// Fixed is a reference where some axes have a fixed index, from 0.
func (r *Ref) Fixed(coords map[*named.Axis]int) *Ref {
	out := &Ref{Site: r.Site, Axis: r.Axis, Index: r.Index}
	left := r.Over
	for d := 0; d < len(left); d++ {
		k, ok := coords[left[d]]
		if !ok {
			continue
		}
		out.Index = slice(out.Index, sizes(left), d, k)
		left = append(append([]*named.Axis(nil), left[:d]...), left[d+1:]...)
		d--
	}
	out.Over = left
	return out
}

// fixed is a value where some axes have a fixed index.
func (e *elim) fixed(v named.Value, coords map[*named.Axis]int) named.Value {
	var axes []*named.Axis
	var args []named.IndexArg
	for _, a := range v.Axes() {
		if k, ok := coords[a]; ok {
			axes = append(axes, a)
			args = append(args, named.IndexArg{Value: e.b.Scalar(float64(k + 1))})
		}
	}
	if len(axes) == 0 {
		return v
	}
	return e.b.Index(e.b.Close(v, axes...), args...)
}

// diagonal is a value where two axes have the same index: a gives way to b.
func (e *elim) diagonal(v named.Value, a, b *named.Axis) named.Value {
	if !v.Has(a) {
		return v
	}
	if !v.Has(b) {
		return e.b.Rename(v, a, b)
	}
	i := e.b.Counter(b, 1)
	return e.b.Index(e.b.Close(v, a, b), named.IndexArg{Value: i}, named.IndexArg{Value: i})
}

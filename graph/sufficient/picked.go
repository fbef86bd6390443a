package sufficient

import (
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

// maxColumns is the number of columns up to which a matrix times coefficients
// picked by an index is taken as so many terms.
const maxColumns = 12

// picked reads a node whose rows are elements of a smaller array, picked by an
// index that data determine. With column ≥ 0, dimension column of the node is
// summed against the columns of the matrix m; else m is 1.
func (f *space) picked(x, m placed, column int) (form, bool) {
	src, strides, base, off := x.node, x.node.Shape.Strides(), 0, []float64(nil)
	var offStrides []int
	if v, ok := x.node.Op.(op.View); ok {
		src, strides, base = x.node.In[0], v.Strides, v.Base
		if v.OffStrides != nil {
			off, offStrides = x.node.In[1].Const, v.OffStrides
			if off == nil {
				return nil, false
			}
		}
	}
	if off == nil && f.everyRow(x, strides) {
		return nil, false
	}
	if column >= 0 && x.node.Shape[column] > maxColumns {
		return nil, false
	}
	for i, d := range x.row {
		if d < 0 && off != nil && offStrides[i] != 0 && x.node.Shape[i] > 1 {
			return nil, false
		}
	}
	at := f.offsets(x.row, strides)
	place := make([]int, f.n)
	for i := range place {
		place[i] = base + at.at(i)
	}
	if off != nil {
		o := f.offsets(x.row, offStrides)
		for i := range place {
			place[i] += int(off[o.at(i)])
		}
	}
	ix, starts := f.index(place)
	if 2*ix.levels > f.n {
		return nil, false
	}
	// The latent: its kept dimensions in order, then the levels, then the column.
	var kept []int
	for i, d := range x.kept {
		if d >= 0 {
			kept = append(kept, i)
		}
	}
	slices.SortFunc(kept, func(a, b int) int { return x.kept[a] - x.kept[b] })
	v := op.View{}
	var dims []int
	for _, i := range kept {
		v.Out = append(v.Out, x.node.Shape[i])
		v.Strides = append(v.Strides, strides[i])
		dims = append(dims, x.kept[i])
	}
	v.Out = append(v.Out, ix.levels)
	dims = append(dims, f.last())
	level := func(extra int) graph.Term {
		v, at := v, starts
		v.Strides = slices.Clone(v.Strides)
		if step, ok := regular(at); ok {
			v.Base, v.Strides = at[0]+extra, append(v.Strides, step)
			return graph.Term{Node: op.NewView(f.g, src, v, nil), Dims: dims}
		}
		v.Base, v.Strides = extra, append(v.Strides, 0)
		v.OffStrides = make([]int, len(v.Out))
		v.OffStrides[len(v.Out)-1] = 1
		return graph.Term{Node: op.NewView(f.g, src, v, f.g.Constant(graph.Shape{len(at)}, floats(at))), Dims: dims}
	}
	if column < 0 {
		return form{{coef: m, latent: level(0), index: ix}}, true
	}
	var out form
	for j := 0; j < x.node.Shape[column]; j++ {
		out = append(out, term{coef: f.column(m, j), latent: level(j * strides[column]), index: ix})
	}
	return out, true
}

// everyRow reports whether each row picks an element of its own.
func (f *space) everyRow(x placed, strides []int) bool {
	moves := make([]bool, len(f.rows))
	for i, d := range x.row {
		if d >= 0 && strides[i] != 0 {
			moves[d] = true
		}
	}
	for d, n := range f.rows {
		if n > 1 && !moves[d] {
			return false
		}
	}
	return true
}

// column is column j of a known matrix, over its rows.
func (f *space) column(m placed, j int) placed {
	st := m.node.Shape.Strides()
	v := op.View{}
	p := placed{}
	for i, d := range m.row {
		if d < 0 {
			v.Base = j * st[i]
			continue
		}
		v.Out = append(v.Out, m.node.Shape[i])
		v.Strides = append(v.Strides, st[i])
		p.row, p.kept = append(p.row, d), append(p.kept, -1)
	}
	p.node = op.NewView(f.g, m.node, v, nil)
	return f.inOrder(p)
}

// columnsOf writes a term with a matrix as one term for each column.
func (f *space) columnsOf(t term) (form, bool) {
	if t.columns > maxColumns {
		return nil, false
	}
	var out form
	last := len(t.latent.Dims) - 1
	st := t.latent.Node.Shape.Strides()
	for j := 0; j < t.columns; j++ {
		v := op.View{Out: t.latent.Node.Shape[:last:last], Strides: st[:last:last], Base: j}
		latent := graph.Term{Node: op.NewView(f.g, t.latent.Node, v, nil), Dims: t.latent.Dims[:last:last]}
		out = append(out, term{coef: f.data(op.Mul, t.coef, f.column(t.matrix, j)), latent: latent})
	}
	return out, true
}

// index numbers the distinct places in increasing order.
func (f *space) index(place []int) (*index, []int) {
	lo, hi := slices.Min(place), slices.Max(place)
	codes := make([]float64, len(place))
	var levels []int
	if hi-lo < 8*len(place)+1024 {
		seen := make([]int, hi-lo+1)
		for _, p := range place {
			seen[p-lo] = 1
		}
		for p, yes := range seen {
			if yes != 0 {
				seen[p] = len(levels)
				levels = append(levels, p+lo)
			}
		}
		for i, p := range place {
			codes[i] = float64(seen[p-lo])
		}
	} else {
		levels = slices.Clone(place)
		slices.Sort(levels)
		levels = slices.Compact(levels)
		for i, p := range place {
			k, _ := slices.BinarySearch(levels, p)
			codes[i] = float64(k)
		}
	}
	return &index{codes: f.g.Constant(graph.Shape{len(codes)}, codes), levels: len(levels)}, levels
}

// regular reports whether the numbers are equally spaced.
func regular(at []int) (step int, ok bool) {
	if len(at) == 1 {
		return 0, true
	}
	step = at[1] - at[0]
	for i := 1; i < len(at); i++ {
		if at[i]-at[i-1] != step {
			return 0, false
		}
	}
	return step, true
}

func floats(x []int) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

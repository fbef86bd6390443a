package sufficient

import (
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

// maxColumns is the number of columns up to which a matrix times coefficients
// picked by an index is taken as so many terms.
const maxColumns = 12

// picking reads a node as elements of an array: element c is
// src[base + Σ strides·c + off[Σ offStrides·c]], where off may be nil.
type picking struct {
	f          *space
	x          placed
	src        *graph.Node
	base       int
	strides    []int
	off        []float64
	offStrides []int
}

// newPicking looks through a view; it fails where latents do the picking.
func newPicking(f *space, x placed) (*picking, bool) {
	p := &picking{f: f, x: x, src: x.node, strides: x.node.Shape.Strides()}
	v, ok := x.node.Op.(op.View)
	if !ok {
		return p, true
	}
	p.src, p.base, p.strides = x.node.In[0], v.Base, v.Strides
	if v.OffStrides != nil {
		p.off, p.offStrides = x.node.In[1].Const, v.OffStrides
		return p, p.off != nil
	}
	return p, true
}

// picked reads a node whose rows are elements of a smaller array, picked by an
// index that data determine. With column ≥ 0, dimension column of the node is
// summed against the columns of the matrix m; else m is 1.
func (f *space) picked(x, m placed, column int) (form, bool) {
	p, ok := newPicking(f, x)
	if !ok || !p.rowsOnly() || p.everyRow() || column >= 0 && x.node.Shape[column] > maxColumns {
		return nil, false
	}
	ix, starts := f.index(p.places())
	if 2*ix.levels > f.n {
		return nil, false
	}
	if ix.levels == 1 { // the same for all rows
		ix = nil
	}
	if column < 0 {
		return form{{coef: m, latent: p.levels(starts, 0), index: ix}}, true
	}
	var out form
	for j := 0; j < x.node.Shape[column]; j++ {
		out = append(out, term{coef: f.column(m, j), latent: p.levels(starts, j*p.strides[column]), index: ix})
	}
	return out, true
}

// rowsOnly reports whether only row dimensions move in the array of offsets.
func (p *picking) rowsOnly() bool {
	for i, d := range p.x.row {
		if d < 0 && p.off != nil && p.offStrides[i] != 0 && p.x.node.Shape[i] > 1 {
			return false
		}
	}
	return true
}

// everyRow reports whether it is plain that each row picks an element of its own.
func (p *picking) everyRow() bool {
	if p.off != nil {
		return false
	}
	moves := make([]bool, len(p.f.rows))
	for i, d := range p.x.row {
		if d >= 0 && p.strides[i] != 0 {
			moves[d] = true
		}
	}
	for d, n := range p.f.rows {
		if n > 1 && !moves[d] {
			return false
		}
	}
	return true
}

// places gives what each row picks, for the first element of the other dimensions.
func (p *picking) places() []int {
	at := p.f.offsets(p.x.row, p.strides)
	place := make([]int, p.f.n)
	for i := range place {
		place[i] = p.base + at.at(i)
	}
	if p.off != nil {
		o := p.f.offsets(p.x.row, p.offStrides)
		for i := range place {
			place[i] += int(p.off[o.at(i)])
		}
	}
	return place
}

// levels is the array over the kept dimensions and the levels, which start at
// the given places, extra elements further on; with one level, over the kept
// dimensions alone.
func (p *picking) levels(starts []int, extra int) graph.Term {
	v := op.View{Base: starts[0] + extra, Out: graph.Shape{}, Strides: []int{}}
	order := make([]int, len(p.f.kept)) // dimension of the node, plus 1
	for i, d := range p.x.kept {
		if d >= 0 {
			order[d] = i + 1
		}
	}
	var dims []int
	for d, i := range order {
		if i > 0 {
			v.Out, v.Strides = append(v.Out, p.x.node.Shape[i-1]), append(v.Strides, p.strides[i-1])
			dims = append(dims, d)
		}
	}
	if len(starts) == 1 {
		return graph.Term{Node: op.NewView(p.f.g, p.src, v, nil), Dims: dims}
	}
	v.Out, dims = append(v.Out, len(starts)), append(dims, p.f.last())
	if step, ok := regular(starts); ok {
		v.Strides = append(v.Strides, step)
		return graph.Term{Node: op.NewView(p.f.g, p.src, v, nil), Dims: dims}
	}
	v.Base, v.Strides = extra, append(v.Strides, 0)
	v.OffStrides = make([]int, len(v.Out))
	v.OffStrides[len(v.Out)-1] = 1
	return graph.Term{Node: op.NewView(p.f.g, p.src, v, p.f.g.Constant(graph.Shape{len(starts)}, floats(starts))), Dims: dims}
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

// regular reports whether two numbers or more are equally spaced.
func regular(at []int) (step int, ok bool) {
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

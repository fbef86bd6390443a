package sufficient

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/op"
)

// space is the index space of one sum: the dimensions of its operand, some of
// them summed (the rows), the others kept (the particle).
type space struct {
	g      *graph.Graph
	rows   graph.Shape // the summed dimensions
	kept   graph.Shape
	n      int   // number of rows
	row    []int // of each dimension of the operand: its place in rows, or -1
	keep   []int // or in kept
	memo   map[memoKey]analysed
	tables map[string]offsets
}

func newSpace(g *graph.Graph, shape graph.Shape, dims []int) *space {
	f := &space{g: g, memo: map[memoKey]analysed{}, tables: map[string]offsets{}}
	summed := make([]bool, len(shape))
	for _, d := range dims {
		summed[d] = true
	}
	for d, n := range shape {
		row, keep := -1, -1
		if summed[d] {
			row = len(f.rows)
			f.rows = append(f.rows, n)
		} else {
			keep = len(f.kept)
			f.kept = append(f.kept, n)
		}
		f.row, f.keep = append(f.row, row), append(f.keep, keep)
	}
	f.n = f.rows.Size()
	return f
}

// placed is a node in a space: each of its dimensions is a row dimension, a
// kept one, or neither (both -1).
type placed struct {
	node      *graph.Node
	row, kept []int
}

// place is the summed operand itself.
func (f *space) place(x *graph.Node) placed { return placed{x, f.row, f.keep} }

func (f *space) scalar(v float64) placed { return placed{node: f.g.Scalar(v)} }

// pick is another node whose dimension i is dimension dims[i] of x.
func (x placed) pick(n *graph.Node, dims []int) placed {
	p := placed{node: n, row: make([]int, len(dims)), kept: make([]int, len(dims))}
	for i, d := range dims {
		p.row[i], p.kept[i] = -1, -1
		if d >= 0 {
			p.row[i], p.kept[i] = x.row[d], x.kept[d]
		}
	}
	return p
}

func (x placed) operand(m *op.Map, k int) placed { return x.pick(x.node.In[k], m.Dims[k]) }

// overRows and varies report whether x has a row dimension, and a kept one.
func (x placed) overRows() bool { return anyPlace(x.row) }
func (x placed) varies() bool   { return anyPlace(x.kept) }

func anyPlace(dims []int) bool {
	for _, d := range dims {
		if d >= 0 {
			return true
		}
	}
	return false
}

// data applies a function to known arrays over rows.
func (f *space) data(fn *op.Func, xs ...placed) placed {
	fr := op.Frame{G: f.g, Shape: f.rows}
	ts := make([]graph.Term, len(xs))
	for i, x := range xs {
		ts[i] = graph.Term{Node: x.node, Dims: x.row}
	}
	t := fr.Apply(fn, ts...)
	kept := make([]int, len(t.Dims))
	for i := range kept {
		kept[i] = -1
	}
	return placed{t.Node, t.Dims, kept}
}

// over is the frame of latents: the kept dimensions, and one more of the given
// size (the columns of a matrix, the levels of an index, the rows of a factor).
func (f *space) over(size int) op.Frame {
	return op.Frame{G: f.g, Shape: append(append(graph.Shape{}, f.kept...), size)}
}

// last is the place of that dimension.
func (f *space) last() int { return len(f.kept) }

// latent reads a node without rows as a term over the kept dimensions.
func (f *space) latent(x placed) graph.Term { return graph.Term{Node: x.node, Dims: x.kept} }

// offsets are the places in an array that the rows of a space read, in
// row-major order: row·stride, or those of a table.
type offsets struct {
	stride int
	table  []int
}

func (o offsets) at(row int) int {
	if o.table != nil {
		return o.table[row]
	}
	return row * o.stride
}

// offsets of an array with the given strides whose dimension i stands for row
// dimension dims[i] (-1: none).
func (f *space) offsets(dims, strides []int) offsets {
	st := make([]int, len(f.rows))
	for i, d := range dims {
		if d >= 0 {
			st[d] += strides[i]
		}
	}
	dense := f.rows.Strides()
	last := len(st) - 1
	uniform := true
	for d, s := range st {
		uniform = uniform && (s == st[last]*dense[d] || f.rows[d] == 1)
	}
	if uniform {
		return offsets{stride: st[last]}
	}
	key := fmt.Sprint(st)
	if o, ok := f.tables[key]; ok {
		return o
	}
	o := offsets{table: make([]int, f.n)}
	graph.Walk(f.rows, st, nil, 0, func(i, p, _ int) { o.table[i] = p })
	f.tables[key] = o
	return o
}

func sameInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

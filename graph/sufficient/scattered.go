package sufficient

import (
	"encoding/binary"
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

// What is added up into rows by an index of the data, such as the log densities of an animal's years into its chain: a
// row is what comes into it, and where. Rows of the source have classes of their own.

// scattered is a scatter of one part whose offsets say which rows it goes to.
type scattered struct {
	source lot         // its moving dimensions are its rows
	moving graph.Shape // of these
	to     [][]arrival // of each row of the scatter
	dest   []int       // of each dimension of the source that does not move: the dimension of the result that it is
}

// arrival is a row of the source, with the coordinates where it goes along the dimensions of the result.
type arrival struct {
	from int
	at   []int
}

func (e *equals) scattered(x lot, s op.Scatter) (*scattered, bool) {
	if len(s.Parts) != 1 || s.Parts[0].OffStrides == nil || s.Parts[0].Base != 0 || len(x.node.In) != 2 {
		return nil, false
	}
	p, off := s.Parts[0], x.node.In[1]
	if off.Const == nil || off.Refilled() {
		return nil, false
	}
	st := s.Out.Strides()
	c := &scattered{source: lot{node: x.node.In[0], row: make([]int, len(p.Shape))}, to: make([][]arrival, e.rows()), dest: make([]int, len(p.Shape))}
	var step []int
	for d, n := range p.Shape {
		c.source.row[d], c.dest[d] = -1, -1
		switch {
		case p.OffStrides[d] != 0:
			if p.Strides[d] != 0 {
				return nil, false
			}
			c.source.row[d] = len(c.moving)
			c.moving, step = append(c.moving, n), append(step, p.OffStrides[d])
		case n > 1:
			i := slices.Index(st, p.Strides[d])
			for i >= 0 && s.Out[i] == 1 && i+1 < len(st) && st[i+1] == st[i] {
				i++ // a dimension of one element has the stride of the next
			}
			if i < 0 || x.row[i] >= 0 || s.Out[i] < n || slices.Contains(c.dest[:d], i) {
				return nil, false
			}
			c.dest[d] = i
		}
	}
	if len(c.moving) == 0 || !c.source.together() {
		return nil, false
	}
	rowSt := e.size.Strides()
	graph.Walk(c.moving, step, nil, 0, func(from, q, _ int) {
		a, row, rest := arrival{from, make([]int, len(st))}, 0, int(off.Const[q])
		for d, s := range st {
			a.at[d] = rest / s
			rest %= s
			if r := x.row[d]; r >= 0 {
				row += a.at[d] * rowSt[r]
			}
		}
		c.to[row] = append(c.to[row], a)
	})
	for d, i := range c.dest { // whole dimensions, from their start
		if d = i; d >= 0 {
			for _, as := range c.to {
				for _, a := range as {
					if a.at[d] != 0 {
						return nil, false
					}
				}
			}
		}
	}
	return c, true
}

// readScatter splits the classes by what comes into each row.
func (e *equals) readScatter(x lot, s op.Scatter) bool {
	c, ok := e.scattered(x, s)
	if !ok {
		return false
	}
	in := newEquals(e.g, c.moving)
	if !in.read(c.source) {
		return false
	}
	e.within[x.key()] = in
	known := map[string]uint64{}
	return e.split(func(row int) uint64 {
		var key []byte
		for _, a := range c.to[row] {
			key = binary.AppendUvarint(key, uint64(in.of[a.from]))
			for d, k := range a.at {
				if x.row[d] < 0 {
					key = binary.AppendUvarint(key, uint64(k))
				}
			}
		}
		k, ok := known[string(key)]
		if !ok {
			k = uint64(len(known))
			known[string(key)] = k
		}
		return k
	})
}

// makeScatter scatters what comes into the chosen rows.
func (e *equals) makeScatter(x lot, s op.Scatter) (*graph.Node, bool) {
	c, ok := e.scattered(x, s)
	in := e.within[x.key()]
	if !ok || in == nil {
		return nil, false
	}
	shape := x.shape(len(e.chosen))
	st := shape.Strides()
	var off []float64
	in.chosen, in.built = nil, map[memoKey]*graph.Node{}
	for k, row := range e.chosen {
		for _, a := range c.to[row] {
			to := k * st[x.first()]
			for d, i := range a.at {
				if x.row[d] < 0 {
					to += i * st[x.without(d)]
				}
			}
			off, in.chosen = append(off, float64(to)), append(in.chosen, a.from)
		}
	}
	if len(off) == 0 {
		return e.g.Constant(shape, make([]float64, shape.Size())), true
	}
	y, ok := in.build(c.source)
	if !ok {
		return nil, false
	}
	part := op.Part{Shape: y.Shape, Strides: make([]int, len(y.Shape)), OffStrides: make([]int, len(y.Shape))}
	for d, i := range c.dest {
		if i >= 0 {
			part.Strides[c.source.without(d)] = st[x.without(i)]
		}
	}
	part.OffStrides[c.source.first()] = 1
	return op.NewScatter(e.g, shape, []op.Part{part}, y, e.g.Constant(graph.Shape{len(off)}, off)), true
}

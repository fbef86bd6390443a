package sufficient

import (
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

// Where rows read elements of an array, they are alike if they read the same ones, or, of an array that is computed from
// data, elements that are alike: these have classes of their own.

// readView splits the classes by where a view reads.
func (e *equals) readView(x lot, v op.View) bool {
	places, ok := e.viewed(x, v)
	if !ok {
		return false
	}
	byPlace := func(row int) uint64 { return uint64(places[row]) }
	of, n := slices.Clone(e.of), e.n
	if e.split(byPlace) && 2*e.n <= e.rows() {
		return true
	}
	e.of, e.n = slices.Clone(of), n
	if c, ok := e.gathered(x, v, places); ok {
		in := newEquals(e.g, c.moving)
		if in.read(c.source) && 2*in.n <= in.rows() && e.split(func(row int) uint64 { return uint64(in.of[c.from[row]]) }) {
			e.within[x.key()] = in
			return true
		}
	}
	e.of, e.n = of, n
	return e.split(byPlace)
}

// gathered is a view that reads one row of its operand for each of its own.
type gathered struct {
	source lot
	moving graph.Shape
	from   []int // of each row: the row of the source
	dest   []int // of each dimension of the source that does not move: the dimension of the view that it is, or -1
	start  []int // where that begins in it
}

func (e *equals) gathered(x lot, v op.View, places []int) (*gathered, bool) {
	src := x.node.In[0]
	if src.Op == nil && !src.IsConst() || len(places) == 0 {
		return nil, false
	}
	size, st := src.Shape, src.Shape.Strides()
	at := make([]int, len(size))
	coords := func(p int) []int {
		for d := range size {
			at[d] = p / st[d]
			p %= st[d]
		}
		return at
	}
	c := &gathered{source: lot{node: src, row: make([]int, len(size))}, from: make([]int, len(places)), dest: make([]int, len(size)), start: slices.Clone(coords(v.Base + places[0]))}
	moves := make([]bool, len(size))
	for _, p := range places {
		for d, k := range coords(v.Base + p) {
			moves[d] = moves[d] || k != c.start[d]
		}
	}
	for d, n := range size {
		c.source.row[d], c.dest[d] = -1, -1
		if moves[d] {
			c.source.row[d] = len(c.moving)
			c.moving = append(c.moving, n)
		}
	}
	for d, s := range v.Strides {
		if x.row[d] >= 0 || v.Out[d] == 1 || s == 0 {
			continue
		}
		found := false
		for i, n := range size {
			if !found && !moves[i] && c.dest[i] < 0 && n > 1 && st[i] == s && c.start[i]+v.Out[d] <= n {
				c.dest[i], found = d, true
			}
		}
		if !found {
			return nil, false
		}
	}
	if len(c.moving) == 0 || !c.source.together() {
		return nil, false
	}
	to := c.moving.Strides()
	for row, p := range places {
		for d, k := range coords(v.Base + p) {
			if r := c.source.row[d]; r >= 0 {
				c.from[row] += k * to[r]
			}
		}
	}
	return c, true
}

// makeGathered builds what the chosen rows read.
func (e *equals) makeGathered(x lot, in *equals, shape graph.Shape) (*graph.Node, bool) {
	v := x.node.Op.(op.View)
	places, _ := e.viewed(x, v)
	c, ok := e.gathered(x, v, places)
	if !ok {
		return nil, false
	}
	in.chosen, in.built = nil, map[memoKey]*graph.Node{}
	for _, row := range e.chosen {
		in.chosen = append(in.chosen, c.from[row])
	}
	y, ok := in.build(c.source)
	if !ok {
		return nil, false
	}
	st := y.Shape.Strides()
	out := op.View{Out: shape, Strides: make([]int, len(shape))}
	out.Strides[x.first()] = st[c.source.first()]
	for i, d := range c.dest {
		if c.source.row[i] < 0 {
			out.Base += c.start[i] * st[c.source.without(i)]
		}
		if d >= 0 {
			out.Strides[x.without(d)] = st[c.source.without(i)]
		}
	}
	return op.NewView(e.g, y, out, nil), true
}

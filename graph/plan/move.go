package plan

import (
	"runtime"
	"slices"

	"ppl/graph"
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// Views that are arrays of their own, and scatters, of few rows that are next to one another at a time: the windows of
// images, elements two apart. A cluster would work on these few in a block; here they are copied, or added, in nested
// loops. Additions to one element are in the order of the operand's elements, part after part, as elsewhere.

// move is a strided copy or addition, between arrays of rows.
type move struct {
	dims     []int
	from, to []int // strides
	at, into int   // where they begin
}

// compact leaves out dimensions of one element and joins neighbours, but for the first, by which the work is divided.
func (m *move) compact() {
	for d := len(m.dims) - 1; d > 0; d-- {
		last := d+1 == len(m.dims)
		switch {
		case m.dims[d] == 1:
		case !last && m.from[d] == m.dims[d+1]*m.from[d+1] && m.to[d] == m.dims[d+1]*m.to[d+1]:
			m.dims[d+1] *= m.dims[d]
		default:
			continue
		}
		m.dims, m.from, m.to = slices.Delete(m.dims, d, d+1), slices.Delete(m.from, d, d+1), slices.Delete(m.to, d, d+1)
	}
}

// leastMove is the number of elements from which on a move is worth a step of its own, and moveWork how many are worth a
// piece for a processor.
var leastMove, moveWork = 1 << 12, 1 << 15

// narrow is how many elements next to one another are few.
const narrow = 64

// scattered reports whether rows of p numbers are moved a few at a time.
func (m *move) scattered(p int) bool {
	last, n := len(m.dims)-1, p
	for _, d := range m.dims {
		n *= d
	}
	return last > 0 && n >= leastMove && (m.dims[last]*p < narrow || p < 8 && (m.from[last] != 1 || m.to[last] != 1))
}

// run moves indices lo to hi of the first dimension.
func (m *move) run(dst, src []float64, p, lo, hi int, add bool) {
	if len(m.dims) == 1 {
		m.rows(dst, src, m.into+lo*m.to[0], m.at+lo*m.from[0], hi-lo, p, add)
		return
	}
	for i := lo; i < hi; i++ {
		m.nest(dst, src, 1, m.into+i*m.to[0], m.at+i*m.from[0], p, add)
	}
}

func (m *move) nest(dst, src []float64, d, to, from, p int, add bool) {
	n, t, f := m.dims[d], m.to[d], m.from[d]
	if d+1 == len(m.dims) {
		m.rows(dst, src, to, from, n, p, add)
		return
	}
	for range n {
		m.nest(dst, src, d+1, to, from, p, add)
		to, from = to+t, from+f
	}
}

// rows moves n rows of p numbers.
func (m *move) rows(dst, src []float64, to, from, n, p int, add bool) {
	last := len(m.dims) - 1
	t, f := m.to[last], m.from[last]
	switch {
	case t == 1 && f == 1:
		movePart(dst[to*p:][:n*p], src[from*p:][:n*p], add)
	case p > 1:
		for range n {
			movePart(dst[to*p:][:p], src[from*p:][:p], add)
			to, from = to+t, from+f
		}
	case add:
		for range n {
			dst[to] += src[from]
			to, from = to+t, from+f
		}
	default:
		for range n {
			dst[to] = src[from]
			to, from = to+t, from+f
		}
	}
}

func movePart(dst, src []float64, add bool) {
	switch {
	case !add:
		copy(dst, src)
	case len(dst) >= narrow:
		vec.Binary(vec.Add, dst, vec.Operand{Data: dst, Mode: vec.Full}, vec.Operand{Data: src, Mode: vec.Full}, 1, len(dst))
	default:
		for i, x := range src {
			dst[i] += x
		}
	}
}

// viewMove is a view of fixed rows without offsets as a move.
func viewMove(v op.View, batch bool) *move {
	m := &move{dims: slices.Clone(v.Out), from: slices.Clone(v.Strides), to: v.Out.Strides(), at: v.Base}
	return m.ready(batch)
}

// scatterMoves are the parts of a scatter without offsets.
func scatterMoves(s op.Scatter, batch bool) []*move {
	var out []*move
	for _, p := range s.Parts {
		m := &move{dims: slices.Clone(p.Shape), from: p.Shape.Strides(), to: slices.Clone(p.Strides), into: p.Base}
		out = append(out, m.ready(batch))
	}
	return out
}

// ready drops the dimension of the particle.
func (m *move) ready(batch bool) *move {
	if batch {
		m.dims, m.from, m.to = m.dims[1:], m.from[1:], m.to[1:]
	}
	if len(m.dims) == 0 {
		m.dims, m.from, m.to = []int{1}, []int{1}, []int{1}
	}
	m.compact()
	return m
}

// moves reports whether a node is done by a step of moves.
func (c *compiler) moves(n *graph.Node) bool {
	if _, scatter := n.Op.(op.Scatter); !scatter {
		return c.asMoves(n)
	}
	is, known := c.moved[n.ID]
	if !known {
		is = c.asMoves(n)
		c.moved[n.ID] = is
	}
	return is
}

func (c *compiler) asMoves(n *graph.Node) bool {
	batch := c.an.batch[n.ID]
	p := c.width(batch)
	switch o := n.Op.(type) {
	case op.View:
		return o.OffStrides == nil && viewMove(o, batch).scattered(p)
	case op.Scatter:
		for k, part := range o.Parts {
			if part.OffStrides != nil || batch && !c.an.batch[n.In[k].ID] {
				return false
			}
		}
		return slices.ContainsFunc(scatterMoves(o, batch), func(m *move) bool { return m.scattered(p) })
	}
	return false
}

// bindView copies the elements that a view has.
func (s *rowState) bindView(g *generic, v op.View, p int) native {
	if v.OffStrides != nil {
		return nil
	}
	m := viewMove(v, g.out.batch)
	out, x := s.array(g.out), s.array(g.in[0])
	return divided(m.dims[0], len(out), func(lo, hi int) { m.run(out, x, p, lo, hi, false) })
}

// bindScatter adds the parts, where none has offsets. Processors share it where an index of the first dimension of each
// part stands for the same stretch of the result.
func (s *rowState) bindScatter(g *generic, o op.Scatter, p int) native {
	var in [][]float64
	for k, part := range o.Parts {
		if part.OffStrides != nil {
			return nil
		}
		in = append(in, s.array(g.in[k]))
	}
	out, ms := s.array(g.out), scatterMoves(o, g.out.batch)
	n, stretch := ms[0].dims[0], ms[0].to[0]
	apart := n*stretch*p == len(out)
	for _, m := range ms {
		lo, hi := m.into, m.into
		for d := 1; d < len(m.dims); d++ {
			lo, hi = lo+min(0, m.to[d]*(m.dims[d]-1)), hi+max(0, m.to[d]*(m.dims[d]-1))
		}
		apart = apart && m.dims[0] == n && m.to[0] == stretch && lo >= 0 && hi < stretch
	}
	if !apart {
		return func(*rowState) {
			clear(out)
			for k, m := range ms {
				m.run(out, in[k], p, 0, m.dims[0], true)
			}
		}
	}
	return divided(n, len(out), func(lo, hi int) {
		clear(out[lo*stretch*p : hi*stretch*p])
		for k, m := range ms {
			m.run(out, in[k], p, lo, hi, true)
		}
	})
}

// divided runs f on the indices 0 to n in pieces, elements in all.
func divided(n, elements int, f func(lo, hi int)) native {
	pieces := min(n, 4*runtime.GOMAXPROCS(0), elements/moveWork)
	if pieces < 2 || runtime.GOMAXPROCS(0) == 1 {
		return func(*rowState) { f(0, n) }
	}
	t := newTeam(pieces, func(_, k int) { f(k*n/pieces, (k+1)*n/pieces) })
	return func(*rowState) { t.run() }
}

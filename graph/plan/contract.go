package plan

import (
	"slices"

	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// Products that no cluster takes: of two operands that vary with the particle, or with more dimensions than
// a matrix and a vector.
//
// The labels of a contraction fall into four groups: those of all three arrays, those of A and the result (rows),
// those of B and the result (columns), and those that are summed. The last label of each of the latter three runs
// through a matrix product; all others are enumerated when a state is made.

// contraction is a contraction over rows of p numbers.
type contraction struct {
	a, b, out        []float64
	p                int
	rows, cols, sum  int    // of each product
	aRow, aSum       int    // strides in A, in rows
	bSum, bCol       int    // in B
	outRow, outCol   int    // in the result
	parts            []part // one product each
	x, y             []float64
	sharedA, several bool // A does not vary; parts add to the same elements
}

// part is where the matrices of one product begin, in rows.
type part struct{ a, b, out int }

func (s *rowState) bindContract(g *generic, o op.Contract, p int) native {
	labels := [3][]int{o.A, o.B, o.Out}
	for k, v := range g.in { // the particle's label is the first of the result
		if g.out.batch && !v.batch && slices.Contains(labels[k], o.Out[0]) {
			return nil
		}
	}
	c := &contraction{a: s.array(g.in[0]), b: s.array(g.in[1]), out: s.array(g.out), p: p}
	for k, v := range []*value{g.in[0], g.in[1], g.out} {
		if v.batch {
			labels[k] = labels[k][1:]
		}
	}
	if g.in[0].batch && !g.in[1].batch {
		c.a, c.b, labels[0], labels[1] = c.b, c.a, labels[1], labels[0]
	}
	// The matrices of one particle are a product like that with a shared matrix.
	c.sharedA = c.p == 1 || !(g.in[0].batch && g.in[1].batch)
	c.lay(labels, o.Sizes)
	if c.sharedA {
		c.x, c.y = make([]float64, c.sum*c.p), make([]float64, c.rows*c.p)
		return func(*rowState) { c.shared(); c.absorb() }
	}
	return func(*rowState) { c.cells(); c.absorb() }
}

// lay finds the sizes and strides of the products and where they begin.
func (c *contraction) lay(labels [3][]int, sizes []int) {
	stride := [3][]int{}
	for k, ls := range labels {
		stride[k] = make([]int, len(sizes))
		n := 1
		for i := len(ls) - 1; i >= 0; i-- {
			stride[k][ls[i]] = n
			n *= sizes[ls[i]]
		}
	}
	last := func(first, second, not int) int { // the last label of two arrays that the third lacks
		for i := len(labels[first]) - 1; i >= 0; i-- {
			if l := labels[first][i]; slices.Contains(labels[second], l) && !slices.Contains(labels[not], l) {
				return l
			}
		}
		return -1
	}
	of := func(l int, k int) int {
		if l < 0 {
			return 0
		}
		return stride[k][l]
	}
	size := func(l int) int {
		if l < 0 {
			return 1
		}
		return sizes[l]
	}
	row, col, sum := last(2, 0, 1), last(2, 1, 0), last(1, 0, 2)
	c.rows, c.cols, c.sum = size(row), size(col), size(sum)
	c.aRow, c.aSum, c.bSum, c.bCol, c.outRow, c.outCol = of(row, 0), of(sum, 0), of(sum, 1), of(col, 1), of(row, 2), of(col, 2)
	c.parts = []part{{}}
	for l, n := range sizes {
		in := func(k int) bool { return slices.Contains(labels[k], l) }
		if l == row || l == col || l == sum || !in(0) && !in(1) && !in(2) {
			continue
		}
		c.several = c.several || !in(2)
		var more []part
		for _, p := range c.parts {
			for i := range n {
				more = append(more, part{p.a + i*stride[0][l], p.b + i*stride[1][l], p.out + i*stride[2][l]})
			}
		}
		c.parts = more
	}
}

// cells multiplies matrices of which each particle has its own.
func (c *contraction) cells() {
	p := c.p
	outer := c.sum == 1 && !c.several && (c.cols == 1 || c.bCol == 1 && c.outCol == 1)
	if !outer {
		clear(c.out)
	}
	for _, t := range c.parts {
		a, b, out := c.a[t.a*p:], c.b[t.b*p:], c.out[t.out*p:]
		switch {
		case outer:
			for i := range c.rows {
				dst := out[i*c.outRow*p:][:c.cols*p]
				vec.Binary(vec.Mul, dst, vec.Operand{Data: b[:c.cols*p], Mode: vec.Full},
					vec.Operand{Data: a[i*c.aRow*p:][:p], Mode: vec.PerParticle}, c.cols, p)
			}
		case (c.rows == 1 || c.cols == 1) && c.aSum == 1 && c.bSum == 1:
			for i := range c.rows {
				for j := range c.cols {
					dst := out[(i*c.outRow+j*c.outCol)*p:][:p]
					vec.DotRows(dst, a[i*c.aRow*p:][:c.sum*p], vec.Operand{Data: b[j*c.bCol*p:][:c.sum*p], Mode: vec.Full}, c.sum, p)
				}
			}
		default:
			vec.AddCells(vec.Cells{Data: out, Row: c.outRow * p, Col: c.outCol * p}, vec.Cells{Data: a, Row: c.aRow * p, Col: c.aSum * p},
				vec.Cells{Data: b, Row: c.bSum * p, Col: c.bCol * p}, c.rows, c.cols, c.sum, p)
		}
	}
}

// shared multiplies matrices of which B's are those of each particle: particles are columns of B beside its own.
func (c *contraction) shared() {
	p := c.p
	if c.several {
		clear(c.out)
	}
	merged := c.cols > 1 && c.bCol == 1 && c.outCol == 1 && (c.sum == 1 || c.bSum == c.cols) && (c.rows == 1 || c.outRow == c.cols)
	for _, t := range c.parts {
		a, b, out := c.a[t.a:], c.b[t.b*p:], c.out[t.out*p:]
		if merged {
			vec.MatMul(out, a, b, c.rows, c.sum, c.cols*p, c.aRow, c.aSum, c.several)
			continue
		}
		for j := range c.cols {
			c.column(out[j*c.outCol*p:], a, b[j*c.bCol*p:])
		}
	}
}

// column multiplies one column of B, copied if its rows are not next to one another.
func (c *contraction) column(out, a, b []float64) {
	p := c.p
	if c.sum > 1 && c.bSum != 1 {
		moveRows(c.x, b, c.sum, 1, c.bSum, p)
		b = c.x
	}
	if c.rows == 1 || c.outRow == 1 {
		vec.MatMul(out, a, b, c.rows, c.sum, p, c.aRow, c.aSum, c.several)
		return
	}
	moveRows(c.y, out, c.rows, 1, c.outRow, p)
	vec.MatMul(c.y, a, b, c.rows, c.sum, p, c.aRow, c.aSum, c.several)
	moveRows(out, c.y, c.rows, c.outRow, 1, p)
}

// absorb computes the products again where they are not numbers: those with 0 are 0.
func (c *contraction) absorb() {
	if t := vec.Sum(c.out); t == t {
		return
	}
	ap := c.p
	if c.sharedA {
		ap = 1
	}
	clear(c.out)
	for _, t := range c.parts {
		for i := range c.rows {
			for j := range c.cols {
				out := c.out[(t.out+i*c.outRow+j*c.outCol)*c.p:][:c.p]
				for l := range out {
					for k := range c.sum {
						x, y := c.a[(t.a+i*c.aRow+k*c.aSum)*ap+l%ap], c.b[(t.b+k*c.bSum+j*c.bCol)*c.p+l]
						if x != 0 && y != 0 {
							out[l] += x * y
						}
					}
				}
			}
		}
	}
}

// moveRows copies n rows of p numbers; rows of dst and of src are so many rows apart.
func moveRows(dst, src []float64, n, dstStep, srcStep, p int) {
	for i := range n {
		copy(dst[i*dstStep*p:][:p], src[i*srcStep*p:])
	}
}

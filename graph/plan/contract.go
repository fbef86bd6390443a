package plan

import (
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// Products that no cluster takes: of two operands that vary with the particle, or with more dimensions than
// a matrix and a vector.
//
// The labels of a contraction fall into four groups: those of all three arrays, those of A and the result (rows),
// those of B and the result (columns), and those that are summed. Labels that stand next to one another wherever they
// are count as one: the rows of a plate within a plate, the channels and the window of a convolution. The last label of
// each of the latter three groups runs through a matrix product; all others are enumerated when a state is made.
//
// Large products are cut into blocks of rows and columns, which any number of cores may share: an element is one sum in
// one order, wherever the cuts are.

// contraction is a contraction over rows of p numbers.
type contraction struct {
	a, b, out        []float64
	p                int
	rows, cols, sum  int    // of each product
	aRow, aSum       int    // strides in A, in rows
	bSum, bCol       int    // in B
	outRow, outCol   int    // in the result
	parts            []part // one product each; those that add to the same elements are next to one another
	per              int    // how many of these there are
	x, y             []float64
	sharedA, several bool // A does not vary; parts add to the same elements
	blocks           []block
	broken           atomic.Bool // some element is not a number
}

// part is where the matrices of one product begin, in rows.
type part struct{ a, b, out int }

// block is a piece of the result: rows and columns of the products of some groups of parts, for some particles, of which
// only matrices of each are divided.
type block struct{ from, to, row, rows, col, cols, lane, lanes int }

func (s *rowState) bindContract(g *generic, o op.Contract, p int) native {
	l := labelling{sizes: slices.Clone(o.Sizes), room: slices.Clone(o.Sizes)}
	for k, ls := range [][]int{o.A, o.B, o.Out} {
		l.of[k] = slices.Clone(ls)
	}
	for k, v := range g.in { // the particle's label is the first of the result
		if g.out.batch && !v.batch && slices.Contains(l.of[k], o.Out[0]) {
			return nil
		}
	}
	c := &contraction{a: s.array(g.in[0]), b: s.array(g.in[1]), out: s.array(g.out), p: p}
	for k, v := range []*value{g.in[0], g.in[1], g.out} {
		switch {
		case v.batch && g.out.batch:
			l.of[k] = l.of[k][1:]
		case v.batch: // particles are summed: they are the last dimension of what has them
			particle := l.of[k][0]
			l.of[k], l.room[particle] = append(l.of[k][1:], particle), s.pr.p
		}
	}
	if g.in[0].batch && !g.in[1].batch {
		c.a, c.b, l.of[0], l.of[1] = c.b, c.a, l.of[1], l.of[0]
	}
	// The matrices of one particle are a product like that with a shared matrix.
	c.sharedA = c.p == 1 || !(g.in[0].batch && g.in[1].batch)
	c.lay(&l, !g.out.batch)
	return c.native(s, c.kernel())
}

// labelling is what stands in which order in A, B and the result.
type labelling struct {
	of    [3][]int
	sizes []int // by label
	room  []int // the elements that a label takes in memory: more than its size where particles fill up vectors
}

// merge makes one label of labels that stand next to one another in every array that has them, and
// leaves out those of one element.
func (l *labelling) merge() {
	for k := range l.of {
		l.of[k] = slices.DeleteFunc(l.of[k], func(x int) bool { return l.room[x] == 1 })
	}
	for k := range l.of {
		for i := 0; i+1 < len(l.of[k]); {
			x, y := l.of[k][i], l.of[k][i+1]
			if !l.together(x, y) {
				i++
				continue
			}
			l.sizes[x] *= l.sizes[y]
			l.room[x] *= l.room[y]
			for k := range l.of {
				l.of[k] = slices.DeleteFunc(l.of[k], func(z int) bool { return z == y })
			}
		}
	}
}

// together reports whether y stands after x wherever one of the two is.
func (l *labelling) together(x, y int) bool {
	if l.room[y] != l.sizes[y] {
		return false
	}
	for _, ls := range l.of {
		i, j := slices.Index(ls, x), slices.Index(ls, y)
		if (i >= 0 || j >= 0) && (i < 0 || j != i+1) {
			return false
		}
	}
	return true
}

// lay finds the sizes and strides of the products and where they begin. Where there are several sums long says that
// the innermost is to be a long one, not the one of which elements are closest.
func (c *contraction) lay(l *labelling, long bool) {
	l.merge()
	labels, sizes := l.of, l.sizes
	stride := [3][]int{}
	for k, ls := range labels {
		stride[k] = make([]int, len(sizes))
		n := 1
		for i := len(ls) - 1; i >= 0; i-- {
			stride[k][ls[i]] = n
			n *= l.room[ls[i]]
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
	if long {
		for _, l := range labels[1] {
			if slices.Contains(labels[0], l) && !slices.Contains(labels[2], l) && sizes[sum] < min(64, sizes[l]) {
				sum = l
			}
		}
	}
	c.rows, c.cols, c.sum = size(row), size(col), size(sum)
	c.aRow, c.aSum, c.bSum, c.bCol, c.outRow, c.outCol = of(row, 0), of(sum, 0), of(sum, 1), of(col, 1), of(row, 2), of(col, 2)
	c.parts, c.per = []part{{}}, 1
	for _, summed := range []bool{false, true} {
		for l, n := range sizes {
			in := func(k int) bool { return slices.Contains(labels[k], l) }
			if l == row || l == col || l == sum || !in(0) && !in(1) && !in(2) || in(2) == summed {
				continue
			}
			if summed {
				c.several, c.per = true, c.per*n
			}
			var more []part
			for _, p := range c.parts {
				for i := range n {
					more = append(more, part{p.a + i*stride[0][l], p.b + i*stride[1][l], p.out + i*stride[2][l]})
				}
			}
			c.parts = more
		}
	}
}

// work computes a block, with ProductSpace numbers to work in.
type work func(b block, space []float64)

// native cuts the products into blocks and runs them.
func (c *contraction) native(s *rowState, f work) native {
	if len(c.blocks) == 1 {
		space := s.space(0)
		return func(*rowState) {
			f(c.blocks[0], space)
			c.note(c.out)
			c.absorb()
		}
	}
	var spaces [][]float64
	t := newTeam(len(c.blocks), func(worker, piece int) { f(c.blocks[piece], spaces[worker]) })
	for w := range t.workers {
		spaces = append(spaces, s.space(w))
	}
	return func(*rowState) {
		t.run()
		c.absorb()
	}
}

// smallProduct is how many multiplications a product of numbers has that is not worth tiles.
const smallProduct = 1 << 10

// kernel chooses how the products are computed, and cuts them into blocks.
func (c *contraction) kernel() work {
	if !c.sharedA {
		c.cutLanes()
		return c.cells
	}
	if c.p > 1 {
		c.cut(false)
		return c.particles
	}
	if c.rows == 1 {
		c.transpose()
	}
	switch {
	case c.cols == 1:
		c.x, c.y = make([]float64, c.sum), make([]float64, c.rows)
		if c.bSum == 1 && c.outRow == 1 {
			c.cut(false)
		} else {
			c.whole()
		}
		return c.vectors
	case c.rows*c.cols*c.sum < smallProduct:
		c.x, c.y = make([]float64, c.sum), make([]float64, c.rows)
		c.whole()
		return c.small
	}
	if vec.Transposed(c.matrices(part{}, block{})) {
		c.transpose()
	}
	c.cut(c.bCol != 1 || c.cols%8 != 0)
	return c.numbers
}

// transpose exchanges the operands: Cᵀ = Bᵀ·Aᵀ.
func (c *contraction) transpose() {
	c.a, c.b, c.rows, c.cols = c.b, c.a, c.cols, c.rows
	c.aRow, c.aSum, c.bSum, c.bCol, c.outRow, c.outCol = c.bCol, c.bSum, c.aSum, c.aRow, c.outCol, c.outRow
	for i, t := range c.parts {
		c.parts[i].a, c.parts[i].b = t.b, t.a
	}
}

func (c *contraction) whole() {
	c.blocks = []block{{0, len(c.parts) / c.per, 0, c.rows, 0, c.cols, 0, c.p}}
}

// blockWork is how many multiplications are worth a block.
var blockWork = 1 << 18

// cut lists the blocks: one for all, or a few for each processor. What is copied of B for some columns serves all rows.
func (c *contraction) cut(copies bool) {
	processors, groups := runtime.GOMAXPROCS(0), len(c.parts)/c.per
	n := min(4*processors, c.rows*c.cols*c.sum*c.p*len(c.parts)/blockWork)
	if processors == 1 || n < 2 {
		c.whole()
		return
	}
	if groups >= n {
		for i := range n {
			c.blocks = append(c.blocks, block{groups * i / n, groups * (i + 1) / n, 0, c.rows, 0, c.cols, 0, c.p})
		}
		return
	}
	n = (n + groups - 1) / groups
	rows, cols := max(1, min(n, c.rows/24)), max(1, min(n, c.cols, c.cols*c.p/64))
	if copies {
		rows = max(1, min(rows, n/cols))
	} else {
		cols = max(1, min(cols, n/rows))
	}
	for g := range groups {
		for i := range rows {
			for j := range cols {
				b := block{from: g, to: g + 1, row: c.cutAt(c.rows, i, rows), col: c.cutAt(c.cols, j, cols), lanes: c.p}
				b.rows, b.cols = c.cutAt(c.rows, i+1, rows)-b.row, c.cutAt(c.cols, j+1, cols)-b.col
				c.blocks = append(c.blocks, b)
			}
		}
	}
}

// cutLanes lists blocks of matrices of each particle: eight particles at a time, which have nothing in common, if that is
// enough for the processors.
func (c *contraction) cutLanes() {
	c.cut(false)
	if n := c.p / 8; len(c.blocks) > 1 && len(c.parts) == c.per && n >= runtime.GOMAXPROCS(0) {
		c.blocks = nil
		for l := range n {
			c.blocks = append(c.blocks, block{0, 1, 0, c.rows, 0, c.cols, 8 * l, 8})
		}
	}
}

// cutAt is where piece i of n begins: a multiple of eight numbers.
func (c *contraction) cutAt(size, i, n int) int {
	if i == n || c.p > 1 {
		return size * i / n
	}
	return size * i / n &^ 7
}

// matrices are those of one part, from the first row and column of a block, with the sizes of all.
func (c *contraction) matrices(t part, b block) (out, x, y vec.Cells, rows, cols, sum int) {
	out = vec.Cells{Data: c.out[t.out+b.row*c.outRow+b.col*c.outCol:], Row: c.outRow, Col: c.outCol}
	x = vec.Cells{Data: c.a[t.a+b.row*c.aRow:], Row: c.aRow, Col: c.aSum}
	y = vec.Cells{Data: c.b[t.b+b.col*c.bCol:], Row: c.bSum, Col: c.bCol}
	return out, x, y, c.rows, c.cols, c.sum
}

// group lists the parts that add to the same elements.
func (c *contraction) group(g int) []part { return c.parts[g*c.per : (g+1)*c.per] }

// numbers multiplies matrices of numbers.
func (c *contraction) numbers(b block, space []float64) {
	for g := b.from; g < b.to; g++ {
		for i, t := range c.group(g) {
			out, x, y, _, _, _ := c.matrices(t, b)
			vec.Product(out, x, y, b.rows, b.cols, c.sum, i > 0, space)
		}
		c.check(c.group(g)[0], b)
	}
}

// particles multiplies a matrix that all share with those of each particle: particles are columns of B beside its own.
func (c *contraction) particles(b block, space []float64) {
	p, merged := c.p, c.cols == 1 || c.bCol == 1 && c.outCol == 1
	wide, times := p, b.cols
	if merged {
		wide, times = b.cols*p, 1
	}
	for g := b.from; g < b.to; g++ {
		for i, t := range c.group(g) {
			x := vec.Cells{Data: c.a[t.a+b.row*c.aRow:], Row: c.aRow, Col: c.aSum}
			for j := b.col; j < b.col+times; j++ {
				out := vec.Cells{Data: c.out[(t.out+b.row*c.outRow+j*c.outCol)*p:], Row: c.outRow * p, Col: 1}
				y := vec.Cells{Data: c.b[(t.b+j*c.bCol)*p:], Row: c.bSum * p, Col: 1}
				vec.Product(out, x, y, b.rows, wide, c.sum, i > 0, space)
			}
		}
		c.check(c.group(g)[0], b)
	}
}

// cells multiplies matrices of which each particle has its own.
func (c *contraction) cells(b block, space []float64) {
	p := c.p
	outer := c.sum == 1 && !c.several && b.lanes == p && (b.cols == 1 || c.bCol == 1 && c.outCol == 1)
	dots := (c.rows == 1 || c.cols == 1) && c.aSum == 1 && c.bSum == 1 && b.lanes == p
	if len(c.blocks) == 1 && !outer {
		clear(c.out)
	}
	for g := b.from; g < b.to; g++ {
		for i, t := range c.group(g) {
			x, y, out := c.a[(t.a+b.row*c.aRow)*p:], c.b[(t.b+b.col*c.bCol)*p:], c.out[(t.out+b.row*c.outRow+b.col*c.outCol)*p:]
			if i == 0 && !outer && len(c.blocks) > 1 {
				c.rowsOf(t, b, func(x []float64) { clear(x) })
			}
			switch {
			case outer:
				for i := range b.rows {
					vec.Binary(vec.Mul, out[i*c.outRow*p:][:b.cols*p], vec.Operand{Data: y[:b.cols*p], Mode: vec.Full},
						vec.Operand{Data: x[i*c.aRow*p:][:p], Mode: vec.PerParticle}, b.cols, p)
				}
			case dots:
				for i := range b.rows {
					for j := range b.cols {
						vec.DotRows(out[(i*c.outRow+j*c.outCol)*p:][:p], x[i*c.aRow*p:][:c.sum*p], vec.Operand{Data: y[j*c.bCol*p:][:c.sum*p], Mode: vec.Full}, c.sum, p)
					}
				}
			default:
				vec.AddLargeCells(vec.Cells{Data: out[b.lane:], Row: c.outRow * p, Col: c.outCol * p}, vec.Cells{Data: x[b.lane:], Row: c.aRow * p, Col: c.aSum * p},
					vec.Cells{Data: y[b.lane:], Row: c.bSum * p, Col: c.bCol * p}, b.rows, b.cols, c.sum, b.lanes, space)
			}
		}
		c.check(c.group(g)[0], b)
	}
}

// vectors multiplies matrices by vectors of numbers, copied where they are not next to one another.
func (c *contraction) vectors(b block, _ []float64) {
	for g := b.from; g < b.to; g++ {
		for i, t := range c.group(g) {
			out, x, y, _, _, _ := c.matrices(t, b)
			c.column(out.Data, x.Data, y.Data, b.rows, i > 0)
		}
		c.check(c.group(g)[0], b)
	}
}

// small multiplies small matrices of numbers.
func (c *contraction) small(b block, _ []float64) {
	merged := c.bCol == 1 && c.outCol == 1 && (c.sum == 1 || c.bSum == c.cols) && c.outRow == c.cols
	for g := b.from; g < b.to; g++ {
		for i, t := range c.group(g) {
			out, x, y, _, _, _ := c.matrices(t, b)
			if merged {
				vec.MatMul(out.Data, x.Data, y.Data, c.rows, c.sum, c.cols, c.aRow, c.aSum, i > 0)
				continue
			}
			for j := range c.cols {
				c.column(out.Data[j*c.outCol:], x.Data, y.Data[j*c.bCol:], c.rows, i > 0)
			}
		}
		c.check(c.group(g)[0], b)
	}
}

// column multiplies one column of B.
func (c *contraction) column(out, a, b []float64, rows int, accumulate bool) {
	if c.sum > 1 && c.bSum != 1 {
		moveNumbers(c.x, b, c.sum, 1, c.bSum)
		b = c.x
	}
	if rows == 1 || c.outRow == 1 {
		vec.MatMul(out, a, b, rows, c.sum, 1, c.aRow, c.aSum, accumulate)
		return
	}
	moveNumbers(c.y, out, rows, 1, c.outRow)
	vec.MatMul(c.y, a, b, rows, c.sum, 1, c.aRow, c.aSum, accumulate)
	moveNumbers(out, c.y, rows, c.outRow, 1)
}

// rowsOf visits the stretches of elements of the result that a block has.
func (c *contraction) rowsOf(t part, b block, visit func(x []float64)) {
	p := c.p
	for i := range b.rows {
		row := c.out[(t.out+(b.row+i)*c.outRow+b.col*c.outCol)*p:]
		if b.lanes == p && (b.cols == 1 || c.outCol == 1) {
			visit(row[:b.cols*p])
			continue
		}
		for j := range b.cols {
			visit(row[j*c.outCol*p+b.lane:][:b.lanes])
		}
	}
}

// check notes whether a block has elements that are not numbers. Of a single block the whole result is looked at once.
func (c *contraction) check(t part, b block) {
	switch {
	case len(c.blocks) == 1:
	case b.lanes == c.p && (b.cols == 1 || c.outCol == 1) && c.outRow == b.cols:
		c.note(c.out[(t.out+b.row*c.outRow)*c.p:][:b.rows*b.cols*c.p])
	default:
		c.rowsOf(t, b, c.note)
	}
}

// note looks for what is not a number: the sum may be none without, of infinities that cancel.
func (c *contraction) note(x []float64) {
	if t := vec.Sum(x); t != t && slices.ContainsFunc(x, math.IsNaN) {
		c.broken.Store(true)
	}
}

// absorb computes elements again that are not numbers: products with 0 are 0.
func (c *contraction) absorb() {
	if !c.broken.Swap(false) {
		return
	}
	for g := range len(c.parts) / c.per {
		parts := c.group(g)
		for i := range c.rows {
			for j := range c.cols {
				out := c.out[(parts[0].out+i*c.outRow+j*c.outCol)*c.p:][:c.p]
				for l, x := range out {
					if x != x {
						out[l] = c.absorbed(parts, i, j, l)
					}
				}
			}
		}
	}
}

// absorbed is element i, j of particle l.
func (c *contraction) absorbed(parts []part, i, j, l int) float64 {
	width, lane, sum := c.p, l, 0.0
	if c.sharedA {
		width, lane = 1, 0
	}
	for _, t := range parts {
		for k := range c.sum {
			x, y := c.a[(t.a+i*c.aRow+k*c.aSum)*width+lane], c.b[(t.b+k*c.bSum+j*c.bCol)*c.p+l]
			if x != 0 && y != 0 {
				sum += x * y
			}
		}
	}
	return sum
}

// moveNumbers copies n numbers; those of dst and of src are so many apart.
func moveNumbers(dst, src []float64, n, dstStep, srcStep int) {
	for i := range n {
		dst[i*dstStep] = src[i*srcStep]
	}
}

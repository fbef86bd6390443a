package vec

// Products of matrices in any layout. The kernels want rows of B, and of C, that are vectors: where columns are not
// next to one another, or their number is no multiple of eight, a tile of B is copied first and the rows of C are
// made beside, and copied out. As in MatMul each element of C is one sum in the order of the inner index, so that
// the bits depend neither on the layout nor on how a product is cut into parts.

// rowsBeside is the number of rows of C that are made beside at a time.
const rowsBeside = 240

// ProductSpace is the number of elements that Product may work in.
const ProductSpace = (matrixTile + rowsBeside) * 64

// Product computes C = A·B, or C += A·B, for A of rows × inner and B of inner × cols; matrices of numbers are Cells
// of one. C must not overlap A, B or space, which has ProductSpace elements. Full speed needs columns of B and C that
// are next to one another, or more than a few rows; Transposed tells which of A·B and Bᵀ·Aᵀ to compute.
func Product(c, a, b Cells, rows, cols, inner int, accumulate bool, space []float64) {
	if rows <= 0 || cols <= 0 {
		return
	}
	c.check(rows, cols, 1)
	if inner <= 0 {
		if !accumulate {
			c.zero(rows, cols)
		}
		return
	}
	a.check(rows, inner, 1)
	b.check(inner, cols, 1)
	p := tiledProduct{c: c, a: a, b: b, inner: inner, accumulate: accumulate, tile: space[:matrixTile*64], beside: space[matrixTile*64:][:rowsBeside*64]}
	height := rows
	if c.Col != 1 || b.Col != 1 || cols%8 != 0 {
		height = rowsBeside
	}
	for r := 0; r < rows; r += height {
		p.first, p.rows = r, min(height, rows-r)
		for j := 0; j < cols; {
			wide := p.width(cols - j)
			p.columns(j, min(wide, cols-j), wide)
			j += wide
		}
	}
}

// Transposed reports whether Cᵀ = Bᵀ·Aᵀ copies less than C = A·B does.
func Transposed(c, a, b Cells, rows, cols, inner int) bool {
	return copied(c.T(), a.T(), cols, rows, inner) < copied(c, b, rows, cols, inner)
}

// copied is how many elements a product copies.
func copied(c, b Cells, rows, cols, inner int) int {
	n := 0
	if b.Col != 1 || cols%8 != 0 {
		n += inner * (cols + 7) &^ 7
	}
	if c.Col != 1 || cols%8 != 0 {
		n += 2 * rows * cols
	}
	return n
}

func (c Cells) zero(rows, cols int) {
	for i := range rows {
		for j := range cols {
			c.Data[i*c.Row+j*c.Col] = 0
		}
	}
}

// tiledProduct is a product on its way: rows from first on.
type tiledProduct struct {
	c, a, b      Cells
	inner        int
	accumulate   bool
	first, rows  int
	tile, beside []float64
}

// width is the number of columns that a kernel does at a time where so many are left.
func (p *tiledProduct) width(left int) int {
	chunk := matrixChunk[level]
	switch {
	case native[level].matrix[0] == nil:
		return min(64, (left+7)&^7)
	case left >= chunk:
		return chunk
	}
	return 8
}

// columns computes n columns from j on with kernels that do wide ones.
func (p *tiledProduct) columns(j, n, wide int) {
	out := p.c.At(p.first, j)
	beside := out.Col != 1 || n < wide
	if beside {
		out = Cells{p.beside, wide, 1}
		if p.accumulate {
			copyCells(out, p.c.At(p.first, j), p.rows, n)
		}
	}
	for k := 0; k < p.inner; k += matrixTile {
		steps := min(matrixTile, p.inner-k)
		b := p.b.At(k, j)
		if b.Col != 1 || n < wide {
			p.pack(b, steps, n, wide)
			b = Cells{p.tile, wide, 1}
		}
		p.multiply(out, p.a.At(p.first, k), b, steps, wide, k > 0 || p.accumulate)
	}
	if beside {
		copyCells(p.c.At(p.first, j), out, p.rows, n)
	}
}

// pack copies rows of B, with zeros up to the width of the kernel.
func (p *tiledProduct) pack(b Cells, steps, n, wide int) {
	if n < wide {
		clear(p.tile[:steps*wide])
	}
	copyCells(Cells{p.tile, wide, 1}, b, steps, n)
}

// multiply runs the kernels.
func (p *tiledProduct) multiply(c, a, b Cells, steps, wide int, add bool) {
	m, rows := &native[level].matrix, p.rows
	if m[0] == nil {
		if !add {
			for r := range rows {
				clear(c.Data[r*c.Row:][:wide])
			}
		}
		portableMatMul(c.Data, a.Data, b.Data, rows, steps, wide, c.Row, a.Row, a.Col, b.Row)
		return
	}
	height, tall, short := matrixHeight[level], m[2], m[3]
	if wide == matrixChunk[level] {
		height, tall, short = 3, m[0], m[1]
	}
	more := 0
	if add {
		more = 1
	}
	r := rows / height * height
	if r > 0 {
		tall(still(&c.Data[0]), still(&a.Data[0]), still(&b.Data[0]), r, steps, c.Row*8, a.Row*8, a.Col*8, b.Row*8, more)
	}
	if r < rows {
		short(still(&c.Data[r*c.Row]), still(&a.Data[r*a.Row]), still(&b.Data[0]), rows-r, steps, c.Row*8, a.Row*8, a.Col*8, b.Row*8, more)
	}
}

// copyCells copies a matrix of numbers, by rows of the destination where they are vectors.
func copyCells(dst, src Cells, rows, cols int) {
	if dst.Col != 1 && dst.Row == 1 {
		dst, src, rows, cols = dst.T(), src.T(), cols, rows
	}
	i := 0
	if dst.Col == 1 && src.Row == 1 && src.Col != 1 && cols > 0 {
		for ; i+8 <= rows; i += 8 {
			turnEight(dst.At(i, 0), src.At(i, 0), cols)
		}
	}
	for ; i < rows; i++ {
		d, s := dst.Data[i*dst.Row:], src.Data[i*src.Row:]
		if dst.Col == 1 && src.Col == 1 {
			copy(d[:cols], s)
			continue
		}
		for j := range cols {
			d[j*dst.Col] = s[j*src.Col]
		}
	}
}

// turnEight copies eight rows that are columns in memory: a cache line of the source for each column.
func turnEight(dst, src Cells, cols int) {
	row := func(i int) []float64 { return dst.Data[i*dst.Row:][:cols] }
	d0, d1, d2, d3, d4, d5, d6, d7 := row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)
	for j := range d0 {
		s := (*[8]float64)(src.Data[j*src.Col:])
		d0[j], d1[j], d2[j], d3[j], d4[j], d5[j], d6[j], d7[j] = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	}
}

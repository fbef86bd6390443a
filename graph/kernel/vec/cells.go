package vec

// Matrices of cells: element (i, j) is a cell of p numbers, one for each particle, at i·Row + j·Col.
// A product multiplies the matrices of each particle with one another.

// Cells is a matrix of cells.
type Cells struct {
	Data     []float64
	Row, Col int
}

// At is the matrix that begins at element (i, j).
func (c Cells) At(i, j int) Cells { return Cells{c.Data[i*c.Row+j*c.Col:], c.Row, c.Col} }

// T is the transposed matrix.
func (c Cells) T() Cells { return Cells{c.Data, c.Col, c.Row} }

// cellTile is the side of the tiles of C, and cellLanes the number of particles, that a native kernel does.
var (
	cellTile  = [levels]int{AVX2: 3, AVX512: 4}
	cellLanes = [levels]int{AVX2: 4, AVX512: 8}
)

// AddCells computes C += A·B for each of p particles, with C of rows × cols and A of rows × inner.
// Each element is one sum in the order of the inner index. C must not overlap A or B. Full speed
// needs p to be a multiple of 8.
func AddCells(c, a, b Cells, rows, cols, inner, p int) {
	products(&native[level].cellsAdd, c, a, b, rows, cols, inner, p, 1)
}

// SubCells computes C −= A·B.
func SubCells(c, a, b Cells, rows, cols, inner, p int) {
	products(&native[level].cellsSub, c, a, b, rows, cols, inner, p, -1)
}

func products(f *[3]cellsKernel, c, a, b Cells, rows, cols, inner, p int, sign float64) {
	if rows <= 0 || cols <= 0 || inner <= 0 || p <= 0 {
		return
	}
	c.check(rows, cols, p)
	a.check(rows, inner, p)
	b.check(inner, cols, p)
	w := cellLanes[level]
	if f[0] == nil || p%w != 0 {
		portableCells(c, a, b, rows, cols, inner, p, sign)
		return
	}
	n := cellTile[level]
	for l := 0; l < p; l += w {
		for j := 0; j < cols; j += n {
			wide := min(n, cols-j)
			for i := 0; i < rows; i += n {
				tall := min(n, rows-i)
				cc, aa, bb := c.base(i, j, l), a.base(i, 0, l), b.base(0, j, l)
				switch {
				case tall == n && wide == n:
					f[0](cc, aa, bb, inner, 8*c.Row, 8*c.Col, 8*a.Row, 8*a.Col, 8*b.Col, 8*b.Row)
				case tall == n:
					for k := range wide {
						f[1](c.base(i, j+k, l), aa, b.base(0, j+k, l), inner, 8*c.Row, 8*c.Col, 8*a.Row, 8*a.Col, 8*b.Col, 8*b.Row)
					}
				case wide == n: // the same of the transposed matrices
					for k := range tall {
						f[1](c.base(i+k, j, l), bb, a.base(i+k, 0, l), inner, 8*c.Col, 8*c.Row, 8*b.Col, 8*b.Row, 8*a.Row, 8*a.Col)
					}
				default:
					for k := range tall * wide {
						f[2](c.base(i+k/wide, j+k%wide, l), a.base(i+k/wide, 0, l), b.base(0, j+k%wide, l), inner, 0, 0, 0, 8*a.Col, 0, 8*b.Row)
					}
				}
			}
		}
	}
}

// wideCells is how many columns of B AddLargeCells copies at a time: whole tiles.
const wideCells = 30

// CellSpace is the number of elements that AddLargeCells may work in.
const CellSpace = matrixTile * (wideCells + 4) * 8

// largeCells is how many numbers A and B take together, other particles' among them, where copying pays: what caches do
// not hold.
var largeCells = 1 << 22

// AddLargeCells is AddCells, with the same bits, for matrices that are larger than caches: pieces of A and B, of as many
// particles as a kernel does, are copied to where elements are next to one another. space has CellSpace elements.
func AddLargeCells(c, a, b Cells, rows, cols, inner, p int, space []float64) {
	w, n := cellLanes[level], cellTile[level]
	if native[level].cellsAdd[0] == nil || p%w != 0 || min(rows, cols, inner) < 16 || (rows+cols)*inner*max(p, min(a.Row, a.Col)) < largeCells {
		AddCells(c, a, b, rows, cols, inner, p)
		return
	}
	c.check(rows, cols, p)
	a.check(rows, inner, p)
	b.check(inner, cols, p)
	left, right := space[:matrixTile*4*8], space[matrixTile*4*8:][:matrixTile*wideCells*8]
	wide := wideCells / n * n
	for l := 0; l < p; l += w {
		for k := 0; k < inner; k += matrixTile {
			steps := min(matrixTile, inner-k)
			for j := 0; j < cols; j += wide {
				some := min(wide, cols-j)
				for t := 0; t < some; t += n { // a tile's columns side by side
					copyLanes(right[t*steps*w:], n*w, w, b.At(k, j+t), l, steps, min(n, some-t), w)
				}
				for i := 0; i < rows; i += n {
					tall := min(n, rows-i)
					copyLanes(left, n*w, w, a.At(i, k).T(), l, steps, tall, w)
					for t := 0; t < some; t += n {
						out := Cells{c.Data[i*c.Row+(j+t)*c.Col+l:], c.Row, c.Col}
						AddCells(out, Cells{left, w, n * w}, Cells{right[t*steps*w:], n * w, w}, tall, min(n, some-t), steps, w)
					}
				}
			}
		}
	}
}

// copyLanes copies w particles from the l-th of each cell of a matrix.
func copyLanes(dst []float64, row, col int, src Cells, l, rows, cols, w int) {
	for i := range rows {
		for j := range cols {
			copy(dst[i*row+j*col:][:w], src.Data[i*src.Row+j*src.Col+l:])
		}
	}
}

func (c Cells) base(i, j, l int) *float64 { return still(&c.Data[i*c.Row+j*c.Col+l]) }

// check panics if the matrix does not lie within its data.
func (c Cells) check(rows, cols, p int) { _ = c.Data[(rows-1)*c.Row+(cols-1)*c.Col+p-1] }

// portableCells works on four particles at a time.
func portableCells(c, a, b Cells, rows, cols, inner, p int, sign float64) {
	for i := range rows {
		for j := range cols {
			cell := c.Data[i*c.Row+j*c.Col:][:p]
			x, y := a.Data[i*a.Row:], b.Data[j*b.Col:]
			l := 0
			for ; l+4 <= p; l += 4 {
				var s0, s1, s2, s3 float64
				for k := range inner {
					u, v := (*[4]float64)(x[k*a.Col+l:]), (*[4]float64)(y[k*b.Row+l:])
					s0 += u[0] * v[0]
					s1 += u[1] * v[1]
					s2 += u[2] * v[2]
					s3 += u[3] * v[3]
				}
				cell[l] += sign * s0
				cell[l+1] += sign * s1
				cell[l+2] += sign * s2
				cell[l+3] += sign * s3
			}
			for ; l < p; l++ {
				s := 0.0
				for k := range inner {
					s += x[k*a.Col+l] * y[k*b.Row+l]
				}
				cell[l] += sign * s
			}
		}
	}
}

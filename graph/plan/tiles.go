package plan

// Tiles: for one particle a product with a data matrix wants each column's
// numbers of a block of rows next to one another: Σ_k X[i,k]·b[k] is then a sum
// of columns, and its adjoint a dot product for each column, both as wide as
// vectors are, however few columns there are. The matrix is copied so when the
// program is compiled, if it is not too large.

// maxTiled is the most numbers that a matrix may have to be copied.
const maxTiled = 4 << 20

// tileKey tells the copies of one matrix apart.
type tileKey struct {
	first                *float64
	rowStride, colStride int
	rows, cols, height   int
}

// tile gives the matrices of a cluster their copies. Tile t holds rows
// t·block to (t+1)·block, column after column; the last may be shorter.
func (cl *cluster) tile(c *compiler) {
	lp := cl.loop
	if c.width(cl.batch) != 1 || len(lp.dims) != 1 || lp.chunks > 1 {
		return
	}
	for _, in := range cl.instrs {
		if in.mat != nil {
			c.tiles(in.mat, lp.dims[0], lp.block)
		}
	}
	for _, a := range cl.accums {
		if a.mat != nil {
			c.tiles(a.mat, lp.dims[0], lp.block)
		}
	}
}

func (c *compiler) tiles(m *matrix, rows, height int) {
	x := m.x.data
	if x == nil || m.rowStride == 1 || rows*m.k > maxTiled {
		return
	}
	m.rows, m.height = rows, height
	key := m.tileKey(x)
	t, ok := c.tiled[key]
	if !ok {
		t = m.tilesOf(x)
		c.tiled[key] = t
	}
	m.tiled = t
}

func (m *matrix) tileKey(x []float64) tileKey {
	return tileKey{&x[0], m.rowStride, m.colStride, m.rows, m.k, m.height}
}

// tilesOf is the copy of a matrix.
func (m *matrix) tilesOf(x []float64) []float64 {
	t := make([]float64, 0, m.rows*m.k)
	for lo := 0; lo < m.rows; lo += m.height {
		hi := min(m.rows, lo+m.height)
		for k := range m.k {
			for i := lo; i < hi; i++ {
				t = append(t, x[i*m.rowStride+k*m.colStride])
			}
		}
	}
	return t
}

package sufficient

import (
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"ppl/graph/parallel"
)

// source reads one or more columns of the design from data.
type source struct {
	data    []float64
	at      offsets
	step    int // from one column to the next
	columns int
	weight  []float64 // of each row, read at weightAt; nil for 1
	wAt     offsets
}

func (f *space) column1(x placed) source {
	return source{data: x.node.Const, at: f.offsets(x.row, x.node.Shape.Strides()), columns: 1}
}

func (f *space) matrixSource(t term) source {
	st := t.matrix.node.Shape.Strides()
	s := source{data: t.matrix.node.Const, at: f.offsets(t.matrix.row, st), columns: t.columns}
	for i, d := range t.matrix.row {
		if d < 0 {
			s.step = st[i]
		}
	}
	if !one(t.coef) {
		w := f.column1(t.coef)
		s.weight, s.wAt = w.data, w.at
	}
	return s
}

// sources are the columns of the design in order: the locals', the matrices',
// the single ones, the constant.
func (d *design) sources() []source {
	var out []source
	for _, l := range d.locals {
		out = append(out, d.f.column1(l.coef))
	}
	for _, t := range d.dense {
		out = append(out, d.f.matrixSource(t))
	}
	for _, t := range d.singles {
		out = append(out, d.f.column1(t.coef))
	}
	return append(out, d.f.column1(d.constant))
}

// value is column j of a row, unweighted.
func (s *source) value(row, j int) float64 { return s.data[s.at.at(row)+j*s.step] }

func (s *source) weightOf(row int) float64 {
	if s.weight == nil {
		return 1
	}
	return s.weight[s.wAt.at(row)]
}

// folded is a design with its rows eliminated. Its numbers are a sum's
// sufficient statistics.
type folded struct {
	q, width int
	// cells holds q rows of width numbers for each cell.
	cells []float64
	// pooled is an upper triangular matrix over the columns that are shared.
	pooled []float64
}

// folder reduces the rows of a design.
type folder struct {
	q, width int
	sources  []source
	scale    []float64 // of each column: a power of two that brings it to about 1
	weight   *source   // of the rows; nil for 1
}

// fold reduces all rows. It fails where the data, or the result, are not finite.
func (d *design) fold(weight placed, c *cells) (*folded, bool) {
	fd := &folder{q: len(d.locals), sources: d.sources()}
	fd.width = fd.q + d.shared()
	if !one(weight) {
		w := d.f.column1(weight)
		fd.weight = &w
	}
	if !fd.scales(d.f.n) {
		return nil, false
	}
	out := &folded{q: fd.q, width: fd.width}
	p := fd.width - fd.q
	pooled := newFactor(p, p)
	if fd.q > 0 {
		out.cells = make([]float64, c.n*fd.q*fd.width)
	}
	parts := fd.parts(d.f.n, c)
	results := make([]*factor, len(parts))
	eachPart(len(parts), func(i int) { results[i] = fd.part(parts[i], c, out.cells) })
	for _, r := range results {
		pooled.join(r)
	}
	out.pooled = pooled.r
	fd.unscale(out)
	for _, x := range [][]float64{out.cells, out.pooled} {
		for _, v := range x {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, false
			}
		}
	}
	return out, true
}

// scales looks for the largest element of each column: without a scale, squares
// of very large or small data would leave the range of numbers.
func (fd *folder) scales(n int) bool {
	largest := make([]float64, fd.width)
	col := 0
	for k := range fd.sources {
		s := &fd.sources[k]
		for row := 0; row < n; row++ {
			w := s.weightOf(row) * fd.rowWeight(row)
			for j := 0; j < s.columns; j++ {
				v := math.Abs(s.value(row, j) * w)
				if !(v <= math.MaxFloat64) {
					return false
				}
				largest[col+j] = max(largest[col+j], v)
			}
		}
		col += s.columns
	}
	fd.scale = make([]float64, fd.width)
	for j, v := range largest {
		_, e := math.Frexp(v)
		fd.scale[j] = math.Ldexp(1, min(1000, max(-1000, -e)))
	}
	return true
}

func (fd *folder) rowWeight(row int) float64 {
	if fd.weight == nil {
		return 1
	}
	return math.Sqrt(fd.weight.value(row, 0))
}

func (fd *folder) unscale(f *folded) {
	for i := range f.cells {
		f.cells[i] /= fd.scale[i%fd.width]
	}
	p := fd.width - fd.q
	for i := range f.pooled {
		f.pooled[i] /= fd.scale[fd.q+i%p]
	}
}

// part is a range of rows, in the order of their cells where there are some:
// cells from to to.
type part struct{ from, to int }

// partRows is the least number of rows of a part. Parts, and the order in which
// they are joined, do not depend on the number of cores.
const partRows = 1 << 14

// parts cuts rows, or cells, into ranges.
func (fd *folder) parts(n int, c *cells) []part {
	var out []part
	if fd.q == 0 {
		for at := 0; at < n; at += partRows {
			out = append(out, part{at, min(n, at+partRows)})
		}
		return out
	}
	first := 0
	for k := 1; k <= c.n; k++ {
		if k == c.n || c.from[k]-c.from[first] >= partRows {
			out = append(out, part{first, k})
			first = k
		}
	}
	return out
}

// eachPart calls f for 0..n−1 on as many goroutines as there are cores.
func eachPart(n int, f func(i int)) {
	var next atomic.Int64
	parallel.Each(min(n, runtime.GOMAXPROCS(0)), func(int) {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			f(i)
		}
	})
}

// part reduces one part: the rows of its cells into cellRows, the rest into the
// factor that it returns.
func (fd *folder) part(pt part, c *cells, cellRows []float64) *factor {
	p := fd.width - fd.q
	pool := &pool{f: newFactor(p, p), t: newTile(p)}
	t := newTile(fd.width)
	rows := make([]int32, tileRows)
	if fd.q == 0 {
		for at := pt.from; at < pt.to; at += tileRows {
			rows = rows[:min(tileRows, pt.to-at)]
			for i := range rows {
				rows[i] = int32(at + i)
			}
			fd.load(t, rows)
			pool.f.eliminate(t)
		}
		return pool.f
	}
	local := newFactor(fd.q, fd.width)
	for k := pt.from; k < pt.to; k++ {
		clear(local.r)
		for all := range slices.Chunk(c.rows[c.from[k]:c.from[k+1]], tileRows) {
			fd.load(t, all)
			local.eliminate(t)
			pool.add(t, fd.q)
		}
		copy(cellRows[k*len(local.r):], local.r)
	}
	pool.flush()
	return pool.f
}

// load fills a tile with rows of the design.
func (fd *folder) load(t *tile, rows []int32) {
	t.rows = len(rows)
	col := 0
	for k := range fd.sources {
		s := &fd.sources[k]
		for i, row := range rows {
			w := s.weightOf(int(row)) * fd.rowWeight(int(row))
			at := s.at.at(int(row))
			for j := 0; j < s.columns; j++ {
				t.x[(col+j)*tileRows+i] = s.data[at+j*s.step] * w * fd.scale[col+j]
			}
		}
		col += s.columns
	}
}

// pool collects the remaining rows of small cells into full tiles.
type pool struct {
	f *factor
	t *tile
}

// add takes the columns from q of a tile.
func (p *pool) add(t *tile, q int) {
	if p.t.rows+t.rows > tileRows {
		p.flush()
	}
	at := p.t.rows
	p.t.rows += t.rows
	for j := 0; j < p.t.width; j++ {
		copy(p.t.column(j)[at:], t.column(q+j))
	}
}

func (p *pool) flush() {
	p.f.eliminate(p.t)
	p.t.rows = 0
}

// join adds the rows of another factor of the same columns.
func (f *factor) join(g *factor) {
	t := newTile(f.width)
	for at := 0; at < g.q; at += tileRows {
		t.rows = min(tileRows, g.q-at)
		for i := 0; i < t.rows; i++ {
			for j := 0; j < f.width; j++ {
				t.x[j*tileRows+i] = g.r[(at+i)*g.width+j]
			}
		}
		f.eliminate(t)
	}
}

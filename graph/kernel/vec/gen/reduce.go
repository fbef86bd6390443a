package main

import "github.com/mmcloughlin/avo/operand"

// Reductions over rows, with accumulators of p particles, and over the particles of each row.

// columns walks p particles, chunk vectors at a time, then one, then the tail. body gets the number of
// vectors; it must not change the pointers, which columns advances.
func (m *machine) columns(p word, chunk int, pointers []word, body func(p port, vectors int)) {
	w := m.lanes()
	for _, u := range []int{chunk, 1} {
		loop, done := m.label("columns"), m.label("done")
		m.Label(loop)
		m.CMPQ(p, operand.I32(u*w))
		m.JL(operand.LabelRef(done))
		body(port{}, u)
		for _, q := range pointers {
			m.ADDQ(operand.I32(u*w*8), q)
		}
		m.SUBQ(operand.I32(u*w), p)
		m.JMP(operand.LabelRef(loop))
		m.Label(done)
	}
	done := m.label("done")
	m.TESTQ(p, p)
	m.JZ(operand.LabelRef(done))
	body(port{m.tail(p)}, 1)
	m.Label(done)
}

// moved returns a copy of a pointer.
func (m *machine) moved(p word) word {
	q := m.GP64()
	m.MOVQ(p, q)
	return q
}

// rowBytes returns the length of a row of p elements in bytes.
func (m *machine) rowBytes() word {
	s := m.arg("p")
	m.SHLQ(operand.U8(3), s)
	return s
}

// reduceRows writes a kernel that folds each row of x into acc.
func (m *machine) reduceRows(name string, step func(acc, x vector) vector) {
	m.begin(name, "func(acc, x *float64, rows, p int)")
	acc, x, p, stride := m.arg("acc"), m.arg("x"), m.arg("p"), m.rowBytes()
	m.columns(p, 8, []word{acc, x}, func(io port, vectors int) {
		sums := m.readMany(io, acc, vectors)
		row := m.moved(x)
		m.times(m.arg("rows"), func() {
			for i := range sums {
				m.VMOVAPD(step(sums[i], m.read(io, at(row, i*m.lanes()*8))), sums[i])
			}
			m.ADDQ(stride, row)
		})
		m.writeMany(io, sums, acc)
	})
	m.end()
}

func (m *machine) readMany(io port, from word, vectors int) []vector {
	v := make([]vector, vectors)
	for i := range v {
		v[i] = m.read(io, at(from, i*m.lanes()*8))
	}
	return v
}

func (m *machine) writeMany(io port, v []vector, to word) {
	for i := range v {
		m.write(io, v[i], at(to, i*m.lanes()*8))
	}
}

// dotRows writes the sum of products over rows, with b a vector or one number on each row.
func (m *machine) dotRows(name string, broadcast bool) {
	m.begin(name, "func(acc, a, b *float64, rows, p, strideB int)")
	acc, a, b, p, stride := m.arg("acc"), m.arg("a"), m.arg("b"), m.arg("p"), m.rowBytes()
	walked := []word{acc, a, b}
	if broadcast {
		walked = walked[:2]
	}
	m.columns(p, 8, walked, func(io port, vectors int) {
		sums := m.readMany(io, acc, vectors)
		row, other := m.moved(a), m.moved(b)
		m.times(m.arg("rows"), func() {
			var y vector
			if broadcast {
				y = m.fill(at(other, 0))
			}
			for i := range sums {
				if !broadcast {
					y = m.read(io, at(other, i*m.lanes()*8))
				}
				m.addMul(sums[i], y, m.read(io, at(row, i*m.lanes()*8)))
			}
			m.ADDQ(stride, row)
			m.addParam("strideB", other)
		})
		m.writeMany(io, sums, acc)
	})
	m.end()
}

// partial is the number of partial sums of a horizontal reduction, see lanes in package vec.
const partial = 32

// reduceParticles writes a kernel that sums each row, or its products with b.
func (m *machine) reduceParticles(name string, product bool) {
	params := "func(dst, x *float64, rows, p int)"
	if product {
		params = "func(dst, a, b *float64, rows, p, strideB int)"
	}
	m.begin(name, params)
	dst, x := m.arg("dst"), m.ParamIndex(1)
	row := m.Load(x, m.GP64()).(word)
	var b word
	if product {
		b = m.arg("b")
	}
	sums := make([]vector, partial/m.lanes())
	m.times(m.arg("rows"), func() {
		for i := range sums {
			sums[i] = m.zero()
		}
		pointers := []word{row}
		if product {
			pointers = append(pointers, m.moved(b))
		}
		n := m.arg("p")
		m.sumRow(sums, n, pointers)
		total := m.fold(sums)
		m.VMOVSD(total, at(dst, 0))
		m.ADDQ(operand.I32(8), dst)
		if product {
			m.addParam("strideB", b)
		}
	})
	m.end()
}

// sumRow adds n elements, or products of two, to the partial sums in turn.
func (m *machine) sumRow(sums []vector, n word, pointers []word) {
	w := m.lanes()
	step := func(io port, i, offset int) {
		v := m.read(io, at(pointers[0], offset))
		if len(pointers) == 1 {
			m.VADDPD(v, sums[i], sums[i])
			return
		}
		m.addMul(sums[i], v, m.read(io, at(pointers[1], offset)))
	}
	advance := func(count int) {
		for _, p := range pointers {
			m.ADDQ(operand.I32(count*8), p)
		}
		m.SUBQ(operand.I32(count), n)
	}
	loop, rest, done := m.label("sum"), m.label("rest"), m.label("done")
	m.Label(loop)
	m.CMPQ(n, operand.I32(partial))
	m.JL(operand.LabelRef(rest))
	for i := range sums {
		step(port{}, i, i*w*8)
	}
	advance(partial)
	m.JMP(operand.LabelRef(loop))
	m.Label(rest)
	for i := range sums {
		last := m.label("last")
		m.CMPQ(n, operand.I32(w))
		m.JL(operand.LabelRef(last))
		step(port{}, i, 0)
		advance(w)
		next := m.label("next")
		m.JMP(operand.LabelRef(next))
		m.Label(last)
		m.TESTQ(n, n)
		m.JZ(operand.LabelRef(done))
		step(port{m.tail(n)}, i, 0)
		for _, p := range pointers {
			m.LEAQ(mem{Base: p, Index: n, Scale: 8}, p)
		}
		m.JMP(operand.LabelRef(done))
		m.Label(next)
	}
	m.Label(done)
}

// fold adds the upper half of the sums to the lower until one number is left.
func (m *machine) fold(sums []vector) vector {
	for len(sums) > 1 {
		h := len(sums) / 2
		for i := range h {
			m.VADDPD(sums[i+h], sums[i], sums[i])
		}
		sums = sums[:h]
	}
	return m.foldLanes(sums[0])
}

// foldLanes adds up the lanes of s, in halves, into its first.
func (m *machine) foldLanes(s vector) vector {
	if m.wide {
		high := m.YMM()
		m.VEXTRACTF64X4(operand.U8(1), s, high)
		m.VADDPD(high, s.AsY(), s.AsY())
	}
	high := m.XMM()
	m.VEXTRACTF128(operand.U8(1), s.AsY(), high)
	m.VADDPD(high, s.AsX(), s.AsX())
	m.VPERMILPD(operand.U8(1), s.AsX(), high)
	m.VADDSD(high, s.AsX(), high)
	return high
}

func (m *machine) reductions() {
	m.reduceRows("sumRows", m.add)
	m.reduceRows("maxRows", func(acc, x vector) vector { return m.withNaN(m.larger(acc, x), acc) })
	m.dotRows("dotRowsV", false)
	m.dotRows("dotRowsS", true)
	m.reduceParticles("sumParticles", false)
	m.reduceParticles("dotParticles", true)
	m.gather("gatherRows", false)
	m.gather("scatterAddRows", true)
}

// gather writes the copy of rows chosen by an index, or the addition of rows to those chosen. It
// stops at an index outside the table and returns the number of rows done.
func (m *machine) gather(name string, scatter bool) {
	m.begin(name, "func(dst, src *float64, index *int32, rows, p, limit int) (done int)")
	dst, src, index := m.arg("dst"), m.arg("src"), m.arg("index")
	rows, limit, stride := m.arg("rows"), m.arg("limit"), m.rowBytes()
	m.times(rows, func() {
		i := m.GP64()
		m.MOVL(at(index, 0), i.As32())
		m.CMPQ(i, limit)
		m.JAE(operand.LabelRef("stop"))
		m.IMULQ(stride, i)
		from, to := i, dst
		if scatter {
			m.ADDQ(dst, i)
			from, to = src, i
		} else {
			m.ADDQ(src, i)
		}
		m.flat(m.arg("p"), 4, []word{from, to}, func(io port, offset int) {
			v := m.read(io, at(from, offset))
			if scatter {
				v = m.add(m.read(io, at(to, offset)), v)
			}
			m.write(io, v, at(to, offset))
		})
		m.ADDQ(operand.I32(4), index)
	})
	m.Label("stop")
	done := m.arg("rows")
	m.SUBQ(rows, done)
	m.Store(done, m.ReturnIndex(0))
	m.end()
}

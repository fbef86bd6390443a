package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
)

// Matrix products. A tile of C, some rows by some vectors, stays in registers while the inner index
// runs: each step loads the vectors of one row of B and broadcasts one element of A for each row.

// tile is the size of the part of C that a kernel holds.
type tile struct {
	name          string
	rows, vectors int
}

// tiles of each machine: tall and short, wide and narrow. They match matrixHeights and matrixChunk.
func (m *machine) tiles() []tile {
	if m.wide {
		return []tile{{"matrixTallWide", 3, 8}, {"matrixShortWide", 1, 8}, {"matrixTall", 8, 1}, {"matrixShort", 1, 1}}
	}
	return []tile{{"matrixTallWide", 3, 4}, {"matrixShortWide", 1, 4}, {"matrixTall", 4, 2}, {"matrixShort", 1, 2}}
}

func (m *machine) matrices() {
	for _, t := range m.tiles() {
		m.matrix(t)
	}
	m.matVec()
	m.matVecAdjoint()
}

// rowAddress is a pointer with the odd multiples of a stride that address up to eight rows.
type rowAddress struct {
	base      word
	multiples map[int]word
}

func (m *machine) rowsFrom(base, stride word, rows int) rowAddress {
	r := rowAddress{base, map[int]word{1: stride}}
	for _, odd := range []int{3, 5, 7} {
		if rows > odd {
			s := m.GP64()
			m.LEAQ(mem{Base: r.multiples[odd-2], Index: stride, Scale: 1}, s)
			m.ADDQ(stride, s)
			r.multiples[odd] = s
		}
	}
	return r
}

// at is the address of row i.
func (r rowAddress) at(i, offset int) mem {
	if i == 0 {
		return at(r.base, offset)
	}
	scale := uint8(1)
	for i%2 == 0 {
		i, scale = i/2, scale*2
	}
	return mem{Base: r.base, Index: r.multiples[i], Scale: scale, Disp: offset}
}

// matrix writes C = A·B or C += A·B for rows that are a multiple of the tile's.
func (m *machine) matrix(t tile) {
	m.begin(t.name, "func(c, a, b *float64, rows, inner, strideC, strideA, stepA, strideB, accumulate int)")
	c, a := m.arg("c"), m.arg("a")
	strideB, stepA := m.arg("strideB"), m.arg("stepA")
	left := m.arg("rows")
	aRows := m.rowsFrom(m.GP64(), m.arg("strideA"), t.rows)
	loop := m.label("rows")
	m.Label(loop)
	acc := make([]vector, t.rows*t.vectors)
	for i := range acc {
		acc[i] = m.zero()
	}
	m.skipUnless("accumulate", func() {
		m.eachElement(t, c, func(i, j int, address mem) { m.VMOVUPD(address, acc[i*t.vectors+j]) })
	})
	m.MOVQ(a, aRows.base)
	b := m.arg("b")
	m.times(m.arg("inner"), func() {
		m.matrixStep(t, acc, aRows, b)
		m.ADDQ(stepA, aRows.base)
		m.ADDQ(strideB, b)
	})
	m.eachElement(t, c, func(i, j int, address mem) { m.VMOVUPD(acc[i*t.vectors+j], address) })
	for range t.rows {
		m.addParam("strideC", c)
		m.addParam("strideA", a)
	}
	m.SUBQ(operand.I32(t.rows), left)
	m.JNZ(operand.LabelRef(loop))
	m.end()
}

// skipUnless runs body if a parameter is not 0.
func (m *machine) skipUnless(name string, body func()) {
	b, err := m.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	skip := m.label("skip")
	m.CMPQ(b.Addr, operand.I8(0))
	m.JEQ(operand.LabelRef(skip))
	body()
	m.Label(skip)
}

// eachElement visits the vectors of the tile in memory, row by row.
func (m *machine) eachElement(t tile, c word, visit func(i, j int, address mem)) {
	row := c
	for i := range t.rows {
		for j := range t.vectors {
			visit(i, j, at(row, j*m.lanes()*8))
		}
		if i+1 < t.rows {
			if i == 0 {
				row = m.moved(c)
			}
			m.addParam("strideC", row)
		}
	}
}

// matrixStep adds the products of one inner index.
func (m *machine) matrixStep(t tile, acc []vector, a rowAddress, b word) {
	if t.rows > t.vectors {
		vectors := m.readMany(port{}, b, t.vectors)
		for i := range t.rows {
			x := m.fill(a.at(i, 0))
			for j, v := range vectors {
				m.addMul(acc[i*t.vectors+j], v, x)
			}
		}
		return
	}
	x := make([]vector, t.rows)
	for i := range x {
		x[i] = m.fill(a.at(i, 0))
	}
	for j := range t.vectors {
		v := m.load(at(b, j*m.lanes()*8))
		for i := range x {
			m.addMul(acc[i*t.vectors+j], v, x[i])
		}
	}
}

// matVecRows is the number of rows that matVec sums at a time.
const matVecRows = 4

// matVec writes y += A·x. Each row is summed in eight lanes, then folded.
func (m *machine) matVec() {
	m.begin("matVec", "func(y, a, x *float64, rows, cols, stride int)")
	y, a, left := m.arg("y"), m.arg("a"), m.arg("rows")
	stride := m.arg("stride")
	for _, count := range []int{matVecRows, 1} {
		loop, done := fmt.Sprintf("rows%d", count), fmt.Sprintf("done%d", count)
		m.Label(loop)
		m.CMPQ(left, operand.I32(count))
		m.JL(operand.LabelRef(done))
		m.dotSeveral(y, a, m.arg("x"), stride, count)
		for range count {
			m.ADDQ(stride, a)
		}
		m.ADDQ(operand.I32(8*count), y)
		m.SUBQ(operand.I32(count), left)
		m.JMP(operand.LabelRef(loop))
		m.Label(done)
	}
	m.end()
}

// dotSeveral adds the products of count rows of a with x to y.
func (m *machine) dotSeveral(y, a, x, stride word, count int) {
	w, per := m.lanes(), 8/m.lanes() // vectors in eight lanes
	sums := make([][]vector, count)
	for i := range sums {
		for range per {
			sums[i] = append(sums[i], m.zero())
		}
	}
	rows := m.rowsFrom(m.moved(a), stride, count)
	step := func(io port, j int) {
		v := m.read(io, at(x, 0))
		for i := range sums {
			m.addMul(sums[i][j], v, m.read(io, rows.at(i, 0)))
		}
		m.ADDQ(operand.I32(w*8), x)
		m.ADDQ(operand.I32(w*8), rows.base)
	}
	n := m.arg("cols")
	loop, fold := m.label("cols"), m.label("fold")
	m.Label(loop)
	for j := range per {
		tail, next := m.label("tail"), m.label("next")
		m.CMPQ(n, operand.I32(w))
		m.JL(operand.LabelRef(tail))
		step(port{}, j)
		m.SUBQ(operand.I32(w), n)
		m.JMP(operand.LabelRef(next))
		m.Label(tail)
		m.TESTQ(n, n)
		m.JZ(operand.LabelRef(fold))
		step(port{m.tail(n)}, j)
		m.JMP(operand.LabelRef(fold))
		m.Label(next)
	}
	m.JMP(operand.LabelRef(loop))
	m.Label(fold)
	for i, s := range sums {
		total := m.fold(s)
		m.VADDSD(at(y, 8*i), total.AsX(), total.AsX())
		m.VMOVSD(total.AsX(), at(y, 8*i))
	}
}

// matVecAdjoint writes x += Aᵀ·y, eight rows of A at a time, then one.
func (m *machine) matVecAdjoint() {
	m.begin("matVecAdjoint", "func(x, a, y *float64, rows, cols, stride int)")
	a, y, left := m.arg("a"), m.arg("y"), m.arg("rows")
	stride := m.arg("stride")
	tall := 8
	rows := m.rowsFrom(m.GP64(), stride, tall)
	for _, count := range []int{tall, 1} {
		loop, done := fmt.Sprintf("rows%d", count), fmt.Sprintf("done%d", count)
		m.Label(loop)
		m.CMPQ(left, operand.I32(count))
		m.JL(operand.LabelRef(done))
		factors := make([]vector, count)
		for i := range factors {
			factors[i] = m.fill(at(y, 8*i))
		}
		m.MOVQ(a, rows.base)
		x := m.arg("x")
		m.flat(m.arg("cols"), 1, []word{x, rows.base}, func(io port, offset int) {
			s := m.read(io, at(x, offset))
			for i, f := range factors {
				m.addMul(s, f, m.read(io, rows.at(i, offset)))
			}
			m.write(io, s, at(x, offset))
		})
		for range count {
			m.ADDQ(stride, a)
		}
		m.ADDQ(operand.I32(8*count), y)
		m.SUBQ(operand.I32(count), left)
		m.JMP(operand.LabelRef(loop))
		m.Label(done)
	}
	m.end()
}

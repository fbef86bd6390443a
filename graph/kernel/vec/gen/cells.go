package main

import "github.com/mmcloughlin/avo/operand"

// Products of matrices whose elements are vectors, one number for each particle: what decompositions
// of a matrix for each particle consist of. A tile of C stays in registers while the inner index runs;
// each step loads one vector for each of its rows and columns.

// cellTile is the side of the square tile.
func (m *machine) cellTile() int {
	if m.wide {
		return 4
	}
	return 3
}

// cells writes the kernels that add products, and those that subtract them.
func (m *machine) cells() {
	for _, k := range []struct {
		name string
		step func(ops ...operand.Op)
	}{
		{"cellsAdd", m.VFMADD231PD},
		{"cellsSub", m.VFNMADD231PD},
	} {
		n := m.cellTile()
		m.cellProduct(k.name, n, n, k.step)
		m.cellProduct(k.name+"Column", n, 1, k.step)
		m.cellProduct(k.name+"One", 1, 1, k.step)
	}
}

// cellProduct writes C ± A·B for rows × cols vectors of C. rowC and so on are the strides from one row
// of C to the next.
func (m *machine) cellProduct(name string, rows, cols int, step func(ops ...operand.Op)) {
	m.begin(name, "func(c, a, b *float64, inner, rowC, colC, rowA, stepA, colB, stepB int)")
	acc := make([]vector, rows*cols)
	m.eachCell(rows, cols, func(i int, address mem) { acc[i] = m.load(address) })
	a, b := m.rowsFrom(m.arg("a"), m.arg("rowA"), rows), m.rowsFrom(m.arg("b"), m.arg("colB"), cols)
	stepA, stepB := m.arg("stepA"), m.arg("stepB")
	m.times(m.arg("inner"), func() {
		x := make([]vector, rows)
		for i := range x {
			x[i] = m.load(a.at(i, 0))
		}
		for j := range cols {
			if rows == 1 {
				step(b.at(j, 0), x[0], acc[j])
				continue
			}
			y := m.load(b.at(j, 0))
			for i := range x {
				step(y, x[i], acc[i*cols+j])
			}
		}
		m.ADDQ(stepA, a.base)
		m.ADDQ(stepB, b.base)
	})
	m.eachCell(rows, cols, func(i int, address mem) { m.VMOVUPD(acc[i], address) })
	m.end()
}

// eachCell visits the vectors of C in memory.
func (m *machine) eachCell(rows, cols int, visit func(i int, address mem)) {
	row := m.arg("c")
	c := m.rowsFrom(row, m.arg("colC"), cols)
	for i := range rows {
		for j := range cols {
			visit(i*cols+j, c.at(j, 0))
		}
		if i+1 < rows {
			m.addParam("rowC", row)
		}
	}
}

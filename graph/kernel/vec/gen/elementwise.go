package main

import "strconv"

// An operation is a kernel of two or three arguments over a block, in every variant of its
// operands.
type operation struct {
	name string
	use  func(m *machine)
	body func(m *machine, x []vector) vector
	slow bool
}

// compared is an operation with values 0 and 1.
func compared(predicate uint8) func(m *machine, x []vector) vector {
	return func(m *machine, x []vector) vector { return m.indicate(m.compare(predicate, x[0], x[1])) }
}

var binaryOperations = []operation{
	{name: "add", body: func(m *machine, x []vector) vector { return m.add(x[0], x[1]) }},
	{name: "sub", body: func(m *machine, x []vector) vector { return m.sub(x[0], x[1]) }},
	{name: "mul", body: func(m *machine, x []vector) vector { return m.mul(x[0], x[1]) }},
	{name: "div", body: func(m *machine, x []vector) vector { return m.div(x[0], x[1]) }},
	{name: "max", body: func(m *machine, x []vector) vector { return m.withNaN(m.larger(x[0], x[1]), x[0]) }},
	{name: "min", body: func(m *machine, x []vector) vector {
		y := m.vec()
		m.VMINPD(x[1], x[0], y)
		return m.withNaN(y, x[0])
	}},
	{name: "mulz", body: func(m *machine, x []vector) vector {
		y := m.only(m.compareC(notEqual, x[0], 0), m.mul(x[0], x[1]))
		return m.only(m.compareC(notEqual, x[1], 0), y)
	}},
	{name: "less", body: compared(less)},
	{name: "lessEq", body: compared(lessEq)},
	{name: "greater", body: compared(greater)},
	{name: "greaterEq", body: compared(greaterEq)},
	{name: "equal", body: compared(equal)},
	{name: "notEqual", body: compared(notEqual)},
	{name: "and", body: func(m *machine, x []vector) vector {
		return m.except(m.compareC(equal, x[0], 0), m.indicate(m.compareC(notEqual, x[1], 0)))
	}},
	{name: "or", body: func(m *machine, x []vector) vector {
		return m.pick(m.compareC(notEqual, x[0], 0), m.constant(1), m.indicate(m.compareC(notEqual, x[1], 0)))
	}},
	{name: "expSub", use: (*machine).useExp, body: func(m *machine, x []vector) vector { return m.expSub(x[0], x[1]) }, slow: true},
}

var ternaryOperations = []operation{
	{name: "fma", body: func(m *machine, x []vector) vector {
		y := m.copy(x[0])
		m.mulAdd(y, x[1], x[2])
		return y
	}},
	{name: "fnma", body: func(m *machine, x []vector) vector {
		y := m.copy(x[0])
		m.VFNMADD213PD(x[2], x[1], y)
		return y
	}},
	{name: "where", body: func(m *machine, x []vector) vector {
		return m.pick(m.compareC(notEqual, x[0], 0), x[1], x[2])
	}},
}

// withNaN is x where that is NaN, else y.
func (m *machine) withNaN(y, x vector) vector { return m.pick(m.compare(unordered, x, x), x, y) }

var operands = []string{"a", "b", "c"}

// signature of a kernel of n operands.
func signature(n int) string {
	s := "func(dst"
	for _, name := range operands[:n] {
		s += ", " + name
	}
	s += " *float64, rows, p"
	for i := range n {
		s += ", stride" + strconv.Itoa(i)
	}
	return s + " int)"
}

// blockKernels writes NAMEvariant_LEVEL for every operation of n operands and every variant.
func (m *machine) blockKernels(ops []operation, n int) {
	for _, op := range ops {
		for v := range variants(n) {
			m.begin(op.name+suffix(n, v), signature(n))
			m.blockKernel(op, n, v)
			m.end()
		}
	}
}

// blockKernel runs over the rows; on each, broadcast operands are fetched and the others walked.
func (m *machine) blockKernel(op operation, n, variant int) {
	dst, rows := m.arg("dst"), m.arg("rows")
	starts := make([]word, n)
	for i := range starts {
		starts[i] = m.arg(operands[i])
	}
	if op.use != nil {
		op.use(m)
	}
	unroll := 4
	if op.slow {
		unroll = 1
	}
	m.times(rows, func() {
		x, walked := make([]vector, n), []word{dst}
		pointers := make([]word, n)
		for i := range x {
			if variant>>i&1 == 1 {
				x[i] = m.fill(at(starts[i], 0))
				continue
			}
			pointers[i] = m.GP64()
			m.MOVQ(starts[i], pointers[i])
			walked = append(walked, pointers[i])
		}
		m.flat(m.arg("p"), unroll, walked, func(p port, offset int) {
			y := append([]vector(nil), x...)
			for i := range y {
				if pointers[i] != nil {
					y[i] = m.read(p, at(pointers[i], offset))
				}
			}
			m.write(p, op.body(m, y), at(dst, offset))
		})
		for i, s := range starts {
			m.addParam("stride"+strconv.Itoa(i), s)
		}
	})
}

// addParam adds a parameter to a register without loading it.
func (m *machine) addParam(name string, to word) {
	b, err := m.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	m.ADDQ(b.Addr, to)
}

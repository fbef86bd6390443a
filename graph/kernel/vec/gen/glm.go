package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// Log-sum-exp, and densities of generalised linear models with their derivatives.

// logSumExp writes the reduction over k slabs of n elements, with the weights where asked.
func (m *machine) logSumExp(name string, weights bool) {
	params := "func(out, x *float64, k, n, stride int)"
	if weights {
		params = "func(out, w, x *float64, k, n, stride int)"
	}
	m.begin(name, params)
	out, x, n := m.arg("out"), m.arg("x"), m.arg("n")
	pointers := []word{out, x}
	var w word
	if weights {
		w = m.arg("w")
		pointers = append(pointers, w)
	}
	m.useExp()
	m.flat(n, 1, pointers, func(io port, offset int) {
		most := m.slabMaximum(io, x)
		sum := m.zero()
		from, to := m.moved(x), w
		if weights {
			to = m.moved(w)
		}
		m.times(m.arg("k"), func() {
			e := m.exp(m.sub(m.read(io, at(from, 0)), most))
			m.VADDPD(e, sum, sum)
			m.addParam("stride", from)
			if weights {
				m.write(io, e, at(to, 0))
				m.addParam("stride", to)
			}
		})
		m.write(io, m.add(most, m.withLog(func() vector { return m.log(sum) })), at(out, 0))
		if weights {
			m.scaleSlabs(io, w, m.except(m.compareC(equal, sum, 0), m.cDiv(1, sum)))
		}
	})
	m.end()
}

// slabMaximum is the largest of x over the slabs, brought into the finite numbers.
func (m *machine) slabMaximum(io port, x word) vector {
	most := m.constant(-math.MaxFloat64)
	from := m.moved(x)
	m.times(m.arg("k"), func() {
		m.VMAXPD(most, m.read(io, at(from, 0)), most) // a NaN is passed over: it will be in the sum
		m.addParam("stride", from)
	})
	return m.atMost(most, math.MaxFloat64)
}

// scaleSlabs multiplies each slab of w.
func (m *machine) scaleSlabs(io port, w word, by vector) {
	to := m.moved(w)
	m.times(m.arg("k"), func() {
		m.write(io, m.mul(m.read(io, at(to, 0)), by), at(to, 0))
		m.addParam("stride", to)
	})
}

// A density takes eta, y and a further argument; it returns a term of the log density, the
// derivative, and, of some, a factor whose logarithm is to be subtracted.
type density struct {
	name  string
	extra string // "" for none, "n" for one number on each row, "w" for each particle
	use   func(m *machine)
	body  func(m *machine, eta, y, extra vector) (term, derivative, factor vector)
}

var densities = []density{
	{"bernoulliLogit", "", (*machine).useExp, bernoulliLogit},
	{"poissonLog", "", (*machine).useExp, poissonLog},
	{"binomialLogit", "n", (*machine).useExp, binomialLogit},
	{"normal", "w", nil, normal},
}

// logistic returns e^−|η|, one more than that, and 1/(1+e^−η).
func (m *machine) logistic(eta vector) (e, more, p vector) {
	e = m.exp(m.negAbs(eta))
	more = m.addC(e, 1)
	return e, more, m.div(m.pick(m.compareC(greaterEq, eta, 0), m.constant(1), e), more)
}

func bernoulliLogit(m *machine, eta, y, _ vector) (term, derivative, factor vector) {
	_, more, p := m.logistic(eta)
	term = m.copy(y)
	m.VFMSUB213PD(m.atLeast(eta, 0), eta, term)
	return term, m.sub(y, p), more
}

func binomialLogit(m *machine, eta, y, n vector) (term, derivative, factor vector) {
	e, _, p := m.logistic(eta)
	softplus := m.add(m.atLeast(eta, 0), m.withLog(func() vector { return m.log1pUnit(e) }))
	term = m.mul(n, softplus)
	m.VFMSUB231PD(eta, y, term) // y·η − n·softplus
	derivative = m.copy(n)
	m.VFNMADD213PD(y, p, derivative)
	return term, derivative, nil
}

func poissonLog(m *machine, eta, y, _ vector) (term, derivative, factor vector) {
	e := m.exp(eta)
	term = m.copy(y)
	m.VFMSUB213PD(e, eta, term)
	return term, m.sub(y, e), nil
}

func normal(m *machine, eta, y, w vector) (term, derivative, factor vector) {
	r := m.sub(y, eta)
	return m.mul(r, r), m.mul(r, w), nil
}

func (m *machine) densityKernels() {
	m.logSumExp("logSumExp", false)
	m.logSumExp("softmax", true)
	for _, d := range densities {
		m.densityBlock(d)
		m.densityColumn(d)
	}
}

func (d density) signature() string {
	if d.extra == "" {
		return "func(ll, d, eta, y *float64, rows, p int)"
	}
	return "func(ll, d, eta, y, extra *float64, rows, p int)"
}

// densityBlock writes NAME for blocks of particles: a vector of particles at a time, all its rows in order.
func (m *machine) densityBlock(d density) {
	m.begin(d.name, d.signature())
	ll, out, eta, p, stride := m.arg("ll"), m.arg("d"), m.arg("eta"), m.arg("p"), m.rowBytes()
	if d.use != nil {
		d.use(m)
	}
	pointers := []word{ll, out, eta}
	var extra word
	if d.extra != "" {
		extra = m.arg("extra")
	}
	if d.extra == "w" {
		pointers = append(pointers, extra)
	}
	loop := m.label("columns")
	m.Label(loop)
	sum, product := m.load(at(ll, 0)), m.constant(1)
	from, to, y := m.moved(eta), m.moved(out), m.arg("y")
	var x vector
	var n word
	switch d.extra {
	case "w":
		x = m.load(at(extra, 0))
	case "n":
		n = m.moved(extra)
	}
	m.times(m.arg("rows"), func() {
		v := x
		if n != nil {
			v = m.fill(at(n, 0))
			m.ADDQ(operand.I32(8), n)
		}
		term, derivative, factor := d.body(m, m.load(at(from, 0)), m.fill(at(y, 0)), v)
		m.VMOVUPD(derivative, at(to, 0))
		m.VADDPD(term, sum, sum)
		if factor != nil {
			m.VMULPD(factor, product, product)
		}
		m.ADDQ(stride, from)
		m.ADDQ(stride, to)
		m.ADDQ(operand.I32(8), y)
	})
	if d.name == "bernoulliLogit" {
		sum = m.sub(sum, m.withLog(func() vector { return m.logPositive(product) }))
	}
	m.VMOVUPD(sum, at(ll, 0))
	for _, q := range pointers {
		m.ADDQ(operand.I32(m.lanes()*8), q)
	}
	m.SUBQ(operand.I32(m.lanes()), p)
	m.JNZ(operand.LabelRef(loop))
	m.end()
}

// densityColumn writes NAMEColumn for one particle: a vector of rows at a time.
func (m *machine) densityColumn(d density) {
	m.begin(d.name+"Column", d.signature())
	ll, out, eta, y, rows := m.arg("ll"), m.arg("d"), m.arg("eta"), m.arg("y"), m.arg("rows")
	if d.use != nil {
		d.use(m)
	}
	pointers := []word{out, eta, y}
	var extra word
	var x vector
	switch d.extra {
	case "w":
		x = m.fill(at(m.arg("extra"), 0))
	case "n":
		extra = m.arg("extra")
		pointers = append(pointers, extra)
	}
	sum, product := m.zero(), m.constant(1)
	m.flat(rows, 1, pointers, func(io port, offset int) {
		v := x
		if extra != nil {
			v = m.read(io, at(extra, offset))
		}
		term, derivative, factor := d.body(m, m.read(io, at(eta, offset)), m.read(io, at(y, offset)), v)
		m.write(io, derivative, at(out, offset))
		if io.mask != nil {
			term = m.only(condition{io.mask}, term)
			if factor != nil {
				factor = m.pick(condition{io.mask}, factor, m.constant(1))
			}
		}
		m.VADDPD(term, sum, sum)
		if factor != nil {
			m.VMULPD(factor, product, product)
		}
	})
	if d.name == "bernoulliLogit" {
		sum = m.sub(sum, m.withLog(func() vector { return m.logPositive(product) }))
	}
	total := m.foldLanes(sum)
	m.VADDSD(at(ll, 0), total.AsX(), total.AsX())
	m.VMOVSD(total.AsX(), at(ll, 0))
	m.end()
}

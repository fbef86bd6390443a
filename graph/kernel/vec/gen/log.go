package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// The logarithm. x = 2ᵉ·m with m in [1, 2); the leading four bits of m choose c ≈ 1/m, and
// log x = e·log 2 − log c + log(1+r), r = mc − 1 exact. c is 1 in the first sixteenth and ½ in the last, so that
// around x = 1 nothing but log(1+r) is left.

var (
	negInf = math.Inf(-1)
	posInf = math.Inf(1)
)

func (m *machine) useLog() {
	m.useTable("logInverse", logInverse)
	m.useTable("logHigh", logHigh)
	m.useTable("logLow", logLow)
}

// withLog runs body with the tables of the logarithm loaded for it alone, to leave registers to what else
// the loop does.
func (m *machine) withLog(body func() vector) vector {
	tables := m.tables
	m.tables = map[string]*table{}
	m.useLog()
	y := body()
	m.tables = tables
	return y
}

// keepLog holds the constants of the logarithm in registers where it is all there is.
func (m *machine) keepLog() {
	m.useLog()
	m.keep(ln2[0], ln2[1], -1, 1)
	m.keep(logPoly...)
}

// split returns exponent and mantissa of x as numbers. Of 0 and Inf the wide machine has exponents
// −Inf and Inf; the narrow one leaves the edges to logEdges.
func (m *machine) split(x vector) (exponent, mantissa vector) {
	exponent, mantissa = m.vec(), m.vec()
	if m.wide {
		m.VGETEXPPD(x, exponent)
		m.VGETMANTPD(operand.U8(8), x, mantissa) // in [1, 2), NaN for a negative x
		return
	}
	tiny := m.compareC(less, x, 0x1p-1022)
	x = m.pick(tiny, m.mulC(x, 0x1p54), x)
	e := m.orBits(m.shiftRight(x, 52), math.Float64bits(0x1p52))
	exponent = m.sub(e, m.pick(tiny, m.constant(0x1p52+1077), m.constant(0x1p52+1023)))
	mantissa = m.orBits(m.andBits(x, 1<<52-1), 1023<<52)
	return
}

// logSum is exponent·log 2 − log c + log(1+r).
func (m *machine) logSum(exponent *vector, index, r vector) vector {
	high, low := m.choose("logHigh", index), m.choose("logLow", index)
	if exponent != nil {
		m.addMulC(high, *exponent, ln2[0])
		m.addMulC(low, *exponent, ln2[1])
	}
	r2 := m.mul(r, r)
	q := m.poly(logPoly, r, r2)
	m.mulAdd(q, r2, low)
	return m.add(high, m.add(r, q))
}

// log is log x.
func (m *machine) log(x vector) vector {
	e, mantissa := m.split(x)
	i := m.index(m.shiftRight(mantissa, 48))
	r := m.choose("logInverse", i)
	m.fmaC(r, mantissa, -1)
	return m.logEdges(m.logSum(&e, i, r), x)
}

// logEdges puts in what log x is outside the positive numbers, which the wide machine has already.
func (m *machine) logEdges(y, x vector) vector {
	if m.wide {
		return y
	}
	y = m.pick(m.compareC(notLess, x, posInf), x, y)
	y = m.pick(m.compareC(less, x, 0), m.constant(math.NaN()), y)
	return m.pick(m.compareC(equal, x, 0), m.constant(negInf), y)
}

// logPositive is log x for a normal and finite x ≥ 1.
func (m *machine) logPositive(x vector) vector {
	if m.wide {
		return m.log(x)
	}
	e := m.subC(m.orBits(m.shiftRight(x, 52), math.Float64bits(0x1p52)), 0x1p52+1023)
	mantissa := m.orBits(m.andBits(x, 1<<52-1), 1023<<52)
	i := m.index(m.shiftRight(mantissa, 48))
	r := m.choose("logInverse", i)
	m.fmaC(r, mantissa, -1)
	return m.logSum(&e, i, r)
}

// log1pUnit is log(1+v) for 0 ≤ v ≤ 1. A v next to 1 is looked up a little lower, below 2.
func (m *machine) log1pUnit(v vector) vector {
	u := m.constant(1 - 0x1p-10)
	m.fmaC(u, v, 1)
	i := m.index(m.shiftRight(u, 48))
	c := m.choose("logInverse", i)
	m.mulAdd(c, v, m.subC(c, 1))
	return m.logSum(nil, i, c)
}

// log1p is log(1+x): log u for u = 1+x as rounded, its rounding error going into r.
func (m *machine) log1p(x vector) vector {
	u := m.addC(x, 1)
	b := m.subC(u, 1)
	lost := m.add(m.sub(m.constant(1), m.sub(u, b)), m.sub(x, b))
	e, mantissa := m.split(u)
	if m.wide {
		m.VSCALEFPD(m.neg(e), lost, lost)
		m.VRANGEPD(operand.U8(2), m.one(), lost, lost) // finite, whatever u
	} else {
		s := m.vec()
		m.VMOVUPD(m.bits(2046<<52), s)
		m.VPSUBQ(m.andBits(u, 2047<<52), s, s)
		lost = m.mul(lost, s)
	}
	i := m.index(m.shiftRight(mantissa, 48))
	c := m.choose("logInverse", i)
	r := m.copy(c)
	m.fmaC(r, mantissa, -1)
	m.addMul(r, lost, c)
	return m.withSign(m.logEdges(m.logSum(&e, i, r), u), x)
}

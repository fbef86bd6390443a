package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// The exponential. x = n·log 2 + r with n a multiple of 1/16, so eˣ = 2ⁿ·eʳ: the fraction of n
// chooses 2^(j/16) from a table, its floor scales. The table of exp itself holds these powers times a
// number near one for which all are close to a float64, so that their rounding costs next to nothing.

const sixteenths = 0x1.8p48 // adding it rounds to a multiple of 1/16, held in the low bits

// reduced is an argument of the exponential taken apart.
type reduced struct {
	bits vector // n·16 in the low bits
	n, r vector
}

func (m *machine) useExpTable() { m.useTable("expTable", expTable) }

// useExp holds the constants too, where that leaves registers enough.
func (m *machine) useExp() {
	m.useExpTable()
	m.keep(1/math.Ln2, sixteenths, ln2Full[0], ln2Full[1], 1)
	m.keep(expPoly...)
}

// reduce takes x apart. The narrow machine wants |x| below 2⁴⁰.
func (m *machine) reduce(x vector) reduced {
	t := m.constant(1 / math.Ln2)
	m.fmaC(t, x, sixteenths)
	n := m.subC(t, sixteenths)
	r := m.copy(x)
	m.subMulC(r, n, ln2Full[0])
	m.subMulC(r, n, ln2Full[1])
	if m.wide {
		// An x beyond any exponent has nonsense for r: what matters is that it is finite, also for NaN,
		// since n scales the result to 0, Inf or NaN.
		m.VRANGEPD(operand.U8(2), m.one(), r, r)
	}
	return reduced{t, n, r}
}

// one is a register of ones, not to be changed.
func (m *machine) one() vector {
	if kept := m.kept[math.Float64bits(1)]; kept != nil {
		return kept
	}
	return m.constant(1)
}

// estrin is the polynomial of seven coefficients c, in r with its square r2.
func (m *machine) estrin(c []float64, r, r2 vector) vector {
	a, b, d := m.constant(c[1]), m.constant(c[3]), m.constant(c[5])
	m.fmaC(a, r, c[0])
	m.fmaC(b, r, c[2])
	m.fmaC(d, r, c[4])
	m.addMulC(d, r2, c[6])
	m.addMul(b, r2, d)
	m.addMul(a, r2, b)
	return a
}

// scale is y·2^⌊n⌋.
func (m *machine) scale(y vector, x reduced) vector {
	out := m.vec()
	if m.wide {
		m.VSCALEFPD(x.n, y, out)
		return out
	}
	// In two steps, so that the exponent of neither overflows and only the last product rounds.
	k, k1, k2 := m.vec(), m.vec(), m.vec()
	m.VPSRAD(operand.U8(4), x.bits, k)
	m.VPSRAD(operand.U8(5), x.bits, k1)
	m.VPSUBD(k1, k, k2)
	m.VMULPD(m.powerOfTwo(k1), y, out)
	m.VMULPD(m.powerOfTwo(k2), out, out)
	return out
}

// powerOfTwo is 2ᵏ for an integer k in the low half of each lane.
func (m *machine) powerOfTwo(k vector) vector {
	s := m.vec()
	m.VPADDD(m.bits(1023), k, s)
	return m.shiftLeft(s, 52)
}

// within limits x to where the exponent of eˣ can be handled; the wide machine needs no limit.
func (m *machine) within(x vector) vector {
	if m.wide {
		return x
	}
	return m.atMost(m.atLeast(x, -760), 720)
}

// exp is eˣ.
func (m *machine) exp(x vector) vector {
	e := m.reduce(m.within(x))
	y := m.estrin(expPoly, e.r, m.mul(e.r, e.r))
	t := m.choose("expTable", m.index(e.bits))
	m.mulAdd(y, t, t)
	return m.scale(y, e)
}

func (m *machine) useExpm1() {
	m.useTable("powerTable", powerTable)
	m.useTable("powerTableLow", powerTableLow)
	m.keep(1/math.Ln2, sixteenths, ln2Full[0], ln2Full[1], 1)
	m.keep(expm1Poly...)
}

// expm1 is eˣ − 1 but for the sign of zero: 2ᵏ·(t·(eʳ−1) + (t−2⁻ᵏ)), t = 2^(j/16), with the rounding error of t
// added to eʳ − 1. t − 2⁻ᵏ is exact where it matters.
func (m *machine) expm1(x vector) vector {
	e := m.reduce(m.within(m.atLeast(x, -50)))
	r2 := m.mul(e.r, e.r)
	p := m.estrin(expm1Poly, e.r, r2)
	m.mulAdd(p, r2, e.r)
	i := m.index(e.bits)
	t := m.choose("powerTable", i)
	p = m.add(p, m.choose("powerTableLow", i))
	m.mulAdd(p, t, m.sub(t, m.reciprocalPower(e)))
	return m.scale(p, e)
}

// reciprocalPower is 2^−⌊n⌋, or 0 where that is subnormal.
func (m *machine) reciprocalPower(x reduced) vector {
	s := m.vec()
	if m.wide {
		m.VRNDSCALEPD(operand.U8(9), x.n, s) // floor
		m.VSCALEFPD(m.neg(s), m.one(), s)
		return s
	}
	k := m.vec()
	m.VPSRAD(operand.U8(4), x.bits, k)
	m.VMOVUPD(m.bits(1023), s)
	m.VPSUBD(k, s, s)
	m.VPMAXSD(m.zero(), s, s)
	return m.shiftLeft(s, 52)
}

// expSub is exp(x−y), 0 where x = −Inf and 1 where x = y.
func (m *machine) expSub(x, y vector) vector {
	d := m.except(m.compare(equal, x, y), m.sub(x, y))
	return m.except(m.compareC(equal, x, negInf), m.exp(d))
}

package main

import "github.com/mmcloughlin/avo/operand"

// The exponential. x = n·log 2 + r with n a multiple of 1/16, so eˣ = 2ⁿ·eʳ: the fraction of n
// chooses 2^(j/16) from a table, its floor scales.

const sixteenths = 0x1.8p48 // adding it rounds to a multiple of 1/16, held in the low bits

// reduced is an argument of the exponential taken apart.
type reduced struct {
	bits vector // n·16 in the low bits
	n, r vector
}

func (m *machine) useExp() { m.useTable("expTable", expTable) }

// reduce takes x apart. The narrow machine wants |x| below 2⁴⁰.
func (m *machine) reduce(x vector) reduced {
	t := m.constant(0x1.71547652b82fep+00) // 1/log 2
	m.fmaC(t, x, sixteenths)
	n := m.subC(t, sixteenths)
	r := m.copy(x)
	m.subMulC(r, n, ln2Full[0])
	m.subMulC(r, n, ln2Full[1])
	if m.wide {
		// An x beyond any exponent has nonsense for r: what matters is that it is finite, also for NaN,
		// since n scales the result to 0, Inf or NaN.
		m.VRANGEPD(operand.U8(2), m.constant(1), r, r)
	}
	return reduced{t, n, r}
}

// expTail is eʳ − 1.
func (m *machine) expTail(r vector) vector {
	r2 := m.mul(r, r)
	a := m.constant(expPoly[1])
	m.fmaC(a, r, expPoly[0])
	b := m.constant(expPoly[3])
	m.fmaC(b, r, expPoly[2])
	m.addMulC(b, r2, expPoly[4])
	m.addMul(a, r2, b)
	m.mulAdd(a, r2, r)
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
	y := m.expTail(e.r)
	t := m.choose("expTable", m.index(e.bits))
	m.mulAdd(y, t, t)
	return m.scale(y, e)
}

func (m *machine) useExpm1() {
	m.useExp()
	m.useTable("expTableLow", expTableLow)
}

// expm1 is eˣ − 1 but for the sign of zero: 2ᵏ·(t·(eʳ−1) + (t−2⁻ᵏ)), t = 2^(j/16), with the rounding error of t
// added to eʳ − 1. t − 2⁻ᵏ is exact where it matters.
func (m *machine) expm1(x vector) vector {
	e := m.reduce(m.within(m.atLeast(x, -50)))
	p := m.expTail(e.r)
	i := m.index(e.bits)
	t := m.choose("expTable", i)
	p = m.add(p, m.choose("expTableLow", i))
	m.mulAdd(p, t, m.sub(t, m.reciprocalPower(e)))
	return m.scale(p, e)
}

// reciprocalPower is 2^−⌊n⌋, or 0 where that is subnormal.
func (m *machine) reciprocalPower(x reduced) vector {
	s := m.vec()
	if m.wide {
		m.VRNDSCALEPD(operand.U8(9), x.n, s) // floor
		m.VSCALEFPD(m.neg(s), m.constant(1), s)
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

package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// Arithmetic on vectors; a constant operand is a number in the pool.

// load reads a whole vector.
func (m *machine) load(from mem) vector {
	x := m.vec()
	m.VMOVUPD(from, x)
	return x
}

// constant returns a register filled with v.
func (m *machine) constant(v float64) vector {
	if kept := m.kept[math.Float64bits(v)]; kept != nil {
		return m.copy(kept)
	}
	return m.fill(m.number(v))
}

// fill returns a register with the number at from in every lane.
func (m *machine) fill(from mem) vector {
	x := m.vec()
	m.VBROADCASTSD(from, x)
	return x
}

func (m *machine) copy(x vector) vector {
	y := m.vec()
	m.VMOVAPD(x, y)
	return y
}

func (m *machine) zero() vector {
	x := m.vec()
	if m.wide {
		m.VPXORQ(x, x, x)
	} else {
		m.VXORPD(x, x, x)
	}
	return x
}

func (m *machine) add(x, y vector) vector { r := m.vec(); m.VADDPD(y, x, r); return r }
func (m *machine) sub(x, y vector) vector { r := m.vec(); m.VSUBPD(y, x, r); return r }
func (m *machine) mul(x, y vector) vector { r := m.vec(); m.VMULPD(y, x, r); return r }
func (m *machine) div(x, y vector) vector { r := m.vec(); m.VDIVPD(y, x, r); return r }

// larger is x where x > y, else y: y where either is NaN.
func (m *machine) larger(x, y vector) vector { r := m.vec(); m.VMAXPD(y, x, r); return r }

// constantOp is an instruction with a pool constant as its first operand, in both widths.
type constantOp struct{ wide, narrow func(ops ...operand.Op) }

func (m *machine) withConstant(op constantOp, bits uint64, rest ...operand.Op) {
	switch kept := m.kept[bits]; {
	case kept != nil:
		op.narrow(append([]operand.Op{kept}, rest...)...)
	case m.wide:
		op.wide(append([]operand.Op{m.bits(bits)}, rest...)...)
	default:
		op.narrow(append([]operand.Op{m.bits(bits)}, rest...)...)
	}
}

func (m *machine) addC(x vector, c float64) vector {
	r := m.vec()
	m.withConstant(constantOp{m.VADDPD_BCST, m.VADDPD}, math.Float64bits(c), x, r)
	return r
}

// subC is x − c.
func (m *machine) subC(x vector, c float64) vector {
	r := m.vec()
	m.withConstant(constantOp{m.VSUBPD_BCST, m.VSUBPD}, math.Float64bits(c), x, r)
	return r
}

func (m *machine) mulC(x vector, c float64) vector {
	r := m.vec()
	m.withConstant(constantOp{m.VMULPD_BCST, m.VMULPD}, math.Float64bits(c), x, r)
	return r
}

// divC is c/x.
func (m *machine) cDiv(c float64, x vector) vector { return m.div(m.constant(c), x) }

// atLeast is the larger of x and c, and NaN where x is.
func (m *machine) atLeast(x vector, c float64) vector { return m.larger(m.constant(c), x) }

// atMost is the smaller of x and c, and NaN where x is.
func (m *machine) atMost(x vector, c float64) vector {
	r := m.vec()
	m.VMINPD(x, m.constant(c), r)
	return r
}

// fmaC changes x to x·y + c.
func (m *machine) fmaC(x, y vector, c float64) {
	m.withConstant(constantOp{m.VFMADD213PD_BCST, m.VFMADD213PD}, math.Float64bits(c), y, x)
}

// mulAdd changes x to x·y + z.
func (m *machine) mulAdd(x, y, z vector) { m.VFMADD213PD(z, y, x) }

// addMul changes z to z + x·y.
func (m *machine) addMul(z, x, y vector) { m.VFMADD231PD(x, y, z) }

// addMulC changes z to z + x·c.
func (m *machine) addMulC(z, x vector, c float64) {
	m.withConstant(constantOp{m.VFMADD231PD_BCST, m.VFMADD231PD}, math.Float64bits(c), x, z)
}

// subMulC changes z to z − x·c.
func (m *machine) subMulC(z, x vector, c float64) {
	m.withConstant(constantOp{m.VFNMADD231PD_BCST, m.VFNMADD231PD}, math.Float64bits(c), x, z)
}

// poly evaluates Σ cᵢ·xⁱ in two interleaved halves (even and odd powers), x2 being x².
func (m *machine) poly(c []float64, x, x2 vector) vector {
	half := func(start int) vector {
		last := start + (len(c)-1-start)/2*2
		s := m.constant(c[last])
		for i := last - 2; i >= 0; i -= 2 {
			m.fmaC(s, x2, c[i])
		}
		return s
	}
	even := half(0)
	odd := half(1)
	m.addMul(even, odd, x)
	return even
}

// horner evaluates Σ cᵢ·xⁱ.
func (m *machine) horner(c []float64, x vector) vector {
	s := m.constant(c[len(c)-1])
	for i := len(c) - 2; i >= 0; i-- {
		m.fmaC(s, x, c[i])
	}
	return s
}

const (
	signBit = 1 << 63
	allBits = 1<<64 - 1
)

func (m *machine) andBits(x vector, b uint64) vector {
	r := m.vec()
	m.withConstant(constantOp{m.VANDPD_BCST, m.VANDPD}, b, x, r)
	return r
}

func (m *machine) orBits(x vector, b uint64) vector {
	r := m.vec()
	m.withConstant(constantOp{m.VORPD_BCST, m.VORPD}, b, x, r)
	return r
}

func (m *machine) xorBits(x vector, b uint64) vector {
	r := m.vec()
	m.withConstant(constantOp{m.VXORPD_BCST, m.VXORPD}, b, x, r)
	return r
}

func (m *machine) or(x, y vector) vector { r := m.vec(); m.VORPD(x, y, r); return r }

func (m *machine) abs(x vector) vector { return m.andBits(x, signBit-1) }
func (m *machine) neg(x vector) vector { return m.xorBits(x, signBit) }

// negAbs is −|x|.
func (m *machine) negAbs(x vector) vector { return m.orBits(x, signBit) }

// withSign is |x| with the sign of y.
func (m *machine) withSign(x, y vector) vector {
	return m.or(m.abs(x), m.andBits(y, signBit))
}

// shiftRight shifts each lane by n bits.
func (m *machine) shiftRight(x vector, n uint8) vector {
	r := m.vec()
	m.VPSRLQ(operand.U8(n), x, r)
	return r
}

func (m *machine) shiftLeft(x vector, n uint8) vector {
	r := m.vec()
	m.VPSLLQ(operand.U8(n), x, r)
	return r
}

// Predicates of VCMPPD.
const (
	equal     = 0x00
	less      = 0x11
	lessEq    = 0x12
	unordered = 0x03
	notEqual  = 0x04 // or unordered
	greaterEq = 0x1d
	greater   = 0x1e
	notLess   = 0x15 // or unordered
)

// A condition is a mask register, or a vector of all ones and zeros.
type condition struct{ op operand.Op }

// compare is x ? y.
func (m *machine) compare(predicate uint8, x, y vector) condition {
	if m.wide {
		k := m.K()
		m.VCMPPD(operand.U8(predicate), y, x, k)
		return condition{k}
	}
	r := m.vec()
	m.VCMPPD(operand.U8(predicate), y, x, r)
	return condition{r}
}

func (m *machine) compareC(predicate uint8, x vector, c float64) condition {
	if m.wide {
		k := m.K()
		if kept := m.kept[math.Float64bits(c)]; kept != nil {
			m.VCMPPD(operand.U8(predicate), kept, x, k)
		} else {
			m.VCMPPD_BCST(operand.U8(predicate), m.number(c), x, k)
		}
		return condition{k}
	}
	r := m.vec()
	m.VCMPPD(operand.U8(predicate), m.number(c), x, r)
	return condition{r}
}

// pick is x where the condition holds, else y.
func (m *machine) pick(c condition, x, y vector) vector {
	r := m.vec()
	if m.wide {
		m.VBLENDMPD(x, y, c.op, r)
	} else {
		m.VBLENDVPD(c.op, x, y, r)
	}
	return r
}

// only is x where the condition holds, else 0.
func (m *machine) only(c condition, x vector) vector {
	r := m.vec()
	if m.wide {
		m.VMOVAPD_Z(x, c.op, r)
	} else {
		m.VANDPD(x, c.op, r)
	}
	return r
}

// except is 0 where the condition holds, else x.
func (m *machine) except(c condition, x vector) vector {
	r := m.vec()
	if !m.wide {
		m.VANDNPD(x, c.op, r)
		return r
	}
	k := m.K()
	m.KNOTW(c.op, k)
	m.VMOVAPD_Z(x, k, r)
	return r
}

// indicate is 1 where the condition holds, else 0.
func (m *machine) indicate(c condition) vector { return m.only(c, m.constant(1)) }

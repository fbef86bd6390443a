package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// A function is a kernel of one argument.
type function struct {
	name string
	use  func(m *machine) // what to make ready before the loop
	body func(m *machine, x vector) vector
	// limit is the largest |x| the body can do, 0 for no limit; the kernel stops before others.
	limit float64
	cheap bool
	woven bool // two vectors at once, where there are registers enough
}

var functions = []function{
	{name: "neg", body: (*machine).neg, cheap: true},
	{name: "abs", body: (*machine).abs, cheap: true},
	{name: "recip", body: func(m *machine, x vector) vector { return m.cDiv(1, x) }, cheap: true},
	{name: "square", body: func(m *machine, x vector) vector { return m.mul(x, x) }, cheap: true},
	{name: "sqrt", body: func(m *machine, x vector) vector { y := m.vec(); m.VSQRTPD(x, y); return y }, cheap: true},
	{name: "not", body: func(m *machine, x vector) vector { return m.indicate(m.compareC(equal, x, 0)) }, cheap: true},
	{name: "exp", use: (*machine).useExp, body: (*machine).exp, woven: true},
	{name: "log", woven: true, use: (*machine).keepLog, body: (*machine).log},
	{name: "log1p", woven: true, use: (*machine).useLog, body: (*machine).log1p},
	{name: "expm1", woven: true, use: (*machine).useExpm1, body: func(m *machine, x vector) vector { return m.withSign(m.expm1(x), x) }},
	{name: "tanh", woven: true, use: (*machine).useExpm1, body: (*machine).tanh},
	{name: "invLogit", use: (*machine).useExp, body: (*machine).invLogit},
	{name: "softplus", use: (*machine).useExp, body: (*machine).softplus},
	{name: "logInvLogit", use: (*machine).useExp, body: (*machine).logInvLogit},
	{name: "sin", body: func(m *machine, x vector) vector { return m.sine(x, 0) }, limit: 1 << 30},
	{name: "cos", body: func(m *machine, x vector) vector { return m.sine(x, 1) }, limit: 1 << 30},
	{name: "erf", use: (*machine).useExp, body: (*machine).erf},
	{name: "phi", use: (*machine).useExp, body: (*machine).phi},
}

// unaryKernels writes NAME_LEVEL(dst, x, n) for every function.
func (m *machine) unaryKernels() {
	for _, f := range functions {
		m.begin(f.name, "func(dst, x *float64, n int) (done int)")
		dst, x, n := m.arg("dst"), m.arg("x"), m.arg("n")
		if f.use != nil {
			f.use(m)
		}
		unroll := 1
		switch {
		case f.cheap:
			unroll = 4
		case f.woven && m.wide:
			unroll = 2
		}
		m.flat(n, unroll, []word{dst, x}, func(p port, offset int) {
			v := m.read(p, at(x, offset))
			if f.limit > 0 {
				m.stopUnless(lessEq, m.abs(v), f.limit, "stop")
			}
			m.write(p, f.body(m, v), at(dst, offset))
		})
		m.Label("stop")
		done := m.arg("n")
		m.SUBQ(n, done)
		m.Store(done, m.ReturnIndex(0))
		m.end()
	}
}

// stopUnless jumps to label unless x ? c holds in every lane.
func (m *machine) stopUnless(predicate uint8, x vector, c float64, label string) {
	cond := m.compareC(predicate, x, c)
	bits := m.GP32()
	if m.wide {
		m.KMOVB(cond.op, bits)
		m.CMPL(bits, operand.U8(0xff))
	} else {
		m.VMOVMSKPD(cond.op, bits)
		m.CMPL(bits, operand.U8(0xf))
	}
	m.JNE(operand.LabelRef(label))
}

// tanh is E/(2+E), E = expm1(−2|x|), with the sign of x.
func (m *machine) tanh(x vector) vector {
	e := m.expm1(m.mulC(m.negAbs(x), 2))
	return m.withSign(m.div(e, m.addC(e, 2)), x)
}

// invLogit is 1/(1+e⁻ˣ), from e^−|x| on both sides.
func (m *machine) invLogit(x vector) vector {
	e := m.exp(m.negAbs(x))
	return m.div(m.pick(m.compareC(greaterEq, x, 0), m.constant(1), e), m.addC(e, 1))
}

// softplus is log(1+eˣ) = max(x, 0) + log(1+e^−|x|).
func (m *machine) softplus(x vector) vector {
	return m.add(m.atLeast(x, 0), m.log1pExp(x))
}

// logInvLogit is −softplus(−x).
func (m *machine) logInvLogit(x vector) vector {
	return m.sub(m.atMost(x, 0), m.log1pExp(x))
}

// log1pExp is log(1+e^−|x|).
func (m *machine) log1pExp(x vector) vector {
	e := m.exp(m.negAbs(x))
	return m.withLog(func() vector { return m.log1pUnit(e) })
}

// sine is sin(x + quarter·π/2): x = n·π/2 + r, the multiple subtracted in three parts of which the
// first is exact, and n mod 4 says which of ±sin r and ±cos r it is.
func (m *machine) sine(x vector, quarter uint64) vector {
	const integers = 0x1.8p52
	q := m.constant(2 / math.Pi)
	m.fmaC(q, x, integers)
	n := m.subC(q, integers)
	r := m.copy(x)
	for _, part := range piHalves {
		m.subMulC(r, n, part)
	}
	if quarter != 0 {
		m.VPADDQ(m.bitsVector(quarter), q, q)
	}
	z := m.mul(r, r)
	s := m.horner(sinPoly, z)
	m.mulAdd(s, m.mul(r, z), r)
	s = m.or(s, m.andBits(r, signBit)) // −0
	c := m.horner(cosPoly, z)
	m.fmaC(c, z, -0.5)
	m.fmaC(c, z, 1)
	y := m.pick(m.signs(m.shiftLeft(q, 63)), c, s)
	flip := m.andBits(m.shiftLeft(q, 62), signBit)
	out := m.vec()
	m.VXORPD(flip, y, out)
	return out
}

// bitsVector returns a register with b in every lane.
func (m *machine) bitsVector(b uint64) vector { return m.fill(m.bits(b)) }

// signs is the condition that the sign bit is set.
func (m *machine) signs(x vector) condition {
	if !m.wide {
		return condition{x}
	}
	k := m.K()
	m.VPMOVQ2M(x, k)
	return condition{k}
}

// scaledErfc is (1+2z)·erfcx(z), from t = (z−3.75)/(z+3.75) (Shepherd and Laframboise, Math. Comp. 36, 1981). z
// is a/unit.
func (m *machine) scaledErfc(a vector, unit float64) vector {
	t := m.div(m.subC(a, 3.75*unit), m.addC(a, 3.75*unit))
	return m.poly(erfcxPoly, t, m.mul(t, t))
}

// erf is x + x·P(x²) up to 1 and 1 − e^(−z²)·erfcx(z) above.
func (m *machine) erf(x vector) vector {
	z := m.atMost(m.abs(x), 6.5)
	z2 := m.mul(z, z)
	small := m.horner(erfPoly, z2)
	m.mulAdd(small, z, z)
	tail := m.mul(m.exp(m.neg(z2)), m.scaledErfc(z, 1))
	den := m.constant(2)
	m.fmaC(den, z, 1)
	large := m.sub(m.constant(1), m.div(tail, den))
	return m.withSign(m.pick(m.compareC(less, z, 1), small, large), x)
}

// phi is ½·e^(−x²/2)·erfcx(|x|/√2) for negative x, and one minus that. The rounding error of x² goes in
// beside the exponential.
func (m *machine) phi(x vector) vector {
	a := m.atMost(m.abs(x), 39)
	h := m.mul(a, a)
	lost := m.copy(a)
	m.VFMSUB213PD(h, a, lost)
	e := m.exp(m.mulC(h, -0.5))
	half := m.mulC(lost, -0.5)
	m.mulAdd(half, e, e) // e − e·lost/2
	den := m.constant(2 * math.Sqrt2)
	m.fmaC(den, a, 2)
	y := m.div(m.mul(half, m.scaledErfc(a, math.Sqrt2)), den)
	return m.pick(m.compareC(greater, x, 0), m.sub(m.constant(1), y), y)
}

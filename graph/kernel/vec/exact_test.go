package vec

import "math"

// exact is a number as the unevaluated sum of two (Dekker 1971), good to about 30 digits: the
// reference for sweeps over millions of arguments.
type exact struct{ h, l float64 }

func ex(x float64) exact { return exact{x, 0} }

func twoSum(a, b float64) exact {
	s := a + b
	c := s - a
	return exact{s, (a - (s - c)) + (b - c)}
}

func (x exact) add(y exact) exact {
	s, t := twoSum(x.h, y.h), twoSum(x.l, y.l)
	s = twoSum(s.h, s.l+t.h)
	return twoSum(s.h, s.l+t.l)
}

func (x exact) neg() exact { return exact{-x.h, -x.l} }

func (x exact) mul(y exact) exact {
	p := x.h * y.h
	return twoSum(p, math.FMA(x.h, y.h, -p)+(x.h*y.l+x.l*y.h))
}

func (x exact) div(y exact) exact {
	q := x.h / y.h
	r := x.add(y.mul(ex(-q)))
	q2 := r.h / y.h
	r = r.add(y.mul(ex(-q2)))
	return twoSum(q, q2).add(ex(r.h / y.h))
}

// scale multiplies by 2ᵏ.
func (x exact) scale(k int) exact { return exact{math.Ldexp(x.h, k), math.Ldexp(x.l, k)} }

// ln2Exact is log 2 to 42 bits and the rest.
var ln2Exact = [2]exact{{0x1.62e42fefa3800p-1, 0}, {0x1.ef35793c76730p-45, 0x1.f97b57a079a19p-103}}

// series is Σ xⁱ·c(i) for i from 1 to n, c(i) = num/den.
func (x exact) series(n int, c func(i int) exact) exact {
	s := exact{}
	for i := n; i >= 1; i-- {
		s = s.add(c(i)).mul(x)
	}
	return s
}

var inverseFactorial = func() (f [30]exact) {
	f[0] = ex(1)
	for i := 1; i < len(f); i++ {
		f[i] = f[i-1].div(ex(float64(i)))
	}
	return
}()

// exp returns eˣ as y·2ᵏ.
func (x exact) exp() (y exact, k int) {
	n := math.Round(x.h / math.Ln2)
	r := x.add(ln2Exact[0].mul(ex(-n))).add(ln2Exact[1].mul(ex(-n)))
	y = r.scale(-4).series(14, func(i int) exact { return inverseFactorial[i] }).add(ex(1))
	for range 4 {
		y = y.mul(y)
	}
	return y, int(n)
}

func (x exact) expm1() exact {
	if math.Abs(x.h) < 0.1 {
		return x.series(18, func(i int) exact { return inverseFactorial[i] })
	}
	y, k := x.exp()
	return y.scale(k).add(ex(-1))
}

// log1p returns log(1+x).
func (x exact) log1p() exact {
	if math.Abs(x.h) < 1e-3 {
		return x.series(12, func(i int) exact { return ex(float64(2*(i&1) - 1)).div(ex(float64(i))) })
	}
	return x.add(ex(1)).log()
}

func (x exact) log() exact {
	if math.Abs(x.h-1) < 1e-3 {
		return x.add(ex(-1)).log1p()
	}
	_, k := math.Frexp(x.h)
	m := x.scale(-k)
	y := math.Log(m.h)
	e, n := ex(-y).exp()
	t := m.mul(e.scale(n)).add(ex(-1))
	n2 := ex(float64(k))
	return ex(y).add(t.add(t.mul(t).scale(-1).neg())).add(ln2Exact[1].mul(n2)).add(ln2Exact[0].mul(n2))
}

// exactly are the references of sweeps, for finite arguments within which the results are normal.
var exactly = map[UnaryOp]func(x exact) exact{
	Exp:   func(x exact) exact { y, k := x.exp(); return y.scale(k) },
	Log:   exact.log,
	Log1p: exact.log1p,
	Expm1: exact.expm1,
	Tanh: func(x exact) exact {
		e := x.scale(1).expm1()
		if x.h > 300 {
			return ex(1)
		}
		return e.div(e.add(ex(2)))
	},
	InvLogit: func(x exact) exact {
		if x.h > 0 {
			y, k := x.neg().exp()
			return ex(1).div(ex(1).add(y.scale(k)))
		}
		y, k := x.exp()
		return y.scale(k).div(ex(1).add(y.scale(k)))
	},
	Softplus:    softplusExact,
	LogInvLogit: func(x exact) exact { return softplusExact(x.neg()).neg() },
}

func softplusExact(x exact) exact {
	if x.h > 0 {
		y, k := x.neg().exp()
		return x.add(y.scale(k).log1p())
	}
	y, k := x.exp()
	return y.scale(k).log1p()
}

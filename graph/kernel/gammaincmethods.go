package kernel

import "math"

// gammaLead returns D = xᵃe⁻ˣ/Γ(a+1) and its logarithm.
func gammaLead(a, x float64) (lead, log float64) {
	if a >= 10 {
		mu := (x - a) / a
		log = a*log1pmx(mu) - 0.5*math.Log(2*math.Pi*a) - stirling(a)
		if mu < -0.4 {
			r := logOf(x / a)
			if x/a < smallest {
				r = logOf(x) - math.Log(a)
			}
			log = a*(r-mu) - 0.5*math.Log(2*math.Pi*a) - stirling(a)
		}
		return math.Exp(log), log
	}
	log = a*logOf(x) - x - lgamma1p(a)
	if log < -650 || x > 650 || x < smallest { // math.Pow takes logarithms: see logOf
		return math.Exp(log), log
	}
	return math.Pow(x, a) * math.Exp(-x) / math.Gamma(a+1), log
}

// gammaSeries is P = D·Σ xᵏ/((a+1)…(a+k)). Differentiating term by term multiplies each by
// log x − ψ(a+k+1).
func gammaSeries(a, x float64, deriv bool) tail {
	t := tail{step: 1}
	t.lead, t.log = gammaLead(a, x)
	psi := 0.0
	if deriv {
		psi = logOf(x) - Digamma(a+1)
	}
	c := 1.0
	for k := 1.0; k < 1e4; k++ {
		t.mant += c
		t.da += c * psi
		if c < 1e-17*t.mant {
			break
		}
		psi -= 1 / (a + k)
		c *= x / (a + k)
	}
	return t
}

// gammaFraction is Q = xᵃe⁻ˣ/Γ(a) · 1/(x+1−a− 1(1−a)/(x+3−a− 2(2−a)/(x+5−a− …))) by Lentz's
// method, carrying the derivative in a along (Moore 1982, AS 187).
func gammaFraction(a, x float64, deriv bool) tail {
	b := x + 1 - a
	d := 1 / b
	dd := d * d
	c, dc := math.Inf(1), 0.0
	h, dh := d, dd
	for i := 1.0; i < 1000; i++ {
		n := -i * (i - a)
		b += 2
		dd = i*d + n*dd - 1
		d = 1 / (n*d + b)
		dd *= -d * d
		dc = -1 + i/c - n*(dc/c)/c
		c = b + n/c
		r, dr := c*d, dc*d+c*dd
		dh = dh*r + h*dr
		h *= r
		if math.Abs(r-1) < 1e-16 && (!deriv || math.Abs(h*dr) < 1e-16*(math.Abs(dh)+1e-16*math.Abs(h))) {
			break
		}
	}
	logX := math.Log(x)
	lead, log := gammaLead(a, x)
	h *= x // about 1, where a·h could underflow
	t := tail{upper: true, lead: lead / x, log: log - logX, mant: a * h, step: x}
	if deriv {
		t.da = a*h*(logX-Digamma(a)) + a*x*dh
	}
	return t
}

// gammaSmall is Q = 1 − xᵃ/Γ(a+1) − xᵃ/Γ(a+1)·a·Σ (−x)ᵏ/(k!(a+k)), for x < 1.5 and a so small
// that 1 − P would cancel. The derivative is that of the series of P, where it does not.
func gammaSmall(a, x float64, deriv bool) tail {
	t := tail{upper: true, lead: 1}
	l := a*logOf(x) - lgamma1p(a)
	s, c := 0.0, 1.0
	for k := 1.0; k < 40; k++ {
		c *= -x / k
		s += c / (a + k)
		if math.Abs(c) < 1e-18*math.Abs(s) {
			break
		}
	}
	t.mant = -math.Expm1(l) - math.Exp(l)*a*s
	t.step = math.Exp(l - x)
	if deriv {
		p := gammaSeries(a, x, true)
		t.da = -p.lead * p.da
	}
	t.log = 0
	return t
}

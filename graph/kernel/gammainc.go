package kernel

import "math"

// tail is a probability exp(log)·mant with its derivative exp(log)·da in the first
// parameter (and db in a second one). It is the upper or the lower of two complementary
// probabilities, whichever is about a half or less.
type tail struct {
	log, mant, da, db float64
	lead              float64 // exp(log), more exact than from log where that is cheap
	upper             bool
}

// value is the probability on the wanted side.
func (t tail) value(upper bool) float64 {
	v := min(1, t.lead*t.mant)
	if t.upper == upper {
		return v
	}
	return 1 - v
}

// logValue is the logarithm of the probability on the wanted side.
func (t tail) logValue(upper bool) float64 {
	if t.upper == upper {
		return min(0, t.log+logOf(t.mant))
	}
	return math.Log1p(-min(1, t.lead*t.mant))
}

// derivative returns the derivative of the lower probability, out of the one given.
func (t tail) derivative(mantissa float64) float64 {
	if t.upper {
		return -t.lead * mantissa
	}
	return t.lead * mantissa
}

// logDerivative returns the derivative of logValue(upper), out of the one given.
func (t tail) logDerivative(upper bool, mantissa float64) float64 {
	if t.upper == upper {
		return mantissa / t.mant
	}
	return -t.lead * mantissa / (1 - t.lead*t.mant)
}

// GammaP returns the regularised lower incomplete gamma function,
// P(a, x) = 1/Γ(a) ∫₀ˣ tᵃ⁻¹e⁻ᵗ dt, for a ≥ 0 and x ≥ 0.
//
// The smaller of P and Q is computed: P by its power series, Q by Legendre's continued
// fraction or, for x < 1.5, a series without cancellation, and either by Temme's uniform
// expansion for a ≥ 20 and x/a between 0.7 and 2.35; the division is that of Gil, Segura and
// Temme ("Efficient and accurate algorithms for the computation and inversion of the
// incomplete gamma function ratios", SIAM J. Sci. Comput. 34, 2012).
//
// The error is 1e-14 + 4ε·|log f| relative. At the edges P(a, 0) = 0, P(a, ∞) = 1, P(0, x) = 1 and
// P(∞, x) = 0; where two of these meet it is NaN. Its derivatives are GammaPDa and
// GammaPDx.
func GammaP(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return p
	}
	return gammaTail(a, x, false).value(false)
}

// GammaQ returns the regularised upper incomplete gamma function, 1 − GammaP(a, x), with the
// same relative error where it is small.
func GammaQ(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return 1 - p
	}
	return gammaTail(a, x, false).value(true)
}

// LogGammaP returns log P(a, x), also where P underflows, to 1e-14 relative to max(1, |f|) and
// 1e-14 relative where P is near one.
func LogGammaP(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return math.Log(p)
	}
	return gammaTail(a, x, false).logValue(false)
}

// LogGammaQ returns log Q(a, x), with the errors of LogGammaP.
func LogGammaQ(a, x float64) float64 {
	if p, edge := gammaEdge(a, x); edge {
		return math.Log(1 - p)
	}
	return gammaTail(a, x, false).logValue(true)
}

// GammaPDx returns ∂P/∂x = xᵃ⁻¹e⁻ˣ/Γ(a), the gamma density, with the relative error of GammaP.
func GammaPDx(a, x float64) float64 {
	if !(a > 0) || !(x >= 0) || math.IsInf(a, 1) {
		if a >= 0 && x > 0 {
			return 0
		}
		return math.NaN()
	}
	switch {
	case math.IsInf(x, 1):
		return 0
	case x == 0 && a > 1:
		return 0
	case x == 0 && a == 1:
		return 1
	case x == 0:
		return math.Inf(1)
	}
	lead, log := gammaLead(a, x)
	if lead < smallest || x < a*0x1p-1000 { // a/x or the product could leave the range
		return math.Exp(log + logOf(a) - logOf(x))
	}
	return lead * (a / x)
}

// gammaEdge gives P on the border of its domain, and NaN outside.
func gammaEdge(a, x float64) (p float64, edge bool) {
	switch {
	case !(a >= 0) || !(x >= 0), a == 0 && x == 0, math.IsInf(a, 1) && math.IsInf(x, 1):
		return math.NaN(), true
	case x == 0 || math.IsInf(a, 1):
		return 0, true
	case a == 0 || math.IsInf(x, 1):
		return 1, true
	}
	return 0, false
}

// gammaTail picks the method; deriv says whether da is wanted.
func gammaTail(a, x float64, deriv bool) tail {
	mu := (x - a) / a
	half := x + 0.25 // about the a at which P = Q = ½
	if x < 0.5 {
		half = -ln2 / math.Log(x)
	}
	switch {
	case a >= 20 && mu > -0.3 && mu < 1.35:
		return gammaUniform(a, mu, deriv)
	case a >= half:
		return gammaSeries(a, x, deriv)
	case x < 1.5:
		return gammaSmall(a, x, deriv)
	}
	return gammaFraction(a, x, deriv)
}

// gammaLead returns D = xᵃe⁻ˣ/Γ(a+1) and its logarithm.
func gammaLead(a, x float64) (lead, log float64) {
	if a >= 10 {
		mu := (x - a) / a
		log = a*log1pmx(mu) - 0.5*math.Log(2*math.Pi*a) - stirling(a)
		if mu < -0.4 {
			log = a*(logOf(x)-math.Log(a)-mu) - 0.5*math.Log(2*math.Pi*a) - stirling(a)
		}
		return math.Exp(log), log
	}
	log = a*logOf(x) - x - lgamma1p(a)
	if log < -650 || x > 650 {
		return math.Exp(log), log
	}
	return math.Pow(x, a) * math.Exp(-x) / math.Gamma(a+1), log
}

// gammaSeries is P = D·Σ xᵏ/((a+1)…(a+k)). Differentiating term by term multiplies each by
// log x − ψ(a+k+1).
func gammaSeries(a, x float64, deriv bool) tail {
	t := tail{}
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
	t := tail{upper: true, mant: a * h}
	t.lead, t.log = gammaLead(a, x)
	if deriv {
		t.da = a*h*(math.Log(x)-Digamma(a)) + a*dh
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
	if deriv {
		p := gammaSeries(a, x, true)
		t.da = -p.lead * p.da
	}
	t.log = 0
	return t
}

// lgamma1p returns log Γ(1+a) for a ≥ 0, relative also to a small a, by
// −log(1+a) + (1−γ)a + Σ (ζ(k)−1)(−a)ᵏ/k.
func lgamma1p(a float64) float64 {
	if a > 0.25 {
		return Lgamma(1 + a)
	}
	s := 0.0
	for k := len(zetaMinus1OverK) - 1; k >= 0; k-- {
		s = zetaMinus1OverK[k] - a*s
	}
	return -math.Log1p(a) + a*((1-eulerGamma)+a*s)
}

// zetaMinus1OverK is (ζ(k)−1)/k for k from 2.
var zetaMinus1OverK = [...]float64{
	0.32246703342411321824, 0.067352301053198095133, 0.020580808427784547879, 0.0073855510286739852663, 0.0028905103307415232858,
	0.0011927539117032609771, 0.00050966952474304242234, 0.00022315475845357937976, 0.000099457512781808533715, 0.0000449262367381331417,
	0.000020507212775670691553, 9.439488275268395904e-6, 4.3748667899074878042e-6, 2.0392157538013662368e-6, 9.5514121304074198329e-7,
	4.4924691987645660433e-7, 2.1207184805554665869e-7, 1.0043224823968099609e-7, 4.7698101693639805658e-8,
}

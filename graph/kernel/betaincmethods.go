package kernel

import "math"

// betaFraction is I = xᵃyᵇ/B(a, b) · α₁/(β₁+ α₂/(β₂+ …)) (DiDonato and Morris 1992, eq. 9), with
//
//	α₁ = 1, αₙ₊₁ = (a+n−1)(a+b+n−1)·n(b−n)·x²/(a+2n−1)²,
//	βₙ₊₁ = n + n(b−n)x/(a+2n−1) + (a+n)(λ+1+n(1+y))/(a+2n+1), λ = a − (a+b)x,
//
// by Lentz's method with the derivatives in a and b carried along. β₁ and α₂ have the factor a; it
// is taken out and put with B, since a·B stays finite as a goes to zero. With x on the lower side
// and parameters up to 3000, or far from the mean, it takes 140 levels at most.
func betaFraction(v betaArgs, deriv bool) tail {
	log := v.lead()
	f := fraction{h: 1}
	if !math.IsInf(log, -1) { // else it is beyond all range, and the terms perhaps too
		f.run(v, deriv)
	}
	t := tail{log: log, mant: f.h}
	if deriv {
		t.da = f.h*(v.logX+digammaOverNext(v.a, v.b)) + f.hA
		t.db = f.h*(v.logY+digammaShift(v.b, v.a)) + f.hB
	}
	return t
}

// run works the fraction out for v.
func (f *fraction) run(v betaArgs, deriv bool) {
	first := betaFirst(v)
	d := 1 / first.v
	dA, dB := -first.a*d*d, -first.b*d*d
	*f = fraction{h: d, hA: dA, hB: dB, c: math.Inf(1), d: d, dA: dA, dB: dB}
	ik := 1 / (v.a + 1)
	for n := 1.0; n < 1000; n++ {
		im := ik // 1/(a+2n−1), and 1/(a+2n+1) is that of the next
		ik = 1 / (v.a + 2*n + 1)
		alpha, beta := betaNumerator(v, n, im), betaDenominator(v, n, im, ik)
		if deriv && f.step(alpha, beta) || !deriv && f.stepValue(alpha.v, beta.v) {
			return
		}
	}
}

// term is a term of the fraction with its derivatives in a and b.
type term struct{ v, a, b float64 }

// betaNumerator returns αₙ₊₁ for n ≥ 1, for n = 1 divided by a.
func betaNumerator(v betaArgs, n, im float64) term {
	r := v.x * im
	p, pA, q, s := v.a+n-1, 1.0, v.a+v.b+n-1, n*(v.b-n)
	if n == 1 {
		p, pA = 1, 0
	}
	return term{
		v: (p * r) * (q * r) * s,
		a: r * r * s * (pA*q + p - 2*(p*im)*q),
		b: (p * r) * r * n * (v.b - n + q),
	}
}

// betaFirst returns β₁/a.
func betaFirst(v betaArgs) term {
	k := v.a + 1
	e := (1 - v.fromMean()) / k
	return term{e, (v.y - e) / k, -v.x / k}
}

// betaDenominator returns βₙ₊₁ for n ≥ 1.
func betaDenominator(v betaArgs, n, im, ik float64) term {
	e := -v.fromMean() + 1 + n*(1+v.y)
	s, p := n*v.x*im, (v.a+n)*ik
	return term{
		v: n + s*(v.b-n) + p*e,
		a: (n+1)*ik*ik*e + p*v.y - s*(v.b-n)*im,
		b: s - p*v.x,
	}
}

// fraction is the state of Lentz's method with derivatives in two parameters.
type fraction struct{ h, hA, hB, c, cA, cB, d, dA, dB float64 }

// step takes in one more level α/(β+…) and says whether value and derivatives have settled.
func (f *fraction) step(alpha, beta term) bool {
	d := 1 / (alpha.v*f.d + beta.v)
	f.dA = -(alpha.a*f.d + alpha.v*f.dA + beta.a) * d * d
	f.dB = -(alpha.b*f.d + alpha.v*f.dB + beta.b) * d * d
	f.d = d
	ic := 1 / f.c
	f.cA = beta.a + (alpha.a-alpha.v*(f.cA*ic))*ic
	f.cB = beta.b + (alpha.b-alpha.v*(f.cB*ic))*ic
	f.c = beta.v + alpha.v*ic
	r := f.c * d
	rA, rB := f.cA*d+f.c*f.dA, f.cB*d+f.c*f.dB
	f.hA = f.hA*r + f.h*rA
	f.hB = f.hB*r + f.h*rB
	f.h *= r
	// A derivative may underflow beside the value, hence small.
	small := eps * math.Abs(f.h)
	return math.IsNaN(r) || math.Abs(r-1) < eps/2 && math.Abs(f.h*rA) <= eps/4*(math.Abs(f.hA)+small) && math.Abs(f.h*rB) <= eps/4*(math.Abs(f.hB)+small)
}

// stepValue is step without the derivatives.
func (f *fraction) stepValue(alpha, beta float64) bool {
	f.d = 1 / (alpha*f.d + beta)
	f.c = beta + alpha/f.c
	r := f.c * f.d
	f.h *= r
	return math.IsNaN(r) || math.Abs(r-1) < eps/2
}

// digammaOverNext returns ψ(a+b) − ψ(a+1).
func digammaOverNext(a, b float64) float64 {
	if a < 1 {
		return Digamma(a+b) - Digamma(a+1)
	}
	return digammaShift(a, b) - 1/a
}

// betaSmall returns the upper tail for a small a ≤ b, where the lower is next to one:
//
//	1 − I = 1 − xᵃ/(aB)·(1 + a·S), S = Σ (1−b)(2−b)…(k−b)/k!·xᵏ/(a+k).
func betaSmall(v betaArgs, deriv bool) tail {
	a, b, x := v.a, v.b, v.x
	l := a*v.logX - logAB(a, b)
	s, sA, sB := 0.0, 0.0, 0.0
	c, cB := 1.0, 0.0
	for k := 1.0; k < 500; k++ {
		cB = (cB*(k-b) - c) / k * x
		c *= (k - b) / k * x
		s += c / (a + k)
		sA -= c / ((a + k) * (a + k))
		sB += cB / (a + k)
		if math.Abs(c) <= 1e-18*math.Abs(s) && math.Abs(cB) <= 1e-18*math.Abs(sB) {
			break
		}
	}
	e := math.Exp(l)
	t := tail{upper: true, mant: -math.Expm1(l) - e*a*s}
	if deriv {
		t.da = -e * ((v.logX+digammaOverNext(a, b))*(1+a*s) + s + a*sA)
		t.db = -e * (digammaShift(b, a)*(1+a*s) + a*sB)
	}
	return t
}

// betaTiny is for a parameter p below tinyParameter. If the other is small too, nearly all mass is at
// the ends, b/(a+b) of it at zero. Otherwise one tail is proportional to p, and is that of
// tinyParameter times p/tinyParameter.
func betaTiny(v betaArgs, deriv bool) tail {
	if max(v.a, v.b) < 0x1p-400 {
		n := v.a + v.b
		if v.a < v.b {
			return tail{upper: true, mant: v.a / n, da: v.b / n / n, db: -v.a / n / n}
		}
		return tail{mant: v.b / n, da: -v.b / n / n, db: v.a / n / n}
	}
	if p := v.a; p < v.b {
		v.a = tinyParameter
		t := betaLower(v, deriv).normalised()
		t.mant = p / tinyParameter
		t.db *= t.mant
		return t
	}
	p := v.b
	v.b = tinyParameter
	t := betaLower(v, deriv).normalised()
	t.mant = p / tinyParameter
	t.da *= t.mant
	return t
}

// logAB returns log(a·B(a, b)) = log Γ(1+a) + log Γ(b) − log Γ(a+b), relative also to a
// small a, where it is about −a(γ + ψ(b)).
func logAB(a, b float64) float64 {
	switch {
	case b >= 10:
		return lgamma1p(a) - a*math.Log(b) - gammaShift(a, b)
	case b < 1: // Γ(b)/Γ(a+b) = (1+a/b)·Γ(1+b)/Γ(1+a+b)
		return lgamma1p(a) + log1pRatio(a, b) - lgammaStep(1+b, a)
	}
	return lgamma1p(a) - lgammaStep(b, a)
}

// log1pRatio returns log(1+a/b), also where a/b overflows.
func log1pRatio(a, b float64) float64 {
	if q := a / b; q <= math.MaxFloat64 {
		return math.Log1p(q)
	}
	return logOf(a) - logOf(b)
}

// lgammaStep returns log Γ(b+a) − log Γ(b) for b ≥ 1, by Taylor's series for an a small beside b.
func lgammaStep(b, a float64) float64 {
	if a > 0.01*b {
		return Lgamma(b+a) - Lgamma(b)
	}
	s := 0.0
	for k := 6; k >= 0; k-- {
		s = a / float64(k+1) * (Polygamma(k, b) + s)
	}
	return s
}

// betaQuadrature integrates the density from x outwards, scaled by its value at x, for a and b
// large enough that the density is nearly normal: 12 panels of 16-point
// Gauss–Legendre, as wide as the tail falls. The integrand is positive, so nothing
// cancels, and the derivatives are the same integral with log t − ψ(a) + ψ(a+b), and
// log(1−t) − ψ(b) + ψ(a+b), as a factor.
func betaQuadrature(v betaArgs) tail {
	a, b := v.a, v.b
	n, odds := a+b, v.x/v.y
	// In units of x: 14 standard deviations, or 45 times where the density has fallen by e.
	width := min(1, 14*math.Sqrt(a/n*(b/n)/n)/v.x)
	if slope := (a - 1) - (b-1)*odds; slope > 0 {
		width = min(width, 45/slope)
	}
	tilt := -v.fromMean() / v.y // a − b·x/y without cancellation
	t := tail{log: v.lead() + math.Log(a) - v.logY}
	gA, gB := v.logX+digammaShift(a, b), v.logY+digammaShift(b, a)
	const panels = 12
	h := width / (2 * panels)
	for i := range panels {
		mid := -h * float64(2*i+1)
		for k, node := range legendreNodes {
			for _, r := range [2]float64{mid + h*node, mid - h*node} {
				s := -r * odds
				lx, ly := math.Log1p(r), math.Log1p(s)
				w := legendreWeights[k] * math.Exp(a*log1pmx(r)+b*log1pmx(s)-lx-ly+r*tilt)
				t.mant += w
				t.da += w * (gA + lx)
				t.db += w * (gB + ly)
			}
		}
	}
	t.mant *= h
	t.da *= h
	t.db *= h
	return t
}

// betaGammaLimit is I for one parameter so large beside the other that the beta distribution is
// nearly a gamma. In t = −log y the density is e⁻ᵀᵗtᵃ⁻¹(sinh(t/2)/(t/2))ᵃ⁻¹, T = b + (a−1)/2 (Wise
// 1950), so that I = P(a, z) − D·ε·a·(a+1+z) with z = −T·log y, D = zᵃe⁻ᶻ/Γ(a+1) = P(a, z) − P(a+1, z) and
// ε = (a−1)/24T²; the terms left out are of order (a³/T²)².
func betaGammaLimit(v betaArgs, deriv bool) tail {
	if v.a > v.b {
		t := betaGammaLimit(v.flip(), deriv)
		t.upper = !t.upper
		t.da, t.db = t.db, t.da
		return t
	}
	a := v.a
	big := v.b + 0.5*(a-1)
	z := -big * v.logY
	t := gammaTail(a, z, deriv)
	d := t.step
	if t.upper {
		d = -d
	}
	t.mant -= d * (a - 1) / (24 * big) * a * ((a + 1 + z) / big)
	shift := d * a / big // the density of z times ∂z/∂b = z/T; ∂z/∂a is half of it
	t.da, t.db = t.da+0.5*shift, shift
	return t
}

// nearlyGamma says whether betaGammaLimit is exact to about 1e-15 relative: one parameter must be
// large beside the other, and the t of betaGammaLimit small.
func (v betaArgs) nearlyGamma() bool {
	low, high, t := v.a, v.b, -v.logY
	if low > high {
		low, high, t = v.b, v.a, -v.logX
	}
	low = max(low, 1)
	return high > 1e7 && high > 2e4*low*math.Sqrt(low) && low*t*t < 1e-7
}

// legendreNodes and legendreWeights are the positive half of the 16-point Gauss–Legendre rule.
var legendreNodes = [8]float64{
	0.095012509837637440185, 0.28160355077925891323, 0.45801677765722738634, 0.61787624440264374845,
	0.7554044083550030339, 0.86563120238783174388, 0.94457502307323257608, 0.9894009349916499326,
}

var legendreWeights = [8]float64{
	0.18945061045506849629, 0.18260341504492358887, 0.16915651939500253819, 0.14959598881657673208,
	0.12462897125553387205, 0.09515851168249278481, 0.062253523938647892863, 0.027152459411754094852,
}

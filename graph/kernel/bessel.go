package kernel

import "math"

// hankelFrom is where Hankel's expansion takes over from the power series: there its
// smallest term, about e⁻²ˣ, is below ε.
const hankelFrom = 20

// LogI0 returns log I₀(x), the modified Bessel function of the first kind, even in x: from the power
// series in x²/4 up to |x| = 20 and from Hankel's expansion above (DLMF 10.25.2, 10.40.1),
// to 4ε relative for every x. It is +Inf at ±Inf. Its derivative is BesselRatio.
func LogI0(x float64) float64 {
	x = math.Abs(x)
	if x < hankelFrom {
		i0, _ := besselSeries(x)
		return math.Log1p(i0)
	}
	if x > 1e300 {
		return x
	}
	return x - 0.5*math.Log(x) + (math.Log(hankel(0, x)) - lnSqrt2Pi)
}

// BesselRatio returns I₁(x)/I₀(x), the mean resultant length of a von Mises distribution of
// concentration x, odd in x, to 6ε relative. It is ±1 at ±Inf. Its derivative is
// BesselRatioDeriv, 1 − r/x − r².
func BesselRatio(x float64) float64 {
	if math.Abs(x) < hankelFrom {
		i0, i1 := besselSeries(x)
		return 0.5 * x * ((1 + i1) / (1 + i0))
	}
	if math.Abs(x) > 1e17 {
		return math.Copysign(1, x)
	}
	a := math.Abs(x)
	return math.Copysign(hankel(1, a)/hankel(0, a), x)
}

// BesselRatioDeriv returns the derivative of BesselRatio, 1 − r/x − r², even in x, to 4ε
// relative. As that cancels for large x, up to 30 it is the quotient of two series of positive terms,
//
//	r′ = ½·Σ Tₖuᵏ/(k+1)² / Σ Tₖuᵏ,  Tₖ = (2k)!/k!⁴,  u = x²/4,
//
// from 2r′ = (I₀² + I₀I₂ − 2I₁²)/I₀² and the series of products (DLMF 10.31.3), and above it
// the asymptotic series that the differential equation yields. It is ½ at 0 and 0 at ±Inf.
func BesselRatioDeriv(x float64) float64 {
	x = math.Abs(x)
	if x < 30 {
		u := 0.25 * x * x
		num, den, t := 0.0, 0.0, 1.0
		for k := 1.0; k < 200; k++ {
			num += t / (k * k)
			den += t
			if t < 1e-17*num {
				break
			}
			t *= u * (2 * (2*k - 1) / (k * k * k))
		}
		return 0.5 * num / den
	}
	y := 1 / x
	s := 0.0
	for k := len(besselRatioSeries) - 1; k >= 0; k-- {
		s = s*y + float64(k+1)*besselRatioSeries[k]
	}
	return s * y * y
}

// besselSeries returns I₀(x) − 1 = Σ_{k≥1} (x²/4)ᵏ/k!² and 2I₁(x)/x − 1 = Σ_{k≥1} (x²/4)ᵏ/(k!(k+1)!).
func besselSeries(x float64) (i0, i1 float64) {
	q := 0.25 * x * x
	t := 1.0
	for k := 1.0; k < 200; k++ {
		t *= q / (k * k)
		i0 += t
		i1 += t / (k + 1)
		if t < 1e-17*i0 {
			break
		}
	}
	return i0, i1
}

// hankel returns √(2πx)·e⁻ˣ·I_n(x) for n 0 or 1, by
// Σ (−1)ᵏ (4n²−1)(4n²−9)…(4n²−(2k−1)²)/(k!(8x)ᵏ), cut at its smallest term.
func hankel(n, x float64) float64 {
	s, t := 1.0, 1.0
	for k := 1.0; k < 60; k++ {
		m := 2*k - 1
		r := (m*m - 4*n*n) / (8 * x * k)
		if math.Abs(t) < 1e-17 || math.Abs(r) > 1 {
			break
		}
		t *= r
		s += t
	}
	return s
}

// besselRatioSeries is −cₖ for k from 1, where I₁/I₀ ~ 1 + Σ cₖ/xᵏ; the cₖ follow from
// r′ = 1 − r/x − r².
var besselRatioSeries = [...]float64{
	0.5, 0.125, 0.125, 0.1953125, 0.40625,
	1.0478515625, 3.21875, 11.466461181640625, 46.478515625, 211.27614974975585938,
	1064.67822265625, 5892.0457146167755127, 35528.87744140625, 231884.63595631718636, 1628749.4532470703125,
	12251067.632866150234, 98252781.815467834473, 836956449.77997615625, 7546911569.3669948578, 71816112232.683279509,
	719236632073.38026667, 7562132599676.8770448, 83284339829845.654908, 958823685326569.29753, 11517422782528823.593,
	144099937481357042.04, 1874879218540498465.1, 25330554576498357333, 3.5488290255691451629e+20, 5.1492370184855092126e+21,
}

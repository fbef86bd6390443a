package kernel

import "math"

// gammaUniform is Temme's expansion, uniform in x/a = 1 + mu. With ½η² = mu − log(1+mu), η of the
// sign of mu, and R = exp(−½aη²)·S/√(2πa),
//
//	Q = ½erfc(η√(a/2)) + R and P = ½erfc(−η√(a/2)) − R.
//
// Both terms share exp(−½aη²), which is kept apart as the logarithm.
func gammaUniform(a, mu float64, deriv bool) tail {
	phi := -log1pmx(mu)
	eta := math.Copysign(math.Sqrt(2*phi), mu)
	slope := -1.0 // a·dη/da at fixed x
	if eta != 0 {
		slope = -mu / eta
	}
	s, ds := temmeS(a, eta, slope/a)
	w := invSqrt2Pi / math.Sqrt(a)
	t := tail{upper: mu >= 0, log: -a * phi}
	t.lead = math.Exp(t.log)
	sign := -1.0
	if t.upper {
		sign = 1
	}
	t.mant = 0.5*erfcx(math.Abs(eta)*math.Sqrt(a/2)) + sign*w*s
	t.step = w * math.Exp(-stirling(a))
	if deriv { // of ½erfc; then of R, where d(−½aη²)/da = log(1+mu)
		t.da = sign * w * (-(slope + 0.5*eta) + s*math.Log1p(mu) + ds - 0.5*s/a)
	}
	return t
}

// temmeS sums S(a, η) and its derivative in a, given dη/da. The coefficients in powers of
// η follow backwards from those for infinite a (Gil, Segura and Temme 2012, eq. 4.6–4.9).
func temmeS(a, eta, deta float64) (s, ds float64) {
	const top = len(temmeCoefficients) - 2
	var b, db [top + 1]float64
	b[top] = temmeCoefficients[top+1]
	b[top-1] = temmeCoefficients[top]
	for m := top - 1; m > 0; m-- {
		k := float64(m+1) / a
		b[m-1] = temmeCoefficients[m] + k*b[m+1]
		db[m-1] = k * (db[m+1] - b[m+1]/a)
	}
	sEta := 0.0 // dS/dη by Horner's rule
	for m := top; m >= 0; m-- {
		sEta = sEta*eta + s
		s = s*eta + b[m]
		ds = ds*eta + db[m]
	}
	norm := 1 / (1 + b[1]/a)
	s *= norm
	return s, (ds+sEta*deta)*norm - s*(db[1]-b[1]/a)/a*norm
}

// temmeCoefficients is 1, then the Taylor coefficients of 1/mu − 1/η in η.
var temmeCoefficients = [...]float64{
	1.0, -0.33333333333333333333, 0.083333333333333333333, -0.014814814814814814815,
	0.0011574074074074074074, 0.00035273368606701940035, -0.0001787551440329218107, 0.000039192631785224377817,
	-2.1854485106799921615e-6, -1.8540622107151599607e-6, 8.296711340953086005e-7, -1.7665952736826079304e-7,
	6.7078535434014985804e-9, 1.0261809784240308043e-8, -4.3820360184533531866e-9, 9.1476995822367902342e-10,
	-2.5514193994946249767e-11, -5.8307721325504250675e-11, 2.4361948020667416244e-11, -5.0276692801141755891e-12,
	1.1004392031956134771e-13, 3.3717632624009853788e-13, -1.3923887224181620659e-13, 2.8534893807047443204e-14,
	-5.139111834242572619e-16, -1.9752288294349442835e-15, 8.0995211567045613341e-16,
}

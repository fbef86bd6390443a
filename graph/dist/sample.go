package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/kernel"
)

// Exact samplers that several distributions share. With parameters outside
// their range they give NaN, at once: a rejection that compares with NaN would
// never end.

// open01 is uniform on the open interval (0, 1).
func open01(r *rand.Rand) float64 { return (float64(r.Uint64()>>11) + 0.5) * 0x1p-53 }

// tiny and the others keep draws inside an open support when they round to its end.
const (
	tiny    = math.SmallestNonzeroFloat64
	huge    = math.MaxFloat64
	almost1 = 1 - 0x1p-53
)

func within(x, lo, hi float64) float64 { return math.Min(hi, math.Max(lo, x)) }

// logGammaDraw is the log of a draw from Gamma(shape, 1). On the log scale it
// does not underflow, as half of all draws do for shape 1e-3. Marsaglia & Tsang
// (2000), "A simple method for generating gamma variables", ACM TOMS 26(3);
// their boost x·u^(1/shape) for shape < 1.
func logGammaDraw(r *rand.Rand, shape float64) float64 {
	switch {
	case !(shape > 0) || math.IsInf(shape, 1):
		return math.NaN()
	case shape < 1:
		return logGammaDraw(r, shape+1) + math.Log(open01(r))/shape
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		t := 1 + c*x
		if t <= 0 {
			continue
		}
		v := t * t * t
		if math.Log(open01(r)) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return math.Log(d) + math.Log(v)
		}
	}
}

// gammaDraw is a draw from Gamma(shape, rate), kept positive and finite.
func gammaDraw(r *rand.Rand, shape, rate float64) float64 {
	return within(math.Exp(logGammaDraw(r, shape)-math.Log(rate)), tiny, huge)
}

// betaDraw gives x and 1 − x for x from Beta(a, b), from two gammas on the log scale.
func betaDraw(r *rand.Rand, a, b float64) (x, y float64) {
	d := logGammaDraw(r, a) - logGammaDraw(r, b)
	return within(kernel.InvLogit(d), tiny, almost1), within(kernel.InvLogit(-d), tiny, almost1)
}

// dirichletDraw normalises gammas on the log scale.
func dirichletDraw(r *rand.Rand, a, out []float64) {
	for i := range out {
		out[i] = logGammaDraw(r, a[i])
	}
	softmax(out)
	for i := range out {
		out[i] = math.Max(out[i], tiny)
	}
}

func softmax(x []float64) {
	m, t := math.Inf(-1), 0.0
	for _, v := range x {
		m = math.Max(m, v)
	}
	for i, v := range x {
		x[i] = math.Exp(v - m)
		t += x[i]
	}
	for i := range x {
		x[i] /= t
	}
}

// poissonDraw multiplies uniforms for a small mean, and is the transformed
// rejection PTRS otherwise: Hörmann (1993), "The transformed rejection method
// for generating Poisson random variables", Insurance: Math. & Econ. 12.
func poissonDraw(r *rand.Rand, mean float64) float64 {
	if !(mean >= 0 && mean < huge) {
		return math.NaN()
	}
	if mean < 10 {
		k, p, stop := 0.0, open01(r), math.Exp(-mean)
		for p > stop {
			p *= open01(r)
			k++
		}
		return k
	}
	b := 0.931 + 2.53*math.Sqrt(mean)
	a := -0.059 + 0.02483*b
	invAlpha := 1.1239 + 1.1328/(b-3.4)
	vr := 0.9277 - 3.6224/(b-2)
	for {
		u := open01(r) - 0.5
		v := open01(r)
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		if us >= 0.07 && v <= vr {
			return k
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		if math.Log(v)+math.Log(invAlpha)-math.Log(a/(us*us)+b) <= k*math.Log(mean)-mean-kernel.Lgamma(k+1) {
			return k
		}
	}
}

// binomialDraw inverts for few expected successes, and is the transformed
// rejection BTRS otherwise: Hörmann (1993), "The generation of binomial random
// variates", J. Stat. Comput. Simul. 46.
func binomialDraw(r *rand.Rand, n, p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1 && n >= 0 && n < huge):
		return math.NaN()
	case p > 0.5:
		return n - binomialDraw(r, n, 1-p)
	case n*p < 10:
		return binomialInversion(r, n, p)
	}
	spq := math.Sqrt(n * p * (1 - p))
	b := 1.15 + 2.53*spq
	a := -0.0873 + 0.0248*b + 0.01*p
	c := n*p + 0.5
	vr := 0.92 - 4.2/b
	alpha := (2.83 + 5.1/b) * spq
	lpq := math.Log(p / (1 - p))
	m := math.Floor((n + 1) * p)
	h := kernel.Lgamma(m+1) + kernel.Lgamma(n-m+1)
	for {
		u := open01(r) - 0.5
		v := open01(r)
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + c)
		if us >= 0.07 && v <= vr {
			return k
		}
		if k < 0 || k > n {
			continue
		}
		if math.Log(v*alpha/(a/(us*us)+b)) <= h-kernel.Lgamma(k+1)-kernel.Lgamma(n-k+1)+(k-m)*lpq {
			return k
		}
	}
}

// binomialInversion adds geometric waiting times (Devroye 1986, Non-Uniform
// Random Variate Generation, X.4.3): it takes about n·p steps.
func binomialInversion(r *rand.Rand, n, p float64) float64 {
	if !(p > 0) {
		return 0
	}
	k, at, q := 0.0, 0.0, math.Log1p(-p)
	for {
		at += math.Floor(math.Log(open01(r))/q) + 1
		if at > n {
			return k
		}
		k++
	}
}

// categoryDraw is an index from 0 with the given weights.
func categoryDraw(r *rand.Rand, w []float64) int {
	t := 0.0
	for _, v := range w {
		t += v
	}
	u := open01(r) * t
	last := 0
	for i, v := range w {
		if v > 0 {
			last = i
			if u -= v; u < 0 {
				return i
			}
		}
	}
	return last
}

// cholesky is the lower factor of a (k×k, row by row), NaN if there is none.
func cholesky(a []float64, k int) []float64 {
	l := make([]float64, k*k)
	for i := 0; i < k; i++ {
		for j := 0; j <= i; j++ {
			t := a[i*k+j]
			for m := 0; m < j; m++ {
				t -= l[i*k+m] * l[j*k+m]
			}
			if i == j {
				l[i*k+j] = math.Sqrt(t)
			} else {
				l[i*k+j] = t / l[j*k+j]
			}
		}
	}
	return l
}

// backSolve solves lᵀ·x = x in place.
func backSolve(l, x []float64) {
	k := len(x)
	for i := k - 1; i >= 0; i-- {
		for j := i + 1; j < k; j++ {
			x[i] -= l[j*k+i] * x[j]
		}
		x[i] /= l[i*k+i]
	}
}

// lowerMul is x = l·x in place.
func lowerMul(l, x []float64) {
	k := len(x)
	for i := k - 1; i >= 0; i-- {
		t := 0.0
		for j := 0; j <= i; j++ {
			t += l[i*k+j] * x[j]
		}
		x[i] = t
	}
}

package random

import (
	"fmt"
	"math"
)

// A prior is the text of a distribution with its log density (that of the logit
// where that is the scale), and a scale on
// which a box holds all of it but about e⁻¹⁴.
type prior struct {
	text   string
	log    func(x float64) float64
	scale  scale
	lo, hi float64 // of the box, on that scale
	a, b   float64 // the scale's own numbers
	tail   float64 // index of the upper tail; infinite where it is lighter than a power
}

type scale int

const (
	linear   scale = iota
	heavy          // x = a + b sinh u
	positive       // x = eᵘ
	bounded        // x between a and b, its logit
	logit          // the same between 0 and 1, with a density of the logit
	above          // x = a + eᵘ
)

// coordinate is that of a latent with this prior.
func (p prior) coordinate() coordinate {
	c := coordinate{lo: p.lo, hi: p.hi, prior: p.log}
	if p.scale == logit {
		c.prior = nil
	}
	c.value = func(u float64, _ []float64, _ int) (float64, float64) {
		switch p.scale {
		case heavy:
			return p.a + p.b*math.Sinh(u), math.Log(p.b * math.Cosh(u))
		case logit:
			return logistic(u), p.log(u)
		case above:
			return p.a + math.Exp(u), u
		case positive:
			return math.Exp(u), u
		case bounded:
			return p.a + (p.b-p.a)*logistic(u), math.Log(p.b-p.a) - softplus(u) - softplus(-u)
		}
		return u, 0
	}
	return c
}

func logistic(u float64) float64 {
	if u < 0 {
		return math.Exp(u) / (1 + math.Exp(u))
	}
	return 1 / (1 + math.Exp(-u))
}

func softplus(u float64) float64 {
	if u > 35 {
		return u
	}
	return math.Log1p(math.Exp(u))
}

func normal(mean, sd float64) prior {
	return prior{text: fmt.Sprintf("Normal(%s, %s)", number(mean), number(sd)), tail: math.Inf(1),
		log: func(x float64) float64 { return logNormal(x, mean, sd) }, lo: mean - 8*sd, hi: mean + 8*sd}
}

func studentT(df, mean, s float64) prior {
	return prior{text: fmt.Sprintf("StudentT(%s, %s, %s)", number(df), number(mean), number(s)), tail: df,
		log: func(x float64) float64 { return logStudent(x, df, mean, s) }, scale: heavy, a: mean, b: s, lo: -40 / df, hi: 40 / df}
}

func cauchy(mean, s float64) prior {
	p := studentT(1, mean, s)
	p.text = fmt.Sprintf("Cauchy(%s, %s)", number(mean), number(s))
	return p
}

func laplace(mean, s float64) prior {
	return prior{text: fmt.Sprintf("Laplace(%s, %s)", number(mean), number(s)), tail: math.Inf(1),
		log: func(x float64) float64 { return logLaplace(x, mean, s) }, scale: heavy, a: mean, b: s, lo: -4, hi: 4}
}

func halfNormal(s float64) prior {
	return prior{text: fmt.Sprintf("HalfNormal(%s)", number(s)), tail: math.Inf(1),
		log: func(x float64) float64 { return math.Ln2 + logNormal(x, 0, s) }, scale: positive, lo: math.Log(s) - 14, hi: math.Log(s) + 2.2}
}

func halfCauchy(s float64) prior {
	return prior{text: fmt.Sprintf("HalfCauchy(%s)", number(s)), tail: 1,
		log: func(x float64) float64 { return math.Ln2 + logCauchy(x, 0, s) }, scale: positive, lo: math.Log(s) - 14, hi: math.Log(s) + 40}
}

func halfStudentT(df, s float64) prior {
	return prior{text: fmt.Sprintf("HalfStudentT(%s, %s)", number(df), number(s)), tail: df,
		log: func(x float64) float64 { return math.Ln2 + logStudent(x, df, 0, s) }, scale: positive, lo: math.Log(s) - 14, hi: math.Log(s) + 40/df}
}

func exponential(rate float64) prior {
	return prior{text: fmt.Sprintf("Exponential(%s)", number(rate)), tail: math.Inf(1),
		log: func(x float64) float64 { return logExponential(x, rate) }, scale: positive, lo: -math.Log(rate) - 14, hi: -math.Log(rate) + 3.7}
}

func gamma(shape, rate float64) prior {
	return prior{text: fmt.Sprintf("Gamma(%s, %s)", number(shape), number(rate)), tail: math.Inf(1),
		log:   func(x float64) float64 { return logGamma(x, shape, rate) },
		scale: positive, lo: -math.Log(rate) - 14/math.Min(shape, 1) - 2, hi: math.Log(math.Max(shape, 1)/rate) + 4}
}

func invGamma(shape, s float64) prior {
	return prior{text: fmt.Sprintf("InvGamma(%s, %s)", number(shape), number(s)), tail: shape,
		log:   func(x float64) float64 { return logInvGamma(x, shape, s) },
		scale: positive, lo: math.Log(s) - math.Log(math.Max(shape, 1)) - 4, hi: math.Log(s) + 20/math.Min(shape, 2) + 5}
}

func lognormal(m, s float64) prior {
	return prior{text: fmt.Sprintf("LogNormal(%s, %s)", number(m), number(s)), tail: math.Inf(1),
		log: func(x float64) float64 { return logLogNormal(x, m, s) }, scale: positive, lo: m - 8*s, hi: m + 8*s + 2*s*s}
}

func uniform(lo, hi float64) prior {
	return prior{text: fmt.Sprintf("Uniform(%s, %s)", number(lo), number(hi)), tail: math.Inf(1),
		log: func(float64) float64 { return -math.Log(hi - lo) }, scale: bounded, a: lo, b: hi, lo: -16, hi: 16}
}

// beta is written on the logit scale: next to 1 the value itself says too little.
func beta(a, b float64) prior {
	constant := lgamma(a+b) - lgamma(a) - lgamma(b)
	return prior{text: fmt.Sprintf("Beta(%s, %s)", number(a), number(b)), tail: math.Inf(1), scale: logit,
		log: func(u float64) float64 { return constant - a*softplus(-u) - b*softplus(u) },
		lo:  -16/math.Min(a, 2) - 3, hi: 16/math.Min(b, 2) + 3}
}

func pareto(least, shape float64) prior {
	return prior{text: fmt.Sprintf("Pareto(%s, %s)", number(least), number(shape)), tail: shape, scale: above, a: least,
		log: func(x float64) float64 { return math.Log(shape/least) - (shape+1)*math.Log(x/least) },
		lo:  math.Log(least) - 14, hi: math.Log(least) + 30/shape}
}

func frechet(shape, s float64) prior {
	return prior{text: fmt.Sprintf("Frechet(%s, %s)", number(shape), number(s)), tail: shape, scale: positive,
		log: func(x float64) float64 {
			return math.Log(shape/s) - (shape+1)*math.Log(x/s) - math.Pow(x/s, -shape)
		},
		lo: math.Log(s) - 4/shape, hi: math.Log(s) + 30/shape}
}

func weibull(shape, s float64) prior {
	return prior{text: fmt.Sprintf("Weibull(%s, %s)", number(shape), number(s)), tail: math.Inf(1), scale: positive,
		log: func(x float64) float64 {
			return math.Log(shape/s) + (shape-1)*math.Log(x/s) - math.Pow(x/s, shape)
		},
		lo: math.Log(s) - 14/shape, hi: math.Log(s) + 3.5/shape}
}

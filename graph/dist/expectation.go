package dist

import (
	"math"

	"ppl/graph/kernel"
	"ppl/graph/named"
	"ppl/graph/op"
)

// Expected writes the expectation of each element of a draw into out. It is NaN
// where there is none (Cauchy), or where it is no figure of interest: VonMises, whose values are angles.
func (d *Dist) Expected(p Numbers, out []float64) {
	var mean []float64
	switch {
	case d.MeanOf != nil:
		mean = d.MeanOf(p, len(out))
	case d.Mean != nil:
		mean = d.Mean(p)
	}
	for i := range out {
		out[i] = math.NaN()
		if i < len(mean) {
			out[i] = mean[i]
		}
	}
}

// orderedProbabilities: inv_logit(u) − inv_logit(l) = inv_logit(u)·inv_logit(−l)·(1 − e^(l−u)),
// which loses nothing in the tails.
func orderedProbabilities(p Numbers) []float64 {
	eta, c := p.F("eta"), p.V("cutpoints")
	out := make([]float64, len(c)+1)
	for k := range out {
		l, u := math.Inf(-1), math.Inf(1)
		if k > 0 {
			l = c[k-1]
		}
		if k < len(c) {
			u = c[k]
		}
		out[k] = kernel.InvLogit(u-eta) * kernel.InvLogit(eta-l)
		if k > 0 && k < len(c) {
			out[k] *= -math.Expm1(l - u)
		}
	}
	return out
}

// lkjCholeskyMean: below the diagonal elements are symmetric around 0; the square of
// element i of the diagonal, from 0, is Beta(concentration + (K−1−i)/2, i/2) (Lewandowski, Kurowicka & Joe
// 2009, J. Multivariate Analysis 100, the onion method).
func lkjCholeskyMean(p Numbers, n int) []float64 {
	k := int(math.Round(math.Sqrt(float64(n))))
	out := make([]float64, n)
	for i := range k {
		a, b := p.F("concentration")+float64(k-1-i)/2, float64(i)/2
		out[i*k+i] = math.Exp(kernel.Lgamma(a+0.5) - kernel.Lgamma(a) + kernel.Lgamma(a+b) - kernel.Lgamma(a+b+0.5))
	}
	return out
}

// TruncatedMean is the expectation of d truncated to (lower, upper), or to the
// integers lower..upper; a nil bound is none. It is false for families without a
// closed form here.
//
// Of families that are closed under weighting with x it follows from two
// probabilities of the interval: where x·p(x) is E[X] times a density p*(x),
//
//	E[X | l < X < u] = E[X]·P*(l < X < u)/P(l < X < u)
//
// (Johnson, Kotz & Balakrishnan 1994, Continuous Univariate Distributions; Patil & Rao 1978, Biometrics 34, for
// size-biased distributions). The normal distribution has μ + σ·(φ(α) − φ(β))/(Φ(β) − Φ(α)).
func TruncatedMean(b *named.Builder, d *Dist, p Params, lower, upper *named.Value) (mean named.Value, ok bool) {
	if f := middles[d.Name]; f != nil {
		l, u := f(b, p)
		return middle(b, d, l, u, lower, upper)
	}
	if d == halfNormal {
		zero := b.Scalar(0)
		if lower != nil {
			zero = b.Max(zero, *lower)
		}
		d, lower = normal, &zero
		p = Params{Values: map[string]named.Value{"mean": b.Scalar(0), "sd": p.get("sd")}}
	}
	mass := logProbability(b, d, p, lower, upper)
	if !mass.Valid() {
		return mean, false
	}
	bias := sizeBiased[d.Name]
	switch {
	case d == normal:
		mean = normalTruncated(b, p, mass, lower, upper)
	case bias != nil:
		logMean, other, q := bias(b, p)
		l, u := lower, upper
		if d.Support.Discrete() { // X is 1 + X*
			l, u = oneLess(b, lower), oneLess(b, upper)
		}
		weighted := logProbability(b, other, q, l, u)
		if !weighted.Valid() {
			return mean, false
		}
		mean = b.Exp(b.Add(logMean, b.Sub(weighted, mass)))
	default:
		return mean, false
	}
	if lower != nil { // rounding in narrow intervals
		mean = b.Max(mean, *lower)
	}
	if upper != nil {
		mean = b.Min(mean, *upper)
	}
	return mean, true
}

func oneLess(b *named.Builder, v *named.Value) *named.Value {
	if v == nil {
		return nil
	}
	out := b.AddScalar(*v, -1)
	return &out
}

func normalTruncated(b *named.Builder, p Params, mass named.Value, lower, upper *named.Value) named.Value {
	m, sd := p.get("mean"), p.spread(b, "sd")
	edge := func(v *named.Value) named.Value { // φ at a bound, over the mass
		if v == nil {
			return b.Scalar(0)
		}
		z := b.Div(b.Sub(*v, m), sd)
		return b.Exp(b.Sub(b.AddScalar(b.Scale(-0.5, b.Square(z)), -halfLog2Pi), mass))
	}
	return b.Add(m, b.Mul(sd, b.Sub(edge(lower), edge(upper))))
}

// middles are the ends of distributions that are uniform between them.
var middles = map[string]func(b *named.Builder, p Params) (lower, upper named.Value){
	"Uniform":         func(b *named.Builder, p Params) (l, u named.Value) { return p.get("lower"), p.get("upper") },
	"DiscreteUniform": func(b *named.Builder, p Params) (l, u named.Value) { return p.get("lower"), p.get("upper") },
	"Flat":            func(b *named.Builder, p Params) (l, u named.Value) { return b.Scalar(negInf), b.Scalar(math.Inf(1)) },
}

// middle of what bounds leave of an interval; NaN if it is infinite.
func middle(b *named.Builder, d *Dist, l, u named.Value, lower, upper *named.Value) (named.Value, bool) {
	if lower != nil {
		l = b.Max(l, *lower)
	}
	if upper != nil {
		u = b.Min(u, *upper)
	}
	if d.Support.Discrete() {
		l, u = b.Neg(b.Apply(op.Floor, b.Neg(l))), b.Apply(op.Floor, u)
	}
	out := b.Add(b.Scale(0.5, l), b.Scale(0.5, u))
	infinite := b.Or(b.Less(l, b.Scalar(-math.MaxFloat64)), b.Greater(u, b.Scalar(math.MaxFloat64)))
	return b.Where(b.Or(infinite, b.Greater(l, u)), b.Scalar(math.NaN()), out), true
}

// sizeBiased are the distributions whose weighting with x is known: the log of the mean, and
// the distribution of X*; for counts, of X* − 1.
var sizeBiased = map[string]func(b *named.Builder, p Params) (logMean named.Value, d *Dist, q Params){
	"Exponential": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		return b.Neg(b.Log(p.get("rate"))), gamma, firstForm(map[string]named.Value{"shape": b.Scalar(2), "rate": p.get("rate")})
	},
	"Gamma": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		shape, rate := p.get("shape"), p.get("rate")
		return b.Sub(b.Log(shape), b.Log(rate)), gamma, firstForm(map[string]named.Value{"shape": b.AddScalar(shape, 1), "rate": rate})
	},
	"ChiSquared": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		return b.Log(p.get("df")), chiSquared, firstForm(map[string]named.Value{"df": b.AddScalar(p.get("df"), 2)})
	},
	"LogNormal": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		m, s := p.get("location"), p.spread(b, "scale")
		v := b.Square(s)
		return b.Add(m, b.Scale(0.5, v)), logNormal, firstForm(map[string]named.Value{"location": b.Add(m, v), "scale": s})
	},
	"Beta": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		return biasedBeta(b, p.get("alpha"), p.get("beta"))
	},
	"BetaMeanPrecision": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		m, k := p.get("mean"), p.get("precision")
		return biasedBeta(b, b.Mul(m, k), b.Mul(b.Sub(b.Scalar(1), m), k))
	},
	"Poisson": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		if p.has("log_rate") {
			return p.get("log_rate"), poisson, p
		}
		return b.Log(p.get("rate")), poisson, p
	},
	"Binomial": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		n := p.get("n")
		q := Params{Form: p.Form, Values: map[string]named.Value{"n": b.Max(b.AddScalar(n, -1), b.Scalar(0))}}
		var log named.Value
		if p.has("logit") {
			q.Values["logit"], log = p.get("logit"), b.LogInvLogit(p.get("logit"))
		} else {
			q.Values["p"], log = p.get("p"), b.Log(p.get("p"))
		}
		return b.Add(b.Log(n), log), binomial, q
	},
	"NegBinomial": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		if p.has("mean") {
			m, phi := p.get("mean"), p.get("dispersion")
			return b.Log(m), negBinomial, firstForm(map[string]named.Value{"size": b.AddScalar(phi, 1), "p": b.Div(phi, b.Add(m, phi))})
		}
		return biasedNegative(b, p.get("size"), p.get("p"))
	},
	"Geometric": func(b *named.Builder, p Params) (named.Value, *Dist, Params) {
		return biasedNegative(b, b.Scalar(1), p.get("p"))
	},
}

func biasedBeta(b *named.Builder, x, y named.Value) (named.Value, *Dist, Params) {
	return b.Sub(b.Log(x), b.Log(b.Add(x, y))), beta, firstForm(map[string]named.Value{"alpha": b.AddScalar(x, 1), "beta": y})
}

func biasedNegative(b *named.Builder, size, p named.Value) (named.Value, *Dist, Params) {
	return b.Add(b.Log(size), b.Sub(b.Log(b.Sub(b.Scalar(1), p)), b.Log(p))), negBinomial, firstForm(map[string]named.Value{"size": b.AddScalar(size, 1), "p": p})
}

// firstForm are the parameters of a first form.
func firstForm(values map[string]named.Value) Params { return Params{Values: values} }

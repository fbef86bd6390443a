package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// DiscreteUniform: the integers from lower to upper, all equally likely.
//
//	P(k) = 1 / (upper − lower + 1), k = lower..upper
var discreteUniform = &Dist{
	DistSig: lang.DistSig{
		Name: "DiscreteUniform",
		Forms: []lang.FormSig{
			form(
				integer("lower", "smallest value", "low", "min", "a"),
				integer("upper", "largest value", "high", "max", "b"),
			),
		},
		Support: lang.SupportIntRange,
		Lower:   "lower",
		Upper:   "upper",
		Doc:     "The integers from lower to upper, all equally likely.",
		Density: "P(k) = 1 / (upper − lower + 1), k = lower..upper",
		Source:  "Johnson, Kemp & Kotz (2005), Univariate Discrete Distributions, ch. 6.10.1",
		Example: "t ~ DiscreteUniform(1, 100)",
	},
	NoFromNormal: noSteps,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		lo, hi := p.get("lower"), p.get("upper")
		return p.guard(b, Terms{b.Neg(b.Log(discreteSize(b, lo, hi)))}, integers(b, x, lo, hi))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		lo, hi := p.get("lower"), p.get("upper")
		k := b.Max(b.AddScalar(lo, -1), b.Min(b.Apply(op.Floor, x), hi))
		return b.Log(b.Div(discreteSize(b, lo, k), discreteSize(b, lo, hi)))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		lo, hi := p.get("lower"), p.get("upper")
		k := b.Max(b.AddScalar(lo, -1), b.Min(b.Apply(op.Floor, x), hi))
		return b.Log(b.Div(b.Sub(hi, k), discreteSize(b, lo, hi)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		lo, hi := p.F("lower"), p.F("upper")
		switch n := hi - lo + 1; {
		case !(n >= 1):
			out[0] = math.NaN()
		case n < 1<<53:
			out[0] = lo + float64(r.Int64N(int64(n)))
		default:
			out[0] = lo + math.Floor(n*open01(r))
		}
	},
	Mean: func(p Numbers) []float64 { return []float64{0.5*p.F("lower") + 0.5*p.F("upper")} },
	Variance: func(p Numbers) []float64 {
		n := p.F("upper") - p.F("lower") + 1
		return []float64{(n*n - 1) / 12}
	},
}

// discreteSize is the number of integers from lo to hi.
func discreteSize(b *named.Builder, lo, hi named.Value) named.Value {
	return b.AddScalar(b.Sub(hi, lo), 1)
}

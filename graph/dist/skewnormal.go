package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// SkewNormal: the skew normal distribution of Azzalini; shape 0 is the normal.
//
//	p(x) = 2/scale · φ(z) Φ(shape·z), z = (x − location)/scale
var skewNormal = &Dist{
	DistSig: lang.DistSig{
		Name: "SkewNormal",
		Forms: []lang.FormSig{
			form(
				loc("location", "location", "loc", "mu", "xi"),
				pos("scale", "scale", "sigma", "omega"),
				loc("shape", "shape: skewed to the right if positive", "alpha", "skew"),
			),
		},
		Support: lang.SupportReal,
		Doc:     "The skew normal distribution of Azzalini; shape 0 is the normal.",
		Density: "p(x) = 2/scale · φ(z) Φ(shape·z), z = (x − location)/scale",
		Source:  "Azzalini (1985), A class of distributions which includes the normal ones, Scand. J. Stat. 12",
		Example: "eps ~ SkewNormal(0, 1, 4)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		scale := p.get("scale")
		z := standardised(b, x, p.get("location"), scale)
		return Terms{
			b.Scale(-0.5, b.Square(z)), b.LogPhi(b.Mul(p.get("shape"), z)),
			b.Neg(b.Log(scale)), b.Scalar(math.Ln2 - halfLog2Pi),
		}
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Apply(op.LogSkewNormalCdf, p.get("shape"), standardised(b, x, p.get("location"), p.get("scale")))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value { // mirrored
		return b.Apply(op.LogSkewNormalCdf, b.Neg(p.get("shape")), standardised(b, p.get("location"), x, p.get("scale")))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("location"), b.Mul(p.get("scale"), b.Apply(op.SkewNormalQuantile, p.get("shape"), z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		d := skewDelta(p)
		u := d*math.Abs(r.NormFloat64()) + math.Sqrt((1-d)*(1+d))*r.NormFloat64()
		out[0] = p.F("location") + p.F("scale")*u
	},
	Mean: func(p Numbers) []float64 {
		return []float64{p.F("location") + p.F("scale")*skewDelta(p)*math.Sqrt(2/math.Pi)}
	},
	Variance: func(p Numbers) []float64 {
		d, s := skewDelta(p), p.F("scale")
		return []float64{s * s * (1 - 2*d*d/math.Pi)}
	},
}

func skewDelta(p Numbers) float64 { return p.F("shape") / math.Hypot(1, p.F("shape")) }

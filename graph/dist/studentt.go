package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// StudentT: Student's t distribution with df degrees of freedom, moved and scaled (by scale, or by precision = 1/scale²). It is the Cauchy distribution for df = 1 and tends to the normal as df grows.
//
//	p(x) = Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + z²/df)^(−(df+1)/2), z = (x − mean)/scale
var studentT = &Dist{
	DistSig: lang.DistSig{
		Name: "StudentT",
		Forms: spreadForms(
			[]lang.ParamSig{
				pos("df", "degrees of freedom", "nu", "dof"),
				loc("mean", "location; the mean where df > 1", "location", "loc", "mu"),
			},
			pos("scale", "scale", "sigma"),
			pos("precision", "1/scale²", "tau", "prec", "lam"),
		),
		Support: lang.SupportReal,
		Doc:     "Student's t distribution with df degrees of freedom, moved and scaled (by scale, or by precision = 1/scale²). It is the Cauchy distribution for df = 1 and tends to the normal as df grows.",
		Density: "p(x) = Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + z²/df)^(−(df+1)/2), z = (x − mean)/scale",
		Source:  "Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 28",
		Example: "slope ~ StudentT(4, 0, 2.5)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		return studentTerms(b, b.Sub(x, p.get("mean")), p.get("df"), p.spread(b, "scale"))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Apply(op.LogStudentTCdf, p.get("df"), standardised(b, x, p.get("mean"), p.spread(b, "scale")))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return b.Apply(op.LogStudentTCdf, p.get("df"), standardised(b, p.get("mean"), x, p.spread(b, "scale")))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Add(p.get("mean"), b.Mul(p.spread(b, "scale"), b.Apply(op.StudentTQuantile, p.get("df"), z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(p.F("mean")+p.spread("scale")*studentDraw(r, p.F("df")), -huge, huge)
	},
	Mean: func(p Numbers) []float64 {
		if p.F("df") <= 1 {
			return []float64{math.NaN()}
		}
		return []float64{p.F("mean")}
	},
	Variance: func(p Numbers) []float64 {
		s := p.spread("scale")
		return []float64{s * s * studentVariance(p.F("df"))}
	},
}

// studentTerms is the log density of scale·T at d. The constant is
// −log B(df/2, ½) − ½ log df, which loses nothing as df grows and the gammas
// cancel; with w = z/√df in place of z²/df, z² need not be finite.
func studentTerms(b *named.Builder, d, df, scale named.Value) Terms {
	w := b.Mul(d, b.Recip(b.Mul(scale, b.Sqrt(df))))
	power := b.Scale(-0.5, b.AddScalar(df, 1))
	norm := b.Add(lbeta(b, b.Scale(0.5, df), b.Scalar(0.5)), b.Scale(0.5, b.Log(df)))
	return Terms{b.Mul(power, b.Apply(op.Log1pSquare, w)), b.Neg(norm), b.Neg(b.Log(scale))}
}

// studentDraw is normal over the root of a chi-squared mean, on the log scale
// since that may underflow for small df.
func studentDraw(r *rand.Rand, df float64) float64 {
	return r.NormFloat64() * math.Exp(0.5*(math.Log(df/2)-logGammaDraw(r, df/2)))
}

func studentVariance(df float64) float64 {
	switch {
	case df > 2:
		return df / (df - 2)
	case df > 1:
		return math.Inf(1)
	}
	return math.NaN()
}

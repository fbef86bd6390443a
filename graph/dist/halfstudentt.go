package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/kernel"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// HalfStudentT: the absolute value of a Student t variable with location 0.
//
//	p(x) = 2Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + (x/scale)²/df)^(−(df+1)/2), x > 0
var halfStudentT = &Dist{
	DistSig: lang.DistSig{
		Name: "HalfStudentT",
		Forms: []lang.FormSig{
			form(
				pos("df", "degrees of freedom", "nu", "dof"),
				pos("scale", "scale", "sigma"),
			),
		},
		Support: lang.SupportPositive,
		Doc:     "The absolute value of a Student t variable with location 0.",
		Density: "p(x) = 2Γ((df+1)/2) / (Γ(df/2) √(df π) scale) · (1 + (x/scale)²/df)^(−(df+1)/2), x > 0",
		Source:  "Gelman (2006), Prior distributions for variance parameters in hierarchical models, Bayesian Analysis 1(3)",
		Example: "tau ~ HalfStudentT(3, 2.5)",
	},
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		ts := append(studentTerms(b, x, p.get("df"), p.get("scale")), b.Scalar(math.Ln2))
		return p.guard(b, ts, fromZero(b, x))
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		// P(|T| < z) = I_v(½, df/2), v = z²/(df + z²).
		df, z := p.get("df"), halfZ(b, x, p, "scale")
		w := b.Square(b.Mul(b.Min(z, b.Sqrt(df)), b.Recip(b.Sqrt(df))))
		body := b.Apply(op.LogBetaInc, b.Scalar(0.5), b.Scale(0.5, df), b.Div(w, b.AddScalar(w, 1)))
		small := b.Less(b.Square(z), df)
		return b.Where(small, body, b.Log1mExp(halfStudentTail(b, b.Where(small, b.Sqrt(df), z), df)))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return halfStudentTail(b, halfZ(b, x, p, "scale"), p.get("df"))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Mul(p.get("scale"), b.Apply(op.StudentTQuantile, p.get("df"), halfScore(b, z)))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		out[0] = within(math.Abs(p.F("scale")*studentDraw(r, p.F("df"))), tiny, huge)
	},
	Mean: func(p Numbers) []float64 { return []float64{halfStudentMean(p.F("df"), p.F("scale"))} },
	Variance: func(p Numbers) []float64 {
		df, s := p.F("df"), p.F("scale")
		m := halfStudentMean(df, s)
		return []float64{s*s*studentVariance(df) - m*m}
	},
}

// halfStudentTail is log(2·T(−z)).
func halfStudentTail(b *named.Builder, z, df named.Value) named.Value {
	return b.AddScalar(b.Apply(op.LogStudentTCdf, df, b.Neg(z)), math.Ln2)
}

// halfStudentMean is 2·scale·√df / ((df − 1)·B(df/2, ½)).
func halfStudentMean(df, scale float64) float64 {
	if df <= 1 {
		return math.Inf(1)
	}
	return 2 * scale * math.Sqrt(df) / (df - 1) * math.Exp(-kernel.Lbeta(df/2, 0.5))
}

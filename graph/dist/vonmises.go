package dist

import (
	"math"
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
)

// VonMises: the von Mises distribution of angles in radians. A latent is an angle in (−π, π], whose two ends are one direction; data may use any turn, such as 0 to 2π.
//
//	p(x) = exp(concentration · cos(x − mean)) / (2π I₀(concentration)), over any interval of length 2π
var vonMises = &Dist{
	DistSig: lang.DistSig{
		Name: "VonMises",
		Forms: []lang.FormSig{
			form(
				loc("mean", "mean direction, in radians", "mu", "location", "loc"),
				nonneg("concentration", "concentration", "kappa"),
			),
		},
		Support: lang.SupportCircle,
		Doc:     "The von Mises distribution of angles in radians. A latent is an angle in (−π, π], whose two ends are one direction, and so is what is truncated, censored or asked for its distribution function; other data may use any turn, such as 0 to 2π.",
		Density: "p(x) = exp(concentration · cos(x − mean)) / (2π I₀(concentration)), over any interval of length 2π",
		Source:  "Mardia & Jupp (2000), Directional Statistics, ch. 3.5",
		Example: "heading[i in 1..N] ~ VonMises(mu, kappa)",
	},

	Ends: [2]float64{-math.Pi, math.Pi},
	// κ·(cos d − 1) is −2κ·sin²(d/2), which does not cancel for large κ.
	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		k := p.get("concentration")
		s := b.Apply(op.Sin, b.Scale(0.5, b.Sub(x, p.get("mean"))))
		norm := b.Sub(k, b.Apply(op.LogI0, k))
		return Terms{b.Scale(-2, b.Mul(k, b.Square(s))), nonNegative(b, k, norm), b.Scalar(-2 * halfLog2Pi)}
	},
	LogCDF: func(b *named.Builder, x named.Value, p Params) named.Value {
		return vonMisesArc(b, p, b.Scalar(-math.Pi), clampArc(b, x))
	},
	LogSurvival: func(b *named.Builder, x named.Value, p Params) named.Value {
		return vonMisesArc(b, p, clampArc(b, x), b.Scalar(math.Pi))
	},
	FromNormal: func(b *named.Builder, z named.Value, p Params) named.Value {
		return b.Apply(op.VonMisesQuantile, p.get("mean"), p.get("concentration"), z)
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		d := p.F("mean") + vonMisesDraw(r, p.F("concentration"))
		out[0] = math.Remainder(d, 2*math.Pi)
	},
}

func clampArc(b *named.Builder, x named.Value) named.Value {
	return b.Max(b.Scalar(-math.Pi), b.Min(b.Scalar(math.Pi), x))
}

// vonMisesArc is the log probability of angles between two. The whole turn is
// integrated in the same way: k − log I₀(k) cancels for large k.
func vonMisesArc(b *named.Builder, p Params, from, to named.Value) named.Value {
	mean, k := p.get("mean"), p.get("concentration")
	part := b.Apply(op.LogVonMisesArc, k, b.Sub(from, mean), b.Sub(to, mean))
	return b.Sub(part, b.Apply(op.LogVonMisesArc, k, b.Scalar(-math.Pi), b.Scalar(math.Pi)))
}

// vonMisesDraw is the wrapped Cauchy rejection of Best & Fisher (1979),
// "Efficient simulation of the von Mises distribution", Appl. Stat. 28(2). For
// tiny κ it is uniform to working precision, for huge κ normal.
func vonMisesDraw(r *rand.Rand, k float64) float64 {
	switch {
	case !(k >= 0):
		return math.NaN()
	case k < 1e-8:
		return math.Pi * (2*open01(r) - 1)
	case k > 1e8:
		return r.NormFloat64() / math.Sqrt(k)
	}
	t := 1 + math.Sqrt(1+4*k*k)
	rho := (t - math.Sqrt(2*t)) / (2 * k)
	s := (1 + rho*rho) / (2 * rho)
	for {
		z := math.Cos(math.Pi * open01(r))
		f := (1 + s*z) / (s + z)
		c := k * (s - f)
		u := open01(r)
		if c*(2-c) > u || math.Log(c/u)+1 >= c {
			return math.Copysign(math.Acos(within(f, -1, 1)), open01(r)-0.5)
		}
	}
}

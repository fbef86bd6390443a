package dist

import (
	"math/rand/v2"

	"ppl/graph/named"
	"ppl/lang"
)

// DirichletMultinomial: counts of each of K categories in n trials whose common probabilities are drawn from Dirichlet(concentration).
//
//	P(x) = n! Γ(A)/Γ(n + A) · Π Γ(x[k] + a[k]) / (x[k]! Γ(a[k])), a = concentration, A = Σ a, Σ x = n
var dirichletMultinomial = &Dist{
	DistSig: lang.DistSig{
		Name: "DirichletMultinomial",
		Forms: []lang.FormSig{
			form(
				count("n", "number of trials: the sum of the counts", "total_count"),
				vector("concentration", "concentrations of the Dirichlet", "K", lang.Positive, "alpha"),
			),
		},
		Support:      lang.SupportNaturals,
		EventRank:    1,
		EventDims:    []string{"K"},
		Doc:          "Counts of each of K categories in n trials whose common probabilities are drawn from Dirichlet(concentration).",
		Density:      "P(x) = n! Γ(A)/Γ(n + A) · Π Γ(x[k] + a[k]) / (x[k]! Γ(a[k])), a = concentration, A = Σ a, Σ x = n",
		Source:       "Mosimann (1962), On the compound multinomial distribution, Biometrika 49",
		Example:      "x[i in 1..N] ~ DirichletMultinomial(total[i], alpha)",
		NoTruncation: noOrder,
		NoCDF:        noOrder,
	},
	NoFromNormal: noSteps,

	LogDensity: func(b *named.Builder, x named.Value, p Params) Terms {
		n, a := p.get("n"), p.get("concentration")
		sum := b.Sum(a, 1)
		each := b.Sub(b.Sub(b.Lgamma(b.Add(x, a)), lfactorial(b, x)), lgammaPos(b, a))
		ts := Terms{b.Sum(each, 1), lfactorial(b, n), b.Sub(b.Lgamma(sum), b.Lgamma(b.Add(n, sum)))}
		return p.guard(b, ts, counts(b, x, n))
	},
	Sample: func(r *rand.Rand, p Numbers, out []float64) {
		q := make([]float64, len(out))
		dirichletDraw(r, p.V("concentration"), q)
		multinomialDraw(r, p.F("n"), q, out)
	},
	Mean: func(p Numbers) []float64 {
		a := p.V("concentration")
		out := make([]float64, len(a))
		for i := range a {
			out[i] = p.F("n") * a[i] / total(a)
		}
		return out
	},
	Variance: func(p Numbers) []float64 {
		n, a := p.F("n"), p.V("concentration")
		out := make([]float64, len(a))
		for i := range a {
			out[i] = n * (n + total(a)) * betaVariance(a[i], total(a)-a[i])
		}
		return out
	},
}

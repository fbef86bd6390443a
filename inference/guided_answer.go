package inference

import (
	"math"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/inference/psis"
	"ppl/inference/random"
	"ppl/inference/target"
)

// concludeGuided makes the answer: draws of the guide, and the ELBO of the model
// with hard draws.
func (f *fitter) concludeGuided(fit *Answer, g *guided, loc, sd, phi []float64) error {
	f.stage = "correct"
	d, n := g.t.D, (f.opt.Draws+g.s-1)/g.s*g.s
	fit.Loc, fit.LogSD = loc, make([]float64, d)
	entropy := float64(d) * 0.5 * (1 + math.Log(2*math.Pi))
	for i := range sd {
		fit.LogSD[i] = math.Log(sd[i])
		entropy += fit.LogSD[i]
	}
	fit.Draws, fit.Applied = &Weighted{D: d, U: make([]float64, n*d), KHat: math.NaN(), ESS: float64(n)}, NoCorrection
	fit.Guides = make([]*target.SiteGuide, len(g.t.Discrete))
	for _, x := range g.sites {
		p := phi[x.at : x.at+x.params()]
		x.logits(p)
		fit.Guides[x.i] = x.summary(p)
	}
	var ratios []float64
	eps := make([]float64, g.s*d)
	for from := 0; from < n; from += g.s {
		r := random.Stream(f.opt.Seed, "guided draws", from/g.s)
		random.Balanced(r, eps, g.s, d)
		u := fit.Draws.U[from*d : (from+g.s)*d]
		for i := range u {
			u[i] = loc[i%d] + sd[i%d]*eps[i]
		}
		for _, x := range g.sites {
			x.assign(r, g.s, phi[x.at:x.at+x.params()], 1, false, true)
			x.record(fit.Guides[x.i])
		}
		if err := g.eval(u); err != nil {
			return err
		}
		f.spent += g.s
		for p := 0; p < g.s; p++ {
			v := g.lp[p] + entropy
			for _, e := range eps[p*d : (p+1)*d] {
				v += 0.5 * (e*e - 1)
			}
			for _, x := range g.sites {
				for _, l := range x.logq[p*x.n : (p+1)*x.n] {
					v -= l
				}
			}
			ratios = append(ratios, v)
		}
		if f.halted() && from+g.s < n { // what there is has to do
			n = from + g.s
			fit.Draws.U, fit.Draws.ESS = fit.Draws.U[:n*d], float64(n)
		}
	}
	t := *g.t
	t.Options.Assigner = guideAssigner(fit.Guides)
	fit.Target = &t
	m, spread := meanSD(ratios)
	fit.ELBO, fit.MCSE = m, spread/math.Sqrt(float64(len(ratios)))
	fit.Modes = []Mode{{loc, fit.ELBO}}
	elements := d
	for _, x := range g.sites {
		elements += x.n
	}
	if elements <= mostWeighted {
		_, fit.KHatMeanField = psis.Smooth(ratios)
		fit.Draws.KHat = fit.KHatMeanField
	}
	f.mark(fit)
	fit.Evaluations = f.spent
	return nil
}

// summary tabulates the guide of a site.
func (x *guidedSite) summary(phi []float64) *target.SiteGuide {
	s := &target.SiteGuide{}
	if !x.infinite {
		s.P = append([]float64(nil), x.q...)
		return s
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for e := 0; e < x.n; e++ {
		m, sd := phi[2*e], math.Exp(phi[2*e+1])
		lo = math.Min(lo, math.Max(x.from[e], math.Floor(m-6*sd)))
		hi = math.Max(hi, math.Min(x.to[e], math.Ceil(m+6*sd)))
	}
	lo = math.Max(lo, x.low)
	for v := lo; v <= hi; v++ {
		s.Values = append(s.Values, v)
	}
	k := len(s.Values)
	s.P = make([]float64, x.n*k)
	for e := 0; e < x.n; e++ {
		m, sd := phi[2*e], math.Exp(phi[2*e+1])
		sum := 0.0
		row := s.P[e*k : (e+1)*k]
		for i, v := range s.Values {
			if v >= x.from[e] && v <= x.to[e] {
				row[i] = phi0((v+0.5-m)/sd) - phi0((v-0.5-m)/sd)
				sum += row[i]
			}
		}
		for i := range row {
			row[i] /= sum
		}
	}
	return s
}

// record appends the draws of one evaluation.
func (x *guidedSite) record(s *target.SiteGuide) {
	for _, z := range x.z {
		k := int(z)
		if x.infinite {
			k = min(max(int(z-s.Values[0]), 0), len(s.Values)-1)
		}
		s.Draws = append(s.Draws, k)
	}
}

// guideAssigner assigns the probabilities of fitted guides, for what is summed
// out beside them.
type guideAssigner []*target.SiteGuide

func (a guideAssigner) Weights(b *named.Builder, i int, shape graph.Shape) named.Value {
	if shape[len(shape)-1] == 1 && len(a[i].Values) > 0 { // infinitely many
		one := make([]float64, shape.Size())
		for k := range one {
			one[k] = 1
		}
		return b.Array(shape, one)
	}
	return b.Array(shape, a[i].P)
}

func (a guideAssigner) Prior(b *named.Builder, i int, shape graph.Shape) named.Value {
	return a.Weights(b, i, shape)
}

// Drawn is the most likely value.
func (a guideAssigner) Drawn(b *named.Builder, i int, shape graph.Shape, _ float64) named.Value {
	z := make([]float64, shape.Size())
	k := len(a[i].Values)
	for e := range z {
		z[e] = a[i].Values[target.MostProbable(a[i].P[e*k:(e+1)*k])]
	}
	return b.Array(shape, z)
}

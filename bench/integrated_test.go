package bench

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"ppl/runtime"
)

// BenchmarkIntegrated fits models whose latents are Gaussian given some scales by default, and with these latents kept, and reports
// how many times the processor time of the one the other takes, and the verdicts: 2 is good, 1 caution, 0 poor.
func BenchmarkIntegrated(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	series := func(n int) []float64 {
		y := make([]float64, n)
		level, slope := 0.0, 0.1
		for i := range y {
			slope += 0.02 * r.NormFloat64()
			level += slope + 0.1*r.NormFloat64()
			y[i] = level + 0.3*r.NormFloat64()
		}
		return y
	}
	counties := func(groups, each int) map[string]any {
		var y, x []float64
		var g []int
		for j := range groups {
			a, s := 1+0.5*r.NormFloat64(), -0.5+0.3*r.NormFloat64()
			for range each {
				v := r.NormFloat64()
				x, y, g = append(x, v), append(y, a+s*v+0.7*r.NormFloat64()), append(g, j+1)
			}
		}
		return map[string]any{"y": y, "x": x, "g": g, "J": groups}
	}
	places := make([]float64, 50)
	for i := range places {
		places[i] = float64(i) / 10
	}
	wave := make([]float64, len(places))
	for i, x := range places {
		wave[i] = math.Sin(2*x) + 0.2*r.NormFloat64()
	}
	for _, c := range []struct {
		name, text string
		data       map[string]any
		kept       []string
	}{
		{"eight schools", "data y : real[J]\ndata s : real[J]\nmu ~ Normal(0, 5)\ntau ~ HalfCauchy(5)\ntheta[j in 1..J] ~ Normal(mu, tau)\ny[j in 1..J] ~ Normal(theta[j], s[j])",
			map[string]any{"y": []float64{28, 8, -3, 7, -1, 1, 18, 12}, "s": []float64{15, 10, 16, 11, 9, 11, 10, 18}}, []string{"mu", "theta"}},
		{"85 counties with slopes", "data J : int\ndata y : real[N]\ndata x : real[N]\ndata g : int[N]\nma ~ Normal(0, 5)\nmb ~ Normal(0, 5)\nta ~ HalfNormal(1)\ntb ~ HalfNormal(1)\ns ~ HalfNormal(1)\na[j in 1..J] ~ Normal(ma, ta)\nb[j in 1..J] ~ Normal(mb, tb)\ny[i in 1..N] ~ Normal(a[g[i]] + b[g[i]] * x[i], s)",
			counties(85, 11), []string{"ma", "mb", "a", "b"}},
		{"a trend of 100 steps", "data y : real[T]\nsl ~ HalfNormal(1)\nss ~ HalfNormal(1)\nse ~ HalfNormal(1)\nlevel[1] ~ Normal(0, 5)\nslope[1] ~ Normal(0, 1)\nfor t in 2..T {\n  slope[t] ~ Normal(slope[t-1], ss)\n  level[t] ~ Normal(level[t-1] + slope[t-1], sl)\n}\ny[t in 1..T] ~ Normal(level[t], se)",
			map[string]any{"y": series(100)}, []string{"level", "slope"}},
		{"a Gaussian process of 50 points", "data x : real[N]\ndata y : real[N]\nalpha ~ HalfNormal(2)\nrho ~ InvGamma(5, 5)\ns ~ HalfNormal(1)\nf : real[N] ~ MvNormal(zeros(N), cov = [[alpha^2 * exp(-0.5 * ((x[i] - x[j]) / rho)^2) + (if i == j then 1e-6 else 0) for j in 1..N] for i in 1..N])\ny[i in 1..N] ~ Normal(f[i], s)",
			map[string]any{"x": places, "y": wave}, []string{"f"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			m, err := runtime.Compile("model.ppl", []byte(c.text))
			if err != nil {
				b.Fatal(err)
			}
			var took, rank [2]float64
			for b.Loop() {
				for k := range took {
					opt := runtime.BindOptions{}
					if k == 1 {
						opt.Latents = map[string]string{}
						for _, name := range c.kept {
							opt.Latents[name] = runtime.LatentKeep
						}
					}
					p, err := m.BindWith(runtime.Map(c.data), opt)
					if err != nil {
						b.Fatal(err)
					}
					begun := processorTime(b)
					post, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
					if err != nil {
						b.Fatal(err)
					}
					took[k] += (processorTime(b) - begun).Seconds()
					rank[k] = map[runtime.Verdict]float64{runtime.Good: 2, runtime.Caution: 1}[post.Verdict()]
				}
			}
			b.ReportMetric(took[0]/float64(b.N), "cpu-s")
			b.ReportMetric(took[1]/took[0], "times-kept")
			b.ReportMetric(rank[0], "verdict")
			b.ReportMetric(rank[1], "verdict-kept")
		})
	}
}

package inference

import (
	"math"
	"testing"

	"ppl/graph/lower"
)

// Latents with infinitely many values have score-function gradients. The oracle
// sums over all values that matter.
func TestInfiniteScoreGradient(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       map[string]*lower.Array
		shape      []int
		from       float64 // the least value of positive density
		phi        []float64
	}{
		{"observed by halves", "data y : int\nn ~ Poisson(6)\ny ~ Binomial(n, 0.5)",
			map[string]*lower.Array{"y": numberOf(3)}, nil, 3, []float64{7.3, 0.6}},
		{"an exponent", "data y : real\nn ~ Geometric(0.3)\ny ~ Normal(n, 2)",
			map[string]*lower.Array{"y": numberOf(3)}, nil, 0, []float64{1.2, 0.4}},
		{"two that act together", "data y : real\nm ~ Normal(0, 1)\nn[i in 1..2] ~ Poisson(2)\ny ~ Normal(n[1] * m + n[2], 2)",
			map[string]*lower.Array{"y": numberOf(3)}, []int{2}, 0, []float64{2.2, 0.1, 3.1, 0.3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			how := map[string]string{"n": lower.Score}
			tg := compiled(t, c.text, c.data, how)
			u := point(tg.D, 1, 0.5)
			g := newGuidedOf(t, tg, 64)
			x := g.sites[0]
			if !x.infinite {
				t.Fatal("the support is finite")
			}
			for e := range x.from {
				x.from[e] = c.from
			}
			mean, mcse := estimate(t, g, u, c.phi, 1, false, 3000)
			// The ELBO as a sum, and its derivatives by central differences.
			g1 := newGuidedOf(t, tg, 1)
			const most = 60
			table := map[[2]int]float64{}
			pairs := func(f func(z [2]int)) {
				for i := int(c.from); i < most; i++ {
					if x.n == 1 {
						f([2]int{i, 0})
						continue
					}
					for j := int(c.from); j < most; j++ {
						f([2]int{i, j})
					}
				}
			}
			pairs(func(z [2]int) {
				y := g1.sites[0]
				for e := range y.z {
					y.z[e], y.w[e] = float64(z[e]), 1
				}
				if err := g1.eval(u); err != nil {
					t.Fatal(err)
				}
				table[z] = g1.lp[0]
			})
			elbo := func(phi []float64) float64 {
				logq := make([][]float64, x.n)
				for e := range logq {
					m, sd := phi[2*e], math.Exp(phi[2*e+1])
					tail := 0.5 * math.Erfc((c.from-0.5-m)/sd/math.Sqrt2)
					for v := 0; v < most; v++ {
						z := float64(v) - m
						logq[e] = append(logq[e], math.Log(0.5*(math.Erfc((z-0.5)/sd/math.Sqrt2)-math.Erfc((z+0.5)/sd/math.Sqrt2))/tail))
					}
				}
				total := 0.0
				pairs(func(z [2]int) {
					l := 0.0
					for e := range logq {
						l += logq[e][z[e]]
					}
					if p := math.Exp(l); p > 0 {
						total += p * (table[z] - l)
					}
				})
				return total
			}
			for i := range c.phi {
				const h = 1e-4
				p := append([]float64(nil), c.phi...)
				p[i] += h
				want := elbo(p)
				p[i] -= 2 * h
				want = (want - elbo(p)) / (2 * h)
				if z := (mean[i] - want) / mcse[i]; math.Abs(z) > 4.5 {
					t.Errorf("parameter %d: %.5g ± %.2g, want %.5g: z = %.1f", i, mean[i], mcse[i], want, z)
				}
			}
		})
	}
}

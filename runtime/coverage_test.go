package runtime_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"ppl/runtime"
)

// TestPredictCoverage fits data sets that were drawn from the prior, and counts how often what was
// held back lies in the central intervals of its predictions: rows of groups that are known, of
// new groups, and the next steps of a series. Intervals are off by at most three standard errors.
func TestPredictCoverage(t *testing.T) {
	sets := 200
	switch {
	case !slow:
		t.Skip("PPL_SLOW=1: fits 30 data sets of each of three models; PPL_COVERAGE=1: 200")
	case os.Getenv("PPL_COVERAGE") == "":
		sets = 30
	}
	for _, c := range []struct {
		name, text string
		draw       func(r *rand.Rand) (data, anew map[string]any, opt runtime.PredictOptions, truth map[string]float64)
	}{
		{"known and new groups", "data g : factor(J)[N]\ndata x : real[N]\ndata y : real[N]\nmu ~ Normal(0, 2)\ntau ~ HalfNormal(1)\nb ~ Normal(0, 1)\nsigma ~ HalfNormal(1)\na[j in 1..J] ~ Normal(mu, tau)\nlet z = x - mean(x)\ny[i in 1..N] ~ Normal(a[g[i]] + b * z[i], sigma)",
			func(r *rand.Rand) (map[string]any, map[string]any, runtime.PredictOptions, map[string]float64) {
				mu, tau, b, sigma := 2*r.NormFloat64(), math.Abs(r.NormFloat64()), r.NormFloat64(), math.Abs(r.NormFloat64())
				labels, a := []string{"a", "b", "c", "d", "e", "f"}, map[string]float64{}
				for _, l := range append(labels, "new") {
					a[l] = mu + tau*r.NormFloat64()
				}
				var g []string
				var x, y []float64
				mean := 0.0
				for i := range 30 {
					g, x = append(g, labels[i%6]), append(x, r.NormFloat64())
					mean += x[i] / 30
				}
				of := func(l string, x float64) float64 { return a[l] + b*(x-mean) + sigma*r.NormFloat64() }
				for i := range g {
					y = append(y, of(g[i], x[i]))
				}
				return map[string]any{"g": g, "x": x, "y": y}, map[string]any{"g": []string{"b", "new"}, "x": []float64{0.5, -1}}, runtime.PredictOptions{}, map[string]float64{"y[1]": of("b", 0.5), "y[2]": of("new", -1)}
			}},
		{"a local level", "data y : real[T]\ns ~ HalfNormal(1)\nh[1] ~ Normal(0, 2)\nfor t in 2..T { h[t] ~ Normal(h[t-1], s) }\nplate t in 1..T { y[t] ~ Normal(h[t], 0.5) }",
			func(r *rand.Rand) (map[string]any, map[string]any, runtime.PredictOptions, map[string]float64) {
				s, h := math.Abs(r.NormFloat64()), 2*r.NormFloat64()
				var y []float64
				for range 17 {
					y = append(y, h+0.5*r.NormFloat64())
					h += s * r.NormFloat64()
				}
				return map[string]any{"y": y[:15]}, nil, runtime.PredictOptions{Extend: map[string]int{"T": 2}}, map[string]float64{"y[16]": y[15], "y[17]": y[16]}
			}},
		{"counts", "data y : int[N]\nlambda ~ Gamma(2, 0.2)\nphi ~ Gamma(3, 1)\ny[i in 1..N] ~ NegBinomial(mean = lambda, dispersion = phi)",
			func(r *rand.Rand) (map[string]any, map[string]any, runtime.PredictOptions, map[string]float64) {
				lambda, phi := gamma(r, 2)/0.2, gamma(r, 3)
				var y []int
				for range 21 {
					y = append(y, poisson(r, gamma(r, phi)*lambda/phi))
				}
				return map[string]any{"y": y[:20]}, map[string]any{"N": 1}, runtime.PredictOptions{}, map[string]float64{"y[1]": float64(y[20]) + r.Float64()}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := runtime.Compile("model.ppl", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			inside, n := map[float64]float64{0.5: 0, 0.9: 0}, 0.0
			for k := range sets {
				r := rand.New(rand.NewPCG(uint64(k), 17))
				data, anew, opt, truth := c.draw(r)
				p, err := m.Bind(runtime.Map(data))
				if err != nil {
					t.Fatal(err)
				}
				post, err := p.Fit(context.Background(), runtime.Options{Seed: uint64(k)})
				if err != nil {
					t.Fatal(err)
				}
				opt.Seed = uint64(k)
				out, err := post.Predict(context.Background(), runtime.Map(anew), opt)
				if err != nil {
					t.Fatal(err)
				}
				for name, v := range truth {
					q, err := out.Quantity(name)
					if err != nil {
						t.Fatal(err)
					}
					n++
					below := 0.0
					for _, x := range q.Draws() {
						switch {
						case c.name == "counts" && x == math.Floor(v): // its place among equals is random
							below += v - math.Floor(v)
						case x < v:
							below++
						}
					}
					u := below / float64(len(q.Draws()))
					for share := range inside {
						if math.Abs(u-0.5) < share/2 {
							inside[share]++
						}
					}
				}
			}
			for share, k := range inside {
				se := math.Sqrt(share * (1 - share) / float64(sets)) // elements of one set depend on one another
				if math.Abs(k/n-share) > 3*se {
					t.Errorf("%.0f %% intervals hold %.3f of %.0f", 100*share, k/n, n)
				}
				t.Logf("%.0f %%: %.3f of %.0f", 100*share, k/n, n)
			}
		})
	}
}

// gamma draws from Gamma(shape, 1), by Marsaglia & Tsang (2000).
func gamma(r *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(r, shape+1) * math.Pow(r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := math.Pow(1+c*x, 3)
		if v > 0 && math.Log(r.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// poisson draws by counting arrivals.
func poisson(r *rand.Rand, mean float64) int {
	n := 0
	for t := r.ExpFloat64(); t < mean; t += r.ExpFloat64() {
		n++
	}
	return n
}

// Package bench times the gradient of the ELBO on the models of
// ../../shared/bench/limit.c: simulated data of the same shapes, the same
// priors and parameterisation, written as models/*.ppl.
//
// The unit is ns per particle-gradient: one evaluation of the ELBO with its
// gradient over S particles, divided by S, guide and transforms included.
// compare.sh sets them beside limit.c's in one sitting.
package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ppl/inference/random"
	"ppl/runtime"
)

type problem struct {
	name, model string
	data        func() map[string]any
	direct      bool // no sufficient statistics
}

func problems() []problem {
	return []problem{
		{name: "eight_schools", model: "eight_schools", data: schools},
		{name: "radon", model: "radon", data: radon},
		{name: "mixture", model: "mixture", data: mixture},
		{name: "mixture_discrete", model: "mixture_discrete", data: mixture},
		{name: "hmm_10k", model: "hmm", data: func() map[string]any { return hmm(10_000) }},
		{name: "hmm_100k", model: "hmm", data: func() map[string]any { return hmm(100_000) }},
		{name: "item_response", model: "item_response", data: responses},
		{name: "poisson_5k", model: "poisson", data: func() map[string]any { return glm(5000, 10, poisson) }},
		{name: "linear_10k", model: "linear", data: func() map[string]any { return glm(10000, 20, normal) }},
		{name: "linear_10k_direct", model: "linear", data: func() map[string]any { return glm(10000, 20, normal) }, direct: true},
		{name: "logistic_10k", model: "logistic", data: func() map[string]any { return glm(10000, 50, bernoulli) }},
		{name: "captures", model: "captures", data: captures},
		{name: "captures_direct", model: "captures", data: captures, direct: true},
		{name: "classes", model: "classes", data: classes},
		{name: "classes_direct", model: "classes", data: classes, direct: true},
		{name: "logistic_100k", model: "logistic", data: func() map[string]any { return glm(100000, 50, bernoulli) }},
	}
}

func schools() map[string]any {
	return map[string]any{"y": []float64{28, 8, -3, 7, -1, 1, 18, 12}, "sigma": []float64{15, 10, 16, 11, 9, 11, 10, 18}}
}

func stream() *rand.Rand { return random.Stream(1, "bench", 0) }

func radon() map[string]any {
	r := stream()
	const houses, counties = 919, 85
	county, level, y := make([]int, houses), make([]float64, houses), make([]float64, houses)
	for i := range county {
		county[i] = i%counties + 1
		if r.Float64() < 0.2 {
			level[i] = 1
		}
		y[i] = 1.4 - 0.7*level[i] + 0.3*math.Sin(float64(county[i])) + 0.75*r.NormFloat64()
	}
	return map[string]any{"J": counties, "county": county, "floor": level, "radon": y}
}

func mixture() map[string]any {
	r := stream()
	y := make([]float64, 1000)
	for i := range y {
		y[i] = float64(i%3-1)*3 + r.NormFloat64()
	}
	return map[string]any{"y": y}
}

// hmm is a series that switches between two levels.
func hmm(n int) map[string]any {
	r := stream()
	y := make([]float64, n)
	state := 0.0
	for i := range y {
		if r.Float64() < 0.05 {
			state = 1 - state
		}
		y[i] = 3*state - 1 + r.NormFloat64()
	}
	return map[string]any{"y": y}
}

func responses() map[string]any {
	r := stream()
	y := make([][]int, 100)
	for i := range y {
		y[i] = make([]int, 400)
		for j := range y[i] {
			if r.Float64() < 1/(1+math.Exp(-(math.Sin(float64(j))-math.Sin(float64(3*i))))) {
				y[i][j] = 1
			}
		}
	}
	return map[string]any{"answer": y}
}

// captures are the histories of 700 animals over 12 years.
func captures() map[string]any {
	r := stream()
	y := make([][]int, 700)
	for i := range y {
		y[i] = make([]int, 12)
		for t, alive := 0, true; t < len(y[i]); t++ {
			alive = alive && (t == 0 || r.Float64() < 0.6)
			if alive && (t == 0 || r.Float64() < 0.4) {
				y[i][t] = 1
			}
		}
	}
	return map[string]any{"y": y}
}

// classes are the answers of 2,000 persons to seven questions.
func classes() map[string]any {
	r := stream()
	y := make([][]int, 2000)
	for i := range y {
		y[i] = make([]int, 7)
		for k := range y[i] {
			if r.Float64() < 0.2+0.3*float64(i%3) {
				y[i][k] = 1
			}
		}
	}
	return map[string]any{"y": y}
}

// hierarchy is a regression with an intercept for each of 10,000 groups of five.
func hierarchy() map[string]any {
	r := stream()
	const groups, each = 10_000, 5
	level := make([]float64, groups)
	for j := range level {
		level[j] = 1.3 + 0.7*r.NormFloat64()
	}
	group, x, y := make([]int, groups*each), make([]float64, groups*each), make([]float64, groups*each)
	for i := range y {
		group[i], x[i] = i%groups+1, r.NormFloat64()
		y[i] = level[i%groups] + 0.4*x[i] + 1.1*r.NormFloat64()
	}
	return map[string]any{"J": groups, "group": group, "x": x, "y": y}
}

func normal(r *rand.Rand, eta float64) float64 { return eta + r.NormFloat64() }

func bernoulli(r *rand.Rand, eta float64) float64 {
	if r.Float64() < 1/(1+math.Exp(-eta)) {
		return 1
	}
	return 0
}

func poisson(r *rand.Rand, eta float64) float64 {
	l, p, k := math.Exp(-math.Exp(eta)), 1.0, -1.0
	for {
		k++
		if p *= r.Float64(); p <= l {
			return k
		}
	}
}

func glm(n, d int, draw func(*rand.Rand, float64) float64) map[string]any {
	r := stream()
	x, y := make([][]float64, n), make([]float64, n)
	for i := range x {
		x[i] = make([]float64, d)
		eta := 0.2
		for j := range x[i] {
			x[i][j] = r.NormFloat64()
			eta += x[i][j] * 0.3 * math.Sin(float64(j)+1) / math.Sqrt(float64(d))
		}
		y[i] = draw(r, eta)
	}
	return map[string]any{"X": x, "y": y}
}

func bind(tb testing.TB, p problem) *runtime.Problem {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("models", p.model+".ppl"))
	if err != nil {
		tb.Fatal(err)
	}
	m, err := runtime.Compile(p.model+".ppl", text)
	if err != nil {
		tb.Fatal(err)
	}
	pr, err := m.Bind(runtime.Map(p.data()))
	if err != nil {
		tb.Fatal(err)
	}
	return pr
}

// BenchmarkGradient reports as ns/particle the least of many runs of at least 0.2 ms: what else runs on the
// machine makes some of them longer, and none shorter.
func BenchmarkGradient(b *testing.B) {
	for _, p := range problems() {
		for _, s := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", p.name, s), func(b *testing.B) {
				pr := bind(b, p)
				t := *pr.Target()
				t.Direct = p.direct
				e, err := t.NewELBO(s)
				if err != nil {
					b.Fatal(err)
				}
				r := stream()
				eps, loc, logsd := make([]float64, s*t.D), make([]float64, t.D), make([]float64, t.D)
				for i := range eps {
					eps[i] = r.NormFloat64()
				}
				for i := range loc {
					loc[i], logsd[i] = 0.1*math.Sin(float64(i+1)), -3
				}
				e.SetNoise(eps)
				run := func(n int) time.Duration {
					begun := time.Now()
					for range n {
						loc[0] += 1e-13
						if v, _, _, err := e.Eval(loc, logsd); err != nil || math.IsNaN(v) {
							b.Fatal(v, err)
						}
					}
					return time.Since(begun)
				}
				run(1)
				burst := max(1, int(200*time.Microsecond/max(1, run(1))))
				least := math.Inf(1)
				b.ReportAllocs()
				b.ResetTimer()
				for done := 0; done < b.N; {
					n := min(burst, b.N-done)
					least = min(least, float64(run(n).Nanoseconds())/float64(n))
					done += n
				}
				b.ReportMetric(least/float64(s), "ns/particle")
			})
		}
	}
}

// TestMixtureAgrees: the mixture written with a discrete latent has the density
// and the gradient of the one that is summed out by hand.
func TestMixtureAgrees(t *testing.T) {
	const s = 4
	r := stream()
	var u []float64
	var lp, g [2][]float64
	for i, name := range []string{"mixture", "mixture_discrete"} {
		target := bind(t, problem{name: name, model: name, data: mixture}).Target()
		d, err := target.NewDensity(s)
		if err != nil {
			t.Fatal(err)
		}
		if u == nil {
			for range s * target.D {
				u = append(u, r.NormFloat64())
			}
		}
		l, grad, err := d.Eval(u)
		if err != nil {
			t.Fatal(err)
		}
		lp[i], g[i] = append([]float64(nil), l...), append([]float64(nil), grad...)
	}
	for i, x := range append(lp[0], g[0]...) {
		y := append(lp[1], g[1]...)[i]
		if math.Abs(x-y) > 1e-12*math.Max(1, math.Abs(x)) {
			t.Errorf("number %d: %.17g by hand, %.17g with a discrete latent", i, x, y)
		}
	}
}

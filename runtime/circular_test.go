package runtime_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"ppl/runtime"
)

// onCircle gives the mean and sd of f under a density on (−π, π], by quadrature.
func onCircle(logDensity, f func(x float64) float64) (mean, sd float64) {
	const n = 5_000 // of a smooth periodic density: exact
	z, m, s := 0.0, 0.0, 0.0
	for i := range n {
		x := -math.Pi + 2*math.Pi*(float64(i)+0.5)/n
		w, v := math.Exp(logDensity(x)), f(x)
		z, m, s = z+w, m+w*v, s+w*v*v
	}
	return m / z, math.Sqrt(s/z - m*m/z/z)
}

// Latent angles have their posterior wherever on the circle it lies, across ±π too,
// whether the model reads them as directions or as numbers.
func TestLatentAnglesAnywhere(t *testing.T) {
	const (
		turning = "data y : real[N]\ndata k : real\nm ~ VonMises(0, 0.1)\ny[i in 1..N] ~ VonMises(m, k)\n"
		number  = "data y : real[N]\ndata k : real\nm ~ VonMises(0, 0.1)\ny[i in 1..N] ~ Normal(m, 1 / sqrt(k))\n"
		wave    = "data y : real[N]\ndata k : real\nm ~ VonMises(0, 0.1)\ny[i in 1..N] ~ Normal(cos(i + m), 1 / sqrt(k))\n"
		lets    = "let c = cos(m)\nlet s = sin(m)\n"
	)
	turn := func(i int, y, m float64) float64 { return math.Cos(y - m) }
	line := func(i int, y, m float64) float64 { return -(y - m) * (y - m) / 2 }
	cosine := func(i int, y, m float64) float64 { return line(i, y, math.Cos(float64(i)+m)) }
	for i, c := range []struct {
		text string
		log  func(i int, y, m float64) float64
		y    []float64
		k    float64
	}{
		{turning, turn, []float64{3.1, -3.1, 3}, 1},
		{turning, turn, []float64{3.1, -3.1, 3}, 50},
		{turning, turn, []float64{-3.1, -3.1}, 1},
		{turning, turn, []float64{9.5}, 3}, // 3.2 by a turn more
		{turning, turn, []float64{2, 2.2, 1.5}, 4},
		{turning, turn, []float64{0}, 1e-4}, // as good as uniform
		{turning, turn, []float64{0.3, -0.1}, 1e6},
		{number, line, []float64{0.13, -0.12}, 1},
		{number, line, []float64{3, 3.4}, 1}, // its mass ends at π
		{number, line, []float64{-9}, 1},
		{wave, cosine, []float64{-0.5, 0.4, 1}, 5},
	} {
		var opts []runtime.Options
		if slow || i%4 == 0 {
			opts = append(opts, runtime.Options{Seed: 1, Method: runtime.MethodNUTS, Draws: 8000})
		}
		for _, seed := range seeds() {
			opts = append(opts, runtime.Options{Seed: seed})
		}
		for _, opt := range opts {
			name := fmt.Sprintf("%s, y = %v, k = %g, method %q", c.text[len("data y : real[N]\ndata k : real\nm ~ VonMises(0, 0.1)\n"):], c.y, c.k, opt.Method)
			m := must(runtime.Compile("angle.ppl", []byte(c.text+lets)))
			p := must(m.Bind(runtime.Map(map[string]any{"y": c.y, "k": c.k})))
			post, err := p.Fit(context.Background(), opt)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if post.Verdict() == runtime.Poor || post.Verdict() != runtime.Good && opt.Method == "" {
				t.Errorf("%s: %s, %s", name, post.Verdict(), post.Reasons())
			}
			log := func(x float64) float64 {
				sum := 0.1 * math.Cos(x)
				for i, y := range c.y {
					sum += c.k * c.log(i+1, y, x)
				}
				return sum
			}
			most := math.Inf(-1)
			for i := range 1000 {
				most = math.Max(most, log(math.Pi*(float64(i)/500-1)))
			}
			for name2, f := range map[string]func(float64) float64{"m": func(x float64) float64 { return x }, "c": math.Cos, "s": math.Sin} {
				mean, sd := onCircle(func(x float64) float64 { return log(x) - most }, f)
				q := must(post.Quantity(name2))
				if math.Abs(q.Mean-mean) > 0.1*sd || math.Abs(math.Log(q.SD/sd)) > 0.1 {
					t.Errorf("%s, seed %d: %s is %.4f ± %.4f, by quadrature %.4f ± %.4f", name, opt.Seed, name2, q.Mean, q.SD, mean, sd)
				}
			}
		}
	}
}

// A missing direction among data near ±π: two angles that depend on one another.
func TestMissingAngle(t *testing.T) {
	m := must(runtime.Compile("angle.ppl", []byte("data y : real?[N]\nm ~ VonMises(0, 0.1)\ny[i in 1..N] ~ VonMises(m, 2)\n")))
	p := must(m.Bind(runtime.Map(map[string]any{"y": []any{3.0, nil, -3.0}})))
	direction := func(m float64) float64 { return 0.1*math.Cos(m) + 2*math.Cos(3-m) + 2*math.Cos(3+m) }
	missing := func(y float64) float64 {
		sum := 0.0
		for i := range 200 {
			m := math.Pi * (float64(i)/100 - 1)
			sum += math.Exp(direction(m) + 2*math.Cos(y-m))
		}
		return math.Log(sum)
	}
	x := func(x float64) float64 { return x }
	for _, seed := range seeds() {
		post := must(p.Fit(context.Background(), runtime.Options{Seed: seed}))
		for name, density := range map[string]func(float64) float64{"m": direction, "y[2]": missing} {
			mean, sd := onCircle(density, x)
			if q := must(post.Quantity(name)); math.Abs(q.Mean-mean) > 0.1*sd || math.Abs(math.Log(q.SD/sd)) > 0.1 || post.Verdict() != runtime.Good {
				t.Errorf("seed %d: %s is %.3f ± %.3f, by quadrature %.3f ± %.3f; %s", seed, name, q.Mean, q.SD, mean, sd, post.Verdict())
			}
		}
	}
}

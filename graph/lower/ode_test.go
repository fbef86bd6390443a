package lower_test

import (
	"math"
	"math/rand/v2"
	"testing"
)

// odes are initial-value problems with known solutions; latents are real, so
// that the unconstrained point is the latents' values.
func odes() []testCase {
	return []testCase{
		{
			name: "decay of several, each with its own times",
			text: `
data t : real[G, T]
data y : real[G, T]
k[g in 1..G] ~ Normal(0, 1)
a ~ Normal(0, 1)
fn decay(t: real, y: real[1], k: real) -> real[1] = [-exp(0.3 * k) * y[1]]
plate g in 1..G {
  let z[g] = ode(decay, [a + g], 0.5, t[g], k[g])
  plate i in 1..T { y[g, i] ~ Normal(z[g, i, 1], 1) }
}`,
			data: func(n int) values {
				t := table(2, n)
				for g := range t {
					for i := range t[g] {
						t[g][i] = 1 + float64(g) + float64(i*i)/7
					}
				}
				return values{"t": t, "y": table(2, n)}
			},
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1)
				for g := 1; g <= 2; g++ {
					lp += normal(x("k", g), 0, 1)
					for i := 1; inside(x, "y", g, i); i++ {
						z := (x("a") + float64(g)) * math.Exp(-math.Exp(0.3*x("k", g))*(x("t", g, i)-0.5))
						lp += normal(x("y", g, i), z, 1)
					}
				}
				return lp
			},
		},
		{
			name: "a driven oscillator: two states, that depend on time",
			text: `
data t : real[T]
data y : real[T]
w ~ Normal(2, 0.3)
b ~ Normal(0, 1)
fn swing(t: real, z: real[2], w: real, b: real) -> real[2] {
  let push = b * (w^2 - 1) * sin(t)
  return [z[2], push - w^2 * z[1]]
}
let z = ode(swing, [1, b], 0, t, w, b)
plate i in 1..T { y[i] ~ Normal(z[i, 1] + 0.1 * z[i, 2], 1) }`,
			data: func(n int) values {
				t := make([]float64, n)
				for i := range t {
					t[i] = 0.1 + 0.9*float64(i)
				}
				return values{"t": t, "y": reals(n)}
			},
			want: func(x at) float64 { // z = cos(wt) + b sin(t), whose start is [1, b]
				w, b := x("w"), x("b")
				return normal(w, 2, 0.3) + normal(b, 0, 1) + each(x, "y", func(i int) float64 {
					t := x("t", i)
					z, v := math.Cos(w*t)+b*math.Sin(t), -w*math.Sin(w*t)+b*math.Cos(t)
					return normal(x("y", i), z+0.1*v, 1)
				})
			},
		},
		{
			name: "growth from data alone, and to a limit",
			text: `
data t : real[T]
data y : real[T]
r ~ Normal(0, 0.3)
fn logistic(t: real, y: real[1], r: real) -> real[1] = [r * y[1] * (1 - y[1])]
let known = ode(logistic, [0.1], -1, t, 1.5)
let z = ode(logistic, [0.3], -1, t, 1 + r)
plate i in 1..T { y[i] ~ Normal(z[i, 1] + known[i, 1], 1) }`,
			data: func(n int) values {
				t := make([]float64, n)
				for i := range t {
					t[i] = float64(i)
				}
				return values{"t": t, "y": reals(n)}
			},
			want: func(x at) float64 {
				grown := func(y0, r, t float64) float64 { return 1 / (1 + (1/y0-1)*math.Exp(-r*(t+1))) }
				return normal(x("r"), 0, 0.3) + each(x, "y", func(i int) float64 {
					return normal(x("y", i), grown(0.3, 1+x("r"), x("t", i))+grown(0.1, 1.5, x("t", i)), 1)
				})
			},
		},
	}
}

// TestODE compares densities, and gradients with differences of the known
// solution, to what the tolerance of the steps allows.
func TestODE(t *testing.T) {
	for _, c := range odes() {
		t.Run(c.name, func(t *testing.T) {
			p := c.lowered(t, 6)
			c.inParticles(t, p)
			for seed := range uint64(3) {
				r := rand.New(rand.NewPCG(seed, 7))
				u := make([]float64, p.d)
				for i := range u {
					u[i] = r.NormFloat64()
				}
				got := p.eval(u)
				if want := c.want(got.at); !near(got.density, want, 1e-6) {
					t.Errorf("log density %.15g, want %.15g", got.density, want)
				}
				const h = 1e-5
				for i := range u {
					u[i] += h
					up := c.want(p.eval(u).at)
					u[i] -= 2 * h
					down := c.want(p.eval(u).at)
					u[i] += h
					if want := (up - down) / (2 * h); !near(got.grad[i], want, 1e-5) {
						t.Errorf("gradient %d is %.10g, want %.10g", i, got.grad[i], want)
					}
				}
			}
		})
	}
}

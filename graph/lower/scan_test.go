package lower_test

import (
	"math"
	"testing"
)

// Recurrences of lets over latents.
func TestScans(t *testing.T) { runCases(t, scanCases()) }

func scanCases() []testCase {
	return []testCase{
		{
			name: "ARMA(1, 1)",
			text: `
data y : real[T]
mu ~ Normal(0, 1)
phi ~ Normal(0, 0.5)
theta ~ Normal(0, 0.5)
let nu[1] = mu + phi * mu
let err[1] = y[1] - nu[1]
for t in 2..T {
  let nu[t] = mu + phi * y[t-1] + theta * err[t-1]
  let err[t] = y[t] - nu[t]
}
y[t in 1..T] ~ Normal(nu[t], 1)`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				mu, ph, th := x("mu"), x("phi"), x("theta")
				nu := mu + ph*mu
				return normal(mu, 0, 1) + normal(ph, 0, 0.5) + normal(th, 0, 0.5) + each(x, "y", func(t int) float64 {
					if t > 1 {
						nu = mu + ph*x("y", t-1) + th*(x("y", t-1)-nu)
					}
					return normal(x("y", t), nu, 1)
				})
			},
			lets: map[string]func(x at, i ...int) float64{
				"err": func(x at, i ...int) float64 {
					nu := x("mu") + x("phi")*x("mu")
					for t := 2; t <= i[0]; t++ {
						nu = x("mu") + x("phi")*x("y", t-1) + x("theta")*(x("y", t-1)-nu)
					}
					return x("y", i[0]) - nu
				},
			},
		},
		{
			name: "GARCH(1, 1), from the first element on by a condition",
			text: `
data y : real[T]
w ~ Exponential(1)
a ~ Uniform(0, 1)
b ~ Uniform(0, 1)
for t in 1..T {
  let h[t] = if t == 1 then w else w + a * y[t-1]^2 + b * h[t-1]
  y[t] ~ Normal(0, sqrt(h[t]))
}`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				h := x("w")
				return exponential(x("w"), 1) + each(x, "y", func(t int) float64 {
					if t > 1 {
						h = x("w") + x("a")*x("y", t-1)*x("y", t-1) + x("b")*h
					}
					return normal(x("y", t), 0, math.Sqrt(h))
				})
			},
		},
		{
			name: "a walk driven by latent steps",
			text: `
data y : real[T]
s ~ HalfNormal(1)
z[t in 1..T] ~ Normal(0, 1)
let x[1] = z[1]
for t in 2..T { let x[t] = tanh(x[t-1]) + s * z[t] }
y ~ Normal(x, 0.5)`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				v := 0.0
				return halfNormal(x("s"), 1) + each(x, "y", func(t int) float64 {
					v = math.Tanh(v)*min(1, float64(t-1)) + x("z", t)*map[bool]float64{true: 1, false: x("s")}[t == 1]
					return normal(x("z", t), 0, 1) + normal(x("y", t), v, 0.5)
				})
			},
		},
		{
			name: "two steps back, and those of a comprehension",
			text: `
data y : real[T]
a : real[3] ~ Normal(0, 0.3)
plate t in 1..3 { let e[t] = y[t] * a[1] }
for t in 4..T { let e[t] = y[t] - sum([a[k] * e[t-k] for k in 1..3]) - 0.1 * e[t-2] }
factor -0.5 * sum(e * e)`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				e := []float64{0}
				lp := 0.0
				for k := 1; k <= 3; k++ {
					lp += normal(x("a", k), 0, 0.3)
					e = append(e, x("y", k)*x("a", 1))
				}
				for t := 4; t <= len1(x, "y"); t++ {
					v := x("y", t) - 0.1*e[t-2]
					for k := 1; k <= 3; k++ {
						v -= x("a", k) * e[t-k]
					}
					e = append(e, v)
				}
				for _, v := range e {
					lp -= 0.5 * v * v
				}
				return lp
			},
		},
		{
			name: "a matrix of states: plates inside and around the loop, a permuted neighbour",
			text: `
data y : real[G, T, K]
data next : int[K]
rate[g in 1..G] ~ Normal(0, 0.5)
c ~ Normal(0, 0.5)
plate g in 1..G {
  plate k in 1..K { let s[g, 1, k] = rate[g] * k }
  for t in 2..T {
    plate k in 1..K {
      let d = s[g, t-1, next[k]] - s[g, t-1, k]
      let s[g, t, k] = s[g, t-1, k] + c * d + rate[g] * y[g, t-1, k]
      y[g, t, k] ~ Normal(s[g, t, k], 1)
    }
  }
}`,
			data: func(n int) values {
				return values{"y": cube(2, n, 3), "next": []int{2, 3, 1}}
			},
			want: func(x at) float64 {
				lp := normal(x("c"), 0, 0.5)
				for g := 1; g <= 2; g++ {
					r := x("rate", g)
					lp += normal(r, 0, 0.5)
					s := []float64{0, r, 2 * r, 3 * r}
					for t := 2; inside(x, "y", g, t, 1); t++ {
						now := make([]float64, 4)
						for k := 1; k <= 3; k++ {
							next := int(x("next", k))
							now[k] = s[k] + x("c")*(s[next]-s[k]) + r*x("y", g, t-1, k)
							lp += normal(x("y", g, t, k), now[k], 1)
						}
						s = now
					}
				}
				return lp
			},
		},
		{
			name: "learning: what is chosen moves, read by an index that varies over time",
			text: `
data choice : int[T] in 1..2
data reward : real[T]
alpha ~ Uniform(0, 1)
beta ~ HalfNormal(2)
plate k in 1..2 { let q[1, k] = 0.0 * alpha }
for t in 2..T {
  let miss = reward[t-1] - q[t-1, choice[t-1]]
  plate k in 1..2 { let q[t, k] = q[t-1, k] + (if choice[t-1] == k then alpha * miss else 0) }
}
factor sum([beta * q[t, choice[t]] - log_sum_exp(beta * q[t]) for t in 1..T])`,
			data: func(n int) values {
				choice := make([]int, n)
				for i := range choice {
					choice[i] = 1 + i*i%3%2
				}
				return values{"choice": choice, "reward": reals(n)}
			},
			want: func(x at) float64 {
				q := []float64{0, 0, 0}
				b := x("beta")
				return math.Ln2 + normal(b, 0, 2) + each(x, "reward", func(t int) float64 {
					c := int(x("choice", t))
					lp := b*q[c] - math.Log(math.Exp(b*q[1])+math.Exp(b*q[2]))
					q[c] += x("alpha") * (x("reward", t) - q[c])
					return lp
				})
			},
		},
		{
			name: "a vector by a latent matrix",
			text: `
data y : real[T, 2]
A : real[2, 2] ~ Normal(0, 0.4)
m : real[2] ~ Normal(0, 1)
let x[1] = m
for t in 2..T { let x[t] = A @ x[t-1] + m }
plate t in 1..T { y[t] ~ Normal(x[t], 1) }`,
			data: func(n int) values { return values{"y": table(n, 2)} },
			want: func(x at) float64 {
				lp := 0.0
				for i := 1; i <= 2; i++ {
					lp += normal(x("m", i), 0, 1) + normal(x("A", i, 1), 0, 0.4) + normal(x("A", i, 2), 0, 0.4)
				}
				s := []float64{0, x("m", 1), x("m", 2)}
				for t := 1; inside(x, "y", t, 1); t++ {
					if t > 1 {
						s = []float64{0, x("A", 1, 1)*s[1] + x("A", 1, 2)*s[2] + x("m", 1), x("A", 2, 1)*s[1] + x("A", 2, 2)*s[2] + x("m", 2)}
					}
					lp += normal(x("y", t, 1), s[1], 1) + normal(x("y", t, 2), s[2], 1)
				}
				return lp
			},
		},
		{
			name: "in a function, called twice",
			text: `
data y : real[T]
a ~ Normal(0, 0.5)
b ~ Normal(0, 0.5)
fn smooth(v: real[n], w: real) -> real[n] {
  let s[1] = v[1] * w
  for t in 2..n { let s[t] = w * v[t] + (1 - w) * s[t-1] }
  return s
}
let u = smooth(smooth(y, a), b)
y ~ Normal(u, 1)`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				a, b := x("a"), x("b")
				u, v := 0.0, 0.0
				return normal(a, 0, 0.5) + normal(b, 0, 0.5) + each(x, "y", func(t int) float64 {
					y := x("y", t)
					if t == 1 {
						u, v = a*y, b*a*y
					} else {
						u = a*y + (1-a)*u
						v = b*u + (1-b)*v
					}
					return normal(y, v, 1)
				})
			},
		},
		{
			name: "the element ahead, the first one, and a loop within a step",
			text: `
data y : real[T]
a ~ Normal(0, 0.3)
fn twice(v: real, w: real) -> real {
  let p[1] = v
  for i in 2..3 { let p[i] = w * p[i-1] + 1 }
  return p[3]
}
let x[1] = a
for t in 1..T-1 {
  let m = twice(x[t], a)
  let x[t+1] = 0.5 * m + x[1] * y[t]
}
y ~ Normal(x, 1)`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				a := x("a")
				v := a
				return normal(a, 0, 0.3) + each(x, "y", func(t int) float64 {
					if t > 1 {
						v = 0.5*(a*(a*v+1)+1) + a*x("y", t-1)
					}
					return normal(x("y", t), v, 1)
				})
			},
		},
		{
			name: "missing data in a recurrence",
			text: `
data x : real?[T]
m ~ Normal(0, 1)
x[i in 1..T] ~ Normal(m, 1)
let e[1] = 0
for t in 2..T { let e[t] = 0.5 * e[t-1] + x[t] }
factor -e[T]^2`,
			data: func(n int) values {
				v := holes{data: reals(n)}
				for i := range n {
					if i%3 == 1 {
						v.at = append(v.at, i)
					}
				}
				return values{"x": v}
			},
			want: func(x at) float64 {
				e := 0.0
				lp := normal(x("m"), 0, 1) + each(x, "x", func(t int) float64 {
					if t > 1 {
						e = 0.5*e + x("x", t)
					}
					return normal(x("x", t), x("m"), 1)
				})
				return lp - e*e
			},
		},
	}
}

func cube(a, b, c int) [][][]float64 {
	out := make([][][]float64, a)
	for i := range out {
		out[i] = make([][]float64, b)
		for j := range out[i] {
			out[i][j] = reals(c + 5*i + 3*j)[5*i+3*j:]
		}
	}
	return out
}

package lower_test

import (
	"math"
	"testing"
)

// Sequential loops, over latents and over data.
func TestLoops(t *testing.T) { runCases(t, loopCases()) }

func loopCases() []testCase {
	return []testCase{
		{
			name: "AR(2) over data",
			text: `
data y : real[T]
a ~ Normal(0, 1)
b : real[2] ~ Normal(0, 0.5)
s ~ HalfNormal(1)
for t in 3..T { y[t] ~ Normal(a + b[1] * y[t-1] + b[2] * y[t-2], s) }`,
			data: func(n int) values { return values{"y": reals(n + 2)} },
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1) + normal(x("b", 1), 0, 0.5) + normal(x("b", 2), 0, 0.5) + halfNormal(x("s"), 1)
				for t := 3; t <= len1(x, "y"); t++ {
					lp += normal(x("y", t), x("a")+x("b", 1)*x("y", t-1)+x("b", 2)*x("y", t-2), x("s"))
				}
				return lp
			},
		},
		{
			name: "random walk",
			text: `
data y : real[T]
s ~ HalfNormal(1)
x[1] ~ Normal(0, 2)
for t in 2..T { x[t] ~ Normal(x[t-1], s) }
y ~ Normal(x, 0.5)`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				lp := halfNormal(x("s"), 1) + normal(x("x", 1), 0, 2)
				return lp + each(x, "y", func(t int) float64 {
					lp := normal(x("y", t), x("x", t), 0.5)
					if t > 1 {
						lp += normal(x("x", t), x("x", t-1), x("s"))
					}
					return lp
				})
			},
		},
		{
			name: "stochastic volatility",
			text: `
data y : real[T]
mu ~ Normal(0, 3)
phi ~ Uniform(-1, 1)
s ~ HalfNormal(1)
h[1] ~ Normal(mu, s / sqrt(1 - phi^2))
for t in 2..T { h[t] ~ Normal(mu + phi * (h[t-1] - mu), s) }
y[t in 1..T] ~ Normal(0, exp(h[t] / 2))`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				mu, ph, s := x("mu"), x("phi"), x("s")
				lp := normal(mu, 0, 3) - math.Ln2 + halfNormal(s, 1) + normal(x("h", 1), mu, s/math.Sqrt(1-ph*ph))
				return lp + each(x, "y", func(t int) float64 {
					lp := normal(x("y", t), 0, math.Exp(x("h", t)/2))
					if t > 1 {
						lp += normal(x("h", t), mu+ph*(x("h", t-1)-mu), s)
					}
					return lp
				})
			},
		},
		{
			name: "coupled latents in one loop",
			text: `
data y : real[T]
a[1] ~ Normal(0, 1)
b[1] ~ Normal(0, 1)
c[1] ~ Exponential(1)
for t in 2..T {
  let mid = a[t-1] + b[t-1] * c[t-1]
  a[t] ~ Normal(mid, 1)
  c[t] ~ Exponential(exp(b[t-1]) + c[t-1])
  b[t] ~ Normal(a[t] - b[t-1], 2)
  y[t] ~ Normal(a[t] + b[t-1] + mid, c[t])
}`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				lp := normal(x("a", 1), 0, 1) + normal(x("b", 1), 0, 1) + exponential(x("c", 1), 1)
				for t := 2; t <= len1(x, "y"); t++ {
					mid := x("a", t-1) + x("b", t-1)*x("c", t-1)
					lp += normal(x("a", t), mid, 1) + exponential(x("c", t), math.Exp(x("b", t-1))+x("c", t-1))
					lp += normal(x("b", t), x("a", t)-x("b", t-1), 2) + normal(x("y", t), x("a", t)+x("b", t-1)+mid, x("c", t))
				}
				return lp
			},
		},
		{
			name: "exponential smoothing of data",
			text: `
data y : real[T]
a ~ Normal(0, 1)
let level[1] = y[1]
for t in 2..T {
  let prev = level[t-1]
  let level[t] = 0.3 * y[t] + 0.7 * prev
  let m = a * prev
  y[t] ~ Normal(m + 0.1 * prev, 1)
}`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				lp, level := normal(x("a"), 0, 1), x("y", 1)
				for t := 2; t <= len1(x, "y"); t++ {
					lp += normal(x("y", t), (x("a")+0.1)*level, 1)
					level = 0.3*x("y", t) + 0.7*level
				}
				return lp
			},
		},
		{
			name: "coupled recurrences of data, with lags and other lets",
			text: `
data y : real[T]
a ~ Normal(0, 1)
let u[1] = 1
let u[2] = y[1]
let v[1] = 0
let v[2] = 0.5
for t in 3..T {
  let u[t] = 0.5 * u[t-1] - 0.2 * u[t-2] + v[t-1]
  let r[t-2] = y[t] * a + u[t]
  let v[t] = 0.1 * u[t] + 0.3 * v[t-2]
  y[t] ~ Normal(a * u[t-1] + v[t], 1)
}
factor sum(r) + a * sum(u)`,
			data: func(n int) values { return values{"y": reals(n + 1)} },
			want: func(x at) float64 {
				T, a := len1(x, "y"), x("a")
				u, v := []float64{0, 1, x("y", 1)}, []float64{0, 0, 0.5}
				lp := normal(a, 0, 1) + a*(u[1]+u[2])
				for t := 3; t <= T; t++ {
					u = append(u, 0.5*u[t-1]-0.2*u[t-2]+v[t-1])
					v = append(v, 0.1*u[t]+0.3*v[t-2])
					lp += x("y", t)*a + u[t] + normal(x("y", t), a*u[t-1]+v[t], 1) + a*u[t]
				}
				return lp
			},
		},
		{
			name: "a let read at an earlier index above its definition",
			text: `
data y : real[T]
a ~ Normal(0, 1)
b ~ Normal(0, 1)
let e[1] = y[1] - a
for t in 2..T {
  y[t] ~ Normal(a + b * e[t-1], 1)
  let e[t] = y[t] - a
}`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1) + normal(x("b"), 0, 1)
				for t := 2; t <= len1(x, "y"); t++ {
					lp += normal(x("y", t), x("a")+x("b")*(x("y", t-1)-x("a")), 1)
				}
				return lp
			},
		},
		{
			name: "lets of the same iteration in a loop over latents",
			text: `
data y : real[T]
a ~ Normal(0, 1)
for t in 1..T {
  let m[t] = a * y[t]
  let k[t] = m[t] ^ 2
  y[t] ~ Normal(k[t], 1)
}`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				return normal(x("a"), 0, 1) + each(x, "y", func(t int) float64 {
					return normal(x("y", t), math.Pow(x("a")*x("y", t), 2), 1)
				})
			},
		},
		{
			name: "lets shifted on the left",
			text: `
data y : real[T]
a ~ Normal(0, 1)
let m[1] = a
for t in 1..T-1 {
  let m[t+1] = a * y[t]
  y[t] ~ Normal(m[t], 1)
}`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1)
				for t := 1; t < len1(x, "y"); t++ {
					m := x("a")
					if t > 1 {
						m *= x("y", t-1)
					}
					lp += normal(x("y", t), m, 1)
				}
				return lp
			},
		},
		{
			name: "a panel: a loop in a plate",
			text: `
data y : real[N, T]
phi[i in 1..N] ~ Normal(0, 0.5)
plate i in 1..N {
  z[i, 1] ~ Normal(0, 1)
  for t in 2..T {
    z[i, t] ~ Normal(phi[i] * z[i, t-1], 1)
    y[i, t] ~ Normal(phi[i] * y[i, t-1] + z[i, t], 1)
  }
}`,
			data: func(n int) values { return values{"y": table(n, n+1)} },
			want: func(x at) float64 {
				lp := each(x, "phi", func(i int) float64 { return normal(x("phi", i), 0, 0.5) })
				return lp + cells(x, "y", func(i, t int) float64 {
					if t == 1 {
						return normal(x("z", i, 1), 0, 1)
					}
					return normal(x("z", i, t), x("phi", i)*x("z", i, t-1), 1) + normal(x("y", i, t), x("phi", i)*x("y", i, t-1)+x("z", i, t), 1)
				})
			},
		},
		{
			name: "a plate in a loop",
			text: `
data y : real[T, N]
plate i in 1..N { z[1, i] ~ Normal(0, 1) }
for t in 2..T {
  plate i in 1..N {
    z[t, i] ~ Normal(z[t-1, i] + 0.1 * sum(z[t-1]), 1)
    y[t, i] ~ Normal(z[t, i], 1)
  }
}`,
			data: func(n int) values { return values{"y": table(n, 3)} },
			want: func(x at) float64 {
				return cells(x, "y", func(t, i int) float64 {
					if t == 1 {
						return normal(x("z", 1, i), 0, 1)
					}
					m := x("z", t-1, i) + 0.1*(x("z", t-1, 1)+x("z", t-1, 2)+x("z", t-1, 3))
					return normal(x("z", t, i), m, 1) + normal(x("y", t, i), x("z", t, i), 1)
				})
			},
		},
		{
			name: "data recurrences in plates and around them",
			text: `
data y : real[N, T]
a ~ Normal(0, 1)
plate i in 1..N {
  let s[i, 1] = y[i, 1]
  for t in 2..T { let s[i, t] = 0.5 * s[i, t-1] + y[i, t] }
}
plate i in 1..N { let w[1, i] = y[i, 1] }
for t in 2..T {
  plate i in 1..N {
    let c = 0.25 * w[t-1, i]
    let w[t, i] = c + y[i, t]
    y[i, t] ~ Normal(a * c + s[i, t], 1)
  }
}`,
			data: func(n int) values { return values{"y": table(3, n)} },
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1)
				for i := 1; i <= 3; i++ {
					s, w := x("y", i, 1), x("y", i, 1)
					for t := 2; inside(x, "y", i, t); t++ {
						c := 0.25 * w
						s, w = 0.5*s+x("y", i, t), c+x("y", i, t)
						lp += normal(x("y", i, t), x("a")*c+s, 1)
					}
				}
				return lp
			},
		},
		{
			name: "two loops that nest",
			text: `
data y : real[N, T]
z[1, 1] ~ Normal(0, 1)
z[i in 2..N, 1] ~ Normal(0, 2)
z[1, t in 2..T] ~ Normal(0, 3)
for i in 2..N { for t in 2..T { z[i, t] ~ Normal(z[i-1, t] + 0.5 * z[i, t-1], 1) } }
y ~ Normal(z, 1)`,
			data: func(n int) values { return values{"y": table(3, n)} },
			want: func(x at) float64 {
				return cells(x, "y", func(i, t int) float64 {
					lp, z := normal(x("y", i, t), x("z", i, t), 1), x("z", i, t)
					switch {
					case i == 1 && t == 1:
						lp += normal(z, 0, 1)
					case t == 1:
						lp += normal(z, 0, 2)
					case i == 1:
						lp += normal(z, 0, 3)
					default:
						lp += normal(z, x("z", i-1, t)+0.5*x("z", i, t-1), 1)
					}
					return lp
				})
			},
		},
		{
			name: "the elements of a row one after the other, and the first row again",
			text: `
data T : int
m[1, 1] ~ Normal(0, 1)
m[1, 2] ~ Normal(m[1, 1], 2)
for t in 2..T {
  m[t, 1] ~ Normal(m[t-1, 1], 1)
  m[t, 2] ~ Normal(m[t-1, 2] + m[t, 1] * m[1, 1], 2)
}
let s[1, 1] = 0.5
let s[1, 2] = 1.5
for t in 2..T {
  let s[t, 1] = s[t-1, 2] / 2
  let s[t, 2] = s[t, 1] + t
}
factor sum(s) * m[1, 1]`,
			data: func(n int) values { return values{"T": n} },
			want: func(x at) float64 {
				a, b := 0.5, 1.5
				return cells(x, "m", func(t, k int) float64 {
					v := x("m", t, k)
					if k == 1 && t > 1 {
						a = b / 2
						b = a + float64(t)
					}
					lp := map[int]float64{1: a, 2: b}[k] * x("m", 1, 1)
					switch {
					case t == 1 && k == 1:
						return lp + normal(v, 0, 1)
					case t == 1:
						return lp + normal(v, x("m", 1, 1), 2)
					case k == 1:
						return lp + normal(v, x("m", t-1, 1), 1)
					}
					return lp + normal(v, x("m", t-1, 2)+x("m", t, 1)*x("m", 1, 1), 2)
				})
			},
		},
		{
			name: "a finished piece inside the plate that defines another",
			text: `
data g : int[N] in 1..2
h[k in 1..2] ~ Normal(0, 1)
plate i in 3..N+2 { h[i] ~ Normal(h[1] + h[2] * h[g[i-2]], 2) }`,
			data: func(n int) values {
				g := make([]int, n)
				for i := range g {
					g[i] = 1 + i%2
				}
				return values{"g": g}
			},
			want: func(x at) float64 {
				return each(x, "h", func(i int) float64 {
					if i <= 2 {
						return normal(x("h", i), 0, 1)
					}
					return normal(x("h", i), x("h", 1)+x("h", 2)*x("h", int(x("g", i-2))), 2)
				})
			},
		},
		{
			name: "a loop whose bounds need another latent of the iteration",
			text: `
data T : int
a[1] ~ Exponential(1)
u[1] ~ Uniform(0, a[1])
for t in 2..T {
  u[t] ~ Uniform(0, a[t-1])
  a[t] ~ Exponential(1 + u[t])
}`,
			data: func(n int) values { return values{"T": n} },
			want: func(x at) float64 {
				return each(x, "a", func(t int) float64 {
					if t == 1 {
						return exponential(x("a", 1), 1) - math.Log(x("a", 1))
					}
					return exponential(x("a", t), 1+x("u", t)) - math.Log(x("a", t-1))
				})
			},
		},
	}
}

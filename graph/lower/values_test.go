package lower_test

import (
	"math"
	"testing"
)

// Plates, whole arrays, products, comprehensions and lets.
func TestArrays(t *testing.T) { runCases(t, arrayCases()) }

func arrayCases() []testCase {
	return []testCase{
		{
			name: "a factor counts once per iteration of each plate",
			text: `
data y : real[N, M]
mu ~ Normal(0, 1)
plate i in 1..N { plate j in 1..M { factor mu * y[i, 1]
  factor 0.25 } }
plate i in 1..N, j in 1..M { factor mu / 3 }
factor -mu`,
			data: func(n int) values { return values{"y": table(n, 3)} },
			want: func(x at) float64 {
				lp := normal(x("mu"), 0, 1) - x("mu")
				return lp + cells(x, "y", func(i, j int) float64 { return x("mu")*x("y", i, 1) + 0.25 + x("mu")/3 })
			},
		},
		{
			name: "whole arrays",
			text: `
data y : real[N, 2]
data s : real[N, 2] > 0
m : real[N, 2] ~ Normal(0, 1)
c : real[N, 2] ~ Normal(m, s)
y ~ Normal(2 * m + c, s)
w ~ Normal(y, s)`,
			data: func(n int) values {
				s := table(n, 2)
				for _, r := range s {
					r[0], r[1] = 1+r[0]*r[0], 2+r[1]*r[1]
				}
				return values{"y": table(n, 2), "s": s}
			},
			want: func(x at) float64 {
				return cells(x, "y", func(i, j int) float64 {
					m, c, s := x("m", i, j), x("c", i, j), x("s", i, j)
					return normal(m, 0, 1) + normal(c, m, s) + normal(x("y", i, j), 2*m+c, s) + normal(x("w", i, j), x("y", i, j), s)
				})
			},
		},
		{
			name: "products outside plates",
			text: `
data x : real[N, 3]
data y : real[N]
b : real[3] ~ Normal(0, 1)
a : real[3, 3] ~ Normal(0, 1)
c : real[N] ~ Normal(0, 1)
y ~ Normal(x @ b, 1)
factor b @ b + b @ (a @ b) + (b @ a) @ b + (c @ x) @ b + sum(a @ a)`,
			data: func(n int) values { return values{"x": table(n, 3), "y": reals(n)} },
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) + x("b", k)*x("b", k) })
				lp += cells(x, "a", func(i, j int) float64 {
					return normal(x("a", i, j), 0, 1) + 2*x("b", i)*x("a", i, j)*x("b", j)
				})
				for i := 1; i <= 3; i++ {
					for j := 1; j <= 3; j++ {
						for k := 1; k <= 3; k++ {
							lp += x("a", i, j) * x("a", j, k)
						}
					}
				}
				return lp + each(x, "y", func(i int) float64 {
					m, q := 0.0, 0.0
					for k := 1; k <= 3; k++ {
						m += x("x", i, k) * x("b", k)
						q += x("c", i) * x("x", i, k) * x("b", k)
					}
					return normal(x("y", i), m, 1) + normal(x("c", i), 0, 1) + q
				})
			},
		},
		{
			name: "products inside plates",
			text: `
data x : real[N, 2, 3]
data y : real[N, 2]
b : real[3] ~ Normal(0, 1)
w : real[2, 2] ~ Normal(0, 1)
plate i in 1..N {
  let h = tanh(w @ (x[i] @ b))
  let q = x[i, 1] @ b
  plate k in 1..2 { y[i, k] ~ Normal(h[k] + q * (h @ w[k]), 1) }
}`,
			data: func(n int) values {
				x := make([][][]float64, n)
				for i := range x {
					x[i] = table(2, 3)
					x[i][1][2] = float64(i) / 3
				}
				return values{"x": x, "y": table(n, 2)}
			},
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				lp += cells(x, "w", func(i, j int) float64 { return normal(x("w", i, j), 0, 1) })
				return lp + cells(x, "y", func(i, k int) float64 {
					var xb, h [3]float64
					for r := 1; r <= 2; r++ {
						for c := 1; c <= 3; c++ {
							xb[r] += x("x", i, r, c) * x("b", c)
						}
					}
					for r := 1; r <= 2; r++ {
						h[r] = math.Tanh(x("w", r, 1)*xb[1] + x("w", r, 2)*xb[2])
					}
					m := h[k] + xb[1]*(h[1]*x("w", k, 1)+h[2]*x("w", k, 2))
					return normal(x("y", i, k), m, 1)
				})
			},
		},
		{
			name: "comprehensions: nested, in plates, over latents",
			text: `
data x : real[N]
data y : real[N]
b : real[3] ~ Normal(0, 1)
let pw = [[b[k] ^ p for k in 1..3] for p in 1..2]
let tab = [x[i] * b[k] for i in 1..N, k in 1..3]
factor sum(pw) + sum(tab[2])
plate i in 1..N {
  y[i] ~ Normal(sum([b[k] * x[i] ^ k for k in 1..3]) + max([x[i] + k for k in 0..1]), 1)
  factor sum([sum([b[j] * b[k] * x[i] for j in 1..3]) for k in 1..2])
}`,
			data: func(n int) values { return values{"x": positives(n), "y": reals(n)} },
			lets: map[string]func(x at, i ...int) float64{
				"pw":  func(x at, i ...int) float64 { return math.Pow(x("b", i[1]), float64(i[0])) },
				"tab": func(x at, i ...int) float64 { return x("x", i[0]) * x("b", i[1]) },
			},
			want: func(x at) float64 {
				lp, sb := 0.0, 0.0
				for k := 1; k <= 3; k++ {
					b := x("b", k)
					sb += b
					lp += normal(b, 0, 1) + b + b*b + x("x", 2)*b
				}
				return lp + each(x, "y", func(i int) float64 {
					m, v := x("x", i)+1, x("x", i)
					for k := 1; k <= 3; k++ {
						m += x("b", k) * math.Pow(v, float64(k))
					}
					return normal(x("y", i), m, 1) + sb*(x("b", 1)+x("b", 2))*v
				})
			},
		},
		{
			name: "lets: top level, local, indexed, in pieces",
			text: `
data y : real[N]
a ~ Normal(0, 1)
let twice = 2 * a
let g[i in 1..N] = a * y[i]
let p[1] = a
let p[2] = a ^ 2
let p[k in 3..N] = y[k] + a
let m[i in 1..N, k in 1..2] = g[i] * k
plate i in 1..N {
  let local = g[i] + twice
  let h[i] = local * 2
  y[i] ~ Normal(h[i] + local + p[i] + m[i, 2], 2)
}
factor sum(h) + sum(p)`,
			data: func(n int) values { return values{"y": reals(n)} },
			lets: map[string]func(x at, i ...int) float64{
				"h": func(x at, i ...int) float64 { return 2 * (x("a")*x("y", i[0]) + 2*x("a")) },
				"p": func(x at, i ...int) float64 { return piece(x, i[0]) },
				"m": func(x at, i ...int) float64 { return x("a") * x("y", i[0]) * float64(i[1]) },
			},
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1)
				return lp + each(x, "y", func(i int) float64 {
					g := x("a") * x("y", i)
					local := g + 2*x("a")
					return normal(x("y", i), 3*local+piece(x, i)+2*g, 2) + 2*local + piece(x, i)
				})
			},
		},
		{
			name: "arrays of arrays in pieces",
			text: `
data x : real[3]
a ~ Normal(0, 1)
let m[1] = x * a
let m[2] = x + a
let m[3] = [1, a, 2]
factor sum(m @ x) + m[3, 2] + m[2, 1]`,
			data: func(n int) values { return values{"x": reals(3)} },
			want: func(x at) float64 {
				a := x("a")
				lp := normal(a, 0, 1) + a + x("x", 1) + a
				return lp + each(x, "x", func(i int) float64 {
					return x("x", i) * (x("x", i)*a + x("x", i) + a + []float64{1, a, 2}[i-1])
				})
			},
		},
	}
}

func piece(x at, i int) float64 {
	switch i {
	case 1:
		return x("a")
	case 2:
		return x("a") * x("a")
	}
	return x("y", i) + x("a")
}

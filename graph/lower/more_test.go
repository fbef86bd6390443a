package lower_test

import (
	"math"
	"testing"
)

// Combinations: constructs inside one another.
func TestCombinations(t *testing.T) { runCases(t, combinedCases()) }

func combinedCases() []testCase {
	return []testCase{
		{
			name: "data recurrences over two indices, and guarded ones",
			text: `
data y : real[N, T]
a ~ Normal(0, 1)
let s[1, t in 1..T] = y[1, t]
let s[i in 2..N, 1] = y[i, 1]
for i in 2..N { for t in 2..T { let s[i, t] = 0.5 * s[i-1, t] - 0.25 * s[i, t-1] } }
let e[1] = y[1, 1]
for t in 2..T { let e[t] = y[1, t] - (if t > 2 then 0.5 * e[t-2] else 0) + sum(e[1..t-1]) }
y ~ Normal(a * s, 1)
factor a * sum(e)`,
			data: func(n int) values { return values{"y": table(3, n)} },
			want: func(x at) float64 {
				a := x("a")
				lp := normal(a, 0, 1)
				s := map[[2]int]float64{}
				var e []float64
				total := 0.0
				lp += cells(x, "y", func(i, t int) float64 {
					v := x("y", i, t)
					if i > 1 && t > 1 {
						v = 0.5*s[[2]int{i - 1, t}] - 0.25*s[[2]int{i, t - 1}]
					}
					s[[2]int{i, t}] = v
					return normal(x("y", i, t), a*v, 1)
				})
				for t := 1; inside(x, "y", 1, t); t++ {
					v := x("y", 1, t) + total
					if t > 2 {
						v -= 0.5 * e[t-3]
					}
					e = append(e, v)
					total += v
				}
				return lp + a*total
			},
		},
		{
			name: "a chain that starts with a condition",
			text: `
data y : real[T]
for t in 1..T { x[t] ~ Normal(if t > 1 then 0.5 * x[t-1] else 0, if t == 1 then 2 else 1) }
y ~ Normal(x, 1)`,
			data: func(n int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				return each(x, "y", func(t int) float64 {
					lp := normal(x("y", t), x("x", t), 1)
					if t == 1 {
						return lp + normal(x("x", 1), 0, 2)
					}
					return lp + normal(x("x", t), 0.5*x("x", t-1), 1)
				})
			},
		},
		{
			name: "ragged binders on the left",
			text: `
data n : int[G] in 0..100
data y : real[G, 3]
a[g in 1..G] ~ Normal(0, 1)
y[g in 1..G, j in 1..n[g]] ~ Normal(a[g] * j, 1)
let r[g in 1..G, j in 1..3] = sum([a[k] * y[g, j] for k in 1..g])
factor sum(r)`,
			data: func(n int) values { return values{"n": lengths(n), "y": table(n, 3)} },
			want: func(x at) float64 {
				total := 0.0
				return each(x, "a", func(g int) float64 {
					total += x("a", g)
					lp := normal(x("a", g), 0, 1)
					for j := 1; j <= 3; j++ {
						lp += total * x("y", g, j)
						if j <= int(x("n", g)) {
							lp += normal(x("y", g, j), x("a", g)*float64(j), 1)
						}
					}
					return lp
				})
			},
		},
		{
			name: "three plates, typed latents, rows of an array in pieces",
			text: `
data y : real[A, B, 2]
data g : int[A, B] in 1..3
w[k in 1..3] : real[2] ~ Normal(0, 1)
plate a in 1..A {
  u[a] : real[2] ~ Normal(w[2], 1)
  let m[a, 1] = u[a, 1] + 1
  let m[a, 2] = u[a, 2] * 2
  plate b in 1..B {
    z[a, b] : real[2] ~ Normal(u[a], exp(w[g[a, b]]))
    plate c in 1..2 { y[a, b, c] ~ Normal(z[a, b, c] + m[a, c] + w[g[a, b], c] * m[a, 1], 1) }
    factor sum(m[a] * z[a, b])
  }
}`,
			data: func(n int) values {
				y := make([][][]float64, n)
				for i := range y {
					y[i] = table(3, 2)
					y[i][2][1] = float64(i)
				}
				return values{"y": y, "g": codeTable(n, 3, 3)}
			},
			want: func(x at) float64 {
				lp := cells(x, "w", func(k, c int) float64 { return normal(x("w", k, c), 0, 1) })
				for a := 1; inside(x, "u", a, 1); a++ {
					m := [3]float64{0, x("u", a, 1) + 1, x("u", a, 2) * 2}
					lp += normal(x("u", a, 1), x("w", 2, 1), 1) + normal(x("u", a, 2), x("w", 2, 2), 1)
					for b := 1; b <= 3; b++ {
						g := int(x("g", a, b))
						for c := 1; c <= 2; c++ {
							z := x("z", a, b, c)
							lp += normal(z, x("u", a, c), math.Exp(x("w", g, c))) + m[c]*z
							lp += normal(x("y", a, b, c), z+m[c]+x("w", g, c)*m[1], 1)
						}
					}
				}
				return lp
			},
		},
		{
			name: "functions in comprehensions, gathers in comprehensions",
			text: `
fn sq(x: real) -> real = x * x
fn pick(v: real[K], i: int) -> real = if i <= K then v[i] else 0
fn spread(v: real[K], n: int) -> real[n] = [v[1] * i for i in 1..n]
data idx : int[N] in 1..4
data x : real[N]
b : real[4] ~ Normal(0, 1)
factor sum([sq(b[idx[i]]) * x[i] for i in 1..N])
factor sum([pick(b, idx[i] + 1) for i in 1..N])
factor sum([sq(sum(spread(b, 3))) * sq(x[i]) for i in 1..N, j in 1..2])
plate i in 1..N { factor sum([pick(b, k) for k in 1..5]) * pick(b, i) }`,
			data: func(n int) values { return values{"idx": codes(n, 4), "x": reals(n)} },
			want: func(x at) float64 {
				pick := func(i int) float64 {
					if i <= 4 {
						return x("b", i)
					}
					return 0
				}
				s := 0.0
				lp := each(x, "b", func(k int) float64 { s += x("b", k); return normal(x("b", k), 0, 1) })
				return lp + each(x, "x", func(i int) float64 {
					k, v := int(x("idx", i)), x("x", i)
					six := 6 * x("b", 1)
					return x("b", k)*x("b", k)*v + pick(k+1) + 2*six*six*v*v + s*pick(i)
				})
			},
		},
		{
			name: "infinite data on the branch not taken of a sum of products",
			text: `
data x : real[N, 3]
data y : real[N]
b : real[3] ~ Normal(0, 1)
plate i in 1..N {
  y[i] ~ Normal(if i == 2 then b[1] else sum([x[i, k] * b[k] for k in 1..3]) + sum(x[i] * b), 1)
}`,
			data: func(n int) values {
				x := table(n, 3)
				x[1][1] = math.Inf(1)
				return values{"x": x, "y": reals(n)}
			},
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				return lp + each(x, "y", func(i int) float64 {
					m := x("b", 1)
					if i != 2 {
						m = 2 * (x("x", i, 1)*x("b", 1) + x("x", i, 2)*x("b", 2) + x("x", i, 3)*x("b", 3))
					}
					return normal(x("y", i), m, 1)
				})
			},
		},
		{
			name: "sums of products of data and latents",
			text: `
data x : real[N, 3]
data z : real[N]
data y : real[N]
b : real[3] ~ Normal(0, 1)
c : real[N] ~ Normal(0, 1)
plate i in 1..N {
  y[i] ~ Normal(sum(b * x[i]) + sum([x[i, k] * b[k] * z[i] for k in 1..3]) + sum([z[k] * c[k] for k in 1..N]), 1)
  factor sum([c[i] * x[i, k] for k in 1..3]) + sum([b[k] * z[j] for k in 1..3, j in 1..N])
}`,
			data: func(n int) values { return values{"x": table(n, 3), "z": positives(n), "y": reals(n)} },
			want: func(x at) float64 {
				sb, sz, zc := 0.0, 0.0, 0.0
				lp := each(x, "b", func(k int) float64 { sb += x("b", k); return normal(x("b", k), 0, 1) })
				lp += each(x, "z", func(k int) float64 {
					sz += x("z", k)
					zc += x("z", k) * x("c", k)
					return normal(x("c", k), 0, 1)
				})
				return lp + each(x, "y", func(i int) float64 {
					m, sx := 0.0, 0.0
					for k := 1; k <= 3; k++ {
						m += x("x", i, k) * x("b", k)
						sx += x("x", i, k)
					}
					return normal(x("y", i), m+m*x("z", i)+zc, 1) + x("c", i)*sx + sb*sz
				})
			},
		},
		{
			name: "what is observed: scalars, lets of data, truncated counts",
			text: `
data y : real[N]
data s : real
data k : int[N]
mu ~ Normal(0, 1)
let z = y * 2
let w[i in 1..N] = y[i] + 1
s ~ Normal(mu, 1)
z ~ Normal(mu, 3)
w[i in 1..N] ~ Normal(mu * i, 1)
k ~ Poisson(exp(mu)) in 0..4
plate i in 1..N { factor log_density(Poisson(2) in 0..4, k[i]) * mu }`,
			data: func(n int) values { return values{"y": reals(n), "s": 0.5, "k": counts(n)} },
			want: func(x at) float64 {
				mu := x("mu")
				truncated := func(k, r float64) float64 {
					p := 0.0
					for j := 0.0; j <= 4; j++ {
						p += math.Exp(poisson(j, r))
					}
					return poisson(k, r) - math.Log(p)
				}
				lp := normal(mu, 0, 1) + normal(x("s"), mu, 1)
				return lp + each(x, "y", func(i int) float64 {
					y, k := x("y", i), x("k", i)
					return normal(2*y, mu, 3) + normal(y+1, mu*float64(i), 1) + truncated(k, math.Exp(mu)) + mu*truncated(k, 2)
				})
			},
		},
		{
			name: "functions with loops over latents, called in plates",
			text: `
fn double(x: real[T], k: real) -> real[T] {
  for t in 1..T { let s[t] = x[t] * k }
  return s
}
fn lagged(x: real[T]) -> real {
  let d[1] = x[1]
  for t in 2..T { let d[t] = x[t] - x[t-1] }
  return sum(d * d)
}
fn upto(x: real[T], n: int) -> real = sum([x[t] for t in 1..n])
data y : real[N, 3]
data n : int[N] in 0..3
b : real[3] ~ Normal(0, 1)
plate i in 1..N {
  y[i] ~ Normal(double(b, y[i, 1] + i), 1)
  factor lagged(double(b, i)) + upto(b, n[i]) + lagged(y[i])
}`,
			data: func(n int) values { return values{"y": table(n, 3), "n": lengths(n)} },
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				lagged := func(v ...float64) float64 {
					d1, d2 := v[1]-v[0], v[2]-v[1]
					return v[0]*v[0] + d1*d1 + d2*d2
				}
				b1, b2, b3 := x("b", 1), x("b", 2), x("b", 3)
				return lp + each(x, "n", func(i int) float64 {
					f := float64(i)
					lp := lagged(b1*f, b2*f, b3*f) + lagged(x("y", i, 1), x("y", i, 2), x("y", i, 3))
					for k := 1; k <= 3; k++ {
						lp += normal(x("y", i, k), x("b", k)*(x("y", i, 1)+f), 1)
						if k <= int(x("n", i)) {
							lp += x("b", k)
						}
					}
					return lp
				})
			},
		},
		{
			name: "latents of a kind in pieces, and under equal ragged ranges",
			text: `
data n : int[G]
data y : int[G] in 1..3
p[1] : simplex[3] ~ Dirichlet([1, 2, 3])
p[g in 2..G] : simplex[3] ~ Dirichlet(ones(3))
plate g in 1..G {
  y[g] ~ Categorical(p[g])
  plate j in 1..n[g] { z[g, j] ~ Exponential(p[g, 1] + j) }
  factor z[g, 2]
}`,
			data: func(n int) values {
				two := make([]int, n)
				for i := range two {
					two[i] = 2
				}
				return values{"n": two, "y": codes(n, 3)}
			},
			want: func(x at) float64 {
				return each(x, "y", func(g int) float64 {
					p := []float64{x("p", g, 1), x("p", g, 2), x("p", g, 3)}
					a := []float64{1, 1, 1}
					if g == 1 {
						a = []float64{1, 2, 3}
					}
					lp := dirichlet(p, a) + math.Log(p[int(x("y", g))-1]) + x("z", g, 2)
					return lp + exponential(x("z", g, 1), p[0]+1) + exponential(x("z", g, 2), p[0]+2)
				})
			},
		},
		{
			name: "a change point: conditions of indices and data in a loop",
			text: `
data y : real[T]
data c : int
a : real[2] ~ Normal(0, 1)
for t in 1..T {
  let k = if t < c then 1 else 2
  let prev = if t > 1 then y[t-1] else 0
  y[t] ~ Normal(a[k] + 0.5 * prev, 1)
  factor if t == c then a[1] * a[2] else 0
}`,
			data: func(n int) values { return values{"y": reals(n), "c": 3} },
			want: func(x at) float64 {
				a1, a2 := x("a", 1), x("a", 2)
				lp := normal(a1, 0, 1) + normal(a2, 0, 1) + a1*a2
				return lp + each(x, "y", func(t int) float64 {
					m := a2
					if t < 3 {
						m = a1
					}
					if t > 1 {
						m += 0.5 * x("y", t-1)
					}
					return normal(x("y", t), m, 1)
				})
			},
		},
		{
			name: "dimensions of functions: expressions before the names that they use",
			text: `
fn steps(d: real[K - 1], x: real[K]) -> real = x[1] + sum(d) * K
b : real[3] ~ Normal(0, 1)
factor steps(b[2..3], b) + steps([b[1]], b[1..2])`,
			data: func(n int) values { return values{} },
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				return lp + x("b", 1) + (x("b", 2)+x("b", 3))*3 + x("b", 1) + 2*x("b", 1)
			},
		},
		{
			name: "loops with two indices, and with shifted left sides",
			text: `
data y : real[T, N]
plate i in 1..N { z[1, i] ~ Normal(0, 1) }
let s[1, i in 1..N] = y[1, i]
for t in 2..T, i in 1..N {
  z[t, i] ~ Normal(0.5 * z[t-1, i] + s[t-1, i], 1)
  let s[t, i] = 0.5 * s[t-1, i] + y[t, i]
}
h[1] ~ Normal(0, 1)
for t in 1..T-1 { h[t+1] ~ Normal(h[t] * z[t+1, 1], 1) }
y ~ Normal(z, 1)`,
			data: func(n int) values { return values{"y": table(n, 2)} },
			want: func(x at) float64 {
				var s [3]float64
				return cells(x, "y", func(t, i int) float64 {
					lp := normal(x("y", t, i), x("z", t, i), 1)
					switch {
					case t == 1:
						lp += normal(x("z", 1, i), 0, 1)
						if i == 1 {
							lp += normal(x("h", 1), 0, 1)
						}
					default:
						lp += normal(x("z", t, i), 0.5*x("z", t-1, i)+s[i], 1)
						if i == 1 {
							lp += normal(x("h", t), x("h", t-1)*x("z", t, 1), 1)
						}
					}
					s[i] = 0.5*s[i] + x("y", t, i)
					return lp
				})
			},
		},
		{
			name: "latent series of different lengths that look back",
			text: `
data n : int[N]
data y : real[N, T]
plate i in 1..N {
  z[i, 1] ~ Normal(0, 1)
  plate t in n[i]+1..T { z[i, t] ~ Normal(0, 3) }
  for t in 2..n[i] { z[i, t] ~ Normal(z[i, t-1] * i, 1) }
}
y ~ Normal(z, 1)`,
			data: func(n int) values {
				l := lengths(n)
				for i := range l {
					l[i]++
				}
				return values{"n": l, "y": table(n, 4)}
			},
			want: func(x at) float64 {
				return cells(x, "y", func(i, t int) float64 {
					lp := normal(x("y", i, t), x("z", i, t), 1)
					switch {
					case t == 1:
						return lp + normal(x("z", i, 1), 0, 1)
					case t > int(x("n", i)):
						return lp + normal(x("z", i, t), 0, 3)
					}
					return lp + normal(x("z", i, t), x("z", i, t-1)*float64(i), 1)
				})
			},
		},
	}
}

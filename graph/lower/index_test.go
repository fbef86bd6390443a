package lower_test

import "testing"

// Every pattern of indexing.
func TestIndexing(t *testing.T) { runCases(t, indexingCases()) }

func indexingCases() []testCase {
	return []testCase{
		{
			name: "own index and a gather through data",
			text: `
data J : int
data county : int[N] in 1..J
data floor : real[N]
data radon : real[N]
mu ~ Normal(0, 5)
tau ~ HalfNormal(2)
alpha[j in 1..J] ~ Normal(mu, tau)
slope ~ Normal(0, 5)
radon[i in 1..N] ~ Normal(alpha[county[i]] + slope * floor[i], 1.5)`,
			data: func(n int) values {
				return values{"J": 3, "county": codes(n, 3), "floor": reals(n), "radon": reals(n)}
			},
			want: func(x at) float64 {
				lp := normal(x("mu"), 0, 5) + halfNormal(x("tau"), 2) + normal(x("slope"), 0, 5)
				for j := 1; j <= 3; j++ {
					lp += normal(x("alpha", j), x("mu"), x("tau"))
				}
				return lp + each(x, "radon", func(i int) float64 {
					return normal(x("radon", i), x("alpha", int(x("county", i)))+x("slope")*x("floor", i), 1.5)
				})
			},
		},
		{
			name: "nested gathers",
			text: `
data region : factor(R)[J]
data county : factor(J)[N]
data y : real[N]
g[r in 1..R] ~ Normal(0, 1)
a[j in 1..J] ~ Normal(g[region[j]], 0.7)
plate i in 1..N { y[i] ~ Normal(a[county[i]] + g[region[county[i]]], 1) }`,
			data: func(n int) values {
				return values{"region": codes(n, 2), "county": codes(3*n, n), "y": reals(3 * n)}
			},
			want: func(x at) float64 {
				lp := normal(x("g", 1), 0, 1) + normal(x("g", 2), 0, 1)
				lp += each(x, "a", func(j int) float64 {
					return normal(x("a", j), x("g", int(x("region", j))), 0.7)
				})
				return lp + each(x, "y", func(i int) float64 {
					c := int(x("county", i))
					return normal(x("y", i), x("a", c)+x("g", int(x("region", c))), 1)
				})
			},
		},
		{
			name: "another plate's index",
			text: `
data y : real[N, M]
a[i in 1..N] ~ Normal(0, 1)
b[j in 1..M] ~ Normal(0, 2)
plate i in 1..N { plate j in 1..M { y[i, j] ~ Normal(a[i] + b[j], 0.5) } }`,
			data: func(n int) values { return values{"y": table(n, 3)} },
			want: func(x at) float64 {
				lp := each(x, "a", func(i int) float64 { return normal(x("a", i), 0, 1) })
				lp += each(x, "b", func(j int) float64 { return normal(x("b", j), 0, 2) })
				return lp + cells(x, "y", func(i, j int) float64 {
					return normal(x("y", i, j), x("a", i)+x("b", j), 0.5)
				})
			},
		},
		{
			name: "shifts back and forth",
			text: `
data y : real[T]
data w : real[T]
a ~ Normal(0, 1)
plate t in 2..T-1 { y[t] ~ Normal(a * w[t-1] - w[t+1] + y[t-1], 1) }`,
			data: func(n int) values { return values{"y": reals(n), "w": positives(n)} },
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1)
				for t := 2; t < len1(x, "y"); t++ {
					lp += normal(x("y", t), x("a")*x("w", t-1)-x("w", t+1)+x("y", t-1), 1)
				}
				return lp
			},
		},
		{
			name: "lags by a comprehension",
			text: `
data y : real[T]
data K : int
b[k in 1..K] ~ Normal(0, 1)
plate t in K+1..T { y[t] ~ Normal(sum([b[k] * y[t-k] for k in 1..K]), 1) }`,
			data: func(n int) values { return values{"y": reals(n + 3), "K": 3} },
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				for t := 4; t <= len1(x, "y"); t++ {
					m := 0.0
					for k := 1; k <= 3; k++ {
						m += x("b", k) * x("y", t-k)
					}
					lp += normal(x("y", t), m, 1)
				}
				return lp
			},
		},
		{
			name: "constants, ranges and colons",
			text: `
data x : real[N, 3]
b : real[3] ~ Normal(0, 1)
let c = b[2..3]
let d = x[:, 2]
let e = x[2..N, 1..2]
let f = x[2]
factor b[1] * sum(d) + c[1] * c[2] + sum(e) * b[3]
factor sum(f * b)
factor sum(x[:, 1..2][1])`,
			data: func(n int) values { return values{"x": table(n, 3)} },
			want: func(x at) float64 {
				n := len1(x, "x", 1)
				lp := 0.0
				for k := 1; k <= 3; k++ {
					lp += normal(x("b", k), 0, 1) + x("x", 2, k)*x("b", k)
				}
				for i := 1; i <= n; i++ {
					lp += x("b", 1) * x("x", i, 2)
					if i > 1 {
						lp += (x("x", i, 1) + x("x", i, 2)) * x("b", 3)
					}
				}
				return lp + x("b", 2)*x("b", 3) + x("x", 1, 1) + x("x", 1, 2)
			},
		},
		{
			name: "transposed under nested plates",
			text: `
data x : real[M, N]
data y : real[N, M]
s[j in 1..M] ~ Normal(0, 1)
plate i in 1..N { plate j in 1..M { y[i, j] ~ Normal(x[j, i] * s[j] + x[1, i], 1) } }`,
			data: func(n int) values { return values{"x": table(3, n), "y": table(n, 3)} },
			want: func(x at) float64 {
				lp := each(x, "s", func(j int) float64 { return normal(x("s", j), 0, 1) })
				return lp + cells(x, "y", func(i, j int) float64 {
					return normal(x("y", i, j), x("x", j, i)*x("s", j)+x("x", 1, i), 1)
				})
			},
		},
		{
			name: "a latent read transposed",
			text: `
data y : real[M, N]
z[i in 1..N, j in 1..M] ~ Normal(0, 1)
plate j in 1..M, i in 1..N { y[j, i] ~ Normal(z[i, j], 0.3) }`,
			data: func(n int) values { return values{"y": table(2, n)} },
			want: func(x at) float64 {
				return cells(x, "z", func(i, j int) float64 {
					return normal(x("z", i, j), 0, 1) + normal(x("y", j, i), x("z", i, j), 0.3)
				})
			},
		},
		{
			name: "several patterns at once",
			text: `
data g : int[N] in 1..4
data y : real[N]
z[a in 1..4, b in 1..N, c in 1..2] ~ Normal(0, 1)
plate i in 2..N { y[i] ~ Normal(z[g[i], i-1, 2] + sum(z[1, :, 1]), 1) }`,
			data: func(n int) values { return values{"g": codes(n, 4), "y": reals(n)} },
			want: func(x at) float64 {
				lp, first := 0.0, 0.0
				n := len1(x, "y")
				for a := 1; a <= 4; a++ {
					for b := 1; b <= n; b++ {
						lp += normal(x("z", a, b, 1), 0, 1) + normal(x("z", a, b, 2), 0, 1)
						if a == 1 {
							first += x("z", a, b, 1)
						}
					}
				}
				for i := 2; i <= n; i++ {
					lp += normal(x("y", i), x("z", int(x("g", i)), i-1, 2)+first, 1)
				}
				return lp
			},
		},
		{
			name: "index arrays: gather and outer product",
			text: `
data idx : int[N] in 1..4
data jdx : int[2] in 1..4
data y : real[N]
b : real[4] ~ Normal(0, 1)
m : real[4, 4] ~ Normal(0, 2)
y ~ Normal(b[idx], 1)
factor sum(m[idx, jdx])
plate i in 1..N { factor sum(m[i - i + 2, jdx]) * y[i] }`,
			data: func(n int) values { return values{"idx": codes(n, 4), "jdx": []int{3, 1}, "y": reals(n)} },
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				lp += cells(x, "m", func(i, j int) float64 { return normal(x("m", i, j), 0, 2) })
				return lp + each(x, "y", func(i int) float64 {
					k := int(x("idx", i))
					return normal(x("y", i), x("b", k), 1) + x("m", k, 3) + x("m", k, 1) + (x("m", 2, 3)+x("m", 2, 1))*x("y", i)
				})
			},
		},
		{
			name: "rows and partial indices",
			text: `
data x : real[N, 3]
data y : real[N]
beta : real[3] ~ Normal(0, 1)
z[i in 1..N] : real[3] ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Normal(sum(x[i] * beta) + z[i] @ beta + z[i, 2], 1) }`,
			data: func(n int) values { return values{"x": table(n, 3), "y": reals(n)} },
			want: func(x at) float64 {
				lp := each(x, "beta", func(k int) float64 { return normal(x("beta", k), 0, 1) })
				lp += cells(x, "z", func(i, j int) float64 { return normal(x("z", i, j), 0, 1) })
				return lp + each(x, "y", func(i int) float64 {
					m := x("z", i, 2)
					for k := 1; k <= 3; k++ {
						m += (x("x", i, k) + x("z", i, k)) * x("beta", k)
					}
					return normal(x("y", i), m, 1)
				})
			},
		},
		{
			name: "a factor's codes, bools and ints in arithmetic",
			text: `
data g : factor(J)[N]
data b : bool[N]
data k : int[N]
data flag : bool
data m : int
data y : real[N]
a[j in 1..J] ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Normal(a[g[i]] * b[i] + k[i] / 2 + flag * m + (k[i] > 2) - !b[i], 1 + g[i] * k[i]) }`,
			data: func(n int) values {
				b := make([]bool, n)
				for i := range b {
					b[i] = i%3 != 1
				}
				return values{"g": codes(n, 3), "b": b, "k": counts(n), "flag": true, "m": 3, "y": reals(n)}
			},
			want: func(x at) float64 {
				lp := each(x, "a", func(j int) float64 { return normal(x("a", j), 0, 1) })
				return lp + each(x, "y", func(i int) float64 {
					k, b := x("k", i), x("b", i)
					m := x("a", int(x("g", i)))*b + k/2 + 3 - (1 - b)
					if k > 2 {
						m++
					}
					return normal(x("y", i), m, 1+x("g", i)*k)
				})
			},
		},
		{
			name: "observed elements picked by index",
			text: `
data y : real[N]
data idx : int[M] in 1..N
data w : real[N]
mu ~ Normal(0, 1)
plate i in 1..M { y[idx[i]] ~ Normal(mu * i, 1) }
w[idx] ~ Normal(mu, 2)`,
			data: func(n int) values {
				idx := make([]int, n)
				for i := range idx {
					idx[i] = (3*i)%(n+1) + 1
				}
				return values{"idx": idx, "y": reals(n + 1), "w": reals(n + 1)}
			},
			want: func(x at) float64 {
				lp := normal(x("mu"), 0, 1)
				return lp + each(x, "idx", func(i int) float64 {
					k := int(x("idx", i))
					return normal(x("y", k), x("mu")*float64(i), 1) + normal(x("w", k), x("mu"), 2)
				})
			},
		},
		{
			name: "observed slices and rows",
			text: `
data y : real[T]
data x : real[N, 3]
mu ~ Normal(0, 1)
y[2..T] ~ Normal(mu * y[1..T-1], 1)
x[:, 2] ~ Normal(mu, 2)
plate i in 1..N { x[i, 3] ~ Normal(x[i, 1], exp(mu)) }`,
			data: func(n int) values { return values{"y": reals(n), "x": table(n+1, 3)} },
			want: func(x at) float64 {
				lp := normal(x("mu"), 0, 1)
				for t := 2; t <= len1(x, "y"); t++ {
					lp += normal(x("y", t), x("mu")*x("y", t-1), 1)
				}
				for i := 1; i <= len1(x, "x", 1); i++ {
					lp += normal(x("x", i, 2), x("mu"), 2) + normal(x("x", i, 3), x("x", i, 1), expf(x("mu")))
				}
				return lp
			},
		},
	}
}

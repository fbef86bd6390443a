package lower_test

import "testing"

// lengths are n numbers from 0 to 3 in no order; starts are the sums before each.
func lengths(n int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = (i*i + i/2 + 1) % 4
	}
	return x
}

func starts(n []int) (s []int, total int) {
	for _, k := range n {
		s = append(s, total)
		total += k
	}
	return s, total
}

func raggedData(n int) values {
	s, total := starts(lengths(n))
	return values{"n": lengths(n), "start": s, "y": reals(total), "x": reals(total)}
}

// Ranges whose ends differ between the iterations of those around them.
func TestRagged(t *testing.T) { runCases(t, raggedCases()) }

func raggedCases() []testCase {
	return []testCase{
		{
			name: "observations of groups of different sizes",
			text: `
data n : int[G] in 0..100
data start : int[G]
data x : real[M]
data y : real[M]
mu ~ Normal(0, 1)
plate g in 1..G {
  a[g] ~ Normal(mu, 1)
  let b = a[g] * 2 + g
  plate j in 1..n[g] {
    let i = start[g] + j
    y[start[g] + j] ~ Normal(a[g] + b * x[i] + j, 1)
    factor mu
    factor b * 0.1
  }
}`,
			data: raggedData,
			want: func(x at) float64 {
				lp := normal(x("mu"), 0, 1)
				return lp + each(x, "n", func(g int) float64 {
					a := x("a", g)
					b := 2*a + float64(g)
					lp := normal(a, x("mu"), 1)
					for j := 1; j <= int(x("n", g)); j++ {
						i := int(x("start", g)) + j
						lp += normal(x("y", i), a+b*x("x", i)+float64(j), 1) + x("mu") + 0.1*b
					}
					return lp
				})
			},
		},
		{
			name: "pairs i > j, with a factor and an observation",
			text: `
data y : real[N, N]
a[i in 1..N] ~ Normal(0, 1)
plate i in 1..N, j in 1..i-1 { y[i, j] ~ Normal(a[i] - a[j], 1) }
plate i in 1..N { plate j in i+1..N { factor a[i] * a[j] / i } }
factor sum([sum([a[i] * a[j] * y[j, i] for j in i+1..N]) for i in 1..N])
factor sum([y[i, j] for i in 1..N, j in 1..i-1]) * a[1]`,
			data: func(n int) values { return values{"y": table(n, n)} },
			want: func(x at) float64 {
				return cells(x, "y", func(i, j int) float64 {
					lp := 0.0
					switch {
					case i == j:
						lp += normal(x("a", i), 0, 1)
					case j < i:
						lp += normal(x("y", i, j), x("a", i)-x("a", j), 1) + x("y", i, j)*x("a", 1)
					default:
						lp += x("a", i)*x("a", j)/float64(i) + x("a", i)*x("a", j)*x("y", j, i)
					}
					return lp
				})
			},
		},
		{
			name: "sums and means over ragged comprehensions and slices",
			text: `
data n : int[G] in 0..100
data start : int[G]
data x : real[M]
data y : real[M]
b ~ Normal(0, 1)
c[i in 1..M] ~ Normal(0, 1)
plate g in 1..G {
  let s = sum([c[start[g] + j] * x[start[g] + j] for j in 1..n[g]])
  factor s * s + sum(c[start[g]+1..start[g]+n[g]]) * g
  factor if n[g] > 0 then mean([c[start[g] + j] for j in 1..n[g]]) ^ 2 else b
  factor sum([sum([c[k] * b for k in 1..j]) for j in 1..n[g]])
  factor sum([b * j for j in 1..n[g]]) + sum([b ^ 2 for j in 1..n[g]])
}
factor sum([sum([c[i] for i in 1..n[g]]) * g for g in 1..G])`,
			data: func(n int) values {
				v := raggedData(n)
				return v
			},
			want: func(x at) float64 {
				b := x("b")
				lp := normal(b, 0, 1) + each(x, "c", func(i int) float64 { return normal(x("c", i), 0, 1) })
				return lp + each(x, "n", func(g int) float64 {
					n, at := int(x("n", g)), int(x("start", g))
					lp, s, c, first := 0.0, 0.0, 0.0, 0.0
					for j := 1; j <= n; j++ {
						s += x("c", at+j) * x("x", at+j)
						c += x("c", at+j)
						first += x("c", j)
						lp += first*b + b*float64(j) + b*b
					}
					lp += s*s + c*float64(g) + first*float64(g)
					if n > 0 {
						return lp + c*c/float64(n*n)
					}
					return lp + b
				})
			},
		},
		{
			name: "a triangular matrix from pieces",
			text: `
data K : int
data y : real[N, K]
r[i in 1..K, j in 1..K] ~ Normal(0, 1)
s[i in 1..K] ~ Exponential(1)
let L[k in 1..1, j in 1..1] = s[1]
plate i in 2..K {
  plate j in 1..i-1 { let L[i, j] = r[i, j] / i }
}
plate i in 1..K { plate j in i+1..K { let L[i, j] = 0 } }
plate i in 2..K { plate j in i..i { let L[i, j] = s[i] } }
plate n in 1..N { y[n] ~ MvNormal(zeros(K), chol = L) }`,
			data: func(n int) values { return values{"K": 3, "y": table(n, 3)} },
			lets: map[string]func(x at, i ...int) float64{
				"L": func(x at, i ...int) float64 {
					switch {
					case i[0] == i[1]:
						return x("s", i[0])
					case i[0] < i[1]:
						return 0
					}
					return x("r", i[0], i[1]) / float64(i[0])
				},
			},
			want: func(x at) float64 {
				l, cov := make([][]float64, 3), make([][]float64, 3)
				lp := cells(x, "r", func(i, j int) float64 { return normal(x("r", i, j), 0, 1) })
				for i := range l {
					l[i] = make([]float64, 3)
					l[i][i] = x("s", i+1)
					lp += exponential(l[i][i], 1)
					for j := 0; j < i; j++ {
						l[i][j] = x("r", i+1, j+1) / float64(i+1)
					}
				}
				for i := range l {
					cov[i] = make([]float64, 3)
					for j := range l {
						for k := range l {
							cov[i][j] += l[i][k] * l[j][k]
						}
					}
				}
				for n := 1; inside(x, "y", n, 1); n++ {
					lp += mvNormal([]float64{x("y", n, 1), x("y", n, 2), x("y", n, 3)}, []float64{0, 0, 0}, cov)
				}
				return lp
			},
		},
		{
			name: "series of different lengths in a plate",
			text: `
data T : int[N] in 1..100
data y : real[N, M]
phi[i in 1..N] ~ Normal(0, 1)
plate i in 1..N {
  for t in 2..T[i] { y[i, t] ~ Normal(phi[i] * y[i, t-1], 1) }
}`,
			data: func(n int) values {
				T := lengths(n)
				for i := range T {
					T[i]++
				}
				return values{"T": T, "y": table(n, 5)}
			},
			want: func(x at) float64 {
				return each(x, "T", func(i int) float64 {
					lp := normal(x("phi", i), 0, 1)
					for t := 2; t <= int(x("T", i)); t++ {
						lp += normal(x("y", i, t), x("phi", i)*x("y", i, t-1), 1)
					}
					return lp
				})
			},
		},
		{
			name: "ragged ranges in ragged ranges",
			text: `
data n : int[G] in 0..100
data w : real[G]
b[k in 1..4] ~ Normal(0, 1)
plate g in 1..G {
  let u = w[g] * b[1]
  plate j in 1..n[g] {
    let v = u + b[j] * g
    plate k in j..n[g] { factor v * b[k] + u * j * w[g] }
  }
}`,
			data: func(n int) values { return values{"n": lengths(n), "w": reals(n)} },
			want: func(x at) float64 {
				lp := each(x, "b", func(k int) float64 { return normal(x("b", k), 0, 1) })
				return lp + each(x, "n", func(g int) float64 {
					lp, u := 0.0, x("w", g)*x("b", 1)
					for j := 1; j <= int(x("n", g)); j++ {
						v := u + x("b", j)*float64(g)
						for k := j; k <= int(x("n", g)); k++ {
							lp += v*x("b", k) + u*float64(j)*x("w", g)
						}
					}
					return lp
				})
			},
		},
		{
			name: "data recurrences of different lengths",
			text: `
data T : int[N] in 1..100
data y : real[N, M]
a ~ Normal(0, 1)
plate i in 1..N {
  let s[i, 1] = y[i, 1]
  plate t in T[i]+1..M { let s[i, t] = 0 }
  for t in 2..T[i] { let s[i, t] = 0.5 * s[i, t-1] + y[i, t] }
}
y ~ Normal(a * s, 1)`,
			data: func(n int) values {
				T := lengths(n)
				for i := range T {
					T[i]++
				}
				return values{"T": T, "y": table(n, 5)}
			},
			want: func(x at) float64 {
				lp := normal(x("a"), 0, 1)
				return lp + each(x, "T", func(i int) float64 {
					lp, s := 0.0, 0.0
					for t := 1; t <= 5; t++ {
						s = 0.5*s + x("y", i, t)
						if t > int(x("T", i)) {
							s = 0
						}
						lp += normal(x("y", i, t), x("a")*s, 1)
					}
					return lp
				})
			},
		},
		{
			name: "latents whose ragged pieces fill a matrix",
			text: `
data N : int
plate i in 1..N { plate j in i..N { z[i, j] ~ Normal(i, 1) } }
plate i in 2..N { plate j in 1..i-1 { z[i, j] ~ Exponential(j) } }
factor sum(z[1] * z[2])`,
			data: func(n int) values { return values{"N": n} },
			want: func(x at) float64 {
				return cells(x, "z", func(i, j int) float64 {
					lp := 0.0
					if i == 1 {
						lp = x("z", 1, j) * x("z", 2, j)
					}
					if j >= i {
						return lp + normal(x("z", i, j), float64(i), 1)
					}
					return lp + exponential(x("z", i, j), float64(j))
				})
			},
		},
	}
}

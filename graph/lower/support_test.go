package lower_test

import (
	"math"
	"testing"
)

// Supports of latents, truncation, and distributions over vectors.
func TestSupports(t *testing.T) { runCases(t, supportCases()) }

func supportCases() []testCase {
	logPhiBetween := func(mu, sd, lo, hi float64) float64 { return math.Log(phi((hi-mu)/sd) - phi((lo-mu)/sd)) }
	return []testCase{
		{
			name: "pieces with different supports",
			text: `
data y : real[N]
s[1] ~ Exponential(1)
s[2] ~ Normal(0, 1)
s[3] ~ Beta(2, 2)
for i in 4..N { s[i] ~ Normal(s[1], 1) in (0, inf) }
y ~ Normal(s, 1)`,
			data: func(n int) values { return values{"y": reals(n + 2)} },
			want: func(x at) float64 {
				s := func(i int) float64 { return x("s", i) }
				lp := exponential(s(1), 1) + normal(s(2), 0, 1) + beta(s(3), 2, 2)
				return lp + each(x, "y", func(i int) float64 {
					lp := normal(x("y", i), s(i), 1)
					if i > 3 {
						lp += normal(s(i), s(1), 1) - math.Log(phi(s(1)))
					}
					return lp
				})
			},
		},
		{
			name: "truncation: constant, data and latent bounds, one-sided, arrays",
			text: `
data lo : real[N]
data y : real[N]
a ~ Normal(1, 2) in (-1, 3)
b ~ Normal(a, 1) in (a, inf)
c ~ Exponential(2) in (0.5, inf)
d ~ Normal(0, 1) in (-inf, a)
v : real[N] ~ Normal(a, 2) in (lo, 4)
plate i in 1..N {
  w[i] ~ Normal(b, 1) in (lo[i], lo[i] + c)
  y[i] ~ Normal(a, 1) in (-9, 9)
}
u : real[2] ~ Uniform(a - 5, [2, 3] + b)
f ~ Flat() in (0, inf)
g : real[2] ~ Flat() in (-1, c)
factor -f`,
			data: func(n int) values { return values{"lo": reals(n), "y": reals(n)} },
			want: func(x at) float64 {
				a, b, c, d := x("a"), x("b"), x("c"), x("d")
				lp := normal(a, 1, 2) - logPhiBetween(1, 2, -1, 3)
				lp += normal(b, a, 1) + math.Ln2
				lp += exponential(c, 2) + 1
				lp += normal(d, 0, 1) - math.Log(phi(a)) - x("f")
				lp -= math.Log(2+b-a+5) + math.Log(3+b-a+5)
				return lp + each(x, "lo", func(i int) float64 {
					lo := x("lo", i)
					return normal(x("v", i), a, 2) - logPhiBetween(a, 2, lo, 4) +
						normal(x("w", i), b, 1) - logPhiBetween(b, 1, lo, lo+c) +
						normal(x("y", i), a, 1) - logPhiBetween(a, 1, -9, 9)
				})
			},
		},
		{
			name: "bounds that vary over a plate and over an element",
			text: `
data hi : real[K] > 0
data y : real[N]
plate i in 1..N {
  top[i] ~ Exponential(1)
  u[i] : real[K] ~ Uniform(-top[i], hi)
  w[i] : real[K] ~ Normal(0, 1) in (-hi, hi)
  x[i] : real[2] ~ Uniform(0, top[i])
}`,
			data: func(n int) values { return values{"hi": []float64{1, 2.5, 0.5}, "y": reals(n)} },
			want: func(x at) float64 {
				return each(x, "top", func(i int) float64 {
					lp := exponential(x("top", i), 1) - 2*math.Log(x("top", i))
					for k := 1; k <= 3; k++ {
						hi := x("hi", k)
						if u := x("u", i, k); u < -x("top", i) || u > hi {
							return math.NaN()
						}
						lp += -math.Log(hi+x("top", i)) + normal(x("w", i, k), 0, 1) - logPhiBetween(0, 1, -hi, hi)
					}
					return lp
				})
			},
		},
		{
			name: "simplexes and ordered vectors in arrays",
			text: `
data J : int
s : simplex[J, 3] ~ Dirichlet([1, 2, 3])
o[j in 1..J] : ordered[3] ~ Normal([-1, 0, 1], [1, 2, 1])
p : positive_ordered[4] ~ Exponential(0.5)
q : ordered[2] ~ Normal(0, 10)`,
			data: func(n int) values { return values{"J": n} },
			want: func(x at) float64 {
				lp := normal(x("q", 1), 0, 10) + normal(x("q", 2), 0, 10)
				lp += each(x, "p", func(k int) float64 { return exponential(x("p", k), 0.5) })
				for j := 1; inside(x, "s", j, 1); j++ {
					lp += dirichlet([]float64{x("s", j, 1), x("s", j, 2), x("s", j, 3)}, []float64{1, 2, 3})
					lp += normal(x("o", j, 1), -1, 1) + normal(x("o", j, 2), 0, 2) + normal(x("o", j, 3), 1, 1)
				}
				return lp
			},
		},
		{
			name: "Dirichlet in a plate, with parameters from data",
			text: `
data a : real[N, 3] > 0
data y : int[N] in 1..3
plate i in 1..N {
  p[i] ~ Dirichlet(a[i])
  y[i] ~ Categorical(p[i])
}
r[k in 1..2] ~ Dirichlet(ones(2) * k)`,
			data: func(n int) values {
				a := make([][]float64, n)
				for i := range a {
					a[i] = []float64{0.5 + float64(i%3), 1, 2.5}
				}
				return values{"a": a, "y": codes(n, 3)}
			},
			want: func(x at) float64 {
				lp := dirichlet([]float64{x("r", 1, 1), x("r", 1, 2)}, []float64{1, 1}) + dirichlet([]float64{x("r", 2, 1), x("r", 2, 2)}, []float64{2, 2})
				return lp + each(x, "y", func(i int) float64 {
					p := []float64{x("p", i, 1), x("p", i, 2), x("p", i, 3)}
					return dirichlet(p, []float64{x("a", i, 1), x("a", i, 2), x("a", i, 3)}) + math.Log(p[int(x("y", i))-1])
				})
			},
		},
		{
			name: "MvNormal in plates: a mean for each row, a shared covariance",
			text: `
data y : real[N, 2]
data S : real[2, 2]
s ~ HalfNormal(1)
plate i in 1..N { m[i] ~ MvNormal(zeros(2), cov = S) }
plate i in 1..N { y[i] ~ MvNormal(m[i], cov = S * s + eye(2)) }`,
			data: func(n int) values {
				return values{"y": table(n, 2), "S": [][]float64{{1.5, 0.4}, {0.4, 0.8}}}
			},
			want: func(x at) float64 {
				lp := halfNormal(x("s"), 1)
				cov := func(s, d float64) [][]float64 {
					return [][]float64{{1.5*s + d, 0.4 * s}, {0.4 * s, 0.8*s + d}}
				}
				for i := 1; inside(x, "y", i, 1); i++ {
					m := []float64{x("m", i, 1), x("m", i, 2)}
					lp += mvNormal(m, []float64{0, 0}, cov(1, 0))
					lp += mvNormal([]float64{x("y", i, 1), x("y", i, 2)}, m, cov(x("s"), 1))
				}
				return lp
			},
		},
		{
			name: "MvNormal by a cholesky factor of a kernel",
			text: `
data t : real[N]
data y : real[N]
data w : real[M, N]
len ~ LogNormal(0, 1)
sd ~ HalfNormal(1)
let L = cholesky(cov_exp_quad(t, sd, len) + 0.1 * eye(N))
y ~ MvNormal(zeros(N), chol = L)
plate i in 1..M { w[i] ~ MvNormal(y * i, chol = L) }`,
			data: func(n int) values {
				return values{"t": []float64{0, 0.7, 1, 2.5}, "y": reals(4), "w": table(n, 4)}
			},
			want: func(x at) float64 {
				n := 4
				l, sd := x("len"), x("sd")
				cov := make([][]float64, n)
				for i := range cov {
					cov[i] = make([]float64, n)
					for j := range cov[i] {
						d := (x("t", i+1) - x("t", j+1)) / l
						cov[i][j] = sd * sd * math.Exp(-d*d/2)
						if i == j {
							cov[i][j] += 0.1
						}
					}
				}
				lp := halfNormal(sd, 1) + normal(math.Log(l), 0, 1) - math.Log(l)
				y, zero := make([]float64, n), make([]float64, n)
				for k := range y {
					y[k] = x("y", k+1)
				}
				lp += mvNormal(y, zero, cov)
				for i := 1; inside(x, "w", i, 1); i++ {
					w, m := make([]float64, n), make([]float64, n)
					for k := range w {
						w[k], m[k] = x("w", i, k+1), y[k]*float64(i)
					}
					lp += mvNormal(w, m, cov)
				}
				return lp
			},
		},
		{
			name: "defaults of parameters, discrete data",
			text: `
data y : int[N]
data b : int[N]
data k : int[N]
p ~ Beta(1, 1)
r ~ Gamma(2, 1)
plate i in 1..N {
  y[i] ~ Poisson(r * p)
  b[i] ~ Bernoulli(logit = r - p)
  k[i] ~ Binomial(6, p)
}`,
			data: func(n int) values {
				b := counts(n)
				for i := range b {
					b[i] %= 2
				}
				return values{"y": counts(n), "b": b, "k": counts(n)}
			},
			want: func(x at) float64 {
				p, r := x("p"), x("r")
				lp := gamma(r, 2, 1)
				return lp + each(x, "y", func(i int) float64 {
					k := x("k", i)
					return poisson(x("y", i), r*p) + bernoulli(x("b", i), invLogit(r-p)) +
						lgamma(7) - lgamma(k+1) - lgamma(7-k) + k*math.Log(p) + (6-k)*math.Log(1-p)
				})
			},
		},
	}
}

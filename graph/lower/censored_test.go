package lower_test

import (
	"math"
	"testing"
)

// Censored data: what is seen of each row by the rule, row by row, with the
// distribution functions written out.
func TestCensored(t *testing.T) { runCases(t, censoredCases()) }

// pattern is element i, from 1, of a periodic list.
func pattern(n int, list ...float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = list[i%len(list)]
	}
	return out
}

// everyThird are holes at elements 1, 4, 7, ... (from 1).
func everyThird(data []float64) holes {
	h := holes{data: data}
	for i := 0; i < len(data); i += 3 {
		h.at = append(h.at, i)
	}
	return h
}

func censoredCases() []testCase {
	inf := math.Inf(1)
	between := func(a, b, mu, sd float64) float64 { return math.Log(phi((b-mu)/sd) - phi((a-mu)/sd)) }
	poissonUpTo := func(k, rate float64) float64 {
		sum := 0.0
		for j := 0.0; j <= k; j++ {
			sum += math.Exp(poisson(j, rate))
		}
		return sum
	}
	missing := func(i int) bool { return i%3 == 1 }
	return []testCase{
		{
			name: "above: seen, at the bound, beyond it, missing, and infinite bounds",
			text: `
data t : real?[N]
data c : real[N] <= inf
m ~ Normal(0, 1)
s ~ Exponential(1)
t[i in 1..N] ~ Normal(m, s) censored above c[i]`,
			data: func(n int) values {
				return values{"t": everyThird(pattern(n, 9, 0.3, 1.5, 9, 2)), "c": pattern(n, 1.5, 0.7, 1.5, inf)}
			},
			want: func(x at) float64 {
				m, s := x("m"), x("s")
				lp := normal(m, 0, 1) + exponential(s, 1)
				return lp + each(x, "c", func(i int) float64 {
					t, c := x("t", i), x("c", i)
					switch {
					case (missing(i) || t >= c) && !math.IsInf(c, 1):
						return math.Log(phi((m - c) / s))
					case missing(i):
						return 0
					}
					return normal(t, m, s)
				})
			},
		},
		{
			name: "below, one bound for all, as a vector, with parameters by row",
			text: `
data y : real[N]
data x : real[N]
data limit : real
b ~ Normal(0, 1)
y ~ Normal(b * x, 1.3) censored below limit`,
			data: func(n int) values { return values{"y": reals(n), "x": positives(n), "limit": 0.1} },
			want: func(x at) float64 {
				b := x("b")
				return normal(b, 0, 1) + each(x, "y", func(i int) float64 {
					y, mu := x("y", i), b*x("x", i)
					if y <= 0.1 {
						return math.Log(phi((0.1 - mu) / 1.3))
					}
					return normal(y, mu, 1.3)
				})
			},
		},
		{
			name: "in an interval by row: equal bounds are seen, infinite ones open, both infinite nothing",
			text: `
data t : real?[N]
data lo : real[N] >= -inf
data up : real[N] <= inf
m ~ Normal(0, 1)
plate i in 1..N { t[i] ~ Normal(m, 2) censored in (lo[i], up[i]) }`,
			data: func(n int) values {
				return values{"t": everyThird(pattern(n, 9, 1.2, 0.5, 9, -3, 0.5)), "lo": pattern(n, 1, -1, -inf, 0.7, -inf), "up": pattern(n, inf, 1, 2, 0.7, inf)}
			},
			want: func(x at) float64 {
				m := x("m")
				return normal(m, 0, 1) + each(x, "lo", func(i int) float64 {
					t, lo, up := x("t", i), x("lo", i), x("up", i)
					switch {
					case lo == up && missing(i):
						return normal(lo, m, 2)
					case lo != up && (missing(i) || t >= lo && t <= up):
						return between(lo, up, m, 2)
					}
					return normal(t, m, 2)
				})
			},
		},
		{
			name: "integers: above and below leave the bound out, a range includes its ends",
			text: `
data a : int[N]
data b : int[N]
data c : int?[N]
data k : int[N]
r ~ Exponential(1)
a ~ Poisson(r) censored above k
b[i in 1..N] ~ Poisson(r) censored below k[i]
plate i in 1..N { c[i] ~ Poisson(r) censored in 2..4 }`,
			data: func(n int) values {
				c := everyThird(pattern(n, 9, 2, 5, 9, 4, 0))
				return values{"a": ints(n, 3, 2, 4), "b": ints(n, 1, 3, 0, 5), "c": c, "k": ints(n, 3, 1, 2)}
			},
			want: func(x at) float64 {
				r := x("r")
				return exponential(r, 1) + each(x, "k", func(i int) float64 {
					k, a, b, c := x("k", i), x("a", i), x("b", i), x("c", i)
					lp := poisson(a, r)
					if a > k {
						lp = math.Log(1 - poissonUpTo(k, r))
					}
					if b < k {
						lp += math.Log(poissonUpTo(k-1, r))
					} else {
						lp += poisson(b, r)
					}
					if missing(i) || c >= 2 && c <= 4 {
						return lp + math.Log(poissonUpTo(4, r)-poissonUpTo(1, r))
					}
					return lp + poisson(c, r)
				})
			},
		},
		{
			name: "a truncated distribution, a single datum, groups",
			text: `
data g : int[N]
data y : real[N]
data d : real
a[j in 1..2] ~ Normal(0, 1)
y[i in 1..N] ~ Normal(a[g[i]], 1) in (-2, inf) censored above 0.2
d ~ Normal(a[1], 1) censored in (-1, 3)`,
			data: func(n int) values { return values{"g": codes(n, 2), "y": reals(n), "d": 0.5} },
			want: func(x at) float64 {
				lp := normal(x("a", 1), 0, 1) + normal(x("a", 2), 0, 1) + between(-1, 3, x("a", 1), 1)
				return lp + each(x, "y", func(i int) float64 {
					m := x("a", int(x("g", i)))
					lp := -math.Log(phi(m + 2))
					if y := x("y", i); y < 0.2 {
						return lp + normal(y, m, 1)
					}
					return lp + math.Log(phi(m-0.2))
				})
			},
		},
	}
}

func ints(n int, list ...int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = list[i%len(list)]
	}
	return out
}

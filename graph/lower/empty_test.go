package lower_test

import (
	"math"
	"testing"
)

// Plates of nothing, arrays without elements, plates of one.
func TestEmpty(t *testing.T) {
	text := `
data x : real[N]
data y : real[N]
data g : int[N]
data n : int[N]
data w : real[N, 3]
data T : int
mu ~ Normal(0, 1)
plate i in 1..N {
  a[i] ~ Normal(mu, x[1] + 2)
  let m[i] = a[i] * x[i]
  y[i] ~ Normal(m[i] + sum([x[k] for k in 1..N]) + sum(x[1..i]) + w[1, 1], 1)
  plate j in 1..n[i] { factor a[i] * j }
  c[i] : real[2] ~ Normal(x[i], 1)
}
plate k in 1..0 { factor 1 / (k - k) + mu / x[k + 5] + log(-1) }
h[1] ~ Normal(0, 1)
for t in 2..T { h[t] ~ Normal(h[t-1], 1) }
let s[1] = 1
for t in 2..T { let s[t] = s[t-1] + 1 }
factor sum(x) + sum(a) + sum(m) + prod(x) * mu + sum(w @ [1, mu, 2]) + sum(s)
x ~ Normal(mu, 1)
factor sum([log(x[i]) for i in 1..0])
u : real[N] ~ Normal(0, 1) in (0, inf)
factor sum(u)`
	want := func(x at) float64 {
		mu := x("mu")
		sx, sa, sm, sw, prod, su := 0.0, 0.0, 0.0, 0.0, mu, 0.0
		lp := normal(mu, 0, 1) + normal(x("h", 1), 0, 1)
		lp += each(x, "x", func(i int) float64 { return x("x", i) })
		sx = each(x, "x", func(i int) float64 { return x("x", i) })
		lp += each(x, "y", func(i int) float64 {
			a, xi := x("a", i), x("x", i)
			sa, sm, prod, su = sa+a, sm+a*xi, prod*xi, su+x("u", i)
			sw += x("w", i, 1) + mu*x("w", i, 2) + 2*x("w", i, 3)
			lp := normal(a, mu, x("x", 1)+2) + normal(x("c", i, 1), xi, 1) + normal(x("c", i, 2), xi, 1) + normal(xi, mu, 1)
			m := a*xi + sx + x("w", 1, 1)
			for k := 1; k <= i; k++ {
				m += x("x", k)
			}
			for j := 1; j <= int(x("n", i)); j++ {
				lp += a * float64(j)
			}
			return lp + normal(x("y", i), m, 1) + halfNormal(x("u", i), 1)
		})
		T := x("T")
		for t := 2; t <= int(T); t++ {
			lp += normal(x("h", t), x("h", t-1), 1)
		}
		return lp + sa + sm + prod + sw + T*(T+1)/2 + su
	}
	data := func(n, T int) func(int) values {
		return func(int) values {
			w := any(table(n, 3))
			if n == 0 {
				w = shaped{[]int{0, 3}, nil}
			}
			return values{"x": positives(n), "y": reals(n), "g": codes(n, 2), "n": lengths(n), "w": w, "T": T}
		}
	}
	runCases(t, []testCase{
		{name: "nothing", text: text, data: data(0, 1), want: want},
		{name: "one", text: text, data: data(1, 1), want: want},
		{name: "some", text: text, data: data(5, 4), want: want},
	})
}

// The first elements of a chain of discrete latents are there also where the data are shorter than they.
func TestEmptyChain(t *testing.T) {
	text := `
data y : real[N]
let second = 2
mu ~ Normal(0, 1)
z[1] ~ Bernoulli(0.3)
z[second] ~ Bernoulli(0.6)
for t in 3..N { z[t] ~ Bernoulli(0.2 + 0.3 * z[t-1] + 0.3 * z[t-2]) }
y[t in 1..N] ~ Normal(mu * z[t], 1)`
	var cases []testCase
	for n := range 3 {
		cases = append(cases, testCase{name: []string{"none", "one", "two"}[n], text: text,
			data: func(int) values { return values{"y": reals(n)} },
			want: func(x at) float64 {
				lp := normal(x("mu"), 0, 1)
				for t, p := range []float64{0.3, 0.6}[:n] {
					y := x("y", t+1)
					lp += math.Log((1-p)*math.Exp(normal(y, 0, 1)) + p*math.Exp(normal(y, x("mu"), 1)))
				}
				return lp
			}})
	}
	runCases(t, cases)
}

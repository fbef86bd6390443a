package lower_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
)

// Branches on data and on latents, around expressions that have no value, or no
// derivatives, where the other branch is taken.
func TestBranches(t *testing.T) {
	for _, c := range branchCases() {
		c.run(t)
		t.Run(c.name+", second derivatives", func(t *testing.T) { c.checkSecond(t) })
	}
}

// checkSecond compares second derivatives with differences of gradients.
func (c testCase) checkSecond(t *testing.T) {
	p := c.lowered(t, 7)
	r := rand.New(rand.NewPCG(3, 7))
	u, w := make([]float64, p.d), make([]float64, p.d)
	for i := range u {
		u[i], w[i] = r.NormFloat64(), r.NormFloat64()
	}
	first := grad.Reverse(p.b.G, p.target, []*graph.Node{p.u})[0]
	along := p.b.SumAll(p.b.Mul(p.b.Wrap(first), p.b.Array(p.u.Shape, w))).N
	second := grad.Reverse(p.b.G, along, []*graph.Node{p.u})[0]
	outs := []*graph.Node{first, second}
	val := p.run(u, outs)
	planAgrees(t, p.b.G, u, outs, val)
	at := func(h float64) []float64 {
		v := make([]float64, len(u))
		for i := range v {
			v[i] = u[i] + h*w[i]
		}
		return p.run(v, outs)[first]
	}
	const h = 1e-4
	lo, hi := at(-h), at(h)
	for i, got := range val[second] {
		if want := (hi[i] - lo[i]) / (2 * h); !near(got, want, 1e-5) {
			t.Errorf("second derivative %d is %g, by differences %g", i, got, want)
		}
	}
}

func zeros(n int) []float64 { // zero, infinite and negative numbers among positive ones
	x := make([]float64, n)
	for i := range x {
		x[i] = []float64{0, 1.5, math.Inf(1), 0.7, -1, 2}[i%6]
	}
	return x
}

func weibull(x, k, s float64) float64 {
	return math.Log(k/s) + (k-1)*math.Log(x/s) - math.Pow(x/s, k)
}

func branchCases() []testCase {
	wild := func(n int) values { return values{"x": zeros(n)} }
	prior := func(x at) float64 { return normal(x("a"), 0, 1) + normal(x("b"), 0, 1) }
	const head = "data x : real[N] <= inf\na ~ Normal(0, 1)\nb ~ Normal(0, 1)\n"
	open := func(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
	sum := func(x at, f func(v float64) float64) float64 {
		return prior(x) + each(x, "x", func(i int) float64 { return f(x("x", i)) })
	}
	return []testCase{
		{
			name: "a density where it is infinite",
			text: head + "plate i in 1..N {\nfactor if x[i] > 0 && x[i] < inf then log_density(Weibull(exp(a), exp(b)), x[i]) else -a^2\n}",
			data: wild,
			want: func(x at) float64 {
				return sum(x, func(v float64) float64 {
					if open(v) {
						return weibull(v, math.Exp(x("a")), math.Exp(x("b")))
					}
					return -x("a") * x("a")
				})
			},
		},
		{
			name: "infinite data in a smooth function",
			text: head + "plate i in 1..N {\nfactor if x[i] == inf then -exp(a) else exp(-x[i] * a) + (if x[i] > 0 then x[i]^b else b)\n}",
			data: wild,
			want: func(x at) float64 {
				return sum(x, func(v float64) float64 {
					switch {
					case math.IsInf(v, 1):
						return -math.Exp(x("a"))
					case v > 0:
						return math.Exp(-v*x("a")) + math.Pow(v, x("b"))
					}
					return math.Exp(-v*x("a")) + x("b")
				})
			},
		},
		{
			name: "infinite data and powers of zero without a branch",
			text: head + "plate i in 1..N {\nfactor exp(-(max([x[i], 0]) * exp(a))) - 1 / (1 + max([x[i], 0])^exp(b))\n}",
			data: wild,
			want: func(x at) float64 {
				return sum(x, func(v float64) float64 {
					v = math.Max(v, 0)
					return math.Exp(-v*math.Exp(x("a"))) - 1/(1+math.Pow(v, math.Exp(x("b"))))
				})
			},
		},
		{
			name: "branches of arrays, in branches",
			text: head + "c : real[3] ~ Normal(0, 1)\nplate i in 1..N {\nfactor sum(if x[i] > 0 then (if x[i] == inf then exp(-x[i] * exp(c)) + a else c * log(x[i]) / x[i]) else [a, b, 1])\n}",
			data: wild,
			want: func(x at) float64 {
				lp := normal(x("c", 1), 0, 1) + normal(x("c", 2), 0, 1) + normal(x("c", 3), 0, 1)
				return lp + sum(x, func(v float64) float64 {
					switch {
					case math.IsInf(v, 1):
						return 3 * x("a")
					case v > 0:
						return (x("c", 1) + x("c", 2) + x("c", 3)) * math.Log(v) / v
					}
					return x("a") + x("b") + 1
				})
			},
		},
		{
			name: "comprehensions and two plates",
			text: "data w : real[N, 2]\na ~ Normal(0, 1)\nb ~ Normal(0, 1)\nd : real[2] ~ Normal(0, 1)\n" +
				"plate i in 1..N {\nplate j in 1..2 { factor if w[i, 1] > 0 then log(w[i, 1]) * d[j] + sqrt(exp(w[i, j] * a)) else b * d[j] }\n" +
				"factor sum([if w[i, k] > 0 then a * log(w[i, k]) + b^2 / w[i, k] else 0 for k in 1..2])\n}",
			data: func(n int) values { return values{"w": table(n, 2)} },
			want: func(x at) float64 {
				lp := prior(x) + normal(x("d", 1), 0, 1) + normal(x("d", 2), 0, 1)
				return lp + cells(x, "w", func(i, j int) float64 {
					w, first, lp := x("w", i, j), x("w", i, 1), x("b")*x("d", j)
					if first > 0 {
						lp = math.Log(first)*x("d", j) + math.Sqrt(math.Exp(w*x("a")))
					}
					if w > 0 {
						lp += x("a")*math.Log(w) + x("b")*x("b")/w
					}
					return lp
				})
			},
		},
		{
			name: "in a function, an indexed let and a loop that looks back",
			text: "fn safe(v: real, c: real) -> real = if v > 0 && v < inf then c * log(v) + v^c else c\n" + head +
				"plate i in 1..N { let m[i] = safe(x[i], a) }\n" +
				"for t in 2..N { factor m[t] * m[t-1] + (if x[t-1] > 0 then exp(-b * x[t-1] * b) else b) }",
			data: wild,
			want: func(x at) float64 {
				safe := func(v float64) float64 {
					if open(v) {
						return x("a")*math.Log(v) + math.Pow(v, x("a"))
					}
					return x("a")
				}
				return prior(x) + each(x, "x", func(t int) float64 {
					if t == 1 {
						return 0
					}
					was := x("x", t-1)
					lp := safe(x("x", t)) * safe(was)
					if was > 0 {
						return lp + math.Exp(-x("b")*was*x("b"))
					}
					return lp + x("b")
				})
			},
		},
		{
			name: "ragged ranges",
			text: "data n : int[M]\n" + head + "plate i in 1..M {\nplate j in 1..n[i] { factor if x[j] > 0 && x[j] < inf then a * log(x[j]) / i else b }\n" +
				"factor if n[i] > 1 then sum([if x[j] > 0 then exp(-x[j] * exp(b)) else a for j in 1..n[i]]) else exp(a)\n}",
			data: func(n int) values { return values{"x": zeros(n), "n": []float64{3, 0, 6, 1}} },
			want: func(x at) float64 {
				lp := prior(x)
				for i := 1; i <= 4; i++ {
					n := int(x("n", i))
					s := 0.0
					for j := 1; j <= n; j++ {
						v := x("x", j)
						if open(v) {
							lp += x("a") * math.Log(v) / float64(i)
						} else {
							lp += x("b")
						}
						if v > 0 {
							s += math.Exp(-v * math.Exp(x("b")))
						} else {
							s += x("a")
						}
					}
					if n > 1 {
						lp += s
					} else {
						lp += math.Exp(x("a"))
					}
				}
				return lp
			},
		},
		{
			name: "in recurrences over latents",
			text: head + "let s[1] = a\nfor t in 2..N {\nlet s[t] = if x[t] > 0 && x[t] < inf then s[t-1] / 2 + b * log(x[t]) else (if s[t-1] > 0 then sqrt(s[t-1]) else s[t-1] - log(1 - s[t-1]))\n}\nplate t in 1..N { factor -s[t]^2 }",
			data: wild,
			want: func(x at) float64 {
				s := x("a")
				return prior(x) + each(x, "x", func(t int) float64 {
					if t > 1 {
						switch v := x("x", t); {
						case open(v):
							s = s/2 + x("b")*math.Log(v)
						case s > 0:
							s = math.Sqrt(s)
						default:
							s -= math.Log(1 - s)
						}
					}
					return -s * s
				})
			},
		},
		{
			name: "branches on latents",
			text: head + `plate i in 1..N {
  let v = if x[i] == inf then 3 else x[i]
  factor if a + v > 0 then exp(sin((a + v)^b)) else exp(cos((-a - v)^b))
  factor if b > 1000 then exp(log_density(Weibull(2, 1), v * a)) + log_density(Frechet(b, 1), v) + sin(log_density(Kumaraswamy(2, b), v)) else a
  factor if a > 1000 then sum(cholesky([[a, v], [v, v]])) + log_det([[v, 0], [0, a]]) + sum([[v, a], [a, v]] @ log([a, v])) else b
}`,
			data: wild,
			want: func(x at) float64 {
				return sum(x, func(v float64) float64 {
					if math.IsInf(v, 1) {
						v = 3
					}
					s := x("a") + v
					if s > 0 {
						return math.Exp(math.Sin(math.Pow(s, x("b")))) + x("a") + x("b")
					}
					return math.Exp(math.Cos(math.Pow(-s, x("b")))) + x("a") + x("b")
				})
			},
		},
		{
			name: "beside a discrete latent that is summed out",
			text: head + "z ~ Bernoulli(0.3)\nplate i in 1..N { factor if x[i] > 0 then (if z == 1 then exp(-x[i] * exp(a)) else exp(-exp(b))) else z * a }",
			data: wild,
			want: func(x at) float64 {
				var lp [2]float64
				for z := range lp {
					lp[z] = math.Log([]float64{0.7, 0.3}[z]) + each(x, "x", func(i int) float64 {
						switch v := x("x", i); {
						case v > 0 && z == 1:
							return math.Exp(-v * math.Exp(x("a")))
						case v > 0:
							return math.Exp(-math.Exp(x("b")))
						}
						return float64(z) * x("a")
					})
				}
				return prior(x) + math.Log(math.Exp(lp[0])+math.Exp(lp[1]))
			},
		},
	}
}

// TestBranchNotEvaluated: of a branch that few rows take no more than these are computed.
func TestBranchNotEvaluated(t *testing.T) {
	x := make([]float64, 1000)
	for i := range x {
		x[i] = float64(i % 100)
	}
	p, ds := lowerText(t, "data x : real[N]\na ~ Normal(0, 1)\nplate i in 1..N { factor if x[i] == 7 then lgamma(exp(a) * x[i]) else (if x[i] == 8 then lgamma(exp(a) / x[i]) else exp(a * x[i])) }", values{"x": x})
	if len(ds) > 0 {
		t.Fatal(ds.Error())
	}
	found := 0
	for _, n := range p.b.G.Nodes() {
		if n.Op != nil && strings.HasPrefix(n.Op.Key(), "lgamma") {
			found++
			if n.Shape.Size() != 10 {
				t.Errorf("a branch that 10 of 1000 rows take is computed for %v", n.Shape)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d log gamma functions", found)
	}
}

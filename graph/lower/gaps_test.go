package lower_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
)

// holes is an array of which some elements, row-major from 0, are missing.
type holes struct {
	data any
	at   []int
}

func (h holes) array() *lower.Array {
	a := arrayOf(h.data)
	a.Missing = make([]bool, len(a.Data))
	for _, i := range h.at {
		a.Missing[i], a.Data[i] = true, math.NaN()
	}
	return a
}

// every lists first, first+step, ... below n.
func every(n, first, step int) []int {
	var out []int
	for i := first; i < n; i += step {
		out = append(out, i)
	}
	return out
}

// Missing elements are latents with the density of their statements. The oracle
// reads an element of data whether it is there or not.
func TestMissing(t *testing.T) { runCases(t, missingCases()) }

func missingCases() []testCase {
	return []testCase{
		{name: "some", text: `
data y : real?[N]
mu ~ Normal(0, 5)
s ~ HalfNormal(2)
y[i in 1..N] ~ Normal(mu, s)`,
			data: func(n int) values { return values{"y": holes{reals(n), every(n, 1, 3)}} },
			want: func(x at) float64 {
				return normal(x("mu"), 0, 5) + halfNormal(x("s"), 2) + each(x, "y", func(i int) float64 { return normal(x("y", i), x("mu"), x("s")) })
			}},
		{name: "all, with bounds", text: `
data y : real?[N]
data lo : real[N]
s ~ HalfNormal(2)
hi ~ Exponential(1)
plate i in 1..N { y[i] ~ Uniform(lo[i] - 5, lo[i] + hi) }`,
			data: func(n int) values { return values{"y": holes{reals(n), every(n, 0, 1)}, "lo": reals(n)} },
			want: func(x at) float64 {
				return halfNormal(x("s"), 2) + exponential(x("hi"), 1) + each(x, "y", func(i int) float64 {
					if v := x("y", i); v < x("lo", i)-5 || v > x("lo", i)+x("hi") {
						return math.Inf(-1)
					}
					return -math.Log(5 + x("hi"))
				})
			}},
		{name: "none", text: `
data y : real?[N]
mu ~ Normal(0, 5)
y[i in 1..N] ~ Normal(mu, 1)`,
			data: func(n int) values { return values{"y": holes{reals(n), nil}} },
			want: func(x at) float64 {
				return normal(x("mu"), 0, 5) + each(x, "y", func(i int) float64 { return normal(x("y", i), x("mu"), 1) })
			}},
		{name: "nested plates, transposed", text: `
data y : real?[N, 3]
data x : real[3]
a[i in 1..N] ~ Normal(0, 2)
b ~ Normal(0, 1)
plate j in 1..3 {
  c[j] ~ Normal(0, 1)
  plate i in 1..N { y[i, j] ~ Normal(a[i] + b * x[j] + c[j], 0.5) }
}`,
			data: func(n int) values { return values{"y": holes{table(n, 3), every(3*n, 2, 4)}, "x": reals(3)} },
			want: func(x at) float64 {
				lp := normal(x("b"), 0, 1)
				for j := 1; j <= 3; j++ {
					lp += normal(x("c", j), 0, 1)
				}
				lp += each(x, "a", func(i int) float64 { return normal(x("a", i), 0, 2) })
				return lp + cells(x, "y", func(i, j int) float64 { return normal(x("y", i, j), x("a", i)+x("b")*x("x", j)+x("c", j), 0.5) })
			}},
		{name: "iid, with arguments of its shape", text: `
data y : real?[N]
data x : real[N]
b ~ Normal(0, 1)
y ~ Normal(b * x, exp(x))`,
			data: func(n int) values { return values{"y": holes{reals(n), every(n, 0, 2)}, "x": reals(n)} },
			want: func(x at) float64 {
				return normal(x("b"), 0, 1) + each(x, "y", func(i int) float64 { return normal(x("y", i), x("b")*x("x", i), math.Exp(x("x", i))) })
			}},
		{name: "rows in a plate, truncated", text: `
data y : real?[N, 4]
data least : real[4]
m[i in 1..N] ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Normal(m[i], 2) in (least, inf) }`,
			data: func(n int) values {
				y := table(n, 4)
				for _, row := range y {
					for k := range row {
						row[k] = math.Abs(row[k])
					}
				}
				return values{"y": holes{y, every(4*n, 1, 3)}, "least": []float64{-1, -0.5, -2, -3}}
			},
			want: func(x at) float64 {
				lp := each(x, "m", func(i int) float64 { return normal(x("m", i), 0, 1) })
				return lp + cells(x, "y", func(i, j int) float64 {
					return normal(x("y", i, j), x("m", i), 2) - math.Log(phi((x("m", i)-x("least", j))/2))
				})
			}},
		{name: "autoregression in a loop", text: `
data y : real?[T]
phi ~ Normal(0, 1)
s ~ HalfNormal(1)
y[1] ~ Normal(0, 3)
for t in 2..T { y[t] ~ Normal(phi * y[t-1], s) }`,
			data: func(n int) values { return values{"y": holes{reals(n), append([]int{0}, every(n, 2, 3)...)}} },
			want: func(x at) float64 {
				return normal(x("phi"), 0, 1) + halfNormal(x("s"), 1) + each(x, "y", func(i int) float64 {
					if i == 1 {
						return normal(x("y", 1), 0, 3)
					}
					return normal(x("y", i), x("phi")*x("y", i-1), x("s"))
				})
			}},
		{name: "autoregression of slices, above what it reads", text: `
data y : real?[T]
phi ~ Normal(0, 1)
y[2..T] ~ Normal(phi * y[1..T-1], 1)
y[1] ~ Normal(0, 3)`,
			data: func(n int) values { return values{"y": holes{reals(n), append([]int{0, 1}, every(n, 4, 3)...)}} },
			want: func(x at) float64 {
				return normal(x("phi"), 0, 1) + each(x, "y", func(i int) float64 {
					if i == 1 {
						return normal(x("y", 1), 0, 3)
					}
					return normal(x("y", i), x("phi")*x("y", i-1), 1)
				})
			}},
		{name: "a predictor, used above its model and below", text: `
data x : real?[N]
data y : real[N]
b ~ Normal(0, 1)
m ~ Normal(0, 1)
y[i in 1..N] ~ Normal(b * x[i] + sum(x) / 10, 1)
plate i in 1..N { x[i] ~ Gamma(2, exp(m)) }
let total = sum(x)
factor -total / 10`,
			data: func(n int) values { return values{"x": holes{positives(n), every(n, 2, 4)}, "y": reals(n)} },
			want: func(x at) float64 {
				sum := each(x, "x", func(i int) float64 { return x("x", i) })
				lp := normal(x("b"), 0, 1) + normal(x("m"), 0, 1) - sum/10
				lp += each(x, "x", func(i int) float64 { return gamma(x("x", i), 2, math.Exp(x("m"))) })
				return lp + each(x, "y", func(i int) float64 { return normal(x("y", i), x("b")*x("x", i)+sum/10, 1) })
			}},
		{name: "several statements, a gather, a function", text: `
data x : real?[N]
data g : int[N]
data y : real[N]
fn curve(v : real) -> real { return v ^ 2 / 4 }
m ~ Normal(0, 1)
x[1..2] ~ Beta(2, 3)
x[i in 3..N] ~ Normal(m, 2)
let c[i in 1..N] = curve(x[g[i]])
plate i in 1..N { y[i] ~ Normal(c[i], 1 + m ^ 2) }`,
			data: func(n int) values {
				x := reals(n)
				x[0], x[1] = 0.4, 0.6
				return values{"x": holes{x, append([]int{1}, every(n, 2, 2)...)}, "g": codes(n, n), "y": reals(n)}
			},
			want: func(x at) float64 {
				lp := normal(x("m"), 0, 1) + each(x, "x", func(i int) float64 {
					if i < 3 {
						return beta(x("x", i), 2, 3)
					}
					return normal(x("x", i), x("m"), 2)
				})
				return lp + each(x, "y", func(i int) float64 {
					v := x("x", int(x("g", i)))
					return normal(x("y", i), v*v/4, 1+x("m")*x("m"))
				})
			}},
		{name: "ragged", text: `
data n : int[N]
data y : real?[N, 4]
mu[i in 1..N] ~ Normal(0, 1)
plate i in 1..N { plate j in 1..n[i] { y[i, j] ~ Normal(mu[i] * j, 1) } }`,
			data: func(n int) values {
				k := make([]int, n)
				for i := range k {
					k[i] = i % 5
				}
				return values{"n": k, "y": holes{table(n, 4), every(4*n, 0, 3)}}
			},
			want: func(x at) float64 {
				return each(x, "mu", func(i int) float64 {
					lp := normal(x("mu", i), 0, 1)
					for j := 1; j <= int(x("n", i)); j++ {
						lp += normal(x("y", i, j), x("mu", i)*float64(j), 1)
					}
					return lp
				})
			}},
		{name: "elements of vectors", text: `
data y : real?[N, 2]
data S : real[2, 2]
m : real[2] ~ Normal(0, 1)
plate i in 1..N { y[i] ~ MvNormal(m, cov = S) }`,
			data: func(n int) values {
				return values{"y": holes{table(n, 2), append([]int{2, 3}, every(2*n, 5, 3)...)}, "S": [][]float64{{2, 0.6}, {0.6, 1}}}
			},
			want: func(x at) float64 {
				m := []float64{x("m", 1), x("m", 2)}
				lp := normal(m[0], 0, 1) + normal(m[1], 0, 1)
				for i := 1; inside(x, "y", i, 1); i++ {
					lp += mvNormal([]float64{x("y", i, 1), x("y", i, 2)}, m, [][]float64{{2, 0.6}, {0.6, 1}})
				}
				return lp
			}},
		{name: "a scalar, and one that nobody reads", text: `
data v : real?
data c : real?[N]
data y : real[N]
data from : int
m ~ Normal(0, 1)
v ~ Normal(m, 2)
plate i in 1..N { y[i] ~ Normal(if i >= from then c[i] * v else v, 1) }`,
			data: func(n int) values {
				return values{"v": holes{1.5, []int{0}}, "c": holes{reals(n), []int{0, 1, 2}}, "from": 4, "y": reals(n)}
			},
			want: func(x at) float64 {
				return normal(x("m"), 0, 1) + normal(x("v"), x("m"), 2) + each(x, "y", func(i int) float64 {
					if i < 4 {
						return normal(x("y", i), x("v"), 1)
					}
					return normal(x("y", i), x("c", i)*x("v"), 1)
				})
			}},
		{name: "beside discrete latents", text: `
data y : real?[N]
data x : real[N]
mu : real[2] ~ Normal(0, 2)
z[i in 1..N] ~ Categorical([0.3, 0.7])
plate i in 1..N { y[i] ~ Normal(mu[z[i]], 1) }
plate i in 1..N { x[i] ~ Normal(y[i], 1) }`,
			data: func(n int) values { return values{"y": holes{reals(n), every(n, 1, 3)}, "x": reals(n)} },
			want: func(x at) float64 {
				lp := normal(x("mu", 1), 0, 2) + normal(x("mu", 2), 0, 2)
				return lp + each(x, "y", func(i int) float64 {
					a, b := normal(x("y", i), x("mu", 1), 1), normal(x("y", i), x("mu", 2), 1)
					return math.Log(0.3*math.Exp(a)+0.7*math.Exp(b)) + normal(x("x", i), x("y", i), 1)
				})
			}},
	}
}

// Data without missing elements are the same graph whether or not some might be.
func TestNoneMissing(t *testing.T) {
	size := func(text string) int {
		p, ds := lowerText(t, text, values{"y": reals(8)})
		if len(ds) > 0 {
			t.Fatal(ds.Error())
		}
		return p.size
	}
	const rest = "mu ~ Normal(0, 5)\ny[i in 1..N] ~ Normal(mu, 1)"
	if a, b := size("data y : real?[N]\n"+rest), size("data y : real[N]\n"+rest); a != b {
		t.Errorf("%d nodes, %d where none may be missing", a, b)
	}
}

// Missing elements are reported by their place in the data.
func TestMissingReported(t *testing.T) {
	p, ds := lowerText(t, "data y : real?[N]\nmu ~ Normal(0, 1)\ny[4..N] ~ Normal(mu, 1)\ny[1..3] ~ Normal(mu, 1)", values{"y": holes{reals(6), []int{1, 4}}})
	if len(ds) > 0 {
		t.Fatal(ds.Error())
	}
	last := p.joint.Reported[len(p.joint.Reported)-1]
	if last.Symbol.Name != "y" || last.Part == nil || len(last.Part.Elements) != 2 || last.Part.Elements[0] != 1 || last.Part.Elements[1] != 4 || last.Part.Shape[0] != 6 {
		t.Fatalf("reported %+v", last)
	}
	// The statements make them in another order than that of the elements.
	got := p.eval([]float64{0.1, 7, 9})
	if y := got.values["y"]; y[1] != 9 || y[4] != 7 {
		t.Errorf("y = %v", y)
	}
}

// A missingCase has missing integers. The oracle is the model where all of them
// are data, added up over all their values.
type missingCase struct {
	name   string
	text   string
	data   values
	hole   string
	at     []int // the elements of the data called hole that are missing
	lo, hi int
}

func (c missingCase) brute(t *testing.T, u []float64) (logz float64, g []float64) {
	t.Helper()
	text := strings.ReplaceAll(c.text, "int?", "int")
	var ls []float64
	var gs [][]float64
	states([]discreteSite{{"", []int{len(c.at)}, c.lo, c.hi}}, func(v values) {
		a := arrayOf(c.data[c.hole])
		for k, i := range c.at {
			a.Data[i] = float64(v[""].([]int)[k])
		}
		full := values{}
		for k, x := range c.data {
			full[k] = x
		}
		full[c.hole] = shaped{a.Shape, a.Data}
		p, ds := lowerText(t, text, full)
		if p == nil {
			if ds[0].Code == "outside-support" {
				return
			}
			t.Fatalf("with %v:\n%s", v, ds.Error())
		}
		e := p.eval(u)
		ls, gs = append(ls, e.target), append(gs, e.grad)
	})
	most := math.Inf(-1)
	for _, l := range ls {
		most = math.Max(most, l)
	}
	g = make([]float64, len(u))
	total := 0.0
	for i, l := range ls {
		w := math.Exp(l - most)
		total += w
		for k, x := range gs[i] {
			if w > 0 {
				g[k] += w * x
			}
		}
	}
	for k := range g {
		g[k] /= total
	}
	return most + math.Log(total), g
}

func TestMissingIntegers(t *testing.T) {
	for _, c := range missingIntegers() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := values{}
			for k, v := range c.data {
				data[k] = v
			}
			data[c.hole] = holes{c.data[c.hole], c.at}
			p, ds := lowerText(t, c.text, data)
			if len(ds) > 0 {
				t.Fatal(ds.Error())
			}
			found := false
			for _, d := range p.joint.Discrete {
				found = found || d.Symbol.Name == c.hole && d.Part != nil && len(d.Part.Elements) == len(c.at) && d.Part.Elements[0] == c.at[0]
			}
			if !found {
				t.Errorf("discrete latents: %+v", p.joint.Discrete)
			}
			r := rand.New(rand.NewPCG(3, 7))
			u := make([]float64, p.d)
			for i := range u {
				u[i] = 0.7 * r.NormFloat64()
			}
			got := p.eval(u)
			want, g := c.brute(t, u)
			if !near(got.target, want, 1e-10) {
				t.Errorf("log density %.15g, want %.15g", got.target, want)
			}
			for i, x := range g {
				if !near(got.grad[i], x, 1e-9) {
					t.Errorf("gradient %d is %.12g, want %.12g", i, got.grad[i], x)
				}
			}
			p.checkHessian(t, u)
		})
	}
}

func missingIntegers() []missingCase {
	return []missingCase{
		{name: "in their own density only", text: `
data y : int?[6]
p ~ Beta(2, 2)
y[i in 1..6] ~ Bernoulli(p)`,
			data: values{"y": []int{1, 0, 0, 1, 1, 0}}, hole: "y", at: []int{1, 4}, lo: 0, hi: 1},
		{name: "graded responses", text: `
data gamma : real?[3, 2]
data ncat : int[3]
data y : int?[4, 3]
theta[i in 1..4] ~ Normal(0, 2)
let cut[j in 1..3, k in 1..2] = if k < ncat[j] then gamma[j, k] else inf
plate i in 1..4, j in 1..3 { y[i, j] ~ OrderedLogistic(theta[i], cut[j]) }`,
			data: values{"gamma": holes{[][]float64{{-1, 1}, {0, 0}, {0.5, 2}}, []int{3}}, "ncat": []int{3, 2, 3},
				"y": [][]int{{1, 2, 3}, {3, 1, 2}, {2, 2, 2}, {1, 1, 1}}},
			hole: "y", at: []int{1, 3, 8, 10}, lo: 1, hi: 3},
		{name: "parents, read below", text: `
data c : int?[N]
data x : real[N]
mu : real[3] ~ Normal(0, 1)
w ~ Dirichlet([1, 2, 3])
c[i in 1..N] ~ Categorical(w)
plate i in 1..N { x[i] ~ Normal(mu[c[i]], 1) }`,
			data: values{"c": []int{1, 2, 3, 1, 2, 2}, "x": reals(6)}, hole: "c", at: []int{0, 3, 5}, lo: 1, hi: 3},
		{name: "parents, read above, in arithmetic and conditions", text: `
data c : int?[N]
data x : real[N]
a ~ Normal(0, 1)
b ~ Normal(0, 1)
x[i in 1..N] ~ Normal(a + b * c[i] + (if c[i] == 2 then a else b), 1)
plate i in 1..N { c[i] ~ Binomial(2, inv_logit(a)) }`,
			data: values{"c": []int{0, 2, 1, 1, 0, 2}, "x": reals(6)}, hole: "c", at: []int{2, 3}, lo: 0, hi: 2},
		{name: "a chain", text: `
data s : int?[T]
P[k in 1..2] ~ Dirichlet([2, 1])
s[1] ~ Categorical([0.4, 0.6])
for t in 2..T { s[t] ~ Categorical(P[s[t-1]]) }`,
			data: values{"s": []int{1, 2, 2, 1, 1, 2, 1}}, hole: "s", at: []int{0, 2, 3, 6}, lo: 1, hi: 2},
		{name: "counts of different ends, iid", text: `
data n : int[N]
data k : int?[N]
p ~ Beta(1, 1)
k ~ Binomial(n, p)`,
			data: values{"n": []int{5, 2, 3, 9}, "k": []int{3, 1, 2, 4}}, hole: "k", at: []int{1, 2}, lo: 0, hi: 3},
		{name: "two statements, two supports", text: `
data k : int?[5]
p ~ Beta(1, 1)
k[i in 1..3] ~ Bernoulli(p)
k[i in 4..5] ~ Binomial(3, p)
factor p * k[2] + k[5] * k[2]`,
			data: values{"k": []int{0, 1, 1, 2, 3}}, hole: "k", at: []int{1, 4}, lo: 0, hi: 3},
		{name: "ragged", text: `
data n : int[3]
data y : int?[3, 3]
b[i in 1..3] ~ Normal(0, 1)
plate i in 1..3 { plate j in 1..n[i] { y[i, j] ~ Bernoulli(logit = b[i] * j) } }`,
			data: values{"n": []int{2, 0, 3}, "y": [][]int{{0, 1, 1}, {0, 0, 1}, {1, 1, 0}}}, hole: "y", at: []int{1, 6, 7}, lo: 0, hi: 1},
		{name: "infinite, but truncated", text: `
data y : int?[4]
data x : real[4]
m ~ Normal(0, 1)
y[i in 1..4] ~ Poisson(exp(m)) in 0..4
x[i in 1..4] ~ Normal(y[i], 1)`,
			data: values{"y": []int{0, 2, 1, 3}, "x": reals(4)}, hole: "y", at: []int{0, 3}, lo: 0, hi: 4},
		{name: "beside discrete latents", text: `
data y : int?[N]
W[k in 1..2] ~ Dirichlet([1, 2, 1])
z[i in 1..N] ~ Bernoulli(0.3)
plate i in 1..N { y[i] ~ Categorical(W[z[i] + 1]) }`,
			data: values{"y": []int{1, 2, 3, 2, 1}}, hole: "y", at: []int{1, 2}, lo: 1, hi: 3},
	}
}

// Missing counts without an upper end that nothing else reads add nothing: their
// density sums to 1.
func TestMissingCounts(t *testing.T) {
	const text = "data y : int?[N]\nm ~ Normal(0, 1)\ny[i in 1..N] ~ Poisson(exp(m))"
	p, ds := lowerText(t, text, values{"y": holes{[]int{3, 1, 4, 1}, []int{1, 2}}})
	q, _ := lowerText(t, text, values{"y": []int{3, 1}})
	if len(ds) > 0 || len(p.joint.Discrete) > 0 {
		t.Fatalf("%v %+v", ds, p.joint.Discrete)
	}
	if len(p.joint.Unreported) != 1 || p.joint.Unreported[0].Name != "y" {
		t.Errorf("not reported: %v", p.joint.Unreported)
	}
	u := []float64{0.3}
	if got, want := p.eval(u).target, q.eval(u).target; !near(got, want, 1e-12) {
		t.Errorf("log density %g, want %g", got, want)
	}
}

func TestMissingErrors(t *testing.T) {
	gap := func(n int, at ...int) holes { return holes{reals(n), at} }
	for _, c := range []struct {
		name, text string
		data       values
		code, says string
	}{
		{"a predictor without a model", "data x : real?[N]\ndata y : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i], 1)",
			values{"x": gap(4, 2), "y": reals(4)}, "missing-undefined", "this reads `x[3]`, which is missing in the data, and no `~` describes it"},
		{"all of it", "data x : real?[N, 2]\ndata y : real\nb ~ Normal(sum(x), 1)\ny ~ Normal(b, 1)",
			values{"x": holes{table(3, 2), []int{3}}, "y": 1.0}, "missing-undefined", "this reads `x[2, 2]`"},
		{"described in part", "data x : real?[N]\nx[i in 1..2] ~ Normal(0, 1)\nb ~ Normal(mean(x), 1)",
			values{"x": gap(4, 1, 3)}, "missing-undefined", "`x[4]`"},
		{"an index", "data g : int?[N]\ndata y : real[N]\na : real[3] ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a[g[i]], 1)",
			values{"g": holes{[]int{1, 2, 3}, []int{1}}, "y": reals(3)}, "missing-undefined", "`g[2]`"},
		{"a simplex", "data p : real?[3]\na ~ Exponential(1)\np ~ Dirichlet([a, a, a])",
			values{"p": gap(3, 1)}, "not-supported-here", "`p[2]` is missing"},
		{"counts", "data k : int?[3]\na ~ Beta(1, 1)\nk ~ Multinomial(4, [a / 2, a / 2, 1 - a])",
			values{"k": holes{[]int{1, 1, 2}, []int{0}}}, "not-supported-here", "`k[1]` is missing"},
		{"a count that is read and has no end, summed out", "data k : int?[2]\nm ~ Normal(0, 1)\nk[i in 1..2] ~ Poisson(exp(m))\nfactor log_density(Normal(k[1], 1), m)",
			values{"k": holes{[]int{1, 1}, []int{0}}}, "infinite-support", "`k` has infinitely many values"},
		{"integers that are continuous", "data k : int?[2]\nm ~ Normal(0, 1)\nk[i in 1..2] ~ Normal(m, 1)",
			values{"k": holes{[]int{1, 1}, []int{0}}}, "not-supported-here", "declare it `real?`"},
		{"bounds of the same array", "data x : real?[3]\nx[1] ~ Uniform(0, 1)\nfor t in 2..3 { x[t] ~ Uniform(x[t-1], 2) }",
			values{"x": gap(3, 1, 2)}, "not-supported-here", "depends on other missing elements"},
		{"above what describes it", "data x : real?[3]\nb ~ Normal(x[2], 1)\nlet k = 3\nplate i in 1..k { x[i] ~ Normal(0, 1) }",
			values{"x": gap(3, 1)}, "not-supported-here", "above the `~` that describes it"},
		{"a transformed observation", "data x : real?[3]\nm ~ Normal(0, 1)\nx[i in 1..3] ~ Normal(m, 1)\nlet z = exp(x)\nz[i in 1..3] ~ Normal(m, 1)",
			values{"x": gap(3, 1)}, "not-supported-here", "`z` is not known from the data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := checkedWithout(t, c.text)
			opt := lower.Options{}
			if c.code == "infinite-support" {
				opt.Strategies = map[string]string{"k": lower.Exact}
			}
			joint, ds := lower.LowerWith(m, bound(t, m, c.data), &guide.Packed{}, named.New(), opt)
			if joint != nil {
				t.Fatal("no error")
			}
			if len(ds) != 1 || string(ds[0].Code) != c.code || !strings.Contains(ds[0].Summary+ds[0].Hint, c.says) || ds[0].Span.End == 0 {
				t.Errorf("want one %s that says %q:\n%s", c.code, c.says, ds.Error())
			}
		})
	}
}

// Latents are made in the same order whoever asks for them first, so that each
// lowering reads the same numbers.
func TestMissingTwice(t *testing.T) {
	const text = "data x : real?[N]\ndata y : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i], 1)\nx[i in 1..N] ~ Normal(0, exp(b))"
	m := checked(t, text)
	data := bound(t, m, values{"x": holes{reals(5), []int{0, 3}}, "y": reals(5)})
	var slots [2][]guide.Slot
	for k := range slots {
		p := &guide.Packed{}
		if joint, ds := lower.Lower(m, data, p, named.New()); joint == nil {
			t.Fatal(ds.Error())
		}
		slots[k] = p.Slots
	}
	if len(slots[0]) != 2 || len(slots[1]) != 2 {
		t.Fatalf("slots %v", slots)
	}
	for i, s := range slots[0] {
		if o := slots[1][i]; s.Site != o.Site || s.Offset != o.Offset || !s.Box.Equal(o.Box) {
			t.Errorf("slot %d: %+v, then %+v", i, s, o)
		}
	}
	if x := slots[0][1]; x.Site.Name != "x" || x.Box.Size() != 2 {
		t.Errorf("slot of x: %+v", x)
	}
}

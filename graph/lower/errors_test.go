package lower_test

import (
	"strings"
	"testing"

	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
)

// What only the data can tell: each error with its code, the text that it
// underlines and what it says.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		data values
		code string
		at   string
		says string
	}{
		{"index out of bounds", `
data g : int[N]
data y : real[N]
a[j in 1..3] ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Normal(a[g[i]], 1) }`,
			values{"g": []int{1, 3, 4}, "y": reals(3)},
			"index-out-of-bounds", "g[i]", "the index 4 is outside the array, at i = 3"},
		{"index out of bounds in a loop", `
data y : real[N]
data k : int
mu ~ Normal(0, 1)
for t in 2..N { y[t] ~ Normal(mu * y[t-k], 1) }`,
			values{"y": reals(5), "k": 3},
			"index-out-of-bounds", "t-k", "the index -1 is outside the array, at t = 2"},
		{"index out of bounds in nested plates", `
data y : real[N, M]
data g : int[N, M]
a : real[2] ~ Normal(0, 1)
plate i in 1..N, j in 1..M { y[i, j] ~ Normal(a[g[i, j]], 1) }`,
			values{"y": table(2, 3), "g": [][]int{{1, 2, 1}, {2, 0, 1}}},
			"index-out-of-bounds", "g[i, j]", "the index 0 is outside the array, at i = 2, j = 2"},
		{"index out of bounds in a ragged plate", `
data n : int[N]
a : real[4] ~ Normal(0, 1)
plate i in 1..N { plate j in 1..n[i] { factor a[i + j] } }`,
			values{"n": []int{1, 0, 2}},
			"index-out-of-bounds", "i + j", "the index 5 is outside the array, at i = 3, j = 2"},
		{"index out of bounds in a branch that is taken", `
data y : real[N]
mu ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Normal(if i > 2 then y[i - 3] * mu else 0, 1) }`,
			values{"y": reals(4)},
			"index-out-of-bounds", "i - 3", "the index 0 is outside the array, at i = 3"},
		{"index of an empty array", `
data x : real[M]
mu ~ Normal(0, 1)
factor mu * x[1]`,
			values{"x": []float64{}},
			"index-out-of-bounds", "1", "the index 1 is outside the array"},
		{"constant index beyond the end", `
data x : real[M]
mu ~ Normal(x[5], 1)`,
			values{"x": reals(4)},
			"index-out-of-bounds", "5", "the index 5 is outside the array"},
		{"slice out of bounds", `
data x : real[M]
data k : int
mu ~ Normal(sum(x[2..k]), 1)`,
			values{"x": reals(4), "k": 6},
			"index-out-of-bounds", "2..k", "the slice 2..6 is outside the array"},
		{"index on the left below 1", `
data k : int
data N : int
plate i in 1..N { z[i - k] ~ Normal(0, 1) }`,
			values{"k": 1, "N": 3},
			"index-out-of-bounds", "z[i - k] ~ Normal(0, 1)", "the index 0 on the left is below 1, at i = 1"},
		{"gap between pieces", `
data N : int
data k : int
h[1] ~ Normal(0, 1)
plate t in k..N { h[t] ~ Normal(0, 1) }`,
			values{"N": 5, "k": 3},
			"element-gap", "h", "no statement defines `h[2]`"},
		{"overlap of pieces", `
data N : int
data k : int
h[1] ~ Normal(0, 1)
plate t in k..N { h[t] ~ Normal(0, 1) }`,
			values{"N": 5, "k": 1},
			"element-overlap", "h[t] ~ Normal(0, 1)", "`h[1]` is defined twice"},
		{"holes under a ragged range", `
data n : int[N]
plate i in 1..N { plate j in 1..n[i] { z[i, j] ~ Normal(0, 1) } }`,
			values{"n": []int{2, 1, 2}},
			"element-gap", "z", "no statement defines `z[2, 2]`"},
		{"shapes of arithmetic", `
data x : real[N]
data k : int[1]
mu ~ Normal(0, 1)
factor mu * sum(x + x[1..k[1]])`,
			values{"x": reals(4), "k": []int{3}},
			"shape-at-binding", "x + x[1..k[1]]", "the two sides have different shapes"},
		{"shape of an argument", `
data x : real[N]
data k : int[1]
mu ~ Normal(0, 1)
x ~ Normal(mu * x[1..k[1]], 1)`,
			values{"x": reals(4), "k": []int{3}},
			"shape-at-binding", "mu * x[1..k[1]]", "an argument of a distribution is a scalar or has the shape of the left side"},
		{"bad parameter", `
data s : real[N]
data y : real[N]
mu ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Normal(mu, s[i]) }`,
			values{"s": []float64{1, 0, 2}, "y": reals(3)},
			"bad-parameter", "s[i]", "the parameter `sd` of `Normal` is out of its range, at i = 2"},
		{"bad parameter in an array", `
data s : real[N]
data y : real[N]
mu ~ Normal(0, 1)
y ~ Normal(mu, s)`,
			values{"s": []float64{1, 3, -2}, "y": reals(3)},
			"bad-parameter", "s", "out of its range, at element 3"},
		{"impossible observation", `
data y : int[N]
r ~ Exponential(1)
plate i in 1..N { y[i] ~ Poisson(r) }`,
			values{"y": []int{1, -2}},
			"outside-support", "y[i] ~ Poisson(r)", "`y[2]` is -2, which is impossible under `Poisson`, at i = 2"},
		{"an empty interval", `
data lo : real[N]
data y : real[N]
mu ~ Normal(0, 1)
y[i in 1..N] ~ Normal(mu, 1) in (lo[i], 4)`,
			values{"lo": []float64{1, 4}, "y": []float64{2, 2}},
			"bad-truncation", "(lo[i], 4)", "the interval is empty, at i = 2"},
		{"a censored value that is read elsewhere", `
data t : real?[N]
data x : real[N]
s ~ Exponential(1)
t ~ Exponential(s) censored above 3
x[i in 1..N] ~ Normal(t[i], 1)`,
			values{"t": holes{[]float64{1, 2}, []int{1}}, "x": reals(2)},
			"not-supported-here", "t[i]", "this reads `t[2]`, of which only a range is known"},
		{"an empty interval of a censoring", `
data lo : real[N]
data t : real[N]
s ~ Exponential(1)
t[i in 1..N] ~ Exponential(s) censored in (lo[i], 4)`,
			values{"lo": []float64{1, 5}, "t": []float64{2, 2}},
			"bad-censoring", "censored in (lo[i], 4)", "the interval of the censoring is empty, at i = 2"},
		{"a censoring that cannot be", `
data t : real[N]
s ~ Exponential(1)
t ~ Exponential(s) censored below -1`,
			values{"t": []float64{1, -2}},
			"outside-support", "censored below -1", "the range of the censoring is impossible under `Exponential`, at element 2"},
		{"an empty range", `
data hi : int[N]
data y : int[N]
r ~ Exponential(1)
y ~ Poisson(r) in 3..hi`,
			values{"hi": []int{3, 2}, "y": []int{3, 3}},
			"bad-truncation", "3..hi", "the interval is empty, at element 2"},
		{"an observation that truncation excludes", `
data lo : real[N]
data y : real[N]
mu ~ Normal(0, 1)
y ~ Normal(mu, 1) in (lo, inf)`,
			values{"lo": []float64{1, 2}, "y": []float64{2, 2}},
			"outside-support", "y ~ Normal(mu, 1) in (lo, inf)", "`y[2]` is 2, which is outside the interval of the truncation, at element 2"},
		{"a category beyond the last", `
data y : int[N]
p ~ Dirichlet(ones(3))
y ~ Categorical(p)`,
			values{"y": []int{1, 3, 4}},
			"outside-support", "y ~ Categorical(p)", "at element 3"},
		{"more successes than trials", `
data n : int[N]
data y : int[N]
p ~ Beta(1, 1)
plate i in 1..N { y[i] ~ Binomial(n[i], p) }`,
			values{"n": []int{3, 3}, "y": []int{3, 4}},
			"outside-support", "y[i] ~ Binomial(n[i], p)", "at i = 2"},
		{"an observation outside an interval", `
data y : real[N]
mu ~ Normal(0, 1)
plate i in 1..N { y[i] ~ Uniform(0, 1) }`,
			values{"y": []float64{0.5, 2}},
			"outside-support", "y[i] ~ Uniform(0, 1)", "`y[2]` is 2, which is impossible under `Uniform`, at i = 2"},
		{"an observation outside a truncation", `
data y : real[N]
mu ~ Normal(0, 1)
y ~ Normal(mu, 1) in (0, 2)`,
			values{"y": []float64{0.5, 2.5}},
			"outside-support", "y ~ Normal(mu, 1) in (0, 2)", "at element 2"},
		{"observed twice by index", `
data idx : int[M]
data y : real[N]
mu ~ Normal(0, 1)
plate i in 1..M { y[idx[i]] ~ Normal(mu, 1) }`,
			values{"idx": []int{1, 2, 1}, "y": reals(3)},
			"observed-twice", "y[idx[i]] ~ Normal(mu, 1)", "`y[1]` is observed twice"},
		{"observed twice by statements", `
data k : int
data y : real[N]
mu ~ Normal(0, 1)
y[1..k] ~ Normal(mu, 1)
plate i in 3..N { y[i] ~ Normal(mu, 2) }`,
			values{"k": 3, "y": reals(4)},
			"observed-twice", "y[i] ~ Normal(mu, 2)", "`y[3]` is observed twice"},
		{"bounds that depend on the array itself", `
data T : int
u[1] ~ Uniform(0, 1)
for t in 2..T { u[t] ~ Uniform(u[t-1], 1) }`,
			values{"T": 4},
			"not-supported-here", "Uniform(u[t-1], 1)", "the bounds of `u` depend on its own earlier elements"},
		{"bounds in a circle", `
data T : int
u[1] ~ Uniform(0, 1)
v[1] ~ Uniform(0, 1)
for t in 2..T {
  u[t] ~ Normal(0, 1) in (v[t-1], inf)
  v[t] ~ Normal(0, 1) in (u[t-1], inf)
}`,
			values{"T": 4},
			"not-supported-here", "Normal(0, 1) in (v[t-1], inf)", "the bounds of `u` depend on its own earlier elements"},
		{"a broken piece is reported once", `
data x : real[N]
data k : int
mu ~ Normal(0, 1)
let a[1] = mu
plate i in 2..N { let a[i] = x[i + k] }
plate i in 1..N { factor a[i] }
factor sum(a) + a[N]`,
			values{"x": reals(3), "k": 1},
			"index-out-of-bounds", "i + k", "the index 4 is outside the array, at i = 3"},
		{"a recurrence that reads ahead of a fixed lag", `
data k : int[T] in 1..2
mu ~ Normal(0, 1)
let s[1] = mu
let s[2] = mu
for t in 3..T { let s[t] = s[t - k[t]] + mu }`,
			values{"k": []int{1, 1, 2, 1}},
			"not-supported-here", "s[t - k[t]]", "not a fixed number of iterations back"},
		{"a recurrence from nowhere", `
data y : real[T]
data a : int
mu ~ Normal(0, 1)
for t in a..T { let s[t] = s[t-1] + mu }
y ~ Normal(s, 1)`,
			values{"y": reals(3), "a": 1},
			"index-out-of-bounds", "t-1", "the index 0 is outside the array, at t = 1"},
		{"a recurrence over discrete latents", `
data y : real[T]
z[t in 1..T] ~ Bernoulli(0.5)
mu ~ Normal(0, 1)
let s[1] = mu
for t in 2..T { let s[t] = 0.5 * s[t-1] + z[t] }
y ~ Normal(s, 1)`,
			values{"y": reals(3)},
			"not-supported-here", "z[t]", "depends on a discrete latent"},
		{"a recurrence along two loops", `
data y : real[T, N]
mu ~ Normal(0, 1)
plate t in 1..T { let s[t, 1] = mu }
plate i in 2..N { let s[1, i] = mu }
for t in 2..T { for i in 2..N { let s[t, i] = s[t-1, i] + mu * s[t, i-1] } }
y ~ Normal(s, 1)`,
			values{"y": table(3, 2)},
			"not-supported-here", "let s[t, i] = s[t-1, i] + mu * s[t, i-1]", "along two loops at once"},
		{"times of a differential equation that do not increase", `
data t : real[T]
k ~ Normal(0, 1)
fn f(t: real, y: real[1], k: real) -> real[1] = [k * y[1]]
let z = ode(f, [1], 0, t, k)`,
			values{"t": []float64{1, 2, 2}},
			"bad-value", "t", "must increase"},
		{"times of a differential equation that are not known", `
data N : int
t ~ Exponential(1)
fn f(t: real, y: real[1], k: real) -> real[1] = [k * y[1]]
let z = ode(f, [1], 0, [t, t + 1], 2)`,
			values{"N": 1},
			"not-supported-here", "[t, t + 1]", "must be known from the data"},
		{"a function of nothing", `
data x : real[N]
mu ~ Normal(0, 1)
factor mu * argmax(x)`,
			values{"x": []float64{}},
			"bad-value", "argmax(x)", "argmax"},
		{"an array too large", `
data n : int
mu ~ Normal(0, 1)
factor mu * sum(zeros(n, n))`,
			values{"n": 1000000},
			"too-large", "zeros(n, n)", "an array of 1e+12 elements, which is more than can be worked with"},
		{"too many iterations", `
data n : int
mu ~ Normal(0, 1)
plate i in 1..n, j in 1..n { factor mu * i * j }`,
			values{"n": 1000000},
			"unknown-range", "j in 1..n", "more than can be worked with"},
		{"an array too large by its plate", `
data n : int
mu ~ Normal(0, 1)
plate i in 1..n { factor sum(i * fill(mu, n)) }`,
			values{"n": 30000},
			"too-large", "factor sum(i * fill(mu, n))", "an array of 9e+08 elements"},
		{"too many latents", `
mu : real[20000, 20000] ~ Normal(0, 1)`,
			nil,
			"too-large", "mu : real[20000, 20000] ~ Normal(0, 1)", "an array of 4e+08 elements"},
		{"too many latents, each array being possible", `
a : real[3000000] ~ Normal(0, 1)
b : real[3000000] ~ Normal(0, 1)`,
			nil,
			"too-large", "b : real[3000000] ~ Normal(0, 1)", "the model has 6e+06 latents"},
		{"a simplex that nobody can fit", `
p : simplex[30000000] ~ Dirichlet(ones(30000000))`,
			nil,
			"too-large", "p : simplex[30000000] ~ Dirichlet(ones(30000000))", "the model has 3e+07 latents"},
		{"a product of vectors", `
a ~ Normal(0, 1)
factor a * sum(outer(ones(16000), ones(16000)))`,
			nil,
			"too-large", "outer(ones(16000), ones(16000))", "an array of 2.56e+08 elements"},
		{"an element far out", `
data n : int
x[1, n] ~ Normal(0, 1)
x[1, j in 1..3] ~ Normal(0, 1)`,
			values{"n": 1000000000},
			"too-large", "x[1, n] ~ Normal(0, 1)", "an array of 1e+09 elements"},
		{"a discrete element far out", `
data n : int
x[1, n] ~ Bernoulli(0.5)
x[1, j in 1..3] ~ Bernoulli(0.5)`,
			values{"n": 1000000000},
			"too-large", "x", "an array of 1e+09 elements"},
		{"too long a recurrence", `
data n : int
mu ~ Normal(0, 1)
let x[1] = 1.0
for t in 2..n { let x[t] = 0.5 * x[t-1] }
factor mu * x[2]`,
			values{"n": 1000000000},
			"unknown-range", "t in 2..n", "more than can be worked with"},
		{"a ragged array", `
data n : int[N]
b ~ Normal(0, 1)
plate i in 1..N { factor max([b * j for j in 1..n[i]]) }`,
			values{"n": []int{2, 1, 2}},
			"not-supported-here", "[b * j for j in 1..n[i]]", "the length of this array differs between iterations"},
		{"a ragged slice", `
data n : int[N]
data x : real[M]
b ~ Normal(0, 1)
plate i in 1..N { factor b * max(x[1..n[i]]) }`,
			values{"n": []int{2, 1, 2}, "x": reals(3)},
			"not-supported-here", "1..n[i]", "the length of this slice differs between iterations"},
		{"a dimension of a function", `
data x : real[N]
data k : int[1]
fn f(x: real[K], y: real[K]) -> real = x @ y
b ~ Normal(0, 1)
factor b * f(x, x[1..k[1]])`,
			values{"x": reals(3), "k": []int{2}},
			"shape-at-binding", "f(x, x[1..k[1]])", "the argument `y` of `f` has another length than its type says"},
		{"a matrix product", `
data x : real[N, 3]
data k : int[1]
b : real[3] ~ Normal(0, 1)
factor sum(x[:, 1..k[1]] @ b)`,
			values{"x": table(2, 3), "k": []int{2}},
			"shape-at-binding", "x[:, 1..k[1]] @ b", "`@` needs the last dimension of its left side"},
		{"a kernel larger than its image", `
data x : real[C, H, W]
w : real[2, C, 3, 3] ~ Normal(0, 1)
factor sum(conv2d(x, w))`,
			values{"x": [][][]float64{{{1, 2, 3}, {4, 5, 6}}}},
			"shape-at-binding", "conv2d(x, w)", "`conv2d` needs kernels of at least 1 by 1 that are no larger than the images with their padding, found real[1, 2, 3] and real[2, 1, 3, 3]"},
		{"images whose channels are not those of the kernel", `
data x : real[N, 2, 2]
data k : int[1]
w : real[2, N, 1, 1] ~ Normal(0, 1)
factor sum(conv2d(x[1..k[1]], w))`,
			values{"x": [][][]float64{{{1, 2}, {4, 5}}, {{1, 2}, {4, 5}}}, "k": []int{1}},
			"shape-at-binding", "conv2d(x[1..k[1]], w)", "found real[1, 2, 2] and real[2, 2, 1, 1]"},
		{"a stride of 0", `
data x : real[4, 4]
data s : int
m ~ Normal(0, 1)
factor m * sum(max_pool2d(x, 2, stride = s))`,
			values{"x": table(4, 4), "s": 0},
			"shape-at-binding", "max_pool2d(x, 2, stride = s)", "needs a stride of at least 1, found 0"},
		{"an event of another length", `
data x : real[N]
data k : int[1]
m ~ Normal(0, 1)
x[1..k[1]] ~ MvNormal(x, cov = eye(N))`,
			values{"x": reals(3), "k": []int{2}},
			"shape-at-binding", "x", "the parameter `mean` of `MvNormal` has another length than the rest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := checkedWithout(t, c.text)
			_, ds := lower.Lower(m, bound(t, m, c.data), &guide.Packed{}, named.New())
			if len(ds) == 0 {
				t.Fatal("no error")
			}
			d := ds[0]
			if at := d.Source.Slice(d.Span); string(d.Code) != c.code || at != c.at || !strings.Contains(d.Summary, c.says) || len(ds) > 1 {
				t.Errorf("want %s at %q: %s\n%s", c.code, c.at, c.says, ds.Error())
			}
		})
	}
}

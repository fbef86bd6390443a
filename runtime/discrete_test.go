package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"ppl/inference/random"
	"ppl/runtime"
)

// The models here have discrete latents only, so that nothing but the
// elimination is at work: probabilities, evidence and most likely values are
// compared with sums over all states, written out independently.

func fitDiscrete(t *testing.T, text string, data map[string]any, draws int) *runtime.Posterior {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(data))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), runtime.Options{Seed: 3, Draws: draws})
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func normalLog(x, mean, sd float64) float64 {
	z := (x - mean) / sd
	return -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
}

// joint is a brute-force joint distribution of variables of given sizes.
type joint struct {
	sizes  []int
	states [][]int
	p      []float64 // normalised
	logz   float64
}

func enumerate(sizes []int, logp func(z []int) float64) *joint {
	j := &joint{sizes: sizes}
	z := make([]int, len(sizes))
	most := math.Inf(-1)
	var l []float64
	for {
		j.states = append(j.states, append([]int(nil), z...))
		l = append(l, logp(z))
		most = math.Max(most, l[len(l)-1])
		i := len(z) - 1
		for ; i >= 0; i-- {
			if z[i]++; z[i] < sizes[i] {
				break
			}
			z[i] = 0
		}
		if i < 0 {
			break
		}
	}
	total := 0.0
	for _, x := range l {
		j.p = append(j.p, math.Exp(x-most))
		total += math.Exp(x - most)
	}
	for i := range j.p {
		j.p[i] /= total
	}
	j.logz = most + math.Log(total)
	return j
}

func (j *joint) marginal(i, k int) float64 {
	t := 0.0
	for s, z := range j.states {
		if z[i] == k {
			t += j.p[s]
		}
	}
	return t
}

func (j *joint) mode() []int {
	best := 0
	for s := range j.p {
		if j.p[s] > j.p[best] {
			best = s
		}
	}
	return j.states[best]
}

// check compares a posterior with the joint distribution of the named
// variables, the first values of whose supports are given.
func (j *joint) check(t *testing.T, post *runtime.Posterior, names []string, first []int) {
	t.Helper()
	if v := post.Figures().ELBO; math.Abs(v-j.logz) > 1e-9*math.Max(1, math.Abs(j.logz)) {
		t.Errorf("log evidence %.12g, want %.12g", v, j.logz)
	}
	mode := j.mode()
	for i, name := range names {
		for k := range j.sizes[i] {
			p, err := post.Probability(name, first[i]+k)
			if err != nil {
				t.Fatal(err)
			}
			if want := j.marginal(i, k); math.Abs(p-want) > 1e-8 {
				t.Errorf("P(%s = %d) is %.12g, want %.12g", name, first[i]+k, p, want)
			}
		}
		q, err := post.DiscreteQuantity(name)
		if err != nil {
			t.Fatal(err)
		}
		if q.Joint != first[i]+mode[i] {
			t.Errorf("the most likely combination has %s = %d, want %d", name, q.Joint, first[i]+mode[i])
		}
	}
	j.checkDraws(t, post, names, first)
}

// checkDraws compares the frequencies of joint states with their
// probabilities: χ² over the states that are expected often enough.
func (j *joint) checkDraws(t *testing.T, post *runtime.Posterior, names []string, first []int) {
	t.Helper()
	var draws [][]int
	for _, name := range names {
		d, err := post.DiscreteDraws(name)
		if err != nil {
			t.Fatal(err)
		}
		draws = append(draws, d)
	}
	n := len(draws[0])
	counts := map[string]float64{}
	for i := range n {
		z := make([]int, len(names))
		for k := range names {
			z[k] = draws[k][i] - first[k]
		}
		counts[fmt.Sprint(z)]++
	}
	chi2, df, rest, restWant := 0.0, -1.0, 0.0, 0.0
	for s, z := range j.states {
		c, want := counts[fmt.Sprint(z)], j.p[s]*float64(n)
		if j.p[s] == 0 && c > 0 {
			t.Errorf("the impossible state %v was drawn", z)
		}
		if want < 8 {
			rest, restWant = rest+c, restWant+want
			continue
		}
		chi2 += (c - want) * (c - want) / want
		df++
	}
	if restWant > 0 {
		chi2 += (rest - restWant) * (rest - restWant) / math.Max(restWant, 1)
		df++
	}
	if limit := df + 4.5*math.Sqrt(2*df) + 10; df > 0 && chi2 > limit {
		t.Errorf("draws of joint states: χ² = %.1f on %.0f degrees of freedom", chi2, df)
	}
}

func names(base string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("%s[%d]", base, i+1))
	}
	return out
}

func repeat(x, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = x
	}
	return out
}

func TestDiscreteChain(t *testing.T) {
	const n = 7
	y := []float64{0.2, 1.4, -0.3, 2.2, 2.5, 0.9, 1.1}
	move := [][]float64{{0.7, 0.3, 0}, {0.2, 0.5, 0.3}, {0, 0.4, 0.6}}
	start := []float64{0.6, 0.4, 0}
	post := fitDiscrete(t, `
data y : real[T]
let move = [[0.7, 0.3, 0], [0.2, 0.5, 0.3], [0, 0.4, 0.6]]
z[1] ~ Categorical([0.6, 0.4, 0])
for t in 2..T { z[t] ~ Categorical(move[z[t-1]]) }
plate t in 1..T { y[t] ~ Normal(z[t] - 1, 0.8) }`, map[string]any{"y": y}, 4000)
	j := enumerate(repeat(3, n), func(z []int) float64 {
		l := math.Log(start[z[0]])
		for t, k := range z {
			if t > 0 {
				l += math.Log(move[z[t-1]][k])
			}
			l += normalLog(y[t], float64(k), 0.8)
		}
		return l
	})
	j.check(t, post, names("z", n), repeat(1, n))
}

func TestDiscreteTwoLevels(t *testing.T) {
	y := []float64{0.2, 1.4, -0.3, 2.2, 2.5, 0.9}
	g := []int{1, 2, 1, 3, 3, 2}
	post := fitDiscrete(t, `
data y : real[N]
data g : int[N]
top ~ Bernoulli(0.3)
c[j in 1..3] ~ Bernoulli(0.2 + 0.5 * top)
plate i in 1..N {
  z[i] ~ Bernoulli(0.1 + 0.7 * c[g[i]])
  y[i] ~ Normal(2 * z[i], 1)
}`, map[string]any{"y": y, "g": g}, 4000)
	coin := func(p float64, x int) float64 {
		if x == 1 {
			return math.Log(p)
		}
		return math.Log(1 - p)
	}
	j := enumerate(repeat(2, 10), func(x []int) float64 {
		top, c, z := x[0], x[1:4], x[4:]
		l := coin(0.3, top)
		for _, k := range c {
			l += coin(0.2+0.5*float64(top), k)
		}
		for i, k := range z {
			l += coin(0.1+0.7*float64(c[g[i]-1]), k) + normalLog(y[i], 2*float64(k), 1)
		}
		return l
	})
	j.check(t, post, append(append([]string{"top"}, names("c", 3)...), names("z", 6)...), repeat(0, 10))
}

func TestDiscreteChangePoint(t *testing.T) {
	const n = 100
	y := make([]int, n)
	r := random.Stream(1, "change point", 0)
	for i := range y {
		rate := 3.0
		if i >= 41 {
			rate = 1
		}
		for u := -math.Log(1 - r.Float64()); u < rate; u -= math.Log(1 - r.Float64()) {
			y[i]++
		}
	}
	post := fitDiscrete(t, `
data y : int[T]
tau ~ DiscreteUniform(1, T)
plate t in 1..T { y[t] ~ Poisson(if t < tau then 3 else 1) }`, map[string]any{"y": y}, 4000)
	j := enumerate([]int{n}, func(z []int) float64 {
		l := -math.Log(n)
		for i, k := range y {
			rate := 1.0
			if i < z[0] {
				rate = 3
			}
			g, _ := math.Lgamma(float64(k) + 1)
			l += float64(k)*math.Log(rate) - rate - g
		}
		return l
	})
	j.check(t, post, []string{"tau"}, []int{1})
}

// Two chains that act on one another, and a count that many observations share.
func TestDiscreteCoupled(t *testing.T) {
	y := []int{1, 2, 0, 2}
	post := fitDiscrete(t, `
data y : int[T]
a[1] ~ Bernoulli(0.5)
b[1] ~ Bernoulli(0.5)
for t in 2..T {
  a[t] ~ Bernoulli(0.2 + 0.5 * b[t-1])
  b[t] ~ Bernoulli(0.1 + 0.3 * a[t-1] + 0.4 * b[t-1])
}
n ~ Binomial(3, 0.5)
plate t in 1..T { y[t] ~ Binomial(n, 0.2 + 0.3 * a[t] + 0.4 * b[t]) }`, map[string]any{"y": y}, 4000)
	coin := func(p float64, x int) float64 { return math.Log(float64(x)*p + float64(1-x)*(1-p)) }
	j := enumerate([]int{2, 2, 2, 2, 2, 2, 2, 2, 4}, func(x []int) float64 {
		a, b, n := x[:4], x[4:8], x[8]
		l := math.Log([]float64{1, 3, 3, 1}[n] / 8)
		for t := range 4 {
			if t == 0 {
				l += coin(0.5, a[0]) + coin(0.5, b[0])
			} else {
				l += coin(0.2+0.5*float64(b[t-1]), a[t]) + coin(0.1+0.3*float64(a[t-1])+0.4*float64(b[t-1]), b[t])
			}
			if y[t] > n {
				return math.Inf(-1)
			}
			p := 0.2 + 0.3*float64(a[t]) + 0.4*float64(b[t])
			c := map[[2]int]float64{{1, 1}: 1, {2, 1}: 2, {3, 1}: 3, {2, 2}: 1, {3, 2}: 3, {1, 0}: 1, {2, 0}: 1, {3, 0}: 1, {0, 0}: 1}[[2]int{n, y[t]}]
			l += math.Log(c) + float64(y[t])*math.Log(p) + float64(n-y[t])*math.Log(1-p)
		}
		return l
	})
	j.check(t, post, append(append(names("a", 4), names("b", 4)...), "n"), repeat(0, 9))
}

// With continuous latents, probabilities are means over their posterior.
func TestDiscreteWithContinuous(t *testing.T) {
	// Two normal clusters with a common known sd and one unknown shift m ~ N(0, 1):
	// p(z = 1 | y) is an integral over m, done here on a grid.
	y := []float64{0.4, 3.1, 2.2}
	post := fitDiscrete(t, `
data y : real[3]
m ~ Normal(0, 1)
plate i in 1..3 {
  z[i] ~ Bernoulli(0.4)
  y[i] ~ Normal(m + 2 * z[i], 1)
}`, map[string]any{"y": y}, 4000)
	var total float64
	want := make([]float64, 3)
	for k := -4000; k <= 4000; k++ {
		m := float64(k) / 500
		w := math.Exp(normalLog(m, 0, 1))
		p := make([]float64, 3)
		for i, x := range y {
			p0, p1 := 0.6*math.Exp(normalLog(x, m, 1)), 0.4*math.Exp(normalLog(x, m+2, 1))
			w *= p0 + p1
			p[i] = p1 / (p0 + p1)
		}
		total += w
		for i := range p {
			want[i] += w * p[i]
		}
	}
	for i := range want {
		p, err := post.Probability(fmt.Sprintf("z[%d]", i+1), 1)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(p-want[i]/total) > 0.01 {
			t.Errorf("P(z[%d] = 1) is %.4f, want %.4f", i+1, p, want[i]/total)
		}
	}
	z, err := post.DiscreteDraws("z[1]")
	if err != nil {
		t.Fatal(err)
	}
	m, err := post.Draws("m")
	if err != nil {
		t.Fatal(err)
	}
	// z and m are drawn together: where z[1] is 1 the shift is lower.
	var sum, n [2]float64
	for i, k := range z {
		sum[k] += m[i]
		n[k]++
	}
	if sum[1]/n[1] > sum[0]/n[0]-0.3 {
		t.Errorf("mean of m is %.3f where z[1] = 1 and %.3f where it is 0", sum[1]/n[1], sum[0]/n[0])
	}
}

func TestDiscreteStrategies(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte("data y : real\nz ~ Bernoulli(0.3)\ny ~ Normal(z, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	data := runtime.Map(map[string]any{"y": 1})
	p, err := m.BindWith(data, runtime.BindOptions{Discrete: map[string]string{"z": "exact"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Discrete(); len(got) != 1 || got[0].String() != "z: exact, summed out; 2 values, 2 numbers for each particle" {
		t.Errorf("strategies: %v", got)
	}
	for how, says := range map[string]string{"z=magic": "no strategy", "q=exact": "no discrete latent"} {
		name, s, _ := strings.Cut(how, "=")
		if _, err := m.BindWith(data, runtime.BindOptions{Discrete: map[string]string{name: s}}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", how, err)
		}
	}
}

// TestOneNameSpace: moments, quantiles and draws of an element of a discrete latent are found
// by its name, as those of every other quantity; a name that is like either's is suggested.
func TestOneNameSpace(t *testing.T) {
	post, err := problem(t, "data y : real[N]\nmu ~ Normal(0, 3)\nplate i in 1..N {\n  kind[i] ~ Categorical([0.2, 0.3, 0.5])\n  y[i] ~ Normal(mu + kind[i], 1)\n}",
		map[string]any{"y": []float64{1, 2.5, 4}}).Fit(t.Context(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	d, err := post.DiscreteQuantity("kind[2]")
	if err != nil {
		t.Fatal(err)
	}
	mean, err1 := post.Mean("kind[2]")
	sd, err2 := post.SD("kind[2]")
	median, err3 := post.Quantile("kind[2]", 0.5)
	draws, err4 := post.Draws("kind[2]")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, x := range draws {
		total += x
	}
	n := float64(len(draws))
	if mean != d.Mean() || sd != d.SD() || median != float64(d.Quantile(0.5)) || math.Abs(total/n-mean) > 4*sd/math.Sqrt(n) {
		t.Errorf("mean %g, sd %g, median %g, mean of draws %g; of the element %g, %g, %d", mean, sd, median, total/n, d.Mean(), d.SD(), d.Quantile(0.5))
	}
	if len(draws) != len(mustDraws(t, post, "mu")) {
		t.Errorf("%d draws", len(draws))
	}
	for asked, like := range map[string]string{"kin[2]": "kind[2]", "muu": "mu"} {
		var unknown *runtime.UnknownQuantity
		if _, err := post.Mean(asked); !errors.As(err, &unknown) || unknown.Suggestion != like {
			t.Errorf("%s: %v", asked, err)
		}
	}
}

func mustDraws(t *testing.T, post *runtime.Posterior, name string) []float64 {
	t.Helper()
	x, err := post.Draws(name)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

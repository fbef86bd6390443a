package chains_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	goruntime "runtime"
	"testing"

	"ppl/inference"
	"ppl/inference/chains"
	"ppl/inference/nuts"
	"ppl/inference/random"
	"ppl/runtime"
)

func fitted(t *testing.T, text string, data map[string]any, how map[string]string) *inference.Answer {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.BindWith(runtime.Map(data), runtime.BindOptions{Discrete: how})
	if err != nil {
		t.Fatal(err)
	}
	fit, err := inference.Infer(context.Background(), p.Target(), inference.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return fit
}

func run(t *testing.T, fit *inference.Answer, opt chains.Options) *chains.Result {
	t.Helper()
	opt.Seed = 1
	r, err := chains.Run(context.Background(), fit, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const hidden = `
data y : real[T]
let move = [[0.8, 0.15, 0.05], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]
z[1] ~ Categorical([0.4, 0.3, 0.3])
for t in 2..T { z[t] ~ Categorical(move[z[t-1]]) }
plate t in 1..T { y[t] ~ Normal(z[t], 1) }`

var hiddenData = map[string]any{"y": []float64{0.8, 1, 2, 3, 2.2, 1.5, 0.3, 2.9}}

// TestGroups: elements that share no factor are in one group.
func TestGroups(t *testing.T) {
	for _, c := range []struct {
		name, text       string
		data             map[string]any
		how              map[string]string
		finite, infinite []int
		single           int
	}{
		{"independent", "data y : real[5]\nplate i in 1..5 {\n z[i] ~ Categorical([0.2, 0.3, 0.5])\n y[i] ~ Normal(z[i], 1)\n}",
			map[string]any{"y": []float64{1, 2, 3, 1, 2}}, map[string]string{"z": "expect"}, []int{5}, nil, 0},
		{"chain", hidden, hiddenData, map[string]string{"z": "score"}, []int{4, 4}, nil, 0},
		{"all in one", "data y : real\nz : int[4] ~ Bernoulli(0.3)\ny ~ Normal(sum(z), 1)", map[string]any{"y": 2.0}, map[string]string{"z": "expect"}, []int{1, 1, 1, 1}, nil, 0},
		{"without tables", "data y : real\nz : int[4] ~ Bernoulli(0.3)\ny ~ Normal(sum(z), 1)", map[string]any{"y": 2.0}, map[string]string{"z": "relax"}, []int{1, 1, 1, 1}, nil, 0},
		{"counts", "data y : int[3]\nplate i in 1..3 {\n n[i] ~ Poisson(3)\n y[i] ~ Binomial(n[i], 0.5)\n}", map[string]any{"y": []int{1, 2, 3}}, map[string]string{"n": "score"}, nil, []int{3}, 0},
		{"counts in a sum", "data y : real\nn : int[2] ~ Poisson(3)\ny ~ Normal(sum(n), 1)", map[string]any{"y": 5.0}, map[string]string{"n": "score"}, nil, []int{1, 1}, 0},
		{"thirty in a sum", "data y : real\nz : int[30] ~ Bernoulli(0.3)\ny ~ Normal(sum(z), 1)", map[string]any{"y": 9.0}, map[string]string{"z": "relax"}, nil, nil, 30},
	} {
		finite, infinite, single, err := chains.GroupSizes(fitted(t, c.text, c.data, c.how))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(finite, c.finite) || !reflect.DeepEqual(infinite, c.infinite) || single != c.single {
			t.Errorf("%s: groups %v, %v, and %d one by one; want %v, %v, %d", c.name, finite, infinite, single, c.finite, c.infinite, c.single)
		}
	}
}

// forward are the smoothed probabilities of the hidden chain, and those that a state is
// the one before, by a sum over all states of the chain.
func forward() (out [][]float64, stays []float64) {
	move := [][]float64{{0.8, 0.15, 0.05}, {0.2, 0.5, 0.3}, {0.1, 0.1, 0.8}}
	start := []float64{0.4, 0.3, 0.3}
	y := hiddenData["y"].([]float64)
	out, stays = make([][]float64, len(y)), make([]float64, len(y))
	for i := range out {
		out[i] = make([]float64, 3)
	}
	total := 0.0
	states := int(math.Pow(3, float64(len(y))))
	z := make([]int, len(y))
	for s := range states {
		p, rest := 1.0, s
		for t := range y {
			z[t] = rest % 3
			rest /= 3
			if t == 0 {
				p *= start[z[0]]
			} else {
				p *= move[z[t-1]][z[t]]
			}
			d := y[t] - float64(z[t]+1)
			p *= math.Exp(-0.5 * d * d)
		}
		total += p
		for t, v := range z {
			out[t][v] += p
			if t > 0 && v == z[t-1] {
				stays[t] += p
			}
		}
	}
	for t, p := range out {
		stays[t] /= total
		for v := range p {
			p[v] /= total
		}
	}
	return out, stays
}

// TestMetropolis: draws are right even where elements that share factors are drawn together.
// Without the test of the group neighbours would be independent: one is drawn given
// the other's last value.
func TestMetropolis(t *testing.T) {
	fit := fitted(t, hidden, hiddenData, map[string]string{"z": "score"})
	want, stays := forward()
	for _, together := range []bool{false, true} {
		opt := chains.Options{Draws: 12000}
		if together {
			chains.Together(&opt)
		}
		r := run(t, fit, opt)
		n := len(want)
		for e := 1; e < n; e++ {
			same := 0.0
			for i := e; i < len(r.Z[0]); i += n {
				if r.Z[0][i] == r.Z[0][i-1] {
					same += float64(n) / float64(len(r.Z[0]))
				}
			}
			if math.Abs(same-stays[e]) > 0.012 {
				t.Errorf("together %v: z[%d] is z[%d] with frequency %.4f, want %.4f", together, e+1, e, same, stays[e])
			}
		}
		for e := range want {
			counts := make([]float64, 3)
			for i := e; i < len(r.Z[0]); i += n {
				counts[r.Z[0][i]] += float64(n) / float64(len(r.Z[0]))
			}
			for v, p := range want[e] {
				if math.Abs(counts[v]-p) > 0.012 {
					t.Errorf("together %v: z[%d] = %d has frequency %.4f, want %.4f", together, e+1, v+1, counts[v], p)
				}
				if !together && math.Abs(r.P[0][e*3+v]-p) > 0.006 {
					t.Errorf("z[%d] = %d has probability %.4f, want %.4f", e+1, v+1, r.P[0][e*3+v], p)
				}
			}
		}
	}
}

// TestSameBits: draws do not depend on the number of cores, but on the seed.
func TestSameBits(t *testing.T) {
	fit := fitted(t, `
data y : real[5]
mu ~ Normal(0, 3)
s ~ HalfNormal(2)
plate i in 1..5 {
  z[i] ~ Bernoulli(0.4)
  y[i] ~ Normal(mu + 3 * z[i], s)
}`, map[string]any{"y": []float64{0.1, 3.2, -0.4, 2.7, 0.3}}, map[string]string{"z": "expect"})
	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(0))
	var want *chains.Result
	for _, cores := range []int{1, 2, 4} {
		goruntime.GOMAXPROCS(cores)
		r := run(t, fit, chains.Options{})
		if want != nil && !reflect.DeepEqual(chains.Shown(r), chains.Shown(want)) {
			t.Errorf("%d cores give other draws", cores)
		}
		want = r
	}
	other, err := chains.Run(context.Background(), fit, chains.Options{Seed: 2})
	if err != nil || reflect.DeepEqual(other.U, want.U) {
		t.Errorf("another seed gives the same draws, %v", err)
	}
}

// TestConcurrentBatches runs two batches under the race detector, with progress.
func TestConcurrentBatches(t *testing.T) {
	fit := fitted(t, "data y : real[3]\nm ~ Normal(0, 1)\nz : int[3] ~ Bernoulli(0.3)\ny ~ Normal(m + 2 * z, 1)", map[string]any{"y": []float64{0.5, 2, -1}}, map[string]string{"z": "relax"})
	told := 0
	r := run(t, fit, chains.Options{Chains: 6, Groups: 3, Warmup: 40, Draws: 30, Progress: func(p nuts.Progress) {
		if told++; p.Done > p.Total {
			t.Errorf("%d of %d", p.Done, p.Total)
		}
	}})
	if r.Chains != 6 || r.Groups != 3 || r.Draws != 30 || len(r.U) != 6*30 || len(r.Z[0]) != 6*30*3 {
		t.Errorf("%d chains in %d groups of %d draws", r.Chains, r.Groups, r.Draws)
	}
}

// TestStops: a context that is done leaves what there is.
func TestStops(t *testing.T) {
	fit := fitted(t, hidden, hiddenData, map[string]string{"z": "score"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := chains.Run(ctx, fit, chains.Options{}); r != nil || err != nil {
		t.Errorf("stopped before it began: %v, %v", r, err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	r, err := chains.Run(ctx, fit, chains.Options{Draws: 1e6, Progress: func(p nuts.Progress) {
		if !p.Warmup && p.Done > 64*1000 {
			cancel()
		}
	}})
	if err != nil || r == nil || !r.Interrupted || r.Draws == 0 || r.Draws == 1e6 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestRefused: work and elements are bounded.
func TestRefused(t *testing.T) {
	fit := fitted(t, hidden, hiddenData, map[string]string{"z": "score"})
	if _, err := chains.Run(context.Background(), fit, chains.Options{Work: 1000}); fmt.Sprintf("%T", err) != "*chains.ErrRefused" {
		t.Errorf("a bound of a thousand operations: %v", err)
	}
}

// TestNested: groups that differ show in R̂, chains that differ within a group in the
// effective number of draws.
func TestNested(t *testing.T) {
	shifted := func(shift func(c int) float64) [][]float64 {
		out := make([][]float64, 16)
		for c := range out {
			r := random.Stream(3, "nested", c)
			for range 200 {
				out[c] = append(out[c], r.NormFloat64()+shift(c))
			}
		}
		return out
	}
	for _, c := range []struct {
		name       string
		shift      func(c int) float64
		rhat, less float64
		ess, most  float64
	}{
		{"one distribution", func(int) float64 { return 0 }, 0, 1.01, 1500, math.Inf(1)},
		{"groups apart", func(c int) float64 { return float64(c / 4) }, 1.3, 3, 0, 50},
		{"chains apart", func(c int) float64 { return float64(c % 4) }, 0, 1.01, 0, 50},
	} {
		rhat, ess := chains.Nested(shifted(c.shift), 4)
		if rhat < c.rhat || rhat > c.less || ess < c.ess || ess > c.most {
			t.Errorf("%s: R̂ %.3f, %.0f effective draws", c.name, rhat, ess)
		}
	}
}

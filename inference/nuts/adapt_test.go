package nuts

import (
	"context"
	"fmt"
	"math"
	"ppl/graph"
	"slices"
	"testing"

	"ppl/inference/random"
)

// TestWindows: the ends of Stan's windows.
func TestWindows(t *testing.T) {
	for _, c := range []struct {
		warmup int
		ends   []int
	}{
		{1000, []int{99, 149, 249, 449, 949}},
		{500, []int{99, 149, 249, 449}},
		{2000, []int{99, 149, 249, 449, 849, 1949}},
		{150, []int{99}},
		{149, []int{134}},
		{100, []int{89}},
		{20, []int{17}},
		{19, nil},
		{0, nil},
	} {
		w := newWindows(c.warmup)
		var ends []int
		for i := range c.warmup {
			if w.closes(i) {
				ends = append(ends, i)
			}
		}
		if !slices.Equal(ends, c.ends) {
			t.Errorf("a warm-up of %d closes its windows at %v, want %v", c.warmup, ends, c.ends)
		}
	}
}

func TestVariances(t *testing.T) {
	v, m := newSpread(2, false), []float64{2, 1}
	sys := &system{invMetric: m}
	for _, x := range []float64{1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 6} {
		v.add([]float64{x, math.NaN()})
	}
	v.take(sys)
	want := 4.0/9*(14.0/3) + 2e-3*5/9
	if math.Abs(m[0]-want) > 1e-12 || m[1] != 1 {
		t.Errorf("the metric is %v, want %g and 1", m, want)
	}
	v.take(sys)
	if math.Abs(m[0]-want) > 1e-12 {
		t.Error("an empty window changed the metric")
	}
}

// TestDualAveraging finds the step size of a given acceptance curve.
func TestDualAveraging(t *testing.T) {
	for _, target := range []float64{0.6, 0.8, 0.95} {
		r := random.Stream(1, "dual averaging", 0)
		a := &averager{target: target}
		a.restart(3)
		step := 3.0
		for range 5000 {
			step = a.next(math.Exp(-step) * (0.99 + 0.02*r.Float64()))
		}
		if got := a.final(); math.Abs(got/-math.Log(target)-1) > 0.1 {
			t.Errorf("target %g: step %g, want %g", target, got, -math.Log(target))
		}
	}
}

// TestAdaptation: scales from 1e-4 to 1e4 are found, and the acceptance aimed at.
func TestAdaptation(t *testing.T) {
	sds := []float64{1e-4, 0.1, 1, 30, 1e4}
	f := func(q, g []float64) float64 {
		lp := 0.0
		for i, s := range sds {
			g[i] = -q[i] / (s * s)
			lp -= q[i] * q[i] / (2 * s * s)
		}
		return lp
	}
	for _, target := range []float64{0.8, 0.95} {
		r, err := sample(context.Background(), len(sds), func() (Density, error) { return newFunction(len(sds), f), nil },
			Options{Seed: 1, Chains: 2, Draws: 500, TargetAccept: target})
		if err != nil {
			t.Fatal(err)
		}
		for k, c := range r.Chains {
			for i, s := range sds {
				if ratio := c.InvMetric[i] / (s * s); ratio < 0.5 || ratio > 2 {
					t.Errorf("chain %d: variance %d is off by a factor of %g", k, i, ratio)
				}
			}
			sum := 0.0
			for _, a := range c.AcceptStat {
				sum += a / float64(len(c.AcceptStat))
			}
			if math.Abs(sum-target) > 0.13 { // in few dimensions it comes out above, as in Stan
				t.Errorf("chain %d: acceptance %g, want %g", k, sum, target)
			}
		}
	}
}

// TestDenseAdaptation: a ridge of correlation 0.9999 is found, and sampled in short
// trajectories; with variances alone it takes a hundred times as long.
func TestDenseAdaptation(t *testing.T) {
	const rho, a, b = 0.9999, 1e-3, 1e4
	f := func(q, g []float64) float64 {
		x, y := q[0]/a, (q[1]-5*b)/b
		c := 1 / (1 - rho*rho)
		g[0], g[1] = -c*(x-rho*y)/a, -c*(y-rho*x)/b
		return -c / 2 * (x*x - 2*rho*x*y + y*y)
	}
	leaps := map[string]int{}
	for _, metric := range []string{"", Diagonal} {
		r, err := sample(context.Background(), 2, func() (Density, error) { return newFunction(2, f), nil }, Options{Seed: 1, Chains: 2, Metric: metric})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Chains {
			if c.Dense == (metric == Diagonal) {
				t.Errorf("metric %q: dense is %v", metric, c.Dense)
			}
			for _, n := range c.Leaps {
				leaps[metric] += n
			}
		}
		x := 0.0
		for _, c := range r.Chains {
			for _, q := range c.Draws {
				x += (q[1]/b - 5) * (q[1]/b - 5) / 2000
			}
		}
		if metric == "" && math.Abs(x-1) > 0.2 {
			t.Errorf("the variance is off by a factor of %g", x)
		}
	}
	if leaps[""]*10 > leaps[Diagonal] {
		t.Errorf("%d leaps with covariances, %d without", leaps[""], leaps[Diagonal])
	}
}

// TestFindStep: the first step size is in proportion to the target's scale.
func TestFindStep(t *testing.T) {
	for _, scale := range []float64{1e-8, 1, 1e5} {
		f := func(q, g []float64) float64 {
			g[0] = -q[0] / (scale * scale)
			return g[0] * q[0] / 2
		}
		c := newChain(newFunction(1, f), 1, random.Stream(1, "find step", 0), Options{MaxDepth: 10, StepSize: 1}, never)
		if err := c.start([]float64{scale}); err != nil {
			t.Fatal(err)
		}
		if err := c.findStep(); err != nil {
			t.Fatal(err)
		}
		if ratio := c.tree.step / scale; ratio < 0.1 || ratio > 10 {
			t.Errorf("scale %g: step %g", scale, c.tree.step)
		}
	}
}

// TestHostileDensities: whatever a density does, the sampler ends, counts
// divergences, and keeps to where there is a density.
func TestHostileDensities(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for what, outside := range map[string][2]float64{
		"-Inf": {-inf, 0}, "NaN": {nan, nan}, "+Inf": {inf, 0},
		"gradient NaN": {0, nan}, "gradient +Inf": {0, inf}, "steep": {1e300, 1e308},
	} {
		f := func(q, g []float64) float64 { // normal within (−1, 1)
			g[0], g[1] = -q[0], -q[1]
			if math.Abs(q[0]) > 1 {
				g[0] = outside[1]
				return outside[0]
			}
			return -(q[0]*q[0] + q[1]*q[1]) / 2
		}
		r, err := sample(context.Background(), 2, func() (Density, error) { return newFunction(2, f), nil }, Options{Seed: 1, Chains: 2, Warmup: 200, Draws: 300})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if r.Divergences == 0 && what != "steep" {
			t.Errorf("%s: no divergence was counted", what)
		}
		for _, c := range r.Chains {
			for _, q := range c.Draws {
				if what != "steep" && math.Abs(q[0]) > 1 || !graph.AllFinite(q) {
					t.Fatalf("%s: a draw at %v", what, q)
				}
			}
		}
	}
}

// TestFailures: posteriors that cannot be sampled, and faults.
func TestFailures(t *testing.T) {
	run := func(f func(q, g []float64) float64, opt Options) error {
		_, err := sample(context.Background(), 1, func() (Density, error) { return newFunction(1, f), nil }, opt)
		return err
	}
	flat := func(_, g []float64) float64 { g[0] = 0; return 0 }
	nowhere := func(_, g []float64) float64 { g[0] = 0; return math.Inf(-1) }
	for what, err := range map[string]error{
		"improper":         run(flat, Options{}),
		"no start":         run(nowhere, Options{}),
		"given start":      run(nowhere, Options{Init: [][]float64{{0}}}),
		"wrong length":     run(gumbel, Options{Init: [][]float64{{0, 1}}}),
		"metric":           run(gumbel, Options{InvMetric: []float64{-1}}),
		"length of metric": run(gumbel, Options{InvMetric: []float64{1, 2}}),
		"target":           run(gumbel, Options{TargetAccept: 1}),
		"negative":         run(gumbel, Options{Draws: -1}),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	calls := 0
	_, err := sample(context.Background(), 1, func() (Density, error) { return failing{&calls}, nil }, Options{Chains: 1})
	if err == nil || calls > 100 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

// failing fails at its 100th call.
type failing struct{ calls *int }

func (f failing) Eval(q []float64) ([]float64, []float64, error) {
	if *f.calls++; *f.calls >= 100 {
		return nil, nil, fmt.Errorf("a fault")
	}
	return []float64{-q[0] * q[0] / 2}, []float64{-q[0]}, nil
}

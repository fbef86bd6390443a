package nuts

import (
	"context"
	"math"
	"testing"

	"ppl/inference/random"
)

func never() bool { return false }

// TestDetailedBalance starts a transition from each of many exact draws of a
// banana, with a step size that is too large and few doublings, so that all
// ways of ending a trajectory occur. The ends must be exact draws too, and going
// from one region to another as likely as coming back.
func TestDetailedBalance(t *testing.T) {
	const n, side = 60000, 6
	for _, step := range []float64{0.25, 0.6, 1.1} {
		r := random.Stream(5, "balance", int(100*step))
		s := &system{density: newFunction(2, banana), invMetric: []float64{0.7, 1.3}}
		tr := newTree(s, r, 3, never)
		tr.step = step
		cell := func(q []float64) int {
			u, v := normalCDF(q[0]), normalCDF((q[1]-q[0]*q[0])/0.5)
			return min(int(u*side), side-1)*side + min(int(v*side), side-1)
		}
		var ends [side * side]int
		var flow [side * side][side * side]int
		now, z := newState(2), newPoint(2)
		var depths [4]int
		divergent, moved := 0, 0
		for range n {
			z.q[0] = r.NormFloat64()
			z.q[1] = z.q[0]*z.q[0] + 0.5*r.NormFloat64()
			s.evaluate(&z)
			copy(now.q, z.q)
			copy(now.g, z.g)
			now.lp = z.lp
			tr.transition(now)
			a, b := cell(z.q), cell(now.q)
			ends[b]++
			flow[a][b]++
			depths[tr.depth]++
			if tr.divergent {
				divergent++
			}
			if now.q[0] != z.q[0] {
				moved++
			}
		}
		if p := uniformity(ends[:]); p < 1e-6 {
			t.Errorf("step %g: the ends are not draws of the target, p = %g", step, p)
		}
		x, df := 0.0, 0
		for a := range flow {
			for b := range a {
				if k := flow[a][b] + flow[b][a]; k >= 10 {
					d := float64(flow[a][b] - flow[b][a])
					x += d * d / float64(k)
					df++
				}
			}
		}
		if p := survival(x, df); p < 1e-6 || df < 100 {
			t.Errorf("step %g: flows between %d pairs of regions do not balance, p = %g", step, df, p)
		}
		t.Logf("step %g: depths %v, %d divergent, %d moved", step, depths, divergent, moved)
	}
}

// TestChainOfGumbel: thinned draws of one adapted chain have the right
// distribution, by χ² on 20 equally likely cells.
func TestChainOfGumbel(t *testing.T) {
	r, err := sample(context.Background(), 1, func() (Density, error) { return newFunction(1, gumbel), nil }, Options{Seed: 2, Chains: 2, Draws: 40000})
	if err != nil {
		t.Fatal(err)
	}
	var counts [20]int
	for _, c := range r.Chains {
		for i := 0; i < len(c.Draws); i += 10 {
			counts[min(19, int(20*math.Exp(-math.Exp(-c.Draws[i][0]))))]++
		}
	}
	if p := uniformity(counts[:]); p < 1e-6 {
		t.Errorf("counts %v, p = %g", counts, p)
	}
}

// TestNoAllocation: transitions reuse their memory.
func TestNoAllocation(t *testing.T) {
	const d = 5
	c := newChain(newFunction(d, quartic), d, random.Stream(1, "allocation", 0), Options{MaxDepth: 10, StepSize: 0.1}, never)
	if err := c.start(nil); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(200, func() { c.tree.transition(c.now) }); n != 0 {
		t.Errorf("%g allocations a transition", n)
	}
}

// TestTurns: on a standard normal with small steps trajectories turn back after
// about half a circle, π/ε steps, and their energies hardly change.
func TestTurns(t *testing.T) {
	normal := func(q, g []float64) float64 {
		lp := 0.0
		for i, x := range q {
			g[i] = -x
			lp -= x * x / 2
		}
		return lp
	}
	const d, step = 20, 0.02
	c := newChain(newFunction(d, normal), d, random.Stream(1, "turns", 0), Options{MaxDepth: 10, StepSize: step}, never)
	if err := c.start(nil); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		c.tree.transition(c.now)
		if n := float64(c.tree.leaps+1) * step / math.Pi; n < 0.3 || n > 2 {
			t.Errorf("a trajectory of %d steps is %g half circles", c.tree.leaps, n)
		}
		if a := c.tree.acceptance(); a < 0.99 {
			t.Errorf("acceptance %g", a)
		}
	}
	c.tree.maxDepth = 3
	c.tree.transition(c.now)
	if c.tree.depth != 3 || c.tree.leaps != 7 {
		t.Errorf("limited to depth 3 it took %d steps to depth %d", c.tree.leaps, c.tree.depth)
	}
}

// TestDirections: trajectories grow forwards as often as backwards.
func TestDirections(t *testing.T) {
	c := newChain(newFunction(2, quartic), 2, random.Stream(1, "directions", 0), Options{MaxDepth: 1, StepSize: 0.1}, never)
	if err := c.start(nil); err != nil {
		t.Fatal(err)
	}
	const n = 4000
	var counts [2]int
	for range n {
		c.tree.transition(c.now)
		if c.tree.signed > 0 {
			counts[1]++
		} else {
			counts[0]++
		}
	}
	if p := uniformity(counts[:]); p < 1e-6 {
		t.Errorf("%d backwards, %d forwards", counts[0], counts[1])
	}
}

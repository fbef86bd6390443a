package nuts

import (
	"math"
	"testing"

	"ppl/inference/random"
)

// trajectory is the oracle of the tree: every point of a trajectory by its time,
// from −n to n steps, and the criterion by its definition.
type trajectory struct {
	at map[int]point
	v  func(z point) []float64
	h  func(z point) float64
}

func newTrajectory(s *system, start *point, step float64, n int) *trajectory {
	tr := &trajectory{at: map[int]point{}}
	tr.v = func(z point) []float64 {
		c := newPoint(len(z.p))
		c.set(&z)
		s.velocity(&c)
		return c.v
	}
	tr.h = func(z point) float64 { return s.energy(&z) }
	for _, sign := range []int{-1, 1} {
		z := newPoint(len(start.q))
		z.set(start)
		for k := 0; k <= n; k++ {
			kept := newPoint(len(z.q))
			kept.set(&z)
			tr.at[sign*k] = kept
			s.leapfrog(&z, float64(sign)*step)
		}
	}
	return tr
}

// rho sums the momenta from time a to time b.
func (tr *trajectory) rho(a, b int) []float64 {
	sum := make([]float64, len(tr.at[0].p))
	for k := a; k <= b; k++ {
		for i, p := range tr.at[k].p {
			sum[i] += p
		}
	}
	return sum
}

// onward is the criterion for the points from a to b as a whole.
func (tr *trajectory) onward(a, b int) bool {
	for _, end := range []int{a, b} {
		dot := 0.0
		rho := tr.rho(a, b)
		for i, v := range tr.v(tr.at[end]) {
			dot += v * rho[i]
		}
		if !(dot > 0) {
			return false
		}
	}
	return true
}

// merged is the criterion for two halves from a to b: the whole, and each half
// with one more point.
func (tr *trajectory) merged(a, b int) bool {
	m := (a + b - 1) / 2
	return tr.onward(a, b) && tr.onward(a, m+1) && tr.onward(m, b)
}

// valid says whether the points from a to b, a power of two, are a part that may
// be added: every pair of halves in it goes on.
func (tr *trajectory) valid(a, b int) bool {
	if a == b {
		return true
	}
	m := (a + b - 1) / 2
	return tr.merged(a, b) && tr.valid(a, m) && tr.valid(m+1, b)
}

func (tr *trajectory) weight(a, b int) float64 {
	w := 0.0
	for k := a; k <= b; k++ {
		w += math.Exp(tr.h(tr.at[0]) - tr.h(tr.at[k]))
	}
	return w
}

// oracle makes a tree at the start of a transition, and its trajectory.
func oracle(seed int, step float64, maxDepth int) (*tree, *trajectory) {
	const d = 3
	r := random.Stream(1, "oracle", seed)
	s := &system{density: newFunction(d, quartic), invMetric: []float64{0.5, 0.3, 0.9}}
	if seed%2 == 0 {
		correlated(s)
	}
	t := newTree(s, r, maxDepth, never)
	t.step = step
	now, z := newState(d), newPoint(d)
	for i := range now.q {
		z.q[i] = r.NormFloat64()
	}
	s.evaluate(&z)
	copy(now.q, z.q)
	copy(now.g, z.g)
	now.lp = z.lp
	t.begin(now)
	return t, newTrajectory(s, &t.ends[0], step, 1<<maxDepth)
}

// TestCriterion doubles trajectories in given directions: whether a part is
// added, whether the trajectory goes on, its weight, its momenta and its edges
// are what the definition says.
func TestCriterion(t *testing.T) {
	const maxDepth = 6
	refused, turned, full := 0, 0, 0
	for run := range 2000 {
		tree, tr := oracle(run, 0.01+0.3*float64(run%10)/10, maxDepth)
		a, b, on := 0, 0, true
		for depth := 0; on && depth < maxDepth; depth++ {
			forwards := (run>>depth^run/64)&1 == 1
			n := 1 << depth
			from, to := b+1, b+n
			if !forwards {
				from, to = a-n, a-1
			}
			added := tr.valid(from, to)
			want := added
			if added {
				a, b = min(a, from), max(b, to)
				want = tr.merged(a, b)
			}
			on = tree.double(forwards)
			if on != want || added != (tree.depth == depth+1) {
				t.Fatalf("run %d, depth %d: on %t, want %t; depth after %d, part valid %t", run, depth, on, want, tree.depth, added)
			}
			switch {
			case !added:
				refused++
				continue
			case !on:
				turned++
			}
			checkSpan(t, tree.whole, tr, a, b)
		}
		if on {
			full++
		}
	}
	if refused < 100 || turned < 100 || full < 50 {
		t.Errorf("%d parts refused, %d trajectories turned, %d full", refused, turned, full)
	}
}

func checkSpan(t *testing.T, w *span, tr *trajectory, a, b int) {
	t.Helper()
	rho := tr.rho(a, b)
	for i := range rho {
		if math.Abs(w.rho[i]-rho[i]) > 1e-9 || math.Abs(w.beg.p[i]-tr.at[a].p[i]) > 1e-9 || math.Abs(w.end.v[i]-tr.v(tr.at[b])[i]) > 1e-9 {
			t.Fatalf("from %d to %d: momenta or edges are wrong", a, b)
		}
	}
	if math.Abs(w.logWeight-math.Log(tr.weight(a, b))) > 1e-9 {
		t.Fatalf("from %d to %d: log weight %g, want %g", a, b, w.logWeight, math.Log(tr.weight(a, b)))
	}
}

// TestChoice doubles one trajectory again and again, with other random numbers:
// each of its points is chosen as often as it should be, by weight within a part
// and with the bias towards the newer part between them.
func TestChoice(t *testing.T) {
	const runs, seed, step = 40000, 35, 0.3
	tree, tr := oracle(seed, step, 3)
	directions := []bool{true, false, true} // times −2 … 5
	counts := map[int]int{}
	for run := range runs {
		tree.r = random.Stream(2, "choice", run)
		z := tr.at[0]
		for k := range tree.ends {
			tree.ends[k].set(&z)
		}
		tree.depth, tree.h0 = 0, tr.h(z)
		tree.leaf(&tree.ends[0], tree.h0, tree.whole)
		for _, d := range directions {
			if !tree.double(d) {
				t.Fatal("the trajectory is too short for the test")
			}
		}
		for k := -2; k <= 5; k++ {
			if math.Abs(tr.at[k].q[0]-tree.whole.chosen.q[0]) < 1e-12 {
				counts[k]++
			}
		}
	}
	prob := map[int]float64{0: 1}
	a, b := 0, 0
	for _, part := range [][2]int{{1, 1}, {-2, -1}, {2, 5}} {
		w := tr.weight(part[0], part[1])
		take := math.Min(1, w/tr.weight(a, b))
		for k := range prob {
			prob[k] *= 1 - take
		}
		for k := part[0]; k <= part[1]; k++ {
			prob[k] = take * tr.weight(k, k) / w
		}
		a, b = min(a, part[0]), max(b, part[1])
	}
	x, df := 0.0, -1
	for k, p := range prob {
		if want := p * runs; want > 5 {
			x += (float64(counts[k]) - want) * (float64(counts[k]) - want) / want
			df++
		}
	}
	t.Logf("chosen %v, weights %.3g %.3g %.3g %.3g", counts, tr.weight(0, 0), tr.weight(1, 1), tr.weight(-2, -1), tr.weight(2, 5))
	if p := survival(x, df); p < 1e-6 || df < 4 {
		t.Errorf("chosen %v, probabilities %v, p = %g", counts, prob, p)
	}
}

package inference

import (
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/inference/random"
)

// TestJoint: at every combination of values the joint density and its gradient are
// those of the model with these values as data, with derivatives or without, at all
// points, and of a shared one; what is given of an element are the log densities of its
// values, up to a constant.
func TestJoint(t *testing.T) {
	for _, c := range enumerables {
		for _, how := range []string{lower.Expect, lower.Score, lower.Relax} {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				tg := c.target(t, how)
				u := point(tg.D, 1, 0.5)
				want, wantU := c.oracle(t, u)
				first, err := NewJoint(tg, 3)
				if err != nil {
					t.Fatal(err)
				}
				second, err := first.Share()
				if err != nil {
					t.Fatal(err)
				}
				for _, j := range []*Joint{first, second} {
					checkJoint(t, &c, j, rows(u, 3), want, wantU)
				}
			})
		}
	}
}

func checkJoint(t *testing.T, c *enumerable, j *Joint, u []float64, want, wantU [][]float64) {
	t.Helper()
	// Combinations, and how far apart in their order values of an element are.
	var all [][]int
	c.combinations(func(z []int) { all = append(all, append([]int(nil), z...)) })
	number := func(z []int) int {
		for i, x := range all {
			same := true
			for k := range x {
				same = same && x[k] == z[k]
			}
			if same {
				return i
			}
		}
		panic("no such combination")
	}
	for i, z := range all {
		for p := range j.S { // other points have other values
			at := 0
			v := all[(i+p*p)%len(all)]
			for site, s := range j.Sites {
				for e := range s.Elements {
					j.Set(p, site, e, v[at])
					at++
				}
			}
		}
		for _, derivatives := range []bool{true, false} {
			if err := j.Eval(u, derivatives); err != nil {
				t.Fatal(err)
			}
			for p := range j.S {
				if k := (i + p*p) % len(all); !same(j.LogDensity(p), want[k][0], 1e-9) {
					t.Fatalf("at %v, point %d, the log density is %.12g, want %.12g", all[k], p, j.LogDensity(p), want[k][0])
				}
			}
		}
		if err := j.Eval(u, true); err != nil {
			t.Fatal(err)
		}
		if !graph.Finite(want[i][0]) {
			continue
		}
		for k, v := range wantU[i] {
			if !same(j.Gradient(0)[k], v, 1e-8) {
				t.Errorf("at %v derivative %d by u is %.12g, want %.12g", z, k, j.Gradient(0)[k], v)
			}
		}
		at := 0
		for site, s := range j.Sites {
			given := make([]float64, s.Elements*s.Values)
			j.Given(0, site, given)
			for e := range s.Elements {
				if s.Tabulated && j.Exact {
					row := given[e*s.Values : (e+1)*s.Values]
					for v := range row {
						other := append([]int(nil), z...)
						other[at] = v
						if got, should := row[v]-row[z[at]], want[number(other)][0]-want[i][0]; !same(got, should, 1e-8) && !(math.IsInf(should, -1) && math.IsInf(got, -1)) {
							t.Errorf("at %v value %d of element %d adds %.12g, want %.12g", z, v, e, got, should)
						}
					}
				}
				at++
			}
		}
	}
}

// TestDisperse: starting points are spread about the guide, and have possible values.
func TestDisperse(t *testing.T) {
	tg := compiled(t, `
data y : real[4]
m ~ Normal(0, 1)
n ~ Poisson(3)
z : int[4] ~ Categorical([0.5, 0.5, 0])
y ~ Normal(m + 3 * z + n, 1)`, map[string]*lower.Array{"y": vectorOf(4, 8, 5, 7)}, map[string]string{"z": lower.Expect})
	fit, err := Infer(t.Context(), tg, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var us []float64
	for k := range 400 {
		u, z := fit.Disperse(random.Stream(1, "disperse", k), 0, 2)
		us = append(us, u...)
		for i, d := range tg.Discrete {
			for _, v := range z[i] {
				if d.Infinite && v < 0 || !d.Infinite && (v < 0 || v > 1) {
					t.Fatalf("%s starts at %d", d.Symbol.Name, v)
				}
			}
		}
	}
	mean, sd := meanSD(us)
	if math.Abs(mean-fit.Loc[0]) > 0.5*math.Exp(fit.LogSD[0]) || math.Abs(sd/(2*math.Exp(fit.LogSD[0]))-1) > 0.15 {
		t.Errorf("%.3f ± %.3f, the guide has %.3f ± %.3f", mean, sd, fit.Loc[0], math.Exp(fit.LogSD[0]))
	}
}

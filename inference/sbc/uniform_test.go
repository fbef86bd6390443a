package sbc

import (
	"math"
	"testing"

	"ppl/inference/random"
)

// TestPValues: under uniform ranks p-values are below any level no more often than
// they should be, and about as often.
func TestPValues(t *testing.T) {
	const runs = 1000
	for _, c := range []struct{ n, draws int }{{200, 99}, {50, 19}, {30, 7}} {
		r := random.Stream(1, "uniform", c.n)
		var chi, ecdf, both [3]float64
		levels := []float64{0.2, 0.05, 0.01}
		ranks := make([]int, c.n)
		for range runs {
			for i := range ranks {
				ranks[i] = r.IntN(c.draws + 1)
			}
			u := Uniform(ranks, c.draws)
			for k, l := range levels {
				for x, p := range map[*float64]float64{&chi[k]: u.ChiSquare, &ecdf[k]: u.ECDF, &both[k]: u.P()} {
					if p <= l {
						*x += 1.0 / runs
					}
				}
			}
		}
		for k, l := range levels {
			slack := 4.5 * math.Sqrt(l/runs)
			if math.Abs(chi[k]-l) > slack+0.3*l { // the χ² distribution is an approximation
				t.Errorf("%d ranks: χ² is below %g in a share of %g", c.n, l, chi[k])
			}
			if ecdf[k] > l+slack || ecdf[k] < 0.5*l-slack { // a discrete statistic is conservative
				t.Errorf("%d ranks: ECDF is below %g in a share of %g", c.n, l, ecdf[k])
			}
			if both[k] > l+slack {
				t.Errorf("%d ranks: both are below %g in a share of %g", c.n, l, both[k])
			}
		}
	}
}

// TestExactly compares the recursion with the enumeration of all ranks.
func TestExactly(t *testing.T) {
	const n, k = 5, 4
	ranks := make([]int, n)
	statistic := func() float64 {
		least, sum := 1.0, 0
		for r := range k - 1 {
			for _, x := range ranks {
				if x == r {
					sum++
				}
			}
			least = math.Min(least, smallerTail(n, float64(r+1)/k)[sum])
		}
		return least
	}
	var all []float64
	for code := range 1024 { // 4⁵
		for i, c := 0, code; i < n; i, c = i+1, c/k {
			ranks[i] = c % k
		}
		all = append(all, statistic())
	}
	for code := 0; code < 1024; code += 37 {
		for i, c := 0, code; i < n; i, c = i+1, c/k {
			ranks[i] = c % k
		}
		want, x := 0.0, statistic()
		for _, y := range all {
			if y <= x*(1+1e-9) {
				want += 1.0 / 1024
			}
		}
		if got := ecdf(ranks, k); math.Abs(got-want) > 1e-9 {
			t.Errorf("ranks %v: p = %.10f, want %.10f", ranks, got, want)
		}
	}
}

// TestShapes: ranks of posteriors that are too narrow, too wide or shifted are
// found.
func TestShapes(t *testing.T) {
	for name, f := range map[string]func(u float64) float64{
		"narrow": func(u float64) float64 { return 0.5 - 0.5*math.Cos(math.Pi*u) },
		"wide":   func(u float64) float64 { return 0.5 + math.Asin(2*u-1)/math.Pi },
		"shift":  func(u float64) float64 { return math.Pow(u, 1.6) },
	} {
		r := random.Stream(2, name, 0)
		ranks := make([]int, 200)
		for i := range ranks {
			ranks[i] = int(f(r.Float64()) * 100)
		}
		if u := Uniform(ranks, 99); u.P() > 1e-3 {
			t.Errorf("%s: p = %g", name, u.P())
		}
	}
	if u := Uniform(nil, 99); u.P() != 1 {
		t.Error("no ranks")
	}
}

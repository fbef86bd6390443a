package loo_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/inference/loo"
)

var inf = math.Inf(1)

// conjugate is y ~ Normal(θ, 1) with a flat prior: the posterior is Normal(ȳ, 1/n), and
// a point given the others is normal with their mean and variance 1 + 1/(n − 1).
var conjugate = []float64{-1.2, 0.3, 0.9, -0.4, 1.7, 0.1, -0.8, 2.1, 0.5, -0.2, 1.1, 0.6}

func normalDensity(y, mean, variance float64) float64 {
	return -(y-mean)*(y-mean)/(2*variance) - math.Log(2*math.Pi*variance)/2
}

func conjugateColumns(theta []float64) [][]float64 {
	columns := make([][]float64, len(conjugate))
	for i, y := range conjugate {
		for _, m := range theta {
			columns[i] = append(columns[i], normalDensity(y, m, 1))
		}
	}
	return columns
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// TestConjugate: draws of the posterior, and weighted draws from a wider distribution
// beside it, give the exact leave-one-out densities to within their Monte-Carlo errors,
// and so do draws of the posteriors without a point.
func TestConjugate(t *testing.T) {
	const n = 8000
	r := rand.New(rand.NewPCG(12, 1))
	post, sd := mean(conjugate), 1/math.Sqrt(float64(len(conjugate)))
	for _, c := range []struct {
		name             string
		from, sd         float64
		weighted         bool
		largest          float64 // of the errors, in standard errors
		smallest, widest float64 // error of the sum
	}{
		{"draws", post, sd, false, 4, 0.001, 0.02},
		{"weighted", post + 0.1, 1.5 * sd, true, 4, 0.001, 0.03},
	} {
		theta, lw := make([]float64, n), make([]float64, n)
		for s := range theta {
			theta[s] = c.from + c.sd*r.NormFloat64()
			lw[s] = 17 + normalDensity(theta[s], post, sd*sd) - normalDensity(theta[s], c.from, c.sd*c.sd)
		}
		d := independent(t, n)
		if c.weighted {
			d = weighted(t, d, lw)
		}
		got := leaveOneOut(t, d, conjugateColumns(theta))
		exact := 0.0
		for i, p := range got.Points {
			others := slices.Concat(conjugate[:i], conjugate[i+1:])
			want := normalDensity(conjugate[i], mean(others), 1+1/float64(len(others)))
			exact += want
			if !(math.Abs(p.ELPD-want) <= c.largest*p.MCSE) || p.KHat > got.Threshold() {
				t.Errorf("%s, point %d: elpd %g ± %g, want %g (k̂ %g)", c.name, i+1, p.ELPD, p.MCSE, want, p.KHat)
			}
			lpd := normalDensity(conjugate[i], post, 1+sd*sd)
			if math.Abs(p.LPD-lpd) > 0.02 {
				t.Errorf("%s, point %d: lpd %g, want %g", c.name, i+1, p.LPD, lpd)
			}
		}
		elpd, e := got.ELPD().Value, got.MCSE()
		if !(math.Abs(elpd-exact) <= 4*e) || !(e > c.smallest && e < c.widest) {
			t.Errorf("%s: elpd %g ± %g, want %g", c.name, elpd, e, exact)
		}
	}
}

// TestEqualWeights: weights that are equal are none, and a constant in a column only
// moves its elpd.
func TestEqualWeights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "draws")
		column := rapid.SliceOfN(rapid.Float64Range(-30, 30), n, n).Draw(t, "loglik")
		constant := rapid.Float64Range(-1e3, 1e3).Draw(t, "constant")
		moved := slices.Clone(column)
		for s := range moved {
			moved[s] += constant
		}
		d, err := loo.Independent(n)
		if err != nil {
			t.Fatal(err)
		}
		w, err := d.Weighted(slices.Repeat([]float64{constant}, n))
		if err != nil {
			t.Fatal(err)
		}
		a, err := d.Point(column)
		if err != nil {
			t.Fatal(err)
		}
		b, err := w.Point(moved)
		if err != nil {
			t.Fatal(err)
		}
		close := func(x, y float64) bool { return x == y || math.Abs(x-y) <= 1e-6 }
		if !close(a.ELPD+constant, b.ELPD) || !close(a.LPD+constant, b.LPD) || !close(a.KHat, b.KHat) || !close(a.MCSE, b.MCSE) {
			t.Fatalf("%+v, and with equal weights and %g more %+v", a, constant, b)
		}
		if a.ELPD > a.LPD+1e-9 && math.IsInf(a.KHat, 1) {
			t.Fatalf("raw ratios give a density of %g without the point, %g with it", a.ELPD, a.LPD)
		}
	})
}

// TestImpossible: log likelihoods of −Inf, with and without weight.
func TestImpossible(t *testing.T) {
	const n = 200
	r := rand.New(rand.NewPCG(12, 2))
	column, lw := make([]float64, n), make([]float64, n)
	for s := range column {
		column[s] = -r.ExpFloat64()
	}
	d := independent(t, n)
	finite := point(t, d, column)

	column[3] = -inf
	p := point(t, d, column)
	if p.ELPD != -inf || p.KHat != inf || !math.IsNaN(p.MCSE) || math.IsInf(p.LPD, 0) {
		t.Errorf("a draw of weight under which the point is impossible gives %+v", p)
	}

	lw[3] = -inf
	for _, l := range []float64{-inf, math.NaN(), inf} {
		column[3] = l
		p := point(t, weighted(t, d, lw), column)
		if l == inf && math.IsInf(p.KHat, 1) || l != inf && !math.IsInf(p.KHat, 1) {
			t.Errorf("the point's likelihood is %g at a draw without weight, and k̂ %g", l, p.KHat)
		}
		if !(math.Abs(p.ELPD-finite.ELPD) < 0.02) || math.IsNaN(p.MCSE) {
			t.Errorf("with %g at a draw without weight the elpd is %g ± %g, and %g", l, p.ELPD, p.MCSE, finite.ELPD)
		}
	}

	p = point(t, d, slices.Repeat([]float64{-inf}, n))
	if p.ELPD != -inf || p.LPD != -inf || p.KHat != inf {
		t.Errorf("a point that is impossible everywhere gives %+v", p)
	}
}

// TestWeightless: draws without weight change nothing, not even the threshold.
func TestWeightless(t *testing.T) {
	const n = 400
	r := rand.New(rand.NewPCG(12, 3))
	var column, all, lw, allLW []float64
	for range n {
		l, w := r.NormFloat64(), r.NormFloat64()
		column, lw = append(column, l), append(lw, w)
		all, allLW = append(all, l, -r.ExpFloat64()), append(allLW, w, -inf)
	}
	few := leaveOneOut(t, weighted(t, independent(t, n), lw), [][]float64{column})
	many := leaveOneOut(t, weighted(t, independent(t, 2*n), allLW), [][]float64{all})
	if few.Points[0] != many.Points[0] || few.Threshold() != many.Threshold() || many.Draws != n {
		t.Errorf("%+v, and with as many draws without weight %+v", few, many)
	}
}

// TestRefit replaces a point by what a fit without it says.
func TestRefit(t *testing.T) {
	const n = 100
	r := rand.New(rand.NewPCG(12, 4))
	var columns [][]float64
	for i := range 5 {
		c := make([]float64, n)
		for s := range c {
			c[s] = -float64(i*i) * r.ExpFloat64()
		}
		columns = append(columns, c)
	}
	d := independent(t, n)
	first := leaveOneOut(t, d, columns)
	high := first.High()
	if len(high) == 0 || len(high) == 5 || !math.IsNaN(first.MCSE()) {
		t.Fatalf("k̂ is above %g in %v, mcse %g", first.Threshold(), high, first.MCSE())
	}
	exact := map[int]loo.Point{}
	for _, i := range high {
		p, err := d.HeldOut(columns[i])
		if err != nil {
			t.Fatal(err)
		}
		p.ELPD -= float64(i)
		exact[i] = p
	}
	second, err := first.Replace(exact)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range second.Points {
		want := first.Points[i].ELPD
		if slices.Contains(high, i) {
			want = exact[i].ELPD
			if math.Abs(p.PLOO()-float64(i)) > 1e-12 {
				t.Errorf("p_loo of point %d is %g", i, p.PLOO())
			}
		}
		if p.ELPD != want {
			t.Errorf("point %d is %g, want %g", i+1, p.ELPD, want)
		}
	}
	if c := second.Counts(); c.Exact != len(high) || c.Good != 5-len(high) || math.IsNaN(second.MCSE()) {
		t.Errorf("counts %+v, mcse %g", c, second.MCSE())
	}
	if c := first.Counts(); c.Bad+c.VeryBad != len(high) || c.Exact != 0 {
		t.Errorf("counts before %+v", c)
	}
	_, err = first.Replace(map[int]loo.Point{1: first.Points[0]})
	fails(t, err, "point 2 was not held out")
	_, err = first.Replace(map[int]loo.Point{5: exact[high[0]]})
	fails(t, err, "no point 6 of 5")
}

// TestFolds assembles folds that come in any order.
func TestFolds(t *testing.T) {
	d := independent(t, 2)
	score := func(p float64) loo.Point {
		v, err := d.HeldOut([]float64{math.Log(p), math.Log(3 * p)})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	a := loo.NewAssembly(3)
	if err := a.Add([]int{2, 0}, []loo.Point{score(0.3), score(0.1)}); err != nil {
		t.Fatal(err)
	}
	_, err := a.Result(nil)
	fails(t, err, "point 2 is in no fold")
	fails(t, a.Add([]int{0}, []loo.Point{score(0.3)}), "point 1 is in two folds")
	fails(t, a.Add([]int{3}, []loo.Point{score(0.3)}), "no point 4 of 3")
	fails(t, a.Add([]int{1}, nil), "0 scores for 1 points")
	fails(t, a.Add([]int{1}, make([]loo.Point, 1)), "point 2 was not held out")
	if err := a.Add([]int{1}, []loo.Point{score(0.2)}); err != nil {
		t.Fatal(err)
	}
	r, err := a.Result(nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := math.Log(0.2) + math.Log(0.4) + math.Log(0.6); math.Abs(r.ELPD().Value-want) > 1e-12 || !math.IsNaN(r.PLOO().Value) {
		t.Errorf("elpd %v, want %g; p %v", r.ELPD(), want, r.PLOO())
	}
	// p is 0.1 or 0.3: the variance of the mean is 2·¼·0.1².
	if want := math.Sqrt(3 * math.Log1p(2*0.25*0.01/0.04)); math.Abs(r.MCSE()-want) > 1e-12 || r.Counts() != (loo.Counts{Exact: 3}) {
		t.Errorf("mcse %g, want %g; counts %+v", r.MCSE(), want, r.Counts())
	}
	r, err = a.Result([]float64{-1, -1, -1})
	if err != nil {
		t.Fatal(err)
	}
	if p := r.PLOO().Value; math.Abs(p+3+r.ELPD().Value) > 1e-12 {
		t.Errorf("p is %g", p)
	}
	_, err = a.Result([]float64{-1})
	fails(t, err, "1 log densities for 3 points")
}

// TestGroups: the points are sums over rows within a draw.
func TestGroups(t *testing.T) {
	g := loo.NewGroups(2, 3)
	for i, c := range [][]float64{{-1, -2, -3}, {-10, -20, -30}, {-100, -200, -300}} {
		if err := g.Add(i%2, c); err != nil {
			t.Fatal(err)
		}
	}
	if c := g.Columns(); !slices.Equal(c[0], []float64{-101, -202, -303}) || !slices.Equal(c[1], []float64{-10, -20, -30}) {
		t.Errorf("columns %v", c)
	}
	fails(t, g.Add(2, make([]float64, 3)), "no group 3 of 2")
	fails(t, g.Add(0, make([]float64, 2)), "2 log likelihoods for 3 draws")
}

// TestCompare: models of other points are refused; equal ones do not differ; a point
// that is impossible in both does not count, in one it decides.
func TestCompare(t *testing.T) {
	model := func(elpd ...float64) (r loo.Result) {
		for _, e := range elpd {
			r.Points = append(r.Points, loo.Point{ELPD: e, LPD: e})
		}
		return r
	}
	got, err := loo.Compare(model(-2, -inf, -2), model(-1, -inf, -3), model(-1, -1, -1), model(-1, -1, math.NaN()))
	if err != nil {
		t.Fatal(err)
	}
	var order []int
	for _, c := range got {
		order = append(order, c.Model)
	}
	if !slices.Equal(order, []int{2, 0, 1, 3}) || got[0].Difference != (loo.Estimate{}) ||
		got[1].Difference.Value != -inf || !math.IsNaN(got[3].Difference.Value) {
		t.Errorf("%+v", got)
	}
	got, err = loo.Compare(model(-2, -inf, -1), model(-1, -inf, -2))
	if err != nil {
		t.Fatal(err)
	}
	if d := got[1].Difference; d.Value != 0 || math.Abs(d.SE-math.Sqrt(3)) > 1e-12 {
		t.Errorf("the difference is %+v", d)
	}
	_, err = loo.Compare(model(-1), model(-1, -2))
	fails(t, err, "model 1 has 1 points and model 2 has 2")
}

func TestErrors(t *testing.T) {
	_, err := loo.Independent(0)
	fails(t, err, "there are 0 draws")
	_, err = loo.Chains(10, 4)
	fails(t, err, "10 draws are not those of 4 chains")
	_, err = loo.Chains(10, 0)
	fails(t, err, "of 0 chains")
	d := independent(t, 2)
	_, err = d.Weighted([]float64{1})
	fails(t, err, "1 log weights for 2 draws")
	_, err = d.Weighted([]float64{0, inf})
	fails(t, err, "log weight of draw 2 is +Inf")
	_, err = d.Weighted([]float64{-inf, -inf})
	fails(t, err, "none of 2 draws has weight")
	_, err = d.LeaveOneOut(slices.Values([][]float64{{0, 0}, {0, math.NaN()}}))
	fails(t, err, "point 2: the log likelihood at draw 2 is NaN")
	_, err = d.HeldOut([]float64{inf, 0})
	fails(t, err, "at draw 1 is +Inf")
	_, err = d.Point([]float64{0})
	fails(t, err, "1 log likelihoods for 2 draws")
}

func independent(t *testing.T, n int) *loo.Draws {
	t.Helper()
	d, err := loo.Independent(n)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func weighted(t *testing.T, d *loo.Draws, lw []float64) *loo.Draws {
	t.Helper()
	w, err := d.Weighted(lw)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func point(t *testing.T, d *loo.Draws, column []float64) loo.Point {
	t.Helper()
	p, err := d.Point(column)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func leaveOneOut(t *testing.T, d *loo.Draws, columns [][]float64) loo.Result {
	t.Helper()
	r, err := d.LeaveOneOut(slices.Values(columns))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fails(t *testing.T, err error, with string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), with) {
		t.Errorf("the error is %v, want one with %q", err, with)
	}
}

package dist

import (
	"math"
	"sort"
	"testing"

	"ppl/graph/named"
	"ppl/lang"
)

func TestSupportOf(t *testing.T) {
	bound := func(v named.Value, number float64) float64 {
		if !v.Valid() {
			return number
		}
		c, _ := v.Float()
		return c
	}
	for _, c := range []struct {
		head   string
		kind   lang.SupportKind
		lo, hi float64
		count  int
	}{
		{"Normal mean=0 sd=1", lang.SupportReal, 0, 0, 0},
		{"Uniform lower=-1 upper=3", lang.SupportInterval, -1, 3, 0},
		{"VonMises mean=0 concentration=1", lang.SupportCircle, -math.Pi, math.Pi, 0},
		{"Pareto minimum=2 shape=1", lang.SupportLower, 2, 0, 0},
		{"Binomial n=7 p=0.5", lang.SupportIntRange, 0, 7, 0},
		{"DiscreteUniform lower=-2 upper=5", lang.SupportIntRange, -2, 5, 0},
		{"Categorical p=0.2,0.8", lang.SupportCategories, 0, 0, 2},
		{"Categorical logit=0,1,2", lang.SupportCategories, 0, 0, 3},
		{"OrderedLogistic eta=0 cutpoints=0,1,2", lang.SupportCategories, 0, 0, 4},
	} {
		r := parseRow(t, c.head)
		s := r.d.SupportOf(r.constants(named.New()))
		lo, hi := bound(s.Lower, s.Min), bound(s.Upper, s.Max)
		if s.Kind != c.kind || lo != c.lo || hi != c.hi || s.Count != c.count {
			t.Errorf("%s: %v %g %g %d", c.head, s.Kind, lo, hi, s.Count)
		}
	}
}

// Moments that do not exist are infinite or NaN, not what a formula gives.
func TestMomentsThatDoNotExist(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		head           string
		mean, variance float64
	}{
		{"StudentT df=1 mean=3 scale=1", nan, nan}, {"StudentT df=2 mean=3 scale=1", 3, inf},
		{"HalfStudentT df=1 scale=1", inf, nan}, {"HalfStudentT df=2 scale=1", math.Sqrt2, inf},
		{"Cauchy location=0 scale=1", nan, nan}, {"HalfCauchy scale=1", inf, nan},
		{"InvGamma shape=1 scale=1", inf, nan}, {"InvGamma shape=2 scale=1", 1, inf}, {"InvChiSquared df=2", inf, nan},
		{"Pareto minimum=1 shape=1", inf, nan}, {"Pareto minimum=1 shape=2", 2, inf},
		{"Frechet shape=1 scale=1", inf, nan}, {"Frechet shape=2 scale=1", math.Sqrt(math.Pi), inf},
	} {
		r := parseRow(t, c.head)
		same := func(a, b float64) bool {
			return math.IsNaN(a) && math.IsNaN(b) || a == b || math.Abs(a-b) < 1e-14
		}
		if m, v := r.d.Mean(r.numbers())[0], r.d.Variance(r.numbers())[0]; !same(m, c.mean) || !same(v, c.variance) {
			t.Errorf("%s: mean %g, variance %g; want %g, %g", c.head, m, v, c.mean, c.variance)
		}
	}
}

func TestNames(t *testing.T) {
	names := Names()
	if len(names) != len(all) || !sort.StringsAreSorted(names) {
		t.Errorf("%d names for %d distributions", len(names), len(all))
	}
}

package dist

import (
	"math"
	"math/rand/v2"
	"testing"

	"ppl/graph/named"
)

// TestExpected: the means that need to know the length of a draw, against draws; those of
// Mean are tested with the moments (TestIntegralMomentsAndDraws). Every distribution has an expectation,
// but those that are known not to.
func TestExpected(t *testing.T) {
	none := map[string]bool{"VonMises": true, "Flat": true}
	for _, d := range all {
		has := d.Mean != nil || d.MeanOf != nil || d.Probabilities != nil || d.TakesDists
		if has == none[d.Name] {
			t.Errorf("%s: it has an expectation: %v", d.Name, has)
		}
	}
	for _, c := range []struct {
		head string
		n    int
	}{
		{"GaussianRandomWalk sd=0.5 start=0.2", 4},
		{"LKJ concentration=0.7", 9},
		{"LKJCholesky concentration=0.7", 4}, {"LKJCholesky concentration=1", 9}, {"LKJCholesky concentration=2.5", 25},
	} {
		row := parseRow(t, c.head)
		want := make([]float64, c.n)
		row.d.Expected(row.numbers(), want)
		r := rand.New(rand.NewPCG(5, uint64(c.n)))
		sum, squares, x := make([]float64, c.n), make([]float64, c.n), make([]float64, c.n)
		for range draws {
			row.d.Sample(r, row.numbers(), x)
			for i, v := range x {
				sum[i] += v - want[i]
				squares[i] += (v - want[i]) * (v - want[i])
			}
		}
		for i := range x {
			n := float64(draws)
			if se := math.Sqrt(squares[i]) / n; math.Abs(sum[i]/n) > 4.5*se+1e-12 {
				t.Errorf("%s: element %d has mean %g, want %g ± %g", c.head, i, want[i]+sum[i]/n, want[i], se)
			}
		}
	}
	out := []float64{1, 1}
	if (&Dist{}).Expected(Numbers{}, out); !math.IsNaN(out[0]) || !math.IsNaN(out[1]) {
		t.Errorf("a distribution without a mean: %v", out)
	}
}

// TestProbabilities of categories are the masses.
func TestProbabilities(t *testing.T) {
	seen := 0
	for _, r := range table(t, casesFile) {
		if r.d.Probabilities == nil {
			continue
		}
		seen++
		for i, p := range r.d.Probabilities(r.numbers()) {
			if want := math.Exp(r.logDensity([]float64{float64(i + 1)})); math.Abs(p-want) > 1e-13*want {
				t.Errorf("%s: category %d has probability %g, want %g", r.head, i+1, p, want)
			}
		}
	}
	if seen < 4 {
		t.Errorf("%d cases", seen)
	}
}

// TestTruncatedMean against quadrature of the truncated density, in the tails too.
func TestTruncatedMean(t *testing.T) {
	found := map[string]bool{}
	for _, r := range table(t, truncationsFile) {
		w := parseVectorFields(r.fields[0])
		lo, hi := w[0], w[1]
		b := named.New()
		l, u := b.Scalar(lo), b.Scalar(hi)
		got, ok := TruncatedMean(b, r.d, r.constants(b), &l, &u)
		if !ok {
			continue
		}
		found[r.d.Name] = true
		f := func(b *named.Builder, x named.Value, p Params) Terms {
			l, u := b.Scalar(lo), b.Scalar(hi)
			ts, err := Truncated(b, r.d, x, p, &l, &u)
			if err != nil {
				t.Fatal(err)
			}
			return ts
		}
		want := 0.0
		if r.d.Support.Discrete() {
			var support []float64
			for k := -5.0; k < 400; k++ {
				support = append(support, k)
			}
			for i, m := range r.densities(support, f) {
				want += m * support[i]
			}
		} else {
			n := r.truncatedNodes(lo, hi)
			for i, d := range r.densities(n.x, f) {
				want += d * n.w[i] * n.x[i]
			}
		}
		if v := got.Const()[0]; !(math.Abs(v-want) <= 3*r.tolerance()*math.Max(1, math.Abs(want))) {
			t.Errorf("%s in (%g, %g) has mean %.12g, want %.12g", r.head, lo, hi, v, want)
		}
	}
	for _, name := range []string{"Normal", "HalfNormal", "LogNormal", "Exponential", "Gamma", "ChiSquared", "Beta", "BetaMeanPrecision", "Uniform", "DiscreteUniform",
		"Binomial", "Poisson", "NegBinomial", "Geometric"} {
		if !found[name] {
			t.Errorf("no truncated mean of %s", name)
		}
	}
	if found["Cauchy"] || found["VonMises"] {
		t.Error("a mean where there is none")
	}
}

// TestTruncatedMeanEdges: no bounds, bounds that cut nothing, narrow intervals.
func TestTruncatedMeanEdges(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		head         string
		lo, hi, want float64
	}{
		{"Normal mean=3 sd=2", -inf, inf, 3},
		{"Normal mean=0 sd=1", 0, inf, math.Sqrt(2 / math.Pi)},
		{"Normal mean=0 sd=1", 1, 1 + 1e-12, 1},
		{"Gamma shape=3 rate=2", -1, inf, 1.5},
		{"Exponential rate=2", 5, inf, 5.5},
		{"Poisson rate=3", 0, inf, 3},
		{"Poisson rate=1", 1, inf, 1 / (1 - math.Exp(-1))},
		{"Binomial n=0 p=0.5", 0, 3, 0},
		{"Binomial n=4 p=0.5", 4, 9, 4},
		{"DiscreteUniform lower=1 upper=6", 2.5, inf, 4.5},
		{"HalfNormal sd=1", -3, inf, math.Sqrt(2 / math.Pi)},
	} {
		r := parseRow(t, c.head)
		b := named.New()
		l, u := b.Scalar(c.lo), b.Scalar(c.hi)
		v, ok := TruncatedMean(b, r.d, r.constants(b), &l, &u)
		if !ok || !(math.Abs(v.Const()[0]-c.want) < 1e-9) {
			t.Errorf("%s in (%g, %g): %v, want %g", c.head, c.lo, c.hi, v.Const(), c.want)
		}
	}
	b := named.New()
	flat, _ := Find("Flat")
	l := b.Scalar(2)
	if v, ok := TruncatedMean(b, flat, Params{}, &l, nil); !ok || !math.IsNaN(v.Const()[0]) {
		t.Errorf("an infinite interval has a middle: %v", v.Const())
	}
}

package runtime

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func fitText(t *testing.T, text string, values map[string]any, opt Options) *Posterior {
	t.Helper()
	m, err := Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(Map(values))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func findStatistic(t *testing.T, c *PPC, symbol, group, name string) PPCStatistic {
	t.Helper()
	for _, s := range c.Statistics {
		if s.Symbol == symbol && s.Group == group && s.Name == name {
			return s
		}
	}
	t.Fatalf("no %s of %s, %q, in %v", name, symbol, group, c.Statistics)
	return PPCStatistic{}
}

// TestPPC compares with closed forms: of the mean of normal replicates, which is normal around the
// posterior mean, and of the share of zeros of Bernoulli replicates, which is beta-binomial.
func TestPPC(t *testing.T) {
	y := []float64{1.2, 0.3, 2.2, 1.7, 0.1, -0.6, 1.9, 1.2, 0.4}
	post := fitText(t, "data y : real[N]\ndata g : factor(G)[N]\nmu ~ Normal(0, 2)\ny[i in 1..N] ~ Normal(mu, 1)",
		map[string]any{"y": y, "g": []string{"a", "a", "b", "a", "b", "b", "a", "a", "b"}}, Options{Seed: 1})
	got, err := post.PPC(context.Background(), PPCOptions{Seed: 3, By: []string{"g"}})
	if err != nil {
		t.Fatal(err)
	}
	n, sum := float64(len(y)), 0.0
	for _, x := range y {
		sum += x
	}
	m, v := sum/(n+0.25), 1/(n+0.25)
	mean := findStatistic(t, got, "y", "", "mean")
	sd := math.Sqrt(v + 1/n)
	want := math.Erfc(math.Abs(sum/n-m) / sd / math.Sqrt2)
	if !(math.Abs(mean.Data-sum/n) < 1e-12) || !(math.Abs(mean.Median-m) < 0.04) || !(math.Abs(mean.Q95-mean.Q5-2*1.6448536*sd) < 0.08) || !(math.Abs(mean.P-want) < 0.04) {
		t.Errorf("%+v, want %g ± %g, p %g", mean, m, sd, want)
	}
	// The sd of 9 normal numbers: (n − 1) s² is χ² with 8 degrees of freedom, whose 5 and 95 % quantiles are known.
	if s := findStatistic(t, got, "y", "", "sd"); !(math.Abs(s.Q5-math.Sqrt(2.7326/8)) < 0.03) || !(math.Abs(s.Q95-math.Sqrt(15.5073/8)) < 0.03) {
		t.Errorf("%+v", s)
	}
	if b := findStatistic(t, got, "y", "g = b", "max"); b.Data != 2.2 || b.N != 4 || !(b.Median < findStatistic(t, got, "y", "", "max").Median) {
		t.Errorf("%+v", b)
	}
	for _, s := range got.Statistics {
		if s.Name == "zeros" {
			t.Errorf("%+v", s)
		}
	}
	if got.Verdict != post.Verdict() || got.Draws != DefaultDraws || got.Model != "model.ppl" {
		t.Errorf("%v, %v, %q", got.Verdict, got.Draws, got.Model)
	}
	again, err := post.PPC(context.Background(), PPCOptions{Seed: 3, By: []string{"g"}})
	if err != nil || !reflect.DeepEqual(got, again) {
		t.Errorf("%v, %v", again, err)
	}

	coins := fitText(t, "data y : int[N]\np ~ Beta(1, 1)\ny[i in 1..N] ~ Bernoulli(p)", map[string]any{"y": []int{0, 1, 1, 0, 0, 0}}, Options{Seed: 1})
	got, err = coins.PPC(context.Background(), PPCOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	// p is Beta(3, 5), and k ones of 6 have the probability C(6, k) B(3 + k, 11 − k) / B(3, 5).
	beta := func(a, b float64) float64 {
		x, _ := math.Lgamma(a)
		y, _ := math.Lgamma(b)
		z, _ := math.Lgamma(a + b)
		return math.Exp(x + y - z)
	}
	below, above, choose := 0.0, 0.0, 1.0
	for k := range 7 {
		q := choose * beta(3+float64(k), 11-float64(k)) / beta(3, 5)
		choose *= float64(6-k) / float64(k+1)
		if k <= 2 {
			below += q
		}
		if k >= 2 {
			above += q
		}
	}
	if z := findStatistic(t, got, "y", "", "zeros"); z.Data != 4.0/6 || !(math.Abs(z.P-math.Min(1, 2*math.Min(below, above))) < 0.04) {
		t.Errorf("%+v, want p %g", z, 2*math.Min(below, above))
	}
}

// TestPPCFinds a model that is wrong: counts with more zeros and more spread than a Poisson has.
func TestPPCFinds(t *testing.T) {
	y := []int{0, 0, 0, 0, 0, 9, 0, 14, 0, 0, 7, 0, 0, 0, 11, 0, 0, 8, 0, 0}
	post := fitText(t, "data y : int[N]\nlam ~ Gamma(1, 0.1)\ny[i in 1..N] ~ Poisson(lam)", map[string]any{"y": y}, Options{Seed: 1})
	got, err := post.PPC(context.Background(), PPCOptions{Seed: 1, Draws: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]float64{"zeros": 0, "sd": 0, "max": 0} {
		if s := findStatistic(t, got, "y", "", name); !(s.P <= p+0.01) {
			t.Errorf("%+v", s)
		}
	}
	if s := findStatistic(t, got, "y", "", "mean"); !(s.P > 0.5) {
		t.Errorf("%+v", s)
	}
}

// TestPPCLetsAndMissing: a let of data on the left, and data with gaps, which do not count.
func TestPPCLetsAndMissing(t *testing.T) {
	post := fitText(t, "data e : real[N]\nlet y = log(e)\nmu ~ Normal(0, 2)\ny ~ Normal(mu, 1)", map[string]any{"e": []float64{1, math.E, math.E * math.E}}, Options{Quick: true})
	got, err := post.PPC(context.Background(), PPCOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := findStatistic(t, got, "y", "", "max"); s.Data != 2 || s.N != 3 {
		t.Errorf("%+v", s)
	}
	post = fitText(t, "data y : real?[N]\nmu ~ Normal(0, 2)\ny[i in 1..N] ~ Normal(mu, 1)", map[string]any{"y": []any{1.0, nil, 3.0}}, Options{Quick: true})
	if got, err = post.PPC(context.Background(), PPCOptions{By: []string{"N"}}); err != nil {
		t.Fatal(err)
	}
	if s := findStatistic(t, got, "y", "", "mean"); s.Data != 2 || s.N != 2 {
		t.Errorf("%+v", s)
	}
	if s := findStatistic(t, got, "y", "N = 3", "mean"); s.Data != 3 || s.N != 1 {
		t.Errorf("%+v", s)
	}
	for _, s := range got.Statistics {
		if s.Group == "N = 2" || s.N == 1 && s.Name == "sd" || math.IsNaN(s.P) {
			t.Errorf("%+v", s)
		}
	}
	for _, by := range []string{"nothing", "y"} {
		var option *OptionError
		if _, err := post.PPC(context.Background(), PPCOptions{By: []string{by}}); !errors.As(err, &option) || option.Field != "By" || !strings.Contains(option.Why, by) {
			t.Errorf("%s: %v", by, err)
		}
	}
}

// TestResiduals: residuals of data that the model has drawn are standard normal, of counts too; of a model that misses
// something they are not; and a seed gives the same ones.
func TestResiduals(t *testing.T) {
	const n = 400
	r := rand.New(rand.NewPCG(5, 5))
	poisson := func(rate float64) float64 {
		k, p := 0.0, r.Float64()
		for limit := math.Exp(-rate); p > limit; k++ {
			p *= r.Float64()
		}
		return k
	}
	right, wide, real := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range right {
		right[i], wide[i], real[i] = poisson(2), poisson(2*math.Exp(r.NormFloat64()-0.5)), 1+0.5*r.NormFloat64()
	}
	spread := func(text string, y []float64) (mean, sd float64, all []Residual) {
		post := fitText(t, text, map[string]any{"y": y}, Options{Seed: 1})
		out, err := post.PPC(context.Background(), PPCOptions{Seed: 2, Residuals: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Residuals) != n || out.Residuals[6].Name != "y[7]" || out.Residuals[6].Data != y[6] {
			t.Fatalf("%d residuals, the seventh %+v", len(out.Residuals), out.Residuals[6])
		}
		x := make([]float64, n)
		for i, q := range out.Residuals {
			x[i] = q.Quantile
			if u := 0.5 * math.Erfc(-q.Quantile/math.Sqrt2); math.Abs(u-q.PIT) > 1e-9 {
				t.Fatalf("%g is not the quantile at %g", q.Quantile, q.PIT)
			}
		}
		mean, sd = meanSD(x)
		return mean, sd, out.Residuals
	}
	const counts = "data y : int[N]\nrate ~ Gamma(1, 0.1)\ny[i in 1..N] ~ Poisson(rate)"
	for _, c := range []struct {
		name, text string
		y          []float64
	}{{"counts", counts, right}, {"normal", "data y : real[N]\nmu ~ Normal(0, 5)\ns ~ HalfNormal(2)\ny[i in 1..N] ~ Normal(mu, s)", real}} {
		if mean, sd, _ := spread(c.text, c.y); math.Abs(mean) > 4/math.Sqrt(n) || math.Abs(sd-1) > 4/math.Sqrt(2*n) {
			t.Errorf("%s: %.3f ± %.3f", c.name, mean, sd)
		}
	}
	_, sd, first := spread(counts, wide)
	if sd < 1.3 {
		t.Errorf("overdispersed counts have residuals with an sd of %.3f", sd)
	}
	if _, _, again := spread(counts, wide); !reflect.DeepEqual(first, again) {
		t.Error("the same seed gives other residuals")
	}
	plain, err := fitText(t, counts, map[string]any{"y": right}, Options{Seed: 1}).PPC(context.Background(), PPCOptions{})
	if err != nil || plain.Residuals != nil {
		t.Errorf("%d residuals that were not asked for, %v", len(plain.Residuals), err)
	}
}

package runtime_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ppl/runtime"
)

// weightedCase is a statement for row i of data y, with what data of it look like.
type weightedCase struct {
	dist   string // of y[i], with t[i] as a predictor and c[i] as a limit
	typ    string
	value  func(r *rapid.T) any
	vector string // the same of all rows at once; "" if there is none
}

func weightedCases() []weightedCase {
	in := func(lo, hi float64) func(r *rapid.T) any {
		return func(r *rapid.T) any { return rapid.Float64Range(lo, hi).Draw(r, "y") }
	}
	ints := func(lo, hi int) func(r *rapid.T) any {
		return func(r *rapid.T) any { return rapid.IntRange(lo, hi).Draw(r, "y") }
	}
	return []weightedCase{
		{"Normal(a + b * t[i], s)", "real", in(-3, 3), "Normal(a + b * t, s)"},
		{"Normal(a + b * t[i], s) in (-4, 5)", "real", in(-3, 3), "Normal(a + b * t, s) in (-4, 5)"},
		{"Normal(a + b * t[i], s) censored above c[i]", "real", in(-3, 3), "Normal(a + b * t, s) censored above c"},
		{"Normal(a, s) in (-5, inf) censored in (c[i], c[i] + 1)", "real", in(-3, 3), ""},
		{"StudentT(4, a, s)", "real", in(-3, 3), "StudentT(4, a, s)"},
		{"Weibull(s, exp(a + b * t[i])) censored above c[i] + 3", "real", in(0.1, 4), "Weibull(s, exp(a + b * t)) censored above c + 3"},
		{"Gamma(s, exp(a))", "real", in(0.1, 4), "Gamma(s, exp(a))"},
		{"Beta(s, exp(a))", "real", in(0.1, 0.9), "Beta(s, exp(a))"},
		{"Poisson(log_rate = a + b * t[i])", "int", ints(0, 6), "Poisson(log_rate = a + b * t)"},
		{"Poisson(exp(a)) in 0..9 censored above 3", "int", ints(0, 6), "Poisson(exp(a)) in 0..9 censored above 3"},
		{"NegBinomial(mean = exp(a), dispersion = s)", "int", ints(0, 6), "NegBinomial(mean = exp(a), dispersion = s)"},
		{"Bernoulli(logit = a + b * t[i])", "int", ints(0, 1), "Bernoulli(logit = a + b * t)"},
		{"Binomial(7, logit = a)", "int", ints(0, 6), "Binomial(7, logit = a)"},
		{"Categorical(logit = [0, a, b])", "int", ints(1, 3), ""},
		{"MvNormal([a + b * t[i], b], [[1 + s, s], [s, 2 + s]])", "real[2]", func(r *rapid.T) any {
			return []float64{rapid.Float64Range(-3, 3).Draw(r, "y"), rapid.Float64Range(-3, 3).Draw(r, "y")}
		}, ""},
	}
}

const weightedPrior = "a ~ Normal(0, 1)\nb ~ Normal(0, 1)\ns ~ Gamma(2, 2)\n"

// Integer weights are equal rows, in value and gradient, in any form of the statement.
func TestIntegerWeightsAreRepeatedRows(t *testing.T) {
	cases := weightedCases()
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(cases).Draw(r, "case")
		n := rapid.IntRange(1, 20).Draw(r, "n")
		heavy := rapid.Bool().Draw(r, "no weight is 0")
		var y, yy []any
		var x, lim, w, xx, ll []float64
		for i := range n {
			k := rapid.IntRange(0, 3).Draw(r, "w")
			if heavy || i == 0 {
				k++
			}
			v := c.value(r)
			y, x, lim, w = append(y, v), append(x, rapid.Float64Range(-1, 1).Draw(r, "t")), append(lim, rapid.Float64Range(-2, 3).Draw(r, "c")), append(w, float64(k))
			for range k {
				yy, xx, ll = append(yy, v), append(xx, x[i]), append(ll, lim[i])
			}
		}
		data := fmt.Sprintf("data y : %s\ndata t : real[N]\ndata c : real[N]\n", strings.Replace(strings.Replace(c.typ+"[N]", "[2][N]", "[N, 2]", 1), "[N][N]", "[N]", 1))
		form := rapid.IntRange(0, 3).Draw(r, "form")
		statement := func(weight string) string {
			switch {
			case form == 0 && c.vector != "":
				return "y ~ " + c.vector + strings.Replace(weight, "[i]", "", 1)
			case form == 1:
				return "plate i in 1..N {\n  let v = 2 * t[i]\n  y[i] ~ " + c.dist + weight + "\n}"
			case form == 2 && weight != "":
				return "let ww = [w[i] for i in 1..N]\ny[i in 1..N] ~ " + c.dist + " weighted ww[i]"
			}
			return "y[i in 1..N] ~ " + c.dist + weight
		}
		weighted := problemOf(r, data+"data w : real[N]\n"+weightedPrior+statement(" weighted w[i]"), map[string]any{"y": y, "t": x, "c": lim, "w": w})
		repeated := problemOf(r, data+weightedPrior+statement(""), map[string]any{"y": yy, "t": xx, "c": ll})
		u := []float64{rapid.Float64Range(-1, 1).Draw(r, "u"), rapid.Float64Range(-1, 1).Draw(r, "u"), rapid.Float64Range(-1, 1).Draw(r, "u")}
		l1, g1 := gradientOf(r, weighted, u)
		l2, g2 := gradientOf(r, repeated, u)
		if !near(l1, l2, 1e-10) {
			r.Errorf("log density %v, of repeated rows %v", l1, l2)
		}
		for i := range g1 {
			if !near(g1[i], g2[i], 1e-10) {
				r.Errorf("gradient %v, of repeated rows %v", g1, g2)
			}
		}
	})
}

// near compares relative to what a sum over some dozen rows may round to.
func near(a, b, tol float64) bool { return math.Abs(a-b) <= tol*(10+math.Abs(b)) }

type failer interface {
	Fatal(args ...any)
}

func problemOf(t failer, text string, data map[string]any) *runtime.Problem {
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(text, err)
	}
	p, err := m.Bind(runtime.Map(data))
	if err != nil {
		t.Fatal(text, err)
	}
	return p
}

func gradientOf(t failer, p *runtime.Problem, u []float64) (float64, []float64) {
	s, err := p.Target().NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	d := p.Target().D
	all, lp, g := make([]float64, 64*d), make([]float64, 64), make([]float64, 64*d)
	for i := range 64 {
		copy(all[i*d:], u[:d])
	}
	if err := s.Gradient(all, lp, g); err != nil {
		t.Fatal(err)
	}
	return lp[0], g[:d]
}

// A row of weight 0 may be anything: impossible, or where the density is infinite.
func TestWeightZeroLeavesOut(t *testing.T) {
	for _, c := range []struct{ dist, y, rest string }{
		{"Exponential(exp(a))", "[-1, 2]", "[2]"},
		{"Beta(0.5, s)", "[0, 0.2]", "[0.2]"},
		{"Poisson(exp(a)) in 0..5", "[7, 2]", "[2]"},
		{"Normal(a, s) in (0, 1) censored above 0.9", "[-3, 0.95]", "[0.95]"},
	} {
		typ := "real"
		if strings.HasPrefix(c.dist, "Poisson") {
			typ = "int"
		}
		at := runtime.Map(map[string]any{"a": 0.3, "s": 1.2})
		density := func(weight, y, w string) float64 {
			text := "data y : " + typ + "[N]\ndata w : real[N]\na ~ Normal(0, 1)\ns ~ Gamma(2, 2)\ny[i in 1..N] ~ " + c.dist + weight
			m, err := runtime.Compile("model.ppl", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Bind(runtime.Files(t.Context(), "y="+y, "w="+w))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			lp, err := p.LogDensity(at)
			if err != nil {
				t.Fatal(err)
			}
			return lp
		}
		if got, want := density(" weighted w[i]", c.y, "[0, 2.5]"), density(" weighted 2.5", c.rest, "[1]"); !near(got, want, 1e-14) {
			t.Errorf("%s: %v, without the row %v", c.dist, got, want)
		}
	}
	p := problem(t, "data y : real[N]\na ~ Normal(0, 1)\ny ~ Normal(a, 1) weighted 0", map[string]any{"y": []float64{1, 2}})
	if lp, err := p.LogDensity(runtime.Map(map[string]any{"a": 0.0})); err != nil || !near(lp, -0.5*math.Log(2*math.Pi), 1e-14) {
		t.Errorf("without weight: %v %v", lp, err)
	}
}

// Where a discrete latent is summed out the weight multiplies the conditional density of the row,
// for each value of the latent.
func TestWeightsInsideOfTheSum(t *testing.T) {
	const text = "data y : real[N]\ndata w : real[N]\nm : real[2] ~ Normal(0, 3)\nplate i in 1..N {\n  z[i] ~ Categorical([0.3, 0.7])\n  y[i] ~ Normal(m[z[i]], 1.5) weighted w[i]\n}"
	y, w, m := []float64{0.5, 2, -1, 4}, []float64{1, 2.5, 0, 0.5}, []float64{0.2, 1.7}
	normal := func(x, m, s float64) float64 {
		return -0.5*(x-m)*(x-m)/s/s - math.Log(s) - 0.5*math.Log(2*math.Pi)
	}
	want := normal(m[0], 0, 3) + normal(m[1], 0, 3)
	for i := range y {
		want += math.Log(0.3*math.Exp(w[i]*normal(y[i], m[0], 1.5)) + 0.7*math.Exp(w[i]*normal(y[i], m[1], 1.5)))
	}
	p := problem(t, text, map[string]any{"y": y, "w": w})
	if got, err := p.LogDensity(runtime.Map(map[string]any{"m": m})); err != nil || !near(got, want, 1e-13) {
		t.Errorf("%v, want %v; %v", got, want, err)
	}
	// Given the latents, too.
	want = normal(m[0], 0, 3) + normal(m[1], 0, 3)
	z := []float64{1, 2, 2, 1}
	for i := range y {
		want += math.Log([]float64{0.3, 0.7}[int(z[i])-1]) + w[i]*normal(y[i], m[int(z[i])-1], 1.5)
	}
	if got, err := p.LogDensity(runtime.Map(map[string]any{"m": m, "z": []int{1, 2, 2, 1}})); err != nil || !near(got, want, 1e-13) {
		t.Errorf("given z: %v, want %v; %v", got, want, err)
	}
}

// Rows that share a discrete latent are as many equal rows.
func TestWeightsOfASharedLatent(t *testing.T) {
	const text = "data y : real[N]\ndata g : int[N]\ndata w : real[N]\nm : real[2] ~ Normal(0, 3)\nz[j in 1..2] ~ Categorical([0.3, 0.7])\nk ~ Categorical([0.4, 0.6])\ny[i in 1..N] ~ Normal(m[z[g[i]]] + k, 1.5) weighted w[i]"
	at := runtime.Map(map[string]any{"m": []float64{0.2, 1.7}})
	weighted, err := problem(t, text, map[string]any{"y": []float64{0.5, 2, -1}, "g": []int{1, 1, 2}, "w": []float64{2, 1, 3}}).LogDensity(at)
	if err != nil {
		t.Fatal(err)
	}
	repeated, err := problem(t, unweighted.Replace(text), map[string]any{"y": []float64{0.5, 0.5, 2, -1, -1, -1}, "g": []int{1, 1, 1, 2, 2, 2}}).LogDensity(at)
	if err != nil || !near(weighted, repeated, 1e-13) {
		t.Errorf("%v, of repeated rows %v; %v", weighted, repeated, err)
	}
}

// A missing value is drawn from the distribution itself, so that it says nothing of the rest,
// whatever its weight; a vector that is missing in part has none.
func TestWeightsOfMissing(t *testing.T) {
	const text = "data y : real?[N]\ndata w : real[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a, 1) weighted w[i]"
	p := problem(t, text, map[string]any{"y": []any{1.0, nil, 2.0, nil}, "w": []float64{2, 3, 0, 0}})
	normal := func(x, m float64) float64 { return -0.5*(x-m)*(x-m) - 0.5*math.Log(2*math.Pi) }
	got, err := p.LogDensity(runtime.Map(map[string]any{"a": 0.5, "y": []float64{0.25, 3}}))
	if want := normal(0.5, 0) + 2*normal(1, 0.5) + normal(0.25, 0.5) + normal(3, 0.5); err != nil || !near(got, want, 1e-14) {
		t.Errorf("%v, want %v; %v", got, want, err)
	}
	count := problem(t, strings.NewReplacer("real?", "int?", "Normal(a, 1)", "Poisson(exp(a))").Replace(text), map[string]any{"y": []any{1, nil, 2, nil}, "w": []float64{2, 3, 0, 0}})
	got, err = count.LogDensity(runtime.Map(map[string]any{"a": 0.5}))
	if want := normal(0.5, 0) + 2*(0.5-math.Exp(0.5)); err != nil || !near(got, want, 1e-12) {
		t.Errorf("counts: %v, want %v; %v", got, want, err)
	}
	// A censored one that is missing is known to lie beyond its bound, w times.
	hidden := problem(t, strings.Replace(text, " weighted", " censored above 1 weighted", 1), map[string]any{"y": []any{nil, 0.5, 3.0}, "w": []float64{2.5, 1, 0}})
	got, err = hidden.LogDensity(runtime.Map(map[string]any{"a": 0.2}))
	if want := normal(0.2, 0) + 2.5*math.Log(0.5*math.Erfc(0.8/math.Sqrt2)) + normal(0.5, 0.2); err != nil || !near(got, want, 1e-13) {
		t.Errorf("censored: %v, want %v; %v", got, want, err)
	}
	const vectors = "data y : real?[N, 2]\ndata w : real[N]\na ~ Normal(0, 1)\ny[i in 1..N] ~ MvNormal([a, a], eye(2)) weighted w[i]"
	rows := []any{[]any{1.0, nil}, []any{nil, nil}, []any{2.0, 1.0}}
	m, err := runtime.Compile("model.ppl", []byte(vectors))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Bind(runtime.Map(map[string]any{"y": rows, "w": []float64{1, 5, 2}})); err != nil {
		t.Error(err)
	}
	if _, err := m.Bind(runtime.Map(map[string]any{"y": rows, "w": []float64{2, 5, 2}})); err == nil || !strings.Contains(err.Error(), "`y[1]` is missing in part, and has the weight 2") {
		t.Errorf("in part: %v", err)
	}
}

// A weight that is none is named, with where it comes from.
func TestBadWeights(t *testing.T) {
	for _, c := range []struct{ statement, data, want string }{
		{"y[i in 1..N] ~ Normal(a, 1) weighted w[i]", "w=[1, -2]", "the weight of `y[2]` (-d y) is -2, at i = 2"},
		{"y[i in 1..N] ~ Normal(a, 1) weighted w[i]", "w=[1, -2]", "in the data `w[2]` is -2"},
		{"y ~ Normal(a, 1) weighted w", "w=[-3, 1]", "the weight of `y[1]` (-d y) is -3"},
		{"y ~ Normal(a, 1) weighted 1 / w", "w=[3, 0]", "the weight of `y[2]` (-d y) is Inf"},
		{"y ~ Normal(a, 1) censored above 3 weighted log(w)", "w=[3, 0.5]", "the weight of `y[2]` (-d y) is -0.693147"},
		{"y ~ Normal(a, 1) weighted 0 / w", "w=[3, 0]", "the weight of `y[2]` (-d y) is NaN"},
		{"y ~ Normal(a, 1) weighted w[1..1]", "w=[3, 0]", "of the shape of what has one"},
	} {
		m, err := runtime.Compile("model.ppl", []byte("data y : real[N]\ndata w : real[N]\na ~ Normal(0, 1)\n"+c.statement))
		if err == nil {
			_, err = m.Bind(runtime.Files(t.Context(), "y=[1, 2]", c.data))
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.statement, err)
		}
	}
}

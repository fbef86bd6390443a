package runtime

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ppl/inference/random"
	"ppl/inference/target"
)

// counties is a normal mean by county, with known scales, whose predictive densities are
// known.
const counties = `
data county : factor(J)[N]
data y : real[N]
mu : real[J] ~ Normal(0, 2)
plate i in 1..N { y[i] ~ Normal(mu[county[i]], 1) }
`

func bindCounties(t *testing.T) (*Problem, []string, []float64) {
	t.Helper()
	m, err := Compile("model.ppl", []byte(counties))
	if err != nil {
		t.Fatal(err)
	}
	county, y := []string{"B", "A", "B", "A", "B", "A"}, []float64{0.4, -1.2, 1, 0.9, 0.1, 0.5}
	p, err := m.Bind(Map(map[string]any{"county": county, "y": y}))
	if err != nil {
		t.Fatal(err)
	}
	return p, county, y
}

// TestLeaveOneOut compares with the predictive densities given all other data, from exact
// draws, from as many of a wider density with weights, and from chains.
func TestLeaveOneOut(t *testing.T) {
	p, county, y := bindCounties(t)
	w, err := pointwise(p.target)
	if err != nil {
		t.Fatal(err)
	}
	levels := []string{"A", "B"}
	sum, count := map[string]float64{}, map[string]float64{}
	for i, c := range county {
		sum[c], count[c] = sum[c]+y[i], count[c]+1
	}
	n := 8000
	r := random.Stream(4, "leave one out", 0)
	exact, wide := jointDraws{n: n, values: map[string][]float64{}}, jointDraws{n: n, values: map[string][]float64{}, weights: make([]float64, n)}
	for i := range n {
		lw := 0.0
		for _, c := range levels {
			z, sd := r.NormFloat64(), 1/math.Sqrt(0.25+count[c])
			m := sd * sd * sum[c]
			exact.values["mu"] = append(exact.values["mu"], m+sd*z)
			wide.values["mu"] = append(wide.values["mu"], m+1.5*sd*z)
			lw += 0.5*z*z - 0.5*1.5*1.5*z*z
		}
		wide.weights[i] = 7 * math.Exp(lw)
	}
	chains := exact
	chains.chains = 4
	for name, d := range map[string]jointDraws{"exact": exact, "weighted": wide, "chains": chains} {
		t.Run(name, func(t *testing.T) {
			got, err := leaveOneOut(context.Background(), w, d, map[string][]string{"J": levels})
			if err != nil {
				t.Fatal(err)
			}
			if got.Draws != n || got.Coupled || got.Units[2].Name != "y[3]" || !slices.Equal(got.Units[2].Data, []string{"y[3]"}) {
				t.Errorf("%d draws, %v", got.Draws, got.Units)
			}
			for i, c := range county {
				precision := 0.25 + count[c] - 1
				mean, sd := (sum[c]-y[i])/precision, math.Sqrt(1+1/precision)
				z := (y[i] - mean) / sd
				want := -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
				if x := got.Points[i]; !(math.Abs(x.ELPD-want) < 5*x.MCSE) || x.MCSE > 0.05 {
					t.Errorf("point %d: %g ± %g, want %g", i+1, x.ELPD, x.MCSE, want)
				}
			}
		})
	}
	bad := exact
	bad.values = map[string][]float64{"mu": exact.values["mu"][1:]}
	var wrong *target.ErrValues
	if _, err := leaveOneOut(context.Background(), w, bad, nil); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
	if _, err := pointwise(p.target, "K"); !errors.As(err, new(*target.ErrGrouping)) {
		t.Errorf("%v", err)
	}
}

// TestLeaveOneOutOfFit takes the draws of a fit.
func TestLeaveOneOutOfFit(t *testing.T) {
	p, county, y := bindCounties(t)
	post, err := p.Fit(context.Background(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	w, err := pointwise(p.target)
	if err != nil {
		t.Fatal(err)
	}
	d, err := drawsOf(w.Latents, post.Quantities())
	if err != nil {
		t.Fatal(err)
	}
	got, err := leaveOneOut(context.Background(), w, d, p.bound.Levels)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range county {
		s, n := 0.0, 0.0
		for k := range county {
			if county[k] == c && k != i {
				s, n = s+y[k], n+1
			}
		}
		sd := math.Sqrt(1 + 1/(0.25+n))
		z := (y[i] - s/(0.25+n)) / sd
		want := -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
		if x := got.Points[i]; !(math.Abs(x.ELPD-want) < 0.02) {
			t.Errorf("point %d: %g ± %g, want %g", i+1, x.ELPD, x.MCSE, want)
		}
	}
	if _, err := drawsOf(w.Latents, nil); !errors.As(err, new(*target.ErrValues)) {
		t.Errorf("%v", err)
	}
}

// TestUnitNames: a unit is named by its datum, or by its labels along the dimensions of units.
func TestUnitNames(t *testing.T) {
	m, err := Compile("model.ppl", []byte(`
data county : factor(J)[J]
data y : real[J]
data w : real[J, K]
m ~ Normal(0, 1)
y ~ Normal(m, 1)
w ~ Normal(m, 1)
`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(Map(map[string]any{"county": []string{"B", "A"}, "y": []float64{1, 2}, "w": [][]float64{{1, 2}, {3, 4}}}))
	if err != nil {
		t.Fatal(err)
	}
	w, err := pointwise(p.target)
	if err != nil {
		t.Fatal(err)
	}
	want := []LOOUnit{{"J=A", []string{"y[A]", "w[A,1]", "w[A,2]"}}, {"J=B", []string{"y[B]", "w[B,1]", "w[B,2]"}}}
	if got := unitNames(w, p.bound.Levels); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// TestCompareLOO compares models of one set of data, in any order of their statements, and
// refuses those of others.
func TestCompareLOO(t *testing.T) {
	of := func(mean string, y []float64) *LOO {
		m, err := Compile("model.ppl", []byte("data y : real[N]\ns ~ HalfNormal(1)\ny ~ Normal("+mean+", 1 + s)"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Bind(Map(map[string]any{"y": y}))
		if err != nil {
			t.Fatal(err)
		}
		w, err := pointwise(p.target)
		if err != nil {
			t.Fatal(err)
		}
		d := jointDraws{n: 200, values: map[string][]float64{"s": make([]float64, 200)}}
		r := random.Stream(4, "compare", 0)
		for i := range d.n {
			d.values["s"][i] = 0.05 * r.Float64()
		}
		out, err := leaveOneOut(context.Background(), w, d, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	y := []float64{4, 5, 6}
	bad, good := of("0", y), of("5", y)
	got, err := CompareLOO(bad, good)
	if err != nil || got[0].Model != 1 || !(got[1].Difference.Value < -30) {
		t.Errorf("%v, %v", got, err)
	}
	turned := *good
	turned.Units, turned.Points = slices.Clone(good.Units), slices.Clone(good.Points)
	slices.Reverse(turned.Units)
	slices.Reverse(turned.Points)
	again, err := CompareLOO(bad, &turned)
	if err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("%v, want %v; %v", again, got, err)
	}
	var mismatch *LOOMismatch
	if _, err := CompareLOO(bad, of("5", y[:2])); !errors.As(err, &mismatch) || mismatch.Model != 1 || mismatch.Have != 2 {
		t.Errorf("%v", err)
	}
	turned.Units[0].Name = "w[1]"
	if _, err := CompareLOO(bad, &turned); !errors.As(err, &mismatch) || mismatch.Unit != "y[3]" {
		t.Errorf("%v", err)
	}
	if _, err := CompareLOO(bad, &LOO{Units: bad.Units}); !errors.As(err, new(*ArgumentError)) {
		t.Errorf("%v", err)
	}
	if _, err := CompareLOO(bad, nil); !errors.As(err, new(*ArgumentError)) {
		t.Errorf("%v", err)
	}
}

// exactELPD are the log predictive densities of the model of counties given the other data.
func exactELPD(county []string, y []float64, left func(i, k int) bool) []float64 {
	out := make([]float64, len(y))
	for i, c := range county {
		s, n := 0.0, 0.0
		for k := range county {
			if county[k] == c && !left(i, k) {
				s, n = s+y[k], n+1
			}
		}
		sd := math.Sqrt(1 + 1/(0.25+n))
		z := (y[i] - s/(0.25+n)) / sd
		out[i] = -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
	}
	return out
}

// TestLOO compares with closed forms: draws with weights, chains; single data, and groups, by
// label and by dimension. A fit that was saved and loaded gives the same bits.
func TestLOO(t *testing.T) {
	p, county, y := bindCounties(t)
	want := exactELPD(county, y, func(i, k int) bool { return i == k })
	for name, opt := range map[string]Options{"weights": {Seed: 1}, "quick": {Seed: 1, Quick: true}, "chains": {Seed: 1, Method: MethodNUTS}} {
		t.Run(name, func(t *testing.T) {
			post, err := p.Fit(context.Background(), opt)
			if err != nil {
				t.Fatal(err)
			}
			got, err := post.LOO(context.Background(), LOOOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i, x := range got.Points {
				if !(math.Abs(x.ELPD-want[i]) < 5*x.MCSE+1e-9) || !(x.MCSE < 0.05) {
					t.Errorf("%s: %g ± %g, want %g", got.Units[i].Name, x.ELPD, x.MCSE, want[i])
				}
			}
			if got.Verdict != post.Verdict() || got.Model != "model.ppl" {
				t.Errorf("%q, %q", got.Verdict, got.Model)
			}
			var file bytes.Buffer
			if err := post.Save(&file); err != nil {
				t.Fatal(err)
			}
			back, err := Load(bytes.NewReader(file.Bytes()), int64(file.Len()))
			if err != nil {
				t.Fatal(err)
			}
			again, err := back.LOO(context.Background(), LOOOptions{})
			if err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("after loading: %v, %v; before: %v", again, err, got)
			}
			// A county left out as a whole is predicted from the prior of its mean.
			groups, err := post.LOO(context.Background(), LOOOptions{By: []string{"county"}})
			if err != nil {
				t.Fatal(err)
			}
			if groups.Units[0].Name != "county=A" || !slices.Equal(groups.Units[1].Data, []string{"y[1]", "y[3]", "y[5]"}) {
				t.Errorf("%v", groups.Units)
			}
			rows, err := post.LOO(context.Background(), LOOOptions{By: []string{"N"}})
			if err != nil || rows.ELPD() != got.ELPD() || rows.Units[1].Name != "N=2" {
				t.Errorf("%v, %v", rows, err)
			}
		})
	}
}

// TestLOOGroups leaves out groups of a regression with one mean, by ints as by labels: their joint
// density given the other groups is that of normal data.
func TestLOOGroups(t *testing.T) {
	m, err := Compile("model.ppl", []byte("data g : int[N]\ndata h : factor(H)[N]\ndata y : real[N]\nmu ~ Normal(0, 2)\nlet x = sum(g)\ny[i in 1..N] ~ Normal(mu + 0 * x, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	g, y := []int{7, 3, 3, 3, 3, 7, 3, 3, 3, 3, 3, 3}, []float64{0.4, -0.2, 0.1, 0.9, 0.1, 0.5, 0.3, -0.7, 1.1, 0.2, 0.4, 0.6}
	labels := make([]string, len(g))
	for i := range g {
		labels[i] = map[int]string{3: "three", 7: "seven"}[g[i]]
	}
	p, err := m.Bind(Map(map[string]any{"g": g, "h": labels, "y": y}))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	// y[1] given the ten others, then y[6] given these and y[1].
	want, s, n := 0.0, 0.0, 0.0
	for i := range y {
		if g[i] == 3 {
			s, n = s+y[i], n+1
		}
	}
	for _, i := range []int{0, 5} {
		sd := math.Sqrt(1 + 1/(0.25+n))
		z := (y[i] - s/(0.25+n)) / sd
		want += -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
		s, n = s+y[i], n+1
	}
	for by, k := range map[string]int{"g": 1, "h": 0} {
		got, err := post.LOO(context.Background(), LOOOptions{By: []string{by}})
		if err != nil {
			t.Fatal(err)
		}
		name := map[string]string{"g": "g=7", "h": "h=seven"}[by]
		if x := got.Points[k]; len(got.Points) != 2 || got.Units[k].Name != name || !(math.Abs(x.ELPD-want) < 5*x.MCSE) || !(x.MCSE < 0.02) {
			t.Errorf("%v: %g ± %g, want %g", got.Units, x.ELPD, x.MCSE, want)
		}
	}
}

// TestLOOExact: without continuous latents there are no draws, and the figures are exact: those of
// a mixture of which one latent, whose sign all data share, is summed out.
func TestLOOExact(t *testing.T) {
	m, err := Compile("model.ppl", []byte("data y : real[N]\nz ~ Bernoulli(0.5)\ny[i in 1..N] ~ Normal(2 * z - 1, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	y := []float64{0.4, 1.2, -0.3}
	p, err := m.Bind(Map(map[string]any{"y": y}))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := post.LOO(context.Background(), LOOOptions{})
	if err != nil {
		t.Fatal(err)
	}
	density := func(skip int) float64 {
		total := 0.0
		for _, mean := range []float64{-1, 1} {
			p := 0.5
			for i := range y {
				if i != skip {
					p *= math.Exp(-0.5*(y[i]-mean)*(y[i]-mean)) / math.Sqrt(2*math.Pi)
				}
			}
			total += p
		}
		return total
	}
	for i, x := range got.Points {
		if want := math.Log(density(-1) / density(i)); !(math.Abs(x.ELPD-want) < 1e-12) || !x.Exact || x.PLOO() != 0 {
			t.Errorf("%v, want %g", x, want)
		}
	}
	if len(got.High()) != 0 || !got.Coupled {
		t.Errorf("%v, coupled: %v", got.High(), got.Coupled)
	}
}

// TestLOODiscrete: where a discrete latent cannot be summed out, having infinitely many values, it is
// given like the others.
func TestLOODiscrete(t *testing.T) {
	m, err := Compile("model.ppl", []byte("data y : real[N]\nk ~ Poisson(3)\ny[i in 1..N] ~ Normal(k, 2)"))
	if err != nil {
		t.Fatal(err)
	}
	y := []float64{3.4, 4.2, 2.3, 5.1}
	p, err := m.Bind(Map(map[string]any{"y": y}))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := post.LOO(context.Background(), LOOOptions{})
	if err != nil {
		t.Fatal(err)
	}
	density := func(skip int) float64 {
		total, prior := 0.0, math.Exp(-3)
		for k := range 60 {
			if k > 0 {
				prior *= 3 / float64(k)
			}
			p := prior
			for i := range y {
				if i != skip {
					p *= math.Exp(-0.125*(y[i]-float64(k))*(y[i]-float64(k))) / math.Sqrt(8*math.Pi)
				}
			}
			total += p
		}
		return total
	}
	for i, x := range got.Points {
		if want := math.Log(density(-1) / density(i)); !(math.Abs(x.ELPD-want) < 0.05) {
			t.Errorf("%g, want %g", x.ELPD, want)
		}
	}
}

// TestLOORefuses: draws that are no sample of the posterior, with the way out; data that cannot be
// grouped; models without a log likelihood for each datum; a context that has ended.
func TestLOORefuses(t *testing.T) {
	p, _, _ := bindCounties(t)
	for _, c := range []struct {
		opt           Options
		option, value string
	}{
		{Options{Correct: "linear"}, "Correct", "linear"},
		{Options{Correct: "none"}, "Correct", "none"},
		{Options{Guide: "map"}, "Guide", "map"},
		{Options{Guide: "laplace", Correct: "none"}, "Guide", "laplace"},
	} {
		post, err := p.Fit(context.Background(), c.opt)
		if err != nil {
			t.Fatal(err)
		}
		var no *NoSample
		if _, err := post.LOO(context.Background(), LOOOptions{}); !errors.As(err, &no) || no.Option != c.option || no.Value != c.value || !strings.Contains(no.Error(), "Method: nuts") {
			t.Errorf("%v: %v", c.opt, err)
		}
	}
	post, err := p.Fit(context.Background(), Options{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range [][]string{{"nothing"}, {"y"}, {"J"}, {"county", "county"}} {
		var option *OptionError
		if _, err := post.LOO(context.Background(), LOOOptions{By: by}); !errors.As(err, &option) || option.Field != "By" {
			t.Errorf("%v: %v", by, err)
		}
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := post.LOO(done, LOOOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	m, err := Compile("model.ppl", []byte("data y : real[N]\nmu ~ Normal(0, 1)\nfactor -0.5 * sum((y - mu) ^ 2)"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err = m.Bind(Map(map[string]any{"y": []float64{1, 2}})); err != nil {
		t.Fatal(err)
	}
	if post, err = p.Fit(context.Background(), Options{Quick: true}); err != nil {
		t.Fatal(err)
	}
	var wrong *DataError
	if _, err := post.LOO(context.Background(), LOOOptions{}); !errors.As(err, &wrong) || wrong.Diagnostics[0].Code != "no-pointwise" {
		t.Errorf("%v", err)
	}
}

// TestCompareLOOValues refuses fits of other data of the same names.
func TestCompareLOOValues(t *testing.T) {
	of := func(y ...float64) *LOO {
		m, err := Compile("model.ppl", []byte("data y : real[N]\nm ~ Normal(0, 3)\ny ~ Normal(m, 1)"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Bind(Map(map[string]any{"y": y}))
		if err != nil {
			t.Fatal(err)
		}
		post, err := p.Fit(context.Background(), Options{Quick: true})
		if err != nil {
			t.Fatal(err)
		}
		out, err := post.LOO(context.Background(), LOOOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	a := of(1, 2, 3)
	if _, err := CompareLOO(a, of(1, 2, 3)); err != nil {
		t.Error(err)
	}
	var mismatch *LOOMismatch
	if _, err := CompareLOO(a, of(1, 2, 4)); !errors.As(err, &mismatch) || mismatch.Unit != "y[3]" || !slices.Equal(mismatch.Values, []float64{3, 4}) {
		t.Errorf("%v", err)
	}
}

// TestLOOWithoutWeight: at draws without weight a unit that is impossible may have taken it, and is to
// be fitted without; where another one is impossible too it has not.
func TestLOOWithoutWeight(t *testing.T) {
	m, err := Compile("model.ppl", []byte("data y : real[N]\nb ~ Normal(1, 5)\ny[i in 1..N] ~ Uniform(0, b)"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		y        []float64
		infinite []bool
	}{"one": {[]float64{0.2, 0.9, 0.3}, []bool{false, true, false}}, "two": {[]float64{0.9, 0.95, 0.3}, []bool{false, true, false}}, "equal": {[]float64{0.9, 0.9, 0.3}, []bool{false, false, false}}} {
		p, err := m.Bind(Map(map[string]any{"y": c.y}))
		if err != nil {
			t.Fatal(err)
		}
		w, err := pointwise(p.target)
		if err != nil {
			t.Fatal(err)
		}
		n := 400
		d := jointDraws{n: n, values: map[string][]float64{"b": make([]float64, n)}, weights: make([]float64, n)}
		for i := range n {
			d.values["b"][i], d.weights[i] = 1+float64(i)/float64(n), 1
		}
		d.values["b"][7], d.weights[7] = 0.92, 0 // below 0.95
		d.values["b"][8], d.weights[8] = 0.5, 0
		if name != "two" {
			d.values["b"][7] = 0.8
		}
		got, err := leaveOneOut(context.Background(), w, d, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range got.Points {
			if math.IsInf(x.KHat, 1) != c.infinite[i] || math.IsNaN(x.ELPD) {
				t.Errorf("%s, %s: %+v", name, got.Units[i].Name, x)
			}
		}
	}
}

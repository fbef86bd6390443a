package runtime

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
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
			got, err := leaveOneOut(w, d, map[string][]string{"J": levels})
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
	if _, err := leaveOneOut(w, bad, nil); !errors.As(err, &wrong) {
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
	got, err := leaveOneOut(w, d, p.bound.Levels)
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
		out, err := leaveOneOut(w, d, nil)
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

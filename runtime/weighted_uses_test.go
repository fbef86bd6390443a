package runtime_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ppl/runtime"
)

const weightedRegression = "data x : real[N]\ndata y : real[N]\ndata w : real[N]\na ~ Normal(0, 5)\nb ~ Normal(0, 5)\ns ~ HalfNormal(2)\ny[i in 1..N] ~ Normal(a + b * x[i], s) weighted w[i]"

// unweighted is a model without its weights.
var unweighted = strings.NewReplacer("data w : real[N]\n", "", " weighted w[i]", "", " weighted w", "")

// weightedRows are data with integer weights, and the same unfolded, with what each is a copy of.
func weightedRows(n int) (weighted, repeated map[string]any) {
	r := rand.New(rand.NewPCG(3, 4))
	var x, y, w, xx, yy []float64
	var of []int
	for i := range n {
		x = append(x, r.NormFloat64())
		y, w = append(y, 1+2*x[i]+r.NormFloat64()), append(w, float64(i%4))
		for range i % 4 {
			xx, yy, of = append(xx, x[i]), append(yy, y[i]), append(of, i)
		}
	}
	return map[string]any{"x": x, "y": y, "w": w}, map[string]any{"x": xx, "y": yy, "of": of}
}

// A fit with integer weights is that of the unfolded rows.
func TestWeightedFit(t *testing.T) {
	weighted, repeated := weightedRows(40)
	for _, opt := range []runtime.Options{{Seed: 1}, {Seed: 1, Method: runtime.MethodNUTS}, {Seed: 1, Guide: "fullrank"}} {
		one, two := fitWith(t, weightedRegression, weighted, opt), fitWith(t, unweighted.Replace(weightedRegression), repeated, opt)
		for _, name := range []string{"a", "b", "s"} {
			p, err := one.Quantity(name)
			if err != nil {
				t.Fatal(err)
			}
			q, err := two.Quantity(name)
			if err != nil {
				t.Fatal(err)
			}
			if !(math.Abs(p.Mean-q.Mean) < 0.1*q.SD && math.Abs(p.SD/q.SD-1) < 0.08) {
				t.Errorf("%+v: %s is %.3f ± %.3f, of unfolded rows %.3f ± %.3f", opt, name, p.Mean, p.SD, q.Mean, q.SD)
			}
		}
		if one.Verdict() != two.Verdict() {
			t.Errorf("%+v: %v and %v", opt, one.Verdict(), two.Verdict())
		}
	}
}

// Leaving out a row of weight w: ∫ N(y; θ, 1)^w p(θ | others) dθ in closed form, which adds up to what
// unfolded rows give if copies are left out together.
func TestWeightedLOO(t *testing.T) {
	const text = "data y : real[N]\ndata w : real[N]\nmu ~ Normal(0, 2)\ny[i in 1..N] ~ Normal(mu, 1) weighted w[i]"
	y, w := []float64{1.2, 0.3, 2.2, 1.7, 0.1, -0.6, 1.9}, []float64{1, 2, 0, 3, 0.5, 1, 2}
	got, err := fitWith(t, text, map[string]any{"y": y, "w": w}, runtime.Options{Seed: 1, Draws: 20000}).LOO(t.Context(), runtime.LOOOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Points) != 6 {
		t.Fatalf("%d points: one has no weight", len(got.Points))
	}
	k, total := 0, 0.0
	for i := range y {
		if w[i] == 0 {
			continue
		}
		precision, sum := 0.25, 0.0
		for j := range y {
			if j != i {
				precision, sum = precision+w[j], sum+w[j]*y[j]
			}
		}
		m, v := sum/precision, 1/precision
		want := -0.5*w[i]*math.Log(2*math.Pi) - 0.5*math.Log(1+w[i]*v) - 0.5*w[i]*(y[i]-m)*(y[i]-m)/(1+w[i]*v)
		if !(math.Abs(got.Points[k].ELPD-want) < 0.02) {
			t.Errorf("y[%d]: %.4f, want %.4f", i+1, got.Points[k].ELPD, want)
		}
		k, total = k+1, total+got.Points[k].ELPD
	}
	if !(math.Abs(got.ELPD().Value-total) < 1e-9) {
		t.Errorf("elpd %v, sum %v", got.ELPD(), total)
	}
	weighted, repeated := weightedRows(24)
	one, err := fitWith(t, weightedRegression, weighted, runtime.Options{Seed: 1}).LOO(t.Context(), runtime.LOOOptions{})
	if err != nil {
		t.Fatal(err)
	}
	two, err := fitWith(t, "data of : int[N]\nlet never = if of[1] < 0 then 1 else 0\n"+unweighted.Replace(weightedRegression), repeated, runtime.Options{Seed: 1}).LOO(t.Context(), runtime.LOOOptions{By: []string{"of"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.Points) != 18 || len(two.Points) != 18 || !(math.Abs(one.ELPD().Value-two.ELPD().Value) < 0.1) {
		t.Errorf("%d rows, %v; unfolded %d, %v", len(one.Points), one.ELPD(), len(two.Points), two.ELPD())
	}
}

// Draws are of the distribution itself: weights have no part in them, and need not be given.
func TestWeightsAreNotDrawnWith(t *testing.T) {
	with := strings.Replace(weightedRegression, "weighted w[i]", "weighted ww[i]\ngenerate z ~ Normal(a, s)", 1)
	with = strings.Replace(with, "data w : real[N]\n", "data w : real[N]\nlet ww = w / mean(w)\n", 1)
	plain := unweighted.Replace(strings.Replace(strings.Replace(with, " weighted ww[i]", "", 1), "let ww = w / mean(w)\n", "", 1))
	x := []float64{0.5, 1, -1}
	var bytes []string
	for _, c := range []struct {
		text string
		data map[string]any
	}{{with, map[string]any{"x": x}}, {with, map[string]any{"x": x, "w": []float64{1, 0, -7}}}, {plain, map[string]any{"x": x}}} {
		sim, err := simulator(t, c.text, c.data).Draw(1, 0)
		if err != nil {
			t.Fatal(err)
		}
		truth, err := sim.DataJSON(false)
		if err != nil {
			t.Fatal(err)
		}
		bytes = append(bytes, strings.Replace(string(truth), `,"w":[1,0,-7]`, "", 1))
	}
	if bytes[0] != bytes[1] || bytes[0] != bytes[2] {
		t.Errorf("%s", strings.Join(bytes, "\n"))
	}
	weighted, _ := weightedRows(20)
	post := fitWith(t, with, weighted, runtime.Options{Seed: 2})
	var means []float64
	for _, data := range []map[string]any{{"x": x}, {"x": x, "w": []float64{1, 2, 3}}} {
		p, err := post.Predict(t.Context(), runtime.Map(data), runtime.PredictOptions{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		q, err := p.Quantity("y[2]")
		if err != nil {
			t.Fatal(err)
		}
		means = append(means, q.Mean)
		service, err := post.Predictor(runtime.PredictOptions{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service.Predict(t.Context(), runtime.Map(data)); err != nil {
			t.Error(err)
		}
	}
	if means[0] != means[1] {
		t.Errorf("%v", means)
	}
}

// Weights of data of groups do not make new rows of the groups.
func TestWeightsByGroup(t *testing.T) {
	const text = "data g : int[N] in 1..3\ndata y : real[N]\ndata size : real[J]\ndata w : real[J]\nmu ~ Normal(0, 1)\na[j in 1..J] ~ Normal(mu, size[j])\ny[i in 1..N] ~ Normal(a[g[i]], 1) weighted w[g[i]]"
	post := fitWith(t, text, map[string]any{"g": []int{1, 2, 3, 3}, "y": []float64{5, 6, 7, 7.5}, "size": []float64{9, 9, 9}, "w": []float64{9, 9, 9}}, runtime.Options{Seed: 2})
	p, err := post.Predict(t.Context(), runtime.Map(map[string]any{"g": []int{3}}), runtime.PredictOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if q, err := p.Quantity("y[1]"); err != nil || !(math.Abs(q.Mean-7.2) < 0.3) {
		t.Errorf("%+v %v", q, err)
	}
}

// Scores of new data are weighted where their weights are given.
func TestWeightedScore(t *testing.T) {
	weighted, _ := weightedRows(20)
	post := fitWith(t, weightedRegression, weighted, runtime.Options{Seed: 2})
	x, y := []float64{0.5, 1, -1, 0}, []float64{1.5, 4, -0.5, 1.4}
	draws := map[string][]float64{}
	for _, name := range []string{"a", "b", "s"} {
		d, err := post.Draws(name)
		if err != nil {
			t.Fatal(err)
		}
		draws[name] = d
	}
	for _, w := range [][]float64{nil, {1, 1, 1, 1}, {2, 0.5, 0, 1}} {
		data := map[string]any{"x": x, "y": y}
		if w != nil {
			data["w"] = w
		}
		p, err := post.Predict(t.Context(), runtime.Map(data), runtime.PredictOptions{Seed: 1, Score: true})
		if err != nil {
			t.Fatal(err)
		}
		elpd, rows := 0.0, 0
		for i := range y {
			k := 1.0
			if w != nil {
				k = w[i]
			}
			mean := 0.0
			for d, a := range draws["a"] {
				s := draws["s"][d]
				z := (y[i] - a - draws["b"][d]*x[i]) / s
				mean += math.Exp(k*(-0.5*z*z-math.Log(s)-0.5*math.Log(2*math.Pi))) / float64(len(draws["a"]))
			}
			if elpd += math.Log(mean); k > 0 {
				rows++
			}
		}
		got := p.Scores()[0]
		if got.N != rows || !(math.Abs(got.ELPD-elpd) < 1e-9) || !(got.Coverage90 >= 0 && got.Coverage90 <= 1+1e-12) || !(got.RMSE > 0) {
			t.Errorf("weights %v: %+v, want elpd %v of %d", w, got, elpd, rows)
		}
		if warned := strings.Contains(p.Warnings().Error(), "weights"); warned != (w == nil) {
			t.Errorf("weights %v: %v", w, p.Warnings())
		}
	}
}

// Statistics of weighted data are weighted, of data and replicates; equal weights are as none.
func TestWeightedPPC(t *testing.T) {
	const text = "data y : real[N]\ndata w : real[N]\nmu ~ Normal(0, 2)\ny ~ Normal(mu, 1) weighted w"
	y, w := []float64{1.2, 0.3, 22, 1.7, 0.1, -0.6, 1.9}, []float64{1, 2, 0, 3, 0.5, 1, 2}
	check := func(text string, data map[string]any) map[string]runtime.PPCStatistic {
		got, err := fitWith(t, text, data, runtime.Options{Seed: 1}).PPC(t.Context(), runtime.PPCOptions{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]runtime.PPCStatistic{}
		for _, s := range got.Statistics {
			out[s.Name] = s
		}
		return out
	}
	got := check(text, map[string]any{"y": y, "w": w})
	sum, total, squares := 0.0, 0.0, 0.0
	for i := range y {
		sum, total = sum+w[i]*y[i], total+w[i]
	}
	for i := range y {
		squares += w[i] * (y[i] - sum/total) * (y[i] - sum/total)
	}
	for name, want := range map[string]float64{"mean": sum / total, "sd": math.Sqrt(squares / total * 6 / 5), "min": -0.6, "max": 1.9} {
		if s := got[name]; !(math.Abs(s.Data-want) < 1e-12) || s.N != 6 || !s.Weighted {
			t.Errorf("%s: %+v, want %v", name, s, want)
		}
	}
	if s := got["q50"]; !(s.Data > 0.3 && s.Data < 1.7) {
		t.Errorf("%+v", s)
	}
	equal := check(strings.Replace(text, "weighted w", "weighted w / w", 1), map[string]any{"y": y, "w": []float64{1, 2, 1, 3, 0.5, 1, 2}})
	for name, want := range check(unweighted.Replace(text), map[string]any{"y": y}) {
		s := equal[name]
		if want.Weighted = true; !(math.Abs(s.Data-want.Data) < 1e-12 && math.Abs(s.Q5-want.Q5) < 1e-9 && math.Abs(s.Median-want.Median) < 1e-9 && math.Abs(s.P-want.P) < 1e-9) {
			t.Errorf("%s: %+v, without weights %+v", name, s, want)
		}
	}
}

// A fit with weights is none of the distribution that data are drawn from.
func TestWeightedSBC(t *testing.T) {
	from := simulator(t, weightedRegression, map[string]any{"x": []float64{1, 2}})
	_, err := from.SBC(t.Context(), runtime.SBCOptions{Replicates: 2})
	var wrong *runtime.ModelError
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "cannot-calibrate") {
		t.Errorf("%v", err)
	}
}

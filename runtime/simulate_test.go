package runtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ppl/runtime"
)

const groupsModel = `
data group : factor(G)[N]
data n     : int[N]
data on    : bool[N]
data k     : int?[N]
data y     : real[M]
mu[g in 1..G] ~ Normal(0, 1)
k[i in 1..N] ~ Binomial(n[i], logit = mu[group[i]] + on[i])
y[j in 1..M] ~ Normal(mu[1], 1)
let top = max(mu)
`

func simulator(t *testing.T, text string, values map[string]any) *runtime.Simulator {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Simulator(runtime.Map(values))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSimulationJSON reads what a simulation writes back as data: the same inputs,
// and drawn data of the right kind.
func TestSimulationJSON(t *testing.T) {
	given := map[string]any{
		"group": []string{"b", "a", "b"}, "n": []int{5, 6, 7}, "on": []bool{true, false, true},
		"k": []any{1, nil, 2}, "M": 2,
	}
	from := simulator(t, groupsModel, given)
	if got := from.Overwritten(); !slices.Equal(got, []string{"k"}) {
		t.Errorf("overwritten: %v", got)
	}
	for _, indent := range []bool{false, true} {
		sim, err := from.Draw(1, 3)
		if err != nil {
			t.Fatal(err)
		}
		text, err := sim.DataJSON(indent)
		if err != nil {
			t.Fatal(err)
		}
		again, err := from.Draw(1, 3)
		if err != nil {
			t.Fatal(err)
		}
		if other, _ := again.DataJSON(indent); !bytes.Equal(text, other) {
			t.Error("the same seed and index drew other data")
		}
		var got struct {
			Group []string
			N, K  []*int
			On    []bool
			Y     []float64
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if !slices.Equal(got.Group, []string{"b", "a", "b"}) || !slices.Equal(got.On, []bool{true, false, true}) || len(got.Y) != 2 {
			t.Errorf("%s", text)
		}
		if got.K[0] == nil || *got.K[0] > 5 || got.K[1] != nil {
			t.Errorf("k is not drawn as it was given, with a gap: %s", text)
		}
		var truth struct {
			Mu  []float64
			Top float64
			K   []int
		}
		if err := json.Unmarshal(sim.TruthJSON(indent), &truth); err != nil {
			t.Fatal(err)
		}
		if len(truth.Mu) != 2 || truth.Top != max(truth.Mu[0], truth.Mu[1]) || len(truth.K) != 3 || truth.K[0] != *got.K[0] {
			t.Errorf("truth %s", sim.TruthJSON(indent))
		}
		names := []string{}
		for _, q := range sim.Latents() {
			names = append(names, q.Name)
		}
		if !slices.Equal(names, []string{"mu[a]", "mu[b]", "top", "k[2]"}) {
			t.Errorf("latents %v", names)
		}
	}
}

// TestSimulateAndFit draws data, writes them to a file, and fits them.
func TestSimulateAndFit(t *testing.T) {
	m, err := runtime.Compile("line.ppl", []byte(lineModel))
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, 500)
	for i := range x {
		x[i] = float64(i%17) / 4
	}
	sim, err := m.Simulate(runtime.Map(map[string]any{"x": x}), 5)
	if err != nil {
		t.Fatal(err)
	}
	text, err := sim.DataJSON(true)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	fromFile, err := m.Bind(runtime.Files(context.Background(), file))
	if err != nil {
		t.Fatal(err)
	}
	direct, err := sim.Problem()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*runtime.Problem{fromFile, direct} {
		post, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, truth := range sim.Latents() {
			q, err := post.Quantity(truth.Name)
			if err != nil {
				t.Fatal(err)
			}
			if z := (q.Mean - truth.Mean) / q.SD; z > 5 || z < -5 {
				t.Errorf("%s: posterior %.3f ± %.3f, but %.3f was drawn", q.Name, q.Mean, q.SD, truth.Mean)
			}
		}
	}
}

func TestSimulatorRefuses(t *testing.T) {
	for _, c := range []struct {
		text   string
		values map[string]any
		want   string
	}{
		{"data y : real[N]\ny ~ Normal(0, 1)\n", nil, "no data give the length of `N`"},
		{"data x : real[N]\ndata y : real[N]\ny ~ Normal(x, 1)\n", nil, "the data hold no value for `x`"},
		{"data y : factor(K)[3]\ny ~ Categorical(ones(K) / K)\n", nil, "the data hold no value for `y`"},
		{"data y : real[N]\nmu ~ Flat()\ny ~ Normal(mu, 1)\n", map[string]any{"N": 2}, "`Flat` is no distribution"},
		{"data y : real[N]\nlet z = log(y)\nz ~ Normal(0, 1)\n", map[string]any{"y": []float64{1}}, "cannot be turned back"},
	} {
		m, err := runtime.Compile("model.ppl", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		sim, err := m.Simulate(runtime.Map(c.values), 1)
		if err == nil {
			_, err = sim.DataJSON(false)
		}
		var wrong *runtime.DataError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.text, c.want, err)
		}
	}
}

// TestSimulationBreaksConstraint warns of draws that the model's own declaration
// refuses.
func TestSimulationBreaksConstraint(t *testing.T) {
	from := simulator(t, "data y : real[N] > 0\ny ~ Normal(0, 1)\n", map[string]any{"N": 20})
	sim, err := from.Draw(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if ds := sim.Warnings(); ds.HasErrors() || len(ds) == 0 || !strings.Contains(ds.Error(), "which is not > 0") {
		t.Errorf("warnings: %v", ds)
	}
}

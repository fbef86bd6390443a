package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	goruntime "runtime"
	"strings"
	"testing"

	"ppl/runtime"
)

// Models whose posterior is known exactly.
var conjugates = []struct {
	name, text string
	values     map[string]any
	// slow ones are calibrated with PPL_SLOW.
	slow bool
}{
	{"normal-normal", "data y : real[N]\nmu ~ Normal(1, 2)\ny[i in 1..N] ~ Normal(mu, 3)\n", map[string]any{"N": 5}, true},
	{"beta-binomial", "data n : int[N]\ndata k : int[N]\np ~ Beta(2, 3)\nk[i in 1..N] ~ Binomial(n[i], p)\n", map[string]any{"n": []int{5, 8}}, true},
	{"gamma-poisson", "data k : int[N]\nrate ~ Gamma(3, 1)\nk[i in 1..N] ~ Poisson(rate)\n", map[string]any{"N": 4}, true},
	{"censored times", "data t : real?[N]\ndata c : real[N] <= inf\nrate ~ Gamma(3, 10)\nt[i in 1..N] ~ Exponential(rate) censored above c[i]\n",
		map[string]any{"t": []any{nil, 1.0, nil, 2.0, nil}, "c": []float64{2, 3, 4, 5, math.Inf(1)}}, false},
	{"normal linear regression", "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 2)\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(a + b * x[i], 1)\n",
		map[string]any{"x": []float64{4, 5, 6, 7, 9}}, true},
	{"discrete latents", "data y : real[N]\nmu ~ Normal(0, 2)\nz[i in 1..N] ~ Bernoulli(0.3)\ny[i in 1..N] ~ Normal(mu + 2 * z[i], 1)\n", map[string]any{"N": 4}, false},
}

func calibrate(t *testing.T, text string, values map[string]any, opt runtime.SBCOptions) *runtime.SBC {
	t.Helper()
	out, err := simulator(t, text, values).SBC(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSBC: fits of models with exact answers are calibrated. PPL_SLOW=1 calibrates all of
// them, on 200 data sets each and not on 60.
func TestSBC(t *testing.T) {
	replicates := 60
	if slow {
		replicates = 200
	}
	for _, c := range conjugates {
		if c.slow && !slow {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			out := calibrate(t, c.text, c.values, runtime.SBCOptions{Seed: 1, Replicates: replicates})
			t.Logf("%v of %d: %v", out.Verdicts, out.Replicates, describe(out))
			if !out.Passed || 20*out.Used < 19*replicates || out.Replicates != replicates {
				t.Errorf("%d used, %v", out.Used, out.Reasons)
			}
		})
	}
}

// TestSBCNUTS does the same for draws of Markov chains.
func TestSBCNUTS(t *testing.T) {
	replicates := 20
	if slow {
		replicates = 100
	}
	out := calibrate(t, conjugates[3].text, conjugates[3].values, runtime.SBCOptions{Seed: 2, Replicates: replicates, Fit: runtime.Options{Method: runtime.MethodNUTS, Warmup: 500}})
	t.Logf("%v: %v", out.Verdicts, describe(out))
	if !out.Passed || 10*out.Used < 9*replicates {
		t.Errorf("%d used, %v", out.Used, out.Reasons)
	}
}

func describe(out *runtime.SBC) string {
	var parts []string
	for _, c := range out.Quantities {
		parts = append(parts, fmt.Sprintf("%s χ² %.3f ecdf %.3f mean %.3f sd %.3f", c.Name, c.Test.ChiSquare, c.Test.ECDF, c.Test.Mean, c.Test.SD))
	}
	return strings.Join(parts, "; ")
}

// TestSBCFinds: fits of a model that is wrong are not calibrated, and the words
// say how.
func TestSBCFinds(t *testing.T) {
	base := conjugates[0]
	for _, c := range part([]struct{ what, from, to, want string }{
		{"a prior elsewhere", "Normal(1, 2)", "Normal(-1, 2)", "too low"},
		{"errors taken as smaller", "Normal(mu, 3)", "Normal(mu, 1.5)", "too narrow"},
		{"a prior that is too narrow", "Normal(1, 2)", "Normal(1, 0.7)", "not uniform"},
		{"a prior and errors that are too wide", "Normal(1, 2)\ny[i in 1..N] ~ Normal(mu, 3)", "Normal(1, 20)\ny[i in 1..N] ~ Normal(mu, 6)", "too wide"},
	}, 2) {
		m, err := runtime.Compile("wrong.ppl", []byte(strings.Replace(base.text, c.from, c.to, 1)))
		if err != nil {
			t.Fatal(err)
		}
		out := calibrate(t, base.text, base.values, runtime.SBCOptions{Seed: 3, Replicates: 60, Model: m})
		if out.Passed || !strings.Contains(strings.Join(out.Reasons, "\n"), c.want) {
			t.Errorf("%s: passed %v, %v; %s", c.what, out.Passed, out.Reasons, describe(out))
		}
	}
}

// TestSBCCores: the ranks do not depend on the number of cores.
func TestSBCCores(t *testing.T) {
	run := func(cores int) *runtime.SBC {
		defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(cores))
		told := 0
		out := calibrate(t, conjugates[1].text, conjugates[1].values, runtime.SBCOptions{Seed: 5, Replicates: 20, Draws: 9, Progress: func(runtime.Progress) { told++ }})
		if told != 20 {
			t.Errorf("told %d times", told)
		}
		return out
	}
	one := run(1)
	if two := run(2); !reflect.DeepEqual(one, two) {
		t.Error("the outcome differs")
	}
}

// TestSBCStops keeps what was done.
func TestSBCStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := simulator(t, conjugates[0].text, conjugates[0].values).SBC(ctx, runtime.SBCOptions{Replicates: 100000, Progress: func(x runtime.Progress) {
		if x.Done == 15 {
			cancel()
		}
	}})
	var stopped *runtime.Stopped
	if !asStopped(err, &stopped) || stopped.SBC == nil || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	out := stopped.SBC
	if !out.Interrupted || out.Passed || out.Failed || out.Replicates < 15 || out.Replicates > 1000 {
		t.Errorf("%+v", out)
	}
}

// TestSBCFailures counts data sets that cannot be fitted by what they have in common,
// not by the datum at fault.
func TestSBCFailures(t *testing.T) {
	from := simulator(t, "data y : real[N]\na ~ HalfNormal(1)\ny[i in 1..N] ~ Normal(a, 1)\n", map[string]any{"N": 3})
	far, err := runtime.Compile("far.ppl", []byte("data y : real[N]\na ~ HalfNormal(1)\ny[i in 1..N] ~ Uniform(a + 100, a + 101)\n"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := from.SBC(context.Background(), runtime.SBCOptions{Replicates: 6, Draws: 9, Model: far})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Failures) != 1 || out.Failures["the log density is not finite at any starting point"] != 6 || out.Passed || !out.Failed {
		t.Errorf("%+v", out)
	}
}

// TestSBCRefuses models that have no prior to draw from.
func TestSBCRefuses(t *testing.T) {
	_, err := simulator(t, "data y : real[N]\nmu ~ Flat()\ny ~ Normal(mu, 1)\n", map[string]any{"N": 3}).SBC(context.Background(), runtime.SBCOptions{})
	if err == nil || !strings.Contains(err.Error(), "`Flat` is no distribution") {
		t.Errorf("a flat prior: %v", err)
	}
	_, err = simulator(t, "data y : real[N]\ny ~ Normal(0, 1)\n", map[string]any{"N": 3}).SBC(context.Background(), runtime.SBCOptions{})
	if err == nil || !strings.Contains(err.Error(), "nothing to infer") {
		t.Errorf("no latents: %v", err)
	}
}

// TestSBCExamples calibrates the examples that can be simulated. It takes minutes:
// PPL_SBC names some, separated by commas, or is "all".
func TestSBCExamples(t *testing.T) {
	names := os.Getenv("PPL_SBC")
	if names == "" {
		t.Skip("PPL_SBC=all calibrates the examples")
	}
	for _, ex := range examples {
		if names != "all" && !strings.Contains(","+names+",", ","+ex.name+",") {
			continue
		}
		t.Run(ex.name, func(t *testing.T) {
			folder := filepath.Join(examplesFolder, ex.name)
			m, err := runtime.CompileFile(filepath.Join(folder, "model.ppl"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := m.Simulator(runtime.Files(context.Background(), filepath.Join(folder, ex.data)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Draw(1, 0); err != nil {
				t.Skip(err)
			}
			out, err := s.SBC(context.Background(), runtime.SBCOptions{Seed: 1, Fit: runtime.Options{Method: os.Getenv("PPL_SBC_METHOD")}})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v, failures %v, %d used: %v\n%s", out.Verdicts, out.Failures, out.Used, out.Reasons, describe(out))
			if !out.Passed {
				t.Error(strings.Join(out.Reasons, "\n"))
			}
		})
	}
}

// TestSBCBinds: data sets are bound as the options say. A mean-field guide that nothing corrects
// is no exact sum, and its fits say so.
func TestSBCBinds(t *testing.T) {
	c := conjugates[len(conjugates)-1]
	verdicts := func(how string) map[runtime.Verdict]int {
		return calibrate(t, c.text, c.values, runtime.SBCOptions{
			Seed: 1, Replicates: 4, Draws: 19, Fit: runtime.Options{Correct: "none"}, Bind: runtime.BindOptions{Discrete: map[string]string{"z": how}}}).Verdicts
	}
	if exact, guided := verdicts("exact"), verdicts("expect"); exact[runtime.Caution] != 4 || guided[runtime.Poor] == 0 {
		t.Errorf("summed out %v, with a guide %v", exact, guided)
	}
	_, err := simulator(t, c.text, c.values).SBC(context.Background(), runtime.SBCOptions{Bind: runtime.BindOptions{Discrete: map[string]string{"u": "exact"}}})
	if option := (*runtime.OptionError)(nil); !errors.As(err, &option) || option.Field != "Bind.Discrete" {
		t.Errorf("a latent that there is not: %v", err)
	}
}

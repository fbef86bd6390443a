package data

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/lang"
	"ppl/lang/check"
	"ppl/parser"
)

// checked makes a model the way runtime does.
func checked(text string) (*lang.Model, error) {
	file, diags := parser.Parse("m.ppl", []byte(text))
	if err := diags.Err(); err != nil {
		return nil, err
	}
	m, diags := check.Check(file, builtin.Catalogue())
	return m, diags.Err()
}

// The cases of testdata/bind.txt say the same of models that the checker made.
// A few do not pass the checker, which sees part of what is wrong: those are
// counted, lest the test become empty.
func TestGoldenThroughTheChecker(t *testing.T) {
	b, err := os.ReadFile("testdata/bind.txt")
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	for _, c := range parseCases(t, string(b)) {
		m, err := checked(c.model + "\n")
		if err != nil {
			refused = append(refused, c.name+": "+err.Error())
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if got := strings.TrimRight(c.runWith(t, m), "\n"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
	if len(refused) > 4 {
		t.Errorf("the checker refuses %d models:\n%s", len(refused), strings.Join(refused, "\n"))
	}
}

// A latent that has the name of a key is a datum whose declaration was forgotten,
// unless the model reads it: then the key may be its true value.
func TestUndeclared(t *testing.T) {
	for _, c := range []struct {
		name, model, file, text string
		want                    string // severity, summary and hint; "" for no message
	}{
		{"forgotten", "mu ~ Normal(0, 1)\ny[i in 1..3] ~ Normal(mu, 1)", "d.json", `{"y": [1, 2, 3]}`,
			"error: `y` is in the data (d.json:1:2, key \"y\"), but the model does not declare it: it would be a latent, and the data would not be read; `data y : real[3]`"},
		{"forgotten with a length from other data", "data x : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Bernoulli(logit = b * x[i])", "d.csv", "x,y\n1,0\n2,1\n",
			"error: `y` is in the data (d.csv, column \"y\"), but the model does not declare it: it would be a latent, and the data would not be read; `data y : int[N]`"},
		{"forgotten with gaps", "data x : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i], 1)", "d.csv", "x,y\n1,0\n2,\n",
			"error: `y` is in the data (d.csv, column \"y\"), but the model does not declare it: it would be a latent, and the data would not be read; `data y : real?[N]`"},
		{"forgotten matrix in columns", "mu ~ Normal(0, 1)\ny[i in 1..2, j in 1..2] ~ Normal(mu, 1)", "d.csv", "y.1,y.2\n1,0\n2,1\n",
			"error: `y` is in the data (d.csv, column \"y.1\"), but the model does not declare it: it would be a latent, and the data would not be read; `data y : real[2, 2]`"},
		{"forgotten and autoregressive", "y[1] ~ Normal(0, 1)\nfor t in 2..3 { y[t] ~ Normal(y[t-1], 1) }", "d.json", `{"y": [1, 2, 3]}`,
			"error: `y` is in the data (d.json:1:2, key \"y\"), but the model does not declare it: it would be a latent, and the data would not be read; `data y : real[3]`"},
		{"read by a likelihood", "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)", "d.json", `{"y": [1, 2, 3], "mu": 2}`,
			"warning: `mu` is a latent, so the value in the data is ignored (d.json:1:18, key \"mu\"); if it was observed, declare `data mu : real`"},
		{"read by a let", "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(0, 1)\nlet twice = 2 * mu", "d.json", `{"y": [1, 2, 3], "mu": 2}`,
			"warning: `mu` is a latent, so the value in the data is ignored (d.json:1:18, key \"mu\"); if it was observed, declare `data mu : real`"},
		{"read by a factor", "mu ~ Normal(0, 1)\nfactor -mu^2", "d.json", `{"mu": 2}`,
			"warning: `mu` is a latent, so the value in the data is ignored (d.json:1:2, key \"mu\"); if it was observed, declare `data mu : real`"},
		{"a let of latents", "data x : real[N]\na ~ Normal(0, 1)\nlet y = a * x", "d.csv", "x,y\n1,1\n2,3\n",
			"warning: the model computes `y`, so the value in the data is ignored (d.csv, column \"y\"); if it was observed, declare `data y : real[N]`, and say with `~` how it came about"},
		{"a column of another array", "mu ~ Normal(0, 1)\ny[i in 1..2] ~ Normal(mu, 1)", "d.csv", "y.1,y.2\n1,0\n2,1\n", ""},
		{"another key", "mu ~ Normal(0, 1)\ny[i in 1..3] ~ Normal(mu, 1)", "d.json", `{"Y": [1, 2, 3]}`, ""},
		{"an index of the same name", "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)", "d.csv", "i,y\n1,1\n2,3\n", ""},
		{"empty observations", "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)", "d.json", `{"y": []}`,
			"warning: `y` has no elements (d.json:1:2, key \"y\"): the model learns nothing from it; "},
		{"empty predictors of nothing", "data x : real[N]\nmu ~ Normal(0, 1)\nfactor mu * sum(x)", "d.json", `{"x": []}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := checked(c.model + "\n")
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			if err := os.WriteFile(c.file, []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
			tables, diags := Read(context.Background(), []string{c.file}, Options{})
			if len(diags) > 0 {
				t.Fatal(diags.Error())
			}
			_, diags = Bind(m, tables, BindOptions{})
			var got []string
			for _, d := range diags {
				got = append(got, fmt.Sprintf("%s: %s; %s", d.Severity, d.Summary, d.Hint))
			}
			if text := strings.Join(got, "\n"); text != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", text, c.want)
			}
		})
	}
}

// referenceData says which data belong to a model where the names differ.
var referenceData = map[string]string{
	"GLM_Binomial": "GLM_Binomial_data", "GLM_Poisson": "GLM_Poisson_Data", "Rate_1": "Rate_1_data", "Rate_2": "Rate_2_data",
	"accel_gp": "mcycle_gp", "arma11": "arma", "blr": "sblri", "bones": "bones_data", "earn_height": "earnings",
	"kidscore_interaction": "kidiq", "kidscore_momhs": "kidiq", "kidscore_momhsiq": "kidiq", "kidscore_momiq": "kidiq",
	"kilpisjarvi": "kilpisjarvi_mod", "log10earn_height": "earnings", "logearn_height_male": "earnings", "logearn_interaction": "earnings",
	"logearn_interaction_z": "earnings", "logearn_logheight_male": "earnings", "lotka_volterra": "hudson_lynx_hare", "nes": "nes1972", "nes_logit": "nes_logit_data",
}

// The reference models bind to their data.
func TestReferenceModels(t *testing.T) {
	models, _ := filepath.Glob("/work/shared/refs/models/*.ppl")
	if len(models) == 0 {
		t.Skip("no reference models here")
	}
	for _, path := range models {
		name := strings.TrimSuffix(filepath.Base(path), ".ppl")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			m, err := checked(string(text))
			if err != nil {
				t.Skip("does not check yet: ", err)
			}
			source := name
			if s, ok := referenceData[name]; ok {
				source = s
			}
			tables, diags := Read(context.Background(), []string{"/work/shared/refs/data/" + source + ".json"}, Options{Keep: KeepFor(m)})
			if len(diags) > 0 {
				t.Fatal(diags.Error())
			}
			bound, diags := Bind(m, tables, BindOptions{})
			if len(diags) > 0 {
				t.Fatal(diags.Error())
			}
			for _, s := range m.Data {
				if bound.Values[s.Name] == nil {
					t.Errorf("%s has no value", s.Name)
				}
			}
			for _, d := range m.Dims {
				if _, ok := bound.Dims[d.Name]; !ok {
					t.Errorf("%s has no length", d.Name)
				}
			}
		})
	}
}

package data

import (
	"context"
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

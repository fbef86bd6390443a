package runtime_test

import (
	"encoding/json"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ppl/runtime"
)

// pythonWith is an interpreter that can import the modules, that of the path or of the system;
// without one the test is skipped.
func pythonWith(t *testing.T, modules string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import "+modules).Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with the modules " + modules)
	return ""
}

// readGroup is what testdata/read_saved.py says of a group.
type readGroup struct {
	Dims   map[string][]string
	Coords map[string][]string
	Means  map[string][]string
}

// TestSavedOpensInPython: xarray opens every group of every kind of fit, with the dimensions and
// labels of the model; the draws that are kept have the mean of Draws, and those that were made, with their
// weights, the posterior mean.
func TestSavedOpensInPython(t *testing.T) {
	python := pythonWith(t, "xarray, zarr")
	arguments := []string{"testdata/read_saved.py"}
	var posts []*runtime.Posterior
	var names []string
	for _, s := range savables() {
		if s.name == "chains" || s.name == "many draws" { // like NUTS and tempered in the file
			continue
		}
		post := s.fit(t)
		path := filepath.Join(t.TempDir(), "fit.zarr.zip")
		if err := post.SaveFile(path); err != nil {
			t.Fatal(err)
		}
		posts, names, arguments = append(posts, post), append(names, s.name), append(arguments, path)
	}
	out, err := exec.Command(python, arguments...).Output()
	if err != nil {
		var said []byte
		if e, ok := err.(*exec.ExitError); ok {
			said = e.Stderr
		}
		t.Fatalf("%v\n%s", err, said)
	}
	var files []map[string]readGroup
	if err := json.Unmarshal(out, &files); err != nil {
		t.Fatal(err)
	}
	for i, groups := range files {
		checkMeans(t, names[i], posts[i], groups)
	}
	g := files[0]
	if got := slices.Sorted(maps.Keys(g)); !slices.Equal(got, []string{"constant_data", "observed_data", "posterior", "ppl", "weighted"}) {
		t.Errorf("groups %v", got)
	}
	for _, c := range []struct {
		group, variable string
		dims            string
	}{
		{"posterior", "mu", "chain draw"}, {"posterior", "a", "chain draw G"}, {"posterior", "b", "chain draw K"}, {"posterior", "twice", "chain draw G K"}, {"posterior", "weight", "chain draw"},
		{"weighted", "weight", "chain draw"}, {"weighted", "log_weight", "chain draw"}, {"weighted", "weight_", "chain draw"}, {"weighted", "a", "chain draw G"}, {"weighted", "kept", "kept_draw"},
		{"observed_data", "y", "N"}, {"constant_data", "x", "N K"}, {"constant_data", "group", "N"}, {"constant_data", "unused", ""}, {"ppl", "data_N", ""},
	} {
		if dims, ok := g[c.group].Dims[c.variable]; !ok || strings.Join(dims, " ") != c.dims {
			t.Errorf("%s/%s has the dimensions %q, want %q", c.group, c.variable, dims, c.dims)
		}
	}
	for dim, want := range map[string][]string{"G": {"a b", "b", "é"}, "K": {"1", "2"}} {
		if got := g["posterior"].Coords[dim]; !slices.Equal(got, want) {
			t.Errorf("coordinates of %s: %q, want %q", dim, got, want)
		}
	}
	missing := files[len(files)-1]["posterior"]
	if got := missing.Coords["y_dim_0"]; !slices.Equal(got, []string{"y[2]", "y[4]"}) {
		t.Errorf("missing elements %q", got)
	}
	if got := missing.Coords["c_dim_0"]; !slices.Equal(got, []string{"c[1,2]", "c[2,2]"}) {
		t.Errorf("missing counts %q", got)
	}
}

// checkMeans compares what Python sums with the draws and the means of an answer.
func checkMeans(t *testing.T, name string, post *runtime.Posterior, groups map[string]readGroup) {
	t.Helper()
	kept, made := map[string][]float64{}, map[string][]float64{}
	for _, q := range post.Quantities() {
		draws := q.Draws()
		kept[q.Symbol] = append(kept[q.Symbol], average(draws, nil))
		values, of := q.Made()
		made[q.Symbol] = append(made[q.Symbol], average(values, of.Weights))
	}
	for _, q := range post.Discrete() {
		draws, err := post.Draws(q.Name)
		if err != nil {
			t.Fatal(err)
		}
		kept[q.Symbol] = append(kept[q.Symbol], average(draws, nil))
	}
	checked := 0
	for group, want := range map[string]map[string][]float64{"posterior": kept, "weighted": made, "made": made} {
		for symbol, got := range groups[group].Means {
			checked++
			if len(got) != len(want[symbol]) {
				t.Errorf("%s: %s/%s has %d elements, want %d", name, group, symbol, len(got), len(want[symbol]))
				continue
			}
			for i, text := range got {
				x, err := strconv.ParseFloat(text, 64)
				if y := want[symbol][i]; err != nil || math.Abs(x-y) > 1e-9*(1+math.Abs(y)) || math.IsNaN(x) != math.IsNaN(y) {
					t.Errorf("%s: %s/%s has the mean %s, want %g", name, group, symbol, text, y)
				}
			}
		}
	}
	if checked < len(kept) {
		t.Errorf("%s: %d variables of %d", name, checked, len(kept))
	}
}

func average(x, w []float64) float64 {
	sum := 0.0
	for i := range x {
		if w == nil {
			sum += x[i] / float64(len(x))
		} else {
			sum += w[i] * x[i]
		}
	}
	return sum
}

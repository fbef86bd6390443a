package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// pythonWith returns an interpreter that can import the modules, or skips: the
// first on the path, or that of the system, for which distributions package
// them.
func pythonWith(t *testing.T, modules string) string {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import "+modules).Run() == nil {
			return python
		}
	}
	t.Skip("no python3 with the modules " + modules)
	return ""
}

// What testdata/open.py prints.
type (
	opened struct {
		Attrs  map[string]any
		Groups map[string]openedGroup
	}
	openedGroup struct {
		Attrs     map[string]any
		Coords    []string
		Variables map[string]openedArray
	}
	openedArray struct {
		Dims   []string
		Kind   string
		Shape  []int
		Values []string
		Attrs  map[string]any
	}
)

// TestXarray opens each group by xarray and zarr, in one chunk and in several
// with padding, with consolidated metadata and without: dimensions,
// coordinates, labels, attributes and values are those that were written.
func TestXarray(t *testing.T) {
	python := pythonWith(t, "xarray, zarr")
	f := sample()
	arguments := []string{"testdata/open.py"}
	for _, most := range []int{chunkElements, 3, 2} {
		var data bytes.Buffer
		if err := write(context.Background(), &data, f, most); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "fit.zarr.zip")
		if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, path)
	}
	out, err := exec.Command(python, arguments...).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	var all []opened
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 6 && len(all) != 12 {
		t.Errorf("%d openings", len(all))
	}
	for _, got := range all {
		if got.Attrs["ppl_version"] != "0.9" || got.Attrs["ppl_layout"] != 1. || got.Attrs["model"] != "y ~ Normal(mu, 1)  // <é> & \"quotes\"\n" {
			t.Errorf("attributes %v", got.Attrs)
		}
		if len(got.Groups) != len(f.Groups) {
			t.Errorf("%d groups, not %d", len(got.Groups), len(f.Groups))
		}
		for _, g := range f.Groups {
			checkOpened(t, g, got.Groups[g.Name])
		}
	}
}

func stderrOf(err error) []byte {
	if e, ok := err.(*exec.ExitError); ok {
		return e.Stderr
	}
	return nil
}

func checkOpened(t *testing.T, g Group, got openedGroup) {
	t.Helper()
	if len(got.Attrs) != len(g.Attrs) || len(got.Variables) != len(g.Arrays) {
		t.Errorf("%s: attributes %v, %d variables", g.Name, got.Attrs, len(got.Variables))
	}
	for _, a := range g.Arrays {
		v, ok := got.Variables[a.Name]
		isCoordinate := slices.Equal(a.Dims, []string{a.Name})
		if !ok || !slices.Equal(v.Dims, a.Dims) || !slices.Equal(v.Shape, a.Shape) || len(v.Attrs) != len(a.Attrs) || slices.Contains(got.Coords, a.Name) != isCoordinate {
			t.Errorf("%s/%s: %v, dimensions %v, shape %v, attributes %v, coordinates %v", g.Name, a.Name, ok, v.Dims, v.Shape, v.Attrs, got.Coords)
			continue
		}
		if kind, values := inPython(a.Values); kind != v.Kind || !slices.Equal(values, v.Values) {
			t.Errorf("%s/%s: %s %.300v, want %s %.300v", g.Name, a.Name, v.Kind, v.Values, kind, values)
		}
	}
}

// inPython returns values as open.py prints them.
func inPython(v Values) (kind string, values []string) {
	switch v := v.(type) {
	case Floats:
		for _, x := range v {
			text := fmt.Sprintf("%016x", math.Float64bits(x))
			if math.IsNaN(x) {
				text = "nan"
			}
			values = append(values, text)
		}
		return "float", values
	case Ints:
		for _, x := range v {
			values = append(values, fmt.Sprint(x))
		}
		return "int", values
	case Bools:
		for _, x := range v {
			values = append(values, map[bool]string{true: "True", false: "False"}[x])
		}
		return "bool", values
	}
	return "text", v.(Strings)
}

package data

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

func TestFixedLevels(t *testing.T) {
	m := model(t, "data c : factor(J)[N]\ndata u : real[J]")
	opt := BindOptions{Levels: map[string][]string{"J": {"AITKIN", "ANOKA", "BECKER"}}}
	bound, diags := Bind(m, FromMap(map[string]any{"c": []string{"BECKER"}, "u": []int{1, 2, 3}}), opt)
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	if bound.Values["c"].Data[0] != 3 || bound.Dims["J"] != 3 {
		t.Errorf("got %v", bound)
	}
	_, diags = Bind(m, FromMap(map[string]any{"c": []string{"BECKER", "ANOKE"}, "u": []int{1, 2, 3}}), opt)
	want := "error[data-label]: `c[2]` is \"ANOKE\", which is not a level of `J` (the value of \"c\")\n" +
		"  --> m.ppl:1:10\n   |\n 1 | data c : factor(J)[N]\n   |          ^^^^^^^^^^^^\n" +
		"   expected: one of AITKIN, ANOKA, BECKER\n   hint: did you mean \"ANOKA\"?\n\n1 error\n"
	if got := rendered(diags); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEvalOfTheCaller(t *testing.T) {
	m := model(t, "data N : int\ndata s : real = sqrt(N)\ndata y : real[N] <= s")
	list := diag.List{{Code: "bad-value", Summary: "no"}}
	for _, c := range []struct {
		name string
		eval Eval
		want string
	}{
		{"value", func(e ast.Expr, lookup Lookup) (*Array, error) {
			if name, ok := e.(*ast.Name); ok {
				a, _ := lookup(name.Name)
				return a, nil
			}
			return scalar(2), nil
		}, "`y[2]` is 3, which is not <= s, where `s` is 2"},
		{"error", func(ast.Expr, Lookup) (*Array, error) { return nil, errors.New("no square roots") }, "cannot be evaluated: no square roots"},
		{"list", func(ast.Expr, Lookup) (*Array, error) { return nil, list }, "no"},
		{"nothing", func(ast.Expr, Lookup) (*Array, error) { return nil, nil }, "it has no value"},
		{"wrong length", func(ast.Expr, Lookup) (*Array, error) { return &Array{Shape: []int{3}}, nil }, "it has no value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, diags := Bind(m, FromMap(map[string]any{"y": []int{1, 3}}), BindOptions{Eval: c.eval})
			if len(diags) != 1 || !strings.Contains(diags[0].Summary, c.want) {
				t.Errorf("got %v", diags)
			}
		})
	}
}

// A model made by hand may lack declarations, a file and a source.
func TestBindWithoutSource(t *testing.T) {
	m := &lang.Model{Data: []*lang.Symbol{{Name: "y", Type: lang.Array(lang.Int, lang.DimName("N"))}}}
	for _, y := range []any{[]int{1}, []float64{1.5}, 3, nil, "x"} {
		Bind(m, FromMap(map[string]any{"y": y}), BindOptions{})
	}
	if _, diags := Bind(m, nil, BindOptions{}); len(diags) != 1 {
		t.Errorf("got %v", diags)
	}
}

func TestKeepFor(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "d.csv", "y,id,note\n1,7,\"long text\"\n2,8,other\n")
	write(t, "d.json", `{"N": 2, "meta": [1, [2]], "big": [1, 2, 3]}`)
	m := model(t, "data y : real[N]")
	tables, diags := Read(context.Background(), []string{"d.csv", "d.json"}, Options{Keep: KeepFor(m)})
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	if v, _ := tables.Lookup("id"); v.nums != nil {
		t.Error("a column that is not wanted was kept")
	}
	bound, diags := Bind(m, tables, BindOptions{})
	if len(diags) > 0 || strings.Join(bound.Unused, " ") != "big id meta note" {
		t.Errorf("got %v %v", bound, diags)
	}
	_, diags = Bind(model(t, "data id : int[N]"), tables, BindOptions{})
	if len(diags) != 1 || diags[0].Summary != "`id` was left out when the data were read (d.csv, column \"id\")" {
		t.Errorf("got %v", diags)
	}
}

func TestReadIsCancelled(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "d.csv", "y\n1\n")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, diags := Read(ctx, []string{"d.csv", "e.csv"}, Options{})
	if want := "error[data-file]: reading d.csv was interrupted\n  --> d.csv\n\n1 error\n"; rendered(diags) != want {
		t.Errorf("got %s", rendered(diags))
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	t.Chdir(t.TempDir())
	write(t, "d.csv", "y\n1\n")
	if err := os.Chmod("d.csv", 0); err != nil {
		t.Fatal(err)
	}
	_, diags := Read(context.Background(), []string{"d.csv"}, Options{})
	if want := "error[data-file]: cannot read d.csv: permission denied\n  --> d.csv\n\n1 error\n"; rendered(diags) != want {
		t.Errorf("got %s", rendered(diags))
	}
}

// Tables may be bound to models from several goroutines.
func TestBindConcurrently(t *testing.T) {
	tables := FromMap(map[string]any{"c": []string{"b", "a"}, "u": map[string]int{"b": 1, "a": 2}, "X": [][]int{}})
	m := model(t, "data c : factor(J)[N]\ndata u : real[J]\ndata X : real[M, 3]")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, diags := Bind(m, tables, BindOptions{}); len(diags) > 0 {
				t.Error(diags.Error())
			}
		})
	}
	wg.Wait()
}

func TestCodesAreDeclared(t *testing.T) {
	for _, code := range []diag.Code{
		fileError, syntaxError, duplicateKey, noValue, notAnArray, shapeError, dimensionError, typeError,
		missingElement, infiniteValue, labelError, constraintFail, expression, ignoredKey,
	} {
		if info, ok := diag.Lookup(code); !ok || info.Title == "" || info.Explanation == "" || info.Wrong == "" || info.Right == "" {
			t.Errorf("%s is not declared in full", code)
		}
	}
}

// The reference data load, and hold what encoding/json says.
func TestReferenceData(t *testing.T) {
	files, _ := filepath.Glob("/work/shared/refs/data/*.json")
	if len(files) == 0 {
		t.Skip("no reference data here")
	}
	for _, f := range files {
		tables, diags := Read(context.Background(), []string{f}, Options{})
		if len(diags) > 0 {
			t.Error(diags.Error())
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		if len(want) != len(tables.values) {
			t.Errorf("%s: %d keys, want %d", f, len(tables.values), len(want))
		}
		for k, x := range want {
			w := fromGoValue(k, x)
			if got := tables.values[k]; !sameCells(got, w) {
				t.Errorf("%s: %s differs", f, k)
			}
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestOnlyGenerated: data that only `generate` reads may be left out; given, they are checked like any.
func TestOnlyGenerated(t *testing.T) {
	m, err := checked("data y : real[N]\ndata x : real[M] > 0\nb ~ Normal(0, 1)\ny ~ Normal(b, 1)\nplate j in 1..M { generate z[j] ~ Normal(b * x[j], 1) }\n")
	if err != nil {
		t.Fatal(err)
	}
	bound, diags := Bind(m, FromMap(map[string]any{"y": []float64{1, 2}}), BindOptions{})
	if _, known := bound.Dims["M"]; len(diags) > 0 || bound.Values["x"] != nil || known || bound.Dims["N"] != 2 {
		t.Errorf("without x: %v %s", bound, diags.Error())
	}
	bound, diags = Bind(m, FromMap(map[string]any{"y": []float64{1, 2}, "x": []float64{1, 2, 3}}), BindOptions{})
	if len(diags) > 0 || bound.Dims["M"] != 3 {
		t.Errorf("with x: %v %s", bound, diags.Error())
	}
	if _, diags = Bind(m, FromMap(map[string]any{"y": []float64{1, 2}, "x": []float64{1, -2, 3}}), BindOptions{}); !diags.HasErrors() {
		t.Error("x outside of its bounds was taken")
	}
	if _, diags = Bind(m, FromMap(map[string]any{"x": []float64{1, 2, 3}}), BindOptions{}); !diags.HasErrors() {
		t.Error("y was not asked for")
	}
}

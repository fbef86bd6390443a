package data

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestFromMap(t *testing.T) {
	x := 2.5
	type myFloat float32
	cyclic := []any{nil}
	cyclic[0] = cyclic
	m := model(t, `
data N : int
data y : real[N]
data k : int[N]
data X : real[N, 2]
data p : real?[N]
data c : factor(J)[N]
data u : real[J]
data b : bool[N]
data a : real?[N]
data f : real[2]
`)
	bound, diags := Bind(m, FromMap(map[string]any{
		"N": 2, "y": []float64{1, 2}, "k": []int8{3, -4}, "X": [][]float64{{1, 2}, {3, 4}}, "p": []*float64{&x, nil},
		"c": []string{"b", "a"}, "u": map[string]int{"b": 20, "a": 10}, "b": []bool{true, false},
		"a": Array{Shape: []int{2}, Data: []float64{7, 0}, Missing: []bool{false, true}}, "f": [2]myFloat{1, 2}, "extra": time.Now(),
	}), BindOptions{})
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	want := &Bound{
		Values: map[string]*Array{
			"N": {Data: []float64{2}}, "y": {Shape: []int{2}, Data: []float64{1, 2}}, "k": {Shape: []int{2}, Data: []float64{3, -4}},
			"X": {Shape: []int{2, 2}, Data: []float64{1, 2, 3, 4}},
			"p": {Shape: []int{2}, Data: []float64{2.5, math.NaN()}, Missing: []bool{false, true}},
			"c": {Shape: []int{2}, Data: []float64{2, 1}}, "u": {Shape: []int{2}, Data: []float64{10, 20}}, "b": {Shape: []int{2}, Data: []float64{1, 0}},
			"a": {Shape: []int{2}, Data: []float64{7, math.NaN()}, Missing: []bool{false, true}}, "f": {Shape: []int{2}, Data: []float64{1, 2}},
		},
		Dims: map[string]int{"N": 2, "J": 2}, Levels: map[string][]string{"J": {"a", "b"}}, Unused: []string{"extra"},
	}
	nan := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
	if d := cmp.Diff(want, bound, nan, cmpopts.IgnoreUnexported(Bound{})); d != "" {
		t.Error(d)
	}
}

func TestFromMapErrors(t *testing.T) {
	cyclic := []any{nil}
	cyclic[0] = cyclic
	var loop any
	loop = &loop
	for _, c := range []struct {
		name string
		y    any
		want string
	}{
		{"struct", struct{}{}, "`y` is a Go struct {}, which is no data"},
		{"nested struct", []any{1, time.Time{}}, "`y[2]` is a Go time.Time, which is no data"},
		{"complex", []complex128{1}, "`y[1]` is a Go complex128, which is no data"},
		{"ragged", [][]int{{1}, {1, 2}}, "`y` is ragged: `y[2]` has 2 elements, the ones before it have 1"},
		{"cyclic", cyclic, "`y` nests more than 64 deep"},
		{"loop", loop, "`y` is a pointer to itself"},
		{"function", func() {}, "`y` is a Go func(), which is no data"},
		{"map of int", map[int]int{1: 1}, "`y` is a Go map[int]int, which is no data"},
		{"array", Array{Shape: []int{2}}, "`y` is an Array of shape [2] with 0 elements"},
		{"array of huge shape", Array{Shape: []int{1 << 32, 1 << 32}}, "`y` is an Array of shape [4294967296 4294967296] with 0 elements"},
		{"bytes", []byte("[1, 2]"), "`y` is a Go []uint8: bytes of a text, not numbers"},
		{"raw JSON", json.RawMessage("[1, 2]"), "`y` is a Go json.RawMessage: bytes of a text, not numbers"},
		{"pointer to raw JSON", &json.RawMessage{'1'}, "`y` is a Go json.RawMessage: bytes of a text, not numbers"},
		{"raw JSON of each element", []json.RawMessage{{'1'}, {'2'}}, "`y[1]` is a Go json.RawMessage: bytes of a text, not numbers"},
		{"bytes of each element", []any{1, []byte("2")}, "`y[2]` is a Go []uint8: bytes of a text, not numbers"},
		{"no bytes", []byte{}, "`y` is a Go []uint8: bytes of a text, not numbers"},
		{"an address", [16]byte{}, "`y` is a Go [16]uint8: bytes of a text, not numbers"},
		{"array of negative shape", &Array{Shape: []int{-1, -1}, Data: []float64{1}}, "`y` is an Array of shape [-1 -1] with 1 elements"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, diags := Bind(model(t, "data y : real[N]"), FromMap(map[string]any{"y": c.y}), BindOptions{})
			if len(diags) != 1 || diags[0].Summary != c.want+` (the value of "y")` {
				t.Errorf("got %v", diags)
			}
		})
	}
}

func TestFromMapCopies(t *testing.T) {
	y := []float64{1, 2}
	tables := FromMap(map[string]any{"y": y})
	y[0] = 9
	bound, _ := Bind(model(t, "data y : real[N]"), tables, BindOptions{})
	if bound.Values["y"].Data[0] != 1 {
		t.Error("the caller's slice is shared")
	}
}

func TestBigIntegersAsLabels(t *testing.T) {
	bound, diags := Bind(model(t, "data c : factor(J)[N]"), FromMap(map[string]any{"c": []int64{1<<53 + 1, 1 << 53, 3}}), BindOptions{})
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	if d := cmp.Diff([]string{"3", "9007199254740992", "9007199254740993"}, bound.Levels["J"]); d != "" {
		t.Error(d)
	}
}

// TestFromMapMatrices: a [][]float64, which is copied at once, is read as any
// other nested slice: ragged, empty, with NaN.
func TestFromMapMatrices(t *testing.T) {
	m := model(t, "data X : real?[N, K]\n")
	for _, x := range [][][]float64{nil, {}, {{}}, {{}, {}}, {{1, 2}}, {{1}, {2}}, {{1, 2}, {3}}, {{1}, {2, 3}}, {{}, {1}}, {nil, {1}}, {{1, math.NaN()}, {3, 4}}} {
		general := make([]any, len(x))
		for i, row := range x {
			general[i] = row
		}
		got, diags := Bind(m, FromMap(map[string]any{"X": x}), BindOptions{})
		want, wanted := Bind(m, FromMap(map[string]any{"X": general}), BindOptions{})
		if d := cmp.Diff(wanted.Error(), diags.Error()); d != "" {
			t.Errorf("%v: %s", x, d)
		}
		if len(diags) > 0 {
			continue
		}
		nan := cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })
		if d := cmp.Diff(want, got, nan, cmpopts.IgnoreUnexported(Bound{})); d != "" {
			t.Errorf("%v: %s", x, d)
		}
	}
}

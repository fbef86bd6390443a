package data

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"
	_ "ppl/bench/daily"
)

// sameCells compares shape, numbers bit by bit (any NaN is a NaN), and what
// tells a cell from a number.
func sameCells(a, b *Value) bool {
	if a == nil || b == nil || (a.problem == nil) != (b.problem == nil) {
		return false
	}
	if a.problem != nil {
		return true
	}
	if !sameShape(a.shape, b.shape) || len(a.nums) != len(b.nums) {
		return false
	}
	for i, x := range a.nums {
		if a.cellText(i) != b.cellText(i) || math.Float64bits(x) != math.Float64bits(b.nums[i]) && !math.IsNaN(x) {
			return false
		}
	}
	return true
}

// number draws float64 of all magnitudes, edges included.
var anyNumber = rapid.OneOf(
	rapid.Float64(),
	rapid.Map(rapid.Uint64(), math.Float64frombits),
	rapid.Map(rapid.IntRange(-1000, 1000), func(n int) float64 { return float64(n) }),
	rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), 1 << 53, 1e22, 123456789012345, 1234567890123456}),
)

func jsonNumberText(x float64) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// jsonText writes a dense array with arbitrary spaces.
func jsonText(b *bytes.Buffer, shape []int, x []float64) {
	if len(shape) == 0 {
		b.WriteString(jsonNumberText(x[0]))
		return
	}
	b.WriteString("[ ")
	step := len(x) / max(1, shape[0])
	for i := range shape[0] {
		if i > 0 {
			b.WriteString(",\n")
		}
		jsonText(b, shape[1:], x[i*step:(i+1)*step])
	}
	b.WriteString("]")
}

func TestJSONRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.json")
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(1, 4), 0, 4).Draw(t, "shape")
		x := rapid.SliceOfN(anyNumber, size(shape), size(shape)).Draw(t, "x")
		key := rapid.String().Draw(t, "key")
		quoted, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		b.WriteString("{" + string(quoted) + ": ")
		jsonText(&b, shape, x)
		b.WriteString("}\n")
		got := readText1(t, path, b.Bytes())
		want := &Value{shape: shape, cells: cells{nums: x}}
		for _, v := range got.values {
			if len(got.values) != 1 || !sameNumbers(v, want) {
				t.Fatalf("read %v %v from %s", v.shape, v.nums, b.String())
			}
		}
	})
}

func sameNumbers(a, b *Value) bool {
	if !sameShape(a.shape, b.shape) || len(a.nums) != len(b.nums) {
		return false
	}
	for i, x := range a.nums {
		if math.Float64bits(x) != math.Float64bits(b.nums[i]) && !(math.IsNaN(x) && math.IsNaN(b.nums[i])) {
			return false
		}
	}
	return true
}

func readText1(t *rapid.T, path string, text []byte) *Tables {
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	got, diags := Read(context.Background(), []string{path}, Options{})
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	return got
}

func TestCSVRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.csv")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		x := rapid.SliceOfN(anyNumber, n, n).Draw(t, "x")
		// A text that starts with a letter is not a number or a word for one.
		s := rapid.SliceOfN(rapid.StringMatching(`q[a-z ,";\n\t'é]*`), n, n).Draw(t, "s")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		w.Write([]string{"x", "s"})
		for i := range n {
			w.Write([]string{jsonNumberText(x[i]), s[i]})
		}
		w.Flush()
		text := b.Bytes()
		if rapid.Bool().Draw(t, "cut") {
			text = bytes.TrimRight(text, "\r\n")
		}
		got := readText1(t, path, text)
		if v := got.values["x"]; !sameNumbers(v, &Value{shape: []int{n}, cells: cells{nums: x}}) {
			t.Fatalf("read %v from %q", v.nums, text)
		}
		for i := range n {
			want := s[i]
			if w.UseCRLF {
				want = string(bytes.ReplaceAll([]byte(want), []byte("\n"), []byte("\r\n")))
			}
			if v := got.values["s"]; v.text(i).s != trimBare(want) {
				t.Fatalf("read %q, want %q", v.text(i).s, want)
			}
		}
	})
}

// trimBare is what is left of a text: the writer leaves spaces at the end of a
// text bare, unless something else makes it quote.
func trimBare(s string) string {
	if bytes.ContainsAny([]byte(s), ",\"\r\n") {
		return s
	}
	return string(bytes.TrimRight([]byte(s), " "))
}

// Binding codes and levels gives back the labels.
func TestFactorsGiveBackLabels(t *testing.T) {
	m := model(t, "data c : factor(J)[N]\ndata d : factor(J)[M]")
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.OneOf(rapid.String(), rapid.Map(rapid.IntRange(-20, 20), strconv.Itoa))
		c, d := rapid.SliceOf(label).Draw(t, "c"), rapid.SliceOf(label).Draw(t, "d")
		bound, diags := Bind(m, FromMap(map[string]any{"c": c, "d": d}), BindOptions{})
		if len(diags) > 0 {
			t.Fatal(diags.Error())
		}
		levels := bound.Levels["J"]
		for name, labels := range map[string][]string{"c": c, "d": d} {
			for i, code := range bound.Values[name].Data {
				if levels[int(code)-1] != labels[i] {
					t.Fatalf("%s[%d] is %v", name, i, code)
				}
			}
		}
	})
}

// The numbers of the literals that parseNumber takes are strconv's.
func TestParseNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[-+]?[0-9]{0,18}(\.[0-9]{0,20})?([eE][-+]?[0-9]{0,3})?`).Draw(t, "s")
		want, err := strconv.ParseFloat(s, 64)
		n, ok := parseNumber([]byte(s))
		if syntax := err != nil && !math.IsInf(want, 0); ok == syntax {
			t.Fatalf("%q: ok = %v, strconv: %v", s, ok, err)
		}
		if ok && !n.over && math.Float64bits(n.x) != math.Float64bits(want) {
			t.Fatalf("%q = %v, want %v", s, n.x, want)
		}
	})
	for _, s := range []string{"", "-", ".", "1e", "0x10", "1_000", "inf", "nan", "1e5x", " 1", "٣"} {
		if _, ok := parseNumber([]byte(s)); ok {
			t.Errorf("%q is taken for a number", s)
		}
	}
}

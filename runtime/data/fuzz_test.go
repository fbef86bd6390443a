package data

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// readBytes reads a text as a file of one kind.
func readBytes(text []byte, kind originKind, name string) (*Tables, *fault) {
	t := newTables()
	s := newScanner(context.Background(), bytes.NewReader(text))
	_, f := readText(s, &origin{name: name, kind: kind}, t, Options{})
	return t, f
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a": 1, "b": [1, 2.5, -3e2], "c": [[1, 2], [3, 4]], "s": "x\n\u00e9\ud83d\ude00", "t": true, "u": null, "m": {"A": 1}, "e": []}`,
		`{"a": [NaN, Infinity, -Infinity, "NaN"]}`, `[1]`, `{"a": [[1], 2]}`, `{"a": [1, [2]]}`, `{"a": [{}, [1]]}`, `{"a": {"b": {"c": [1, {"d": 2}]}}}`,
		`{"a": [[], []], "b": [[[]], []]}`, `{"a":1}x`, `{"a"`, `{"a": "\ud800"}`, `{"a": "\u12`, strings.Repeat("[", 100), `{"a": ` + strings.Repeat(`{"a": `, 100),
		"\xef\xbb\xbf{}", "{\"a\xff\": \"\xff\"}", `{"a": -}`, `{"a": 1e999, "b": 99999999999999999999}`, `{`, ``, `{"a": nan}`, `{"a": }`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tables, fault := readBytes(text, fromJSON, "d.json")
		if fault != nil {
			d := fault.diagnostic("d.json", nil)
			if d.Summary == "" || d.Where == "" || fault.line < 1 || fault.column < 1 {
				t.Fatalf("%+v", d)
			}
			return
		}
		checkTables(t, tables)
	})
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a;b\n1;2", "a\tb\n1\t2", "\"a\",b\r\n\"x\"\"y\",\r\n\r\n", "a,a\n", "1,2\n3,4", ",,\n", "a\n\"x\n", "a\n\"x\"y\n",
		"\xef\xbb\xbfa\n1", "a,b\n1\n", "a\n007\n1e999\ninf\nNA\nNaN\nTRUE\n", "a\n\xff\n", "a\n\x00\n", "", "\n\n", "a\r", "a,\n1,\n", " a , b \n 1 , 2 ",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range []string{"d.csv", "d.tsv"} {
			tables, fault := readBytes(text, fromCSV, name)
			if fault != nil {
				if fault.summary == "" || fault.line < 1 || fault.column < 1 {
					t.Fatalf("%+v", fault)
				}
				continue
			}
			checkTables(t, tables)
		}
	})
}

// checkTables checks what holds of every value that was read.
func checkTables(t *testing.T, tables *Tables) {
	for key, v := range tables.values {
		if v.problem != nil {
			continue
		}
		if size(v.shape) != len(v.nums) || v.tags != nil && len(v.tags) != len(v.nums) {
			t.Fatalf("%q: shape %v, %d numbers, %d tags", key, v.shape, len(v.nums), len(v.tags))
		}
		if v.labels != nil && len(v.labels) != v.shape[0] {
			t.Fatalf("%q: shape %v, %d labels", key, v.shape, len(v.labels))
		}
		for i := range v.nums {
			if v.cellText(i) == "" || v.whereElement(i) == "" {
				t.Fatalf("%q: element %d has no text", key, i)
			}
		}
	}
}

// everything declares one of each; FuzzBind gives it arbitrary JSON.
const everything = `
data N : int
data y : real?[N] > 0
data k : int[N] in 0..m
data m : int = 5
data X : real[N, D] in (-10, hi)
data hi : real[N, D]
data c : factor(J)?[N]
data g : factor(J)[M]
data s : factor(S)[J]
data u : real[J, D] >= 0
data v : real[J]
data e : real[D - 1] <= inf
data b : bool[N, 2]
data w : simplex[J, K]
data o : ordered[K]
data q : cov[D]
data h : cholesky_corr[2]
data z : real[2 * K] = [1, 2, n]
data one : factor(S)
let n = 2
`

func FuzzBind(f *testing.F) {
	m := model(f, everything)
	for _, s := range []string{
		`{"N": 2, "y": [1, null], "k": [1, 2], "X": [[1, 2], [3, 4]], "hi": [[5, 5], [5, 5]], "c": ["a", "b"], "g": ["b"], "s": {"a": "p", "b": "q"},
		  "u": {"b": [1, 2], "a": [3, 4]}, "v": [1, 2], "e": [1], "b": [[true, 0], [1, false]], "w": [[0.5, 0.5], [1, 0]], "o": [1, 2], "q": [[1, 0], [0, 1]],
		  "h": [[1, 0], [0.6, 0.8]], "z": [1, 2, 3, 4], "one": "p"}`,
		`{"N": 0, "y": [], "k": [], "X": [], "hi": [], "c": [], "g": [], "s": {}, "u": {}, "v": [], "e": [], "b": [], "w": [], "o": [], "q": [], "h": [], "one": 1}`,
		`{"N": -1, "y": [1], "D": 99, "J": "x", "s": {"a": null}, "c": [1.5, 1e300, true], "u": {"a": [[1]]}, "n": [1], "h": [[1, 2], [3, 4]], "K": 1e99}`,
		`{"c": ["a"], "g": [null], "s": {"a": 1, "z": 2}, "v": {"a": 1, "b": 2}, "one": null, "q": [[1, 2, 3]], "w": [[[1]]], "m": 2.5, "e": ["Inf", "NaN"]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tables, fault := readBytes(text, fromJSON, "d.json")
		if fault != nil {
			return
		}
		bound, diags := Bind(m, tables, BindOptions{})
		_ = diags.Error()
		for _, d := range diags {
			if d.Code == "" || d.Summary == "" || d.Source == nil {
				t.Fatalf("%+v", d)
			}
		}
		if diags.HasErrors() {
			return
		}
		for _, s := range m.Data {
			a := bound.Values[s.Name]
			if a == nil || len(a.Shape) != s.Type.Rank() || size(a.Shape) != len(a.Data) || a.Missing != nil && len(a.Missing) != len(a.Data) {
				t.Fatalf("%s is %+v", s.Name, a)
			}
		}
	})
}

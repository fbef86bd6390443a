package runtime_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"ppl/runtime"
)

type place struct {
	County string `ppl:"county"`
	hidden int
}

type survey struct {
	place
	Y       float64           `ppl:"y"`
	Dose    *float64          `ppl:"dose"`
	Weight  sql.NullFloat64   `ppl:"weight"`
	Count   sql.Null[int]     `ppl:"k"`
	Scores  [2]int            `ppl:"s"`
	X       []float64         // called X
	Comment map[string]string `ppl:"-"`
	secret  chan int          // of a kind that no data have: passed over
}

const surveyModel = `
data county : factor(J)[N]
data y : real?[N]
data dose : real?[N]
data weight : real?[N]
data k : int?[N]
data s : int[N, 2]
data X : real[N, K]
z ~ Normal(0, 1)
`

// surveyRows are rows, and the same data as a map.
func surveyRows() ([]survey, map[string]any) {
	dose := 2.5
	rows := []survey{
		{place: place{"B", 1}, Y: 1, Dose: &dose, Weight: sql.NullFloat64{Float64: 7, Valid: true}, Count: sql.Null[int]{V: 3, Valid: true}, Scores: [2]int{1, 2}, X: []float64{1, 2, 3}, secret: make(chan int)},
		{place: place{"A", 2}, Y: math.NaN(), Scores: [2]int{3, 4}, X: []float64{4, 5, 6}},
	}
	return rows, map[string]any{"county": []string{"B", "A"}, "y": []any{1, nil}, "dose": []any{2.5, nil}, "weight": []any{7, nil}, "k": []any{3, nil},
		"s": [][]int{{1, 2}, {3, 4}}, "X": [][]float64{{1, 2, 3}, {4, 5, 6}}}
}

// Data of one content are the same wherever they come from: records, pointers to them, a map, a
// reader of CSV or JSON, and parts of several.
func TestSourcesAgree(t *testing.T) {
	m := must(runtime.Compile("survey.ppl", []byte(surveyModel)))
	rows, values := surveyRows()
	pointers := func(yield func(*survey) bool) {
		for i := range rows {
			if !yield(&rows[i]) {
				return
			}
		}
	}
	const csv = "county,y,dose,weight,k,s.1,s.2,X.1,X.2,X.3\nB,1,2.5,7,3,1,2,1,2,3\nA,NA,NA,NA,NA,3,4,4,5,6\n"
	const json = `{"county": ["B", "A"], "y": [1, null], "dose": [2.5, null], "weight": [7, null], "k": [3, null], "s": [[1, 2], [3, 4]], "X": [[1, 2, 3], [4, 5, 6]]}`
	some := map[string]any{"X": values["X"], "y": []float64{-1, -1}}
	ctx := context.Background()
	held := func(d *runtime.Data) string {
		s, err := m.Simulate(d, 1)
		if err != nil {
			return err.Error()
		}
		return string(must(s.DataJSON(false)))
	}
	want := held(runtime.Map(values))
	if !strings.Contains(want, `"dose":[2.5,null]`) {
		t.Fatal(want)
	}
	for name, d := range map[string]*runtime.Data{
		"rows": runtime.Rows(slices.Values(rows)), "pointers": runtime.Rows(iter.Seq[*survey](pointers)),
		"CSV": runtime.Reader(ctx, "rows.csv", strings.NewReader(csv)), "JSON": runtime.Reader(ctx, "", strings.NewReader(json)), "byte by byte": runtime.Reader(ctx, "", iotest.OneByteReader(strings.NewReader(csv))),
		"parts":                  runtime.Join(runtime.Map(some), runtime.Rows(slices.Values(rows))),
		"a file and replacement": runtime.Join(runtime.Map(map[string]any{"y": values["y"]}), runtime.Reader(ctx, "", strings.NewReader(strings.Replace(csv, "B,1,", "B,9,", 1)))),
	} {
		if got := held(d); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// What cannot be data is an error with a type, when a model asks for it, that says where it is.
func TestSourcesThatCannotBe(t *testing.T) {
	m := must(runtime.Compile("m.ppl", []byte("data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)")))
	ctx := context.Background()
	type nested struct {
		Y struct{ A, B float64 } `ppl:"y"`
	}
	type twice struct {
		A, B float64 `ppl:"y"`
	}
	type unasked struct {
		Y float64 `ppl:"y"`
		C chan int
	}
	type ragged struct {
		Y []float64 `ppl:"y"`
	}
	boom := errors.New("the line is dead")
	for name, c := range map[string]struct {
		d    *runtime.Data
		want string
	}{
		"no struct":     {runtime.Rows(slices.Values([]float64{1})), "these are of the Go type float64"},
		"any":           {runtime.Rows(slices.Values([]any{1})), "these are of the Go type interface {}"},
		"nested":        {runtime.Rows(slices.Values([]nested{{}})), "`y[1]` is a Go struct { A float64; B float64 }, which is no data"},
		"one name":      {runtime.Rows(slices.Values([]twice{{}})), "the fields A and B of runtime_test.twice are both called `y`"},
		"ragged":        {runtime.Rows(slices.Values([]ragged{{[]float64{1}}, {[]float64{1, 2}}})), "`y` is ragged: `y[2]` has 2 elements"},
		"missing":       {runtime.Rows(slices.Values([]*unasked{{Y: 1}, nil})), "`y[2]` is missing"},
		"a cell":        {runtime.Reader(ctx, "rows.csv", strings.NewReader("y\n1\nabc\n")), "(rows.csv:3, row 2)"},
		"syntax":        {runtime.Reader(ctx, "d.json", strings.NewReader("{\n \"y\": [1, }")), "d.json:2:11"},
		"no text":       {runtime.Reader(ctx, "upload", strings.NewReader("\x1f\x8b\x08")), "upload is compressed with gzip"},
		"reading":       {runtime.Reader(ctx, "d.csv", io.MultiReader(strings.NewReader("y\n1\n"), iotest.ErrReader(boom))), "cannot read d.csv: the line is dead"},
		"two readers":   {runtime.Join(runtime.Reader(ctx, "a.csv", strings.NewReader("y\n1\n")), runtime.Reader(ctx, "b.csv", strings.NewReader("y\n2\n"))), "`y` is in two files: a.csv and b.csv"},
		"a bad part":    {runtime.Join(runtime.Map(map[string]any{"y": []float64{1}}), runtime.Reader(ctx, "b.json", strings.NewReader("{"))), "b.json"},
		"a broken part": {runtime.Join(runtime.Reader(ctx, "d.csv", iotest.ErrReader(boom)), runtime.Map(nil)), "the line is dead"},
	} {
		_, err := m.Bind(c.d)
		wrong := (*runtime.DataError)(nil)
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %T: %v; want %q", name, err, err, c.want)
		}
		if strings.Contains(c.want, "the line is dead") && !errors.Is(err, boom) {
			t.Errorf("%s: the reader's error is not in %v", name, err)
		}
	}
	if _, err := m.Bind(runtime.Rows(slices.Values([]unasked{{Y: 1}, {Y: 2}}))); err != nil {
		t.Errorf("a field that is not asked for: %v", err)
	}
}

// Functions of the caller that panic are a *CallbackError, and what is nil an *ArgumentError.
func TestSourcesOfTheCaller(t *testing.T) {
	m := must(runtime.Compile("m.ppl", []byte("data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)")))
	ctx := context.Background()
	_, err := m.Bind(runtime.Rows(func(func(survey) bool) { panic(errCaller) }))
	checkCallbackError(t, err, "rows", "error")
	_, err = m.Bind(runtime.Reader(ctx, "d.csv", panickingReader{}))
	checkCallbackError(t, err, "r.Read", "error")
	var none context.Context
	for argument, d := range map[string]*runtime.Data{"rows": runtime.Rows[survey](nil), "r": runtime.Reader(ctx, "d.csv", nil), "ctx": runtime.Reader(none, "d.csv", strings.NewReader("")), "parts": runtime.Join(runtime.Map(nil), nil)} {
		wrong := (*runtime.ArgumentError)(nil)
		if _, err := m.Bind(d); !errors.As(err, &wrong) || wrong.Argument != argument {
			t.Errorf("%s: %v", argument, err)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := m.Bind(runtime.Reader(done, "d.csv", strings.NewReader("y\n1\n"))); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader whose context is done: %v", err)
	}
}

type panickingReader struct{}

func (panickingReader) Read([]byte) (int, error) { panic(errCaller) }

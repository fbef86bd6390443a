package data

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"ppl/runtime/data/npy"
)

// npyFile is an array of float64 or int64 as NumPy saves it.
func npyFile(shape []int, elements any) []byte {
	descr := "<f8"
	switch elements.(type) {
	case []int64:
		descr = "<i8"
	case []uint8:
		descr = "|b1"
	}
	text := strings.NewReplacer("[", "(", "]", ",)", " ", ", ").Replace(fmt.Sprint(shape))
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, text)
	if len(shape) == 0 {
		header = strings.Replace(header, "(,)", "()", 1)
	}
	b := []byte(npy.Magic + "\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	b = append(b, header...)
	b, err := binary.Append(b, binary.LittleEndian, elements)
	if err != nil {
		panic(err)
	}
	return b
}

func zipped(t testing.TB, method uint16, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parquetOf[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// written writes files into a folder and goes there.
func written(t testing.TB, files map[string][]byte) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, b := range files {
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

const survey = `
data y : real?[N] > 0
data k : int[N]
data c : factor(J)[N]
data b : bool[N]
data X : real[N, K]
`

type surveyRow struct {
	Y    *float64  `parquet:"y,optional"`
	K    int64     `parquet:"k"`
	C    string    `parquet:"c,dict"`
	B    bool      `parquet:"b"`
	X    []float64 `parquet:"X,list"`
	Note string    `parquet:"note"`
}

// One table gives the same data in every format.
func TestFormatsAgree(t *testing.T) {
	y := []float64{1.5, math.NaN(), 0.25, 1e-3, 7}
	labels := []string{"north", "10", "Ärmland", "north", "9"}
	var rows []surveyRow
	csv, wide, lines := "y,k,c,b,X.1,X.2,note\n", "", ""
	for i := range y {
		r := surveyRow{K: int64(i) - 2, C: labels[i], B: i%2 == 0, X: []float64{float64(i) / 4, -1}, Note: "n"}
		cell, field := "", ""
		if !math.IsNaN(y[i]) {
			r.Y = &y[i]
			cell, field = fmt.Sprint(y[i]), fmt.Sprintf(`"y": %v, `, y[i])
		}
		csv += fmt.Sprintf("%s,%d,%s,%v,%v,-1,n\n", cell, r.K, r.C, r.B, r.X[0])
		lines += fmt.Sprintf("{%s\"k\": %d, \"c\": %q, \"b\": %v, \"X\": [%v, -1], \"note\": {\"a\": 1}}\n\n", field, r.K, r.C, r.B, r.X[0])
		wide += fmt.Sprintf("{\"b\": %v, \"X.1\": %v, \"X.2\": -1, \"k\": %d, \"c\": %q, \"y\": null}\n", r.B, r.X[0], r.K, r.C)
		rows = append(rows, r)
	}
	flat := []float64{0, -1, 0.25, -1, 0.5, -1, 0.75, -1, 1, -1}
	arrays := map[string][]byte{"X.npy": npyFile([]int{5, 2}, flat), "k.npy": npyFile([]int{5}, []int64{-2, -1, 0, 1, 2}), "y.npy": npyFile([]int{5}, y), "b.npy": npyFile([]int{5}, []uint8{1, 0, 1, 0, 1})}
	files := map[string][]byte{
		"d.csv": []byte(csv), "d.jsonl": []byte(lines), "d.ndjson": []byte(strings.ReplaceAll(lines, "\n", "\r\n")),
		"d.parquet": parquetOf(t, rows), "groups.parquet": parquetOf(t, rows, parquet.MaxRowsPerRowGroup(2), parquet.Compression(&parquet.Zstd)),
		"d.npz": zipped(t, zip.Store, arrays), "packed.npz": zipped(t, zip.Deflate, arrays), "wide.jsonl": []byte(wide), "noending": parquetOf(t, rows),
		"other.npy": arrays["X.npy"],
	}
	for name, b := range arrays {
		files[name] = b
	}
	written(t, files)
	c := `c=["north", "10", "Ärmland", "north", "9"]`
	m := model(t, survey)
	bind := func(sources ...string) *Bound {
		t.Helper()
		tables, diags := Read(context.Background(), sources, Options{})
		if len(diags) > 0 {
			t.Fatal(sources, diags.Error())
		}
		bound, diags := Bind(m, tables, BindOptions{})
		if diags.HasErrors() {
			t.Fatal(sources, diags.Error())
		}
		return bound
	}
	want := bind("d.csv")
	if want.Dims["N"] != 5 || want.Dims["K"] != 2 || !reflect.DeepEqual(want.Levels["J"], []string{"10", "9", "north", "Ärmland"}) {
		t.Fatalf("%+v", want)
	}
	for _, sources := range [][]string{{"d.jsonl"}, {"d.ndjson"}, {"d.parquet"}, {"groups.parquet"}, {"noending"}, {"d.npz", c}, {"packed.npz", c},
		{"X.npy", "k.npy", "y.npy", "b.npy", c}, {"k.npy", "y.npy", "b.npy", c, "X=other.npy"}, {"d.parquet", "X=./other.npy"}} {
		got := bind(sources...)
		for name, w := range want.Values {
			g := got.Values[name]
			if !reflect.DeepEqual(g.Shape, w.Shape) || !reflect.DeepEqual(g.Missing, w.Missing) || !equal(g.Data, w.Data) {
				t.Errorf("%v: %s is %v, and %v in CSV", sources, name, g, w)
			}
		}
		if !reflect.DeepEqual(got.Levels, want.Levels) || !reflect.DeepEqual(got.Dims, want.Dims) {
			t.Errorf("%v: %v and %v, in CSV %v and %v", sources, got.Levels, got.Dims, want.Levels, want.Dims)
		}
	}
	got := bind("wide.jsonl")
	if !equal(got.Values["X"].Data, flat) || !reflect.DeepEqual(got.Values["y"].Missing, []bool{true, true, true, true, true}) {
		t.Errorf("wide.jsonl: %+v", got.Values["X"])
	}
	b, _ := os.ReadFile("groups.parquet")
	tables, diags := ReadFrom(context.Background(), "upload", io.MultiReader(bytes.NewReader(b[:100]), bytes.NewReader(b[100:])), Options{})
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	bound, diags := Bind(m, tables, BindOptions{})
	if diags.HasErrors() || !equal(bound.Values["X"].Data, flat) {
		t.Errorf("from a reader: %v", diags.Error())
	}
}

func equal(x, y []float64) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] && !(math.IsNaN(x[i]) && math.IsNaN(y[i])) {
			return false
		}
	}
	return true
}

// Columns that no model asks for are not read: their damage is of no interest.
func TestOnlyWhatIsDeclared(t *testing.T) {
	type row struct {
		Y float64 `parquet:"y"`
		Z float64 `parquet:"z"`
	}
	rows := make([]row, 5000)
	for i := range rows {
		rows[i] = row{float64(i) + 0.5, 1e6 + float64(i)}
	}
	b := parquetOf(t, rows)
	at := bytes.Index(b, binary.LittleEndian.AppendUint64(nil, math.Float64bits(1e6+3)))
	if at < 0 {
		t.Fatal("the column is not where it was thought to be")
	}
	for i := range 64 {
		b[at+200+i] = 0xFF
	}
	written(t, map[string][]byte{"d.parquet": b})
	tables, diags := Read(context.Background(), []string{"d.parquet"}, Options{})
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	bound, diags := Bind(model(t, "data y : real[N]"), tables, BindOptions{})
	if len(diags) > 0 || bound.Dims["N"] != 5000 || bound.Values["y"].Data[4999] != 4999.5 || !reflect.DeepEqual(bound.Unused, []string{"z"}) {
		t.Errorf("%v %v", diags, bound.Unused)
	}
	if _, diags := Bind(model(t, "data z : real[N]"), tables, BindOptions{}); !strings.Contains(rendered(diags), `d.parquet is a damaged Parquet file: column "z"`) {
		t.Error(rendered(diags))
	}
}

// What is wrong with a file is said with its place.
func TestFormatErrors(t *testing.T) {
	type ragged struct {
		X []float64 `parquet:"X,list"`
		Y float64   `parquet:"y"`
		C string    `parquet:"c"`
		S struct {
			A float64
		} `parquet:"s"`
	}
	rows := []ragged{{X: []float64{1, 2}, Y: 1, C: "2026-11-30"}, {X: []float64{1, 2}, Y: -1, C: "3"}, {X: []float64{3}, Y: 2, C: "x"}}
	good := parquetOf(t, rows)
	written(t, map[string][]byte{
		"d.parquet": good, "short.parquet": good[:len(good)-9], "text.parquet": []byte("a,b\n1,2\n"), "m.npy": []byte("1 2 3\n"), "u.npy": bytes.Replace(npyFile([]int{2}, []float64{1, 2}), []byte("<f8"), []byte("<U2"), 1),
		"z.npy": npyFile([]int{3}, []float64{1, 2})[:90], "n.npz": zipped(t, zip.Deflate, map[string][]byte{"x.npy": npyFile([]int{2}, []float64{1, 2})})[:100],
		"o.npz":   zipped(t, zip.Deflate, map[string][]byte{"y.npy": []byte("nonsense"), "readme.txt": []byte("hello")}),
		"a.jsonl": []byte("{\"y\": 1}\n{\"y\": 2, \"y\": 3}\n"),
		"b.jsonl": []byte("{\"y\": 1}\n\n{\"y\": -2}\n{\"x\": [1, 2], \"y\": null}\n{\"x\": [1]}\n"),
		"c.jsonl": []byte("{\"y\": 1}\n[2]\n"), "d.jsonl": []byte("{\"y\": 1} {\"y\": 2}\n"), "e.jsonl": []byte("{\"y\":\n 1}\n"), "f.jsonl": []byte("{\"y\": 1}\n{\"y\": }\n"), "g.jsonl": []byte("[{\"y\": 1}]\n"),
		"set.jsonl": []byte("{\"N\": 2, \"z\": [1, 2]}\n"),
	})
	for _, c := range []struct{ model, source, want string }{
		{"data y : real[N] > 0", "d.parquet", `"y" is -1`},
		{"data y : real[N] > 0", "d.parquet", "d.parquet, column \"y\", row 2"},
		{"data X : real[N, K]", "d.parquet", "`X` is ragged: `X[3]` has 1 element, the ones before it have 2"},
		{"data c : real[N]", "d.parquet", "dates are labels"},
		{"data s : real[N]", "d.parquet", "`s` is a struct"},
		{"data y : real", "d.parquet", "columns are arrays"},
		{"data y : real[N, K]", "d.parquet", "a matrix is a column of lists of numbers, or columns y.1, y.2"},
		{"data y : real[N]", "short.parquet", "short.parquet is cut short: a Parquet file ends with PAR1"},
		{"data y : real[N]", "text.parquet", "text.parquet is not a Parquet file: it does not begin with \"PAR1\""},
		{"data y : real[N]", "m.npy", "m.npy is not a npy file"},
		{"data u : real[N]", "u.npy", "u.npy holds texts (<U2)"},
		{"data z : real[N]", "z.npy", "z.npy is cut short: it has"},
		{"data z : real[N]", "z=gone.npy", "there is no file gone.npy"},
		{"data y : real[N]", "n.npz", "n.npz is no whole zip archive"},
		{"data y : real[N]", "o.npz", "o.npz holds y.npy, which is no whole NumPy file"},
		{"data y : real[N]", "a.jsonl", "the key \"y\" stands twice in the record"},
		{"data y : real[N]", "a.jsonl", "a.jsonl:2:10"},
		{"data y : real?[N] > 0", "b.jsonl", "b.jsonl:3, row 2"},
		{"data y : real[N] > 0", "b.jsonl", "`y[3]` is missing"},
		{"data x : real[N, K]", "b.jsonl", "`x` is ragged"},
		{"data x : real[N, K]", "set.jsonl", "hold no value for `x`"},
		{"data y : real[N]", "c.jsonl", "each line is an object"},
		{"data y : real[N]", "d.jsonl", "there is text after the end of a record"},
		{"data y : real[N]", "e.jsonl", "the record of line 1 goes on on line 2"},
		{"data y : real[N]", "f.jsonl", "f.jsonl:2:7"},
		{"data y : real[N]", "g.jsonl", "g.jsonl has no lines of JSON"},
		{"data N : int\ndata z : real[N]", "set.jsonl", "if the line is a whole data set, call the file .json"},
	} {
		tables, diags := Read(context.Background(), []string{c.source}, Options{})
		if !diags.HasErrors() {
			_, diags = Bind(model(t, c.model), tables, BindOptions{})
		}
		if got := rendered(diags); !strings.Contains(got, strings.Replace(c.want, `"y" is`, "`y[2]` is", 1)) {
			t.Errorf("%s: %s; want %q", c.source, got, c.want)
		}
	}
	// A file may not change between reading and binding.
	tables, _ := Read(context.Background(), []string{"d.parquet"}, Options{})
	if err := os.WriteFile("d.parquet", append(good, 0), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, diags := Bind(model(t, "data y : real[N]"), tables, BindOptions{}); !strings.Contains(rendered(diags), "d.parquet cannot be read: it has been changed since it was opened") {
		t.Error(rendered(diags))
	}
}

func TestLoadingStops(t *testing.T) {
	written(t, map[string][]byte{"x.npy": npyFile([]int{2}, []float64{1, 2})})
	tables, _ := Read(context.Background(), []string{"x.npy"}, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := model(t, "data x : real[N]")
	if _, diags := Bind(m, tables.For(ctx, m), BindOptions{}); !strings.Contains(rendered(diags), "reading x.npy was interrupted") {
		t.Error(rendered(diags))
	}
	if _, diags := Bind(m, tables, BindOptions{}); len(diags) > 0 {
		t.Error(rendered(diags))
	}
}

func FuzzLines(f *testing.F) {
	for _, s := range []string{"{\"a\": 1}\n{\"a\": [1]}\n", "{}\n{\"b\": null, \"c\": {\"d\": [1]}}\n{\"b\": \"x\"}", "{\"a\": [[1, 2], [3, 4]]}\r\n{\"a\": [[1, 2], [null, 4]]}", "\n\n", "{\"a\": []}\n{}\n", "{\"a\":1}{\"a\":2}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tables, fault := readBytes(text, fromLines, "d.jsonl")
		if fault != nil {
			if fault.summary == "" || fault.line < 1 || fault.column < 1 {
				t.Fatalf("%+v", fault)
			}
			return
		}
		for key, v := range tables.values {
			tables.values[key] = v.loaded(context.Background())
		}
		checkTables(t, tables)
	})
}

func FuzzNumPyZip(f *testing.F) {
	f.Add(zipped(f, zip.Store, map[string][]byte{"x.npy": npyFile([]int{2}, []float64{1, 2})}))
	f.Add(zipped(f, zip.Deflate, map[string][]byte{"x.npy": npyFile([]int{2, 2}, []int64{1, 2, 3, 1 << 60})}))
	f.Fuzz(func(t *testing.T, b []byte) {
		tables, diags := ReadFrom(context.Background(), "d.npz", bytes.NewReader(b), Options{})
		if diags.HasErrors() {
			return
		}
		for key, v := range tables.values {
			tables.values[key] = v.loaded(context.Background())
		}
		checkTables(t, tables)
	})
}

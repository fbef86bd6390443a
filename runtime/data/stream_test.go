package data

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// streamed is a table in every format: n rows of a number that may be missing, one that is the row, a label, and two numbers.
type streamed struct {
	Y   *float64   `parquet:"y,optional" ppl:"y"`
	Row int64      `parquet:"row" ppl:"row"`
	C   string     `parquet:"c,dict" ppl:"c"`
	B   bool       `parquet:"b" ppl:"b"`
	X   [2]float64 `parquet:"X,list" ppl:"X"`
}

const streamModel = `
data y : real?[N] > 0
data row : int[N] in 0..top
data c : factor(J)[N]
data b : bool[N]
data X : real[N, K]
data top : int
data u : real[J]
data N : int
`

type parquetStreamed struct {
	Y    *float64  `parquet:"y,optional"`
	Row  int64     `parquet:"row"`
	C    string    `parquet:"c,dict"`
	B    bool      `parquet:"b"`
	X    []float64 `parquet:"X,list"`
	Note string    `parquet:"note"`
}

func streamedRow(i int) streamed {
	r := streamed{Row: int64(i), C: fmt.Sprintf("label %d, \"%d\"\nof many", (i*7)%11, (i*7)%11), B: i%3 == 0, X: [2]float64{float64(i) / 8, -float64(i)}}
	if i%5 != 2 {
		y := float64(i)/16 + 0.5
		r.Y = &y
	}
	return r
}

// streamFiles writes the table in every format; the sources are by name.
func streamFiles(t *testing.T, n int) map[string][]Part {
	t.Helper()
	var csv, lines strings.Builder
	csv.WriteString("\uFEFFnote,y,row,c,b,X.1,X.2\n")
	var rows []parquetStreamed
	var records []streamed
	x, index, y, b := []float64{}, []int64{}, []float64{}, []uint8{}
	labels := []string{}
	for i := range n {
		r := streamedRow(i)
		cell, field, value := "", "", math.NaN()
		if r.Y != nil {
			cell, field, value = fmt.Sprint(*r.Y), fmt.Sprintf(`"y": %v, `, *r.Y), *r.Y
		}
		fmt.Fprintf(&csv, "\"a\nb\",%s,%d,\"%s\",%v,%v,%v\n", cell, i, strings.ReplaceAll(r.C, `"`, `""`), r.B, r.X[0], r.X[1])
		if i%40 == 7 {
			lines.WriteString("\n\n")
			csv.WriteString("\n")
		}
		fmt.Fprintf(&lines, "{%s\"row\": %d, \"c\": %s, \"b\": %v, \"X\": [%v, %v]}\n", field, i, strings.ReplaceAll(fmt.Sprintf("%q", r.C), "\n", `\n`), r.B, r.X[0], r.X[1])
		rows = append(rows, parquetStreamed{r.Y, r.Row, r.C, r.B, r.X[:], "x"})
		records = append(records, r)
		x, index, y, labels = append(x, r.X[:]...), append(index, r.Row), append(y, value), append(labels, r.C)
		b = append(b, map[bool]uint8{true: 1}[r.B])
	}
	written(t, map[string][]byte{
		"d.csv": []byte(csv.String()), "d.jsonl": []byte(lines.String()), "d.parquet": parquetOf(t, rows, parquet.MaxRowsPerRowGroup(97), parquet.PageBufferSize(256)),
		"one.parquet": parquetOf(t, rows, parquet.DataPageVersion(1)), "X.npy": npyFile([]int{n, 2}, x), "row.npy": npyFile([]int{n}, index), "why.npy": npyFile([]int{n}, y), "b.npy": npyFile([]int{n}, b),
		"u.json": []byte(`{"u": {` + strings.Join(eachLabel(), ", ") + `}, "top": 100000}`),
	})
	table, diags := Read(context.Background(), []string{"d.csv"}, Options{})
	if diags.HasErrors() {
		t.Fatal(diags.Error())
	}
	out := map[string][]Part{
		"CSV": FileParts("d.csv"), "lines": FileParts("d.jsonl"), "Parquet": FileParts("d.parquet"), "Parquet in one group": FileParts("one.parquet"),
		"NumPy and Go": append(FileParts("X.npy", "row.npy", "y=why.npy", "b.npy"), TablesPart(FromMap(map[string]any{"c": labels}))),
		"memory":       {TablesPart(table)},
		"iterator":     {RowsPart(func() iter.Seq[streamed] { return slices.Values(records) })},
	}
	for name := range out {
		out[name] = append(out[name], FileParts("u.json")...)
	}
	return out
}

func eachLabel() (out []string) {
	for k := range 11 {
		out = append(out, fmt.Sprintf(`"label %d, \"%d\"\nof many": %d`, k, k, k))
	}
	return out
}

func openStream(t testing.TB, text, dim string, parts []Part, opt StreamOptions) *Stream {
	t.Helper()
	s, diags := OpenStream(context.Background(), model(t, text), dim, parts, opt)
	if diags.HasErrors() {
		t.Fatal(rendered(diags))
	}
	t.Cleanup(s.Close)
	return s
}

// spellBatches writes batches, bit by bit.
func spellBatches(t testing.TB, s *Stream, seed uint64, epoch, size, from int) (out []string) {
	t.Helper()
	for b, err := range s.Batches(context.Background(), seed, epoch, size, from) {
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(b.Rows, b.Index)
		for i, c := range s.Columns() {
			if len(b.Values[i]) != b.Rows*c.Elements {
				t.Fatalf("%d numbers of %s in %d rows", len(b.Values[i]), c.Name, b.Rows)
			}
			text += fmt.Sprint(" ", c.Name, b.Values[i], b.Missing[i])
		}
		out = append(out, text)
	}
	return out
}

// A table gives the same batches in every format, and they have the rows that a reading of the whole has.
func TestStreamsAgree(t *testing.T) {
	const n = 517
	all := streamFiles(t, n)
	m := model(t, streamModel)
	tables, diags := Read(context.Background(), []string{"d.csv", "u.json"}, Options{})
	whole, more := Bind(m, tables, BindOptions{})
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatal(rendered(diags))
	}
	opt := StreamOptions{Block: 50, Memory: 8 * 6 * 50 * 3}
	want := openStream(t, streamModel, "N", all["CSV"], opt)
	columns := want.Columns()
	if want.Rows() != n || want.BlockRows() != 50 || want.WindowRows() != 150 || len(columns) != 5 || !reflect.DeepEqual(want.Levels(), whole.Levels) {
		t.Fatalf("%d rows in blocks of %d, windows of %d, columns %+v, levels %v", want.Rows(), want.BlockRows(), want.WindowRows(), columns, want.Levels())
	}
	if base := want.Base(); base.Dims["N"] != n || base.Values["N"].Data[0] != n || !equal(base.Values["u"].Data, whole.Values["u"].Data) || base.Values["y"] != nil {
		t.Errorf("%+v", base)
	}
	for _, c := range columns {
		missing := 0
		lowest, highest := math.Inf(1), math.Inf(-1)
		for i, x := range whole.Values[c.Name].Data {
			if whole.Values[c.Name].Missing != nil && whole.Values[c.Name].Missing[i] {
				missing++
				continue
			}
			lowest, highest = min(lowest, x), max(highest, x)
		}
		if c.Missing != missing || c.Min != lowest || c.Max != highest || c.Elements != len(whole.Values[c.Name].Data)/n {
			t.Errorf("%+v: %d missing, %v to %v", c, missing, lowest, highest)
		}
	}
	first := spellBatches(t, want, 3, 1, 32, 0)
	second := spellBatches(t, want, 3, 2, 32, 0)
	seen := make([]int, n)
	for b, err := range want.Batches(context.Background(), 3, 1, 32, 0) {
		if err != nil {
			t.Fatal(err)
		}
		for k, i := range b.Index {
			seen[i]++
			for j, c := range columns {
				a := whole.Values[c.Name]
				if !equal(b.Values[j][k*c.Elements:(k+1)*c.Elements], a.Data[i*c.Elements:(i+1)*c.Elements]) {
					t.Fatalf("row %d of %s is %v in a batch", i, c.Name, b.Values[j][k*c.Elements:(k+1)*c.Elements])
				}
				if a.Missing != nil && a.Missing[i] != b.Missing[j][k] {
					t.Fatalf("row %d of %s: missing %v", i, c.Name, b.Missing[j][k])
				}
			}
		}
	}
	for i, k := range seen {
		if k != 1 {
			t.Fatalf("row %d was visited %d times", i, k)
		}
	}
	if slices.Equal(first, second) {
		t.Error("two epochs have the same order")
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := openStream(t, streamModel, "N", all[name], opt)
		if name == "iterator" {
			for _, epoch := range []int{1, 0, 1} {
				rows := map[int]bool{}
				for b, err := range s.Batches(context.Background(), 3, epoch, 32, 0) {
					if err != nil {
						t.Fatal(err)
					}
					for k, i := range b.Index {
						rows[i] = true
						if b.Values[1][k] != float64(i) {
							t.Fatalf("row %d is %v", i, b.Values[1][k])
						}
					}
				}
				if len(rows) != n {
					t.Errorf("%s: %d rows in epoch %d", name, len(rows), epoch)
				}
			}
			continue
		}
		if !reflect.DeepEqual(s.Columns(), columns) {
			t.Errorf("%s: %+v", name, s.Columns())
		}
		if got := spellBatches(t, s, 3, 1, 32, 0); !slices.Equal(got, first) {
			for i := range got {
				if got[i] != first[i] {
					t.Errorf("%s, batch %d:\n%s\nand in CSV\n%s", name, i, got[i], first[i])
					break
				}
			}
		}
		for _, from := range []int{1, 5, 16, 17} {
			if got := spellBatches(t, s, 3, 2, 32, from); !slices.Equal(got, second[min(from, len(second)):]) {
				t.Errorf("%s: from batch %d on there are other batches", name, from)
			}
		}
		if b, diags := s.First(context.Background(), 70); diags.HasErrors() || b.Dims["N"] != 70 || !equal(b.Values["y"].Data, whole.Values["y"].Data[:70]) || !equal(b.Values["c"].Data, whole.Values["c"].Data[:70]) || b.Values["N"].Data[0] != 70 {
			t.Errorf("%s: the first rows are %v, %s", name, b.Values["y"], rendered(diags))
		}
	}
	// In memory as a whole, rows are in another order, but in one that does not depend on the format or on what was read before.
	w := openStream(t, streamModel, "N", all["CSV"], StreamOptions{Block: 50})
	a, b := spellBatches(t, w, 3, 1, 32, 0), spellBatches(t, w, 3, 2, 32, 0)
	again := openStream(t, streamModel, "N", all["Parquet"], StreamOptions{Block: 50})
	if slices.Equal(a, b) || !slices.Equal(spellBatches(t, again, 3, 2, 32, 0), b) || !slices.Equal(spellBatches(t, w, 3, 1, 32, 0), a) || !slices.Equal(spellBatches(t, again, 3, 1, 32, 9), a[9:]) {
		t.Error("the order of rows that are all in memory is not that of seed and epoch")
	}
}

// Batches of any size, blocks and memory visit every row once, wherever they begin.
func TestStreamOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		rows, block, held := 1+r.IntN(300), 1+r.IntN(60), 1+r.IntN(6)
		o := newOrder(r.Uint64(), r.IntN(9), rows, block, held, r.IntN(4) == 0)
		seen := make([]int, len(o.blocks))
		total := 0
		for w := range o.ends {
			blocks, n := o.window(w)
			if len(blocks) > held || len(blocks) == 0 {
				t.Fatalf("%d blocks in a window of %d", len(blocks), held)
			}
			for k := total; k < total+n; k++ {
				if fw, at := o.find(k); fw != w || at != k-total {
					t.Fatalf("row %d is found in window %d, %d; it is in %d, %d", k, fw, at, w, k-total)
				}
			}
			total += n
			for _, b := range blocks {
				seen[b]++
			}
		}
		if w, _ := o.find(rows); total != rows || w != len(o.ends) || slices.Min(seen) != 1 || slices.Max(seen) != 1 {
			t.Fatalf("%d rows of %d, blocks %v", total, rows, seen)
		}
	}
}

// The place of a row in an epoch is uniform: χ² of 20 parts of the epoch over 400 epochs, for rows at the start, in the
// middle and at the end, where a window holds a third of the blocks.
func TestStreamIsRandom(t *testing.T) {
	const rows, epochs, parts = 1000, 400, 20
	y := make([]float64, rows)
	for i := range y {
		y[i] = float64(i)
	}
	s := openStream(t, "data y : real[N]", "N", []Part{TablesPart(FromMap(map[string]any{"y": y}))}, StreamOptions{Block: 40, Memory: 8 * 320})
	if s.WindowRows() != 320 {
		t.Fatalf("windows of %d rows", s.WindowRows())
	}
	where := make([][parts]float64, rows)
	together := 0 // rows 500 and 501, of one block, in one batch of 50
	for epoch := range epochs {
		at := 0
		for b, err := range s.Batches(context.Background(), 11, epoch, 50, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains(b.Index, 500) && slices.Contains(b.Index, 501) {
				together++
			}
			for _, i := range b.Index {
				where[i][at*parts/rows]++
				at++
			}
		}
	}
	// Rows of one block are not independent of one another: each row by itself is tested, at 1e-6 (χ² with 19 degrees of freedom).
	for _, i := range []int{0, 1, 39, 40, 333, 500, 501, 777, 998, 999} {
		chi2 := 0.0
		for _, k := range where[i] {
			chi2 += (k - epochs/parts) * (k - epochs/parts) / (epochs / parts)
		}
		if chi2 > 62.9 {
			t.Errorf("row %d: χ² is %.1f: %v", i, chi2, where[i])
		}
	}
	// Two rows of a block lie in one window of 320 rows, so in one batch with probability 49/319, and not always.
	if p := float64(together) / epochs; p < 0.09 || p > 0.22 {
		t.Errorf("two neighbours are in one batch in %.3f of the epochs", p)
	}
}

func TestStreamErrors(t *testing.T) {
	long := "y,k,c\n"
	for i := range 500 {
		long += fmt.Sprintf("%d,%d,a\n", i, i%3)
	}
	y500 := make([]float64, 500)
	for i := range y500 {
		y500[i] = 1
	}
	type row struct {
		Y float64 `parquet:"y"`
		K string  `parquet:"k"`
	}
	rows := make([]row, 500)
	rows[321].Y = -2
	rows[322].K = "no number"
	lines := strings.Repeat("{\"X\": [1, 2]}\n", 400)
	written(t, map[string][]byte{
		"bad.csv": []byte(strings.Replace(long, "\n432,", "\n-5,", 1)), "type.csv": []byte(strings.Replace(long, "\n432,", "\nmany,", 1)), "short.csv": []byte(strings.Replace(long, "\n432,0,a", "\n432,0", 1)),
		"quote.csv": []byte(strings.Replace(long, "\n432,0,a", "\n432,0,\"a", 1)), "missing.csv": []byte(strings.Replace(long, "\n432,", "\n,", 1)), "good.csv": []byte(long), "header.csv": []byte("y,k,c\n"), "uy.csv": []byte("y,u\n1,2\n"),
		"d.parquet": parquetOf(t, rows, parquet.MaxRowsPerRowGroup(100)), "y.npy": npyFile([]int{500}, y500), "k.npy": npyFile([]int{400}, y500[:400]),
		"ragged.jsonl": []byte(lines + "{\"X\": [1, 2, 3]}\n"), "text.jsonl": []byte(lines + "{\"X\": [1, 2,]}\n"), "none.jsonl": []byte(lines + "{\"Y\": [1, 2]}\n"),
	})
	positive := "data y : real[N] >= 0\ndata k : int[N]\n"
	for _, c := range []struct{ model, dim, source, want string }{
		{positive, "N", "bad.csv", "`y[433]` is -5, which is not >= 0 (bad.csv:434, row 433)"},
		{positive, "N", "type.csv", "`y[433]` is \"many\", which is not a real (type.csv:434, row 433)"},
		{positive, "N", "missing.csv", "`y[433]` is missing (missing.csv:434, row 433)"},
		{positive, "N", "short.csv", "row 433 has 2 cells, the header has 3"},
		{positive, "N", "quote.csv", "the quotation mark that opens here is not closed"},
		{positive, "N", "header.csv", "there are no rows along `N`"},
		{positive, "N", "k.npy y.npy", "`k` has 400 rows, and `y` has more"},
		{positive, "N", "y.npy k.npy", "`k` has 400 rows, and `y` has more"},
		{positive, "N", "good.csv N=12", "`N` has the value 12, but the data have 500 rows"},
		{positive, "N", "k.npy", "the data hold no value for `y`"},
		{positive, "N", "k=[1]", "the data hold no value for `y`"},
		{positive, "N", "gone.csv", "there is no file gone.csv"},
		{positive, "N", "good.csv y.npy", "`y` is in two files"},
		{positive, "M", "good.csv", "no data run along `M`"},
		{"data y : real[N] >= 0\ndata k : factor(J)[N]", "N", "d.parquet", "`y[322]` is -2, which is not >= 0 (d.parquet, column \"y\", row 322)"},
		{"data k : real[N]", "N", "d.parquet", "`k[1]` is \"\", which is not a real"},
		{"data X : real[N, K]", "N", "ragged.jsonl", "`X` is ragged: rows from 401 on are an array of length 3"},
		{"data X : real[N, K]", "N", "text.jsonl", "text.jsonl:401:"},
		{"data X : real[N, K]", "N", "none.jsonl", "the data hold no value for `X`"},
		{"data X : real[N, N]", "N", "y.npy", "`X` runs along `N` twice"},
		{"data X : real[N]\ndata D : real[2, N]", "N", "y.npy", "`D` is declared real[2, N]"},
		{"data X : real[N]\ndata D : real[N - 1]", "N", "y.npy", "`D` is declared real[N - 1]"},
		{"data y : real[N]\ndata u : real[M]", "N", "uy.csv", "`u` does not run along `N`, and stands in a table whose rows are read in pieces"},
		{"data y : real[N]\ndata u : real[M]", "N", "y.npy", "the data hold no value for `u`"},
		{"data y : real[N]\ndata u : real[M] > 0", "N", "y.npy u=[1,-1]", "`u[2]` is -1"},
		{"data y : real[N]\ndata c : factor(N)[M]", "N", "y.npy", "the number of labels"},
	} {
		s, diags := OpenStream(context.Background(), model(t, c.model), c.dim, FileParts(strings.Fields(c.source)...), StreamOptions{Block: 50})
		if !strings.Contains(rendered(diags), c.want) {
			t.Errorf("%s: %s; want %q", c.source, rendered(diags), c.want)
		}
		if s != nil {
			s.Close()
		}
	}
	// A file that changes on the way.
	s := openStream(t, positive, "N", FileParts("good.csv"), StreamOptions{Block: 50, Memory: 1})
	if err := os.WriteFile("good.csv", []byte(strings.Replace(long, "\n432,", "\n-32,", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := drain(s, context.Background()); err == nil || !strings.Contains(err.Error(), "good.csv has been changed while it was read") && !strings.Contains(err.Error(), "-32") {
		t.Error(err)
	}
	// An iterator that panics, one that has fewer rows the second time.
	broken := false
	s = openStream(t, "data Y : real[N]", "N", []Part{RowsPart(func() iter.Seq[struct{ Y float64 }] {
		return func(yield func(struct{ Y float64 }) bool) {
			for i := range 100 {
				if broken && i == 60 {
					panic("no more")
				}
				if !yield(struct{ Y float64 }{float64(i)}) {
					return
				}
			}
		}
	})}, StreamOptions{Block: 20, Memory: 8 * 8 * 40})
	broken = true
	if err := drain(s, context.Background()); err == nil || !strings.Contains(err.Error(), "the iterator of the rows panicked at row 61: no more") {
		t.Error(err)
	}
}

func drain(s *Stream, ctx context.Context) error {
	for _, err := range s.Batches(ctx, 1, 0, 10, 0) {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestStreamStops(t *testing.T) {
	streamFiles(t, 300)
	ctx, cancel := context.WithCancel(context.Background())
	for _, source := range []string{"d.csv", "d.jsonl", "d.parquet"} {
		s := openStream(t, "data row : int[N]", "N", FileParts(source), StreamOptions{Block: 20, Memory: 8 * 8 * 40})
		ctx, stop := context.WithCancel(context.Background())
		k := 0
		var last error
		for _, err := range s.Batches(ctx, 1, 0, 10, 0) {
			if k++; k == 3 {
				stop()
			}
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "was interrupted") || k > 4 {
			t.Errorf("%s: %v after %d batches", source, last, k)
		}
		stop()
	}
	cancel()
	if _, diags := OpenStream(ctx, model(t, "data row : int[N]"), "N", FileParts("d.csv"), StreamOptions{}); !strings.Contains(rendered(diags), "was interrupted") {
		t.Error(rendered(diags))
	}
	var list interface{ HasErrors() bool }
	s := openStream(t, "data row : int[N]", "N", FileParts("d.csv"), StreamOptions{})
	if err := drain(s, ctx); !errors.As(err, &list) {
		t.Error(err)
	}
}

// Labels that are fixed keep their codes, and others are refused; what a whole file would be warned of is warned of once.
func TestStreamLevels(t *testing.T) {
	text := "y,c\n"
	for i := range 200 {
		text += fmt.Sprintf("%d,%s\n", i, []string{"b", "a", "d"}[i%3])
	}
	written(t, map[string][]byte{"d.csv": []byte(text), "y.csv": []byte("y\n1\nInf\n\n3\nInf\n\n\n")})
	text = "data y : real[N]\ndata c : factor(J)[N]\ndata g : factor(J)[M]\ndata u : real[J]"
	parts := append(FileParts("d.csv"), TablesPart(FromMap(map[string]any{"g": []string{"e", "a"}, "u": []float64{1, 2, 3, 4}})))
	s := openStream(t, text, "N", parts, StreamOptions{Block: 20, Memory: 8 * 100})
	if !slices.Equal(s.Levels()["J"], []string{"a", "b", "d", "e"}) || s.Columns()[1].Max != 4 || s.Base().Dims["J"] != 4 {
		t.Errorf("%v %+v", s.Levels(), s.Columns())
	}
	fixed := StreamOptions{Block: 20, Levels: map[string][]string{"J": {"d", "e", "b", "a"}}}
	s = openStream(t, text, "N", parts, fixed)
	for b, err := range s.Batches(context.Background(), 1, 0, 7, 0) {
		if err != nil {
			t.Fatal(err)
		}
		for k, i := range b.Index {
			if want := []float64{3, 4, 1}[i%3]; b.Values[1][k] != want {
				t.Fatalf("row %d has the code %v, and not %v", i, b.Values[1][k], want)
			}
		}
	}
	fixed.Levels["J"] = []string{"a", "b", "e", "f"}
	if _, diags := OpenStream(context.Background(), model(t, text), "N", parts, fixed); !strings.Contains(rendered(diags), "`c[3]` is \"d\", which is not a level of `J` (d.csv:4, row 3)") {
		t.Error(rendered(diags))
	}
	s, diags := OpenStream(context.Background(), model(t, "data y : real?[N]"), "N", FileParts("y.csv"), StreamOptions{Block: 2})
	if diags.HasErrors() || s.Rows() != 5 || len(diags) != 2 || !strings.Contains(rendered(diags), "2 blank lines at the end") || !strings.Contains(rendered(diags), "`y[2]` is Inf (y.csv:3, row 2)") {
		t.Errorf("%s", rendered(diags))
	}
}

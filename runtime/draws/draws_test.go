package draws_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
	_ "ppl/bench/daily"

	"ppl/runtime/draws"
)

// labels have everything that a reader may stumble on.
var labels = []string{
	`alpha[AITKIN]`, `alpha[San José, "CA"]`, "alpha[two\nlines]", `alpha[x = 3]`, `alpha['#',\]`,
	`alpha[Elapsed Time: 3 seconds (Total)]`, `alpha[# Adaptation terminated]`, `alpha[num_samples = 7]`,
	`alpha[inverse mass matrix]`, `alpha[数据]`, `alpha[thin]`, `alpha[]`,
}

// example is two chains of a sampler: a scalar, labels, and a 2 × 3 matrix whose
// elements are in the order of ppl, the last index running fastest.
func example(draw int, chains int) *draws.Table {
	r := rand.New(rand.NewPCG(7, 8))
	values := func(f func() float64) draws.Values {
		x := make([]float64, draw*chains)
		for i := range x {
			x[i] = f()
		}
		return draws.Slice(x)
	}
	t := &draws.Table{Draws: draw * chains, Chains: chains, Comments: []string{"verdict: good (k̂ = 0.3)", "Elapsed Time\nAdaptation terminated"}}
	for _, name := range []string{"lp__", "accept_stat__", "stepsize__", "treedepth__", "n_leapfrog__", "divergent__", "energy__"} {
		t.Sampler = append(t.Sampler, draws.Column{Name: name, Label: name, Values: values(func() float64 { return float64(r.IntN(5)) })})
	}
	add := func(name, label string) {
		t.Columns = append(t.Columns, draws.Column{Name: name, Label: label, Values: values(r.NormFloat64)})
	}
	add("mu", "mu")
	for i, l := range labels {
		add("alpha."+strconv.Itoa(i+1), l)
	}
	for _, i := range []string{"1", "2"} {
		for _, j := range []string{"1", "2", "3"} {
			add("w."+i+"."+j, "w["+i+","+j+"]")
		}
	}
	return t
}

func run(chains int) draws.Run {
	n := &draws.NUTS{Warmup: 500, Delta: 0.8, MaxDepth: 10, Metric: "diag_e"}
	for i := range chains {
		n.Chains = append(n.Chains, draws.Adapted{StepSize: 0.25 + float64(i), InvMetric: [][]float64{{1, 2e-7, 0.5}},
			Warmup: 1500 * time.Millisecond, Sampling: time.Duration(i+1) * time.Second})
	}
	return draws.Run{Model: "my model", Seed: 42, NUTS: n}
}

// column reads all draws of a column.
func column(t *testing.T, table *draws.Table, name string) []float64 {
	t.Helper()
	for _, c := range slices.Concat(table.Sampler, table.Columns) {
		if c.Name == name || c.Label == name {
			x := make([]float64, table.Draws)
			if err := c.Values(x, 0); err != nil {
				t.Fatal(err)
			}
			return x
		}
	}
	t.Fatalf("no column %q", name)
	return nil
}

// TestCSVBits: whatever the numbers, plain CSV reads back as the same bits.
func TestCSVBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SliceOfN(rapid.Map(rapid.Uint64(), math.Float64frombits), 1, 50).Draw(t, "x")
		bits = append(bits, math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324, math.MaxFloat64)
		table := &draws.Table{Draws: len(bits), Columns: []draws.Column{{Name: "x", Label: "x", Values: draws.Slice(bits)}, {Name: "y.1", Label: "y[1]", Values: draws.Slice(bits)}}}
		var b bytes.Buffer
		if err := table.WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(rows[0], []string{"x", "y.1"}) || len(rows) != len(bits)+1 {
			t.Fatalf("header %q, %d rows", rows[0], len(rows))
		}
		for i, x := range bits {
			for _, cell := range rows[i+1] {
				got, err := strconv.ParseFloat(cell, 64)
				if err != nil || !same(got, x) {
					t.Fatalf("%q is %g, want %g", cell, got, x)
				}
			}
		}
	})
}

// same are equal bits, all NaN being one.
func same(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

// golden is the file of the second chain, as CmdStan would write it.
const golden = `# model = my_model_model
# method = sample
#   sample
#     num_samples = 1
#     num_warmup = 500
#     save_warmup = 0
#     thin = 1
#     adapt
#       engaged = 1
#       delta = 0.8
#     algorithm = hmc
#       hmc
#         engine = nuts
#           nuts
#             max_depth = 10
#         metric = diag_e
#         stepsize = 1
#         stepsize_jitter = 0
# id = 2
# random
#   seed = 42
# ppl: k̂ = 0.3
# ppl column theta.1: "theta[a \"b\"]"
# ppl column theta.2: "theta[c\u003d1]"
lp__,theta.1,theta.2
# Adaptation terminated
# Step size = 1.25
# Diagonal elements of inverse mass matrix:
# 1, 2e-07, 0.5
-1.5,1e-300,Inf
# 
#  Elapsed Time: 1.500000 seconds (Warm-up)
#                2.000000 seconds (Sampling)
#                3.500000 seconds (Total)
# 
`

func TestCmdStanText(t *testing.T) {
	table := &draws.Table{Draws: 2, Chains: 2, Comments: []string{"k̂ = 0.3"},
		Sampler: []draws.Column{{Name: "lp__", Label: "lp__", Values: draws.Slice([]float64{0, -1.5})}},
		Columns: []draws.Column{
			{Name: "theta.1", Label: `theta[a "b"]`, Values: draws.Slice([]float64{0, 1e-300})},
			{Name: "theta.2", Label: `theta[c=1]`, Values: draws.Slice([]float64{0, math.Inf(1)})},
		}}
	var b bytes.Buffer
	if err := table.WriteCmdStan(&b, run(2), 2); err != nil {
		t.Fatal(err)
	}
	if b.String() != golden {
		t.Errorf("got\n%s", b.String())
	}
	b.Reset()
	if err := table.WriteCmdStan(&b, run(2), 0); err != nil {
		t.Fatal(err)
	}
	if got := withoutComments(b.String()); got != "chain__,lp__,theta.1,theta.2\n1,0,0,0\n2,-1.5,1e-300,Inf\n" {
		t.Errorf("both chains in one file:\n%s", got)
	}
	if s := b.String(); !strings.Contains(s, "num_samples = 2\n") || strings.Contains(s, "Adaptation") || !strings.Contains(s, " 3.000000 seconds (Warm-up)") {
		t.Errorf("both chains in one file:\n%s", s)
	}
	table.Chains, table.Sampler = 0, nil
	b.Reset()
	if err := table.WriteCmdStan(&b, draws.Run{Model: "m"}, 0); err != nil {
		t.Fatal(err)
	}
	if got := withoutComments(b.String()); got != "lp__,theta.1,theta.2\n0,0,0\n0,1e-300,Inf\n" || !strings.Contains(b.String(), "algorithm = fixed_param") {
		t.Errorf("draws without chains:\n%s", b.String())
	}
	if got := draws.ChainPath("a.b/x.csv", 3); got != "a.b/x_3.csv" {
		t.Errorf("the file of chain 3 is %s", got)
	}
}

// withoutComments is a file without its comments.
func withoutComments(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestPhrases: no comment has what a reader looks for beyond the lines that are meant
// for it.
func TestPhrases(t *testing.T) {
	table := example(3, 2)
	var b bytes.Buffer
	if err := table.WriteCmdStan(&b, run(2), 1); err != nil {
		t.Fatal(err)
	}
	for _, phrase := range []string{"Elapsed Time", "Adaptation terminated", "inverse mass matrix", "(Warm-up)", "(Sampling)", "(Total)", "Step size"} {
		if n := strings.Count(b.String(), phrase); n != 1 {
			t.Errorf("%q is there %d times", phrase, n)
		}
	}
	for line := range strings.Lines(b.String()) {
		if name, value, ok := strings.Cut(line, "="); ok && strings.Contains(name, "ppl column") {
			t.Errorf("a label assigns %q", value)
		}
	}
}

// TestParquet reads back with the library's own reader: names, order, row groups, bits.
func TestParquet(t *testing.T) {
	table := example(50, 2)
	rows, columns, file := readParquet(t, table.WriteParquet)
	want := []string{"chain", "draw"}
	for _, c := range slices.Concat(table.Sampler, table.Columns) {
		want = append(want, c.Label)
	}
	if !slices.Equal(columns, want) {
		t.Fatalf("columns %q, want %q", columns, want)
	}
	if len(rows) != 100 {
		t.Fatalf("%d rows", len(rows))
	}
	if comment, _ := file.Lookup("comments"); !strings.HasPrefix(comment, "verdict: good (k̂ = 0.3)\n") {
		t.Errorf("comments %q", comment)
	}
	for i, r := range rows {
		if chain, draw := r[0].Int32(), r[1].Int32(); int(chain) != i/50+1 || int(draw) != i%50+1 {
			t.Fatalf("row %d is draw %d of chain %d", i, draw, chain)
		}
	}
	for k, name := range want[2:] {
		x := column(t, table, name)
		for i, r := range rows {
			if got := r[k+2].Double(); !same(got, x[i]) {
				t.Fatalf("`%s` of row %d is %g, want %g", name, i, got, x[i])
			}
		}
	}
}

// TestParquetLong reads the long form back.
func TestParquetLong(t *testing.T) {
	table := example(50, 2)
	rows, columns, _ := readParquet(t, table.WriteParquetLong)
	if !slices.Equal(columns, []string{"variable", "index", "chain", "draw", "value"}) {
		t.Fatalf("columns %q", columns)
	}
	if len(rows) != 100*len(table.Columns) {
		t.Fatalf("%d rows", len(rows))
	}
	seen := map[string]int{}
	for _, r := range rows {
		label := r[0].String()
		if index := r[1].String(); index != "" || label == "alpha" {
			label += "[" + index + "]"
		}
		i := int(r[2].Int32()-1)*50 + int(r[3].Int32()-1)
		if x := column(t, table, label); !same(r[4].Double(), x[i]) {
			t.Fatalf("`%s` of draw %d is %g, want %g", label, i, r[4].Double(), x[i])
		}
		seen[label]++
	}
	for _, c := range table.Columns {
		if seen[c.Label] != 100 {
			t.Errorf("`%s` has %d rows", c.Label, seen[c.Label])
		}
	}
}

// TestParquetGroups: a long table comes in several row groups.
func TestParquetGroups(t *testing.T) {
	const n, wide = 1100, 17000
	table := &draws.Table{Draws: n}
	for i := range wide {
		id := strconv.Itoa(i + 1)
		table.Columns = append(table.Columns, draws.Column{Name: "x." + id, Label: "x[" + id + "]",
			Values: func(dst []float64, from int) error {
				for r := range dst {
					dst[r] = float64((from + r) * (i + 1))
				}
				return nil
			}})
	}
	file := openParquet(t, table.WriteParquet)
	if len(file.RowGroups()) != 3 || file.NumRows() != n {
		t.Fatalf("%d row groups, %d rows", len(file.RowGroups()), file.NumRows())
	}
	for _, k := range []int{1, 2, wide / 2, wide} {
		row := 0
		for _, g := range file.RowGroups() {
			for _, v := range readColumn(t, g.ColumnChunks()[k]) {
				if v.Double() != float64(row*k) {
					t.Fatalf("x[%d] of draw %d is %g", k, row+1, v.Double())
				}
				row++
			}
		}
		if row != n {
			t.Errorf("x[%d] has %d draws", k, row)
		}
	}
}

func readColumn(t *testing.T, chunk parquet.ColumnChunk) (values []parquet.Value) {
	t.Helper()
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		got := make([]parquet.Value, page.NumValues())
		if n, err := page.Values().ReadValues(got); n != len(got) || err != nil && !errors.Is(err, io.EOF) {
			t.Fatalf("%d of %d values: %v", n, len(got), err)
		}
		values = append(values, got...)
	}
}

// TestParquetNames: a model that has its own chain or draw.
func TestParquetNames(t *testing.T) {
	x := draws.Slice([]float64{3, 4})
	table := &draws.Table{Draws: 2, Chains: 1, Columns: []draws.Column{{Name: "draw", Label: "draw", Values: x}}}
	rows, columns, _ := readParquet(t, table.WriteParquet)
	if !slices.Equal(columns, []string{"chain__", "draw__", "draw"}) || rows[1][2].Double() != 4 || rows[1][1].Int32() != 2 {
		t.Errorf("columns %q, rows %v", columns, rows)
	}
}

func readParquet(t *testing.T, write func(io.Writer) error) (rows []parquet.Row, columns []string, file *parquet.File) {
	t.Helper()
	file = openParquet(t, write)
	for _, f := range file.Schema().Fields() {
		columns = append(columns, f.Name())
	}
	for _, g := range file.RowGroups() {
		reader := g.Rows()
		buffer := make([]parquet.Row, 64)
		for {
			n, err := reader.ReadRows(buffer)
			for _, r := range buffer[:n] {
				rows = append(rows, r.Clone())
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows, columns, file
}

func openParquet(t *testing.T, write func(io.Writer) error) *parquet.File {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBlocks: writers ask for blocks in ascending order, each column once in each, and
// hold no more than they promise.
func TestBlocks(t *testing.T) {
	const n, columns = 5000, 300
	writers := map[string]func(*draws.Table, io.Writer) error{
		"CSV":     (*draws.Table).WriteCSV,
		"CmdStan": func(t *draws.Table, w io.Writer) error { return t.WriteCmdStan(w, draws.Run{}, 0) },
		"Parquet": (*draws.Table).WriteParquet,
		"long":    (*draws.Table).WriteParquetLong,
	}
	for name, write := range writers {
		first, end, asked := 0, 0, map[int]bool{}
		most := 0
		table := &draws.Table{Draws: n}
		for i := range columns {
			id := "x." + strconv.Itoa(i+1)
			table.Columns = append(table.Columns, draws.Column{Name: id, Label: id, Values: func(dst []float64, from int) error {
				most = max(most, len(dst))
				if len(asked) == columns {
					first, asked = end, map[int]bool{}
				}
				if from != first || asked[i] || len(asked) > 0 && from+len(dst) != end {
					t.Fatalf("%s: column %d of draws %d..%d after those of %d..%d", name, i, from, from+len(dst), first, end)
				}
				end, asked[i] = from+len(dst), true
				return nil
			}})
		}
		if err := write(table, io.Discard); err != nil {
			t.Fatal(err)
		}
		if end != n || most*columns > 8<<20 {
			t.Errorf("%s: %d draws, blocks of up to %d", name, end, most)
		}
	}
}

func TestErrors(t *testing.T) {
	x := draws.Slice([]float64{1, 2, 3})
	col := func(name, label string) draws.Column { return draws.Column{Name: name, Label: label, Values: x} }
	boom := errors.New("boom")
	for _, c := range []struct {
		table draws.Table
		want  string
	}{
		{draws.Table{Draws: 3, Chains: 2}, "3 draws are not those of 2 chains"},
		{draws.Table{Draws: 3, Columns: []draws.Column{col("a b", "a")}}, `"a b" is not a name`},
		{draws.Table{Draws: 3, Columns: []draws.Column{col("", "a")}}, `"" is not a name`},
		{draws.Table{Draws: 3, Columns: []draws.Column{col("a", "a"), col("a", "b")}}, `two columns have the name "a"`},
		{draws.Table{Draws: 3, Columns: []draws.Column{col("a", "a"), col("b", "a")}}, `two columns have the label "a"`},
		{draws.Table{Draws: 3, Columns: []draws.Column{{Name: "a", Label: "a", Values: func([]float64, int) error { return boom }}}}, "the draws of `a`: boom"},
	} {
		for name, write := range map[string]func(io.Writer) error{
			"CSV": c.table.WriteCSV, "Parquet": c.table.WriteParquet, "long": c.table.WriteParquetLong,
			"CmdStan": func(w io.Writer) error { return c.table.WriteCmdStan(w, draws.Run{}, 0) },
		} {
			if err := write(io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: the error is %v, want one with %q", name, err, c.want)
			}
		}
	}
	table := draws.Table{Draws: 3, Columns: []draws.Column{col("a", "a")}}
	if err := table.WriteCmdStan(io.Discard, draws.Run{}, 2); err == nil || !strings.Contains(err.Error(), "no chain 2 of 1") {
		t.Errorf("the error is %v", err)
	}
	if err := table.WriteCmdStan(io.Discard, run(2), 1); err == nil || !strings.Contains(err.Error(), "2 chains adapted, and 1 have draws") {
		t.Errorf("the error is %v", err)
	}
	for name, write := range map[string]func(io.Writer) error{
		"CSV": table.WriteCSV, "Parquet": table.WriteParquet, "long": table.WriteParquetLong,
		"CmdStan": func(w io.Writer) error { return table.WriteCmdStan(w, draws.Run{}, 0) },
	} {
		if err := write(full{boom}); !errors.Is(err, boom) {
			t.Errorf("%s: a disk that is full gives %v", name, err)
		}
	}
}

// full is a disk that is.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

// TestEmpty: a table without draws is a header.
func TestEmpty(t *testing.T) {
	table := &draws.Table{Columns: []draws.Column{{Name: "a", Label: "a", Values: draws.Slice(nil)}}}
	var b bytes.Buffer
	if err := table.WriteCSV(&b); err != nil || b.String() != "a\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	rows, columns, _ := readParquet(t, table.WriteParquet)
	if len(rows) != 0 || !slices.Equal(columns, []string{"draw", "a"}) {
		t.Errorf("%d rows, columns %q", len(rows), columns)
	}
	readParquet(t, table.WriteParquetLong)
}

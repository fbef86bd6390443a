package parquet

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// spelt is a sink that writes rows as JSON has them.
type spelt struct {
	b     strings.Builder
	comma bool
	depth int
}

func (s *spelt) item(text string) {
	if s.comma {
		s.b.WriteString(" ")
	}
	s.b.WriteString(text)
	s.comma = true
}

func (s *spelt) Open(depth int) {
	if s.depth++; depth != s.depth {
		s.item(fmt.Sprintf("(a list of depth %d in one of depth %d)", depth, s.depth-1))
	}
	s.item("[")
	s.comma = false
}

func (s *spelt) Close(depth, n int) {
	if depth != s.depth {
		s.item(fmt.Sprintf("(the end of a list of depth %d in one of depth %d)", depth, s.depth))
	}
	s.depth--
	s.b.WriteString(fmt.Sprintf("]%d", n))
	s.comma = true
}

func (s *spelt) Missing(depth int) {
	s.item("null" + strings.Repeat("'", depth-s.depth-1))
}
func (s *spelt) Number(x float64) { s.item(strconv.FormatFloat(x, 'g', -1, 64)) }
func (s *spelt) Numbers(x []float64) {
	for _, x := range x {
		s.Number(x)
	}
}
func (s *spelt) Big(x float64, digits string) { s.item(digits + "!") }
func (s *spelt) Decimal(digits []byte)        { s.item(string(digits) + "#") }
func (s *spelt) Bool(x bool)                  { s.item(strconv.FormatBool(x)) }
func (s *spelt) Text(b []byte)                { s.item(`"` + string(b) + `"`) }

func opened(t testing.TB, path string) *File {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(path, err)
	}
	return f
}

func (f *File) column(name string) *Column {
	for _, c := range f.columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func rows(c *Column, first, n int) (string, error) {
	s := &spelt{}
	err := c.Read(context.Background(), first, n, s)
	return s.b.String(), err
}

// Every type that DuckDB writes, in every codec.
func TestTypes(t *testing.T) {
	want := map[string]string{
		"i8": "0 1 2 3 4 5 6", "i16": "0 1 2 3 4 5 6", "i32": "0 1 2 3 4 5 6", "i64": "0 1 2 3 4 5 6",
		"u8": "0 1 2 3 4 5 6", "u16": "0 1 2 3 4 5 6", "u32": "0 1 2 3 4 5 6", "u64": "0 1 2 3 4 5 6",
		"f32": "0 0.25 0.5 0.75 1 1.25 1.5", "f64": "0 0.25 0.5 0.75 1 1.25 1.5",
		"b":       "true false true false true false true",
		"missing": "0 null 0.25 0.375 null 0.625 0.75",
		"s":       `"label 0" "label 1" null "label 3" "label 4" "label 0" null`,
		"d4":      "0 0.13 0.25 0.38 0.5 0.63 0.75", "d9": "0 0.125 0.25 0.375 0.5 0.625 0.75", "d18": "0 0.125 0.25 0.375 0.5 0.625 0.75",
		"d38": "0 0.125 0.25 0.375 0.5 0.625 0.75", "huge": "0 1 2 3 4 5 6",
		"day":   `"2026-11-30" "2026-12-01" "2026-12-02" "2026-12-03" "2026-12-04" "2026-12-05" "2026-12-06"`,
		"ts":    `"2026-11-30 12:30:00.5" "2026-11-30 12:30:01.5" "2026-11-30 12:30:02.5" "2026-11-30 12:30:03.5" "2026-11-30 12:30:04.5" "2026-11-30 12:30:05.5" "2026-11-30 12:30:06.5"`,
		"tz":    `"2026-11-30 12:30:00+00:00" "2026-12-01 12:30:00+00:00" "2026-12-02 12:30:00+00:00" "2026-12-03 12:30:00+00:00" "2026-12-04 12:30:00+00:00" "2026-12-05 12:30:00+00:00" "2026-12-06 12:30:00+00:00"`,
		"clock": `"12:30:00" "12:31:00" "12:32:00" "12:33:00" "12:34:00" "12:35:00" "12:36:00"`,
		"id":    `"00000000-0000-0000-0000-000000000000" "00000001-0000-0000-0000-000000000000" "00000002-0000-0000-0000-000000000000" "00000003-0000-0000-0000-000000000000" "00000004-0000-0000-0000-000000000000" "00000005-0000-0000-0000-000000000000" "00000006-0000-0000-0000-000000000000"`,
		"big":   "9007199254740993! 9007199254740994! 9007199254740995! 9007199254740996! 9007199254740997! 9007199254740998! 9007199254740999!",
		"e":     `"x" "y" "z" "x" "y" "z" "x"`,
		"js":    strings.TrimSpace(strings.Repeat(`"{"a": 1}" `, 7)),
		"row3":  "[0 1 2]3 [1 2 3]3 [2 3 4]3 [3 4 5]3 [4 5 6]3 [5 6 7]3 [6 7 8]3",
		"row32": "[[0 1]2 [2 3]2 [4 0]2]3 [[1 1]2 [2 3]2 [4 1]2]3 [[2 1]2 [2 3]2 [4 2]2]3 [[3 1]2 [2 3]2 [4 3]2]3 [[4 1]2 [2 3]2 [4 4]2]3 [[5 1]2 [2 3]2 [4 5]2]3 [[6 1]2 [2 3]2 [4 6]2]3",
		"holes": "[0 null 2]3 [1 null 2]3 [2 null 2]3 [3 null 2]3 [4 null 2]3 [5 null 2]3 [6 null 2]3",
		"st":    "! is a struct", "m": "! is a map", "iv": "! holds intervals of time", "blob": strings.TrimSpace(strings.Repeat(`"raw" `, 7)),
		"bytes": "! holds bytes that are no text",
	}
	for _, codec := range []string{"uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"} {
		f := opened(t, "testdata/duckdb_"+codec+".parquet")
		if f.Rows() != 7 || len(f.Columns()) != len(want) {
			t.Errorf("%s: %d rows of %d columns", codec, f.Rows(), len(f.Columns()))
		}
		for _, c := range f.Columns() {
			got, err := rows(c, 0, 7)
			if err != nil {
				got = "! " + err.Error()
			}
			if got != want[c.Name] {
				t.Errorf("%s, %s:\n%s\nwant\n%s", codec, c.Name, got, want[c.Name])
			}
		}
	}
}

func TestMissingLists(t *testing.T) {
	for path, want := range map[string]string{"ragged": "[1 2]2 [3]1 []0", "nolist": "[1 2]2 null"} {
		f := opened(t, "testdata/duckdb_"+path+".parquet")
		if got, err := rows(f.column("v"), 0, f.Rows()); err != nil || got != want {
			t.Errorf("%s: %s, %v", path, got, err)
		}
	}
	f := opened(t, "testdata/duckdb_empty.parquet")
	if got, err := rows(f.column("x"), 0, 0); f.Rows() != 0 || err != nil || got != "" {
		t.Errorf("%d rows: %q, %v", f.Rows(), got, err)
	}
}

// Rows of any range are those of the whole, whatever pages and row groups they lie in, and whatever was read before.
func TestRanges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	paths, _ := filepath.Glob("testdata/*_[fgl]*.parquet")
	for _, path := range append(paths, "testdata/duckdb_groups.parquet") {
		whole := map[string][]string{}
		f := opened(t, path)
		for _, c := range f.Columns() {
			if c.Problem != "" || c.Name == "bytes" {
				continue
			}
			for i := range f.Rows() { // on a file of which nothing is known
				if f.Rows() > 2000 {
					break
				}
				one, err := rows(c, i, 1)
				if err != nil {
					t.Fatalf("%s, %s, row %d: %v", path, c.Name, i, err)
				}
				whole[c.Name] = append(whole[c.Name], one)
			}
		}
		for pass := range 2 {
			f := opened(t, path)
			for _, c := range f.Columns() {
				if c.Problem != "" || c.Name == "bytes" {
					continue
				}
				all, err := rows(c, 0, f.Rows())
				if err != nil {
					t.Fatalf("%s, %s: %v", path, c.Name, err)
				}
				if ones := whole[c.Name]; ones != nil && strings.Join(ones, " ") != all {
					t.Errorf("%s, %s: rows one by one are\n%s\nand the whole is\n%s", path, c.Name, strings.Join(ones, " "), all)
				}
				if c.Lists > 0 || strings.Contains(all, `"`) {
					continue
				}
				each := strings.Fields(all)
				if pass == 1 {
					f = opened(t, path)
					c = f.column(c.Name)
				}
				for range 30 {
					first := r.IntN(f.Rows())
					n := r.IntN(f.Rows() - first + 1)
					if got, err := rows(c, first, n); err != nil || got != strings.Join(each[first:first+n], " ") {
						t.Fatalf("%s, %s, %d rows from %d: %s, %v", path, c.Name, n, first, got, err)
					}
				}
			}
		}
	}
	for path, columns := range map[string]map[string]func(i int) string{
		"rust_flat_v1": {"x": eighth, "k": func(i int) string { return strconv.Itoa(i % 10) }, "c": seventh}, "rust_flat_v2": {"x": eighth, "c": seventh},
		"rust_lists_v1": {"v": triple}, "rust_lists_v2": {"v": triple}, "duckdb_groups": {"x": strconv.Itoa, "c": seventh},
	} {
		f := opened(t, "testdata/"+path+".parquet")
		for name, want := range columns {
			for range 100 {
				i := r.IntN(f.Rows())
				if got, err := rows(f.column(name), i, 1); err != nil || got != want(i) {
					t.Errorf("%s, %s, row %d: %s, %v; want %s", path, name, i, got, err, want(i))
				}
			}
		}
	}
}

func eighth(i int) string  { return strconv.FormatFloat(float64(i)/8, 'g', -1, 64) }
func seventh(i int) string { return fmt.Sprintf(`"c%d"`, i%7) }
func triple(i int) string  { return fmt.Sprintf("[%v %v %v]3", float64(i), float64(i)+0.5, -float64(i)) }

// What parquet-go writes: repeated fields without a list around them, and nested options.
func TestRepeated(t *testing.T) {
	type row struct {
		Bare   []int32     `parquet:"bare"`
		List   [][]float32 `parquet:"list,list"`
		Half   *float64    `parquet:"half,optional"`
		Stamp  int64       `parquet:"stamp,timestamp(nanosecond)"`
		Moment int32       `parquet:"moment,time(millisecond)"`
		Price  int32       `parquet:"price,decimal(2:9)"`
	}
	x := 1.5
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b)
	if _, err := w.Write([]row{{Bare: []int32{1, 2}, List: [][]float32{{1}, {2, 3}}, Half: &x, Stamp: -1, Moment: 1500, Price: -5}, {}, {Bare: []int32{3}, List: [][]float32{{}}, Price: 12345}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"bare": "[1 2]2 []0 [3]1", "half": "1.5 null null", "stamp": `"1969-12-31 23:59:59.999999999+00:00" "1970-01-01 00:00:00+00:00" "1970-01-01 00:00:00+00:00"`,
		"moment": `"00:00:01.5" "00:00:00" "00:00:00"`, "price": "-0.05 0 123.45",
	} {
		if got, err := rows(f.column(name), 0, 3); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
}

// A file that was cut short, or is another one, says so.
func TestDamage(t *testing.T) {
	b, err := os.ReadFile("testdata/duckdb_snappy.parquet")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int, to string) []byte {
		c := bytes.Clone(b)
		copy(c[(at+len(c))%len(c):], to)
		return c
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"short":     {b[:len(b)-100], "is cut short: a Parquet file ends with PAR1"},
		"nothing":   {b[:8], "is cut short: it has no footer"},
		"magic":     {changed(0, "PAR2"), "is not a Parquet file"},
		"encrypted": {changed(-4, "PARE"), "is an encrypted Parquet file"},
		"footer":    {changed(-8, "\xff\xff\xff\x00"), "is cut short: its footer takes 16777215 bytes"},
		"thrift":    {changed(-1000, "\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "is a damaged Parquet file"},
	} {
		if _, err := Open(bytes.NewReader(c.b), int64(len(c.b))); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, err := os.ReadFile("testdata/rust_flat_v1.parquet")
	if err != nil {
		t.Fatal(err)
	}
	for at := 4; at < 7000; at += 97 {
		raw[at] ^= 0xFF
	}
	f, err := Open(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return // the footer
	}
	if _, err := rows(f.column("x"), 0, f.Rows()); err == nil || !strings.HasPrefix(err.Error(), `is a damaged Parquet file: column "x"`) {
		t.Errorf("pages: %v", err)
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f := opened(t, "testdata/rust_flat_v1.parquet")
	if err := f.column("x").Read(ctx, 0, f.Rows(), &spelt{}); err != context.Canceled {
		t.Error(err)
	}
}

// nothing is a sink that keeps nothing.
type nothing struct{}

func (nothing) Open(int)            {}
func (nothing) Close(int, int)      {}
func (nothing) Missing(int)         {}
func (nothing) Number(float64)      {}
func (nothing) Numbers([]float64)   {}
func (nothing) Big(float64, string) {}
func (nothing) Decimal([]byte)      {}
func (nothing) Bool(bool)           {}
func (nothing) Text([]byte)         {}

// Whatever a file holds, its columns are read or refused.
func FuzzParquet(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.parquet")
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		file.limit = 1 << 20
		for _, c := range file.Columns() {
			if err := c.Read(context.Background(), 0, file.Rows(), nothing{}); err != nil && err.Error() == "" {
				t.Fatal("an error without words")
			}
			if n := file.Rows(); n > 1 {
				_ = c.Read(context.Background(), n/2, 1, nothing{})
			}
		}
	})
}

package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"golang.org/x/sys/unix"

	"ppl/runtime"
	"ppl/runtime/data"
)

// rowColumns is how many columns the tables of TestRows have.
const rowColumns = 20

func rowValue(i, j int) float64 { return float64((i*31+j*17)%1000) / 8 }

// rowTables writes a table of n rows in every format that is read in pieces.
func rowTables(t testing.TB, dir string, n int) {
	write := func(name string, fill func(w *bufio.Writer) error) {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		if err := fill(w); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("X.csv", func(w *bufio.Writer) error {
		for j := range rowColumns {
			if j > 0 {
				w.WriteByte(',')
			}
			fmt.Fprintf(w, "X.%d", j+1)
		}
		w.WriteByte('\n')
		var b []byte
		for i := range n {
			b = b[:0]
			for j := range rowColumns {
				if j > 0 {
					b = append(b, ',')
				}
				b = strconv.AppendFloat(b, rowValue(i, j), 'g', -1, 64)
			}
			w.Write(append(b, '\n'))
		}
		return nil
	})
	write("X.jsonl", func(w *bufio.Writer) error {
		for i := range n {
			row := make([]float64, rowColumns)
			for j := range row {
				row[j] = rowValue(i, j)
			}
			b, err := json.Marshal(map[string]any{"X": row})
			if err != nil {
				return err
			}
			w.Write(append(b, '\n'))
		}
		return nil
	})
	write("X.npy", func(w *bufio.Writer) error {
		header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }\n", n, rowColumns)
		w.WriteString("\x93NUMPY\x01\x00")
		w.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(header))))
		w.WriteString(header)
		var b []byte
		for i := range n {
			b = b[:0]
			for j := range rowColumns {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(rowValue(i, j)))
			}
			w.Write(b)
		}
		return nil
	})
	write("X.parquet", func(w *bufio.Writer) error {
		fields := parquet.Group{}
		for j := range rowColumns {
			fields[fmt.Sprintf("X.%d", j+1)] = parquet.Leaf(parquet.DoubleType)
		}
		schema := parquet.NewSchema("rows", fields)
		p := parquet.NewGenericWriter[any](w, schema, parquet.MaxRowsPerRowGroup(100_000), parquet.Compression(&parquet.Snappy))
		var names []int // of the schema's columns, which are sorted
		for _, c := range schema.Columns() {
			j, err := strconv.Atoi(c[0][2:])
			if err != nil {
				return err
			}
			names = append(names, j-1)
		}
		row := make(parquet.Row, rowColumns)
		for i := range n {
			for c, j := range names {
				row[c] = parquet.DoubleValue(rowValue(i, j)).Level(0, 0, c)
			}
			if _, err := p.WriteRows([]parquet.Row{row}); err != nil {
				return err
			}
		}
		return p.Close()
	})
}

// plainRows sums a table with the readers that Go and parquet-go have, from front to back.
var plainRows = map[string]func(f *os.File) (float64, error){
	"X.csv": func(f *os.File) (sum float64, err error) {
		r := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
		r.ReuseRecord = true
		if _, err := r.Read(); err != nil {
			return 0, err
		}
		for {
			record, err := r.Read()
			if err == io.EOF {
				return sum, nil
			} else if err != nil {
				return 0, err
			}
			for _, cell := range record {
				x, err := strconv.ParseFloat(cell, 64)
				if err != nil {
					return 0, err
				}
				sum += x
			}
		}
	},
	"X.jsonl": func(f *os.File) (sum float64, err error) {
		d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
		var row struct{ X []float64 }
		for {
			row.X = row.X[:0]
			if err := d.Decode(&row); err == io.EOF {
				return sum, nil
			} else if err != nil {
				return 0, err
			}
			for _, x := range row.X {
				sum += x
			}
		}
	},
	"X.npy": func(f *os.File) (sum float64, err error) {
		r := bufio.NewReaderSize(f, 1<<20)
		var head [10]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 0, err
		}
		if _, err := r.Discard(int(binary.LittleEndian.Uint16(head[8:]))); err != nil {
			return 0, err
		}
		var b [8 * rowColumns]byte
		for {
			if _, err := io.ReadFull(r, b[:]); err == io.EOF {
				return sum, nil
			} else if err != nil {
				return 0, err
			}
			for j := range rowColumns {
				sum += math.Float64frombits(binary.LittleEndian.Uint64(b[8*j:]))
			}
		}
	},
	"X.parquet": func(f *os.File) (sum float64, err error) {
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		p, err := parquet.OpenFile(f, info.Size())
		if err != nil {
			return 0, err
		}
		buffer := make([]parquet.Row, 256)
		for _, g := range p.RowGroups() {
			rows := g.Rows()
			for {
				n, err := rows.ReadRows(buffer)
				for _, row := range buffer[:n] {
					for _, v := range row {
						sum += v.Double()
					}
				}
				if err == io.EOF {
					break
				} else if err != nil {
					return 0, err
				}
			}
			rows.Close()
		}
		return sum, nil
	},
}

// TestRows reads tables of PPL_ROWS rows and 20 columns in pieces, in batches of 256 rows in a random order, beside the
// readers that a program would use to go through them from front to back. It prints thousands of rows a second of processor time
// of opening (all rows are read once), of an epoch, and of the plain reader, and the memory at its peak, which may not exceed 300 MB.
func TestRows(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("PPL_ROWS"))
	if err != nil {
		t.Skip("PPL_ROWS is the number of rows: 1000000 takes a minute")
	}
	dir := t.TempDir()
	rowTables(t, dir, n)
	m, err := runtime.Compile("rows.ppl", []byte("data X : real[N, K]\nmu ~ Normal(0, 1)\nX[i in 1..N, k in 1..K] ~ Normal(mu, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for i := range n {
		for j := range rowColumns {
			want += rowValue(i, j)
		}
	}
	per := func(since time.Duration) float64 { return float64(n) / 1e3 / (processorTime(t) - since).Seconds() }
	for _, name := range []string{"X.csv", "X.jsonl", "X.npy", "X.parquet"} {
		path := filepath.Join(dir, name)
		goruntime.GC()
		begun := processorTime(t)
		s, diags := data.OpenStream(context.Background(), m.Checked(), "N", data.FileParts(path), data.StreamOptions{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		open := per(begun)
		begun = processorTime(t)
		sum, most, k := 0.0, uint64(0), 0
		var stats goruntime.MemStats
		for b, err := range s.Batches(context.Background(), 1, 0, 256, 0) {
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range b.Values[0] {
				sum += x
			}
			if k++; k%200 == 0 {
				goruntime.ReadMemStats(&stats)
				most = max(most, stats.HeapInuse+stats.StackInuse)
			}
		}
		epoch := per(begun)
		s.Close()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		begun = processorTime(t)
		other, err := plainRows[name](f)
		plain := per(begun)
		f.Close()
		if err != nil || math.Abs(other-want) > 1e-9*want || math.Abs(sum-want) > 1e-9*want {
			t.Errorf("%s: %v, %v, and not %v; %v", name, sum, other, want, err)
		}
		t.Logf("%-10s thousand rows a second: %5.0f to open, %5.0f in an epoch, %5.0f by a plain reader; %.0f MB at most, windows of %d rows, blocks of %d", name, open, epoch, plain, float64(most)/1e6, s.WindowRows(), s.BlockRows())
		if most > 300e6 {
			t.Errorf("%s: %d MB", name, most/1e6)
		}
	}
}

// processorTime is what the process has used.
func processorTime(t testing.TB) time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

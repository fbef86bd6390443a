package data

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// A stream of a table takes the memory that it was given, and some for reading, whatever the number of rows: 32 MB of numbers
// pass through 2 MB.
func TestStreamMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 100 MB")
	}
	const rows, columns, memory = 200_000, 20, 2 << 20
	t.Chdir(t.TempDir())
	write := func(name string, fill func(w *bufio.Writer)) {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		fill(w)
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	value := func(i, j int) float64 { return float64((i*31+j*17)%1000) / 8 }
	write("d.csv", func(w *bufio.Writer) {
		for j := range columns {
			fmt.Fprintf(w, "%s%s%d", map[bool]string{true: ","}[j > 0], "X.", j+1)
		}
		for i := range rows {
			for j := range columns {
				fmt.Fprintf(w, "%s%v", map[bool]string{true: ",", false: "\n"}[j > 0], value(i, j))
			}
		}
	})
	write("X.npy", func(w *bufio.Writer) {
		w.Write(npyFile([]int{rows, columns}, []float64{}))
		for i := range rows {
			for j := range columns {
				binary.Write(w, binary.LittleEndian, value(i, j))
			}
		}
	})
	type row struct {
		X []float64 `parquet:"X,list"`
	}
	write("d.parquet", func(w *bufio.Writer) {
		p := parquet.NewGenericWriter[row](w, parquet.MaxRowsPerRowGroup(50_000), parquet.PageBufferSize(1<<16))
		r := []row{{make([]float64, columns)}}
		for i := range rows {
			for j := range columns {
				r[0].X[j] = value(i, j)
			}
			if _, err := p.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	})
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	for _, source := range []string{"d.csv", "X.npy", "d.parquet"} {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		before, most := int64(m.HeapAlloc), int64(0)
		s := openStream(t, "data X : real[N, K]", "N", FileParts(source), StreamOptions{Memory: memory})
		if s.Rows() != rows || s.Columns()[0].Elements != columns {
			t.Fatalf("%s: %d rows of %+v", source, s.Rows(), s.Columns())
		}
		sum, want, k := 0.0, 0.0, 0
		for b, err := range s.Batches(context.Background(), 1, 0, 256, 0) {
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range b.Values[0] {
				sum += x
			}
			if k++; k%10 == 0 {
				runtime.ReadMemStats(&m)
				most = max(most, int64(m.HeapAlloc)-before)
			}
		}
		for i := range rows {
			for j := range columns {
				want += value(i, j)
			}
		}
		if math.Abs(sum-want) > 1e-6*want {
			t.Errorf("%s: the sum is %v, and not %v", source, sum, want)
		}
		t.Logf("%s: %.1f MB at most, windows of %d rows, blocks of %d", source, float64(most)/1e6, s.WindowRows(), s.BlockRows())
		if most > 6*memory {
			t.Errorf("%s: %.1f MB were in use, and %d MB were given", source, float64(most)/1e6, memory>>20)
		}
	}
}

package data

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// writeBig writes n rows of four numbers and a label: about 20 MB for 400,000.
func writeBig(t testing.TB, n int) string {
	path := filepath.Join(t.TempDir(), "big.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "a,b,c,d,label")
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		fmt.Fprintf(w, "%d,%.4f,%.15g,%g,county %d\n", i, 100*r.Float64(), r.NormFloat64(), r.Float64(), r.IntN(85))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Reading allocates each cell twice (in blocks, then joined), whatever the
// length of its text: 16 bytes a number, 8 more for the tag of a label.
func TestBigCSVAllocatesLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 20 MB")
	}
	const rows = 400_000
	path := writeBig(t, rows)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tables, diags := Read(context.Background(), []string{path}, Options{})
	runtime.ReadMemStats(&after)
	if len(diags) > 0 {
		t.Fatal(diags.Error())
	}
	perCell := float64(after.TotalAlloc-before.TotalAlloc) / (5 * rows)
	perMalloc := float64(after.Mallocs-before.Mallocs) / (5 * rows)
	t.Logf("%.1f bytes and %.5f allocations a cell", perCell, perMalloc)
	if perCell > 24 || perMalloc > 0.001 {
		t.Errorf("%.1f bytes and %.5f allocations a cell", perCell, perMalloc)
	}
	runtime.ReadMemStats(&before)
	bound, diags := Bind(model(t, "data a : int[N]\ndata b : real[N]\ndata c : real[N]\ndata d : real[N] in (0, 1)"), tables, BindOptions{})
	runtime.ReadMemStats(&after)
	if len(diags) > 0 || bound.Dims["N"] != rows {
		t.Fatal(diags.Error())
	}
	if extra := after.TotalAlloc - before.TotalAlloc; extra > 1<<20 {
		t.Errorf("binding numbers allocated %d bytes", extra)
	}
}

func BenchmarkReadCSV(b *testing.B) {
	path := writeBig(b, 100_000)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		if _, diags := Read(context.Background(), []string{path}, Options{}); len(diags) > 0 {
			b.Fatal(diags.Error())
		}
	}
}

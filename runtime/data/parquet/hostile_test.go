package parquet

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Bytes are changed here and there, in pages and in the footer. Nothing may panic, take long, or allocate what the
// file does not have.
func TestHostile(t *testing.T) {
	paths, _ := filepath.Glob("testdata/*.parquet")
	n := 120
	if testing.Short() {
		n = 10
	}
	r := rand.New(rand.NewPCG(3, 4))
	read := 0
	var before, after runtime.MemStats
	for _, path := range paths {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for k := range n {
			b := bytes.Clone(whole)
			for range 1 + r.IntN(4) {
				b[4+r.IntN(len(b)-8)] = byte(r.Uint32())
			}
			runtime.ReadMemStats(&before)
			begun := time.Now()
			f, err := Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			f.limit = 1 << 20
			for _, c := range f.Columns() {
				if c.Read(context.Background(), 0, f.Rows(), nothing{}) == nil {
					read++
				}
			}
			runtime.ReadMemStats(&after)
			if took, bytes := time.Since(begun), after.TotalAlloc-before.TotalAlloc; took > 5*time.Second || bytes > 1<<29 {
				t.Errorf("%s, change %d: %v, %d MB", path, k, took, bytes>>20)
			}
		}
	}
	if read == 0 {
		t.Error("no column was read")
	}
	t.Logf("%d columns were read", read)
}

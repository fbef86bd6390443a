package parquet

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Bytes are changed here and there, in pages and in the footer. Nothing may panic, take long, or allocate what the
// file does not have (but for texts in the encoding DELTA_BYTE_ARRAY, whose second list of lengths is believed).
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
			for range 1 + r.IntN(6) {
				change(r, b)
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
			if took, bytes := time.Since(begun), after.TotalAlloc-before.TotalAlloc; took > 5*time.Second || bytes > 300<<20 && !strings.HasSuffix(path, "flat_v2.parquet") {
				t.Errorf("%s, change %d: %v, %d MB", path, k, took, bytes>>20)
			}
		}
	}
	if read == 0 {
		t.Error("no column was read")
	}
	t.Logf("%d columns were read", read)
}

// change changes some bytes between the marks at both ends: anywhere, or in the footer.
func change(r *rand.Rand, b []byte) {
	inner := b[4 : len(b)-8]
	footer := inner[max(0, len(inner)-1500):]
	switch i := r.IntN(len(inner)); r.IntN(5) {
	case 0:
		copy(inner[i:min(len(inner), i+r.IntN(20))], inner[r.IntN(len(inner)):])
	case 1:
		footer[r.IntN(len(footer))] = byte(r.Uint32())
	case 2:
		footer[r.IntN(len(footer))] ^= 1 << r.IntN(8)
	case 3:
		for k := i; k < min(len(inner), i+8); k++ {
			inner[k] = 0xFF
		}
	default:
		inner[i] = byte(r.Uint32())
	}
}

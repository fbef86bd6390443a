package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"ppl/runtime"
)

const formatsModel = `
data y : real[N]
mu ~ Normal(0, 1)
y ~ Normal(mu, 1)
`

// A Parquet file gives the same data by its path, for a model, and from a reader; contexts are heard.
func TestParquetData(t *testing.T) {
	type row struct {
		Y float64 `parquet:"y"`
		Z string  `parquet:"z"`
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b)
	if _, err := w.Write([]row{{1, "a"}, {2, "b"}, {3.5, "c"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "d.parquet")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := runtime.Compile("m.ppl", []byte(formatsModel))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	want, err := m.Bind(runtime.Map(map[string]any{"y": []float64{1, 2, 3.5}}))
	if err != nil {
		t.Fatal(err)
	}
	at := runtime.Map(map[string]any{"mu": 0.5})
	density, err := want.LogDensity(at)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*runtime.Data{"Files": runtime.Files(ctx, path), "Model.Files": m.Files(ctx, path), "Reader": runtime.Reader(ctx, "upload", bytes.NewReader(b.Bytes()))} {
		p, err := m.Bind(d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := p.LogDensity(at); err != nil || got != density {
			t.Errorf("%s: %v, %v; want %v", name, got, err, density)
		}
		if u := p.Unused(); len(u) != 1 || u[0] != "z" {
			t.Errorf("%s: unused are %v", name, u)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	stopped := (*runtime.Stopped)(nil)
	d := runtime.Files(ctx, path)
	if _, err := m.BindContext(done, d, runtime.BindOptions{}); !errors.As(err, &stopped) {
		t.Error(err)
	}
	if _, err := m.Bind(d); err != nil {
		t.Error(err)
	}
	if _, err := m.Bind(m.Files(done, path)); !errors.As(err, &stopped) {
		t.Error(err)
	}
	wrong := (*runtime.DataError)(nil)
	if _, err := m.Bind(runtime.Reader(ctx, "upload.parquet", bytes.NewReader(b.Bytes()[:b.Len()-3]))); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "upload.parquet is cut short") {
		t.Error(err)
	}
	var none *runtime.Model
	argument := (*runtime.ArgumentError)(nil)
	if _, err := m.Bind(none.Files(ctx, path)); !errors.As(err, &argument) {
		t.Error(err)
	}
}

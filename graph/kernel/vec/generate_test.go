package vec

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerated runs the generator into an empty folder and compares with what is committed.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "gen"), ".")
	build.Dir = "gen"
	if text, err := build.CombinedOutput(); err != nil {
		t.Skipf("cannot build the generator (is avo within reach?): %v\n%s", err, text)
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command(filepath.Join(dir, "gen"), "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("running the generator: %v\n%s", err, text)
	}
	files, err := os.ReadDir(out)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		want, err := os.ReadFile(filepath.Join(out, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(f.Name())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator writes: run go generate (%v)", f.Name(), err)
		}
	}
}

// TestTablesGenerated does the same for the constants that come from mpmath.
func TestTablesGenerated(t *testing.T) {
	const python = "/usr/bin/python3"
	if testing.Short() || exec.Command(python, "-c", "import mpmath").Run() != nil {
		t.Skip("no mpmath")
	}
	for script, file := range map[string]string{"gen/coefficients.py": "gen/coefficients.go", "gen/tables.py": "tables.go"} {
		text, err := exec.Command(python, script).Output()
		if err != nil {
			t.Fatal(err)
		}
		format := exec.Command("gofmt")
		format.Stdin = bytes.NewReader(text)
		text, err = format.Output()
		if err != nil {
			t.Skip("no gofmt:", err)
		}
		got, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is not what %s writes", file, script)
		}
	}
}

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ppl/runtime"
)

// A process that is killed while it writes leaves the old file or the whole new one: -o, its files by chain, and --save.
func TestKilledWhileWriting(t *testing.T) {
	if os.Getenv("PPL_SLOW") != "1" {
		t.Skip("PPL_SLOW=1 runs it")
	}
	ppl := filepath.Join(t.TempDir(), "ppl")
	if out, err := exec.Command("go", "build", "-o", ppl, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	model := writeModel(t, "x : real[40] ~ Normal(0, 1)\n")
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name string
		args []string
		file string
	}{
		{"-o", []string{"-o", "x.csv"}, "x.csv"},
		{"--save", []string{"--save", "x.zarr.zip"}, "x.zarr.zip"},
		{"--per-chain", []string{"--method", "nuts", "--warmup", "20", "--chains", "2", "-o", "x.csv", "--per-chain"}, "x_2.csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, c.file)
			command := func(seed, draws string) *exec.Cmd {
				args := append([]string{"fit", model, "--draws", draws, "--seed", seed, "-q"}, c.args...)
				if !strings.Contains(c.name, "chain") {
					args = append(args, "--quick")
				}
				cmd := exec.Command(ppl, args...)
				cmd.Dir = dir
				return cmd
			}
			const many = "30000"
			took := time.Duration(0)
			files := map[string][]byte{}
			for _, seed := range []string{"2", "1"} { // the file of the first seed is there when the others come
				begun := time.Time{}
				cmd := command(seed, many)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() { done <- cmd.Wait() }()
				for running := true; running; {
					select {
					case err := <-done:
						if err != nil {
							t.Fatal(err)
						}
						running = false
					case <-time.After(time.Millisecond):
						if begun.IsZero() && beingWritten(t, dir) {
							begun = time.Now()
						}
					}
				}
				if begun.IsZero() {
					t.Fatal("nobody has seen it write")
				}
				took = max(took, time.Since(begun))
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				files[seed] = data
			}
			old, during := 0, 0
			for range 17 {
				cmd := command("2", many)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				for deadline := time.Now().Add(time.Minute); !beingWritten(t, dir); time.Sleep(200 * time.Microsecond) {
					if time.Now().After(deadline) {
						t.Fatal("it does not begin to write")
					}
				}
				time.Sleep(time.Duration(random.Float64() * float64(took)))
				if err := cmd.Process.Kill(); err == nil {
					during++
				}
				cmd.Wait()
				for _, name := range unfinishedIn(t, dir) {
					os.Remove(name) // of a process that could not do so itself
				}
				data, err := os.ReadFile(path)
				switch {
				case err != nil:
					t.Fatal(err)
				case bytes.Equal(data, files["1"]):
					old++
				case strings.HasSuffix(path, ".csv") && !bytes.Equal(withoutTimes(data), withoutTimes(files["2"])):
					t.Fatalf("%d bytes, which are neither the %d of the old file nor the %d of the new one", len(data), len(files["1"]), len(files["2"]))
				case strings.HasSuffix(path, ".zip"):
					post, err := runtime.LoadFile(path) // which looks at every checksum
					if err != nil {
						t.Fatal(err)
					}
					if n := len(post.Quantities()[0].Draws()); n != 30000 {
						t.Fatalf("%d draws", n)
					}
				}
				if err := os.WriteFile(path, files["1"], 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if old == 0 {
				t.Error("no process was killed before it was done")
			}
			t.Logf("%d killed, the old file was there %d times", during, old)
		})
	}
}

// withoutTimes is CSV without the comments, which tell how long it took.
func withoutTimes(data []byte) []byte {
	var out []byte
	for line := range bytes.Lines(data) {
		if line[0] != '#' {
			out = append(out, line...)
		}
	}
	return out
}

// beingWritten reports whether something is in a file that has not taken its name; before the fit an empty one is tried.
func beingWritten(t *testing.T, dir string) bool {
	for _, name := range unfinishedIn(t, dir) {
		if info, err := os.Stat(name); err == nil && info.Size() > 0 {
			return true
		}
	}
	return false
}

// unfinishedIn are the files that have not taken their names.
func unfinishedIn(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, ".x*.tmp"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

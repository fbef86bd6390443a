package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "fit.zarr.zip")
	if err := WriteFile(context.Background(), path, &File{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("fit.zarr.zip", link); err != nil {
		t.Skip(err)
	}
	if err := errors.Join(writable(link), WriteFile(context.Background(), link, sample())); err != nil {
		t.Fatal(err)
	}
	got, err := readFile(path, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(sample(), got); d != "" {
		t.Error(d)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is no link: %v, %v", info, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("other permissions: %v, %v", info, err)
	}
	wantFiles(t, dir, "fit.zarr.zip", "link")
}

// Where writing fails or is cancelled the old file stays, and nothing else.
func TestWriteFileFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "fit.zarr.zip")
	if err := WriteFile(context.Background(), path, sample()); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(path)
	boom := errors.New("boom")
	failing := func(ctx context.Context, body func(yield func([]float64, error) bool)) (err error) {
		f := sample()
		f.Groups[0].Arrays[0].Values = Blocks(body)
		defer func() {
			if r := recover(); r != nil {
				err = r.(error)
			}
		}()
		return WriteFile(ctx, path, f)
	}
	ctx, cancel := context.WithCancel(context.Background())
	for _, c := range []struct{ got, want error }{
		{failing(context.Background(), func(yield func([]float64, error) bool) { yield(nil, boom) }), boom},
		{failing(context.Background(), func(yield func([]float64, error) bool) { panic(boom) }), boom},
		{failing(ctx, func(yield func([]float64, error) bool) {
			cancel()
			yield(make([]float64, 12), nil)
		}), context.Canceled},
		{WriteFile(ctx, path, &File{}), context.Canceled},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, old) {
		t.Errorf("another file: %v", err)
	}
	wantFiles(t, dir, "fit.zarr.zip")
}

// Writable finds out what WriteFile would, and leaves nothing.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(dir, "locked")
	if err := os.Mkdir(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Skip(err)
	}
	root := os.Geteuid() == 0 // who may write anywhere
	for _, c := range []struct {
		path string
		ok   bool
	}{
		{filepath.Join(dir, "new"), true},
		{file, root},
		{filepath.Join(locked, "new"), root},
		{dir, false},
		{filepath.Join(dir, "nowhere", "new"), false},
		{filepath.Join(file, "new"), false},
		{dangling, false},
	} {
		if err := writable(c.path); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.path, err)
		}
		if c.ok {
			continue
		}
		var e *fs.PathError
		if err := WriteFile(context.Background(), c.path, &File{}); !errors.As(err, &e) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	wantFiles(t, dir, "dangling", "file", "locked")
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name())
	}
	if strings.Join(names, " ") != strings.Join(want, " ") {
		t.Errorf("the folder holds %v, not %v", names, want)
	}
}

// writerOf names the file that a child process of TestKilled writes to.
const writerOf = "PPL_TEST_STORE_WRITES"

// version returns one of the files that the child writes in turn: of several
// chunks, so that a kill finds it half written.
func version(n int) *File {
	values := make(Floats, 3*chunkElements/2)
	for i := range values {
		values[i] = float64(n)
	}
	var a Attrs
	a.Set("n", n)
	return &File{Attrs: a, Groups: []Group{{Name: "g", Arrays: []Array{{Name: "a", Dims: []string{"x"}, Shape: []int{len(values)}, Values: values}}}}}
}

// A process that is killed while it writes leaves the old file or a new one,
// whole, and beside it nothing but temporary files of the documented name.
func TestKilled(t *testing.T) {
	if path := os.Getenv(writerOf); path != "" {
		for n := 0; ; n++ {
			if err := WriteFile(context.Background(), path, version(n)); err != nil {
				t.Fatal(err)
			}
			fmt.Println("written", n)
		}
	}
	if runtime.GOOS == "windows" {
		t.Skip("a killed process's handles keep its files on Windows")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "fit.zarr.zip")
	random := rand.New(rand.NewPCG(1, 2))
	// Kills come within the time of a few writings, which depends on the machine and on what else it does:
	// later and later ones if the first fifteen, with PPL_SLOW=1 fifty, have found but one file.
	enough := 15
	if os.Getenv("PPL_SLOW") != "" {
		enough = 50
	}
	begun := time.Now()
	if err := WriteFile(context.Background(), path, version(0)); err != nil {
		t.Fatal(err)
	}
	few := 4 * time.Since(begun)
	seen, halves := map[int]bool{}, 0
	for k := 0; k < enough || k < 4*enough && (len(seen) < 2 || halves == 0); k++ {
		killWriter(t, path, time.Duration(float64(few)*float64(1+k/enough)*random.Float64()))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := read(data)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if _, err := f.Attrs.Get("n", &n); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(written(t, version(n)), data) {
			t.Fatalf("file %d is not whole", n)
		}
		seen[n] = true
		halves += clearTemporaries(t, dir)
	}
	if len(seen) < 2 || halves == 0 {
		t.Errorf("the kills found %d files and %d half written: they came at no random moments", len(seen), halves)
	}
	t.Logf("%d kills in the midst of writing", halves)
}

// killWriter starts a process that writes in a loop, and kills it some time
// after its first file.
func killWriter(t *testing.T, path string, after time.Duration) {
	child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	child.Env = append(os.Environ(), writerOf+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	time.Sleep(after)
	child.Process.Kill()
	child.Wait()
	if err != nil || line != "written 0\n" {
		t.Fatalf("%q, %v", line, err)
	}
}

// clearTemporaries removes what kills have left, and returns how many files
// these were.
func clearTemporaries(t *testing.T, dir string) int {
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range found {
		switch {
		case f.Name() == "fit.zarr.zip":
		case regexp.MustCompile(`^\.ppl-\d+-\d+\.tmp$`).MatchString(f.Name()):
			os.Remove(filepath.Join(dir, f.Name()))
			n++
		default:
			t.Errorf("left behind: %s", f.Name())
		}
	}
	return n
}

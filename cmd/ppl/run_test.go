package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"ppl/runtime"
)

func runPPL(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(ctx, args, strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

func writeModel(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.ppl")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

const long = "x[i in 1..5] ~ StudentT(3, 0, 1)\nfactor -sum([x[i]^4 * x[i-1]^2 for i in 2..5])\n"

// A cancelled context stops the fit; what it reached is reported.
func TestFitInterrupted(t *testing.T) {
	path := writeModel(t, long)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	args := []string{"fit", path, "--particles", "1000000", "--draws", "10", "--strict"}
	code, out, err := runPPL(ctx, args...)
	if code != exitPoor || !strings.Contains(out, "INTERRUPTED") || !strings.Contains(out, "x[5]") || err != "" {
		t.Errorf("status %d\n%s%s", code, out, err)
	}
	code, out, err = runPPL(ctx, args...) // cancelled before it begins
	if code != exitPoor || out != "" || !strings.Contains(err, "interrupted: there is nothing to report") {
		t.Errorf("status %d\n%s%s", code, out, err)
	}
}

// A reader that has gone is no error; a full disk is one.
func TestOutputErrors(t *testing.T) {
	var said bytes.Buffer
	if code := run(context.Background(), []string{"help"}, nil, failing{syscall.EPIPE}, &said); code != 0 || said.Len() > 0 {
		t.Errorf("closed pipe: status %d, %s", code, said.String())
	}
	full := &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
	if code := run(context.Background(), []string{"help"}, nil, failing{full}, &said); code != exitWrong || !strings.Contains(said.String(), "no space") {
		t.Errorf("full disk: status %d, %s", code, said.String())
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A fault of ours has its own status, asks for a report, and shows no stack
// unless that is wanted.
func TestFault(t *testing.T) {
	for _, debug := range []string{"", "1"} {
		t.Setenv("PPL_DEBUG", debug)
		var out, said bytes.Buffer
		e := newEnv(context.Background(), nil, &out, &said)
		code := e.exit(&runtime.InternalError{What: "index out of range", Stack: []byte("goroutine 1")})
		text := said.String()
		if code != exitInternal || !strings.Contains(text, "Please report it") || strings.Contains(text, "goroutine") != (debug == "1") {
			t.Errorf("PPL_DEBUG=%q: status %d\n%s", debug, code, text)
		}
	}
	var said bytes.Buffer
	e := newEnv(context.Background(), nil, &said, &said)
	if code := e.exit(errors.New("plan: unknown step")); code != exitInternal {
		t.Errorf("an error of no kind: status %d", code)
	}
	if code := e.panicked("boom"); code != exitInternal {
		t.Errorf("a panic: status %d", code)
	}
}

// A file is written whole or not at all, and keeps its mode whatever the umask.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("half way")
	err := writeFile(path, func(w *bufio.Writer) error {
		w.WriteString("ne")
		return failed
	})
	got, _ := os.ReadFile(path)
	entries, _ := os.ReadDir(dir)
	if !errors.Is(err, failed) || string(got) != "old" || len(entries) != 1 {
		t.Errorf("%v, %q, %d files", err, got, len(entries))
	}
	for _, mode := range []os.FileMode{0o600, 0o640, 0o666, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := writeFile(path, func(w *bufio.Writer) error { _, err := w.WriteString("new"); return err }); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode && goruntime.GOOS != "windows" {
			t.Errorf("%v: %v, was %v", err, info.Mode(), mode)
		}
	}
	if len(unfinished.names) > 0 {
		t.Errorf("still to be removed: %v", unfinished.names)
	}
}

// A folder in which no file can be made, and a file that may not be written, are
// found out before a fit, and nothing is left of the attempt.
func TestUnwritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "draws.csv")
	if err := os.WriteFile(file, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o777)
	paths := []string{filepath.Join(dir, "new.csv"), file}
	if os.Geteuid() == 0 { // whom modes do not stop
		if _, err := os.Stat("/proc/self"); err != nil {
			t.Skip("no folder is closed to the superuser here")
		}
		paths = []string{"/proc/self/new.csv"}
	}
	for _, path := range paths {
		for flag, args := range map[string][]string{"-o": {"fit"}, "-o ": {"simulate"}, "--truth": {"simulate"}} {
			args = append(args, writeModel(t, long), strings.TrimSpace(flag), path, "--draws", "1")
			code, out, err := runPPL(context.Background(), args...)
			if code != exitUsage || out != "" || !strings.Contains(err, path) {
				t.Errorf("%v: status %d\n%s%s", args, code, out, err)
			}
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d files", len(entries))
	}
}

// A calibration that was interrupted has not passed, and says so in its status.
func TestCalibrationInterrupted(t *testing.T) {
	path := writeModel(t, "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)\n")
	for _, format := range []string{"text", "json"} {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(300*time.Millisecond, cancel)
		code, out, err := runPPL(ctx, "sbc", path, "-d", "N=3", "--replicates", "1000000", "--format", format)
		want := map[string]string{"text": "verdict  interrupted\n", "json": "\"passed\": false"}[format]
		if code != exitPoor || strings.Contains(out, "verdict  passed") || !strings.Contains(out, want) || !strings.Contains(out, "of 1000000 replicates") || err != "" {
			t.Errorf("status %d\n%s%s", code, out, err)
		}
	}
}

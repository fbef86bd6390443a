package parallel_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ppl/graph/parallel"
)

func TestEachDoesAll(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100} {
		var sum atomic.Int64
		parallel.Each(n, func(i int) { sum.Add(int64(i) + 1) })
		if want := int64(n * (n + 1) / 2); sum.Load() != want {
			t.Errorf("of %d: the sum of the numbers is %d, not %d", n, sum.Load(), want)
		}
	}
}

func faulty(i int) {
	if i == 2 || i == 3 {
		panic(i)
	}
}

// A panic is the caller's, whichever goroutine it is of, after all others have ended.
func TestPanicsReachTheCaller(t *testing.T) {
	var done atomic.Int64
	defer func() {
		p, ok := recover().(*parallel.Panic)
		switch {
		case !ok || p.Value != 2 || p.String() != "2":
			t.Errorf("recovered %v", p)
		case !bytes.Contains(p.Stack, []byte("faulty")):
			t.Errorf("the stack is not that of the panic:\n%s", p.Stack)
		case done.Load() != 6:
			t.Errorf("%d of 6 others have ended", done.Load())
		}
	}()
	parallel.Each(1, func(int) {
		parallel.Each(8, func(i int) { faulty(i); done.Add(1) })
	})
}

// A piece of work that ends its goroutine is not taken for one that is done.
func TestGoexit(t *testing.T) {
	defer func() {
		if p, ok := recover().(*parallel.Panic); !ok || p.String() != "a goroutine was ended" {
			t.Errorf("recovered %v", p)
		}
	}()
	parallel.Each(3, func(i int) {
		if i == 1 {
			runtime.Goexit()
		}
	})
}

// The caller's own goroutine ends if piece 0 ends it, once the others have ended.
func TestGoexitOfCaller(t *testing.T) {
	var done, ended atomic.Int64
	var wait sync.WaitGroup
	wait.Go(func() {
		defer func() { ended.Store(done.Load()) }()
		parallel.Each(4, func(i int) {
			if i == 0 {
				runtime.Goexit()
			}
			done.Add(1)
		})
		done.Add(100)
	})
	if wait.Wait(); ended.Load() != 3 {
		t.Errorf("the goroutine ended at %d", ended.Load())
	}
}

// guarded are the files whose goroutines recover from panics: this package's, and
// the chunks of a plan, which start too often for a new list of panics each time.
var guarded = map[string]bool{"graph/parallel/parallel.go": true, "graph/plan/parallel.go": true}

// No file but those starts a goroutine, by a statement or through a WaitGroup: a panic
// there would end the process that ppl is embedded in.
func TestGoroutinesAreGuarded(t *testing.T) {
	const root = "../.."
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if name = filepath.ToSlash(name); strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "bench/") {
			return err // programs, not packages that others embed
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if starts(n) {
				found[name] = true
			}
			return true
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range found {
		if !guarded[name] {
			t.Errorf("%s starts a goroutine: use parallel.Each, or guard it and list it here", name)
		}
	}
	for name := range guarded {
		if !found[name] {
			t.Errorf("%s starts no goroutine", name)
		}
	}
}

// starts reports whether a node starts a goroutine: `go f()`, or `wait.Go(f)`.
func starts(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr:
		s, ok := n.Fun.(*ast.SelectorExpr)
		return ok && s.Sel.Name == "Go"
	}
	return false
}

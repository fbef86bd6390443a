package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors are the packages from the ground up: each imports only what stands before it.
var floors = strings.Fields(`
	lang/diag lang/ast lang lang/check parser
	graph/kernel graph/kernel/vec graph/kernel/linalg graph/parallel graph/edge
	graph graph/op graph/named graph/grad graph/enum graph/scan graph/plan graph/sufficient
	graph/fn graph/dist graph/builtin graph/lower
	guide
	inference/random inference/arrow inference/gauss inference/mcmc inference/psis inference/tails inference/temper inference/sbc inference/loo
	inference/target inference/nuts inference inference/chains inference/methods
	runtime/store runtime/draws runtime/data/half runtime/data/npy runtime/data/parquet runtime/data runtime/answer runtime/report runtime/saved
	runtime
	cmd/ppl`)

// TestImports: no package imports one of a floor above its own, and each has a floor.
func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bench" || d.Name() == "examples" || d.Name() == "gen"):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		floor := slices.Index(floors, filepath.ToSlash(rel))
		if floor < 0 {
			t.Errorf("%s: the package has no floor: add it to the list", rel)
			return fs.SkipDir
		}
		seen++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if own, ours := strings.CutPrefix(name, "ppl/"); ours && slices.Index(floors, own) >= floor {
				t.Errorf("%s imports %s, which stands above it", path, own)
			}
		}
		return nil
	})
	if err != nil || seen < 300 {
		t.Errorf("%d files, %v", seen, err)
	}
}

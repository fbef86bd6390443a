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

// floors are the folders of the program from the ground up: a package imports from its own
// floor and from those below it. The longest prefix counts.
var floors = []string{"ppl/lang", "ppl/parser", "ppl/graph", "ppl/guide", "ppl/inference/target", "ppl/inference", "ppl/runtime/data", "ppl/runtime", "ppl/cmd", "ppl/bench"}

// plain are packages of inference and runtime that know nothing of models: they stand on the ground.
var plain = []string{"ppl/inference/arrow", "ppl/inference/loo", "ppl/inference/mcmc", "ppl/inference/psis", "ppl/inference/random", "ppl/inference/tails", "ppl/inference/temper", "ppl/runtime/draws"}

// TestImportOrder: no package imports one of a floor above, and none but graph imports Gorgonia.
func TestImportOrder(t *testing.T) {
	floor := func(path string) int {
		at, length := -1, 0
		for i, f := range floors {
			if (path == f || strings.HasPrefix(path, f+"/")) && len(f) > length {
				at, length = i, len(f)
			}
		}
		return at
	}
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			if err == nil && d.IsDir() && (d.Name() == "testdata" || d.Name() == "gen" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
				return fs.SkipDir
			}
			return err
		}
		of := "ppl/" + filepath.ToSlash(filepath.Dir(strings.TrimPrefix(filepath.ToSlash(path), "../../")))
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, s := range file.Imports {
			p, _ := strconv.Unquote(s.Path.Value)
			seen++
			switch {
			case strings.HasPrefix(p, "gorgonia.org/") && of != "ppl/graph":
				t.Errorf("%s imports %s: Gorgonia is touched in graph alone", path, p)
			case !strings.HasPrefix(p, "ppl/"):
			case slices.Contains(plain, of) && !slices.Contains(plain, p) && floor(p) > 2:
				t.Errorf("%s imports %s, and should know nothing of models", path, p)
			case floor(of) < 0:
				t.Errorf("%s is on no floor", of)
			case !slices.Contains(plain, p) && floor(p) > floor(of):
				t.Errorf("%s imports %s, from a floor above", path, p)
			}
		}
		return nil
	})
	if err != nil || seen < 500 {
		t.Errorf("%d imports, %v", seen, err)
	}
}

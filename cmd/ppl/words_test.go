package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ppl/lang/diag"
	"ppl/runtime"
)

// TestNoFlagsInTheLibrary: no text of a package that Go programs use names a flag of this command, and what
// it names as a field of options is one, which inFlags turns into a flag that the command has.
func TestNoFlagsInTheLibrary(t *testing.T) {
	fields := map[string]bool{}
	for _, options := range []any{runtime.Options{}, runtime.BindOptions{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(options)) {
			fields[f.Name] = true
		}
	}
	flag := regexp.MustCompile(`(^|[^-\w])--[a-z]`)
	texts, named := 0, 0
	for _, folder := range []string{"runtime", "inference", "guide", "graph", "lang", "parser"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if pair, ok := n.(*ast.KeyValueExpr); ok { // examples of codes, which the command shows on its help pages
					if key, ok := pair.Key.(*ast.Ident); ok && (key.Name == "Wrong" || key.Name == "Right") {
						return false
					}
				}
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				texts++
				text, _ := strconv.Unquote(lit.Value)
				if flag.MatchString(text) {
					t.Errorf("%s: %q names a flag", path, text)
				}
				for _, word := range fieldWords.FindAllString(text, -1) {
					named++
					if name := word[strings.IndexByte(word, '.')+1:]; !fields[name] && name != "Validate" {
						t.Errorf("%s: %q names no field of options", path, word)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if texts < 3000 || named < 10 {
		t.Errorf("%d texts, %d fields named", texts, named)
	}
}

// TestFlagWords: fields become flags in reports and diagnostics, however they are written, and not in the
// text of a model.
func TestFlagWords(t *testing.T) {
	const text, want = "a\ntry more Options.TargetAccept=0.9 and `BindOptions.Discrete z=exact`\nMyOptions.x, Options", "a\ntry more --target-accept=0.9 and `--discrete z=exact`\nMyOptions.x, Options"
	for size := 1; size < 20; size++ {
		var b bytes.Buffer
		err := reportTo(&b, func(w io.Writer) error {
			for i := 0; i < len(text); i += size {
				if _, err := io.WriteString(w, text[i:min(len(text), i+size)]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || b.String() != want {
			t.Errorf("%q, %v", b.String(), err)
		}
	}
	l := diag.List{{Source: diag.NewSource("Options.Draws.ppl", "# Options.Draws"), Summary: "Options.Draws", Hint: "Options.Draws"}}
	if out := flaggedList(l); out[0].Summary != "--draws" || out[0].Hint != "--draws" || string(out[0].Source.Text) != "# Options.Draws" || l[0].Hint != "Options.Draws" {
		t.Errorf("%+v", out[0])
	}
}

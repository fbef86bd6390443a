package parser

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"ppl/lang/ast"
	"ppl/lang/diag"
)

// FuzzParse: any bytes give a file, located diagnostics and nested spans; text
// without errors formats to a fixed point that parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, text := range modelTexts(f) {
		f.Add([]byte(text))
	}
	for _, text := range errorFixtures(f) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, list := Parse("fuzz", text)
		if file == nil {
			t.Fatal("no file")
		}
		checkNesting(t, file)
		checkDiagnostics(t, list, len(text))
		if len(list) > 0 {
			_ = Format(file)
			return
		}
		if !utf8.Valid(text) {
			t.Fatal("invalid UTF-8 goes unreported")
		}
		checkFormat(t, "fuzz", file)
	})
}

// checkDiagnostics fails unless each has a declared code, a place and words.
func checkDiagnostics(t interface{ Errorf(string, ...any) }, list diag.List, size int) {
	for _, d := range list {
		if _, ok := diag.Lookup(d.Code); !ok {
			t.Errorf("undeclared code %q", d.Code)
		}
		if d.Source == nil || d.Span.Start < 0 || d.Span.End > size || d.Span.Start > d.Span.End || d.Summary == "" {
			t.Errorf("%+v", d)
		}
	}
	if text := list.Error(); len(list) > 0 && !utf8.ValidString(text) {
		t.Errorf("diagnostics are not UTF-8: %q", text)
	}
}

// FuzzExpression mutates the part of a statement where most of the grammar is.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"-a^2 * b[i, :] + f(x, y = 2)", "if a < b then [1, 2] else [e for i in 1..N]", "2^-x @ (a || !b)", "f(N(0, 1) in (0, inf))"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, list := Parse("fuzz", []byte("factor "+text))
		checkNesting(t, file)
		checkDiagnostics(t, list, len(text)+len("factor "))
		if len(list) == 0 {
			checkFormat(t, "fuzz", file)
			ast.Inspect(file, func(n ast.Node) bool {
				if _, bad := n.(*ast.BadExpr); bad {
					t.Error("a bad node without an error")
				}
				return true
			})
		}
	})
}

// errorFixtures returns the texts of testdata/errors.
func errorFixtures(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/errors/*.ppl")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[file] = string(text)
	}
	return out
}

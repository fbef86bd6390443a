package parser

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// modelTexts collects the models that must parse: our own copies in testdata,
// and the reference models and the snippets of the language page where the
// checkout has them.
func modelTexts(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"testdata/models/*.ppl", "../../shared/refs/models/*.ppl"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			out[f] = string(text)
		}
	}
	page, err := os.ReadFile("../../shared/design/language.md")
	if err != nil {
		return out
	}
	for i, m := range regexp.MustCompile("(?s)```\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		out["language.md snippet "+string(rune('1'+i))] = m[1]
	}
	return out
}

func TestModelsParse(t *testing.T) {
	texts := modelTexts(t)
	if len(texts) == 0 {
		t.Fatal("no models found")
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			f, list := Parse(name, []byte(text))
			if len(list) > 0 {
				t.Fatal(list)
			}
			if len(f.Stmts) == 0 {
				t.Fatal("no statements")
			}
		})
	}
}

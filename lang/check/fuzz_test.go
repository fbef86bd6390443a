package check_test

import (
	"os"
	"path/filepath"
	"ppl/lang"
	"ppl/lang/ast"
	"strings"
	"testing"
)

// Whatever parses is checked without a panic, and messages render.
func FuzzCheck(f *testing.F) {
	for _, glob := range []string{"testdata/models/*.ppl", "testdata/good/*.ppl", "testdata/errors/*.ppl"} {
		files, _ := filepath.Glob(glob)
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			for _, part := range strings.Split(string(text), "\n---\n") {
				f.Add(part)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		m, list := checkText("fuzz", text)
		_ = list.Error() + m.NotYet.Error()
		if len(list) == 0 {
			nothingPoisoned(t, m)
		}
		for _, s := range append(append(m.Latents, m.Lets...), m.Data...) {
			_ = s.Type.String()
		}
	})
}

// nothingPoisoned asks that a model without errors is whole: a value is
// poisoned only by something that was reported.
func nothingPoisoned(t *testing.T, m *lang.Model) {
	ast.Inspect(m.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Sample:
			if m.Samples[n] == nil {
				t.Errorf("nothing is known of the sample of %s", n.Name.Name)
			}
		case *ast.Let:
			if _, ok := m.Types[n.Value]; !ok {
				t.Errorf("the let of %s has no type", n.Name.Name)
			}
		}
		return true
	})
}

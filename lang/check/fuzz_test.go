package check_test

import (
	"os"
	"path/filepath"
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
	f.Fuzz(func(_ *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		m, list := checkText("fuzz", text)
		_ = list.Error() + m.NotYet.Error()
		for _, s := range append(append(m.Latents, m.Lets...), m.Data...) {
			_ = s.Type.String()
		}
	})
}

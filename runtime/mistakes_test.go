package runtime_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"ppl/lang/diag"
	"ppl/runtime"
)

// TestMistakes reads testdata/mistakes: what people write who come from BUGS,
// Stan, PyMC or R, with the errors as they are rendered, and the model that
// was meant. What a hint says to write stands in that model, word for word,
// and the model has no errors: hints are in the language, and lead there. The
// few that speak of a pattern instead are listed under templates.
func TestMistakes(t *testing.T) {
	paths, _ := filepath.Glob("testdata/mistakes/*.txtar")
	if len(paths) < 40 {
		t.Errorf("only %d mistakes", len(paths))
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { checkMistake(t, path) })
	}
}

func checkMistake(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	part := map[string]*txtar.File{}
	for i := range archive.Files {
		part[archive.Files[i].Name] = &archive.Files[i]
	}
	list := said("model.ppl", part["model.ppl"].Data)
	if len(list) == 0 {
		t.Fatal("nothing is said of the mistake")
	}
	var b strings.Builder
	diag.Render(&b, list, diag.RenderOptions{})
	if *update {
		part["errors"].Data = []byte(b.String())
		if err := os.WriteFile(path, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(part["errors"].Data), b.String()); diff != "" {
		t.Error(diff)
	}
	if list := said("right.ppl", part["right.ppl"].Data); len(list) > 0 {
		t.Errorf("what was meant is in error:\n%v", list)
	}
	var templates []string // what a hint says in letters of its own
	if f := part["templates"]; f != nil {
		templates = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
	}
	right := spaced(string(part["right.ppl"].Data))
	for _, d := range list {
		for _, text := range advised(d.Hint) {
			if !strings.Contains(right, spaced(text)) && !slices.Contains(templates, text) && !strings.Contains(text, "...") {
				t.Errorf("the hint says to write %q, which what was meant does not hold", text)
			}
		}
	}
}

// said is all that is said of a model, errors or warnings.
func said(name string, text []byte) diag.List {
	m, err := runtime.Compile(name, text)
	var bad *runtime.ModelError
	switch {
	case errors.As(err, &bad):
		return bad.Diagnostics
	case err != nil:
		panic(err)
	}
	return m.Warnings()
}

// spaced is a text with single spaces.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

var advice = regexp.MustCompile("(?:write |prior, |^)`([^`]+)`(?: and `([^`]+)`)?")

// advised lists what a hint says to write in full.
func advised(hint string) []string {
	var out []string
	for _, line := range strings.Split(hint, "\n") {
		for _, m := range advice.FindAllStringSubmatch(line, -1) {
			for _, text := range m[1:] {
				if text != "" {
					out = append(out, strings.TrimSuffix(text, " { ... }"))
				}
			}
		}
	}
	return out
}

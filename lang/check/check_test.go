package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/lang"
	"ppl/lang/check"
	"ppl/lang/diag"
	"ppl/parser"
)

// checkText parses and checks a model; errors of the parser come first.
func checkText(name, text string) (*lang.Model, diag.List) {
	file, list := parser.Parse(name, []byte(text))
	m, more := check.Check(file, builtin.Catalogue())
	return m, append(list, more...)
}

// The 29 reference models check without errors.
func TestModels(t *testing.T) {
	files, _ := filepath.Glob("testdata/models/*.ppl")
	if len(files) == 0 {
		t.Fatal("no models")
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m, list := checkText(filepath.Base(f), string(text))
		if len(list) > 0 {
			t.Errorf("%v", list)
		}
		if testing.Verbose() && len(m.NotYet) > 0 {
			t.Logf("%v", m.NotYet)
		}
	}
}

// Programs that are right, tricky ones among them.
func TestGood(t *testing.T) {
	files, _ := filepath.Glob("testdata/good/*.ppl")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), "\n---\n") {
			if _, list := checkText(filepath.Base(f), part); len(list) > 0 {
				t.Errorf("part %d:\n%v", i+1, list)
			}
		}
	}
}

var mark = regexp.MustCompile(`###((?:\s*"[^"]*")+)`)
var quoted = regexp.MustCompile(`"([^"]*)"`)

// Each line marked ### "regexp" ... gives diagnostics that match, and no other
// line gives any. A file is one model, or several with --- between them.
func TestErrors(t *testing.T) {
	files, _ := filepath.Glob("testdata/errors/*.ppl")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code := diag.Code(strings.TrimSuffix(filepath.Base(f), ".ppl"))
		if _, ok := diag.Lookup(code); !ok {
			t.Errorf("%s: no such code", f)
		}
		for i, part := range strings.Split(string(text), "\n---\n") {
			checkMarks(t, filepath.Base(f), i+1, part, code)
		}
	}
}

func checkMarks(t *testing.T, name string, part int, text string, code diag.Code) {
	t.Helper()
	// A message shows its source line, which must not answer for itself.
	m, list := checkText(name, mark.ReplaceAllString(text, ""))
	switch code {
	case check.NotSupportedYet:
		list = append(list, m.NotYet...)
	case check.UnusedData:
		list = append(list, m.Remarks...)
	}
	got := map[int][]string{}
	seen := false
	for _, d := range list.Unfolded() {
		line := d.Source.Position(d.Span.Start).Line
		got[line] = append(got[line], diag.List{d}.Error())
		seen = seen || d.Code == code
	}
	if !seen {
		t.Errorf("%s part %d: no diagnostic has the code of the file", name, part)
	}
	for i, line := range strings.Split(text, "\n") {
		var want []string
		if m := mark.FindStringSubmatch(line); m != nil {
			for _, q := range quoted.FindAllStringSubmatch(m[1], -1) {
				want = append(want, q[1])
			}
		}
		compareLine(t, name, part, i+1, line, got[i+1], want)
	}
}

func compareLine(t *testing.T, name string, part, n int, line string, got, want []string) {
	t.Helper()
	for _, w := range want {
		re, err := regexp.Compile(w)
		if err != nil {
			t.Fatalf("%s part %d line %d: %v", name, part, n, err)
		}
		k := -1
		for i, g := range got {
			if re.MatchString(g) {
				k = i
			}
		}
		if k < 0 {
			t.Errorf("%s part %d line %d: nothing matches %q in\n%s\n%s", name, part, n, w, line, strings.Join(got, "\n"))
			continue
		}
		got = append(append([]string(nil), got[:k]...), got[k+1:]...)
	}
	for _, g := range got {
		t.Errorf("%s part %d line %d: unexpected\n%s", name, part, n, g)
	}
}

// checkerCodes are the codes that this package declares.
func checkerCodes() []diag.CodeInfo {
	text, err := os.ReadFile("codes.go")
	if err != nil {
		return nil
	}
	var out []diag.CodeInfo
	for _, m := range regexp.MustCompile(`diag\.Code\s+= "([a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
		info, _ := diag.Lookup(diag.Code(m[1]))
		info.Code = diag.Code(m[1])
		out = append(out, info)
	}
	return out
}

// Every code is explained, its wrong example is diagnosed with it, its right
// example is not diagnosed, and it has a fixture.
func TestCodes(t *testing.T) {
	infos := checkerCodes()
	if len(infos) < 40 {
		t.Fatalf("only %d codes", len(infos))
	}
	for _, info := range infos {
		if info.Title == "" || info.Explanation == "" {
			t.Errorf("%s is not explained", info.Code)
		}
		m, list := checkText("wrong", info.Wrong)
		switch info.Code {
		case check.NotSupportedYet:
			list = append(list, m.NotYet...)
		case check.UnusedData:
			list = append(list, m.Remarks...)
		}
		found := false
		for _, d := range list {
			found = found || d.Code == info.Code
		}
		if !found {
			t.Errorf("%s: the wrong example gives\n%v", info.Code, list)
		}
		if m, list := checkText("right", info.Right); len(list) > 0 || info.Code == check.NotSupportedYet && len(m.NotYet) > 0 || info.Code == check.UnusedData && len(m.Remarks) > 0 {
			t.Errorf("%s: the right example gives\n%v", info.Code, list)
		}
		if _, err := os.Stat("testdata/errors/" + string(info.Code) + ".ppl"); err != nil {
			t.Errorf("%s has no fixture", info.Code)
		}
	}
}

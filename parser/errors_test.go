package parser

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ppl/lang/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// expectation is a `### "regexp"` comment: some diagnostic that starts on its
// line must match.
type expectation struct {
	line int
	re   *regexp.Regexp
}

var quotedRegexp = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

func expectations(t *testing.T, text string) []expectation {
	t.Helper()
	var out []expectation
	for i, line := range strings.Split(text, "\n") {
		_, marks, ok := strings.Cut(line, "### ")
		if !ok {
			continue
		}
		for _, m := range quotedRegexp.FindAllStringSubmatch(marks, -1) {
			out = append(out, expectation{i + 1, regexp.MustCompile(m[1])})
		}
	}
	return out
}

func oneLine(d diag.Diagnostic) string {
	return fmt.Sprintf("%s: %s; expected %s; found %s; hint: %s", d.Code, d.Summary, d.Expected, d.Found, d.Hint)
}

// TestErrorFixtures checks each fixture both ways: every mark has its
// diagnostic, every diagnostic its mark.
func TestErrorFixtures(t *testing.T) {
	for name, text := range errorFixtures(t) {
		t.Run(name, func(t *testing.T) {
			_, list := Parse(name, []byte(text))
			list = list.Unfolded()
			marked := expectations(t, text)
			lines := map[int]bool{}
			for _, want := range marked {
				lines[want.line] = true
				if !matched(list, want) {
					t.Errorf("line %d: nothing matches %s", want.line, want.re)
				}
			}
			for _, d := range list {
				if line := d.Source.LineOf(d.Span.Start); !lines[line] {
					t.Errorf("line %d is not marked: %s", line, oneLine(d))
				}
			}
			if len(list) != len(marked) {
				t.Errorf("%d diagnostics for %d marks", len(list), len(marked))
			}
			if t.Failed() {
				for _, d := range list {
					t.Logf("%d: %s", d.Source.LineOf(d.Span.Start), oneLine(d))
				}
			}
		})
	}
}

func matched(list diag.List, want expectation) bool {
	for _, d := range list {
		if d.Source.LineOf(d.Span.Start) == want.line && want.re.MatchString(oneLine(d)) {
			return true
		}
	}
	return false
}

// The whole rendered text of every fixture, as a user sees it.
func TestErrorsGolden(t *testing.T) {
	fixtures := errorFixtures(t)
	var names []string
	for name := range fixtures {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		// The marks are for the test above; here they would only widen lines.
		text := regexp.MustCompile(` *### .*`).ReplaceAllString(fixtures[name], "")
		_, list := Parse(name, []byte(text))
		diag.Render(&b, list, diag.RenderOptions{})
	}
	const file = "testdata/errors.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

package diag

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// spanned cuts the « » out of text and returns it with the spans they mark.
func spanned(text string) (string, []Span) {
	var b strings.Builder
	var spans []Span
	var open []int
	for _, r := range text {
		switch r {
		case '«':
			open = append(open, len(spans))
			spans = append(spans, Span{Start: b.Len()})
		case '»':
			spans[open[len(open)-1]].End = b.Len()
			open = open[:len(open)-1]
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), spans
}

var renderCases = []struct {
	name, text string
	d          Diagnostic
}{
	{"one line", "mu ~ Normal(0, 1)\ny ~ Normal(«m», 1)\n", Diagnostic{Code: "unknown-name", Summary: "nothing is called `m`", Hint: "did you mean `mu`?"}},
	{"expected and found", "let x = «[1, 2]» + [1, 2, 3]", Diagnostic{Code: "shape", Summary: "the shapes differ", Expected: "real[3]", Found: "real[2]"}},
	{"found alone", "let x = «f(1)»", Diagnostic{Code: "c", Summary: "s", Found: "real"}},
	{"tabs", "\tlet\tx = «\ty»\t+ 1", Diagnostic{Code: "tabs", Summary: "the caret stands under what it means"}},
	{"wide runes", "# 漢字 «漢字» end", Diagnostic{Code: "wide", Summary: "wide characters take two columns"}},
	{"combining", "# e\u0301e\u0301 «e\u0301» end", Diagnostic{Code: "combining", Summary: "combining marks take none"}},
	{"empty span", "let x =«»", Diagnostic{Code: "empty", Summary: "a span of no width gets one caret"}},
	{"end of text", "let x =\n«»", Diagnostic{Code: "eof", Summary: "past the last line"}},
	{"empty text", "«»", Diagnostic{Code: "empty-text", Summary: "nothing there"}},
	{"two lines", "let x = «f(1,\n        2)»", Diagnostic{Code: "multi", Summary: "two lines"}},
	{"many lines", "a\nlet x = «f(1,\n  2,\n  3,\n  4)»\nb", Diagnostic{Code: "multi", Summary: "many lines"}},
	{"line break at the end", "«let x = 1\r\n»let y = 2", Diagnostic{Code: "crlf", Summary: "the break is not part of it"}},
	{"related", "«mu» ~ Normal(0, 1)\n«mu» ~ Normal(0, 2)", Diagnostic{
		Code: "twice", Summary: "`mu` is defined twice", Related: []Related{{Message: "first defined here"}}}},
	{"related in the same line", "let x = f«(»1, «[»2", Diagnostic{
		Code: "open", Summary: "a bracket is open", Related: []Related{{Message: "and this one"}}}},
	{"long line", "let x = " + strings.Repeat("abcdefgh + ", 50) + "«wrong»" + strings.Repeat(" + abcdefgh", 50), Diagnostic{Code: "long", Summary: "a window around the span"}},
	{"long span", "let x = «" + strings.Repeat("abcdefgh + ", 50) + "z»", Diagnostic{Code: "long", Summary: "a span longer than the window"}},
	{"control characters", "let \x1b[31mx\x00 = «\x80»", Diagnostic{Code: "control", Summary: "nothing from a \x1b[31m file drives the terminal"}},
	{"warning", "let «x» = 1", Diagnostic{Code: "unused", Severity: Warning, Summary: "`x` is not used", Hint: "two lines\nof hint"}},
}

// withSpans fills the spans of a case in the order of its marks; of several,
// the last is the diagnostic's own and the others are related.
func withSpans(name, text string, d Diagnostic) Diagnostic {
	text, spans := spanned(text)
	d.Source = NewSource(name+".ppl", text)
	d.Span = spans[len(spans)-1]
	for i := range d.Related {
		d.Related[i].Span = spans[i]
	}
	return d
}

func TestRenderGolden(t *testing.T) {
	var b strings.Builder
	for _, c := range renderCases {
		fmt.Fprintf(&b, "==== %s\n", c.name)
		Render(&b, List{withSpans(c.name, c.text, c.d)}, RenderOptions{})
	}
	b.WriteString("==== without a source\n")
	Render(&b, List{{Code: "data", Where: `data.json, key "y"`, Summary: "element 3 is negative", Expected: "> 0", Found: "-1"}}, RenderOptions{})
	b.WriteString("==== several, in colour\n")
	l := List{withSpans("a", renderCases[0].text, renderCases[0].d), withSpans("b", renderCases[1].text, renderCases[1].d), withSpans("w", renderCases[len(renderCases)-1].text, renderCases[len(renderCases)-1].d)}
	Render(&b, l, RenderOptions{Color: true})
	golden(t, "testdata/render.golden", b.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestRenderNothing(t *testing.T) {
	var b strings.Builder
	Render(&b, nil, RenderOptions{Color: true})
	if b.String() != "" {
		t.Errorf("got %q", b.String())
	}
}

// Spans outside the text come from defects elsewhere; they must not panic.
func TestRenderWildSpans(t *testing.T) {
	s := NewSource("x", "let é = 1\n")
	for start := -3; start < 15; start++ {
		for end := -3; end < 15; end++ {
			d := Diagnostic{Source: s, Span: Span{start, end}, Related: []Related{{Span: Span{end, start}}}}
			_ = List{d}.Error()
			if err := JSON(&bytes.Buffer{}, List{d}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	d := withSpans("m", "«é» = 1\nlet «x» = 1", Diagnostic{
		Code: "c", Summary: "a < b", Expected: "e", Found: "f", Hint: "h", Related: []Related{{Message: "here"}},
	})
	var b bytes.Buffer
	if err := JSON(&b, List{d, {Code: "w", Severity: Warning, Where: "data.csv, row 2", Summary: "s"}}); err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/report.json", b.String())
}

func TestJSONEmpty(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, nil); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"diagnostics\": [],\n  \"errors\": 0,\n  \"warnings\": 0\n}\n"; b.String() != want {
		t.Errorf("got %s", b.String())
	}
}

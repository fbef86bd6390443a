package diag

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// A mistake that is repeated is one diagnostic with further places; what has no
// hint, other words or a second place of its own is told apart.
func TestRepeats(t *testing.T) {
	src := NewSource("m.ppl", strings.Repeat("a; b;\n", 20))
	at := func(offset int, hint string) Diagnostic {
		return Diagnostic{Code: "foreign-syntax", Source: src, Span: Span{offset, offset + 1}, Summary: "no terminator", Hint: hint}
	}
	var l List
	for line := range 3 {
		l.Add(at(6*line+4, "remove it"))
		l.Add(at(6*line+1, "remove it"))
	}
	l.Add(at(25, ""))
	l.Add(at(31, ""))
	related := at(37, "remove it")
	related.Related = []Related{{Span{0, 1}, "here"}}
	l.Add(related)
	l.Sort()
	if len(l) != 4 || len(l[0].Also) != 5 || len(l.Unfolded()) != 9 {
		t.Fatalf("%d diagnostics, %d places:\n%v", len(l), len(l[0].Also), l)
	}
	if text := (List{l[0]}).Error(); !strings.Contains(text, "also: 1 more in this line; lines 2 and 3") || !strings.Contains(text, "1 error") {
		t.Error(text)
	}
	l.Sort() // once more changes nothing
	if len(l) != 4 || len(l[0].Also) != 5 {
		t.Error(l)
	}
	var many List
	for line := range 20 {
		many.Add(at(6*line+1, "remove it"))
	}
	many.Sort()
	if text := many.Error(); !strings.Contains(text, "also: lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and others") {
		t.Error(text)
	}
	var b bytes.Buffer
	var report struct {
		Diagnostics []struct {
			Also []struct{ Start, End struct{ Line, Column int } }
		}
	}
	if err := JSON(&b, l); err != nil || json.Unmarshal(b.Bytes(), &report) != nil {
		t.Fatal(err, b.String())
	}
	if also := report.Diagnostics[0].Also; len(also) != 5 || also[4].Start.Line != 3 || also[4].Start.Column != 5 || also[4].End.Column != 6 {
		t.Error(b.String())
	}
}

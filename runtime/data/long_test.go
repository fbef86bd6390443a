package data

import (
	"bytes"
	"strings"
	"testing"
)

// A text longer than any label is read over, and matters only to a model that
// asks for its key; one that is not closed is still an error.
func TestLongTexts(t *testing.T) {
	long, cell := strings.Repeat("x", maxString+1), strings.Repeat("x,", maxCell)
	for _, c := range []struct {
		name    string
		kind    originKind
		text    string
		fault   string // of reading
		problem string // of the value of `note`
	}{
		{"json", fromJSON, `{"note": "` + long + `", "y": [1, 2]}`, "", "`note` is a text of more than 16 MiB"},
		{"json among elements", fromJSON, `{"note": ["a", "` + long + `"], "y": [1, 2]}`, "", "`note[2]` is a text of more than 16 MiB"},
		{"json not closed", fromJSON, `{"y": [1, 2], "note": "` + long, "the string that starts here is not closed, in the value of \"note\"", ""},
		{"json with a line break", fromJSON, `{"y": [1, 2], "note": "` + long + "\n\"}", "the string that starts here is not closed, in the value of \"note\"", ""},
		{"json key", fromJSON, `{"y": [1, 2], "` + long + `": 1}`, "the key that starts here is longer than 16 MiB", ""},
		{"csv quoted", fromCSV, "y,note\n1,\"" + cell + "\"\n2,\"b\"\n", "", "`note` has a text of more than a megabyte in row 1"},
		{"csv bare", fromCSV, "y,note\n1,a\n2," + strings.ReplaceAll(cell, ",", ".") + "\n", "", "`note` has a text of more than a megabyte in row 2"},
		{"csv not closed", fromCSV, "y,note\n1,\"" + cell + "\n2,b\n", "the quotation mark that opens here is not closed", ""},
		{"csv name", fromCSV, "y,\"" + cell + "\"\n1,2\n", "the name that starts here is longer than a megabyte", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tables, f := readBytes([]byte(c.text), c.kind, "d")
			switch {
			case f != nil && f.summary != c.fault || f == nil && c.fault != "":
				t.Fatalf("got %v, want %q", f, c.fault)
			case f != nil:
				return
			}
			if v := tables.values["y"]; v.problem != nil || len(v.nums) != 2 || v.nums[1] != 2 {
				t.Errorf("y is %+v", v)
			}
			if p := tables.values["note"].problem; p == nil || p.summary != c.problem {
				t.Errorf("note: %v, want %q", p, c.problem)
			}
		})
	}
}

// What is kept of a long text is bounded.
func TestLongTextsTakeLittle(t *testing.T) {
	text := []byte(`{"note": "` + strings.Repeat("x", 4*maxString) + `"}`)
	r := &jsonReader{scanner: newScanner(t.Context(), bytes.NewReader(text)), tables: newTables(), origin: &origin{name: "d.json"}}
	if f := r.file(); f != nil || cap(r.scratch) > 2*maxString {
		t.Errorf("%v, %d bytes kept of %d", f, cap(r.scratch), len(text))
	}
}

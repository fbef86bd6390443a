package diag

import (
	"fmt"
	"slices"
	"strings"
)

// Repeats. A writer who ends a statement with `;` ends every statement with
// `;`, and a name without a definition is read in ten places. That is one
// mistake, and one diagnostic: it shows the first place and lists the others.

// Mistake is what two diagnostics about the same mistake share: their words.
type Mistake struct {
	code                           Code
	severity                       Severity
	source                         *Source
	summary, expected, found, hint string
}

// Mistake tells diagnostics that say the same from others; false where the
// place is a part of what is said: outside a text, with a second place, or
// without a hint, so that only the excerpt tells what is wrong.
func (d Diagnostic) Mistake() (Mistake, bool) {
	return Mistake{d.Code, d.Severity, d.Source, d.Summary, d.Expected, d.Found, d.Hint}, d.Source != nil && len(d.Related) == 0 && d.Hint != ""
}

// fold joins the diagnostics of a sorted list that say the same.
func (l List) fold() List {
	first := map[Mistake]int{}
	out := l[:0]
	for _, d := range l {
		w, ok := d.Mistake()
		if k, seen := first[w]; ok && seen {
			out[k].Also = append(append(slices.Clip(out[k].Also), d.Span), d.Also...)
			continue
		}
		if ok {
			first[w] = len(out)
		}
		out = append(out, d)
	}
	return out
}

// Unfolded gives each place of a repeated mistake a diagnostic of its own.
func (l List) Unfolded() List {
	var out List
	for _, d := range l {
		also := d.Also
		d.Also = nil
		out.Add(d)
		for _, sp := range also {
			d.Span = sp
			out.Add(d)
		}
	}
	return out
}

// maxPlaces bounds the lines that are listed.
const maxPlaces = 10

// places writes where else a diagnostic applies: "lines 2, 3 and 7".
func (d Diagnostic) places() string {
	var lines []string
	last := d.Source.LineOf(d.Span.Start)
	here := 0
	for _, sp := range d.Also {
		n := d.Source.LineOf(sp.Start)
		if n == d.Source.LineOf(d.Span.Start) {
			here++
		}
		if n != last {
			lines = append(lines, fmt.Sprint(n))
		}
		last = n
	}
	var parts []string
	if here > 0 {
		parts = append(parts, fmt.Sprintf("%d more in this line", here))
	}
	if len(lines) > maxPlaces+1 {
		lines = append(lines[:maxPlaces], "others")
	}
	switch n := len(lines); {
	case n == 1:
		parts = append(parts, "line "+lines[0])
	case n > 1:
		parts = append(parts, "lines "+strings.Join(lines[:n-1], ", ")+" and "+lines[n-1])
	}
	return strings.Join(parts, "; ")
}

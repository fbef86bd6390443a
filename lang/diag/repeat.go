package diag

import (
	"fmt"
	"slices"
	"strings"
)

// Repeats. A writer who ends a statement with `;` ends every statement with
// `;`, and a name without a definition is read in ten places. That is one
// mistake, and one diagnostic: it shows the first place and lists the others.

// words are what two diagnostics about the same mistake share.
type words struct {
	code                           Code
	severity                       Severity
	source                         *Source
	summary, expected, found, hint string
}

// wordsOf gives the words of a diagnostic; false where its place is a part of
// what it says: outside a text, with a second place, or without a hint, so that
// only the excerpt tells what is wrong.
func wordsOf(d Diagnostic) (words, bool) {
	return words{d.Code, d.Severity, d.Source, d.Summary, d.Expected, d.Found, d.Hint}, d.Source != nil && len(d.Related) == 0 && d.Hint != ""
}

// Repeats reports whether the list holds a diagnostic with the words of d.
func (l List) Repeats(d Diagnostic) bool {
	w, ok := wordsOf(d)
	return ok && slices.ContainsFunc(l, func(e Diagnostic) bool {
		v, ok := wordsOf(e)
		return ok && v == w
	})
}

// fold joins the diagnostics of a sorted list that say the same.
func (l List) fold() List {
	first := map[words]int{}
	out := l[:0]
	for _, d := range l {
		w, ok := wordsOf(d)
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
	if more := len(lines) - maxPlaces; more > 1 {
		lines = append(lines[:maxPlaces], fmt.Sprintf("%d more", more))
	}
	switch n := len(lines); {
	case n == 1:
		parts = append(parts, "line "+lines[0])
	case n > 1:
		parts = append(parts, "lines "+strings.Join(lines[:n-1], ", ")+" and "+lines[n-1])
	}
	return strings.Join(parts, "; ")
}

// Package diag holds what ppl says to its users about their models and data:
// positions in source text, diagnostics as data, and their rendering.
//
// A Diagnostic is collected, never thrown: every stage of the pipeline returns
// a List, the lists are joined and sorted, and one renderer (Render for
// people, JSON for editors) prints them. Codes are kebab-case words, declared
// once in codes.go with the explanation that docs/errors.md shows.
package diag

import (
	"sort"
	"strings"
)

// Span is a half-open range of byte offsets [Start, End) into a Source.
type Span struct {
	Start, End int
}

// To returns the smallest span that covers s and t.
func (s Span) To(t Span) Span {
	return Span{min(s.Start, t.Start), max(s.End, t.End)}
}

// Severity says whether a diagnostic stops the pipeline.
type Severity int

const (
	// Error stops the pipeline after the stage that found it.
	Error Severity = iota
	// Warning is reported and does not stop anything.
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Code identifies a kind of diagnostic, in kebab case ("unknown-name"). Every
// code that is used must be declared in Codes.
type Code string

// Diagnostic is one message. Summary is a full sentence without a final full
// stop that names what is wrong and where a reader should look; the optional
// Expected and Found give types, shapes or values; Hint says what to do.
type Diagnostic struct {
	Code     Code
	Severity Severity
	// Source is the text that Span refers to; nil where the diagnostic is not
	// about a text (a data file, say), and then Where names the place.
	Source *Source
	Span   Span
	// Where names a place outside any source text: `data.json, key "y"`.
	Where    string
	Summary  string
	Expected string
	Found    string
	Hint     string
	Related  []Related
	// Also are the further places, in the order of the text, where the same
	// mistake stands again, in the same words.
	Also []Span
}

// Related points at a second place in the same source: "first defined here".
type Related struct {
	Span    Span
	Message string
}

// List is a collection of diagnostics. As an error it reads as the rendered
// text of all of them.
type List []Diagnostic

// Add appends d.
func (l *List) Add(d Diagnostic) { *l = append(*l, d) }

// HasErrors reports whether any diagnostic is an error.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Errors returns the diagnostics that are errors; Warnings the others.
func (l List) Errors() List { return l.filter(Error) }

// Warnings returns the diagnostics that are warnings.
func (l List) Warnings() List { return l.filter(Warning) }

func (l List) filter(s Severity) List {
	var out List
	for _, d := range l {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// Sort orders by source name, then position, then severity, then code and
// text, drops exact repeats, so that output does not depend on the order in
// which checks ran, and makes one diagnostic of a mistake that is repeated.
func (l *List) Sort() {
	s := *l
	key := func(d Diagnostic) (string, int, int) {
		name := d.Where
		if d.Source != nil {
			name = d.Source.Name
		}
		return name, d.Span.Start, d.Span.End
	}
	sort.SliceStable(s, func(i, j int) bool {
		a, b := s[i], s[j]
		an, as, ae := key(a)
		bn, bs, be := key(b)
		switch {
		case an != bn:
			return an < bn
		case as != bs:
			return as < bs
		case ae != be:
			return ae < be
		case a.Severity != b.Severity:
			return a.Severity < b.Severity
		case a.Code != b.Code:
			return a.Code < b.Code
		}
		return a.Summary < b.Summary
	})
	out := s[:0]
	for i, d := range s {
		if i > 0 {
			p := s[i-1]
			if p.Code == d.Code && p.Span == d.Span && p.Summary == d.Summary && p.Source == d.Source && p.Where == d.Where {
				continue
			}
		}
		out = append(out, d)
	}
	*l = out.fold()
}

// Err returns the list as an error if it holds one, otherwise nil.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error renders all diagnostics as plain text.
func (l List) Error() string {
	var b strings.Builder
	Render(&b, l, RenderOptions{})
	return strings.TrimRight(b.String(), "\n")
}

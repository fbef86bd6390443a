package diag

import (
	"encoding/json"
	"io"
)

// The JSON form of diagnostics, for editors and other programs. Lines and
// columns start at 1 and columns count characters; offsets are bytes from 0.
type jsonReport struct {
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
	Errors      int              `json:"errors"`
	Warnings    int              `json:"warnings"`
}

type jsonDiagnostic struct {
	Code     Code          `json:"code"`
	Severity string        `json:"severity"`
	File     string        `json:"file,omitempty"`
	Where    string        `json:"where,omitempty"`
	Start    *jsonPosition `json:"start,omitempty"`
	End      *jsonPosition `json:"end,omitempty"`
	Summary  string        `json:"summary"`
	Expected string        `json:"expected,omitempty"`
	Found    string        `json:"found,omitempty"`
	Hint     string        `json:"hint,omitempty"`
	Related  []jsonRelated `json:"related,omitempty"`
	Also     []jsonRange   `json:"also,omitempty"`
}

// jsonRange is a further place of the same mistake.
type jsonRange struct {
	Start *jsonPosition `json:"start"`
	End   *jsonPosition `json:"end"`
}

type jsonPosition struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

type jsonRelated struct {
	Start   *jsonPosition `json:"start,omitempty"`
	End     *jsonPosition `json:"end,omitempty"`
	Message string        `json:"message"`
}

// JSON writes all diagnostics as one JSON object. A diagnostic that is not
// about a text has `where` in place of `file`, `start` and `end`.
func JSON(w io.Writer, l List) error {
	report := jsonReport{Diagnostics: make([]jsonDiagnostic, 0, len(l)), Errors: len(l.Errors()), Warnings: len(l.Warnings())}
	for _, d := range l {
		report.Diagnostics = append(report.Diagnostics, toJSON(d))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}

func toJSON(d Diagnostic) jsonDiagnostic {
	out := jsonDiagnostic{
		Code: d.Code, Severity: d.Severity.String(), Where: d.Where, Summary: d.Summary,
		Expected: d.Expected, Found: d.Found, Hint: d.Hint,
	}
	if d.Source != nil {
		out.File = d.Source.Name
		out.Start, out.End = jsonSpan(d.Source, d.Span)
	}
	for _, r := range d.Related {
		rel := jsonRelated{Message: r.Message}
		if d.Source != nil {
			rel.Start, rel.End = jsonSpan(d.Source, r.Span)
		}
		out.Related = append(out.Related, rel)
	}
	for _, sp := range d.Also {
		start, end := jsonSpan(d.Source, sp)
		out.Also = append(out.Also, jsonRange{start, end})
	}
	return out
}

func jsonSpan(s *Source, sp Span) (start, end *jsonPosition) {
	at := func(offset int) *jsonPosition {
		offset = max(0, min(offset, len(s.Text)))
		p := s.Position(offset)
		return &jsonPosition{Line: p.Line, Column: p.Column, Offset: offset}
	}
	return at(sp.Start), at(max(sp.Start, sp.End))
}

package diag

import (
	"fmt"
	"io"
	"strings"
)

// RenderOptions sets how diagnostics are printed.
type RenderOptions struct {
	Color bool
}

// Render prints diagnostics for people, in the order given, and a line that
// counts them:
//
//	error[unknown-name]: nothing is called `contry`
//	  --> radon.ppl:8:22
//	   |
//	 8 | radon ~ Normal(alpha[contry], sigma)
//	   |                      ^^^^^^
//	   hint: did you mean `county`?
//
//	1 error
func Render(w io.Writer, l List, opt RenderOptions) {
	if len(l) == 0 {
		return
	}
	r := &renderer{paint: painter(opt.Color)}
	for _, d := range l {
		r.diagnostic(d)
		r.b.WriteByte('\n')
	}
	r.count(l)
	io.WriteString(w, r.b.String())
}

// style is a role that text plays; see painter.
type style int

const (
	styleError style = iota
	styleWarning
	styleBold
	styleGutter
	styleHint
)

// painter wraps text in the escape sequences of a terminal, or not.
func painter(color bool) func(style, string) string {
	if !color {
		return func(_ style, text string) string { return text }
	}
	codes := map[style]string{styleError: "1;31", styleWarning: "1;33", styleBold: "1", styleGutter: "1;34", styleHint: "1;36"}
	return func(s style, text string) string {
		if text == "" {
			return ""
		}
		return "\x1b[" + codes[s] + "m" + text + "\x1b[0m"
	}
}

type renderer struct {
	b     strings.Builder
	paint func(style, string) string
}

func severityStyle(s Severity) style {
	if s == Warning {
		return styleWarning
	}
	return styleError
}

func (r *renderer) diagnostic(d Diagnostic) {
	head := d.Severity.String()
	if d.Code != "" {
		head += "[" + string(d.Code) + "]"
	}
	fmt.Fprintf(&r.b, "%s: %s\n", r.paint(severityStyle(d.Severity), head), r.paint(styleBold, printable(d.Summary)))
	pad := r.gutterWidth(d)
	r.place(d, pad)
	if d.Source != nil {
		r.excerpt(d.Source, d.Span, pad, severityStyle(d.Severity), '^', "")
	}
	for _, rel := range d.Related {
		r.related(d, rel, pad)
	}
	r.detail(d, pad)
}

// gutterWidth is the room for the largest line number that is shown.
func (r *renderer) gutterWidth(d Diagnostic) int {
	if d.Source == nil {
		return 1
	}
	last := d.Source.LineOf(max(d.Span.Start, d.Span.End))
	for _, rel := range d.Related {
		last = max(last, d.Source.LineOf(max(rel.Span.Start, rel.Span.End)))
	}
	return len(fmt.Sprint(last))
}

func (r *renderer) place(d Diagnostic, pad int) {
	where := printable(d.Where)
	if d.Source != nil {
		p := d.Source.Position(d.Span.Start)
		where = fmt.Sprintf("%s:%d:%d", printable(d.Source.Name), p.Line, p.Column)
	}
	if where != "" {
		fmt.Fprintf(&r.b, "%s%s %s\n", strings.Repeat(" ", pad+1), r.paint(styleGutter, "-->"), where)
	}
}

// related shows a second place; without a source only its message.
func (r *renderer) related(d Diagnostic, rel Related, pad int) {
	switch {
	case d.Source == nil:
		fmt.Fprintf(&r.b, "%s %s %s\n", strings.Repeat(" ", pad+1), r.paint(styleGutter, "note:"), printable(rel.Message))
	case oneLine(d.Source, d.Span.To(rel.Span)):
		r.underline(d.Source, rel.Span, pad, styleGutter, '-', rel.Message)
	default:
		r.excerpt(d.Source, rel.Span, pad, styleGutter, '-', rel.Message)
	}
}

// detail prints what was expected and found, and the hint, below the excerpt.
func (r *renderer) detail(d Diagnostic, pad int) {
	line := func(s style, label, text string) {
		if text == "" {
			return
		}
		indent := strings.Repeat(" ", pad+2)
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		fmt.Fprintf(&r.b, "%s%s %s\n", indent, r.paint(s, label+":"), printable(lines[0]))
		for _, more := range lines[1:] {
			fmt.Fprintf(&r.b, "%s%s%s\n", indent, strings.Repeat(" ", len(label)+2), printable(more))
		}
	}
	if d.Expected != "" && d.Found != "" {
		line(styleBold, "expected", d.Expected)
		line(styleBold, "   found", d.Found)
	} else {
		line(styleBold, "expected", d.Expected)
		line(styleBold, "found", d.Found)
	}
	line(styleHint, "hint", d.Hint)
	if len(d.Also) > 0 {
		line(styleGutter, "also", d.places())
	}
}

// count prints "2 errors, 1 warning".
func (r *renderer) count(l List) {
	plural := func(n int, word string) string {
		if n == 1 {
			return "1 " + word
		}
		return fmt.Sprintf("%d %ss", n, word)
	}
	var parts []string
	if n := len(l.Errors()); n > 0 {
		parts = append(parts, r.paint(styleError, plural(n, "error")))
	}
	if n := len(l.Warnings()); n > 0 {
		parts = append(parts, r.paint(styleWarning, plural(n, "warning")))
	}
	r.b.WriteString(strings.Join(parts, ", ") + "\n")
}

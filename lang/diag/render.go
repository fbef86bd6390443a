package diag

import (
	"fmt"
	"io"
)

// RenderOptions sets how diagnostics are printed.
type RenderOptions struct {
	Color bool
}

// Render prints diagnostics for people.
func Render(w io.Writer, l List, opt RenderOptions) {
	for _, d := range l {
		where := d.Where
		if d.Source != nil {
			p := d.Source.Position(d.Span.Start)
			where = fmt.Sprintf("%s:%d:%d", d.Source.Name, p.Line, p.Column)
		}
		fmt.Fprintf(w, "%s: %s[%s]: %s\n", where, d.Severity, d.Code, d.Summary)
		if d.Hint != "" {
			fmt.Fprintf(w, "  hint: %s\n", d.Hint)
		}
	}
}

package parser

import "ppl/lang/diag"

// maxErrors bounds what one run reports: a binary file taken for a model would
// otherwise yield an error a byte.
const maxErrors = 100

// reporter collects diagnostics about one source.
type reporter struct {
	src  *diag.Source
	list diag.List
	full bool
}

func (r *reporter) add(d diag.Diagnostic) {
	if r.full {
		return
	}
	if len(r.list) == maxErrors {
		r.full = true
		d = diag.Diagnostic{Code: TooManyErrors, Span: d.Span, Summary: "there are more errors from here on", Hint: "mend the ones above first"}
	}
	d.Source = r.src
	r.list.Add(d)
}

func quote(text string) string { return "`" + text + "`" }

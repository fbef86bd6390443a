package parser

import (
	"sort"

	"ppl/lang/diag"
)

// reporter collects diagnostics about one source.
type reporter struct {
	src  *diag.Source
	list diag.List
	full bool
	// spoiled holds the offsets of text that was dropped: a syntax error in
	// the same line is an echo of it.
	spoiled []int
}

func (r *reporter) add(d diag.Diagnostic) {
	if r.full {
		return
	}
	if len(r.list) == diag.MaxErrors {
		r.full = true
		d = diag.Diagnostic{Code: diag.TooManyErrors, Span: d.Span, Summary: diag.MoreErrors, Hint: diag.MendFirst}
	}
	d.Source = r.src
	r.list.Add(d)
}

func quote(text string) string { return "`" + text + "`" }

// echoes reports whether text was dropped in the line of an offset.
func (r *reporter) echoes(offset int) bool {
	line := r.src.LineOf(offset)
	i := sort.Search(len(r.spoiled), func(i int) bool { return r.src.LineOf(r.spoiled[i]) >= line })
	return i < len(r.spoiled) && r.src.LineOf(r.spoiled[i]) == line
}

package parser

import (
	"slices"
	"sort"

	"ppl/lang/diag"
)

// maxPlaces bounds the places of repeated mistakes that are kept.
const maxPlaces = 1000

// reporter collects diagnostics about one source.
type reporter struct {
	src  *diag.Source
	list diag.List
	full bool
	// added counts what was ever added; seen are the mistakes among it.
	added int
	seen  map[diag.Mistake]bool
	// distinct counts what is not a repeat.
	distinct int
	// spoiled holds the offsets of text that was dropped: a syntax error in
	// the same line is an echo of it.
	spoiled []int
}

func (r *reporter) add(d diag.Diagnostic) {
	if r.full {
		return
	}
	d.Source = r.src
	words, ok := d.Mistake()
	repeat := ok && r.seen[words]
	switch {
	case repeat && len(r.list) >= maxPlaces:
		return // enough places are known
	case !repeat:
		r.distinct++
	}
	if r.seen == nil {
		r.seen = map[diag.Mistake]bool{}
	}
	if ok {
		r.seen[words] = true
	}
	if r.distinct > diag.MaxErrors {
		r.full = true
		d = diag.Diagnostic{Code: diag.TooManyErrors, Source: r.src, Span: d.Span, Summary: diag.MoreErrors, Hint: diag.MendFirst}
	}
	r.added++
	r.list.Add(d)
}

// drop takes back what was said of a stretch of text: the mistake is a larger
// one. Bytes that are no text at all stay reported, whatever they stand in.
func (r *reporter) drop(sp diag.Span) {
	r.list = slices.DeleteFunc(r.list, func(d diag.Diagnostic) bool {
		return sp.Start <= d.Span.Start && d.Span.End <= sp.End && d.Severity == diag.Error && d.Code != InvalidUTF8
	})
}

func quote(text string) string { return "`" + text + "`" }

// echoes reports whether text was dropped in the line of an offset.
func (r *reporter) echoes(offset int) bool {
	line := r.src.LineOf(offset)
	i := sort.Search(len(r.spoiled), func(i int) bool { return r.src.LineOf(r.spoiled[i]) >= line })
	return i < len(r.spoiled) && r.src.LineOf(r.spoiled[i]) == line
}

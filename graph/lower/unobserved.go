package lower

import (
	"fmt"

	"ppl/lang"
	"ppl/lang/diag"
)

// unobserved warns of data of which statements observe some rows, while nothing
// looks at the others: a range that ends before the data do. Of an array with more
// dimensions a row counts as observed if any of it is, since rows may be padded;
// data that are read elsewhere may be conditioned upon, as the first ones of an
// autoregression are.
func (l *lowerer) unobserved() {
	for _, s := range l.m.Data {
		o := l.observed[s.Name]
		if o == nil || l.readsData(s.Name) {
			continue
		}
		rows, first := l.idleRows(s, o)
		if rows == 0 {
			continue
		}
		shape := l.data.Values[s.Name].Shape
		where := ""
		if l.data.Where != nil {
			if at := l.data.Where(s.Name, first*(len(o.owner)/shape[0])); at != "" {
				where = " (" + at + ")"
			}
		}
		l.joint.Idle.Add(diag.Diagnostic{Code: "data-not-observed", Severity: diag.Warning, Source: l.m.File.Source, Span: s.Span,
			Summary: fmt.Sprintf("no `~` observes %d of the %d rows of `%s`, and nothing reads them: the first is `%s[%d]`%s", rows, shape[0], s.Name, s.Name, first+1, where),
			Hint:    "a range over all of the data ends with their length, `1..N`"})
	}
}

// idleRows counts the rows of an array of which no element is observed, other than
// those that are missing altogether, and finds the first.
func (l *lowerer) idleRows(s *lang.Symbol, o *observed) (rows, first int) {
	a := l.data.Values[s.Name]
	if a == nil || len(a.Shape) == 0 || len(o.owner) == 0 {
		return 0, 0
	}
	n := len(o.owner) / a.Shape[0]
	for r := range a.Shape[0] {
		idle := false
		for i := r * n; i < (r+1)*n; i++ {
			if o.owner[i] != 0 {
				idle = false
				break
			}
			idle = idle || a.Missing == nil || !a.Missing[i]
		}
		if idle {
			if rows == 0 {
				first = r
			}
			rows++
		}
	}
	return rows, first
}

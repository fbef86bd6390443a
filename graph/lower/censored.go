package lower

import (
	"fmt"
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Censored data. Each row has a range in which values are not seen: above a bound,
// below one, or between two. A value outside of its range is data as ever. One that
// lies in it, at its end, or that is missing is known to be in the range, and no
// more: the term is the log of its probability. A range that is empty, as above
// an infinite bound or between equal ones, hides nothing.

// row is what is known of one censored row.
type censoredRow struct {
	cell         float64 // among the objects of the statement
	lower, upper float64 // open; for integers both belong to it
}

// censored adds the terms of a statement whose data are censored.
func (l *lowerer) censored(s *ast.Sample, info *lang.SampleInfo) {
	decl, ok := dist.Find(info.Dist.Sig.Name)
	if !ok || decl.LogCDF == nil {
		l.fail("not-supported-here", s.Dist, "`%s` has no distribution function", info.Dist.Sig.Name)
	}
	g := l.censoredData(s, info)
	l.left(s.Index, func(idx []named.Value) {
		l.once(s, g.shape, l.observedArgs(s, idx, g.shape))
		// To list them all as whole: what is missing is no latent here.
		o := l.objects(s, info, &gaps{sym: g.sym, shape: g.shape, missing: make([]float64, len(g.known))}, idx)
		l.counting(s, o, g)
		known := slices.Clone(g.known)
		seen, hidden := l.divide(s, decl, g, o, known)
		l.observeObjects(s, info, g, o, known, seen)
		if len(hidden) > 0 {
			l.hidden(s, info, decl, g, o, hidden)
		}
	})
}

// censoredData are the data on the left, with what is missing of them.
func (l *lowerer) censoredData(s *ast.Sample, info *lang.SampleInfo) *gaps {
	if b := l.find(s.Name.Name); b != nil && b.gaps != nil {
		return b.gaps
	}
	x := l.lookup(s.Name.Name)
	if !x.IsConst() {
		l.fail("not-supported-here", s, "`%s` is not known from the data", s.Name.Name)
	}
	return &gaps{sym: info.Symbol, shape: x.Shape(), known: x.Const(), missing: make([]float64, len(x.Const()))}
}

// divide tells rows that were seen from those of which only a range is known. It
// puts the value of a missing one between equal bounds in its place.
func (l *lowerer) divide(s *ast.Sample, decl *dist.Dist, g *gaps, o *objects, known []float64) (seen []float64, hidden []censoredRow) {
	lower, upper := l.censoringBounds(s, o)
	discrete := decl.Support.Discrete()
	for _, c := range o.whole {
		i, r := int(o.pos[int(c)]), censoredRow{c, lower[int(c)], upper[int(c)]}
		if s.Censored.Side == "in" && r.lower > r.upper {
			l.badCensoring(s, o, r, "bad-censoring", "the interval of the censoring is empty")
		}
		if discrete {
			r = r.integers(s.Censored.Side)
		}
		missing, empty := g.missing[i] != 0, r.lower >= r.upper
		if discrete {
			empty = r.lower > r.upper || math.IsInf(r.lower, 1) || math.IsInf(r.upper, -1)
		}
		switch inside := known[i] >= r.lower && known[i] <= r.upper; {
		case !empty && (missing || inside):
			if !math.IsInf(r.lower, -1) || !math.IsInf(r.upper, 1) {
				hidden = append(hidden, r)
			}
		case !missing:
			seen = append(seen, c)
		case s.Censored.Side == "in":
			known[i] = r.lower
			seen = append(seen, c)
		}
	}
	return seen, hidden
}

// integers are those of the range: above c are the integers greater than c,
// below it those less, and between two bounds these belong to it.
func (r censoredRow) integers(side string) censoredRow {
	switch side {
	case "above":
		r.lower = math.Floor(r.lower) + 1
	case "below":
		r.upper = math.Ceil(r.upper) - 1
	default:
		r.lower, r.upper = math.Ceil(r.lower), math.Floor(r.upper)
	}
	return r
}

// censoringBounds evaluates the bounds for each object, infinite where there is none.
func (l *lowerer) censoringBounds(s *ast.Sample, o *objects) (lower, upper []float64) {
	eval := func(e ast.Expr) []float64 {
		v := l.b.With(l.openLead(e, o.lead), o.outer...)
		if !v.IsConst() {
			l.fail("not-supported-here", e, "the bounds of a censoring must be known from the data")
		}
		return v.Const()
	}
	none := func(x float64) []float64 {
		out := make([]float64, sizesOf(o.outer).Size())
		for i := range out {
			out[i] = x
		}
		return out
	}
	switch k := s.Censored; {
	case k.Interval != nil:
		return eval(k.Interval.Lo), eval(k.Interval.Hi)
	case k.Range != nil:
		return eval(k.Range.Lo), eval(k.Range.Hi)
	case k.Side == "above":
		return eval(k.Bound), none(math.Inf(1))
	}
	return none(math.Inf(-1)), eval(s.Censored.Bound)
}

// badCensoring reports the range of a row.
func (l *lowerer) badCensoring(s *ast.Sample, o *objects, r censoredRow, code diag.Code, summary string) {
	mask := make([]float64, len(o.whole))
	mask[int(r.cell)] = 1
	where := l.at(l.b.Wrap(l.b.G.Constant(sizesOf(o.outer), mask), o.outer...), int(r.cell))
	l.failWith(diag.Diagnostic{Code: code, Span: s.Censored.Span(), Summary: summary + where,
		Found: fmt.Sprintf("from %g to %g", r.lower, r.upper)})
}

// hidden adds the log probabilities of the ranges of rows that were not seen.
func (l *lowerer) hidden(s *ast.Sample, info *lang.SampleInfo, decl *dist.Dist, g *gaps, o *objects, rows []censoredRow) {
	var cells, lower, upper []float64
	for _, r := range rows {
		cells, lower, upper = append(cells, r.cell), append(lower, r.lower), append(upper, r.upper)
	}
	impossible := -1
	l.amongObjects(o, cells, func(a *named.Axis) {
		over := func(x []float64) named.Value { return l.b.Wrap(l.b.G.Constant(graph.Shape{len(x)}, x), a) }
		p := l.params(s.Dist, info.Dist, o.lead, map[string]int{})
		var from, to *named.Value
		if s.Dist.Interval != nil || s.Dist.Range != nil {
			c := l.interval(s.Dist, decl, o.lead)
			from, to = &c.lower, &c.upper
		}
		if can := dist.Possible(l.b, decl, p, over(lower), over(upper)); can.IsConst() {
			if _, impossible = l.offending(l.b.With(l.b.Not(can), a)); impossible >= 0 {
				return
			}
		}
		v, err := dist.LogInterval(l.b, decl, p, over(lower), over(upper), from, to)
		if err != nil {
			l.fail("not-supported-here", s.Dist, "%v", err)
		}
		place := func() named.Value { return l.elementsOver(places(len(g.known)), o, cells, a) }
		l.underObservation(&datum{name: g.sym.Name, shape: g.shape, place: place}, func() {
			l.addFactor(s, false, dist.Terms{v}, nil)
		})
	})
	if impossible >= 0 {
		l.badCensoring(s, o, rows[impossible], "outside-support", "the range of the censoring is impossible under `"+info.Dist.Sig.Name+"`")
	}
}

// isCensored reports whether a statement gives data as censored.
func (l *lowerer) isCensored(name string) bool {
	found := false
	ast.Inspect(l.m.File, func(n ast.Node) bool {
		s, ok := n.(*ast.Sample)
		found = found || ok && s.Censored != nil && s.Name.Name == name
		return !found
	})
	return found
}

package lower

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// A datum that its distribution cannot have produced is named: element, value,
// and where it stands in the files. Two things give it away. The support, as the
// declaration of the distribution has it, is looked at first, since it says what
// was expected. Whatever else makes the density 0, infinite or not a number
// shows in its terms, as far as these are known from the data alone.
//
// Where no fit could start, the model is interpreted once more with the latents
// known at several points (Unfit): then all terms are known, and what is bad at
// every point is the datum to name.

// datum is what a statement observes: values of the data, and which they are.
type datum struct {
	name  string
	shape graph.Shape // of the array that they are elements of
	// value is over the axes of the density, with the event as its dimensions; so
	// is what place gives: the positions of the elements in the array, row-major
	// from 0. Where density opens iid dimensions, these are lead in both.
	value named.Value
	place func() named.Value
	lead  []*named.Axis
	// params are those of its distribution.
	params dist.Params
}

// underObservation runs f, in which densities are those of a datum.
func (l *lowerer) underObservation(d *datum, f func()) {
	saved := l.datum
	defer func() { l.datum = saved }()
	l.datum = d
	f()
}

// openDatum takes the iid dimensions of a datum for axes.
func (l *lowerer) openDatum(lead []*named.Axis) {
	if d := l.datum; d != nil {
		d.value, d.lead = l.b.Open(d.value, lead...), lead
	}
}

// event lists the elements of a value with the event that a datum has, at element
// i of a mask over its axes.
func (l *lowerer) event(v, mask named.Value, i int) []float64 {
	n := v.Shape().Size()
	c := l.b.With(l.in(l.now, v), mask.Axes()...).Const()
	if len(c) != n*len(mask.Const()) { // the same in all of them
		return c[:n]
	}
	return c[i*n : (i+1)*n]
}

// datumText names the datum at element i of a mask: "`y[2]` is 5 (d.csv:3, row 2)".
func (l *lowerer) datumText(mask named.Value, i int) string {
	name, where := l.datumName(mask, i)
	return fmt.Sprintf("%s is %s%s", name, vectorText(l.event(l.datum.value, mask, i)), where)
}

// datumName is the name of the datum, "`y[2]`", and where it is from.
func (l *lowerer) datumName(mask named.Value, i int) (name, where string) {
	d := l.datum
	first := int(l.event(l.b.Open(d.place(), d.lead...), mask, i)[0])
	name = d.name
	if n := len(d.shape) - d.value.Rank(); n > 0 {
		outer := d.shape[:n]
		name += "[" + element(outer, first/max(1, d.shape[n:].Size())) + "]"
	}
	if l.data.Where != nil {
		if at := l.data.Where(d.name, first); at != "" {
			where = " (" + at + ")"
		}
	}
	return "`" + name + "`", where
}

// vectorText writes a number, or the first ones of several.
func vectorText(x []float64) string {
	const most = 8
	if len(x) == 1 {
		return diag.Number(x[0])
	}
	parts := make([]string, 0, most)
	for _, v := range x[:min(most, len(x))] {
		parts = append(parts, diag.Number(v))
	}
	if len(x) > most {
		parts = append(parts, "...")
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// checkSupport checks the datum against the support of its distribution, as far
// as its bounds are known.
func (l *lowerer) checkSupport(at ast.Node, call *lang.DistCall, decl *dist.Dist, p dist.Params) {
	s := decl.SupportOf(p)
	if kind, ok := supportKinds[s.Kind]; ok {
		l.checkEvent(at, call, kind)
		return
	}
	if mask, i := l.outOfSupport(s); i >= 0 {
		l.impossible(at, call, mask, i, l.supportText(s, mask, i))
	}
}

// supportKinds are the kinds of values of the supports that are no intervals.
var supportKinds = map[lang.SupportKind]lang.Kind{
	lang.SupportSimplex: lang.Simplex, lang.SupportOrdered: lang.Ordered, lang.SupportPositiveOrdered: lang.PositiveOrdered,
	lang.SupportUnitVector: lang.UnitVector, lang.SupportSumToZero: lang.SumToZero, lang.SupportCholeskyCorr: lang.CholeskyCorr,
	lang.SupportCorr: lang.Corr, lang.SupportCov: lang.Cov,
}

// checkEvent checks each vector or matrix of a datum.
func (l *lowerer) checkEvent(at ast.Node, call *lang.DistCall, kind lang.Kind) {
	mask, i := l.firstBadEvent(l.datum.value, func(x []float64, k int) bool { return kind.Violation(x, k) == "" })
	if i < 0 {
		return
	}
	name, where := l.datumName(mask, i)
	x := l.event(l.datum.value, mask, i)
	d := diag.Diagnostic{Code: "outside-support", Span: at.Span(), Expected: kind.Phrase(), Found: vectorText(x),
		Summary: fmt.Sprintf("%s is not %s: %s%s, which is impossible under `%s`%s", name, kind.Phrase(), kind.Violation(x, l.datum.value.Shape()[0]), where, call.Sig.Name, l.at(mask, i))}
	d.Hint = kind.ViolationHint(x)
	l.failWith(d)
}

// outOfSupport finds a datum outside a support whose elements are numbers; its ends
// count as inside, and bounds that latents decide are left out.
func (l *lowerer) outOfSupport(s dist.Support) (mask named.Value, i int) {
	lo, hi := math.Inf(-1), math.Inf(1)
	switch s.Kind {
	case lang.SupportPositive, lang.SupportNaturals:
		lo = 0
	case lang.SupportUnit, lang.SupportBool:
		lo, hi = 0, 1
	case lang.SupportPositiveInts:
		lo = 1
	case lang.SupportCategories:
		lo, hi = 1, float64(s.Count)
	case lang.SupportIntRange, lang.SupportInterval, lang.SupportLower, lang.SupportUpper:
		if mask, i = l.outOfBounds(s); i >= 0 {
			return mask, i
		}
		if !s.Lower.Valid() && s.Kind != lang.SupportUpper {
			lo = s.Min
		}
		if !s.Upper.Valid() && s.Kind != lang.SupportLower {
			hi = s.Max
		}
	default:
		return l.datum.value, -1
	}
	whole := s.Kind.Discrete()
	return l.firstBadEvent(l.datum.value, func(x []float64, _ int) bool {
		for _, v := range x {
			if !(lo <= v && v <= hi) || whole && v != math.Floor(v) {
				return false
			}
		}
		return true
	})
}

// outOfBounds finds a datum beyond a bound of its support that is a known parameter,
// and may differ from one datum to the other.
func (l *lowerer) outOfBounds(s dist.Support) (mask named.Value, i int) {
	x := l.datum.value
	if l.standIn() {
		return x, -1
	}
	for _, side := range []struct {
		bound  named.Value
		beyond func(x, bound named.Value) named.Value
	}{{s.Lower, l.b.Less}, {s.Upper, l.b.Greater}} {
		if !side.bound.Valid() || !side.bound.IsConst() || x.Rank() > 0 {
			continue
		}
		if mask, i = l.firstBad(side.beyond(x, side.bound), func(x float64) bool { return x == 0 }); i >= 0 {
			return mask, i
		}
	}
	return x, -1
}

// standIn reports whether some value stands for those that a discrete latent may
// have, where it is relaxed or has infinitely many: what is known is then known of
// that one alone.
func (l *lowerer) standIn() bool {
	return l.relaxes || slices.ContainsFunc(l.siteOrder, func(d *discrete) bool { return d.infinite })
}

// ends are the bounds of a support that is an interval; not valid where it has none.
func (l *lowerer) ends(s dist.Support) (lo, hi named.Value) {
	lo, hi = s.Lower, s.Upper
	if !lo.Valid() && s.Kind != lang.SupportUpper {
		lo = l.b.Scalar(s.Min)
	}
	if !hi.Valid() && s.Kind != lang.SupportLower {
		hi = l.b.Scalar(s.Max)
	}
	return lo, hi
}

// supportText says what a support holds, at element i of a mask.
func (l *lowerer) supportText(s dist.Support, mask named.Value, i int) string {
	switch s.Kind {
	case lang.SupportPositive:
		return "a value that is not negative"
	case lang.SupportUnit:
		return "a value from 0 to 1"
	case lang.SupportBool:
		return "0 or 1"
	case lang.SupportNaturals:
		return "a count: 0, 1, 2, ..."
	case lang.SupportPositiveInts:
		return "a positive integer"
	case lang.SupportCategories:
		return fmt.Sprintf("a category from 1 to %d", s.Count)
	case lang.SupportIntRange, lang.SupportInterval, lang.SupportLower, lang.SupportUpper:
		return l.boundsText(s, mask, i)
	}
	return ""
}

func (l *lowerer) boundsText(s dist.Support, mask named.Value, i int) string {
	what := "a value"
	if s.Kind.Discrete() {
		what = "an integer"
	}
	lo, hi := l.ends(s)
	if known(lo) {
		what += " from " + diag.Number(l.elementAt(lo, mask, i))
	}
	if known(hi) {
		what += " to " + diag.Number(l.elementAt(hi, mask, i))
	}
	if !known(lo) && !known(hi) && !s.Kind.Discrete() {
		return "" // latents decide
	}
	return what
}

// impossible reports a datum that its distribution cannot produce.
func (l *lowerer) impossible(at ast.Node, call *lang.DistCall, mask named.Value, i int, expected string) {
	d := diag.Diagnostic{Code: "outside-support", Span: at.Span(), Expected: expected,
		Summary: fmt.Sprintf("%s, which is impossible under `%s`%s%s", l.datumText(mask, i), call.Sig.Name, l.anyStart(), l.at(mask, i))}
	if call.Sig.Support == lang.SupportCategories && slices.Contains(l.event(l.datum.value, mask, i), 0) {
		d.Hint = "categories count from 1: add 1, or declare the data as a factor"
	}
	if expected != "" {
		d.Found = vectorText(l.event(l.datum.value, mask, i))
	} else {
		d.Hint = l.endHint(call.Sig.Support, mask, i)
	}
	if l.unfit && d.Hint == "" {
		d.Hint = "check that the priors allow it"
	}
	l.failWith(d)
}

// notImpossible refuses a term of the density that is known, and not finite,
// somewhere.
func (l *lowerer) notImpossible(at *ast.Sample, call *lang.DistCall, t named.Value) {
	t = l.knownPart(t)
	if !t.IsConst() || enumerated(t) && l.standIn() {
		return
	}
	finite := func(x float64) bool { return x-x == 0 }
	if _, i := l.firstBad(t, finite); i < 0 {
		return
	}
	t = l.b.With(t, l.datum.value.Axes()...)
	mask, i := l.firstBad(t, finite)
	l.checkMatrices(call)
	for _, a := range t.Axes() {
		if a.Class == named.Enumerated {
			t = l.b.ReduceAxis(op.MaxOf, t, a)
		}
	}
	x := l.elementAt(t, mask, i)
	what := fmt.Sprintf("the log density of `%s` is infinite whatever the latents are", call.Sig.Name)
	switch {
	case l.unfit:
		what = fmt.Sprintf("the density of `%s` is 0 or not finite%s", call.Sig.Name, l.anyStart())
	case math.IsInf(x, -1):
		l.impossible(at, call, mask, i, l.countsText(mask, i))
	case math.IsNaN(x):
		what = fmt.Sprintf("the log density of `%s` is not a number whatever the latents are", call.Sig.Name)
	}
	l.failWith(diag.Diagnostic{Code: "density-not-finite", Span: at.Span(), Hint: l.endHint(call.Sig.Support, mask, i),
		Summary: l.datumText(mask, i) + ", where " + what + l.at(mask, i)})
}

// knownPart is a term itself or, where only that is known, which of its elements
// are -Inf by the guard of a support: the others are 0.
func (l *lowerer) knownPart(t named.Value) named.Value {
	m, ok := t.N.Op.(*op.Map)
	if !ok || m.F != op.Where || !t.N.In[0].IsConst() {
		return t
	}
	if c, ok := t.N.In[2].ConstScalar(); !ok || !math.IsInf(c, -1) {
		return t
	}
	var axes []*named.Axis
	for _, d := range m.Dims[0] {
		if d >= len(t.Axes()) {
			return t
		}
		axes = append(axes, t.Axes()[d])
	}
	return l.b.Where(l.b.Wrap(t.N.In[0], axes...), l.b.Scalar(0), l.b.Scalar(math.Inf(-1)))
}

// countsText says what counts of a known number of trials are.
func (l *lowerer) countsText(mask named.Value, i int) string {
	n, ok := l.datum.params.Values["n"]
	if !ok || !known(n) || n.Rank() > 0 || l.datum.value.Rank() != 1 {
		return ""
	}
	return "counts that sum to " + diag.Number(l.elementAt(n, mask, i))
}

// endHint says what to do with a datum that lies on an end of its support, where
// most densities are 0 or infinite.
func (l *lowerer) endHint(s lang.SupportKind, mask named.Value, i int) string {
	x := l.event(l.datum.value, mask, i)
	zero, one := slices.Contains(x, 0), slices.Contains(x, 1)
	switch {
	case zero && s == lang.SupportPositive:
		return "0 is the end of the support: give exact zeros a part of the model of their own, or shift them by what the measurement cannot tell from 0"
	case zero && s == lang.SupportSimplex:
		return "0 is the end of the support: replace exact zeros by a share that the measurement cannot tell from 0, and divide each row by its sum"
	case (zero || one) && s == lang.SupportUnit:
		return "0 and 1 are the ends of the support: give exact ones a part of the model of their own, or move all inwards, as (y * (N - 1) + 0.5) / N does (Smithson & Verkuilen 2006)"
	}
	return ""
}

package lower

import (
	"math"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// bounded reports whether the support of a latent depends on parameters.
func (l *lowerer) bounded(s *ast.Sample, info *lang.SampleInfo) bool {
	if info.ValueKind != lang.Plain && !orderedWithin(info) {
		return false
	}
	switch info.Dist.Sig.Support {
	case lang.SupportInterval, lang.SupportLower, lang.SupportUpper:
		return true
	}
	return s.Dist.Interval != nil
}

// boundsOf are the expressions that the support of a latent depends on.
func (l *lowerer) boundsOf(s *ast.Sample, info *lang.SampleInfo) []ast.Node {
	var out []ast.Node
	sig := info.Dist.Sig
	for i, p := range sig.Forms[info.Dist.Form].Params {
		if e := info.Dist.Args[i]; e != nil && (p.Name == sig.Lower || p.Name == sig.Upper) {
			out = append(out, e)
		}
	}
	if s.Dist.Interval != nil {
		out = append(out, s.Dist.Interval.Lo, s.Dist.Interval.Hi)
	}
	return out
}

var kindSupports = map[lang.Kind]lang.SupportKind{
	lang.Simplex: lang.SupportSimplex, lang.Ordered: lang.SupportOrdered, lang.PositiveOrdered: lang.SupportPositiveOrdered,
	lang.UnitVector: lang.SupportUnitVector, lang.SumToZero: lang.SupportSumToZero, lang.CholeskyCorr: lang.SupportCholeskyCorr,
	lang.Corr: lang.SupportCorr, lang.Cov: lang.SupportCov,
}

// support is the set on which the site lives: that of its kind, or that of its
// distribution, cut by a truncation.
func (l *lowerer) support(s *ast.Sample, info *lang.SampleInfo, x box) (dist.Support, int) {
	if orderedWithin(info) {
		return l.orderedSupport(info, x), 1
	}
	if info.ValueKind != lang.Plain {
		return dist.Support{Kind: kindSupports[info.ValueKind]}, info.ValueKind.EventRank()
	}
	return l.plainSupport(s, info, x), info.Dist.Sig.EventRank
}

// orderedWithin reports whether a latent is an ordered vector of numbers in an
// interval: `cut : ordered[3] ~ Uniform(0, 10)`.
func orderedWithin(info *lang.SampleInfo) bool {
	ordered := info.ValueKind == lang.Ordered || info.ValueKind == lang.PositiveOrdered
	return ordered && (info.Dist.Sig.Support == lang.SupportInterval || info.Dist.Sig.Support == lang.SupportUnit)
}

// orderedSupport is that of an ordered vector in an interval. Positive ones
// have no elements below 0, whatever the interval.
func (l *lowerer) orderedSupport(info *lang.SampleInfo, x box) dist.Support {
	out := dist.Support{Kind: lang.SupportOrderedInterval, Lower: l.b.Scalar(0), Upper: l.b.Scalar(1)}
	sig := info.Dist.Sig
	for i, p := range sig.Forms[info.Dist.Form].Params {
		switch p.Name {
		case sig.Lower:
			out.Lower = l.bound(info.Dist.Args[i], p.Default, x)
		case sig.Upper:
			out.Upper = l.bound(info.Dist.Args[i], p.Default, x)
		}
	}
	if info.ValueKind == lang.PositiveOrdered {
		out.Lower = l.b.Max(out.Lower, l.b.Scalar(0))
	}
	return out
}

// plainSupport is the support of a latent without a kind of its own.
func (l *lowerer) plainSupport(s *ast.Sample, info *lang.SampleInfo, x box) dist.Support {
	sig := info.Dist.Sig
	sup := dist.Support{Kind: sig.Support}
	// A support that needs no parameters is settled without evaluating them:
	// in a loop they may refer to the very block that is being made.
	need := map[string]bool{sig.Lower: sig.Lower != "", sig.Upper: sig.Upper != ""}
	form := sig.Forms[info.Dist.Form]
	bounds := map[string]named.Value{}
	for i, p := range form.Params {
		if need[p.Name] {
			bounds[p.Name] = l.bound(info.Dist.Args[i], p.Default, x)
		}
	}
	sup.Lower, sup.Upper = bounds[sig.Lower], bounds[sig.Upper]
	if t := s.Dist.Interval; t != nil {
		sup = l.cut(sup, l.bound(t.Lo, "", x), l.bound(t.Hi, "", x))
	}
	return sup
}

// bound evaluates a bound: a scalar, or an array that fits the part x.
func (l *lowerer) bound(e ast.Expr, deflt string, x box) named.Value {
	if e == nil {
		return l.number(deflt)
	}
	v := l.eval(e).Value
	if l.narrowed != nil && v.Rank() > 0 {
		l.fits(e, val{v, lang.Real}, 0, l.narrowed.lead)
		v = l.openArgument(v, l.narrowed.lead)
	}
	if enumerated(v) {
		l.fail("not-supported-here", e, "the support of a continuous latent may not depend on a discrete one")
	}
	varies := v.Rank() > 0
	for _, a := range v.Axes() {
		varies = varies || a.Class != named.Particle
	}
	if !varies {
		return v
	}
	return l.b.Reshape(l.b.Close(l.iid(e, v, x.inner[len(x.axes):]), x.axes...), x.full)
}

// iid repeats a scalar over a shape.
func (l *lowerer) iid(at ast.Node, v named.Value, shape graph.Shape) named.Value {
	switch {
	case v.Shape().Equal(shape):
		return v
	case v.Rank() == 0:
		return l.b.Spread(v, shape)
	}
	want := lang.Type{Elem: lang.Real}
	for _, n := range shape {
		want.Dims = append(want.Dims, lang.DimInt(n))
	}
	l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: at.Span(),
		Summary:  "a bound is a scalar or has the shape of what it bounds",
		Expected: want.String(), Found: typeOf(val{v, lang.Real}).String()})
	return v
}

// cut intersects a support on the line with an open interval.
func (l *lowerer) cut(s dist.Support, lo, hi named.Value) dist.Support {
	b := l.b
	lower, upper := s.Lower, s.Upper
	switch s.Kind {
	case lang.SupportPositive:
		lower = b.Scalar(0)
	case lang.SupportUnit:
		lower, upper = b.Scalar(0), b.Scalar(1)
	case lang.SupportCircle: // an arc is an interval
		lower, upper = b.Scalar(-math.Pi), b.Scalar(math.Pi)
	}
	if c, ok := lo.Float(); !ok || !math.IsInf(c, -1) {
		lower = tighter(lower, lo, b.Max)
	}
	if c, ok := hi.Float(); !ok || !math.IsInf(c, 1) {
		upper = tighter(upper, hi, b.Min)
	}
	open := mayBeInfinite(lower) || mayBeInfinite(upper)
	switch {
	case lower.Valid() && upper.Valid():
		return dist.Support{Kind: lang.SupportInterval, Lower: lower, Upper: upper, Unbounded: open}
	case lower.Valid():
		if c, ok := lower.Float(); ok && c == 0 {
			return dist.Support{Kind: lang.SupportPositive}
		}
		return dist.Support{Kind: lang.SupportLower, Lower: lower, Unbounded: open}
	case upper.Valid():
		return dist.Support{Kind: lang.SupportUpper, Upper: upper, Unbounded: open}
	}
	return dist.Support{Kind: lang.SupportReal}
}

// mayBeInfinite reports whether elements of a bound are infinite, or may be: a
// bound that the data do not tell may.
func mayBeInfinite(v named.Value) bool {
	if !v.Valid() || !v.IsConst() {
		return v.Valid()
	}
	for _, x := range v.Const() {
		if math.IsInf(x, 0) {
			return true
		}
	}
	return false
}

func tighter(old, cut named.Value, f func(x, y named.Value) named.Value) named.Value {
	if !old.Valid() {
		return cut
	}
	return f(old, cut)
}

func (l *lowerer) number(text string) named.Value {
	return l.eval(parseNumber(text)).Value
}

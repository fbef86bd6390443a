package lower

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// parseNumber reads the default of a parameter.
func parseNumber(text string) ast.Expr {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("lower: the default %q is not a number", text))
	}
	return &ast.Number{Text: text, Value: x, Real: true}
}

var paramRules = map[lang.ParamConstraint]struct {
	text string
	ok   func(x float64) bool
}{
	lang.Positive:       {"a positive number", func(x float64) bool { return x > 0 }},
	lang.NonNegative:    {"a number that is not negative", func(x float64) bool { return x >= 0 }},
	lang.Unit:           {"a number from 0 to 1", func(x float64) bool { return x >= 0 && x <= 1 }},
	lang.NonNegativeInt: {"an integer that is not negative", func(x float64) bool { return x >= 0 && x == math.Trunc(x) }},
	lang.PositiveInt:    {"a positive integer", func(x float64) bool { return x > 0 && x == math.Trunc(x) }},
}

// checkParam checks a parameter that the data determine.
func (l *lowerer) checkParam(e ast.Expr, call *lang.DistCall, ps lang.ParamSig, v named.Value) {
	if !v.IsConst() {
		return
	}
	if l.unfit {
		l.checkMatrix(e, call, ps, v)
	}
	if rule, ok := paramRules[ps.Constraint]; ok {
		l.require("bad-parameter", e, v, rule.ok, fmt.Sprintf("the parameter `%s` of `%s` is out of its range%s", ps.Name, call.Sig.Name, l.anyStart()), rule.text)
	}
}

// checkMatrices checks the matrices that parametrise a datum's distribution. That
// takes as long as the density does, so it is left until the density is bad.
func (l *lowerer) checkMatrices(call *lang.DistCall) {
	for i, ps := range call.Sig.Forms[call.Form].Params {
		if v := l.datum.params.Values[ps.Name]; call.Args[i] != nil && v.IsConst() {
			l.checkMatrix(call.Args[i], call, ps, v)
		}
	}
}

// checkMatrix checks a matrix by its factor: some entry of its diagonal is not
// positive where there is none.
func (l *lowerer) checkMatrix(e ast.Expr, call *lang.DistCall, ps lang.ParamSig, v named.Value) {
	var what, expected string
	factor := v
	switch ps.Constraint {
	case lang.PositiveDefinite:
		factor = l.b.Cholesky(v)
		what, expected = "positive definite", "a positive definite matrix"
	case lang.CholeskyFactor:
		what, expected = "the Cholesky factor of a positive definite matrix", "a lower triangular matrix with a positive diagonal"
	default:
		return
	}
	mask, i := l.firstBadEvent(factor, func(x []float64, k int) bool { return badPivot(x, k) < 0 })
	if i < 0 {
		return
	}
	x := l.event(v, mask, i)
	k := v.Shape()[0]
	d := diag.Diagnostic{Code: "bad-parameter", Span: e.Span(), Expected: expected,
		Summary: fmt.Sprintf("the parameter `%s` of `%s` is not %s%s%s", ps.Name, call.Sig.Name, what, l.anyStart(), l.at(mask, i))}
	switch r, s, equal := equalRows(x, k); {
	case equal:
		d.Found = fmt.Sprintf("rows %d and %d are equal", r+1, s+1)
	case ps.Constraint == lang.PositiveDefinite:
		d.Found = lang.Cov.Violation(x, k)
	default:
		r := badPivot(x, k)
		d.Found = fmt.Sprintf("entry [%d, %d] is %s", r+1, r+1, diag.Number(x[r*k+r]))
	}
	text := l.m.File.Source.Slice(e.Span())
	if ps.Constraint == lang.CholeskyFactor || strings.Contains(text, "\n") {
		text = "S"
	}
	d.Hint = fmt.Sprintf("rows that are equal, or nearly so, make a covariance singular: add a jitter to its diagonal, `%s + 1e-6 * eye(%d)`", text, k)
	l.failWith(d)
}

// badPivot is the first entry of the diagonal of a factor that is not a positive
// number, -1 if all are.
func badPivot(x []float64, k int) int {
	for r := range k {
		if v := x[r*k+r]; !(v > 0) || math.IsInf(v, 0) {
			return r
		}
	}
	return -1
}

// equalRows finds two rows of a matrix that are equal.
func equalRows(x []float64, k int) (r, s int, ok bool) {
	for s := range k {
		for r := range s {
			if slices.Equal(x[r*k:(r+1)*k], x[s*k:(s+1)*k]) {
				return r, s, true
			}
		}
	}
	return 0, 0, false
}

// require reports the first element of a known value, where the guard holds,
// that is not as it should be.
func (l *lowerer) require(code diag.Code, at ast.Node, v named.Value, ok func(x float64) bool, summary, expected string) {
	if mask, i := l.firstBad(v, ok); i >= 0 {
		l.outside(code, at, v, mask, i, summary, expected)
	}
}

// firstBad finds the first element of a known value, where the guard holds,
// that is not ok; -1 if there is none. The mask says where it is.
func (l *lowerer) firstBad(v named.Value, ok func(x float64) bool) (mask named.Value, i int) {
	var bad []float64
	for i, x := range v.Const() {
		if !ok(x) {
			if bad == nil {
				bad = make([]float64, len(v.Const()))
			}
			bad[i] = 1
		}
	}
	if bad == nil {
		return v, -1
	}
	return l.everywhere(l.offending(l.b.Wrap(l.b.G.Constant(v.N.Shape, bad), v.Axes()...)))
}

// firstBadEvent is firstBad for the vectors or matrices of a known value, of which
// k is the first length.
func (l *lowerer) firstBadEvent(v named.Value, ok func(x []float64, k int) bool) (mask named.Value, i int) {
	n, k := v.Shape().Size(), 1
	if n == 0 {
		return v, -1
	}
	if v.Rank() > 0 {
		k = v.Shape()[0]
	}
	all := v.Const()
	var bad []float64
	for i := range len(all) / n {
		if !ok(all[i*n:(i+1)*n], k) {
			if bad == nil {
				bad = make([]float64, len(all)/n)
			}
			bad[i] = 1
		}
	}
	if bad == nil {
		return v, -1
	}
	return l.everywhere(l.offending(l.b.Wrap(l.b.G.Constant(v.N.Shape[:len(v.Axes())], bad), v.Axes()...)))
}

// everywhere takes what was found for bad only where it is so at all points of
// the latents and for all values of discrete ones: some may be impossible.
func (l *lowerer) everywhere(mask named.Value, i int) (named.Value, int) {
	for _, a := range mask.Axes() {
		if a.Class == named.Particle || a.Class == named.Enumerated {
			mask = l.b.ReduceAxis(op.AllOf, mask, a)
		}
	}
	if i >= 0 {
		i = slices.IndexFunc(mask.Const(), func(x float64) bool { return x != 0 })
	}
	return mask, i
}

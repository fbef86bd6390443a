package lower

import (
	"fmt"
	"math"
	"strconv"

	"ppl/graph/dist"
	"ppl/graph/named"
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
	rule, ok := paramRules[ps.Constraint]
	if !ok || !v.IsConst() {
		return
	}
	l.require("bad-parameter", e, v, rule.ok, fmt.Sprintf("the parameter `%s` of `%s` is out of its range", ps.Name, call.Sig.Name), rule.text)
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
	return l.offending(l.b.Wrap(l.b.G.Constant(v.N.Shape, bad), v.Axes()...))
}

// checkSupport checks an observed value against the support of its
// distribution, as far as the kind of support tells.
func (l *lowerer) checkSupport(at ast.Node, call *lang.DistCall, p dist.Params, x named.Value) {
	if !x.IsConst() {
		return
	}
	text, ok := supportRule(call, p)
	if ok == nil {
		return
	}
	l.require("outside-support", at, x, ok, fmt.Sprintf("the observed value is impossible under `%s`", call.Sig.Name), text)
}

func supportRule(call *lang.DistCall, p dist.Params) (string, func(float64) bool) {
	whole := func(x float64) bool { return x == math.Trunc(x) }
	switch call.Sig.Support {
	case lang.SupportPositive:
		return "a value that is not negative", func(x float64) bool { return x >= 0 }
	case lang.SupportUnit:
		return "a value from 0 to 1", func(x float64) bool { return x >= 0 && x <= 1 }
	case lang.SupportBool:
		return "0 or 1", func(x float64) bool { return x == 0 || x == 1 }
	case lang.SupportNaturals:
		return "a count: 0, 1, 2, ...", func(x float64) bool { return x >= 0 && whole(x) }
	case lang.SupportIntRange:
		return "an integer", whole
	case lang.SupportPositiveInts:
		return "a positive integer", func(x float64) bool { return x >= 1 && whole(x) }
	case lang.SupportCategories:
		d, ok := dist.Find(call.Sig.Name)
		if !ok || d.Categories == nil {
			return "", nil
		}
		k := d.Categories(p)
		return fmt.Sprintf("a category from 1 to %d", k), func(x float64) bool { return x >= 1 && x <= float64(k) && whole(x) }
	}
	return "", nil
}

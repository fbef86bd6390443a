package lower

import (
	"slices"

	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/diag"
)

// unfitCodes are the codes of what a datum or a parameter can be at fault for.
var unfitCodes = []diag.Code{"outside-support", "density-not-finite", "bad-parameter"}

// Unfit says which data keep the log density from being finite, where no starting
// point was found: the model is interpreted with the latents known at several
// points, which src supplies as constants along the axis of the particles. What is
// reported is at fault at every one of them. There may be nothing: it may be the
// sum that is not finite, a `factor`, or something else at each point.
func Unfit(m *lang.Model, data *Data, src Source, b *named.Builder, opt Options) diag.List {
	l := newLowerer(m, data, src, b)
	l.options, l.unfit = opt, true
	b.Limit, b.G.Limit = opt.limit(), l.mostElements()
	l.block(l.stmts)
	l.diags.Sort()
	return slices.DeleteFunc(l.diags, func(d diag.Diagnostic) bool { return !slices.Contains(unfitCodes, d.Code) })
}

// anyStart completes a message about what is at fault wherever a fit may start.
func (l *lowerer) anyStart() string {
	if l.unfit {
		return " wherever the fit tried to start"
	}
	return ""
}

// known reports whether a value is known, and the same at all points.
func known(v named.Value) bool {
	return v.Valid() && v.IsConst() && !slices.ContainsFunc(v.Axes(), func(a *named.Axis) bool { return a.Class == named.Particle })
}

package lower

import (
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// logDensity interprets log_density(DIST, x): the density of the whole event.
func (l *lowerer) logDensity(e *ast.Call) val {
	d := l.distArg(e)
	x := l.eval(e.Args[1].Value)
	total := l.b.Scalar(0)
	l.underObservation(nil, func() { // x is an argument, whatever statement this stands in
		terms, lead := l.density(d, l.m.Dists[d.Call], x.Value, false, e)
		for _, t := range terms {
			total = l.b.Add(total, l.sumOver(t, lead))
		}
	})
	return val{total, lang.Real}
}

// distArg is the distribution that is the first argument of a call.
func (l *lowerer) distArg(e *ast.Call) *ast.Dist {
	switch a := e.Args[0].Value.(type) {
	case *ast.DistExpr:
		return a.Dist
	case *ast.Call:
		return &ast.Dist{At: a.At, Call: a}
	}
	l.fail("not-supported-here", e, "`%s` needs a distribution", e.Fn.Name)
	return nil
}

// logTail interprets log_cdf(DIST, x) and log_ccdf(DIST, x); of an array x, the log
// probability that all of as many independent values are on that side.
func (l *lowerer) logTail(e *ast.Call, above bool) val {
	d := l.distArg(e)
	call := l.m.Dists[d.Call]
	decl, ok := dist.Find(call.Sig.Name)
	if !ok || call.Sig.NotYet != "" || decl.LogCDF == nil {
		l.fail("not-supported-here", d, "`%s` has no distribution function", call.Sig.Name)
	}
	x := l.eval(e.Args[1].Value)
	depth := l.depth
	defer func() { l.depth = depth }()
	lead := make([]*named.Axis, x.Rank())
	for i := range lead {
		lead[i] = l.newAxis("_", x.Shape()[i], named.Comprehension)
	}
	v := l.tailOver(d, decl, call, l.b.Open(x.Value, lead...), lead, above)
	return val{l.sumOver(v, lead), lang.Real}
}

// tailOver is log P(X ≤ x), or log P(X > x) if above, for x whose iid dimensions are the axes lead.
func (l *lowerer) tailOver(d *ast.Dist, decl *dist.Dist, call *lang.DistCall, x named.Value, lead []*named.Axis, above bool) named.Value {
	p := l.params(d, call, lead, map[string]int{})
	var lower, upper *named.Value
	if d.Interval != nil || d.Range != nil {
		c := l.interval(d, decl, lead)
		lower, upper = &c.lower, &c.upper
	}
	v, err := dist.LogTail(l.b, decl, x, p, above, lower, upper)
	if err != nil {
		l.fail("not-supported-here", d, "%v", err)
	}
	return v
}

// density builds the terms of the density of x, whose leading dimensions,
// before the distribution's own, are iid: they are opened as axes, which are
// returned with the terms.
func (l *lowerer) density(d *ast.Dist, call *lang.DistCall, x named.Value, inside bool, at ast.Node) (dist.Terms, []*named.Axis) {
	decl, ok := dist.Find(call.Sig.Name)
	if !ok || decl.LogDensity == nil || call.Sig.NotYet != "" {
		l.fail("not-supported-here", d, "`%s` is not supported yet", call.Sig.Name)
	}
	n := x.Rank() - call.Sig.EventRank
	if n < 0 {
		l.fail("shape-at-binding", at, "`%s` describes arrays of rank %d", call.Sig.Name, call.Sig.EventRank)
	}
	depth := l.depth
	defer func() { l.depth = depth }()
	lead := make([]*named.Axis, n)
	for i := range lead {
		lead[i] = l.newAxis("_", x.Shape()[i], named.Comprehension)
	}
	sizes := map[string]int{}
	for i, name := range call.Sig.EventDims {
		sizes[name] = x.Shape()[n+i]
	}
	l.openDatum(lead)
	return l.densityOver(d, call, l.b.Open(x, lead...), lead, sizes, inside, at), lead
}

// densityOver is the density of x, whose iid dimensions are the axes lead;
// sizes are those of its event, by name.
func (l *lowerer) densityOver(d *ast.Dist, call *lang.DistCall, x named.Value, lead []*named.Axis, sizes map[string]int, inside bool, at ast.Node) dist.Terms {
	decl, _ := dist.Find(call.Sig.Name)
	p := l.params(d, call, lead, sizes)
	p.Inside = inside || l.data.Checked && l.datum != nil && x.IsConst() && !enumerated(x)
	if l.datum != nil {
		l.datum.params = p
	}
	observed := l.datum != nil && !p.Inside && x.IsConst() && !enumerated(x)
	if observed {
		l.checkSupport(at, call, decl, p)
	}
	if d.Interval == nil && d.Range == nil {
		return decl.LogDensity(l.b, x, p)
	}
	c := l.interval(d, decl, lead)
	if observed {
		l.checkInside(at, c)
	}
	terms, err := dist.Truncated(l.b, decl, x, p, &c.lower, &c.upper)
	if err != nil {
		l.fail("not-supported-here", d, "%v", err)
	}
	return terms
}

// params evaluates the parameters of a distribution.
func (l *lowerer) params(d *ast.Dist, call *lang.DistCall, lead []*named.Axis, sizes map[string]int) dist.Params {
	p := dist.Params{Form: call.Form, Values: map[string]named.Value{}}
	for i, ps := range call.Sig.Forms[call.Form].Params {
		p.Values[ps.Name] = l.param(d, call, i, ps, lead, sizes)
	}
	return p
}

func (l *lowerer) openLead(e ast.Expr, lead []*named.Axis) named.Value {
	v := l.eval(e)
	if v.Rank() == 0 {
		return v.Value
	}
	l.fits(e, v, 0, lead)
	return l.openArgument(v.Value, lead)
}

// param evaluates a parameter: with its own event dimensions, or with those of
// the iid shape before them.
func (l *lowerer) param(d *ast.Dist, call *lang.DistCall, i int, ps lang.ParamSig, lead []*named.Axis, sizes map[string]int) named.Value {
	e := call.Args[i]
	if e == nil {
		return l.number(ps.Default)
	}
	v := l.eval(e)
	own := v.Shape()
	if v.Rank() > ps.Rank {
		l.fits(e, v, ps.Rank, lead)
		own = own[len(lead):]
	}
	if len(own) != ps.Rank {
		l.fail("shape-at-binding", e, "the parameter `%s` of `%s` needs rank %d, found %s", ps.Name, call.Sig.Name, ps.Rank, typeOf(v))
	}
	for k, name := range ps.Dims {
		if want, known := sizes[name]; known && want != own[k] {
			l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: e.Span(),
				Summary:  "the parameter `" + ps.Name + "` of `" + call.Sig.Name + "` has another length than the rest",
				Expected: lang.DimInt(want).String(), Found: lang.DimInt(own[k]).String()})
		}
		sizes[name] = own[k]
	}
	out := v.Value
	if v.Rank() > ps.Rank {
		out = l.openArgument(out, lead)
	}
	l.checkParam(e, call, ps, out)
	return out
}

// fits checks that the leading dimensions of an argument are those of the left side.
func (l *lowerer) fits(at ast.Node, v val, rank int, lead []*named.Axis) {
	ok := v.Rank() == rank+len(lead)
	for i := 0; ok && i < len(lead); i++ {
		ok = v.Shape()[i] == lead[i].Size
	}
	if ok {
		return
	}
	want := lang.Type{Elem: lang.Real}
	for _, a := range lead {
		want.Dims = append(want.Dims, lang.DimInt(a.Size))
	}
	l.failWith(diag.Diagnostic{Code: "shape-at-binding", Span: at.Span(),
		Summary:  "an argument of a distribution is a scalar or has the shape of the left side",
		Expected: want.String(), Found: typeOf(v).String()})
}

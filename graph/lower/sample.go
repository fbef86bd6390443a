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

// sample interprets one `~`.
func (l *lowerer) sample(s *ast.Sample) {
	if l.inSequence {
		return // densities are vectorised after the recurrences have run
	}
	info := l.m.Samples[s]
	if info == nil || info.Dist == nil {
		l.fail("not-supported-here", s, "this `~` is not supported yet")
	}
	switch info.Kind {
	case lang.Observe:
		l.observe(s, info)
	case lang.Latent:
		if info.Discrete {
			l.fail("not-supported-here", s, "discrete latents are not supported yet")
		}
		l.latent(s, info)
	default:
		l.fail("not-supported-here", s, "this kind of `~` is not supported yet")
	}
}

// observe adds the density of known values.
func (l *lowerer) observe(s *ast.Sample, info *lang.SampleInfo) {
	l.left(s.Index, func(idx []named.Value) {
		x := l.name(&ast.Name{At: s.Name.At, Name: s.Name.Name})
		args := make([]named.IndexArg, len(s.Index))
		if len(args) > x.Rank() {
			l.fail("shape-at-binding", s, "%d indices for an array of rank %d", len(args), x.Rank())
		}
		for i, ix := range s.Index {
			if ix.Binder != nil {
				args[i].Value = l.within(ix, idx[i], x.Shape()[i])
			} else {
				args[i] = l.indexArg(s, ix.Arg, x.Shape()[i], i)
			}
		}
		y := val{l.b.Index(x.Value, args...), x.elem}
		terms, lead := l.density(s.Dist, info.Dist, y.Value, false, s)
		l.addFactor(s, false, terms, lead)
	})
}

// latent asks the source for the block of a site that the statement defines,
// and adds its density.
func (l *lowerer) latent(s *ast.Sample, info *lang.SampleInfo) {
	l.left(s.Index, func(idx []named.Value) {
		a := l.arrayNamed(info.Symbol.Name, spanned{info.Symbol.Span})
		a.elem = lang.Real
		box := l.box(s, idx, l.shape(s, info.Shape))
		v, ok := l.ahead[s]
		if !ok {
			v = l.supply(s, info, box)
			l.addBlock(a, s, named.Block{Value: v, At: box.at})
		}
		x := l.b.Open(l.b.Reshape(v, box.inner), box.axes...)
		terms, lead := l.density(s.Dist, info.Dist, x, true, s)
		l.addFactor(s, true, terms, lead)
	})
}

// prepare makes the blocks of the latents of a loop before its body is
// interpreted, so that statements may look back at sites that come later in
// the body. Those whose support depends on parameters must wait their turn.
func (l *lowerer) prepare(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.For:
		l.plate(s.Binders, func() { l.prepareAll(s.Body) })
	case *ast.Plate:
		l.plate(s.Binders, func() { l.prepareAll(s.Body) })
	case *ast.Sample:
		info := l.m.Samples[s]
		if info == nil || info.Dist == nil || info.Kind != lang.Latent || info.Discrete || l.boundBySomething(s, info) {
			return
		}
		if _, done := l.ahead[s]; done {
			return
		}
		l.left(s.Index, func(idx []named.Value) {
			a := l.arrayNamed(info.Symbol.Name, spanned{info.Symbol.Span})
			a.elem = lang.Real
			box := l.box(s, idx, l.shape(s, info.Shape))
			v := l.supply(s, info, box)
			l.ahead[s] = v
			l.addBlock(a, s, named.Block{Value: v, At: box.at})
		})
	}
}

func (l *lowerer) prepareAll(stmts []ast.Stmt) {
	for _, s := range stmts {
		l.try(func() { l.prepare(s) })
	}
}

func (l *lowerer) boundBySomething(s *ast.Sample, info *lang.SampleInfo) bool {
	if info.ValueKind != lang.Plain {
		return false
	}
	switch info.Dist.Sig.Support {
	case lang.SupportInterval, lang.SupportLower, lang.SupportUpper:
		return true
	}
	return s.Dist.Interval != nil
}

// shape evaluates symbolic dimensions.
func (l *lowerer) shape(at ast.Node, dims []lang.Dim) graph.Shape {
	out := make(graph.Shape, len(dims))
	for i, d := range dims {
		n, err := d.Eval(func(s *lang.DimSym) (int, error) {
			e := s.Length
			if e == nil {
				e = &ast.Name{At: ast.At{Sp: at.Span()}, Name: s.Name}
			}
			return l.constInt(e, "a dimension"), nil
		})
		if err != nil {
			l.fail("unknown-range", at, "a dimension is not known: %v", err)
		}
		out[i] = max(0, n)
	}
	return out
}

// supply obtains the value of a box of a site from the source.
func (l *lowerer) supply(s *ast.Sample, info *lang.SampleInfo, box boxed) named.Value {
	if box.shape.Size() == 0 {
		return l.b.Array(box.shape, []float64{})
	}
	sup, rank := l.support(s, info, box)
	v, err := l.src.Latent(l.b, Block{Site: info.Symbol, At: box.at, Box: box.shape, Support: sup, EventRank: rank, Span: s.Span()})
	if err != nil {
		l.fail("not-supported-here", s, "%v", err)
	}
	return v
}

var kindSupports = map[lang.Kind]lang.SupportKind{
	lang.Simplex: lang.SupportSimplex, lang.Ordered: lang.SupportOrdered, lang.PositiveOrdered: lang.SupportPositiveOrdered,
	lang.UnitVector: lang.SupportUnitVector, lang.SumToZero: lang.SupportSumToZero, lang.CholeskyCorr: lang.SupportCholeskyCorr,
	lang.Corr: lang.SupportCorr, lang.Cov: lang.SupportCov,
}

// support is the set on which the site lives: that of its kind, or that of its
// distribution, cut by a truncation.
func (l *lowerer) support(s *ast.Sample, info *lang.SampleInfo, box boxed) (dist.Support, int) {
	if info.ValueKind != lang.Plain {
		return dist.Support{Kind: kindSupports[info.ValueKind]}, info.ValueKind.EventRank()
	}
	sig := info.Dist.Sig
	sup := dist.Support{Kind: sig.Support}
	// A support that needs no parameters is settled without evaluating them:
	// in a loop they may refer to the very block that is being made.
	need := map[string]bool{sig.Lower: sig.Lower != "", sig.Upper: sig.Upper != ""}
	form := sig.Forms[info.Dist.Form]
	bounds := map[string]named.Value{}
	for i, p := range form.Params {
		if need[p.Name] {
			bounds[p.Name] = l.bound(info.Dist.Args[i], p.Default, box)
		}
	}
	sup.Lower, sup.Upper = bounds[sig.Lower], bounds[sig.Upper]
	if t := s.Dist.Interval; t != nil {
		sup = l.cut(sup, l.bound(t.Lo, "", box), l.bound(t.Hi, "", box))
	}
	return sup, sig.EventRank
}

// bound evaluates a bound as an event that fits the box.
func (l *lowerer) bound(e ast.Expr, deflt string, box boxed) named.Value {
	if e == nil {
		return l.number(deflt)
	}
	v := l.eval(e).Value
	for _, a := range v.Axes() {
		if a.Class != named.Particle {
			v = l.b.Close(l.b.With(v, box.axes...), box.axes...)
			break
		}
	}
	if v.Rank() == 0 {
		return v
	}
	if len(v.Shape()) < len(box.inner) { // dimensions of an iid shape
		rest := box.inner[len(v.Shape()):]
		w := l.b.Reshape(v, append(append(graph.Shape{}, v.Shape()...), ones(len(rest))...))
		zero := l.b.Array(box.inner, make([]float64, box.inner.Size()))
		return l.b.Reshape(l.b.Add(l.spread(w, box.inner), zero), box.shape)
	}
	return l.b.Reshape(v, box.shape)
}

func ones(n int) graph.Shape {
	s := make(graph.Shape, n)
	for i := range s {
		s[i] = 1
	}
	return s
}

// spread repeats dimensions of one element.
func (l *lowerer) spread(v named.Value, shape graph.Shape) named.Value {
	args := make([]named.IndexArg, len(shape))
	for d, n := range shape {
		args[d].All = true
		if v.Shape()[d] != n {
			first := make([]float64, n)
			for i := range first {
				first[i] = 1
			}
			args[d] = named.IndexArg{Value: l.b.Vector(first...)}
		}
	}
	return l.b.Index(v, args...)
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
	}
	if c, ok := lo.Float(); !ok || !math.IsInf(c, -1) {
		lower = tighter(lower, lo, b.Max)
	}
	if c, ok := hi.Float(); !ok || !math.IsInf(c, 1) {
		upper = tighter(upper, hi, b.Min)
	}
	switch {
	case lower.Valid() && upper.Valid():
		return dist.Support{Kind: lang.SupportInterval, Lower: lower, Upper: upper}
	case lower.Valid():
		if c, ok := lower.Float(); ok && c == 0 {
			return dist.Support{Kind: lang.SupportPositive}
		}
		return dist.Support{Kind: lang.SupportLower, Lower: lower}
	case upper.Valid():
		return dist.Support{Kind: lang.SupportUpper, Upper: upper}
	}
	return dist.Support{Kind: lang.SupportReal}
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

// addFactor sums the terms of a statement over its plates and iid dimensions.
func (l *lowerer) addFactor(s *ast.Sample, latent bool, terms dist.Terms, lead []*named.Axis) {
	total := l.b.Scalar(0)
	for _, t := range terms {
		total = l.b.Add(total, l.b.SumAxes(t, append(l.plates[:len(l.plates):len(l.plates)], lead...)...))
	}
	l.joint.Factors = append(l.joint.Factors, Factor{Site: s.Name.Name, Latent: latent, Value: total, Span: s.Span()})
}

// logDensity interprets log_density(DIST, x): the density of the whole event.
func (l *lowerer) logDensity(e *ast.Call) val {
	var d *ast.Dist
	switch a := e.Args[0].Value.(type) {
	case *ast.DistExpr:
		d = a.Dist
	case *ast.Call:
		d = &ast.Dist{At: a.At, Call: a}
	default:
		l.fail("not-supported-here", e, "`log_density` needs a distribution")
	}
	x := l.eval(e.Args[1].Value)
	terms, lead := l.density(d, l.m.Dists[d.Call], x.Value, false, e)
	total := l.b.Scalar(0)
	for _, t := range terms {
		total = l.b.Add(total, l.b.SumAxes(t, lead...))
	}
	return val{total, lang.Real}
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
	p := dist.Params{Form: call.Form, Inside: inside && d.Interval == nil && d.Range == nil, Values: map[string]named.Value{}}
	for i, ps := range call.Sig.Forms[call.Form].Params {
		p.Values[ps.Name] = l.param(d, call, i, ps, lead, sizes)
	}
	open := l.b.Open(x, lead...)
	if !inside {
		l.checkSupport(at, call, p, open)
	}
	if d.Interval == nil && d.Range == nil {
		return decl.LogDensity(l.b, open, p), lead
	}
	return l.truncated(d, decl, open, p, lead), lead
}

func (l *lowerer) truncated(d *ast.Dist, decl *dist.Dist, x named.Value, p dist.Params, lead []*named.Axis) dist.Terms {
	var lo, hi ast.Expr
	if d.Interval != nil {
		lo, hi = d.Interval.Lo, d.Interval.Hi
	} else {
		lo, hi = d.Range.Lo, d.Range.Hi
	}
	lower, upper := l.openLead(lo, lead), l.openLead(hi, lead)
	terms, err := dist.Truncated(l.b, decl, x, p, &lower, &upper)
	if err != nil {
		l.fail("not-supported-here", d, "%v", err)
	}
	return terms
}

func (l *lowerer) openLead(e ast.Expr, lead []*named.Axis) named.Value {
	v := l.eval(e)
	if v.Rank() == 0 {
		return v.Value
	}
	l.fits(e, v, 0, lead)
	return l.b.Open(v.Value, lead...)
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
		out = l.b.Open(out, lead...)
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

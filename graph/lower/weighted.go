package lower

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Weighted data. The log density of an object, which is a number or what else the
// distribution is of, counts w times: its term is w log p(y | ...). That is the density of w
// equal objects where w counts them, and a pseudo-likelihood where w is the weight of a unit
// of a survey: the number of units of the population that it stands for (Skinner 1989, in
// Skinner, Holt & Smith, eds., Analysis of Complex Surveys; Savitsky & Toth 2016, "Bayesian
// estimation under informative sampling", Electronic Journal of Statistics 10).
//
// An object of weight 0 is left out before its density is looked at, so that it may be
// impossible. Where discrete latents are summed out, w multiplies log p(y | z) for each z,
// inside of the sum. Missing values are drawn from the distribution itself: a weight has no
// part in the density of a latent.

// countTimes multiplies the terms of the density by the weights of the objects that are at work.
func (l *lowerer) countTimes(s *ast.Sample, terms dist.Terms, lead []*named.Axis) dist.Terms {
	if !l.isWeighted(s) {
		return terms
	}
	if l.narrowed != nil {
		lead = l.narrowed.lead
	}
	w := l.openLead(s.Weighted.Value, lead)
	if !slices.ContainsFunc(w.Const(), func(x float64) bool { return x != 1 }) {
		return terms
	}
	out := make(dist.Terms, len(terms))
	for i, t := range terms {
		out[i] = l.b.Apply(op.MulZ, w, t)
	}
	return out
}

func (l *lowerer) isWeighted(s *ast.Sample) bool { return s.Weighted != nil && !l.options.Unweighted }

// leavesOut reports whether some objects of a statement have no weight. It refuses weights that
// are none.
func (l *lowerer) leavesOut(s *ast.Sample, list func() *objects, g *gaps) bool {
	if !l.isWeighted(s) {
		return false
	}
	zero, odd := false, l.options.Weighing != nil
	for _, w := range l.knownWeight(s).Const() {
		zero, odd = zero || w == 0, odd || !isWeight(w)
	}
	if odd { // an element is wanted by name
		l.caseWeights(s, list(), g)
	}
	return zero
}

func isWeight(w float64) bool { return w >= 0 && !math.IsInf(w, 1) }

// knownWeight evaluates the weight.
func (l *lowerer) knownWeight(s *ast.Sample) val {
	v := l.eval(s.Weighted.Value)
	if !v.IsConst() {
		l.fail("not-supported-here", s.Weighted.Value, "a weight must be known from the data")
	}
	return v
}

// caseWeights are the weights of all objects of a statement; nil if it has none.
func (l *lowerer) caseWeights(s *ast.Sample, o *objects, g *gaps) []float64 {
	if !l.isWeighted(s) {
		return nil
	}
	l.knownWeight(s)
	w := l.b.With(l.openLead(s.Weighted.Value, o.lead), o.outer...).Const()
	n := o.event.Size()
	for c, x := range w {
		if !isWeight(x) {
			l.badWeight(s, o, g, c, x)
		}
		if l.options.Weighing != nil {
			for _, p := range o.pos[c*n : (c+1)*n] {
				l.options.Weighing(g.sym, g.shape, int(p), x)
			}
		}
	}
	return w
}

// counting leaves objects of weight 0 out of those that are whole. One that is missing in
// part has no density in which its known elements could count w times.
func (l *lowerer) counting(s *ast.Sample, o *objects, g *gaps) {
	w := l.caseWeights(s, o, g)
	if w == nil {
		return
	}
	o.whole = slices.DeleteFunc(o.whole, func(c float64) bool { return w[int(c)] == 0 })
	for _, c := range o.holed {
		known := slices.ContainsFunc(o.at([]float64{c}), func(i int) bool { return g.missing[i] == 0 })
		if known && w[int(c)] != 1 && s.Censored == nil {
			l.failWith(diag.Diagnostic{Code: "bad-weight", Span: s.Weighted.Span(),
				Summary: fmt.Sprintf("%s is missing in part, and has the weight %s", l.objectName(o, g, int(c)), diag.Number(w[int(c)])),
				Hint:    "give such a row the weight 1, or leave it out: how its known elements would count is not defined"})
		}
	}
}

// badWeight reports the weight of an object.
func (l *lowerer) badWeight(s *ast.Sample, o *objects, g *gaps, c int, x float64) {
	mask := make([]float64, len(o.pos)/max(1, o.event.Size()))
	mask[c] = 1
	at := l.b.Wrap(l.b.G.Constant(sizesOf(o.outer), mask), o.outer...)
	where := ""
	if l.data.Where != nil {
		if from := l.data.Where(g.sym.Name, int(o.pos[c*o.event.Size()])); from != "" {
			where = " (" + from + ")"
		}
	}
	d := diag.Diagnostic{Code: "bad-weight", Span: s.Weighted.Value.Span(), Expected: "a finite number that is not negative", Found: diag.Number(x),
		Summary: fmt.Sprintf("the weight of %s%s is %s%s", l.objectName(o, g, c), where, diag.Number(x), l.at(at, c))}
	if culprits, _ := l.culprits(s.Weighted.Value, at, c); len(culprits) > 0 {
		d.Found += " (in the data " + strings.Join(culprits, ", ") + ")"
	}
	l.failWith(d)
}

// objectName names an object: "`y[3]`".
func (l *lowerer) objectName(o *objects, g *gaps, c int) string {
	name := g.sym.Name
	if n := len(g.shape) - len(o.event); n > 0 {
		outer := g.shape[:n]
		name += "[" + element(outer, int(o.pos[c*o.event.Size()])/max(1, g.shape[n:].Size())) + "]"
	}
	return "`" + name + "`"
}

// asGaps sees data of which nothing is missing as data with gaps.
func (l *lowerer) asGaps(name string, x val) *gaps {
	return &gaps{sym: l.global[name], shape: x.Shape(), known: x.Const(), missing: make([]float64, len(x.Const()))}
}

// forWeights reports whether data or a let are of no concern: only weights read them, and these
// are not asked for.
func (l *lowerer) forWeights(s *lang.Symbol) bool {
	if l.sim == nil && !l.options.Unweighted {
		return false
	}
	if l.weightsOnly == nil {
		l.weightsOnly = ForWeights(l.m)
	}
	return l.weightsOnly[s]
}

// ForWeights are the data, and the lets of data, that nothing but weights reads: a simulation
// and a prediction, which draw from the distributions themselves, do without them.
func ForWeights(m *lang.Model) map[*lang.Symbol]bool {
	out := map[*lang.Symbol]bool{}
	other, weighs := map[*lang.Symbol]bool{}, map[*lang.Symbol]bool{}
	lets := map[*lang.Symbol]*ast.Let{}
	note := func(into map[*lang.Symbol]bool, root ast.Node) {
		ast.Inspect(root, func(n ast.Node) bool {
			if w, is := n.(*ast.Weighting); is && w != root {
				return false
			}
			if s := m.Uses[n]; s != nil && n != root && s.Decl != root {
				into[s] = true
			}
			return true
		})
	}
	for _, s := range m.File.Stmts {
		ast.Inspect(s, func(n ast.Node) bool {
			if w, is := n.(*ast.Weighting); is {
				note(weighs, w)
			}
			return true
		})
	}
	if len(weighs) == 0 {
		return out
	}
	for _, s := range m.File.Stmts {
		let, is := s.(*ast.Let)
		if sym := m.Uses[s]; is && sym != nil && !sym.Random && len(let.Index) == 0 && sym.Kind == lang.SymLet {
			lets[sym] = let
			continue
		}
		note(other, s)
	}
	for _, info := range m.Samples {
		if info != nil && info.Symbol != nil {
			other[info.Symbol] = true
		}
	}
	// What a let reads is for weights if the let is.
	for again := true; again; {
		again = false
		for sym, let := range lets {
			into := weighs
			if !weighs[sym] || other[sym] {
				into = other
			}
			before := len(into)
			note(into, let)
			again = again || len(into) > before
		}
	}
	for s := range weighs {
		if (s.Kind == lang.SymData && !isDimension(m, s) || lets[s] != nil) && !other[s] {
			out[s] = true
		}
	}
	return out
}

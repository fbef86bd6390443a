package lower

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Discrete sites of a guide of the user's. A `~` of the guide gives each element z of a site the probabilities q of its
// values, which may depend on the data, on params and on the sites above. As for discrete latents without such a guide
// (relax.go) the model reads weights of the values: a value is picked by noise,
//
//	argmax_k (log q_k + G_k),   G_k = −log(−log Φ(n_k)),
//
// n being standard normal, so that the G are Gumbel variables (Gumbel 1954; Maddison, Tarlow & Minka 2014), and the weights are
//
//	expect  q itself: each factor is averaged over its table
//	score   the pick, with the derivatives of q: where factors are tables, and so are linear in the weights of each element, that
//	        is the score-function estimator with the element's own draw summed over (Titsias & Lázaro-Gredilla 2015); see
//	        score.go for the other one
//	relax   softmax((log q + G)/T), T being the temperature (Jang, Gu & Poole 2017; Maddison, Mnih & Teh 2017); or
//	        the pick, with the derivatives of that (straight-through)
//
// −E log q(z) is the entropy −Σ q log q. The site's own density in the model is averaged over q too where nothing else in the
// guide reads the site: what reads it hangs on the pick, and then all is of the pick.

// Relaxation says how discrete latents that a guide draws are drawn. Its zero value takes the picks of all sites, and log q of the
// picks in the place of expectations: what is left is log p − log q of one draw.
type Relaxation struct {
	// Learned takes what the guide is learned by, by the strategies of the sites.
	Learned bool
	// Hard takes the picks in place of relaxed weights, whose derivatives these keep: the density is that of the model.
	Hard bool
	// Temperature makes that of relaxations, a scalar; nil: ½.
	Temperature func(b *named.Builder) named.Value
}

// chosen is a discrete site that a guide draws.
type chosen struct {
	site *discrete // of the guide
	at   ast.Node
	// weights are those that the model and the guide read, prior those that the site's own density is averaged by; of the
	// site's shape with a dimension for the values. excess is log q of each element, or its expectation.
	weights, prior, excess named.Value
	picks, probs           *array
	excesses, scores       *array        // scores are log q of the picks
	roots                  []*graph.Node // what all that hangs on picks is made of
	read                   bool          // by other statements of the guide
}

// choice is the `~` of a guide over a discrete latent that stands behind a let.
func (l *lowerer) choice(s *ast.Let) (*ast.Drawn, *lang.SampleInfo) {
	d, is := s.Value.(*ast.Drawn)
	if !is || !l.guiding {
		return nil, nil
	}
	info := l.m.Samples[d.Sample]
	if info == nil || info.Dist == nil || !info.Discrete {
		return nil, nil
	}
	return d, info
}

// choose draws the elements of a discrete site that one `~` of a guide gives.
func (l *lowerer) choose(let *ast.Let, drawn *ast.Drawn, info *lang.SampleInfo) {
	s := drawn.Sample
	if drawn.Value != nil {
		return // the draw has noted its log density
	}
	if l.options.Strategies[info.Symbol.Name] == Exact {
		l.failWith(diag.Diagnostic{Code: "not-exact", Span: s.Span(), Summary: fmt.Sprintf("`%s` has a guide, and so is not summed out", info.Symbol.Name),
			Hint: "leave it out of the guide, and it is summed out, which no guide betters; or ask for `expect`, which takes expectations under the guide in closed form"})
	}
	if l.sequence != nil || l.inBody() {
		l.fail("not-supported-here", s, "a discrete latent of a guide that hangs on an earlier step is not supported yet")
	}
	l.left(s.Index, func(idx []named.Value) {
		rest := l.shape(s, info.Shape)
		depth := l.depth
		defer func() { l.depth = depth }()
		lead := make([]*named.Axis, len(rest))
		for i, n := range rest {
			lead[i] = l.newAxis("_", n, named.Plate)
		}
		c := l.chosenHere(s, info, lead)
		k := c.site.site.K
		l.fresh++
		values := &named.Axis{Name: c.site.sym.Name, Size: k, Class: named.Enumerated, Depth: 1<<16 + l.fresh}
		trailing := append(lead[:len(lead):len(lead)], values)
		support := l.b.Wrap(l.b.G.Constant(graph.Shape{k}, c.site.values()), values)
		logq := l.b.Scalar(0)
		for _, t := range l.densityOver(s.Dist, info.Dist, support, lead, map[string]int{}, true, s) {
			logq = l.b.Add(logq, t)
		}
		x := l.box(s, idx, append(append(graph.Shape{}, rest...), k))
		noise := l.pickNoise(s, info.Symbol, x, trailing)
		l.define(c.picks, s, l.chosenPiece(let, x, l.pick(logq, noise, values, c), trailing))
		probs := l.b.Exp(logq)
		l.define(c.probs, s, l.chosenPiece(let, x, probs, trailing))
		excess := probs
		if !l.options.Relaxation.Learned {
			excess = l.hard(logq, noise, values)
		}
		excess = l.b.SumAxes(l.b.Apply(op.MulZ, excess, logq), values)
		l.define(c.excesses, s, l.chosenPiece(let, l.box(s, idx, rest), excess, lead))
		if c.site.whole {
			hard := l.hard(logq, noise, values)
			c.roots = append(c.roots, hard.N)
			score := l.b.SumAxes(l.b.Apply(op.MulZ, hard, logq), values)
			l.define(c.scores, s, l.chosenPiece(let, l.box(s, idx, rest), score, lead))
		}
	})
}

// chosenPiece is a part of an array of a site, whose trailing dimensions are axes.
func (l *lowerer) chosenPiece(let *ast.Let, x box, v named.Value, axes []*named.Axis) piece {
	return piece{value: l.b.Close(l.b.Close(v, axes...), x.axes...), dims: x.dims, axes: x.axes, by: let}
}

// chosenHere finds or makes the record of a site, whose support its first `~` tells.
func (l *lowerer) chosenHere(s *ast.Sample, info *lang.SampleInfo, lead []*named.Axis) *chosen {
	name := info.Symbol.Name
	if info.Dist.Sig.EventRank > 0 {
		l.fail("not-supported-here", s, "a latent that is a vector of counts is not supported yet")
	}
	lo, hi := l.supportRange(s, info, lead)
	n := hi - lo + 1
	switch {
	case math.IsInf(n, 1):
		l.fail("guide-mismatch", s, "the guide of the discrete latent `%s` must have finitely many values", name)
	case n > float64(l.options.limit()):
		l.tooLarge(s, []string{name}, n)
	case n < 1:
		l.fail("outside-support", s, "`%s` has no possible value", name)
	}
	if c := l.chosen[name]; c != nil {
		if lo != c.site.lo || int(n) != c.site.site.K {
			l.failWith(diag.Diagnostic{Code: "not-supported-here", Span: s.Span(), Summary: fmt.Sprintf("the statements that draw `%s` give it different supports", name),
				Expected: valuesText(c.site.lo, c.site.site.K), Found: valuesText(lo, int(n))})
		}
		return c
	}
	d := l.siteOf(info.Symbol)
	d.lo, d.site.K, d.how, d.whole = lo, int(n), Relax, l.options.Whole[name]
	l.relaxes = true
	if l.chosen == nil {
		l.chosen = map[string]*chosen{}
	}
	c := &chosen{site: d, at: s}
	for _, a := range []**array{&c.picks, &c.probs, &c.excesses, &c.scores} {
		*a = &array{name: name, span: s.Span(), elem: lang.Real}
	}
	l.chosen[name] = c
	l.rootScope().names[name] = &binding{site: d}
	return c
}

func valuesText(lo float64, k int) string {
	return fmt.Sprintf("values from %g to %g", lo, lo+float64(k-1))
}

// pickNoise obtains the noise of a part of a site.
func (l *lowerer) pickNoise(s *ast.Sample, site *lang.Symbol, x box, trailing []*named.Axis) named.Value {
	if !x.isBox() {
		l.fail("not-supported-here", s, "discrete latents of a guide under a ragged range are not supported yet")
	}
	if x.full.Size() == 0 {
		return l.b.Open(l.b.Array(x.inner, []float64{}), append(x.axes[:len(x.axes):len(x.axes)], trailing...)...)
	}
	l.affordLatents(s, x.full)
	v, err := l.src.Latent(l.b, Block{Site: site, At: x.at(), Box: x.full, Support: dist.Support{Kind: lang.SupportReal}, Noise: true, Choice: true, Span: s.Span()})
	if err != nil {
		l.fail("not-supported-here", s, "%v", err)
	}
	return l.b.Open(l.b.Reshape(v, x.inner), append(x.axes[:len(x.axes):len(x.axes)], trailing...)...)
}

// perturbed is log q + G.
func (l *lowerer) perturbed(logq, noise named.Value) named.Value {
	return l.b.Sub(logq, l.b.Log(l.b.Neg(l.b.LogPhi(noise))))
}

// hard is one for the value that is picked, else zero.
func (l *lowerer) hard(logq, noise named.Value, values *named.Axis) named.Value {
	best := l.b.ReduceAxis(op.ArgMaxOf, l.perturbed(logq, noise), values)
	return l.b.Equal(best, l.b.Counter(values, 1))
}

// pick are the weights of the values.
func (l *lowerer) pick(logq, noise named.Value, values *named.Axis, c *chosen) named.Value {
	how, r := l.options.Strategies[c.site.sym.Name], l.options.Relaxation
	switch {
	case !r.Learned:
		return l.hard(logq, noise, values)
	case how == Expect:
		return l.b.Exp(logq)
	case c.site.whole:
		return l.hard(logq, noise, values)
	case how == Score:
		return l.b.Apply(op.Straight, l.hard(logq, noise, values), l.b.Exp(logq))
	}
	t := l.b.Scalar(0.5)
	if r.Temperature != nil {
		t = r.Temperature(l.b)
	}
	x := l.b.Div(l.perturbed(logq, noise), t)
	soft := l.b.Exp(l.b.Sub(x, l.b.ReduceAxis(op.LogSumExp, x, values)))
	if !r.Hard {
		return soft
	}
	return l.b.Apply(op.Straight, l.hard(logq, noise, values), soft)
}

// chosenOf is what a guide has drawn of a discrete latent, or nil.
func (l *lowerer) chosenOf(d *discrete) *chosen {
	if l.guiding {
		c := l.chosen[d.sym.Name]
		if c != nil {
			c.read = true
			l.cover(c.picks)
			c.weights = l.whole(c.picks)
			if !c.weights.Shape().Equal(d.full()) {
				l.fail("not-supported-here", l.now, "the guide reads `%s` before all of it is drawn, which is not supported yet", d.sym.Name)
			}
		}
		return c
	}
	if l.guided == nil {
		return nil
	}
	return l.guided.chosen[d.sym.Name]
}

// take hands over a discrete site when the guide has been interpreted.
func (l *lowerer) take(s *lang.Symbol, to *guideSites) {
	c := l.chosen[s.Name]
	if c == nil {
		panic(failed{})
	}
	l.cover(c.picks)
	c.weights, c.prior, c.excess = l.whole(c.picks), l.whole(c.probs), l.whole(c.excesses)
	how := l.options.Strategies[s.Name]
	tables := how == Score && !c.site.whole
	if c.read || !l.options.Relaxation.Learned || tables {
		c.prior = c.weights
	}
	if c.read && (how == Expect || tables) {
		l.failWith(diag.Diagnostic{Code: "not-exact", Span: c.at.Span(), Summary: fmt.Sprintf("the guide of other sites reads `%s`, whose expectation cannot be taken on its own", s.Name),
			Hint: fmt.Sprintf("approximate it: `BindOptions.Discrete %s=relax` or `score`", s.Name)})
	}
	to.chosen[s.Name] = c
	to.excesses = append(to.excesses, Excess{s.Name, l.b.SumAll(c.excess), s.Span})
}

// asChosen compares the support of a discrete latent with that in its guide, lo and n being its least value and how many there are.
func (l *lowerer) asChosen(s *ast.Sample, d *discrete, lo, n float64) {
	if l.guided == nil {
		return
	}
	c := l.guided.chosen[d.sym.Name]
	if c == nil {
		return
	}
	g := c.site
	if lo != g.lo || n != float64(g.site.K) || !d.site.Shape.Equal(g.site.Shape) {
		l.failWith(diag.Diagnostic{Code: "guide-mismatch", Span: c.at.Span(), Summary: fmt.Sprintf("the guide of `%s` must have the support of the site", d.sym.Name),
			Expected: valuesText(lo, int(n)) + shaped(d.site.Shape), Found: valuesText(g.lo, g.site.K) + shaped(g.site.Shape),
			Related: []diag.Related{{Span: s.Span(), Message: "the site in the model"}}})
	}
}

func shaped(s graph.Shape) string {
	if len(s) == 0 {
		return ""
	}
	return ", of shape " + shapeText(s)
}

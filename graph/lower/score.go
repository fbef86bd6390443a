package lower

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/lang/diag"
)

// Score-function gradients of discrete sites that a guide draws, where factors are no tables. With f the terms of the log density
// that hang on the picks, the estimator is
//
//	(f − b) ∇ log q(pick),   b the mean of f at the other particles
//
// (Kool, van Hoof & Welling 2019). Elements that each have terms of their own, as those of a row, are weighed by these
// alone: f is summed over all dimensions of the terms but those that they share with the site. It enters the graph as a term
// whose value is 0.

// Reward is what the draws of a site are weighed by: f, an array over some dimensions of the site, Dims.
type Reward struct {
	Site  string
	Dims  []int
	Value named.Value
	Span  diag.Span
}

// rewarding are terms of the log density, once for each iteration of plates.
type rewarding struct {
	terms  []named.Value
	plates []*named.Axis
}

// reward notes terms, if a guide has drawn discrete latents.
func (l *lowerer) reward(terms []named.Value, plates []*named.Axis) {
	if l.guided != nil && len(l.guided.chosen) > 0 {
		l.rewarding = append(l.rewarding, rewarding{terms, slices.Clone(plates)})
	}
}

// score adds the terms whose gradients are those of scores.
func (l *lowerer) score() {
	if l.diags.HasErrors() || !l.options.Relaxation.Learned {
		return
	}
	for i := range l.guided.excesses {
		x := &l.guided.excesses[i]
		c := l.guided.chosen[x.Site]
		if c == nil || !c.site.whole || c.site.site.Shape.Size() == 0 {
			continue
		}
		reward, score := l.rewardOf(c)
		l.joint.Rewards = append(l.joint.Rewards, reward)
		zero := l.b.Scalar(0)
		less := l.b.Sub(reward.Value, l.othersMean(reward.Value))
		gain := l.b.SumAll(l.b.Apply(op.MulZ, l.b.Apply(op.Straight, less, zero), score))
		x.Value = l.b.Sub(x.Value, l.b.Apply(op.Straight, zero, gain))
	}
}

// rewardOf is what the picks of a site are weighed by, and the log probability of what it weighs together.
func (l *lowerer) rewardOf(c *chosen) (Reward, named.Value) {
	d := l.sites[c.site.sym.Name]
	if d == nil {
		panic(failed{})
	}
	hangs := l.madeOf(c.roots)
	shared := make([]bool, len(d.site.Shape))
	for k, a := range d.site.Axes {
		shared[k] = !c.read && d.aligned[a]
	}
	var of []rewarding
	for _, r := range l.rewarding {
		r.terms = slices.DeleteFunc(slices.Clone(r.terms), func(t named.Value) bool { return !hangs(t.N) })
		for _, t := range r.terms {
			for k, a := range d.site.Axes {
				shared[k] = shared[k] && t.Has(a)
			}
		}
		if len(r.terms) > 0 {
			of = append(of, r)
		}
	}
	for i, x := range l.guided.excesses {
		if hangs(x.Value.N) {
			l.failWith(diag.Diagnostic{Code: "not-supported-here", Span: l.guided.excesses[i].Span,
				Summary: fmt.Sprintf("score-function gradients of `%s` are not supported yet where the guide of `%s` hangs on it", c.site.sym.Name, x.Site),
				Hint:    fmt.Sprintf("ask for `BindOptions.Discrete %s=relax`", c.site.sym.Name)})
		}
	}
	out := Reward{Site: c.site.sym.Name, Span: c.at.Span()}
	var axes []*named.Axis
	for k, a := range d.site.Axes {
		if shared[k] {
			out.Dims, axes = append(out.Dims, k), append(axes, a)
		}
	}
	total := l.b.Scalar(0)
	for _, r := range of {
		for _, t := range r.terms {
			over := without(r.plates, axes)
			total = l.b.Add(total, l.b.Close(l.sumOver(t, over), axes...))
		}
	}
	out.Value = total
	score := l.whole(c.scores)
	for k := len(shared) - 1; k >= 0; k-- {
		if !shared[k] {
			score = l.sumDimension(score, k)
		}
	}
	return out, score
}

// noteRef notes along which axes of a latent's own statement a reference stays with the element.
func (d *discrete) noteRef(r *enum.Ref) {
	if d.aligned == nil {
		d.aligned = map[*named.Axis]bool{}
		for _, a := range d.site.Axes {
			d.aligned[a] = true
		}
	}
	size, st := sizesOf(r.Over), d.site.Shape.Strides()
	steps := size.Strides()
	for k, a := range d.site.Axes {
		p := slices.Index(r.Over, a)
		for i, e := range r.Index {
			at := e / st[k] % d.site.Shape[k]
			if p < 0 && at != 0 || p >= 0 && at != i/steps[p]%size[p] || p < 0 && a.Size > 1 {
				d.aligned[a] = false
				break
			}
		}
	}
}

// sumDimension adds up dimension k of an event.
func (l *lowerer) sumDimension(v named.Value, k int) named.Value {
	order := []int{}
	for i := range v.Rank() {
		if i != k {
			order = append(order, i)
		}
	}
	return l.b.Sum(l.b.Transpose(v, append(order, k)...), 1)
}

// madeOf tells of nodes whether they are made of some others.
func (l *lowerer) madeOf(roots []*graph.Node) func(n *graph.Node) bool {
	known := map[*graph.Node]bool{}
	for _, r := range roots {
		known[r] = true
	}
	var hangs func(n *graph.Node) bool
	hangs = func(n *graph.Node) bool {
		if x, is := known[n]; is {
			return x
		}
		known[n] = false
		for _, x := range n.In {
			if hangs(x) {
				known[n] = true
				break
			}
		}
		return known[n]
	}
	return hangs
}

// othersMean is the mean of a value over the other particles; 0 without these.
func (l *lowerer) othersMean(v named.Value) named.Value {
	for _, a := range v.Axes() {
		if a.Class == named.Particle && a.Size > 1 {
			return l.b.Scale(1/float64(a.Size-1), l.b.Sub(l.b.SumAxes(v, a), v))
		}
	}
	return l.b.Scalar(0)
}

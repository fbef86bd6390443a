package lower

import (
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// A guide of the user's is interpreted before the model, like a model of its own whose statements are lets
// (lang.Model.Guide): each of its sites is a function of standard normal noise, which the
// source supplies, and the model then reads the sites. So the latents are the noise, on which
//
//	log p(x(z), data) + log N(z) − log q(x(z))
//
// is a density with the posterior as the distribution of x: its integral is the evidence, whether or not z is as
// large as x. Under it the guide as written is a standard normal; params that it reads move the map.

// guideSites are the sites that a guide has drawn.
type guideSites struct {
	values   map[string]named.Value
	chosen   map[string]*chosen // the discrete ones
	excesses []Excess
}

// onceParams makes params once, for the guide and the model.
type onceParams struct {
	from   Source
	params map[*lang.Symbol]named.Value
}

func (s *onceParams) Latent(b *named.Builder, block Block) (named.Value, error) {
	if v, made := s.params[block.Site]; made && block.Param {
		return v, nil
	}
	v, err := s.from.Latent(b, block)
	if err == nil && block.Param {
		s.params[block.Site] = v
	}
	return v, err
}

// drawGuide interprets the guide.
func (l *lowerer) drawGuide() {
	if len(l.m.Guide) == 0 || l.options.Unguided || l.src == nil {
		return
	}
	l.src = &onceParams{l.src, map[*lang.Symbol]named.Value{}}
	g := newLowerer(l.m, l.data, l.src, l.b)
	g.options = Options{Elements: l.options.Elements, Halt: l.options.Halt, Strategies: l.options.Strategies, Whole: l.options.Whole, Relaxation: l.options.Relaxation}
	g.guiding = true
	g.block(l.stmts)
	g.diags = nil // they are the model's own, and come again
	g.all, g.done = nil, map[ast.Stmt]bool{}
	for _, s := range g.m.Guided {
		delete(g.root.scope.names, s.Name)
	}
	for _, s := range g.m.Guided {
		if s.Type.Elem != lang.Real {
			continue // it makes its own, where its values are known
		}
		if !g.try(func() { g.makeNoise(s) }) {
			l.diags = append(l.diags, g.diags...)
			return
		}
	}
	g.block(g.m.Guide)
	g.complete()
	l.guided = &guideSites{values: map[string]named.Value{}, chosen: map[string]*chosen{}}
	for _, s := range g.m.Guided {
		if s.Type.Elem != lang.Real {
			g.try(func() { g.take(s, l.guided) })
			continue
		}
		g.try(func() {
			l.guided.values[s.Name] = g.lookup(s.Name).Value
			l.guided.excesses = append(l.guided.excesses, Excess{s.Name, l.b.SumAll(g.lookup(lang.DensityOf(s.Name)).Value), s.Span})
		})
	}
	l.diags = append(l.diags, g.diags...)
}

// makeNoise obtains the noise of a site, of all of its elements at once.
func (l *lowerer) makeNoise(site *lang.Symbol) {
	probe := &array{name: site.Name}
	var noise graph.Shape
	var at ast.Node
	rank := 0 // of an object of the distribution
	l.guideSamples(site.Name, func(scope []ast.Node, s *ast.Sample, info *lang.SampleInfo) {
		decl, ok := dist.Find(info.Dist.Sig.Name)
		if !ok || info.Dist.Sig.NotYet != "" {
			l.fail("not-supported-here", s.Dist, "`%s` is not supported yet", info.Dist.Sig.Name)
		}
		if !ownKind(info) {
			l.fail("not-supported-here", s.Dist, "draws of `%s` are not of kind `%s`: a guide needs a distribution over that", info.Dist.Sig.Name, info.ValueKind)
		}
		inside := l.context
		defer func() { l.context = inside }()
		l.context = l.root
		defer l.enter()()
		l.openScope(scope)
		l.left(s.Index, func(idx []named.Value) {
			x := l.box(s, idx, l.shape(s, info.Shape))
			l.define(probe, s, piece{value: l.b.Array(x.inner, make([]float64, x.inner.Size())), dims: x.dims})
		})
		k := len(probe.shape) - info.Dist.Sig.EventRank
		event, err := decl.NoiseShape(graph.Shape(probe.shape[k:]))
		if err != nil {
			l.fail("not-supported-here", s.Dist, "%v", err)
		}
		if noise != nil && len(noise) != len(event) {
			l.fail("not-supported-here", s.Dist, "the distributions of the parts of `%s` take noise of different shapes", site.Name)
		}
		noise, at, rank = event, s, info.Dist.Sig.EventRank
	})
	if at == nil {
		return
	}
	l.try(func() { l.cover(probe) })
	if l.diags.HasErrors() {
		panic(failed{})
	}
	shape := slices.Concat(graph.Shape(probe.shape[:len(probe.shape)-rank]), noise)
	var v named.Value
	if shape.Size() == 0 {
		v = l.b.Array(shape, []float64{})
	} else {
		l.affordLatents(at, shape)
		var err error
		v, err = l.src.Latent(l.b, Block{Site: site, At: make([]int, len(shape)), Box: shape, Support: dist.Support{Kind: lang.SupportReal}, Noise: true, Span: at.Span()})
		if err != nil {
			l.fail("not-supported-here", at, "%v", err)
		}
	}
	l.root.scope.names[lang.NoiseOf(site.Name)] = &binding{value: val{v, lang.Real}}
}

// guideSamples calls f for each `~` of the guide that draws a part of a site.
func (l *lowerer) guideSamples(site string, f func(scope []ast.Node, s *ast.Sample, info *lang.SampleInfo)) {
	var walk func(list []ast.Stmt, scope []ast.Node)
	walk = func(list []ast.Stmt, scope []ast.Node) {
		for _, s := range list {
			switch s := s.(type) {
			case *ast.Plate:
				walk(s.Body, append(slices.Clone(scope), s))
			case *ast.For:
				walk(s.Body, append(slices.Clone(scope), s))
			case *ast.Let:
				d, is := s.Value.(*ast.Drawn)
				if !is || d.Value != nil || d.Sample.Name.Name != site {
					continue
				}
				if info := l.m.Samples[d.Sample]; info != nil && info.Dist != nil {
					f(scope, d.Sample, info)
				}
			}
		}
	}
	walk(l.m.Guide, nil)
}

// drawn is what a `~` of a guide draws, or the log density of it less that of the noise; of each
// iid element, whose dimensions are the event.
func (l *lowerer) drawn(e *ast.Drawn) val {
	s := e.Sample
	info := l.m.Samples[s]
	decl, _ := dist.Find(info.Dist.Sig.Name)
	z := l.eval(e.Noise)
	rank := info.Dist.Sig.EventRank
	noise := rank
	if rank > 0 { // what it has beyond the iid dimensions
		noise = z.Rank() - (len(info.Shape) - rank)
	}
	depth := l.depth
	defer func() { l.depth = depth }()
	lead := make([]*named.Axis, z.Rank()-noise)
	for i := range lead {
		lead[i] = l.newAxis("_", z.Shape()[i], named.Comprehension)
	}
	at := l.b.Open(z.Value, lead...)
	sizes := map[string]int{}
	for i, d := range l.shape(s, info.Shape[len(info.Shape)-rank:]) {
		sizes[info.Dist.Sig.EventDims[i]] = d
	}
	p := l.params(s.Dist, info.Dist, lead, sizes)
	p.Inside = true
	var lower, upper *named.Value
	if s.Dist.Interval != nil || s.Dist.Range != nil {
		c := l.interval(s.Dist, decl, lead)
		lower, upper = &c.lower, &c.upper
	}
	if e.Value == nil {
		v, err := dist.FromNormal(l.b, decl, at, p, lower, upper)
		if err != nil {
			l.fail("not-supported-here", s.Dist, "%v", err)
		}
		return val{l.b.Close(v, lead...), lang.Real}
	}
	x := l.b.Open(l.eval(e.Value).Value, lead...)
	excess, known := dist.LogExcess(l.b, decl, x, p, lower, upper)
	if !known {
		terms, err := dist.Truncated(l.b, decl, x, p, lower, upper)
		if err != nil {
			l.fail("not-supported-here", s.Dist, "%v", err)
		}
		normal := l.b.AddScalar(l.b.Scale(0.5, l.b.SumAll(l.b.Square(at))), 0.5*math.Log(2*math.Pi)*float64(at.Shape().Size()))
		excess = l.b.Total(normal, terms...)
	}
	return val{l.b.Close(excess, lead...), lang.Real}
}

// fromGuide is a part of a site that the guide has drawn.
func (l *lowerer) fromGuide(s *ast.Sample, site *lang.Symbol, x box) (named.Value, bool) {
	if l.guided == nil {
		return named.Value{}, false
	}
	v, ok := l.guided.values[site.Name]
	if !ok {
		return v, false
	}
	if len(v.Shape()) != len(x.dims) {
		l.fail("shape-at-binding", s, "the guide of `%s` has another shape than it", site.Name)
	}
	if !x.isBox() {
		return l.gatherFrom(v, x), true
	}
	for d, dim := range x.dims {
		if dim.first+x.full[d] > v.Shape()[d] {
			l.fail("shape-at-binding", s, "the guide of `%s` draws %s of it, and the model has more", site.Name, shapeText(v.Shape()))
		}
	}
	return l.cutOut(v, x), true
}

// gatherFrom reads the cells of a part that is no box.
func (l *lowerer) gatherFrom(v named.Value, x box) named.Value {
	args := make([]named.IndexArg, len(x.dims))
	axis := (*named.Axis)(nil)
	for d, dim := range x.dims {
		switch {
		case dim.list != nil:
			if axis == nil {
				axis = l.newAxis("_", len(dim.list), named.Comprehension)
			}
			at := make([]float64, len(dim.list))
			for i, p := range dim.list {
				at[i] = float64(p + 1)
			}
			args[d] = named.IndexArg{Value: l.b.Wrap(l.b.G.Constant(graph.Shape{len(at)}, at), axis)}
		case dim.along < 0:
			args[d] = named.IndexArg{Value: l.b.Scalar(float64(dim.first + 1))}
		default:
			args[d] = named.IndexArg{Lo: dim.first + 1, Hi: dim.first + x.inner[dim.along]}
		}
	}
	return l.b.Close(l.b.Index(v, args...), axis)
}

package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// latent adds the density of the piece of a latent that a statement defines.
func (l *lowerer) latent(s *ast.Sample, info *lang.SampleInfo) {
	p, made := l.ahead[s]
	if !made {
		p = l.makeLatent(s)
	}
	if l.options.LatentsOnly {
		return
	}
	l.left(s.Index, func(idx []named.Value) {
		x := l.box(s, idx, l.shape(s, info.Shape))
		terms, lead := l.density(s.Dist, info.Dist, l.b.Open(p.value, x.axes...), true, s)
		l.addFactor(s, true, terms, lead)
	})
}

// makeLatent obtains the piece of a latent that a statement defines.
func (l *lowerer) makeLatent(s *ast.Sample) (p piece) {
	if p, made := l.ahead[s]; made {
		return p
	}
	info := l.m.Samples[s]
	l.left(s.Index, func(idx []named.Value) {
		a := l.arrayNamed(info.Symbol.Name, spanned{info.Symbol.Span})
		x := l.box(s, idx, l.shape(s, info.Shape))
		p = piece{dims: x.dims}
		if len(a.pieces) == 0 && !a.dense.Valid() && len(info.Symbol.Pieces) > 1 {
			l.makeWhole(a, info)
		}
		if a.dense.Valid() {
			p.value = l.b.Reshape(l.cutOut(a.dense, x), x.inner)
		} else {
			p.value = l.b.Reshape(l.supply(s, info, x), x.inner)
			l.define(a, s, p)
		}
		l.ahead[s] = p
	})
	return p
}

// cutOut reads a box of an array.
func (l *lowerer) cutOut(v named.Value, x box) named.Value {
	args := make([]named.IndexArg, len(x.dims))
	for d, dim := range x.dims {
		n := x.full[d]
		args[d] = named.IndexArg{Lo: dim.first + 1, Hi: dim.first + n}
	}
	return l.b.Index(v, args...)
}

// makeWhole obtains a latent that several statements define as one array, if
// their pieces all have one support that needs no parameters, and fill a box:
// the pieces are then slices of it, and h[t-1] is a view of it.
func (l *lowerer) makeWhole(a *array, info *lang.SampleInfo) {
	probe := &array{name: a.name}
	var sup *lang.SampleInfo
	for _, p := range info.Symbol.Pieces {
		s, ok := p.Stmt.(*ast.Sample)
		if !ok || !l.probe(probe, p, s) {
			return
		}
		this := l.m.Samples[s]
		if sup == nil {
			sup = this
		}
		if this.ValueKind != sup.ValueKind || this.Dist.Sig.Support != sup.Dist.Sig.Support || this.Dist.Sig.EventRank != sup.Dist.Sig.EventRank {
			return
		}
	}
	shape := graph.Shape(probe.shape)
	if shape.Size() == 0 || !l.quietly(func() { l.cover(probe) }) {
		return
	}
	x := box{full: shape, inner: shape}
	for d := range shape {
		x.dims = append(x.dims, pieceDim{along: d})
	}
	s := info.Symbol.Pieces[0].Stmt.(*ast.Sample)
	a.dense = l.supply(s, sup, x)
}

// probe finds the box of a piece without making it.
func (l *lowerer) probe(a *array, p *lang.Piece, s *ast.Sample) bool {
	info := l.m.Samples[s]
	if info == nil || info.Dist == nil || info.Kind != lang.Latent || info.Discrete || l.bounded(s, info) {
		return false
	}
	inside := l.context
	defer func() { l.context = inside }()
	l.context = l.root
	box := false
	return l.quietly(func() {
		defer l.enter()()
		l.openScope(p.Scope)
		l.left(s.Index, func(idx []named.Value) {
			x := l.box(s, idx, l.shape(s, info.Shape))
			box = x.isBox()
			zero := l.b.Array(x.inner, make([]float64, x.inner.Size()))
			l.define(a, s, piece{value: zero, dims: x.dims})
		})
	}) && box
}

// openScope opens the plates and loops around a statement.
func (l *lowerer) openScope(scope []ast.Node) {
	for _, n := range scope {
		switch n := n.(type) {
		case *ast.Plate:
			l.openAll(n.Binders)
		case *ast.For:
			l.openAll(n.Binders)
		}
	}
}

func (l *lowerer) openAll(binders []*ast.Binder) {
	for _, b := range binders {
		l.open(b, named.Plate)
	}
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
			return l.integer(e, "a dimension"), nil
		})
		if err != nil {
			l.fail("unknown-range", at, "a dimension is not known: %v", err)
		}
		out[i] = max(0, n)
	}
	l.afford(at, out)
	return out
}

// supply obtains the value of a part of a site from the source.
func (l *lowerer) supply(s *ast.Sample, info *lang.SampleInfo, x box) named.Value {
	if x.full.Size() == 0 {
		return l.b.Array(x.full, []float64{})
	}
	if v, ok := l.fromGuide(s, info.Symbol, x); ok {
		return v
	}
	l.affordLatents(s, x.full)
	sup, rank := l.support(s, info, x)
	block := Block{Site: info.Symbol, At: x.at(), Box: x.full, Cells: x.cells(), Support: sup, EventRank: rank, Span: s.Span()}
	block.Location, block.Scale = l.locationScale(s, info, x)
	v, err := l.src.Latent(l.b, block)
	if err != nil {
		l.fail("not-supported-here", s, "%v", err)
	}
	return v
}

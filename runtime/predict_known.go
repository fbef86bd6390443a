package runtime

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
	"ppl/runtime/data"
)

// What a prediction knows, and what it is to draw: by dimension, not by position.

// heldLatent is a latent of which the fit knows elements.
type heldLatent struct {
	name  string
	array lower.Array // in the shape of the prediction; Data are those of no draw
	// Of each element that is known: its place, and its draws.
	places []int
	draws  [][]float64
}

// change says what becomes of the elements along a dimension.
type change int

const (
	same  change = iota
	grown        // those that there were keep their places
	anew         // none of them is there
)

func (p *prediction) changeOf(d lang.Dim) change {
	out := same
	for _, s := range d.Symbols() {
		switch {
		case p.now.Anew[s.Name]:
			return anew
		case p.opt.Extend[s.Name] > 0 || len(p.now.Unseen[s.Name]) > 0:
			out = grown
		}
	}
	return out
}

// shape is that of a symbol in the prediction.
func (p *prediction) shape(sym *lang.Symbol) (graph.Shape, error) {
	out := make(graph.Shape, len(sym.Type.Dims))
	for i, d := range sym.Type.Dims {
		n, err := d.Eval(func(s *lang.DimSym) (int, error) {
			if s.Length != nil {
				a, ds := lower.Evaluate(p.model, lookupIn(p.now.Lookup), s.Length)
				if a == nil {
					return 0, &DataError{ds}
				}
				return int(a.Data[0]), nil
			}
			a, ok := p.now.Lookup(s.Name)
			if !ok || len(a.Data) != 1 {
				return 0, fmt.Errorf("the length of `%s` is not known", s.Name)
			}
			return int(a.Data[0]), nil
		})
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// hold finds what the fit knows, and what is to be predicted.
func (p *prediction) hold() error {
	elements := map[string][]*element{}
	post := p.post
	for i := range post.answer.Quantities {
		q := &post.answer.Quantities[i]
		elements[q.Symbol] = append(elements[q.Symbol], &element{q.Index, keptOf(q)})
	}
	if len(post.answer.Discrete) > 0 {
		z, err := post.discreteDraws()
		if err != nil {
			return err
		}
		for i := range post.answer.Discrete {
			q := &post.answer.Discrete[i]
			elements[q.Symbol] = append(elements[q.Symbol], &element{q.Index, func(row int) float64 { return float64(z[i][row]) }})
		}
	}
	for _, sym := range p.model.Latents {
		if !sym.Generated {
			if err := p.holdLatent(sym, elements[sym.Name]); err != nil {
				return err
			}
		}
	}
	var names []string
	for name := range p.names {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return p.names[a].Span.Start - p.names[b].Span.Start })
	for _, name := range names {
		if err := p.holdObserved(p.names[name], elements[name]); err != nil {
			return err
		}
	}
	if len(p.wants) == 0 && len(p.model.Generated) == 0 {
		return &DataError{diag.List{{Code: "cannot-predict", Source: p.model.File.Source, Span: p.model.File.Span(),
			Summary: "there is nothing to predict: no data stand on the left of a `~`", Hint: "say with `~` how data come about"}}}
	}
	return nil
}

// element is one number that the fit knows: its position, from 1, and its draw of a row.
type element struct {
	index []int
	draw  func(row int) float64
}

func keptOf(q *Quantity) func(row int) float64 {
	values, of := q.Made()
	if of.Rows == nil {
		return func(row int) float64 { return values[row] }
	}
	return func(row int) float64 { return values[of.Rows[row]] }
}

// placeOf is the position of an element in an array of a shape; −1 outside of it.
func placeOf(index []int, shape graph.Shape) int {
	if len(index) != len(shape) {
		return -1
	}
	at := 0
	for d, i := range index {
		if i > shape[d] {
			return -1
		}
		at = at*shape[d] + i - 1
	}
	return at
}

// worst is what becomes of the elements of a symbol.
func (p *prediction) worst(sym *lang.Symbol) change {
	out := same
	for _, d := range sym.Type.Dims {
		out = max(out, p.changeOf(d))
	}
	return out
}

func (p *prediction) holdLatent(sym *lang.Symbol, known []*element) error {
	change := p.worst(sym)
	if change == anew || len(known) == 0 {
		return nil // drawn from the prior
	}
	shape, err := p.shape(sym)
	if err != nil {
		return err
	}
	h := newHeldLatent(sym.Name, shape)
	p.take(h, known)
	if !slices.Contains(h.array.Missing, true) {
		h.array.Missing = nil
	} else if change == grown {
		w := &wanted{symbol: sym, shape: shape, of: ofLatent}
		for at, missing := range h.array.Missing {
			if missing {
				w.places = append(w.places, at)
			}
		}
		p.wants = append(p.wants, w)
	}
	p.held = append(p.held, h)
	return nil
}

// holdObserved says which elements on the left of a `~` are drawn: replicates of all, where
// nothing is new; the new ones where something is.
func (p *prediction) holdObserved(sym *lang.Symbol, imputed []*element) error {
	change, something := p.worst(sym), len(p.now.Anew)+len(p.opt.Extend)+len(p.now.Unseen) > 0
	shape, err := p.shape(sym)
	if err != nil {
		return err
	}
	was := p.was.Values[sym.Name]
	if something && change == same && was != nil && !p.now.Given[sym.Name] { // other data keep their values
		p.impute(sym, shape, was, imputed)
		return nil
	}
	if now := p.now.Values[sym.Name]; something && p.now.Given[sym.Name] && now != nil && p.predictor(sym) {
		if change == anew {
			imputed = nil
		}
		p.impute(sym, shape, now, imputed)
		return nil
	}
	w := &wanted{symbol: sym, shape: shape}
	var earlier []bool
	if change == grown && was != nil {
		earlier = make([]bool, shape.Size())
		places(was.Shape, shape, func(_, at int) { earlier[at] = true })
		p.impute(sym, shape, was, imputed)
	}
	for at := range shape.Size() {
		if earlier == nil || !earlier[at] {
			w.places = append(w.places, at)
		}
	}
	if len(w.places) > 0 {
		p.wants = append([]*wanted{w}, p.wants...)
	}
	return nil
}

// predictor reports whether the outcomes of another statement depend on data that have a `~` of their
// own, as those with missing elements have: where they are given, they are not predicted.
func (p *prediction) predictor(sym *lang.Symbol) bool {
	seen := map[*lang.Symbol]bool{}
	var reads func(n ast.Node) bool
	reads = func(n ast.Node) (found bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			s := p.model.Uses[n]
			if s == nil || found {
				return !found
			}
			if s == sym {
				found = true
			} else if s.Kind == lang.SymLet && !seen[s] {
				seen[s] = true
				if let, is := s.Decl.(*ast.Let); is {
					found = reads(let.Value)
				}
				for _, piece := range s.Pieces {
					if let, is := piece.Stmt.(*ast.Let); is && !found {
						found = reads(let.Value)
					}
				}
			}
			return !found
		})
		return found
	}
	for s, info := range p.model.Samples {
		if info.Kind == lang.Observe && info.Symbol != sym && s.Dist != nil && reads(s.Dist) {
			return true
		}
	}
	return false
}

// impute holds data on the left of a `~`: elements that were missing have draws of the fit.
func (p *prediction) impute(sym *lang.Symbol, shape graph.Shape, was *data.Array, imputed []*element) {
	h := newHeldLatent(sym.Name, shape)
	places(was.Shape, shape, func(i, at int) {
		if was.Missing == nil || !was.Missing[i] {
			h.array.Data[at], h.array.Missing[at] = was.Data[i], false
		}
	})
	p.take(h, imputed)
	if !slices.Contains(h.array.Missing, true) {
		h.array.Missing = nil
	}
	p.held = append(p.held, h)
}

// newHeldLatent is one of which nothing is known yet.
func newHeldLatent(name string, shape graph.Shape) *heldLatent {
	h := &heldLatent{name: name, array: lower.Array{Shape: shape, Data: make([]float64, shape.Size()), Missing: make([]bool, shape.Size())}}
	for i := range h.array.Missing {
		h.array.Missing[i] = true
	}
	return h
}

// take gives a latent the draws of the elements that the fit knows.
func (p *prediction) take(h *heldLatent, known []*element) {
	for _, e := range known {
		at := placeOf(e.index, h.array.Shape)
		if at < 0 {
			continue
		}
		draws := make([]float64, len(p.draws))
		for k, row := range p.draws {
			draws[k] = e.draw(row)
		}
		h.places, h.draws = append(h.places, at), append(h.draws, draws)
		h.array.Missing[at] = false
	}
}

// places visits the elements of an array of one shape that have a place in one of another.
func places(from, to graph.Shape, visit func(i, at int)) {
	index := make([]int, len(from))
	for i := range from.Size() {
		rest := i
		for d := len(from) - 1; d >= 0; d-- {
			index[d], rest = rest%from[d]+1, rest/from[d]
		}
		if at := placeOf(index, to); at >= 0 {
			visit(i, at)
		}
	}
}

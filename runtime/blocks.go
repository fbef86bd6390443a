package runtime

import (
	"context"
	"errors"
	"slices"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/lang"
	"ppl/runtime/answer"
)

// Many rows are predicted some at a time, where each is predicted on its own (lower.RowsApart): all draws
// of a block of rows are made, and summarised, before those of the next one, so that the memory that it
// takes does not grow with the rows. Latents that are drawn for all rows, such as those of a new
// label, are drawn with the first block.

// blockNumbers is how many numbers a block of rows has: 32 MB of them.
const blockNumbers = 1 << 22

// blocks say how rows are divided.
type blocks struct {
	dim  string // "" where they are not
	n    int    // rows
	size int    // of a block
	data *lower.Data
}

// blocks finds the dimension along which most is predicted, if its rows can be divided.
func (p *prediction) blocks() blocks {
	whole := blocks{}
	total := p.numbers()
	if total*len(p.draws) <= blockNumbers {
		return whole
	}
	var of *wanted
	for _, w := range p.wants {
		if d := w.symbol.Type.Dims; len(d) > 0 && (of == nil || len(w.places) > len(of.places)) {
			of = w
		}
	}
	if of == nil {
		return whole
	}
	dim := of.symbol.Type.Dims[0]
	b := blocks{dim: dim.String(), n: of.shape[0]}
	if syms := dim.Symbols(); len(syms) != 1 || syms[0].Length != nil || syms[0].Name != b.dim || b.n != p.now.Dims[b.dim] || !p.divisible(b.dim) {
		return whole
	}
	per := (total*len(p.draws) + b.n - 1) / b.n
	b.size = max(1, blockNumbers/per)
	if b.data = p.apart(b.dim); b.data == nil || b.size >= b.n {
		return whole
	}
	return b
}

// numbers is how many elements are predicted.
func (p *prediction) numbers() (n int) {
	for _, w := range p.wants {
		n += len(w.places)
	}
	return n
}

// divisible reports whether what is known and what is wanted can be divided by rows: all of
// the rows are drawn, and none of them is known.
func (p *prediction) divisible(dim string) bool {
	for _, w := range p.wants {
		k := dimOf(w.symbol, dim)
		if k > 0 || k == 0 && (w.of == ofLatent || len(w.places) != w.shape.Size()) {
			return false
		}
	}
	for _, list := range [][]*lang.Symbol{p.model.Latents, p.model.Data, p.model.Lets} {
		for _, s := range list {
			held := slices.ContainsFunc(p.held, func(h *heldLatent) bool { return h.name == s.Name })
			if held && dimOf(s, dim) >= 0 {
				return false
			}
		}
	}
	return true
}

// dimOf is the place of a dimension in the type of a symbol, −1 if it is not there.
func dimOf(s *lang.Symbol, dim string) int {
	return slices.IndexFunc(s.Type.Dims, func(d lang.Dim) bool { return d.Coef(dim) != 0 })
}

// apart are the data in which what the model computes over all rows is kept; nil where rows cannot be
// divided.
func (p *prediction) apart(dim string) *lower.Data {
	d := *p.data
	if !p.now.Anew[dim] { // replicates: nothing has been kept for the rows of the fit
		if len(p.now.Anew)+len(p.opt.Extend)+len(p.now.Unseen) > 0 {
			return nil
		}
		if ds := d.Freeze(p.model, lowerData(p.was), map[string]bool{dim: true}); ds.HasErrors() {
			return nil
		}
	}
	if !d.RowsApart(p.model, dim) {
		return nil
	}
	return &d
}

// part is the prediction for rows from..to−1.
func (p *prediction) part(b blocks, from, to int) *prediction {
	if b.dim == "" {
		return p
	}
	q := *p
	q.data = b.data.Rows(p.model, b.dim, from, to)
	q.walk = lower.NewPrediction(p.model, q.data, lower.PredictOptions{Generate: true, Means: p.opt.Mean})
	q.wants = nil
	for _, w := range p.wants {
		v := *w
		if dimOf(w.symbol, b.dim) < 0 {
			if from == 0 {
				q.wants = append(q.wants, &v)
			}
			continue
		}
		inner := w.shape[1:].Size()
		v.shape = append(graph.Shape{to - from}, w.shape[1:]...)
		v.first += from * inner
		v.places = make([]int, (to-from)*inner)
		for i := range v.places {
			v.places[i] = i
		}
		q.wants = append(q.wants, &v)
	}
	return &q
}

// shared is what was drawn of a latent with the first block, draw by draw, for all blocks.
type shared struct{ values []float64 }

// share finds the steps of latents that all rows have in common: what they draw in the first block
// is kept, and taken from there in the others.
func (c *compiled) share(b blocks, first bool, all []*shared, draws int) ([]*shared, error) {
	if b.dim == "" {
		return nil, nil
	}
	k := 0
	for _, l := range c.levels {
		for _, s := range l.steps {
			if s.Input == nil || dimOf(s.Symbol, b.dim) >= 0 {
				continue
			}
			if first {
				all = append(all, &shared{make([]float64, draws*len(s.Elements))})
			}
			if k >= len(all) || len(all[k].values) != draws*len(s.Elements) {
				return nil, errors.New("blocks of rows differ in what they draw")
			}
			s.shared, s.take = all[k], !first
			k++
		}
	}
	return all, nil
}

// runForward draws from what was lowered for many draws, block by block. It reports false where the
// model cannot be lowered so.
func (p *prediction) runForward(ctx context.Context, out *Predictions) (done bool, err error) {
	keep := p.affordable() == nil
	if (p.score != nil || p.opt.Keep) && !keep {
		return false, nil // it will be said that it is too much
	}
	return p.runBlocks(ctx, out, keep)
}

// runBlocks is runForward where it has been decided whether the draws are kept.
func (p *prediction) runBlocks(ctx context.Context, out *Predictions, keep bool) (done bool, err error) {
	b := p.blocks()
	if b.dim == "" && !keep {
		return false, nil
	}
	if b.dim == "" {
		b.n, b.size = 1, 1
	}
	var common []*shared
	var room []float64
	for from := 0; from < b.n; from += b.size {
		q := p.part(b, from, min(b.n, from+b.size))
		c, _, err := q.forward(nil)
		if err != nil {
			return true, err
		}
		if c == nil && from > 0 {
			return true, errors.New("one block of rows was lowered, and another was not")
		}
		if c == nil || p.score != nil && !p.latentsHeld(c) {
			return false, nil // the walk keeps what it draws of latents
		}
		if common, err = c.share(b, from == 0, common, len(p.draws)); err != nil {
			return true, err
		}
		if n := q.numbers() * len(p.draws); keep || len(room) < n {
			room = make([]float64, n)
		}
		if err := c.draw(ctx, q, from/b.size, room); err != nil {
			var no *errCannotDraw
			if errors.As(err, &no) {
				return true, p.whyNot(no)
			}
			return true, err
		}
		q.summarise(out, room, keep)
	}
	out.kept = keep
	return true, nil
}

// summarise summarises what was drawn: the numbers of all that is wanted, side by side. They are kept with
// the quantities, if keep says so.
func (p *prediction) summarise(out *Predictions, room []float64, keep bool) {
	n := len(p.draws)
	of := &answer.Draws{N: n, Kept: n}
	names := naming{p.now.Bound}
	at := 0
	for _, w := range p.wants {
		values := room[at*n : (at+len(w.places))*n]
		at += len(w.places)
		if keep {
			copy(w.values[w.first-w.begin:], sideBySide(values, n))
		}
		forEach(len(w.places), func(from, to int) {
			scratch := make([]float64, n)
			for i := from; i < to; i++ {
				q := names.name(w.symbol, w.full, w.placeOf(i))
				x := values[i*n : (i+1)*n : (i+1)*n]
				if keep {
					q.Hold(x, of)
				}
				q.summarise(x, nil, scratch)
				out.answer.Quantities[w.first+i] = q.Quantity
			}
		})
	}
}

// sideBySide are the numbers, n by n.
func sideBySide(x []float64, n int) [][]float64 {
	out := make([][]float64, len(x)/n)
	for i := range out {
		out[i] = x[i*n : (i+1)*n : (i+1)*n]
	}
	return out
}

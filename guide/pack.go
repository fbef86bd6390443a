package guide

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/lang"
)

// Slot is the place of a block of a latent in the packed unconstrained vector.
type Slot struct {
	Site      *lang.Symbol
	At        []int       // where the block starts in the site, from 0
	Box       graph.Shape // its constrained shape
	Free      graph.Shape // its unconstrained shape
	Offset    int         // of its first number in the packed vector
	Transform *Transform
}

// Packed is a lower.Source that reads each block from a packed vector. With no
// vector yet (U invalid) it reads from inputs of its own: a first lowering with
// such a source finds out how long the vector must be.
type Packed struct {
	U named.Value // event [D]; its axes (the particle) are those of all values

	Slots []Slot
	Size  int           // D
	Jac   []named.Value // log-Jacobians, one scalar for each block
}

// Latent implements lower.Source.
func (p *Packed) Latent(b *named.Builder, block lower.Block) (named.Value, error) {
	t, err := ForSupport(block.Support.Kind)
	if err != nil {
		return named.Value{}, fmt.Errorf("`%s`: %w", block.Site.Name, err)
	}
	free := t.Free(block.Box)
	s := Slot{Site: block.Site, At: block.At, Box: block.Box, Free: free, Offset: p.Size, Transform: t}
	p.Slots = append(p.Slots, s)
	p.Size += free.Size()
	if free.Size() == 0 { // a simplex of one
		one := make([]float64, block.Box.Size())
		for i := range one {
			one[i] = 1
		}
		return b.Array(block.Box, one), nil
	}
	var u named.Value
	if p.U.Valid() {
		u = b.Reshape(b.Index(p.U, named.IndexArg{Lo: s.Offset + 1, Hi: s.Offset + free.Size()}), free)
	} else {
		u = b.Wrap(b.G.Input(fmt.Sprintf("u.%d", len(p.Slots)), free))
	}
	x, jac := t.Forward(b, u, block.Support)
	total := b.Scalar(0)
	for _, j := range jac {
		total = b.Add(total, b.SumAll(j))
	}
	p.Jac = append(p.Jac, total)
	return x, nil
}

// LogJacobian is the sum over all blocks.
func (p *Packed) LogJacobian(b *named.Builder) named.Value {
	t := b.Scalar(0)
	for _, j := range p.Jac {
		t = b.Add(t, j)
	}
	return t
}

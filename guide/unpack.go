package guide

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/lang"
)

// Unpacked is a lower.Source the other way round: it hands out given values of the
// latents, by symbol, and notes in U the unconstrained numbers that they have in a
// packed vector with the same centring. With it a draw from the prior becomes a point
// on the unconstrained scale, though bounds and frames depend on other latents.
// Numbers of latents without a value, and of those outside of their support, are NaN.
type Unpacked struct {
	Values   map[*lang.Symbol]*lower.Array
	Centring [][]float64

	U     []float64
	slots int
}

// Latent implements lower.Source.
func (p *Unpacked) Latent(b *named.Builder, block lower.Block) (named.Value, error) {
	t, err := ForSupport(block.Support.Kind)
	if err != nil {
		return named.Value{}, fmt.Errorf("`%s`: %w", block.Site.Name, err)
	}
	slot := p.slots
	p.slots++
	x := p.part(block)
	free := t.Free(block.Box)
	u := make([]float64, free.Size())
	if x == nil {
		fill(u, math.NaN())
		x = make([]float64, block.Box.Size())
		fill(x, math.NaN())
	} else if len(u) > 0 {
		u = inverse(t, block, x, u)
		p.hold(slot, block, u)
	}
	p.U = append(p.U, u...)
	return b.Array(block.Box, x), nil
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}

// part is the block's part of the value of its site, row-major; nil without a value.
func (p *Unpacked) part(block lower.Block) []float64 {
	a := p.Values[block.Site]
	if a == nil {
		return nil
	}
	stride := make([]int, len(a.Shape))
	for d, n := len(a.Shape)-1, 1; d >= 0; d-- {
		stride[d] = n
		n *= a.Shape[d]
	}
	x := make([]float64, 0, block.Box.Size())
	if block.Cells != nil {
		inner := block.Box[1:].Size()
		for _, cell := range block.Cells {
			at := 0
			for d, i := range cell {
				at += i * stride[d]
			}
			x = append(x, a.Data[at:at+inner]...)
		}
		return x
	}
	if len(block.Box) != len(a.Shape) {
		return nil
	}
	idx := make([]int, len(block.Box))
	for range block.Box.Size() {
		at := 0
		for d, i := range idx {
			from := 0
			if block.At != nil {
				from = block.At[d]
			}
			at += (from + i) * stride[d]
		}
		x = append(x, a.Data[at])
		for d := len(idx) - 1; d >= 0; d-- {
			if idx[d]++; idx[d] < block.Box[d] {
				break
			}
			idx[d] = 0
		}
	}
	return x
}

// inverse maps the objects of a block back one by one, into u.
func inverse(t *Transform, block lower.Block, x, u []float64) []float64 {
	object := graph.Shape(block.Box[len(block.Box)-block.EventRank:]).Size()
	n := len(x) / object
	out := u[:0]
	for i := range n {
		lower, upper := constant(block.Support.Lower, i, math.NaN()), constant(block.Support.Upper, i, math.NaN())
		out = append(out, t.Inverse(x[i*object:(i+1)*object], lower, upper)...)
	}
	if len(out) != len(u) {
		panic(fmt.Sprintf("guide: %d numbers of a block of %d", len(out), len(u)))
	}
	return out
}

// hold turns the numbers of a relative block into those that are held of it: see
// Packed.Centring.
func (p *Unpacked) hold(slot int, block lower.Block, u []float64) {
	if slot >= len(p.Centring) || p.Centring[slot] == nil {
		return
	}
	for i, lambda := range p.Centring[slot] {
		m, s := constant(block.Location, i, 0), constant(block.Scale, i, 1)
		u[i] = lambda*m + math.Pow(s, lambda-1)*(u[i]-m)
	}
}

// constant is element i of a constant, or of one for all; absent where there is none,
// NaN where it varies.
func constant(v named.Value, i int, absent float64) float64 {
	switch {
	case !v.Valid():
		return absent
	case !v.IsConst():
		return math.NaN()
	}
	if c := v.Const(); len(c) > 1 {
		return c[i]
	} else {
		return c[0]
	}
}

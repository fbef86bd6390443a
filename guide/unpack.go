package guide

import (
	"fmt"
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/dist"
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

	// Rest, if it is set, is a packed vector: an object without a value, which is one with a NaN in it, too, has the
	// numbers that it has there, and the value that these stand for. Angles are as those of Packed, where there
	// is a Rest.
	Rest   []float64
	Angles []Angles

	U     []float64
	slots int
	// With Rest: Given marks the numbers of objects with a value, Outside lists those whose value is not
	// inside of its support. Their numbers are NaN.
	Given   []bool
	Outside []Misplaced
}

// Misplaced is an object of a latent with a value outside of its support, or on an end of it.
type Misplaced struct {
	Site    *lang.Symbol
	Element int // its first one, row-major from 0
	X       []float64
	Kind    lang.SupportKind
	// Lower and Upper are the bounds of its first element, infinite where there is none.
	Lower, Upper float64
	Place        Place
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
	if block.Noise {
		x = nil // a value of the site is none of the noise
	}
	if p.Rest != nil {
		return p.started(b, block, slot, x)
	}
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

// started is Latent where objects without a value have that of Rest.
func (p *Unpacked) started(b *named.Builder, block lower.Block, slot int, x []float64) (named.Value, error) {
	var angles Angles
	if slot < len(p.Angles) {
		angles = p.Angles[slot]
	}
	if angles.Straight && block.Support.Kind == lang.SupportCircle {
		block.Support = dist.Support{Kind: lang.SupportInterval, Lower: b.Scalar(-math.Pi), Upper: b.Scalar(math.Pi)}
	}
	t, err := ForSupport(block.Support.Kind)
	if err != nil {
		return named.Value{}, fmt.Errorf("`%s`: %w", block.Site.Name, err)
	}
	free := t.Free(block.Box)
	n, first := free.Size(), len(p.U)
	if n == 0 {
		one := make([]float64, block.Box.Size())
		fill(one, t.One)
		return b.Array(block.Box, one), nil
	}
	if first+n > len(p.Rest) {
		return named.Value{}, fmt.Errorf("`%s` is beyond the %d numbers that are given", block.Site.Name, len(p.Rest))
	}
	u := append([]float64(nil), p.Rest[first:first+n]...)
	p.unhold(slot, block, u)
	v, _ := t.Forward(b, b.Array(free, u), block.Support)
	if !v.IsConst() {
		return named.Value{}, fmt.Errorf("`%s` has no value at a point", block.Site.Name)
	}
	if !angles.Straight && angles.Turns != nil {
		v = wrap(b, b.Add(v, b.Array(free, angles.Turns)))
	}
	value := append([]float64(nil), v.Const()...)
	p.Given = append(p.Given, make([]bool, n)...)
	if x != nil {
		p.place(t, block, angles, x, u, value, p.Given[first:])
	}
	p.hold(slot, block, u)
	p.U = append(p.U, u...)
	return b.Array(block.Box, value), nil
}

// place puts the objects of a block that have values into value, and their unconstrained numbers into u.
func (p *Unpacked) place(t *Transform, block lower.Block, angles Angles, x, u, value []float64, given []bool) {
	object := graph.Shape(block.Box[len(block.Box)-block.EventRank:]).Size()
	count := len(x) / object
	each, last := len(u)/count, 1
	if block.EventRank > 0 {
		last = block.Box[len(block.Box)-1]
	}
	var at []int
	for i := range count {
		one, numbers := x[i*object:(i+1)*object], u[i*each:(i+1)*each]
		if slices.ContainsFunc(one, math.IsNaN) {
			continue
		}
		for k := range numbers {
			given[i*each+k] = true
		}
		copy(value[i*object:], one)
		lo, hi := bounds(block.Support.Lower, i, object), bounds(block.Support.Upper, i, object)
		if place := PlaceIn(block.Support.Kind, one, last, lo, hi); place != Inside {
			if at == nil {
				at = elementsOf(block, p.Values[block.Site].Shape)
			}
			p.Outside = append(p.Outside, Misplaced{block.Site, at[i*object], one, block.Support.Kind, boundAt(lo, 0, math.Inf(-1)), boundAt(hi, 0, math.Inf(1)), place})
			fill(numbers, math.NaN())
			continue
		}
		copy(numbers, t.Inverse(one, boundAt(lo, 0, math.NaN()), boundAt(hi, 0, math.NaN())))
		if angles.Turns != nil && !angles.Straight {
			for k := range numbers {
				numbers[k] = math.Remainder(numbers[k]-angles.Turns[i*each+k], 2*math.Pi)
			}
		}
	}
}

// bounds are those of object i, of so many elements: one for all, or one for each; nil without bounds.
func bounds(v named.Value, i, object int) []float64 {
	if !v.Valid() || !v.IsConst() {
		return nil
	}
	c := v.Const()
	if len(c) == 1 {
		return c
	}
	return c[i*object : (i+1)*object]
}

// unhold turns what is held of a relative block into its unconstrained numbers.
func (p *Unpacked) unhold(slot int, block lower.Block, u []float64) {
	if slot >= len(p.Centring) || p.Centring[slot] == nil {
		return
	}
	for i, lambda := range p.Centring[slot] {
		m, s := constant(block.Location, i, 0), constant(block.Scale, i, 1)
		u[i] = m + math.Pow(s, 1-lambda)*(u[i]-lambda*m)
	}
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

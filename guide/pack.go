package guide

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/dist"
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
	// Relative says that the prior has a location or a scale, on the
	// unconstrained scale, that depends on other latents: the block may be
	// parameterised relative to them.
	Relative bool
	// Circular says that the block is of angles: see Angles.
	Circular bool
	// Param marks a value that is learned as a point: it has no distribution, and its transform no
	// Jacobian. Init are the unconstrained numbers that its declaration lets it start from; nil where it says
	// nothing.
	Param bool
	Init  []float64
	// Noise marks the noise that a guide of the user's draws the site from: its guide is a standard normal, and nothing
	// of it is fitted. It has no Jacobian either.
	Noise bool
	// Choice marks noise that picks the value of a discrete latent, whose density is no part of the target's.
	Choice bool
}

// Frame is the location and log scale of a relative block, each a scalar or of
// its free shape.
type Frame struct {
	Slot               int
	Location, LogScale named.Value
}

// Packed is a lower.Source that reads each block from a packed vector. With no
// vector yet (U invalid) it reads from inputs of its own: a first lowering with
// such a source finds out how long the vector must be.
type Packed struct {
	U named.Value // event [D]; its axes (the particle) are those of all values

	// Centring parameterises relative blocks, by slot: element i of a block is
	// held as ũ with
	//
	//	u = m + s^(1−λ)·(ũ − λm),
	//
	// where m and s are its location and scale, and λ = Centring[slot][i] lies
	// between 0 (non-centred: ũ is standardised) and 1 (centred: ũ = u)
	// (Gorinova, Moore & Hoffman 2020, "Automatic Reparameterisation of
	// Probabilistic Programs", eq. 4). Nil is 1 throughout.
	Centring [][]float64

	// Angles say how blocks of angles are held, by slot.
	Angles []Angles

	// Free, where it is set, has the unconstrained numbers of each block, by slot, in the place of U: invalid ones of
	// blocks without any.
	Free []named.Value

	Slots  []Slot
	Size   int           // D
	Jac    []named.Value // log-Jacobians, one scalar for each block
	Frames []Frame       // of the relative blocks
}

// Latent implements lower.Source.
func (p *Packed) Latent(b *named.Builder, block lower.Block) (named.Value, error) {
	circular, angles := block.Support.Kind == lang.SupportCircle, p.angles()
	if circular && angles.Straight {
		block.Support = dist.Support{Kind: lang.SupportInterval, Lower: b.Scalar(-math.Pi), Upper: b.Scalar(math.Pi)}
	}
	t, err := ForSupport(block.Support.Kind)
	if err != nil {
		return named.Value{}, fmt.Errorf("`%s`: %w", block.Site.Name, err)
	}
	free := t.Free(block.Box)
	s := Slot{Site: block.Site, At: block.At, Box: block.Box, Free: free, Offset: p.Size, Transform: t}
	s.Relative = relative(block)
	s.Circular = circular
	s.Noise, s.Choice = block.Noise, block.Choice
	if s.Param = block.Param; s.Param && block.Init.Valid() && block.Init.IsConst() {
		if s.Init = initial(t, block, free.Size()); s.Init == nil {
			return named.Value{}, lower.ErrInitOutside
		}
	}
	p.Slots = append(p.Slots, s)
	p.Size += free.Size()
	if free.Size() == 0 { // a simplex of one
		one := make([]float64, block.Box.Size())
		for i := range one {
			one[i] = t.One
		}
		return b.Array(block.Box, one), nil
	}
	var u named.Value
	if k := len(p.Slots) - 1; p.Free != nil {
		u = p.Free[k]
	} else if p.U.Valid() {
		u = b.Reshape(b.Index(p.U, named.IndexArg{Lo: s.Offset + 1, Hi: s.Offset + free.Size()}), free)
	} else {
		u = b.Wrap(b.G.Input(fmt.Sprintf("u.%d", len(p.Slots)), free))
	}
	var more []named.Value
	if s.Relative {
		u, more = p.centre(b, u, block)
	}
	x, jac := t.Forward(b, u, block.Support)
	if angles.Turns != nil && !angles.Straight {
		x = wrap(b, b.Add(x, b.Array(free, angles.Turns)))
	}
	if s.Param || s.Noise {
		return x, nil
	}
	total := b.Scalar(0)
	for _, j := range append(jac, more...) {
		total = b.Add(total, b.SumAll(j))
	}
	p.Jac = append(p.Jac, total)
	return x, nil
}

// initial are the unconstrained numbers of the value that a block starts from; nil where an object is not inside of
// its support.
func initial(t *Transform, block lower.Block, n int) []float64 {
	u := make([]float64, n)
	if n == 0 {
		return u
	}
	x := append([]float64(nil), block.Init.Const()...)
	object, last := graph.Shape(block.Box[len(block.Box)-block.EventRank:]).Size(), 1
	if block.EventRank > 0 {
		last = block.Box[len(block.Box)-1]
	}
	u = inverse(t, block, x, u)
	for i := range len(x) / object {
		lo, hi := bounds(block.Support.Lower, i, object), bounds(block.Support.Upper, i, object)
		if PlaceIn(block.Support.Kind, x[i*object:(i+1)*object], last, lo, hi) != Inside {
			return nil
		}
	}
	return u
}

// angles are those of the slot that is made next.
func (p *Packed) angles() Angles {
	if i := len(p.Slots); i < len(p.Angles) {
		return p.Angles[i]
	}
	return Angles{}
}

// relative reports whether a block's location or scale varies with latents.
func relative(block lower.Block) bool {
	if k := block.Support.Kind; k != lang.SupportReal && k != lang.SupportPositive {
		return false
	}
	varies := func(v named.Value) bool { return v.Valid() && !v.IsConst() }
	return varies(block.Location) || varies(block.Scale)
}

// centre maps what is held of the last slot to the unconstrained scale, and
// records its frame.
func (p *Packed) centre(b *named.Builder, held named.Value, block lower.Block) (u named.Value, jac []named.Value) {
	f := Frame{Slot: len(p.Slots) - 1, Location: b.Scalar(0), LogScale: b.Scalar(0)}
	if block.Location.Valid() {
		f.Location = block.Location
	}
	if block.Scale.Valid() {
		f.LogScale = b.Log(block.Scale)
	}
	p.Frames = append(p.Frames, f)
	if f.Slot >= len(p.Centring) || p.Centring[f.Slot] == nil {
		return held, nil
	}
	lambda := b.Array(held.Shape(), p.Centring[f.Slot])
	rest := b.OneMinus(lambda)
	stretch := b.Mul(rest, f.LogScale)
	u = b.Add(f.Location, b.Mul(b.Exp(stretch), b.Sub(held, b.Mul(lambda, f.Location))))
	if stretch.Rank() < held.Rank() { // it is the same for all elements
		stretch = b.Scale(float64(held.Shape().Size()), stretch)
	}
	return u, []named.Value{stretch}
}

// LogJacobian is the sum over all blocks.
func (p *Packed) LogJacobian(b *named.Builder) named.Value {
	t := b.Scalar(0)
	for _, j := range p.Jac {
		t = b.Add(t, j)
	}
	return t
}

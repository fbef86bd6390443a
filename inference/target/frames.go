package target

import (
	"math"

	"ppl/graph"
)

// RelativeSlots lists the slots that may be parameterised anew.
func (t *Target) RelativeSlots() []int {
	var out []int
	for i, s := range t.Slots {
		if s.Relative && s.Free.Size() > 0 {
			out = append(out, i)
		}
	}
	return out
}

// centred is a Centring with the same λ for all relative slots.
func (t *Target) Centred(lambda float64) [][]float64 {
	out := make([][]float64, len(t.Slots))
	for _, i := range t.RelativeSlots() {
		out[i] = make([]float64, t.Slots[i].Free.Size())
		for k := range out[i] {
			out[i][k] = lambda
		}
	}
	return out
}

// lambda is λ of element k of a slot.
func (t *Target) Lambda(slot, k int) float64 {
	if t.Centring == nil || t.Centring[slot] == nil {
		return 1
	}
	return t.Centring[slot][k]
}

// frames evaluates, at the point u, the location and log scale of each element
// of the relative slots: arrays by slot, nil for others.
func (t *Target) Frames(u []float64) (location, logScale [][]float64, err error) {
	b := t.Builder()
	in := b.G.Input("u", graph.Shape{t.D})
	l, err := t.Lower(b, b.Wrap(in))
	if err != nil {
		return nil, nil, err
	}
	var outs []*graph.Node
	for _, f := range l.Pack.Frames {
		outs = append(outs, f.Location.N, f.LogScale.N)
	}
	p, err := t.Compile(b.G, outs...)
	if err != nil {
		return nil, nil, err
	}
	p.Set(in, u)
	if err := p.Run(); err != nil {
		return nil, nil, err
	}
	location, logScale = make([][]float64, len(t.Slots)), make([][]float64, len(t.Slots))
	for i, f := range l.Pack.Frames {
		n := t.Slots[f.Slot].Free.Size()
		location[f.Slot] = repeated(p.Out(2*i), n)
		logScale[f.Slot] = repeated(p.Out(2*i+1), n)
	}
	return location, logScale, nil
}

// repeated copies x, or n times its only element.
func repeated(x []float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = x[i%len(x)]
	}
	return out
}

// move translates a mean-field guide from the parameterisation of t to that of
// to.
func (t *Target) Move(to *Target, loc, logsd []float64) (newLoc, newLogSD []float64, err error) {
	m, ls, err := t.Frames(loc)
	if err != nil {
		return nil, nil, err
	}
	newLoc, newLogSD = append([]float64(nil), loc...), append([]float64(nil), logsd...)
	for _, i := range t.RelativeSlots() {
		for k := range m[i] {
			at := t.Slots[i].Offset + k
			old, now := t.Lambda(i, k), to.Lambda(i, k)
			z := (loc[at] - old*m[i][k]) / math.Exp(old*ls[i][k])
			newLoc[at] = now*m[i][k] + math.Exp(now*ls[i][k])*z
			newLogSD[at] = logsd[at] + (now-old)*ls[i][k]
		}
	}
	return newLoc, newLogSD, nil
}

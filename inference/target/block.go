package target

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/inference/arrow"
	"ppl/inference/gauss"
	"ppl/inference/random"
)

// Block is a part of the latents that is Gaussian given the others and the data: see package gauss.
type Block struct {
	// Slots marks those of the target that are in the block, Inside lists their coordinates, and Outside the others.
	Slots           []bool
	Inside, Outside []int
	// Pattern is that of the precision of the block given the others, over the places of coordinates in Inside.
	Pattern *arrow.Pattern
	// About are numbers of the block near which its posterior is: differences from there are worked with.
	About []float64
	// Seed is that of draws of the block.
	Seed uint64
}

// noise fills z with the noise of the i-th points that are evaluated together, balanced among them.
func (bl *Block) noise(z []float64, i int) {
	if n := len(bl.Inside); len(z) > 0 { // something depends on it
		random.Balanced(random.Stream(bl.Seed, "block", i), z, len(z)/n, n)
	}
}

// MostProbes bounds the Pattern.Probes of a block: each is a Hessian product in the graph.
const MostProbes = 64

// What Target.Asked may ask of a latent: not to be integrated out, or that it must be.
const (
	Keep      = "keep"
	Integrate = "integrate"
)

// ToIntegrate lists the latents that Asked asks to be integrated out, in the order of the model.
func (t *Target) ToIntegrate() []string {
	var out []string
	for _, s := range t.Slots {
		if t.Asked[s.Site.Name] == Integrate && !slices.Contains(out, s.Site.Name) {
			out = append(out, s.Site.Name)
		}
	}
	return out
}

// mostTried slots are tried for a block at most, each by a walk through the graph.
const mostTried = 256

// NewBlock is the block of the slots marked, about 0, without a pattern.
func (t *Target) NewBlock(slots []bool) *Block {
	bl := &Block{Slots: slots}
	for i, s := range t.Slots {
		for k := range s.Free.Size() {
			if slots[i] {
				bl.Inside = append(bl.Inside, s.Offset+k)
			} else {
				bl.Outside = append(bl.Outside, s.Offset+k)
			}
		}
	}
	bl.About = make([]float64, len(bl.Inside))
	return bl
}

// GaussianSlots marks slots that make up a block, as many as there are: the log density is a quadratic function of
// their numbers for all values of the others. Of latents that multiply one another those come first that Asked asks for, then the
// larger. None are marked where more than most numbers must be left, or the slots are very many; nor where there are discrete
// latents, params, or a guide of the user's.
func (t *Target) GaussianSlots(most int) ([]bool, error) {
	marked := make([]bool, len(t.Slots))
	if len(t.Slots) > mostTried || len(t.Discrete) > 0 || len(t.Known) > 0 || t.Params() > 0 || t.Written() || t.Mode || t.Block != nil {
		return marked, nil
	}
	left, order := 0, make([]int, 0, len(t.Slots))
	for i, s := range t.Slots {
		if s.Transform.Name == "identity" && !s.Circular && t.Asked[s.Site.Name] != Keep {
			order = append(order, i)
		} else {
			left += s.Free.Size()
		}
	}
	if left > most {
		return marked, nil
	}
	b := bare()
	b.G.Halt = t.halt
	b.G.SumRule = t.SumRule()
	free := make([]named.Value, len(t.Slots))
	for i, s := range t.Slots {
		if s.Free.Size() > 0 {
			free[i] = b.Wrap(b.G.Input(fmt.Sprintf("u.%d", i), s.Free))
		}
	}
	order = slices.DeleteFunc(order, func(i int) bool { return !free[i].Valid() })
	l, err := t.lowerFree(b, free, t.Options)
	if err != nil {
		return nil, err
	}
	lp := l.LogDensity().N
	slices.SortStableFunc(order, func(i, j int) int {
		if a, b := t.Asked[t.Slots[i].Site.Name] == Integrate, t.Asked[t.Slots[j].Site.Name] == Integrate; a != b {
			if a {
				return -1
			}
			return 1
		}
		return t.Slots[j].Free.Size() - t.Slots[i].Free.Size()
	})
	in := map[*graph.Node]bool{}
	for _, i := range order {
		in[free[i].N] = true
		if marked[i] = gauss.Degree(lp, in) <= gauss.Quadratic; !marked[i] {
			delete(in, free[i].N)
		}
	}
	return marked, nil
}

// lowerFree lowers the model at given numbers of its slots.
func (t *Target) lowerFree(b *named.Builder, free []named.Value, opt lower.Options) (*Lowered, error) {
	l := &Lowered{b: b, mode: t.Mode, Pack: &guide.Packed{Free: free, Centring: t.Centring, Angles: t.Angles}}
	return l, t.lowerAs(l, opt)
}

// Marginal is the target of the latents outside of a block, which is integrated out: its unconstrained numbers are those of
// Outside. A Reporter of it shows draws of the block given the others, as many as there are points; LowerWith has the block
// at its mean given the others.
func (t *Target) Marginal(bl *Block) *Target {
	u := *t
	u.Block, u.whole = bl, t
	u.Slots, u.D, u.Centring, u.Angles = nil, 0, nil, nil
	for i, s := range t.Slots {
		if !bl.Slots[i] {
			s.Offset, s.Relative = u.D, false
			u.Slots = append(u.Slots, s)
			u.D += s.Free.Size()
		}
	}
	return &u
}

// Integrated names the latents of the block that is integrated out, in the order of the model, and counts its numbers; none
// where there is no block.
func (t *Target) Integrated() (names []string, numbers int) {
	if t.Block == nil {
		return nil, 0
	}
	return t.whole.names(t.Block), len(t.Block.Inside)
}

// names are those of the latents of a block.
func (t *Target) names(bl *Block) []string {
	var out []string
	for i, s := range t.Slots {
		if bl.Slots[i] && !slices.Contains(out, s.Site.Name) {
			out = append(out, s.Site.Name)
		}
	}
	return out
}

// lowerDrawn lowers the model at points u of the axis ax, a block that is integrated out drawn given these from the noise z, an
// input; nil where there is no block.
func (t *Target) lowerDrawn(b *named.Builder, u named.Value, ax *named.Axis) (l *Lowered, z *graph.Node, err error) {
	if t.Block == nil {
		l, err = t.Lower(b, u)
		return l, nil, err
	}
	z = b.G.BatchInput("z", graph.Shape{ax.Size, len(t.Block.Inside)})
	l, err = t.lowerBlock(b, u, t.Options, b.Wrap(z, ax))
	return l, z, err
}

// lowerBlock lowers a Marginal target: its density, and the model with the block at its mean given the others, the mode of a density
// that is the product of its height there and a determinant; or, with standard normal numbers z (event [n]), the model with draws of
// the block alone.
func (t *Target) lowerBlock(b *named.Builder, u named.Value, opt lower.Options, z named.Value) (*Lowered, error) {
	bl, whole := t.Block, t.whole
	l := &Lowered{b: b, Pack: &guide.Packed{}}
	free := make([]named.Value, len(whole.Slots))
	at := 0
	for i, s := range whole.Slots {
		if n := s.Free.Size(); n > 0 && !bl.Slots[i] {
			free[i] = b.Reshape(b.Index(u, named.IndexArg{Lo: at + 1, Hi: at + n}), s.Free)
			at += n
		}
	}
	system, err := t.system(b, free, u.Axes())
	if err != nil {
		return nil, err
	}
	f := system.Factor()
	place := b.Add(f.Place(z), b.Array(graph.Shape{len(bl.About)}, bl.About))
	at = 0
	for i, s := range whole.Slots {
		if n := s.Free.Size(); n > 0 && bl.Slots[i] {
			free[i] = b.Reshape(b.Index(place, named.IndexArg{Lo: at + 1, Hi: at + n}), s.Free)
			at += n
		}
	}
	v, err := whole.lowerFree(b, free, opt)
	if err != nil {
		return nil, err
	}
	l.Pack.Jac = v.Pack.Jac
	if l.Joint = v.Joint; !z.Valid() {
		l.density = b.Add(v.LogDensity(), f.LogIntegral())
	}
	return l, nil
}

// system is the log density as a quadratic function of the block about About, at given numbers of the other slots. It is
// differentiated in a graph of its own, in which the block is an input, and copied from there.
func (t *Target) system(b *named.Builder, free []named.Value, axes []*named.Axis) (*gauss.System, error) {
	bl, whole := t.Block, t.whole
	s := bare()
	s.G.Halt, s.G.SumRule = t.halt, whole.SumRule()
	lead := graph.Shape{}
	for _, a := range axes {
		lead = append(lead, a.Size)
	}
	copies := map[*graph.Node]*graph.Node{}
	inner := make([]named.Value, len(free))
	var block []*graph.Node
	at := 0
	for i, slot := range whole.Slots {
		n := slot.Free.Size()
		if n == 0 {
			continue
		}
		shape := append(slices.Clone(lead), slot.Free...)
		input := s.G.Input
		if len(axes) > 0 {
			input = s.G.BatchInput
		}
		in := input(fmt.Sprintf("u.%d", i), shape)
		inner[i] = s.Wrap(in, axes...)
		if !bl.Slots[i] {
			copies[in] = b.With(free[i], axes...).N
			continue
		}
		about := make([]float64, shape.Size())
		for k := range about {
			about[k] = bl.About[at+k%n]
		}
		at += n
		copies[in] = b.G.Constant(shape, about)
		block = append(block, in)
	}
	l, err := whole.lowerFree(s, inner, whole.Options)
	if err != nil {
		return nil, err
	}
	s.G.SumRule = nil
	lp := s.With(l.LogDensity(), axes...)
	gradient := grad.Reverse(s.G, s.SumAxes(lp, axes...).N, block)
	outs := []*graph.Node{joined(s, gradient, axes)}
	v := make([]float64, len(bl.Inside))
	for i := range bl.Pattern.Probes() {
		bl.Pattern.Probe(i, v)
		total, at := s.Scalar(0), 0
		for k, g := range gradient {
			shape := g.Shape[len(axes):]
			n := shape.Size()
			if part := slices.Clone(v[at : at+n]); slices.ContainsFunc(part, func(x float64) bool { return x != 0 }) {
				along := s.SumAll(s.Mul(s.Wrap(gradient[k], axes...), s.Array(shape, part)))
				total = s.Add(total, s.SumAxes(along, axes...))
			}
			at += n
		}
		outs = append(outs, joined(s, grad.Reverse(s.G, total.N, block), axes))
	}
	outs = graph.Copy(b.G, outs, copies)
	system := &gauss.System{B: b, Axes: axes, Pattern: bl.Pattern, Gradient: b.Wrap(outs[0], axes...)}
	for _, hv := range outs[1:] {
		system.Products = append(system.Products, b.Wrap(hv, axes...))
	}
	return system, nil
}

// joined is one vector of the arrays of slots.
func joined(b *named.Builder, parts []*graph.Node, axes []*named.Axis) *graph.Node {
	flat := make([]named.Value, len(parts))
	for i, p := range parts {
		v := b.Wrap(p, axes...)
		flat[i] = b.Reshape(v, graph.Shape{v.Shape().Size()})
	}
	if len(flat) == 1 {
		return b.With(flat[0], axes...).N
	}
	return b.With(b.Concat(flat...), axes...).N
}

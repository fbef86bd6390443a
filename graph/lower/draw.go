package lower

import (
	"math"
	"math/rand/v2"
	"sort"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// draw samples the left side of a statement in every iteration of the axes,
// row-major over the axes and then the shape. The leading dimensions of the shape,
// before the event of the distribution, are iid. Elements that are held are not drawn.
// look, if it is not nil, sees the drawing before that.
func (l *lowerer) draw(s *ast.Sample, info *lang.SampleInfo, axes []*named.Axis, shape graph.Shape, h *held, look func(d *drawing)) []float64 {
	if h.all() && look == nil {
		return h.values
	}
	d := l.drawing(s, info, axes, shape, h, look != nil && l.sim.audit == nil)
	if look != nil {
		look(d)
	}
	if h.all() {
		return h.values
	}
	d.out = make([]float64, d.frame.Size()*d.event)
	d.kind(info, shape)
	d.run()
	return d.out
}

// drawing evaluates the parameters of a statement.
func (l *lowerer) drawing(s *ast.Sample, info *lang.SampleInfo, axes []*named.Axis, shape graph.Shape, h *held, means bool) *drawing {
	depth := l.depth
	defer func() { l.depth = depth }()
	rank := l.eventRank(s.Dist.Call, info.Dist)
	n := len(shape) - rank
	if n < 0 {
		l.fail("shape-at-binding", s, "`%s` describes arrays of rank %d", info.Dist.Sig.Name, rank)
	}
	d := &drawing{l: l, s: s, axes: axes[:len(axes):len(axes)], event: shape[n:].Size(), held: h, means: means}
	lead := make([]*named.Axis, n)
	for i := range lead {
		lead[i] = l.newAxis("_", shape[i], named.Comprehension)
	}
	d.axes = append(d.axes, lead...)
	d.from = d.sampler(s.Dist, info.Dist, lead, shape[n:])
	for _, a := range d.axes {
		d.frame = append(d.frame, a.Size)
	}
	return d
}

// eventRank is that of a distribution, or of those that it is made of.
func (l *lowerer) eventRank(at ast.Node, call *lang.DistCall) int {
	for call != nil && len(call.Dists) > 0 {
		call = l.m.Dists[call.Dists[0].Call]
	}
	if call == nil {
		l.fail("not-supported-here", at, "this `~` is not supported yet")
	}
	return call.Sig.EventRank
}

// drawing is one `~` at work.
type drawing struct {
	l     *lowerer
	s     *ast.Sample
	axes  []*named.Axis // plates and iid dimensions
	frame graph.Shape   // their sizes
	event int           // size of one draw
	from  *sampler
	held  *held // what is known of it; nil: nothing
	means bool  // expectations are asked for
	out   []float64

	// What a constrained kind asks of each object, of `group` consecutive draws.
	group    int
	sorted   bool                   // the draws of an object are alike: in order they are as good
	accepted func(x []float64) bool // nil: anything goes
	local    bool                   // an object may be drawn again by itself
}

// tries is how often an object is drawn again.
const tries = 10000

func (d *drawing) run() {
	at := make([]int, len(d.frame))
	for i := 0; i < d.frame.Size(); i += d.group {
		x := d.out[i*d.event : (i+d.group)*d.event]
		if d.heldObject(x, i, at) {
			continue
		}
		for try := 1; !d.object(x, i, at); try++ {
			if !d.local {
				panic(again{})
			}
			if try == tries {
				d.l.notGenerative(d.s, "none of very many draws lay in the set of the constrained kind", "give the elements priors under which they are in order more often")
			}
		}
	}
}

// object draws the object that begins with draw i, and reports whether it lies
// in its set.
func (d *drawing) object(x []float64, i int, at []int) bool {
	for k := range d.group {
		d.coordinates(i+k, at)
		one := x[k*d.event : (k+1)*d.event]
		d.from.draw(d.l.sim.r, at, one)
		for _, v := range one {
			if math.IsNaN(v) {
				d.notANumber(i + k)
			}
		}
	}
	if d.sorted {
		sort.Float64s(x)
	}
	return d.accepted == nil || d.accepted(x)
}

// coordinates finds those of draw i on the axes.
func (d *drawing) coordinates(i int, at []int) {
	for c := len(d.frame) - 1; c >= 0; c-- {
		at[c] = i % d.frame[c]
		i /= d.frame[c]
	}
}

// where says which iteration draw i is of.
func (d *drawing) where(i int) string {
	mask := make([]float64, d.frame.Size())
	mask[i] = 1
	return d.l.at(d.l.b.Wrap(d.l.b.G.Constant(d.frame, mask), d.axes...), i)
}

func (d *drawing) notANumber(i int) {
	l := d.l
	where := d.where(i)
	why := "a parameter is outside its range"
	if d.s.Dist.Interval != nil || d.s.Dist.Range != nil {
		why = "the interval has no probability, or a parameter is outside its range"
	}
	l.notGenerative(d.s.Dist, "nothing can be drawn from this distribution: "+why+where, "")
}

// kind sets what a constrained kind asks where the distribution is one for each
// element: the density on the set is not renormalised, so draws are rejected that
// lie outside. If the parameters are known from the data, the object is drawn
// again. Otherwise the probability of the set depends on latents, and only a
// simulation that begins anew has the right distribution of these.
func (d *drawing) kind(info *lang.SampleInfo, shape graph.Shape) {
	d.group = 1
	kind := info.ValueKind
	if ownKind(info) {
		return
	}
	if kind != lang.Ordered && kind != lang.PositiveOrdered {
		d.l.notGenerative(d.s.Dist, "draws of `"+info.Dist.Sig.Name+"` are never of kind `"+kind.String()+"`: this density cannot be simulated",
			"use a distribution over `"+kind.String()+"`")
	}
	if d.l.eventRank(d.s.Dist.Call, info.Dist) == 0 {
		d.group = shape[len(shape)-1]
		d.sorted = d.from.constantAlong(len(d.axes) - 1)
	}
	d.local = !d.l.random(d.s.Dist)
	least := math.Inf(-1)
	if kind == lang.PositiveOrdered {
		least = 0
	}
	d.accepted = func(x []float64) bool {
		last := least
		for _, v := range x {
			if !(v > last) {
				return false
			}
			last = v
		}
		return true
	}
}

// ownKind reports whether every draw of a distribution is of the kind that is asked for.
func ownKind(info *lang.SampleInfo) bool {
	return info.ValueKind == lang.Plain || kindSupports[info.ValueKind] == info.Dist.Sig.Support
}

// random reports whether an expression depends on what is simulated.
func (l *lowerer) random(n ast.Node) bool {
	if len(l.sim.known) > 0 {
		return l.hangsOn(n) != ""
	}
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if x, ok := n.(*ast.Name); ok {
			s := l.m.Uses[x]
			found = found || s != nil && s.Random || l.sim.names[x.Name] != nil
		}
		return !found
	})
	return found
}

// sampler draws from one distribution.
type sampler struct {
	decl         *dist.Dist
	numbers      dist.Numbers
	params       []operand
	lower, upper *operand   // of a truncation
	parts        []*sampler // of Mixture and ZeroInflated
	categories   *dist.Dist
	k            [1]float64
	truncated    *operand // the expectation within the bounds, if it was asked for and is known
}

// operand is a parameter over the axes of a drawing.
type operand struct {
	name    string
	value   named.Value
	data    []float64
	size    int // of its event
	strides []int
	lane    int // stride from draw to draw, where it differs between them (forward.go)
	output  int // where the values for all draws are found; -1: data
	rule    lang.ParamConstraint
}

func (o *operand) at(c []int) []float64 {
	p := 0
	for d, i := range c {
		p += i * o.strides[d]
	}
	return o.data[p : p+o.size]
}

// sampler evaluates the parameters of a distribution.
func (d *drawing) sampler(e *ast.Dist, call *lang.DistCall, lead []*named.Axis, event graph.Shape) *sampler {
	l := d.l
	decl, ok := dist.Find(call.Sig.Name)
	if !ok || decl.Sample == nil && call.Sig.Name != "Flat" && !call.Sig.TakesDists {
		l.fail("not-supported-here", e, "`%s` is not supported yet", call.Sig.Name)
	}
	s := &sampler{decl: decl, numbers: dist.Numbers{Form: call.Form, Values: map[string][]float64{}}}
	sizes := map[string]int{}
	for i, name := range call.Sig.EventDims {
		sizes[name] = event[i]
	}
	for i, ps := range call.Sig.Forms[call.Form].Params {
		o := d.operand(e, ps.Name, l.param(e, call, i, ps, lead, sizes))
		o.rule = ps.Constraint
		s.params = append(s.params, o)
	}
	for _, part := range call.Dists {
		s.parts = append(s.parts, d.sampler(part, l.m.Dists[part.Call], lead, event))
	}
	if call.Sig.TakesDists {
		s.categories, _ = dist.Find("Categorical")
	}
	switch {
	case e.Interval != nil:
		s.lower, s.upper = d.bound(e.Interval.Lo, lead), d.bound(e.Interval.Hi, lead)
	case e.Range != nil:
		s.lower, s.upper = d.bound(e.Range.Lo, lead), d.bound(e.Range.Hi, lead)
	}
	if d.means && s.lower != nil {
		d.truncatedMean(e, s)
	}
	if call.Sig.Name == "Flat" && !d.held.all() {
		d.flat(e, s)
	}
	return s
}

func (d *drawing) bound(e ast.Expr, lead []*named.Axis) *operand {
	o := d.operand(e, "", d.l.openLead(e, lead))
	return &o
}

func (d *drawing) operand(at ast.Node, name string, v named.Value) operand {
	forward := d.l.sim.forward
	if !v.IsConst() && forward == nil {
		d.l.fail("not-supported-here", at, "this cannot be simulated yet")
	}
	o := operand{name: name, value: v, data: v.Const(), size: v.Shape().Size(), strides: make([]int, len(d.axes)), output: -1}
	st := v.N.Shape.Strides()
	for i, a := range v.Axes() {
		if forward != nil && a == forward.axis {
			o.lane = st[i]
			continue
		}
		k := -1
		for c, b := range d.axes {
			if a == b {
				k = c
			}
		}
		if k < 0 {
			d.l.fail("not-supported-here", at, "this varies over iterations that the left side does not mention")
		}
		o.strides[k] = st[i]
	}
	return o
}

// flat refuses an improper prior. Flat on a bounded interval is uniform; but it is
// never normalised, so its bounds must not depend on what is drawn.
func (d *drawing) flat(e *ast.Dist, s *sampler) {
	proper := s.lower != nil && !d.l.random(e)
	if proper {
		for _, b := range []*operand{s.lower, s.upper} {
			for _, v := range b.data {
				proper = proper && !math.IsInf(v, 0)
			}
		}
	}
	if !proper {
		d.l.notGenerative(e, "`Flat` is no distribution that can be drawn from: its density does not integrate to 1",
			"give `"+d.s.Name.Name+"` a proper prior, or bounds known from the data: `Flat() in (0, 10)`")
	}
}

// constantAlong reports whether no parameter varies over an axis.
func (s *sampler) constantAlong(axis int) bool {
	for _, p := range s.params {
		if p.strides[axis] != 0 {
			return false
		}
	}
	for _, p := range s.parts {
		if !p.constantAlong(axis) {
			return false
		}
	}
	return s.lower == nil || s.lower.strides[axis] == 0 && s.upper.strides[axis] == 0
}

// set takes the parameters at the coordinates of the axes.
func (s *sampler) set(at []int) {
	for i := range s.params {
		s.numbers.Values[s.params[i].name] = s.params[i].at(at)
	}
}

// draw makes one draw at the coordinates of the axes.
func (s *sampler) draw(r *rand.Rand, at []int, out []float64) {
	s.set(at)
	switch {
	case s.decl.Name == "ZeroInflated":
		s.parts[0].draw(r, at, out)
		if r.Float64() < s.numbers.F("p") {
			out[0] = 0
		}
	case s.categories != nil:
		s.categories.Sample(r, dist.Numbers{Values: map[string][]float64{"p": s.numbers.V("w")}}, s.k[:])
		if k := int(s.k[0]); k >= 1 && k <= len(s.parts) {
			s.parts[k-1].draw(r, at, out)
		} else {
			out[0] = math.NaN()
		}
	case s.lower != nil:
		lower, upper := s.lower.at(at)[0], s.upper.at(at)[0]
		if lower > upper {
			out[0] = math.NaN()
			return
		}
		out[0] = dist.SampleTruncated(r, s.decl, s.numbers, lower, upper)
	default:
		s.decl.Sample(r, s.numbers, out)
	}
}

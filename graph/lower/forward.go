package lower

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// The walk of a prediction (predict.go) interprets the model once for each draw, with
// constants. Here it is interpreted once for all draws: what is known of latents is an input of the
// graph, with an axis of the draws, and each `~` that draws something gives the parameters of
// its distribution as values of the graph. What it draws of a latent is an input too, which later
// statements read; so the parameters of one `~` hang on inputs of those before it alone, and the
// caller evaluates and draws step by step. Data that are drawn have no input: nothing may read them.
//
// That is not always possible: an autoregression reads what it has just drawn, one element
// after another, and a vector that is known in part has a conditional distribution that only the
// walk works out. Forward then says why not, and the walk, which can do all of it, has to be used. The
// walk also is what tells users of mistakes, and the oracle of the tests; what is drawn
// here has the same distribution, but not the same bits.

// Forward is a prediction lowered for many draws at once.
type Forward struct {
	Lanes int // draws that one evaluation of the graph takes
	Graph *graph.Graph
	// Held are the inputs for what is known.
	Held []HeldInput
	// Steps are the `~` that draw something, in an order in which they can be drawn.
	Steps []*Step
	// Generated are what stands under `generate`, with a first dimension of Lanes; nil where
	// it was not asked for.
	Generated []ForwardValue
	// Data are the inputs of what was asked to be one; Gathers read latents at indices that hang on them.
	Data    []DataInput
	Gathers []Gather
	// Given are, by name, data on the left of a `~` as they were given: elements that no
	// step draws keep these values.
	Given map[string]*Array
}

// HeldInput is an input for elements of a latent that are known.
type HeldInput struct {
	Symbol *lang.Symbol
	Node   *graph.Node // Lanes × the elements
	// Elements are the places of these in the array, row-major from 0; nil where it is all of it.
	Elements []int
}

// DataInput is an input for an array of data.
type DataInput struct {
	Name string
	Node *graph.Node
}

// Gather is an input for elements of a latent that is known as a whole, at indices that hang on
// inputs for data: alpha[county[i]]. Of each index, from 1, it holds the Size numbers of
// the latent there.
type Gather struct {
	Symbol *lang.Symbol
	Node   *graph.Node // Lanes × the indices × Size
	Index  *graph.Node // hangs on Data alone
	Size   int
}

// ForwardValue is a value of the graph.
type ForwardValue struct {
	Symbol *lang.Symbol
	Shape  graph.Shape
	Node   *graph.Node
}

// Step is what one `~` draws.
type Step struct {
	// Symbol is on the left, Shape that of its array: Elements are the places, row-major
	// from 0, of the numbers that are drawn there, one object of the distribution after another.
	Symbol   *lang.Symbol
	Shape    graph.Shape
	Elements []int
	// Fixed marks those that are known, and are not drawn; nil where none is.
	Fixed []bool
	// Input holds what is drawn, Lanes × the elements, for later statements; nil for
	// data, which no statement reads.
	Input *graph.Node
	// Params are the parameters that are not constants: values of the graph, with a first
	// dimension of Lanes where they vary from draw to draw.
	Params []*graph.Node
	Span   diag.Span

	d     *drawing
	box   *box
	array *array
}

// forward is the state of the walk.
type forward struct {
	axis   *named.Axis
	out    *Forward
	inputs map[string]bool
}

// notForward is the panic of a model that cannot be lowered for many draws.
type notForward struct{ why string }

// Forward lowers the prediction for many draws, lanes of them in one evaluation. known holds the
// shapes of what is known, and which elements are missing, as for Draw; its numbers are looked at only for data.
// Data of inputs are inputs of the graph in place of constants, and may be others in each evaluation, of the same
// shapes; a known latent that is read at such data is gathered by the caller.
// It is nil where the prediction cannot be lowered so, with the reason; Draw then is
// the way. Draw should have been asked once before: it has the diagnostics.
func (p *Prediction) Forward(known map[string]*Array, lanes int, inputs map[string]bool) (out *Forward, why string) {
	defer func() {
		if r := recover(); r != nil {
			no, is := r.(notForward)
			if _, begin := r.(again); begin {
				no, is = notForward{"a constrained kind is drawn"}, true
			}
			if !is {
				panic(r)
			}
			out, why = nil, no.why
		}
	}()
	sim := &simulation{names: p.names, predict: p, known: known, held: map[string]bool{}}
	for name, a := range known {
		sim.held[name] = !slices.Contains(a.Missing, true)
	}
	l := newLowerer(p.m, p.data, nil, named.New())
	sim.forward = &forward{axis: &named.Axis{Name: "particle", Size: lanes, Class: named.Particle}, inputs: inputs, out: &Forward{Lanes: lanes, Graph: l.b.G, Given: map[string]*Array{}}}
	l.sim, l.giving, l.root.giving = sim, true, true
	l.b.G.Limit = l.mostElements()
	if p.opt.Generate {
		l.stmts = p.stmts
	}
	l.holdLatents()
	l.block(l.stmts)
	l.complete()
	l.completeHeld()
	l.completeStores()
	l.b.G.Limit = 0
	l.finishForward()
	if l.diags.HasErrors() {
		l.diags.Sort()
		return nil, l.diags[0].Summary
	}
	return sim.forward.out, ""
}

// finishForward works out what the end of the walk tells.
func (l *lowerer) finishForward() {
	f := l.sim.forward
	if l.diags.HasErrors() {
		return
	}
	for _, s := range f.out.Steps {
		if s.box != nil {
			s.Shape = slices.Clone(s.array.shape)
			s.Elements = elementsOf(s.box, s.Shape)
		}
		s.d.from.collect(func(o *operand) {
			if o.value.IsConst() {
				return
			}
			s.Params = append(s.Params, o.value.N)
			o.output = len(s.Params) - 1
		})
	}
	for i := range f.out.Held {
		h := &f.out.Held[i]
		if k := slices.IndexFunc(f.out.Steps, func(s *Step) bool { return s.Input == h.Node }); k >= 0 {
			h.Elements = f.out.Steps[k].Elements
		}
	}
	f.out.Steps = slices.DeleteFunc(f.out.Steps, func(s *Step) bool { return s.Fixed != nil && !slices.Contains(s.Fixed, false) })
	for _, st := range l.sim.stores {
		if st.given {
			f.out.Given[st.name] = &Array{Shape: st.shape, Data: st.data, Missing: st.missing}
		}
	}
	if l.sim.predict.opt.Generate {
		for _, s := range l.m.Generated {
			l.try(func() {
				v := l.b.With(l.lookup(s.Name).Value, f.axis)
				f.out.Generated = append(f.out.Generated, ForwardValue{s, v.Shape(), v.N})
			})
		}
	}
}

// elementsOf are the places of the elements of a box.
func elementsOf(x *box, shape graph.Shape) []int {
	out := make([]int, x.inner.Size())
	if len(out) > 0 {
		piece{dims: x.dims}.placesIn(x.inner, shape.Strides(), func(i, at int) { out[i] = at })
	}
	return out
}

// forwardInput makes data an input, if that is asked for.
func (l *lowerer) forwardInput(name string, a *Array, elem lang.Elem) bool {
	if l.sim == nil || l.sim.forward == nil || !l.sim.forward.inputs[name] || len(a.Data) == 0 || a.Missing != nil {
		return false
	}
	f := l.sim.forward
	n := l.b.G.Input("data "+name, a.Shape)
	f.out.Data = append(f.out.Data, DataInput{name, n})
	l.bind(name, val{l.b.Wrap(n), elem})
	return true
}

// forwardGather reads a latent that is known as a whole at an index that hangs on inputs for data.
func (l *lowerer) forwardGather(e *ast.Index, b *binding) (v val, ok bool) {
	if l.sim == nil || l.sim.forward == nil || b == nil || b.array == nil || !b.array.dense.Valid() || l.inBody() || len(e.Args) == 0 || e.Args[0].Expr == nil {
		return v, false
	}
	f := l.sim.forward
	k := slices.IndexFunc(f.out.Held, func(h HeldInput) bool { return h.Node == b.array.dense.N })
	at := l.eval(e.Args[0].Expr).Value
	if k < 0 || at.IsConst() || at.Has(f.axis) || at.Rank() > 0 {
		return v, false
	}
	shape := b.array.dense.Shape()[1:]
	n := l.b.G.BatchInput(fmt.Sprintf("elements %d of %s", len(f.out.Gathers), b.array.name), slices.Concat(graph.Shape{f.axis.Size}, sizesOf(at.Axes()), shape))
	f.out.Gathers = append(f.out.Gathers, Gather{Symbol: f.out.Held[k].Symbol, Node: n, Index: at.N, Size: shape.Size()})
	got := l.b.Wrap(n, append([]*named.Axis{f.axis}, at.Axes()...)...)
	if len(e.Args) == 1 {
		return val{got, b.array.elem}, true
	}
	if l.varying(e.Args[1:]) {
		l.fail("not-supported-here", e, "two indices hang on data that are inputs")
	}
	return val{l.b.Index(got, l.indexArgs(e, e.Args[1:], shape)...), b.array.elem}, true
}

// forwardHeld is the input for a latent that is known as a whole.
func (l *lowerer) forwardHeld(s *lang.Symbol, known *Array) named.Value {
	f := l.sim.forward
	if len(known.Data) == 0 {
		return l.b.Array(known.Shape, []float64{})
	}
	n := l.b.G.BatchInput("values of "+s.Name, append(graph.Shape{f.axis.Size}, known.Shape...))
	f.out.Held = append(f.out.Held, HeldInput{Symbol: s, Node: n})
	return l.b.Wrap(n, f.axis)
}

// forwardLatent makes an input for the part of a latent that a statement draws.
func (l *lowerer) forwardLatent(s *ast.Sample, info *lang.SampleInfo, x *box, rest graph.Shape, h *held) {
	f, a := l.sim.forward, l.arrayNamed(info.Symbol.Name, spanned{info.Symbol.Span})
	switch {
	case a.dense.Valid():
		return
	case l.sequence != nil:
		panic(notForward{"`" + a.name + "` is drawn one element after another"})
	case x.inner.Size() == 0:
		l.define(a, s, piece{value: l.b.Array(x.inner, []float64{}), dims: x.dims, by: s})
		return
	}
	step := &Step{Symbol: info.Symbol, Span: s.Span(), box: x, array: a}
	step.Input = l.b.G.BatchInput(fmt.Sprintf("values of %s, %d", a.name, len(f.out.Steps)), append(graph.Shape{f.axis.Size}, x.inner...))
	if h != nil && h.n > 0 {
		step.Fixed = h.fixed
		f.out.Held = append(f.out.Held, HeldInput{Symbol: info.Symbol, Node: step.Input})
	}
	if !h.all() && !ownKind(info) {
		panic(notForward{"`" + a.name + "` is of a constrained kind"})
	}
	step.d = l.drawing(s, info, x.axes, rest, h, false)
	l.affordForward(step, h)
	l.define(a, s, piece{value: l.b.Wrap(step.Input, f.axis), dims: x.dims, by: s})
	f.out.Steps = append(f.out.Steps, step)
}

// forwardData takes the parameters of data.
func (l *lowerer) forwardData(s *ast.Sample, info *lang.SampleInfo, st *store, pos named.Value, h *held) {
	f, at := l.sim.forward, pos.Const()
	if l.sequence != nil {
		panic(notForward{"`" + st.name + "` is drawn one element after another"})
	}
	if !h.all() && len(at) > 0 {
		step := &Step{Symbol: l.sim.names[st.name], Shape: st.shape, Span: s.Span(), Elements: make([]int, len(at))}
		for i, p := range at {
			step.Elements[i] = int(p)
		}
		if h != nil && h.n > 0 {
			step.Fixed = h.fixed
		}
		if !ownKind(info) {
			panic(notForward{"`" + st.name + "` is of a constrained kind"})
		}
		step.d = l.drawing(s, info, pos.Axes(), pos.Shape(), h, l.meansAsked())
		l.affordForward(step, h)
		f.out.Steps = append(f.out.Steps, step)
	}
	for i, p := range at {
		x := 0.0
		if h != nil && h.fixed[i] {
			x = h.values[i]
		}
		l.put(s, st, int(p), x)
		if s.Censored != nil {
			st.seen(int(p))
		}
	}
}

// affordForward refuses an object that is known in part.
func (l *lowerer) affordForward(s *Step, h *held) {
	if h == nil || s.d.event < 2 {
		return
	}
	for i := 0; i < len(h.fixed); i += s.d.event {
		one := h.fixed[i : i+s.d.event]
		if slices.Contains(one, true) && slices.Contains(one, false) {
			panic(notForward{"a vector is known in part"})
		}
	}
}

// collect calls f for every parameter of a distribution.
func (s *sampler) collect(f func(o *operand)) {
	for i := range s.params {
		f(&s.params[i])
	}
	for _, o := range []*operand{s.lower, s.upper, s.truncated} {
		if o != nil {
			f(o)
		}
	}
	for _, p := range s.parts {
		p.collect(f)
	}
}

// clone is the sampler of another goroutine.
func (s *sampler) clone() *sampler {
	c := *s
	c.numbers = dist.Numbers{Form: s.numbers.Form, Values: maps.Clone(s.numbers.Values)}
	c.params = slices.Clone(s.params)
	for i, o := range []**operand{&c.lower, &c.upper, &c.truncated} {
		if from := []*operand{s.lower, s.upper, s.truncated}[i]; from != nil {
			own := *from
			*o = &own
		}
	}
	c.parts = nil
	for _, p := range s.parts {
		c.parts = append(c.parts, p.clone())
	}
	return &c
}

// StepSampler draws what a step draws, for one draw of the posterior after another. It is
// one goroutine's.
type StepSampler struct {
	s        *Step
	from     *sampler
	operands []*operand // by parameter of the step
	frame    graph.Shape
	event    int
	at       []int
	columns  []dist.Column
	filler   func(r *rand.Rand, form int, params []dist.Column, out []float64)
	ruled    []ruled
	cats     bool
	width    int // numbers of an expectation; 0: not known yet
}

// Sampler makes a sampler of the step.
func (s *Step) Sampler() *StepSampler {
	x := &StepSampler{s: s, from: s.d.from.clone(), operands: make([]*operand, len(s.Params)), frame: s.d.frame, event: s.d.event, at: make([]int, len(s.d.frame))}
	x.from.collect(func(o *operand) {
		if o.output >= 0 {
			x.operands[o.output] = o
		}
	})
	if f := x.from; x.event == 1 && s.Fixed == nil && f.lower == nil && !f.decl.TakesDists && f.decl.Filler() != nil {
		x.filler, x.columns = f.decl.Filler(), make([]dist.Column, len(f.params))
	}
	for _, o := range x.operands {
		if rule, is := paramRules[o.rule]; is {
			x.ruled = append(x.ruled, ruled{o, rule.ok})
		}
	}
	return x
}

// Set takes the parameters of a lane from the values of the step's Params.
func (x *StepSampler) Set(params [][]float64, lane int) {
	for k, o := range x.operands {
		if o.lane == 0 { // it hangs on data alone
			o.data = params[k]
			continue
		}
		o.data = params[k][lane*o.lane : (lane+1)*o.lane]
	}
}

// Valid reports whether the parameters that were set are in their ranges.
func (x *StepSampler) Valid() bool {
	for _, p := range x.ruled {
		if p.rule == lang.Positive { // of many numbers
			for _, v := range p.data {
				if !(v > 0) {
					return false
				}
			}
		} else if slices.ContainsFunc(p.data, func(v float64) bool { return !p.ok(v) }) {
			return false
		}
	}
	return true
}

// ruled is a parameter that has a range.
type ruled struct {
	*operand
	ok func(v float64) bool
}

// Draw draws the elements that are not fixed into out, in the order of the step's Elements.
// An element that cannot be drawn, for a parameter outside of its range, is NaN.
func (x *StepSampler) Draw(r *rand.Rand, out []float64) {
	if x.columns != nil {
		x.fill(r, out)
		return
	}
	clear(x.at)
	for i := range x.frame.Size() {
		one := out[i*x.event : (i+1)*x.event]
		if x.s.Fixed == nil || !x.s.Fixed[i*x.event] {
			x.from.draw(r, x.at, one)
		}
		x.next()
	}
}

// DrawLanes draws a step of one element for the first lanes at once, with the same numbers as Set and Draw for one
// after another. It reports false, having done nothing, where the step is another, or a parameter is out of its range.
func (x *StepSampler) DrawLanes(r *rand.Rand, params [][]float64, lanes int, out []float64) bool {
	if x.columns == nil || len(x.s.Elements) != 1 {
		return false
	}
	for _, o := range x.operands {
		o.data = params[o.output]
	}
	if !x.Valid() {
		return false
	}
	for k := range x.from.params {
		o := &x.from.params[k]
		x.columns[k] = dist.Column{X: o.data, Step: o.lane, Size: o.size}
	}
	x.filler(r, x.from.numbers.Form, x.columns, out[:lanes])
	return true
}

// next goes on to the next object of the frame.
func (x *StepSampler) next() {
	for d := len(x.frame) - 1; d >= 0; d-- {
		if x.at[d]++; x.at[d] < x.frame[d] {
			return
		}
		x.at[d] = 0
	}
}

// fill draws runs along the last axis in a loop of the distribution's own.
func (x *StepSampler) fill(r *rand.Rand, out []float64) {
	last := len(x.frame) - 1
	n := 1
	if last >= 0 {
		n = x.frame[last]
	}
	clear(x.at)
	for i := 0; i < len(out); i += n {
		for k := range x.from.params {
			o := &x.from.params[k]
			p := 0
			for d, c := range x.at[:max(0, last)] {
				p += c * o.strides[d]
			}
			x.columns[k] = dist.Column{X: o.data[p:], Size: o.size}
			if last >= 0 {
				x.columns[k].Step = o.strides[last]
			}
		}
		x.filler(r, x.from.numbers.Form, x.columns, out[i:i+n])
		for d := last - 1; d >= 0; d-- {
			if x.at[d]++; x.at[d] < x.frame[d] {
				break
			}
			x.at[d] = 0
		}
	}
}

// MeanWidth is the number of numbers that the expectation of an element has: the
// probabilities of the categories of one, 1 for a number. categories says which it is. The
// parameters must have been set.
func (x *StepSampler) MeanWidth() (width int, categories bool) {
	if x.width == 0 {
		clear(x.at)
		x.width = x.from.categoryCount(x.at)
		x.cats = x.width > 0
		x.width = max(1, x.width)
	}
	return x.width, x.cats
}

// Mean writes the expectation of each element, MeanWidth numbers, into out; NaN where there is none.
func (x *StepSampler) Mean(out []float64) {
	width, _ := x.MeanWidth()
	clear(x.at)
	n := x.event * width
	for i := range x.frame.Size() {
		x.from.mean(x.at, out[i*n:(i+1)*n])
		x.next()
	}
}

// CannotDraw says that the elements cannot be drawn; of those that were, it looks for one that is NaN.
func (s *Step) CannotDraw(m *lang.Model, out []float64) (diag.Diagnostic, bool) {
	i := slices.IndexFunc(out, math.IsNaN)
	if out != nil && i < 0 {
		return diag.Diagnostic{}, false
	}
	name := s.Symbol.Name
	if i >= 0 && len(s.Shape) > 0 {
		name += "[" + element(s.Shape, s.Elements[i]) + "]"
	}
	return diag.Diagnostic{Code: "cannot-predict", Source: m.File.Source, Span: s.Span,
		Summary: "nothing can be drawn for `" + name + "` from its distribution: a parameter is outside its range, or the interval has no probability"}, true
}

package runtime

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	goruntime "runtime"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/parallel"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/diag"
)

// Most predictions draw nothing that is read again, but for a few latents: the model is then
// lowered once for all draws (lower.Forward), and what the walk would work out draw by draw is
// evaluated for 64 draws at a time, by the compiled plan that a fit uses.
//
// Randomness hangs on the seed, the rows and the group of 64 draws alone, so that the number of cores
// makes no difference. The walk and this draw the same distribution with different random numbers.

// compiled is a prediction that was lowered for many draws.
type compiled struct {
	f      *lower.Forward
	levels []*level // the last one has the data and what stands under `generate`
	held   []heldInput
	wants  []placed
	latent int // how many steps draw latents
	// columns are, of latents that are gathered, the draws of each element.
	columns map[*lang.Symbol][][]float64
	index   *target.Program // works out the indices of gathers; nil: there are none
}

// level is what can be drawn once the levels before it have been.
type level struct {
	steps     []*levelStep
	generated []int // of Forward.Generated: outputs from `after` on
	after     int
	program   *target.Program
}

type levelStep struct {
	*lower.Step
	first int // output of its first parameter
	to    []destination
	means bool
	// shared keeps what is drawn for all blocks of rows; take says that it has been.
	shared *shared
	take   bool
}

// destination says where what a step draws goes.
type destination struct {
	want  int
	slots []int // of each element, −1 if it is not wanted
}

// heldInput fills an input of what is known: column k goes to position at[k].
type heldInput struct {
	symbol *lang.Symbol
	unused bool // nothing hangs on it
	node   *graph.Node
	at     []int
	draws  [][]float64
	rest   []float64 // what the positions hold that no draw tells
}

// placed says where an array that is wanted comes from.
type placed struct {
	generated int       // of Forward.Generated, −1 if it is none
	given     []float64 // by slot; nil: all are drawn
	first     int       // of its slots among all
	n         int
}

// forward lowers the prediction for many draws; nil, and why, where that cannot be. It needs the
// shapes that the first draw shows.
func (p *prediction) forward(inputs map[string]bool) (c *compiled, why string, err error) {
	if p.post.answer.Asked.Engine == EngineTape {
		return nil, "the TapeMachine runs one evaluation at a time", nil
	}
	for _, h := range p.held {
		if len(h.draws) > 0 && p.names[h.name] != nil {
			return nil, "missing data on the left of a `~` have draws", nil
		}
	}
	f, why := p.walk.Forward(p.known(), target.Lanes, inputs)
	if f == nil {
		return nil, why, nil
	}
	c = &compiled{f: f}
	c.arrange()
	if why := c.connect(p); why != "" {
		return nil, why, nil
	}
	c.hold(p.held)
	if err := c.compile(); err != nil {
		return nil, "", err
	}
	c.needed()
	c.columns = map[*lang.Symbol][][]float64{}
	for _, g := range f.Gathers {
		h := p.held[slices.IndexFunc(p.held, func(h *heldLatent) bool { return h.name == g.Symbol.Name })]
		columns := make([][]float64, len(h.array.Data))
		for k, at := range h.places {
			columns[at] = h.draws[k]
		}
		c.columns[g.Symbol] = columns
	}
	return c, "", nil
}

// arrange puts the steps into levels.
func (c *compiled) arrange() {
	of := map[int]int{} // the level after which an input is known, by its node
	last := &level{}
	for i := range c.f.Generated {
		last.generated = append(last.generated, i)
	}
	for _, s := range c.f.Steps {
		at := 0
		for id := range graph.Needed(s.Params) {
			at = max(at, of[id])
		}
		x := &levelStep{Step: s}
		if s.Input == nil {
			last.steps = append(last.steps, x)
			continue
		}
		c.latent++
		for at >= len(c.levels) {
			c.levels = append(c.levels, &level{})
		}
		c.levels[at].steps = append(c.levels[at].steps, x)
		of[s.Input.ID] = at + 1
	}
	c.levels = append(c.levels, last)
}

// connect says where everything goes that is wanted, or what is wanted and not there.
func (c *compiled) connect(p *prediction) (why string) {
	n := 0
	for k, w := range p.wants {
		to := placed{generated: -1, first: n, n: len(w.places)}
		n += len(w.places)
		if w.of == ofGenerate {
			to.generated = slices.IndexFunc(c.f.Generated, func(g lower.ForwardValue) bool { return g.Symbol == w.symbol })
			if to.generated < 0 || c.f.Generated[to.generated].Shape.Size() != w.shape.Size() {
				return "what stands under `generate` has no value"
			}
			c.wants = append(c.wants, to)
			continue
		}
		if !c.connectSteps(k, w, &to) {
			return "an element of `" + w.symbol.Name + "` is not drawn"
		}
		c.wants = append(c.wants, to)
	}
	return ""
}

// connectSteps connects an array with the steps that draw it, and reports whether all of it is
// drawn or given.
func (c *compiled) connectSteps(k int, w *wanted, to *placed) bool {
	slot := make([]int, w.shape.Size())
	for i := range slot {
		slot[i] = -1
	}
	for i, at := range w.places {
		slot[at] = i
	}
	missing := make([]bool, len(w.places))
	for i := range missing {
		missing[i] = true
	}
	for _, l := range c.levels {
		for _, s := range l.steps {
			if s.Symbol != w.symbol {
				continue
			}
			each := w.shape.Size() / max(1, s.Shape.Size())
			d := destination{want: k, slots: make([]int, 0, len(s.Elements)*each)}
			for i, e := range s.Elements {
				for x := range each {
					at := slot[e*each+x]
					if s.Fixed != nil && s.Fixed[i] {
						at = -1
					}
					d.slots = append(d.slots, at)
					if at >= 0 {
						missing[at] = false
					}
				}
			}
			s.to, s.means = append(s.to, d), w.of == ofMean
		}
	}
	given := c.f.Given[w.symbol.Name]
	for i, at := range w.places {
		if !missing[i] {
			continue
		}
		if w.of != ofData || given == nil || given.Missing != nil && given.Missing[at] {
			return false
		}
		if to.given == nil {
			to.given = make([]float64, len(w.places))
			for j := range to.given {
				to.given[j] = math.NaN()
			}
		}
		to.given[i] = given.Data[at]
	}
	return true
}

// hold connects the inputs with what is known.
func (c *compiled) hold(held []*heldLatent) {
	for _, in := range c.f.Held {
		h := held[slices.IndexFunc(held, func(h *heldLatent) bool { return h.name == in.Symbol.Name })]
		to := heldInput{symbol: in.Symbol, node: in.Node, rest: make([]float64, in.Node.Shape.Size()/c.f.Lanes)}
		where := map[int]int{}
		for i := range to.rest {
			at := i
			if in.Elements != nil {
				at = in.Elements[i]
			}
			where[at] = i
			to.rest[i] = h.array.Data[at]
		}
		for k, place := range h.places {
			if i, ok := where[place]; ok {
				to.at, to.draws = append(to.at, i), append(to.draws, h.draws[k])
			}
		}
		c.held = append(c.held, to)
	}
}

// needed says which inputs nothing hangs on.
func (c *compiled) needed() {
	for k := range c.held {
		h := &c.held[k]
		h.unused = !slices.ContainsFunc(c.levels, func(l *level) bool { return l.program != nil && l.program.Index(h.node) >= 0 })
	}
}

func (c *compiled) compile() error {
	t := &target.Target{Engine: target.Plan}
	if len(c.f.Gathers) > 0 {
		var outs []*graph.Node
		for _, g := range c.f.Gathers {
			outs = append(outs, g.Index)
		}
		var err error
		if c.index, err = t.Compile(c.f.Graph, outs...); err != nil {
			return err
		}
	}
	for _, l := range c.levels {
		var outs []*graph.Node
		for _, s := range l.steps {
			s.first = len(outs)
			outs = append(outs, s.Params...)
		}
		l.after = len(outs)
		for _, g := range l.generated {
			outs = append(outs, c.f.Generated[g].Node)
		}
		if len(outs) == 0 {
			continue
		}
		p, err := t.Compile(c.f.Graph, outs...)
		if err != nil {
			return err
		}
		l.program = p
	}
	return nil
}

// forwardWorker has the memory of one goroutine.
type forwardWorker struct {
	c        *compiled
	programs []*target.Program
	samplers [][]*lower.StepSampler
	drawn    map[*graph.Node][]float64 // inputs that steps fill
	scratch  []float64                 // what a step draws, lane by lane
	params   [][]float64               // of the step at work
	gathers  []gathered
	index    *target.Program
}

func (c *compiled) worker() (*forwardWorker, error) {
	w := &forwardWorker{c: c, drawn: map[*graph.Node][]float64{}}
	most := 0
	for _, l := range c.levels {
		var p *target.Program
		if l.program != nil {
			var err error
			if p, err = l.program.Another(); err != nil {
				return nil, err
			}
		}
		w.programs = append(w.programs, p)
		var ss []*lower.StepSampler
		for _, s := range l.steps {
			ss = append(ss, s.Sampler())
			if s.Input != nil {
				w.drawn[s.Input] = make([]float64, s.Input.Shape.Size())
			}
			most = max(most, len(s.Elements))
		}
		w.samplers = append(w.samplers, ss)
	}
	w.scratch = make([]float64, most*c.f.Lanes)
	return w, nil
}

// sink receives what was drawn: the numbers of slots (by their number among all) for draws from
// draw on, stride apart.
type sink struct {
	to     []float64
	stride int // numbers of a slot
}

// errCannotDraw says that a step could not be drawn at a draw.
type errCannotDraw struct {
	draw int
	d    diag.Diagnostic
}

func (e *errCannotDraw) Error() string { return e.d.Summary }

// lanes draws for the draws from, from+1, ..., to−1, at most Lanes of them.
func (w *forwardWorker) lanes(m *lang.Model, from, to int, r *rand.Rand, out sink) error {
	lanes := w.c.f.Lanes
	for k := range w.c.held {
		h := &w.c.held[k]
		if h.unused {
			continue
		}
		in := w.drawn[h.node]
		if in == nil { // held as a whole
			in = make([]float64, h.node.Shape.Size())
			w.drawn[h.node] = in
		}
		h.fill(in, lanes, from, to)
	}
	for k := range w.gathers {
		w.gathers[k].fill(lanes, from, to)
		w.drawn[w.gathers[k].node] = w.gathers[k].in
	}
	for i, l := range w.c.levels {
		p := w.programs[i]
		if p != nil {
			for n, x := range w.drawn {
				p.Set(n, x)
			}
			if err := p.Run(); err != nil {
				return err
			}
		}
		for k, s := range l.steps {
			if err := w.step(m, s, w.samplers[i][k], p, from, to, r, out); err != nil {
				return err
			}
		}
		for k, g := range l.generated {
			x := p.Out(l.after + k)
			for _, want := range w.c.wants {
				if want.generated == g {
					out.put(x, len(x)/lanes, want.first, nil, from, to)
				}
			}
		}
	}
	for _, want := range w.c.wants {
		for i, v := range want.given {
			if !math.IsNaN(v) {
				x := out.to[(want.first+i)*out.stride:]
				for k := from; k < to; k++ {
					x[k] = v
				}
			}
		}
	}
	return nil
}

// fill puts the values of draws into an input; lanes without a draw repeat the last one.
func (h *heldInput) fill(in []float64, lanes, from, to int) {
	size := len(h.rest)
	if len(h.at) < size {
		for lane := range lanes {
			copy(in[lane*size:], h.rest)
		}
	}
	for k, x := range h.draws {
		at := h.at[k]
		for lane := range lanes {
			in[lane*size+at] = x[min(from+lane, to-1)]
		}
	}
}

// step draws a step for each lane.
func (w *forwardWorker) step(m *lang.Model, s *levelStep, from *lower.StepSampler, p *target.Program, first, to int, r *rand.Rand, out sink) error {
	params := w.params[:0]
	for k := range s.Params {
		params = append(params, p.Out(s.first+k))
	}
	w.params = params
	n := len(s.Elements)
	all := w.scratch[:n*w.c.f.Lanes]
	if s.Input != nil {
		all = w.drawn[s.Input]
	}
	quick := !s.means && s.shared == nil && from.DrawLanes(r, params, to-first, all)
	for lane := range to - first {
		if quick {
			if d, bad := s.CannotDraw(m, all[lane:lane+1]); bad {
				return &errCannotDraw{first + lane, d}
			}
			continue
		}
		if s.take {
			copy(all[lane*n:(lane+1)*n], s.shared.values[(first+lane)*n:])
			continue
		}
		if from.Set(params, lane); !from.Valid() {
			d, _ := s.CannotDraw(m, nil)
			return &errCannotDraw{first + lane, d}
		}
		if s.means {
			width, _ := from.MeanWidth()
			if need := n * width * w.c.f.Lanes; len(w.scratch) < need {
				w.scratch = make([]float64, need)
			}
			all = w.scratch[:n*width*w.c.f.Lanes]
			from.Mean(all[lane*n*width : (lane+1)*n*width])
			continue
		}
		one := all[lane*n : (lane+1)*n]
		from.Draw(r, one)
		if d, bad := s.CannotDraw(m, one); bad {
			return &errCannotDraw{first + lane, d}
		}
		if s.shared != nil {
			copy(s.shared.values[(first+lane)*n:(first+lane+1)*n], one)
		}
	}
	if s.Input != nil { // lanes without a draw
		for lane := to - first; lane < w.c.f.Lanes; lane++ {
			copy(all[lane*n:(lane+1)*n], all[(to-first-1)*n:])
		}
	}
	for _, d := range s.to {
		out.put(all, len(all)/w.c.f.Lanes, w.c.wants[d.want].first, d.slots, first, to)
	}
	return nil
}

// put transposes n numbers for each lane into the slots from first on; slots, if it is not nil,
// says which of these each number goes to. Eight of them at a time read whole lines of memory.
func (s sink) put(x []float64, n, first int, slots []int, from, to int) {
	const line = 8
	var rows [line][]float64
	for i := 0; i < n; i += line {
		m := min(line, n-i)
		for j := range m {
			slot := i + j
			if slots != nil {
				slot = slots[slot]
			}
			rows[j] = nil
			if slot >= 0 {
				rows[j] = s.to[(first+slot)*s.stride+from : (first+slot)*s.stride+to]
			}
		}
		for lane := range to - from {
			for j, v := range x[lane*n+i : lane*n+i+m] {
				if rows[j] != nil {
					rows[j][lane] = v
				}
			}
		}
	}
}

// draw draws everything for all draws, on all cores. The numbers of slot i for draw k come to stand
// at i·draws + k.
func (c *compiled) draw(ctx context.Context, p *prediction, block int, out []float64) error {
	n := len(p.draws)
	groups := (n + c.f.Lanes - 1) / c.f.Lanes
	workers := max(1, min(goruntime.GOMAXPROCS(0), groups))
	var next atomic.Int64
	var first firstError
	parallel.Each(workers, func(int) {
		w, err := c.worker()
		first.note(-1, err)
		for err == nil {
			g := int(next.Add(1)) - 1
			if g >= groups || first.failed() {
				return
			}
			if err = ctx.Err(); err == nil {
				r := random.Stream(p.opt.Seed, "predict rows", block<<32|g)
				err = w.lanes(p.model, g*c.f.Lanes, min(n, (g+1)*c.f.Lanes), r, sink{out, n})
			}
			first.note(g, err)
		}
	})
	return first.err
}

// firstError keeps the error of the first group that has one.
type firstError struct {
	sync.Mutex
	err error
	at  int
}

func (f *firstError) note(at int, err error) {
	f.Lock()
	defer f.Unlock()
	if err != nil && (f.err == nil || at < f.at) {
		f.err, f.at = err, at
	}
}

func (f *firstError) failed() bool {
	f.Lock()
	defer f.Unlock()
	return f.err != nil
}

// whyNot is the error of a draw that could not be made: the walk tells more.
func (p *prediction) whyNot(err *errCannotDraw) error {
	known := p.known()
	p.fill(known, err.draw)
	if _, ds := p.walk.Draw(known, random.Stream(p.opt.Seed, "predict", p.draws[err.draw])); ds.HasErrors() {
		return &DataError{ds}
	}
	return &DataError{diag.List{err.d}}
}

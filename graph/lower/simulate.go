package lower

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Simulated is one draw of a model's latents and of the data on the left of `~`.
type Simulated struct {
	// Values holds, by name, the data and the lets of data that stand on the left
	// of a `~`. Missing is as in the data given: elements that are latents.
	Values map[string]*Array
	// Latents are the latents and the lets that depend on them, in the order of
	// the model.
	Latents []SimulatedValue
	// Generated are the values that `generate` defines, in the order of the model, where
	// a prediction is asked for them.
	Generated []SimulatedValue
	// Means holds, where a prediction is asked for them, by name of data on the left of a
	// `~` the expectation of each element given the parameters of its distribution as they are in
	// this draw (and so given the elements before it, which an autoregression reads). For
	// Categorical and OrderedLogistic it is the probabilities of 1, 2, ..., along a dimension
	// after those of the data. It is NaN for elements that no `~` draws, and where there is no expectation:
	// NoMeans then says why.
	Means   map[string]*Array
	NoMeans map[string]string
}

// SimulatedValue is the value of a latent, or of a let that depends on one.
type SimulatedValue struct {
	Symbol *lang.Symbol
	Array  *Array
}

// SimulatedNames are the data and lets of data that stand on the left of a `~`.
func SimulatedNames(m *lang.Model) map[string]*lang.Symbol {
	names := map[string]*lang.Symbol{}
	for s, info := range m.Samples {
		if info.Kind == lang.Observe && !info.Symbol.Generated {
			names[s.Name.Name] = info.Symbol
		}
	}
	return names
}

// restarts is how often a simulation begins anew where a draw falls outside of
// its constrained kind.
const restarts = 1000

// Simulate draws a model's latents from the prior, and then the data on the left
// of `~`, in the order of the text. What stands under `generate` is left out. The model is interpreted as by Lower, but each
// `~` draws what is on its left, so that every value is a constant: plates are
// drawn at once, and loops whose iterations look back one iteration after another.
//
// Data on the left of `~` need not be given. Where they are, elements that no
// statement draws keep their values (the first ones of an autoregression), and
// missing elements are marked in the result.
func Simulate(m *lang.Model, data *Data, r *rand.Rand) (*Simulated, diag.List) {
	return simulate(m, data, simulation{r: r, names: SimulatedNames(m)})
}

// SimulateLatents draws a model's latents alone from the prior: data keep their
// values, and a `factor` has no say.
func SimulateLatents(m *lang.Model, data *Data, r *rand.Rand) (*Simulated, diag.List) {
	return simulate(m, data, simulation{r: r, latents: true})
}

func simulate(m *lang.Model, data *Data, how simulation) (*Simulated, diag.List) {
	for range restarts {
		l := newLowerer(m, data, nil, named.New())
		l.b.G.Limit = l.mostElements()
		sim := how
		l.sim = &sim
		l.holdLatents()
		if sim.predict != nil && sim.predict.opt.Generate {
			l.stmts = sim.predict.stmts
		}
		if !l.runSimulation() {
			continue
		}
		if l.diags.Sort(); l.diags.HasErrors() {
			return nil, l.diags
		}
		return l.drawnValues(), l.diags
	}
	return nil, diag.List{{Code: how.code(), Source: m.File.Source, Span: m.File.Span(),
		Summary: fmt.Sprintf("in %d attempts no draw of the latents of a constrained kind lay in its set", restarts),
		Hint:    "give the elements priors under which they are in order more often"}}
}

// simulation is the state of a simulation.
type simulation struct {
	r       *rand.Rand
	names   map[string]*lang.Symbol
	stores  []*store
	latents bool // data are not drawn
	// predict is set where some values are known (predict.go).
	predict *Prediction
	known   map[string]*Array
	held    map[string]bool // those known as a whole
	// generated are the values of `generate`.
	generated []SimulatedValue
	audit     *audit   // set while it is found out what hangs on what (audit.go)
	forward   *forward // set where the model is lowered for many draws (forward.go)
}

// code is that of the diagnostics about what cannot be drawn.
func (s *simulation) code() diag.Code {
	if s.predict != nil {
		return "cannot-predict"
	}
	return "cannot-simulate"
}

// again is raised to begin the simulation anew.
type again struct{}

// runSimulation interprets the model; it returns false if it must begin anew.
func (l *lowerer) runSimulation() (done bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(again); !is {
				panic(r)
			}
			done = false
		}
	}()
	l.block(l.stmts)
	l.complete()
	l.completeHeld()
	l.completeStores()
	l.report()
	l.reportGenerated()
	return true
}

func (l *lowerer) drawnValues() *Simulated {
	out := &Simulated{Values: map[string]*Array{}}
	for _, st := range l.sim.stores {
		a := &Array{Shape: st.shape, Data: st.data}
		for i, miss := range st.missing {
			if miss && a.Missing == nil {
				a.Missing = make([]bool, len(st.data))
			}
			if miss {
				a.Missing[i] = true
			}
		}
		out.Values[st.name] = a
		l.reportMeans(out, st)
	}
	for _, x := range l.joint.Reported {
		a := &Array{Shape: x.Value.Shape(), Data: x.Value.Const()}
		if l.sim.known[x.Symbol.Name] != nil { // the caller's
			a.Data = slices.Clone(a.Data)
		}
		out.Latents = append(out.Latents, SimulatedValue{x.Symbol, a})
	}
	out.Generated = l.sim.generated
	return out
}

// simulated makes the store of data on the left of a `~`; a is nil where they
// are not given.
func (l *lowerer) simulated(s *ast.Data, a *Array) {
	sym := l.sim.names[s.Name.Name]
	var shape graph.Shape
	switch known := l.sim.known[s.Name.Name]; {
	case a != nil:
		shape = a.Shape
	case known != nil:
		shape = known.Shape
	default:
		shape = l.shape(s, sym.Type.Dims)
	}
	l.scope.names[s.Name.Name] = &binding{store: l.newStore(sym, shape, a)}
}

// simulate interprets one `~` by drawing what is on its left.
func (l *lowerer) simulate(s *ast.Sample, info *lang.SampleInfo) {
	switch info.Kind {
	case lang.Latent, lang.Predict:
		l.simulateLatent(s, info)
	case lang.Observe:
		if !l.sim.latents {
			l.simulateData(s, info)
		}
	case lang.Penalty: // of a param that is known
	default:
		l.fail("not-supported-here", s, "this kind of `~` is not supported yet")
	}
}

// simulateLatent draws a piece of a latent.
func (l *lowerer) simulateLatent(s *ast.Sample, info *lang.SampleInfo) {
	l.left(s.Index, func(idx []named.Value) {
		rest := l.shape(s, info.Shape)
		x := l.box(s, idx, rest)
		a := l.arrayNamed(info.Symbol.Name, spanned{info.Symbol.Span})
		a.elem = info.Symbol.Type.Elem
		held := l.heldIn(s, info.Symbol.Name, &x)
		if l.sim.forward != nil {
			l.forwardLatent(s, info, &x, rest, held)
			return
		}
		if a.dense.Valid() {
			l.auditWhole(s, info, &x, rest)
			return
		}
		var look func(d *drawing)
		if held != nil {
			look = l.looks(s, nil)
		}
		drawn := l.draw(s, info, x.axes, rest, held, look)
		l.define(a, s, piece{value: l.b.Array(x.inner, drawn), dims: x.dims, by: s})
	})
}

// simulateData draws data. A plate of one statement that reads other elements of
// what it draws goes one iteration after another.
func (l *lowerer) simulateData(s *ast.Sample, info *lang.SampleInfo) {
	st := l.storeNamed(s, s.Name.Name)
	if st.allKnown && !l.meansAsked() && l.looks(s, nil) == nil {
		return
	}
	if !mentions(s.Dist, s.Name.Name) || st.allKnown {
		l.left(s.Index, func(idx []named.Value) { l.drawData(s, info, st, idx) })
		return
	}
	var binders []*ast.Binder
	for _, x := range s.Index {
		if x.Binder != nil {
			binders = append(binders, x.Binder)
		}
	}
	if l.sequence == nil && len(binders) == 1 && len(l.sim.known) > 0 && l.sim.audit == nil {
		l.left(s.Index, func(idx []named.Value) {
			if axis := l.axisOf(binders[0]); axis != nil {
				l.skip(binders[0], l.known(s, axis, idx).steps)
			}
		})
		defer l.skip(binders[0], 0)
	}
	if l.sequence == nil && len(binders) > 0 { // graphs of the iterations are thrown away
		b, inside := l.b, l.context
		defer func() { l.sequence, l.b, l.context = nil, b, inside }()
		l.sequence = &sequence{first: map[*array]int{}, random: map[string]*ast.Let{}}
		l.b = l.newBuilder()
		if l.guard.Valid() {
			l.guard = l.sequence.importTo(l.b, l.guard)
		}
	}
	l.iterate(binders, func() {
		if len(l.b.G.Nodes()) > enough {
			l.b = l.newBuilder()
		}
		idx := make([]named.Value, len(s.Index))
		for i, x := range s.Index {
			switch {
			case x.Binder != nil:
				idx[i] = l.lookup(x.Binder.Name.Name).Value
			case x.Arg.Expr != nil:
				idx[i] = l.eval(x.Arg.Expr).Value
			}
		}
		l.drawData(s, info, st, idx)
	})
}

// drawData draws the elements at the indices; one that is not valid is a range
// or a colon.
func (l *lowerer) drawData(s *ast.Sample, info *lang.SampleInfo, st *store, idx []named.Value) {
	pos := l.positions(st.shape, l.observedArgs(s, idx, st.shape))
	pos = l.b.With(pos, l.plates...)
	held := st.heldAt(pos.Const())
	if l.sim.forward != nil {
		l.forwardData(s, info, st, pos, held)
		return
	}
	var look func(d *drawing)
	if l.meansAsked() {
		look = func(d *drawing) { l.collectMeans(d, st, pos.Const()) }
	}
	if held != nil {
		look = l.looks(s, look)
	}
	drawn := l.draw(s, info, pos.Axes(), pos.Shape(), held, look)
	for i, p := range pos.Const() {
		l.put(s, st, int(p), drawn[i])
		if s.Censored != nil {
			st.seen(int(p))
		}
	}
}

// substitute puts a drawn value in the place of a let of data.
func (l *lowerer) substitute(name string) {
	a := l.data.Lets[name]
	if a == nil || l.scope != l.root.scope {
		return
	}
	b := l.scope.names[name]
	b.value = val{l.b.Array(a.Shape, a.Data), b.value.elem}
}

// orderedPlate interprets a plate. Its iterations are independent given data, but
// simulated data that it reads at other indices are drawn in order.
func (l *lowerer) orderedPlate(s *ast.Plate) {
	loop := &ast.For{At: s.At, Binders: s.Binders, Body: s.Body}
	if l.sequence == nil {
		l.forLoop(loop)
		return
	}
	for _, g := range l.order(loop) {
		if g.circular {
			l.iterate(s.Binders, func() { l.block(s.Body) })
			return
		}
	}
	l.plate(s.Binders, func() { l.block(s.Body) })
}

// notGenerative refuses statements from which nothing can be drawn.
func (l *lowerer) notGenerative(at ast.Node, what, hint string) {
	l.failWith(diag.Diagnostic{Code: l.sim.code(), Span: at.Span(), Summary: what, Hint: hint})
}

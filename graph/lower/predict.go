package lower

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// A prediction is the walk of a simulation in which what is known keeps its
// values: `~` draws the elements that are not. Latents known as a whole are arrays
// from the start, so that a loop over them is a plate again. Lets of data alone are
// worked out once.
//
// An element is drawn given what stands before it in the model; a pattern of what is
// known of which more could be learned is refused (audit.go). Of one object of an
// MvNormal, or a GaussianRandomWalk, the rest is drawn given the known elements. A `factor`
// that hangs on something drawn would weigh the draws, which nothing here does: it is refused.

// Prediction is a model with the data to predict for. It is immutable, and its
// draws may be made in parallel.
type Prediction struct {
	m     *lang.Model
	data  *Data
	opt   PredictOptions
	stmts []ast.Stmt // with those under `generate`
	names map[string]*lang.Symbol
	// constant are the top-level lets of data alone, lets their values so far.
	constant map[*ast.Let]bool
	lets     sync.Map // *ast.Let to constantLet
	audits   sync.Map // a pattern of what is known to its diag.List (audit.go)
}

// constantLet is the value of a let of data alone.
type constantLet struct {
	shape graph.Shape
	data  []float64
	elem  lang.Elem
}

// PredictOptions say what a prediction works out besides draws.
type PredictOptions struct {
	// Generate evaluates what stands under `generate`: Simulated.Generated.
	Generate bool
	// Means works out the expectations of data on the left of a `~`: Simulated.Means.
	Means bool
}

// NewPrediction prepares predictions for data. Data on the left of a `~` need not be
// among them; where they are, elements that no `~` draws keep their values, and what
// reads them before they are drawn (a prior that is scaled by them) reads those.
func NewPrediction(m *lang.Model, data *Data, opt PredictOptions) *Prediction {
	p := &Prediction{m: m, data: data, opt: opt, stmts: m.Statements(true), names: SimulatedNames(m), constant: map[*ast.Let]bool{}}
	h := &hanging{m: m, drawn: func(s *lang.Symbol) bool {
		return s.Kind == lang.SymLatent || s.Kind == lang.SymParam || p.names[s.Name] != nil
	}}
	for _, s := range m.File.Stmts {
		if let, ok := s.(*ast.Let); ok && len(let.Index) == 0 && p.names[let.Name.Name] == nil && h.on(let.Value) == "" {
			p.constant[let] = true
		}
	}
	return p
}

// Draw draws what is not known: one draw of the predictive distribution for one
// draw of the posterior.
//
// known holds, by name of a latent or of data on the left of a `~`, values for its
// whole array, in the shape that it has with the data of the prediction. Elements that are
// Missing are drawn given the rest; all others are held, whatever their prior says. Of
// data that are not known every element that a `~` describes is drawn. Known arrays are
// not copied; they must not change until Draw returns.
//
// The diagnostics have the code cannot-predict where something cannot be drawn: an
// improper prior, a part of an object that has no conditional distribution here, a `factor` that
// weighs what is drawn, an element that is known and hangs on one that is drawn.
func (p *Prediction) Draw(known map[string]*Array, r *rand.Rand) (*Simulated, diag.List) {
	if ds := p.misfits(known); len(ds) > 0 {
		return nil, ds
	}
	how := simulation{r: r, names: p.names, predict: p, known: known, held: map[string]bool{}}
	for name, a := range known {
		how.held[name] = !slices.Contains(a.Missing, true)
	}
	out, ds := simulate(p.m, p.data, how)
	if ds.HasErrors() || len(known) == 0 {
		return out, ds
	}
	if ds := p.audit(known, how); len(ds) > 0 {
		return nil, ds
	}
	return out, ds
}

// Predict is one draw of a prediction: see NewPrediction and Prediction.Draw.
func Predict(m *lang.Model, data *Data, known map[string]*Array, r *rand.Rand) (*Simulated, diag.List) {
	return NewPrediction(m, data, PredictOptions{}).Draw(known, r)
}

// misfits refuses known values that are of nothing, or no arrays.
func (p *Prediction) misfits(known map[string]*Array) (ds diag.List) {
	for name, a := range known {
		sym := p.names[name]
		for _, s := range p.m.Latents {
			if s.Name == name {
				sym = s
			}
		}
		d := diag.Diagnostic{Code: "cannot-predict", Source: p.m.File.Source, Span: p.m.File.Span()}
		switch {
		case sym == nil:
			d.Summary = fmt.Sprintf("values are given for `%s`, which is no latent of the model, nor on the left of a `~`", name)
		case len(a.Data) != graph.Shape(a.Shape).Size() || a.Missing != nil && len(a.Missing) != len(a.Data):
			d.Span = sym.Span
			d.Summary = fmt.Sprintf("the values given for `%s` are %d numbers, which are no array of shape %v", name, len(a.Data), a.Shape)
		default:
			continue
		}
		ds.Add(d)
	}
	ds.Sort()
	return ds
}

// isHeld reports whether all of a latent, or of data on the left of a `~`, is known.
func (l *lowerer) isHeld(name string) bool { return l.sim != nil && l.sim.held[name] }

// holdLatents makes the latents that are known as a whole.
func (l *lowerer) holdLatents() {
	for _, s := range l.m.Latents {
		known := l.sim.known[s.Name]
		if known == nil || !l.isHeld(s.Name) || slices.ContainsFunc(s.Pieces, func(p *lang.Piece) bool { _, is := p.Stmt.(*ast.Let); return is }) {
			continue // the elements that a let defines are computed
		}
		a := l.arrayNamed(s.Name, spanned{s.Span})
		a.elem, a.shape = s.Type.Elem, make([]int, len(known.Shape))
		if l.sim.forward != nil {
			a.dense = l.forwardHeld(s, known)
			continue
		}
		a.dense = l.b.Array(known.Shape, known.Data)
	}
}

// completeHeld checks that known values have the shape that the model gives.
func (l *lowerer) completeHeld() {
	for _, s := range l.m.Latents {
		known, b := l.sim.known[s.Name], l.root.scope.names[s.Name]
		if known == nil || b == nil || b.array == nil || b.array.broken || l.diags.HasErrors() || slices.Equal(known.Shape, b.array.shape) {
			continue
		}
		l.try(func() { l.misshapen(spanned{s.Span}, s.Name, b.array.shape, known.Shape) })
	}
}

func (l *lowerer) misshapen(at ast.Node, name string, want, got []int) {
	l.failWith(diag.Diagnostic{Code: "cannot-predict", Span: at.Span(),
		Summary:  fmt.Sprintf("the values known of `%s` have another shape than the model gives it with these data", name),
		Expected: fmt.Sprint(want), Found: fmt.Sprint(got),
		Hint: "elements that are not known have a place among the others, where they are marked as missing"})
}

// held is what is known of the elements that a statement draws, row-major.
type held struct {
	values []float64
	fixed  []bool
	n      int // how many are
}

func (h *held) all() bool { return h != nil && h.n == len(h.fixed) }

func (h *held) set(i int, value float64) {
	h.values[i], h.fixed[i] = value, true
	h.n++
}

func newHeld(n int) *held { return &held{values: make([]float64, n), fixed: make([]bool, n)} }

// heldIn is what is known of the part of a latent that a statement defines; nil
// where nothing is. Of a latent known as a whole it only notes the part.
func (l *lowerer) heldIn(at ast.Node, name string, x *box) *held {
	known := l.sim.known[name]
	if known == nil {
		return nil
	}
	shape := graph.Shape(known.Shape)
	if len(shape) != len(x.dims) {
		l.misshapen(at, name, make([]int, len(x.dims)), shape)
	}
	to := make([]int, len(shape))
	for d, dim := range x.dims {
		switch {
		case dim.list != nil:
			for _, i := range dim.list {
				to[d] = max(to[d], i+1)
			}
		case dim.along < 0:
			to[d] = dim.first + 1
		case x.inner[dim.along] > 0:
			to[d] = dim.first + x.inner[dim.along]
		}
		if to[d] > shape[d] {
			l.misshapen(at, name, to, shape)
		}
	}
	if a := l.arrayNamed(name, at); a.dense.Valid() {
		for d := range to {
			a.shape[d] = max(a.shape[d], to[d])
		}
		return nil
	}
	h := newHeld(x.inner.Size())
	piece{dims: x.dims}.placesIn(x.inner, shape.Strides(), func(i, at int) {
		if known.Missing == nil || !known.Missing[at] {
			h.set(i, known.Data[at])
		}
	})
	return h
}

// holdStore sets the elements of data that are known.
func (l *lowerer) holdStore(st *store) {
	known := l.sim.known[st.name]
	if known == nil {
		return
	}
	if !slices.Equal(known.Shape, st.shape) {
		l.misshapen(spanned{st.span}, st.name, st.shape, known.Shape)
	}
	st.known, st.allKnown = make([]bool, len(st.data)), l.isHeld(st.name)
	for i, v := range known.Data {
		if known.Missing == nil || !known.Missing[i] {
			st.data[i], st.known[i] = v, true
		}
	}
}

// heldAt is what is known of the elements at positions.
func (st *store) heldAt(pos []float64) *held {
	if st.known == nil {
		return nil
	}
	h := newHeld(len(pos))
	for i, p := range pos {
		if st.known[int(p)] {
			h.set(i, st.data[int(p)])
		}
	}
	return h
}

// heldObject completes the object that begins with draw i if any of it is known,
// and reports whether it was.
func (d *drawing) heldObject(x []float64, i int, at []int) bool {
	if d.held == nil {
		return false
	}
	fixed, n := d.held.fixed[i*d.event:i*d.event+len(x)], 0
	for _, f := range fixed {
		if f {
			n++
		}
	}
	if n == 0 {
		return false
	}
	copy(x, d.held.values[i*d.event:])
	if n == len(x) {
		return true
	}
	d.coordinates(i, at)
	d.from.set(at)
	var err error
	switch name := d.from.decl.Name; {
	case d.group > 1 || d.accepted != nil:
		d.notInPart("a constrained kind")
	case name == "MvNormal":
		err = dist.ConditionalNormal(d.l.sim.r, d.from.numbers, x, fixed)
	case name == "GaussianRandomWalk":
		dist.ContinueWalk(d.l.sim.r, d.from.numbers, x, fixed)
	default:
		d.notInPart("`" + name + "`")
	}
	var no dist.NotPositiveDefinite
	if errors.As(err, &no) {
		d.l.notGenerative(d.s.Dist, no.Error()+" of the vector"+d.where(i),
			"elements that determine one another leave nothing to be drawn: add a small variance to the diagonal in the model, `K + 1e-6 * eye(N)`")
	}
	return true
}

func (d *drawing) notInPart(of string) {
	d.l.notGenerative(d.s, fmt.Sprintf("some elements of an object of `%s` are known and others are not, and one of %s cannot be drawn in part", d.s.Name.Name, of),
		"this can be done for `MvNormal` and `GaussianRandomWalk`, and for elements that have a distribution each; any other object must be known as a whole, or not at all")
}

// factorOfKnown passes over a `factor` of what is known, and refuses one that has a
// say in what is drawn.
func (l *lowerer) factorOfKnown(s *ast.Factor) {
	if name := l.hangsOn(s.Value); name != "" {
		l.notGenerative(s, fmt.Sprintf("this `factor` hangs on `%s`, of which elements are to be drawn: it weighs their values, and only a `~` says how values come about", name),
			"write what the `factor` says as a `~`, or predict for data for which all that it reads is known")
	}
}

// hangsOn names something that an expression hangs on, through lets, of which a
// prediction draws elements; "" if all of it is known.
func (l *lowerer) hangsOn(n ast.Node) string {
	return l.sim.fresh(l.sim.predict).on(n)
}

// hanging looks for what expressions hang on.
type hanging struct {
	m     *lang.Model
	drawn func(s *lang.Symbol) bool
	seen  map[*lang.Symbol]bool
}

func (h *hanging) on(n ast.Node) string {
	h.seen = map[*lang.Symbol]bool{}
	return h.visit(n)
}

func (h *hanging) visit(n ast.Node) (found string) {
	ast.Inspect(n, func(n ast.Node) bool {
		x, ok := n.(*ast.Name)
		s := h.m.Uses[n]
		switch {
		case !ok || s == nil || found != "" || h.seen[s]:
		case s.Kind != lang.SymIndex && s.Kind != lang.SymFnParam && h.drawn(s):
			found = x.Name
		case s.Kind == lang.SymLet:
			h.seen[s] = true
			if let, ok := s.Decl.(*ast.Let); ok {
				found = h.visit(let.Value)
			}
			for _, p := range s.Pieces {
				if let, ok := p.Stmt.(*ast.Let); ok && found == "" {
					found = h.visit(let.Value)
				}
			}
		}
		return found == ""
	})
	return found
}

// constantLet binds a let of data alone, if it has been worked out before.
func (l *lowerer) constantLet(s *ast.Let) bool {
	if !l.isConstant(s) {
		return false
	}
	x, ok := l.sim.predict.lets.Load(s)
	if !ok {
		return false
	}
	v := x.(constantLet)
	l.bind(s.Name.Name, val{l.b.Array(v.shape, v.data), v.elem})
	return true
}

func (l *lowerer) isConstant(s *ast.Let) bool {
	return l.sim != nil && l.sim.predict != nil && l.calls == 0 && l.sim.predict.constant[s]
}

// keepConstant keeps the value of a let of data alone.
func (l *lowerer) keepConstant(s *ast.Let, v val) {
	if l.isConstant(s) && v.IsConst() && len(v.Axes()) == 0 {
		l.sim.predict.lets.Store(s, constantLet{v.Shape(), v.Const(), v.elem})
	}
}

// absent makes an array of data that is not given one that cannot be read, if the
// walk may do without it.
func (l *lowerer) absent(s *ast.Data) bool {
	if l.sim == nil || l.sim.predict == nil {
		sym := l.global[s.Name.Name]
		if sym == nil || !l.m.OnlyGenerated()[sym] && !l.forWeights(sym) {
			return false
		}
	}
	l.scope.names[s.Name.Name] = &binding{absent: true}
	return true
}

// reportGenerated collects the values of `generate`.
func (l *lowerer) reportGenerated() {
	if l.sim.predict == nil || !l.sim.predict.opt.Generate || l.diags.HasErrors() {
		return
	}
	for _, s := range l.m.Generated {
		l.try(func() {
			v := l.lookup(s.Name)
			l.sim.generated = append(l.sim.generated, SimulatedValue{s, &Array{Shape: v.Shape(), Data: v.Const()}})
		})
	}
}

// unbound refuses to use a length that no data give.
func (l *lowerer) unbound(name string) {
	if l.sim == nil || l.sim.predict == nil {
		return
	}
	for _, s := range l.m.Dims {
		if s.Name == name {
			l.failWith(diag.Diagnostic{Code: "cannot-predict", Span: l.now.Span(), Summary: fmt.Sprintf("no data give the length `%s`, which this needs", name),
				Hint: fmt.Sprintf("give the data whose dimension it is, or the length by name: `%s`", name)})
		}
	}
}

// failAbsent refuses to read data that are not given.
func (l *lowerer) failAbsent(name string) {
	code := diag.Code("not-supported-here")
	if l.sim != nil {
		code = l.sim.code()
	}
	l.failWith(diag.Diagnostic{Code: code, Span: l.now.Span(), Summary: fmt.Sprintf("this reads `%s`, which the data do not give", name),
		Hint: fmt.Sprintf("give `%s` in the data", name)})
}

// letNotGiven makes the store of a let on the left of a `~`, which is drawn on its
// own scale, where the data that it is computed from are not given.
func (l *lowerer) letNotGiven(s *ast.Let) bool {
	if l.sim == nil || l.sim.predict == nil || l.calls > 0 {
		return false
	}
	sym := l.sim.names[s.Name.Name]
	if sym == nil {
		return false
	}
	h := &hanging{m: l.m, drawn: func(x *lang.Symbol) bool {
		b := l.find(x.Name)
		return b != nil && b.absent
	}}
	if h.on(s.Value) == "" {
		return false
	}
	var shape graph.Shape
	if known := l.sim.known[s.Name.Name]; known != nil {
		shape = known.Shape
	} else {
		shape = l.shape(s, sym.Type.Dims)
	}
	st := l.newStore(sym, shape, nil)
	st.elem = sym.Type.Elem
	l.scope.names[s.Name.Name] = &binding{store: st}
	return true
}

// MayBeLeftOut are, by name, the data that a prediction does without: those on the
// left of a `~`, and those of which nothing but a let on the left of a `~` is computed, which is
// then drawn on its own scale (`let log_earn = log(earn)` where log_earn is observed). A
// binder takes them for data.BindOptions.Drawn; a statement that does read one that is left
// out says so when it draws.
func MayBeLeftOut(m *lang.Model) map[string]bool {
	names, out := SimulatedNames(m), map[string]bool{}
	read, onLeft := map[*lang.Symbol]bool{}, map[*lang.Symbol]bool{}
	for _, s := range m.File.Stmts {
		into := read
		if let, ok := s.(*ast.Let); ok && len(let.Index) == 0 && names[let.Name.Name] != nil {
			into = onLeft
		}
		ast.Inspect(s, func(n ast.Node) bool {
			if x := m.Uses[n]; x != nil && x.Decl != s {
				into[x] = true
			}
			return true
		})
	}
	for _, s := range m.Data {
		if names[s.Name] != nil || onLeft[s] && !read[s] && !isDimension(m, s) {
			out[s.Name] = true
		}
	}
	return out
}

// isDimension reports whether data are the length of others.
func isDimension(m *lang.Model, s *lang.Symbol) bool {
	return slices.ContainsFunc(m.Dims, func(d *lang.Symbol) bool { return d.Name == s.Name })
}

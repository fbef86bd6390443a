package lower

import (
	"math"

	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// block interprets statements in order; one that fails is reported and left
// out, and so is, without further messages, what depends on it.
func (l *lowerer) block(stmts []ast.Stmt) {
	for _, s := range stmts {
		l.attempt(s)
	}
}

// attempt interprets one statement. A failure that nobody has reported must
// not drop the statement silently.
func (l *lowerer) attempt(s ast.Stmt) {
	if l.try(func() { l.stmt(s) }) {
		return
	}
	l.breakArrays(s)
	if !l.diags.HasErrors() {
		l.try(func() { l.fail("not-supported-here", s, "this statement cannot be interpreted") })
	}
}

// breakArrays marks what a failed statement should have defined.
func (l *lowerer) breakArrays(s ast.Stmt) {
	u := &unit{defs: map[string]bool{}}
	l.definitions(u, s, true)
	for _, x := range u.left {
		l.arrayNamed(x.name, s).broken = true
	}
}

func (l *lowerer) stmt(s ast.Stmt) {
	l.now = s
	defer func(d *datum) { l.datum = d }(l.datum)
	l.datum = nil
	switch s := s.(type) {
	case *ast.Data:
		l.dataStmt(s)
	case *ast.Let:
		l.let(s)
	case *ast.Sample:
		l.sample(s)
	case *ast.Plate:
		if l.sim != nil {
			l.orderedPlate(s)
			return
		}
		l.plate(s.Binders, func() { l.block(s.Body) })
	case *ast.For:
		l.forLoop(s)
	case *ast.Factor:
		l.factor(s)
	case *ast.Param:
		l.paramStmt(s)
	case *ast.Fn, *ast.Guide:
	default:
		l.fail("not-supported-here", s, "this statement is not supported yet")
	}
}

func (l *lowerer) dataStmt(s *ast.Data) {
	a := l.data.Values[s.Name.Name]
	if l.sim != nil && l.sim.names[s.Name.Name] != nil {
		l.simulated(s, a)
		return
	}
	if a == nil && l.absent(s) {
		return
	}
	if a == nil {
		l.fail("not-supported-here", s, "the data `%s` have no value", s.Name.Name)
	}
	elem := lang.Real
	if sym := l.global[s.Name.Name]; sym != nil {
		elem = sym.Type.Elem
	}
	l.bindData(s.Name.Name, a, elem)
}

// plate opens the axes of the binders around body.
func (l *lowerer) plate(binders []*ast.Binder, body func()) {
	defer l.enter()()
	for _, b := range binders {
		l.open(b, named.Plate)
	}
	body()
}

func (l *lowerer) let(s *ast.Let) {
	if d, info := l.choice(s); info != nil {
		l.choose(s, d, info)
		return
	}
	switch {
	case l.sequence != nil:
		saved := l.context
		l.letInSequence(s, func() { l.letValue(s) })
		l.context = saved
	case !l.done[s]:
		l.letValue(s)
	}
}

// letValue interprets a let, at given values of discrete latents as well if it
// depends on any.
func (l *lowerer) letValue(s *ast.Let) {
	sym := l.m.Uses[s]
	if l.sim != nil || l.calls > 0 || l.sequence != nil || !l.uncertain().depends[sym] {
		l.letOnce(s)
		return
	}
	if sym.Kind == lang.SymLatent {
		l.fail("not-supported-here", s, "an element of `%s` that depends on a discrete latent, beside elements that are latents, is not supported yet", s.Name.Name)
	}
	if l.uncertain().needed[sym] {
		l.letOnce(s)
	}
	if l.options.Values != nil && !l.options.Given {
		l.letGiven(s, sym)
	}
}

func (l *lowerer) letOnce(s *ast.Let) {
	if len(s.Index) == 0 {
		if l.forWeights(l.m.Uses[s]) || l.constantLet(s) || l.letNotGiven(s) {
			return
		}
		v := l.table(s.Value)
		l.bind(s.Name.Name, v)
		l.keepConstant(s, v)
		l.substitute(s.Name.Name)
		if l.sim != nil && l.calls == 0 && l.sim.names[s.Name.Name] != nil {
			l.storeNamed(s, s.Name.Name)
		}
		return
	}
	if st := l.stateArray(l.arrayNamed(s.Name.Name, s)); st != nil {
		l.defineInBody(s, st)
		return
	}
	l.left(s.Index, func(idx []named.Value) {
		v := l.table(s.Value)
		x := l.box(s, idx, v.Shape())
		a := l.arrayNamed(s.Name.Name, s)
		if len(a.pieces) == 0 {
			a.elem = v.elem
		}
		a.elem = join(a.elem, v.elem)
		l.define(a, s, piece{value: l.b.Close(v.Value, x.axes...), dims: x.dims, axes: x.axes, by: s})
	})
}

func (l *lowerer) factor(s *ast.Factor) {
	if l.options.LatentsOnly || l.sim != nil && l.sim.latents || l.guiding {
		return
	}
	if l.sim != nil && l.sim.predict != nil {
		l.factorOfKnown(s)
		return
	}
	if l.sim != nil {
		l.notGenerative(s, "a model with `factor` cannot be simulated: only a `~` says how its left side comes about", "")
	}
	if l.sequence != nil || l.inBody() {
		return
	}
	v := l.eval(s.Value)
	if v.Rank() > 0 {
		l.fail("shape-at-binding", s, "`factor` takes a scalar, found %s", typeOf(v))
	}
	l.factorNotImpossible(s, v.Value)
	if l.options.Rows != nil && sizesOf(l.plates).Size() > 0 {
		l.joint.Observed = append(l.joint.Observed, &Observed{Span: s.Span()})
	}
	if enumerated(v.Value) {
		l.addTable([]named.Value{v.Value}, l.plates, nil)
		return
	}
	l.reward([]named.Value{v.Value}, l.plates)
	l.joint.Factors = append(l.joint.Factors, Factor{Value: l.sumOver(v.Value, l.plates), Terms: []named.Value{v.Value}, At: l.whereabouts(), Span: s.Span()})
}

// factorNotImpossible refuses a term that the data alone make infinite, or not a
// number.
func (l *lowerer) factorNotImpossible(s *ast.Factor, t named.Value) {
	if l.unfit || !t.IsConst() || enumerated(t) { // some values may be impossible
		return
	}
	switch mask, i := l.firstBad(t, func(x float64) bool { return x-x == 0 }); {
	case i < 0:
	case math.IsNaN(l.elementAt(t, mask, i)):
		l.fail("bad-value", s, "the log density is not a number here%s", l.at(mask, i))
	case l.elementAt(t, mask, i) > 0:
		l.fail("bad-value", s, "the log density is infinite here%s", l.at(mask, i))
	default:
		l.fail("outside-support", s, "this has density 0 whatever the latents are%s", l.at(mask, i))
	}
}

// sumOver sums over axes, counting those that the value lacks; a sum over no
// iterations is 0 whatever the value.
func (l *lowerer) sumOver(v named.Value, axes []*named.Axis) named.Value {
	for _, a := range axes {
		if a.Size == 0 {
			return l.b.Scalar(0)
		}
	}
	return l.b.SumAxes(v, axes...)
}

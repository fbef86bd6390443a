package check

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Names. Values live in a chain of scopes: the model, then one scope for each
// plate, loop or comprehension, which holds its indices and its locals. A fn
// body sees none of the model; a guide sees the data and params of it. Arrays
// that a plate or loop fills belong to the root (the model, the fn body, the
// guide), not to the plate.

// scope is a set of visible values.
type scope struct {
	parent *scope
	names  map[string]*info
	// indices are those of the names that are indices.
	indices []*info
}

func newScope(parent *scope) *scope { return &scope{parent: parent, names: map[string]*info{}} }

// info is what the checker knows of a value beside its symbol.
type info struct {
	sym *lang.Symbol
	dep dep
	// bad poisons the value: its definition was in error.
	bad bool
	// aff is the symbolic value of an int scalar that is known from data.
	aff *lang.Dim
	// lo and hi bound the elements of an integer value, where known.
	lo, hi *lang.Dim
	// local marks a let that belongs to one iteration.
	local bool
	// array is the state of an array built in pieces, nil for other values.
	array *array
	// reads are the values that the definition of a let mentions.
	reads map[*info]bool
	// through is what it depends on through what it reads, as of the last time
	// that was asked; unfinished says that an array in the making is behind it,
	// settled that the answer is final (random.go).
	through             dep
	unfinished, settled bool
	// readEarly marks an array that was read before a piece told its type.
	readEarly bool
	// support is the kind of set that a latent lives on.
	support string
	// ends bound the elements of a latent by constants, infinite where there are
	// none, NaN where the text does not tell.
	ends [2]float64
	// observed are the blocks of data that have a `~`.
	observed []observed
	// shaped marks a `data N : int` that the shape of other data tells too.
	shaped bool
	// inGuide marks a site of the guide.
	inGuide bool
}

// dep says what a value depends on.
type dep struct {
	latent, param bool
}

func (d dep) or(e dep) dep   { return dep{d.latent || e.latent, d.param || e.param} }
func (d dep) known() bool    { return !d.latent && !d.param }
func (d dep) String() string { return map[bool]string{true: "a latent", false: "a param"}[d.latent] }

// loop is a plate, a `for`, or a statement with binders of its own (a plate of
// one statement).
type loop struct {
	node    ast.Node
	ordered bool // a `for`
	vars    []*indexVar
}

// indexVar is the index of a loop: a symbol of affine forms.
type indexVar struct {
	name   string
	id     string
	dim    lang.Dim
	lo, hi lang.Dim
	loop   *loop
}

// defSite is a statement that defines a value or a piece of it.
type defSite struct {
	name   string
	stmt   ast.Node
	span   diag.Span  // of the name
	loops  []ast.Node // enclosing plates and loops, and the statement itself if it has binders
	vars   []*ast.Binder
	index  []ast.LeftIndex
	sample *ast.Sample // nil for a let
	done   bool
	piece  *piece // once done
	array  *info  // the array that it defines a piece of, once declared
}

// definitions are the statements that define the values of a root.
type definitions struct {
	byName map[string][]*defSite
	byStmt map[ast.Node]*defSite
	// inLoop are the names of the arrays that an outermost loop fills, in order.
	inLoop map[ast.Node][]string
}

// prescan lists the statements that define each name, in order. Those that
// observe data or a finished let are not definitions.
func prescan(stmts []ast.Stmt) *definitions {
	p := &prescanner{known: map[string]bool{}, lets: map[string][]*defSite{}}
	p.definitions = &definitions{map[string][]*defSite{}, map[ast.Node]*defSite{}, map[ast.Node][]string{}}
	p.walk(stmts, nil, nil)
	return p.definitions
}

type prescanner struct {
	*definitions
	known map[string]bool       // data, params and plain lets above
	lets  map[string][]*defSite // and those that define elements
}

func (p *prescanner) walk(stmts []ast.Stmt, loops []ast.Node, vars []*ast.Binder) {
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.Data:
			p.known[s.Name.Name] = true
		case *ast.Param:
			p.known[s.Name.Name] = true
		case *ast.Plate:
			p.walk(s.Body, extend(loops, ast.Node(s)), extend(vars, s.Binders...))
		case *ast.For:
			p.walk(s.Body, extend(loops, ast.Node(s)), extend(vars, s.Binders...))
		case *ast.Generate:
			p.walk([]ast.Stmt{s.Stmt}, loops, vars)
		case *ast.Let:
			if len(s.Index) == 0 && len(loops) > 0 {
				continue // a local
			}
			p.known[s.Name.Name] = p.known[s.Name.Name] || len(s.Index) == 0
			d := &defSite{name: s.Name.Name, stmt: s, span: s.Name.Span(), index: s.Index}
			p.add(d, loops, vars)
			p.lets[s.Name.Name] = append(p.lets[s.Name.Name], d)
		case *ast.Sample:
			d := &defSite{name: s.Name.Name, stmt: s, span: s.Name.Span(), index: s.Index, sample: s}
			d.place(loops, vars)
			if !p.known[s.Name.Name] && p.defines(d) {
				p.add(d, loops, vars)
			}
		}
	}
}

// place notes the plates and loops around a definition.
func (d *defSite) place(loops []ast.Node, vars []*ast.Binder) {
	d.loops, d.vars = loops, vars
	if own := binders(d.index); len(own) > 0 {
		d.loops, d.vars = extend(loops, d.stmt), extend(vars, own...)
	}
}

func (p *prescanner) add(d *defSite, loops []ast.Node, vars []*ast.Binder) {
	d.place(loops, vars)
	p.byName[d.name] = append(p.byName[d.name], d)
	p.byStmt[d.stmt] = d
	if len(d.loops) > 0 && len(d.index) > 0 && !slices.Contains(p.inLoop[d.loops[0]], d.name) {
		p.inLoop[d.loops[0]] = append(p.inLoop[d.loops[0]], d.name)
	}
}

// extend returns a with b appended, in memory of its own.
func extend[T any](a []T, b ...T) []T { return append(append([]T(nil), a...), b...) }

func binders(index []ast.LeftIndex) []*ast.Binder {
	var out []*ast.Binder
	for _, ix := range index {
		if ix.Binder != nil {
			out = append(out, ix.Binder)
		}
	}
	return out
}

// site returns the definition that stmt makes.
func (c *checker) site(name string, stmt ast.Node) *defSite {
	if d := c.defs.byStmt[stmt]; d != nil && d.name == name {
		return d
	}
	return nil
}

// id makes a symbol name that no text can contain.
func (c *checker) id(name string) string {
	c.nextID++
	return name + "#" + strconv.Itoa(c.nextID)
}

// find looks a name up in the visible scopes.
func (c *checker) find(name string) (*info, bool) {
	for s := c.scope; s != nil; s = s.parent {
		if in, ok := s.names[name]; ok {
			return in, true
		}
	}
	return nil, false
}

// reserved are the numbers that every model has.
var reserved = map[string]bool{"pi": true, "inf": true}

// otherName says how to call what is often called like one of these numbers.
var otherName = map[string]string{
	"pi":  "choose another name: `p` or `prob` for a probability",
	"inf": "choose another name",
}

// declare adds a value to scope s, or reports that the name is taken.
func (c *checker) declare(s *scope, in *info, code diag.Code) bool {
	name := in.sym.Name
	c.all = append(c.all, in)
	if name == "" {
		return false
	}
	if reserved[name] && c.fn == nil {
		c.report(code, in.sym.Span, "`%s` is a number that every model has; its name cannot be used again", name).hint("%s", otherName[name])
		return false
	}
	old, taken := c.find(name)
	if taken {
		c.reportTaken(code, old, in.sym)
		return false
	}
	if c.guide != nil && in.sym.Kind != lang.SymLatent {
		if old, taken := c.top.names[name]; taken {
			c.reportTaken(code, old, in.sym)
			return false
		}
	}
	s.names[name] = in
	if in.sym.Kind == lang.SymIndex {
		s.indices = append(s.indices, in)
	}
	return true
}

// reportTaken says that a name already stands for something.
func (c *checker) reportTaken(code diag.Code, old *info, sym *lang.Symbol) {
	what := "is already defined"
	if code == ShadowedName {
		what = "would hide the value of the same name"
	}
	n := c.report(code, sym.Span, "`%s` %s", sym.Name, what).related(old.sym.Span, "first defined here, as %s", describe(old))
	if code == ShadowedName {
		n.hint("choose another name for the index")
		return
	}
	n.hint("%s", redefinitionHint(old, sym))
}

func redefinitionHint(old *info, sym *lang.Symbol) string {
	switch {
	case old.sym.Kind == lang.SymDim && sym.Kind == lang.SymData:
		return "a dimension can be declared as data only as `data " + sym.Name + " : int`"
	case old.sym.Kind == lang.SymData && sym.Kind == lang.SymLet:
		return "data are known; how they come about is said by a distribution, `" + sym.Name + " ~ Normal(..., sigma)`"
	case old.sym.Kind == lang.SymLet || old.sym.Kind == lang.SymLatent:
		return "a value is defined once; elements of an array may be defined one by one, `" + sym.Name + "[1]`"
	}
	return "choose another name"
}

// describe says what kind of thing a value is, with its article.
func describe(in *info) string {
	switch in.sym.Kind {
	case lang.SymData:
		return "data"
	case lang.SymDim:
		return "a dimension"
	case lang.SymParam:
		return "a param"
	case lang.SymLatent:
		return "a latent"
	case lang.SymIndex:
		return "an index"
	case lang.SymFnParam:
		return "a parameter"
	}
	return "a let"
}

// visible lists the names of the values in scope, for suggestions.
func (c *checker) visible() []string {
	var out []string
	for s := c.scope; s != nil; s = s.parent {
		for name := range s.names {
			out = append(out, name)
		}
	}
	return append(out, "pi", "inf")
}

// lookup resolves a name that is used as a value; nil after an error.
func (c *checker) lookup(name string, at diag.Span) *info {
	in, ok := c.find(name)
	if ok {
		return in
	}
	if c.guide != nil {
		if in, ok := c.top.names[name]; ok {
			return c.fromGuide(in, at)
		}
	}
	c.reportUnknown(name, at)
	return nil
}

// reportUnknown says why a name does not stand for a value.
func (c *checker) reportUnknown(name string, at diag.Span) {
	if ds := c.defs.byName[name]; len(ds) > 0 {
		c.report(UsedBeforeDefinition, at, "`%s` is used above its definition", name).
			related(ds[0].span, "defined here").
			hint("a model is read from top to bottom: move the definition above its first use")
		return
	}
	if span, ok := c.outside(name); ok && c.fn != nil {
		c.report(UnknownName, at, "`%s` is not visible inside `fn %s`", name, c.fn.decl.Name.Name).
			related(span, "defined here, outside the function").
			hint("a function sees its parameters only: pass `%s` as an argument", name)
		return
	}
	if c.dataBelow(name, at) || c.suspect(name) {
		return
	}
	switch {
	case c.isFn(name):
		c.report(FunctionAsValue, at, "`%s` is a function, not a value", name).hint("call it: `%s(...)`", name)
	case c.isDist(name):
		c.report(DistributionAsValue, at, "`%s` is a distribution, not a value", name).
			hint("use `x ~ %s(...)` to draw from it, `log_density(%s(...), x)` for its density", name, name)
	default:
		c.report(UnknownName, at, "`%s` is not defined", name).hint("%s", c.unknownNameHint(name))
	}
}

// dataBelow reports a use of data or a param that is declared further down.
func (c *checker) dataBelow(name string, at diag.Span) bool {
	span, ok := c.declaration(name)
	if !ok || c.fn != nil {
		return false
	}
	c.report(UsedBeforeDefinition, at, "`%s` is used above its declaration", name).
		related(span, "declared here").
		hint("a model is read from top to bottom: move the declaration above its first use")
	return true
}

// declaration finds the data or param called name, wherever it stands.
func (c *checker) declaration(name string) (diag.Span, bool) {
	if c.declared == nil {
		c.declared = map[string]diag.Span{}
		for _, s := range c.m.File.Stmts {
			switch s := s.(type) {
			case *ast.Data:
				c.declared[s.Name.Name] = s.Name.Span()
			case *ast.Param:
				c.declared[s.Name.Name] = s.Name.Span()
			}
		}
	}
	span, ok := c.declared[name]
	return span, ok && name != ""
}

// outside finds a value of the model, or a dimension of its data, wherever it
// stands.
func (c *checker) outside(name string) (diag.Span, bool) {
	if span, ok := c.declaration(name); ok {
		return span, true
	}
	for _, s := range c.m.File.Stmts {
		switch s := s.(type) {
		case *ast.Let:
			if s.Name.Name == name {
				return s.Name.Span(), true
			}
		case *ast.Sample:
			if s.Name.Name == name {
				return s.Name.Span(), true
			}
		case *ast.Data:
			if s.Type == nil {
				continue
			}
			for _, n := range fnDims(s.Type) {
				if n.Name == name {
					return n.Span(), true
				}
			}
		}
	}
	return diag.Span{}, false
}

func (c *checker) isFn(name string) bool {
	if _, ok := c.fns[name]; ok {
		return true
	}
	_, ok := c.cat.Func(name)
	return ok || OfDist(name)
}

func (c *checker) isDist(name string) bool {
	_, ok := c.cat.Dist(name)
	return ok
}

// suspect reports whether a name stands in text that did not parse: it may be
// defined there.
func (c *checker) suspect(name string) bool {
	if c.unparsed == nil {
		c.unparsed = map[string]bool{}
		ast.Inspect(c.m.File, func(n ast.Node) bool {
			if b, ok := n.(*ast.Bad); ok {
				for _, w := range strings.FieldsFunc(c.src.Slice(b.Span()), notInName) {
					c.unparsed[w] = true
				}
			}
			return true
		})
	}
	return c.unparsed[name]
}

func notInName(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

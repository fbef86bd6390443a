// Package lower turns a checked model and its data into a graph: the log joint
// density as factors over named axes, one per statement, and the values that
// are reported.
//
// It is an interpreter of the syntax tree whose values are named.Values.
// Data-only expressions fold as they are met. A plate opens an axis and its
// body is interpreted once; a `for` whose statements look back does the same,
// since given the values every term of a sequential density is known: z[t-1]
// is a shifted view. Only data-only recurrences of `let` run in sequence.
//
// Where the values of latents come from is not its business: a Source supplies
// them (a guide's sample, a point on the unconstrained scale), block by block,
// with the support that the density has there.
package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Array is a bound data value, row-major.
type Array struct {
	Shape   []int
	Data    []float64
	Missing []bool // nil where nothing is missing
}

// Data are the values of a model's data declarations and dimensions.
type Data struct {
	Values map[string]*Array
	Dims   map[string]int
}

// Block is a box of a latent site for which a value is wanted.
type Block struct {
	Site *lang.Symbol
	At   []int       // where it starts, from 0, in each dimension of the site
	Box  graph.Shape // its dimensions
	// Support of each of its objects; bounds are scalars or have the box as
	// their event shape.
	Support dist.Support
	// EventRank is the number of trailing dimensions of the box that form one
	// object of the support: 1 for simplexes.
	EventRank int
	Span      diag.Span
}

// Source supplies the values of latents.
type Source interface {
	// Latent returns a value with the block's box as its event. It is asked
	// once for each block, in the order of the model.
	Latent(b *named.Builder, block Block) (named.Value, error)
}

// Factor is the contribution of one statement to the log joint density.
type Factor struct {
	// Site is the name on the left of the `~`, or "" for a `factor` statement.
	Site string
	// Latent says that it is the prior of a latent, not a likelihood.
	Latent bool
	// Value is a scalar for each particle.
	Value named.Value
	Span  diag.Span
}

// Reported is a value that the posterior shows.
type Reported struct {
	Symbol *lang.Symbol
	// Value has no axes but the particle's.
	Value named.Value
}

// Joint is a lowered model.
type Joint struct {
	Factors  []Factor
	Reported []Reported
}

// LogDensity is the sum of all factors.
func (j *Joint) LogDensity(b *named.Builder) named.Value {
	t := b.Scalar(0)
	for _, f := range j.Factors {
		t = b.Add(t, f.Value)
	}
	return t
}

// Lower interprets the model. The builder's graph receives the nodes. The
// diagnostics are about shapes, ranges, indices and values that only data can
// tell; Joint is nil if there is an error among them.
func Lower(m *lang.Model, data *Data, src Source, b *named.Builder) (*Joint, diag.List) {
	l := newLowerer(m, data, src, b)
	l.block(m.File.Stmts)
	l.complete()
	l.report()
	l.diags.Sort()
	if l.diags.HasErrors() {
		return nil, l.diags
	}
	return l.joint, l.diags
}

func newLowerer(m *lang.Model, data *Data, src Source, b *named.Builder) *lowerer {
	l := &lowerer{b: b, m: m, data: data, src: src, joint: &Joint{}, ahead: map[*ast.Sample]named.Value{}}
	l.scope = &scope{names: map[string]*binding{}}
	l.symbols()
	l.dims()
	return l
}

type lowerer struct {
	b     *named.Builder
	m     *lang.Model
	data  *Data
	src   Source
	joint *Joint
	diags diag.List

	scope  *scope
	plates []*named.Axis // enclosing plates and loops, outermost first
	depth  int           // of the next axis
	guard  named.Value   // where the current expression is evaluated; none: everywhere
	calls  int           // depth of user function calls
	global map[string]*lang.Symbol
	all    []*array // built in pieces, in order
	// inSequence is set while the data-only recurrences of a loop run; done
	// holds the lets that have run so.
	inSequence bool
	done       map[*ast.Let]bool
	// ahead holds the blocks of latents that a loop has made before its body.
	ahead map[*ast.Sample]named.Value
}

// spanned is a place in the text.
type spanned struct{ sp diag.Span }

// Span implements ast.Node.
func (s spanned) Span() diag.Span { return s.sp }

// scope is a block's names. Functions start a chain of their own.
type scope struct {
	outer *scope
	names map[string]*binding
}

// binding is what a name stands for: a value, or an array built in pieces.
type binding struct {
	value val
	array *array
	fn    string // a function passed by name
}

// val is a value and its element type.
type val struct {
	named.Value
	elem lang.Elem
}

func (l *lowerer) find(name string) *binding {
	for s := l.scope; s != nil; s = s.outer {
		if b, ok := s.names[name]; ok {
			return b
		}
	}
	return nil
}

func (l *lowerer) bind(name string, v val) {
	l.scope.names[name] = &binding{value: v}
}

func (l *lowerer) push() { l.scope = &scope{outer: l.scope, names: map[string]*binding{}} }
func (l *lowerer) pop()  { l.scope = l.scope.outer }

// failed stops the interpretation of one statement; its diagnostic has been
// recorded.
type failed struct{}

// fail records a diagnostic and abandons the current statement.
func (l *lowerer) fail(code diag.Code, at ast.Node, format string, args ...any) {
	l.failWith(diag.Diagnostic{Code: code, Span: at.Span(), Summary: fmt.Sprintf(format, args...)})
}

func (l *lowerer) failWith(d diag.Diagnostic) {
	d.Source = l.m.File.Source
	l.diags.Add(d)
	panic(failed{})
}

// try runs f; a failed statement is left behind.
func (l *lowerer) try(f func()) (ok bool) {
	sc, plates, depth, guard, calls := l.scope, l.plates, l.depth, l.guard, l.calls
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(failed); !is {
				panic(r)
			}
			l.scope, l.plates, l.depth, l.guard, l.calls = sc, plates, depth, guard, calls
		}
	}()
	f()
	return true
}

func (l *lowerer) symbols() {
	l.global = map[string]*lang.Symbol{}
	for _, list := range [][]*lang.Symbol{l.m.Data, l.m.Params, l.m.Latents, l.m.Lets} {
		for _, s := range list {
			l.global[s.Name] = s
		}
	}
}

// dims binds dimension names, unless an int datum of that name will be.
func (l *lowerer) dims() {
	for name, n := range l.data.Dims {
		l.bind(name, val{l.b.Scalar(float64(n)), lang.Int})
	}
}

// newAxis opens an axis inside all that are open.
func (l *lowerer) newAxis(name string, size int, class named.Class) *named.Axis {
	l.depth++
	return &named.Axis{Name: name, Size: size, Class: class, Depth: l.depth}
}

func (l *lowerer) report() {
	for _, s := range l.m.Latents {
		l.reportArray(s)
	}
	for _, s := range l.m.Lets {
		if s.Random && !s.Generated {
			l.reportArray(s)
		}
	}
}

func (l *lowerer) reportArray(s *lang.Symbol) {
	b := l.find(s.Name)
	if b == nil {
		return // its statement failed
	}
	v := b.value.Value
	if b.array != nil {
		v = l.whole(b.array)
	}
	if v.Valid() {
		l.joint.Reported = append(l.joint.Reported, Reported{s, v})
	}
}

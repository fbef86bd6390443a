package lower

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// context is what changes on the way into a plate, a comprehension or a call,
// and is put back on the way out.
type context struct {
	scope  *scope
	plates []*named.Axis // enclosing plates and loops, outermost first
	depth  int           // of the next axis
	size   int           // iterations of all open axes; 0 for none open, too
	// guard says where the current expression is evaluated: a condition over
	// axes; none: everywhere.
	guard    named.Value
	ragged   []*ragged // flattened ranges, outermost first
	counters []counter // running indices, for messages
	calls    int       // depth of user function calls
	narrowed *narrowed // the objects of a `~` that are at work; nil: all
	giving   bool      // discrete latents stand for given values (given.go)
}

// enter opens a scope; the function that it returns closes it.
func (l *lowerer) enter() func() {
	saved := l.context
	l.scope = &scope{outer: l.scope, names: map[string]*binding{}}
	return func() { l.context = saved }
}

// scope is a block's names. Functions start a chain of their own.
type scope struct {
	outer *scope
	names map[string]*binding
}

// binding is what a name stands for: a value, an array built in pieces, or one
// that is being simulated.
type binding struct {
	value val
	array *array
	store *store // of data that are being simulated
	site  *discrete
	gaps  *gaps // data with missing elements
	// absent marks data that are not given, which may be as long as nothing reads them.
	absent bool
	// twin takes its place where discrete latents have given values.
	twin *binding
}

// val is a value and its element type.
type val struct {
	named.Value
	elem lang.Elem
}

func (l *lowerer) find(name string) *binding {
	for s := l.scope; s != nil; s = s.outer {
		if b, ok := s.names[name]; ok {
			return b.standing(l.giving)
		}
	}
	return nil
}

func (l *lowerer) bind(name string, v val) {
	l.scope.names[name] = &binding{value: v}
}

// lookup reads a name. One whose definition failed, and has been reported,
// fails quietly.
func (l *lowerer) lookup(name string) val {
	if l.sequence != nil && l.sequence.random[name] != nil {
		panic(depends{})
	}
	b := l.find(name)
	if b == nil {
		l.unbound(name)
		panic(failed{})
	}
	if b.absent {
		l.failAbsent(name)
	}
	if b.store != nil {
		return l.wholeStore(b.store)
	}
	if b.gaps != nil {
		v := l.readGaps(l.now, b.gaps, nil)
		return val{l.here(v.Value), v.elem}
	}
	if b.site != nil {
		return l.siteIndex(spanned{b.site.sym.Span}, b.site, nil)
	}
	if b.array != nil {
		if b.array.broken {
			panic(failed{})
		}
		if st := l.stateArray(b.array); st != nil {
			l.failState(l.now, st)
		}
		if b.array.dependsOnDiscrete() {
			return val{l.here(l.wholeEnumerated(b.array)), b.array.elem}
		}
		return val{l.here(l.whole(b.array)), b.array.elem}
	}
	return val{l.here(b.value.Value), b.value.elem}
}

// here brings a value from outside into the current iteration: along flattened
// ranges, and into the working graph of a sequence.
func (l *lowerer) here(v named.Value) named.Value {
	if !v.Valid() {
		panic(failed{})
	}
	if l.sequence != nil {
		if enumerated(v) {
			panic(depends{})
		}
		v = l.sequence.importTo(l.b, v)
	}
	v = l.in(l.now, v)
	for _, r := range l.ragged {
		spread := l.spreadOver(r, v)
		if enumerated(v) {
			read := map[*named.Axis]named.Value{}
			for k, a := range r.outer {
				read[a] = r.pos[k]
			}
			spread = l.recast(l.now, spread, read)
		}
		v = spread
	}
	return v
}

// failed stops the interpretation of one statement; its diagnostic has been
// recorded, or it depends on something whose diagnostic has.
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
	saved := l.context
	defer func() {
		if r := recover(); r != nil {
			switch r := r.(type) {
			case failed:
			case named.TooLarge:
				l.context = saved
				l.tableTooLarge(r)
			case graph.TooLarge:
				l.context = saved
				l.try(func() { l.failLimit(l.now, r) })
			default:
				panic(r)
			}
			l.context = saved
		}
	}()
	f()
	return true
}

// tableTooLarge reports an expression that mentions too many discrete latents.
func (l *lowerer) tableTooLarge(t named.TooLarge) {
	var names []string
	for _, a := range t.Axes {
		if !contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	l.try(func() { l.tooLarge(l.now, names, t.Elements) })
}

// quietly is try without the diagnostics.
func (l *lowerer) quietly(f func()) bool {
	before := len(l.diags)
	ok := l.try(f)
	l.diags = l.diags[:before]
	return ok
}

// spanned is a place in the text.
type spanned struct{ sp diag.Span }

// Span implements ast.Node.
func (s spanned) Span() diag.Span { return s.sp }

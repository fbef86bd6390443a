// Package fn declares the built-in functions of the language. A declaration
// holds the signature that the checker, help and docs read (lang.FuncSig) and
// the rule that builds the graph.
//
// A function sees events: the shapes that its arguments have in one iteration.
// Plates and particles are axes and need no mention. Shapes have been checked
// by the signature's Result before Lower runs, with the concrete sizes.
package fn

import (
	"sort"

	"ppl/graph/named"
	"ppl/lang"
)

// Func is a built-in function.
type Func struct {
	lang.FuncSig
	// Lower builds the result. An error is about values that only data can
	// tell ("needs a positive definite matrix" is not one: that gives NaN),
	// and completes "`name` ...".
	Lower func(b *named.Builder, args []named.Value) (named.Value, error)
}

// all lists every function, by group.
var all = concat()

func concat(groups ...[]*Func) []*Func {
	var out []*Func
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

var byName = func() map[string]*Func {
	m := map[string]*Func{}
	for _, f := range all {
		m[f.Name] = f
	}
	return m
}()

// Find returns the function of that name.
func Find(name string) (*Func, bool) {
	f, ok := byName[name]
	return f, ok
}

// Names lists the functions in alphabetical order.
func Names() []string {
	var names []string
	for n := range byName {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Package fn declares the built-in functions of the language. A declaration
// holds the signature that the checker, help and docs read (lang.FuncSig) and
// the rule that builds the graph.
//
// A function sees events: the shapes that its arguments have in one iteration.
// Plates and particles are axes and need no mention. Shapes have been checked
// by the signature's Result before Lower runs, with the concrete sizes.
//
// The rules for types are in rules.go, one combinator for each kind of
// function; the other files declare the functions, a group each.
package fn

import (
	"fmt"
	"sort"
	"strings"

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
var all = declare(elementwise, reductions, vectors, shapes, linearAlgebra, kernels, networks, equations)

func declare(groups ...[]*Func) []*Func {
	var out []*Func
	for _, g := range groups {
		for _, f := range g {
			f.Result = f.counted(f.Result)
			out = append(out, f)
		}
	}
	return out
}

// counted guards a rule: it runs on as many arguments as the parameters say,
// and only `ode` takes the name of a function.
func (f *Func) counted(rule rule) rule {
	return func(args []lang.Arg) (lang.Type, error) {
		if err := f.count(len(args)); err != nil {
			return lang.Type{}, err
		}
		for i, a := range args {
			if a.Fn != "" && (f.Name != "ode" || i > 0) {
				return lang.Type{}, fmt.Errorf("takes values, found the function `%s`", a.Fn)
			}
		}
		return rule(args)
	}
}

func (f *Func) count(n int) error {
	least, most := f.MinArgs, len(f.Params)
	variadic := strings.HasSuffix(f.Params[most-1], "...")
	switch {
	case n >= least && (variadic || n <= most):
		return nil
	case variadic:
		return fmt.Errorf("needs at least %s, found %d", plural(least, "argument"), n)
	case least == most:
		return fmt.Errorf("needs %s, found %d", plural(least, "argument"), n)
	}
	return fmt.Errorf("needs %d to %d arguments, found %d", least, most, n)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
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

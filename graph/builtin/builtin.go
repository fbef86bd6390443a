// Package builtin is the catalogue of built-in functions and distributions
// that the checker reads.
package builtin

import (
	"ppl/graph/dist"
	"ppl/graph/fn"
	"ppl/lang"
)

// Catalogue returns the signatures of everything that graph/fn and graph/dist declare.
func Catalogue() lang.Catalogue { return catalogue{} }

type catalogue struct{}

func (catalogue) Dist(name string) (*lang.DistSig, bool) {
	d, ok := dist.Find(name)
	if !ok {
		return nil, false
	}
	return &d.DistSig, true
}

func (catalogue) Func(name string) (*lang.FuncSig, bool) {
	f, ok := fn.Find(name)
	if !ok {
		return nil, false
	}
	return &f.FuncSig, true
}

func (catalogue) DistNames() []string { return dist.Names() }
func (catalogue) FuncNames() []string { return fn.Names() }

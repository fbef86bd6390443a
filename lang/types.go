// Package lang is what a model means before it has data: types with symbolic
// dimensions, the signatures of functions and distributions, and the checked
// Model. It knows nothing of graphs or inference. The checker is in
// lang/check; what a function or distribution computes is declared in graph,
// in values that embed the signatures defined here, so that each is declared
// once.
package lang

import "strings"

// Elem is the element type of a value.
type Elem int

const (
	Real Elem = iota
	Int
	Bool
)

func (e Elem) String() string { return [...]string{"real", "int", "bool"}[e] }

// Kind is a constrained kind of array. The last EventRank dimensions of a
// value of the kind are one constrained object, leading ones are an array of
// them.
type Kind int

const (
	Plain Kind = iota
	Simplex
	Ordered
	PositiveOrdered
	UnitVector
	SumToZero
	CholeskyCorr
	Corr
	Cov
)

var kindNames = [...]string{"", "simplex", "ordered", "positive_ordered", "unit_vector", "sum_to_zero", "cholesky_corr", "corr", "cov"}

func (k Kind) String() string { return kindNames[k] }

// KindByName finds a constrained kind.
func KindByName(name string) (Kind, bool) {
	for i, n := range kindNames {
		if i > 0 && n == name {
			return Kind(i), true
		}
	}
	return Plain, false
}

// EventRank is the number of trailing dimensions that form one object: 0 for
// Plain, 1 for vectors, 2 for the matrix kinds (which are written with one
// dimension, `cov[K]`, and have two in Type.Dims).
func (k Kind) EventRank() int {
	switch k {
	case Plain:
		return 0
	case CholeskyCorr, Corr, Cov:
		return 2
	}
	return 1
}

// Type is the type of a value: element type and dimensions, outermost first.
// A scalar has no dimensions. The matrix kinds have both their dimensions in
// Dims: cov[J, K] has Dims [J, K, K].
type Type struct {
	Elem Elem
	Dims []Dim
	Kind Kind
	// Optional marks data that may have missing elements (`real?[N]`).
	Optional bool
	// Levels names the levels of a factor (`factor(J)[N]` has Elem Int and Levels "J").
	Levels string
}

// Scalar is the scalar type of e.
func Scalar(e Elem) Type { return Type{Elem: e} }

// Array is a plain array type.
func Array(e Elem, dims ...Dim) Type { return Type{Elem: e, Dims: dims} }

// Rank is the number of dimensions.
func (t Type) Rank() int { return len(t.Dims) }

// IsScalar reports whether t has no dimensions.
func (t Type) IsScalar() bool { return len(t.Dims) == 0 }

// String prints the type as the language writes it: real[N, D].
func (t Type) String() string {
	name, dims := t.Elem.String(), t.Dims
	switch {
	case t.Levels != "":
		name = "factor(" + t.Levels + ")"
	case t.Kind != Plain:
		name = t.Kind.String()
		if t.Kind.EventRank() == 2 && len(dims) > 0 {
			dims = dims[:len(dims)-1]
		}
	}
	if t.Optional {
		name += "?"
	}
	if len(dims) == 0 {
		return name
	}
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = d.String()
	}
	return name + "[" + strings.Join(parts, ", ") + "]"
}

// SameShape compares the dimensions of two types: No if the ranks differ or
// some pair of dimensions does, Unknown if only data can tell.
func SameShape(a, b []Dim) Truth {
	if len(a) != len(b) {
		return No
	}
	t := Yes
	for i := range a {
		switch a[i].Equal(b[i]) {
		case No:
			return No
		case Unknown:
			t = Unknown
		}
	}
	return t
}

package dist

import (
	"math"

	"ppl/graph/named"
	"ppl/lang"
)

// Spread. A normal distribution is as wide as its sd. The field also writes
// the variance, and, since it is what conjugate analysis updates, the
// precision: BUGS, JAGS and NIMBLE have precisions in all their normal and t
// distributions. Each is a form of its own here, chosen by keyword; densities,
// samplers and moments see the sd.

// spreadForms are the forms of a distribution that takes some parameters and
// then an sd (a scale), which may be given as others, each of which has an
// entry in toSpread.
func spreadForms(before []lang.ParamSig, sd lang.ParamSig, others ...lang.ParamSig) []lang.FormSig {
	var out []lang.FormSig
	for _, p := range append([]lang.ParamSig{sd}, others...) {
		out = append(out, form(append(append([]lang.ParamSig(nil), before...), p)...))
	}
	return out
}

// toSpread gives the sd that a precision or a variance means.
var toSpread = map[string]struct {
	value  func(b *named.Builder, x named.Value) named.Value
	number func(x float64) float64
}{
	"precision": {
		func(b *named.Builder, x named.Value) named.Value { return b.Recip(b.Sqrt(x)) },
		func(x float64) float64 { return 1 / math.Sqrt(x) },
	},
	"variance": {
		func(b *named.Builder, x named.Value) named.Value { return b.Sqrt(x) },
		math.Sqrt,
	},
}

// spread returns the sd (scale) called name, in whichever form is in use.
func (p Params) spread(b *named.Builder, name string) named.Value {
	for other, to := range toSpread {
		if !p.has(name) && p.has(other) {
			return to.value(b, p.get(other))
		}
	}
	return p.get(name)
}

// spread returns the sd (scale) called name, in whichever form is in use.
func (n Numbers) spread(name string) float64 {
	if n.has(name) { // each draw asks
		return n.F(name)
	}
	for other, to := range toSpread {
		if n.has(other) {
			return to.number(n.F(other))
		}
	}
	return n.F(name)
}

// Package dist declares the distributions, one file each. A declaration holds
// everything that the rest of ppl knows of a distribution: its signature
// (names, parameters, support, docs: a lang.DistSig, which the checker, help
// and docs read), its log density as a graph, its sampler and moments. Adding
// one is one file, one line in the registry and one row in the test table.
//
// A density sees one draw: parameters and value have only their own event
// dimensions (none for Normal, [K] for a Dirichlet). Plates, particles and iid
// dimensions are axes, so nothing here broadcasts by hand. A density is given
// as Terms that add up to it, each with no more axes than it depends on: the
// −log σ of a million normal observations is then one number times a million.
package dist

import (
	"math/rand/v2"
	"slices"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
)

// Terms add up to a log density.
type Terms []named.Value

// Dist is a distribution.
type Dist struct {
	lang.DistSig

	// LogDensity is the log density (or log mass) at x. Outside the support it
	// is -Inf (see Params.guard), at an end of it the limit; a parameter outside
	// its range gives -Inf or NaN. Whether probabilities sum to 1 is not looked at.
	LogDensity func(b *named.Builder, x named.Value, p Params) Terms

	// Categories is the number of categories (SupportCategories only), Ends the
	// bounds of a SupportCircle.
	Categories func(p Params) int
	Ends       [2]float64

	// LogCDF is log P(X ≤ x), LogSurvival is log P(X > x), both accurate in
	// their tails; nil where NoCDF says why. They may give no value (see sumTail).
	// LogTail asks them inside the support only.
	LogCDF, LogSurvival func(b *named.Builder, x named.Value, p Params) named.Value

	// Sample draws one value into out; nil for the improper Flat.
	Sample func(r *rand.Rand, p Numbers, out []float64)

	// Mean and Variance of each element of the event; nil or NaN elements
	// where they do not exist.
	Mean, Variance func(p Numbers) []float64

	// MeanOf is Mean where the parameters do not tell the n elements of an event.
	MeanOf func(p Numbers, n int) []float64

	// Probabilities are those of the categories 1, 2, ... (SupportCategories only).
	Probabilities func(p Numbers) []float64

	// FromNormal is a value as a smooth function of standard normal numbers z,
	// of the shape that Noise gives for that of the event (nil: the same). It is nil
	// where NoFromNormal says why, as a clause without a subject, and what to name instead.
	FromNormal   func(b *named.Builder, z named.Value, p Params) named.Value
	Noise        func(event graph.Shape) graph.Shape
	NoFromNormal string
}

// Params are the parameters of a form, as values.
type Params struct {
	Form   int
	Inside bool // the value is known to lie in the support
	Values map[string]named.Value
}

// get returns a parameter by name.
func (p Params) get(name string) named.Value {
	v, ok := p.Values[name]
	if !ok {
		panic("dist: no parameter " + name)
	}
	return v
}

// has reports whether the form in use has the parameter.
func (p Params) has(name string) bool {
	_, ok := p.Values[name]
	return ok
}

// guard is the term that is 0 where inside is not 0, and -Inf elsewhere. It is
// left out where the value is known to be inside the support.
func (p Params) guard(b *named.Builder, ts Terms, inside func() named.Value) Terms {
	if p.Inside {
		return ts
	}
	in := inside()
	if in.IsConst() && !slices.Contains(in.Const(), 0) {
		return ts
	}
	return Terms{b.Where(in, b.Total(ts[0], ts[1:]...), b.Scalar(negInf))}
}

// Numbers are the parameters of a form, as numbers.
type Numbers struct {
	Form   int
	Values map[string][]float64
}

// F returns a scalar parameter, V a vector (or a matrix, row by row).
func (n Numbers) F(name string) float64   { return n.Values[name][0] }
func (n Numbers) V(name string) []float64 { return n.Values[name] }

// has reports whether the form in use has the parameter.
func (n Numbers) has(name string) bool { _, ok := n.Values[name]; return ok }

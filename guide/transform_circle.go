package guide

import (
	"math"

	"ppl/graph"
	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/graph/op"
)

// circle maps the line onto the circle by winding it up: x is u less whole turns. All
// u that are turns apart lead to the same x, so that the density of x is shared out among
// them by weights that sum to 1,
//
//	w(u) = σ((u + π)/h) − σ((u − π)/h) = sinh k / (cosh k + cosh(u/h)),  k = π/h,
//
// with the logistic σ (the sum telescopes): a window of one turn around 0, with soft
// edges. Unlike a map of (−π, π) alone it does not cut the circle: mass on both sides of
// ±π lies together, on either side of the edge. Where the window is turned to face the
// mass (Angles.Turns) w is 1 there, and a Gaussian of u is one of the angle; a uniform x
// makes u a bell as wide as a turn.
var circle = &Transform{
	Name: "winding",
	Free: same,
	Forward: func(b *named.Builder, u named.Value, _ dist.Support) (named.Value, []named.Value) {
		v := b.Scale(1/windowEdge, u)
		k := math.Pi / windowEdge
		// log w = log(2 sinh k) + k − softplus(k + v) − softplus(k − v), for each element
		norm := (2*k + math.Log1p(-math.Exp(-2*k))) * float64(graph.Shape(u.Shape()).Size())
		return wrap(b, u), []named.Value{b.Neg(b.Softplus(b.AddScalar(v, k))), b.Neg(b.Softplus(b.Sub(b.Scalar(k), v))), b.Scalar(norm)}
	},
	Inverse: func(x []float64, _, _ float64) []float64 { return append([]float64(nil), x...) },
}

// Angles say how the angles of a block are held. Turns are the directions, by element,
// that have 0 on the unconstrained scale, where the window is; nil is 0 throughout.
// Straight holds them as numbers between −π and π instead, for a model that reads them
// as such: its density has a jump at ±π.
type Angles struct {
	Turns    []float64
	Straight bool
}

// windowEdge is h: the softness of the window's edges, in radians. The mass a turn away
// from a mode that the window faces is e^−π/h of that there.
const windowEdge = 0.25

// wrap is the angle in (−π, π], by whole turns.
func wrap(b *named.Builder, x named.Value) named.Value {
	turns := b.Apply(op.Ceil, b.AddScalar(b.Scale(1/(2*math.Pi), x), -0.5))
	return b.Sub(x, b.Scale(2*math.Pi, turns))
}

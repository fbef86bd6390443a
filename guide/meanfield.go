package guide

import (
	"math"

	"ppl/graph"
	"ppl/graph/named"
)

// MeanField is the mean-field Gaussian on the unconstrained scale,
//
//	q(u) = Π N(u_d | loc_d, e^{2·logsd_d}),
//
// reparameterised as u = loc + e^logsd ⊙ eps with standard normal eps.
type MeanField struct {
	Loc, LogSD *graph.Node // inputs of shape [D]
	Eps        *graph.Node // input of shape [S, D]
	Particles  *named.Axis
	// U is the sample: axis particle, event [D].
	U named.Value
	// Entropy is Σ logsd + D/2·(1 + log 2π), a scalar.
	Entropy named.Value
}

// NewMeanField builds the guide over D unconstrained numbers with S particles
// in the builder's graph.
func NewMeanField(b *named.Builder, d, s int) *MeanField {
	m := &MeanField{
		Loc:       b.G.Input("guide.loc", graph.Shape{d}),
		LogSD:     b.G.Input("guide.logsd", graph.Shape{d}),
		Eps:       b.G.BatchInput("guide.eps", graph.Shape{s, d}),
		Particles: &named.Axis{Name: "particle", Size: s, Class: named.Particle},
	}
	logsd := b.Wrap(m.LogSD)
	m.U = b.Add(b.Wrap(m.Loc), b.Mul(b.Exp(logsd), b.Wrap(m.Eps, m.Particles)))
	m.Entropy = b.AddScalar(b.SumAll(logsd), float64(d)*0.5*(1+math.Log(2*math.Pi)))
	return m
}

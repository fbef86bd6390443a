package dist

import (
	"errors"
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
)

// Reparameterisation. A variational guide is fitted by gradients of an
// expectation over its draws, which are the smoother the draws: here a value is a
// function of standard normal numbers and of the parameters, with derivatives by
// all of them (Kingma & Welling 2014, Auto-Encoding Variational Bayes, ICLR).

// NoiseShape is the shape of the standard normal numbers that FromNormal makes
// one value of, whose event has the given shape ([] for Normal, [K] for
// Dirichlet). The error says, as a clause that completes a diagnostic, that values are no smooth
// function of noise, and what to name instead.
func (d *Dist) NoiseShape(event graph.Shape) (graph.Shape, error) {
	if d.FromNormal == nil {
		return nil, d.notSmooth()
	}
	if d.Noise != nil {
		return d.Noise(event), nil
	}
	return event, nil
}

func (d *Dist) notSmooth() error {
	why := d.NoFromNormal
	if why == "" {
		why = "has no draws that are smooth functions of normal noise yet; name `Normal` or `LogNormal` instead"
	}
	return errors.New("`" + d.Name + "` " + why)
}

// FromNormal is a value of d, with parameters p and truncated to (lower, upper), as a smooth
// function of z: where z is of the shape NoiseShape and standard normal, the value is distributed
// as d. nil bounds are none. Its derivatives by z, by the parameters and by the bounds exist to the
// second order.
func FromNormal(b *named.Builder, d *Dist, z named.Value, p Params, lower, upper *named.Value) (named.Value, error) {
	switch {
	case d.FromNormal == nil:
		return named.Value{}, d.notSmooth()
	case unbounded(lower) && unbounded(upper):
		return d.FromNormal(b, z, p), nil
	case d.NoTruncation != "":
		return named.Value{}, fmt.Errorf("`%s` cannot be truncated: %s", d.Name, d.NoTruncation)
	}
	return named.Value{}, fmt.Errorf("draws of a truncated `%s` are no smooth functions of normal noise yet; take out the bounds", d.Name)
}

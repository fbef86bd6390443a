package dist

import (
	"errors"
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
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
	if d.Noise == nil {
		return event, nil
	}
	noise := d.Noise(event)
	if noise.Size() == 0 {
		return nil, errors.New("`" + d.Name + "` of one row has one value only: leave the site out of the guide")
	}
	return noise, nil
}

func (d *Dist) notSmooth() error { return errors.New("`" + d.Name + "` " + d.NoFromNormal) }

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
	x := d.FromNormal(b, d.truncatedScore(b, z, p, lower, upper), p)
	return b.Apply(op.Inside, x, orInfinite(b, lower, -1), orInfinite(b, upper, 1)), nil
}

// truncatedScore is the score of a value of d truncated to (lower, upper) whose score within the
// interval is z. Elements of bounds that cut nothing off are infinite scores.
func (d *Dist) truncatedScore(b *named.Builder, z named.Value, p Params, lower, upper *named.Value) named.Value {
	l, u := d.cuts(b, p, lower, upper)
	from, to := b.Scalar(negInf), b.Scalar(math.Inf(1))
	if l.some {
		from = l.where(b, d.score(b, l.at, p), from)
	}
	if u.some {
		to = u.where(b, d.score(b, u.at, p), to)
	}
	if !l.some && !u.some {
		return z
	}
	return b.Apply(op.TruncatedScore, z, from, to)
}

// score is the normal score of x: the z with Φ(z) = F(x).
func (d *Dist) score(b *named.Builder, x named.Value, p Params) named.Value {
	switch d.Name {
	case normal.Name:
		return standardised(b, x, p.get("mean"), p.spread(b, "sd"))
	case logNormal.Name:
		return logNormalZ(b, x, p)
	}
	return b.Apply(op.NormalScore, d.LogCDF(b, x, p), d.LogSurvival(b, x, p))
}

// orInfinite is a bound, or infinity where it is nil.
func orInfinite(b *named.Builder, bound *named.Value, sign int) named.Value {
	if bound == nil {
		return b.Scalar(math.Inf(sign))
	}
	return *bound
}

// halfScore is a draw of the half normal distribution of scale 1, with its full relative precision next to 0.
func halfScore(b *named.Builder, z named.Value) named.Value {
	return b.Apply(op.TruncatedScore, z, b.Scalar(0), b.Scalar(math.Inf(1)))
}

// expWithin is exp(v), kept among the normal numbers: a gamma variable of shape 1e-3 is below them in half of all draws.
// There it has no slope.
func expWithin(b *named.Builder, v named.Value) named.Value {
	return b.Exp(b.Min(b.Max(v, b.Scalar(-708)), b.Scalar(709)))
}

// inverseLogitWithin is 1/(1 + e^−u), kept between 0 and 1, where densities are finite: a beta variable of shapes 0.1 is within
// rounding of 1 once in 40 draws. There it has no slope.
func inverseLogitWithin(b *named.Builder, u named.Value) named.Value {
	return b.InvLogit(b.Min(b.Max(u, b.Scalar(-708)), b.Scalar(36.7)))
}

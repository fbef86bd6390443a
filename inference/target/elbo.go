package target

import (
	"math"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
)

// ELBO is the evidence lower bound of a mean-field guide with S particles,
//
//	mean over particles of log p(u_s) + entropy,
//
// as a function of the guide's location and log sd (D each), for given noise.
type ELBO struct {
	S, D int
	// Evaluations counts the calls of Eval.
	Evaluations int

	q *guide.MeanField
	p *Program
}

// Part is the contribution of one statement to the expected log joint.
type Part struct {
	Factor lower.Factor
	Mean   float64
}

// NewELBO compiles the objective for S particles.
func (t *Target) NewELBO(s int) (*ELBO, error) {
	b := t.Builder()
	q := guide.NewMeanField(b, t.D, s)
	l, err := t.LowerDensity(b, q.U)
	if err != nil {
		return nil, err
	}
	lp := b.With(l.LogDensity(), q.Particles)
	total := b.SumAxes(lp, q.Particles)
	mean := func(x named.Value) named.Value { return b.Scale(1/float64(s), x) }
	elbo := b.Add(mean(total), q.Entropy)
	// The gradient of the total, divided at the end: the adjoints of the rows
	// are then those of the log density itself.
	wrt := []*graph.Node{q.Loc, q.LogSD}
	g, entropy := grad.Reverse(b.G, total.N, wrt), grad.Reverse(b.G, q.Entropy.N, wrt)
	for i := range g {
		g[i] = b.Add(mean(b.Wrap(g[i])), b.Wrap(entropy[i])).N
	}
	p, err := t.Compile(b.G, elbo.N, g[0], g[1], lp.N)
	if err != nil {
		return nil, err
	}
	return &ELBO{S: s, D: t.D, q: q, p: p}, nil
}

// SetNoise fixes the noise, S×D standard normals.
func (e *ELBO) SetNoise(eps []float64) { e.p.Set(e.q.Eps, eps) }

// Eval gives the ELBO and its gradients, valid until the next call.
func (e *ELBO) Eval(loc, logsd []float64) (elbo float64, gloc, glogsd []float64, err error) {
	e.p.Set(e.q.Loc, loc)
	e.p.Set(e.q.LogSD, logsd)
	e.Evaluations++
	if err := e.p.Run(); err != nil {
		return math.NaN(), nil, nil, err
	}
	return e.p.Out(0)[0], e.p.Out(1), e.p.Out(2), nil
}

// LogDensities are the log densities of the particles of the last Eval.
func (e *ELBO) LogDensities() []float64 { return e.p.Out(3) }

// Parts evaluates the expected contribution of each statement, and of the
// transforms' Jacobians (the last, with no site), at given parameters and
// noise: the ELBO per site. A block that is integrated out is drawn from.
func (t *Target) Parts(loc, logsd, eps []float64, s int) ([]Part, error) {
	b := t.Builder()
	q := guide.NewMeanField(b, t.D, s)
	b.G.SumRule = t.SumRule()
	l, z, err := t.lowerDrawn(b, q.U, q.Particles)
	b.G.SumRule = nil
	if err != nil {
		return nil, err
	}
	var parts []Part
	var outs []*graph.Node
	add := func(f lower.Factor, v named.Value) {
		parts = append(parts, Part{Factor: f})
		outs = append(outs, b.Scale(1/float64(s), b.SumAxes(b.With(v, q.Particles), q.Particles)).N)
	}
	for _, f := range l.Joint.Factors {
		add(f, f.Value)
	}
	add(lower.Factor{}, l.Pack.LogJacobian(b))
	p, err := t.Compile(b.G, outs...)
	if err != nil {
		return nil, err
	}
	p.Set(q.Loc, loc)
	p.Set(q.LogSD, logsd)
	p.Set(q.Eps, eps)
	if z != nil {
		t.Block.noise(p.in(z), 0)
	}
	if err := p.Run(); err != nil {
		return nil, err
	}
	for i := range parts {
		parts[i].Mean = p.Out(i)[0]
	}
	return parts, nil
}

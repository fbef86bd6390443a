package inference

import (
	"context"
	"math"
	"slices"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// Initial is what Markov chains begin with.
type Initial struct {
	// Target is the target in the parameterisation that a fit would choose.
	Target *target.Target
	// Points are where chains start, dispersed: tempered particles, one of each chain, or
	// draws that are twice as wide as a guide. Nil where a fit has found nothing.
	Points [][]float64
	// Variances are those of a guide; nil where there is none.
	Variances []float64
	// Look is what tempering from the prior has found, to hold the chains against; nil where
	// that does not suit the model.
	Look *Look
	// Symmetry is that of Answer; nil if there is none.
	Symmetry *Symmetry
}

// Begin finds where chains that sample a target should start. A start uniform near
// the origin may lie where nothing can move, and all of them in one mode of several;
// particles that are tempered from the prior are in all of them, in proportion. With values to start from, the
// chains start around these.
func Begin(ctx context.Context, t *target.Target, seed uint64, chains int, init target.Init) (*Initial, error) {
	f := newFitter(ctx, t, Options{Seed: seed, Particles: DefaultParticles, Draws: 64, Correct: Corrections[0], Init: init})
	f.t = t
	in := f.begin(seed, chains)
	if init == nil {
		return in, nil
	}
	return in, f.centreOn(in, seed, chains)
}

// centreOn moves the starts of chains to the values to start from: these, by a draw of a Gaussian with the sds of
// the guide, or half as wide as the unconstrained scale's unit where there is none. The less, the more
// draws do not have a finite density.
func (f *fitter) centreOn(in *Initial, seed uint64, chains int) error {
	d := in.Target.D
	if err := f.use(in.Target); err != nil {
		return err
	}
	points := make([][]float64, chains)
	u, lp, g := make([]float64, target.Lanes*d), make([]float64, target.Lanes), make([]float64, target.Lanes*d)
	for i := range points {
		r := random.Stream(seed, "initial chain", i)
		rest := make([]float64, d)
		if i < len(in.Points) {
			copy(rest, in.Points[i])
		}
		for try := 0; points[i] == nil; try++ {
			s, err := f.t.Start(f.opt.Init, rest)
			if err != nil {
				return err
			}
			wide := 1 / float64(1+try)
			if try == initialTries-1 {
				wide = 0
			}
			for k, x := range s.U {
				sd := 0.5
				if in.Variances != nil {
					sd = math.Sqrt(in.Variances[k])
				}
				if z := r.NormFloat64(); s.Given[k] {
					x += wide * sd * z
				}
				u[k] = x
			}
			for k := d; k < len(u); k++ {
				u[k] = u[k%d]
			}
			if err := f.surf.Gradient(u, lp, g); err != nil {
				return err
			}
			if graph.AllFinite(u) && graph.Finite(lp[0]) && graph.AllFinite(g[:d]) {
				points[i] = slices.Clone(u[:d])
				break
			}
			if try == initialTries-1 {
				return &ErrInitial{f.noStart(u[:d])}
			}
			if try > initialTries/2 || i >= len(in.Points) {
				for k := range rest {
					rest[k] = (2*r.Float64() - 1) * 2 * wide
				}
			}
		}
	}
	in.Points = points
	return nil
}

// begin is Begin without values to start from, but for where its guide starts.
func (f *fitter) begin(seed uint64, chains int) *Initial {
	in := &Initial{Target: f.t}
	if err := f.face(); err != nil {
		return in
	}
	in.Target = f.t
	_, a, err := f.optimise()
	if err != nil {
		return in
	}
	in.Target = f.t
	fit := newAnswer(f.t)
	f.take(fit, a)
	if f.sym, err = f.findSymmetry(a); err != nil {
		return in
	}
	f.sym = f.sym.about(a)
	in.Symmetry = f.sym
	if f.looksAt(fit) {
		prior := f.prior()
		if l, err := f.thoroughly(fit, f.reference(fit, prior), prior); err == nil && l != nil {
			in.Look = l
			in.Points = l.starts(seed, chains)
			in.Symmetry = f.sym
		}
	}
	if a.converged && !f.halted() {
		in.Variances = make([]float64, f.t.D)
		for i, s := range a.logsd {
			in.Variances[i] = math.Min(math.Max(math.Exp(2*s), 1e-200), 1e200)
		}
		if in.Points == nil {
			in.Points = f.dispersedAround(a, seed, chains)
		}
	}
	return in
}

// starts are particles, each of another run as far as there are runs.
func (l *Look) starts(seed uint64, n int) [][]float64 {
	p := l.Particles
	each := p.N() / p.Chains
	r := random.Stream(seed, "chain starts", 0)
	out := make([][]float64, n)
	for i := range out {
		k := i%p.Chains*each + r.IntN(each)
		out[i] = slices.Clone(p.U[k*p.D : (k+1)*p.D])
	}
	return out
}

// dispersedAround are draws around a guide, twice as wide, where the density is finite; nil if
// there are too few.
func (f *fitter) dispersedAround(a *ascent, seed uint64, n int) [][]float64 {
	d := f.t.D
	var out [][]float64
	u, lp, g := make([]float64, target.Lanes*d), make([]float64, target.Lanes), make([]float64, target.Lanes*d)
	for try := 0; try < 8 && len(out) < n; try++ {
		r := random.Stream(seed, "chain starts", 1+try)
		wide := 2 / float64(1+try)
		for i := range u {
			u[i] = a.loc[i%d] + wide*math.Exp(a.logsd[i%d])*r.NormFloat64()
		}
		if f.surf.Gradient(u, lp, g) != nil {
			return nil
		}
		for i := 0; i < target.Lanes && len(out) < n; i++ {
			if graph.Finite(lp[i]) && graph.AllFinite(g[i*d:(i+1)*d]) {
				out = append(out, slices.Clone(u[i*d:(i+1)*d]))
			}
		}
	}
	if len(out) < n {
		return nil
	}
	return out
}

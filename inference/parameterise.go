package inference

import "context"

// Parameterised is the target in the parameterisation that a fit would choose:
// what a sampler of a hierarchical model should work in too. It is the target
// itself where no latent can be parameterised anew, nor is an angle, or no fit comes about.
func (t *Target) Parameterised(ctx context.Context, seed uint64) *Target {
	f := newFitter(ctx, t, Options{Seed: seed, Particles: 64, Draws: 64})
	f.t = t
	if err := f.face(); err != nil {
		return t
	}
	if len(t.relativeSlots()) == 0 {
		return f.t
	}
	if _, _, err := f.optimise(); err != nil {
		return t
	}
	return f.t
}

package inference

import "context"

// Parameterised is the target in the parameterisation that a fit would choose:
// what a sampler of a hierarchical model should work in too. It is the target
// itself where no latent can be parameterised anew, or no fit comes about.
func (t *Target) Parameterised(ctx context.Context, seed uint64) *Target {
	if len(t.relativeSlots()) == 0 {
		return t
	}
	f := newFitter(ctx, t, Options{Seed: seed, Particles: 64, Draws: 64})
	f.t = t
	if _, _, err := f.optimise(); err != nil {
		return t
	}
	return f.t
}

// Package nuts draws from a posterior by Hamiltonian Monte Carlo with the
// no-U-turn criterion: slow beside variational inference, and the reference to
// check it against. It is the sampler of Stan 2.32.
//
// A point q of the unconstrained scale gets a momentum p ~ N(0, M), and the pair
// moves along the trajectory of the energy H = −log π(q) + ½pᵀM⁻¹p, in leapfrog
// steps of size ε, which keep volume exactly and energy up to ε². The trajectory
// is doubled, forwards or backwards at random, until it turns back on itself:
// until the summed momentum ρ of the trajectory, or of either half with the
// next point of the other, points against the velocity at an end (Hoffman &
// Gelman 2014; the generalised criterion of Betancourt 2017, "A Conceptual
// Introduction to Hamiltonian Monte Carlo", with Stan's checks between subtrees).
// The next draw is one of its points with probability ∝ exp(−H), with a bias
// towards the newer half (Betancourt 2017, appendix A.3). A step that raises
// the energy by more than 1000, or to where there is none (a density of zero,
// NaN), ends the trajectory: a divergence, the sign that the sampler misses a
// region of strong curvature.
//
// Warm-up adapts the step size by dual averaging of the mean acceptance
// probability (Nesterov; Hoffman & Gelman 2014, section 3.2) and M⁻¹ to the
// variances of the draws, or to their covariances where the dimension allows, in
// windows that double: 75 steps with the step size alone, 25, 50, 100, … with both,
// 50 with the step size alone.
//
// Chains run side by side, each with a stream of random numbers and working memory
// of its own for the one compiled density, so that the draws do not depend on the
// number of cores.
//
//   - point.go: points of phase space, their energy, the leapfrog
//   - tree.go: trajectories, the choice of a point, the criterion
//   - adapt.go: the step size
//   - metric.go, spread.go, dense.go: windows, estimates, and M⁻¹ with covariances
//   - start.go: starting points and the first step size
//   - chain.go, nuts.go: one chain, and all of them
//   - report.go: the draws as the model's values
package nuts

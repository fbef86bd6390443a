// Package chains draws from a posterior by many short Markov chains that start from a
// fit, and make up for what the fit cannot do: a guide of discrete latents that cannot
// be summed out, which has one distribution for a coefficient, be it in the model or
// out, and is too sure of both; and a proposal whose importance weights are unsteady.
//
// Each chain alternates between a trajectory of the no-U-turn sampler for the
// continuous latents, given the discrete ones (package nuts), and a sweep over
// the discrete ones, given the rest, if there are any. Each part leaves the joint
// posterior invariant, so the whole does (Tierney 1994; for Hamiltonian moves within
// Gibbs Neal 2011, "MCMC using Hamiltonian dynamics", section 5.5).
//
// Sweeps (sweep.go). Where all factors of a latent are tables, one evaluation gives the
// conditional distribution of every element given all others. Elements that share
// no factor are drawn together: groups of such are found by trial (colour.go), and
// a Metropolis test, which accepts always where they indeed share none, keeps
// draws right whatever the trial has missed. Other elements are drawn one after
// another, from their values' densities, or where these are many by a Metropolis
// step; elements with infinitely many values by Metropolis steps too.
//
// Batches (batch.go). Chains are rows of one evaluation: the plan works on 32 at once at
// little more than the price of one. Each is a coroutine that asks for the density at a
// point and sleeps until all have asked, so that trajectories of different
// lengths do not wait for one another. A chain has a stream of random numbers of
// its own and its row of a result does not depend on the other rows: draws are the
// same bits whatever the number of cores.
//
// Adaptation (warmup.go, sample.go, metric.go). Chains start in groups, each from a place of its own
// that is wider spread than the posterior should be: all optima that a guide came by,
// or draws of the proposal. First they settle, until the log densities of groups agree; then
// step size and metric are adapted over all chains together. The metric may depend on
// the values of discrete latents. Where trajectories diverge, steps become smaller.
// Chains are lengthened until the groups agree, R̂ of a group's draws taken as those of
// one chain (nested R̂: Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari & Gelman
// 2024), and enough draws are effective, or until the work allowed is done. What is
// allowed is counted in numbers that evaluations work through, not in time, which would
// not be the same on another day.
package chains

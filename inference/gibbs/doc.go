// Package gibbs draws from posteriors some of whose discrete latents cannot be
// summed out, by many short Markov chains that start from a fitted guide. It
// corrects the guide: a mean-field guide has one distribution for a coefficient,
// be it in the model or out, and is too sure of both.
//
// Each chain alternates between a trajectory of the no-U-turn sampler for the
// continuous latents, given the discrete ones (package nuts), and a sweep over
// the discrete ones, given the rest. Each part leaves the joint posterior
// invariant, so the whole does (Tierney 1994; for Hamiltonian moves within Gibbs
// Neal 2011, "MCMC using Hamiltonian dynamics", section 5.5).
//
// Sweeps. Where all factors of a latent are tables, one evaluation gives the
// conditional distribution of every element given all others. Elements that share
// no factor are drawn together: groups of such are found by trial (colour.go), and
// a Metropolis test, which accepts always where they indeed share none, keeps
// draws right whatever the trial has missed. Other elements are drawn one after
// another, from their values' densities, or where these are many by a Metropolis
// step; elements with infinitely many values by Metropolis steps too.
//
// Chains are rows of one evaluation: the plan works on 32 at once at little more
// than the price of one. Each is a coroutine that asks for the density at a point
// and sleeps until all have asked (batch.go), so that trajectories of different
// lengths do not wait for one another. A chain has a stream of random numbers of
// its own and its row of a result does not depend on the other rows: draws are the
// same bits whatever the number of cores.
//
// Chains start in groups, each from one point, wider spread than the guide and
// from all optima that the fit came by. Step sizes and the metric are adapted over
// all chains together. Chains are lengthened until the groups agree, R̂ of a
// group's draws taken as those of one chain (nested R̂: Margossian, Hoffman,
// Sountsov, Riou-Durand, Vehtari & Gelman 2024), and enough draws are effective,
// or until the work allowed is done.
package gibbs

// Package mcmc says how far Markov chains have converged and how much they are
// worth: the diagnostics of Vehtari, Gelman, Simpson, Carpenter & Bürkner
// (2021), "Rank-normalization, folding, and localization: an improved R̂ for
// assessing convergence of MCMC", Bayesian Analysis 16(2).
//
// Chains of one quantity come as [][]float64, by chain and draw, all of one
// length. Each chain is cut in two halves, so that a drift within a chain shows
// as a difference between chains. R̂ compares the variance between and within
// these halves, after the draws have been replaced by normal scores of their
// ranks, which makes it hold for heavy tails too; folding (the distance from the
// median) adds differences in scale. R̂ should be below 1.01.
//
// The effective sample size is S/τ with τ = 1 + 2Σρ_t, the sum of the
// autocorrelations over all chains, cut by Geyer's initial monotone sequence
// (1992); the autocorrelations also fall short by the disagreement between the
// chains. Bulk-ESS is that of the normal scores, tail-ESS the smaller one of the
// indicators of the 5 % and 95 % quantiles. Both should be above 100 a chain.
// The Monte-Carlo standard errors of means, sds and quantiles follow from the
// effective sizes of the respective functions. E-BFMI (Betancourt 2016) says
// whether a Hamiltonian sampler's momentum refreshments explore its energies.
//
// Where a figure does not exist, because draws are constant, not finite, or too
// few, it is NaN, as in R's package posterior. Quantiles of counts and indicators that
// are the largest draw have a figure here, where that package has none.
package mcmc

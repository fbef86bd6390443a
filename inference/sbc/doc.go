// Package sbc tests ranks for uniformity, as simulation-based calibration needs it
// (Talts, Betancourt, Simpson, Vehtari & Gelman 2018, "Validating Bayesian
// inference algorithms with simulation-based calibration").
//
// If θ is drawn from the prior and y given θ, then θ is a draw from the posterior
// of y. Its rank among L draws of a fit to y is uniform on 0, ..., L if the fit is
// exact. A ∪ of ranks says that posteriors are too narrow, a ∩ too wide, a slope
// that they are shifted.
//
// Two tests look for that. The χ² test compares counts in bins. The test of the
// empirical distribution function (Säilynoja, Bürkner & Vehtari 2022, "Graphical
// test for discrete uniformity and its applications in goodness-of-fit evaluation
// and multiple sample comparison") asks at each rank r whether the number of ranks
// up to r, which is binomial, is in a tail; the smallest tail probability is the
// statistic, and its own distribution is computed exactly, by the recursion over r
// of their section 2.2 turned into a p-value.
package sbc

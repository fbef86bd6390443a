// Package loo estimates how well a model predicts data that it has not seen:
// leave-one-out cross-validation from the draws of one fit, after Vehtari, Gelman
// & Gabry (2017), "Practical Bayesian model evaluation using leave-one-out
// cross-validation and WAIC", Statistics and Computing 27. It knows nothing of
// models; what comes in is the log likelihood of each point at each draw, one
// point (a column) at a time, and what weights the draws have.
//
// The posterior without y_i is the posterior divided by p(y_i | θ): a draw θ_s of
// weight w_s stands for it with the ratio
//
//	r_s ∝ w_s / p(y_i | θ_s),
//
// which package psis smooths. The expected log predictive density of the point is
//
//	elpd_i = log Σ r_s p(y_i | θ_s),   Σ r_s = 1,
//
// and k̂ of the ratios' tail says whether it can be believed: up to psis.Threshold
// of the number of draws. Where it is above, the model is to be fitted without the
// point (Result.Replace takes what comes of it), or cross-validated by folds
// (Assembly). The difference lpd_i − elpd_i to the density of the point in the
// whole posterior adds up to p_loo, the effective number of parameters.
//
// For Markov chains the relative efficiency of a point, r_eff, is the effective
// sample size of its likelihood values (mcmc.ESSMean) over the number of draws; it
// sets how long the tail is and widens the Monte-Carlo errors. Where it does not
// exist, as for equal values, it is 1. These are the choices of R's package loo
// from version 2.7 on, with which testdata/generate.R compares, with three
// differences: ratios that are all equal are no cause for worry (k̂ is 0, not
// infinite), draws without weight do not count as draws, and log likelihoods of −Inf
// are not refused:
//
//   - At a draw that has weight the ratio is infinite: elpd_i is −Inf and k̂ is
//     +Inf. The posterior has no such draws, an approximation may have.
//   - At a draw without weight the ratio is 0/0: it may be this very point that took
//     the weight. The draw is left out and k̂ is +Inf, so that the point is refitted.
package loo

// Package psis smooths importance weights and says whether they can be
// believed: Pareto-smoothed importance sampling, after Vehtari, Simpson,
// Gelman, Yao & Gabry (2024), "Pareto Smoothed Importance Sampling", JMLR 25.
//
// Draws x_s from a proposal q stand for a target p with weights p(x_s)/q(x_s).
// Whether weighted means converge depends on the right tail of the weights'
// distribution, which is close to a generalised Pareto distribution whatever p
// and q are; with shape k the weights have 1/k finite moments. So the largest
// M = min(S/5, 3√S) weights are taken, a generalised Pareto distribution is
// fitted to their excess over the largest weight below them (Zhang & Stephens
// 2009, with the paper's weak prior towards 1/2), and they are replaced by its
// expected order statistics, none above the largest raw weight. That takes
// noise out of the largest weights, and k̂ is the diagnostic: below
// Threshold(S) the smoothed estimate and its standard error are reliable,
// above it they are not, and above 1 not even the mean of the weights exists.
//
// Smooth takes and returns logarithms; the estimators take normalised weights,
// which Weights makes of them. An estimator's error allows for dependent draws
// by the relative efficiency reff: the effective size of the draws as a sample
// from q over their number, 1 for independent ones.
package psis

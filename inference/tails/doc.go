// Package tails takes the mean and the standard deviation of draws and says
// whether there are any: whether the distribution that the draws are of has a
// finite mean and variance, as far as they tell, and how far the estimates are
// off by chance, heavy tails included.
//
// # What exists
//
// Far out a distribution's tail is close to a generalised Pareto distribution
// (Pickands 1975); with shape ξ, the tail index, it has moments of order below
// 1/ξ. So ξ is fitted to both tails (Zhang & Stephens 2009, package psis), and
// the larger one decides: from HeavySD = 1/2 on there is no variance, from 1 on
// no mean. Draws of a posterior that are weighted are fitted with their weights:
// the unweighted ones have the tails of the proposal, which may hide heavy ones
// or show some where there are none. The tail begins where it has as many
// effective draws as an unweighted sample has in its largest 3√n (Vehtari,
// Simpson, Gelman, Yao & Gabry 2024), so that draws of a proposal with heavy
// tails are looked at further out.
//
// A mean whose index is between heavyMean = 0.8 and 1 exists, but its error falls
// with the power 1 − ξ of the number of draws: a hundred times as many halve it.
// It is given up, too. A log-normal distribution with a large σ has all moments,
// but between its median and anything that can be drawn its tail is that of a
// distribution without: what decides is what the draws can tell.
//
// # What can be told
//
// With n independent draws the fitted index has a standard error of about
// (1 + ξ)/√(3√n). This share of samples is denied its variance (TestKnownTails counts
// anew):
//
//	                 ξ      n = 4,096   16,384
//	Normal           0          0 %        0 %
//	t, 5 degrees    .20         0          0
//	t, 3            .33         7          0
//	Pareto(3)       .33         3          0
//	t, 2.5          .40        21         15
//	Frechet(2.3)    .43        21         20
//	Pareto(1.5)     .67        93         93
//	InvGamma(1.5)   .67        88         95
//	t, 1.5          .67       100        100
//	HalfCauchy     1.00        99        100
//	Pareto(0.9)    1.11        99        100
//
// A few draws of something much wider than the rest look like a heavy tail as well: a
// coefficient that has its prior wherever an indicator leaves it out. Such a tail ends,
// which the largest draws show where there are enough of them. An index above 1/4 is denied its
// variance, too, if the sd is more than eight times what the quantiles at 5 and 95 % say.
//
// # Errors
//
// The error of a mean of n terms is √(variance/n) if their variance is finite and
// the sample shows it. The terms of a variance, squares, have twice the tail
// index; from 1/2 on, ξ > 1/4, their variance is infinite, and a sample that has
// missed the tail says that its error is small. So the largest terms are replaced
// by the expected order statistics of a generalised Pareto distribution fitted to
// them, and what lies beyond the largest draw that is expected is added as a bias
// that a typical sample has: both fall with n^(k−1), as the error of a mean with
// tail index k does.
package tails

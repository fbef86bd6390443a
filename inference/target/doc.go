// Package target is a bound model as compiled functions. A Target is the model with its data,
// over a vector of unconstrained numbers, and a decision for each discrete latent. What is
// evaluated of it is made here and nowhere else:
//
//   - Surface: the log density with gradients and Hessian-vector products, at any number of
//     points, on all cores; Density: at a fixed number, for one goroutine;
//   - Reporter and GivenReporter: what the posterior shows, the latter with values of discrete
//     latents; Sites: their conditional distributions;
//   - Parts: the contribution of each statement; Frames: locations and scales of hierarchical
//     priors; NoStart and Unfit: why a density is not finite;
//   - whatever else is lowered by Lower, LowerWith or LowerDensity with a Builder of the target,
//     and compiled by Compile.
package target

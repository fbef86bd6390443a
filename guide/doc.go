// Package guide builds variational families for a model automatically.
//
// A guide sees the latents only through their supports. Each block of a latent
// is mapped from an unconstrained array of real numbers by the transform that
// the registry has for its support; all unconstrained numbers of a model sit
// in one packed vector u, and the guide is a distribution over u.
package guide

// Package random draws small random models with data, and knows their
// posteriors without the program: whether its verdict `good` may be believed is
// decided here.
//
// A family (mixtures, change points, hierarchies of few groups, ...) draws the
// text of a model, its data, and the log density of what cannot be integrated by
// hand, written once more in plain Go. What can be is: discrete latents are
// enumerated, groups and coefficients that are normal given the rest have their
// law in closed form. One to three numbers remain, on unbounded scales, and a box
// that holds all but a negligible share of their prior.
//
// The box is integrated by cells that halve where the mass is, and the second
// moment of what is reported, until none holds more than a small share of either;
// each cell has the nodes of a Gauss-Legendre product rule. Modes are sought
// first, by Nelder and Mead's method from many places, and the cells around them
// halved until they are seen. Means, sds and quantiles are those of the mixture
// of the laws of all nodes. Mixtures have four or five coordinates, but tables of
// each datum's density under each component make a full grid cheap: there sums
// over equal steps of unbounded scales are integrals to high order. Two grids, one
// much coarser, have to agree, or the model is not used.
//
// A moment that does not exist is known from the tail that the family states, not
// from numbers.
package random

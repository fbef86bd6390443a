// Package kernel holds the scalar special functions behind the elementwise
// operations of the graph: logistic functions, the normal distribution function,
// gamma and beta functions with their derivatives and incomplete forms, Student's t, the
// skew normal, and the Bessel functions and arcs of the von Mises distribution. It is float64 in and
// float64 out and needs the standard library alone.
//
// Densities of a model are added up as logarithms, so what matters here is the tails:
// a cdf of 1e-300 must come with its relative accuracy, and its logarithm must go on
// where the cdf itself is zero. Three habits give that.
//
// First, of two complementary probabilities the one that is smaller is computed, from
// terms of one sign, and the other is one minus it. Second, a tail is carried as
// exp(log)·mantissa, so that logarithms and their derivatives never underflow. Third,
// exponents such as a·log x − x − log Γ(a), where large numbers cancel, are rewritten
// around the mode: −a·φ(x/a) and a Stirling correction (Loader 2000, "Fast and accurate
// computation of binomial probabilities"; DiDonato and Morris 1992, TOMS 708).
//
// The methods, each cited again where it is used:
//
//   - normal cdf: Cody's rational minimax approximations of erfcx (Math. Comp. 1969),
//     the exponential of the square taken in two pieces; its inverse: Wichura's AS 241;
//   - digamma: recurrence, Stirling series, and a rational approximation around the
//     positive root; polygamma: Euler–Maclaurin sum of the Hurwitz zeta function;
//   - incomplete gamma: series, Legendre's continued fraction, and Temme's uniform
//     expansion, divided as in Gil, Segura and Temme (SIAM J. Sci. Comput. 34, 2012);
//     derivatives in a by differentiating the same three term by term;
//   - incomplete beta: continued fraction of DiDonato and Morris, power series where the
//     first parameter is small, quadrature over the tail where both are large, and the
//     gamma limit; derivatives by differentiating them (Boik and Robison-Cox 1998);
//   - quantiles of gamma, beta, Student t, skew normal, Wald and von Mises variables at a normal
//     score: Halley's iteration on the log of the smaller tail, on a log or logit scale;
//   - Bessel I0 and I1: power series and Hankel's expansion;
//   - skew normal and von Mises distribution functions: quadrature of integrands of one
//     sign (double exponential, Gauss–Legendre), scaled by the largest value on the tail.
//
// Accuracy is stated at each function and checked in the tests against figures computed
// with mpmath at 50 digits and more (testdata/generate.py). ε is 2⁻⁵², 2.2e-16. "Relative to max(1,
// |f|)" means the error divided by that maximum: near a zero of f that does not sit at
// an exactly representable argument, no more can be asked.
//
// Outside its domain a function returns NaN; NaN in gives NaN out. Every loop has a
// bound on its number of steps, and what has not converged by then returns its last
// value.
package kernel

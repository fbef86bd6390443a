// Package inference fits guides to posteriors, and says of an Answer what it rests on. Which of its
// parts make up a way to infer, and what follows a fit that leaves a doubt, is package methods'.
//
// A Target is a model with its data: it lowers the model for whatever an
// algorithm wants to evaluate (the log density with its derivatives, the ELBO of
// a guide, the values to report) and compiles the result. A Surface is the log
// density on the unconstrained scale, with gradients and Hessian-vector products,
// at any number of points.
//
// Variational is the default, in four steps: a mean-field guide on an ELBO with
// fixed noise, which makes it an ordinary function that Newton's method
// maximises (objective, newton, trust; Giordano, Ingram & Broderick 2024, "Black
// Box Variational Inference with a Deterministic Objective"), in the
// parameterisation that suits it best (centring); the covariance of linear
// response (response); importance weights around both (importance, mixture); and
// a search for other modes (modes).
package inference

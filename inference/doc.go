// Package inference fits guides to models.
//
// A Target is a model with its data: it lowers the model for whatever an
// algorithm wants to evaluate (the ELBO of a guide, the log density at a
// point, the values to report) and compiles the result. An objective is then
// an ordinary function of the guide's parameters: its noise is fixed, so that
// optimisers with line searches apply (Giordano, Ingram & Broderick 2024,
// "Black Box Variational Inference with a Deterministic Objective"), or drawn
// anew in each step for stochastic ones.
package inference

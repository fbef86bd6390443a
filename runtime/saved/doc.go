// Package saved lays out a fit in a file of package store, and reads it back: the same bits of
// every figure and draw. It runs nothing and compiles nothing; package runtime does, where the
// model of a loaded fit is asked for.
//
// # Layout
//
// Groups are those of ArviZ's InferenceData, so that a program that knows nothing of ppl finds
// what it looks for:
//
//   - posterior: the draws that are kept, a sample of the posterior, an array for each symbol of
//     the model: (chain, draw, then its own dimensions). Numbers are float64, discrete latents
//     int64. A dimension has the name that the model gives it, if it is a plain name
//     (`real[J]`), otherwise theta_dim_0; its coordinates are the labels of the factor, or 1 to
//     n. Of data with missing elements only these are in the posterior: along one dimension,
//     whose coordinates are the names of the elements (`y[3]`).
//   - weighted, or made where draws carry no weights: all draws that were made, where these are
//     more or others than those that are kept: the arrays of posterior, weight and log_weight of
//     each draw, and kept, the rows of the draws that are kept. Summaries are of these draws.
//     The weights do not stand in sample_stats beside posterior: ArviZ would not use them there,
//     and take the moments of the proposal for those of the posterior.
//   - observed_data, constant_data: the data, those on the left of a `~` and the rest; what is
//     missing is NaN, factors are codes from 1 with their labels as an attribute. Both are absent
//     where the data are not stored.
//   - ppl: what only ppl needs. Attributes are the fields of answer.Answer, in JSON, in which
//     "NaN", "Infinity" and "-Infinity" stand for what JSON has no number for; arrays
//     quantity_mean, discrete_p and so on are the fields of its quantities and discrete latents, a
//     list in each element one after another, with an array of their lengths (quantity_index,
//     quantity_index_length).
//
// There is no sample_stats: an answer has no figures of single draws.
//
// Draws are chain by chain where as many are kept of each chain, in their order; else all are of
// one chain. In group posterior an array has the name of its symbol, followed by an underscore
// where this is chain or draw, or in weighted also weight, log_weight or kept; it has the name as its attribute
// symbol then. A scalar of the data that is the length of a dimension (`data N : int`) cannot stand beside
// this dimension, and is in group ppl as data_N.
package saved

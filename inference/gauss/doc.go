// Package gauss integrates Gaussian latents out of a log density.
//
// A block u of latents is Gaussian given the rest h, and the data, where the log density is a quadratic function of u
// for every h:
//
//	log p(h, u) = c(h) + b(h)ᵀδ − ½ δᵀA(h)δ,  δ = u − u₀,
//
// for any fixed u₀: linear regressions, random effects under a normal likelihood, random walks and other state-space models
// that are observed with normal errors, smoothing splines, Gaussian processes. Degree (degree.go) tells from the graph of the
// density whether that is so. Then
//
//	log ∫ p(h, u) du = log p(h, u₁) − ½ log|A| + (n/2) log 2π,  u₁ = u₀ + A⁻¹b,
//	u given h ~ N(u₁, A⁻¹)
//
// (Lindley & Smith 1972, "Bayes estimates for the linear model"; of chains this is the Kalman filter). The density is evaluated at u₁, since c and
// bᵀA⁻¹b may be large and opposite. Both are built
// into a graph (factor.go), with derivatives of all orders, so that whatever works on a log density works on the marginal one.
package gauss

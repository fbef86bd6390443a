package lower

import "ppl/lang/diag"

// Codes that the checker emits too (index-out-of-bounds, incomplete-array) are
// declared there.

func init() {
	diag.Declare(
		diag.CodeInfo{
			Code:        "shape-at-binding",
			Title:       "Shapes that turn out not to fit",
			Explanation: "Some lengths are known only once the data are bound. Arithmetic is elementwise and needs equal shapes, or a scalar with anything; functions and distributions need the shapes that their documentation states.",
			Wrong:       "data idx : int[N]\ndata x : real[M]\ndata s : real\nlet y = [1.0 * i for i in 1..max(idx)]\nx ~ Normal(y, s)",
			Right:       "data idx : int[N]\ndata x : real[M]\ndata s : real\nlet y = [1.0 * i for i in 1..M]\nx ~ Normal(y, s)",
		},
		diag.CodeInfo{
			Code:        "unknown-range",
			Title:       "A range or size that the data do not determine",
			Explanation: "The ends of ranges and the sizes of arrays must be known when the data are bound: they may depend on data, not on latents.",
			Wrong:       "n ~ Normal(3, 1)\nx[i in 1..floor(n)] ~ Normal(0, 1)",
			Right:       "data n : int\nx[i in 1..n] ~ Normal(0, 1)",
		},
		diag.CodeInfo{
			Code:        "bad-parameter",
			Title:       "A distribution's parameter outside its range",
			Explanation: "A parameter that the data determine is outside what the distribution allows: a standard deviation that is not positive, a probability above 1.",
			Wrong:       "x ~ Normal(0, -1)",
			Right:       "x ~ Normal(0, 1)",
		},
		diag.CodeInfo{
			Code:        "outside-support",
			Title:       "An observed value that its distribution cannot produce",
			Explanation: "The density is zero at this value whatever the parameters are, so the whole model has no posterior.",
			Wrong:       "data k : int\nlambda ~ Exponential(1)\nk ~ Poisson(lambda)   # with k = -1",
			Right:       "data k : int >= 0\nlambda ~ Exponential(1)\nk ~ Poisson(lambda)",
		},
		diag.CodeInfo{
			Code:        "not-supported-here",
			Title:       "A construct that the language has and this version does not run yet",
			Explanation: "The model is well formed, but this use of it cannot be fitted yet. docs/status.md lists what is missing.",
			Wrong:       "for t in 2..T { u[t] ~ Uniform(u[t-1], 1) }   # the bounds depend on the array itself",
			Right:       "for t in 2..T { u[t] ~ Normal(u[t-1], 1) }",
		},
		diag.CodeInfo{
			Code:        "bad-value",
			Title:       "A function applied to a value that it does not accept",
			Explanation: "Found when the data were bound: the function is not defined for these values or sizes.",
			Wrong:       "let k = argmax(zeros(0))",
			Right:       "let k = argmax([3, 1, 2])",
		},
		diag.CodeInfo{
			Code:  "cannot-simulate",
			Title: "A model from which no data can be drawn",
			Explanation: "`ppl simulate` and `ppl sbc` draw the latents from their priors and then the data on the left of `~`, in the order of the text. " +
				"That needs a proper prior for every latent (not `Flat`), no `factor`, no `param`, and no data that are read before the statement that draws them. " +
				"Elements of data that no `~` draws must be given.",
			Wrong: "data y : real[N]\nmu ~ Flat()\ny[i in 1..N] ~ Normal(mu, 1)",
			Right: "data y : real[N]\nmu ~ Normal(0, 10)\ny[i in 1..N] ~ Normal(mu, 1)",
		},
	)
}

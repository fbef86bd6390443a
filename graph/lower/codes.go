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
			Explanation: "The ends of ranges, the sizes of arrays and the supports of discrete latents must be known when the data are bound: they may depend on data, not on latents. Nor may a range be longer than can be worked with.",
			Wrong:       "data y : real           # with {\"y\": 2}\nm ~ Normal(0, 1)\nz ~ Binomial(if m > 0 then 3 else 4, 0.5)\ny ~ Normal(z, 1)",
			Right:       "data y : real\nm ~ Normal(0, 1)\nz ~ Binomial(4, if m > 0 then 0.4 else 0.5)\ny ~ Normal(z, 1)",
		},
		diag.CodeInfo{
			Code:        "bad-parameter",
			Title:       "A distribution's parameter outside its range",
			Explanation: "A parameter that the data determine is outside what the distribution allows: a standard deviation that is not positive, a probability above 1.",
			Wrong:       "data s : real           # with {\"s\": -1}\nx ~ Normal(0, s)",
			Right:       "data s : real > 0\nx ~ Normal(0, s)",
		},
		diag.CodeInfo{
			Code:        "missing-undefined",
			Title:       "A missing element of the data that no `~` describes",
			Explanation: "A missing element on the left of a `~` is a latent, and can be read like any other. One that no `~` describes has no value, and nothing says what it might have been; it may be there as long as it is not read.",
			Wrong:       "data x : real?[N]       # with {\"x\": [1, null]}\ndata y : real[N]\nb ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i], 1)",
			Right:       "data x : real?[N]\ndata y : real[N]\nb ~ Normal(0, 1)\nx[i in 1..N] ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(b * x[i], 1)",
		},
		diag.CodeInfo{
			Code:        "outside-support",
			Title:       "An observed value that its distribution cannot produce",
			Explanation: "The density is zero at this value whatever the parameters are, so the whole model has no posterior.",
			Wrong:       "data k : int\nlambda ~ Exponential(1)\nk ~ Poisson(lambda)   # with k = -1",
			Right:       "data k : int >= 0\nlambda ~ Exponential(1)\nk ~ Poisson(lambda)",
		},
		diag.CodeInfo{
			Code:        "data-not-observed",
			Title:       "Rows of data that have no part in the model",
			Explanation: "Some rows of an array are on the left of a `~`; the others are not, and nothing else reads them, so that they are ignored. Where that is meant, leave them out of the data.",
			Wrong:       "data y : real[N]        # of 20 elements\nmu ~ Normal(0, 1)\ny[i in 1..10] ~ Normal(mu, 1)",
			Right:       "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)",
		},
		diag.CodeInfo{
			Code:        "density-not-finite",
			Title:       "An observed value at which the density is infinite or not a number",
			Explanation: "Many densities grow without limit towards an end of their support: a value exactly there gives the model no posterior that could be normalised, or one concentrated at that value.",
			Wrong:       "data y : real[N]        # with an exact 0\nmu ~ Normal(0, 1)\ny ~ Beta(0.5, 2)",
			Right:       "data y : real[N]        # 0 < y < 1\nmu ~ Normal(0, 1)\ny ~ Beta(0.5, 2)",
		},
		diag.CodeInfo{
			Code:        "not-supported-here",
			Title:       "A construct that the language has and this version does not run yet",
			Explanation: "The model is well formed, but this use of it cannot be fitted yet. docs/status.md lists what is missing.",
			Wrong:       "data T : int            # with {\"T\": 3}\nu[1] ~ Uniform(0, 1)\nfor t in 2..T { u[t] ~ Uniform(u[t-1], 1) }   # the bounds depend on the array itself",
			Right:       "data T : int\nu[1] ~ Uniform(0, 1)\nfor t in 2..T { u[t] ~ Normal(u[t-1], 1) }",
		},
		diag.CodeInfo{
			Code:        "infinite-support",
			Title:       "A discrete latent with infinitely many values",
			Explanation: "The strategies `exact`, `expect` and `relax` need finitely many values. Without them a count without an upper end is sampled under a guide (`score`); it can also be truncated where larger values do not matter.",
			Wrong:       "data y : int\nn ~ Poisson(3)\ny ~ Binomial(n, 0.5)",
			Right:       "data y : int\nn ~ Poisson(3) in 0..100\ny ~ Binomial(n, 0.5)",
		},
		diag.CodeInfo{
			Code:        "discrete-too-large",
			Title:       "Discrete latents whose joint values are too many",
			Explanation: "To sum discrete latents out, the density is tabulated over the values of those that depend on one another. The table needed here is larger than can be worked with.",
			Wrong:       "data y : real\nz : int[30] ~ Bernoulli(0.5)\ny ~ Normal(sum(z), 1)   # a table over 2^30 combinations",
			Right:       "data y : real\nn ~ Binomial(30, 0.5)\ny ~ Normal(n, 1)",
		},
		diag.CodeInfo{
			Code:        "not-exact",
			Title:       "Discrete latents that cannot be summed out",
			Explanation: "Discrete latents are summed out wherever the tables that this takes can be held. Those that a `guide` draws are not summed out, nor are more than 131,072 elements that depend on one another in a way that is neither a tree over plates nor a chain along one dimension.",
			Wrong:       "data y : real[2]\nz[i in 1..2] ~ Bernoulli(0.5)\ny[i in 1..2] ~ Normal(z[i], 1)\nguide { z[i in 1..2] ~ Bernoulli(0.9) }   # with --discrete z=exact",
			Right:       "data y : real[2]\nz[i in 1..2] ~ Bernoulli(0.5)\ny[i in 1..2] ~ Normal(z[i], 1)",
		},
		diag.CodeInfo{
			Code:        "bad-value",
			Title:       "A function applied to a value that it does not accept",
			Explanation: "Found when the data were bound: the function is not defined for these values or sizes.",
			Wrong:       "let k = argmax(zeros(0))",
			Right:       "let k = argmax([3, 1, 2])",
		},
		diag.CodeInfo{
			Code:  "too-large",
			Title: "More than can be worked with",
			Explanation: "An array of the model may have 2²⁵ elements (256 MB), what it computes from data three times as many in all, and its\n" +
				"latents 2²² numbers; and it may have a quarter of a million operations on arrays, of any size. Data that are read may be larger, and terms that are added up are no array: a `~` or a `factor`\n" +
				"over rows, and the `sum` of a comprehension, are worked through in blocks.",
			Wrong: "a ~ Normal(0, 1)\nlet m = outer(ones(16000), ones(16000))\nfactor a * sum(m)",
			Right: "a ~ Normal(0, 1)\nfactor a * sum(ones(16000)) * sum(ones(16000))",
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
		diag.CodeInfo{
			Code:  "cannot-predict",
			Title: "Something that cannot be predicted",
			Explanation: "A prediction holds what a fit knows, and draws everything else from its distribution given that: data on the left of `~`, and latents of groups and times that are new. " +
				"What is drawn needs a proper prior (not `Flat`), and no `factor` may hang on it, since a `factor` weighs values and does not say how they come about. " +
				"Of vectors that are known in part, those with an `MvNormal` or a `GaussianRandomWalk` are drawn given that part; a row of a `Dirichlet`, a matrix or an `ordered` vector is known as a whole or not at all. Nor can elements be known that hang on new ones (outcomes of a new group): " +
				"fit the model to those. " +
				"Data that the prediction reads must be given.",
			Wrong: "data g : factor(J)[N]     # with a label that the fit did not see\ndata y : real[N]\na[j in 1..J] ~ Flat()\ny[i in 1..N] ~ Normal(a[g[i]], 1)",
			Right: "data g : factor(J)[N]\ndata y : real[N]\nmu ~ Normal(0, 10)\na[j in 1..J] ~ Normal(mu, 5)\ny[i in 1..N] ~ Normal(a[g[i]], 1)",
		},
	)
}

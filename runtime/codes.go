package runtime

import "ppl/lang/diag"

// ModelFile is the code of a model that cannot be read.
const ModelFile diag.Code = "model-file"

func init() {
	diag.Declare(diag.CodeInfo{
		Code: ModelFile, Title: "A model that cannot be read",
		Explanation: "The file does not exist, is a directory, may not be read, or is too large to be a model.",
		Wrong:       "ppl check no-such-file.ppl", Right: "ppl check model.ppl",
	}, diag.CodeInfo{
		Code: "no-pointwise", Title: "No log likelihood datum by datum",
		Explanation: "Leave-one-out cross-validation asks how probable each datum is given the others. A `factor` weighs values and does not say which data it is of, " +
			"and a vector of data some elements of which are missing has no density apart from theirs. Nor can discrete latents be summed out that one datum depends on by the dozen.",
		Wrong: "data y : real[N]\nmu ~ Normal(0, 1)\nfactor -0.5 * sum((y - mu) ^ 2)",
		Right: "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)",
	})
}

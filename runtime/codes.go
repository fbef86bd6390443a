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
		Code: "cannot-calibrate", Title: "A model whose fits cannot be calibrated",
		Explanation: "`ppl sbc` draws data from a model and fits it to them: the ranks are uniform where the density that is fitted is that of the draws. " +
			"Data are drawn without their weights, and the density that is fitted, with them, is another one.",
		Wrong: "data w : real[N]\ndata y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1) weighted w[i]   # ppl sbc",
		Right: "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)                 # ppl sbc",
	}, diag.CodeInfo{
		Code: "no-weights", Title: "New data without weights",
		Explanation: "The model has weights of rows (`weighted`), and the new data that a prediction is scored by do not hold what they read: scores count all rows alike. This is a warning.",
		Wrong:       "data w : real[N]\ndata y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1) weighted w[i]   # ppl predict FIT -d y=[1,2] --score",
		Right:       "data w : real[N]\ndata y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1) weighted w[i]   # ppl predict FIT -d y=[1,2] -d w=[3,1] --score",
	}, diag.CodeInfo{
		Code: "no-pointwise", Title: "No log likelihood datum by datum",
		Explanation: "Leave-one-out cross-validation asks how probable each datum is given the others. A `factor` weighs values and does not say which data it is of, " +
			"and a vector of data some elements of which are missing has no density apart from theirs. Nor can discrete latents be summed out that one datum depends on by the dozen.",
		Wrong: "data y : real[N]\nmu ~ Normal(0, 1)\nfactor -0.5 * sum((y - mu) ^ 2)",
		Right: "data y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)",
	})
}

package runtime

import "ppl/lang/diag"

// ModelFile is the code of a model that cannot be read.
const ModelFile diag.Code = "model-file"

func init() {
	diag.Declare(diag.CodeInfo{
		Code: ModelFile, Title: "A model that cannot be read",
		Explanation: "The file does not exist, is a directory, may not be read, or is too large to be a model.",
		Wrong:       "ppl check no-such-file.ppl", Right: "ppl check model.ppl",
	})
}

package data

import "ppl/lang/diag"

// The codes of what can be wrong with data.
const (
	fileError      diag.Code = "data-file"
	syntaxError    diag.Code = "data-syntax"
	duplicateKey   diag.Code = "data-duplicate-key"
	noValue        diag.Code = "data-missing"
	notAnArray     diag.Code = "data-not-an-array"
	shapeError     diag.Code = "data-shape"
	dimensionError diag.Code = "data-dimension"
	typeError      diag.Code = "data-type"
	missingElement diag.Code = "data-missing-element"
	infiniteValue  diag.Code = "data-infinite"
	labelError     diag.Code = "data-label"
	constraintFail diag.Code = "data-constraint"
	expression     diag.Code = "data-expression"
	ignoredKey     diag.Code = "data-ignored-key"
	undeclared     diag.Code = "data-undeclared"
	emptyData      diag.Code = "data-empty"
)

func init() {
	diag.Declare(
		diag.CodeInfo{
			Code: fileError, Title: "A data file cannot be read",
			Explanation: "Data come from JSON files (an object with one key per value), from tables (CSV: a header, then one row per\n" +
				"element, one column per array; lines of JSON; Parquet), from NumPy's arrays (.npy, .npz) and from `-d name=value`.\n" +
				"The file must exist and be whole; text must be UTF-8, and not compressed.",
			Wrong: "ppl fit model.ppl -d data.json.gz", Right: "gunzip data.json.gz\nppl fit model.ppl -d data.json",
		},
		diag.CodeInfo{
			Code: syntaxError, Title: "The text of a data file is malformed",
			Explanation: "JSON is read as the standard has it, with `NaN`, `Infinity` and `-Infinity` besides, which Python writes. CSV is\n" +
				"separated by commas (by tabs in a .tsv file), may quote cells with `\"`, and has as many cells in each row as in\n" +
				"the header, and a row at least. In a file of one column a blank line between rows is a missing value. A .jsonl\n" +
				"file has an object on each line. The message gives line and column.",
			Wrong: `{"y": [1, 2, 3,]}`, Right: `{"y": [1, 2, 3]}`,
		},
		diag.CodeInfo{
			Code: duplicateKey, Title: "A value is given twice",
			Explanation: "A key may stand once in a JSON object, a name once in the header of a CSV file, and a key that the model uses in\n" +
				"one file only. `-d name=value` replaces what a file says, and the last one counts.",
			Wrong: `{"N": 10, "y": [1, 2], "N": 12}`, Right: `{"N": 10, "y": [1, 2]}`,
		},
		diag.CodeInfo{
			Code: noValue, Title: "A declaration without a value",
			Explanation: "Every `data` declaration needs a value, unless it has a default, or is an integer that the shape of other data\n" +
				"gives. Names are case-sensitive.",
			Wrong: "data y : real[N]        # with {\"Y\": [1, 2]}", Right: "data y : real[N]        # with {\"y\": [1, 2]}",
		},
		diag.CodeInfo{
			Code: notAnArray, Title: "A value that is not a dense array",
			Explanation: "Values are numbers, strings, booleans and arrays of them in which all rows have the same length. Data of the\n" +
				"length of a factor may also be an object keyed by label.",
			Wrong: `{"x": [[1, 2], [3]]}`, Right: `{"x": [[1, 2], [3, 4]]}`,
		},
		diag.CodeInfo{
			Code: shapeError, Title: "A value of the wrong shape",
			Explanation: "The number of dimensions of a value must be that of its declaration, and a dimension that is a number or an\n" +
				"expression must have that length. A scalar is not an array of length 1.",
			Wrong: "data N : int            # with {\"N\": [10]}", Right: "data N : int            # with {\"N\": 10}",
		},
		diag.CodeInfo{
			Code: dimensionError, Title: "Lengths that do not agree",
			Explanation: "A dimension has one length. It is bound by the first array that has it, by an integer of its name in the data, or by\n" +
				"the levels of a factor; everything else must agree.",
			Wrong: "data x : real[N]\ndata y : real[N]        # with {\"x\": [1, 2], \"y\": [1, 2, 3]}",
			Right: "data x : real[N]\ndata y : real[N]        # with {\"x\": [1, 2], \"y\": [1, 2]}",
		},
		diag.CodeInfo{
			Code: typeError, Title: "A value of the wrong type",
			Explanation: "`real` takes any number, `int` whole numbers (3.0 is one, 2.5 is not), `bool` true, false, 0 and 1, and\n" +
				"`factor(J)` strings or integers.",
			Wrong: "data k : int[N]         # with {\"k\": [1, 2.5]}", Right: "data k : real[N]        # with {\"k\": [1, 2.5]}",
		},
		diag.CodeInfo{
			Code: missingElement, Title: "A missing element where none may be missing",
			Explanation: "null in JSON, an empty cell or NA in CSV, and NaN mark missing elements. They are allowed where the type has a\n" +
				"question mark: a missing element on the left of `~` is then imputed.",
			Wrong: "data y : real[N]        # with {\"y\": [1, null]}", Right: "data y : real?[N]       # with {\"y\": [1, null]}",
		},
		diag.CodeInfo{
			Code: infiniteValue, Title: "An infinite value in the data",
			Explanation: "Infinity is a number, useful as the bound of a truncation. In other data it is mostly the logarithm of a zero or a\n" +
				"division by one, and the density is then zero everywhere. A declaration that expects it says so.",
			Wrong: "data upper : real[N]          # with {\"upper\": [1, Infinity]}", Right: "data upper : real[N] <= inf   # with {\"upper\": [1, Infinity]}",
		},
		diag.CodeInfo{
			Code: labelError, Title: "Labels that do not fit the levels of a factor",
			Explanation: "The levels of `J` are the labels in all data declared `factor(J)`. An array of length `J` that is keyed by label\n" +
				"needs every level and no other.",
			Wrong: "data c : factor(J)[N]\ndata u : real[J]        # with {\"c\": [\"a\", \"b\"], \"u\": {\"a\": 1}}",
			Right: "data c : factor(J)[N]\ndata u : real[J]        # with {\"c\": [\"a\", \"b\"], \"u\": {\"a\": 1, \"b\": 2}}",
		},
		diag.CodeInfo{
			Code: constraintFail, Title: "Data outside their constraint",
			Explanation: "What a declaration says of its values is checked when data are bound: bounds for each element, and for `simplex`,\n" +
				"`ordered`, `cov` and the like the property of each vector or matrix, to within 1e-8.",
			Wrong: "data s : real[N] > 0    # with {\"s\": [1, 0]}", Right: "data s : real[N] > 0    # with {\"s\": [1, 0.5]}",
		},
		diag.CodeInfo{
			Code: expression, Title: "An expression over data that has no value",
			Explanation: "Defaults, bounds and dimensions may be expressions over earlier data. This one could not be evaluated, or its value\n" +
				"does not have the type or shape that its place needs.",
			Wrong: "data n : int            # with {\"n\": 3}\ndata k : int = div(4, n - 3)", Right: "data n : int > 3\ndata k : int = div(4, n - 3)",
		},
		diag.CodeInfo{
			Code: ignoredKey, Title: "A key that the model fixes itself",
			Explanation: "The data hold a value for a name that the model defines with `let`, or for a latent that the model reads: the truth\n" +
				"behind simulated data, say. The model's own value is used. Declare the name as `data` to set it from outside, a\n" +
				"`let` with its value as the default.",
			Wrong: "let K = 3               # with {\"K\": 4}", Right: "data K : int = 3        # with {\"K\": 4}",
		},
		diag.CodeInfo{
			Code: undeclared, Title: "Data that the model does not declare",
			Explanation: "The data hold a value for a name on the left of `~` that no `data` line declares and that nothing else in the model\n" +
				"reads. Without the declaration the name is a latent: the fit would draw it and ignore the data.",
			Wrong: "mu ~ Normal(0, 1)\ny[i in 1..3] ~ Normal(mu, 1)   # with {\"y\": [1, 2, 3]}",
			Right: "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)",
		},
		diag.CodeInfo{
			Code: emptyData, Title: "Observations that are none",
			Explanation: "An array on the left of a `~` has no elements, so the posterior is the prior as far as it goes.",
			Wrong:       "data y : real[N]        # with {\"y\": []}\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)",
			Right:       "data y : real[N]        # with {\"y\": [1.5, 2]}\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)",
		},
	)
}

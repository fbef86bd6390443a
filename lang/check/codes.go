package check

import "ppl/lang/diag"

// The codes of what the checker reports.
const (
	UnknownName          diag.Code = "unknown-name"
	UsedBeforeDefinition diag.Code = "used-before-definition"
	RedefinedName        diag.Code = "redefined-name"
	ShadowedName         diag.Code = "shadowed-name"
	UnknownFunction      diag.Code = "unknown-function"
	UnknownDistribution  diag.Code = "unknown-distribution"
	UnknownType          diag.Code = "unknown-type"
	UnknownDimension     diag.Code = "unknown-dimension"
	FunctionAsValue      diag.Code = "function-as-value"
	DistributionAsValue  diag.Code = "distribution-as-value"
	RecursiveFunction    diag.Code = "recursive-function"
	TypeMismatch         diag.Code = "type-mismatch"
	ShapeMismatch        diag.Code = "shape-mismatch"
	BadIndex             diag.Code = "bad-index"
	IndexOutOfBounds     diag.Code = "index-out-of-bounds"
	LatentIndex          diag.Code = "latent-index"
	NeedsData            diag.Code = "needs-data"
	MissingArgument      diag.Code = "missing-argument"
	UnknownArgument      diag.Code = "unknown-argument"
	DuplicateArgument    diag.Code = "duplicate-argument"
	TooManyArguments     diag.Code = "too-many-arguments"
	BadArgument          diag.Code = "bad-argument"
	ArgumentOutOfRange   diag.Code = "argument-out-of-range"
	BadTruncation        diag.Code = "bad-truncation"

	NoDistributionFunction diag.Code = "no-distribution-function"
	BadCensoring           diag.Code = "bad-censoring"
	BadWeight              diag.Code = "bad-weight"
	TruncatedMissing       diag.Code = "truncated-missing"

	SupportMismatch    diag.Code = "support-mismatch"
	NotObservable      diag.Code = "not-observable"
	MissingIndex       diag.Code = "missing-index"
	BadLeftIndex       diag.Code = "bad-left-index"
	SliceDefines       diag.Code = "slice-defines"
	ElementGap         diag.Code = "element-gap"
	ElementOverlap     diag.Code = "element-overlap"
	ObservedTwice      diag.Code = "observed-twice"
	PlateLooksSideways diag.Code = "plate-looks-sideways"
	LoopLooksAhead     diag.Code = "loop-looks-ahead"
	UnusedData         diag.Code = "unused-data"
	IncompleteArray    diag.Code = "incomplete-array"
	MisplacedStatement diag.Code = "misplaced-statement"
	MisplacedOptional  diag.Code = "misplaced-optional"
	BadConstraint      diag.Code = "bad-constraint"
	GeneratedValue     diag.Code = "generated-value"
	GuideUnknownSite   diag.Code = "guide-unknown-site"
	GuideMismatch      diag.Code = "guide-mismatch"
	GuideReadsModel    diag.Code = "guide-reads-model"
	NotSupportedYet    diag.Code = "not-supported-yet"
)

func init() {
	diag.Declare(nameCodes...)
	diag.Declare(typeCodes...)
	diag.Declare(argumentCodes...)
	diag.Declare(elementCodes...)
	diag.Declare(placeCodes...)
}

var nameCodes = []diag.CodeInfo{
	{
		Code: UnknownName, Title: "A name that stands for nothing",
		Explanation: "Every value is declared above its use by `data`, `param`, `let` or `~`, or is a dimension that data bind, or the\n" +
			"index of an enclosing plate, loop or comprehension. Inside a `fn` only its parameters and their dimensions are seen.",
		Wrong: "data floor : real[N]\nslope ~ Normal(0, 1)\nlet mean = slope * flor",
		Right: "data floor : real[N]\nslope ~ Normal(0, 1)\nlet mean = slope * floor",
	},
	{
		Code: UsedBeforeDefinition, Title: "A value used above its definition",
		Explanation: "A model is read from top to bottom, and a value is defined above where it is used. Functions alone may stand\n" +
			"anywhere. Within a `for`, an iteration may read what earlier iterations defined.",
		Wrong: "theta ~ Normal(mu, 1)\nmu ~ Normal(0, 5)",
		Right: "mu ~ Normal(0, 5)\ntheta ~ Normal(mu, 1)",
	},
	{
		Code: RedefinedName, Title: "A name defined twice",
		Explanation: "A name stands for one value throughout. Elements of an array may be defined by several statements, each element\n" +
			"once. To add a term to the density of a value that has one, use `factor`.",
		Wrong: "mu ~ Normal(0, 5)\nmu ~ Normal(1, 2)",
		Right: "mu ~ Normal(0, 5)\nfactor log_density(Normal(1, 2), mu)",
	},
	{
		Code: ShadowedName, Title: "An index that hides a value",
		Explanation: "The index of a plate, loop or comprehension may not have the name of a value that can be seen there: the two would\n" +
			"be mistaken for one another. The parameters of a `fn` may have any name, since a function sees nothing else.",
		Wrong: "data n : int\ndata y : real[N]\nmu ~ Normal(0, 1)\ny[n in 1..N] ~ Normal(mu, 1)",
		Right: "data n : int\ndata y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)",
	},
	{
		Code: UnknownFunction, Title: "A function that does not exist",
		Explanation: "Functions are the built-in ones (`ppl help` lists them) and those that the model declares with `fn`.",
		Wrong:       "data x : real[N]\nlet y = logit1p(x)",
		Right:       "data x : real[N]\nlet y = log1p(x)",
	},
	{
		Code: UnknownDistribution, Title: "A distribution that does not exist",
		Explanation: "Distributions have capital letters: `Normal`, `HalfCauchy`, `NegBinomial`. `ppl help` lists them. What other languages\n" +
			"write as a family of its own is often a keyword here: `Bernoulli(logit = e)`, `NegBinomial(mean = m, dispersion = phi)`.",
		Wrong: "mu ~ normal(0, 1)",
		Right: "mu ~ Normal(0, 1)",
	},
	{
		Code: UnknownType, Title: "A type that does not exist",
		Explanation: "Types are `real`, `int`, `bool`, `factor(J)` and arrays of them, `real[N, D]`, and the constrained kinds `simplex[K]`,\n" +
			"`ordered[K]`, `positive_ordered[K]`, `unit_vector[K]`, `sum_to_zero[K]`, `cholesky_corr[K]`, `corr[K]`, `cov[K]`.",
		Wrong: "data x : vector[N]",
		Right: "data x : real[N]",
	},
	{
		Code: UnknownDimension, Title: "A dimension that nothing binds",
		Explanation: "A bare name in the type of data binds a dimension, from the shape of the data. Dimensions of latents and params are\n" +
			"known before: bound by data above, declared as `data K : int`, or set by `let K = 3`.",
		Wrong: "beta : real[K] ~ Normal(0, 1)",
		Right: "data K : int\nbeta : real[K] ~ Normal(0, 1)",
	},
	{
		Code: FunctionAsValue, Title: "A function where a value is needed",
		Explanation: "The bare name of a function is legal only as the argument of a function that takes functions, such as `ode`.",
		Wrong:       "data x : real\nlet y = exp + x",
		Right:       "data x : real\nlet y = exp(x)",
	},
	{
		Code: DistributionAsValue, Title: "A distribution where a value is needed",
		Explanation: "A distribution is not a value. It stands to the right of `~`, in `log_density(DIST, x)`, and as a component of\n" +
			"another distribution.",
		Wrong: "let x = Normal(0, 1)",
		Right: "x ~ Normal(0, 1)",
	},
	{
		Code: RecursiveFunction, Title: "A function that calls itself",
		Explanation: "Functions are written out where they are called, so there is no recursion, direct or through another function. The\n" +
			"body of a function may hold `for`.",
		Wrong: "fn f(x: real) -> real = f(x - 1)\nlet y = f(2)",
		Right: "fn f(x: real) -> real = x - 1\nlet y = f(2)",
	},
}

var typeCodes = []diag.CodeInfo{
	{
		Code: TypeMismatch, Title: "A value of the wrong type",
		Explanation: "`bool` becomes 0/1 and `int` becomes `real` where needed; nothing becomes `int` by itself. `/` and `^` give real;\n" +
			"`div` and `mod` divide integers, `floor`, `ceil` and `round` give int. A condition is a bool or an int.",
		Wrong: "data y : real[N]\nrate ~ HalfNormal(1)\ny ~ Poisson(rate)",
		Right: "data y : int[N]\nrate ~ HalfNormal(1)\ny ~ Poisson(rate)",
	},
	{
		Code: ShapeMismatch, Title: "Shapes that do not fit",
		Explanation: "Arithmetic works element by element, on equal shapes or a scalar with anything; `@` is the matrix product. The\n" +
			"arguments of a distribution are scalar or have the shape of its left side. Dimensions are equal when they are the\n" +
			"same expression of the same names: dimensions that are always equal need one name.",
		Wrong: "data X : real[N, D]\ndata y : real[N]\nbeta : real[D] ~ Normal(0, 1)\ny ~ Normal(X * beta, 1)",
		Right: "data X : real[N, D]\ndata y : real[N]\nbeta : real[D] ~ Normal(0, 1)\ny ~ Normal(X @ beta, 1)",
	},
	{
		Code: BadIndex, Title: "An index that cannot be one",
		Explanation: "An index is an int, an int array (which gathers), a range `2..T` or `:`. There are at most as many as the value has\n" +
			"dimensions; fewer give a row.",
		Wrong: "data x : real[N]\nlet a = x[1, 2]",
		Right: "data x : real[N, M]\nlet a = x[1, 2]",
	},
	{
		Code: IndexOutOfBounds, Title: "An index outside the array",
		Explanation: "Indices start at 1. What is known to be outside is an error at once; what depends on the data is checked when they\n" +
			"are bound. An index under an `if` is checked only where the branch is taken.",
		Wrong: "data y : real[N]\nlet first = y[0]",
		Right: "data y : real[N]\nlet first = y[1]",
	},
	{
		Code: LatentIndex, Title: "A latent index that may be outside",
		Explanation: "A latent used as an index takes every value of its support, so the support must lie inside the array. Where\n" +
			"only the data tell, as with the `1..K` of a Categorical whose weights are data, binding compares.",
		Wrong: "data y : real\nmu[k in 1..3] ~ Normal(0, 1)\nz ~ Poisson(2)\ny ~ Normal(mu[z], 1)",
		Right: "data y : real\nmu[k in 1..3] ~ Normal(0, 1)\nz ~ Categorical([0.2, 0.3, 0.5])\ny ~ Normal(mu[z], 1)",
	},
	{
		Code: NeedsData, Title: "A size that depends on a latent",
		Explanation: "Dimensions, the ends of ranges, and the bounds of data and params are known before inference: they may use data,\n" +
			"dimensions and indices, not latents or params.",
		Wrong: "n ~ Poisson(3)\nlet z = zeros(n)\nlet m = [1.5 for i in 1..n]",
		Right: "data n : int\nlet z = zeros(n)\nlet m = [1.5 for i in 1..n]",
	},
}

var argumentCodes = []diag.CodeInfo{
	{
		Code: MissingArgument, Title: "An argument is missing",
		Explanation: "Arguments are given in order or by keyword. The message shows the forms that the distribution or function has.",
		Wrong:       "mu ~ Normal(0)",
		Right:       "mu ~ Normal(0, 1)",
	},
	{
		Code: UnknownArgument, Title: "A keyword that is no argument",
		Explanation: "Each parameter has one name. Parameters of different forms (`p` and `logit` of a Bernoulli) cannot be combined.",
		Wrong:       "mu ~ Normal(mean = 0, rate = 1)",
		Right:       "mu ~ Normal(mean = 0, sd = 1)",
	},
	{
		Code: DuplicateArgument, Title: "An argument given twice",
		Explanation: "An argument is given once, in order or by keyword. Arguments in order fill the parameters from the left.",
		Wrong:       "mu ~ Normal(0, 1, mean = 2)",
		Right:       "mu ~ Normal(2, 1)",
	},
	{
		Code: TooManyArguments, Title: "Too many arguments",
		Explanation: "The message shows the parameters that there are.",
		Wrong:       "mu ~ Normal(0, 1, 2)",
		Right:       "mu ~ StudentT(3, 0, 1)",
	},
	{
		Code: BadArgument, Title: "Arguments that a function does not take",
		Explanation: "The message says what the function needs, and the types that it was given.",
		Wrong:       "data x : real[N]\nlet L = cholesky(x)",
		Right:       "data x : real[N, N]\nlet L = cholesky(x)",
	},
	{
		Code: ArgumentOutOfRange, Title: "An argument outside the range of its parameter",
		Explanation: "Scales and rates are positive, probabilities lie between 0 and 1. Constants are checked at once, data when they are\n" +
			"bound. A latent whose prior reaches beyond the range is a warning: the posterior ends where the range does.",
		Wrong: "mu ~ Normal(0, -1)",
		Right: "mu ~ Normal(0, 1)",
	},
	{
		Code: BadTruncation, Title: "A truncation that is not possible",
		Explanation: "A continuous distribution over scalars is truncated to an open interval, `in (a, b)`; one over integers to a range,\n" +
			"`in a..b`. Some distributions have no cdf to normalise by.",
		Wrong: "mu ~ Normal(0, 1) in 0..5",
		Right: "mu ~ Normal(0, 1) in (0, 5)",
	},
	{
		Code: NoDistributionFunction, Title: "A distribution without a distribution function",
		Explanation: "`log_cdf`, `log_ccdf` and `censored` need P(X ≤ x), which every distribution over single numbers has but the\n" +
			"improper `Flat`, and which is not defined for vectors and matrices.",
		Wrong: "factor log_cdf(Flat(), 1)",
		Right: "factor log_cdf(Normal(0, 10), 1)",
	},
	{
		Code: BadCensoring, Title: "A censoring that is not possible",
		Explanation: "`y ~ DIST censored above c` is for data: values that were not seen, but known to lie in a range. The bounds are known\n" +
			"from the data, one for all or one for each value. A continuous value is censored in an interval, `in (a, b)`, an integer in a\n" +
			"range, `in a..b`.",
		Wrong: "data c : real\nmu ~ Normal(0, 1) censored above c",
		Right: "data c : real\ndata y : real?[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1) censored above c",
	},
	{
		Code: BadWeight, Title: "A weight that is not possible",
		Explanation: "`y ~ DIST weighted w` is for data: the log density of a row counts w times. A weight is a finite number that is not\n" +
			"negative, known from the data, one for all or one for each value; 0 leaves a row out.",
		Wrong: "data w : real\nmu ~ Normal(0, 1) weighted w",
		Right: "data w : real[N]\ndata y : real[N]\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1) weighted w",
	},
	{
		Code: TruncatedMissing, Title: "Missing values of a truncated distribution",
		Explanation: "A truncated distribution says that values beyond its bounds cannot occur. Where the bounds differ from row to row and\n" +
			"some rows are missing, what is meant is often that these values were not seen but are known to lie there: that is censoring, and\n" +
			"rows that were seen are then not truncated. This is a warning.",
		Wrong: "data t : real?[N]      # null where the follow-up ended first\ndata c : real[N]       # when it ended, or 0\nk ~ Exponential(1)\nt[i in 1..N] ~ Weibull(k, 1) in (c[i], inf)",
		Right: "data t : real?[N]\ndata c : real[N] <= inf   # when it ended, or inf\nk ~ Exponential(1)\nt[i in 1..N] ~ Weibull(k, 1) censored above c[i]",
	},
	{
		Code: SupportMismatch, Title: "A distribution on the wrong set",
		Explanation: "A value of a constrained kind takes a distribution over that kind, or one over real numbers for each of its elements.\n" +
			"The components of a mixture are of one kind.",
		Wrong: "mu : ordered[3] ~ HalfNormal(1)",
		Right: "mu : positive_ordered[3] ~ HalfNormal(1)",
	},
}

var elementCodes = []diag.CodeInfo{
	{
		Code: NotObservable, Title: "A left side that cannot be observed",
		Explanation: "On the left of `~` stands data, a `let` of data alone, or a new name. A transformation of latents has no density of\n" +
			"its own here: `factor log_density(DIST, x)` adds a term without a Jacobian.",
		Wrong: "a ~ Normal(0, 1)\nlet b = 2 * a\nb ~ Normal(1, 1)",
		Right: "a ~ Normal(0, 1)\nlet b = 2 * a\nfactor log_density(Normal(1, 1), b)",
	},
	{
		Code: MissingIndex, Title: "A definition that does not use an index",
		Explanation: "Inside a plate or loop, an indexed `let` and every `~` use the index of each that encloses them: otherwise every\n" +
			"iteration would define the same element. `let m = E` without an index is local to the iteration.",
		Wrong: "data y : real[N]\nplate i in 1..N {\n  z ~ Normal(0, 1)\n  y[i] ~ Normal(0, 1)\n}",
		Right: "data y : real[N]\nplate i in 1..N {\n  z[i] ~ Normal(0, 1)\n  y[i] ~ Normal(z[i], 1)\n}",
	},
	{
		Code: BadLeftIndex, Title: "An index that cannot stand on the left",
		Explanation: "What is defined must be plain from the text: an index on the left is a constant, or the index of a plate or loop,\n" +
			"shifted by a constant perhaps, each once. Data may be observed at any index.",
		Wrong: "data k : int[N]\nplate i in 1..N { z[k[i]] ~ Normal(0, 1) }",
		Right: "data k : int[N]\nplate i in 1..N { z[i] ~ Normal(0, 1) }\nlet w = z[k]",
	},
	{
		Code: SliceDefines, Title: "A slice that defines",
		Explanation: "Slices on the left are for data. A definition names its index.",
		Wrong:       "data N : int\nz[1..N] ~ Normal(0, 1)",
		Right:       "data N : int\nz[i in 1..N] ~ Normal(0, 1)",
	},
	{
		Code: ElementGap, Title: "Elements that nothing defines",
		Explanation: "An array built in pieces runs from 1 to its largest index, and every element is defined.",
		Wrong:       "data T : int\nh[1] ~ Normal(0, 1)\nfor t in 3..T { h[t] ~ Normal(0, 1) }",
		Right:       "data T : int\nh[1] ~ Normal(0, 1)\nfor t in 2..T { h[t] ~ Normal(h[t-1], 1) }",
	},
	{
		Code: ElementOverlap, Title: "Elements defined twice",
		Explanation: "Each element of an array is defined exactly once.",
		Wrong:       "data T : int\nh[1] ~ Normal(0, 1)\nplate t in 1..T { h[t] ~ Normal(0, 1) }",
		Right:       "data T : int\nh[1] ~ Normal(0, 1)\nplate t in 2..T { h[t] ~ Normal(0, 1) }",
	},
	{
		Code: ObservedTwice, Title: "Data observed twice",
		Explanation: "Every element of the data has at most one `~`. To use it in another term, write `factor log_density(DIST, x)`.",
		Wrong:       "data y : real[N]\ny ~ Normal(0, 1)\ny[1] ~ Normal(5, 1)",
		Right:       "data y : real[N]\ny ~ Normal(0, 1)\nfactor log_density(Normal(5, 1), y[1])",
	},
	{
		Code: PlateLooksSideways, Title: "A plate that looks at another iteration",
		Explanation: "The iterations of a plate are independent: an array that the plate defines can be read there only at the plate's own\n" +
			"indices. A `for` may look back at earlier iterations.",
		Wrong: "data T : int\nh[1] ~ Normal(0, 1)\nplate t in 2..T { h[t] ~ Normal(h[t-1], 1) }",
		Right: "data T : int\nh[1] ~ Normal(0, 1)\nfor t in 2..T { h[t] ~ Normal(h[t-1], 1) }",
	},
	{
		Code: LoopLooksAhead, Title: "A `for` that looks ahead",
		Explanation: "The iterations of a `for` run in order: one may read what earlier ones defined. The index must provably be earlier:\n" +
			"the loop's own, minus something that is at least 1.",
		Wrong: "data T : int\nfor t in 1..T {\n  let a[t] = if t < T then a[t+1] else 0\n}",
		Right: "data T : int\nfor t in 1..T {\n  let a[t] = if t > 1 then a[t-1] else 0\n}",
	},
	{
		Code: IncompleteArray, Title: "An array read before it is complete",
		Explanation: "An array that several iterations or statements build can be read as a whole only after all of them.",
		Wrong:       "data T : int\nplate t in 1..T {\n  h[t] ~ Normal(0, 1)\n  let s[t] = sum(h)\n}",
		Right:       "data T : int\nplate t in 1..T { h[t] ~ Normal(0, 1) }\nlet s = sum(h)",
	},
}

var placeCodes = []diag.CodeInfo{
	{
		Code: MisplacedStatement, Title: "A statement that may not stand there",
		Explanation: "`data`, `param`, `fn` and `guide` stand at top level only. The body of a `fn` is `let`s and `for`s, then `return`; a\n" +
			"`guide` holds `~`, `let`, `plate` and `for`.",
		Wrong: "data N : int\nplate i in 1..N {\n  data x : real\n}",
		Right: "data N : int\ndata x : real",
	},
	{
		Code: MisplacedOptional, Title: "A `?` where nothing can be missing",
		Explanation: "Only data may have missing elements, of type `real?`, `int?` or `factor(J)?`.",
		Wrong:       "mu : real? ~ Normal(0, 1)",
		Right:       "mu : real ~ Normal(0, 1)",
	},
	{
		Code: BadConstraint, Title: "A constraint that cannot stand there",
		Explanation: "Data and params are constrained after their type; `in a..b` is for integers. A latent takes its bounds from its\n" +
			"distribution, truncated if need be.",
		Wrong: "sigma : real > 0 ~ Normal(0, 1)",
		Right: "sigma ~ Normal(0, 1) in (0, inf)",
	},
	{
		Code: GeneratedValue, Title: "The model reads a generated value",
		Explanation: "What `generate` defines exists only when predicting. The model cannot read it; another `generate` can.",
		Wrong:       "mu ~ Normal(0, 1)\ngenerate x ~ Normal(mu, 1)\nlet y = 2 * x",
		Right:       "mu ~ Normal(0, 1)\ngenerate x ~ Normal(mu, 1)\ngenerate let y = 2 * x",
	},
	{
		Code: GuideUnknownSite, Title: "A guide for something that is no latent",
		Explanation: "Each `~` in a `guide` names a latent that the model above declares.",
		Wrong:       "mu ~ Normal(0, 1)\nguide { nu ~ Normal(0, 1) }",
		Right:       "mu ~ Normal(0, 1)\nguide { mu ~ Normal(0, 1) }",
	},
	{
		Code: GuideMismatch, Title: "A guide that does not fit its site",
		Explanation: "The guide of a site gives all of its elements, in its shape, on its support.",
		Wrong:       "sigma ~ HalfNormal(1)\nguide { sigma ~ Normal(0, 1) }",
		Right:       "sigma ~ HalfNormal(1)\nguide { sigma ~ LogNormal(0, 1) }",
	},
	{
		Code: GuideReadsModel, Title: "A guide that reads a latent of the model",
		Explanation: "A guide sees the data, the params and its own sites above, and lets of data and params.",
		Wrong:       "a ~ Normal(0, 1)\nb ~ Normal(a, 1)\nguide { b ~ Normal(a, 1) }",
		Right:       "a ~ Normal(0, 1)\nb ~ Normal(a, 1)\nguide {\n  a ~ Normal(0, 1)\n  b ~ Normal(a, 1)\n}",
	},
	{
		Code: UnusedData, Title: "Data that nothing uses",
		Explanation: "A declaration that no statement reads or observes, often an observation without its `~`. Data that only show a\n" +
			"dimension are of use. This is a warning.",
		Wrong: "data y : real[N]\nmu[i in 1..N] ~ Normal(0, 1)\ndata z : real[N]\ny[i in 1..N] ~ Normal(mu[i], 1)",
		Right: "data y : real[N]\nmu[i in 1..N] ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu[i], 1)",
	},
	{
		Code: NotSupportedYet, Title: "Something that fit cannot do yet",
		Explanation: "The model is right and `check` accepts it, with this warning; `fit` refuses it until the feature is built. docs/status.md\n" +
			"says what works.",
		Wrong: "data y : int[2]\nk ~ Multinomial(10, [0.3, 0.7])\ny ~ Poisson(k + 1)",
		Right: "data y : int[2]\nk : int[2] ~ Binomial(10, [0.3, 0.7])\ny ~ Poisson(k + 1)",
	},
}

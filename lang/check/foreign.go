package check

import (
	"strings"

	"ppl/lang/ast"
)

// Distributions and functions of other systems. A table maps each name to what
// to write here, with the writer's own arguments put in their places: the hint
// for `dnorm(0, 0.01)` is `Normal(0, precision = 0.01)`, since the second
// argument in BUGS is a precision.

// spelling is how another system writes a call, and how to write it here.
type spelling struct {
	// params names its arguments in order, "mu|loc sigma lower=-inf": with other
	// names after |, and what is meant where one is left out after =.
	params string
	// write is the text to write here, with $1 for the first argument and $* for
	// all of them.
	write string
	note  string
}

const (
	bugsPrecision = "in BUGS and JAGS the second argument is a precision, 1/sd²"
	bugsInverse   = "in BUGS and JAGS the matrix is the inverse of the scale matrix"
	bugsRate      = "in BUGS and JAGS the second argument is 1/scale"
	extraZeros    = "the latent says which zeros are extra, with probability w, and is summed out"
)

// foreignDists are distributions of BUGS, JAGS and NIMBLE (d...), Stan, PyMC,
// NumPyro and TensorFlow Probability whose name or arguments are not those of
// the distribution here. Names are in the form that plain gives.
var foreignDists = map[string]spelling{
	"dnorm":    {"mu|mean tau", "Normal($1, precision = $2)", bugsPrecision},
	"dlnorm":   {"mu|meanlog tau", "LogNormal($1, precision = $2)", bugsPrecision},
	"dt":       {"mu tau k|df", "StudentT($3, $1, precision = $2)", bugsPrecision},
	"dmnorm":   {"mu|mean omega|prec", "MvNormal($1, precision = $2)", "in BUGS and JAGS the second argument is the inverse of the covariance"},
	"dmt":      {"mu omega k|df", "MvStudentT($3, $1, precision = $2)", "in BUGS and JAGS the second argument is the inverse of the scale matrix"},
	"dwish":    {"R k|df", "Wishart($2, inverse_scale = $1)", bugsInverse},
	"ddexp":    {"mu tau", "Laplace($1, 1 / $2)", bugsRate},
	"dlogis":   {"mu tau", "Logistic($1, 1 / $2)", bugsRate},
	"dexp":     {"rate", "Exponential($1)", ""},
	"dbin":     {"p n", "Binomial($2, $1)", "in BUGS and JAGS the probability comes first"},
	"dnegbin":  {"p r", "NegBinomial($2, $1)", "in BUGS and JAGS the probability comes first"},
	"dmulti":   {"p n", "Multinomial($2, $1)", "in BUGS and JAGS the probabilities come first"},
	"dweib":    {"v lambda", "Weibull($1, $2 ^ (-1 / $1))", "BUGS writes the hazard λ v x^(v−1), so that the scale is λ^(−1/v)"},
	"dpar":     {"alpha c", "Pareto($2, $1)", "in BUGS and JAGS the shape comes first"},
	"dbetabin": {"a b n", "BetaBinomial($3, $1, $2)", ""},
	"dchisqr":  {"k", "ChiSquared($1)", ""},
	"dbern":    {"p", "Bernoulli($1)", ""},
	"dcat":     {"p", "Categorical($1)", ""},
	"dpois":    {"lambda", "Poisson($1)", ""},
	"dunif":    {"a b", "Uniform($1, $2)", ""},
	"ddirch":   {"alpha", "Dirichlet($1)", ""},
	"ddirich":  {"alpha", "Dirichlet($1)", ""},
	"dflat":    {"", "Flat()", ""},

	"n":                            {"mean sd", "Normal($1, $2)", "in papers the second argument is often the variance, here `variance = ...`"},
	"stdnormal":                    {"", "Normal(0, 1)", ""},
	"doubleexponential":            {"mu sigma", "Laplace($1, $2)", ""},
	"poissonlog":                   {"log_rate", "Poisson(log_rate = $1)", ""},
	"bernoullilogit":               {"logit", "Bernoulli(logit = $1)", ""},
	"bernoullilogits":              {"logits", "Bernoulli(logit = $1)", ""},
	"binomiallogit":                {"n logit", "Binomial($1, logit = $2)", ""},
	"binomiallogits":               {"logits total_count|n", "Binomial($2, logit = $1)", ""},
	"categoricallogit":             {"logit", "Categorical(logit = $1)", ""},
	"categoricallogits":            {"logits", "Categorical(logit = $1)", ""},
	"orderedlogit":                 {"eta cutpoints", "OrderedLogistic($1, $2)", ""},
	"negbinomial":                  {"alpha beta", "NegBinomial($1, $2 / (1 + $2))", "Stan's second argument is the odds of a success"},
	"negbinomial2":                 {"mu phi", "NegBinomial(mean = $1, dispersion = $2)", ""},
	"negbinomial2log":              {"log_mean phi", "NegBinomial(mean = exp($1), dispersion = $2)", ""},
	"negativebinomial":             {"mu|mean alpha|concentration|dispersion", "NegBinomial(mean = $1, dispersion = $2)", "by position it takes `NegBinomial(size, p)`, with p the probability of a success"},
	"negativebinomial2":            {"mean concentration", "NegBinomial(mean = $1, dispersion = $2)", ""},
	"multinormal":                  {"mu cov", "MvNormal($1, cov = $2)", ""},
	"multinormalcholesky":          {"mu L", "MvNormal($1, chol = $2)", ""},
	"multinormalprec":              {"mu omega", "MvNormal($1, precision = $2)", ""},
	"multistudentt":                {"nu mu sigma", "MvStudentT($1, $2, cov = $3)", ""},
	"multivariatenormal":           {"mu|loc|mean cov|covariance_matrix", "MvNormal($1, cov = $2)", ""},
	"betaproportion":               {"mu kappa", "BetaMeanPrecision($1, $2)", ""},
	"lkjcorr":                      {"eta", "LKJ($1)", "the type gives the size: `C : corr[K] ~ LKJ(...)`"},
	"lkjcorrcholesky":              {"eta", "LKJCholesky($1)", "the type gives the size: `L : cholesky_corr[K] ~ LKJCholesky(...)`"},
	"bernoullilogitglm":            {"X alpha beta", "Bernoulli(logit = $2 + $1 @ $3)", ""},
	"poissonlogglm":                {"X alpha beta", "Poisson(log_rate = $2 + $1 @ $3)", ""},
	"normalidglm":                  {"X alpha beta sigma", "Normal($2 + $1 @ $3, $4)", ""},
	"truncatednormal":              {"mu|loc sigma|scale|sd lower|low|a=-inf upper|high|b=inf", "Normal($1, $2) in ($3, $4)", "every distribution is truncated so"},
	"truncated":                    {"dist lower=-inf upper=inf", "$1 in ($2, $3)", ""},
	"halfflat":                     {"", "Flat() in (0, inf)", ""},
	"improperuniform":              {"", "Flat()", ""},
	"zeroinflatedpoisson":          {"psi|gate mu|rate", "zero[i in 1..N] ~ Bernoulli(w)` and `y[i in 1..N] ~ Poisson(if zero[i] == 1 then 0 else $2)", extraZeros},
	"zeroinflatedbinomial":         {"psi n p", "zero[i in 1..N] ~ Bernoulli(w)` and `y[i in 1..N] ~ Binomial($2, if zero[i] == 1 then 0 else $3)", extraZeros},
	"zeroinflatednegbinom":         {"psi mu alpha", zeroInflatedNegBinomial, extraZeros},
	"hurdlepoisson":                {"psi mu", "factor if y[i] == 0 then log1p(-$1) else log($1) + log_density(Poisson($2), y[i]) - log(-expm1(-$2))", "it stands in a plate over i"},
	"zeroinflatednegativebinomial": {"psi mu alpha", zeroInflatedNegBinomial, extraZeros},
}

const zeroInflatedNegBinomial = "zero[i in 1..N] ~ Bernoulli(w)` and `y[i in 1..N] ~ NegBinomial(mean = if zero[i] == 1 then 0 else $2, dispersion = $3)"

// foreignStems are stems of names that differ from ours in spelling alone
// (`rlnorm`, `inv_gamma_lpdf`), with the arguments of the distribution here.
var foreignStems = map[string]string{
	"norm": "Normal", "gaussian": "Normal", "lnorm": "LogNormal", "t": "StudentT", "exp": "Exponential", "unif": "Uniform",
	"pois": "Poisson", "binom": "Binomial", "nbinom": "NegBinomial", "negbin": "NegBinomial",
	"bern": "Bernoulli", "cat": "Categorical", "multi": "Multinomial", "mnorm": "MvNormal", "mvnorm": "MvNormal",
	"chisq": "ChiSquared", "chisquare": "ChiSquared", "inversegamma": "InvGamma", "igamma": "InvGamma", "invwishart": "InvWishart", "inversewishart": "InvWishart",
	"weib": "Weibull", "dirch": "Dirichlet", "par": "Pareto", "hyper": "HyperGeometric", "flat": "Flat", "multivariatestudentt": "MvStudentT", "halft": "HalfStudentT",
}

// foreignFuncs are functions of other systems.
var foreignFuncs = map[string]spelling{
	"length": {"x", "size($1)", ""}, "len": {"x", "size($1)", ""}, "nrow": {"x", "size($1)", ""}, "num_elements": {"x", "size($1)", ""}, "rows": {"x", "size($1)", ""},
	"pow": {"x y", "$1 ^ $2", ""}, "power": {"x y", "$1 ^ $2", ""}, "ifelse": {"c a b", "if $1 then $2 else $3", ""}, "where": {"c a b", "if $1 then $2 else $3", ""}, "switch": {"c a b", "if $1 then $2 else $3", ""},
	"step": {"x", "($1 >= 0)", ""}, "int_step": {"x", "($1 > 0)", ""}, "equals": {"a b", "($1 == $2)", ""}, "eq": {"a b", "($1 == $2)", ""},
	"sigmoid": {"x", "inv_logit($1)", ""}, "expit": {"x", "inv_logit($1)", ""}, "ilogit": {"x", "inv_logit($1)", ""}, "invlogit": {"x", "inv_logit($1)", ""}, "plogis": {"x", "inv_logit($1)", ""}, "qlogis": {"p", "logit($1)", ""},
	"cloglog": {"p", "log(-log1p(-$1))", ""}, "inv_cloglog": {"x", "-expm1(-exp($1))", ""}, "icloglog": {"x", "-expm1(-exp($1))", ""}, "phi": {"x", "Phi($1)", ""}, "probit": {"x", "Phi($1)", ""}, "Phi_approx": {"x", "Phi($1)", ""},
	"logsumexp": {"x", "log_sum_exp($1)", ""}, "log1p_exp": {"x", "softplus($1)", ""}, "log1m": {"x", "log1p(-$1)", ""}, "log1m_exp": {"x", "log1p(-exp($1))", ""}, "lmultiply": {"a b", "$1 * log($2)", ""},
	"log_diff_exp": {"a b", "$1 + log1p(-exp($2 - $1))", ""}, "log_mix": {"p a b", "log_sum_exp([log($1) + $2, log1p(-$1) + $3])", ""}, "log10": {"x", "log($1) / log(10)", ""}, "log2": {"x", "log($1) / log(2)", ""},
	"rep_vector": {"x n", "fill($1, $2)", ""}, "rep_array": {"x n", "fill($1, $2)", ""}, "rep": {"x n|times", "fill($1, $2)", ""}, "rep_matrix": {"x n m", "fill($1, $2, $3)", ""}, "rep_row_vector": {"x n", "fill($1, $2)", ""},
	"dot_product": {"x y", "dot($1, $2)", ""}, "inprod": {"x y", "dot($1, $2)", ""}, "inprod2": {"x y", "dot($1, $2)", ""}, "multiply": {"x y", "$1 @ $2", ""}, "matmul": {"x y", "$1 @ $2", ""}, "dot_self": {"x", "dot($1, $1)", ""},
	"crossprod": {"x", "transpose($1) @ $1", ""}, "tcrossprod": {"x", "$1 @ transpose($1)", ""}, "t": {"x", "transpose($1)", ""}, "diag_matrix": {"x", "diag($1)", ""}, "diag_pre_multiply": {"v x", "diag($1) @ $2", ""},
	"quad_form_diag": {"x v", "diag($2) @ $1 @ diag($2)", ""}, "inv": {"x", "1 / $1", ""}, "inv_sqrt": {"x", "1 / sqrt($1)", ""}, "inv_square": {"x", "1 / $1 ^ 2", ""},
	"log_determinant": {"x", "log_det($1)", ""}, "logdet": {"x", "log_det($1)", ""}, "cholesky_decompose": {"x", "cholesky($1)", ""}, "mdivide_left_tri_low": {"L b", "solve_lower($1, $2)", ""}, "mdivide_left": {"A b", "solve($1, $2)", ""},
	"to_vector": {"x", "reshape($1, n)", "with n the number of elements"}, "to_matrix": {"x n m", "reshape($1, $2, $3)", ""}, "append_row": {"x y", "concat($1, $2)", ""}, "append_array": {"x y", "concat($1, $2)", ""}, "col": {"x j", "$1[:, $2]", ""}, "row": {"x i", "$1[$2]", ""},
	"segment": {"x i n", "$1[$2..$2 + $3 - 1]", ""}, "rank": {"v i", "sum([if $1[k] <= $1[$2] then 1 else 0 for k in 1..size($1)])", ""}, "ranked": {"v s", "sort($1)[$2]", ""},
	"pnorm": {"x", "Phi($1)", ""}, "std_normal_cdf": {"x", "Phi($1)", ""}, "fabs": {"x", "abs($1)", ""}, "fmin": {"a b", "min($1, $2)", ""}, "fmax": {"a b", "max($1, $2)", ""}, "trunc": {"x", "floor($1)", "for numbers that are not negative"},
	"lfactorial": {"n", "lgamma($1 + 1)", ""}, "logfact": {"n", "lgamma($1 + 1)", ""}, "loggam": {"x", "lgamma($1)", ""}, "gammaln": {"x", "lgamma($1)", ""}, "choose": {"n k", "exp(lchoose($1, $2))", ""},
	"gp_exp_quad_cov": {"x sd scale", "cov_exp_quad($1, $2, $3)", ""}, "cumulative_sum": {"x", "cumsum($1)", ""},
	"c": {"...", "[$*]", ""}, "print": {"...", "", "a model prints nothing: a `let` is reported with the posterior"}, "target": {"", "factor E", ""},
}

// rewritten says what to write for a call in the spelling of another system,
// with its own arguments where they match.
func (c *checker) rewritten(call *ast.Call, s spelling) string {
	if s.write == "" {
		return s.note
	}
	args, ok := c.foreignArgs(call, s)
	if !ok {
		for i, p := range strings.Fields(s.params) {
			args[i], _, _ = strings.Cut(p, "|")
			args[i], _, _ = strings.Cut(args[i], "=")
		}
	}
	var all []string
	for _, a := range call.Args {
		all = append(all, c.text(a.Value))
	}
	hint := "write `" + putIn(strings.ReplaceAll(s.write, "$*", strings.Join(all, ", ")), args) + "`"
	if s.note != "" {
		hint += ": " + s.note
	}
	return hint
}

// ownKeyword reports whether a call has a keyword that its distribution has
// here too, and the other system as well: NIMBLE's `dnorm(0, sd = 2)`.
func (c *checker) ownKeyword(call *ast.Call, s spelling, dist string) bool {
	sig, ok := c.cat.Dist(dist)
	if !ok {
		return false
	}
	for _, a := range call.Args {
		if a.Name == nil || foreignParam(strings.Fields(s.params), a.Name.Name) >= 0 {
			continue
		}
		for _, f := range sig.Forms {
			if paramIndex(f.Params, a.Name.Name) >= 0 {
				return true
			}
		}
	}
	return false
}

// foreignArgs puts the texts of the arguments in the order of the parameters;
// false where they do not match.
func (c *checker) foreignArgs(call *ast.Call, s spelling) ([]string, bool) {
	params := strings.Fields(s.params)
	out := make([]string, len(params))
	for i, a := range call.Args {
		k := i
		if a.Name != nil {
			k = foreignParam(params, a.Name.Name)
		}
		if k < 0 || k >= len(out) || out[k] != "" {
			return make([]string, len(params)), false
		}
		out[k] = operandText(c.text(a.Value), a.Value)
	}
	for i, p := range params {
		if _, value, has := strings.Cut(p, "="); has && out[i] == "" {
			out[i] = value
		}
		if out[i] == "" {
			return make([]string, len(params)), false
		}
	}
	return out, true
}

func foreignParam(params []string, name string) int {
	for k, p := range params {
		names, _, _ := strings.Cut(p, "=")
		for _, n := range strings.Split(names, "|") {
			if n == name {
				return k
			}
		}
	}
	return -1
}

// operandText marks an argument that needs parentheses where an operator
// stands beside it: with a leading space, which no text has.
func operandText(text string, e ast.Expr) string {
	switch e.(type) {
	case *ast.Binary, *ast.Unary, *ast.If:
		return " " + text
	}
	return text
}

// putIn replaces $1, $2, ... in a template, in parentheses where an argument
// is a sum and something other than a bracket or a comma stands beside it.
func putIn(template string, args []string) string {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '$' {
			b.WriteByte(template[i])
			continue
		}
		arg := args[template[i+1]-'1']
		before, after := strings.TrimRight(template[:i], " "), strings.TrimLeft(template[i+2:], " ")
		delimited := (before == "" || strings.ContainsAny(before[len(before)-1:], "([,")) && (after == "" || strings.ContainsAny(after[:1], ")],"))
		if strings.HasSuffix(before, " =") || strings.HasSuffix(before, "=") && !strings.HasSuffix(before, "==") && !strings.HasSuffix(before, ">=") {
			delimited = true // the value of a keyword argument
		}
		if text := strings.TrimPrefix(arg, " "); text == arg || delimited {
			b.WriteString(text)
		} else {
			b.WriteString("(" + text + ")")
		}
		i++
	}
	return b.String()
}

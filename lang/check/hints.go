package check

import (
	"strings"

	"ppl/lang/diag"
)

// Hints. The names that people bring from R, Stan, JAGS and BUGS are mapped to
// the names here; other unknown names are compared with those in sight.

// foreignFunctions maps functions of other languages to what to write here.
var foreignFunctions = map[string]string{
	"length": "size(x)", "len": "size(x)", "nrow": "size(x)", "num_elements": "size(x)", "rows": "size(x)",
	"pow": "x ^ y", "ifelse": "if c then a else b", "where": "if c then a else b", "step": "(x >= 0)",
	"sigmoid": "inv_logit(x)", "expit": "inv_logit(x)", "ilogit": "inv_logit(x)", "plogis": "inv_logit(x)", "qlogis": "logit(x)",
	"logsumexp": "log_sum_exp(x)", "log1p_exp": "softplus(x)", "log_inv_logit": "log_inv_logit(x)",
	"rep_vector": "fill(x, n)", "rep_array": "fill(x, n)", "rep": "fill(x, n)", "rep_matrix": "fill(x, n, m)",
	"dot_product": "dot(x, y)", "inprod": "dot(x, y)", "multiply": "x @ y", "crossprod": "transpose(x) @ x",
	"to_vector": "reshape(x, n)", "to_matrix": "reshape(x, n, m)", "append_row": "concat(x, y)", "append_array": "concat(x, y)", "c": "[a, b]",
	"t": "transpose(x)", "inv": "1 / x", "log_determinant": "log_det(x)", "cholesky_decompose": "cholesky(x)", "diag_matrix": "diag(x)",
	"pnorm": "Phi(x)", "std_normal_cdf": "Phi(x)", "fabs": "abs(x)", "lfactorial": "lgamma(n + 1)", "choose": "exp(lchoose(n, k))",
	"mdivide_left_tri_low": "solve_lower(L, b)", "gp_exp_quad_cov": "cov_exp_quad(x, sd, scale)", "cumulative_sum": "cumsum(x)",
	"print": "nothing: a model has no output of its own", "target": "factor E",
}

// foreignDists maps the stems of other languages' distribution names
// (`normal_lpdf`, `dnorm`) to ours.
var foreignDists = map[string]string{
	"norm": "Normal", "gaussian": "Normal", "stdnormal": "Normal", "lnorm": "LogNormal", "t": "StudentT", "exp": "Exponential", "unif": "Uniform",
	"pois": "Poisson", "binom": "Binomial", "nbinom": "NegBinomial", "negbin": "NegBinomial", "negbinomial2": "NegBinomial", "negbinomial": "NegBinomial",
	"bern": "Bernoulli", "cat": "Categorical", "multi": "Multinomial", "mnorm": "MvNormal", "mvnorm": "MvNormal", "multinormal": "MvNormal",
	"multivariatenormal": "MvNormal", "multinormalcholesky": "MvNormal", "doubleexponential": "Laplace", "dexp": "Laplace", "ddexp": "Laplace",
	"chisq": "ChiSquared", "chisquare": "ChiSquared", "inversegamma": "InvGamma", "igamma": "InvGamma", "invwishart": "InvWishart", "inversewishart": "InvWishart",
	"lkjcorr": "LKJ", "lkjcorrcholesky": "LKJCholesky", "bernoullilogit": "Bernoulli", "poissonlog": "Poisson", "binomiallogit": "Binomial",
	"categoricallogit": "Categorical", "orderedlogit": "OrderedLogistic", "weib": "Weibull", "dirch": "Dirichlet", "ddirch": "Dirichlet", "par": "Pareto",
	"hyper": "HyperGeometric", "flat": "Flat", "bernoullilogits": "Bernoulli", "multivariatestudentt": "MvStudentT", "improperuniform": "Flat", "halft": "HalfStudentT",
}

// foreignKeyword completes the hint for families that are keyword forms here.
var foreignKeyword = map[string]string{
	"bernoullilogit": "Bernoulli(logit = ...)", "poissonlog": "Poisson(log_rate = ...)", "binomiallogit": "Binomial(n, logit = ...)",
	"negbinomial2": "NegBinomial(mean = ..., dispersion = ...)", "categoricallogit": "Categorical(logit = ...)",
}

// plain reduces a name to what writers agree on: letters and digits in lower case.
func plain(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// densitySuffixes mark densities and samplers of other languages.
var densitySuffixes = []string{"_lpdf", "_lpmf", "_lupdf", "_lupmf", "_log", "_rng", "_pdf", "_logpdf", "_lcdf", "_cdf"}

// likelyDist guesses which distribution a foreign name means. suffix is the
// density suffix that it carried, "d" for R's prefix.
func (c *checker) likelyDist(name string) (dist, form, suffix string, ok bool) {
	stem := name
	for _, s := range densitySuffixes {
		if strings.HasSuffix(stem, s) && len(stem) > len(s) {
			stem, suffix = strings.TrimSuffix(stem, s), s
			break
		}
	}
	if d, f, ok := c.distOfStem(plain(stem)); ok {
		return d, f, suffix, true
	}
	if strings.HasPrefix(stem, "d") || strings.HasPrefix(stem, "r") {
		if d, f, ok := c.distOfStem(plain(stem[1:])); ok {
			return d, f, "d", true
		}
	}
	return "", "", "", false
}

func (c *checker) distOfStem(stem string) (dist, form string, ok bool) {
	for _, n := range c.cat.DistNames() {
		if plain(n) == stem {
			return n, "", true
		}
	}
	if d, ok := foreignDists[stem]; ok && c.isDist(d) {
		return d, foreignKeyword[stem], true
	}
	return "", "", false
}

// unknownDistHint says what to write instead of an unknown distribution.
func (c *checker) unknownDistHint(name string) string {
	_, own := c.fns[name]
	if d, _, _, ok := c.likelyDist(name); ok && !own && c.isFn(name) {
		return "did you mean `" + d + "`? `" + name + "(...)` is a value"
	}
	if c.isFn(name) {
		return "`" + name + "` is a function; to add a log density of your own, use `factor " + name + "(...)`"
	}
	if d, form, _, ok := c.likelyDist(name); ok {
		if form == "" {
			form = d + "(...)"
		}
		return "did you mean `" + form + "`?"
	}
	return didYouMean(name, c.cat.DistNames())
}

// unknownFuncHint says what to write instead of an unknown function.
func (c *checker) unknownFuncHint(name string) string {
	if w, ok := foreignFunctions[name]; ok {
		return "write `" + w + "`"
	}
	if d, _, suffix, ok := c.likelyDist(name); ok {
		if suffix == "_rng" {
			return "to draw from it when predicting, use `generate x_new ~ " + d + "(...)`"
		}
		return "for a log density, use `log_density(" + d + "(...), x)`; to draw, `x ~ " + d + "(...)`"
	}
	var names []string
	for n := range c.fns {
		names = append(names, n)
	}
	return didYouMean(name, append(names, c.cat.FuncNames()...))
}

// unknownNameHint says what an unknown value may have meant.
func (c *checker) unknownNameHint(name string) string {
	switch name {
	case "target", "lp__":
		return "to add a term to the log density, write `factor E`"
	case "Inf", "INFINITY", "infinity", "Infinity":
		return "infinity is written `inf`"
	case "TRUE", "True", "FALSE", "False":
		return "write `" + strings.ToLower(name) + "`"
	case "PI", "Pi":
		return "write `pi`"
	case "NA", "NaN", "nan", "null":
		return "missing values belong in the data, declared as `real?[N]`"
	}
	return didYouMean(name, c.visible())
}

func didYouMean(name string, candidates []string) string {
	if s := diag.Suggest(name, candidates); s != "" {
		return "did you mean `" + s + "`?"
	}
	return ""
}

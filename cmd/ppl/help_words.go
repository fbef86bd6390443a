package main

import "sort"

// statement is what help says of a word of the language.
type statement struct{ form, doc, example string }

// statements are the words that are declared nowhere else; docs/language.md
// says everything about them.
var statements = map[string]statement{
	"data": {"data NAME : TYPE [CONSTRAINT] [= DEFAULT]",
		"A value that the user supplies. A dimension name that is new is bound from the shape of the data.",
		"data y : real[N]\ndata sigma : real[N] > 0"},
	"param": {"param NAME : TYPE [CONSTRAINT] [= INIT]",
		"A value that is learned as a point: the one under which the data are the most likely, with all latents integrated out. A `~` with a param on its left is a penalty. INIT is where it starts.",
		"param tau : real > 0\ntheta[j in 1..J] ~ Normal(0, tau)"},
	"let": {"let NAME = E\nlet NAME[i in R] = E",
		"A deterministic quantity. One at the top level that depends on a latent is reported with the posterior.",
		"let odds_ratio = exp(beta)"},
	"plate": {"plate i in R [, j in R] { ... }",
		"Iterations that are independent given what is outside. `NAME[i in R] ~ DIST` is a plate of one statement.",
		"plate i in 1..N {\n  let mu = alpha + beta * x[i]\n  y[i] ~ Normal(mu, sigma)\n}"},
	"for": {"for t in R { ... }",
		"Iterations in order: an iteration may read what earlier ones defined.",
		"h[1] ~ Normal(0, 1)\nfor t in 2..T { h[t] ~ Normal(phi * h[t-1], s) }"},
	"factor": {"factor E",
		"Adds the scalar E to the log joint density.",
		"factor -lambda * sum(abs(beta))"},
	"generate": {"generate NAME ~ DIST\ngenerate let NAME = E",
		"A value that is evaluated only when predicting, once for each posterior draw. A fit passes over it, and does without data that nothing else reads.",
		"generate y_new ~ Normal(mu, sigma)"},
	"fn": {"fn NAME(ARG : TYPE, ...) -> TYPE = E\nfn NAME(ARG : TYPE, ...) -> TYPE { let ...  return E }",
		"A pure function. Dimension names in its types are bound by the call.",
		"fn hill(x: real[N], k: real) -> real[N] = x / (k + x)"},
	"guide": {"guide { ... }",
		"The guide of the latents that it names: the family of distributions that a fit brings as near to their posterior as it can, by the `param`s in it. Sites may depend on data, params and sites above. Other latents keep the automatic guide.",
		"param b : real[2]\nparam s : real > 0\nguide { plate i in 1..N { z[i] ~ Normal(b[1] + b[2] * y[i], s) } }"},
	"if": {"if CONDITION then E else E",
		"An expression. Only the branch that is taken is evaluated, element by element.",
		"let rate = if t < change then early else late"},
	"log_density": {"log_density(DIST, x)",
		"The log density, or log probability, of a distribution at x: an expression.",
		"factor log_density(Normal(0, 1), sum(z))"},
	"log_cdf": {"log_cdf(DIST, x)",
		"The log of the probability P(X ≤ x) of a distribution over single numbers, truncated or not: an expression, accurate far in both tails. Of an array, the log probability that as many independent values are all at most theirs.",
		"factor log_cdf(Weibull(2, 10), limit)"},
	"log_ccdf": {"log_ccdf(DIST, x)",
		"The log of the probability P(X > x): the log of one minus the distribution function. An integer x is left out: for P(X ≥ x) write x - 1.",
		"factor log_ccdf(Poisson(rate), most)"},
	"censored": {"LEFT ~ DIST censored above c\nLEFT ~ DIST censored below c\nLEFT ~ DIST censored in (a, b)",
		"Data of which values in a range are not seen. A row that lies outside of its range is data as ever; of one that lies in it, at its end, or that is missing only the range is known. An infinite bound censors nothing, and between equal bounds a value is seen. Integers above c are greater than c, and their range is `in a..b`.",
		"t[i in 1..N] ~ Weibull(k, s) censored above end[i]"},
	"weighted": {"LEFT ~ DIST weighted w",
		"Data of which the log density counts w times: weights of a survey, or counts of equal rows. A weight is a finite number that is not negative, known from the data, one for all or one for each value (each vector, where the distribution is over vectors); 0 leaves a row out. Predictions are of the distribution itself. It stands last, after a truncation and a censoring.",
		"y[i in 1..N] ~ Normal(a + b * x[i], s) weighted w[i]"},
	"pi":  {"pi", "The number 3.14159...", "sin(2 * pi * t / 12)"},
	"inf": {"inf", "Infinity, for bounds.", "x ~ Normal(0, 1) in (0, inf)"},
}

func words() []string {
	var out []string
	for w := range statements {
		out = append(out, w)
	}
	sort.Strings(out)
	return out
}

func wordPage(e *env, word string) {
	p, s := e.printer(), statements[word]
	p.line(p.head(s.form))
	p.blank()
	p.text("", s.doc)
	p.verbatim("Example", s.example)
}

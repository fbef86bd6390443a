# What R's loo makes of a matrix that `ppl loo -o` has written:
#
#     Rscript loo.R loglik.csv
#
# The lines are: elpd_loo, its standard error, p_loo, its standard error; then elpd, p_loo and k̂ of each unit. r_eff is the
# effective size of split chains, as newer versions of loo take it.

suppressWarnings(suppressMessages({library(loo); library(posterior)}))
options(mc.cores = 1)
x <- as.matrix(read.csv(commandArgs(TRUE)[1], comment.char = "#"))
chain <- x[, "chain__"]
ll <- x[, grepl("^log_lik", colnames(x)), drop = FALSE]
reff <- sapply(seq_len(ncol(ll)), function(i) ess_mean(matrix(exp(ll[, i] - max(ll[, i])), ncol = max(chain))) / nrow(ll))
l <- suppressWarnings(loo(ll, r_eff = reff))
row <- function(...) { cat(..., sep = "\t"); cat("\n") }
number <- function(v) sprintf("%.17g", v)
row("total", number(l$estimates["elpd_loo", ]), number(l$estimates["p_loo", ]))
for (i in seq_len(ncol(ll))) row("unit", number(c(l$pointwise[i, "elpd_loo"], l$pointwise[i, "p_loo"], l$diagnostics$pareto_k[i])))

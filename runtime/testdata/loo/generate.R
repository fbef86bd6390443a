# Writes reference.tsv: what R's loo makes of the draws in eight_schools.csv and mixture.csv, whose log likelihoods are
# worked out here. The draws are ppl's, of four chains by NUTS, to six digits.
#
#     Rscript generate.R > reference.tsv
#
# The lines are: the model, "total", elpd_loo, its standard error, p_loo, its standard error; or the model, "unit",
# elpd, p_loo and k̂ of one. r_eff is the effective size of split chains, as newer versions of loo take it.

suppressWarnings(suppressMessages({library(loo); library(posterior)}))
options(mc.cores = 1)
row <- function(...) { cat(..., sep = "\t"); cat("\n") }
number <- function(v) sprintf("%.17g", v)

schools <- function(x) {
  y <- c(28, 8, -3, 7, -1, 1, 18, 12)
  sigma <- c(15, 10, 16, 11, 9, 11, 10, 18)
  sapply(1:8, function(j) dnorm(y[j], x[[paste0("theta.", j)]], sigma[j], log = TRUE))
}
mixture <- function(x) {
  y <- c(-2.1, -1.7, -2.6, -0.9, -2.2, -3.0, 1.4, 2.2, 1.9, 0.3, 2.8, 1.1, 1.6, 2.4, 5.5)
  sapply(y, function(v) log((1 - x$share) * dnorm(v, x$mu.1, x$sigma) + x$share * dnorm(v, x$mu.2, x$sigma)))
}
for (k in list(list("eight_schools", schools), list("mixture", mixture))) {
  x <- read.csv(paste0(k[[1]], ".csv"))
  ll <- k[[2]](x)
  reff <- sapply(seq_len(ncol(ll)), function(i) ess_mean(matrix(exp(ll[, i] - max(ll[, i])), ncol = max(x$chain__))) / nrow(ll))
  l <- suppressWarnings(loo(ll, r_eff = reff))
  row(k[[1]], "total", number(l$estimates["elpd_loo", ]), number(l$estimates["p_loo", ]))
  for (i in seq_len(ncol(ll))) row(k[[1]], "unit", number(c(l$pointwise[i, "elpd_loo"], l$pointwise[i, "p_loo"], l$diagnostics$pareto_k[i])))
}

# Reads files of CmdStan's form with rstan, and prints what posterior makes of them:
#
#     Rscript read.R x_1.csv x_2.csv
#
# The lines are: chains, iterations, warm-up; the sampler's algorithm by chain; then the
# mean of each parameter, as R prints it, its sd, quantiles at 5 and 95 %, R-hat and
# bulk-ESS; the element [i,j] of the array `w` of the last draw; the step sizes; the times.

suppressWarnings(suppressMessages({library(rstan); library(posterior)}))
options(warn = 2) # a warning is an error
files <- commandArgs(TRUE)
fit <- read_stan_csv(files)
row <- function(...) { cat(..., sep = "\t"); cat("\n") }
number <- function(v) sprintf("%.17g", v)
row("sim", fit@sim$chains, fit@sim$iter - fit@sim$warmup, fit@sim$warmup)
row("algorithm", sapply(fit@sim$samples, function(s) if (is.null(attr(s, "args")$sampler_t)) "none" else attr(s, "args")$sampler_t))
x <- as_draws_array(as.array(fit))
s <- suppressWarnings(summarise_draws(x, "mean", "sd", ~quantile(.x, c(0.05, 0.95)), "rhat", "ess_bulk"))
for (i in seq_len(nrow(s))) row("summary", s$variable[i], number(unlist(s[i, -1])))
w <- rstan::extract(fit, "w", permuted = TRUE)$w
if (!is.null(w)) for (i in 1:dim(w)[2]) for (j in 1:dim(w)[3]) row("w", i, j, number(mean(w[, i, j])))
sampler <- get_sampler_params(fit, inc_warmup = FALSE)
row("sampler", colnames(sampler[[1]]), number(sapply(sampler, function(p) mean(p[, ncol(p)]))))
row("info", sub("\n.*", "", unlist(get_adaptation_info(fit))))
row("time", number(t(get_elapsed_time(fit))))

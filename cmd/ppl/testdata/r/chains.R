# What rstan reads from files that `ppl fit -o` has written, and posterior makes of it:
#
#     Rscript chains.R x_1.csv x_2.csv ...
#
# The lines are: chains, draws of each, warm-up; then the name, mean, sd, quantiles at 5, 50 and 95 %, R-hat and effective
# sizes (bulk, tail) of each parameter. A warning is an error.

suppressWarnings(suppressMessages({library(rstan); library(posterior)}))
options(warn = 2)
fit <- read_stan_csv(commandArgs(TRUE))
row <- function(...) { cat(..., sep = "\t"); cat("\n") }
row("sim", fit@sim$chains, fit@sim$iter - fit@sim$warmup, fit@sim$warmup)
s <- suppressWarnings(summarise_draws(as_draws_array(as.array(fit)), "mean", "sd", ~quantile(.x, c(0.05, 0.5, 0.95)), "rhat", "ess_bulk", "ess_tail"))
for (i in seq_len(nrow(s))) row("summary", s$variable[i], sprintf("%.17g", unlist(s[i, -1])))

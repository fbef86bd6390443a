# Reference posteriors for the examples: random-walk Metropolis, as plain as can be, so that it shares nothing with ppl.
# Each example's reference.R gives the log density of its model on the unconstrained scale, Jacobians included, and what to
# report of a draw. Run one in its folder: Rscript reference.R. It writes reference.json: for each quantity its mean, sd, and
# the Monte-Carlo standard error of the mean as a share of the sd (from the spread of the means of 50 blocks).

metropolis <- function(logp, start, n = 1e6, thin = 10, at_mode = TRUE, seed = 1) {
  set.seed(seed)
  d <- length(start)
  if (at_mode) {
    mode <- optim(start, function(u) -logp(u), method = "BFGS", hessian = TRUE, control = list(maxit = 2000))
    u <- mode$par
    root <- t(chol(solve(mode$hessian))) * 2.4 / sqrt(d)
  } else { # the joint density of a hierarchical model has no mode
    u <- start
    root <- diag(0.1 / sqrt(d), d)
  }
  for (round in 1:4) { # three times to learn the covariance, then for good
    steps <- if (round < 4) n %/% 5 else n
    draws <- matrix(0, steps %/% thin, d)
    lp <- logp(u)
    taken <- 0
    for (i in seq_len(steps)) {
      v <- u + drop(root %*% rnorm(d))
      lv <- logp(v)
      if (is.finite(lv) && log(runif(1)) < lv - lp) { u <- v; lp <- lv; taken <- taken + 1 }
      if (i %% thin == 0) draws[i %/% thin, ] <- u
    }
    root <- t(chol(cov(draws))) * 2.4 / sqrt(d)
  }
  message(sprintf("accepted %.0f %%", 100 * taken / steps))
  draws
}

# The table of named columns as a reference file.
report <- function(x, method, file = "reference.json") {
  blocks <- function(v) sd(colMeans(matrix(v[seq_len(50 * (length(v) %/% 50))], ncol = 50))) / sqrt(50)
  write_reference(colnames(x), colMeans(x), apply(x, 2, sd), apply(x, 2, function(v) blocks(v) / sd(v)), method, file)
}

write_reference <- function(names, mean, sd, mcse, method, file = "reference.json") {
  rows <- sprintf('    "%s": {"mean": %s, "sd": %s, "mcse": %s}', names, signif(mean, 6), signif(sd, 6), signif(mcse, 2))
  cat(sprintf('{\n  "method": "%s",\n  "parameters": {\n%s\n  }\n}\n', method, paste(rows, collapse = ",\n")), file = file)
}

normal <- function(x, m, s) sum(dnorm(x, m, s, log = TRUE))
half_normal <- function(x, s) sum(dnorm(x, 0, s, log = TRUE)) + length(x) * log(2)

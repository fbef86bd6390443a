# Writes reference.tsv: leave-one-out cross-validation by R's package loo (Debian's
# 2.5.1, whose importance sampling is that of 2.8), effective sizes by posterior.
#
#     Rscript generate.R > reference.tsv
#
# A matrix has the log likelihood -log(scale) - (|y_i - theta_s| / scale)^power / power
# of points y_i = spread (i - (N + 1)/2) / N at draws theta_s of a chain
# theta_s = phi theta_(s-1) + innovation(u_s), with u from Lehmer's generator (multiplier
# 16807, modulus 2^31 - 1, seed 97 + case), chain after chain from 0 and, where
# `step` is not 0, rounded to multiples of it. Logistic innovations and power 1 make
# ratios whose tail has the shape 1/scale. The test makes the same matrices. The first
# column is constant, -1.25. Log weights are -`tilt` theta^2 + theta.
#
# Two choices of newer versions are written out here, as Debian's does not have them:
# r_eff is the effective size of split chains, and the Monte-Carlo error is that of a
# log-normal distribution. p_loo of weighted draws is taken against their weighted mean
# likelihood (loo takes the plain one).

suppressWarnings(suppressMessages({library(loo); library(posterior)}))
options(mc.cores = 1)

lehmer <- function(n, seed) {
  u <- numeric(n); s <- seed
  for (i in 1:n) { s <- (16807 * s) %% 2147483647; u[i] <- s / 2147483647 }
  u
}
innovations <- list(uniform = function(u) u - 0.5, logistic = function(u) log(u / (1 - u)))
thetas <- function(n, chains, innovation, phi, step, seed) {
  v <- innovations[[innovation]](lehmer(n, seed)); x <- numeric(n)
  for (i in 1:n) { last <- if ((i - 1) %% (n / chains) == 0) 0 else x[i - 1]; x[i] <- phi * last + v[i] }
  if (step > 0) round(x / step) * step else x
}
logliks <- function(theta, N, spread, scale, power) {
  y <- spread * (1:N - (N + 1) / 2) / N
  ll <- sapply(y, function(v) -log(scale) - (abs(v - theta) / scale)^power / power)
  ll[, 1] <- -1.25
  ll
}
number <- function(v) sprintf("%.17g", v)
row <- function(...) { cat(..., sep = "\t"); cat("\n") }

cases <- list( # name, draws, chains (0: independent), points, innovation, phi, step, spread, scale, power, tilt (NA: no weights)
  list("independent", 1000, 0, 12, "uniform", 0, 0, 2, 0.5, 2, NA),
  list("chains", 1000, 4, 12, "uniform", 0.8, 0, 3, 1, 2, NA),
  list("one chain", 501, 1, 8, "uniform", 0.5, 0, 3, 1, 2, NA),
  list("antithetic", 1200, 4, 8, "uniform", -0.7, 0, 3, 1, 2, NA),
  list("heavy", 1000, 0, 12, "logistic", 0, 0, 30, 1.1, 1, NA),
  list("heavy chains", 2000, 4, 12, "logistic", 0.4, 0, 20, 1.5, 1, NA),
  list("far", 4000, 4, 6, "uniform", 0.6, 0, 300, 0.5, 2, NA),
  list("light", 3000, 0, 6, "uniform", 0, 0, 1, 20, 2, NA),
  list("absolute", 800, 2, 10, "uniform", 0.3, 0, 4, 0.15, 1, NA),
  list("ties", 1000, 0, 10, "uniform", 0, 0.02, 3, 0.5, 2, NA),
  list("few values", 1000, 0, 10, "uniform", 0, 0.125, 3, 0.7, 2, NA),
  list("20 draws", 20, 0, 6, "uniform", 0, 0, 2, 0.7, 2, NA),
  list("21 draws", 21, 0, 6, "uniform", 0, 0, 2, 0.7, 2, NA),
  list("short chains", 80, 4, 6, "uniform", 0.2, 0, 2, 0.7, 2, NA),
  list("weights", 1000, 0, 12, "uniform", 0, 0, 2, 0.5, 2, 3),
  list("no mean", 1000, 2, 6, "logistic", 0.2, 0, 10, 2, 2, NA),
  list("heavy weights", 2000, 0, 10, "logistic", 0, 0, 6, 3, 1, 0))

seed <- 97
for (k in cases) {
  seed <- seed + 1
  names(k) <- c("name", "draws", "chains", "points", "innovation", "phi", "step", "spread", "scale", "power", "tilt")
  theta <- thetas(k$draws, max(k$chains, 1), k$innovation, k$phi, k$step, seed)
  ll <- logliks(theta, k$points, k$spread, k$scale, k$power)
  N <- k$points; lik <- exp(sweep(ll, 2, apply(ll, 2, max)))
  reff <- rep(1, N)
  if (k$chains > 0) reff <- sapply(1:N, function(i) ess_mean(matrix(lik[, i], ncol = k$chains)) / k$draws)
  reff[is.na(reff)] <- 1
  if (is.na(k$tilt)) {
    fit <- suppressWarnings(loo(ll, r_eff = reff, save_psis = TRUE))
    prior <- rep(-log(k$draws), k$draws)
  } else {
    w <- -k$tilt * theta^2 + theta
    fit <- suppressWarnings(loo_approximate_posterior(ll, log_p = w, log_g = 0 * w, save_psis = TRUE))
    prior <- w - matrixStats::logSumExp(w)
  }
  elpd <- fit$pointwise[, "elpd_loo"]
  lpd <- apply(ll + prior, 2, matrixStats::logSumExp)
  lw <- weights(fit$psis_object)
  mcse <- sqrt(log(1 + colSums((exp(sweep(ll + lw, 2, elpd)) - exp(lw))^2) / reff))
  se <- function(x) sqrt(length(x) * var(x))
  row("case", k$name, k$draws, k$chains, k$points, k$innovation, k$phi, k$step, k$spread, k$scale, k$power, k$tilt, seed)
  row("total", number(c(fit$estimates["elpd_loo", ], sum(lpd - elpd), se(lpd - elpd), fit$estimates["looic", ])))
  for (i in 1:N) row("point", number(c(elpd[i], (lpd - elpd)[i], fit$diagnostics$pareto_k[i], reff[i], mcse[i],
                                       reff[i] / sum(exp(lw[, i])^2))))
  # as if held out, and the comparison with a wider scale and a narrower one
  row("heldout", number(lpd))
  if (is.na(k$tilt)) {
    others <- lapply(c(1, 1.1, 0.9), function(f) suppressWarnings(loo(logliks(theta, N, k$spread, k$scale * f, k$power), r_eff = rep(1, N))))
    cmp <- loo_compare(others)
    row("compare", rbind(as.integer(sub("model", "", rownames(cmp))), number(cmp[, "elpd_diff"]), number(cmp[, "se_diff"])))
  }
}

# Writes reference.tsv: the diagnostics of Vehtari, Gelman, Simpson, Carpenter &
# Bürkner (2021) written down anew from the paper, in the manner of the package
# posterior (1.6), with base R's rank, qnorm, quantile, acf and qbeta.
#
#     Rscript generate.R > reference.tsv
#
# The chains are x_t = phi x_{t-1} + shape(u_t - 1/2) + shift·chain, started at
# 0, with u from Lehmer's generator (multiplier 16807, modulus 2^31 - 1, seed
# 20210 + case), chain after chain: the test makes the same ones, bit by bit.
# Columns: chains, draws, phi, shape, shift; then the figures.

lehmer <- function(n, seed) {
  u <- numeric(n); s <- seed
  for (i in 1:n) { s <- (16807 * s) %% 2147483647; u[i] <- s / 2147483647 }
  u
}
shapes <- list(uniform = function(v) v, heavy = function(v) v / (0.251 - v * v),
               rounded = function(v) round(10 * v))
chains <- function(m, n, phi, shape, shift, seed) {
  u <- matrix(lehmer(m * n, seed), n, m); x <- matrix(0, n, m)
  for (j in 1:m) { last <- 0; for (i in 1:n) { last <- phi * last + shapes[[shape]](u[i, j] - 0.5) + shift * j; x[i, j] <- last } }
  x
}
halves <- function(x) { n <- nrow(x); cbind(x[1:floor(n / 2), , drop = FALSE], x[ceiling(n / 2 + 1):n, , drop = FALSE]) }
scores <- function(x) matrix(qnorm((rank(x, ties.method = "average") - 3/8) / (length(x) + 1/4)), nrow(x))
plainrhat <- function(x) { n <- nrow(x); sqrt((n * var(colMeans(x)) / mean(apply(x, 2, var)) + n - 1) / n) }
rhat <- function(x) max(plainrhat(scores(halves(x))), plainrhat(scores(halves(abs(x - median(x))))), na.rm = TRUE)

ess <- function(x) {
  n <- nrow(x); m <- ncol(x)
  if (max(x) == min(x)) return(NaN)
  acov <- rowMeans(apply(x, 2, function(c) acf(c, type = "covariance", lag.max = n - 1, plot = FALSE)$acf))
  w <- acov[1] * n / (n - 1)
  total <- w * (n - 1) / n + if (m > 1) var(colMeans(x)) else 0
  rho <- 1 - (w - acov) / total; rho[1] <- 1
  kept <- numeric(n); kept[1:2] <- rho[1:2]
  t <- 0; even <- 1; odd <- rho[2]
  while (t < n - 5 && even + odd > 0) {
    t <- t + 2; even <- rho[t + 1]; odd <- rho[t + 2]
    if (even + odd >= 0) { kept[t + 1] <- even; kept[t + 2] <- odd }
  }
  last <- t
  if (even > 0) kept[last + 1] <- even
  t <- 0
  while (t <= last - 4) {
    t <- t + 2
    if (kept[t + 1] + kept[t + 2] > kept[t - 1] + kept[t]) { kept[t + 1] <- (kept[t - 1] + kept[t]) / 2; kept[t + 2] <- kept[t + 1] }
  }
  tau <- max(-1 + 2 * sum(kept[1:last]) + kept[last + 1], 1 / log10(n * m))
  n * m / tau
}
# At the largest draw everything lies at or below: there it is what lies below that counts.
essq <- function(x, p) { q <- quantile(x, p); ess(halves((if (q < max(x)) x <= q else x < q) + 0)) }
mcseq <- function(x, p) {
  e <- essq(x, p); a <- qbeta(pnorm(c(-1, 1)), e * p + 1, e * (1 - p) + 1); s <- sort(x); S <- length(s)
  (s[min(ceiling(a[2] * S), S)] - s[max(floor(a[1] * S), 1)]) / 2
}
mcsesd <- function(x) { c2 <- (x - mean(x))^2; sqrt((mean(c2^2) - mean(c2)^2) / ess(halves(c2)) / mean(c2) / 4) }
figures <- function(x) c(rhat(x), ess(scores(halves(x))), min(essq(x, 0.05), essq(x, 0.95)), ess(halves(x)),
  ess(halves(abs(x - mean(x)))), essq(x, 0.3), sd(x) / sqrt(ess(halves(x))), mcsesd(x), mcseq(x, 0.05), mcseq(x, 0.5))
case <- 0
for (m in c(1, 4)) for (n in c(40, 101, 500)) for (phi in c(0, 0.6, 0.95, -0.7)) for (shape in c("uniform", "heavy", "rounded")) {
  case <- case + 1
  shift <- if (case %% 3 == 0) 0.05 else 0
  v <- figures(chains(m, n, phi, shape, shift, 20210 + case))
  cat(m, n, phi, shape, shift, sprintf("%.17g", v), sep = "\t"); cat("\n")
}

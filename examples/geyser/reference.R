source("../metropolis.R")
y <- MASS::geyser$waiting; n <- length(y)
model <- function(u) list(mu = c(u[1], u[1] + exp(u[2])), s = exp(u[3:4]), a = plogis(u[5]), b = plogis(u[6]))
# The forward recursion: log density, and optionally all filtered states.
forward <- function(m, keep = FALSE) {
  e1 <- dnorm(y, m$mu[1], m$s[1]); e2 <- dnorm(y, m$mu[2], m$s[2])
  f <- c(0.5, 0.5) * c(e1[1], e2[1]); l <- 0
  all <- if (keep) matrix(0, n, 2)
  for (t in 1:n) {
    if (t > 1) f <- c((f[1] * m$a + f[2] * m$b) * e1[t], (f[1] * (1 - m$a) + f[2] * (1 - m$b)) * e2[t])
    c <- f[1] + f[2]; l <- l + log(c); f <- f / c
    if (keep) all[t, ] <- f
  }
  if (keep) all else l
}
smooth <- function(m) { # P(state = 2) of each
  f <- forward(m, TRUE); g <- f[n, ]; out <- numeric(n); out[n] <- g[2]
  move <- rbind(c(m$a, 1 - m$a), c(m$b, 1 - m$b))
  for (t in (n - 1):1) { back <- f[t, ] * move; back <- t(t(back) / colSums(back)); g <- drop(back %*% g); out[t] <- g[2] }
  out
}
logp <- function(u) {
  m <- model(u)
  forward(m) + u[2] + normal(m$mu, 70, 20) + half_normal(m$s, 20) + sum(u[3:4]) +
    log(m$a) + log1p(-m$a) + log(m$b) + log1p(-m$b)
}
u <- metropolis(logp, c(59, log(23), log(9), log(6), -4, 1.3), n = 2e5)
p <- t(apply(u[seq(1, nrow(u), by = 10), ], 1, function(v) smooth(model(v))[c(1, 5, 162)]))
x <- cbind(u[, 1], u[, 1] + exp(u[, 2]), exp(u[, 3:4]), plogis(u[, 5]), 1 - plogis(u[, 5]), plogis(u[, 6]), 1 - plogis(u[, 6]))
colnames(x) <- c("mu[1]", "mu[2]", "sigma[1]", "sigma[2]", "after_short[1]", "after_short[2]", "after_long[1]", "after_long[2]")
blocks <- function(v) sd(colMeans(matrix(v[seq_len(50 * (length(v) %/% 50))], ncol = 50))) / sqrt(50) / sd(v)
write_reference(c(colnames(x), sprintf("P(state[%d] = 2)", c(1, 5, 162))), c(colMeans(x), colMeans(p)), c(apply(x, 2, sd), apply(p, 2, sd)),
                c(apply(x, 2, blocks), apply(p, 2, blocks)), "Metropolis, 200 000 steps, with a forward recursion in R")

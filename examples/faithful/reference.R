source("../metropolis.R")
y <- faithful$eruptions
logp <- function(u) {
  mu <- c(u[1], u[1] + exp(u[2])); s <- exp(u[3:4]); p <- plogis(u[5])
  sum(log(p * dnorm(y, mu[1], s[1]) + (1 - p) * dnorm(y, mu[2], s[2]))) + u[2] +
    normal(mu, 3, 2) + half_normal(s, 1) + sum(u[3:4]) + dbeta(p, 2, 2, log = TRUE) + log(p) + log1p(-p)
}
u <- metropolis(logp, c(2, log(2), -1, -1, -0.5), n = 5e5)
x <- cbind(u[, 1], u[, 1] + exp(u[, 2]), exp(u[, 3:4]), plogis(u[, 5]), exp(u[, 2]))
colnames(x) <- c("mu[1]", "mu[2]", "sigma[1]", "sigma[2]", "short", "gap")
report(x, "Metropolis, 500 000 steps")

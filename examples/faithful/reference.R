source("../metropolis.R")
y <- faithful$eruptions
parts <- function(u) {
  mu <- c(u[1], u[1] + exp(u[2])); s <- exp(u[3:4]); p <- plogis(u[5])
  cbind(p * dnorm(y, mu[1], s[1]), (1 - p) * dnorm(y, mu[2], s[2]))
}
logp <- function(u) {
  mu <- c(u[1], u[1] + exp(u[2])); s <- exp(u[3:4]); p <- plogis(u[5])
  sum(log(rowSums(parts(u)))) + u[2] +
    normal(mu, 3, 2) + half_normal(s, 1) + sum(u[3:4]) + dbeta(p, 2, 2, log = TRUE) + log(p) + log1p(-p)
}
u <- metropolis(logp, c(2, log(2), -1, -1, -0.5), n = 5e5)
doubtful <- c(6, 133, 244)
long <- t(apply(u, 1, function(v) { x <- parts(v); (x[, 2] / rowSums(x))[doubtful] }))
x <- cbind(u[, 1], u[, 1] + exp(u[, 2]), exp(u[, 3:4]), plogis(u[, 5]), exp(u[, 2]), long)
colnames(x) <- c("mu[1]", "mu[2]", "sigma[1]", "sigma[2]", "short", "gap", sprintf("P(kind[%d] = 2)", doubtful))
report(x, "Metropolis, 500 000 steps")

source("../metropolis.R")
X <- cbind(1, scale(as.matrix(stackloss[, 1:3]))); y <- stackloss$stack.loss
logp <- function(u) {
  s <- exp(u[5]); nu <- exp(u[6])
  sum(dt((y - drop(X %*% u[1:4])) / s, nu, log = TRUE)) - length(y) * u[5] +
    normal(u[1], 17, 10) + normal(u[2:4], 0, 10) + half_normal(s, 5) + u[5] + dgamma(nu, 2, 0.1, log = TRUE) + u[6]
}
u <- metropolis(logp, c(17, 5, 2, 0, 1, 2), n = 1e6)
x <- cbind(u[, 1:4], exp(u[, 5:6]))
colnames(x) <- c("alpha", "beta[1]", "beta[2]", "beta[3]", "sigma", "nu")
report(x, "Metropolis, 1 000 000 steps")

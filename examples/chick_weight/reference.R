# Given the three scales the model is a normal linear one: Metropolis over their logarithms with the rest integrated out,
# then the rest drawn exactly.
source("../metropolis.R")
d <- ChickWeight
chicks <- sort(unique(as.integer(as.character(d$Chick))))
chick <- match(as.integer(as.character(d$Chick)), chicks)
diet <- as.integer(as.character(d$Diet[match(chicks, as.integer(as.character(d$Chick)))]))
y <- log(d$weight); t <- (d$Time - 10) / 10; N <- length(y); C <- length(chicks)
# weights: size0, bend, rate[4], deviations of size[C], deviations of growth[C]
A <- matrix(0, N, 6 + 2 * C)
A[, 1] <- 1; A[, 2] <- t^2
A[cbind(1:N, 2 + diet[chick])] <- t
A[cbind(1:N, 6 + chick)] <- 1; A[cbind(1:N, 6 + C + chick)] <- t
AA <- crossprod(A); Ay <- drop(crossprod(A, y)); yy <- sum(y^2)
m0 <- c(4.5, 0, rep(1, 4), rep(0, 2 * C))
solved <- function(u) {
  s <- exp(u); p0 <- 1 / c(1, 1, rep(1, 4), rep(s[1]^2, C), rep(s[2]^2, C))
  P <- AA / s[3]^2; diag(P) <- diag(P) + p0
  R <- chol(P); b <- Ay / s[3]^2 + p0 * m0
  z <- backsolve(R, b, transpose = TRUE)
  list(R = R, z = z, lp = -N * u[3] - yy / (2 * s[3]^2) + 0.5 * sum(log(p0)) - 0.5 * sum(p0 * m0^2) - sum(log(diag(R))) + 0.5 * sum(z^2))
}
logp <- function(u) solved(u)$lp + half_normal(exp(u), 1) + sum(u)
u <- metropolis(logp, log(c(0.2, 0.2, 0.07)), n = 4e4, thin = 4)
w <- t(apply(u, 1, function(v) { k <- solved(v); backsolve(k$R, k$z + rnorm(length(k$z))) }))
s <- exp(u)
size <- w[, 1] + w[, 6 + 1:C]
growth <- w[, 2 + diet] + w[, 6 + C + 1:C]
x <- cbind(w[, 1], s[, 1:2], w[, 2], s[, 3], w[, 3:6], size, growth)
colnames(x) <- c("size0", "tau_size", "tau_rate", "bend", "sigma", sprintf("rate[%d]", 1:4), sprintf("size[%d]", chicks), sprintf("growth[%d]", chicks))
report(x, "Metropolis over the three scales, 40 000 steps; the rest drawn exactly")

# Given tau everything is normal, so the posterior is an integral over tau alone: a fine grid.
source("../metropolis.R")
y <- c(28, 8, -3, 7, -1, 1, 18, 12)
s <- c(15, 10, 16, 11, 9, 11, 10, 18)
tau <- 10^seq(-4, 4, length.out = 40001) # weights: density in log tau
m <- t(sapply(tau, function(t) {
  v <- s^2 + t^2
  prec <- 1 / 25 + sum(1 / v); mu <- sum(y / v) / prec      # mu given tau
  logml <- -0.5 * sum(log(v)) - 0.5 * log(prec) - 0.5 * (sum(y^2 / v) - prec * mu^2)
  lp <- logml + dcauchy(t, 0, 5, log = TRUE) + log(t)
  k <- t^2 / v                                              # theta_j = (1 - k) mu + k y + noise
  tm <- (1 - k) * mu + k * y
  tv <- (1 - k)^2 / prec + k * s^2
  c(lp, mu, 1 / prec + mu^2, tm, tv + tm^2)
}))
w <- exp(m[, 1] - max(m[, 1])); w <- w / sum(w)
mom <- function(m1, m2) c(sum(w * m1), sqrt(sum(w * m2) - sum(w * m1)^2))
r <- rbind(mom(m[, 2], m[, 3]), mom(tau, tau^2), t(sapply(1:8, function(j) mom(m[, 3 + j], m[, 11 + j]))))
write_reference(c("mu", "tau", sprintf("theta[%d]", 1:8)), r[, 1], r[, 2], 0, "quadrature over tau, the rest in closed form")

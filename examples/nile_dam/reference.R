# Exact up to a grid for sigma: given the year and sigma, the two means are normal.
source("../metropolis.R")
y <- Nile; n <- length(y)
sigma <- seq(90, 190, by = 0.25)
mean_of <- function(x, s) { # posterior mean, sd and log evidence of a mean ~ N(1000, 500)
  v <- 1 / (length(x) / s^2 + 1 / 500^2); m <- v * (sum(x) / s^2 + 1000 / 500^2)
  list(m = m, v = v, l = sum(dnorm(x, m, s, log = TRUE)) + dnorm(m, 1000, 500, log = TRUE) - dnorm(m, m, sqrt(v), log = TRUE))
}
cell <- expand.grid(sigma = sigma, change = 2:n)
parts <- t(apply(cell, 1, function(r) {
  a <- mean_of(y[1:(r[2] - 1)], r[1]); b <- mean_of(y[r[2]:n], r[1])
  c(a$m, a$v, b$m, b$v, a$l + b$l + dnorm(r[1], 0, 200, log = TRUE))
}))
w <- exp(parts[, 5] - max(parts[, 5])); w <- w / sum(w)
moments <- function(m, v = 0) { mean <- sum(w * m); c(mean, sqrt(sum(w * (v + m^2)) - mean^2)) }
q <- rbind(before = moments(parts[, 1], parts[, 2]), after = moments(parts[, 3], parts[, 4]), sigma = moments(cell$sigma),
           fall = moments(parts[, 1] - parts[, 3], parts[, 2] + parts[, 4]))
p <- tapply(w, cell$change, sum)
years <- as.integer(names(sort(p, decreasing = TRUE)))[1:3]
write_reference(c(rownames(q), sprintf("P(change = %d)", years)), c(q[, 1], p[as.character(years)]),
                c(q[, 2], sqrt(p[as.character(years)] * (1 - p[as.character(years)]))), rep(0, nrow(q) + 3), "closed form, a grid for sigma")

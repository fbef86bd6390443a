# Given the two scales the cosines are independent: a grid over the scales, the rest in closed form.
source("../metropolis.R")
y <- as.numeric(Nile); N <- length(y)
k <- 1:(N - 1)
W <- sqrt(2 / N) * cos(pi * outer(1:N - 0.5, k) / N)  # orthonormal, and orthogonal to the constant
c0 <- sum(y) / sqrt(N); ck <- drop(crossprod(W, y))
h <- 1 / (2 * sin(pi * k / (2 * N)))
drift <- exp(seq(log(0.5), log(250), length.out = 300)); sigma <- seq(60, 220, length.out = 321)
acc <- 0; first <- second <- rep(0, N + 2)
lps <- matrix(0, 300, 321)
for (a in seq_along(drift)) for (b in seq_along(sigma)) {
  v <- drift[a]^2 * h^2; s2 <- sigma[b]^2
  lps[a, b] <- sum(dnorm(ck, 0, sqrt(v + s2), log = TRUE)) + dnorm(c0, 1000 * sqrt(N), sqrt(N * 500^2 + s2), log = TRUE) +
    dnorm(drift[a], 0, 50, log = TRUE) + log(drift[a]) + dnorm(sigma[b], 0, 200, log = TRUE)
}
w <- exp(lps - max(lps)); w <- w / sum(w)
for (a in seq_along(drift)) for (b in seq_along(sigma)) if (w[a, b] > 1e-12) {
  v <- drift[a]^2 * h^2; s2 <- sigma[b]^2
  m <- v / (v + s2) * ck; pv <- v * s2 / (v + s2)
  mv <- 1 / (1 / 500^2 + N / s2); mm <- mv * (1000 / 500^2 + sum(y) / s2)
  lm <- mm + drop(W %*% m); lv <- mv + drop(W^2 %*% pv)
  first <- first + w[a, b] * c(drift[a], sigma[b], lm); second <- second + w[a, b] * c(drift[a]^2, s2, lv + lm^2)
}
write_reference(c("drift", "sigma", sprintf("level[%d]", 1:N)), first, sqrt(second - first^2), 0, "quadrature over the two scales, the rest in closed form")

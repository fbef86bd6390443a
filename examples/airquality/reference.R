# Gibbs sampling: given everything else the coefficients and the missing values of the sun are normal, so is the logarithm of
# missing ozone, and a scale has one dimension (drawn on a grid).
source("../metropolis.R")
d <- read.csv("data.csv"); n <- nrow(d); set.seed(1)
z <- function(v) (v - mean(v)) / sd(v)
windy <- z(d$wind); warm <- z(d$temp)
gone <- is.na(d$solar); lost <- is.na(d$ozone)
sun <- ifelse(gone, 185, d$solar); y <- log(ifelse(lost, 30, d$ozone))
regress <- function(X, y, s, m0, s0) { # coefficients given the scale
  P <- crossprod(X) / s^2 + diag(1 / s0^2); R <- chol(P)
  drop(backsolve(R, backsolve(R, crossprod(X, y) / s^2 + m0 / s0^2, transpose = TRUE) + rnorm(ncol(X))))
}
scale_of <- function(e, s0) { # the half-normal prior with sd s0 times the likelihood
  g <- sqrt(mean(e^2)) * exp(seq(-0.8, 0.8, length.out = 2001))
  l <- -length(e) * log(g) - sum(e^2) / (2 * g^2) - g^2 / (2 * s0^2) + log(g)
  sample(g, 1, prob = exp(l - max(l))) * exp(runif(1, -4e-4, 4e-4))
}
steps <- 60000; keep <- matrix(0, steps, 12)
spread <- 90; sigma <- 0.5
W <- cbind(1, warm)
for (t in seq_len(steps)) {
  w <- regress(W, sun, spread, c(200, 0), c(100, 50)); spread <- scale_of(sun - W %*% w, 100)
  X <- cbind(1, (sun - 185) / 90, windy, warm)
  b <- regress(X, y, sigma, c(3, 0, 0, 0), c(2, 1, 1, 1)); sigma <- scale_of(y - X %*% b, 1)
  rest <- y - drop(X[, -2] %*% b[-2]); k <- b[2] / 90
  p <- 1 / spread^2 + k^2 / sigma^2
  m <- (drop(W %*% w) / spread^2 + k * (rest + 185 * k) / sigma^2) / p
  sun[gone] <- rnorm(sum(gone), m[gone], 1 / sqrt(p))
  X[, 2] <- (sun - 185) / 90
  y[lost] <- rnorm(sum(lost), (X %*% b)[lost], sigma)
  keep[t, ] <- c(w, spread, b, sigma, sun[c(5, 96)], exp(y[c(5, 10)]))
}
keep <- keep[-(1:1000), ]
colnames(keep) <- c("sun", "warmth", "spread", "alpha", sprintf("beta[%d]", 1:3), "sigma", "solar[5]", "solar[96]", "ozone[5]", "ozone[10]")
report(keep, "Gibbs sampling, 59 000 steps")

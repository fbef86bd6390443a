source("../metropolis.R")
r <- read.csv("data.csv")$r; n <- length(r)
variances <- function(p, share, level, mu) {
  e <- (r[-n] - mu)^2
  h1 <- level^2
  c(h1, filter((1 - p) * level^2 + p * share * e, p * (1 - share), method = "recursive", init = h1))
}
logp <- function(u) {
  mu <- u[1]; p <- plogis(u[2]); share <- plogis(u[3]); level <- exp(u[4]); nu <- exp(u[5])
  s <- sqrt(variances(p, share, level, mu))
  sum(dt((r - mu) / s, nu, log = TRUE) - log(s)) + normal(mu, 0, 0.5) + dbeta(p, 10, 1, log = TRUE) + log(p * (1 - p)) +
    dbeta(share, 2, 8, log = TRUE) + log(share * (1 - share)) + half_normal(level, 2) + u[4] + dgamma(nu, 2, 0.1, log = TRUE) + u[5]
}
u <- metropolis(logp, c(0.07, 3, -2.8, -0.5, 1.9), n = 2e5)
h <- apply(u[seq(1, nrow(u), length.out = 4000), ], 1, function(u) tail(variances(plogis(u[2]), plogis(u[3]), exp(u[4]), u[1]), 1))
cat("h[", n, "]: ", mean(h), " ", sd(h), "\n", sep = "")
x <- cbind(u[, 1], plogis(u[, 2]), plogis(u[, 3]), exp(u[, 4]), exp(u[, 5]))
colnames(x) <- c("mu", "persistence", "share", "level", "nu")
report(x, "Metropolis, 200 000 steps")

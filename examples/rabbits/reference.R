# Exact: given the number of rabbits, p is beta; what is left is a sum over the number.
source("../metropolis.R")
caught <- read.csv("data.csv")$caught
d <- length(caught); s <- sum(caught); n <- d:300
l <- lgamma(n + 1) - lgamma(n - d + 1) + lbeta(1 + s, 1 + 18 * n - s)
w <- exp(l - max(l)); w <- w / sum(w)
a <- 1 + s; b <- 1 + 18 * n - s
m <- sum(w * a / (a + b)); m2 <- sum(w * a * (a + 1) / ((a + b) * (a + b + 1)))
top <- n[order(w, decreasing = TRUE)][1:3]; q <- w[match(top, n)]
write_reference(c("p", sprintf("P(N = %d)", top)), c(m, q), c(sqrt(m2 - m^2), sqrt(q * (1 - q))), rep(0, 4), "closed form, a sum over the number of rabbits")

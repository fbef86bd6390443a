# Maximum likelihood of a balanced one-way layout in closed form (Searle, Casella & McCulloch 1992, sec. 3.8), and the normal
# posterior of the batches' effects given the estimates.
source("../metropolis.R")
d <- read.csv("data.csv"); b <- factor(d$batch); k <- nlevels(b); n <- nrow(d) / k
m <- tapply(d$yield, b, mean); grand <- mean(d$yield)
w2 <- sum((d$yield - m[b])^2) / (k * (n - 1)); b2 <- (n * sum((m - grand)^2) / k - w2) / n
v <- 1 / (1 / b2 + n / w2)
estimates <- c(mean = grand, between = sqrt(b2), within = sqrt(w2), share = b2 / (b2 + w2))
effects <- setNames(v * n / w2 * (m - grand), sprintf("effect[%s]", levels(b)))
write_reference(c(names(estimates), names(effects)), c(estimates, effects), c(rep(0, 4), rep(sqrt(v), k)), rep(0, 4 + k), "closed form")

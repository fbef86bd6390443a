source("../metropolis.R")
d <- read.csv("data.csv"); w <- d$weight / mean(d$weight)
logp <- function(u) {
  s <- exp(u[3])
  sum(w * dnorm(d$api, u[1] + u[2] * (d$meals - 50), s, log = TRUE)) + normal(u[1], 650, 200) + normal(u[2], 0, 10) + half_normal(s, 200) + u[3]
}
u <- metropolis(logp, c(650, -3, 4), n = 5e5)
x <- cbind(u[, 1:2], exp(u[, 3]), u[, 1] - 50 * u[, 2])
colnames(x) <- c("level", "slope", "sigma", "none")
report(x, "Metropolis, 500 000 steps")

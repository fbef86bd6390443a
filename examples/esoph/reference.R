source("../metropolis.R")
d <- read.csv("data.csv")
f <- lapply(d[1:3], function(v) factor(v, levels = sort(unique(v), method = "radix"))) # bytewise, as ppl sorts
k <- sapply(f, nlevels); at <- split(1:sum(k), rep(1:3, k))
logp <- function(u) {
  s <- exp(u[2:4]); e <- u[-(1:4)]
  eta <- u[1] + e[at[[1]]][f$age] + e[at[[2]]][f$alcohol] + e[at[[3]]][f$tobacco]
  sum(d$cases * eta - d$n * log1p(exp(eta))) + normal(u[1], 0, 3) + half_normal(s, 2) + sum(u[2:4]) +
    normal(e, 0, rep(s, k))
}
u <- metropolis(logp, rep(0, 4 + sum(k)), n = 3e6, thin = 30, at_mode = FALSE)
x <- cbind(u[, 1], exp(u[, 2:4]), u[, -(1:4)])
colnames(x) <- c("mu", "sd_age", "sd_alc", "sd_tob", sprintf("f_age[%s]", levels(f$age)), sprintf("f_alc[%s]", levels(f$alcohol)), sprintf("f_tob[%s]", levels(f$tobacco)))
report(x, "Metropolis, 3 000 000 steps")

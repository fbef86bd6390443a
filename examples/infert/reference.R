source("../metropolis.R")
d <- infert
X <- with(d, cbind(1, spontaneous - mean(spontaneous), induced - mean(induced), parity - mean(parity), (age - mean(age)) / 10))
logp <- function(b) {
  eta <- drop(X %*% b)
  sum(d$case * eta - log1p(exp(eta))) + normal(b, 0, c(5, 2.5, 2.5, 2.5, 2.5))
}
u <- metropolis(logp, rep(0, 5), n = 5e5)
x <- cbind(u, exp(u[, 2]))
colnames(x) <- c("alpha", "b_spont", "b_ind", "b_par", "b_age", "odds_ratio")
report(x, "Metropolis, 500 000 steps")
print(coef(glm(case ~ spontaneous + induced + parity + I(age / 10), binomial, infert))) # flat priors, for comparison

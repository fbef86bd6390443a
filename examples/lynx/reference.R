source("../metropolis.R")
x <- log10(as.numeric(lynx)); y <- x - mean(x); n <- length(y)
X <- cbind(1, y[2:(n - 1)], y[1:(n - 2)]); z <- y[3:n]
logp <- function(u) normal(z, drop(X %*% u[1:3]), exp(u[4])) + normal(u[1:3], 0, 1) + half_normal(exp(u[4]), 1) + u[4]
u <- metropolis(logp, c(0, 1, 0, -1), n = 5e5)
x <- cbind(u[, 1:3], exp(u[, 4]), 2 * pi / acos(u[, 2] / (2 * sqrt(-u[, 3]))))
colnames(x) <- c("alpha", "phi1", "phi2", "sigma", "period")
report(x, "Metropolis, 500 000 steps")
print(summary(lm(z ~ X - 1))$coefficients) # flat priors, for comparison

source("../metropolis.R")
d <- MASS::gehan; g <- 1 + (d$treat == "control") # 6-MP sorts first
logp <- function(u) {
  shape <- exp(u[1]); scale <- exp(u[2:3])[g]
  sum(ifelse(d$cens == 1, dweibull(d$time, shape, scale, log = TRUE), -(d$time / scale)^shape)) +
    dgamma(shape, 2, 1, log = TRUE) + u[1] + normal(u[2:3], 2.5, 1.5)
}
u <- metropolis(logp, c(0, 3, 2), n = 5e5)
med <- exp(u[, 2:3]) * log(2)^exp(-u[, 1])
x <- cbind(exp(u[, 1]), u[, 2:3], med, med[, 1] / med[, 2])
colnames(x) <- c("shape", "log_scale[6-MP]", "log_scale[control]", "median[6-MP]", "median[control]", "longer")
report(x, "Metropolis, 500 000 steps")

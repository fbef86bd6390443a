# Above the bound an exponential forgets it: the posterior is Gamma(2 + n, 1 + sum(mag - 4.55)).
source("../metropolis.R")
m <- quakes$mag[quakes$mag > 4.55]
a <- 2 + length(m); r <- 1 + sum(m - 4.55)
e <- function(f) integrate(function(x) f(x) * dgamma(x, a, r), 1, 5, rel.tol = 1e-12)$value
each <- c(e(exp), sqrt(e(function(x) exp(2 * x)) - e(exp)^2))
write_reference(c("rate", "b", "each_unit"), c(a / r, a / r / log(10), each[1]), c(sqrt(a) / r, sqrt(a) / r / log(10), each[2]), 0, "closed form")

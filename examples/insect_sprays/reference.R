# The sprays are independent: six integrals over one number each, on a fine grid.
source("../metropolis.R")
sprays <- levels(InsectSprays$spray)
a <- seq(-3, 5, length.out = 200001)
r <- sapply(sprays, function(s) {
  y <- InsectSprays$count[InsectSprays$spray == s]
  lp <- sum(y) * a - length(y) * exp(a) + dnorm(a, 2, 2, log = TRUE)
  w <- exp(lp - max(lp)); w <- w / sum(w)
  m <- function(f) sum(w * f)
  c(m(a), sqrt(m(a^2) - m(a)^2), m(exp(a)), sqrt(m(exp(2 * a)) - m(exp(a))^2))
})
write_reference(c(sprintf("log_mean[%s]", sprays), sprintf("insects[%s]", sprays)), c(r[1, ], r[3, ]), c(r[2, ], r[4, ]), 0, "quadrature")

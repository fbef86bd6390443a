# Exact: the columns of the design are orthogonal, so that given sigma each effect is by itself, a mixture of two normals
# in closed form. What is left is an integral over log sigma, on a grid.
source("../metropolis.R")
y <- scan(text = sub('.*"y": \\[([^]]*)\\].*', "\\1", paste(readLines("data.json"), collapse = "")), sep = ",", quiet = TRUE)
x <- model.matrix(~ A * B * C * D * E, expand.grid(A = c(-1, 1), B = c(-1, 1), C = c(-1, 1), D = c(-1, 1), E = c(-1, 1)))[, -1]
term <- gsub(":", "", colnames(x)); n <- length(y)
half <- drop(t(x) %*% y) / n # estimates of effect / 2, each with variance sigma^2 / n
s <- exp(seq(log(0.05), log(30), length = 20001)); v <- s^2 / n
weight <- dnorm(s, 0, 10, log = TRUE) + log(2) + log(s) + dnorm(mean(y), 50, sqrt(50^2 + v), log = TRUE)
p <- sapply(half, function(h) { # P(active), given each sigma
  a <- 0.2 * dnorm(h, 0, sqrt(10^2 + v)); b <- 0.8 * dnorm(h, 0, sqrt(v))
  weight <<- weight + log(a + b)
  a / (a + b)
})
# The rest of the likelihood is a rotation: each of the 32 contrasts has sd sigma / sqrt(n).
evidence <- max(weight) + log(sum(exp(weight - max(weight))) * log(30 / 0.05) / 20000) - n / 2 * log(n)
w <- exp(weight - max(weight)); w <- w / sum(w)
about <- function(m, m2) c(sum(w * m), sqrt(sum(w * m2) - sum(w * m)^2))
post <- 1 / (1 / 10^2 + 1 / v) # the variance of effect / 2 where it is active
found <- c("B", "D", "E", "BD", "DE")
effects <- sapply(match(found, term), function(j) { m <- post / v * half[j]; about(p[, j] * 2 * m, p[, j] * 4 * (post + m^2)) })
vm <- 1 / (1 / 50^2 + 1 / v); mm <- vm * (50 / 50^2 + mean(y) / v)
k <- rowSums(p)
prob <- sapply(seq_along(term), function(j) about(p[, j], p[, j]))
all <- cbind(about(mm, vm + mm^2), about(s, s^2), effects, about(k, k^2 + rowSums(p * (1 - p))), prob)
names <- c("mu", "sigma", sprintf("effect[%s]", found), "number", sprintf("P(active[%s] = 1)", term))
write_reference(names, all[1, ], all[2, ], rep(0, ncol(all)), sprintf("closed form given sigma, an integral over sigma; log evidence %.3f", evidence))

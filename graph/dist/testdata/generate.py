#!/usr/bin/python3
"""Writes reference.tsv and truncated.tsv from cases.txt and truncations.txt.

Everything is worked out with mpmath at 60 digits by the textbook definitions, and
compared with scipy.stats where that has the distribution. Run it in this folder:

    /usr/bin/python3 generate.py

Columns of reference.tsv: the row of cases.txt (name and parameters), the point, the
log density, and the logs of cdf and survival where the row has them, else "-".
"""
import math
import sys
from mpmath import (mp, mpf, inf, log, exp, sqrt, pi, gamma, loggamma, beta, besseli, ncdf, erfc, gammainc,
                    betainc, atan, cos, matrix, det, log1p, binomial, nsum)
import scipy.stats as st
import numpy as np

mp.dps = 60


def lbeta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


def student(df, z):
    return -lbeta(df / 2, mpf(1) / 2) - log(df) / 2 - (df + 1) / 2 * log(1 + z * z / df)


def student_cdf(df, t):
    half = betainc(df / 2, mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    return half if t < 0 else 1 - half


def cauchy_cdf(z):
    return mpf(1) / 2 + atan(z) / pi if z > -1 else atan(-1 / z) / pi


def normal(z):
    return -z * z / 2 - log(2 * pi) / 2


def q_gamma(a, x):
    return gammainc(a, x, inf, regularized=True)


def p_gamma(a, x):
    return gammainc(a, 0, x, regularized=True)


def gamma_pdf(x, a, r):
    return (a * log(r) - loggamma(a)) + ((a - 1) * log(x) if a != 1 else 0) - r * x


def inv_gamma(x, a, s):
    return a * log(s) - loggamma(a) - (a + 1) * log(x) - s / x


def beta_pdf(x, a, b):
    t = -lbeta(a, b)
    if a != 1:
        t += (a - 1) * log(x)
    if b != 1:
        t += (b - 1) * log1p(-x)
    return t


def beta_cdf(x, a, b):
    return betainc(a, b, 0, x, regularized=True)


def expit(x):
    return 1 / (1 + exp(-x))


def choose(n, k):
    return loggamma(n + 1) - loggamma(k + 1) - loggamma(n - k + 1)


def xlog(k, p):
    return mpf(0) if k == 0 else k * log(p)


def binom(k, n, p):
    return choose(n, k) + xlog(k, p) + xlog(n - k, 1 - p)


def negbin(k, r, p):
    return loggamma(k + r) - loggamma(k + 1) - loggamma(r) + r * log(p) + xlog(k, 1 - p)


def mv(x, mean, **m):
    k = len(x)
    if "chol" in m:
        l = matrix(k, k)
        for i in range(k):
            for j in range(i + 1):
                l[i, j] = m["chol"][i * k + j]
        cov = l * l.T
    else:
        a = matrix(k, k)
        for i in range(k):
            for j in range(k):
                a[i, j] = list(m.values())[0][i * k + j]
        cov = a if "cov" in m else a ** -1
    d = matrix([x[i] - mean[i] for i in range(k)])
    return (d.T * (cov ** -1) * d)[0], det(cov)


def mvnormal(x, mean, **m):
    q, dt = mv(x, mean, **m)
    return -q / 2 - log(dt) / 2 - len(x) * log(2 * pi) / 2


def mvstudent(x, df, mean, **m):
    q, dt = mv(x, mean, **m)
    k = len(x)
    return (loggamma((df + k) / 2) - loggamma(df / 2) - mpf(k) / 2 * log(df * pi) - log(dt) / 2
            - (df + k) / 2 * log(1 + q / df))


def car(x, mean, adjacency, alpha, precision):
    k = len(x)
    q = [mpf(0)] * (k * k)
    for i in range(k):
        for j in range(k):
            q[i * k + j] -= precision * alpha * adjacency[i * k + j]
            q[i * k + i] += precision * adjacency[i * k + j]
    return mvnormal(x, mean, precision=q)


def softmax(v, k):
    return v[k - 1] - log(sum(exp(u) for u in v))


def ordered(x, eta, cutpoints):
    k = int(x)
    up = expit(cutpoints[k - 1] - eta) if k <= len(cutpoints) else mpf(1)
    lo = expit(cutpoints[k - 2] - eta) if k > 1 else mpf(0)
    return log(up - lo)


def dirmult(x, n, concentration):
    a = sum(concentration)
    t = loggamma(n + 1) + loggamma(a) - loggamma(n + a)
    return t + sum(loggamma(k + c) - loggamma(k + 1) - loggamma(c) for k, c in zip(x, concentration))


def dirichlet(x, c):
    return loggamma(sum(c)) - sum(loggamma(a) for a in c) + sum(xlog(a - 1, v) for a, v in zip(c, x))


def walk(x, sd, start):
    t = mpf(0)
    for v in x:
        t += normal((v - start) / sd) - log(sd)
        start = v
    return t


def kum_tail(x, a, b):
    return b * log1p(-x ** a)


def square(v):
    k = int(round(math.sqrt(len(v))))
    m = matrix(k, k)
    for i in range(k):
        for j in range(k):
            m[i, j] = v[i * k + j]
    return m


def lkj_norm(eta, d):
    # Lewandowski, Kurowicka & Joe (2009), eq. 16
    t = mpf(0)
    for k in range(1, d):
        a = eta + mpf(d - k - 1) / 2
        t += (2 * eta - 2 + d - k) * (d - k) * log(2) + (d - k) * lbeta(a, a)
    return t


def lkj(x, concentration):
    m = square(x)
    return (concentration - 1) * log(det(m)) - lkj_norm(concentration, m.rows)


def lkj_cholesky(x, concentration):
    l = square(x)
    d = l.rows
    return sum((d - k - 1 + 2 * concentration - 2) * log(l[k, k]) for k in range(d)) - lkj_norm(concentration, d)


def multigamma(a, k):
    return mpf(k * (k - 1)) / 4 * log(pi) + sum(loggamma(a - mpf(j) / 2) for j in range(k))


def wishart(x, df, scale):
    x, s = square(x), square(scale)
    k = x.rows
    y = s ** -1 * x
    return ((df - k - 1) / 2 * log(det(x)) - sum(y[i, i] for i in range(k)) / 2 - df * k / 2 * log(2)
            - df / 2 * log(det(s)) - multigamma(df / 2, k))


def inv_wishart(x, df, scale):
    x, s = square(x), square(scale)
    k = x.rows
    y = s * x ** -1
    return (df / 2 * log(det(s)) - (df + k + 1) / 2 * log(det(x)) - sum(y[i, i] for i in range(k)) / 2
            - df * k / 2 * log(2) - multigamma(df / 2, k))


def spread(name, f):
    """f of a distribution whose sd (scale), called name, may also be given by a precision or a variance."""
    def g(*x, precision=None, variance=None, **k):
        if precision is not None:
            k[name] = 1 / precision ** (mpf(1) / 2 if isinstance(precision, mpf) else 0.5)
        if variance is not None:
            k[name] = variance ** (mpf(1) / 2 if isinstance(variance, mpf) else 0.5)
        return f(*x, **k)
    return g


def scaled(f):
    """f of a Wishart distribution whose scale matrix may also be given by its inverse."""
    def g(*x, inverse_scale=None, **k):
        if inverse_scale is not None:
            m = square(inverse_scale) ** -1
            t = mpf if isinstance(inverse_scale[0], mpf) else float
            k["scale"] = [t(m[i, j]) for i in range(m.rows) for j in range(m.rows)]
        return f(*x, **k)
    return g


# name: log density, cdf, survival, scipy's
half = mpf(1) / 2
D = {
    "Normal": (lambda x, mean, sd: normal((x - mean) / sd) - log(sd),
               lambda x, mean, sd: ncdf((x - mean) / sd), lambda x, mean, sd: ncdf((mean - x) / sd),
               lambda mean, sd: st.norm(mean, sd)),
    "HalfNormal": (lambda x, sd: log(2) + normal(x / sd) - log(sd),
                   lambda x, sd: 1 - 2 * ncdf(-x / sd), lambda x, sd: 2 * ncdf(-x / sd), lambda sd: st.halfnorm(0, sd)),
    "LogNormal": (lambda x, location, scale: normal((log(x) - location) / scale) - log(scale) - log(x),
                  lambda x, location, scale: ncdf((log(x) - location) / scale),
                  lambda x, location, scale: ncdf((location - log(x)) / scale),
                  lambda location, scale: st.lognorm(scale, 0, math.exp(location))),
    "StudentT": (lambda x, df, mean, scale: student(df, (x - mean) / scale) - log(scale),
                 lambda x, df, mean, scale: student_cdf(df, (x - mean) / scale),
                 lambda x, df, mean, scale: student_cdf(df, (mean - x) / scale),
                 lambda df, mean, scale: st.t(df, mean, scale)),
    "HalfStudentT": (lambda x, df, scale: log(2) + student(df, x / scale) - log(scale),
                     lambda x, df, scale: 1 - 2 * student_cdf(df, -x / scale) if x > 0 else mpf(0),
                     lambda x, df, scale: 2 * student_cdf(df, -x / scale) if x > 0 else mpf(1), None),
    "Cauchy": (lambda x, location, scale: -log(pi * scale) - log(1 + ((x - location) / scale) ** 2),
               lambda x, location, scale: cauchy_cdf((x - location) / scale),
               lambda x, location, scale: cauchy_cdf((location - x) / scale), lambda location, scale: st.cauchy(location, scale)),
    "HalfCauchy": (lambda x, scale: log(2) - log(pi * scale) - log(1 + (x / scale) ** 2),
                   lambda x, scale: 2 * atan(x / scale) / pi, lambda x, scale: 2 * cauchy_cdf(-x / scale),
                   lambda scale: st.halfcauchy(0, scale)),
    "Laplace": (lambda x, mean, scale: -abs(x - mean) / scale - log(2 * scale),
                lambda x, mean, scale: exp((x - mean) / scale) / 2 if x < mean else 1 - exp((mean - x) / scale) / 2,
                lambda x, mean, scale: exp((mean - x) / scale) / 2 if x > mean else 1 - exp((x - mean) / scale) / 2,
                lambda mean, scale: st.laplace(mean, scale)),
    "Logistic": (lambda x, location, scale: -(x - location) / scale - 2 * log(1 + exp(-(x - location) / scale)) - log(scale),
                 lambda x, location, scale: expit((x - location) / scale),
                 lambda x, location, scale: expit((location - x) / scale), lambda location, scale: st.logistic(location, scale)),
    "Gumbel": (lambda x, location, scale: -(x - location) / scale - exp((location - x) / scale) - log(scale),
               lambda x, location, scale: exp(-exp((location - x) / scale)),
               lambda x, location, scale: 1 - exp(-exp((location - x) / scale)),
               lambda location, scale: st.gumbel_r(location, scale)),
    "Exponential": (lambda x, rate: log(rate) - rate * x, lambda x, rate: -mp.expm1(-rate * max(x, 0)),
                    lambda x, rate: exp(-rate * max(x, 0)), lambda rate: st.expon(0, 1 / rate)),
    "Gamma": (lambda x, shape, rate: gamma_pdf(x, shape, rate), lambda x, shape, rate: p_gamma(shape, rate * x),
              lambda x, shape, rate: q_gamma(shape, rate * x), lambda shape, rate: st.gamma(shape, 0, 1 / rate)),
    "InvGamma": (lambda x, shape, scale: inv_gamma(x, shape, scale), lambda x, shape, scale: q_gamma(shape, scale / x),
                 lambda x, shape, scale: p_gamma(shape, scale / x), lambda shape, scale: st.invgamma(shape, 0, scale)),
    "ChiSquared": (lambda x, df: gamma_pdf(x, df / 2, half), lambda x, df: p_gamma(df / 2, x / 2),
                   lambda x, df: q_gamma(df / 2, x / 2), lambda df: st.chi2(df)),
    "InvChiSquared": (lambda x, df: inv_gamma(x, df / 2, half), lambda x, df: q_gamma(df / 2, 1 / (2 * x)),
                      lambda x, df: p_gamma(df / 2, 1 / (2 * x)), lambda df: st.invgamma(df / 2, 0, 0.5)),
    "Weibull": (lambda x, shape, scale: log(shape / scale) + (shape - 1) * log(x / scale) - (x / scale) ** shape,
                lambda x, shape, scale: -mp.expm1(-(x / scale) ** shape), lambda x, shape, scale: exp(-(x / scale) ** shape),
                lambda shape, scale: st.weibull_min(shape, 0, scale)),
    "Pareto": (lambda x, minimum, shape: log(shape) + shape * log(minimum) - (shape + 1) * log(x),
               lambda x, minimum, shape: 1 - (minimum / x) ** shape, lambda x, minimum, shape: (minimum / x) ** shape,
               lambda minimum, shape: st.pareto(shape, 0, minimum)),
    "Frechet": (lambda x, shape, scale: log(shape / scale) - (shape + 1) * log(x / scale) - (x / scale) ** -shape,
                lambda x, shape, scale: exp(-(x / scale) ** -shape), lambda x, shape, scale: -mp.expm1(-(x / scale) ** -shape),
                lambda shape, scale: st.invweibull(shape, 0, scale)),
    "Rayleigh": (lambda x, scale: log(x) - 2 * log(scale) - (x / scale) ** 2 / 2,
                 lambda x, scale: -mp.expm1(-(x / scale) ** 2 / 2), lambda x, scale: exp(-(x / scale) ** 2 / 2),
                 lambda scale: st.rayleigh(0, scale)),
    "Beta": (lambda x, alpha, beta: beta_pdf(x, alpha, beta), lambda x, alpha, beta: beta_cdf(x, alpha, beta),
             lambda x, alpha, beta: beta_cdf(1 - x, beta, alpha), lambda alpha, beta: st.beta(alpha, beta)),
    "BetaMeanPrecision": (lambda x, mean, precision: beta_pdf(x, mean * precision, (1 - mean) * precision),
                          lambda x, mean, precision: beta_cdf(x, mean * precision, (1 - mean) * precision),
                          lambda x, mean, precision: beta_cdf(1 - x, (1 - mean) * precision, mean * precision),
                          lambda mean, precision: st.beta(mean * precision, (1 - mean) * precision)),
    "Kumaraswamy": (lambda x, a, b: log(a * b) + (a - 1) * log(x) + (b - 1) * log1p(-x ** a),
                    lambda x, a, b: -mp.expm1(kum_tail(x, a, b)), lambda x, a, b: exp(kum_tail(x, a, b)), None),
    "Uniform": (lambda x, lower, upper: -log(upper - lower),
                lambda x, lower, upper: (min(x, upper) - lower) / (upper - lower),
                lambda x, lower, upper: (upper - min(x, upper)) / (upper - lower),
                lambda lower, upper: st.uniform(lower, upper - lower)),
    "SkewNormal": (lambda x, location, scale, shape: log(2 / scale) + normal((x - location) / scale)
                   + log(ncdf(shape * (x - location) / scale)), None, None,
                   lambda location, scale, shape: st.skewnorm(shape, location, scale)),
    "VonMises": (lambda x, mean, concentration: concentration * cos(x - mean) - log(2 * pi) - log(besseli(0, concentration)),
                 None, None, lambda mean, concentration: st.vonmises(concentration, mean)),
    "Wald": (lambda x, mean, shape: log(shape / (2 * pi * x ** 3)) / 2 - shape * (x - mean) ** 2 / (2 * mean ** 2 * x),
             None, None, lambda mean, shape: st.invgauss(mean / shape, 0, shape)),
    "Bernoulli": (lambda x, p=None, logit=None: log(p if x else 1 - p) if p is not None else -log(1 + exp(-logit if x else logit)),
                  None, None, lambda p=None, logit=None: st.bernoulli(p) if p is not None else None),
    "Binomial": (lambda x, n, p=None, logit=None: binom(x, n, p if p is not None else expit(logit)),
                 lambda x, n, p=None, logit=None: sum((exp(binom(j, n, p if p is not None else expit(logit))) for j in range(int(x) + 1)), mpf(0)),
                 lambda x, n, p=None, logit=None: sum((exp(binom(j, n, p if p is not None else expit(logit))) for j in range(int(x) + 1, int(n) + 1)), mpf(0)),
                 lambda n, p=None, logit=None: st.binom(n, p) if p is not None else None),
    "BetaBinomial": (lambda x, n, alpha, beta: choose(n, x) + lbeta(x + alpha, n - x + beta) - lbeta(alpha, beta), None, None,
                     lambda n, alpha, beta: st.betabinom(n, alpha, beta)),
    "Poisson": (lambda x, rate=None, log_rate=None: x * (log(rate) if rate is not None else log_rate)
                - (rate if rate is not None else exp(log_rate)) - loggamma(x + 1),
                lambda x, rate=None, log_rate=None: q_gamma(x + 1, rate if rate is not None else exp(log_rate)) if x >= 0 else mpf(0),
                lambda x, rate=None, log_rate=None: p_gamma(x + 1, rate if rate is not None else exp(log_rate)) if x >= 0 else mpf(1),
                lambda rate=None, log_rate=None: st.poisson(rate) if rate is not None else None),
    "NegBinomial": (lambda x, size=None, p=None, mean=None, dispersion=None:
                    negbin(x, size, p) if size is not None else negbin(x, dispersion, dispersion / (mean + dispersion)),
                    lambda x, size=None, p=None, mean=None, dispersion=None: negbin_cdf(x, size or dispersion, p if p is not None else dispersion / (mean + dispersion)),
                    lambda x, size=None, p=None, mean=None, dispersion=None: 1 - negbin_cdf(x, size or dispersion, p if p is not None else dispersion / (mean + dispersion)),
                    lambda size=None, p=None, mean=None, dispersion=None: st.nbinom(size, p) if size is not None else None),
    "Geometric": (lambda x, p: log(p) + x * log1p(-p), lambda x, p: 1 - (1 - p) ** (x + 1), lambda x, p: (1 - p) ** (x + 1),
                  lambda p: st.geom(p, -1)),
    "Categorical": (lambda x, p=None, logit=None: log(p[int(x) - 1]) if p else softmax(logit, int(x)), None, None, None),
    "OrderedLogistic": (ordered, None, None, None),
    "DiscreteUniform": (lambda x, lower, upper: -log(upper - lower + 1), lambda x, lower, upper: (x - lower + 1) / (upper - lower + 1),
                        lambda x, lower, upper: (upper - x) / (upper - lower + 1), lambda lower, upper: st.randint(lower, upper + 1)),
    "HyperGeometric": (lambda x, population, successes, draws: choose(successes, x) + choose(population - successes, draws - x)
                       - choose(population, draws), None, None,
                       lambda population, successes, draws: st.hypergeom(population, successes, draws)),
    "MvNormal": (mvnormal, None, None, lambda mean, cov=None, **k: cov and st.multivariate_normal(mean, np.reshape(cov, (len(mean), -1)))),
    "MvStudentT": (mvstudent, None, None, lambda df, mean, cov=None, **k: cov and st.multivariate_t(mean, np.reshape(cov, (len(mean), -1)), df)),
    "Dirichlet": (lambda x, concentration: dirichlet(x, concentration), None, None, None),
    "Multinomial": (lambda x, n, p: loggamma(n + 1) + sum(xlog(k, q) - loggamma(k + 1) for k, q in zip(x, p)), None, None,
                    lambda n, p: st.multinomial(n, p)),
    "DirichletMultinomial": (dirmult, None, None, None),
    "GaussianRandomWalk": (walk, None, None, None),
    "CAR": (car, None, None, None),
    "LKJ": (lkj, None, None, None),
    "LKJCholesky": (lkj_cholesky, None, None, None),
    "Wishart": (wishart, None, None, lambda df, scale: MatrixDensity(st.wishart(df, to_square(scale)))),
    "InvWishart": (inv_wishart, None, None, lambda df, scale: MatrixDensity(st.invwishart(df, to_square(scale)))),
}

for name, parameter in (("Normal", "sd"), ("LogNormal", "scale"), ("StudentT", "scale")):
    D[name] = tuple(spread(parameter, f) for f in D[name])
D["Wishart"] = tuple(f and scaled(f) for f in D["Wishart"])


def to_square(v):
    return np.reshape(v, (int(round(math.sqrt(len(v)))), -1))


class MatrixDensity:
    def __init__(self, frozen):
        self.frozen = frozen

    def logpdf(self, x):
        return self.frozen.logpdf(to_square(x))


def negbin_cdf(x, r, p):
    return sum((exp(negbin(mpf(j), r, p)) for j in range(int(x) + 1)), mpf(0))


DISCRETE = {"Bernoulli", "Binomial", "BetaBinomial", "Poisson", "NegBinomial", "Geometric", "DiscreteUniform", "HyperGeometric", "Multinomial"}


def number(s, f):
    v = [f(float(t)) for t in s.split(",")]
    return v if "," in s else v[0]


def parse(line):
    parts = [p.strip() for p in line.split(":")]
    name, *ps = parts[0].split()
    return parts, name, lambda f: {k: number(v, f) for k, v in (p.split("=") for p in ps)}


def rows(path):
    for line in open(path):
        if line.strip() and not line.startswith("#"):
            yield parse(line)


def show(v):
    return mp.nstr(v, 20, min_fixed=0, max_fixed=0)


def show_log(v):
    return "-inf" if v == 0 else show(log(v)) if v > 0 else "-"


def crosscheck(name, head, point, want, frozen, params):
    if frozen is None or not (d := frozen(**params(float))):
        return
    x = number(point, float)
    got = d.logpmf(x) if name in DISCRETE else d.logpdf(x)
    if not math.isfinite(got):
        return  # scipy overflows in some tails
    if abs(float(got) - float(want)) > 1e-6 * max(1, abs(float(want))):
        sys.exit(f"{head} at {point}: scipy has {got}, mpmath {want}")


def main():
    with open("reference.tsv", "w") as out:
        for parts, name, params in rows("cases.txt"):
            f, cdf, sf, frozen = D[name]
            for point in parts[1].split():
                x, p = number(point, mpf), params(mpf)
                v = f(x, **p)
                crosscheck(name, parts[0], point, v, frozen, params)
                c = [show_log(g(x, **p)) if g else "-" for g in (cdf, sf)]
                print("\t".join([parts[0], point, show(v)] + c), file=out)
    with open("truncated.tsv", "w") as out:
        for parts, name, params in rows("truncations.txt"):
            f, cdf, sf, _ = D[name]
            p = params(mpf)
            lo, hi = (mpf(t) for t in parts[1].split())
            below = lo - 1 if name in DISCRETE else lo
            left = (cdf(hi, **p) if hi < inf else 1) - (cdf(below, **p) if lo > -inf else 0)
            right = (sf(below, **p) if lo > -inf else 1) - (sf(hi, **p) if hi < inf else 0)
            by_left = hi < inf and (lo == -inf or cdf(hi, **p) < mpf(1) / 2)
            mass = left if by_left else right
            for point in parts[2].split():
                print("\t".join([parts[0], parts[1], point, show(f(mpf(float(point)), **p) - log(mass))]), file=out)


main()

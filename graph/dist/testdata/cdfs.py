#!/usr/bin/python3
"""Fills the columns of reference.tsv that generate.py leaves empty: logs of cdf and survival
of distributions whose cdf is an integral or a sum, with nothing but the standard library.

Integrals of densities are double exponential quadratures in decimals; sums are of
products of decimals. Run it in this folder after generate.py:

    python3 cdfs.py
"""
from decimal import Decimal as D, getcontext

getcontext().prec = 60
H = D(1) / 32


def machin(k):
    """arctan(1/k)"""
    term = total = D(1) / k
    i = 1
    while abs(term) > D(10) ** -65:
        i += 2
        term = -term / (k * k)
        total += term / i
    return total


PI = 16 * machin(5) - 4 * machin(239)


def line(*nodes):
    return [D(v) for v in nodes]


def sinh_cosh(t):
    e = t.exp()
    return (e - 1 / e) / 2, (e + 1 / e) / 2


def upward(f, start, scale):
    """The integral of f over (start, oo)."""
    total = D(0)
    for i in range(-150, 151):
        s, c = sinh_cosh(H * i)
        u = scale * (PI / 2 * s).exp()
        total += f(start + u) * u * c
    return total * H * PI / 2


def between(f, lo, hi):
    total = D(0)
    for i in range(-140, 141):
        s, c = sinh_cosh(H * i)
        e = (-PI * s).exp()
        u = 1 / (1 + e)
        total += f(lo + (hi - lo) * u) * u * (e / (1 + e)) * c
    return total * H * PI * (hi - lo)


def phi(z):
    return (-z * z / 2).exp() / (2 * PI).sqrt()


def upper_tail(z):
    """1 - Phi(z) for z > 0: a series of positive terms, or Laplace's continued fraction."""
    if z > 6:
        r = z
        for k in range(400, 0, -1):
            r = z + k / r
        return phi(z) / r
    term = total = z
    k = 1
    while term > D(10) ** -65:
        term = term * z * z / (2 * k + 1)
        total += term
        k += 1
    return D(1) / 2 - phi(z) * total


def ncdf(z):
    return upper_tail(-z) if z < 0 else 1 - upper_tail(z)


def cos(x):
    x = x % (2 * PI)
    term = total = D(1)
    k = 0
    while abs(term) > D(10) ** -65:
        k += 2
        term = -term * x * x / (k * (k - 1))
        total += term
    return total


def skew_normal(x, location, scale, shape):
    z = (x - location) / scale
    if z < 0:  # of the shorter tail; the decimals have digits enough for the other
        lower = upward(lambda t: 2 * phi(t) * ncdf(-shape * t), -z, D(1) / (1 - z))
        return lower, 1 - lower
    upper = upward(lambda t: 2 * phi(t) * ncdf(shape * t), z, D(1) / (1 + z))
    return 1 - upper, upper


def von_mises(x, mean, concentration):
    f = lambda t: (concentration * (cos(t - mean) - 1)).exp()
    cuts = sorted([-PI, x, PI] + [m for m in (mean, mean + PI, mean - PI) if -PI < m < PI and m != x])
    lower = sum(between(f, a, b) for a, b in zip(cuts, cuts[1:]) if b <= x)
    upper = sum(between(f, a, b) for a, b in zip(cuts, cuts[1:]) if a >= x)
    return lower / (lower + upper), upper / (lower + upper)


def wald(x, mean, shape):
    f = lambda t: (shape / (2 * PI * t ** 3)).sqrt() * (-shape * (t - mean) ** 2 / (2 * mean ** 2 * t)).exp()
    return between(f, D(0), x), upward(f, x, mean * mean / shape)


def expit(x):
    return 1 / (1 + (-x).exp())


def summed(masses, first, x):
    return sum(masses[: int(x) - first + 1], D(0)), sum(masses[int(x) - first + 1:], D(0))


def bernoulli(x, p=None, logit=None):
    q, r = (p, 1 - p) if p is not None else (expit(logit), expit(-logit))
    return summed([r, q], 0, x)


def categorical(x, p=None, logit=None):
    w = p if p is not None else [v.exp() for v in logit]
    return summed([v / sum(w) for v in w], 1, x)


def ordered_logistic(x, eta, cutpoints):
    if x > len(cutpoints):
        return D(1), D(0)
    d = cutpoints[int(x) - 1] - eta
    return expit(d), expit(-d)


def choose(n, k):
    c = D(1)
    for i in range(int(k)):
        c = c * (n - i) / (i + 1)
    return c


def rising(a, k):
    c = D(1)
    for i in range(int(k)):
        c *= a + i
    return c


def beta_binomial(x, n, alpha, beta):
    return summed([choose(n, k) * rising(alpha, k) * rising(beta, int(n) - k) / rising(alpha + beta, n) for k in range(int(n) + 1)], 0, x)


def hypergeometric(x, population, successes, draws):
    return summed([choose(successes, k) * choose(population - successes, int(draws) - k) / choose(population, draws) for k in range(int(draws) + 1)], 0, x)


CDF = {"SkewNormal": skew_normal, "VonMises": von_mises, "Wald": wald, "Bernoulli": bernoulli, "Categorical": categorical,
       "OrderedLogistic": ordered_logistic, "BetaBinomial": beta_binomial, "HyperGeometric": hypergeometric}
VECTORS = {"p": ("Categorical",), "logit": ("Categorical",), "cutpoints": ("OrderedLogistic",)}


def log(v):
    return "-inf" if v <= 0 else "{:.20g}".format(v.ln())


def main():
    out = []
    for row in open("reference.tsv").read().splitlines():
        f = row.split("\t")
        words = f[0].split()
        if not row.startswith("#") and words and words[0] in CDF and len(f) >= 5:
            args = {}
            for w in words[1:]:
                k, v = w.split("=")
                args[k] = line(*v.split(",")) if words[0] in VECTORS.get(k, ()) else D(v)
            lower, upper = CDF[words[0]](D(f[1]), **args)
            f[3], f[4] = log(lower), log(upper)
            row = "\t".join(f)
        out.append(row)
    open("reference.tsv", "w").write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes reference.tsv: Pareto-smoothed importance sampling written down anew
from the published algorithm (Vehtari, Simpson, Gelman, Yao & Gabry 2024,
Algorithm 1 and appendix G; Zhang & Stephens 2009, section 4), with numpy.

    /usr/bin/python3 generate.py > reference.tsv

The inputs are formulas in u_i = frac((i + 1/2) phi), i = 0 .. n-1, phi the
golden ratio's fractional part, so that the test makes the same ones:

    gpd       a k n        the fit to (a/k) ((1-u)^-k - 1)     khat, sigma
    exponential 0 r n      log ratios r (-log u)               khat, ess, log of the largest weight,
    normal    m s n        log ratios -(z-m)^2/2s^2 + z^2/2,   weighted mean of u and its MCSE
                           z = log(u/(1-u)) (any number does)
"""
import numpy as np

PHI = 0.6180339887498949


def uniforms(n):
    return ((np.arange(n) + 0.5) * PHI) % 1.0


def gpdfit(x):
    x = np.sort(x)
    n = len(x)
    m = 30 + int(np.floor(np.sqrt(n)))
    xstar = x[int(np.floor(n / 4 + 0.5)) - 1]
    jj = np.arange(1, m + 1)
    theta = 1 / x[-1] + (1 - np.sqrt(m / (jj - 0.5))) / (3 * xstar)
    k = np.mean(np.log1p(-theta[:, None] * x[None, :]), axis=1)
    lik = n * (np.log(-theta / k) - k - 1)
    # The weights by the ratio formula of the paper, not by a softmax.
    w = np.array([1 / np.sum(np.exp(lik - l)) for l in lik])
    that = np.sum(theta * w)
    k = np.mean(np.log1p(-that * x))
    sigma = -k / that
    return (n * k + 5) / (n + 10), sigma


def psis(lr):
    lr = lr - lr.max()
    s = len(lr)
    m = int(np.ceil(min(s / 5, 3 * np.sqrt(s))))
    order = np.argsort(lr, kind="stable")
    tail, cut = order[-m:], np.exp(lr[order[-m - 1]])
    k, sigma = gpdfit(np.exp(lr[tail]) - cut)
    p = (np.arange(1, m + 1) - 0.5) / m
    out = lr.copy()
    out[tail] = np.minimum(np.log(cut + sigma * ((1 - p) ** -k - 1) / k), 0)
    w = np.exp(out)
    return w / w.sum(), k


def row(*cells):
    print("\t".join(c if isinstance(c, str) else repr(float(c)) for c in cells))


for n in (20, 100, 1000):
    for k in (-1.2, -0.3, 0.05, 0.5, 0.9, 1.6):
        for a in (0.01, 7.0):
            u = uniforms(n)
            row("gpd", a, k, n, *gpdfit(a / k * ((1 - u) ** -k - 1)))

cases = [("exponential", 0, r, n) for r in (0.2, 0.5, 0.8, 1.1, -1.0) for n in (100, 1000, 8000)]
cases += [("normal", m, s, n) for m, s in ((0, 0.8), (0.7, 1.3), (2, 1), (-3, 0.2)) for n in (60, 1000, 8000)]
for name, a, b, n in cases:
    u = uniforms(n)
    if name == "exponential":
        lr = b * -np.log(u)
    else:
        z = np.log(u / (1 - u))
        lr = -((z - a) ** 2) / (2 * b * b) + z * z / 2
    w, k = psis(lr)
    mean = np.sum(w * u)
    row(name, a, b, n, k, 1 / np.sum(w * w), np.log(w.max()), mean, np.sqrt(np.sum(w**2 * (u - mean) ** 2)))

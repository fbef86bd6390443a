"""Writes reference.tsv: values of the functions at 60 digits, for accuracy_test.go.

Run as: /usr/bin/python3 generate.py > reference.tsv
"""
import random
from mpmath import mp, mpf, exp, log, log1p, expm1, tanh, sin, cos, erf, erfc, sqrt

mp.dps = 400
random.seed(20240607)


def phi(x):
    return erfc(-x / sqrt(mpf(2))) / 2


def softplus(x):
    return x + log1p(exp(-x)) if x > 0 else log1p(exp(x))


def inv_logit(x):
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


wide = [random.uniform(-745, 709) for _ in range(150)]
middle = [random.gauss(0, 3) for _ in range(150)] + [random.uniform(-1, 1) for _ in range(60)]
tiny = [random.choice([-1, 1]) * random.uniform(1, 2) * 2.0 ** -random.randrange(1, 1070) for _ in range(80)]
positive = [abs(v) for v in tiny] + [random.uniform(1, 2) * 2.0 ** random.randrange(-1074, 1023) for _ in range(150)]
around = [1 + random.choice([-1, 1]) * 2.0 ** -random.randrange(1, 53) for _ in range(80)] + [random.uniform(0.5, 2) for _ in range(100)]
bottom = [random.uniform(-745.2, -708) for _ in range(40)] + [-745.1332191019411, -708.3964185322641, -745.13]
top = [random.uniform(709, 709.78) for _ in range(20)] + [709.782712893384, 709.78]
quarter = [float(mpf(k) * mp.pi / 2) for k in [1, 2, 3, 4, 5, 7, 10, 11, 100, 101, 1000, 12345, 99999, 1000003, 2 ** 25 + 1, 600000000]]
angles = middle + tiny + quarter + [random.uniform(-1e4, 1e4) for _ in range(100)] + [random.uniform(-1, 1) * 2 ** 30 for _ in range(100)]
sixths = [mpf(n) / 64 for n in range(-40, 41)]

table = {
    "exp": (exp, wide + middle + tiny + bottom + top),
    "log": (log, positive + around),
    "log1p": (log1p, [v for v in middle + tiny + positive + around if v > -1] + [-1 + 2.0 ** -k for k in range(1, 53)]),
    "expm1": (expm1, wide + middle + tiny + top + [float(v) for v in sixths]),
    "tanh": (tanh, middle + tiny + [random.uniform(-25, 25) for _ in range(100)]),
    "inv_logit": (inv_logit, wide + middle + tiny + bottom),
    "softplus": (softplus, wide + middle + tiny + bottom),
    "log_inv_logit": (lambda x: -softplus(-x), wide + middle + tiny + [-v for v in bottom]),
    "sin": (sin, angles),
    "cos": (cos, angles),
    "erf": (erf, middle + tiny + [random.uniform(-6, 6) for _ in range(150)]),
    "Phi": (phi, middle + [random.uniform(-38.5, 9) for _ in range(250)] + [random.uniform(-3, 3) for _ in range(150)]),
}
for name, (f, points) in table.items():
    for x in points:
        print(f"{name}\t{float(x)!r}\t{float(f(mpf(float(x))))!r}")

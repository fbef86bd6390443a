#!/usr/bin/env bash
# Sets the gradient of the ELBO beside limit.c, both measured in this sitting, on one core.
# Prints `ratio NAME PARTICLES VALUE` (ns per particle-gradient over limit.c's ns per gradient; below 1 is faster than the
# hand-written loop) and the allocations of each, then `compile NAME VALUE ms`, the time from the text to the first
# gradient, and `memory NAME VALUE MB`, the most memory that a whole fit of a large problem takes. LIMIT names limit.c;
# ../shared/bench/limit.c is the default.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=${LIMIT:-../shared/bench/limit.c}
[ -e "$limit" ] || { echo "no $limit: nothing to compare with"; exit 0; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# limit.c by processor time: the machine is shared, and its blocks are longer than a turn on a core.
sed 's/CLOCK_MONOTONIC/CLOCK_THREAD_CPUTIME_ID/' "$limit" >"$scratch/limit.c"
gcc -O3 -march=native -mprefer-vector-width=512 -ffast-math "$scratch/limit.c" -o "$scratch/limit" -lm
go test -c -o "$scratch/bench" ./bench
# Some rounds of both (ROUNDS, 3 unless told), taking the minimum of each, here the least of short runs: speed drifts.
for round in $(seq ${ROUNDS:-3}); do
  "$scratch/limit" | awk '{for (i = 1; i < NF; i++) if ($i == "min") print $1, $(i + 1)}' >>"$scratch/limits"
  (cd bench && "$scratch/bench" -test.run '^$' -test.bench Gradient -test.benchtime "${BENCHTIME:-200ms}" -test.cpu 1) >>"$scratch/times"
done
awk '
  FNR == NR { if (!($1 in limit) || $2 < limit[$1]) limit[$1] = $2; next }
  /^BenchmarkGradient/ {
    split($1, part, "/")
    key = part[2] " " part[3]
    for (i = 2; i < NF; i++) {
      if ($(i + 1) == "ns/particle" && (!(key in best) || $i < best[key])) best[key] = $i
      if ($(i + 1) == "allocs/op") allocs[key] = $i
    }
    if (!(key in seen)) { seen[key] = 1; order[++n] = key }
  }
  END {
    for (i = 1; i <= n; i++) {
      split(order[i], part, " ")
      of = part[1]
      sub("_direct", "", of)   # the same model without sufficient statistics
      sub("_discrete", "", of) # the same model, not summed out by hand
      if (!(of in limit)) { # limit.c has no such model
        printf "time %s %s %.0f ns per particle, %s allocations\n", part[1], part[2], best[order[i]], allocs[order[i]]
        continue
      }
      printf "ratio %s %s %.3f  (%.0f ns, limit.c %.0f ns, %s allocations)\n", part[1], part[2], best[order[i]] / limit[of], best[order[i]], limit[of], allocs[order[i]]
    }
  }' "$scratch/limits" "$scratch/times"

(cd bench && "$scratch/bench" -test.run '^TestTextToFirstGradient$' -test.v) | sed -n 's/.*: compile/compile/p'

for name in linear_1m hierarchy_10k logistic_100k; do
  (cd bench && "$scratch/bench" -test.run '^TestMemory$' -test.v -memory "$name") | sed -n 's/.*: memory/memory/p' || echo "$name failed"
done

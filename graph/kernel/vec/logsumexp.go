package vec

import "math"

// LogSumExp reduces over k slabs of n elements, slab s at x[s·stride:]: out[i] = log Σₛ exp(x[s·stride+i]).
// For k rows of p particles n and stride are p. It is safe for values of any size: −Inf of nothing
// but −Inf, +Inf of any +Inf, NaN of any NaN. The error is 3 ulp of max(1, |out|, |largest|).
func LogSumExp(out, x []float64, k, n, stride int) {
	logSumExp(out, nil, x, k, n, stride)
}

// Softmax is LogSumExp that writes the weights too: w[s·stride+i] = exp(x[s·stride+i] − out[i]). They
// sum to one, are 0 where x is −Inf, and NaN where out is +Inf. w may be x.
func Softmax(out, w, x []float64, k, n, stride int) {
	if k > 0 {
		w = w[:(k-1)*stride+n]
	}
	logSumExp(out, w, x, k, n, stride)
}

func logSumExp(out, w, x []float64, k, n, stride int) {
	out = out[:n]
	if n == 0 {
		return
	}
	if k == 0 {
		fill(out, negInf)
		return
	}
	x = x[:(k-1)*stride+n]
	switch f, g := native[level].logSumExp, native[level].softmax; {
	case f != nil && w == nil:
		f(still(&out[0]), still(&x[0]), k, n, stride*8)
	case g != nil && w != nil:
		g(still(&out[0]), still(&w[0]), still(&x[0]), k, n, stride*8)
	default:
		portableLogSumExp(out, w, x, k, stride)
	}
}

// portableLogSumExp reduces a stretch of columns at a time, and writes the weights where there is a
// place for them.
func portableLogSumExp(out, w, x []float64, k, stride int) {
	var tops, sums, buffer [stretch]float64
	for i := 0; i < len(out); i += stretch {
		n := min(stretch, len(out)-i)
		top, sum, e := tops[:n], sums[:n], buffer[:n]
		copy(top, x[i:])
		for s := 1; s < k; s++ {
			for j, v := range x[s*stride+i:][:n] {
				top[j] = max(top[j], v)
			}
		}
		for j, v := range top { // so that x − top is −Inf, not NaN, for x = −Inf
			top[j] = max(-math.MaxFloat64, min(math.MaxFloat64, v))
		}
		clear(sum)
		for s := range k {
			if w != nil {
				e = w[s*stride+i:][:n]
			}
			subVV(e, x[s*stride+i:], top)
			expV(e, e)
			addVV(sum, sum, e)
		}
		logs := buffer[:n]
		logV(logs, sum)
		addVV(out[i:][:n], top, logs)
		if w == nil {
			continue
		}
		for j, v := range sum {
			if v != 0 {
				sum[j] = 1 / v
			}
		}
		for s := range k {
			e = w[s*stride+i:][:n]
			mulVV(e, e, sum)
		}
	}
}

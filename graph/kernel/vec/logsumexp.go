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
		for i := range out {
			out[i] = logSumExpColumn(w, x, i, stride)
		}
	}
}

// logSumExpColumn reduces x[i], x[i+stride], … and writes the weights where there is a place for them.
func logSumExpColumn(w, x []float64, i, stride int) float64 {
	m := negInf
	for j := i; j < len(x); j += stride {
		m = max(m, x[j])
	}
	m = max(-math.MaxFloat64, min(math.MaxFloat64, m)) // so that x − m is −Inf, not NaN, for x = −Inf
	z := 0.0
	for j := i; j < len(x); j += stride {
		e := exp(x[j] - m)
		z += e
		if w != nil {
			w[j] = e
		}
	}
	if w != nil {
		scale := 0.0
		if z != 0 {
			scale = 1 / z
		}
		for j := i; j < len(w); j += stride {
			w[j] *= scale
		}
	}
	return m + log(z)
}

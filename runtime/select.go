package runtime

import "math"

// quantiles are those of draws at rising probabilities p (type 7 of Hyndman &
// Fan 1996), NaN where a draw is. It reorders the draws: a few order statistics
// take a fraction of the time of sorting.
func quantiles(draws []float64, p ...float64) []float64 {
	out := make([]float64, len(p))
	n, from := len(draws), 0
	for _, v := range draws {
		if math.IsNaN(v) {
			for k := range out {
				out[k] = math.NaN()
			}
			return out
		}
	}
	for k, p := range p {
		h := p * float64(n-1)
		i := int(h)
		place(draws, from, i)
		from = i
		out[k] = draws[i]
		if i+1 == n {
			continue
		}
		next := math.Inf(1)
		for _, v := range draws[i+1:] {
			next = math.Min(next, v)
		}
		if next != draws[i] {
			out[k] += (h - float64(i)) * (next - draws[i])
		}
	}
	return out
}

// place reorders x[from:] so that x[i] is what sorting would put there, nothing
// before it in that range larger and nothing after it smaller (Hoare's FIND).
func place(x []float64, from, i int) {
	lo, hi := from, len(x)-1
	for lo < hi {
		pivot := median(x[lo], x[lo+(hi-lo)/2], x[hi])
		a, b := lo, hi
		for a <= b {
			for x[a] < pivot {
				a++
			}
			for pivot < x[b] {
				b--
			}
			if a <= b {
				x[a], x[b] = x[b], x[a]
				a++
				b--
			}
		}
		switch {
		case i <= b:
			hi = b
		case i >= a:
			lo = a
		default:
			return
		}
	}
}

func median(a, b, c float64) float64 {
	return math.Max(math.Min(a, b), math.Min(math.Max(a, b), c))
}

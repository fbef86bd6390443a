package runtime

import (
	"math"
	"slices"
)

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
	if inBuckets(draws, p, out) {
		return out
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

// The number of buckets, of draws that give their bounds, and of draws from which on buckets are worth it;
// and how many quantiles there are at most.
const (
	bucketCount   = 256
	bucketSample  = 32
	bucketsFrom   = 512
	bucketedRanks = 8
)

// inBuckets is quantiles by counting: the draws fall into buckets of equal width, without a branch that hangs on
// them, and those that hold a wanted rank are sorted. It reports false, having done nothing, where that would
// sort many: of few draws, or where most are in few buckets.
func inBuckets(draws, p, out []float64) bool {
	n := len(draws)
	if n < bucketsFrom || len(p) > bucketedRanks {
		return false
	}
	low, scale := bucketBounds(draws)
	if !(scale > 0) || math.IsInf(scale, 0) {
		return false
	}
	var count [bucketCount]int32
	for _, v := range draws {
		count[bucketOf(v, low, scale)]++
	}
	// Of each bucket with a wanted rank, where its draws begin among those that are sorted; −1: none.
	var begins [bucketCount]int32
	for b := range begins {
		begins[b] = -1
	}
	var buckets [2 * bucketedRanks]int
	var before [2 * bucketedRanks]int // the draws in buckets before it
	total, b, sum := 0, 0, 0
	for k := range 2 * len(p) {
		i := min(int(p[k/2]*float64(n-1))+k%2, n-1)
		if k > 1 && k%2 == 0 && p[k/2] < p[k/2-1] || i < sum {
			b, sum = 0, 0
		}
		for sum+int(count[b]) <= i {
			sum += int(count[b])
			b++
		}
		buckets[k], before[k] = b, sum
		if begins[b] < 0 {
			begins[b] = int32(total)
			total += int(count[b])
		}
	}
	if total > n/3 {
		return false
	}
	some, next := make([]float64, total), begins
	for _, v := range draws {
		if b := bucketOf(v, low, scale); begins[b] >= 0 {
			some[next[b]] = v
			next[b]++
		}
	}
	for b, from := range begins {
		if from >= 0 {
			slices.Sort(some[from:next[b]])
		}
	}
	for k, p := range p {
		h := p * float64(n-1)
		i := int(h)
		at := func(k, i int) float64 { return some[int(begins[buckets[k]])+i-before[k]] }
		out[k] = at(2*k, i)
		if i+1 == n {
			continue
		}
		if x := at(2*k+1, i+1); x != out[k] {
			out[k] += (h - float64(i)) * (x - out[k])
		}
	}
	return true
}

// bucketBounds are those of the buckets, from a few of the draws: far draws are in the first and the last.
func bucketBounds(draws []float64) (low, scale float64) {
	var some [bucketSample]float64
	for i := range some {
		some[i] = draws[i*len(draws)/bucketSample]
	}
	slices.Sort(some[:])
	low, high := some[1], some[bucketSample-2]
	wide := (high - low) / 2
	return low - wide, bucketCount / (2 * (high - low))
}

// bucketOf is the bucket of a draw; it rises with the draw.
func bucketOf(v, low, scale float64) int {
	return int(min(max((v-low)*scale, 0), bucketCount-1))
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

package sbc

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Test is what the tests of uniformity say of ranks.
type Test struct {
	// ChiSquare and ECDF are the p-values of the two tests.
	ChiSquare, ECDF float64
	// Counts are the ranks in each bin of the χ² test.
	Counts []int
	// Mean and SD are those of rank/L; 1/2 and about 0.29 if ranks are uniform.
	Mean, SD float64
}

// P is the p-value of both tests together (Bonferroni).
func (t *Test) P() float64 { return math.Min(1, 2*math.Min(t.ChiSquare, t.ECDF)) }

// Uniform tests ranks that should be uniform on 0, ..., draws.
func Uniform(ranks []int, draws int) *Test {
	t := &Test{ChiSquare: 1, ECDF: 1, Mean: math.NaN(), SD: math.NaN()}
	if len(ranks) == 0 || draws < 1 {
		return t
	}
	n := float64(len(ranks))
	t.Mean, t.SD = 0, 0
	for _, r := range ranks {
		t.Mean += float64(r) / float64(draws) / n
	}
	for _, r := range ranks {
		d := float64(r)/float64(draws) - t.Mean
		t.SD += d * d / n
	}
	t.SD = math.Sqrt(t.SD)
	t.Counts = counts(ranks, draws+1, bins(len(ranks), draws+1))
	t.ChiSquare = chiSquare(t.Counts, draws+1)
	t.ECDF = ecdf(ranks, draws+1)
	return t
}

// bins is the number of bins for n ranks of k values: at least ten ranks are
// expected in each, and there are at most twenty.
func bins(n, k int) int { return max(1, min(20, n/10, k)) }

// counts puts ranks, of k values, into bins as equal as can be.
func counts(ranks []int, k, bins int) []int {
	out := make([]int, bins)
	for _, r := range ranks {
		out[r*bins/k]++
	}
	return out
}

// chiSquare is the p-value of counts; bin b has the values r with ⌊r·bins/k⌋ = b.
func chiSquare(counts []int, k int) float64 {
	n, x := 0, 0.0
	for _, c := range counts {
		n += c
	}
	if len(counts) < 2 {
		return 1
	}
	values := make([]int, len(counts))
	for r := range k {
		values[r*len(counts)/k]++
	}
	for b, c := range counts {
		want := float64(n) * float64(values[b]) / float64(k)
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	return mathext.GammaIncRegComp(float64(len(counts)-1)/2, x/2)
}

// ecdf is the exact p-value of the smallest tail probability of the empirical
// distribution function of ranks of k values.
func ecdf(ranks []int, k int) float64 {
	n := len(ranks)
	at := make([]int, k)
	for _, r := range ranks {
		at[r]++
	}
	// tails[c] is min(P(C ≤ c), P(C ≥ c)) for C ~ Binomial(n, (r+1)/k).
	least := math.Inf(1)
	tails := make([][]float64, k-1)
	sum := 0
	for r := range k - 1 {
		tails[r] = smallerTail(n, float64(r+1)/float64(k))
		sum += at[r]
		least = math.Min(least, tails[r][sum])
	}
	if math.IsInf(least, 1) {
		return 1
	}
	return 1 - staysInside(tails, n, k, least*(1+1e-9))
}

// smallerTail gives min(P(C ≤ c), P(C ≥ c)) for each c of a binomial.
func smallerTail(n int, p float64) []float64 {
	pmf := binomial(n, p)
	out := make([]float64, n+1)
	below := 0.0
	for c := range out {
		below += pmf[c]
		out[c] = below
	}
	above := 0.0
	for c := n; c >= 0; c-- {
		above += pmf[c]
		out[c] = math.Min(out[c], above)
	}
	return out
}

// binomial gives the probabilities of 0, ..., n.
func binomial(n int, p float64) []float64 {
	out := make([]float64, n+1)
	for c := range out {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(c + 1))
		d, _ := math.Lgamma(float64(n - c + 1))
		out[c] = math.Exp(a - b - d + float64(c)*math.Log(p) + float64(n-c)*math.Log1p(-p))
	}
	return out
}

// staysInside is the probability that the number of ranks up to r has a tail
// probability above least for every r. Given that c ranks are below r, those equal
// to r are Binomial(n − c, 1/(k − r)).
func staysInside(tails [][]float64, n, k int, least float64) float64 {
	now, next := make([]float64, n+1), make([]float64, n+1)
	now[0] = 1
	for r := range tails {
		clear(next)
		q := 1 / float64(k-r)
		odds := q / (1 - q)
		for c, p := range now {
			if p == 0 {
				continue
			}
			p *= math.Exp(float64(n-c) * math.Log1p(-q))
			for j := 0; c+j <= n; j++ {
				if tails[r][c+j] > least {
					next[c+j] += p
				}
				p *= odds * float64(n-c-j) / float64(j+1)
			}
		}
		now, next = next, now
	}
	total := 0.0
	for _, p := range now {
		total += p
	}
	return math.Min(1, total)
}

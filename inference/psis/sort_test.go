package psis

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// hard are numbers of many sizes, with ties, and some that are not finite.
func hard(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		switch r.IntN(8) {
		case 0:
			x[i] = math.Round(10 * r.NormFloat64())
		case 1:
			x[i] = math.Inf(1 - 2*r.IntN(2))
		case 2:
			x[i] = math.Float64frombits(r.Uint64() &^ (1 << 62)) // below 2, and very small ones
		case 3:
			x[i] = 1 + r.Float64()*0x1p-40 // first digits in common
		default:
			x[i] = r.NormFloat64() * math.Exp(20*r.NormFloat64())
		}
	}
	return x
}

// TestSort: numbers and draws come in the order of comparisons, however many there are.
func TestSort(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for k := range 60 {
		n := r.IntN(4 * fewSorted)
		x := hard(r, n)
		if k%7 == 0 && n > 0 {
			x[r.IntN(n)] = math.NaN()
		}
		want := slices.Clone(x)
		slices.Sort(want)
		same := func(a, b float64) bool { return a == b || a != a && b != b }
		if got := slices.Clone(x); true {
			if Sort(got); !slices.EqualFunc(got, want, same) {
				t.Fatalf("%d numbers are not in order", n)
			}
		}
		for range 3 {
			if m := r.IntN(n + 1); !slices.EqualFunc(Top(x, m), want[n-m:], same) {
				t.Fatalf("not the %d largest of %d", m, n)
			}
		}
		draws := make([]Draw, n)
		for i := range draws {
			draws[i] = Draw{x[i], math.Round(3 * r.Float64())}
		}
		if k%7 == 0 {
			continue // no order
		}
		ordered := slices.Clone(draws)
		slices.SortFunc(ordered, func(a, b Draw) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.W, b.W)) })
		if sortDraws(draws); !slices.Equal(draws, ordered) {
			t.Fatalf("%d draws are not in order", n)
		}
	}
}

func BenchmarkSort(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1000, 4000, 16000} {
		x, y, d := make([]float64, n), make([]float64, n), make([]Draw, n)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		for name, sort := range map[string]func(){
			"digits":    func() { copy(y, x); Sort(y) },
			"comparing": func() { copy(y, x); slices.Sort(y) },
			"draws": func() {
				for i, v := range x {
					d[i] = Draw{v, 1}
				}
				sortDraws(d)
			},
			"top": func() { Top(x, n/40) },
		} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					sort()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/number")
			})
		}
	}
}

// TestKHat: k̂ of sizes of which only the largest have their logarithms taken is that of all logarithms, to the bit.
func TestKHat(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for k := range 300 {
		n := r.IntN(3000)
		w, d := make([]float64, n), make([]float64, n)
		far := math.Exp(300 * r.NormFloat64() * float64(k%3))
		for i := range w {
			w[i], d[i] = math.Exp(3*r.NormFloat64()), far*math.Abs(r.NormFloat64())
			switch r.IntN(20) {
			case 0:
				w[i] = 0
			case 1:
				d[i] = 0
			case 2:
				w[i], d[i] = 1, far
			case 3:
				if k%7 == 0 {
					d[i] = math.NaN()
				}
			}
		}
		if k%50 == 9 && n > 0 {
			d[r.IntN(n)] = math.Inf(1)
		}
		logs, sizes, positive := make([]float64, n), make([]float64, n), 0
		log := func(i int) float64 { return math.Log(w[i]) + 2*math.Log(d[i]) }
		for i := range logs {
			logs[i], sizes[i] = log(i), w[i]*d[i]*d[i]
			if w[i] > 0 && d[i] > 0 {
				positive++
			}
		}
		_, want := Smooth(logs)
		if got := KHat(sizes, positive, log); got != want {
			t.Fatalf("case %d, of %d: k̂ = %v, want %v", k, n, got, want)
		}
	}
}

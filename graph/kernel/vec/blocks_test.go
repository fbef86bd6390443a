package vec

import (
	"math"
	"math/big"
	"testing"

	"ppl/graph/kernel"
)

// near compares with a tolerance relative to the scale of the terms that were added.
func near(got, want, scale float64) bool {
	return sameBits(got, want) || math.Abs(got-want) <= 1e-14*(scale+math.Abs(want))
}

func exactSum(terms func(i int) (a, b float64), n int) (sum, scale float64) {
	s := new(big.Float).SetPrec(200)
	for i := range n {
		a, b := terms(i)
		p := new(big.Float).SetPrec(200).SetFloat64(a)
		p.Mul(p, new(big.Float).SetPrec(200).SetFloat64(b))
		s.Add(s, p)
		scale += math.Abs(a * b)
	}
	sum, _ = s.Float64()
	return sum, scale
}

func TestRowReductions(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 3, 2048)
		for _, b := range blocks() {
			rows, p := b[0], b[1]
			x, start := place(0, normals(r, rows*p)), normals(r, p)
			acc := place(1, start)
			SumRows(acc, x, rows, p)
			for j := range p {
				want := start[j]
				for i := range rows {
					want += x[i*p+j]
				}
				if p > 1 && acc[j] != want || !near(acc[j], want, float64(rows)) {
					t.Fatalf("sum of %d × %d: %v, want %v", rows, p, acc[j], want)
				}
			}
			copy(acc, start)
			MaxRows(acc, x, rows, p)
			for j := range p {
				want := start[j]
				for i := range rows {
					want = max(want, x[i*p+j])
				}
				if acc[j] != want {
					t.Fatalf("max of %d × %d: %v, want %v", rows, p, acc[j], want)
				}
			}
			for mode := Full; mode <= Scalar; mode++ {
				y := Operand{place(2, normals(r, mode.size(rows, p))), mode}
				copy(acc, start)
				DotRows(acc, x, y, rows, p)
				for j := range p {
					want, scale := exactSum(func(i int) (float64, float64) {
						if i == rows {
							return start[j], 1
						}
						return x[i*p+j], at(y, i, j, p)
					}, rows+1)
					if !near(acc[j], want, scale) {
						t.Fatalf("dot of %d × %d mode %d: %v, want %v", rows, p, mode, acc[j], want)
					}
				}
			}
		}
	})
}

func TestMaxNaN(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for i := range 40 {
			x := make([]float64, 40)
			x[i] = math.NaN()
			if m := Maximum(x); m == m {
				t.Fatalf("maximum with NaN at %d is %v", i, m)
			}
		}
	})
}

func TestParticleReductions(t *testing.T) {
	var sums [levels][]float64
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 3, 2048)
		for _, b := range blocks() {
			rows, p := b[0], b[1]
			x, dst := place(0, normals(r, rows*p)), place(1, make([]float64, rows))
			SumParticles(dst, x, rows, p)
			sums[level] = append(sums[level], dst...)
			for i := range rows {
				want, scale := exactSum(func(j int) (float64, float64) { return x[i*p+j], 1 }, p)
				if !near(dst[i], want, scale) {
					t.Fatalf("sum of %d × %d: %v, want %v", rows, p, dst[i], want)
				}
			}
			for mode := Full; mode <= Scalar; mode++ {
				y := Operand{place(2, normals(r, mode.size(rows, p))), mode}
				DotParticles(dst, x, y, rows, p)
				for i := range rows {
					want, scale := exactSum(func(j int) (float64, float64) { return x[i*p+j], at(y, i, j, p) }, p)
					if !near(dst[i], want, scale) {
						t.Fatalf("dot of %d × %d mode %d: %v, want %v", rows, p, mode, dst[i], want)
					}
				}
			}
		}
	})
	for l := range sums {
		for i, v := range sums[l] {
			if v != sums[Portable][i] {
				t.Fatalf("sum %d differs between portable and %v", i, Level(l))
			}
		}
	}
}

func TestGatherScatter(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 2, 16384)
		for _, b := range blocks() {
			rows, p := b[0], b[1]
			const limit = 11
			src := place(0, normals(r, limit*p))
			index := make([]int32, rows)
			for i := range index {
				index[i] = int32(r.IntN(limit))
			}
			dst := place(1, make([]float64, rows*p))
			GatherRows(dst, src, index, p)
			for i := range dst {
				if dst[i] != src[int(index[i/p])*p+i%p] {
					t.Fatalf("gather %d × %d: element %d", rows, p, i)
				}
			}
			want := append([]float64(nil), src...)
			for i := range dst {
				want[int(index[i/p])*p+i%p] += dst[i]
			}
			ScatterAddRows(src, dst, index, p)
			for i := range src {
				if src[i] != want[i] {
					t.Fatalf("scatter %d × %d: element %d", rows, p, i)
				}
			}
		}
	})
}

func TestGatherOutside(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, p := range []int{1, 3, 8, 64} {
			for _, bad := range []int32{-1, 5, math.MaxInt32, math.MinInt32} {
				for _, run := range []func(){
					func() { GatherRows(make([]float64, 2*p), make([]float64, 5*p), []int32{0, bad}, p) },
					func() { ScatterAddRows(make([]float64, 5*p), make([]float64, 2*p), []int32{0, bad}, p) },
				} {
					func() {
						defer func() {
							if recover() == nil {
								t.Errorf("index %d: no panic", bad)
							}
						}()
						run()
					}()
				}
			}
		}
	})
}

func TestMatMul(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 3, 400*200)
		for _, p := range []int{1, 3, 8, 16, 24, 64, 72, 136} {
			for _, inner := range []int{1, 2, 3, 5, 7, 8, 9, 16, 17, 31, 50, 64, 65, 130, 200} {
				for _, rows := range []int{1, 2, 3, 4, 5, 7, 8, 9, 11, 17, 48} {
					for variant := range 4 {
						checkMatMul(t, place, normals(r, (rows+1)*(inner+3)), normals(r, inner*p), normals(r, rows*p), rows, inner, p, variant&1 == 1, variant&2 == 2)
					}
				}
			}
		}
	})
}

func checkMatMul(t *testing.T, place func(int, []float64) []float64, a, b, c []float64, rows, inner, p int, transposed, accumulate bool) {
	t.Helper()
	strideA, stepA := inner+2, 1
	if transposed {
		strideA, stepA = 1, rows+1
	}
	need := (rows-1)*strideA + (inner-1)*stepA + 1
	if need > len(a) {
		a = append(a, make([]float64, need-len(a))...)
	}
	a = place(0, a[:need])
	b = place(1, b)
	got := place(2, c)
	MatMul(got, a, b, rows, inner, p, strideA, stepA, accumulate)
	for i := range rows {
		for j := range p {
			want, scale := 0.0, 1.0
			if accumulate {
				want = c[i*p+j]
			}
			for k := range inner {
				term := a[i*strideA+k*stepA] * b[k*p+j]
				want += term
				scale += math.Abs(term)
			}
			if !near(got[i*p+j], want, scale) {
				t.Fatalf("%d × %d × %d transposed %v accumulate %v: (%d, %d) is %v, want %v", rows, inner, p, transposed, accumulate, i, j, got[i*p+j], want)
			}
		}
	}
}

// TestMatMulOrder: each element is one sum over the inner index in order, on top of what was there, so
// that it has the same bits however the product is cut.
func TestMatMulOrder(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := source()
		const rows, inner = 11, 37
		for _, p := range []int{8, 64, 72} {
			a, b, c := normals(r, rows*inner), normals(r, inner*p), normals(r, rows*p)
			want := append([]float64(nil), c...)
			MatMul(want, a, b, rows, inner, p, inner, 1, true)
			for cut := 1; cut < inner; cut++ {
				got := append([]float64(nil), c...)
				MatMul(got, a, b, rows, cut, p, inner, 1, true)
				MatMul(got, a[cut:], b[cut*p:], rows, inner-cut, p, inner, 1, true)
				for i := range got {
					if got[i] != want[i] {
						t.Fatalf("%d particles, cut at %d: element %d is %v, want %v", p, cut, i, got[i], want[i])
					}
				}
			}
			for cut := 1; cut < rows; cut++ {
				got := append([]float64(nil), c...)
				MatMul(got, a, b, cut, inner, p, inner, 1, true)
				MatMul(got[cut*p:], a[cut*inner:], b, rows-cut, inner, p, inner, 1, true)
				for i := range got {
					if got[i] != want[i] {
						t.Fatalf("%d particles, rows cut at %d: element %d is %v, want %v", p, cut, i, got[i], want[i])
					}
				}
			}
		}
	})
}

func TestLogSumExp(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 3, 4096)
		for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 70} {
			for _, k := range []int{1, 2, 3, 4, 5, 9, 20} {
				stride := n + n%3
				x := mixed(r, (k-1)*stride+n)
				for i := range x {
					if r.IntN(4) == 0 {
						x[i] = math.Inf(-1)
					} else if r.IntN(8) == 0 {
						x[i] *= 300
					}
				}
				x = place(0, x)
				w, out := place(1, make([]float64, len(x))), place(2, make([]float64, n))
				LogSumExp(out, x, k, n, stride)
				first := append([]float64(nil), out...)
				Softmax(out, w, x, k, n, stride)
				for i := range n {
					if !sameBits(out[i], first[i]) {
						t.Fatalf("with and without weights: %v, %v", out[i], first[i])
					}
					checkLogSumExp(t, out[i], w, x, i, stride)
				}
				inPlace := append([]float64(nil), x...)
				Softmax(out, inPlace, inPlace, k, n, stride)
				for i := range w {
					if i%max(stride, 1) < n && !sameBits(w[i], inPlace[i]) {
						t.Fatalf("in place: weight %d is %v, want %v", i, inPlace[i], w[i])
					}
				}
			}
		}
	})
}

func checkLogSumExp(t *testing.T, got float64, w, x []float64, i, stride int) {
	t.Helper()
	m, bad := math.Inf(-1), false
	for j := i; j < len(x); j += stride {
		m = max(m, x[j])
		bad = bad || x[j] != x[j]
	}
	want := m
	if !math.IsInf(m, 0) && !bad {
		z := 0.0
		for j := i; j < len(x); j += stride {
			z += math.Exp(x[j] - m)
		}
		want = m + math.Log(z)
	}
	if !(sameBits(got, want) || math.Abs(got-want) <= 3*0x1p-52*max(1, math.Abs(want), math.Abs(m))) {
		t.Fatalf("log-sum-exp %v, want %v", got, want)
	}
	if bad || math.IsInf(m, 1) {
		return
	}
	for j := i; j < len(x); j += stride {
		v := 0.0
		if !math.IsInf(x[j], -1) {
			v = math.Exp(x[j] - want)
		}
		if math.Abs(w[j]-v) > 1e-13*max(1, math.Abs(m)*0x1p-10)*v+1e-300 {
			t.Fatalf("weight %v, want %v (x %v, log-sum-exp %v)", w[j], v, x[j], want)
		}
	}
}

func TestGeneralisedLinear(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r, place := source(), atEnds(t, 5, 520*72)
		for _, b := range append(blocks(), [2]int{1100, 8}, [2]int{1100, 1}, [2]int{513, 1}, [2]int{600, 13}, [2]int{520, 72}) {
			rows, p := b[0], b[1]
			eta, n := normals(r, rows*p), make([]float64, rows)
			y, w := make([]float64, rows), make([]float64, p)
			for i := range eta {
				eta[i] *= 5
				if r.IntN(20) == 0 {
					eta[i] = []float64{0, 40, -40, 700, -700, 1e-9, -1e-300}[r.IntN(7)]
				}
			}
			for i := range y {
				n[i] = float64(1 + r.IntN(9))
				y[i] = float64(r.IntN(2))
			}
			for j := range w {
				w[j] = r.Float64()
			}
			eta, y, n = place(0, eta), place(1, y), place(2, n)
			for _, m := range []struct {
				name string
				run  func(ll, d, eta []float64)
				f    func(eta float64, i, j int) (l, d float64)
			}{
				{"bernoulli", func(ll, d, eta []float64) { BernoulliLogit(ll, d, eta, y, rows, p) }, func(e float64, i, j int) (float64, float64) {
					return y[i]*e - kernel.Softplus(e), y[i] - kernel.InvLogit(e)
				}},
				{"binomial", func(ll, d, eta []float64) { BinomialLogit(ll, d, eta, y, n, rows, p) }, func(e float64, i, j int) (float64, float64) {
					return y[i]*e - n[i]*kernel.Softplus(e), y[i] - n[i]*kernel.InvLogit(e)
				}},
				{"poisson", func(ll, d, eta []float64) { PoissonLog(ll, d, eta, y, rows, p) }, func(e float64, i, j int) (float64, float64) {
					return y[i]*e - math.Exp(e), y[i] - math.Exp(e)
				}},
				{"normal", func(ll, d, eta []float64) { Normal(ll, d, eta, y, w, rows, p) }, func(e float64, i, j int) (float64, float64) {
					return (y[i] - e) * (y[i] - e), (y[i] - e) * w[j]
				}},
			} {
				ll, d := place(3, make([]float64, p)), place(4, make([]float64, rows*p))
				m.run(ll, d, eta)
				for j := range p {
					want, scale := 0.0, 0.0
					for i := range rows {
						e := eta[i*p+j]
						l, g := m.f(e, i, j)
						want += l
						scale += math.Abs(l) + math.Abs(e)
						if math.Abs(d[i*p+j]-g) > 4e-15*(math.Abs(g)+n[i]) {
							t.Fatalf("%s %d × %d: derivative at %v is %v, want %v", m.name, rows, p, e, d[i*p+j], g)
						}
					}
					if math.Abs(ll[j]-want) > 2e-15*(scale+float64(rows)) {
						t.Fatalf("%s %d × %d: %v, want %v", m.name, rows, p, ll[j], want)
					}
				}
				inPlace, again := append([]float64(nil), eta...), make([]float64, p)
				m.run(again, inPlace, inPlace)
				for i := range d {
					if !sameBits(d[i], inPlace[i]) {
						t.Fatalf("%s in place differs", m.name)
					}
				}
			}
		}
	})
}

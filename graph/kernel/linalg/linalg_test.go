package linalg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ppl/graph/kernel/vec"
)

// eachCase runs a test at every level for sizes that are smaller than, equal to, and larger than blocks.
func eachCase(t *testing.T, f func(t *testing.T, r *rand.Rand, n, p int)) {
	was, _ := vec.Selected()
	defer vec.Use(was)
	for _, level := range []vec.Level{vec.Portable, vec.AVX2, vec.AVX512} {
		if vec.Use(level) != nil {
			continue
		}
		for _, n := range []int{1, 2, 3, 7, 8, 9, 16, 23, 40} {
			for _, p := range []int{1, 8, 24} {
				t.Run(fmt.Sprint(level, " ", n, "×", n, " for ", p), func(t *testing.T) {
					f(t, rand.New(rand.NewPCG(uint64(n), uint64(p))), n, p)
				})
			}
		}
	}
}

func normals(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// one is the matrix of particle l.
func one(x []float64, p, l int) []float64 {
	out := make([]float64, len(x)/p)
	pick(out, x, p, l)
	return out
}

// put sets the matrix of particle l.
func put(x, of []float64, p, l int) {
	for i, v := range of {
		x[i*p+l] = v
	}
}

// positive gives p positive definite matrices with garbage above the diagonal.
func positive(r *rand.Rand, n, p int) []float64 {
	a := normals(r, n*n*p)
	for l := range p {
		b := normals(r, n*n)
		for i := range n {
			for j := 0; j <= i; j++ {
				t := 0.0
				for k := range n {
					t += b[i*n+k] * b[j*n+k]
				}
				if i == j {
					t += 1
				}
				a[(i*n+j)*p+l] = t
			}
		}
	}
	return a
}

// lower gives p well-conditioned lower triangular matrices with garbage above.
func lower(r *rand.Rand, n, p int) []float64 {
	a := normals(r, n*n*p)
	for i := range n {
		for l := range p {
			a[(i*n+i)*p+l] = 2 + math.Abs(a[(i*n+i)*p+l])
		}
		for j := range i {
			for l := range p {
				a[(i*n+j)*p+l] /= float64(n)
			}
		}
	}
	return a
}

func close(t *testing.T, what string, got, want []float64) {
	t.Helper()
	scale := 1.0
	for _, v := range want {
		if math.Abs(v) > scale { // never true of NaN
			scale = math.Abs(v)
		}
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-10*scale) && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// multiply is A·B for A of n × k, transposed first if asked.
func multiply(a, b []float64, n, k, m int, ta bool) []float64 {
	c := make([]float64, n*m)
	for i := range n {
		for j := range m {
			for q := range k {
				x := a[i*k+q]
				if ta {
					x = a[q*n+i]
				}
				c[i*m+j] += x * b[q*m+j]
			}
		}
	}
	return c
}

func tril(a []float64, n int) []float64 {
	out := append([]float64(nil), a...)
	for i := range n {
		clear(out[i*n+i+1 : (i+1)*n])
	}
	return out
}

func TestCholesky(t *testing.T) {
	eachCase(t, func(t *testing.T, r *rand.Rand, n, p int) {
		a := positive(r, n, p)
		broken := 0
		if p > 1 {
			broken = 5
			a[((n-1)*n+n-1)*p+broken] = -1
		}
		l := make([]float64, len(a))
		Cholesky(l, a, n, p, &Workspace{})
		for k := range p {
			f := one(l, p, k)
			if p > 1 && k == broken {
				for _, v := range f {
					if !math.IsNaN(v) {
						t.Fatalf("an indefinite matrix has factor %v", f)
					}
				}
				continue
			}
			close(t, "the upper triangle", tril(f, n), f)
			transposed := make([]float64, n*n)
			for i := range n {
				for j := range n {
					transposed[j*n+i] = f[i*n+j]
				}
			}
			close(t, "L·Lᵀ", tril(multiply(f, transposed, n, n, n, false), n), tril(one(a, p, k), n))
		}
		same := append([]float64(nil), a...)
		Cholesky(same, same, n, p, &Workspace{})
		close(t, "in place", same, l)
	})
}

// TestCholeskyAdjoint compares with the directional derivative, dL from forward differentiation:
// dL = L·Φ(L⁻¹ dA L⁻ᵀ).
func TestCholeskyAdjoint(t *testing.T) {
	eachCase(t, func(t *testing.T, r *rand.Rand, n, p int) {
		w := &Workspace{}
		l, dl := lower(r, n, p), normals(r, n*n*p)
		da := make([]float64, n*n*p)
		CholeskyAdjoint(da, l, dl, n, p, w)
		for k := range p {
			lk, got := one(l, p, k), one(da, p, k)
			close(t, "the upper triangle", tril(got, n), got)
			// A symmetric direction, of which the lower triangle is read.
			e := normals(r, n*n)
			for i := range n {
				for j := range i {
					e[j*n+i] = e[i*n+j]
				}
			}
			x := make([]float64, n*n) // L⁻¹ E, then L⁻¹ E L⁻ᵀ
			TriSolve(x, lk, e, n, n, 1, false, w)
			y := make([]float64, n*n)
			for i := range n {
				for j := range n {
					y[i*n+j] = x[j*n+i]
				}
			}
			TriSolve(x, lk, y, n, n, 1, false, w)
			for i := range n {
				x[i*n+i] /= 2
			}
			d := multiply(tril(lk, n), tril(x, n), n, n, n, false)
			want, have, scale := 0.0, 0.0, 1.0
			for i, v := range tril(one(dl, p, k), n) {
				want += v * d[i]
				have += got[i] * e[i]
				scale += math.Abs(v*d[i]) + math.Abs(got[i]*e[i])
			}
			if !(math.Abs(want-have) <= 1e-10*scale) {
				t.Fatalf("particle %d: derivative in a direction %g, want %g", k, have, want)
			}
		}
	})
}

func TestTriSolve(t *testing.T) {
	eachCase(t, func(t *testing.T, r *rand.Rand, n, p int) {
		w := &Workspace{}
		for _, m := range []int{1, 3, 8, 11} {
			for _, trans := range []bool{false, true} {
				l, b := lower(r, n, p), normals(r, n*m*p)
				x := make([]float64, n*m*p)
				TriSolve(x, l, b, n, m, p, trans, w)
				for k := range p {
					close(t, "the product", multiply(tril(one(l, p, k), n), one(x, p, k), n, n, m, trans), one(b, p, k))
				}
				TriSolve(b, l, b, n, m, p, trans, w)
				close(t, "in place", b, x)
			}
		}
	})
}

func TestSolveAndLogDet(t *testing.T) {
	eachCase(t, func(t *testing.T, r *rand.Rand, n, p int) {
		w := &Workspace{}
		a := normals(r, n*n*p)
		for i := range n {
			for l := range p { // far from singular, with pivots off the diagonal
				a[(i*n+(i+1)%n)*p+l] += 3 * float64(n)
			}
		}
		singular := p - 1
		if p > 1 {
			put(a, make([]float64, n*n), p, singular)
		}
		for _, m := range []int{1, 9} {
			for _, trans := range []bool{false, true} {
				b, x := normals(r, n*m*p), make([]float64, n*m*p)
				Solve(x, a, b, n, m, p, trans, w)
				for k := range p {
					if p > 1 && k == singular {
						if !math.IsNaN(x[k]) {
							t.Fatal("a singular system has a solution")
						}
						continue
					}
					close(t, "the product", multiply(one(a, p, k), one(x, p, k), n, n, m, trans), one(b, p, k))
				}
			}
		}
		// The product of a lower triangular matrix and its transpose has the determinant Π Lᵢᵢ².
		l := lower(r, n, p)
		c, want := make([]float64, n*n*p), make([]float64, p)
		for k := range p {
			f := tril(one(l, p, k), n)
			g := make([]float64, n*n)
			for i := range n {
				want[k] += 2 * math.Log(f[i*n+i])
				for j := range n {
					g[j*n+i] = f[i*n+j]
				}
			}
			put(c, multiply(f, g, n, n, n, false), p, k)
		}
		got := make([]float64, p)
		LogDet(got, c, n, p, w)
		close(t, "log det", got, want)
		if p > 1 {
			LogDet(got, a, n, p, w)
			if !math.IsInf(got[singular], -1) {
				t.Errorf("log det of zeros is %g", got[singular])
			}
		}
	})
}

// TestNoAllocation: a workspace that has grown is enough.
func TestNoAllocation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const n, p = 20, 8
	for _, p := range []int{1, p} {
		a, b, x, w := positive(r, n, p), normals(r, n*n*p), make([]float64, n*n*p), &Workspace{}
		for name, f := range map[string]func(){
			"Cholesky":        func() { Cholesky(x, a, n, p, w) },
			"CholeskyAdjoint": func() { CholeskyAdjoint(x, a, b, n, p, w) },
			"TriSolve":        func() { TriSolve(x, a, b, n, n, p, true, w); TriSolve(x, a, b, n, 1, p, false, w) },
			"Solve":           func() { Solve(x, a, b, n, n, p, true, w) },
			"LogDet":          func() { LogDet(x, a, n, p, w) },
		} {
			if k := testing.AllocsPerRun(5, f); k != 0 {
				t.Errorf("%s allocates %g times", name, k)
			}
		}
	}
}

func BenchmarkLinalg(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{11, 100} {
		for _, p := range []int{1, 64} {
			a, x, d, w := positive(r, n, p), make([]float64, n*n*p), normals(r, n*n*p), &Workspace{}
			l := lower(r, n, p)
			flops := float64(n*n*n) / 3 * float64(p)
			run := func(name string, times float64, f func()) {
				b.Run(fmt.Sprintf("%s/%d/%d", name, n, p), func(b *testing.B) {
					for b.Loop() {
						f()
					}
					b.ReportMetric(times*flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "flops/ns")
				})
			}
			run("cholesky", 1, func() { Cholesky(x, a, n, p, w) })
			run("adjoint", 2, func() { CholeskyAdjoint(x, l, d, n, p, w) })
			run("trisolve", 3, func() { TriSolve(x, l, d, n, n, p, true, w) })
			run("trisolve1", 3/float64(n), func() { TriSolve(x, l, d, n, 1, p, false, w) })
			run("solve", 8, func() { Solve(x, a, d, n, n, p, false, w) })
		}
	}
}

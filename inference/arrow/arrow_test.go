package arrow

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// random is a positive definite matrix of a pattern, and the same dense.
func random(r *rand.Rand, n, k, g int, chained bool) (*Matrix, *mat.SymDense) {
	size := n*k + g
	perm := r.Perm(size)
	p := &Pattern{Globals: perm[:g], Chained: chained}
	for b := 0; b < n; b++ {
		p.Blocks = append(p.Blocks, perm[g+b*k:g+(b+1)*k])
	}
	m := New(p)
	full := mat.NewSymDense(size, nil)
	set := func(i, j int, x float64) { full.SetSym(i, j, x) }
	for _, b := range p.Blocks {
		for x, i := range b {
			for _, j := range b[:x+1] {
				set(i, j, r.NormFloat64())
			}
			for _, j := range p.Globals {
				set(i, j, r.NormFloat64())
			}
			set(i, i, 3*float64(3*k+g))
		}
	}
	for b := 1; chained && b < n; b++ {
		for _, i := range p.Blocks[b] {
			for _, j := range p.Blocks[b-1] {
				set(i, j, r.NormFloat64())
			}
		}
	}
	for x, i := range p.Globals {
		for _, j := range p.Globals[:x+1] {
			set(i, j, r.NormFloat64())
		}
		set(i, i, 3*float64(size))
	}
	// Filled from products with probes.
	v := make([]float64, size)
	for i := 0; i < p.Probes(); i++ {
		p.Probe(i, v)
		var hv mat.VecDense
		hv.MulVec(full, mat.NewVecDense(size, v))
		m.AddProduct(i, 1, hv.RawVector().Data)
	}
	return m, full
}

func close(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-10*math.Max(1, math.Abs(want))) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func TestAgainstDense(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i, c := range [][3]int{{0, 0, 7}, {1, 1, 0}, {5, 1, 3}, {4, 3, 2}, {6, 6, 5}, {3, 2, 0}, {40, 2, 1},
		{1, 2, 1}, {2, 1, 0}, {2, 3, 2}, {3, 1, 1}, {4, 2, 0}, {50, 1, 2}, {9, 9, 9}, {17, 3, 4}} {
		m, full := random(r, c[0], c[1], c[2], i >= 7)
		size := m.Size()
		var dense mat.Cholesky
		if !dense.Factorize(full) {
			t.Fatal("the test's matrix is not positive definite")
		}
		f, ok := m.Factor()
		if !ok {
			t.Fatalf("%v: not positive definite", c)
		}
		close(t, "log det", f.logDet(), dense.LogDet())
		x, y := make([]float64, size), make([]float64, size)
		for i := range x {
			x[i] = r.NormFloat64()
		}
		var want mat.VecDense
		want.MulVec(full, mat.NewVecDense(size, x))
		m.MulVec(x, y)
		for i := range y {
			close(t, "product", y[i], want.AtVec(i))
		}
		f.Solve(y, y)
		for i := range y {
			close(t, "solution", y[i], x[i])
		}
		var inv mat.SymDense
		if err := dense.InverseTo(&inv); err != nil {
			t.Fatal(err)
		}
		f.InverseDiagonal(y)
		for i := range y {
			close(t, "inverse", y[i], inv.At(i, i))
		}
		// Σ over unit vectors z of L⁻ᵀz (L⁻ᵀz)ᵀ is the inverse.
		sum := mat.NewDense(size, size, nil)
		for j := 0; j < size; j++ {
			z := make([]float64, size)
			z[j] = 1
			f.Colour(z, y)
			v := mat.NewVecDense(size, y)
			sum.RankOne(sum, 1, v, v)
		}
		for i := 0; i < size; i++ {
			for j := 0; j < size; j++ {
				close(t, "covariance of coloured draws", sum.At(i, j), inv.At(i, j))
			}
		}
	}
}

func TestIndefinite(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range [][3]int{{0, 0, 6}, {4, 2, 2}, {3, 5, 0}} {
		m, _ := random(r, c[0], c[1], c[2], c[0] == 4)
		for _, part := range [][]float64{m.Local, m.Corner} {
			if len(part) == 0 {
				continue
			}
			part[len(part)-1] -= 1e4
			if _, ok := m.Factor(); ok {
				t.Errorf("%v: an indefinite matrix was factorised", c)
			}
			part[len(part)-1] = math.NaN()
			if _, ok := m.Factor(); ok {
				t.Errorf("%v: a matrix with NaN was factorised", c)
			}
			part[len(part)-1] = 1e5
		}
	}
}

func TestDoubled(t *testing.T) {
	p := &Pattern{Blocks: [][]int{{0, 3}, {1, 4}}, Globals: []int{2}}
	q := p.Doubled()
	if q.Size() != 10 || q.K() != 4 || q.Blocks[1][3] != 9 || q.Globals[1] != 7 {
		t.Errorf("doubled to %+v", q)
	}
}

func TestScaled(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	m, full := random(r, 3, 2, 2, true)
	n := m.Size()
	s, shift := make([]float64, n), make([]float64, n)
	for i := range s {
		s[i], shift[i] = 1+r.Float64(), r.Float64()
	}
	q := m.Scaled(s, shift)
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	q.MulVec(x, y)
	for i := range y {
		want := shift[i] * x[i]
		for j := range x {
			want += s[i] * full.At(i, j) * s[j] * x[j]
		}
		close(t, "scaled product", y[i], want)
	}
}

package gauss_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/inference/arrow"
	"ppl/inference/gauss"
)

// pattern has n blocks of k coordinates and g global ones, in a shuffled order.
func pattern(r *rand.Rand, n, k, g int, chained bool) *arrow.Pattern {
	order := r.Perm(n*k + g)
	p := &arrow.Pattern{Globals: order[n*k:], Chained: chained}
	for i := range n {
		p.Blocks = append(p.Blocks, order[i*k:(i+1)*k])
	}
	return p
}

// precision is a random positive definite matrix of a pattern.
func precision(r *rand.Rand, p *arrow.Pattern) *mat.SymDense {
	d := p.Size()
	place := make([]int, d) // the block of a coordinate, −1 of global ones
	for _, c := range p.Globals {
		place[c] = -1
	}
	for b, cs := range p.Blocks {
		for _, c := range cs {
			place[c] = b
		}
	}
	a := mat.NewSymDense(d, nil)
	for i := range d {
		sum := 0.0
		for j := range d {
			x, y := place[i], place[j]
			if j == i || x >= 0 && y >= 0 && x != y && !(p.Chained && (x-y == 1 || y-x == 1)) {
				continue
			}
			if j > i {
				a.SetSym(i, j, r.NormFloat64())
			}
			sum += 3
		}
		a.SetSym(i, i, sum+1+r.Float64())
	}
	return a
}

// TestFactor: determinant, integral and mean are those of the dense matrix, and draws have its inverse as covariance.
func TestFactor(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	for _, c := range []struct {
		n, k, g int
		chained bool
	}{
		{0, 0, 1, false}, {0, 0, 5, false}, {1, 1, 0, false}, {6, 1, 0, false}, {6, 1, 2, false}, {5, 3, 0, false}, {5, 3, 2, false}, {1, 2, 3, false},
		{2, 1, 0, true}, {3, 1, 1, true}, {4, 2, 0, true}, {5, 2, 2, true}, {8, 1, 0, true}, {9, 3, 1, true}, {13, 1, 3, true}, {16, 2, 0, true}, {1, 2, 1, true},
	} {
		t.Run(fmt.Sprintf("%d blocks of %d, %d global, chained %t", c.n, c.k, c.g, c.chained), func(t *testing.T) {
			p := pattern(r, c.n, c.k, c.g, c.chained)
			d := p.Size()
			a := precision(r, p)
			side, z := make([]float64, d), make([]float64, d)
			for i := range side {
				side[i], z[i] = r.NormFloat64(), r.NormFloat64()
			}
			b := named.New()
			s := &gauss.System{B: b, Pattern: p, Gradient: b.Array(graph.Shape{d}, side)}
			v, hv := make([]float64, d), mat.NewVecDense(d, nil)
			for i := range p.Probes() {
				p.Probe(i, v)
				hv.MulVec(a, mat.NewVecDense(d, v))
				hv.ScaleVec(-1, hv)
				s.Products = append(s.Products, b.Array(graph.Shape{d}, append([]float64(nil), hv.RawVector().Data...)))
			}
			var chol mat.Cholesky
			if !chol.Factorize(a) {
				t.Fatal("not positive definite")
			}
			mean := mat.NewVecDense(d, nil)
			if err := chol.SolveVecTo(mean, mat.NewVecDense(d, side)); err != nil {
				t.Fatal(err)
			}
			f := s.Factor()
			near := func(what string, got, want float64) {
				if !(math.Abs(got-want) <= 1e-11*(1+math.Abs(want))) {
					t.Errorf("%s is %v, want %v", what, got, want)
				}
			}
			near("the determinant", f.LogDet.Const()[0], chol.LogDet())
			near("the integral", f.LogIntegral().Const()[0], -0.5*chol.LogDet()+float64(d)/2*math.Log(2*math.Pi))
			for i, x := range f.Place(named.Value{}).Const() {
				near("the mean", x, mean.AtVec(i))
			}
			// The columns of L⁻ᵀ, from unit vectors, make up the inverse.
			cov := mat.NewSymDense(d, nil)
			for i := range d {
				e := make([]float64, d)
				e[i] = 1
				col := append([]float64(nil), f.Place(b.Array(graph.Shape{d}, e)).Const()...)
				for j := range col {
					col[j] -= mean.AtVec(j)
				}
				cov.SymRankOne(cov, 1, mat.NewVecDense(d, col))
			}
			var inverse mat.SymDense
			if err := chol.InverseTo(&inverse); err != nil {
				t.Fatal(err)
			}
			for i := range d {
				for j := range d {
					near("a covariance", cov.At(i, j), inverse.At(i, j))
				}
			}
		})
	}
}

// TestNotPositive: a matrix that is no precision, or one of which rounding leaves nothing, gives NaN, and no panic.
func TestNotPositive(t *testing.T) {
	for _, p := range []*arrow.Pattern{arrow.Dense(2), {Blocks: [][]int{{0}, {1}}, Chained: true}, {Blocks: [][]int{{0, 1}}}} {
		for _, beside := range []float64{2, 1 - 1e-12, 0.99} {
			b := named.New()
			s := &gauss.System{B: b, Pattern: p, Gradient: b.Array(graph.Shape{2}, []float64{1, 1})}
			for i := range p.Probes() {
				v := make([]float64, 2)
				p.Probe(i, v)
				s.Products = append(s.Products, b.Array(graph.Shape{2}, []float64{-v[0] - beside*v[1], -beside*v[0] - v[1]}))
			}
			if x := s.Factor().LogIntegral().Const()[0]; math.IsNaN(x) != (beside > 0.999) {
				t.Errorf("%+v with %v beside the diagonal: %v", p, beside, x)
			}
		}
	}
}

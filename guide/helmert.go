package guide

import (
	"math"

	"ppl/graph"
	"ppl/graph/named"
)

// largestHelmert is the largest K for which the Helmert basis is a matrix in the graph: its product is one
// operation there.
const largestHelmert = 256

// helmertScale is 1/√(j(j+1)), the entries above the diagonal of column j of the Helmert basis, from 1.
func helmertScale(j int) float64 { return 1 / math.Sqrt(float64(j)*float64(j+1)) }

// helmert is the K×(K−1) matrix whose column j has 1/√(j(j+1)) in its first j
// rows and −j/√(j(j+1)) in the next (j from 1).
func helmert(k int) []float64 {
	v := make([]float64, k*(k-1))
	for j := 1; j < k; j++ {
		s := helmertScale(j)
		for i := 0; i < j; i++ {
			v[i*(k-1)+j-1] = s
		}
		v[j*(k-1)+j-1] = -float64(j) * s
	}
	return v
}

// helmertTimes is V u along the last dimension, with the Helmert basis V.
func helmertTimes(b *named.Builder, u named.Value) named.Value {
	k := last(u) + 1
	if k > largestHelmert {
		return helmertSums(b, u)
	}
	lead := u.Rank() - 1
	dims := graph.Iota(lead)
	basis := b.Array(graph.Shape{k, k - 1}, helmert(k))
	in := append(append([]int{}, dims...), lead)
	out := append(append([]int{}, dims...), lead+1)
	return b.Contract(u, basis, in, []int{lead + 1, lead}, out)
}

// helmertSums is helmertTimes without the matrix: with w_j = u_j/√(j(j+1)), row i (from 0) of V u is
// Σ_{j>i} w_j − i·w_i.
func helmertSums(b *named.Builder, u named.Value) named.Value {
	n := last(u)
	scale, back, rows := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range scale {
		scale[i] = helmertScale(i + 1)
		back[i] = float64(n - i)
		rows[i] = float64(i + 1)
	}
	shape := u.Shape()
	w := b.Mul(u, tiled(b, shape, scale))
	above := pick(b, b.CumSum(pick(b, w, graph.Shape{n}, back)), graph.Shape{n}, back) // Σ_{j≥i} w_j
	none := b.Array(append(append(graph.Shape{}, shape[:len(shape)-1]...), 1), make([]float64, shape.Size()/n))
	return b.Sub(join(b, above, none), join(b, none, b.Mul(w, tiled(b, shape, rows))))
}

// fromHelmert is Vᵀ x.
func fromHelmert(x []float64) []float64 {
	u := make([]float64, len(x)-1)
	sum := 0.0
	for i := range u {
		sum += x[i]
		u[i] = helmertScale(i+1) * (sum - float64(i+1)*x[i+1])
	}
	return u
}

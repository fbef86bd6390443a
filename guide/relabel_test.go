package guide

import (
	"math"
	"testing"

	"ppl/graph"
)

// TestRelabel: exchanging labels of the free numbers exchanges those of what they stand for: each
// dimension of arrays, and of simplexes and vectors that sum to zero the elements as well.
func TestRelabel(t *testing.T) {
	of := []int{2, 0, 1}
	for _, c := range []struct {
		transform *Transform
		box       graph.Shape
		labels    []int // of each dimension; 0: they cannot be exchanged
	}{
		{identity, graph.Shape{3}, []int{3}},
		{positive, graph.Shape{3, 2}, []int{3, 2}},
		{unitInterval, graph.Shape{2, 3}, []int{2, 3}},
		{simplex, graph.Shape{3}, []int{3}},
		{simplex, graph.Shape{3, 3}, []int{3, 3}},
		{sumToZero, graph.Shape{2, 3}, []int{2, 3}},
		{ordered, graph.Shape{3, 2}, []int{3, 0}},
		{cov, graph.Shape{3, 2, 2}, []int{3, 0, 0}},
		{corr, graph.Shape{3, 3}, []int{0, 0}},
	} {
		free := c.transform.Free(c.box)
		s := Slot{At: make([]int, len(c.box)), Box: c.box, Free: free, Offset: 1, Transform: c.transform}
		for k, want := range c.labels {
			if got := s.Labels(k); got != want {
				t.Errorf("%s, box %v, dimension %d: %d labels, want %d", c.transform.Name, c.box, k, got, want)
			}
			if want != 3 {
				continue
			}
			u := make([]float64, 1+free.Size())
			for i := range u {
				u[i] = math.Sin(float64(3*i + 1))
			}
			moved := append([]float64(nil), u...)
			s.Relabel(moved, k, of)
			x, y := held(s, u), held(s, moved)
			inner := c.box[k+1:].Size()
			for i := range x {
				label := i / inner % 3
				if from := i + (of[label]-label)*inner; len(x) == c.box.Size() && math.Abs(y[i]-x[from]) > 1e-12 {
					t.Errorf("%s, box %v, dimension %d: element %d is %g, want %g", c.transform.Name, c.box, k, i, y[i], x[from])
				}
			}
			if moved[0] != u[0] {
				t.Error("a number of another slot has moved")
			}
		}
	}
}

// held are the elements that linear parts of transforms give: all that relabelling bears on.
func held(s Slot, u []float64) []float64 {
	u = u[s.Offset:]
	if len(u) == s.Box.Size() {
		return u
	}
	if s.Transform != simplex && s.Transform != sumToZero {
		return nil
	}
	var out []float64
	k := s.Box[len(s.Box)-1]
	for ; len(u) > 0; u = u[k-1:] {
		x := make([]float64, k)
		toHelmert(u[:k-1], x)
		out = append(out, x...)
	}
	return out
}

// TestHelmertBack: toHelmert is the inverse of fromHelmert, and its numbers sum to zero.
func TestHelmertBack(t *testing.T) {
	for n := 1; n < 6; n++ {
		u, x := make([]float64, n), make([]float64, n+1)
		for i := range u {
			u[i] = math.Cos(float64(5*i + n))
		}
		toHelmert(u, x)
		sum := 0.0
		for _, v := range x {
			sum += v
		}
		for i, v := range fromHelmert(x) {
			if math.Abs(v-u[i]) > 1e-14 || math.Abs(sum) > 1e-14 {
				t.Errorf("%d numbers: %v, sum %g, comes back as %v", n, u, sum, fromHelmert(x))
				break
			}
		}
	}
}

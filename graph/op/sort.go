package op

import (
	"math"
	"sort"
)

// sortRow fills perm with the offsets r, r+1, ... in the order of x there.
func sortRow(perm []float64, x []float64, r int) {
	for i := range perm {
		perm[i] = float64(r + i)
	}
	sort.SliceStable(perm, func(i, j int) bool {
		a, b := x[int(perm[i])], x[int(perm[j])]
		return a < b || math.IsNaN(b) && !math.IsNaN(a)
	})
}

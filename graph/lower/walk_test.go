package lower_test

import "math"

func expf(x float64) float64 { return math.Exp(x) }

// len1 is the length of the first dimension of an array; more gives the other
// indices (any valid ones).
func len1(x at, name string, more ...int) int {
	n := 0
	for inside(x, name, append([]int{n + 1}, more...)...) {
		n++
	}
	return n
}

func inside(x at, name string, index ...int) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	x(name, index...)
	return true
}

// each sums over the elements of a vector, cells over those of a matrix.
func each(x at, name string, f func(i int) float64) float64 {
	t := 0.0
	for i := 1; inside(x, name, i); i++ {
		t += f(i)
	}
	return t
}

func cells(x at, name string, f func(i, j int) float64) float64 {
	t := 0.0
	for i := 1; inside(x, name, i, 1); i++ {
		for j := 1; inside(x, name, i, j); j++ {
			t += f(i, j)
		}
	}
	return t
}

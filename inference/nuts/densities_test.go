package nuts

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// function is a density by a function that fills the gradient.
type function struct {
	f   func(q, g []float64) float64
	g   []float64
	out [1]float64
}

func newFunction(d int, f func(q, g []float64) float64) *function {
	return &function{f: f, g: make([]float64, d)}
}

func (f *function) Eval(q []float64) ([]float64, []float64, error) {
	f.out[0] = f.f(q, f.g)
	return f.out[:], f.g, nil
}

// banana: x ~ N(0, 1), y ~ N(x², ½²).
func banana(q, g []float64) float64 {
	x, y := q[0], q[1]
	z := (y - x*x) / 0.5
	g[0], g[1] = -x+4*x*z, -z/0.5
	return -0.5*x*x - 0.5*z*z
}

// gumbel: log density −x − e^−x, distribution function exp(−e^−x).
func gumbel(q, g []float64) float64 {
	e := math.Exp(-q[0])
	g[0] = e - 1
	return -q[0] - e
}

// quartic couples its neighbours: no two directions are alike.
func quartic(q, g []float64) float64 {
	lp := 0.0
	clear(g)
	for i, x := range q {
		lp -= x*x*x*x/4 + float64(i+1)*x*x/2
		g[i] -= x*x*x + float64(i+1)*x
		if i > 0 {
			d := x - q[i-1]
			lp -= 2 * d * d
			g[i] -= 4 * d
			g[i-1] += 4 * d
		}
	}
	return lp
}

// survival is the probability that a χ² of df degrees exceeds x.
func survival(x float64, df int) float64 {
	return mathext.GammaIncRegComp(float64(df)/2, x/2)
}

// uniformity tests counts that should be equally likely.
func uniformity(counts []int) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	want, x := float64(n)/float64(len(counts)), 0.0
	for _, c := range counts {
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	return survival(x, len(counts)-1)
}

func normalCDF(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

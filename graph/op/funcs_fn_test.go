package op_test

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/op"
)

// TestDigammaRise compares with mpmath, at 60 digits.
func TestDigammaRise(t *testing.T) {
	for _, r := range [][3]float64{
		{1e-300, 0.001, 9.999999999999999e+299}, {1e-08, 3.0, 100000001.49999999}, {0.5, 0.5, 1.3862943611198906},
		{0.3, 1e-14, 1.2245364546107354e-13}, {7.25, 1e-09, 1.478792331480177e-10}, {10.0, 1e-13, 1.051663356816852e-14},
		{50.0, -49.9, -14.325744613838825}, {3.0, 1e8, 17.4978964338539}, {1e8, 0.001, 1.000000004995e-11},
		{1e10, 1e10, 0.6931471805849453}, {1e200, 1e190, 9.999999999500001e-11}, {1e-05, 1e12, 100028.2082203316}, {9.5, -9.0, -4.161247902424373},
	} {
		if got := op.DigammaRise.F2(r[0], r[1]); !(math.Abs(got-r[2]) <= 4e-15*math.Abs(r[2])) {
			t.Errorf("ψ(%g + %g) − ψ(%g) = %v, want %v", r[0], r[1], r[0], got, r[2])
		}
	}
	inf, nan := math.Inf(1), math.NaN()
	for _, r := range [][3]float64{{inf, 1, 0}, {1, inf, inf}, {2, 0, 0}, {0, 1, nan}, {1, -1, nan}, {-1, 3, nan}, {nan, 1, nan}, {1, nan, nan}} {
		if got := op.DigammaRise.F2(r[0], r[1]); got != r[2] && !(math.IsNaN(got) && math.IsNaN(r[2])) {
			t.Errorf("edge: DigammaRise(%g, %g) = %v, want %v", r[0], r[1], got, r[2])
		}
	}
}

// TestMatern compares with mpmath.
func TestMatern(t *testing.T) {
	for _, r := range [][4]float64{
		{0, 1, 1, 1}, {1e-300, 1, 1, 1}, {1e-08, 0.9999000049998333, 0.9999999950003333, 0.9999999983333333},
		{0.3, 0.5782652777781269, 0.8949942146391978, 0.9528207424170104}, {1, 0.36787944117144233, 0.7357588823428847, 0.8583853627333654},
		{30, 0.004180913251655786, 0.02708071824069726, 0.06888985075725512}, {1e4, 3.720075976020836e-44, 3.757276735781044e-42, 1.277598092698089e-40},
		{math.Inf(1), 0, 0, 0},
	} {
		for k, f := range []*op.Func{op.Matern12, op.Matern32, op.Matern52} {
			if got := f.F1(r[0]); !(math.Abs(got-r[k+1]) <= 4e-15*r[k+1]) {
				t.Errorf("%s(%g) = %v, want %v", f.Name, r[0], got, r[k+1])
			}
		}
	}
}

// TestFunctionGradients runs the checks of TestGradients on the functions of
// this file.
func TestFunctionGradients(t *testing.T) {
	var ps []problem
	for f, xs := range map[*op.Func][]float64{
		op.Relu: vec(-2, 1.5), op.Matern12: vec(0.1, 3, 20), op.Matern32: vec(0.1, 3, 20), op.Matern52: vec(0.1, 3, 20),
	} {
		for _, x := range xs {
			s := graph.Shape{2}
			ps = append(ps, problem{name: fmt.Sprintf("%s at %g", f.Name, x), point: [][]float64{{x, x * 1.01}}, shape: []graph.Shape{s}, build: apply(f, s)})
		}
	}
	for f, x := range map[*op.Func][2][]float64{
		op.DigammaRise: {vec(0.3, 4, 30, 2), vec(2, 0.5, 100, -0.7)},
		op.Lbeta:       {vec(0.3, 4, 30), vec(2, 0.5, 100)},
		op.Lchoose:     {vec(4, 10.5, 100), vec(1.5, 0.25, 40)},
	} {
		s := graph.Shape{len(x[0])}
		ps = append(ps, problem{name: f.Name, point: x[:], shape: []graph.Shape{s, s}, build: apply(f, s)})
	}
	for _, p := range ps {
		t.Run(p.name, func(t *testing.T) { checkProblem(t, p) })
	}
}

// TestContractNothing: a sum over an empty dimension is zero.
func TestContractNothing(t *testing.T) {
	g := graph.New()
	a, b := g.Constant(graph.Shape{2, 0}, []float64{}), g.Constant(graph.Shape{0, 3}, []float64{})
	c := op.MatMul(g, a, b, false, false)
	if !c.Shape.Equal(graph.Shape{2, 3}) || !near(c.Const, make([]float64, 6), 0) {
		t.Errorf("2×0 times 0×3 is %v %v", c.Shape, c.Const)
	}
}

// TestNeutralElementKeepsDimensions: a scalar times an array of a single one
// is an array of one element, not a scalar.
func TestNeutralElementKeepsDimensions(t *testing.T) {
	g := graph.New()
	f := op.Frame{G: g, Shape: graph.Shape{1}}
	x := graph.Full(g.Input("x", graph.Shape{}))
	zero, one := graph.Full(g.Constant(graph.Shape{1}, vec(0))), graph.Full(g.Constant(graph.Shape{1}, vec(1)))
	for name, y := range map[string]graph.Term{
		"x + [0]": f.Apply(op.Add, x, zero), "[0] + x": f.Apply(op.Add, zero, x), "x - [0]": f.Apply(op.Sub, x, zero), "[0] - x": f.Apply(op.Sub, zero, x),
		"x * [1]": f.Apply(op.Mul, x, one), "[1] * x": f.Apply(op.Mul, one, x), "x / [1]": f.Apply(op.Div, x, one),
	} {
		if len(y.Dims) != 1 || !y.Node.Shape.Equal(f.Shape) {
			t.Errorf("%s has dimensions %v, shape %v", name, y.Dims, y.Node.Shape)
		}
	}
}

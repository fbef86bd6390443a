package op_test

import (
	"fmt"
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/op"
	"ppl/graph/plan"
)

// First and second derivatives of the functions of densities, operand by
// operand, against differences of the function and of its gradient.
func TestDistributionFunctionDerivatives(t *testing.T) {
	for _, c := range []struct {
		f      *op.Func
		points [][]float64
	}{
		{op.Log1pSquare, [][]float64{{0}, {1e-5}, {-0.7}, {3}, {1e6}, {-1e12}}},
		{op.LogI0, [][]float64{{1e-3}, {0.5}, {8}, {300}}},
		{op.BesselRatio, [][]float64{{1e-3}, {0.5}, {8}, {300}}},
		{op.LogGammaP, [][]float64{{0.5, 0.1}, {2.5, 4}, {3, 1e-3}, {40, 20}, {0.01, 2}}},
		{op.LogGammaQ, [][]float64{{0.5, 0.1}, {2.5, 4}, {3, 60}, {40, 90}, {0.01, 2}}},
		{op.LogBetaInc, [][]float64{{0.5, 0.7, 0.1}, {2.5, 4, 0.3}, {30, 20, 0.1}, {2, 3, 0.95}}},
		{op.LogBetaIncC, [][]float64{{0.5, 0.7, 0.1}, {2.5, 4, 0.3}, {30, 20, 0.9}, {2, 3, 0.05}}},
		{op.LogMills, [][]float64{{-22}, {-3}, {0.1}, {2.5}, {40}}},
		{op.LogSkewNormalCdf, [][]float64{{4, -0.3}, {4, 2}, {-3, -0.5}, {-0.7, 3}, {0.2, -9}, {30, 0.01}}},
		{op.LogVonMisesArc, [][]float64{{2.5, -3.6, 1}, {0.3, -1, 2}, {40, -4, -2}, {900, 0.2, 0.7}, {3, 1, 7}}},
		{op.NormalScore, [][]float64{{-3, math.Log1p(-math.Exp(-3))}, {-0.1, math.Log(1 - math.Exp(-0.1))}, {-900, -1e-300}, {0, -60}}},
		{op.TruncatedScore, [][]float64{{0.4, -1, 2}, {-3, 0.2, 9}, {2, -0.3, 0.4}, {-0.6, 5, 6}, {0.7, -7, -6}, {1.2, -11, 12}}},
		{op.GammaLogQuantile, [][]float64{{0.02, 1}, {0.02, 2.6}, {0.5, -4}, {0.5, 0.3}, {2.5, -0.3}, {2.5, 5}, {40, -3}, {40, 1.5}, {1e4, 0.2}}},
		{op.BetaLogitQuantile, [][]float64{{0.03, 0.2, 0.4}, {0.5, 0.7, -3}, {2.5, 4, 0.3}, {2.5, 0.3, 2}, {30, 20, 4}, {3500, 4000, -1.3}, {0.4, 1e4, -2}}},
		{op.StudentTQuantile, [][]float64{{0.3, -1}, {1, 0.1}, {4, -0.3}, {4, 6}, {30, 2}, {900, -1.2}}},
		{op.CauchyQuantile, [][]float64{{-6}, {-0.5}, {0.02}, {0.7}, {3}}},
		{op.SkewNormalQuantile, [][]float64{{4, -0.3}, {4, 2}, {-3, -1.5}, {-0.7, 3}, {0.2, -5}, {30, 0.01}}},
		{op.VonMisesQuantile, [][]float64{{0.5, 2.5, -1}, {-2.9, 4, 0.3}, {10, 0.2, 1.5}, {-2, 6, -0.8}}},
		{op.WaldLogQuantile, [][]float64{{0.01, -2}, {0.01, 1.5}, {0.8, -0.3}, {2.5, 3}, {300, -1}}},
		{op.LogStudentTCdf, [][]float64{{4, -0.3}, {4, 2}, {0.7, -50}, {30, -7}, {1, 0.1}}},
	} {
		for _, x := range c.points {
			checkFunc(t, c.f, x)
		}
	}
}

// checkFunc differentiates f(x...) once and twice by each operand.
func checkFunc(t *testing.T, f *op.Func, x []float64) {
	g := graph.New()
	fr := op.Frame{G: g}
	var in []*graph.Node
	var ts []graph.Term
	for i := range x {
		n := g.Input(fmt.Sprint("x", i), graph.Shape{})
		in, ts = append(in, n), append(ts, graph.Full(n))
	}
	y := fr.Apply(f, ts...).Node
	first := grad.Reverse(g, y, in)
	outs := append([]*graph.Node{y}, first...)
	for _, d := range first {
		outs = append(outs, grad.Reverse(g, d, in)...)
	}
	p := plan.Compile(g, outs)
	s, err := p.NewState()
	if err != nil {
		t.Fatal(err)
	}
	eval := func(x []float64, out int) float64 {
		for i, n := range p.Inputs() {
			for j := range in {
				if in[j] == n {
					s.Input(i)[0] = x[j]
				}
			}
		}
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		return s.Output(out)[0]
	}
	n := len(x)
	for out := 0; out <= n; out++ {
		for j := range x {
			got := eval(x, 1+j)
			if out > 0 {
				got = eval(x, 1+n+(out-1)*n+j)
			}
			want := difference(x, j, func(x []float64) float64 { return eval(x, out) })
			scale := math.Max(math.Abs(want), 1e-7*math.Max(1, math.Abs(eval(x, out)))/math.Max(math.Abs(x[j]), 1e-3))
			if math.Abs(got-want) > 2e-6*scale {
				t.Errorf("%s%v: derivative %d by operand %d is %.12g, by differences %.12g", f.Name, x, out, j, got, want)
			}
		}
	}
}

// difference is a central difference with two Richardson steps.
func difference(x []float64, j int, f func(x []float64) float64) float64 {
	d := func(h float64) float64 {
		a, b := append([]float64(nil), x...), append([]float64(nil), x...)
		a[j], b[j] = x[j]+h, x[j]-h
		return (f(a) - f(b)) / (2 * h)
	}
	h := 4e-3 * math.Max(math.Abs(x[j]), 1e-3)
	d1, d2, d4 := d(h), d(h/2), d(h/4)
	a, b := (4*d2-d1)/3, (4*d4-d2)/3
	return (16*b - a) / 15
}

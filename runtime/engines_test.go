package runtime

import (
	"math"
	"testing"

	"ppl/graph"
	"ppl/graph/plan"
	"ppl/inference/random"
	"ppl/inference/target"
)

// TestEnginesAgree compares the ELBO and its gradient of every reference model
// under the plan, the flat plan and the TapeMachine.
func TestEnginesAgree(t *testing.T) {
	flat := func(g *graph.Graph, outs []*graph.Node) graph.Program { return plan.Flat(g, outs) }
	for _, name := range continuous {
		t.Run(name, func(t *testing.T) {
			p := bindReference(t, name)
			for _, s := range []int{1, 5, 64} {
				want := elboAt(t, p, flat, s)
				compareELBO(t, "plan", elboAt(t, p, target.Plan, s), want)
				if s == 5 {
					compareELBO(t, "TapeMachine", elboAt(t, p, target.Tape, s), want)
				}
			}
		})
	}
}

func elboAt(t *testing.T, p *Problem, engine target.Engine, s int) []float64 {
	t.Helper()
	tg := *p.target
	tg.Engine = engine
	e, err := tg.NewELBO(s)
	if err != nil {
		t.Fatal(err)
	}
	r := random.Stream(5, "engines", s)
	d := tg.D
	eps, loc, logsd := make([]float64, s*d), make([]float64, d), make([]float64, d)
	for i := range eps {
		eps[i] = r.NormFloat64()
	}
	for i := range loc {
		loc[i], logsd[i] = 0.3*r.NormFloat64(), -2+0.3*r.NormFloat64()
	}
	e.SetNoise(eps)
	v, gl, gs, err := e.Eval(loc, logsd)
	if err != nil {
		t.Fatal(err)
	}
	return append(append(append([]float64{v}, gl...), gs...), e.LogDensities()...)
}

func compareELBO(t *testing.T, what string, got, want []float64) {
	t.Helper()
	size := 1.0
	for _, x := range want {
		size = math.Max(size, math.Abs(x))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-10*math.Max(math.Abs(want[i]), 1e-3*size)) {
			t.Errorf("%s: number %d of %d is %g, the flat plan has %g", what, i, len(want), got[i], want[i])
			return
		}
	}
}

package guide_test

import (
	"math"
	"testing"

	"ppl/graph"
	"ppl/guide"
	"ppl/lang"
)

// The angle is that of the point on the circle, and the points that lead to it share its
// density out among them: their weights sum to 1.
func TestCircle(t *testing.T) {
	tr, err := guide.ForSupport(lang.SupportCircle)
	if err != nil {
		t.Fatal(err)
	}
	run := compiled(tr, kase{kind: lang.SupportCircle, box: graph.Shape{1}})
	for _, angle := range []float64{0, 0.3, -2, 3.1, -3.1, math.Pi, 1 - math.Pi} {
		sum := 0.0
		for turn := -8; turn <= 8; turn++ {
			x, log := run([]float64{angle + 2*math.Pi*float64(turn)})
			if math.Abs(math.Remainder(x[0]-angle, 2*math.Pi)) > 1e-13 || x[0] <= -math.Pi-1e-13 || x[0] > math.Pi+1e-13 {
				t.Errorf("%g and %d turns: %g", angle, turn, x[0])
			}
			if sum += math.Exp(log); !(log <= 1e-12) {
				t.Errorf("%g and %d turns: log weight %g", angle, turn, log)
			}
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("the weights of %g sum to %g", angle, sum)
		}
	}
	// Objects are independent: the terms of two are the sum of theirs.
	_, a := run([]float64{0.4})
	_, b := run([]float64{-3})
	if _, both := forward(tr, kase{kind: lang.SupportCircle, box: graph.Shape{2}}, []float64{0.4, -3}); math.Abs(both-a-b) > 1e-12 {
		t.Errorf("of two angles %g, not %g", both, a+b)
	}
}

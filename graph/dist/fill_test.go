package dist_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"ppl/graph/dist"
	"ppl/lang"
)

// TestFill: a loop of a distribution's own draws what as many calls of Sample draw from the same
// stream, whichever of the parameters vary, in every form.
func TestFill(t *testing.T) {
	const n = 40
	filled := 0
	for _, name := range []string{"Normal", "StudentT", "Bernoulli", "Poisson", "Binomial", "Exponential", "Gamma", "NegBinomial", "LogNormal", "Categorical"} {
		d, ok := dist.Find(name)
		if !ok || d.Filler() == nil {
			t.Errorf("%s has no loop of its own", name)
			continue
		}
		for form, f := range d.Forms {
			for varies := range 1 << len(f.Params) {
				filled++
				r := rand.New(rand.NewPCG(uint64(form), uint64(varies)))
				columns := make([]dist.Column, len(f.Params))
				for k, s := range f.Params {
					c := dist.Column{Size: 1}
					if s.Rank == 1 {
						c.Size = 3
					}
					count := 1
					if varies>>k&1 == 1 {
						count, c.Step = n, c.Size
					}
					c.X = make([]float64, count*c.Size)
					for i := range c.X {
						c.X[i] = 0.1 + 0.8*r.Float64()
						if s.Constraint == lang.NonNegativeInt {
							c.X[i] = math.Floor(50 * c.X[i])
						}
					}
					columns[k] = c
				}
				have, want := make([]float64, n), make([]float64, n)
				d.Filler()(rand.New(rand.NewPCG(3, 4)), form, columns, have)
				again := rand.New(rand.NewPCG(3, 4))
				for i := range want {
					p := dist.Numbers{Form: form, Values: map[string][]float64{}}
					for k, s := range f.Params {
						c := columns[k]
						p.Values[s.Name] = c.X[i*c.Step : i*c.Step+c.Size]
					}
					d.Sample(again, p, want[i:i+1])
					if have[i] != want[i] || math.IsNaN(want[i]) {
						t.Fatalf("%s, form %d, draw %d: %g, and by Sample %g", name, form, i+1, have[i], want[i])
					}
				}
			}
		}
	}
	if filled < 40 {
		t.Errorf("%d combinations were tried", filled)
	}
}

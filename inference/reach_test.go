package inference

import (
	"math"
	"strings"
	"testing"

	"ppl/inference/random"
)

// TestShortfall: draws of a scale that stop short of its tail are found out, alone and
// where the scale is that of others, non-centred; whole ones are not.
func TestShortfall(t *testing.T) {
	const n = 8192
	for _, c := range []struct {
		name, text string
		end        float64 // where draws of s end
		short      bool
	}{
		{"whole", "s ~ Frechet(5, 1)", math.Inf(1), false},
		{"cut", "s ~ Frechet(2.5, 1)", 6, true},
		{"whole, with what it scales", "s ~ Frechet(5, 1)\nx[i in 1..5] ~ Normal(0, s)", math.Inf(1), false},
		{"cut, with what it scales", "s ~ Frechet(2.5, 1)\nx[i in 1..5] ~ Normal(0, s)", 6, true},
		{"cut on both sides", "s ~ StudentT(3, 0, 1)\nx[i in 1..3] ~ Normal(s, 1)", 5, true},
		{"whole, on both sides", "s ~ StudentT(5, 0, 1)\nx[i in 1..3] ~ Normal(s, 1)", math.Inf(1), false},
		{"a light tail", "s ~ HalfNormal(2)\nx[i in 1..5] ~ Normal(0, s)", math.Inf(1), false},
	} {
		tg := build(t, c.text, data{})
		r := random.Stream(1, "shortfall", len(c.text))
		shape := 5.0
		if c.short {
			shape = 2.5
		}
		both := strings.Contains(c.name, "both")
		u := make([]float64, 0, n*tg.D)
		for range n {
			s := math.Inf(1)
			for math.Abs(s) > c.end || math.IsInf(s, 1) {
				if both { // a t with 3 or 5 degrees of freedom
					df := 5.0
					if c.short {
						df = 3
					}
					s = r.NormFloat64() * math.Sqrt(df/random.Chi2(r, df))
				} else if s = math.Pow(r.ExpFloat64(), -1/shape); c.name == "a light tail" {
					s = 2 * math.Abs(r.NormFloat64())
				}
			}
			row := make([]float64, tg.D)
			for i := range row {
				if row[i] = s * r.NormFloat64(); both { // centred, as a target is to begin with
					row[i] = s + r.NormFloat64()
				}
			}
			for _, slot := range tg.Slots {
				if slot.Site.Name == "s" {
					if row[slot.Offset] = math.Log(s); both {
						row[slot.Offset] = s
					}
				}
			}
			u = append(u, row...)
		}
		got, err := ShortfallOf(t.Context(), tg, u, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.3f ± %.3f", c.name, got.Share, got.Error)
		if short := got.Share-2*got.Error > 0.1; short != c.short {
			t.Errorf("%s: a shortfall of %.3f ± %.3f", c.name, got.Share, got.Error)
		}
	}
}

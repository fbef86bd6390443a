package bench

import (
	"testing"
	"time"
)

// TestTextToFirstGradient shows how long each model takes from its text and
// data in memory to the first gradient of the ELBO on 64 particles: the least
// of up to five times. It asserts no time.
func TestTextToFirstGradient(t *testing.T) {
	for _, p := range problems() {
		best := time.Duration(0)
		data := p.data()
		for i, begun := 0, time.Now(); i < 5 && time.Since(begun) < time.Second/2; i++ {
			p.data = func() map[string]any { return data }
			start := time.Now()
			target := *bind(t, p).Target()
			target.Direct = p.direct
			e, err := target.NewELBO(64)
			if err != nil {
				t.Fatal(err)
			}
			zero := make([]float64, target.D)
			e.SetNoise(make([]float64, 64*target.D))
			if _, _, _, err := e.Eval(zero, zero); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); i == 0 || took < best {
				best = took
			}
		}
		t.Logf("compile %s %.1f ms", p.name, best.Seconds()*1e3)
	}
}

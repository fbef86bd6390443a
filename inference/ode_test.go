package inference

import (
	"math"
	"testing"
)

// TestODEProducts compares products with the Hessian of a density with a
// differential equation with differences of gradients.
func TestODEProducts(t *testing.T) {
	tg := build(t, `
data t : real[T]
data y : real[T]
k : real[3] ~ Normal(0, 0.3)
s ~ HalfNormal(1)
fn flow(t: real, c: real[2], k: real[3]) -> real[2] =
  [-(k[1] + k[2]) * c[1] + k[3] * c[2] * cos(t), k[2] * c[1] - k[3] * c[2]^2]
let c = ode(flow, [2, 0.5], 0, t, exp(k))
plate i in 1..T { y[i] ~ Normal(c[i, 1], s) }
`, data{"T": 5, "t": []float64{0.2, 0.5, 1, 2, 4}, "y": []float64{1.5, 1, 0.7, 0.4, 0.1}})
	surf, err := tg.NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	d := surf.D
	const n = 5
	u, v := normals(1, "u", n*d), normals(2, "v", n*d)
	for i := range u {
		u[i] *= 0.4
	}
	lp, g, hv := make([]float64, n), make([]float64, n*d), make([]float64, n*d)
	if err := surf.Product(u, v, lp, g, hv); err != nil {
		t.Fatal(err)
	}
	const h = 1e-4
	shifted := func(c float64) []float64 {
		x, out := make([]float64, n*d), make([]float64, n*d)
		for i := range x {
			x[i] = u[i] + c*v[i]
		}
		if err := surf.Gradient(x, lp, out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	up, down := shifted(h), shifted(-h)
	for i := range hv {
		if want := (up[i] - down[i]) / (2 * h); math.Abs(hv[i]-want) > 1e-4*math.Max(1, math.Abs(want)) {
			t.Errorf("element %d of point %d is %.8g, by differences %.8g", i%d, i/d, hv[i], want)
		}
	}
}

package runtime_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"ppl/inference"
	"ppl/runtime"
)

// TestManyLatents: latents that are integrated out, and as many that are kept and of which there are too many for importance
// weights, so that chains are the answer, have the posterior that quadrature has over the two numbers that are left.
//
// With PPL_SLOW=1, as they take some ten seconds; else of few.
func TestManyLatents(t *testing.T) {
	n := 60
	if os.Getenv("PPL_SLOW") != "" {
		n = 320
	}
	const sd = 1.0
	r := rand.New(rand.NewPCG(8, 9))
	y := make([]float64, n)
	for i := range y {
		y[i] = 2 + 0.5*r.NormFloat64() + sd*r.NormFloat64()
	}
	text := "data y : real[N]\nmu ~ Normal(0, 5)\ntau ~ HalfNormal(2)\ntheta[i in 1..N] ~ Normal(mu, tau)\ny[i in 1..N] ~ Normal(theta[i], 1)"
	fit := func(opt runtime.BindOptions) *runtime.Posterior {
		post, err := problemWith(t, text, map[string]any{"y": y}, opt).Fit(t.Context(), runtime.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if post.Verdict() != runtime.Good {
			t.Errorf("%d latents, %s, %s: %q", len(post.Quantities()), post.Figures().Applied, post.Verdict(), post.Reasons())
		}
		return post
	}
	integrated := fit(runtime.BindOptions{})
	if got := integrated.Figures().Integrated; len(got) != 2 {
		t.Errorf("integrated out are %v", got)
	}
	kept := fit(runtime.BindOptions{Latents: map[string]string{"theta": runtime.LatentKeep}})
	if got := kept.Figures(); len(got.Integrated) > 0 || n > 300 && got.Applied != string(inference.Sampled) {
		t.Errorf("integrated out are %v, draws are of %s", got.Integrated, got.Applied)
	}
	// y_i ~ Normal(mu, √(tau² + 1)), and theta_1 given all that is normal.
	var mass float64
	var sums, squares [3]float64
	for a := range 200 {
		mu := 0.5 + 3*(float64(a)+0.5)/200
		for b := range 300 {
			tau := 2 * (float64(b) + 0.5) / 300
			v := tau*tau + sd*sd
			l := -mu*mu/50 - tau*tau/8
			for _, x := range y {
				l += -0.5*math.Log(v) - 0.5*(x-mu)*(x-mu)/v
			}
			w := math.Exp(l + 1.45*float64(n))
			shrunk := (mu*sd*sd + y[0]*tau*tau) / v
			for k, x := range []float64{mu, tau, shrunk} {
				sums[k] += w * x
				squares[k] += w * x * x
			}
			squares[2] += w * tau * tau * sd * sd / v
			mass += w
		}
	}
	if !(mass > 0) || math.IsInf(mass, 0) {
		t.Fatalf("the quadrature has the mass %g", mass)
	}
	for k, name := range []string{"mu", "tau", "theta[1]"} {
		mean := sums[k] / mass
		want := math.Sqrt(squares[k]/mass - mean*mean)
		for _, post := range []*runtime.Posterior{integrated, kept} {
			q, err := post.Quantity(name)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(q.Mean-mean) > 0.1*want || math.Abs(math.Log(q.SD/want)) > 0.08 {
				t.Errorf("%s is %.4f ± %.4f, by quadrature %.4f ± %.4f", name, q.Mean, q.SD, mean, want)
			}
		}
	}
}

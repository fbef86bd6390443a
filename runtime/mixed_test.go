package runtime_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ppl/runtime"
)

// linearGaussian is the posterior of u ~ Normal(0, prior) with y ~ Normal(offset + X·u, noise):
// its means and sds, in closed form.
func linearGaussian(x [][]float64, offset, y, prior []float64, noise float64) (out [][2]float64) {
	k := len(prior)
	a, b := mat.NewSymDense(k, nil), mat.NewVecDense(k, nil)
	for i := range k {
		a.SetSym(i, i, 1/(prior[i]*prior[i]))
	}
	for n, row := range x {
		for i := range k {
			b.SetVec(i, b.AtVec(i)+row[i]*(y[n]-offset[n])/(noise*noise))
			for j := i; j < k; j++ {
				a.SetSym(i, j, a.At(i, j)+row[i]*row[j]/(noise*noise))
			}
		}
	}
	var mean mat.VecDense
	var cov mat.Dense
	if err := errors.Join(mean.SolveVec(a, b), cov.Inverse(a)); err != nil {
		panic(err)
	}
	for i := range k {
		out = append(out, [2]float64{mean.AtVec(i), math.Sqrt(cov.At(i, i))})
	}
	return out
}

// mixedModels have arrays of which a let defines some elements and a `~` the
// others; the posterior of every element in closed form.
func mixedModels() map[string]struct {
	text string
	data map[string]any
	want map[string][2]float64
} {
	y := []float64{0.5, 1.5, 2, 3, -1, 0.2}
	fixed := func(v float64) [2]float64 { return [2]float64{v, 0} }
	// A corner: a, b[2], b[3]; groups 1, 1, 2, 2, 3, 3.
	corner := linearGaussian([][]float64{{1, 0, 0}, {1, 0, 0}, {1, 1, 0}, {1, 1, 0}, {1, 0, 1}, {1, 0, 1}}, make([]float64, 6), y, []float64{10, 10, 10}, 1)
	// The last of three is minus the sum of the others.
	sum := linearGaussian([][]float64{{1, 0}, {1, 0}, {0, 1}, {0, 1}, {-1, -1}, {-1, -1}}, make([]float64, 6), y, []float64{2, 2}, 1)
	// A recurrence from a latent start: h[t] = 0.5 h[t-1] + 1.
	var x [][]float64
	var offset []float64
	power, add := 1.0, 0.0
	for range y {
		x, offset = append(x, []float64{power}), append(offset, add)
		power, add = 0.5*power, 0.5*add+1
	}
	start := linearGaussian(x, offset, y, []float64{3}, 1)[0]
	recurrence := map[string][2]float64{}
	for t, name := range []string{"h[1]", "h[2]", "h[3]", "h[4]", "h[5]", "h[6]"} {
		recurrence[name] = [2]float64{offset[t] + x[t][0]*start[0], x[t][0] * start[1]}
	}
	return map[string]struct {
		text string
		data map[string]any
		want map[string][2]float64
	}{
		"corner": {
			"data g : int[N] in 1..3\ndata y : real[N]\na ~ Normal(0, 10)\nlet b[1] = 0\nb[k in 2..3] ~ Normal(0, 10)\ny[i in 1..N] ~ Normal(a + b[g[i]], 1)",
			map[string]any{"g": []int{1, 1, 2, 2, 3, 3}, "y": y},
			map[string][2]float64{"a": corner[0], "b[1]": fixed(0), "b[2]": corner[1], "b[3]": corner[2]},
		},
		"sum": {
			"data g : int[N] in 1..3\ndata y : real[N]\nb[k in 1..2] ~ Normal(0, 2)\nlet b[3] = -b[1] - b[2]\ny[i in 1..N] ~ Normal(b[g[i]], 1)",
			map[string]any{"g": []int{1, 1, 2, 2, 3, 3}, "y": y},
			map[string][2]float64{"b[1]": sum[0], "b[2]": sum[1]},
		},
		"recurrence": {
			"data y : real[T]\nh[1] ~ Normal(0, 3)\nfor t in 2..T { let h[t] = 0.5 * h[t-1] + 1 }\ny[t in 1..T] ~ Normal(h[t], 1)",
			map[string]any{"y": y},
			recurrence,
		},
		"known start": {
			"data y : real[T]\nlet h[1] = 2\nfor t in 2..T { h[t] ~ Normal(h[t-1], 1) }\ny[3] ~ Normal(h[3], 1)",
			map[string]any{"y": []float64{0, 0, 5}},
			// h[3] ~ Normal(2, √2) and y[3] = 5: mean 2 + 2/3·3, variance 2/3; h[2] is half way.
			map[string][2]float64{"h[1]": fixed(2), "h[3]": {4, math.Sqrt(2. / 3)}, "h[2]": {3, math.Sqrt(0.5 + 0.25*2/3)}},
		},
	}
}

// TestMixedPieces: elements that a let defines, beside latents, under both
// methods. Those that are constant are reported as what they are.
func TestMixedPieces(t *testing.T) {
	for name, m := range mixedModels() {
		for _, method := range []string{runtime.MethodVariational, runtime.MethodNUTS} {
			t.Run(name+" "+method, func(t *testing.T) {
				post := fitWith(t, m.text, m.data, runtime.Options{Seed: 1, Method: method})
				for element, w := range m.want {
					q, err := post.Quantity(element)
					if err != nil {
						t.Fatal(err)
					}
					if w[1] == 0 && (q.Mean != w[0] || q.SD != 0) || math.Abs(q.Mean-w[0]) > 0.09*w[1] || math.Abs(q.SD-w[1]) > 0.08*w[1] {
						t.Errorf("%s is %.17g ± %.4g, want %.4f ± %.4f", element, q.Mean, q.SD, w[0], w[1])
					}
				}
				if post.Verdict() != runtime.Good {
					t.Errorf("%s %v", post.Verdict(), post.Reasons())
				}
			})
		}
	}
}

// TestMixedSimulation: a simulation keeps what a let defines, draws the rest,
// and an SBC ranks what is drawn alone.
func TestMixedSimulation(t *testing.T) {
	const text = "data N : int\ndata y : real[N]\nlet b[1] = 3\nb[k in 2..3] ~ Normal(0, 1)\ny ~ Normal(b[1] + b[2] + b[3], 1)"
	s := simulator(t, text, map[string]any{"N": 5})
	sim, err := s.Draw(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range sim.Latents() {
		if q.Name == "b[1]" && q.Mean != 3 || q.Name != "b[1]" && (q.Mean == 3 || q.Mean == 0) {
			t.Errorf("%s is %g", q.Name, q.Mean)
		}
	}
	if truth := string(sim.TruthJSON(false)); !strings.Contains(truth, `"b"`) {
		t.Error(truth)
	}
	cal, err := s.SBC(t.Context(), runtime.SBCOptions{Replicates: 10, Draws: 9})
	if err != nil {
		t.Fatal(err)
	}
	var ranked []string
	for _, q := range cal.Quantities {
		ranked = append(ranked, q.Name)
	}
	if got := strings.Join(ranked, " "); got != "b[2] b[3]" {
		t.Errorf("ranked: %s", got)
	}
}

// TestMixedRefused: an element that depends on a discrete latent.
func TestMixedRefused(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte("data y : real\nz ~ Bernoulli(0.5)\nlet b[1] = 3 * z\nb[2] ~ Normal(0, 1)\ny ~ Normal(b[1] + b[2], 1)"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Bind(runtime.Map(map[string]any{"y": 1.0}))
	if err == nil || !strings.Contains(err.Error(), "depends on a discrete latent") {
		t.Error(err)
	}
}

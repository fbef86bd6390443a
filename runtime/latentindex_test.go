package runtime_test

import (
	"strings"
	"testing"

	"ppl/runtime"
)

// TestLatentIndexAtBinding: whether a latent index lies inside an array of a given
// size is compared when the data tell it, all of its values.
func TestLatentIndexAtBinding(t *testing.T) {
	const text = "data y : real[N]\ndata w : simplex[K]\nphi : positive_ordered[2] ~ Normal(0, 10)\nplate i in 1..N {\n  z[i] ~ Categorical(w)\n  y[i] ~ Normal(phi[z[i]], 1)\n}"
	m, err := runtime.Compile("model.ppl", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	y := []float64{1, 2, 5, 6}
	if _, err := m.Bind(runtime.Map(map[string]any{"y": y, "w": []float64{0.5, 0.5}})); err != nil {
		t.Error(err)
	}
	_, err = m.Bind(runtime.Map(map[string]any{"y": y, "w": []float64{0.5, 0.3, 0.2}}))
	if err == nil {
		t.Fatal("three categories index two elements")
	}
	for _, part := range []string{"error[index-out-of-bounds]: the index 3 is outside the array, at z = 3", "model.ppl:6:21", "an index from 1 to 2"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in\n%v", part, err)
		}
	}
}

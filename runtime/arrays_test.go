package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"ppl/runtime"
)

// TestArrays: an array has the dimensions, labels and draws of its elements, of a fit and of the same fit when
// it is loaded.
func TestArrays(t *testing.T) {
	m := must(runtime.Compile("m.ppl", []byte(`
data g : factor(J)[N]
data y : real?[N]
m ~ Normal(0, 2)
w : real[J, 2] ~ Normal(m, 1)
z[i in 1..N] ~ Bernoulli(0.3)
y[i in 1..N] ~ Normal(w[g[i], 1] + z[i], 1)
`)))
	p := must(m.Bind(runtime.Map(map[string]any{"g": []string{"b", "a", "b"}, "y": []any{0.1, nil, 2.2}})))
	fitted := must(p.Fit(context.Background(), runtime.Options{Seed: 1, Draws: 30}))
	var file bytes.Buffer
	if err := fitted.Save(&file); err != nil {
		t.Fatal(err)
	}
	loaded := must(runtime.Load(bytes.NewReader(file.Bytes()), int64(file.Len())))
	for _, post := range []*runtime.Posterior{fitted, loaded} {
		var order []string
		for a, err := range post.Arrays() {
			if err != nil {
				t.Fatal(err)
			}
			order = append(order, a.Name)
		}
		if want := []string{"y", "m", "w", "z"}; !slices.Equal(order, want) {
			t.Errorf("arrays %v, want %v", order, want)
		}
		for _, c := range []struct {
			name, dims string
			elements   []string
		}{
			{"m", "[]", []string{"m"}},
			{"w", "[{J 2 [a b]} {2 2 []}]", []string{"w[a,1]", "w[a,2]", "w[b,1]", "w[b,2]"}},
			{"z", "[{N 3 []}]", []string{"z[1]", "z[2]", "z[3]"}},
			{"y", "[{ 1 [y[2]]}]", []string{"y[2]"}},
		} {
			a := must(post.Array(c.name))
			if got := fmt.Sprint(a.Dims); got != c.dims || a.N != 30 || a.Name != c.name {
				t.Errorf("%s: %d draws of dimensions %s, want %s", c.name, a.N, got, c.dims)
			}
			size := 1
			for _, n := range a.Shape() {
				size *= n
			}
			n := 0
			for i, x := range a.Draws() {
				if i != n || len(x) != size || !slices.Equal(x, a.Draw(i)) {
					t.Fatalf("%s: draw %d, at %d, has %d elements", c.name, i, n, len(x))
				}
				n++
			}
			if n != 30 || a.Draw(30) != nil || a.Draw(-1) != nil {
				t.Errorf("%s: %d draws", c.name, n)
			}
			for e, name := range c.elements {
				for i, want := range must(post.Draws(name)) {
					if got := a.Draw(i)[e]; got != want {
						t.Fatalf("draw %d of %s is %g, in the array %g", i, name, want, got)
					}
				}
			}
		}
		unknown := (*runtime.UnknownQuantity)(nil)
		if _, err := post.Array("w[a,1]"); !errors.As(err, &unknown) || unknown.Suggestion != "" && unknown.Suggestion != "w" {
			t.Errorf("an element: %v", err)
		}
	}
}

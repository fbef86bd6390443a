package runtime_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"ppl/runtime"
)

// TestPredictRadon: a fit that has not seen five counties, nor a hundred houses of others, predicts them all, over
// 20 random choices: 90 % intervals hold between 87 and 93 %.
func TestPredictRadon(t *testing.T) {
	if !slow {
		t.Skip("PPL_SLOW=1: 20 fits")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "shared", "public", "data", "pdb_radon_variable_intercept_slope_centered.json"))
	if err != nil {
		t.Skip("../shared/public is absent")
	}
	var all struct {
		County []int     `json:"county_idx"`
		Floor  []float64 `json:"floor_measure"`
		Radon  []float64 `json:"log_radon"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	m, err := runtime.Compile("radon.ppl", []byte(`
data county : factor(J)[N]
data floor  : real[N]
data radon  : real[N]
mu ~ Normal(0, 10)
b ~ Normal(0, 10)
tau ~ HalfNormal(1)
sigma ~ HalfNormal(1)
alpha[j in 1..J] ~ Normal(mu, tau)
radon[i in 1..N] ~ Normal(alpha[county[i]] + b * floor[i], sigma)
`))
	if err != nil {
		t.Fatal(err)
	}
	counties := slices.Compact(slices.Sorted(slices.Values(all.County)))
	var held, seen, unseen [2]float64 // inside, of
	for k := range 20 {
		r := rand.New(rand.NewPCG(uint64(k), 85))
		left := map[int]bool{}
		for _, i := range r.Perm(len(counties))[:5] {
			left[counties[i]] = true
		}
		var known []int
		var out []int // rows that are held back
		for i, c := range all.County {
			if left[c] {
				out = append(out, i)
			} else {
				known = append(known, i)
			}
		}
		r.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		out = append(out, known[:100]...)
		known = known[100:]
		columns := func(rows []int, answer bool) map[string]any {
			var county []string
			var floor, radon []float64
			for _, i := range rows {
				county, floor, radon = append(county, strconv.Itoa(all.County[i])), append(floor, all.Floor[i]), append(radon, all.Radon[i])
			}
			c := map[string]any{"county": county, "floor": floor}
			if answer {
				c["radon"] = radon
			}
			return c
		}
		p, err := m.Bind(runtime.Map(columns(known, true)))
		if err != nil {
			t.Fatal(err)
		}
		post, err := p.Fit(context.Background(), runtime.Options{Seed: uint64(k)})
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := post.Predict(context.Background(), runtime.Map(columns(out, false)), runtime.PredictOptions{Seed: uint64(k)})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range out {
			q, err := predicted.Quantity("radon[" + strconv.Itoa(i+1) + "]")
			if err != nil {
				t.Fatal(err)
			}
			below := 0.0
			for _, x := range q.Draws() {
				if x < all.Radon[row] {
					below++
				}
			}
			inside := 0.0
			if math.Abs(below/float64(len(q.Draws()))-0.5) < 0.45 {
				inside = 1
			}
			which := &seen
			if left[all.County[row]] {
				which = &unseen
			}
			for _, w := range []*[2]float64{&held, which} {
				w[0] += inside
				w[1]++
			}
		}
	}
	t.Logf("90 %% intervals hold %.3f of %.0f: %.3f in counties that the fit has seen, %.3f in others", held[0]/held[1], held[1], seen[0]/seen[1], unseen[0]/unseen[1])
	if share := held[0] / held[1]; share < 0.87 || share > 0.93 {
		t.Errorf("90 %% intervals hold %.3f of %.0f", share, held[1])
	}
}

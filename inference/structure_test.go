package inference

import (
	"context"
	"math"
	"sort"
	"testing"

	"ppl/inference/arrow"
)

// crossed has two plates that meet in every observation: given the second, the
// iterations of the first do not interact.
const crossed = `
data y : real[I, J]
a[i in 1..I] ~ Normal(0, 1)
b[j in 1..J] ~ Normal(0, 1)
sigma ~ HalfNormal(1)
y[i in 1..I, j in 1..J] ~ Normal(a[i] * b[j], sigma)
`

// coupled has a plate whose neighbours interact.
const coupled = `
data y : real[N]
tau ~ HalfNormal(1)
x[1] ~ Normal(0, 1)
for i in 2..N { x[i] ~ Normal(x[i-1], tau) }
y[i in 1..N] ~ Normal(x[i], 1)
`

// second has a plate whose iterations interact with the next two.
const second = `
data y : real[N]
tau ~ HalfNormal(1)
x[1] ~ Normal(0, 1)
x[2] ~ Normal(0, 1)
for i in 3..N { x[i] ~ Normal(2 * x[i-1] - x[i-2], tau) }
y[i in 1..N] ~ Normal(x[i], 1)
`

// pairs has a plate all of whose iterations interact.
const pairs = `
data y : real[N]
x[i in 1..N] ~ Normal(0, 1)
y[i in 1..N] ~ Normal(x[i], 1)
factor -square(sum(x))
`

// mixed has two latents in a plate, one of them a simplex.
const mixed = `
data y : real[N]
c ~ HalfNormal(1)
plate i in 1..N {
  p[i] ~ Dirichlet([c + 1, c + 2, 3])
  m[i] ~ Normal(0, 1)
  y[i] ~ Normal(m[i] * p[i, 1] + p[i, 2], 1)
}
`

func TestPattern(t *testing.T) {
	matrix := func(rows, columns int) [][]float64 {
		out := make([][]float64, rows)
		for i := range out {
			out[i] = normals(uint64(i), "row", columns)
		}
		return out
	}
	for _, c := range []struct {
		name, text     string
		data           data
		blocks, size   int // of the pattern
		globals, dense int
	}{
		{"few latents are dense", hierarchy, hierarchyData(40, 2), 0, 0, 43, 43},
		{"a plate", hierarchy, hierarchyData(100, 3), 100, 1, 3, 103},
		{"the longer of two crossed plates", crossed, data{"I": 90, "J": 7, "y": matrix(90, 7)}, 90, 1, 8, 98},
		{"the longer, if it comes second", crossed, data{"I": 7, "J": 90, "y": matrix(7, 90)}, 90, 1, 8, 98},
		{"neighbours interact", coupled, data{"N": 80, "y": normals(1, "y", 80)}, 80, 1, 1, 81},
		{"neighbours two away interact", second, data{"N": 81, "y": normals(1, "y", 81)}, 40, 2, 2, 82},
		{"every pair interacts", pairs, data{"N": 80, "y": normals(1, "y", 80)}, 0, 0, 80, 80},
		{"a simplex in a plate", mixed, data{"N": 50, "y": normals(1, "y", 50)}, 50, 3, 1, 151},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := atWork(t, build(t, c.text, c.data))
			p := f.pattern
			if len(p.Blocks) != c.blocks || p.K() != c.size || len(p.Globals) != c.globals {
				t.Fatalf("%d blocks of %d and %d global coordinates; want %d, %d, %d", len(p.Blocks), p.K(), len(p.Globals), c.blocks, c.size, c.globals)
			}
			var all []int
			for _, b := range p.Blocks {
				all = append(all, b...)
			}
			all = append(all, p.Globals...)
			sort.Ints(all)
			for i, x := range all {
				if x != i {
					t.Fatalf("coordinates are not each in one place: %v", all)
				}
			}
			// The matrix from the probes is the Hessian.
			d := f.t.D
			u := normals(8, "u", d)
			m, _, err := f.hessian(u)
			if err != nil {
				t.Fatal(err)
			}
			h := make([]float64, d*d)
			if _, _, err := f.surf.Hessian(u, h); err != nil {
				t.Fatal(err)
			}
			v, y := normals(9, "v", d), make([]float64, d)
			m.MulVec(v, y)
			for i := range y {
				if want := -dot(h[i*d:(i+1)*d], v); math.Abs(y[i]-want) > 1e-8*math.Max(1, math.Abs(want)) {
					t.Errorf("row %d times a vector: %g, want %g", i, y[i], want)
				}
			}
		})
	}
}

// TestResponseInPattern: the linear response is the same in a pattern as dense.
func TestResponseInPattern(t *testing.T) {
	for _, c := range []struct {
		name, text string
		data       data
	}{
		{"a plate", hierarchy, hierarchyData(70, 3)},
		{"a chain", coupled, data{"N": 70, "y": normals(1, "y", 70)}},
		{"a chain of pairs", second, data{"N": 71, "y": normals(1, "y", 71)}},
	} {
		f := atWork(t, build(t, c.text, c.data))
		d := f.t.D
		if len(f.pattern.Blocks) == 0 {
			t.Fatalf("%s: no pattern", c.name)
		}
		o, a, err := f.fresh(f.t)
		if err != nil || !a.converged {
			t.Fatalf("%s: %v, %v", c.name, a, err)
		}
		var got [2][]float64
		for k, p := range []*arrow.Pattern{f.pattern, arrow.Dense(d)} {
			f.pattern = p
			r, err := f.respond(o, 16)
			if err != nil {
				t.Fatal(err)
			}
			if r.factor == nil {
				t.Fatalf("%s: %s", c.name, r.why)
			}
			got[k] = r.variances()
		}
		for i := range got[0] {
			if math.Abs(got[0][i]/got[1][i]-1) > 1e-8 {
				t.Errorf("%s: variance %d is %g in the pattern, %g dense", c.name, i, got[0][i], got[1][i])
			}
		}
	}
}

// TestNoPattern: the guide alone of a model too large for a dense Hessian,
// without structure.
func TestNoPattern(t *testing.T) {
	defer func(n int) { largestDense = n }(largestDense)
	largestDense = 150
	tg := build(t, pairs, data{"N": largestDense + 100, "y": make([]float64, largestDense+100)})
	fit, err := Variational(context.Background(), tg, Options{Seed: 1, Draws: 64, Correct: "none"})
	if err != nil {
		t.Fatal(err)
	}
	if !fit.Converged || fit.Applied != NoCorrection {
		t.Errorf("converged %t (%s), %s", fit.Converged, fit.Ended, fit.Applied)
	}
	// Mean-field: the inverse of the precision's diagonal, 1 + 1 + 2. The
	// optimum for fixed noise is off by half, as all latents touch; fresh noise
	// finds it.
	mean := 0.0
	for i, l := range fit.LogSD {
		mean += l / float64(len(fit.LogSD))
		if math.Abs(fit.Loc[i]) > 0.05 || math.Abs(l-math.Log(0.5)) > 0.2 {
			t.Fatalf("latent %d is %g ± %g", i, fit.Loc[i], math.Exp(l))
		}
	}
	if math.Abs(mean-math.Log(0.5)) > 0.03 {
		t.Errorf("the sds are %g in the (geometric) mean, want 0.5", math.Exp(mean))
	}
}

// TestWrongPatterns: a pattern that the Hessian does not have is refused.
func TestWrongPatterns(t *testing.T) {
	f := atWork(t, build(t, coupled, data{"N": 80, "y": normals(1, "y", 80)}))
	for _, n := range []int{79, 80} {
		if p := plate(f.t.Slots, n); len(p.Blocks[0]) > 0 {
			if ok, err := f.follows(p, nil); ok || err != nil {
				t.Errorf("neighbours that interact were taken for %d independent blocks (%v)", n, err)
			}
		}
	}
}

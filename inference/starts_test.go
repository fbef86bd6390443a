package inference

import (
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"ppl/inference/arrow"
)

// TestHardGaussians: the optimum is found whatever the units and correlations,
// and linear response is the exact covariance of a Gaussian posterior.
func TestHardGaussians(t *testing.T) {
	for _, c := range []struct {
		name       string
		rho        float64 // of the likelihood's two coordinates
		sa, sb     float64 // their units
		offa, offb float64 // where it lies, in sds
	}{
		{name: "plain", rho: 0.5, sa: 1, sb: 1, offa: 1, offb: -1},
		{name: "units", rho: 0.3, sa: 1e5, sb: 1e-2, offa: 3, offb: 8},
		{name: "correlation", rho: 0.999, sa: 1, sb: 1, offa: 5, offb: -5},
		{name: "both", rho: -0.999, sa: 1e5, sb: 1e-2, offa: 20, offb: 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := `
data sa : real
data sb : real
data ma : real
data mb : real
data rho : real
a ~ Flat()
b ~ Flat()
let x = (a - ma) / sa
let y = (b - mb) / sb
factor -0.5 * (x^2 - 2 * rho * x * y + y^2) / (1 - rho^2)
`
			ma, mb := c.offa*c.sa, c.offb*c.sb
			tg := build(t, text, data{"sa": c.sa, "sb": c.sb, "ma": ma, "mb": mb, "rho": c.rho})
			f := atWork(t, tg)
			o := newObjective(f.surf, 1, 64, nil)
			a, err := f.climbAndAscend(o, []float64{0, 0}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !a.converged {
				t.Fatalf("not converged: %s", a.why)
			}
			if math.Abs(a.loc[0]-ma) > 1e-2*c.sa || math.Abs(a.loc[1]-mb) > 1e-2*c.sb {
				t.Errorf("optimum at %g, %g; want %g, %g", a.loc[0], a.loc[1], ma, mb)
			}
			narrow := math.Sqrt(1 - c.rho*c.rho)
			for i, s := range []float64{c.sa, c.sb} {
				// The mean-field sd is the conditional one, up to the noise of 64 draws:
				// their products of two coordinates do not average to zero.
				if math.Abs(math.Exp(a.logsd[i])/(s*narrow)-1) > 0.2 {
					t.Errorf("mean-field sd %g, want %g", math.Exp(a.logsd[i]), s*narrow)
				}
			}
			r, err := f.response(o)
			if err != nil {
				t.Fatal(err)
			}
			cov := r.covariance()
			want := []float64{c.sa * c.sa, c.rho * c.sa * c.sb, c.rho * c.sa * c.sb, c.sb * c.sb}
			for i := range cov {
				if math.Abs(cov[i]/want[i]-1) > 1e-6 {
					t.Errorf("covariance %g, want %g", cov, want)
					break
				}
			}
		})
	}
}

// TestLinearResponseOfARegression compares with the closed form of a conjugate
// regression whose predictors correlate.
func TestLinearResponseOfARegression(t *testing.T) {
	const n, k = 30, 4
	x := make([][]float64, n)
	y := make([]float64, n)
	precision := mat.NewSymDense(k, nil)
	for i := range x {
		x[i] = normals(uint64(i), "x", k)
		x[i][1] = x[i][0] + 0.1*x[i][1]
		y[i] = x[i][0] - x[i][2] + x[i][3]
		precision.SymRankOne(precision, 1/0.49, mat.NewVecDense(k, x[i]))
	}
	for i := 0; i < k; i++ {
		precision.SetSym(i, i, precision.At(i, i)+0.25)
	}
	var chol mat.Cholesky
	chol.Factorize(precision)
	var want mat.SymDense
	if err := chol.InverseTo(&want); err != nil {
		t.Fatal(err)
	}
	f := atWork(t, build(t, "data X : real[N, K]\ndata y : real[N]\nb[k in 1..K] ~ Normal(0, 2)\ny ~ Normal(X @ b, 0.7)",
		data{"N": n, "K": k, "X": x, "y": y}))
	o := newObjective(f.surf, 1, 64, nil)
	a, err := f.climbAndAscend(o, make([]float64, k), nil)
	if err != nil || !a.converged {
		t.Fatal(a.why, err)
	}
	r, err := f.response(o)
	if err != nil {
		t.Fatal(err)
	}
	cov, v := r.covariance(), r.variances()
	for i := 0; i < k; i++ {
		for j := 0; j < k; j++ {
			scale := math.Sqrt(want.At(i, i) * want.At(j, j))
			if math.Abs(cov[i*k+j]-want.At(i, j)) > 1e-6*scale {
				t.Errorf("covariance of %d and %d: %g, want %g", i, j, cov[i*k+j], want.At(i, j))
			}
		}
		if math.Abs(v[i]/want.At(i, i)-1) > 1e-6 {
			t.Errorf("variance %g, want %g", v[i], want.At(i, i))
		}
	}
	// Draws have that covariance: the sum over unit vectors of their images.
	sum := mat.NewSymDense(k, nil)
	for i := 0; i < 2*k; i++ {
		z, u := make([]float64, 2*k), make([]float64, k)
		z[i] = 1
		r.colour(z, u, make([]float64, 2*k))
		sum.SymRankOne(sum, 1, mat.NewVecDense(k, u))
	}
	if !mat.EqualApprox(sum, &want, 1e-6) {
		t.Errorf("draws have covariance %v, want %v", mat.Formatted(sum), mat.Formatted(&want))
	}
}

// TestArrowResponse: the arrow and the dense Hessian give the same response.
func TestArrowResponse(t *testing.T) {
	f := atWork(t, build(t, hierarchy, hierarchyData(70, 3)))
	if len(f.pattern.Blocks) != 70 {
		t.Fatal("no arrow")
	}
	o := newObjective(f.surf, 1, 64, nil)
	a, err := f.climbAndAscend(o, make([]float64, f.t.D), nil)
	if err != nil || !a.converged {
		t.Fatal(a.why, err)
	}
	sparse, err := f.respond(o, 16)
	if err != nil {
		t.Fatal(err)
	}
	f.pattern = arrow.Dense(f.t.D)
	full, err := f.respond(o, 16)
	if err != nil {
		t.Fatal(err)
	}
	v, w := sparse.variances(), full.variances()
	x := normals(3, "x", f.t.D)
	p, q := make([]float64, f.t.D), make([]float64, f.t.D)
	sparse.apply(x, p)
	full.apply(x, q)
	for i := range v {
		if math.Abs(v[i]/w[i]-1) > 1e-8 {
			t.Errorf("variance %d: %g by the arrow, %g dense", i, v[i], w[i])
		}
		if math.Abs(p[i]-q[i]) > 1e-8*math.Sqrt(w[i])*(1+math.Abs(x[i])) {
			t.Errorf("covariance times a vector, %d: %g by the arrow, %g dense", i, p[i], q[i])
		}
	}
}

// TestUnidentified: of two flat latents only the sum is seen.
func TestUnidentified(t *testing.T) {
	tg := build(t, "data y : real[N]\na ~ Flat()\nb ~ Flat()\nc ~ Normal(0, 1)\ny ~ Normal(a + b + 0.1 * c, 1)", data{"N": 5, "y": normals(1, "y", 5)})
	fit := fitted(t, tg, Options{Seed: 1})
	named := map[string]bool{}
	for _, i := range fit.Flat {
		for _, s := range tg.Slots {
			if i == s.Offset {
				named[s.Site.Name] = true
			}
		}
	}
	if !named["a"] || !named["b"] || named["c"] || fit.NoResponse == "" {
		t.Errorf("flat directions of %v (%q); want a and b", named, fit.NoResponse)
	}
	if fit.Applied != NoCorrection {
		t.Errorf("draws by %s", fit.Applied)
	}
}

// TestInfiniteAtTheOrigin: the density is zero where a fit starts first.
func TestInfiniteAtTheOrigin(t *testing.T) {
	tg := build(t, "a ~ Normal(0, 1)\nb ~ Normal(0, 1)\nfactor if a^2 + b^2 < 0.01 then -inf else log(a^2 + b^2)", nil)
	f := atWork(t, tg)
	starts, err := f.starts(3)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range starts {
		if dot(u, u) < 0.01 {
			t.Errorf("a start at %g, where the density is zero", u)
		}
	}
}

// TestUnbounded: a density without a maximum, or without a finite mass, ends
// with a reason, and never as converged.
func TestUnbounded(t *testing.T) {
	for name, text := range map[string]string{
		"linear":          "a ~ Flat()\nfactor a",
		"quadratic":       "a ~ Flat()\nb ~ Normal(0, 1)\nfactor a^2 + a * b",
		"constant":        "a ~ Flat()",
		"degenerate":      "data y : real[N]\nmu ~ Flat()\ns ~ Flat() in (0, inf)\ny ~ Normal(mu, s)",
		"a scale of zero": "m ~ Normal(0, 1)\nt ~ Flat() in (0, inf)\nx ~ Normal(m, t)\nfactor 0 * x",
	} {
		t.Run(name, func(t *testing.T) {
			given := data{}
			if strings.Contains(text, "real[N]") {
				given = data{"N": 1, "y": []float64{2}}
			}
			fit := fitted(t, build(t, text, given), Options{Seed: 1})
			sound := fit.Converged && fit.NoResponse == "" && fit.Applied == Importance && fit.Draws.KHat < 0.7
			if sound || !fit.Converged && fit.Ended == "" {
				t.Errorf("converged %t (%q), %s, k̂ %.2f, %q", fit.Converged, fit.Ended, fit.Applied, fit.Draws.KHat, fit.NoResponse)
			}
			t.Logf("converged %t (%q), %s, k̂ %.2f, %q", fit.Converged, fit.Ended, fit.Applied, fit.Draws.KHat, fit.NoResponse)
		})
	}
}

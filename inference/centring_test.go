package inference

import (
	"fmt"
	"math"
	"testing"

	"ppl/inference/target"
)

// families are the distributions that can be parameterised anew, each under
// latents that move or stretch it: scalar, of a plate, and with a scale for each
// element.
var families = map[string]string{
	"Normal":                "x[i in 1..4] ~ Normal(m, s)",
	"Normal, scale apart":   "x[i in 1..4] ~ Normal(m, s * i)",
	"Normal, location":      "x[i in 1..4] ~ Normal(m + i, 2)",
	"Normal, scalar":        "x ~ Normal(m, s)",
	"Normal, in two plates": "x[i in 1..3, j in 1..2] ~ Normal(m * i, s)",
	"StudentT":              "x[i in 1..4] ~ StudentT(5, m, s)",
	"Cauchy":                "x[i in 1..4] ~ Cauchy(m, s)",
	"Laplace":               "x[i in 1..4] ~ Laplace(m, s)",
	"Logistic":              "x[i in 1..4] ~ Logistic(m, s)",
	"Gumbel":                "x[i in 1..4] ~ Gumbel(m, s)",
	"LogNormal":             "x[i in 1..4] ~ LogNormal(m, s)",
	"HalfNormal":            "x[i in 1..4] ~ HalfNormal(s)",
	"HalfCauchy":            "x[i in 1..4] ~ HalfCauchy(s)",
	"HalfStudentT":          "x[i in 1..4] ~ HalfStudentT(4, s)",
	"Exponential":           "x[i in 1..4] ~ Exponential(s)",
	"Gamma":                 "x[i in 1..4] ~ Gamma(2, s)",
	"InvGamma":              "x[i in 1..4] ~ InvGamma(3, s)",
	"Weibull":               "x[i in 1..4] ~ Weibull(2, s)",
	"Rayleigh":              "x[i in 1..4] ~ Rayleigh(s)",
	"Frechet":               "x[i in 1..4] ~ Frechet(3, s)",
}

// TestCentringKeepsThePosterior: at corresponding points the log densities of
// two parameterisations differ by the Jacobian of the map between them,
// Σ (1 − λ) log s.
func TestCentringKeepsThePosterior(t *testing.T) {
	for name, text := range families {
		t.Run(name, func(t *testing.T) {
			tg := build(t, "m ~ Normal(0, 1)\ns ~ HalfNormal(1)\n"+text, nil)
			slots := tg.RelativeSlots()
			if len(slots) != 1 {
				t.Fatalf("%d relative blocks", len(slots))
			}
			slot := tg.Slots[slots[0]]
			lambda := tg.Centred(0)
			for k := range lambda[slots[0]] {
				lambda[slots[0]][k] = 0.3 * float64(k)
			}
			other := tg.WithCentring(lambda)
			held := normals(5, "held", tg.D)
			location, logScale, err := other.Frames(held)
			if err != nil {
				t.Fatal(err)
			}
			u, jacobian := append([]float64(nil), held...), 0.0
			for k, l := range lambda[slots[0]] {
				m, ls := location[slots[0]][k], logScale[slots[0]][k]
				u[slot.Offset+k] = m + math.Exp((1-l)*ls)*(held[slot.Offset+k]-l*m)
				jacobian += (1 - l) * ls
			}
			if got, want := density(t, other, held), density(t, tg, u)+jacobian; math.Abs(got-want) > 1e-10*math.Max(1, math.Abs(want)) {
				t.Errorf("log density %.12g, want %.12g", got, want)
			}
			// What is reported is the same.
			a, b := reported(t, other, held), reported(t, tg, u)
			for i := range a {
				if math.Abs(a[i]-b[i]) > 1e-12*math.Max(1, math.Abs(b[i])) {
					t.Errorf("reported value %d: %g, want %g", i, a[i], b[i])
				}
			}
			// move goes there, and back.
			logsd := normals(6, "logsd", tg.D)
			loc, sd, err := other.Move(tg, held, logsd)
			if err != nil {
				t.Fatal(err)
			}
			back, sdBack, err := tg.Move(other, loc, sd)
			if err != nil {
				t.Fatal(err)
			}
			for i := range loc {
				if math.Abs(loc[i]-u[i]) > 1e-12*math.Max(1, math.Abs(u[i])) {
					t.Errorf("coordinate %d moved to %g, want %g", i, loc[i], u[i])
				}
				if math.Abs(back[i]-held[i]) > 1e-12*math.Max(1, math.Abs(held[i])) || math.Abs(sdBack[i]-logsd[i]) > 1e-12 {
					t.Errorf("coordinate %d came back at %g, %g; was %g, %g", i, back[i], sdBack[i], held[i], logsd[i])
				}
			}
		})
	}
}

func density(t *testing.T, tg *target.Target, u []float64) float64 {
	t.Helper()
	s, err := tg.NewSurface()
	if err != nil {
		t.Fatal(err)
	}
	lp := make([]float64, 1)
	if err := s.Value(u, lp); err != nil {
		t.Fatal(err)
	}
	return lp[0]
}

func reported(t *testing.T, tg *target.Target, u []float64) []float64 {
	t.Helper()
	r, err := tg.NewReporter(1)
	if err != nil {
		t.Fatal(err)
	}
	vals, err := r.Report(u)
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	for _, v := range vals {
		out = append(out, v...)
	}
	return out
}

// TestSuggestion: with known scales the posterior variance of x given its
// parents is v = 1/(1/s² + 1/σ²), and λ = 1 − v/s² = s²/(s² + σ²).
func TestSuggestion(t *testing.T) {
	sigma := []float64{0.1, 1, 2, 20}
	tg := build(t, "data y : real[N]\ndata sigma : real[N] > 0\nm ~ Normal(0, 1)\nx[i in 1..N] ~ Normal(m, 2)\ny ~ Normal(x, sigma)",
		data{"N": 4, "y": normals(1, "y", 4), "sigma": sigma})
	logsd := make([]float64, tg.D)
	slot := tg.Slots[tg.RelativeSlots()[0]]
	want := make([]float64, 4)
	for i, s := range sigma {
		v := 1 / (1.0/4 + 1/(s*s))
		want[i] = 1 - v/4
		logsd[slot.Offset+i] = 0.5 * math.Log(v)
	}
	lambda, change, err := suggest(tg, make([]float64, tg.D), logsd)
	if err != nil {
		t.Fatal(err)
	}
	most := 0.0
	for i, w := range want {
		if math.Abs(lambda[tg.RelativeSlots()[0]][i]-w) > 0.0051 { // rounded to hundredths
			t.Errorf("λ = %g, want %g", lambda[tg.RelativeSlots()[0]][i], w)
		}
		most = math.Max(most, 1-w)
	}
	if math.Abs(change-most) > 0.0051 {
		t.Errorf("change %g from the centred form, want %g", change, most)
	}
	// It is what the fit comes to.
	fit := fitted(t, tg, Options{Seed: 1})
	for i, w := range want {
		if got := fit.Target.Lambda(tg.RelativeSlots()[0], i); math.Abs(got-w) > 0.06 {
			t.Errorf("the fit has λ = %g, want %g", got, w)
		}
	}
}

// TestModes: a mixture whose components are not ordered has two modes; if they have the
// same prior one of them stands for both. An ordered one has one mode. Left to itself the
// fit weighs modes against one another.
func TestModes(t *testing.T) {
	const lumps = `
data y : real[N]
%s
factor sum([log_sum_exp([log_density(Normal(mu[1], 0.5), y[i]), log_density(Normal(mu[2], 0.5), y[i])]) for i in 1..N])
`
	y := normals(1, "y", 40)
	for i := range y {
		y[i] = 0.5*y[i] + 4*float64(i%2) - 2
	}
	for _, c := range []struct {
		prior string
		modes int
		same  bool
	}{{"mu[k in 1..2] ~ Normal(0, 5)", 1, true}, {"mu[k in 1..2] ~ Normal(0.1 * k, 5)", 2, false}, {"mu : ordered[2] ~ Normal(0, 5)", 1, false}} {
		for seed := uint64(1); seed <= 3; seed++ {
			fit := fitted(t, build(t, fmt.Sprintf(lumps, c.prior), data{"N": 40, "y": y}), Options{Seed: seed, Correct: "linear"})
			if len(fit.Modes) != c.modes {
				t.Errorf("%s, seed %d: %d modes", c.prior, seed, len(fit.Modes))
			}
			if same := fit.Symmetry != nil && len(fit.Symmetry.Exchanges) == 1; same != c.same {
				t.Errorf("%s, seed %d: labels that can be exchanged %t", c.prior, seed, same)
			}
			for i := 1; i < len(fit.Modes); i++ {
				if fit.Modes[i].ELBO > fit.Modes[i-1].ELBO {
					t.Error("the modes are not in order")
				}
			}
		}
	}
}

// TestEightSchools: centred, and standardised by hand, the posterior of the
// scale and the effects is the same.
func TestEightSchools(t *testing.T) {
	given := data{"J": 8, "y": []float64{28, 8, -3, 7, -1, 1, 18, 12}, "sigma": []float64{15, 10, 16, 11, 9, 11, 10, 18}}
	const head = "data y : real[J]\ndata sigma : real[J] > 0\nmu ~ Normal(0, 5)\ntau ~ HalfCauchy(5)\n"
	var got [2][][2]float64
	for k, text := range []string{
		head + "theta[j in 1..J] ~ Normal(mu, tau)\ny ~ Normal(theta, sigma)",
		head + "z[j in 1..J] ~ Normal(0, 1)\nlet theta = mu + tau * z\ny ~ Normal(theta, sigma)",
	} {
		fit := fitted(t, build(t, text, given), Options{Seed: 2})
		if fit.Applied != Importance || fit.Draws.KHat > 0.5 {
			t.Fatalf("%s, k̂ = %.2f", fit.Applied, fit.Draws.KHat)
		}
		r, err := fit.Target.NewReporter(target.Lanes)
		if err != nil {
			t.Fatal(err)
		}
		vals, err := r.Report(fit.Draws.U)
		if err != nil {
			t.Fatal(err)
		}
		n := fit.Draws.N()
		for i, s := range r.Symbols {
			if s.Name == "z" {
				continue
			}
			for e := 0; e < r.Shapes[i].Size(); e++ {
				m, sd := moments(&Weighted{D: 1, U: vals[i][e*n : (e+1)*n], W: fit.Draws.W}, 0)
				got[k] = append(got[k], [2]float64{m, sd})
			}
		}
	}
	for i, a := range got[0] {
		b := got[1][i]
		if math.Abs(a[0]-b[0]) > 0.1*b[1] || math.Abs(math.Log(a[1]/b[1])) > math.Log(1.1) {
			t.Errorf("quantity %d: %g centred, %g by hand", i, a, b)
		}
	}
}

package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"ppl/runtime"
)

const schoolsText = `data y : real[J]
data sigma : real[J]
mu ~ Normal(0, 5)
tau ~ HalfCauchy(5)
theta[j in 1..J] ~ Normal(mu, tau)
y[j in 1..J] ~ Normal(theta[j], sigma[j])
let best = max(theta)`

func schoolsData() map[string]any {
	return map[string]any{"y": []float64{28, 8, -3, 7, -1, 1, 18, 12}, "sigma": []float64{15, 10, 16, 11, 9, 11, 10, 18}}
}

// TestIntegratedSaid: what is integrated out is said, by a problem and by a fit, and its latents and what depends on them are reported
// as others are.
func TestIntegratedSaid(t *testing.T) {
	p := problem(t, schoolsText, schoolsData())
	block, err := p.Integrated(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := block.String(), "mu, theta: 9 numbers, Gaussian given the other 1; 8 groups of 1, and 1 common to all"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	post, err := p.Fit(t.Context(), runtime.Options{Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := post.WriteTable(&text, runtime.TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := "10 unconstrained latents, 9 of them integrated out (mu, theta)"; !strings.Contains(text.String(), want) {
		t.Errorf("no %q in\n%s", want, text.String())
	}
	for _, name := range []string{"mu", "tau", "theta[8]", "best"} {
		if q, err := post.Quantity(name); err != nil || !(q.SD > 0) {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
}

// TestLatentsAsked: a latent is kept where that is asked for, and where it cannot be integrated out, or there is none, an error says so.
func TestLatentsAsked(t *testing.T) {
	for _, c := range []struct {
		asked map[string]string
		fits  runtime.Options
		want  string // in the error; "": none
		out   int    // numbers that are integrated out
	}{
		{map[string]string{"theta": "keep", "mu": "keep"}, runtime.Options{Quick: true}, "", 0},
		{map[string]string{"mu": "integrate"}, runtime.Options{Quick: true}, "", 9},
		{map[string]string{"tau": "integrate"}, runtime.Options{Quick: true}, "`tau` cannot be integrated out", 0},
		{map[string]string{"mu": "integrate"}, runtime.Options{Guide: "fullrank"}, "`mu` cannot be integrated out", 0},
		{map[string]string{"mu": "integrate"}, runtime.Options{Method: "nuts"}, "nuts moves in all latents", 0},
		{map[string]string{"nu": "keep"}, runtime.Options{}, "no latent \"nu\"", 0},
		{map[string]string{"mu": "drop"}, runtime.Options{}, "must be one of keep, integrate", 0},
	} {
		m, err := runtime.Compile("model.ppl", []byte(schoolsText))
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.BindWith(runtime.Map(schoolsData()), runtime.BindOptions{Latents: c.asked})
		var post *runtime.Posterior
		if err == nil {
			post, err = p.Fit(t.Context(), c.fits)
		}
		var wrong *runtime.OptionError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", c.asked, err)
		case c.want == "":
			if got := post.Figures().IntegratedNumbers; got != c.out {
				t.Errorf("%v: %d numbers are integrated out, not %d", c.asked, got, c.out)
			}
		case !errors.As(err, &wrong) || wrong.Field != "Latents" || !strings.Contains(err.Error(), c.want):
			t.Errorf("%v, %+v: %v, want %q", c.asked, c.fits, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := problem(t, schoolsText, schoolsData()).Integrated(ctx); !errors.As(err, new(*runtime.Stopped)) {
		t.Errorf("with a context that is done: %v", err)
	}
}

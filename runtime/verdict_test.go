package runtime

import (
	"context"
	"math"
	"strings"
	"testing"

	"ppl/inference"
	"ppl/inference/tails"
	"ppl/inference/target"
	"ppl/lang"
)

// sound is a fit with nothing to complain of.
func sound() *inference.Answer {
	return &inference.Answer{
		Target: &target.Target{}, Applied: inference.Importance, Ending: inference.Ending{Converged: true},
		Draws: &inference.Weighted{KHat: 0.2, ESS: 3000}, Optimum: inference.Optimum{KHatMeanField: 0.6, Modes: make([]inference.Mode, 1)},
	}
}

// TestOrBefore: an answer stays in place of its correction if its verdict is no worse and chains do not agree, or if it is one of
// particles.
func TestOrBefore(t *testing.T) {
	made := func(v Verdict, rhat float64) *making {
		m := &making{fit: sound(), verdict: v}
		m.fit.Trail = []inference.Step{{Name: "chains"}}
		if rhat > 0 {
			m.sampling = &Sampling{RHat: rhat}
		}
		return m
	}
	tempered := func(m *making) *making {
		m.fit.Applied = inference.Tempered
		return m
	}
	for _, c := range []struct {
		name   string
		before *making
		now    *making
		back   bool
	}{
		{"better", made(Caution, 0), made(Good, 1), false},
		{"worse, and the chains agree", made(Caution, 0), made(Poor, 1.06), false},
		{"worse, and they do not", made(Caution, 0), made(Poor, 1.3), true},
		{"as bad, and the chains agree", made(Poor, 0), made(Poor, 1.06), false},
		{"as bad, and they do not", made(Poor, 0), made(Poor, 1.3), true},
		{"as good", made(Caution, 0), made(Caution, 1.02), false},
		{"as good as particles", tempered(made(Caution, 1.001)), made(Caution, 1.02), true},
		{"better than particles", tempered(made(Caution, 1.001)), made(Good, 1.001), false},
	} {
		got := c.now.orBefore(c.before)
		if back := got == c.before; back != c.back || got != c.now && got != c.before {
			t.Errorf("%s: the answer before stands: %v", c.name, back)
		}
		if got == c.before && c.now.sampling.RHat > 1.05 && !strings.Contains(strings.Join(got.reasons, " "), "do not agree") {
			t.Errorf("%s: the reasons are %q", c.name, got.reasons)
		}
		if !got.fit.Tried("chains") {
			t.Errorf("%s: the answer does not know what was tried", c.name)
		}
	}
}

// TestVerdictRules: each rule alone lowers the verdict, and says why.
func TestVerdictRules(t *testing.T) {
	fine := Quantity{Name: "a", Mean: 1, SD: 2, MCSE: 0.05}
	for _, c := range []struct {
		name   string
		change func(*inference.Answer)
		q      Quantity
		want   Verdict
		why    string
	}{
		{"sound", func(*inference.Answer) {}, fine, Good, "converged, one mode found"},
		{"k̂ 0.5", func(f *inference.Answer) { f.Draws.KHat = 0.5 }, fine, Good, "k̂ = 0.50"},
		{"k̂ above 0.5", func(f *inference.Answer) { f.Draws.KHat = 0.51 }, fine, Caution, "unsteady"},
		{"k̂ above 0.7", func(f *inference.Answer) { f.Draws.KHat = 0.71 }, fine, Poor, "cannot follow"},
		{"infinite k̂", func(f *inference.Answer) { f.Draws.KHat = math.Inf(1) }, fine, Poor, "cannot follow"},
		{"heavy variances", func(f *inference.Answer) { f.Draws.Spread.KHat = 0.8 }, fine, Caution, "tails are not covered"},
		{"infinite variances", func(f *inference.Answer) { f.Draws.Spread.KHat = 1.2 }, fine, Poor, "tails are not covered"},
		{"no chains", func(f *inference.Answer) {
			f.Draws.KHat, f.Trail = 0.6, []inference.Step{{Name: "chains", Refused: "they would take too long"}}
		}, fine, Caution, "came to nothing: they would take too long"},
		{"no weights", func(f *inference.Answer) { f.Applied, f.Draws.KHat = inference.LinearResponse, math.NaN() }, fine, Caution, "linear response"},
		{"no weights, and the location moves", func(f *inference.Answer) {
			f.Applied, f.Draws.KHat, f.Moved.SDs = inference.LinearResponse, math.NaN(), 0.46
		}, fine, Poor, "would move by 0.5 sds"},
		{"no weights, and the location moves far", func(f *inference.Answer) {
			f.Applied, f.Draws.KHat, f.Moved.SDs = inference.LinearResponse, math.NaN(), 3.5
		}, fine, Poor, "would move by more than 3 sds"},
		{"no weights, and the location moves a little", func(f *inference.Answer) {
			f.Applied, f.Draws.KHat, f.Moved.SDs = inference.LinearResponse, math.NaN(), 0.44
		}, fine, Caution, "were not used"},
		{"no weights, and the location has an error", func(f *inference.Answer) {
			f.Applied, f.Draws.KHat, f.LocError = inference.LinearResponse, math.NaN(), 0.31
		}, fine, Poor, "Monte-Carlo error of up to 0.3 sds"},
		{"particles that say something else", func(f *inference.Answer) { f.Look = &inference.Look{Off: 2} }, fine, Poor, "tempered from the prior differ"},
		{"particles that agree", func(f *inference.Answer) { f.Look = &inference.Look{Agrees: true} }, fine, Good, "converged"},
		{"no correction", func(f *inference.Answer) { f.Applied, f.Draws.KHat = inference.NoCorrection, math.NaN() }, fine, Caution, "ignores posterior correlations"},
		{"few effective draws", func(f *inference.Answer) { f.Draws.ESS = 399 }, fine, Caution, "399 effective draws"},
		{"a mean with an error", func(*inference.Answer) {}, Quantity{Name: "b", Mean: 1, SD: 2, MCSE: 0.11}, Caution, "`b`"},
		{"an sd with an error", func(*inference.Answer) {}, Quantity{Name: "b", Mean: 1, SD: 2, MCSESD: 0.21}, Caution, "the sd of `b` is 10 % of it"},
		{"an interval with an error", func(*inference.Answer) {}, Quantity{Name: "b", Mean: 1, SD: 2, MCSETail: 0.31}, Caution, "the interval of `b` is 0.15 of its spread"},
		{"labels that can be exchanged", func(f *inference.Answer) {
			f.Symmetry = &inference.Symmetry{Exchanges: []inference.Exchange{{Sites: []*lang.Symbol{{Name: "w"}, {Name: "mu"}}, Classes: [][]int{{1, 2}}}}}
		}, fine, Good, "labels 2, 3 of `w`, `mu` can be exchanged"},
		{"signs that can be changed", func(f *inference.Answer) {
			f.Symmetry = &inference.Symmetry{Flips: []inference.Flip{{Sites: []*lang.Symbol{{Name: "a"}, {Name: "a"}, {Name: "b"}}}}}
		}, fine, Good, "the sign of `a`, `b` can be changed"},
		{"no sd", func(*inference.Answer) {}, Quantity{Name: "b", Mean: 1, SD: math.NaN(), Q5: -2, Q95: 2, MCSE: 0.05, Moments: tails.Mean, TailIndex: 0.6}, Good, "`b` has no sd"},
		{"a mean with an error, no sd", func(*inference.Answer) {}, Quantity{Name: "b", Mean: 1, SD: math.NaN(), Q5: -2, Q95: 2, MCSE: 0.2, Moments: tails.Mean, TailIndex: 0.6}, Caution, "of its spread"},
		{"no mean", func(*inference.Answer) {}, Quantity{Name: "b", Mean: math.NaN(), SD: math.NaN(), MCSE: math.NaN(), Moments: tails.None, TailIndex: 1}, Good, "`b` has neither mean nor sd"},
		{"not finite", func(*inference.Answer) {}, Quantity{Name: "b", Mean: math.NaN(), NotFinite: true}, Poor, "not finite"},
		{"not converged", func(f *inference.Answer) { f.Converged, f.Ended = false, "it was raining" }, fine, Poor, "it was raining"},
		{"interrupted", func(f *inference.Answer) { f.Converged, f.Interrupted = false, true }, fine, Poor, "interrupted"},
		{"out of time", func(f *inference.Answer) { f.Converged, f.TimedOut = false, true }, fine, Poor, "time limit"},
		{"flat", func(f *inference.Answer) { f.Flat = []int{0} }, fine, Poor, "flat"},
		{"no response", func(f *inference.Answer) { f.NoResponse, f.Applied = "a hole", inference.NoCorrection }, fine, Poor, "a hole"},
		{"no response, but weights", func(f *inference.Answer) { f.NoResponse = "a hole" }, fine, Good, "converged"},
		{"two modes", func(f *inference.Answer) { f.Modes = []inference.Mode{{ELBO: -3}, {ELBO: -4}} }, fine, Poor, "2 modes were found, with ELBOs -3.0, -4.0"},
		{"a point", func(f *inference.Answer) { f.Point = true }, fine, Poor, "a mode is a point"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := sound()
			c.change(f)
			post := &making{fit: f, quantities: []quantity{{Quantity: c.q}}}
			post.judge()
			if post.verdict != c.want || !strings.Contains(strings.Join(post.reasons, "; "), c.why) {
				t.Errorf("%s, because %q; want %s, because of %q", post.verdict, post.reasons, c.want, c.why)
			}
		})
	}
}

// TestVerdictIsTheWorstOfItsReasons: a later, lesser reason does not raise it.
func TestVerdictIsTheWorstOfItsReasons(t *testing.T) {
	f := sound()
	f.Draws.KHat, f.Draws.ESS = 0.9, 10
	post := &making{fit: f}
	post.judge()
	if post.verdict != Poor || len(post.reasons) != 2 {
		t.Errorf("%s, because %q", post.verdict, post.reasons)
	}
}

// TestLetThatIsNotFinite: a let that is undefined for some draws is said to be
// so, and does not make the latents worse.
func TestLetThatIsNotFinite(t *testing.T) {
	for _, method := range []string{"", "nuts"} {
		m, err := Compile("model.ppl", []byte("data y : real\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)\nlet r = sqrt(mu)"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Bind(Map(map[string]any{"y": 0.1}))
		if err != nil {
			t.Fatal(err)
		}
		post, err := p.Fit(context.Background(), Options{Seed: 1, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if post.Verdict() != Caution || !strings.Contains(strings.Join(post.Reasons(), "; "), "`r` is not finite in") {
			t.Errorf("%q: verdict %s: %v", method, post.Verdict(), post.Reasons())
		}
	}
}

// TestDisplaced: draws at which gradients do not average zero are named, and lower the verdict.
func TestDisplaced(t *testing.T) {
	for _, c := range []struct {
		x    inference.Displacement
		want Verdict
	}{
		{inference.Displacement{}, Good},
		{inference.Displacement{Off: 0.07, Error: 0.01}, Good},
		{inference.Displacement{Off: 0.3, Error: 0.1}, Good},
		{inference.Displacement{Off: 0.09, Error: 0.01}, Caution},
		{inference.Displacement{Off: 0.06, Error: 0.01, Neck: true}, Good},
		{inference.Displacement{Off: 0.08, Error: 0.01, Neck: true}, Caution},
	} {
		post := &making{fit: sound(), displaced: c.x}
		post.judge()
		why := "miss a part"
		if c.x.Neck {
			why = "small values"
		}
		if post.verdict != c.want || c.want == Caution && !strings.Contains(post.reasons[0], why) {
			t.Errorf("%+v: %s, because %q", c.x, post.verdict, post.reasons)
		}
	}
}

package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"ppl/inference"
	"ppl/runtime"
)

// optionModels are the models that every value of every option is tried on: with
// continuous latents alone, with both kinds and a let of both, with discrete ones alone.
var optionModels = []struct {
	name, text, discrete string
	data                 map[string]any
}{
	{"line", "data x : real[N]\ndata y : real[N]\na ~ Normal(0, 10)\nb ~ LogNormal(0, 1)\ny ~ Normal(a + b * x, 1)", "",
		map[string]any{"x": []float64{1, 2, 3, 4, 5}, "y": []float64{1.1, 2.3, 2.9, 4.2, 5.1}}},
	{"labels", "data y : real[N]\nm ~ Normal(0, 3)\nz[i in 1..N] ~ Bernoulli(0.3)\ny[i in 1..N] ~ Normal(m * z[i], 1)\nlet first = m * z[1]", "z",
		map[string]any{"y": []float64{0.1, 3.2, -0.5}}},
	{"guide", "data y : real[N]\nm ~ Normal(0, 3)\ns ~ HalfNormal(2)\ny ~ Normal(m, s)\nparam a : real\nparam b : real > 0\nguide { m ~ Normal(a, b) }", "",
		map[string]any{"y": []float64{0.1, 3.2, -0.5}}},
	{"label", "data y : real\nz ~ Bernoulli(0.3)\ny ~ Normal(z, 1)", "z",
		map[string]any{"y": 1.0}},
}

// bound binds a model of optionModels with a strategy for its discrete latents, if
// it has some.
func bound(t *testing.T, i int, strategy string) (*runtime.Problem, error) {
	t.Helper()
	m, err := runtime.Compile("model.ppl", []byte(optionModels[i].text))
	if err != nil {
		t.Fatal(err)
	}
	opt := runtime.BindOptions{}
	if strategy != "" {
		opt.Discrete = map[string]string{optionModels[i].discrete: strategy}
	}
	return m.BindWith(runtime.Map(optionModels[i].data), opt)
}

// typed reports whether an error is one that a caller can tell from the others.
func typed(err error) bool {
	var (
		model    *runtime.ModelError
		data     *runtime.DataError
		option   *runtime.OptionError
		argument *runtime.ArgumentError
		stopped  *runtime.Stopped
		unknown  *runtime.UnknownQuantity
	)
	return errors.As(err, &model) || errors.As(err, &data) || errors.As(err, &option) || errors.As(err, &argument) || errors.As(err, &stopped) || errors.As(err, &unknown)
}

// Whatever guide, correction, method and strategy are put together, there is a
// posterior with its summaries, or an error that says which option does not go.
func TestEveryCombinationOfOptions(t *testing.T) {
	for i, m := range optionModels {
		strategies := []string{""}
		if m.discrete != "" {
			strategies = append(strategies, runtime.Strategies...)
		}
		for _, strategy := range strategies {
			t.Run(m.name+"/"+strategy, func(t *testing.T) {
				p, err := bound(t, i, strategy)
				if err != nil {
					t.Fatal(err)
				}
				everyCombination(t, p)
			})
		}
	}
}

func everyCombination(t *testing.T, p *runtime.Problem) {
	for _, guide := range inference.Guides {
		for _, correct := range inference.Corrections {
			for _, method := range []string{runtime.MethodVariational, runtime.MethodNUTS} {
				if method == runtime.MethodNUTS && guide == inference.Guides[0] && correct != inference.Corrections[0] && !p.Target().Guided() {
					continue // which NUTS does not look at
				}
				name := fmt.Sprintf("%s, %s, %s", guide, correct, method)
				post, err := p.Fit(context.Background(), runtime.Options{Seed: 1, Guide: guide, Correct: correct, Method: method, Particles: 8, Draws: 20, Chains: 2, Warmup: 20})
				option := (*runtime.OptionError)(nil)
				switch {
				case method == runtime.MethodNUTS && guide != inference.Guides[0]:
					if !errors.As(err, &option) || option.Field != "Guide" {
						t.Errorf("%s: NUTS with a guide gives %v", name, err)
					}
				case guide == inference.Written && !p.Target().Written():
					if !errors.As(err, &option) || option.Field != "Guide" {
						t.Errorf("%s: a guide that the model does not have gives %v", name, err)
					}
				case err != nil && (!typed(err) || !p.Target().Guided()):
					t.Errorf("%s: %T: %v", name, err, err)
				case err == nil:
					wholePosterior(t, name, p, post)
				}
			}
		}
	}
}

// wholePosterior checks that a posterior has all that it should have.
func wholePosterior(t *testing.T, name string, p *runtime.Problem, post *runtime.Posterior) {
	t.Helper()
	if post.Verdict() == "" || len(post.Reasons()) == 0 || len(post.Quantities())+len(post.Discrete()) == 0 {
		t.Errorf("%s: verdict %q, reasons %q, %d quantities", name, post.Verdict(), post.Reasons(), len(post.Quantities()))
	}
	for _, q := range post.Quantities() {
		if math.IsNaN(q.Mean) || !(q.SD >= 0) || len(q.Draws()) != 20 {
			t.Errorf("%s: %s is %g ± %g, %d draws", name, q.Name, q.Mean, q.SD, len(q.Draws()))
		}
		if point := post.Figures().Point; point && q.SD != 0 && len(post.Discrete()) == 0 {
			t.Errorf("%s: %s of a point has an sd, %g", name, q.Name, q.SD)
		}
	}
	for _, q := range post.Discrete() {
		sum := 0.0
		for _, x := range q.P {
			sum += x
		}
		if draws, err := post.DiscreteDraws(q.Name); math.Abs(sum-1) > 1e-9 || err != nil || len(draws) != 20 {
			t.Errorf("%s: %s has probabilities %v and %d draws, %v", name, q.Name, q.P, len(draws), err)
		}
	}
}

// edge is a value of an option, and the field that an error names; "" where there
// is none.
type edge struct {
	field string
	set   func(*runtime.Options)
	wrong bool
	large bool // right, but nothing that a test has the memory for
}

func edges() []edge {
	var out []edge
	ints := func(field string, most int, least int, set func(*runtime.Options, int)) {
		for _, v := range []int{math.MinInt, -1, 0, 1, 2, most, most + 1, 1 << 40, math.MaxInt} {
			out = append(out, edge{field, func(o *runtime.Options) { set(o, v) }, v < least || v > most, v == most})
		}
	}
	ints("Particles", runtime.MostParticles, 0, func(o *runtime.Options, v int) { o.Particles = v })
	ints("Draws", runtime.MostDraws, 0, func(o *runtime.Options, v int) { o.Draws = v })
	ints("Chains", runtime.MostChains, 0, func(o *runtime.Options, v int) { o.Chains = v })
	ints("Warmup", runtime.MostWarmup, math.MinInt, func(o *runtime.Options, v int) { o.Warmup = v })
	for _, v := range []float64{math.NaN(), math.Inf(-1), math.Inf(1), -1, 0, 1e-300, 0.5, 1, 2} {
		out = append(out,
			edge{"TargetAccept", func(o *runtime.Options) { o.TargetAccept = v }, !(v >= 0 && v < 1), false},
			edge{"Temperature", func(o *runtime.Options) { o.Temperature = v }, !(v >= 0 && v <= 1), false})
	}
	for _, v := range []time.Duration{math.MinInt64, -1, 0, 1, time.Millisecond, math.MaxInt64} {
		out = append(out, edge{"MaxTime", func(o *runtime.Options) { o.MaxTime = v }, v < 0, false})
	}
	for _, v := range []string{"", "MAP", "nuts ", "\x00", strings.Repeat("x", 1<<16)} {
		out = append(out,
			edge{"Guide", func(o *runtime.Options) { o.Guide = v }, v != "", false},
			edge{"Correct", func(o *runtime.Options) { o.Correct = v }, v != "", false},
			edge{"Method", func(o *runtime.Options) { o.Method = v }, v != "", false})
	}
	out = append(out, edge{"StraightThrough", func(o *runtime.Options) { o.StraightThrough = true }, false, false},
		edge{"Seed", func(o *runtime.Options) { o.Seed = math.MaxUint64 }, false, false})
	return out
}

// Every option at its edges, and beyond: an error that names it, or a posterior.
func TestEdgesOfOptions(t *testing.T) {
	for i, m := range optionModels {
		for _, strategy := range []string{"", "relax"} {
			if strategy != "" && m.name != "label" {
				continue // of the two with discrete latents the cheaper one
			}
			for _, method := range []string{runtime.MethodVariational, runtime.MethodNUTS} {
				if m.name == "labels" && !slow {
					continue // one kind of latents and the other, but not both
				}
				t.Run(m.name+strategy+"/"+method, func(t *testing.T) {
					p, err := bound(t, i, strategy)
					if err != nil {
						t.Fatal(err)
					}
					everyEdge(t, p, method)
				})
			}
		}
	}
}

func everyEdge(t *testing.T, p *runtime.Problem, method string) {
	for n, e := range edges() {
		opt := runtime.Options{Seed: 1, Particles: 8, Draws: 20, Chains: 2, Warmup: 10, Method: method}
		e.set(&opt)
		if e.large {
			if err := opt.Validate(); err != nil {
				t.Errorf("edge %d: %v", n, err)
			}
			continue
		}
		post, err := p.Fit(context.Background(), opt)
		option, stopped := (*runtime.OptionError)(nil), (*runtime.Stopped)(nil)
		switch {
		case e.wrong && (!errors.As(err, &option) || option.Field != e.field || post != nil):
			t.Errorf("edge %d, %s: a posterior %v, error %v", n, e.field, post != nil, err)
		case e.wrong && opt.Validate().Error() != err.Error():
			t.Errorf("edge %d, %s: Validate says %v, Fit %v", n, e.field, opt.Validate(), err)
		case !e.wrong && err != nil && !(opt.MaxTime > 0 && errors.As(err, &stopped)):
			t.Errorf("edge %d, %s: %T: %v", n, e.field, err, err)
		case !e.wrong && err == nil && post.Verdict() == "":
			t.Errorf("edge %d, %s: no verdict", n, e.field)
		}
	}
}

// What a fit is known to need beyond all machines is refused before it is allocated.
func TestUnaffordableOptions(t *testing.T) {
	m, err := runtime.Compile("wide.ppl", []byte("data N : int\nx : real[N] ~ Normal(0, 1)\ny ~ Normal(sum(x), 1)"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Map(map[string]any{"N": 10_000}))
	if err != nil {
		t.Fatal(err)
	}
	for field, opt := range map[string]runtime.Options{"Draws": {Draws: runtime.MostDraws}, "Particles": {Particles: runtime.MostParticles}} {
		option := (*runtime.OptionError)(nil)
		if _, err := p.Fit(context.Background(), opt); !errors.As(err, &option) || option.Field != field || !strings.Contains(err.Error(), "GiB") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestEdgesOfBindOptions(t *testing.T) {
	for _, m := range optionModels {
		model, err := runtime.Compile("model.ppl", []byte(m.text))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			opt   runtime.BindOptions
			field string
		}{
			{runtime.BindOptions{}, ""},
			{runtime.BindOptions{Engine: runtime.EngineTape}, ""},
			{runtime.BindOptions{Engine: "gpu"}, "Engine"},
			{runtime.BindOptions{Discrete: map[string]string{}}, ""},
			{runtime.BindOptions{Discrete: map[string]string{"nobody": "exact"}}, "Discrete"},
			{runtime.BindOptions{Discrete: map[string]string{"": "exact"}}, "Discrete"},
			{runtime.BindOptions{Discrete: map[string]string{"y": "exact"}}, "Discrete"},
			{runtime.BindOptions{Discrete: map[string]string{m.discrete: ""}}, "Discrete"},
			{runtime.BindOptions{Discrete: map[string]string{m.discrete: "magic"}}, "Discrete"},
		} {
			p, err := model.BindWith(runtime.Map(m.data), c.opt)
			option := (*runtime.OptionError)(nil)
			if named := errors.As(err, &option) && option.Field == c.field; (err == nil) == (p == nil) || (c.field != "") != named {
				t.Errorf("%s, %+v: %v", m.name, c.opt, err)
			}
		}
	}
}

func TestEdgesOfSBCOptions(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte("data y : real\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Simulator(runtime.Map(nil))
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	for _, c := range []struct {
		opt   runtime.SBCOptions
		field string
	}{
		{runtime.SBCOptions{Replicates: 1, Draws: 1}, ""},
		{runtime.SBCOptions{Replicates: 2, Draws: 5, Level: 0.5, Model: m, Seed: math.MaxUint64}, ""},
		{runtime.SBCOptions{Replicates: 2, Draws: 5, Fit: runtime.Options{Method: runtime.MethodNUTS, Warmup: 20, Chains: 2}}, ""},
		{runtime.SBCOptions{Replicates: 2, Draws: 5, Fit: runtime.Options{Guide: "map"}}, ""},
		{runtime.SBCOptions{Replicates: -1}, "Replicates"},
		{runtime.SBCOptions{Replicates: runtime.MostReplicates + 1}, "Replicates"},
		{runtime.SBCOptions{Replicates: math.MaxInt}, "Replicates"},
		{runtime.SBCOptions{Draws: -1}, "Draws"},
		{runtime.SBCOptions{Draws: 1 << 40}, "Draws"},
		{runtime.SBCOptions{Level: nan}, "Level"},
		{runtime.SBCOptions{Level: 1}, "Level"},
		{runtime.SBCOptions{Level: -0.1}, "Level"},
		{runtime.SBCOptions{Model: &runtime.Model{}}, "Model"},
		{runtime.SBCOptions{Draws: 99, Fit: runtime.Options{Draws: 98}}, "Fit.Draws"},
		{runtime.SBCOptions{Fit: runtime.Options{Particles: -1}}, "Fit.Particles"},
		{runtime.SBCOptions{Fit: runtime.Options{Temperature: nan}}, "Fit.Temperature"},
		{runtime.SBCOptions{Fit: runtime.Options{Guide: "none"}}, "Fit.Guide"},
	} {
		out, err := s.SBC(context.Background(), c.opt)
		option := (*runtime.OptionError)(nil)
		if named := errors.As(err, &option) && option.Field == c.field; (err == nil) == (out == nil) || (c.field != "") != named {
			t.Errorf("%+v: %v", c.opt, err)
		}
	}
}

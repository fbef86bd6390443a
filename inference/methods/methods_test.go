package methods

import (
	"context"
	"errors"
	"slices"
	"testing"

	"ppl/inference"
	"ppl/inference/target"
)

// fake is a corrector that notes its name.
type fake struct {
	name   string
	wanted func(*inference.Answer) bool
	better bool
	fails  error
}

func (f fake) Name() string { return f.name }

func (f fake) Wanted(_ *Run, a *inference.Answer) bool { return f.wanted(a) }

func (f fake) Correct(_ *Run, a *inference.Answer) (*inference.Answer, bool, error) {
	return a.After(inference.Step{Name: f.name}), f.better, f.fails
}

// TestCorrect: correctors that are wanted are tried in order, each of them once, of answers that
// came to their end; and leave the old answer as it was.
func TestCorrect(t *testing.T) {
	defer func(c []Corrector) { Correctors = c }(Correctors)
	always := func(*inference.Answer) bool { return true }
	failure := errors.New("failed")
	for _, c := range []struct {
		name   string
		list   []Corrector
		run    Run
		start  inference.Answer
		trail  []string
		better bool
		fails  error
	}{
		{"in order", []Corrector{fake{"a", always, false, nil}, fake{"b", always, true, nil}}, Run{}, inference.Answer{}, []string{"a", "b"}, true, nil},
		{"none is better", []Corrector{fake{"a", always, false, nil}}, Run{}, inference.Answer{}, []string{"a"}, false, nil},
		{"the second sees what the first has done", []Corrector{fake{"a", always, true, nil}, fake{"b", func(a *inference.Answer) bool { return !a.Tried("a") }, true, nil}}, Run{}, inference.Answer{}, []string{"a"}, true, nil},
		{"once", []Corrector{fake{"a", always, true, nil}, fake{"b", always, false, nil}}, Run{}, inference.Answer{Trail: []inference.Step{{Name: "a"}}}, []string{"a", "b"}, false, nil},
		{"interrupted", []Corrector{fake{"a", always, true, nil}}, Run{}, inference.Answer{Ending: inference.Ending{Interrupted: true}}, nil, false, nil},
		{"time is up", []Corrector{fake{"a", always, true, nil}}, Run{}, inference.Answer{Ending: inference.Ending{TimedOut: true}}, nil, false, nil},
		{"quick", []Corrector{fake{"a", always, true, nil}}, Run{Options: inference.Options{Quick: true}}, inference.Answer{}, nil, false, nil},
		{"an error", []Corrector{fake{"a", always, true, failure}}, Run{}, inference.Answer{}, nil, false, failure},
	} {
		Correctors = c.list
		c.run.Context = context.Background()
		before := len(c.start.Trail)
		next, better, err := Correct(&c.run, &c.start)
		if !errors.Is(err, c.fails) || err == nil && better != c.better {
			t.Errorf("%s: better %v, %v", c.name, better, err)
			continue
		}
		if err != nil {
			continue
		}
		var got []string
		for _, s := range next.Trail {
			got = append(got, s.Name)
		}
		if !slices.Equal(got, c.trail) || len(c.start.Trail) != before {
			t.Errorf("%s: tried %q, want %q; the answer before has %d steps", c.name, got, c.trail, len(c.start.Trail))
		}
	}
}

// TestNamed: every method is found by its name, and the default by none.
func TestNamed(t *testing.T) {
	for i, name := range Names() {
		if m := Named(name); m != All[i] {
			t.Errorf("%q is %T", name, m)
		}
	}
	if Named("") != All[0] || Named("nothing") != nil {
		t.Errorf("no name is %T, an unknown one %T", Named(""), Named("nothing"))
	}
}

// TestSuits: a guide goes with the default alone.
func TestSuits(t *testing.T) {
	for _, m := range All {
		for _, g := range append([]string{""}, inference.Guides...) {
			err := m.Suits(&Run{Options: inference.Options{Guide: g}}, &target.Target{})
			var refusal *Refusal
			if want := m.Name() == "nuts" && g != "" && g != inference.Guides[0]; errors.As(err, &refusal) != want || want && refusal.Option != "Guide" {
				t.Errorf("%s with the guide %q: %v", m.Name(), g, err)
			}
		}
	}
}

// TestExtendKeepsTrail: an answer with more draws remembers what was tried, or correctors would go to work for ever.
func TestExtendKeepsTrail(t *testing.T) {
	a := (&inference.Answer{}).After(inference.Step{Name: Chains{}.Name()})
	a.More = func(context.Context, *inference.Answer, int) (*inference.Answer, bool, error) {
		return &inference.Answer{}, true, nil
	}
	next, more, err := a.Extend(context.Background(), 1)
	if err != nil || !more || !next.Extended || !next.Tried(Chains{}.Name()) {
		t.Errorf("%+v, %v, %v", next.Trail, more, err)
	}
}

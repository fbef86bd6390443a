package saved

import (
	"fmt"
	"slices"

	"ppl/inference/tails"
	"ppl/runtime/answer"
)

// check refuses figures that no fit has and that those who show an answer rely on.
func (d *decoder) check() error {
	a := d.fit.Answer
	wrong := func(attr, format string, args ...any) error {
		return fmt.Errorf("the attribute %s of %s: "+format, append([]any{attr, pplGroup}, args...)...)
	}
	switch s := a.Sampling; {
	case !slices.Contains([]answer.Verdict{answer.Good, answer.Caution, answer.Poor}, a.Verdict):
		return wrong("verdict", "there is no verdict %.20q", a.Verdict)
	case a.Asked.Engine == "":
		return wrong("asked", "engine is missing")
	case a.Figures.Applied == answer.Tempered && (s == nil || s.Particles < 1):
		return wrong("sampling", "there are no particles, and draws are of them")
	case s != nil && (s.Chains < 1 || s.Draws < 0 || s.Particles < 0):
		return wrong("sampling", "%d chains of %d draws", s.Chains, s.Draws)
	case len(a.Quantities)+len(a.Discrete)+len(a.Params) == 0:
		return fmt.Errorf("%s: there is no quantity", pplGroup)
	}
	for i := range a.Params {
		p := &a.Params[i]
		size := 1
		for _, n := range p.Shape {
			if n < 1 || size > len(p.Values) {
				return wrong("params", "%.60q has the shape %d", p.Symbol, p.Shape)
			}
			size *= n
		}
		if p.Symbol == "" || size != len(p.Values) || p.Errors != nil && len(p.Errors) != size || p.Labels != nil && len(p.Labels) != len(p.Shape) {
			return wrong("params", "%.60q has %d values, and the shape %d", p.Symbol, len(p.Values), p.Shape)
		}
	}
	names := map[string]bool{}
	unique := func(name, column, symbol string) error {
		if name == "" || column == "" || symbol == "" || names[name] {
			return fmt.Errorf("%s: the name of %.60q is missing, or there twice", pplGroup, name)
		}
		names[name] = true
		return nil
	}
	discrete := map[string]bool{}
	for i := range a.Discrete {
		q := &a.Discrete[i]
		discrete[q.Symbol] = true
		if err := unique(q.Name, q.Column, q.Symbol); err != nil {
			return err
		}
		if len(q.Values) == 0 || len(q.P) != len(q.Values) || !slices.Contains(q.Values, q.Mode) {
			return fmt.Errorf("%s: %.60s has %d probabilities of %d values, and the mode %d", pplGroup, q.Name, len(q.P), len(q.Values), q.Mode)
		}
	}
	for i := range a.Quantities {
		q := &a.Quantities[i]
		if err := unique(q.Name, q.Column, q.Symbol); err != nil {
			return err
		}
		if discrete[q.Symbol] {
			return fmt.Errorf("%s: %.60s is discrete, and is not", pplGroup, q.Symbol)
		}
		if !slices.Contains([]tails.Which{"", tails.None, tails.Mean, tails.Both}, q.Moments) {
			return fmt.Errorf("%s: %.60s has the moments %.20q", pplGroup, q.Name, q.Moments)
		}
	}
	return nil
}

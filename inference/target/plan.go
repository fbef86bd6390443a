package target

import (
	"fmt"
	"maps"
	"slices"

	"ppl/graph"

	"ppl/graph/lower"
	"ppl/graph/sufficient"
	"ppl/guide"
	"ppl/lang"
	"ppl/lang/diag"
)

// New lowers the model once to find its unconstrained numbers. The
// diagnostics tell what does not fit in the data; the target is nil if one of
// them is an error.
func New(m *lang.Model, data *lower.Data, engine Engine) (*Target, diag.List) {
	return NewWith(m, data, engine, lower.Options{})
}

// NewWith is New with options for discrete latents. Those for which
// the options name no strategy are summed out, if that is affordable; otherwise
// their expectation under a guide is taken in closed form, if tables of that are;
// otherwise they are relaxed. Those with infinitely many values are sampled.
func NewWith(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options) (*Target, diag.List) {
	if sites := chosen(m, opt); len(sites) > 0 {
		return newChosen(m, data, engine, opt, sites)
	}
	if sites := scored(m, opt); len(sites) > 0 {
		return newScored(m, data, engine, opt, sites)
	}
	asked := opt.Strategies
	var first diag.List
	for _, how := range []string{"", lower.Expect, lower.Relax} {
		l := lowerPlanned(m, data, opt, asked, how)
		if !l.ds.HasErrors() {
			why := ""
			switch {
			case how != "":
				why = first[0].Summary
			case l.work > dear && l.probe.Size > 0:
				r := lowerPlanned(m, data, opt, asked, lower.Relax)
				if times := l.work / r.work; !r.ds.HasErrors() && times > dearer {
					l, how, why = r, lower.Relax, fmt.Sprintf("summing out exactly would be %.0f times the work", times)
				}
			}
			return l.target(m, data, engine, opt, asked, how, why)
		}
		if first == nil {
			first = l.ds
			if tooDear(l.ds) && len(opt.Whole) == 0 {
				if t := whole(m, data, engine, opt, asked); t != nil {
					return t, nil
				}
			}
		}
		if !tooDear(l.ds) {
			break
		}
	}
	return nil, first
}

// chosen are the discrete latents that the guide of the user's draws, for which no strategy is asked for.
func chosen(m *lang.Model, opt lower.Options) []string {
	var out []string
	for _, s := range m.Guided {
		if !opt.Unguided && s.Type.Elem != lang.Real && opt.Strategies[s.Name] == "" {
			out = append(out, s.Name)
		}
	}
	return out
}

// newChosen takes expectations under the guide of the user's where tables of them are affordable, and relaxes
// what is left.
func newChosen(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options, sites []string) (t *Target, ds diag.List) {
	why := ""
	for _, how := range []string{lower.Expect, lower.Relax} {
		with := opt
		with.Strategies = maps.Clone(opt.Strategies)
		if with.Strategies == nil {
			with.Strategies = map[string]string{}
		}
		for _, s := range sites {
			with.Strategies[s] = how
		}
		if t, ds = NewWith(m, data, engine, with); !ds.HasErrors() {
			t.unasked = sites
			for i := range t.Discrete {
				if d := &t.Discrete[i]; why != "" && slices.Contains(sites, d.Symbol.Name) {
					d.How += " (" + why + ")"
				}
			}
			return t, ds
		}
		if !tooDear(ds) {
			return nil, ds
		}
		why = ds[0].Summary
	}
	return nil, ds
}

// scored are the discrete latents that the guide of the user's draws for which score-function gradients are asked for, and
// it is not settled of what.
func scored(m *lang.Model, opt lower.Options) []string {
	var out []string
	for _, s := range m.Guided {
		if _, settled := opt.Whole[s.Name]; !settled && !opt.Unguided && s.Type.Elem != lang.Real && opt.Strategies[s.Name] == lower.Score {
			out = append(out, s.Name)
		}
	}
	return out
}

// newScored takes scores of tables where these are affordable, else of all that hangs on an element.
func newScored(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options, sites []string) (t *Target, ds diag.List) {
	for _, whole := range []bool{false, true} {
		with := opt
		if with.Whole = maps.Clone(opt.Whole); with.Whole == nil {
			with.Whole = map[string]bool{}
		}
		for _, s := range sites {
			with.Whole[s] = whole
		}
		if t, ds = NewWith(m, data, engine, with); !ds.HasErrors() || !tooDear(ds) {
			return t, ds
		}
	}
	return t, ds
}

// A sum over discrete latents that works through more than dear numbers for each
// particle, and dearer times those of the relaxation, takes longer than Markov chains
// that start from a guide: a joint table over many latents.
const (
	dear   = 1e5
	dearer = 200
)

// plannedModel is a model lowered to see what becomes of its discrete latents.
type plannedModel struct {
	joint *lower.Joint
	probe *guide.Packed
	work  float64 // numbers that an evaluation works through
	ds    diag.List
}

func lowerPlanned(m *lang.Model, data *lower.Data, opt lower.Options, asked map[string]string, how string) plannedModel {
	l := plannedModel{probe: &guide.Packed{}}
	opt.Strategies = planned(m, asked, how)
	b := bare()
	l.joint, l.ds = lower.LowerWith(m, data, l.probe, b, opt)
	if !l.ds.HasErrors() && len(l.joint.Discrete) > 0 {
		for _, n := range b.G.Nodes() {
			if !n.IsConst() {
				l.work += float64(n.Shape.Size())
			}
		}
	}
	return l
}

// mostLets bounds the numbers of all lets together that the posterior shows: of each there are
// thousands of draws, 4 GB of them in all.
const mostLets = 1 << 17

// tooLarge are the lets that are left out of the posterior so that the rest has room: the
// largest ones.
func tooLarge(reported []lower.Reported) []*lang.Symbol {
	var lets []lower.Reported
	total := 0
	for _, x := range reported {
		if x.Symbol.Kind == lang.SymLet {
			lets = append(lets, x)
			total += graph.Shape(x.Value.Shape()).Size()
		}
	}
	slices.SortStableFunc(lets, func(a, b lower.Reported) int {
		return graph.Shape(b.Value.Shape()).Size() - graph.Shape(a.Value.Shape()).Size()
	})
	var out []*lang.Symbol
	for _, x := range lets {
		if total <= mostLets {
			break
		}
		out = append(out, x.Symbol)
		total -= graph.Shape(x.Value.Shape()).Size()
	}
	return out
}

// target makes the target; why says why the strategy how was chosen.
func (l plannedModel) target(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options, asked map[string]string, how, why string) (*Target, diag.List) {
	// A latent with infinitely many values has no other strategy.
	fixed := map[string]string{}
	for i := range l.joint.Discrete {
		d := &l.joint.Discrete[i]
		fixed[d.Symbol.Name] = d.Strategy
		if how != "" && d.Strategy == how && asked[d.Symbol.Name] == "" {
			d.How += " (" + why + ")"
		}
	}
	opt.Strategies, opt.Halt = fixed, nil
	t := &Target{Model: m, Data: data, Slots: l.probe.Slots, D: l.probe.Size, Engine: engine, Options: opt,
		Discrete: l.joint.Discrete, Unreported: l.joint.Unreported, Idle: l.joint.Idle, statistics: sufficient.NewCache()}
	t.TooLarge = tooLarge(l.joint.Reported)
	if ds := t.findGiven(); ds.HasErrors() {
		return nil, ds
	}
	return t, nil
}

// whole is the target where latents that are to be sampled have factors that
// cannot be tabulated: they are lowered as relaxed ones are, and what they are
// given are draws. It is nil if that does not help.
func whole(m *lang.Model, data *lower.Data, engine Engine, opt lower.Options, asked map[string]string) *Target {
	as, sampled := map[string]string{}, map[string]bool{}
	for name, how := range asked {
		if as[name] = how; how == lower.Score {
			as[name], sampled[name] = lower.Relax, true
		}
	}
	if len(sampled) == 0 {
		return nil
	}
	t, ds := NewWith(m, data, engine, lower.Options{Strategies: as, Limit: opt.Limit})
	if ds.HasErrors() {
		return nil
	}
	for i := range t.Discrete {
		if d := &t.Discrete[i]; sampled[d.Symbol.Name] {
			d.Strategy, d.How = lower.Score, "sampled, with score-function gradients of the density as a whole"
		}
	}
	return t
}

// planned are the strategies asked for, and how for all other discrete latents.
func planned(m *lang.Model, asked map[string]string, how string) map[string]string {
	out := map[string]string{}
	for _, s := range m.Samples {
		if how != "" && MayBeDiscrete(s) {
			out[s.Symbol.Name] = how
		}
	}
	for name, x := range asked {
		out[name] = x
	}
	return out
}

// MayBeDiscrete reports whether a `~` describes a discrete latent: one that it
// declares, or missing elements of data if there are any.
func MayBeDiscrete(s *lang.SampleInfo) bool {
	if s.Symbol == nil {
		return false
	}
	missing := s.Kind == lang.Observe && s.Symbol.Type.Optional && s.Symbol.Type.Elem == lang.Int
	return missing || s.Kind == lang.Latent && s.Discrete
}

// tooDear reports whether all that is wrong is the size of tables.
func tooDear(ds diag.List) bool {
	for _, d := range ds {
		if d.Severity == diag.Error && d.Code != "discrete-too-large" && d.Code != "not-exact" {
			return false
		}
	}
	return true
}

package runtime

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"ppl/guide"
	"ppl/inference"
	"ppl/inference/methods"
	"ppl/inference/target"
	"ppl/runtime/answer"
	"ppl/runtime/data"
	"ppl/runtime/report"
)

// Params, which are learned as points, are learned before anything is inferred: from then on they are as
// known as data are, to the fit and to all that is made of it.

// Param is a value that was learned as a point; see package answer.
type Param = answer.Param

// Params are the values that were learned as points, in the order of the model: those of `param`, and of
// each `let` that depends on nothing else but data. The slices are the caller's.
func (post *Posterior) Params() []Param {
	if post == nil {
		return nil
	}
	out := make([]Param, len(post.answer.Params))
	for i := range out {
		out[i] = post.answer.Params[i].Clone()
	}
	return out
}

// learned is a problem whose params are known, and how they were learned; nil where there are none.
type learned struct {
	*inference.Learned
	lets []target.Param // that depend on params and data alone
}

// learn learns the params of the problem. The problem that it gives knows them, and of run is left the
// time that it did not take.
func (p *Problem) learn(run *methods.Run) (*Problem, *learned, error) {
	if !p.target.Learns() {
		return p, nil, nil
	}
	first := *run
	first.Options.MaxTime = time.Duration(learnShare * float64(run.Options.MaxTime))
	l, err := methods.Learn(&first, p.target)
	if err != nil {
		return p, nil, err
	}
	q, err := p.knowing(l.Values)
	if err != nil {
		return p, nil, err
	}
	if run.Options.MaxTime > 0 {
		run.Options.MaxTime = max(time.Nanosecond, run.Options.MaxTime-time.Since(run.Begun))
		run.Begun = time.Now()
	}
	out := &learned{Learned: l}
	out.lets, err = q.target.KnownLets()
	return q, out, err
}

// knowing is the problem with params at values.
func (p *Problem) knowing(values []target.Param) (*Problem, error) {
	t, ds := p.target.At(values)
	if ds.HasErrors() {
		return nil, &DataError{ds}
	}
	q := *p
	q.target = t
	known := map[string]*data.Array{}
	for _, x := range values {
		known[x.Symbol.Name] = &data.Array{Shape: x.Shape, Data: x.Values}
	}
	q.bound = p.bound.Knowing(known)
	return &q, nil
}

// knowingAll is the problem with the params of an answer.
func (p *Problem) knowingAll(params []Param) (*Problem, error) {
	var values []target.Param
	for _, s := range p.model.checked.Params {
		k := slices.IndexFunc(params, func(x Param) bool { return x.Symbol == s.Name && !x.Let })
		if k < 0 {
			if p.model.checked.GuideParams[s] {
				continue // it was fitted under another guide
			}
			if empty := slices.ContainsFunc(p.target.Slots, func(slot guide.Slot) bool { return slot.Param && slot.Site == s }); !empty {
				continue // it has no elements
			}
			return nil, fmt.Errorf("the param %s has no value", s.Name)
		}
		x := params[k]
		if len(x.Shape) != len(s.Type.Dims) {
			return nil, fmt.Errorf("the param %s has the shape %d", s.Name, x.Shape)
		}
		values = append(values, target.Param{Symbol: s, Shape: x.Shape, Values: x.Values})
	}
	if len(values) == 0 {
		return p, nil
	}
	return p.knowing(values)
}

// params are those of an answer.
func (l *learned) params(n naming) []Param {
	if l == nil {
		return nil
	}
	var out []Param
	at := map[string]int{}
	for k, x := range l.Values {
		p := n.param(x)
		if l.Errors != nil {
			p.Errors = l.Errors[k]
		}
		at[p.Symbol] = x.Symbol.Span.Start
		out = append(out, p)
	}
	for _, x := range l.lets {
		p := n.param(x)
		p.Let = true
		if k := slices.IndexFunc(l.Lets, func(y target.Param) bool { return y.Symbol == x.Symbol }); k >= 0 && l.LetErrors != nil {
			p.Errors = l.LetErrors[k]
		}
		at[p.Symbol] = x.Symbol.Span.Start
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Param) int { return at[a.Symbol] - at[b.Symbol] })
	return out
}

// param gives a value its names.
func (n naming) param(x target.Param) Param {
	p := Param{Symbol: x.Symbol.Name, Shape: slices.Clone(x.Shape), Values: slices.Clone(x.Values), Labels: make([][]string, len(x.Shape))}
	for d := range x.Shape {
		if d < len(x.Symbol.Type.Dims) {
			p.Labels[d] = n.bound.Levels[x.Symbol.Type.Dims[d].String()]
		}
	}
	return p
}

// judgeParams lowers the verdict where params are not where they should be, and says what they are.
func (post *making) judgeParams() {
	l := post.learned
	if l == nil {
		return
	}
	own := post.problem.model.checked.GuideParams
	var model []target.Param
	for _, x := range l.Values {
		if !own[x.Symbol] {
			model = append(model, x)
		}
	}
	if len(model) == 0 { // what the guide is worth its weights say
		switch {
		case l.Interrupted || l.TimedOut:
			post.lower(Caution, "the guide's params: stopped while they were learned")
		case !l.Converged:
			post.reasons = append(post.reasons, "the guide's params are short of their optimum: "+l.Ended)
		}
		return
	}
	names := quoted(paramNames(model))
	switch {
	case l.Interrupted || l.TimedOut:
		post.lower(Poor, "%s: stopped while they were learned", names)
	case !l.Converged:
		post.lower(Poor, "%s: the optimiser did not converge: %s", names, l.Ended)
	}
	if post.options.Quick && post.problem.target.D == 0 {
		post.lower(Caution, "a quick fit: one start")
	}
	if len(l.Unbounded) > 0 {
		post.lower(Poor, "%s: the likelihood rises without bound as it goes to an end of its range: there is no maximum", quoted(l.Unbounded))
	}
	if len(l.Edge) > 0 {
		post.lower(Caution, "%s: the data say next to nothing of it where it is: an end of its range, where the likelihood is flat, or a value that the model does not identify", quoted(l.Edge))
	}
	if len(l.Flat) > 0 {
		post.lower(Caution, "%s: the likelihood is flat in a direction of it, of which this is one of many maxima", quoted(l.Flat))
	}
	if l.Starts > 2 && l.Reached < 2 && !post.options.Quick {
		post.lower(Caution, "%s: of %d starts one alone led to this maximum", names, l.Starts)
	}
	switch s := l.Score; {
	case s == nil || math.IsNaN(s.Off):
		if post.problem.target.D > 0 {
			post.lower(Caution, "%s maximise a bound of the likelihood; nothing has checked how far its maximum is from there", names)
		}
	case s.Off > fairScore:
		post.lower(Poor, "%s: by the draws of the latents the maximum of the likelihood is %.1f standard errors away", names, s.Off)
	case s.Off > goodScore:
		post.lower(Caution, "%s: by the draws of the latents the maximum of the likelihood is %.2f standard errors away", names, s.Off)
	}
	switch {
	case post.problem.target.D+len(post.problem.target.Discrete) > 0:
		post.reasons = append(post.reasons, fmt.Sprintf("%s learned as %s: the rest is given them, and has no part of their uncertainty", isAre(names), points(l)))
	case len(post.reasons) == 0:
		post.reasons = append(post.reasons, fmt.Sprintf("%s at a maximum of the likelihood, to which %s led", isAre(names), startsText(l)))
	}
}

// learnShare is the part of a time limit that params may take.
const learnShare = 0.6

const (
	goodScore = 0.1
	fairScore = 0.5
)

func startsText(l *learned) string {
	switch {
	case l.Starts == 1:
		return "one start"
	case l.Reached == l.Starts:
		return fmt.Sprintf("all %d starts", l.Starts)
	}
	return fmt.Sprintf("%d of %s", l.Reached, report.Count(l.Starts, "start"))
}

func points(l *learned) string {
	n := 0
	for _, x := range l.Values {
		n += len(x.Values)
	}
	if n == 1 {
		return "a point"
	}
	return "points"
}

func isAre(names string) string {
	if strings.Contains(names, ",") {
		return names + " are"
	}
	return names + " is"
}

func paramNames(values []target.Param) []string {
	var out []string
	for _, x := range values {
		out = append(out, x.Symbol.Name)
	}
	return out
}

package runtime

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"sync"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/diag"
)

// Strategies are the ways of handling a discrete latent: summing it out, a guide
// whose expectations are taken in closed form, a Gumbel-softmax relaxation, and
// score-function gradients.
var Strategies = []string{lower.Exact, lower.Expect, lower.Relax, lower.Score}

// Discrete says how each discrete latent is handled, in the order of the model.
func (p *Problem) Discrete() []DiscreteStrategy {
	var out []DiscreteStrategy
	if !p.made() {
		return nil
	}
	for _, d := range p.target.Discrete {
		out = append(out, DiscreteStrategy{Name: d.Symbol.Name, Elements: d.Shape.Size(), Values: len(d.Values), Strategy: d.Strategy, How: d.How, Numbers: d.Size})
	}
	return out
}

// knowsStrategies checks what is asked of discrete latents.
func (m *Model) knowsStrategies(asked map[string]string) error {
	var names []string
	for _, s := range m.checked.Samples {
		if target.MayBeDiscrete(s) && !slices.Contains(names, s.Symbol.Name) {
			names = append(names, s.Symbol.Name)
		}
	}
	sort.Strings(names)
	for _, name := range sortedKeys(asked) {
		how := asked[name]
		if !slices.Contains(names, name) {
			hint := ""
			if len(names) > 0 {
				hint = fmt.Sprintf(": those that it has are %s", strings.Join(names, ", "))
			}
			return &OptionError{"Discrete", fmt.Sprintf("%s=%s: the model has no discrete latent %q%s", name, how, name, hint)}
		}
		if !slices.Contains(Strategies, how) {
			return &OptionError{"Discrete", fmt.Sprintf("%s=%s: there is no strategy %q; choose one of %s", name, how, how, strings.Join(Strategies, ", "))}
		}
	}
	return nil
}

// knowsLatents refuses what cannot be asked of latents, and latents that there are not.
func (m *Model) knowsLatents(asked map[string]string) error {
	var names []string
	for _, s := range m.checked.Latents {
		names = append(names, s.Name)
	}
	for _, name := range sortedKeys(asked) {
		how := asked[name]
		if !slices.Contains(names, name) {
			return &OptionError{"Latents", fmt.Sprintf("%s=%s: the model has no latent %q", name, how, name)}
		}
		if err := oneOf("Latents", how, []string{LatentKeep, LatentIntegrate}); err != nil {
			return err
		}
	}
	return nil
}

// notReported warns of what the posterior leaves out.
func notReported(m *Model, t *target.Target) diag.List {
	var out diag.List
	for _, s := range t.TooLarge {
		out.Add(diag.Diagnostic{Code: "not-reported", Severity: diag.Warning, Source: m.checked.File.Source, Span: s.Span,
			Summary: fmt.Sprintf("`%s` has more elements than there is room for draws of: its posterior is not reported", s.Name),
			Hint:    "name the elements that you need in a `let` of their own: `let some = x[1..10]`"})
	}
	for _, s := range t.Unreported {
		if s.Kind == lang.SymData {
			out.Add(diag.Diagnostic{Code: "not-reported", Severity: diag.Warning, Source: m.checked.File.Source, Span: s.Span,
				Summary: fmt.Sprintf("`%s` has missing counts without an upper end that nothing else reads: they do not bear on the rest, and are not reported", s.Name)})
			continue
		}
		out.Add(diag.Diagnostic{Code: "not-reported", Severity: diag.Warning, Source: m.checked.File.Source, Span: s.Span,
			Summary: fmt.Sprintf("`%s` depends on discrete latents in a way that cannot be worked out yet: its posterior is not reported", s.Name)})
	}
	return out
}

func init() {
	diag.Declare(diag.CodeInfo{Code: "not-reported", Title: "Something that the posterior leaves out",
		Explanation: "A let that depends on discrete latents is worked out at draws of these. That is not supported yet where a discrete latent, as an array of indices, comes after a dimension that is read as a whole. Nor are lets with more elements than draws have room for, 131,072 in all, nor missing counts without an upper end that nothing else reads.",
		Wrong:       "data W : real[3, 4]\nk : int[2] ~ Categorical(ones(4) / 4)\nlet part = W[1..2, k]",
		Right:       "data W : real[3, 4]\nk : int[2] ~ Categorical(ones(4) / 4)\nlet part = [W[i, k[j]] for i in 1..2, j in 1..2]"})
}

// discreteMaking is what is known of discrete latents.
type discreteMaking struct {
	quantities []DiscreteQuantity
	first      []int // of each site among quantities

	once  sync.Once
	draws [][]int // of each element: values
	err   error
}

// sitePoints is the number of points evaluated at once, and siteNumbers bounds
// the probabilities that a report computes over all draws.
const (
	sitePoints  = 16
	siteNumbers = 1e7
	leastPoints = 64
)

// reportDiscrete averages the marginals of the discrete latents over the draws
// of the others.
func (post *making) reportDiscrete(ctx context.Context) error {
	t := post.fit.Target
	if len(t.Discrete) == 0 {
		return nil
	}
	post.nameDiscrete(t)
	if post.reportGuides(t) {
		return nil
	}
	rows, w := post.sitePoints()
	s := min(sitePoints, len(rows))
	sites, err := t.NewSites(s, false)
	if err != nil {
		return err
	}
	d := &post.discrete
	used := 0.0
	for at := 0; at < len(w); at += s {
		if at > 0 && ctx.Err() != nil {
			break // what there is will have to do
		}
		here := rowsAt(rows, at, s)
		sites.Assign(post.fit.Guides, here)
		_, p, err := sites.Marginals(rowsOf(post.fit.Draws.U, t.D, here))
		if err != nil {
			return err
		}
		for i := range s {
			if at+i >= len(w) || w[at+i] == 0 {
				continue
			}
			used += w[at+i]
			for k := range t.Discrete {
				if p[k] != nil {
					d.add(t, k, p[k], i, w[at+i])
				}
			}
		}
	}
	for k := range t.Discrete {
		for e := range t.Discrete[k].Shape.Size() {
			if post.guideOf(k) == nil {
				settleProbabilities(&d.quantities[d.first[k]+e], used)
			}
		}
	}
	return post.mostLikely(t)
}

// nameDiscrete makes the quantities.
func (post *making) nameDiscrete(t *target.Target) {
	d := &post.discrete
	for _, s := range t.Discrete {
		d.first = append(d.first, len(d.quantities))
		support := s.Values
		if g := post.guideOf(len(d.first) - 1); g != nil && s.Infinite {
			support = g.Values
		}
		values := make([]int, len(support))
		for k, v := range support {
			values[k] = int(v)
		}
		for e := range s.Shape.Size() {
			n := post.problem.naming().part(s.Symbol, s.Shape, s.Part, e)
			d.quantities = append(d.quantities, DiscreteQuantity{Name: n.Name, Column: n.Column, Symbol: n.Symbol, Index: n.Index, Values: values, P: make([]float64, len(values))})
		}
	}
}

// sitePoints are rows of the draws of the other latents, and their weights: all of
// them, or as many as there is time for.
func (post *making) sitePoints() (rows []int, w []float64) {
	fit := post.fit
	numbers := 0
	for _, s := range fit.Target.Discrete {
		numbers += s.Shape.Size() * len(s.Values)
	}
	n := post.total()
	if m := max(leastPoints, int(siteNumbers/float64(max(1, numbers)))); m < n {
		return post.pickRows(m), equalWeights(m)
	}
	if fit.Draws.W != nil {
		return seq(n), fit.Draws.W
	}
	return seq(n), equalWeights(n)
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// total is the number of draws of the fit; one where everything was summed out.
func (post *making) total() int {
	if s := post.sampling; s != nil { // whose draws may have been let go
		return s.Chains * s.Draws
	}
	if n := post.fit.Draws.N(); n > 0 {
		return n
	}
	for k, g := range post.fit.Guides {
		if g != nil {
			return len(g.Draws) / post.fit.Target.Discrete[k].Shape.Size()
		}
	}
	return 1
}

// pickRows are rows of n of the fit's draws: by their weights, evenly among those of Markov
// chains, else the first ones, in turn if there are too few.
func (post *making) pickRows(n int) []int {
	total, w := post.total(), post.fit.Draws
	switch {
	case w.W != nil:
		return w.Resample(post.options.Seed, n)
	case w.Chains > 0 && n < total:
		rows := seq(n)
		for i := range rows {
			rows[i] = (2*i + 1) * total / (2 * n)
		}
		return rows
	}
	rows := seq(n)
	for i := range rows {
		rows[i] %= total
	}
	return rows
}

// kept are the rows of the draws that are kept.
func (post *making) kept() []int { return post.pickRows(post.options.Draws) }

func equalWeights(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

func rowsOf(u []float64, d int, rows []int) []float64 {
	out := make([]float64, 0, len(rows)*d)
	for _, r := range rows {
		out = append(out, u[r*d:(r+1)*d]...)
	}
	return out
}

// rowsAt are s of the rows from at; past the end, the last row again.
func rowsAt(rows []int, at, s int) []int {
	out := make([]int, s)
	for i := range out {
		out[i] = rows[min(at+i, len(rows)-1)]
	}
	return out
}

// add adds the marginals of site k at point i.
func (d *discreteMaking) add(t *target.Target, k int, p []float64, i int, w float64) {
	n, v := t.Discrete[k].Shape.Size(), len(t.Discrete[k].Values)
	for e := range n {
		q := &d.quantities[d.first[k]+e]
		for x, y := range p[(i*n+e)*v : (i*n+e+1)*v] {
			q.P[x] += w * y
		}
	}
}

func settleProbabilities(q *DiscreteQuantity, total float64) {
	best := 0
	for k := range q.P {
		q.P[k] /= total
		if q.P[k] > q.P[best] {
			best = k
		}
	}
	q.Mode = q.Values[best]
}

// mostLikely finds the most likely combination.
func (post *making) mostLikely(t *target.Target) error {
	sites, err := t.NewSites(1, true)
	if err != nil {
		return err
	}
	sites.Assign(post.fit.Guides, nil)
	z, err := sites.MostLikely(post.meanPoint())
	if err != nil {
		return err
	}
	d := &post.discrete
	for k, v := range z {
		if post.guideOf(k) != nil {
			continue
		}
		for e, i := range v {
			q := &d.quantities[d.first[k]+e]
			q.Joint = q.Values[i]
		}
	}
	return nil
}

// meanPoint is the mean of the draws on the unconstrained scale; where modes are images of one
// another, of the images next to one of them.
func (post *making) meanPoint() []float64 {
	w := post.fit.Draws
	if w.D == 0 {
		return nil
	}
	at := post.fit.Symmetry.Folded(w.U)
	out := make([]float64, w.D)
	for i := range w.N() {
		c := 1 / float64(w.N())
		if w.W != nil {
			c = w.W[i]
		}
		if c != 0 {
			for k, x := range at[i*w.D : (i+1)*w.D] {
				out[k] += c * x
			}
		}
	}
	return out
}

// drawn are draws of all elements of the discrete latents, made by the first call.
func (post *making) drawn() ([][]int, error) {
	d := &post.discrete
	d.once.Do(func() { d.draws, d.err = post.drawDiscrete() })
	return d.draws, d.err
}

// drawDiscrete draws all discrete latents at each of the draws that are kept.
func (post *making) drawDiscrete() ([][]int, error) {
	t := post.fit.Target
	rows := post.kept()
	if out := post.guideDraws(t, rows); out != nil {
		return out, nil
	}
	n := len(rows)
	sites, err := t.NewSites(sitePoints, false)
	if err != nil {
		return nil, err
	}
	d := &post.discrete
	out := make([][]int, len(d.quantities))
	for i := range out {
		out[i] = make([]int, n)
	}
	r := make([]*rand.Rand, sitePoints)
	for at := 0; at < n; at += sitePoints {
		for i := range r {
			r[i] = random.Stream(post.options.Seed, "discrete draws", at+i)
		}
		here := rowsAt(rows, at, sitePoints)
		sites.Assign(post.fit.Guides, here)
		z, err := sites.Draw(rowsOf(post.fit.Draws.U, t.D, here), r)
		if err != nil {
			return nil, err
		}
		for k, s := range t.Discrete {
			size := graph.Shape(s.Shape).Size()
			for i := range min(sitePoints, n-at) {
				for e := range size {
					q := d.first[k] + e
					if g := post.guideOf(k); g != nil {
						out[q][at+i] = d.quantities[q].Values[g.Draws[here[i]*size+e]]
						continue
					}
					out[q][at+i] = d.quantities[q].Values[z[k][i*size+e]]
				}
			}
		}
	}
	return out, nil
}

package runtime

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"ppl/graph/lower"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/diag"
	"ppl/runtime/answer"
)

// Score compares predictions with data that have become known.
type Score = answer.Score

// fewOutcomes is the number of values up to which outcomes are classes.
const fewOutcomes = 20

// scoring is what a prediction keeps for its scores.
type scoring struct {
	values map[string][]float64 // of each latent: draws × size
	sizes  map[string]int
}

// keepLatents keeps the values of all latents in draw k.
func (p *prediction) keepLatents(drawn *lower.Simulated, k int) {
	for _, x := range drawn.Latents {
		if x.Symbol.Kind != lang.SymLatent {
			continue
		}
		n := len(x.Array.Data)
		if k == 0 {
			p.score.values[x.Symbol.Name], p.score.sizes[x.Symbol.Name] = make([]float64, n*len(p.draws)), n
		}
		copy(p.score.values[x.Symbol.Name][k*n:], x.Array.Data)
	}
}

// latentsHeld keeps the values of all latents if they are known, and reports whether they are.
func (p *prediction) latentsHeld(c *compiled) bool {
	if c.latent > 0 {
		return false
	}
	for _, s := range p.model.Latents {
		if !s.Generated && !slices.ContainsFunc(p.held, func(h *heldLatent) bool { return h.name == s.Name && len(h.places) == len(h.array.Data) }) {
			return false
		}
	}
	for _, h := range p.held {
		n := len(h.array.Data)
		values := make([]float64, n*len(p.draws))
		for i, at := range h.places {
			for k, x := range h.draws[i] {
				values[k*n+at] = x
			}
		}
		p.score.values[h.name], p.score.sizes[h.name] = values, n
	}
	return true
}

// scores compares what was predicted with the data that were given.
func (p *prediction) scores() ([]Score, error) {
	if !slices.ContainsFunc(p.wants, func(w *wanted) bool { return p.observed(w) != nil }) {
		var names []string
		for name := range p.names {
			names = append(names, name)
		}
		sort.Strings(names)
		return nil, &OptionError{"Score", fmt.Sprintf("the data hold none of what is predicted: %s", quoted(names))}
	}
	var out []Score
	t, weights, err := p.scoredTarget()
	if err != nil {
		return nil, err
	}
	densities := p.densities(t)
	for _, w := range p.wants {
		known := p.observed(w)
		if known == nil {
			continue
		}
		var rows []scored
		for i, at := range w.places {
			if known.Missing != nil && known.Missing[at] {
				continue
			}
			r := scored{at: at, y: known.Data[at], draws: w.values[i], density: math.NaN(), weight: 1}
			if of := weights[w.symbol.Name]; of != nil {
				r.weight = of[at]
			}
			if r.weight == 0 {
				continue
			}
			if d, ok := densities[w.symbol.Name][at]; ok {
				r.density = d
			}
			rows = append(rows, r)
		}
		if len(rows) == 0 {
			continue
		}
		out = append(out, scoreOf(w.symbol.Name, "", rows))
		groups, err := p.groups(w, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, groups...)
	}
	return out, nil
}

// observed are the data on the left of a `~` that were given; nil if they were not. A let of data
// is computed.
func (p *prediction) observed(w *wanted) *lower.Array {
	if w.of != ofData || w.symbol.Kind == lang.SymData && !p.now.Given[w.symbol.Name] {
		return nil
	}
	a := observedIn(p.model, p.now.Bound, w.symbol)
	if a == nil || len(a.Data) != w.shape.Size() {
		return nil
	}
	return a
}

// scored is one element with its predictions.
type scored struct {
	at      int
	y       float64
	draws   []float64
	density float64 // log of the mean density, to the power of the weight; NaN where there is none
	weight  float64
}

// groups are the scores by the labels of opt.ScoreBy.
func (p *prediction) groups(w *wanted, rows []scored) ([]Score, error) {
	var out []Score
	for _, name := range p.opt.ScoreBy {
		by, levels, err := p.factor(name, w)
		if err != nil {
			return nil, err
		}
		inner := 1
		for _, n := range w.shape[1:] {
			inner *= n
		}
		parts := map[int][]scored{}
		for _, r := range rows {
			k := int(by[r.at/inner])
			parts[k] = append(parts[k], r)
		}
		for k, label := range levels {
			if len(parts[k+1]) > 0 {
				out = append(out, scoreOf(w.symbol.Name, name+" = "+label, parts[k+1]))
			}
		}
	}
	return out, nil
}

// factor finds data with labels for each row of what is predicted.
func (p *prediction) factor(name string, w *wanted) (codes []float64, levels []string, err error) {
	for _, s := range p.model.Data {
		a := p.now.Values[name]
		if s.Name != name || a == nil || len(w.shape) == 0 {
			continue
		}
		if s.Type.Levels == "" || len(a.Shape) != 1 || s.Type.Dims[0].String() != w.symbol.Type.Dims[0].String() || len(a.Data) != w.shape[0] {
			return nil, nil, &OptionError{"ScoreBy", fmt.Sprintf("`%s` has no label for each row of `%s`", name, w.symbol.Name)}
		}
		return a.Data, p.now.Levels[s.Type.Levels], nil
	}
	return nil, nil, &OptionError{"ScoreBy", fmt.Sprintf("the model has no data `%s` with labels", name)}
}

// scoreOf computes the scores of rows; means are those by weight.
func scoreOf(symbol, group string, rows []scored) Score {
	s := Score{Symbol: symbol, Group: group, N: len(rows), Brier: math.NaN(), LogLoss: math.NaN()}
	n := 0.0
	for _, r := range rows {
		n += r.weight
	}
	classes := true
	for _, r := range rows {
		sorted := slices.Clone(r.draws)
		mean, _ := meanSD(sorted)
		sort.Float64s(sorted)
		s.ELPD += r.density
		s.RMSE += r.weight * (r.y - mean) * (r.y - mean) / n
		inside := func(p float64) float64 {
			if r.y >= quantile(sorted, (1-p)/2) && r.y <= quantile(sorted, (1+p)/2) {
				return r.weight / n
			}
			return 0
		}
		s.Coverage50 += inside(0.5)
		s.Coverage90 += inside(0.9)
		classes = classes && fewWhole(sorted) && r.y == math.Trunc(r.y)
	}
	s.RMSE = math.Sqrt(s.RMSE)
	if classes {
		s.Brier, s.LogLoss = 0, 0
		for _, r := range rows {
			brier, of := shares(r.draws, r.y)
			s.Brier += r.weight * brier / n
			if math.IsNaN(r.density) {
				s.LogLoss -= r.weight * math.Log(of) / n
			} else {
				s.LogLoss -= r.density / n
			}
		}
	}
	return s
}

// fewWhole reports whether sorted draws are whole numbers of few values.
func fewWhole(sorted []float64) bool {
	values := 0
	for i, x := range sorted {
		if x != math.Trunc(x) {
			return false
		}
		if i == 0 || x != sorted[i-1] {
			values++
		}
	}
	return values <= fewOutcomes
}

// shares are the Brier score of the shares of values among draws, and the share of y.
func shares(draws []float64, y float64) (brier, of float64) {
	p := map[float64]float64{}
	for _, x := range draws {
		p[x] += 1 / float64(len(draws))
	}
	of = p[y]
	for x, q := range p {
		if x != y {
			brier += q * q
		}
	}
	brier += (1 - of) * (1 - of)
	return brier / 2, of
}

// scoredTarget is the model at the new data, with their weights by name and element. Data of which
// weights were not given have none.
func (p *prediction) scoredTarget() (*target.Target, map[string][]float64, error) {
	var opt lower.Options
	for s := range lower.ForWeights(p.model) {
		if s.Kind == lang.SymData && p.data.Values[s.Name] == nil && !opt.Unweighted {
			opt.Unweighted = true
			p.notes.Add(diag.Diagnostic{Code: "no-weights", Severity: diag.Warning, Source: p.model.File.Source, Span: s.Span,
				Summary: "the new data hold no `" + s.Name + "`, from which their weights come: scores count all rows alike"})
		}
	}
	t, ds := target.NewWith(p.model, p.data, target.Plan, opt)
	if ds.HasErrors() {
		return nil, nil, &DataError{ds}
	}
	weights, err := t.Weights()
	return t, weights, err
}

// densities are the logs of the mean densities of the elements that were given, by name and
// place, under the draws of the latents; the density of an element is that given all latents, and
// that of one with a weight is to the power of it. None, where there is no density.
func (p *prediction) densities(t *target.Target) map[string]map[int]float64 {
	w, err := t.NewPointwise(target.Given, target.ByElement)
	if err != nil { // a `factor`, or values that are in part missing
		return nil
	}
	out := map[string]map[int]float64{}
	n := len(p.draws)
	err = w.Columns(p.score.values, n, func(unit int, loglik []float64) error {
		most := slices.Max(loglik)
		sum := 0.0
		for _, x := range loglik {
			sum += math.Exp(x - most)
		}
		at := w.Points[unit]
		if out[at.Symbol.Name] == nil {
			out[at.Symbol.Name] = map[int]float64{}
		}
		out[at.Symbol.Name][at.Element] = most + math.Log(sum/float64(n))
		return nil
	})
	if err != nil {
		return nil
	}
	return out
}

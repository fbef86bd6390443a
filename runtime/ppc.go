package runtime

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/lang"
)

// PPCOptions set a posterior predictive check. The zero value of a field means its default.
type PPCOptions struct {
	Seed  uint64 // all randomness derives from it
	Draws int    // replicates; as many as draws are kept
	// By are data with a label or an int for each datum, or dimensions: statistics are then also
	// of what has the same.
	By []string
	// Residuals asks for a residual of each datum.
	Residuals bool
}

// PPC compares the data with replicates of them, drawn from the posterior predictive
// distribution: a model that is right makes data like those that it was fitted to (Gelman, Meng &
// Stern 1996, "Posterior predictive assessment of model fitness via realized discrepancies",
// Statistica Sinica 6).
type PPC struct {
	// Model is the name of the model's file; Verdict and Reasons are those of the fit.
	Model      string
	Seed       uint64
	Draws      int // replicates
	Statistics []PPCStatistic
	Residuals  []Residual // nil unless they were asked for
	Verdict    Verdict
	Reasons    []string
}

// PPCStatistic is a statistic of an array of data, and of its replicates.
type PPCStatistic struct {
	Symbol string
	Group  string // a label, as "county = AITKIN"; "" of all
	N      int    // data that it is of; those that are missing, or have the weight 0, do not count
	// Weighted says that the data have weights (`weighted`): it is then the weighted statistic, of
	// data and replicates alike.
	Weighted bool
	// Name is "mean", "sd", "min", "max", "zeros" (the share of them), or "q5", "q50", "q95".
	Name string
	Data float64
	// Q5, Median and Q95 are quantiles over the replicates.
	Q5, Median, Q95 float64
	// P is the two-sided tail probability, 2 min(P(T(y_rep) ≤ T(y)), P(T(y_rep) ≥ T(y))), at
	// most 1. It is not uniform where the model is right: the data have been used twice, which
	// draws it towards 1.
	P float64
}

// PPC checks the model by replicates of its data. Statistics that say nothing are left out: the
// sd of one datum, and the share of zeros where neither data nor replicates have any.
//
// The error is as that of Predict, which draws the replicates, or an *OptionError for what data
// cannot be grouped by, or where there are too many replicates to hold.
func (post *Posterior) PPC(ctx context.Context, opt PPCOptions) (out *PPC, err error) {
	defer guarded(&err)
	if err := given("Posterior.PPC", contextArgument(ctx), argument{"post", post.made()}); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := post.rows(); err != nil {
		return nil, err
	}
	problem, err := post.Problem()
	if err != nil {
		return nil, err
	}
	c := &checking{by: &grouping{p: problem, by: opt.By, levels: map[string][]string{}}}
	if err := c.by.known(); err != nil {
		return nil, err
	}
	predicted, err := post.Predict(ctx, nil, PredictOptions{Seed: opt.Seed, Draws: opt.Draws, Keep: true})
	if err != nil {
		return nil, err
	}
	if err := c.collect(predicted.answer.Quantities); err != nil {
		return nil, err
	}
	out = &PPC{Model: post.answer.Model.Name, Seed: opt.Seed, Draws: predicted.answer.Asked.Draws, Verdict: post.answer.Verdict, Reasons: slices.Clone(post.answer.Reasons)}
	if out.Statistics, err = c.statistics(ctx, out.Draws); err != nil {
		return nil, err
	}
	if opt.Residuals {
		if out.Residuals, err = c.residuals(ctx, opt.Seed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// checking is a check at work.
type checking struct {
	by     *grouping
	arrays []*replicated
}

// replicated is an array of data with its replicates, without what is missing.
type replicated struct {
	symbol *lang.Symbol
	shape  graph.Shape
	places []int
	data   []float64
	draws  [][]float64 // by place
	weight []float64   // by place; nil: all are 1
}

// collect finds the data that replicates are of.
func (c *checking) collect(quantities []Quantity) error {
	names := lower.SimulatedNames(c.by.p.model.checked)
	known := map[string]*replicated{}
	values := map[string]*lower.Array{}
	weights, err := c.by.p.target.Weights()
	if err != nil {
		return err
	}
	for i := range quantities {
		q := &quantities[i]
		sym := names[q.Symbol]
		if sym == nil {
			continue // of generate
		}
		r := known[q.Symbol]
		if r == nil {
			a := observedIn(c.by.p.model.checked, c.by.p.bound, sym)
			if a == nil {
				continue
			}
			r = &replicated{symbol: sym, shape: a.Shape}
			known[q.Symbol], values[q.Symbol] = r, a
			c.arrays = append(c.arrays, r)
		}
		a, at := values[q.Symbol], placeOf(q.Index, r.shape)
		if at < 0 || a.Missing != nil && a.Missing[at] {
			continue
		}
		draws, of := q.Made()
		if of == nil || len(draws) == 0 {
			return &OptionError{"Draws", fmt.Sprintf("is too much: %d data cannot be held with their replicates; ask for fewer", len(quantities))}
		}
		if w := weights[q.Symbol]; w != nil {
			if w[at] == 0 {
				continue
			}
			r.weight = append(r.weight, w[at])
		}
		r.places, r.data, r.draws = append(r.places, at), append(r.data, a.Data[at]), append(r.draws, draws)
	}
	return nil
}

// statistics are those of all arrays: of each as a whole, then of its groups.
func (c *checking) statistics(ctx context.Context, draws int) ([]PPCStatistic, error) {
	used := make([]bool, len(c.by.by))
	var out []PPCStatistic
	for _, r := range c.arrays {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(r.places) == 0 {
			continue
		}
		all := make([]int, len(r.places))
		for i := range all {
			all[i] = i
		}
		out = append(out, r.compare("", all, draws)...)
		for k, name := range c.by.by {
			groups, err := c.groups(r, name)
			if err != nil {
				return nil, err
			}
			used[k] = used[k] || len(groups) > 0
			for _, g := range groups {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				out = append(out, r.compare(g.name, g.rows, draws)...)
			}
		}
	}
	for k, name := range c.by.by {
		if !used[k] {
			return nil, &OptionError{"By", fmt.Sprintf("no data on the left of a `~` run along `%s`", name)}
		}
	}
	return out, nil
}

// group are data with one label.
type group struct {
	name string
	rows []int
}

// groups are those of an array; none if it does not have the dimension once.
func (c *checking) groups(r *replicated, name string) ([]group, error) {
	dim, places := name, []int(nil)
	if c.by.p.bound.Values[name] != nil {
		var err error
		if dim, places, err = c.by.labels(name); err != nil {
			return nil, err
		}
	}
	along := -1
	for d, x := range r.symbol.Type.Dims {
		if x.String() != dim {
			continue
		}
		if along >= 0 {
			return nil, nil
		}
		along = d
	}
	if along < 0 {
		return nil, nil
	}
	rows := map[int][]int{}
	stride, length := r.shape.Strides()[along], r.shape[along]
	for i, at := range r.places {
		k := at / stride % length
		if places != nil {
			k = places[k]
		}
		rows[k] = append(rows[k], i)
	}
	var out []group
	for k := range rows {
		out = append(out, group{fmt.Sprintf("%s = %s", name, levelOf(c.by.levels, name, k)), rows[k]})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].rows[0] < out[j].rows[0] })
	return out, nil
}

// ppcNames are the statistics, in the order of their values.
var ppcNames = [...]string{"mean", "sd", "min", "max", "zeros", "q5", "q50", "q95"}

const ppcZeros = 4 // their place

// ppcOf are the statistics of values, which it sorts.
func ppcOf(values []float64) (t [len(ppcNames)]float64) {
	sort.Float64s(values)
	n := float64(len(values))
	sum, squares, zeros := 0.0, 0.0, 0.0
	for _, x := range values {
		if sum += x; x == 0 {
			zeros++
		}
	}
	mean := sum / n
	for _, x := range values {
		squares += (x - mean) * (x - mean)
	}
	t = [...]float64{mean, math.Sqrt(squares / (n - 1)), values[0], values[len(values)-1], zeros / n, quantile(values, 0.05), quantile(values, 0.5), quantile(values, 0.95)}
	return t // the sd of one is NaN
}

// ppcWeighted are the statistics of values with weights, all positive: those that estimate what ppcOf
// has of a population in which each value stands for as many as its weight says. The sd is √(Σ w (x − m)² / Σ w · n/(n − 1)),
// m the weighted mean, as of a sample with replacement (Särndal, Swensson & Wretman 1992, Model Assisted
// Survey Sampling, section 5.9). A quantile interpolates between values, which lie at
// the middles of their weights as these follow one another; of equal weights it is that of ppcOf.
func ppcWeighted(values, weights []float64) (t [len(ppcNames)]float64) {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return values[order[i]] < values[order[j]] })
	n, total, sum, squares, zeros := float64(len(values)), 0.0, 0.0, 0.0, 0.0
	for i, x := range values {
		total += weights[i]
		if sum += weights[i] * x; x == 0 {
			zeros += weights[i]
		}
	}
	mean := sum / total
	for i, x := range values {
		squares += weights[i] * (x - mean) * (x - mean)
	}
	first, last := order[0], order[len(order)-1]
	at := func(p float64) float64 {
		reach := p * (total - weights[first]/2 - weights[last]/2) // from the middle of the first one
		for k := 1; k < len(order); k++ {
			a, b := order[k-1], order[k]
			step := (weights[a] + weights[b]) / 2
			if reach <= step {
				return values[a] + (values[b]-values[a])*reach/step
			}
			reach -= step
		}
		return values[last]
	}
	return [...]float64{mean, math.Sqrt(squares / total * n / (n - 1)), values[first], values[last], zeros / total, at(0.05), at(0.5), at(0.95)}
}

// compare compares the statistics of some rows with those of their replicates.
func (r *replicated) compare(name string, rows []int, draws int) []PPCStatistic {
	values := make([]float64, len(rows))
	var weights []float64
	for k, i := range rows {
		values[k] = r.data[i]
		if r.weight != nil {
			weights = append(weights, r.weight[i])
		}
	}
	of := func(values []float64) [len(ppcNames)]float64 {
		if weights != nil {
			return ppcWeighted(values, weights)
		}
		return ppcOf(values)
	}
	data := of(values)
	var replicates [len(ppcNames)][]float64
	for k := range replicates {
		replicates[k] = make([]float64, draws)
	}
	forEach(draws, func(from, to int) {
		values := make([]float64, len(rows))
		for s := from; s < to; s++ {
			for k, i := range rows {
				values[k] = r.draws[i][s]
			}
			for k, t := range of(values) {
				replicates[k][s] = t
			}
		}
	})
	var out []PPCStatistic
	for k, statistic := range ppcNames {
		x := PPCStatistic{Symbol: r.symbol.Name, Group: name, N: len(rows), Weighted: weights != nil, Name: statistic, Data: data[k], P: twoSided(replicates[k], data[k])}
		sort.Float64s(replicates[k])
		x.Q5, x.Median, x.Q95 = quantile(replicates[k], 0.05), quantile(replicates[k], 0.5), quantile(replicates[k], 0.95)
		if math.IsNaN(x.Data) || k == ppcZeros && x.Data == 0 && replicates[k][draws-1] == 0 {
			continue
		}
		out = append(out, x)
	}
	return out
}

// twoSided is the two-sided tail probability of t among replicates.
func twoSided(replicates []float64, t float64) float64 {
	const rounding = 1e-12 // of sums, which may part what is the same
	below, above := 0, 0
	for _, x := range replicates {
		same := math.Abs(x-t) <= rounding*math.Abs(t)
		if x <= t || same {
			below++
		}
		if x >= t || same {
			above++
		}
	}
	return math.Min(1, 2*float64(min(below, above))/float64(len(replicates)))
}

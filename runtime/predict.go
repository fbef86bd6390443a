package runtime

import (
	"context"
	"fmt"
	"slices"
	"strings"

	goruntime "runtime"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/parallel"
	"ppl/inference/random"
	"ppl/lang"
	"ppl/lang/diag"
	"ppl/runtime/answer"
	"ppl/runtime/data"
)

// PredictOptions set a prediction. The zero value of a field means its default.
type PredictOptions struct {
	Seed  uint64 // all randomness derives from it
	Draws int    // posterior draws to predict from, spread evenly over those that are kept; all of these
	// Model is a model that adds `generate` and `let` statements, and data for them, to the one that was fitted: they are
	// evaluated too. What else it says must be what the fitted model says; the error is then a *ModelError. Data that it adds are bound
	// together with those of the fit, unless data of the fitted model are given with them. Nil: the fitted model.
	Model *Model
	// Extend adds so many elements to dimensions: steps of a series, points of a process. What the
	// fit knows of the others is kept, and the new ones are drawn given it; data along the
	// dimension hold the new elements alone.
	Extend map[string]int
	// KnownOnly refuses labels that the fit has not seen: else what belongs to them is drawn
	// from its prior, given the rest.
	KnownOnly bool
	// Mean gives the expectation of each outcome, given the latents, in place of a draw of it:
	// E[y] of a count or a number, the probability of 1 of a Bernoulli, of each category, along a
	// last dimension, of categories. The intervals are then those of the expectation.
	Mean bool
	// Keep keeps the draws whatever their number, or refuses them at once if that is more than 2^27. Without
	// it predictions of more numbers, of rows that are each predicted on its own, keep their
	// summaries alone: see NotKept.
	Keep bool
	// Score compares the predictions with data on the left of `~`, where these are given;
	// ScoreBy also by the labels of data: "county".
	Score   bool
	ScoreBy []string
}

// Predict draws what stands on the left of `~` from the model, with what the fit knows held:
// each draw from one draw of the posterior.
//
// Without data (nil, or none) these are replicates of the data of the fit. With data, they are for
// new rows: by dimension, not by position (see package runtime/data, Rebind).
//   - Arrays that d holds along a dimension of observations bind it anew: its rows are new ones,
//     and what the model has of latents along it is drawn from the prior.
//   - Labels that the fit has seen keep their draws; to others those are drawn from their prior given
//     the rest, unless opt.KnownOnly refuses them.
//   - Data that d does not hold are those of the fit. What the model computes over all rows of
//     data (`mean(x)`, `sd(x)`) keeps the value that it had in the fit.
//
// Data on the left of a `~` need not be given; where they are, Score compares them.
//
// The error is an *ArgumentError, an *OptionError, a *DataError that says what is missing, or
// what cannot be predicted and why; ctx.Err() where the context ended.
func (post *Posterior) Predict(ctx context.Context, d *Data, opt PredictOptions) (out *Predictions, err error) {
	defer guarded(&err)
	if err := given("Posterior.Predict", contextArgument(ctx), argument{"post", post.made()}); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if d == nil {
		if err := post.rows(); err != nil {
			return nil, err
		}
	}
	if opt.Model != nil {
		if post, d, err = post.under(opt.Model, d); err != nil {
			return nil, err
		}
	}
	if err := post.load(ctx, d); err != nil {
		return nil, err
	}
	p, err := post.newPrediction(d, opt)
	if err != nil {
		return nil, err
	}
	return p.run(ctx)
}

// load reads what the model asks for of files that have been listed and not yet read, until ctx is done.
func (post *Posterior) load(ctx context.Context, d *Data) error {
	if d == nil || d.tables == nil {
		return nil
	}
	problem, err := post.Problem()
	if err == nil {
		d.tables.For(ctx, problem.model.checked)
		err = ctx.Err()
	}
	return err
}

// prediction is one at work.
type prediction struct {
	post    *Posterior
	problem *Problem
	opt     PredictOptions
	model   *lang.Model
	was     *data.Bound
	now     *data.Rebound
	data    *lower.Data
	walk    *lower.Prediction
	names   map[string]*lang.Symbol
	draws   []int // rows of the draws that are kept
	held    []*heldLatent
	wants   []*wanted
	notes   diag.List
	score   *scoring // nil if it is not asked for
}

// wanted is an array of which elements are predicted.
type wanted struct {
	symbol *lang.Symbol
	shape  graph.Shape
	places []int
	values [][]float64 // by place, where draws are kept: a number for each draw
	of     source

	full  graph.Shape // the shape with all blocks of rows
	all   []int       // the places with all blocks of rows
	begin int         // the first of its quantities
	first int         // that of these rows
}

// placeOf is the place among all of element i of these rows.
func (w *wanted) placeOf(i int) int { return w.all[w.first-w.begin+i] }

// source says where the values of an array are among those of a draw.
type source int

const (
	ofData source = iota
	ofLatent
	ofGenerate
	ofMean // of data
)

func (post *Posterior) newPrediction(d *Data, opt PredictOptions) (*prediction, error) {
	p, err := post.rebound(d, opt)
	if err != nil {
		return nil, err
	}
	return p, p.hold()
}

// rebound is a prediction of which the data have been bound.
func (post *Posterior) rebound(d *Data, opt PredictOptions) (*prediction, error) {
	problem, err := post.Problem()
	if err != nil {
		return nil, err
	}
	p := &prediction{post: post, problem: problem, opt: opt, model: problem.model.checked, was: problem.bound, names: lower.SimulatedNames(problem.model.checked)}
	if opt.Score && opt.Mean {
		return nil, &OptionError{"Score", "is of draws of the outcomes, not of their means"}
	}
	if opt.Score {
		p.score = &scoring{values: map[string][]float64{}, sizes: map[string]int{}}
	} else if len(opt.ScoreBy) > 0 {
		return nil, &OptionError{"ScoreBy", "is for Score, which is not asked for"}
	}
	if err := p.chooseDraws(); err != nil {
		return nil, err
	}
	for name, n := range opt.Extend {
		switch _, known := p.was.Dims[name]; {
		case !known:
			return nil, &OptionError{"Extend", fmt.Sprintf("%s=%d: the model has no dimension %q; its dimensions are %s", name, n, name, strings.Join(sortedKeys(p.was.Dims), ", "))}
		case n < 1 || n > mostNew:
			return nil, &OptionError{"Extend", fmt.Sprintf("%s must be between 1 and %d, found %d", name, mostNew, n)}
		case p.was.Levels[name] != nil:
			return nil, &OptionError{"Extend", fmt.Sprintf("%s has labels: give rows with new ones", name)}
		}
	}
	return p, p.rebind(d)
}

// The most that may be asked for.
const (
	mostNew         = 10_000_000
	mostPredictions = 1 << 27 // numbers, 1 GB
)

// chooseDraws spreads the draws to predict from evenly over those that are kept.
func (p *prediction) chooseDraws() error {
	kept := p.post.keptDraws()
	n := p.opt.Draws
	switch {
	case n < 0 || n > MostDraws:
		return outside("Draws", 1, MostDraws, n)
	case n == 0 || n > kept:
		n = kept
	}
	p.draws = make([]int, n)
	for i := range p.draws {
		p.draws[i] = (2*i + 1) * kept / (2 * n)
	}
	return nil
}

// keptDraws is the number of draws that are kept of each quantity.
func (post *Posterior) keptDraws() int {
	for i := range post.answer.Quantities {
		if _, of := post.answer.Quantities[i].Made(); of != nil {
			return of.Kept
		}
	}
	return max(1, post.answer.Asked.Draws)
}

// unread are the data that nothing but weights reads: draws do without them.
func unread(m *lang.Model) map[string]bool {
	out := map[string]bool{}
	for s := range lower.ForWeights(m) {
		out[s.Name] = s.Kind == lang.SymData
	}
	return out
}

// rebind binds the data, and keeps what the model computes over the rows of the fit.
func (p *prediction) rebind(d *Data) error {
	drawn := lower.MayBeLeftOut(p.model)
	for sym := range p.model.OnlyGenerated() {
		drawn[sym.Name] = true
	}
	tables := data.FromMap(nil)
	if d != nil {
		var err error
		if tables, err = d.read(); err != nil {
			return err
		}
	}
	now, diags := data.Rebind(p.model, tables, p.was, data.RebindOptions{Eval: evaluator(p.model), Drawn: drawn, Unread: unread(p.model), Extend: p.opt.Extend, KnownOnly: p.opt.KnownOnly})
	if diags.HasErrors() {
		return &DataError{diags}
	}
	p.now, p.notes = now, diags.Warnings()
	now.Bound = now.Bound.Knowing(p.was.Params)
	p.data = lowerData(now.Bound)
	changed := map[string]bool{}
	for name := range now.Anew {
		changed[name] = true
	}
	for name := range p.opt.Extend {
		changed[name] = true
	}
	for name, labels := range now.Unseen {
		changed[name] = changed[name] || len(labels) > 0
	}
	if len(changed) > 0 {
		if ds := p.data.Freeze(p.model, lowerData(p.was), changed); ds.HasErrors() {
			return &DataError{ds}
		}
	}
	p.walk = lower.NewPrediction(p.model, p.data, lower.PredictOptions{Generate: true, Means: p.opt.Mean})
	return nil
}

// affordable refuses more predictions than memory has room for.
func (p *prediction) affordable() error {
	total := p.numbers()
	if n := float64(total) * float64(len(p.draws)); n > mostPredictions {
		return &OptionError{"Draws", fmt.Sprintf("is too much: %d predictions from %d draws are %.3g numbers, and %.3g can be worked with; ask for fewer draws, or predict for fewer rows", total, len(p.draws), n, float64(mostPredictions))}
	}
	return nil
}

// run draws all.
func (p *prediction) run(ctx context.Context) (*Predictions, error) {
	known := p.known()
	drawn, err := p.walkOne(known, 0) // which shows the shapes, and what is wrong
	if err != nil {
		return nil, err
	}
	if err := p.shapes(drawn); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	out := p.room()
	done, err := p.runForward(ctx, out)
	if err != nil {
		return nil, err
	}
	if !done {
		if err := p.affordable(); err != nil {
			return nil, err
		}
		if err := p.runWalk(ctx, known, drawn); err != nil {
			return nil, err
		}
		p.gather(out)
	}
	out.index()
	if p.score != nil {
		if out.answer.Scores, err = p.scores(); err != nil {
			return nil, err
		}
		out.notes = p.notes
	}
	return out, nil
}

// runWalk walks the model for each draw; the first has been made.
func (p *prediction) runWalk(ctx context.Context, known map[string]*lower.Array, first *lower.Simulated) error {
	for _, w := range p.wants {
		for i := range w.values {
			w.values[i] = make([]float64, len(p.draws))
		}
	}
	if err := p.keep(first, 0); err != nil {
		return err
	}
	cores := max(1, min(goruntime.GOMAXPROCS(0), len(p.draws)-1))
	failed := make([]error, cores)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parallel.Each(cores, func(c int) {
		known := p.known()
		for k := 1 + c*(len(p.draws)-1)/cores; k < 1+(c+1)*(len(p.draws)-1)/cores; k++ {
			if failed[c] = ctx.Err(); failed[c] == nil {
				failed[c] = p.one(known, k)
			}
			if failed[c] != nil {
				cancel()
				return
			}
		}
	})
	var found error
	for _, err := range failed {
		if err != nil && (found == nil || found == context.Canceled) {
			found = err
		}
	}
	return found
}

// known are arrays of a goroutine's own.
func (p *prediction) known() map[string]*lower.Array {
	out := map[string]*lower.Array{}
	for _, h := range p.held {
		out[h.name] = &lower.Array{Shape: h.array.Shape, Data: slices.Clone(h.array.Data), Missing: h.array.Missing}
	}
	return out
}

// fill sets what is known to its values in draw k.
func (p *prediction) fill(known map[string]*lower.Array, k int) {
	for _, h := range p.held {
		a := known[h.name]
		for i, at := range h.places {
			a.Data[at] = h.draws[i][k]
		}
	}
}

// walkOne predicts from draw k.
func (p *prediction) walkOne(known map[string]*lower.Array, k int) (*lower.Simulated, error) {
	p.fill(known, k)
	drawn, ds := p.walk.Draw(known, random.Stream(p.opt.Seed, "predict", p.draws[k]))
	if ds.HasErrors() {
		return nil, &DataError{ds}
	}
	return drawn, nil
}

// one predicts from draw k, and keeps it.
func (p *prediction) one(known map[string]*lower.Array, k int) error {
	drawn, err := p.walkOne(known, k)
	if err != nil {
		return err
	}
	return p.keep(drawn, k)
}

// keep keeps draw k.
func (p *prediction) keep(drawn *lower.Simulated, k int) error {
	if p.score != nil {
		p.keepLatents(drawn, k)
	}
	for _, w := range p.wants {
		from := w.among(drawn)
		if len(from) != w.shape.Size() {
			return fmt.Errorf("`%s` has %d elements where %d were expected", w.symbol.Name, len(from), w.shape.Size())
		}
		for i, at := range w.places {
			w.values[i][k] = from[at]
		}
	}
	return nil
}

// among finds the array among what was drawn.
func (w *wanted) among(drawn *lower.Simulated) []float64 {
	if w.of == ofMean {
		if a := drawn.Means[w.symbol.Name]; a != nil {
			return a.Data
		}
		return nil
	}
	if w.of == ofData {
		if a := drawn.Values[w.symbol.Name]; a != nil {
			return a.Data
		}
		return nil
	}
	list := drawn.Latents
	if w.of == ofGenerate {
		list = drawn.Generated
	}
	for _, x := range list {
		if x.Symbol == w.symbol {
			return x.Array.Data
		}
	}
	return nil
}

// shapes takes the shapes that only a draw shows: those of what stands under `generate`, and
// of expectations.
func (p *prediction) shapes(drawn *lower.Simulated) error {
	for _, w := range p.wants {
		if !p.opt.Mean || w.of != ofData {
			continue
		}
		mean := drawn.Means[w.symbol.Name]
		if why := drawn.NoMeans[w.symbol.Name]; mean == nil || why != "" {
			if why == "" {
				why = "its distribution has none"
			}
			return &DataError{diag.List{{Code: "cannot-predict", Source: p.model.File.Source, Span: w.symbol.Span,
				Summary: fmt.Sprintf("`%s` has no expectation that could be worked out: %s", w.symbol.Name, why), Hint: "predict draws of it, and take their mean or median"}}}
		}
		each := len(mean.Data) / max(1, w.shape.Size())
		var places []int
		for _, at := range w.places {
			for c := range each {
				places = append(places, at*each+c)
			}
		}
		w.of, w.shape, w.places = ofMean, mean.Shape, places
	}
	for _, x := range drawn.Generated {
		w := &wanted{symbol: x.Symbol, shape: x.Array.Shape, of: ofGenerate}
		for at := range w.shape.Size() {
			w.places = append(w.places, at)
		}
		p.wants = append(p.wants, w)
	}
	return nil
}

// gather summarises what the walk drew.
func (p *prediction) gather(out *Predictions) {
	n := len(p.draws)
	of := &answer.Draws{N: n, Kept: n}
	names := naming{p.now.Bound}
	for _, w := range p.wants {
		forEach(len(w.places), func(from, to int) {
			scratch := make([]float64, n)
			for i := from; i < to; i++ {
				q := names.name(w.symbol, w.shape, w.places[i])
				q.Hold(w.values[i], of)
				q.summarise(w.values[i], nil, scratch)
				out.answer.Quantities[w.first+i] = q.Quantity
			}
		})
	}
}

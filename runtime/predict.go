package runtime

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	goruntime "runtime"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/parallel"
	"ppl/inference/random"
	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
	"ppl/runtime/answer"
	"ppl/runtime/data"
	"ppl/runtime/draws"
	"ppl/runtime/report"
)

// PredictOptions set a prediction. The zero value of a field means its default.
type PredictOptions struct {
	Seed  uint64 // all randomness derives from it
	Draws int    // posterior draws to predict from, spread evenly over those that are kept; all of these
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

// Predictions are draws from the posterior predictive distribution. They are immutable.
type Predictions struct {
	answer answer.Predictions
	byName map[string]int
	notes  diag.List
	kept   bool // the draws, and not their summaries alone
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
	p, err := post.newPrediction(d, opt)
	if err != nil {
		return nil, err
	}
	return p.run(ctx)
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
	fixed   map[string]*lower.Array // data on the left of `~` that are held, or partly
	wants   []*wanted
	notes   diag.List
	score   *scoring // nil if it is not asked for
}

// heldLatent is a latent of which the fit knows elements.
type heldLatent struct {
	name  string
	array lower.Array // in the shape of the prediction; Data are those of no draw
	// Of each element that is known: its place, and its draws.
	places []int
	draws  [][]float64
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
	return p, p.hold(p.problem)
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
	return p, p.rebind(d, problem)
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

// rebind binds the data, and keeps what the model computes over the rows of the fit.
func (p *prediction) rebind(d *Data, problem *Problem) error {
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
	now, diags := data.Rebind(p.model, tables, p.was, data.RebindOptions{Eval: evaluator(p.model), Drawn: drawn, Extend: p.opt.Extend, KnownOnly: p.opt.KnownOnly})
	if diags.HasErrors() {
		return &DataError{diags}
	}
	p.now, p.notes = now, diags.Warnings()
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

// change says what becomes of the elements along a dimension.
type change int

const (
	same  change = iota
	grown        // those that there were keep their places
	anew         // none of them is there
)

func (p *prediction) changeOf(d lang.Dim) change {
	out := same
	for _, s := range d.Symbols() {
		switch {
		case p.now.Anew[s.Name]:
			return anew
		case p.opt.Extend[s.Name] > 0 || len(p.now.Unseen[s.Name]) > 0:
			out = grown
		}
	}
	return out
}

// shape is that of a symbol in the prediction.
func (p *prediction) shape(sym *lang.Symbol) (graph.Shape, error) {
	out := make(graph.Shape, len(sym.Type.Dims))
	for i, d := range sym.Type.Dims {
		n, err := d.Eval(func(s *lang.DimSym) (int, error) {
			if s.Length != nil {
				a, ds := lower.Evaluate(p.model, p.lookup, s.Length)
				if a == nil {
					return 0, &DataError{ds}
				}
				return int(a.Data[0]), nil
			}
			a, ok := p.now.Lookup(s.Name)
			if !ok || len(a.Data) != 1 {
				return 0, fmt.Errorf("the length of `%s` is not known", s.Name)
			}
			return int(a.Data[0]), nil
		})
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// hold finds what the fit knows, and what is to be predicted.
func (p *prediction) hold(problem *Problem) error {
	elements := map[string][]*element{}
	post := p.post
	for i := range post.answer.Quantities {
		q := &post.answer.Quantities[i]
		elements[q.Symbol] = append(elements[q.Symbol], &element{q.Index, keptOf(q)})
	}
	if len(post.answer.Discrete) > 0 {
		z, err := post.discreteDraws()
		if err != nil {
			return err
		}
		for i := range post.answer.Discrete {
			q := &post.answer.Discrete[i]
			elements[q.Symbol] = append(elements[q.Symbol], &element{q.Index, func(row int) float64 { return float64(z[i][row]) }})
		}
	}
	for _, sym := range p.model.Latents {
		if !sym.Generated {
			if err := p.holdLatent(sym, elements[sym.Name]); err != nil {
				return err
			}
		}
	}
	p.fixed = map[string]*lower.Array{}
	var names []string
	for name := range p.names {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return p.names[a].Span.Start - p.names[b].Span.Start })
	for _, name := range names {
		if err := p.holdObserved(p.names[name], elements[name]); err != nil {
			return err
		}
	}
	if len(p.wants) == 0 && len(p.model.Generated) == 0 {
		return &DataError{diag.List{{Code: "cannot-predict", Source: p.model.File.Source, Span: p.model.File.Span(),
			Summary: "there is nothing to predict: no data stand on the left of a `~`", Hint: "say with `~` how data come about"}}}
	}
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

// element is one number that the fit knows: its position, from 1, and its draw of a row.
type element struct {
	index []int
	draw  func(row int) float64
}

func keptOf(q *Quantity) func(row int) float64 {
	values, of := q.Made()
	if of.Rows == nil {
		return func(row int) float64 { return values[row] }
	}
	return func(row int) float64 { return values[of.Rows[row]] }
}

// placeOf is the position of an element in an array of a shape; −1 outside of it.
func placeOf(index []int, shape graph.Shape) int {
	if len(index) != len(shape) {
		return -1
	}
	at := 0
	for d, i := range index {
		if i > shape[d] {
			return -1
		}
		at = at*shape[d] + i - 1
	}
	return at
}

// worst is what becomes of the elements of a symbol.
func (p *prediction) worst(sym *lang.Symbol) change {
	out := same
	for _, d := range sym.Type.Dims {
		out = max(out, p.changeOf(d))
	}
	return out
}

func (p *prediction) holdLatent(sym *lang.Symbol, known []*element) error {
	change := p.worst(sym)
	if change == anew || len(known) == 0 {
		return nil // drawn from the prior
	}
	shape, err := p.shape(sym)
	if err != nil {
		return err
	}
	h := &heldLatent{name: sym.Name, array: lower.Array{Shape: shape, Data: make([]float64, shape.Size()), Missing: make([]bool, shape.Size())}}
	for i := range h.array.Missing {
		h.array.Missing[i] = true
	}
	for _, e := range known {
		at := placeOf(e.index, shape)
		if at < 0 {
			continue
		}
		draws := make([]float64, len(p.draws))
		for k, row := range p.draws {
			draws[k] = e.draw(row)
		}
		h.places, h.draws = append(h.places, at), append(h.draws, draws)
		h.array.Missing[at] = false
	}
	if !slices.Contains(h.array.Missing, true) {
		h.array.Missing = nil
	} else if change == grown {
		w := &wanted{symbol: sym, shape: shape, of: ofLatent}
		for at, missing := range h.array.Missing {
			if missing {
				w.places = append(w.places, at)
			}
		}
		p.wants = append(p.wants, w)
	}
	p.held = append(p.held, h)
	return nil
}

// holdObserved says which elements on the left of a `~` are drawn: replicates of all, where
// nothing is new; the new ones where something is.
func (p *prediction) holdObserved(sym *lang.Symbol, imputed []*element) error {
	change, something := p.worst(sym), len(p.now.Anew)+len(p.opt.Extend)+len(p.now.Unseen) > 0
	shape, err := p.shape(sym)
	if err != nil {
		return err
	}
	was := p.was.Values[sym.Name]
	if something && change == same && was != nil && !p.now.Given[sym.Name] { // other data keep their values
		p.fixed[sym.Name] = &lower.Array{Shape: was.Shape, Data: was.Data, Missing: was.Missing}
		return p.impute(sym, shape, was, imputed)
	}
	if now := p.now.Values[sym.Name]; something && p.now.Given[sym.Name] && now != nil && p.predictor(sym) {
		if change == anew {
			imputed = nil
		}
		return p.impute(sym, shape, now, imputed)
	}
	w := &wanted{symbol: sym, shape: shape}
	var earlier []bool
	if change == grown && was != nil {
		earlier = make([]bool, shape.Size())
		index := make([]int, len(shape))
		for i := range graph.Shape(was.Shape).Size() {
			rest := i
			for d := len(shape) - 1; d >= 0; d-- {
				index[d], rest = rest%was.Shape[d]+1, rest/was.Shape[d]
			}
			if at := placeOf(index, shape); at >= 0 {
				earlier[at] = true
			}
		}
		if err := p.impute(sym, shape, was, imputed); err != nil {
			return err
		}
	}
	for at := range shape.Size() {
		if earlier == nil || !earlier[at] {
			w.places = append(w.places, at)
		}
	}
	if len(w.places) > 0 {
		p.wants = append([]*wanted{w}, p.wants...)
	}
	return nil
}

// predictor reports whether the outcomes of another statement depend on data that have a `~` of their
// own, as those with missing elements have: where they are given, they are not predicted.
func (p *prediction) predictor(sym *lang.Symbol) bool {
	seen := map[*lang.Symbol]bool{}
	var reads func(n ast.Node) bool
	reads = func(n ast.Node) (found bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			s := p.model.Uses[n]
			if s == nil || found {
				return !found
			}
			if s == sym {
				found = true
			} else if s.Kind == lang.SymLet && !seen[s] {
				seen[s] = true
				if let, is := s.Decl.(*ast.Let); is {
					found = reads(let.Value)
				}
				for _, piece := range s.Pieces {
					if let, is := piece.Stmt.(*ast.Let); is && !found {
						found = reads(let.Value)
					}
				}
			}
			return !found
		})
		return found
	}
	for s, info := range p.model.Samples {
		if info.Kind == lang.Observe && info.Symbol != sym && s.Dist != nil && reads(s.Dist) {
			return true
		}
	}
	return false
}

// impute holds data on the left of a `~`: elements that were missing have draws of the fit.
func (p *prediction) impute(sym *lang.Symbol, shape graph.Shape, was *data.Array, imputed []*element) error {
	h := &heldLatent{name: sym.Name, array: lower.Array{Shape: shape, Data: make([]float64, shape.Size()), Missing: make([]bool, shape.Size())}}
	for i := range h.array.Missing {
		h.array.Missing[i] = true
	}
	index := make([]int, len(shape))
	for i, x := range was.Data {
		rest := i
		for d := len(shape) - 1; d >= 0; d-- {
			index[d], rest = rest%was.Shape[d]+1, rest/was.Shape[d]
		}
		if at := placeOf(index, shape); at >= 0 && (was.Missing == nil || !was.Missing[i]) {
			h.array.Data[at], h.array.Missing[at] = x, false
		}
	}
	for _, e := range imputed {
		if at := placeOf(e.index, shape); at >= 0 {
			draws := make([]float64, len(p.draws))
			for k, row := range p.draws {
				draws[k] = e.draw(row)
			}
			h.places, h.draws = append(h.places, at), append(h.draws, draws)
			h.array.Missing[at] = false
		}
	}
	if !slices.Contains(h.array.Missing, true) {
		h.array.Missing = nil
	}
	delete(p.fixed, sym.Name)
	p.held = append(p.held, h)
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
	for name, a := range p.fixed {
		out[name] = a
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

// room makes room for the quantities.
func (p *prediction) room() *Predictions {
	out := &Predictions{byName: map[string]int{}, kept: true, answer: answer.Predictions{Model: p.post.answer.Model, Asked: answer.AskedPrediction{Seed: p.opt.Seed, Draws: len(p.draws)},
		Verdict: p.post.answer.Verdict, Reasons: slices.Clone(p.post.answer.Reasons), Unseen: p.now.Unseen}}
	n := 0
	for _, w := range p.wants {
		w.full, w.all, w.begin, w.first = w.shape, w.places, n, n
		w.values = make([][]float64, len(w.places))
		n += len(w.places)
	}
	out.answer.Quantities = make([]Quantity, n)
	return out
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

// Quantities are the elements that were predicted, in the order of the model: data on the left
// of `~`, then new elements of latents, then what `generate` defines. Mean, SD and quantiles are
// of their predictive distribution. Draws are nil, and other quantiles NaN, where they were not kept: see NotKept.
func (p *Predictions) Quantities() []Quantity {
	if p == nil {
		return nil
	}
	return slices.Clone(p.answer.Quantities)
}

// Scores compare the predictions with the data that were given; nil if they were not asked for.
func (p *Predictions) Scores() []Score {
	if p == nil {
		return nil
	}
	return slices.Clone(p.answer.Scores)
}

// Verdict is that of the fit: predictions are worth no more than it.
func (p *Predictions) Verdict() Verdict {
	if p == nil {
		return ""
	}
	return p.answer.Verdict
}

// Unseen are the labels, by factor, that the fit has not seen.
func (p *Predictions) Unseen() map[string][]string {
	if p == nil {
		return nil
	}
	out := map[string][]string{}
	for j, labels := range p.answer.Unseen {
		out[j] = slices.Clone(labels)
	}
	return out
}

// Quantity finds a prediction by its name: "y[3]".
func (p *Predictions) Quantity(name string) (*Quantity, error) {
	if err := given("Predictions.Quantity", argument{"p", p.made()}); err != nil {
		return nil, err
	}
	if i, ok := elementOf(p.byName, name); ok {
		q := p.answer.Quantities[i]
		return &q, nil
	}
	var names []string
	for i := range p.answer.Quantities {
		names = append(names, p.answer.Quantities[i].Name)
	}
	return nil, &UnknownQuantity{name, diag.Suggest(name, names)}
}

// WriteTable writes the predictions as a table; the error is as that of Posterior.WriteTable.
func (p *Predictions) WriteTable(w io.Writer, opt TableOptions) error {
	if err := given("Predictions.WriteTable", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	for _, name := range opt.Names {
		if !p.has(name) {
			_, err := p.Quantity(name)
			return err
		}
	}
	if err := validTable(&opt); err != nil {
		return err
	}
	if opt.Quantiles != nil || opt.HDI != 0 {
		if err := p.lacksDraws(); err != nil {
			return err
		}
	}
	return report.PredictionsText(callersWriter{w}, &p.answer, opt)
}

// WriteJSON writes the predictions as one JSON object, shaped as that of a fit.
func (p *Predictions) WriteJSON(w io.Writer) error {
	if err := given("Predictions.WriteJSON", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	return report.PredictionsJSON(callersWriter{w}, &p.answer)
}

// table are the draws of the predictions, for the writers of package draws.
func (p *Predictions) table() *draws.Table {
	t := &draws.Table{Draws: p.answer.Asked.Draws}
	t.Comments = append(t.Comments, fmt.Sprintf("predictions of %s; verdict of the fit: %s", p.answer.Model.Name, p.answer.Verdict))
	for i := range p.answer.Quantities {
		q := &p.answer.Quantities[i]
		values, _ := q.Made()
		t.Columns = append(t.Columns, draws.Column{Name: q.Column, Label: q.Name, Values: draws.Slice(values)})
	}
	return t
}

// NotKept says that predictions are so many numbers that their draws were not kept, but their
// summaries alone: means, standard deviations, and the 5, 50 and 95 % quantiles. Ask for fewer
// draws or rows, or some of the rows at a time.
type NotKept struct {
	Numbers float64 // draws × predictions
}

func (e *NotKept) Error() string {
	return fmt.Sprintf("the predictions are %.3g numbers, of which the summaries are kept, and not the draws: predict for fewer rows at a time, or from fewer draws", e.Numbers)
}

// lacksDraws is the error where draws are needed that were not kept.
func (p *Predictions) lacksDraws() error {
	if p.kept {
		return nil
	}
	return &NotKept{float64(len(p.answer.Quantities)) * float64(p.answer.Asked.Draws)}
}

// WriteCSV writes a row for each draw, with a column for each prediction (`y.3`).
func (p *Predictions) WriteCSV(w io.Writer) error {
	if err := given("Predictions.WriteCSV", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	if err := p.lacksDraws(); err != nil {
		return err
	}
	return p.table().WriteCSV(callersWriter{w})
}

// WriteParquet writes a row for each draw, with a column for each prediction (`y[3]`); long
// writes a row for each number instead: variable, index, draw, value.
func (p *Predictions) WriteParquet(w io.Writer, long bool) error {
	if err := given("Predictions.WriteParquet", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	if err := p.lacksDraws(); err != nil {
		return err
	}
	if long {
		return p.table().WriteParquetLong(callersWriter{w})
	}
	return p.table().WriteParquet(callersWriter{w})
}

// Warnings are notes on the new data that do not stop a prediction.
func (p *Predictions) Warnings() diag.List {
	if p == nil {
		return nil
	}
	return p.notes
}

// has reports whether something is called so: a symbol, or an element.
func (p *Predictions) has(name string) bool {
	return slices.ContainsFunc(p.answer.Quantities, func(q Quantity) bool { return name == q.Symbol || name == q.Name || name == q.Column })
}

// index makes the quantities be found by name.
func (p *Predictions) index() {
	for i := range p.answer.Quantities {
		p.byName[p.answer.Quantities[i].Name] = i
	}
}

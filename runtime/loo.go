package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"ppl/inference"
	"ppl/inference/loo"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/diag"
	"ppl/runtime/answer"
)

// LOO is how well a fitted model predicts the units of its data that it has not seen, by
// leave-one-out cross-validation: see package loo.
type LOO struct {
	loo.Result
	// Units are what was left out, one for each of Points.
	Units []LOOUnit
	// Coupled says that discrete latents that were summed out may couple units, as in a hidden
	// Markov model: the log likelihood of one is then that given the data of all others.
	Coupled bool
	// Held are how many numbers of params stay where all data have put them, whatever is left out: what is left out has had a
	// part in them, and the figures are better than they should be, by about as many nats.
	Held int
	// Model is the name of the model's file; Verdict and Reasons are those of the fit, whose
	// draws these figures are made of.
	Model   string
	Verdict Verdict
	Reasons []string

	// Refits counts the fits without some of the data that were made, by their verdicts; nil
	// where none was asked for.
	Refits map[Verdict]int

	// data are the values of the points, by name; nil where they are not known.
	data map[string]float64
}

// LOOOptions set a cross-validation. The zero value is the default.
type LOOOptions struct {
	// By are what is left out together: data with a label or an int for each datum
	// ("county"), or dimensions that all data on the left of `~` have ("T"). Without, it is
	// each datum, or each row where several arrays have the same dimensions.
	By []string
	// Refit fits the model again, with the options of the fit, without each unit of which k̂ is
	// above the threshold: its figures are then exact but for the draws.
	Refit bool
	// KFold, from 2 on, fits the model that many times instead, each time without a part of the
	// units, which are dealt out at random by the seed of the fit: K-fold cross-validation. It
	// is not for units that discrete latents couple.
	KFold int
}

// NoSample is the error for an answer whose draws are no sample of the posterior, as even
// weights make none of them.
type NoSample struct {
	// What the draws are, and which option of Options led there, with its value: "Correct",
	// "linear"; "" where none of them did.
	What, Option, Value string
}

func (e *NoSample) Error() string {
	cause, instead := "", "with other data or another model, or with Method: "+MethodNUTS
	if e.Option != "" {
		cause, instead = fmt.Sprintf(" (%s: %s)", e.Option, e.Value), fmt.Sprintf("without %s, or with Method: %s", e.Option, MethodNUTS)
	}
	return fmt.Sprintf("the draws are no sample of the posterior, they are %s%s: fit again %s", e.What, cause, instead)
}

// LOO estimates how well the model predicts the units of its data that it has not seen, by
// leave-one-out cross-validation with Pareto-smoothed importance sampling (package loo). Where
// draws carry weights, all that were made are used with these.
//
// The error is an *ArgumentError, a *NoSample, an *OptionError for what data cannot be grouped by,
// a *DataError where the model gives no log likelihood datum by datum, a *SavedError where
// the answer was loaded without its data, or ctx.Err().
func (post *Posterior) LOO(ctx context.Context, opt LOOOptions) (out *LOO, err error) {
	defer stopped(ctx, &err)
	defer guarded(&err)
	if err := given("Posterior.LOO", contextArgument(ctx), argument{"post", post.made()}); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, by, w, d, err := post.units(opt.By)
	if err != nil {
		return nil, err
	}
	if out, err = leaveOneOut(ctx, w, d, by.levels); err != nil {
		return nil, err
	}
	if err := (&refitting{p: p, asked: post.answer.Asked, units: w, out: out}).run(ctx, opt); err != nil {
		return nil, err
	}
	if len(opt.By) > 0 {
		for i := range out.Units {
			out.Units[i].Name = cellName(w.Units, i, by.levels)
		}
	}
	out.Model, out.Verdict, out.Reasons = post.answer.Model.Name, post.answer.Verdict, slices.Clone(post.answer.Reasons)
	out.data = p.pointValues(w, by.levels)
	return out, nil
}

// sampled refuses draws that are no sample of the posterior.
func (post *Posterior) sampled() error {
	f, asked := post.answer.Figures, post.answer.Asked
	what := ""
	switch {
	case f.Point:
		what = "one point"
	case f.Applied == answer.LinearResponse:
		what = "those of linear response"
	case f.Applied == answer.NoCorrection:
		what = "those of the guide alone"
	default:
		return nil
	}
	e := &NoSample{What: what}
	switch {
	case asked.Guide != "" && asked.Guide != inference.Guides[0]:
		e.Option, e.Value = "Guide", asked.Guide
	case asked.Correct != "" && asked.Correct != inference.Corrections[0]:
		e.Option, e.Value = "Correct", asked.Correct
	case asked.Quick:
		e.Option, e.Value = "Quick", "true"
	case asked.MaxTime > 0 && f.TimedOut:
		e.Option, e.Value = "MaxTime", asked.MaxTime.String()
	}
	return e
}

// jointDraws are the draws of the latents: all that were made, or those that are kept where
// latents are discrete, of which there are no others.
func (post *Posterior) jointDraws(latents []target.Quantity) (jointDraws, error) {
	if len(latents) == 0 { // an exact answer
		return jointDraws{n: 1}, nil
	}
	if !slices.ContainsFunc(latents, func(q target.Quantity) bool { return q.Discrete }) {
		return drawsOf(latents, post.answer.Quantities)
	}
	z, err := post.discreteDraws()
	if err != nil {
		return jointDraws{}, err
	}
	var all []Quantity
	of := &answer.Draws{N: post.keptDraws(), Kept: post.keptDraws()}
	for i := range post.answer.Quantities {
		q := post.answer.Quantities[i]
		if _, made := q.Made(); made != nil && made.Rows == nil && made.Kept == made.N {
			of.Chains = made.Chains // none is left out
		}
		q.Hold(q.Draws(), of)
		all = append(all, q)
	}
	for i := range post.answer.Discrete {
		values := make([]float64, len(z[i]))
		for k, x := range z[i] {
			values[k] = float64(x)
		}
		q := Quantity{Symbol: post.answer.Discrete[i].Symbol}
		q.Hold(values, of)
		all = append(all, q)
	}
	return drawsOf(latents, all)
}

// grouping finds out what is left out together.
type grouping struct {
	p  *Problem
	by []string
	// levels are the labels of dimensions, and of data that units are grouped by.
	levels map[string][]string
}

// known looks whether there is what units are grouped by.
func (g *grouping) known() error {
	for d, labels := range g.p.bound.Levels {
		g.levels[d] = labels
	}
	for i, name := range g.by {
		_, dimension := g.p.bound.Dims[name]
		switch {
		case slices.Contains(g.by[:i], name):
			return &OptionError{"By", fmt.Sprintf("has `%s` twice", name)}
		case !dimension && g.p.bound.Values[name] == nil:
			return &OptionError{"By", fmt.Sprintf("the model has no data and no dimension `%s`", name)}
		}
	}
	return nil
}

// pointwise compiles the log likelihood of the units. The error is as that of Posterior.LOO.
func (g *grouping) pointwise() (*target.Pointwise, error) {
	if err := g.known(); err != nil {
		return nil, err
	}
	var unit func([]target.Point) (target.Units, error)
	if len(g.by) > 0 {
		unit = g.units
	}
	w, err := pointwiseBy(g.p.target, unit)
	if no := (*target.NoPointwise)(nil); errors.As(err, &no) {
		return nil, &DataError{diag.List{{Code: "no-pointwise", Source: g.p.model.checked.File.Source, Span: no.Span, Summary: no.Error(),
			Hint: "data that come about by a `~`, number by number or vector by vector, have one each"}}}
	}
	if no := (*target.ErrGrouping)(nil); errors.As(err, &no) {
		return nil, &OptionError{"By", fmt.Sprintf("`%s` does not tell the data of `%s` apart: these do not run along it, or along it twice", no.Dim, no.Site)}
	}
	return w, err
}

// units groups points by the labels, or places, that they have.
func (g *grouping) units(points []target.Point) (target.Units, error) {
	dims := make([]string, len(g.by))  // along which data are looked up
	places := make([][]int, len(g.by)) // by position along them; nil: the position itself
	for k, name := range g.by {
		if dims[k] = name; g.p.bound.Values[name] != nil {
			var err error
			if dims[k], places[k], err = g.labels(name); err != nil {
				return target.Units{}, err
			}
		}
	}
	var distinct []string
	for _, d := range dims {
		if !slices.Contains(distinct, d) {
			distinct = append(distinct, d)
		}
	}
	u, err := target.ByDimension(distinct...)(points)
	if err != nil {
		return u, err
	}
	cells := make([][]int, len(u.Index))
	for i, at := range u.Index {
		for k, d := range dims {
			x := at[slices.Index(distinct, d)]
			if places[k] != nil {
				x = places[k][x]
			}
			cells[i] = append(cells[i], x)
		}
	}
	index := slices.Clone(cells)
	slices.SortFunc(index, slices.Compare)
	index = slices.CompactFunc(index, slices.Equal)
	for i, cell := range u.Of {
		u.Of[i], _ = slices.BinarySearchFunc(index, cells[cell], slices.Compare)
	}
	return target.Units{Dims: g.by, Index: index, Of: u.Of}, nil
}

// labels are the places, from 0, that data have among their labels or values.
func (g *grouping) labels(name string) (dim string, places []int, err error) {
	values := g.p.bound.Values[name]
	for _, s := range g.p.model.checked.Data {
		if s.Name != name || len(values.Shape) != 1 {
			continue
		}
		places = make([]int, len(values.Data))
		dim = s.Type.Dims[0].String()
		if s.Type.Levels != "" {
			g.levels[name] = g.p.bound.Levels[s.Type.Levels]
			for i, code := range values.Data {
				places[i] = int(code) - 1
			}
			return dim, places, nil
		}
		distinct := slices.Clone(values.Data)
		slices.Sort(distinct)
		distinct = slices.Compact(distinct)
		whole := func(x float64) bool { return x == math.Trunc(x) }
		if values.Missing != nil || slices.ContainsFunc(distinct, func(x float64) bool { return !whole(x) }) {
			break
		}
		g.levels[name] = make([]string, len(distinct))
		for i, x := range distinct {
			g.levels[name][i] = fmt.Sprint(x)
		}
		for i, x := range values.Data {
			places[i], _ = slices.BinarySearch(distinct, x)
		}
		return dim, places, nil
	}
	return "", nil, &OptionError{"By", fmt.Sprintf("`%s` has no label and no whole number for each datum", name)}
}

// pointValues are the values of the points, by name: of vectors, those of their first elements.
func (p *Problem) pointValues(w *target.Pointwise, levels map[string][]string) map[string]float64 {
	out := map[string]float64{}
	arrays := map[string][]float64{}
	for _, x := range w.Points {
		values, known := arrays[x.Symbol.Name]
		if !known {
			values = p.observed(x.Symbol)
			arrays[x.Symbol.Name] = values
		}
		if x.Element < len(values) {
			out[pointName(x, levels)] = values[x.Element]
		}
	}
	return out
}

// observed are the data on the left of a `~`, which may be a let of data; nil if they cannot be
// worked out.
func (p *Problem) observed(sym *lang.Symbol) []float64 {
	if a := observedIn(p.model.checked, p.bound, sym); a != nil {
		return a.Data
	}
	return nil
}

// LOOUnit is what is left out together.
type LOOUnit struct {
	// Name is that of its datum, `y[3]`, or of its place along the dimensions that units are
	// cells of, `county=ANOKA`; indices count from 1, or are factor labels.
	Name string
	// Data are the names of all data in it.
	Data []string
}

// LOOMismatch is the error for models that were not fitted to the same data: the units differ.
type LOOMismatch struct {
	Model       int // its place among those compared, from 0
	Have, First int // how many units that has, and the first one
	// Unit is one that the model does not have, or a datum of another value: those of the
	// first model and of this one.
	Unit   string
	Values []float64
}

func (e *LOOMismatch) Error() string {
	if e.Have != e.First {
		return fmt.Sprintf("model 1 has %d units of data and model %d has %d: they are not fits of the same data", e.First, e.Model+1, e.Have)
	}
	if len(e.Values) == 2 {
		return fmt.Sprintf("`%s` is %g in model 1 and %g in model %d: they are not fits of the same data", e.Unit, e.Values[0], e.Values[1], e.Model+1)
	}
	return fmt.Sprintf("model %d has no `%s`, as model 1 has: they are not fits of the same data", e.Model+1, e.Unit)
}

// CompareLOO orders models of the same data, the best first. The error is a *LOOMismatch where
// the data have other names or other values.
func CompareLOO(models ...*LOO) ([]loo.Comparison, error) {
	var results []loo.Result
	for i, m := range models {
		if m == nil || len(m.Points) != len(m.Units) {
			return nil, given("CompareLOO", argument{fmt.Sprintf("models[%d]", i), false})
		}
		first := models[0]
		if len(m.Units) != len(first.Units) {
			return nil, &LOOMismatch{Model: i, Have: len(m.Units), First: len(first.Units)}
		}
		// Statements may stand in another order.
		place := map[string]int{}
		for k, u := range m.Units {
			place[u.Name] = k
		}
		r := loo.Result{Draws: m.Draws}
		for _, u := range first.Units {
			k, ok := place[u.Name]
			if !ok {
				return nil, &LOOMismatch{Model: i, Have: len(m.Units), First: len(first.Units), Unit: u.Name}
			}
			for _, name := range u.Data {
				if a, b, differ := otherValue(first, m, name); differ {
					return nil, &LOOMismatch{i, len(m.Units), len(first.Units), name, []float64{a, b}}
				}
			}
			r.Points = append(r.Points, m.Points[k])
		}
		results = append(results, r)
	}
	return loo.Compare(results...)
}

// otherValue reports whether a datum is known to have other values in two models.
func otherValue(first, m *LOO, name string) (a, b float64, differ bool) {
	if first.data == nil || m.data == nil {
		return 0, 0, false
	}
	a, known := first.data[name]
	b, too := m.data[name]
	return a, b, known && too && a != b && !(a != a && b != b)
}

// jointDraws are draws of the latents of a model, as plain numbers.
type jointDraws struct {
	// values has, for each latent by name, n × elements numbers, one draw after another.
	values map[string][]float64
	n      int
	// chains is the number of Markov chains that they are of, one after another; 0 of
	// independent draws. Weights, which need not add up to 1, are nil where all are equal.
	chains  int
	weights []float64
}

// rows says what the rows of a column of log likelihoods are.
func (d jointDraws) rows() (*loo.Draws, error) {
	out, err := loo.Independent(d.n)
	if d.chains > 0 {
		out, err = loo.Chains(d.n, d.chains)
	}
	if err != nil || d.weights == nil {
		return out, err
	}
	log := make([]float64, len(d.weights))
	for i, w := range d.weights {
		log[i] = math.Log(w)
	}
	return out.Weighted(log)
}

// dead are draws without weight at which several units of data are impossible, or have no log
// likelihood: without one of these they have no weight either. (Package loo has to take a unit that is
// impossible at a draw without weight for what took the weight.) Where units are coupled nothing
// can be said: each is impossible given the others if all of them together are.
func (d jointDraws) dead(p *target.Pointwise) ([]int, error) {
	if d.weights == nil || p.Coupled {
		return nil, nil
	}
	var rows, out []int
	for s, w := range d.weights {
		if w == 0 {
			rows = append(rows, s)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	values := map[string][]float64{}
	for name, x := range d.values {
		size := len(x) / d.n
		for _, s := range rows {
			values[name] = append(values[name], x[s*size:(s+1)*size]...)
		}
	}
	err := p.Rows(values, len(rows), func(k int, loglik []float64) error {
		impossible := 0
		for _, l := range loglik {
			if !(l > math.Inf(-1)) {
				impossible++
			}
		}
		if impossible > 1 {
			out = append(out, rows[k])
		}
		return nil
	})
	return out, err
}

// pointwise compiles the log likelihood of the units of a target's data: discrete latents are
// summed out where that can be done, and given like the others where it cannot. By are the
// dimensions that units are cells of; none: each row, as the default of package target is.
func pointwise(t *target.Target, by ...string) (*target.Pointwise, error) {
	var unit func([]target.Point) (target.Units, error)
	if len(by) > 0 {
		unit = target.ByDimension(by...)
	}
	return pointwiseBy(t, unit)
}

// pointwiseBy is pointwise for units as NewPointwise takes them.
func pointwiseBy(t *target.Target, unit func([]target.Point) (target.Units, error)) (*target.Pointwise, error) {
	p, err := t.NewPointwise(target.Summed, unit)
	if sum := (*target.ErrSummed)(nil); errors.As(err, &sum) {
		return t.NewPointwise(target.Given, unit)
	}
	return p, err
}

// leaveOneOut cross-validates a model by draws of its latents. Levels are the labels of
// dimensions that are those of a factor. Where nothing is left to draw, the log likelihoods are
// exact.
func leaveOneOut(ctx context.Context, p *target.Pointwise, d jointDraws, levels map[string][]string) (*LOO, error) {
	rows, err := d.rows()
	if err != nil {
		return nil, err
	}
	out := &LOO{Result: loo.Result{Points: make([]loo.Point, len(p.Units.Index))}, Units: unitNames(p, levels), Coupled: p.Coupled}
	none, err := rows.LeaveOneOut(func(func([]float64) bool) {}) // how many draws have weight
	if err != nil {
		return nil, err
	}
	out.Draws = none.Draws
	dead, err := d.dead(p)
	if err != nil {
		return nil, err
	}
	exact := len(p.Latents) == 0
	if exact {
		out.Draws = 0
	}
	return out, p.Columns(d.values, d.n, func(u int, column []float64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if exact { // p(y_u | all other data), if discrete latents couple units
			out.Points[u] = loo.Point{ELPD: column[0], LPD: column[0], KHat: math.NaN(), REff: 1, ESS: 1, Exact: true}
			return nil
		}
		for _, s := range dead {
			column[s] = 0 // any number: the ratio is 0
		}
		x, err := rows.Point(column)
		if err != nil {
			return fmt.Errorf("`%s`: %w", out.Units[u].Name, err)
		}
		out.Points[u] = x
		return nil
	})
}

// unitNames names the units of the data and what is in them.
func unitNames(p *target.Pointwise, levels map[string][]string) []LOOUnit {
	out := make([]LOOUnit, len(p.Units.Index))
	for i, x := range p.Points {
		u := &out[p.Units.Of[i]]
		u.Data = append(u.Data, pointName(x, levels))
	}
	for i := range out {
		if len(p.Units.Dims) == 0 || len(out[i].Data) == 1 {
			out[i].Name = strings.Join(out[i].Data, ", ")
			continue
		}
		out[i].Name = cellName(p.Units, i, levels)
	}
	return out
}

// cellName is the name of a unit by its place: `county=ANOKA`.
func cellName(u target.Units, i int, levels map[string][]string) string {
	var parts []string
	for k, d := range u.Dims {
		parts = append(parts, d+"="+levelOf(levels, d, u.Index[i][k]))
	}
	return strings.Join(parts, ",")
}

// pointName is the name of a datum: `y`, `y[3]`, `y[ANOKA,2]`.
func pointName(p target.Point, levels map[string][]string) string {
	if len(p.Index) == 0 {
		return p.Symbol.Name
	}
	var parts []string
	for k, i := range p.Index {
		parts = append(parts, levelOf(levels, p.Dims[k], i))
	}
	return p.Symbol.Name + "[" + strings.Join(parts, ",") + "]"
}

// levelOf is the label of an index, from 0, along a dimension, or the index from 1.
func levelOf(levels map[string][]string, dim string, i int) string {
	if l := levels[dim]; i < len(l) {
		return l[i]
	}
	return fmt.Sprint(i + 1)
}

// drawsOf collects the draws of latents from an answer's quantities, all that were made with
// their weights; the elements of a latent stand in its order. The error is a
// *target.ErrValues where a latent is not among them, as discrete ones are not.
func drawsOf(latents []target.Quantity, quantities []Quantity) (jointDraws, error) {
	columns := map[string][][]float64{}
	out := jointDraws{values: map[string][]float64{}, n: 1}
	for i := range quantities {
		q := &quantities[i]
		if !slices.ContainsFunc(latents, func(l target.Quantity) bool { return l.Symbol.Name == q.Symbol }) {
			continue // a let, whose draws may be of the kept rows alone
		}
		values, of := q.Made()
		columns[q.Symbol] = append(columns[q.Symbol], values)
		if of != nil {
			out.n, out.chains, out.weights = of.N, of.Chains, of.Weights
		}
	}
	for _, l := range latents {
		c, size := columns[l.Symbol.Name], l.Shape.Size()
		if len(c) != size {
			return jointDraws{}, &target.ErrValues{Name: l.Symbol.Name, Have: len(c) * out.n, Want: size * out.n}
		}
		rows := make([]float64, out.n*size)
		for e, x := range c {
			for i, v := range x {
				rows[i*size+e] = v
			}
		}
		out.values[l.Symbol.Name] = rows
	}
	return out, nil
}

package target

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/graph/parallel"
	"ppl/guide"
	"ppl/lang"
	"ppl/lang/diag"
)

// Handling says what becomes of the discrete latents where a model is evaluated at values
// of its latents.
type Handling int

const (
	// Summed sums them out: it takes values of the continuous latents.
	Summed Handling = iota
	// Given takes values of all latents.
	Given
)

// Quantity is a latent as values of it are given: the elements of its array, row-major, on
// the scale on which the model is written.
type Quantity struct {
	Symbol *lang.Symbol
	Shape  graph.Shape
	// Part is set where it is the missing elements of data; Shape is then that of a
	// vector, in the order of Part.Elements.
	Part     *lower.Part
	Discrete bool
}

// ErrValues is returned for values that do not fit a model: a latent has none, or another
// number of them than draws × elements.
type ErrValues struct {
	Name       string
	Have, Want int
}

func (e *ErrValues) Error() string {
	if e.Have < 0 {
		return fmt.Sprintf("there are no values of `%s`", e.Name)
	}
	return fmt.Sprintf("there are %d values of `%s`, not %d", e.Have, e.Name, e.Want)
}

// ErrSummed is returned where discrete latents are to be summed out, which cannot be done for
// one: it has infinitely many values, or the tables would be too large.
type ErrSummed struct {
	Name string
	Why  string
	Span diag.Span
}

func (e *ErrSummed) Error() string {
	return fmt.Sprintf("`%s` cannot be summed out: %s", e.Name, e.Why)
}

// atValues is a model lowered at values of its latents, which are inputs of the graph.
type atValues struct {
	t      *Target
	b      *named.Builder
	ax     *named.Axis
	joint  *lower.Joint
	src    *guide.Constrained
	latent []Quantity // continuous ones, then the discrete ones if they are given
	input  []*graph.Node
}

// quantities lists the latents, behind params that are not known. The model is lowered for that, as it was for the target.
func (t *Target) quantities(h Handling) ([]Quantity, error) {
	b := t.Builder()
	_, _, u := t.Points(b, 1)
	l, err := t.Lower(b, u)
	if err != nil {
		return nil, err
	}
	var out []Quantity
	for _, x := range l.Joint.Params {
		if x.Value.Shape().Size() > 0 {
			out = append(out, Quantity{Symbol: x.Symbol, Shape: x.Value.Shape()})
		}
	}
	for _, x := range l.Joint.Reported {
		if (x.Symbol.Kind == lang.SymLatent || x.Part != nil) && x.Value.Shape().Size() > 0 {
			out = append(out, Quantity{Symbol: x.Symbol, Shape: x.Value.Shape(), Part: x.Part})
		}
	}
	if h != Given {
		return out, nil
	}
	for _, d := range l.Joint.Discrete {
		if d.Shape.Size() > 0 {
			out = append(out, Quantity{Symbol: d.Symbol, Shape: d.Shape, Part: d.Part, Discrete: true})
		}
	}
	return out, nil
}

// lowerAt lowers the model at values of its latents, for s points; more changes the options.
// rule, if there is one, may replace sums over data.
func (t *Target) lowerAt(s int, h Handling, rule graph.SumRule, more func(*lower.Options, *named.Axis)) (*atValues, error) {
	t, ds := t.Unguided()
	if err := ds.Err(); err != nil {
		return nil, err
	}
	a := &atValues{t: t, b: t.Builder(), ax: &named.Axis{Name: "particle", Size: s, Class: named.Particle}}
	a.b.G.SumRule = rule
	defer func() { a.b.G.SumRule = nil }()
	var err error
	if a.latent, err = t.quantities(h); err != nil {
		return nil, err
	}
	a.input = make([]*graph.Node, len(a.latent))
	a.src = &guide.Constrained{Array: func(b *named.Builder, site *lang.Symbol) (named.Value, *lower.Part, error) {
		return a.array(b, site, false)
	}}
	opt := t.Options
	opt.Assigner, opt.Weights, opt.MostLikely = nil, nil, false
	if h == Given {
		opt.Given, opt.Strategies = true, nil
		opt.Values = func(b *named.Builder, i int, _ graph.Shape) named.Value {
			v, _, err := a.array(b, t.Discrete[i].Symbol, true)
			if err != nil {
				panic(err) // the sites are those of the target
			}
			return v
		}
	} else if err := t.summable(&opt); err != nil {
		return nil, err
	}
	if more != nil {
		more(&opt, a.ax)
	}
	var joint *lower.Joint
	joint, ds = lower.LowerWith(t.Model, t.Data, a.src, a.b, opt)
	if err := ds.Err(); err != nil {
		if h == Summed && tooDear(ds) {
			return nil, &ErrSummed{t.Discrete[0].Symbol.Name, ds[0].Summary, ds[0].Span}
		}
		return nil, fmt.Errorf("evaluating the model at values of its latents: %w", err)
	}
	a.joint = joint
	return a, nil
}

// summable asks for sums over all discrete latents, whatever the strategies of a fit are.
func (t *Target) summable(opt *lower.Options) error {
	opt.Strategies = map[string]string{}
	for _, d := range t.Discrete {
		if d.Infinite && d.Shape.Size() > 0 {
			return &ErrSummed{d.Symbol.Name, "it has infinitely many values", d.Symbol.Span}
		}
		opt.Strategies[d.Symbol.Name] = lower.Exact
	}
	return nil
}

// array is the input that holds the values of a latent.
func (a *atValues) array(b *named.Builder, site *lang.Symbol, discrete bool) (named.Value, *lower.Part, error) {
	k := slices.IndexFunc(a.latent, func(q Quantity) bool { return q.Symbol == site && q.Discrete == discrete })
	if k < 0 {
		return named.Value{}, nil, fmt.Errorf("`%s` has no values", site.Name)
	}
	q := a.latent[k]
	if a.input[k] == nil {
		a.input[k] = b.G.BatchInput("value of "+site.Name, append(graph.Shape{a.ax.Size}, q.Shape...))
	}
	return b.Wrap(a.input[k], a.ax), q.Part, nil
}

// check looks at the numbers of values.
func (a *atValues) check(values map[string][]float64, n int) error {
	for _, q := range a.latent {
		x, ok := values[q.Symbol.Name]
		switch {
		case !ok:
			return &ErrValues{Name: q.Symbol.Name, Have: -1, Want: n * q.Shape.Size()}
		case len(x) != n*q.Shape.Size():
			return &ErrValues{Name: q.Symbol.Name, Have: len(x), Want: n * q.Shape.Size()}
		}
	}
	return nil
}

// set fills the inputs with the points row(0), row(1), ... of all: one for each lane.
func (a *atValues) set(p *Program, values map[string][]float64, row func(lane int) int) {
	for k, q := range a.latent {
		in := p.in(a.input[k])
		if in == nil { // nothing depends on it
			continue
		}
		x, size := values[q.Symbol.Name], q.Shape.Size()
		for s := range a.ax.Size {
			r := row(s)
			copy(in[s*size:(s+1)*size], x[r*size:(r+1)*size])
		}
	}
}

// LogDensity evaluates the log joint density of a model at values of its latents, as it is
// written: there is no Jacobian of any transform.
type LogDensity struct {
	// Latents are those that values are given for.
	Latents []Quantity

	a      *atValues
	prior  int // outputs: the density, then the factors of latents
	bounds [][2]int
	work   []*Program
}

// NewLogDensity compiles the log density at values of the latents. Discrete latents are
// summed out, whatever the strategy of a fit is, or given like the others. The error is an
// *ErrSummed where a sum is not possible.
func (t *Target) NewLogDensity(h Handling) (*LogDensity, error) {
	a, err := t.lowerAt(Lanes, h, t.SumRule(), nil)
	if err != nil {
		return nil, err
	}
	d := &LogDensity{Latents: a.latent, a: a}
	outs := []*graph.Node{a.b.With(a.joint.LogDensity(a.b), a.ax).N}
	for _, f := range a.joint.Factors {
		if f.Latent {
			outs = append(outs, a.b.With(f.Value, a.ax).N)
		}
	}
	d.prior = len(outs)
	bound := func(v named.Value) int {
		if !v.Valid() {
			return -1
		}
		outs = append(outs, a.b.With(v, a.ax).N)
		return len(outs) - 1
	}
	for _, x := range a.src.Blocks {
		d.bounds = append(d.bounds, [2]int{bound(x.Support.Lower), bound(x.Support.Upper)})
	}
	p, err := t.Compile(a.b.G, outs...)
	if err != nil {
		return nil, err
	}
	d.work = []*Program{p}
	return d, nil
}

// At is the log density at n points: values holds, for each of Latents by name, the n × size
// numbers of the points one after another. It is −Inf where a value is outside of its
// support, or where the model as such has no density there: discrete values that cannot
// be, say. On an end of a support, to which a draw may be rounded, it is the limit, −Inf
// where there is none. NaN is what is left of a density that is not a number inside of it.
// The error is an *ErrValues where values do not fit the model.
//
// Points are worked in blocks of 64, on all cores. At must not run twice at the same time.
func (d *LogDensity) At(values map[string][]float64, n int) ([]float64, error) {
	if err := d.a.check(values, n); err != nil {
		return nil, err
	}
	out := make([]float64, n)
	err := eachBlock(&d.work, n, func(p *Program, lo, hi int) error {
		d.a.set(p, values, func(s int) int { return min(lo+s, hi-1) })
		if err := p.Run(); err != nil {
			return err
		}
		outs := p.outs() // laid out anew each time that they are asked for
		for i := lo; i < hi; i++ {
			out[i] = d.density(outs, i-lo, values, i)
		}
		return nil
	})
	return out, err
}

// density is that of a lane, which holds a row of the values.
func (d *LogDensity) density(outs [][]float64, lane int, values map[string][]float64, row int) float64 {
	lp := outs[0][lane]
	switch d.place(outs, lane, values, row) {
	case guide.Outside:
		return math.Inf(-1)
	case guide.Edge:
		if math.IsNaN(lp) {
			return math.Inf(-1)
		}
	}
	for k := 1; k < d.prior; k++ {
		if math.IsInf(outs[k][lane], -1) {
			return math.Inf(-1)
		}
	}
	return lp
}

// place is that of all values of a row in their supports.
func (d *LogDensity) place(outs [][]float64, lane int, values map[string][]float64, row int) guide.Place {
	at := guide.Inside
	for k, x := range d.a.src.Blocks {
		q := d.a.latent[slices.IndexFunc(d.a.latent, func(q Quantity) bool { return q.Symbol == x.Site && !q.Discrete })]
		v := values[q.Symbol.Name][row*q.Shape.Size():]
		object := x.Box[len(x.Box)-x.EventRank:].Size()
		if object == 0 {
			continue
		}
		last := 1
		if x.EventRank > 0 {
			last = x.Box[len(x.Box)-1]
		}
		lower, upper := laneOf(outs, d.bounds[k][0], lane, d.a.ax.Size), laneOf(outs, d.bounds[k][1], lane, d.a.ax.Size)
		one := make([]float64, object)
		for o := 0; o < len(x.Elements); o += object {
			for i, e := range x.Elements[o : o+object] {
				one[i] = v[e]
			}
			at = min(at, guide.PlaceIn(x.Support.Kind, one, last, some(lower, o, object), some(upper, o, object)))
		}
	}
	for i, q := range d.a.latent {
		if q.Discrete && !possible(d.a.joint.Discrete[d.a.discrete(i)], values[q.Symbol.Name][row*q.Shape.Size():(row+1)*q.Shape.Size()]) {
			return guide.Outside
		}
	}
	return at
}

// discrete is the number of a latent among the discrete ones.
func (a *atValues) discrete(i int) int {
	return slices.IndexFunc(a.joint.Discrete, func(d lower.Discrete) bool { return d.Symbol == a.latent[i].Symbol })
}

// possible reports whether a discrete latent may have such values at all.
func possible(d lower.Discrete, x []float64) bool {
	for _, v := range x {
		if v != math.Trunc(v) || v < d.Low || math.IsInf(v, 0) || !d.Infinite && v >= d.Low+float64(len(d.Values)) {
			return false
		}
	}
	return true
}

// laneOf is what a lane has of an output, nil where there is none.
func laneOf(outs [][]float64, k, lane, lanes int) []float64 {
	if k < 0 {
		return nil
	}
	x := outs[k]
	n := len(x) / lanes
	return x[lane*n : (lane+1)*n]
}

// some are the bounds of n elements from i on, where there are more than one for all.
func some(x []float64, i, n int) []float64 {
	if len(x) <= 1 {
		return x
	}
	return x[i : i+n]
}

// eachBlock runs f for blocks of at most Lanes of n points, on all cores, each with a
// program of its own; those of work are made from the first when they are first needed.
func eachBlock(work *[]*Program, n int, f func(p *Program, lo, hi int) error) error {
	blocks := (n + Lanes - 1) / Lanes
	workers := min(blocks, runtime.GOMAXPROCS(0))
	if _, tape := (*work)[0].compiled.(*graph.TapeProgram); tape {
		workers = min(blocks, 1) // its states may not run at the same time
	}
	for len(*work) < workers {
		p, err := (*work)[0].Another()
		if err != nil {
			return err
		}
		*work = append(*work, p)
	}
	if workers == 0 {
		return nil
	}
	errs := make([]error, workers)
	parallel.Each(workers, func(w int) {
		for i := w; i < blocks && errs[w] == nil; i += workers {
			errs[w] = f((*work)[w], i*Lanes, min(n, (i+1)*Lanes))
		}
	})
	return errors.Join(errs...)
}

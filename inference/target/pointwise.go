package target

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"ppl/graph"
	"ppl/graph/enum"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/diag"
)

// The log likelihood point by point, at values θ of the latents.
//
// An object of the data whose likelihood mentions no discrete latent that is summed out has
// the term of its statement, log p(y_i | θ). The others are wanted as log p(y_i | y_-i, θ),
// the predictive density given all other data, which is the same where the discrete
// latents of a row are its own, as in a mixture, and is not where rows are coupled, as in
// a hidden Markov model; there the points do not add up to the likelihood.
//
// Let z be the joint value of the discrete latents that row i mentions. Log weights of
// zero on the values of z, row by row, have the probabilities of these values as their
// derivative (see Sites): p(z | y, θ) if all rows are in, p(z | y_-i, θ) if row i is left
// out. This gives two ways:
//
//   - leaving out, log p(y_i | y_-i) = log Σ_z p(z | y_-i) p(y_i | z), in one evaluation
//     for one row of each component: rows in different components do not interact (see
//     lower.Observed), so that all rows of a mixture take one evaluation;
//   - the cavity, p(y_i | y_-i) = 1 / Σ_z p(z | y) / p(y_i | z), in one evaluation for all
//     rows (Gelfand, Dey & Chang 1992, who have the identity over θ). A value of z that
//     the row itself has ruled out, p(y_i | z) = 0, or made so improbable that its
//     probability is rounded to 0, is lost. Where the loss may matter, for a row at a
//     draw, the row is left out instead.
//
// A unit of several rows (y[t] and w[t]) is left out as one, by the chain rule: Σ_j log
// p(y_j | y_1, ..., y_{j-1}, data outside of the unit).

// NoPointwise is the error for a statement that gives no log likelihood point by point.
type NoPointwise struct {
	// Site is the left side of the `~`, "" for a `factor`.
	Site string
	Why  string
	Span diag.Span
}

func (e *NoPointwise) Error() string {
	if e.Site == "" {
		return "there is no log likelihood point by point: " + e.Why
	}
	return fmt.Sprintf("`%s` has no log likelihood point by point: %s", e.Site, e.Why)
}

// Point is an object of the data: a number, or a vector or matrix where the distribution is
// one of these. A `y ~ MvNormal(m, S)` over a whole series is one point, and so is a path
// of a GaussianRandomWalk: its elements are not independent.
type Point struct {
	Symbol *lang.Symbol // on the left of the `~`
	// Index is its place in the array along Dims, from 0; dimensions along which the
	// object itself extends are left out.
	Dims  []string
	Index []int
	// Element is its first element, row-major from 0.
	Element int
	Span    diag.Span
}

// Units says which points are left out together.
type Units struct {
	// Dims are the dimensions that a unit is a cell of, Index its place along them from
	// 0; none if every point is a unit.
	Dims  []string
	Index [][]int
	// Of is the unit of each point.
	Of []int
}

// fit checks that there is a unit for each of n points.
func (u Units) fit(n int) error {
	if len(u.Of) != n {
		return fmt.Errorf("%d points have units, not %d", len(u.Of), n)
	}
	for i, k := range u.Of {
		if k < 0 || k >= len(u.Index) {
			return fmt.Errorf("point %d is of unit %d, of %d", i+1, k+1, len(u.Index))
		}
	}
	return nil
}

// ErrGrouping is returned where points cannot be grouped by dimensions.
type ErrGrouping struct {
	Dim  string
	Site string // on the left of a `~`, without that dimension or with two of it
}

func (e *ErrGrouping) Error() string {
	return fmt.Sprintf("the points cannot be grouped by `%s`: `%s` does not have that dimension once", e.Dim, e.Site)
}

// ByElement makes each point a unit.
func ByElement(points []Point) (Units, error) {
	u := Units{Of: make([]int, len(points)), Index: make([][]int, len(points))}
	for i := range u.Of {
		u.Of[i] = i
	}
	return u, nil
}

// ByDimension groups points by their places along dimensions, which all of them have; units
// are in the order of these places.
func ByDimension(dims ...string) func([]Point) (Units, error) {
	return func(points []Point) (Units, error) {
		u := Units{Dims: dims, Of: make([]int, len(points))}
		known := map[string]int{}
		for i, p := range points {
			at := make([]int, len(dims))
			for k, d := range dims {
				j := slices.Index(p.Dims, d)
				if j < 0 || slices.Index(p.Dims[j+1:], d) >= 0 {
					return Units{}, &ErrGrouping{d, p.Symbol.Name}
				}
				at[k] = p.Index[j]
			}
			key := fmt.Sprint(at)
			n, ok := known[key]
			if !ok {
				n = len(u.Index)
				known[key], u.Index = n, append(u.Index, at)
			}
			u.Of[i] = n
		}
		u.sort()
		return u, nil
	}
}

// sort puts units in the order of their places.
func (u *Units) sort() {
	order := make([]int, len(u.Index))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(u.Index[a], u.Index[b]) })
	rank, index := make([]int, len(order)), make([][]int, len(order))
	for i, k := range order {
		rank[k], index[i] = i, u.Index[k]
	}
	for i, k := range u.Of {
		u.Of[i] = rank[k]
	}
	u.Index = index
}

// byRow is the default: a unit is a cell of the dimensions that all observed arrays have, a
// row of a table if there are several columns; or a point, if there is but one array, or
// none such dimension. A dimension has a name: two arrays of 10 have none in common.
func byRow(points []Point) (Units, error) {
	var common []string
	for k, p := range points {
		var once []string
		for j, d := range p.Dims {
			if d != "" && slices.Index(p.Dims, d) == j && slices.Index(p.Dims[j+1:], d) < 0 {
				once = append(once, d)
			}
		}
		if k == 0 {
			common = once
		}
		common = slices.DeleteFunc(slices.Clone(common), func(d string) bool { return !slices.Contains(once, d) })
	}
	one := !slices.ContainsFunc(points, func(p Point) bool { return p.Symbol != points[0].Symbol })
	if one && len(points) > 0 && len(common) < len(points[0].Dims) || len(common) == 0 {
		return ByElement(points)
	}
	return ByDimension(common...)(points)
}

// Pointwise evaluates the log likelihood of units of data at values of the latents.
type Pointwise struct {
	// Latents are those that values are given for.
	Latents []Quantity
	// Points are in the order of the statements, then of the elements of their arrays.
	Points []Point
	Units  Units
	// Coupled says that discrete latents that are summed out may couple units: the log
	// likelihood of one is that given the data of all others.
	Coupled bool

	a    *atValues
	sets []*rows // statements
	jobs []job
	// total is the output of the sum over discrete latents.
	total int
	// leave is the number of evaluations in which every job is done by leaving out.
	leave int
	work  []*Program
}

// rows are the objects of one statement.
type rows struct {
	o     *lower.Observed
	point []int // of each object
	// Outputs: the log likelihood, objects × joint values; what of it is the same for all
	// of these, and is not in the sum over latents; and their probabilities.
	loglik, shared, prob int
	values               int // joint values of what a row mentions; 1 where that is nothing
	keep, weights        *graph.Node
}

// job is a unit's part in one component: rows that are left out one after another.
type job struct {
	unit, component int
	rows            []row
	// same says that all rows mention the same latents: one cavity serves all.
	same bool
}

type row struct{ set, object int }

// mostLeave is the number of evaluations up to which rows are left out, rather than found
// from the cavity.
const mostLeave = 3

// NewPointwise compiles the log likelihood of units of the data, which are grouped by unit;
// nil is byRow. Summed sums discrete latents out; with Given the points are those given
// the discrete latents too. The error is a *NoPointwise where the model has a `factor`, or
// a vector with some elements missing, *ErrSummed where discrete latents cannot be summed
// out, or what unit returns.
func (t *Target) NewPointwise(h Handling, unit func([]Point) (Units, error)) (*Pointwise, error) {
	p := &Pointwise{}
	weighed := map[*lower.Observed]*rows{}
	a, err := t.lowerAt(Lanes, h, nil, func(opt *lower.Options, ax *named.Axis) {
		opt.Rows = func(b *named.Builder, o *lower.Observed) (keep, weights named.Value) {
			r := &rows{}
			weighed[o] = r
			axes := append([]*named.Axis{ax}, o.Plates...)
			r.keep = b.G.BatchInput(fmt.Sprintf("keep.%d", len(weighed)), sizesOf(axes))
			keep = b.Wrap(r.keep, axes...)
			for _, x := range o.Refs {
				axes = append(axes, x.Axis)
			}
			r.weights = b.G.BatchInput(fmt.Sprintf("weights.%d", len(weighed)), sizesOf(axes))
			return keep, b.Wrap(r.weights, axes...)
		}
	})
	if err != nil {
		return nil, t.tooJoint(err, h, weighed)
	}
	p.a, p.Latents = a, a.latent
	if err := p.collect(weighed); err != nil {
		return nil, err
	}
	if unit == nil {
		unit = byRow
	}
	if p.Units, err = unit(p.Points); err != nil {
		return nil, err
	}
	if err := p.Units.fit(len(p.Points)); err != nil {
		return nil, err
	}
	p.plan()
	return p, p.compile()
}

func sizesOf(axes []*named.Axis) graph.Shape {
	s := make(graph.Shape, len(axes))
	for i, a := range axes {
		s[i] = a.Size
	}
	return s
}

// tooJoint names the statement whose rows mention too many discrete latents at once, where
// the sum alone is possible.
func (t *Target) tooJoint(err error, h Handling, weighed map[*lower.Observed]*rows) error {
	var sum *ErrSummed
	if !errors.As(err, &sum) || len(weighed) == 0 {
		return err
	}
	if _, alone := t.lowerAt(1, h, nil, nil); alone != nil {
		return err
	}
	var most *lower.Observed
	for o := range weighed {
		if most == nil || len(o.Refs) > len(most.Refs) || len(o.Refs) == len(most.Refs) && o.Span.Start < most.Span.Start {
			most = o
		}
	}
	return &NoPointwise{most.Symbol.Name, fmt.Sprintf("a row depends on %d discrete latents at once: %s", len(most.Refs), sum.Why), most.Span}
}

// collect lists the points, and what is evaluated for each.
func (p *Pointwise) collect(weighed map[*lower.Observed]*rows) error {
	type placed struct {
		Point
		set, object, symbol int
	}
	var all []placed
	order := map[*lang.Symbol]int{}
	for _, o := range p.a.joint.Observed {
		switch {
		case o.Symbol == nil:
			return &NoPointwise{"", "the model has a `factor`, which says nothing of single data", o.Span}
		case o.Partial:
			return &NoPointwise{o.Symbol.Name, "some elements of a vector are missing, which has no likelihood apart from theirs", o.Span}
		}
		r := weighed[o]
		if r == nil {
			r = &rows{}
		}
		r.o, r.values, r.point = o, 1, make([]int, o.Objects())
		for _, x := range o.Refs {
			r.values *= x.Axis.Size
		}
		p.sets = append(p.sets, r)
		if _, known := order[o.Symbol]; !known {
			order[o.Symbol] = len(order)
		}
		names, index := indices(o)
		for i := range r.point {
			all = append(all, placed{Point{o.Symbol, names, index[i], o.Elements[i*o.Event], o.Span}, len(p.sets) - 1, i, order[o.Symbol]})
		}
	}
	slices.SortStableFunc(all, func(x, y placed) int {
		if x.symbol != y.symbol {
			return x.symbol - y.symbol
		}
		return x.Element - y.Element
	})
	for i, x := range all {
		p.Points = append(p.Points, x.Point)
		p.sets[x.set].point[x.object] = i
	}
	return nil
}

// indices are the places of the objects of a statement along the dimensions along which no
// object extends, and the names of these; "" for one that is only a length.
func indices(o *lower.Observed) (names []string, index [][]int) {
	st := o.Shape.Strides()
	at := func(e, d int) int { return e / st[d] % o.Shape[d] }
	var dims []int
	for d := range o.Shape {
		extends := false
		for i, e := range o.Elements {
			extends = extends || at(e, d) != at(o.Elements[i/o.Event*o.Event], d)
		}
		if extends {
			continue
		}
		name := ""
		if x := o.Symbol.Type.Dims; d < len(x) && !x[d].Opaque() {
			if _, number := x[d].Int(); !number {
				name = x[d].String()
			}
		}
		dims, names = append(dims, d), append(names, name)
	}
	index = make([][]int, o.Objects())
	for i := range index {
		index[i] = make([]int, len(dims))
		for k, d := range dims {
			index[i][k] = at(o.Elements[i*o.Event], d)
		}
	}
	return names, index
}

// plan sorts the rows that mention discrete latents into jobs.
func (p *Pointwise) plan() {
	type key struct{ unit, component int }
	place := map[key]int{}
	rowsOf, units := map[int]int{}, map[int]map[int]bool{}
	for k, r := range p.sets {
		for i, c := range r.o.Component {
			at := key{p.Units.Of[r.point[i]], c}
			j, known := place[at]
			if !known {
				j = len(p.jobs)
				place[at], p.jobs = j, append(p.jobs, job{unit: at.unit, component: c})
			}
			p.jobs[j].rows = append(p.jobs[j].rows, row{k, i})
			rowsOf[c]++
			p.leave = max(p.leave, rowsOf[c])
			if units[c] == nil {
				units[c] = map[int]bool{}
			}
			units[c][at.unit] = true
			p.Coupled = p.Coupled || len(units[c]) > 1
		}
	}
	mentions := make([][]string, len(p.sets))
	for k, r := range p.sets {
		mentions[k] = mentioned(r.o)
	}
	for j := range p.jobs {
		x := &p.jobs[j]
		x.same = true
		first := x.rows[0]
		for _, y := range x.rows {
			x.same = x.same && p.sets[y.set].values == p.sets[first.set].values && mentions[y.set][y.object] == mentions[first.set][first.object]
		}
	}
}

// mentioned tells, for each row, the elements of discrete latents that it mentions, in the
// order of the axes of their values.
func mentioned(o *lower.Observed) []string {
	if len(o.Refs) == 0 {
		return nil
	}
	out := make([]string, o.Objects())
	for _, r := range o.Refs {
		for i, e := range r.At(o.Plates) {
			out[i] += fmt.Sprintf("%p %d ", r.Site, e)
		}
	}
	return out
}

func (p *Pointwise) compile() error {
	b, ax := p.a.b, p.a.ax
	var outs, in []*graph.Node
	for _, r := range p.sets {
		axes := append([]*named.Axis{ax}, r.o.Plates...)
		for _, x := range r.o.Refs {
			axes = append(axes, x.Axis)
		}
		r.loglik = len(outs)
		outs = append(outs, b.With(b.Total(r.o.Terms[0], r.o.Terms[1:]...), axes...).N)
	}
	for _, r := range p.sets {
		if r.weights != nil {
			r.shared = len(outs)
			outs = append(outs, b.With(sharedTerms(b, r.o), append([]*named.Axis{ax}, r.o.Plates...)...).N)
		}
	}
	for _, r := range p.sets {
		if r.weights != nil {
			r.prob = len(outs) + len(in)
			in = append(in, r.weights)
		}
	}
	for _, f := range p.a.joint.Factors {
		if len(f.Summed) > 0 && len(in) > 0 {
			lp := b.With(f.Value, ax).N
			outs = append(outs, Derivatives(b, lp, ax.Size, in...)...)
			p.total, outs = len(outs), append(outs, lp)
		}
	}
	c, err := p.a.t.Compile(b.G, outs...)
	p.work = []*Program{c}
	return err
}

// sharedTerms add up the terms that mention no discrete latents.
func sharedTerms(b *named.Builder, o *lower.Observed) named.Value {
	total := b.Scalar(0)
	for _, x := range o.Terms {
		if !slices.ContainsFunc(o.Refs, func(r *enum.Ref) bool { return x.Has(r.Axis) }) {
			total = b.Add(total, x)
		}
	}
	return total
}

// Rows walks draws: values holds, for each of Latents by name, the n × size numbers of the
// draws one after another, and each gets the log likelihoods of the units at a draw. They
// are valid until it returns, and so does Rows with the error of each. −Inf is a unit that
// is impossible, given what else is known. Draws are worked in blocks of 64, on all cores.
// The error is an *ErrValues where values do not fit the model.
func (p *Pointwise) Rows(values map[string][]float64, n int, each func(draw int, loglik []float64) error) error {
	if err := p.a.check(values, n); err != nil {
		return err
	}
	units := len(p.Units.Index)
	step := Lanes * 16
	buffer := make([]float64, min(n, step)*units)
	for lo := 0; lo < n; lo += step {
		hi := min(n, lo+step)
		if err := p.blocks(values, lo, hi, 0, units, func(draw, unit int) *float64 { return &buffer[(draw-lo)*units+unit] }); err != nil {
			return err
		}
		for i := lo; i < hi; i++ {
			if err := each(i, buffer[(i-lo)*units:(i-lo+1)*units]); err != nil {
				return err
			}
		}
	}
	return nil
}

// columnBytes bounds what Columns holds at a time.
const columnBytes = 256 << 20

// Columns walks units, as package loo wants them: each gets the log likelihoods of a unit at
// all n draws, valid until it returns. Otherwise it is as Rows. No more than 256 MB of them,
// or one unit, are held at a time; beyond that the model is evaluated again for the next.
func (p *Pointwise) Columns(values map[string][]float64, n int, each func(unit int, loglik []float64) error) error {
	if err := p.a.check(values, n); err != nil {
		return err
	}
	return p.columns(values, n, max(1, columnBytes/8/max(1, n)), each)
}

// columns works some units at a time.
func (p *Pointwise) columns(values map[string][]float64, n, step int, each func(unit int, loglik []float64) error) error {
	units := len(p.Units.Index)
	buffer := make([]float64, min(step, units)*n)
	for from := 0; from < units; from += step {
		to := min(units, from+step)
		if err := p.blocks(values, 0, n, from, to, func(draw, unit int) *float64 { return &buffer[(unit-from)*n+draw] }); err != nil {
			return err
		}
		for u := from; u < to; u++ {
			if err := each(u, buffer[(u-from)*n:(u-from+1)*n]); err != nil {
				return err
			}
		}
	}
	return nil
}

// blocks evaluates the units from..to at the draws lo..hi.
func (p *Pointwise) blocks(values map[string][]float64, lo, hi, from, to int, out func(draw, unit int) *float64) error {
	return eachBlock(&p.work, hi-lo, func(c *Program, first, last int) error {
		p.a.set(c, values, func(s int) int { return lo + min(first+s, last-1) })
		w := &sweep{p: p, c: c, lanes: last - first, from: from, to: to, out: func(lane, unit int) *float64 { return out(lo+first+lane, unit) }}
		return w.run()
	})
}

// sweep is the evaluation of a block of draws.
type sweep struct {
	p        *Pointwise
	c        *Program
	lanes    int
	from, to int // units
	out      func(lane, unit int) *float64
	outs     [][]float64 // of the last evaluation
}

// eval evaluates the model with the rows that are kept.
func (w *sweep) eval() error {
	err := w.c.Run()
	if err == nil {
		w.outs = w.c.outs() // laid out anew each time that they are asked for
	}
	return err
}

func (w *sweep) run() error {
	for _, r := range w.p.sets {
		if in := w.keep(r); in != nil {
			fill(in, 1)
		}
		if r.weights != nil {
			fill(w.c.in(r.weights), 0)
		}
	}
	for lane := range w.lanes {
		for u := w.from; u < w.to; u++ {
			*w.out(lane, u) = 0
		}
	}
	cavity := w.p.leave > mostLeave
	queue := w.allJobs()
	if len(queue) == 0 || cavity {
		if err := w.eval(); err != nil {
			return err
		}
		w.apart()
	}
	if len(queue) == 0 {
		return nil
	}
	todo := make([]map[int][]int, w.lanes)
	for lane := range todo {
		todo[lane] = map[int][]int{} // by component
		for _, j := range queue {
			x := w.p.jobs[j]
			if cavity && x.same {
				if v, ok := w.cavity(lane, x); ok {
					*w.out(lane, x.unit) += v
					continue
				}
			}
			todo[lane][x.component] = append(todo[lane][x.component], j)
		}
	}
	return w.leaveOut(todo, !cavity)
}

func (w *sweep) keep(r *rows) []float64 {
	if r.keep == nil {
		return nil
	}
	return w.c.in(r.keep)
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}

// allJobs are those of the units.
func (w *sweep) allJobs() []int {
	var out []int
	for j, x := range w.p.jobs {
		if x.unit >= w.from && x.unit < w.to {
			out = append(out, j)
		}
	}
	return out
}

// apart adds the log likelihoods of objects that mention no discrete latents.
func (w *sweep) apart() {
	for _, r := range w.p.sets {
		if r.o.Component != nil {
			continue
		}
		n := len(r.point)
		x := w.outs[r.loglik]
		for i, pt := range r.point {
			if u := w.p.Units.Of[pt]; u >= w.from && u < w.to {
				for lane := range w.lanes {
					*w.out(lane, u) += x[lane*n+i]
				}
			}
		}
	}
}

// at are the log likelihoods of a row at a lane for each joint value, or their probabilities.
func (w *sweep) at(k, lane int, x row) []float64 {
	r := w.p.sets[x.set]
	i := (lane*len(r.point) + x.object) * r.values
	return w.outs[k][i : i+r.values]
}

// lost is the log of a probability below which it may have been rounded to 0, and loss what
// may be missing of a sum, relatively.
const (
	lost = -690
	loss = -30
)

// cavity is a job from probabilities given all data; false if some may have been lost.
func (w *sweep) cavity(lane int, x job) (float64, bool) {
	first := w.p.sets[x.rows[0].set]
	prob := w.at(first.prob, lane, x.rows[0])
	inverse := make([]float64, len(prob)) // log 1/p(rows | z)
	for _, y := range x.rows {
		for v, l := range w.at(w.p.sets[y.set].loglik, lane, y) {
			inverse[v] -= l
		}
	}
	sum, missing := newLogSum(), math.Inf(-1)
	for v, q := range prob {
		switch lq := math.Log(q); {
		case math.IsNaN(q) || math.IsNaN(inverse[v]):
			return 0, false
		case lq > lost:
			sum.add(lq + inverse[v])
		default:
			missing = math.Max(missing, lost+inverse[v])
		}
	}
	total := sum.log()
	if math.IsInf(total, 0) || missing > total+loss {
		return 0, false
	}
	return -total, true
}

// leaveOut does what is left of the jobs of each lane, by component: in each evaluation one
// row of each, with it and the rest of its unit left out. The first evaluation gives what
// mentions no discrete latents as well, if that is still wanted.
func (w *sweep) leaveOut(todo []map[int][]int, apart bool) error {
	type progress struct {
		rows int // done, of the first job of a component
		sum  float64
		lost bool
	}
	at := make([]map[int]progress, len(todo))
	for lane := range at {
		at[lane] = map[int]progress{}
	}
	alone := make([][]int, len(todo))
	for first := true; ; first = false {
		some := false
		for lane, jobs := range todo {
			for c, js := range jobs {
				some = true
				w.mark(lane, w.p.jobs[js[0]].rows[at[lane][c].rows:], 0)
			}
		}
		if !some && !(first && apart) {
			break
		}
		if err := w.eval(); err != nil {
			return err
		}
		if first && apart {
			w.apart()
		}
		for lane, jobs := range todo {
			for c, js := range jobs {
				x, done := w.p.jobs[js[0]], at[lane][c]
				left := x.rows[done.rows:]
				v, ok := w.predictive(lane, left[0])
				w.mark(lane, left, 1)
				if at[lane][c] = (progress{done.rows + 1, done.sum + v, done.lost || !ok}); len(left) > 1 {
					continue
				}
				if done = at[lane][c]; done.lost {
					alone[lane] = append(alone[lane], js[0])
				} else {
					*w.out(lane, x.unit) += done.sum
				}
				delete(at[lane], c)
				if jobs[c] = js[1:]; len(js) == 1 {
					delete(jobs, c)
				}
			}
		}
	}
	return w.differences(alone)
}

// differences does jobs of each lane one by one: the log of the sum over all latents with a
// unit's rows, less that without.
func (w *sweep) differences(jobs [][]int) error {
	most := 0
	for _, js := range jobs {
		most = max(most, len(js))
	}
	if most == 0 {
		return nil
	}
	if err := w.eval(); err != nil { // all rows are in
		return err
	}
	all := slices.Clone(w.outs[w.p.total])
	for k := range most {
		mark := func(keep float64) {
			for lane, js := range jobs {
				if k < len(js) {
					w.mark(lane, w.p.jobs[js[k]].rows, keep)
				}
			}
		}
		mark(0)
		if err := w.eval(); err != nil {
			return err
		}
		mark(1)
		for lane, js := range jobs {
			if k < len(js) {
				v := all[lane] - w.outs[w.p.total][lane]
				for _, y := range w.p.jobs[js[k]].rows {
					r := w.p.sets[y.set]
					v += w.outs[r.shared][lane*len(r.point)+y.object]
				}
				if math.IsInf(all[lane], -1) {
					v = all[lane]
				}
				*w.out(lane, w.p.jobs[js[k]].unit) += v
			}
		}
	}
	return nil
}

// mark keeps rows, or leaves them out.
func (w *sweep) mark(lane int, xs []row, keep float64) {
	for _, x := range xs {
		r := w.p.sets[x.set]
		if in := w.keep(r); in != nil { // a latent with one value has one probability
			in[lane*len(r.point)+x.object] = keep
		}
	}
}

// predictive is the log likelihood of a row that has been left out; false if values that
// only the row makes probable may have been lost.
func (w *sweep) predictive(lane int, x row) (float64, bool) {
	r := w.p.sets[x.set]
	prob, loglik := w.at(r.prob, lane, x), w.at(r.loglik, lane, x)
	sum, missing := newLogSum(), math.Inf(-1)
	for v, q := range prob {
		if lq := math.Log(q); lq > lost {
			sum.add(lq + loglik[v])
		} else {
			missing = math.Max(missing, lost+loglik[v])
		}
	}
	total := sum.log()
	return total, !(missing > total+loss)
}

// logSum adds numbers up whose logarithms are given.
type logSum struct{ top, rest float64 }

func newLogSum() *logSum { return &logSum{top: math.Inf(-1)} }

func (s *logSum) add(x float64) {
	switch {
	case math.IsInf(x, -1):
	case x > s.top:
		s.rest = s.rest*math.Exp(s.top-x) + 1
		s.top = x
	default:
		s.rest += math.Exp(x - s.top)
	}
}

func (s *logSum) log() float64 {
	if math.IsInf(s.top, -1) {
		return s.top
	}
	return s.top + math.Log(s.rest)
}

package target

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
	"ppl/lang/diag"
)

// Rows are some of the rows of data along a dimension, bound as if there were no others.
type Rows struct {
	Data *lower.Data
	// Index has the number of each row among all, from 0.
	Index []int
}

// Batched evaluates a target on some of its rows at a time. The terms of its log density are of two kinds: those that
// are a sum over rows, and those that are the same whatever rows there are; and so are its unconstrained numbers. A model where
// a term is neither is refused: something in it couples rows.
//
// The model is lowered for every batch, so that its data are checked, and constants are worked out, as ever. Graphs
// that differ in the numbers of their data alone share a program.
type Batched struct {
	// Dim is the dimension, N the number of all rows, Points how many points are evaluated at once.
	Dim    string
	N      int
	Points int
	// Slots are those of the rows at hand that were looked at first. Local marks those of which there is a part for each
	// row, in order; each has Width numbers in all for a row.
	Slots []guide.Slot
	Local []bool
	// Global and Width are the numbers that are of no row, and those of each row.
	Global, Width int
	// Compiled counts programs.
	Compiled int
	// Temperature is that of relaxations of discrete latents that a guide draws.
	Temperature float64

	t        *Target
	how      lower.Relaxation // how those are drawn
	terms    []bool           // by term: whether it is a sum over rows
	programs map[batchKey]*batchProgram
	// last are the rows whose data ready, a program of each kind, have in place.
	last  *Rows
	ready map[bool]*batchProgram
}

type batchKey struct {
	digest [sha256.Size]byte
	curved bool
}

type batchProgram struct {
	*Program
	u, v   *graph.Node
	temp   *graph.Node    // nil where nothing is relaxed
	scales [2]*graph.Node // of the terms over rows, and of the others
	fill   []*graph.Node
	slots  []guide.Slot
	d      int
}

// most programs that are kept; when there are more, the data change the structure of the graph, and each is used once.
const mostPrograms = 32

// ErrCoupled is returned for a model in which something couples rows.
type ErrCoupled struct {
	Dim  string
	Site string // "" of a `factor`
	Span diag.Span
}

func (e *ErrCoupled) Error() string {
	what := "the density of `" + e.Site + "`"
	if e.Site == "" {
		what = "a `factor`"
	}
	return fmt.Sprintf("%s is no sum over the rows of `%s`, nor the same for all of them: something in it couples rows", what, e.Dim)
}

// NewBatched looks at two parts of the first rows, and at both together; how says how discrete latents that a guide of the
// user's draws are drawn.
func NewBatched(t *Target, dim string, n, points int, how lower.Relaxation, first, second, both *Rows) (*Batched, error) {
	how.Learned = true
	b := &Batched{Dim: dim, N: n, Points: points, Temperature: 0.5, t: t, how: how, programs: map[batchKey]*batchProgram{}, ready: map[bool]*batchProgram{}}
	parts := make([]*looked, 3)
	for i, rows := range []*Rows{first, second, both} {
		var err error
		if parts[i], err = b.look(rows); err != nil {
			return nil, err
		}
	}
	a, c, all := parts[0], parts[1], parts[2]
	if len(a.terms) != len(all.terms) || len(c.terms) != len(all.terms) || len(a.pack.Slots) != len(all.pack.Slots) || len(c.pack.Slots) != len(all.pack.Slots) {
		return nil, &ErrCoupled{Dim: dim, Site: "a site"}
	}
	b.Slots, b.Local = a.pack.Slots, make([]bool, len(a.pack.Slots))
	for k, s := range a.pack.Slots {
		x, y, z := s.Free.Size(), c.pack.Slots[k].Free.Size(), all.pack.Slots[k].Free.Size()
		switch {
		case x == y && y == z:
			b.Global += x
		case x+y == z && x%len(first.Index) == 0 && len(s.Free) > 0 && s.Free[0] == len(first.Index):
			b.Local[k] = true
			b.Width += x / len(first.Index)
		default:
			return nil, &ErrCoupled{Dim: dim, Site: s.Site.Name, Span: s.Site.Span}
		}
	}
	if err := b.classify(parts); err != nil {
		return nil, err
	}
	return b, b.checkRewards(parts)
}

// NewWhole takes all data as one row of no dimension.
func NewWhole(t *Target, points int, how lower.Relaxation) (*Batched, error) {
	how.Learned = true
	b := &Batched{N: 1, Points: points, Temperature: 0.5, t: t, how: how, programs: map[batchKey]*batchProgram{}, ready: map[bool]*batchProgram{}}
	all, err := b.look(&Rows{Data: t.Data})
	if err != nil {
		return nil, err
	}
	b.Slots, b.Local, b.Global, b.terms = all.pack.Slots, make([]bool, len(all.pack.Slots)), all.pack.Size, make([]bool, len(all.terms))
	return b, nil
}

// checkRewards demands that what weighs the draws of a discrete site in score-function gradients is the same for a row whatever
// other rows there are.
func (b *Batched) checkRewards(parts []*looked) error {
	all := parts[2]
	if len(all.joint.Rewards) == 0 {
		return nil
	}
	r := rand.New(rand.NewPCG(3, 4))
	global := normals(r, b.Global)
	var local [2][]float64
	values := make([][][]float64, len(parts))
	for i, l := range parts {
		if i < 2 {
			local[i] = normals(r, l.pack.Size-b.Global)
		}
		var outs []*graph.Node
		for _, x := range l.joint.Rewards {
			outs = append(outs, l.b.With(x.Value, l.ax).N)
		}
		var err error
		if values[i], err = b.outputsAt(l, outs, b.probe(l, i, global, local)); err != nil {
			return err
		}
	}
	for k, x := range all.joint.Rewards {
		each := len(values[2][k]) / b.Points
		joined := slices.Concat(values[0][k][:len(values[0][k])/b.Points], values[1][k][:len(values[1][k])/b.Points])
		if len(x.Dims) == 0 || x.Dims[0] != 0 || len(joined) != each {
			continue // of no row, or of all
		}
		for i, v := range values[2][k][:each] {
			if d := math.Abs(v - joined[i]); d > 1e-9*(1+math.Abs(v)) {
				return &ErrCoupled{b.Dim, x.Site, x.Span}
			}
		}
	}
	return nil
}

func normals(r *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = r.NormFloat64()
	}
	return out
}

// term is a part of the log density.
type term struct {
	value named.Value
	site  string
	span  diag.Span
}

// looked is a model lowered on some rows.
type looked struct {
	b     *named.Builder
	ax    *named.Axis
	u     *graph.Node
	temp  *graph.Node
	pack  *guide.Packed
	joint *lower.Joint
	terms []term
}

// look lowers the model on rows, for points of as many numbers as it takes.
func (b *Batched) look(rows *Rows) (*looked, error) {
	data := *rows.Data
	probe := &guide.Packed{}
	bare := named.New()
	bare.G.Bare = true
	if _, ds := lower.LowerWith(b.t.Model, &data, probe, bare, b.t.Options); ds.HasErrors() {
		return nil, ds.Err()
	}
	return b.lower(&data, probe.Size)
}

// lower lowers the model for points of d numbers.
func (b *Batched) lower(data *lower.Data, d int) (*looked, error) {
	l := &looked{b: named.New(), ax: &named.Axis{Name: "particle", Size: b.Points, Class: named.Particle}}
	l.b.G.Bare, l.b.G.Halt = true, b.t.halt
	l.pack = &guide.Packed{}
	if d > 0 {
		l.u = l.b.G.BatchInput("u", graph.Shape{b.Points, d})
		l.pack.U = l.b.Wrap(l.u, l.ax)
	}
	opt := b.t.Options
	opt.Relaxation = b.how
	opt.Relaxation.Temperature = func(to *named.Builder) named.Value {
		if l.temp == nil {
			l.temp = to.G.Input("temperature", graph.Shape{1})
		}
		return to.Reshape(to.Wrap(l.temp), graph.Shape{})
	}
	var ds diag.List
	if l.joint, ds = lower.LowerWith(b.t.Model, data, l.pack, l.b, opt); ds.HasErrors() {
		return nil, ds.Err()
	}
	for _, f := range l.joint.Factors {
		l.terms = append(l.terms, term{f.Value, f.Site, f.Span})
	}
	for _, x := range l.joint.Excesses {
		l.terms = append(l.terms, term{l.b.Neg(x.Value), x.Site, x.Span})
	}
	k := 0
	for _, s := range l.pack.Slots {
		if s.Param || s.Noise || s.Free.Size() == 0 {
			continue
		}
		l.terms = append(l.terms, term{l.pack.Jac[k], s.Site.Name, s.Site.Span})
		k++
	}
	return l, nil
}

// classify tells the terms apart by their values at random points: those of both parts together are the sum
// of those of each, or the same.
func (b *Batched) classify(parts []*looked) error {
	all := parts[2]
	b.terms = make([]bool, len(all.terms))
	known := make([]bool, len(all.terms))
	r := rand.New(rand.NewPCG(1, 2))
	for try := range 20 {
		wide := 1 / float64(1+try/4)
		global := make([]float64, b.Global)
		for i := range global {
			global[i] = wide * r.NormFloat64()
		}
		var local [2][]float64
		values := make([][]float64, 3)
		for i, l := range parts {
			if i < 2 {
				local[i] = make([]float64, l.pack.Size-b.Global)
				for j := range local[i] {
					local[i][j] = wide * r.NormFloat64()
				}
			}
			u := b.probe(l, i, global, local)
			var err error
			if values[i], err = b.valuesAt(l, u); err != nil {
				return err
			}
		}
		done := true
		for k := range known {
			x, y, z := values[0][k], values[1][k], values[2][k]
			if known[k] {
				continue
			}
			if !graph.Finite(x) || !graph.Finite(y) || !graph.Finite(z) {
				done = false
				continue
			}
			near := func(a, c float64) bool { return math.Abs(a-c) <= 1e-9*(1+math.Abs(x)+math.Abs(y)) }
			switch sum, same := near(z, x+y), near(z, x) && near(z, y); {
			case same && sum: // 0, which tells nothing, but that it does not matter
				done = false
			case sum:
				b.terms[k], known[k] = true, true
			case same:
				known[k] = true
			default:
				return &ErrCoupled{b.Dim, all.terms[k].site, all.terms[k].span}
			}
		}
		if done {
			break
		}
	}
	return nil
}

// probe is a point of a part: the same global numbers in all, and of both together the local ones of each.
func (b *Batched) probe(l *looked, which int, global []float64, local [2][]float64) []float64 {
	u := make([]float64, l.pack.Size)
	var at [2]int
	g := 0
	for k, s := range l.pack.Slots {
		n := s.Free.Size()
		to := u[s.Offset : s.Offset+n]
		switch {
		case !b.Local[k]:
			g += copy(to, global[g:g+n])
		case which < 2:
			at[which] += copy(to, local[which][at[which]:])
		default:
			rows := b.Slots[k].Free[0]
			first := n / s.Free[0] * rows
			at[0] += copy(to[:first], local[0][at[0]:])
			at[1] += copy(to[first:], local[1][at[1]:])
		}
	}
	return u
}

// valuesAt are the terms at a point.
func (b *Batched) valuesAt(l *looked, u []float64) ([]float64, error) {
	var outs []*graph.Node
	for _, t := range l.terms {
		outs = append(outs, l.b.With(t.value, l.ax).N)
	}
	values, err := b.outputsAt(l, outs, u)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(outs))
	for k := range out {
		out[k] = values[k][0]
	}
	return out, nil
}

// outputsAt are outputs where all points are the same.
func (b *Batched) outputsAt(l *looked, outs []*graph.Node, u []float64) ([][]float64, error) {
	p, err := b.t.Compile(l.b.G, outs...)
	if err != nil {
		return nil, err
	}
	if l.u != nil {
		if in := p.in(l.u); in != nil {
			for i := range in {
				in[i] = u[i%len(u)]
			}
		}
	}
	if l.temp != nil {
		p.Set(l.temp, []float64{b.Temperature})
	}
	if err := p.Run(); err != nil {
		return nil, err
	}
	return p.outs(), nil
}

// With is the same for another number of points.
func (b *Batched) With(points int) *Batched {
	if points == b.Points {
		return b
	}
	return b.anew(points, b.how)
}

// anew is the same with programs of its own.
func (b *Batched) anew(points int, how lower.Relaxation) *Batched {
	out := *b
	out.Points, out.how, out.programs, out.Compiled = points, how, map[batchKey]*batchProgram{}, 0
	out.last, out.ready = nil, map[bool]*batchProgram{}
	return &out
}

// Relaxes reports whether a discrete latent that a guide draws is relaxed.
func (b *Batched) Relaxes() bool {
	return slices.ContainsFunc(b.t.Chosen(), func(d lower.Discrete) bool { return d.Strategy == lower.Relax })
}

// Hard is the same with draws of discrete latents in the place of relaxed ones: the density is that of the model.
func (b *Batched) Hard() *Batched {
	if !b.Relaxes() || b.how.Hard {
		return b
	}
	return b.anew(b.Points, lower.Relaxation{Learned: true, Hard: true})
}

// Drawn is the same with draws of all discrete latents that a guide draws, and what the log density exceeds their log
// probability by.
func (b *Batched) Drawn() *Batched {
	if len(b.t.Chosen()) == 0 {
		return b
	}
	return b.anew(b.Points, lower.Relaxation{})
}

// Blame names the sites whose terms are not finite at the first of the points of a batch, in order.
func (b *Batched) Blame(rows *Rows, u []float64) []string {
	data := *rows.Data
	l, err := b.lower(&data, b.Size(len(rows.Index)))
	if err != nil {
		return nil
	}
	values, err := b.valuesAt(l, u[:l.pack.Size])
	if err != nil {
		return nil
	}
	var out []string
	for k, x := range values {
		if site := l.terms[k].site; !graph.Finite(x) && !slices.Contains(out, site) {
			out = append(out, site)
		}
	}
	return out
}

// Size is the number of unconstrained numbers of a batch of so many rows.
func (b *Batched) Size(rows int) int { return b.Global + rows*b.Width }

// program is that of a batch, with its data in place: the one that was asked for last, if the batch is.
func (b *Batched) program(rows *Rows, curved bool) (*batchProgram, error) {
	if b.last != rows {
		b.last = rows
		clear(b.ready)
	}
	if p := b.ready[curved]; p != nil {
		return p, nil
	}
	data := *rows.Data
	l, err := b.lower(&data, b.Size(len(rows.Index)))
	if err != nil {
		return nil, err
	}
	if len(l.terms) != len(b.terms) || l.pack.Size != b.Size(len(rows.Index)) {
		return nil, &ErrCoupled{Dim: b.Dim, Site: "a site"}
	}
	var of [2]named.Value
	for i := range of {
		of[i] = l.b.Scalar(0)
	}
	for k, t := range l.terms {
		i := 1
		if b.terms[k] {
			i = 0
		}
		of[i] = l.b.Add(of[i], t.value)
	}
	outs := []*graph.Node{l.b.With(of[0], l.ax).N, l.b.With(of[1], l.ax).N}
	digest, fill := graph.Structure(outs)
	key := batchKey{digest, curved}
	p := b.programs[key]
	if p == nil {
		if p, err = b.compile(l, outs, fill, curved); err != nil {
			return nil, err
		}
		if len(b.programs) >= mostPrograms {
			clear(b.programs)
		}
		b.programs[key] = p
	}
	for i, n := range fill {
		p.Set(p.fill[i], n.Const)
	}
	b.ready[curved] = p
	return p, nil
}

// compile makes the program of the scaled sum of the terms, and its gradient, with inputs for refillable constants.
func (b *Batched) compile(l *looked, outs, fill []*graph.Node, curved bool) (*batchProgram, error) {
	b.Compiled++
	to := named.New()
	to.G.Halt = b.t.halt
	p := &batchProgram{slots: l.pack.Slots, d: l.pack.Size}
	copies := map[*graph.Node]*graph.Node{}
	if l.u != nil {
		p.u = to.G.BatchInput("u", l.u.Shape)
		copies[l.u] = p.u
	}
	if l.temp != nil {
		p.temp = to.G.Input("temperature", graph.Shape{1})
		copies[l.temp] = p.temp
	}
	for i, n := range fill {
		x := to.G.Input(fmt.Sprintf("rows.%d", i), n.Shape)
		copies[n], p.fill = x, append(p.fill, x)
	}
	copied := graph.Copy(to.G, outs, copies)
	total := to.Scalar(0)
	for i, name := range []string{"scale.rows", "scale.rest"} {
		p.scales[i] = to.G.Input(name, graph.Shape{1})
		scale := to.Reshape(to.Wrap(p.scales[i]), graph.Shape{})
		total = to.Add(total, to.Mul(scale, to.Wrap(copied[i], l.ax)))
	}
	lp := to.With(total, l.ax).N
	all := []*graph.Node{lp}
	if p.u != nil {
		g := Derivatives(to, lp, b.Points, p.u)[0]
		all = append(all, g)
		if curved {
			p.v = to.G.BatchInput("v", l.u.Shape)
			all = append(all, grad.VJP(to.G, g, p.v, []*graph.Node{p.u})[0])
		}
	}
	var err error
	p.Program, err = b.t.Compile(to.G, append(all, copied...)...)
	return p, err
}

// Evaluation is what a batch gives: of each point the log density with the terms over rows times one scale and the others
// times another, its gradient, and both parts without their scales. The slices are valid until the next evaluation.
type Evaluation struct {
	LogDensity []float64
	Gradient   []float64 // Points × numbers
	Product    []float64 // of the Hessian with a vector for each point; nil where it was not asked for
	Rows, Rest []float64
	Slots      []guide.Slot
}

// Evaluate evaluates a batch, whose rows and data do not change between calls with the same Rows, at points, Points × Size numbers. vs, if there are any, are vectors, one for each point.
func (b *Batched) Evaluate(rows *Rows, u, vs []float64, overRows, rest float64) (*Evaluation, error) {
	p, err := b.program(rows, vs != nil)
	if err != nil {
		return nil, err
	}
	if p.u != nil {
		p.Set(p.u, u)
	}
	if vs != nil {
		p.Set(p.v, vs)
	}
	if p.temp != nil {
		p.Set(p.temp, []float64{b.Temperature})
	}
	p.Set(p.scales[0], []float64{overRows})
	p.Set(p.scales[1], []float64{rest})
	if err := p.Run(); err != nil {
		return nil, err
	}
	e := &Evaluation{LogDensity: p.Out(0), Slots: p.slots}
	k := 1
	if p.u != nil {
		e.Gradient, k = p.Out(1), 2
		if vs != nil {
			e.Product, k = p.Out(2), 3
		}
	}
	e.Rows, e.Rest = p.Out(k), p.Out(k+1)
	return e, nil
}

// Names are the sites of the slots that are of rows.
func (b *Batched) Names() []string {
	var out []string
	for k, s := range b.Slots {
		if b.Local[k] && !slices.Contains(out, s.Site.Name) {
			out = append(out, s.Site.Name)
		}
	}
	return out
}

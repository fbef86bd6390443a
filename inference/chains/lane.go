package chains

import (
	"errors"
	"math/rand/v2"
	"ppl/graph"
	"slices"

	"ppl/inference"
	"ppl/inference/nuts"
	"ppl/inference/random"
)

// lane is one chain: its state, and its row of the batch.
type lane struct {
	b     *batch
	row   int
	r     *rand.Rand
	yield func(wants) bool
	asks  wants

	s  *nuts.Sampler // nil without continuous latents
	u  []float64     // where the sweep is
	z  [][]int       // values by site of the Joint and element
	lp float64
	g  []float64
	// given is what the density says of each element at the point: see Joint.Given.
	given [][]float64

	old    memory    // before a proposal
	single []element // those drawn one by one, in the order of the last sweep
	probs  []float64 // room for an element's values
	lps    []float64
	room   []float64 // for those of all elements

	metric *metric // nil before it depends on the discrete latents
	scales []float64
	// sym maps draws next to one of the modes that are images of one another: see inference.Symmetry.
	sym *inference.Symmetry

	out *draws
}

// memory is what a rejected proposal leaves behind.
type memory struct {
	lp    float64
	g     []float64
	given [][]float64
	z     []int
}

// draws are what a chain keeps.
type draws struct {
	U  []float64 // draw by draw
	LP []float64 // log densities
	Z  [][]int   // by site: draw by draw, elements
	// P are sums over the draws of the probabilities of the elements' values, by
	// site; for elements whose conditional distribution is not known, of what they were.
	P [][]float64

	n, kept                int // draws that P sums, and those of them that are kept
	divergences, saturated int
	from                   *draws // what there was when the last round began, without draws
}

var errStopped = errors.New("the batch was stopped")

// ask evaluates at u and the present values.
func (l *lane) ask(u []float64, what wants) error {
	if l.b.err != nil {
		return l.b.err
	}
	l.b.place(l, u)
	if !l.yield(what) {
		return errStopped
	}
	return l.b.err
}

// Eval is the log density for the sampler.
func (l *lane) Eval(u []float64) (lp, g []float64, err error) {
	if err := l.ask(u, derivatives); err != nil {
		return nil, nil, err
	}
	l.lp = l.b.j.LogDensity(l.row)
	return []float64{l.lp}, l.b.j.Gradient(l.row), nil
}

// look evaluates at the sweep's point with derivatives.
func (l *lane) look() error {
	if err := l.ask(l.u, derivatives); err != nil {
		return err
	}
	l.lp = l.b.j.LogDensity(l.row)
	if l.b.j.D > 0 {
		copy(l.g, l.b.j.Gradient(l.row))
	}
	for i := range l.given {
		l.b.j.Given(l.row, i, l.given[i])
	}
	return nil
}

// set gives an element a value.
func (l *lane) set(site, e, z int) {
	l.z[site][e] = z
	l.b.j.Set(l.row, site, e, z)
}

func newLane(b *batch, row int, r *rand.Rand, opt nuts.Options) (*lane, error) {
	j := b.j
	l := &lane{b: b, row: row, r: r, u: make([]float64, j.D), g: make([]float64, j.D), scales: make([]float64, j.D), out: &draws{}}
	l.old.g = make([]float64, j.D)
	most, all := 1, 0
	for _, s := range j.Sites {
		k := max(1, s.Values)
		l.z = append(l.z, make([]int, s.Elements))
		l.given = append(l.given, make([]float64, s.Elements*k))
		l.old.given = append(l.old.given, make([]float64, s.Elements*k))
		most = max(most, k)
		all += s.Elements * k
	}
	l.room = make([]float64, all)
	l.probs, l.lps = make([]float64, most), make([]float64, most)
	l.clear()
	if j.D == 0 {
		return l, nil
	}
	var err error
	l.s, err = nuts.NewSampler(l, j.D, r, opt, b.halted)
	return l, err
}

// clear forgets the draws.
func (l *lane) clear() {
	*l.out = draws{Z: make([][]int, len(l.z))}
	for _, g := range l.given {
		l.out.P = append(l.out.P, make([]float64, len(g)))
	}
}

// disperse starts the chain of a group, from the group's point.
func (l *lane) disperse(fit *inference.Answer, seed uint64, group int) (bool, error) {
	r := random.Stream(seed, "chains start", group)
	wide := 2.0
	for try := 0; try < 100 && !l.b.halted(); try++ {
		u, z := fit.Disperse(r, group, wide)
		for i, s := range l.b.j.Sites {
			for e, v := range z[s.Index] {
				l.set(i, e, v)
			}
		}
		copy(l.u, u)
		if l.s != nil {
			if l.s.Place(u) {
				return true, nil
			}
			if err := l.s.Err(); err != nil {
				return false, err
			}
		} else {
			if err := l.look(); err != nil {
				return false, err
			}
			if graph.Finite(l.lp) {
				return true, nil
			}
		}
		wide *= 0.95
	}
	return false, nil
}

// iterate makes n transitions of both kinds and hands each to keep, which may be nil.
// It ends early where the run is halted.
func (l *lane) iterate(n int, adapt bool, g *groups, keep, tick func()) error {
	for range n {
		if l.b.halted() {
			return nil
		}
		if l.s != nil {
			l.scale()
			if !l.s.Transition() {
				return l.s.Err()
			}
			if adapt {
				l.s.Adapt()
			}
			copy(l.u, l.s.Position())
			l.lp = l.s.LogDensity()
		}
		if len(l.z) > 0 {
			if err := l.sweep(g, keep != nil); err != nil {
				return err
			}
			if l.s != nil {
				l.s.Renew(l.lp, l.g)
			}
		}
		if keep != nil {
			keep()
		}
		tick()
	}
	return nil
}

// scale makes the metric that of the discrete values.
func (l *lane) scale() {
	if l.metric != nil {
		l.metric.scale(l, l.scales)
		l.s.SetScale(l.scales)
	}
}

// grow makes room for n more draws.
func (l *lane) grow(n int) {
	l.out.U = slices.Grow(l.out.U, n*len(l.u))
	for i, z := range l.z {
		l.out.Z[i] = slices.Grow(l.out.Z[i], n*len(z))
	}
}

// mark says that a round of draws begins; drop leaves out what was drawn before, and
// says how many draws are left.
func (l *lane) mark() {
	from := *l.out
	from.U, from.LP, from.Z, from.P, from.from = nil, nil, nil, nil, nil
	for _, p := range l.out.P {
		from.P = append(from.P, slices.Clone(p))
	}
	l.out.from = &from
}

func (l *lane) drop() (left int) {
	o, f := l.out, l.out.from
	o.U, o.LP = o.U[f.kept*len(l.u):], o.LP[f.kept:]
	for i, z := range l.z {
		o.Z[i] = o.Z[i][f.kept*len(z):]
		for k, p := range f.P[i] {
			o.P[i][k] = max(0, o.P[i][k]-p)
		}
	}
	o.n, o.kept = o.n-f.n, o.kept-f.kept
	o.divergences, o.saturated = o.divergences-f.divergences, o.saturated-f.saturated
	return o.n
}

// thinned keeps one in so many draws, and counts all.
func (l *lane) thinned(thin int) {
	if (l.out.n+1)%thin == 0 {
		l.keep()
		return
	}
	l.note()
}

// note counts a draw that is not kept.
func (l *lane) note() {
	l.out.n++
	if l.s != nil && l.s.Divergent() {
		l.out.divergences++
	}
	if l.s != nil && l.s.Saturated() {
		l.out.saturated++
	}
}

// keep keeps the present state.
func (l *lane) keep() {
	l.note()
	o := l.out
	o.kept++
	o.U, o.LP = append(o.U, l.u...), append(o.LP, l.lp)
	l.sym.Fold(o.U[len(o.U)-len(l.u):])
	for i, z := range l.z {
		o.Z[i] = append(o.Z[i], z...)
	}
}

// rarefy leaves one in so many of the draws.
func (l *lane) rarefy(factor int) {
	o := l.out
	n := o.kept / factor
	pick := func(x []float64, size int) []float64 {
		for k := range n {
			copy(x[k*size:(k+1)*size], x[((k+1)*factor-1)*size:])
		}
		return x[:n*size]
	}
	o.U, o.LP = pick(o.U, len(l.u)), pick(o.LP, 1)
	for i, z := range l.z {
		for k := range n {
			copy(o.Z[i][k*len(z):(k+1)*len(z)], o.Z[i][((k+1)*factor-1)*len(z):])
		}
		o.Z[i] = o.Z[i][:n*len(z)]
	}
	o.kept = n
	if o.from != nil {
		o.from.kept /= factor
	}
}

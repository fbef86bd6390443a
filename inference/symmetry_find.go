package inference

import (
	"math"
	"math/bits"
	"slices"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/lang"
)

// Which maps leave a density as it is: candidates are tried on it at a few points.

// item is a dimension of the latent in a slot.
type item struct{ slot, dim int }

const (
	// mostLabels are as many as anybody would give to the components of a mixture.
	mostLabels = 12
	// mostItems latents are tried in all combinations.
	mostItems = 7
	// alike is the relative difference of two log densities that are the same.
	alike = 1e-8
	// apart is how far, in sds of a guide, an image must lie from what it is one of to be
	// another mode.
	apart = 2
)

// symmetrySearch tries maps on a density.
type symmetrySearch struct {
	*Symmetry
	f       *fitter
	at, lps []float64 // finite points, and their log densities
	far     bool      // points of the prior are among them
}

// findSymmetry looks for maps that leave the density as it is at points near the optimum a
// and elsewhere; nil if there are none.
func (f *fitter) findSymmetry(a *ascent) (*Symmetry, error) {
	s := &Symmetry{slots: f.t.Slots, d: f.t.D}
	s.centre(a)
	g := &symmetrySearch{Symmetry: s, f: f}
	if err := g.findExchanges(); err != nil || f.halted() {
		return nil, err
	}
	if err := g.findFlips(); err != nil {
		return nil, err
	}
	if len(s.Exchanges)+len(s.Flips) == 0 {
		return nil, nil
	}
	return s, nil
}

// points draws those that maps are tried at, up to four where the density is finite: near the
// optimum, farther, and where there is nothing to do with it.
func (g *symmetrySearch) points() error {
	if g.at != nil {
		return nil
	}
	const n = 8
	u, lp := make([]float64, n*g.d), make([]float64, n)
	r := random.Stream(g.f.opt.Seed, "symmetry", 0)
	for i := range u {
		z := 2*r.Float64() - 1
		switch k, c := i/g.d, i%g.d; {
		case k < 4:
			u[i] = g.ref[c] + z*math.Min(g.sd[c], 1)
		case k < 6:
			u[i] = g.ref[c] + z
		default:
			u[i] = 2 * z
		}
	}
	if err := g.f.surf.Value(u, lp); err != nil {
		return err
	}
	for _, from := range []int{0, 4, 6, 1, 2, 3, 5, 7} {
		if graph.Finite(lp[from]) && len(g.lps) < 4 {
			g.at, g.lps = append(g.at, u[from*g.d:(from+1)*g.d]...), append(g.lps, lp[from])
		}
	}
	return nil
}

// farPoints are as many of the prior as maps are tried at that have passed at all others: next to the
// optimum a density may be even to its last bit where a mode far away is not (a mixture of priors that
// are named by a discrete latent).
const farPoints = 24

// farther adds them, where the prior can be drawn from and is not too dear.
func (g *symmetrySearch) farther() error {
	if g.far {
		return nil
	}
	g.far = true
	u := g.f.priorPoints("symmetry of the prior", farPoints)
	lp := make([]float64, len(u)/g.d)
	if len(lp) == 0 {
		return nil
	}
	if err := g.f.surf.Value(u, lp); err != nil {
		return err
	}
	for i, v := range lp {
		if at := u[i*g.d : (i+1)*g.d]; graph.Finite(v) && graph.AllFinite(at) {
			g.at, g.lps = append(g.at, at...), append(g.lps, v)
		}
	}
	return nil
}

// keep tells of each map whether it keeps the density, at one point first.
func (g *symmetrySearch) keep(maps []func(u []float64)) ([]bool, error) {
	ok := make([]bool, len(maps))
	if err := g.points(); err != nil || len(g.lps) < 2 {
		return ok, err
	}
	for i := range ok {
		ok[i] = true
	}
	for k := 0; k < len(g.lps); k++ {
		if k == len(g.lps)-1 && slices.Contains(ok, true) {
			if err := g.farther(); err != nil {
				return nil, err
			}
		}
		var u []float64
		var tried []int
		for i, m := range maps {
			if ok[i] {
				at := slices.Clone(g.at[k*g.d : (k+1)*g.d])
				m(at)
				u, tried = append(u, at...), append(tried, i)
			}
		}
		lp := make([]float64, len(tried))
		if len(tried) > 0 {
			if err := g.f.surf.Value(u, lp); err != nil {
				return nil, err
			}
		}
		for j, i := range tried {
			ok[i] = unchanged(lp[j], g.lps[k])
		}
	}
	return ok, nil
}

// unchanged reports whether two log densities are the same but for rounding.
func unchanged(a, b float64) bool { return math.Abs(a-b) <= alike*(1+math.Abs(b)) }

// mostHeld are the points, of those that particles have come to, that a symmetry is held against.
const mostHeld = 48

// hold tries the symmetry that the fit goes by where particles have come to, with their log densities:
// they have been where no search for it was. Maps that change the density there are dropped.
func (f *fitter) hold(u, lp []float64) error {
	s := f.sym
	if s == nil || len(lp) == 0 {
		return nil
	}
	g := &symmetrySearch{Symmetry: s, f: f, far: true}
	step := max(1, len(lp)/mostHeld)
	for i := 0; i < len(lp); i += step {
		if graph.Finite(lp[i]) {
			g.at, g.lps = append(g.at, u[i*s.d:(i+1)*s.d]...), append(g.lps, lp[i])
		}
	}
	held := *s
	held.Exchanges, held.Flips = nil, nil
	for _, x := range s.Exchanges {
		var maps []func([]float64)
		for _, p := range x.swaps() {
			maps = append(maps, func(u []float64) { s.swap(u, x, p[0], p[1]) })
		}
		ok, err := g.keep(maps)
		if err != nil {
			return err
		}
		if !slices.Contains(ok, false) {
			held.Exchanges = append(held.Exchanges, x)
		}
	}
	for _, x := range s.Flips {
		ok, err := g.keep([]func([]float64){x.change})
		if err != nil {
			return err
		}
		if ok[0] {
			held.Flips = append(held.Flips, x)
		}
	}
	if f.sym = &held; len(held.Exchanges)+len(held.Flips) == 0 {
		f.sym = nil
	}
	return nil
}

// findExchanges tries all sets of dimensions of latents that have as many labels. With two
// labels a share may be mirrored: that of the first becomes that of the second.
func (g *symmetrySearch) findExchanges() error {
	byLabels := labelled(g.slots)
	for n := 2; n <= mostLabels; n++ {
		var choice []Exchange // of one dimension each, or a share
		for _, it := range byLabels[n] {
			choice = append(choice, Exchange{labels: n, items: []item{it}})
		}
		if len(choice) == 0 {
			continue
		}
		if n == 2 {
			for _, s := range g.slots {
				if s.Mirrored() {
					choice = append(choice, Exchange{labels: n, shares: counted(s.Offset, s.Free.Size()), Sites: []*lang.Symbol{s.Site}})
				}
			}
		}
		sets := subsets(len(choice))
		sets = slices.DeleteFunc(sets, func(set uint64) bool { return set&(1<<len(byLabels[n])-1) == 0 })
		tried := make([]Exchange, len(sets))
		var maps []func([]float64)
		for i, set := range sets {
			x := Exchange{labels: n}
			for _, c := range picked(choice, set) {
				x.items, x.shares = append(x.items, c.items...), append(x.shares, c.shares...)
				x.Sites = append(x.Sites, c.Sites...)
			}
			x.Sites = append(g.sites(x.items), x.Sites...)
			tried[i] = x
			for _, pair := range [][2]int{{0, 1}, {n - 2, n - 1}} {
				maps = append(maps, func(u []float64) { g.swap(u, x, pair[0], pair[1]) })
			}
		}
		ok, err := g.keep(maps)
		if err != nil {
			return err
		}
		for _, i := range minimal(sets, func(i int) bool { return ok[2*i] || ok[2*i+1] }) {
			if err := g.classes(tried[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// labelled are the dimensions with labels, by their number.
func labelled(slots []guide.Slot) map[int][]item {
	out := map[int][]item{}
	for i, s := range slots {
		for k := range s.Box {
			if n := s.Labels(k); n >= 2 && n <= mostLabels {
				out[n] = append(out[n], item{i, k})
			}
		}
	}
	return out
}

// classes adds an exchange, with the classes of its labels.
func (g *symmetrySearch) classes(x Exchange) error {
	n := x.labels
	var maps []func([]float64)
	var pairs [][2]int
	for i := range n {
		for j := i + 1; j < n; j++ {
			pairs = append(pairs, [2]int{i, j})
			maps = append(maps, func(u []float64) { g.swap(u, x, i, j) })
		}
	}
	ok, err := g.keep(maps)
	if err != nil {
		return err
	}
	class := make([]int, n) // of each label, the least that it can be exchanged with
	for i := range class {
		class[i] = i
	}
	for k, p := range pairs {
		if ok[k] {
			class[p[1]] = min(class[p[1]], class[p[0]])
		}
	}
	for i := range n {
		var members []int
		for j, c := range class {
			if c == i {
				members = append(members, j)
			}
		}
		if len(members) > 1 {
			x.Classes = append(x.Classes, members)
		}
	}
	if len(x.Classes) > 0 {
		g.Exchanges = append(g.Exchanges, x)
	}
	return nil
}

func (s *Symmetry) sites(items []item) []*lang.Symbol {
	var out []*lang.Symbol
	for _, it := range items {
		if site := s.slots[it.slot].Site; !slices.Contains(out, site) {
			out = append(out, site)
		}
	}
	return out
}

// findFlips tries the signs of all sets of latents, and those of single labels of what
// can be exchanged.
func (g *symmetrySearch) findFlips() error {
	var parts [][]int // coordinates
	var sites []*lang.Symbol
	for _, s := range g.slots {
		if s.Signed() && s.Free.Size() > 0 {
			parts = append(parts, counted(s.Offset, s.Free.Size()))
			sites = append(sites, s.Site)
		}
	}
	if err := g.flipsOf(parts, sites); err != nil {
		return err
	}
	for _, x := range g.Exchanges {
		for label := range x.labels {
			var parts [][]int
			var sites []*lang.Symbol
			for _, it := range x.items {
				if s := g.slots[it.slot]; s.Signed() && s.Free.Equal(s.Box) {
					parts = append(parts, s.Labelled(it.dim, label))
					sites = append(sites, s.Site)
				}
			}
			if err := g.flipsOf(parts, sites); err != nil {
				return err
			}
		}
	}
	return nil
}

// flipsOf adds the least sets of parts whose signs can be changed.
func (g *symmetrySearch) flipsOf(parts [][]int, sites []*lang.Symbol) error {
	if len(parts) == 0 {
		return nil
	}
	sets := subsets(len(parts))
	flips := make([]Flip, len(sets))
	var maps []func([]float64)
	for i, set := range sets {
		for _, k := range picked(counted(0, len(parts)), set) {
			flips[i].coords = append(flips[i].coords, parts[k]...)
			flips[i].Sites = append(flips[i].Sites, sites[k])
		}
		maps = append(maps, flips[i].change)
	}
	ok, err := g.keep(maps)
	if err != nil {
		return err
	}
	for _, i := range minimal(sets, func(i int) bool { return ok[i] }) {
		g.Flips = append(g.Flips, flips[i])
	}
	return nil
}

// subsets of n things as sets of bits, small ones first: all, or of many things the single
// ones, all of them, and all but one.
func subsets(n int) []uint64 {
	var sets []uint64
	if n <= mostItems {
		for set := uint64(1); set < 1<<n; set++ {
			sets = append(sets, set)
		}
		slices.SortStableFunc(sets, func(a, b uint64) int { return bits.OnesCount64(a) - bits.OnesCount64(b) })
		return sets
	}
	if n > 63 {
		return nil
	}
	all := uint64(1)<<n - 1
	for i := range n {
		sets = append(sets, 1<<i)
	}
	for i := range n {
		sets = append(sets, all&^(1<<i))
	}
	return append(sets, all)
}

// minimal are the positions of the sets that will do and contain no other that does.
func minimal(sets []uint64, does func(i int) bool) []int {
	var out []int
	for i, set := range sets {
		if does(i) && !slices.ContainsFunc(out, func(j int) bool { return sets[j]&set == sets[j] }) {
			out = append(out, i)
		}
	}
	return out
}

func picked[T any](things []T, set uint64) []T {
	var out []T
	for i, x := range things {
		if set&(1<<i) != 0 {
			out = append(out, x)
		}
	}
	return out
}

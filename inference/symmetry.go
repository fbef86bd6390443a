package inference

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/lang"
)

// A model may not tell the labels of a mixture from one another, nor the sign of a factor
// from that of its loadings. Its posterior then has modes that are images of one
// another, in exact proportion. Runs and draws are compared near one of them, to which
// all are mapped, and what is reported is mapped to a random one of all.

// Symmetry is a group of orthogonal maps of the unconstrained scale that leave a density
// as it is.
type Symmetry struct {
	// Exchanges are labels that can be exchanged, Flips latents whose sign can be changed.
	Exchanges []Exchange
	Flips     []Flip

	slots []guide.Slot
	d     int
	// ref and sd are the place and the scale about which points are folded.
	ref, sd []float64
}

// An Exchange is a dimension of latents within classes of whose labels, from 0, any can be
// exchanged with any other.
type Exchange struct {
	Sites   []*lang.Symbol
	Classes [][]int

	labels int
	items  []item
	shares []int // coordinates whose sign an exchange of two labels changes
}

// A Flip changes the sign of several coordinates at once.
type Flip struct {
	Sites []*lang.Symbol

	coords []int
}

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

// findSymmetry looks for maps that leave the density as it is at points near the optimum a
// and elsewhere; nil if there are none.
func (f *fitter) findSymmetry(a *ascent) (*Symmetry, error) {
	s := &Symmetry{slots: f.t.Slots, d: f.t.D}
	s.centre(a)
	g := &images{Symmetry: s, f: f}
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

// images tries maps on a density.
type images struct {
	*Symmetry
	f       *fitter
	at, lps []float64 // finite points, and their log densities
}

// points draws those that maps are tried at: two near the optimum, then one farther and
// one that has nothing to do with it.
func (g *images) points() error {
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

// keep tells of each map whether it keeps the density, at one point first.
func (g *images) keep(maps []func(u []float64)) ([]bool, error) {
	ok := make([]bool, len(maps))
	if err := g.points(); err != nil || len(g.lps) < 2 {
		return ok, err
	}
	for i := range ok {
		ok[i] = true
	}
	for k := range g.lps {
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
			ok[i] = math.Abs(lp[j]-g.lps[k]) <= alike*(1+math.Abs(g.lps[k]))
		}
	}
	return ok, nil
}

// findExchanges tries all sets of dimensions of latents that have as many labels. With two
// labels a share may be mirrored: that of the first becomes that of the second.
func (g *images) findExchanges() error {
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
func (g *images) classes(x Exchange) error {
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
func (g *images) findFlips() error {
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
func (g *images) flipsOf(parts [][]int, sites []*lang.Symbol) error {
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

func counted(from, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = from + i
	}
	return out
}

// swap exchanges two labels.
func (s *Symmetry) swap(u []float64, x Exchange, i, j int) {
	of := counted(0, x.labels)
	of[i], of[j] = j, i
	s.relabel(u, x, of)
}

func (s *Symmetry) relabel(u []float64, x Exchange, of []int) {
	for _, it := range x.items {
		s.slots[it.slot].Relabel(u, it.dim, of)
	}
	if of[0] != 0 {
		negate(u, x.shares)
	}
}

func (x Flip) change(u []float64) { negate(u, x.coords) }

func negate(u []float64, coords []int) {
	for _, c := range coords {
		u[c] = -u[c]
	}
}

// about is the part of the group that makes other modes of the optimum a, to which points
// are then folded; nil if there is none.
func (s *Symmetry) about(a *ascent) *Symmetry {
	if s == nil {
		return nil
	}
	out := &Symmetry{slots: s.slots, d: s.d}
	out.centre(a)
	elsewhere := func(move func(u []float64)) bool {
		u := slices.Clone(a.loc)
		move(u)
		for i, x := range u {
			if math.Abs(x-a.loc[i]) > apart*out.sd[i] {
				return true
			}
		}
		return false
	}
	for _, x := range s.Exchanges {
		if slices.ContainsFunc(x.swaps(), func(p [2]int) bool {
			return elsewhere(func(u []float64) { s.swap(u, x, p[0], p[1]) })
		}) {
			out.Exchanges = append(out.Exchanges, x)
		}
	}
	for _, x := range s.Flips {
		if elsewhere(x.change) {
			out.Flips = append(out.Flips, x)
		}
	}
	if len(out.Exchanges)+len(out.Flips) == 0 {
		return nil
	}
	return out
}

// swaps are all pairs of labels that can be exchanged.
func (x Exchange) swaps() [][2]int {
	var out [][2]int
	for _, c := range x.Classes {
		for i := range c {
			for j := range i {
				out = append(out, [2]int{c[j], c[i]})
			}
		}
	}
	return out
}

// Folded is the image of points, rows of u, next to the optimum.
func (s *Symmetry) Folded(u []float64) []float64 {
	if s == nil {
		return u
	}
	u = slices.Clone(u)
	s.Fold(u)
	return u
}

// restrict makes densities 0 at points that have an image nearer to the optimum: what is left
// is a part of the density of which the images are the whole, so that a proposal need cover
// no more than that.
func (s *Symmetry) restrict(u, lp []float64) {
	if s == nil {
		return
	}
	folded := s.Folded(u)
	for i := range lp {
		if !slices.Equal(folded[i*s.d:(i+1)*s.d], u[i*s.d:(i+1)*s.d]) {
			lp[i] = math.Inf(-1)
		}
	}
}

// mostImages are as many as a reference has components for.
const mostImages = 6

// images are maps from the optimum to each of the other modes that are images of it; none if
// there are more of them than mostImages.
func (s *Symmetry) images() []func(u []float64) {
	if s == nil {
		return nil
	}
	var generators []func(u []float64)
	for _, x := range s.Flips {
		generators = append(generators, x.change)
	}
	for _, x := range s.Exchanges {
		for _, p := range x.swaps() {
			generators = append(generators, func(u []float64) { s.swap(u, x, p[0], p[1]) })
		}
	}
	seen := [][]float64{s.ref}
	maps := []func(u []float64){func([]float64) {}}
	for i := 0; i < len(maps); i++ {
		for _, g := range generators {
			from := maps[i]
			both := func(u []float64) { from(u); g(u) }
			at := slices.Clone(s.ref)
			both(at)
			if slices.ContainsFunc(seen, func(u []float64) bool { return near(u, at) }) {
				continue
			}
			if seen, maps = append(seen, at), append(maps, both); len(maps) > mostImages {
				return nil
			}
		}
	}
	return maps[1:]
}

// near reports whether points are the same but for rounding.
func near(u, v []float64) bool {
	for i, x := range u {
		if !(math.Abs(x-v[i]) <= 1e-9*(1+math.Abs(x))) {
			return false
		}
	}
	return true
}

// image is the Gaussian that an orthogonal map makes of this one; nil if rounding makes it none.
func (q *gaussian) image(of func(u []float64)) *gaussian {
	d := q.d
	loc := slices.Clone(q.loc)
	of(loc)
	columns := make([]float64, d*d) // of the factor, mapped
	for j := range d {
		for i := range d {
			columns[j*d+i] = q.l[i*d+j]
		}
		of(columns[j*d : (j+1)*d])
	}
	cov := make([]float64, d*d)
	for j := range d {
		c := columns[j*d : (j+1)*d]
		for i, x := range c {
			axpy(x, c, cov[i*d:(i+1)*d])
		}
	}
	return newGaussian(loc, cov)
}

// onto are the images of a point next to some optima.
func (s *Symmetry) onto(u []float64, optima []*ascent) [][]float64 {
	if s == nil {
		return [][]float64{u}
	}
	var out [][]float64
	for _, a := range optima {
		near := *s
		near.centre(a)
		out = append(out, near.Folded(u))
	}
	return out
}

// centre has points folded about the optimum a.
func (s *Symmetry) centre(a *ascent) {
	s.ref, s.sd = a.loc, make([]float64, s.d)
	for i, l := range a.logsd {
		s.sd[i] = math.Exp(l)
	}
}

// imaged spreads the draws over all modes that are images of one another.
func (fit *Fit) imaged(seed uint64) {
	if w := fit.Draws; fit.Symmetry != nil && w != nil && len(w.U) > 0 {
		images := *w
		images.U = slices.Clone(w.U)
		fit.Symmetry.Spread(images.U, random.Stream(seed, "images", 0))
		fit.Draws = &images
	}
}

// Fold maps points, rows of u, to their images next to the optimum.
func (s *Symmetry) Fold(u []float64) {
	if s == nil {
		return
	}
	image := make([]float64, s.d)
	for ; len(u) > 0; u = u[s.d:] {
		s.foldRow(u[:s.d], image)
	}
}

// foldRow is Fold for one point; what is next to the optimum keeps its bits. There is room
// for an image.
func (s *Symmetry) foldRow(u, image []float64) {
	best := s.distance(u)
	try := func(move func(u []float64)) bool {
		copy(image, u)
		move(image)
		d := s.distance(image)
		if d < best {
			best = d
			copy(u, image)
			return true
		}
		return false
	}
	for nearer := true; nearer; {
		nearer = false
		for _, x := range s.Flips {
			nearer = try(x.change) || nearer
		}
		for _, x := range s.Exchanges {
			for _, p := range x.swaps() {
				nearer = try(func(u []float64) { s.swap(u, x, p[0], p[1]) }) || nearer
			}
		}
	}
}

// distance is the square of that from the optimum, in its sds.
func (s *Symmetry) distance(u []float64) float64 {
	sum := 0.0
	for i, x := range u {
		z := (x - s.ref[i]) / s.sd[i]
		sum += z * z
	}
	return sum
}

// Spread maps points, rows of u, to random ones of their images, each as probable.
func (s *Symmetry) Spread(u []float64, r *rand.Rand) {
	if s == nil {
		return
	}
	for ; len(u) > 0; u = u[s.d:] {
		s.spreadRow(u[:s.d], r)
	}
}

func (s *Symmetry) spreadRow(u []float64, r *rand.Rand) {
	for _, x := range s.Exchanges {
		of := counted(0, x.labels)
		for _, c := range x.Classes {
			for i, k := range r.Perm(len(c)) {
				of[c[i]] = c[k]
			}
		}
		s.relabel(u, x, of)
	}
	for _, x := range s.Flips {
		if r.IntN(2) == 1 {
			x.change(u)
		}
	}
}

package inference

import (
	"math"
	"math/rand/v2"
	"slices"

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
func (fit *Answer) imaged(seed uint64) {
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

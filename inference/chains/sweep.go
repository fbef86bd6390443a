package chains

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"ppl/graph/kernel/vec"
)

// element is one element of a site of the Joint.
type element struct{ site, e int }

// groups says how elements are drawn anew: those of a group together.
type groups struct {
	finite   [][]element // by tables
	infinite [][]element
	single   []element // by the density as a whole
	// scale are the widths of proposals for elements with infinitely many values.
	scale [][]float64
}

// fewValues is the most values of an element that are all tried where there are no
// tables.
const fewValues = 16

// sweep draws all discrete latents anew, given the rest. It needs the log density
// at the point, and leaves it and the gradient there.
func (l *lane) sweep(g *groups, collect bool) error {
	if len(l.single) != len(g.single) {
		l.single = append(l.single[:0], g.single...)
	}
	for i := range l.single { // in a new order each time
		k := i + l.r.IntN(len(l.single)-i)
		l.single[i], l.single[k] = l.single[k], l.single[i]
		if err := l.drawSingle(l.single[i], collect); err != nil {
			return err
		}
	}
	if err := l.look(); err != nil {
		return err
	}
	for _, group := range g.finite {
		if err := l.drawGroup(group, collect); err != nil {
			return err
		}
	}
	for _, group := range g.infinite {
		if err := l.moveGroup(g, group); err != nil {
			return err
		}
	}
	return nil
}

// values is the number of values of an element, part what it has of an array over
// the elements and values of its site.
func (l *lane) values(x element) int { return l.b.j.Sites[x.site].Values }

func (l *lane) part(all [][]float64, x element) []float64 {
	k := max(1, l.values(x))
	return all[x.site][x.e*k : (x.e+1)*k]
}

// drawGroup draws elements that share no factor from their conditional
// distributions, with a Metropolis test for where they do.
func (l *lane) drawGroup(group []element, collect bool) error {
	l.remember(group)
	size := 0
	for _, x := range group {
		row := l.part(l.given, x)
		top := slices.Max(row)
		for k, v := range row {
			l.room[size+k] = v - top
		}
		size += len(row)
	}
	vec.Map(vec.Exp, l.room[:size], l.room[:size])
	at, moved := 0, false
	for i, x := range group {
		p := l.room[at : at+l.values(x)]
		at += len(p)
		sum := 0.0
		for _, v := range p {
			sum += v
		}
		if collect && l.b.j.Exact {
			sums := l.part(l.out.P, x)
			for v, q := range p {
				sums[v] += q / sum
			}
		}
		if z := pick(l.r.Float64()*sum, p); z != l.old.z[i] {
			l.set(x.site, x.e, z)
			moved = true
		}
	}
	if moved {
		if err := l.look(); err != nil {
			return err
		}
		if ratio := l.ratio(group); !l.accept(ratio) {
			l.restore(group)
		}
	}
	if collect && !l.b.j.Exact {
		l.count(group)
	}
	return nil
}

// ratio is the log Metropolis ratio of elements drawn together by what was given
// before: 0, but for rounding, where they share no factor.
func (l *lane) ratio(group []element) float64 {
	r := l.lp - l.old.lp
	for i, x := range group {
		forth, back := l.part(l.old.given, x), l.part(l.given, x)
		r += back[l.old.z[i]] - forth[l.z[x.site][x.e]]
		if !slices.Equal(forth, back) { // or the norms are the same
			r += floats.LogSumExp(forth) - floats.LogSumExp(back)
		}
	}
	return r
}

// count counts the values that elements have.
func (l *lane) count(group []element) {
	for _, x := range group {
		l.part(l.out.P, x)[l.z[x.site][x.e]]++
	}
}

// drawSingle draws an element from the density at each of its values, or, where
// these are many, moves it.
func (l *lane) drawSingle(x element, collect bool) error {
	if l.values(x) > fewValues {
		if err := l.moveSingle(x); err != nil {
			return err
		}
		if collect {
			l.count([]element{x})
		}
		return nil
	}
	now, p := l.z[x.site][x.e], l.probs[:l.values(x)]
	lp := l.lps[:len(p)]
	for z := range p {
		if lp[z] = l.lp; z == now {
			continue
		}
		var err error
		if lp[z], err = l.try(x, z); err != nil {
			return err
		}
	}
	softmax(lp, p)
	if collect {
		add(l.part(l.out.P, x), p)
	}
	z := pick(l.r.Float64(), p)
	l.set(x.site, x.e, z)
	l.lp = lp[z]
	return nil
}

// try is the log density with an element at another value.
func (l *lane) try(x element, z int) (lp float64, err error) {
	l.set(x.site, x.e, z)
	if err := l.ask(l.u, value); err != nil {
		return 0, err
	}
	if lp = l.b.j.LogDensity(l.row); math.IsNaN(lp) {
		lp = math.Inf(-1)
	}
	return lp, nil
}

// moveSingle is two Metropolis steps of an element, each to a neighbouring value or to
// any other.
func (l *lane) moveSingle(x element) error {
	k := l.values(x)
	for _, near := range []bool{true, false} {
		now := l.z[x.site][x.e]
		z := (now + 1 + l.r.IntN(k-1)) % k
		if near {
			z = now + 1 - 2*l.r.IntN(2)
		}
		if z < 0 || z >= k {
			continue
		}
		lp, err := l.try(x, z)
		if err != nil {
			return err
		}
		if l.accept(lp - l.lp) {
			l.lp = lp
			continue
		}
		l.set(x.site, x.e, now)
	}
	return nil
}

// moveGroup is a Metropolis step of each of some elements with infinitely many
// values. Each is accepted by the factors that mention it, which is right where
// elements share none; whether they do shows in the density afterwards.
func (l *lane) moveGroup(g *groups, group []element) error {
	l.remember(group)
	for i, x := range group {
		if z := l.old.z[i] + l.step(g.scale[x.site][x.e]); z >= int(l.b.j.Sites[x.site].Low) {
			l.set(x.site, x.e, z)
		}
	}
	if err := l.look(); err != nil {
		return err
	}
	total, accepted := 0.0, 0
	for i, x := range group {
		d := l.part(l.given, x)[0] - l.part(l.old.given, x)[0]
		if len(group) == 1 {
			d = l.lp - l.old.lp
		}
		if l.accept(d) {
			total += d
			accepted++
			continue
		}
		l.set(x.site, x.e, l.old.z[i])
	}
	switch accepted {
	case 0:
		l.restore(group)
		return nil
	case len(group):
	default:
		if err := l.look(); err != nil {
			return err
		}
	}
	if change := l.lp - l.old.lp; !(math.Abs(change-total) <= 1e-8*(1+math.Abs(l.lp)+math.Abs(total))) {
		l.b.entangled = true
	}
	return nil
}

// step is a symmetric random step that is not zero.
func (l *lane) step(scale float64) int {
	s := scale * [...]float64{0.5, 1, 2.4, 5}[l.r.IntN(4)]
	d := max(1, int(math.Min(math.Round(math.Abs(s*l.r.NormFloat64())), 1e9)))
	if l.r.IntN(2) == 0 {
		return -d
	}
	return d
}

// accept is the Metropolis test of a log ratio.
func (l *lane) accept(ratio float64) bool {
	return ratio >= 0 || math.Log(1-l.r.Float64()) < ratio
}

// remember notes the state before a proposal that changes some elements, restore
// goes back to it.
func (l *lane) remember(group []element) {
	l.old.lp = l.lp
	copy(l.old.g, l.g)
	for i, x := range l.given {
		copy(l.old.given[i], x)
	}
	l.old.z = l.old.z[:0]
	for _, x := range group {
		l.old.z = append(l.old.z, l.z[x.site][x.e])
	}
}

func (l *lane) restore(group []element) {
	l.lp = l.old.lp
	copy(l.g, l.old.g)
	for i, x := range l.old.given {
		copy(l.given[i], x)
	}
	for i, x := range group {
		l.set(x.site, x.e, l.old.z[i])
	}
}

// softmax fills p with the probabilities proportional to exp(a).
func softmax(a, p []float64) {
	top := math.Inf(-1)
	for _, v := range a {
		top = math.Max(top, v)
	}
	sum := 0.0
	for k, v := range a {
		p[k] = math.Exp(v - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
}

// pick is the value at which the cumulative probability passes u.
func pick(u float64, p []float64) int {
	last := 0
	for k, q := range p {
		if q > 0 {
			last = k
		}
		if u < q {
			return k
		}
		u -= q
	}
	return last
}

func add(to, x []float64) {
	for i, v := range x {
		to[i] += v
	}
}

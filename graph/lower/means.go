package lower

import (
	"math"

	"ppl/graph/dist"
	"ppl/graph/named"
	"ppl/lang/ast"
)

// Expectations of what a prediction draws, found from the same parameters that
// it draws from: those of a mixture from its parts, those of a truncated distribution all
// at once, since they need its distribution function.

func (l *lowerer) meansAsked() bool {
	return l.sim.predict != nil && l.sim.predict.opt.Means
}

// collectMeans notes the expectations of the elements at positions of a store.
func (l *lowerer) collectMeans(d *drawing, st *store, pos []float64) {
	if d.frame.Size() == 0 {
		return
	}
	at := make([]int, len(d.frame))
	width, categories := d.from.categoryCount(at), true
	if width == 0 {
		width, categories = 1, false
	}
	switch {
	case width < 0:
		width, categories = 1, false
		st.lacks = "the parts of the mixture have different numbers of categories"
	case st.means != nil && (width != st.width || categories != st.categories):
		st.lacks = "different statements give it different numbers of categories"
		return
	}
	if st.means == nil {
		st.width, st.categories = width, categories
		st.means = make([]float64, len(st.data)*width)
		for i := range st.means {
			st.means[i] = math.NaN()
		}
	}
	out := make([]float64, d.event*width)
	for i := range d.frame.Size() {
		d.coordinates(i, at)
		d.from.mean(at, out)
		for k := range d.event {
			copy(st.means[int(pos[i*d.event+k])*width:], out[k*width:(k+1)*width])
		}
		if math.IsNaN(out[0]) && st.lacks == "" {
			st.lacks = d.from.lacks(at, len(out))
		}
	}
}

// categoryCount is the number of categories at the coordinates of the axes, 0 if
// the values are numbers, -1 if parts disagree.
func (s *sampler) categoryCount(at []int) (n int) {
	s.set(at)
	if s.decl.Probabilities != nil {
		return len(s.decl.Probabilities(s.numbers))
	}
	for i, p := range s.parts {
		k := p.categoryCount(at)
		if i > 0 && k != n {
			return -1
		}
		n = k
	}
	return n
}

// mean writes the expectation at the coordinates of the axes, or the probabilities of
// the categories.
func (s *sampler) mean(at []int, out []float64) {
	s.set(at)
	switch {
	case s.decl.Name == "ZeroInflated":
		s.parts[0].mean(at, out)
		for i := range out {
			out[i] *= 1 - s.numbers.F("p")
		}
	case s.categories != nil:
		part, sum := make([]float64, len(out)), make([]float64, len(out))
		for k, w := range s.numbers.V("w") {
			if k < len(s.parts) && w != 0 {
				s.parts[k].mean(at, part)
				for i, v := range part {
					sum[i] += w * v
				}
			}
		}
		copy(out, sum)
	case s.truncated != nil:
		out[0] = s.truncated.at(at)[0]
	case s.lower != nil:
		out[0] = math.NaN()
	case s.decl.Probabilities != nil:
		copy(out, s.decl.Probabilities(s.numbers))
	default:
		s.decl.Expected(s.numbers, out)
	}
}

// lacks says why the expectation, of n numbers, is NaN.
func (s *sampler) lacks(at []int, n int) string {
	for _, p := range s.parts {
		out := make([]float64, n)
		if p.mean(at, out); math.IsNaN(out[0]) {
			return p.lacks(at, n)
		}
	}
	switch {
	case s.decl.Name == "Flat":
		return "`Flat` has an expectation within finite bounds alone"
	case s.lower != nil && s.truncated == nil:
		return "the expectation of `" + s.decl.Name + "` within bounds has no closed form here"
	case s.decl.Name == "VonMises":
		return "values of `VonMises` are angles, which have a direction in the place of an expectation"
	}
	return "`" + s.decl.Name + "` has no expectation with these parameters"
}

// truncatedMean works out the expectation of a truncated distribution, if there is a
// closed form.
func (d *drawing) truncatedMean(e *ast.Dist, s *sampler) {
	p := dist.Params{Form: s.numbers.Form, Values: map[string]named.Value{}}
	for _, o := range s.params {
		p.Values[o.name] = o.value
	}
	if v, ok := dist.TruncatedMean(d.l.b, s.decl, p, &s.lower.value, &s.upper.value); ok {
		o := d.operand(e, "", v)
		s.truncated = &o
	}
}

// reportMeans puts the expectations of a store into a result.
func (l *lowerer) reportMeans(out *Simulated, st *store) {
	if !l.meansAsked() {
		return
	}
	if out.Means == nil {
		out.Means, out.NoMeans = map[string]*Array{}, map[string]string{}
	}
	if st.lacks != "" {
		out.NoMeans[st.name] = st.lacks
	}
	if st.means == nil {
		return
	}
	shape := append([]int{}, st.shape...)
	if st.categories {
		shape = append(shape, st.width)
	}
	out.Means[st.name] = &Array{Shape: shape, Data: st.means}
}

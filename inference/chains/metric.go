package chains

import (
	"math"
	"slices"

	"ppl/inference/nuts"
)

// metric is an M⁻¹ for the continuous latents that may depend on the values of the
// discrete ones, which stand still during a trajectory. A coefficient that is in a
// model has the sd of an estimate, and one that is out that of its prior, which may
// be twenty times as large: no step size suits both. So each number has an sd for each
// value of the one element that tells most about its spread, and M⁻¹ = S C S, with
// those sds on the diagonal of S and C the covariance of what is left.
type metric struct {
	all *nuts.Metric
	by  []element   // by number; site −1 where no element tells anything
	sd  [][]float64 // by number: for each value, or one
}

// An element tells a spread if some value's variance differs by this, in logarithms,
// and the likelihood gains so many nats, a chain counting for two draws at each value
// that it has been at: more than noise does, and one chain that is stuck.
const (
	tells     = 0.7
	certainly = 10
)

// newMetric estimates it from the draws that chains have kept, each less the mean of
// its chain: chains may still be in different places, and how far these are apart
// is not how wide they are. What was before stays where numbers have not moved.
func newMetric(lanes []*lane, before *metric) *metric {
	j := lanes[0].b.j
	d := j.D
	m := &metric{by: make([]element, d), sd: make([][]float64, d)}
	rows := 0
	centred := make([][]float64, len(lanes))
	for c, l := range lanes {
		rows += l.out.kept
		centred[c] = centre(l.out.U, d)
	}
	mean := make([][]float64, d)
	for i := range d {
		m.by[i] = element{-1, 0}
		s := newMoments(1)
		for c, l := range lanes {
			for k := range l.out.kept {
				s.add(0, centred[c][k*d+i])
			}
		}
		total := s.variance(0)
		m.sd[i], mean[i] = []float64{math.Sqrt(total)}, []float64{0}
		if !(total > 0) {
			m.sd[i][0] = before.typical(i)
			continue
		}
		best := float64(certainly)
		for site, x := range j.Sites {
			if x.Values < 2 || x.Values > fewValues || float64(rows)*float64(d)*float64(x.Elements) > 1e9 {
				continue
			}
			for e := range x.Elements {
				s := newMoments(x.Values)
				for c, l := range lanes {
					for k := range l.out.kept {
						v := l.out.Z[site][k*x.Elements+e]
						if s.last[v] != c+1 {
							s.last[v] = c + 1
							s.chains[v]++
						}
						s.add(v, centred[c][k*d+i])
					}
				}
				gain, most := 0.0, 0.0
				sd := make([]float64, x.Values)
				for v := range sd {
					// Few chains are drawn to the spread of all.
					n := 2 * s.chains[v]
					less := 0.0
					if s.variance(v) > 0 {
						less = math.Log(total/s.variance(v)) * n / (n + 4)
					}
					sd[v] = math.Sqrt(total) * math.Exp(-0.5*less)
					gain += 0.5 * n * less
					most = math.Max(most, math.Abs(less))
				}
				if gain > best && most > tells {
					best = gain
					m.by[i], m.sd[i], mean[i] = element{site, e}, sd, s.mean
				}
			}
		}
	}
	pool := nuts.NewPool(d)
	z := make([]float64, d)
	for c, l := range lanes {
		for k := range l.out.kept {
			for i := range z {
				v := m.value(i, func(x element) int { return l.out.Z[x.site][k*j.Sites[x.site].Elements+x.e] })
				z[i] = (centred[c][k*d+i] - mean[i][v]) / m.sd[i][v]
			}
			pool.Add(z)
		}
	}
	ones := make([]float64, d)
	for i := range ones {
		ones[i] = 1
	}
	m.all = pool.Metric(ones)
	return m
}

// typical is an sd of a number.
func (m *metric) typical(i int) float64 {
	if m.sd != nil {
		return slices.Max(m.sd[i])
	}
	return math.Sqrt(m.all.Diagonal[i])
}

// centre takes the mean from the rows of u.
func centre(u []float64, d int) []float64 {
	out := slices.Clone(u)
	for i := range d {
		mean := 0.0
		for at := i; at < len(u); at += d {
			mean += u[at] * float64(d) / float64(len(u))
		}
		for at := i; at < len(u); at += d {
			out[at] -= mean
		}
	}
	return out
}

// value is which sd of a number applies.
func (m *metric) value(i int, at func(element) int) int {
	if m.by[i].site < 0 {
		return 0
	}
	return at(m.by[i])
}

// scale fills the sds at the values that a chain has.
func (m *metric) scale(l *lane, s []float64) {
	for i := range s {
		s[i] = m.sd[i][m.value(i, func(x element) int { return l.z[x.site][x.e] })]
	}
}

// moments are running means and variances (Welford 1962), by value, and the number of
// chains that had it.
type moments struct {
	n, mean, m2, chains []float64
	last                []int
}

func newMoments(k int) *moments {
	x := make([]float64, 4*k)
	return &moments{x[:k], x[k : 2*k], x[2*k : 3*k], x[3*k:], make([]int, k)}
}

func (s *moments) add(v int, x float64) {
	s.n[v]++
	d := x - s.mean[v]
	s.mean[v] += d / s.n[v]
	s.m2[v] += d * (x - s.mean[v])
}

func (s *moments) variance(v int) float64 { return s.m2[v] / math.Max(1, s.n[v]-1) }

package nuts

import (
	"math"

	"ppl/graph"
)

// spread estimates variances, and covariances if they are wanted, from a stream
// (Welford 1962).
type spread struct {
	n        float64
	mean, m2 []float64
	cross    []float64 // d×d, lower triangle; nil if covariances are not wanted
	delta    []float64
	// directions says that of covariances only a few directions are taken.
	directions bool
}

func newSpread(d int, covariances bool) *spread {
	s := &spread{mean: make([]float64, d), m2: make([]float64, d), delta: make([]float64, d)}
	if covariances {
		s.cross = make([]float64, d*d)
	}
	return s
}

func (s *spread) add(q []float64) {
	s.n++
	for i, x := range q {
		s.delta[i] = x - s.mean[i]
		s.mean[i] += s.delta[i] / s.n
		s.m2[i] += s.delta[i] * (x - s.mean[i])
	}
	if s.cross == nil {
		return
	}
	d := len(q)
	for i, x := range q {
		x -= s.mean[i]
		for j := range i {
			s.cross[i*d+j] += x * s.delta[j]
		}
	}
}

// perNumber is how many draws a covariance needs for each unconstrained number:
// with n draws in d dimensions, the extreme variances of a sphere come out as
// (1 ± √(d/n))² (Marchenko & Pastur 1967).
const perNumber = 10

// take sets M⁻¹ to the variances, drawn towards a thousandth of what it was as
// if five more draws said so, and forgets the draws. (Stan draws them towards
// 0.001: the same at first, but too much for scales below that.) Entries that
// would not be finite and positive stay. With enough draws for them the
// covariances are taken too.
func (s *spread) take(sys *system) {
	if s.n > 1 {
		for i, m2 := range s.m2 {
			x := (m2/(s.n-1)*s.n + 5*1e-3*sys.invMetric[i]) / (s.n + 5)
			if x > 0 && graph.Finite(x) {
				sys.invMetric[i] = x
			}
		}
		sys.covariances = nil
		switch d := len(s.m2); {
		case s.cross == nil:
		case s.directions:
			if m := s.lowRank(sys.invMetric); m != nil {
				sys.covariances = m
			}
		case s.n >= float64(perNumber*d):
			if m := newDense(s.covariance(sys.invMetric), d); m != nil {
				sys.covariances = m
			}
		}
	}
	s.n = 0
	clear(s.mean)
	clear(s.m2)
	clear(s.cross)
}

// lowRank are the directions of the draws, in units of the given variances; nil where there are none.
func (s *spread) lowRank(variances []float64) *lowRank {
	r, sd := s.covariance(variances), make([]float64, len(variances))
	for i, v := range variances {
		sd[i] = math.Sqrt(v)
	}
	for i, v := range sd {
		for j, w := range sd {
			r[i*len(sd)+j] /= v * w
		}
		r[i*len(sd)+i] = 1
	}
	return newLowRank(r, sd, s.n)
}

// covariance has the given variances on its diagonal.
func (s *spread) covariance(variances []float64) []float64 {
	d := len(variances)
	cov := make([]float64, d*d)
	for i, v := range variances {
		cov[i*d+i] = v
		for j := range i {
			c := s.cross[i*d+j] / (s.n - 1) * s.n / (s.n + 5)
			cov[i*d+j], cov[j*d+i] = c, c
		}
	}
	return cov
}

package inference

import (
	"math"
	"math/rand/v2"
	"sync"

	"ppl/graph"
	"ppl/graph/kernel/vec"
	"ppl/inference/random"
)

// Where tempering starts: the prior, the surroundings of the fit, of its images and of further
// modes.

// reference is a mixture of t distributions that tempering starts from.
type reference struct {
	mixture
	norm float64 // of the t density
	at   *mixtureDensity
	// rooms are what LogDensities works in.
	rooms *sync.Pool
}

// referenceTails is the degrees of freedom of its components.
const referenceTails = 5

// reference is one that covers the prior, a wide neighbourhood of the fit, and those
// of further modes.
func (f *fitter) reference(fit *Answer, prior []float64) *reference {
	at, near := f.bulk(fit), 10.0
	m := f.priorParts(fit, prior)
	if len(m.part) > 0 {
		near = 3
	}
	m.add(at.inflated(near), 1)
	for _, image := range f.sym.images() {
		if q := at.image(image); q != nil {
			m.add(q.inflated(near), 1)
		}
	}
	for i, mode := range append(append([]Mode(nil), fit.Modes[1:]...), fit.Minor...) {
		if i < 6 {
			q := *at
			q.loc = mode.Loc
			m.add(q.inflated(near), 0.5)
		}
	}
	if len(m.part) == 0 {
		m.add(diagonal(make([]float64, f.t.D), fill(make([]float64, f.t.D), math.Log(2))), 1)
	}
	return newReference(m)
}

// priorParts is a mixture whose one component covers the prior, none without points.
func (f *fitter) priorParts(fit *Answer, prior []float64) *mixture {
	m := &mixture{df: referenceTails}
	if prior != nil {
		m.add(spreadOf(prior, f.t.D, f.bulk(fit).inflated(3)), 1)
	}
	return m
}

// add adds a component, if it is one; weights are in proportion.
func (m *mixture) add(q *gaussian, weight float64) {
	if q != nil && graph.AllFinite(q.l) && graph.AllFinite(q.loc) && graph.Finite(q.logDet) {
		m.part, m.weight = append(m.part, q), append(m.weight, weight)
	}
}

func newReference(m *mixture) *reference {
	total := 0.0
	for _, w := range m.weight {
		total += w
	}
	for i := range m.weight {
		m.weight[i] /= total
	}
	return &reference{mixture: *m, norm: studentNorm(m.part[0].d, m.df), at: m.density(), rooms: new(sync.Pool)}
}

// bulk is where the fit puts the posterior: the moments of weighted draws, or those of
// the guide.
func (f *fitter) bulk(fit *Answer) *gaussian {
	if fit.Draws != nil && fit.Draws.W != nil && fit.Draws.ESS > 4*float64(f.t.D)+20 {
		if q := fit.Draws.refit(); q != nil {
			return q
		}
	}
	logsd := make([]float64, f.t.D)
	for i, l := range fit.LogSD {
		logsd[i] = math.Min(math.Max(l, -30), 30)
		if math.IsNaN(l) {
			logsd[i] = 0
		}
	}
	return diagonal(fit.Loc, logsd)
}

// studentNorm is the log of the constant of a multivariate t density.
func studentNorm(d int, df float64) float64 {
	n := float64(d)
	if math.IsInf(df, 1) {
		return -0.5 * n * math.Log(2*math.Pi)
	}
	a, _ := math.Lgamma(0.5 * (df + n))
	b, _ := math.Lgamma(0.5 * df)
	return a - b - 0.5*n*math.Log(df*math.Pi)
}

// Draw implements temper.Reference: components have shares in proportion to their
// weights.
func (m *reference) Draw(r *rand.Rand, u []float64, n int) {
	d := m.part[0].d
	z := make([]float64, d)
	from, mass := 0, 0.0
	for k, q := range m.part {
		mass += m.weight[k]
		to := n
		if k+1 < len(m.part) {
			to = min(n, int(math.Round(mass*float64(n))))
		}
		for ; from < to; from++ {
			for j := range z {
				z[j] = r.NormFloat64()
			}
			q.place(z, math.Sqrt(m.df/random.Chi2(r, m.df)), u[from*d:(from+1)*d])
		}
	}
}

// LogDensities implements temper.Reference.
func (m *reference) LogDensities(u, lp []float64) {
	n, d, parts := len(lp), m.part[0].d, len(m.part)
	var z [mostTempered]float64
	room, _ := m.rooms.Get().(*[]float64)
	if room == nil || len(*room) < parts*n {
		r := make([]float64, parts*n)
		room = &r
	}
	defer m.rooms.Put(room)
	x := (*room)[:parts*n]
	for k, q := range m.part {
		for i := range n {
			x[k*n+i] = q.distance(u[i*d:(i+1)*d], z[:d]) / m.df
		}
	}
	vec.Map(vec.Log1p, x, x)
	for k, c := range m.at.scaled {
		part := x[k*n : (k+1)*n]
		for i, l := range part {
			part[i] = m.norm + c - m.at.power*l
		}
	}
	if parts == 1 {
		copy(lp, x)
		return
	}
	vec.LogSumExp(lp, x, parts, n, n)
}

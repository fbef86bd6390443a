package inference

import (
	"math"
	"slices"
	"sort"
)

// mixture is a mixture of multivariate t distributions with df degrees of
// freedom.
type mixture struct {
	df     float64
	weight []float64
	part   []*gaussian // location and scale factor
}

// mixtureDensity is a mixture's log density, up to the constant that depends on df and the dimension alone, for many points:
// what does not change with these is known.
type mixtureDensity struct {
	parts  []*gaussian
	df     float64
	power  float64
	scaled []float64 // log of each component's weight over its determinant
}

func (m *mixture) density() *mixtureDensity {
	e := &mixtureDensity{parts: m.part, df: m.df}
	for k, q := range m.part {
		e.power = 0.5 * (m.df + float64(q.d))
		e.scaled = append(e.scaled, math.Log(m.weight[k])-q.logDet)
	}
	return e
}

// at is the log density at u; z is room for D numbers, distance for one of each component, as is share.
func (e *mixtureDensity) at(u, z, share, distance []float64) float64 {
	for k, q := range e.parts {
		distance[k] = q.distance(u, z)
	}
	return e.of(distance, share)
}

// of is the log density at distances; share receives the parts of the components, in logarithms.
func (e *mixtureDensity) of(distance, share []float64) float64 {
	top := math.Inf(-1)
	for k, r2 := range distance {
		v := e.scaled[k] - e.power*math.Log1p(r2/e.df)
		if share[k] = v; v > top || v != v {
			top = v
		}
	}
	if math.IsInf(top, 0) || top != top {
		return math.NaN()
	}
	sum := 0.0
	for _, v := range share[:len(distance)] {
		if v == top {
			sum++ // exp(0)
		} else {
			sum += math.Exp(v - top)
		}
	}
	if sum == 1 {
		return top
	}
	return top + math.Log(sum)
}

// responsibilities are the shares of the components in the density at u, and their Mahalanobis distances squared.
func (e *mixtureDensity) responsibilities(u []float64, z, share, distance []float64) {
	e.at(u, z, share, distance)
	top, sum := slices.Max(share), 0.0
	for k := range share {
		share[k] = math.Exp(share[k] - top)
		sum += share[k]
	}
	for k := range share {
		share[k] /= sum
	}
}

// distance is |L⁻¹(u − loc)|²; z is room for D numbers.
func (q *gaussian) distance(u, z []float64) float64 {
	d, t := q.d, 0.0
	for i := 0; i < d; i++ {
		x := u[i] - q.loc[i]
		row := q.l[i*d : i*d+i+1]
		for j, l := range row[:i] {
			x -= l * z[j]
		}
		z[i] = x / row[i]
		t += z[i] * z[i]
	}
	return t
}

// fitMixture fits a mixture of t distributions to draws weighted towards the
// target by expectation maximisation, which minimises the Kullback-Leibler
// divergence from the target to the mixture (Hoogerheide, Opschoor & van Dijk
// 2012, "A class of adaptive importance sampling weighted EM algorithms"). It
// starts from a former fit, or else from one component with the draws' moments;
// each further component, up to most, starts where the mixture so far falls
// shortest of the target. Nil where the draws determine none.
func fitMixture(w *Weighted, start *mixture, df float64, most int) *mixture {
	const rounds = 8
	m := start
	if m == nil {
		first := w.refit()
		if first == nil {
			return nil
		}
		m = &mixture{df: df, weight: []float64{1}, part: []*gaussian{first}}
	}
	if w.D > mixtures {
		return m
	}
	if m = m.em(w, rounds); m == nil {
		return nil
	}
	for len(m.part) < most {
		start := m.worst(w)
		if start == nil {
			break
		}
		more := &mixture{df: df, part: append(append([]*gaussian(nil), m.part...), start)}
		for _, x := range m.weight {
			more.weight = append(more.weight, 0.8*x)
		}
		more.weight = append(more.weight, 0.2)
		if more = more.em(w, rounds); more == nil || len(more.part) <= len(m.part) {
			break // a component has lost its draws
		}
		m = more
	}
	return m
}

// em runs n rounds; components that lose their draws are dropped.
func (m *mixture) em(w *Weighted, n int) *mixture {
	d, draws := w.D, w.N()
	for ; n > 0; n-- {
		k := len(m.part)
		share, distance, z := make([]float64, k), make([]float64, k), make([]float64, d)
		resp := make([]float64, draws*k)  // draw weight × responsibility
		scale := make([]float64, draws*k) // × the t's latent precision
		total, latent := make([]float64, k), make([]float64, k)
		square := make([]float64, k)
		density := m.density()
		for i := 0; i < draws; i++ {
			if w.W[i] == 0 {
				continue
			}
			density.responsibilities(w.U[i*d:(i+1)*d], z, share, distance)
			for c := 0; c < k; c++ {
				r := w.W[i] * share[c]
				resp[i*k+c] = r
				scale[i*k+c] = r * (m.df + float64(d)) / (m.df + distance[c])
				total[c] += r
				latent[c] += scale[i*k+c]
				square[c] += r * r
			}
		}
		next := &mixture{df: m.df}
		for c := 0; c < k; c++ {
			// A covariance needs more effective draws than dimensions.
			if total[c] < 0.01 || total[c]*total[c]/square[c] < 2*float64(d)+10 {
				continue
			}
			loc, cov := make([]float64, d), make([]float64, d*d)
			for i := 0; i < draws; i++ {
				if s := scale[i*k+c]; s > 0 {
					axpy(s/latent[c], w.U[i*d:(i+1)*d], loc)
				}
			}
			x := z
			for i := 0; i < draws; i++ {
				s := scale[i*k+c] / total[c]
				if s == 0 {
					continue
				}
				for j := range x {
					x[j] = w.U[i*d+j] - loc[j]
				}
				for j := range x {
					axpy(s*x[j], x[:j+1], cov[j*d:j*d+j+1])
				}
			}
			for i := 0; i < d; i++ {
				for j := 0; j < i; j++ {
					cov[j*d+i] = cov[i*d+j]
				}
			}
			if q := newGaussian(loc, cov); q != nil {
				next.part = append(next.part, q)
				next.weight = append(next.weight, total[c])
			}
		}
		sum := 0.0
		for _, x := range next.weight {
			sum += x
		}
		if sum == 0 {
			return nil
		}
		for c := range next.weight {
			next.weight[c] /= sum
		}
		m = next
	}
	return m
}

// worst is a Gaussian around the draws that the mixture covers least: the
// tenth of the target's mass where target over mixture is largest.
func (m *mixture) worst(w *Weighted) *gaussian {
	d, n := w.D, w.N()
	k := len(m.part)
	share, distance, z := make([]float64, k), make([]float64, k), make([]float64, d)
	ratio := make([]float64, n)
	order := make([]int, 0, n)
	density := m.density()
	for i := range ratio {
		if w.W[i] > 0 {
			ratio[i] = w.logP[i] - density.at(w.U[i*d:(i+1)*d], z, share, distance)
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return ratio[order[a]] > ratio[order[b]] })
	part := &Weighted{D: d, U: w.U, W: make([]float64, n)}
	mass := 0.0
	for _, i := range order {
		if mass > 0.1 {
			break
		}
		part.W[i] = w.W[i]
		mass += w.W[i]
	}
	if mass == 0 {
		return nil
	}
	for i := range part.W {
		part.W[i] /= mass
	}
	return part.refit()
}

package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/psis"
	"ppl/inference/random"
)

// spreadOf is a Gaussian with the medians and middle ranges of points in d coordinates,
// and correlations of the points clipped at three of these: what heavy tails leave
// alone. A coordinate with few finite values has those of the fallback.
func spreadOf(points []float64, d int, fallback *gaussian) *gaussian {
	n := len(points) / d
	loc, sd := make([]float64, d), make([]float64, d)
	for j := range d {
		loc[j], sd[j] = fallback.loc[j], fallback.sd(j)
		var x []float64
		for i := range n {
			if v := points[i*d+j]; graph.Finite(v) {
				x = append(x, v)
			}
		}
		if len(x) < n/4 || len(x) < 8 {
			continue
		}
		psis.Sort(x)
		at := func(p float64) float64 { return x[int(p*float64(len(x)-1)+0.5)] }
		if s := 0.5 * (at(0.8413) - at(0.1587)); s > 0 && graph.Finite(s) {
			loc[j], sd[j] = at(0.5), s
		}
	}
	cov := make([]float64, d*d)
	z := make([]float64, d)
	for i := range n {
		for j := range z {
			v := (points[i*d+j] - loc[j]) / sd[j]
			if !graph.Finite(v) {
				v = 0
			}
			z[j] = math.Min(math.Max(v, -3), 3)
		}
		for j := range z {
			axpy(z[j]/float64(n), z, cov[j*d:(j+1)*d])
		}
	}
	const shrunk = 0.9 // correlations, so that there always is a factor
	root := make([]float64, d)
	for j := range root {
		root[j] = math.Sqrt(math.Max(cov[j*d+j], 1e-12))
	}
	for j := range d {
		for k := range d {
			c := shrunk * cov[j*d+k] / (root[j] * root[k])
			if j == k {
				c = 1
			}
			cov[j*d+k] = c * sd[j] * sd[k]
		}
	}
	return newGaussian(loc, cov)
}

// sd is the standard deviation of a coordinate.
func (q *gaussian) sd(j int) float64 {
	row := q.l[j*q.d : j*q.d+j+1]
	return math.Sqrt(dot(row, row))
}

// inflated is the Gaussian with its sds times c.
func (q *gaussian) inflated(c float64) *gaussian {
	out := &gaussian{d: q.d, loc: q.loc, l: make([]float64, len(q.l)), logDet: q.logDet + float64(q.d)*math.Log(c)}
	for i, v := range q.l {
		out.l[i] = c * v
	}
	return out
}

// Each draw from the prior reads the data and interprets the model: priorWork numbers and
// nodes are what all of them may work through together.
const (
	priorDraws, leastPriorDraws = 96, 16
	priorWork                   = 1e7
	nodeWork                    = 200 // of interpreting what makes a node
)

// prior are draws from the prior, fewer where one is dear; nil where it cannot be drawn
// from, or is too dear.
func (f *fitter) prior() []float64 { return f.priorPoints("prior", priorDraws) }

// priorPoints are as many, of a stream of their own.
func (f *fitter) priorPoints(stream string, most int) []float64 {
	work := nodeWork * float64(f.surf.Nodes())
	for _, a := range f.t.Data.Values {
		work += float64(len(a.Data))
	}
	n := int(math.Min(float64(most), 10*priorWork/work))
	if n < leastPriorDraws {
		return nil
	}
	return f.t.PriorPoints(random.Stream(f.opt.Seed, stream, 0), n, f.halted)
}

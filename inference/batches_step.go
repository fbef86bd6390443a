package inference

import (
	"math"
	"math/rand/v2"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/inference/target"
)

// One step of a run in batches: particles around the present guides, an estimate of the ELBO with its gradient, and Adam.

// points fills u with the particles of a batch, around the present guides.
func (l *loop) points(rows *target.Rows, r *rand.Rand) {
	b, n, s := l.b, len(rows.Index), l.b.Points
	d := b.Size(n)
	l.eps, l.u = sized(l.eps, s*d), sized(l.u, s*d)
	spans := l.spans(rows)
	if s > 1 {
		random.Antithetic(r, l.eps, s, d)
	}
	for p := range s {
		for _, t := range spans { // draws of discrete latents are independent, as score-function gradients ask
			if s > 1 && t.kind != choiceSpan || t.kind == pointSpan {
				continue
			}
			for i := range t.n {
				l.eps[p*d+t.at+i] = r.NormFloat64()
			}
		}
	}
	all := b.N * b.Width
	for p := range s {
		eps, u := l.eps[p*d:(p+1)*d], l.u[p*d:(p+1)*d]
		for _, t := range spans {
			to, e := u[t.at:t.at+t.n], eps[t.at:t.at+t.n]
			switch t.kind {
			case pointSpan:
				copy(to, l.x[t.global:])
			case noiseSpan, choiceSpan:
				copy(to, e)
			case globalSpan:
				for i := range to {
					to[i] = l.x[t.global+i] + math.Exp(l.x[b.Global+t.global+i])*e[i]
				}
			case localSpan:
				for i := range to {
					to[i] = l.lx[t.local+i] + math.Exp(l.lx[all+t.local+i])*e[i]
				}
			}
		}
	}
}

// span is a stretch of the numbers of a batch: of global ones, of the local ones of a row, or of noise.
type span struct {
	at, n  int // among the numbers of the batch
	kind   spanKind
	global int // where it begins among the global numbers, −1 of local ones
	local  int // or among those of all rows
}

type spanKind int

const (
	pointSpan  spanKind = iota // params
	noiseSpan                  // that a guide of the user's draws from
	choiceSpan                 // likewise, of discrete latents: it has no part in the density
	globalSpan                 // of latents of no row, with a mean-field guide
	localSpan                  // of latents of a row, likewise
)

// spans are those of a batch; neighbours of one kind are one, but for the local ones of each row.
func (l *loop) spans(rows *target.Rows) []span {
	var out []span
	at, i, width := 0, 0, 0
	for k, s := range l.b.Slots {
		n := s.Free.Size()
		if n == 0 {
			continue
		}
		if !l.b.Local[k] {
			kind := globalSpan
			switch {
			case s.Param:
				kind = pointSpan
			case s.Noise:
				kind = noiseKind(s)
			}
			out = append(out, span{i, n, kind, at, -1})
			at, i = at+n, i+n
			continue
		}
		each := n / s.Free[0]
		if s.Noise {
			out = append(out, span{i, each * len(rows.Index), noiseKind(s), -1, -1})
			i += each * len(rows.Index)
		} else {
			for _, row := range rows.Index {
				out = append(out, span{i, each, localSpan, -1, row*l.b.Width + width})
				i += each
			}
		}
		width += each
	}
	return out
}

func noiseKind(s guide.Slot) spanKind {
	if s.Choice {
		return choiceSpan
	}
	return noiseSpan
}

func sized(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// step makes one, and gives an estimate of the ELBO of all rows; ok is false where it or a gradient is not finite.
func (l *loop) step(rows *target.Rows) (value float64, ok bool, err error) {
	b, s := l.b, l.b.Points
	scale := float64(b.N) / float64(len(rows.Index))
	b.Temperature = l.temperature()
	l.points(rows, random.Stream(l.opt.Seed, "batch", l.steps))
	l.steps++
	e, err := b.Evaluate(rows, l.u, nil, scale, 1)
	if err != nil {
		return 0, false, err
	}
	d, w := b.Size(len(rows.Index)), 1/float64(s)
	for _, lp := range e.LogDensity {
		value += w * lp
	}
	if !graph.Finite(value) || !graph.AllFinite(e.Gradient) {
		return value, false, nil
	}
	value += scale * l.entropy(rows)
	clear(l.g)
	n := b.N * b.Width
	spans := l.spans(rows)
	for _, t := range spans {
		if t.kind != pointSpan && t.kind != globalSpan {
			continue
		}
		for p := range s {
			g := e.Gradient[p*d+t.at : p*d+t.at+t.n]
			axpy(w, g, l.g[t.global:t.global+t.n])
			if t.kind == globalSpan {
				eps := l.eps[p*d+t.at : p*d+t.at+t.n]
				for i, x := range g {
					l.g[b.Global+t.global+i] += w * x * eps[i] * math.Exp(l.x[b.Global+t.global+i])
				}
			}
		}
		if t.kind == globalSpan {
			for i := range t.n {
				l.g[b.Global+t.global+i]++
			}
		}
	}
	l.k++
	adam(l.x, l.g, l.m, l.v, l.rate, l.k, l.opt.Rate > 0)
	if l.lx == nil {
		return value, true, nil
	}
	for _, row := range rows.Index {
		l.lk[row]++
	}
	for _, t := range spans {
		if t.kind != localSpan {
			continue
		}
		for i := range t.n {
			at, local := t.at+i, t.local+i
			gl, gs := 0.0, 1.0
			sd := math.Exp(l.lx[n+local])
			for p := range s {
				g := w * e.Gradient[p*d+at] / scale
				gl += g
				gs += g * l.eps[p*d+at] * sd
			}
			k := int(l.lk[local/b.Width])
			adam(l.lx[local:local+1], []float64{gl}, l.lm[local:local+1], l.lv[local:local+1], localRate*l.rate, k, l.opt.Rate > 0)
			adam(l.lx[n+local:n+local+1], []float64{gs}, l.lm[n+local:n+local+1], l.lv[n+local:n+local+1], localRate*l.rate, k, l.opt.Rate > 0)
		}
	}
	return value, true, nil
}

// entropy is that of the guides of a batch, those of global latents in proportion to its rows; of the noise of a guide of the user's the
// standard normal's.
func (l *loop) entropy(rows *target.Rows) float64 {
	const one = 0.5 + 0.91893853320467274178032973640562 // ½ + ½ log 2π
	share, h := float64(len(rows.Index))/float64(l.b.N), 0.0
	for _, t := range l.spans(rows) {
		times := 1.0
		if t.global >= 0 {
			times = share
		}
		if t.kind != pointSpan && t.kind != choiceSpan {
			h += times * one * float64(t.n)
		}
		for i := range t.n {
			switch t.kind {
			case globalSpan:
				h += share * l.x[l.b.Global+t.global+i]
			case localSpan:
				h += l.lx[l.b.N*l.b.Width+t.local+i]
			}
		}
	}
	return h
}

// adam moves x along g (Kingma & Ba 2015), in step k at its rate. Where it is not asked to be just that, its second moments are at
// first those of the last half of the steps: gradients are huge where a run starts, and would keep steps short for thousands more.
func adam(x, g, m, v []float64, rate float64, k int, plain bool) {
	const b1 = 0.9
	b2 := 0.999
	c1, c2 := 1-math.Pow(b1, float64(k)), 1.0
	if plain {
		c2 = 1 - math.Pow(b2, float64(k))
	} else {
		b2 = math.Min(b2, 1-2/float64(k+1))
	}
	for i := range x {
		m[i] = b1*m[i] + (1-b1)*g[i]
		v[i] = b2*v[i] + (1-b2)*g[i]*g[i]
		x[i] += rate * (m[i] / c1) / (math.Sqrt(v[i]/c2) + 1e-8)
	}
}

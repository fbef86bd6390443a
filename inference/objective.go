package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// objective is the mean-field ELBO with fixed noise eps (S×D), as a function of
// location and log sd,
//
//	F(loc, logsd) = 1/S Σ_s log p(loc + e^logsd ⊙ eps_s) + Σ logsd + D/2 (1 + log 2π).
//
// With u_s = loc + e^logsd ⊙ eps_s its derivatives are averages of those of the
// log density: ∂F/∂loc = mean g_s, ∂F/∂logsd = mean g_s ⊙ sd ⊙ eps_s + 1, and
// for products with the Hessian the direction at particle s is
// v_loc + v_logsd ⊙ sd ⊙ eps_s. Coordinates of params are points: they have a location, no noise
// and no entropy, and their log sds stay where they are. Those of the noise of a guide of the user's are
// still where that guide is what is fitted: they stay standard normal.
type objective struct {
	surf *target.Surface
	S, D int
	eps  []float64
	// point marks the coordinates of params, and latents counts the others.
	point   []bool
	latents int
	still   []bool // nil: none

	// Of the last evaluation:
	value        float64
	gloc, glogsd []float64
	lps          []float64
	u, g, v, hv  []float64
	sd           []float64
	lpScratch    []float64
	loc, logsd   []float64
	sensitivity  []float64 // mean g_s ⊙ sd ⊙ eps_s
}

func newObjective(surf *target.Surface, seed uint64, s int, still []bool) *objective {
	d := surf.D
	o := &objective{surf: surf, S: s, D: d, eps: make([]float64, s*d), still: still}
	random.Balanced(random.Stream(seed, "elbo", s), o.eps, s, d)
	o.point = surf.Points()
	for i, still := range o.point {
		if !still {
			o.latents++
			continue
		}
		for at := i; at < s*d; at += d {
			o.eps[at] = 0
		}
	}
	buf := func() []float64 { return make([]float64, s*d) }
	vec := func() []float64 { return make([]float64, d) }
	o.u, o.g, o.v, o.hv = buf(), buf(), buf(), buf()
	o.gloc, o.glogsd, o.sd, o.sensitivity = vec(), vec(), vec(), vec()
	o.lps, o.lpScratch = make([]float64, s), make([]float64, s)
	o.loc, o.logsd = vec(), vec()
	return o
}

// eval evaluates F and its gradient.
func (o *objective) eval(loc, logsd []float64) error {
	copy(o.loc, loc)
	copy(o.logsd, logsd)
	d := o.D
	for i, l := range logsd {
		o.sd[i] = math.Exp(l)
	}
	o.place(o.u)
	if err := o.surf.Gradient(o.u, o.lps, o.g); err != nil {
		return err
	}
	o.value = float64(o.latents) * 0.5 * (1 + math.Log(2*math.Pi))
	for i, l := range logsd {
		if !o.point[i] {
			o.value += l
		}
	}
	w := 1 / float64(o.S)
	mean := 0.0
	for _, l := range o.lps {
		mean += w * l
	}
	o.value += mean
	clear(o.gloc)
	clear(o.sensitivity)
	for s := 0; s < o.S; s++ {
		g, e := o.g[s*d:][:d], o.eps[s*d:][:d]
		for i, x := range g {
			o.gloc[i] += w * x
			o.sensitivity[i] += w * x * e[i] * o.sd[i]
		}
	}
	for i, x := range o.sensitivity {
		o.glogsd[i] = x + 1
		if o.point[i] {
			o.glogsd[i] = 0
		}
	}
	o.hold(o.gloc, o.glogsd)
	return nil
}

// hold clears the coordinates that are still.
func (o *objective) hold(xs ...[]float64) {
	for i, still := range o.still {
		for _, x := range xs {
			if still {
				x[i] = 0
			}
		}
	}
}

// place fills u with the particles at the last point.
func (o *objective) place(u []float64) {
	for s := 0; s < o.S; s++ {
		for i := 0; i < o.D; i++ {
			u[s*o.D+i] = o.loc[i] + o.sd[i]*o.eps[s*o.D+i]
		}
	}
}

func (o *objective) finite() bool {
	return graph.Finite(o.value) && graph.AllFinite(o.gloc) && graph.AllFinite(o.glogsd)
}

// product fills hloc and hlogsd with the Hessian of F, at the last point
// evaluated, times (vloc, vlogsd).
func (o *objective) product(vloc, vlogsd, hloc, hlogsd []float64) error {
	d := o.D
	for s := 0; s < o.S; s++ {
		for i := 0; i < d; i++ {
			o.v[s*d+i] = vloc[i] + vlogsd[i]*o.sd[i]*o.eps[s*d+i]
		}
	}
	if err := o.surf.Product(o.u, o.v, o.lpScratch, o.g, o.hv); err != nil {
		return err
	}
	clear(hloc)
	clear(hlogsd)
	w := 1 / float64(o.S)
	for s := 0; s < o.S; s++ {
		for i := 0; i < d; i++ {
			x := w * o.hv[s*d+i]
			hloc[i] += x
			hlogsd[i] += x * o.eps[s*d+i] * o.sd[i]
		}
	}
	for i := range hlogsd {
		hlogsd[i] += o.sensitivity[i] * vlogsd[i]
	}
	o.hold(hloc, hlogsd)
	return nil
}

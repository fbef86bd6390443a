package inference

import (
	"math"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// guidedStart is a point to start from: locations, sds, and parameters of the
// discrete guides.
type guidedStart struct {
	loc, sd, phi []float64
	bounds       [][2][]float64 // of infinite sites
	allowed      [][]bool
	value        float64
}

// layout places the parameters of the sites in one vector; it returns their
// number.
func (g *guided) layout() int {
	n := 0
	for _, x := range g.sites {
		x.at = n
		n += x.params()
	}
	return n
}

// startAt puts the first try at the values to start from, if there are any.
func (f *fitter) startAt(st *guidedStart, try int) error {
	if try > 0 || f.opt.Init == nil {
		return nil
	}
	s, err := f.t.Start(f.opt.Init, st.loc)
	if err == nil && s.Inside() {
		st.loc = s.U
	}
	return err
}

// guidedStart alternates between a few Newton steps for the continuous latents,
// given the probabilities of the discrete ones, and the probabilities that
// maximise the objective given those: coordinate ascent, from random
// probabilities.
func (f *fitter) guidedStart(g *guided, try int) (*guidedStart, error) {
	d := g.t.D
	r := random.Stream(f.opt.Seed, "guided start", try)
	st := &guidedStart{loc: make([]float64, d), sd: make([]float64, d), phi: make([]float64, g.layout()), value: math.Inf(-1)}
	for i := range st.sd {
		st.sd[i] = 1
		st.loc[i] = 0.5 * r.NormFloat64() * float64(try)
	}
	if err := f.startAt(st, try); err != nil {
		return nil, err
	}
	for _, x := range g.sites {
		for i := range x.allowed {
			x.allowed[i] = true
		}
		phi := st.phi[x.at : x.at+x.params()]
		if x.infinite {
			for e := 0; e < x.n; e++ {
				x.from[e], x.to[e] = x.low, math.Inf(1)
				phi[2*e], phi[2*e+1] = x.low+1, 0
			}
			continue
		}
		for i := range phi {
			phi[i] = r.NormFloat64()
		}
	}
	u := make([]float64, target.Lanes*d)
	place := func() {
		for i := range u {
			u[i] = st.loc[i%d]
		}
	}
	place()
	if err := f.scan(g, st, u); err != nil {
		return nil, err
	}
	in := target.NewInputs(target.Lanes, nil)
	t := *g.t
	t.Options.Assigner = in
	var sub *fitter
	if d > 0 {
		sub = newFitter(f.ctx, &t, f.opt)
		sub.stop = f.stop
		if err := sub.use(&t); err != nil {
			return nil, err
		}
		var err error
		sub.surf.Fixed = g.fixed(in, st)
		if sub.pattern, err = sub.findPattern(); err != nil {
			return nil, err
		}
	}
	const rounds = 12
	for round := 0; round < rounds && !f.halted(); round++ {
		for _, x := range g.sites {
			x.logits(st.phi[x.at : x.at+x.params()])
		}
		if sub != nil && sub.pattern != nil {
			sub.surf.Fixed = g.fixed(in, st)
			c := &climber{u: append([]float64(nil), st.loc...)}
			if err := sub.climb(c, 0.01, 15); err != nil {
				return nil, err
			}
			if c.h != nil && c.h.Finite() && graph.AllFinite(c.u) {
				copy(st.loc, c.u)
				diag := make([]float64, d)
				c.h.Diagonal(diag)
				for i, h := range diag {
					if h > 0 {
						st.sd[i] = 1 / math.Sqrt(h)
					}
				}
			}
		}
		place()
		// The probabilities given the rest: proportional to e^T, with T the
		// derivative by the assignment.
		for _, x := range g.sites {
			x.fill(st.phi)
		}
		if err := g.eval(u); err != nil {
			return nil, err
		}
		value := g.lp[0]
		for _, x := range g.sites {
			value += x.entropy(nil)
		}
		if graph.Finite(value) {
			st.value = value
		}
		f.spent += target.Lanes
		for _, x := range g.sites {
			if x.infinite {
				continue
			}
			phi := st.phi[x.at : x.at+x.params()]
			for e := 0; e < x.n; e++ {
				top := math.Inf(-1)
				for k := 0; k < x.k; k++ {
					top = math.Max(top, x.dw[e*x.k+k]+x.dp[e*x.k+k])
				}
				if !graph.Finite(top) {
					continue
				}
				for k := 0; k < x.k; k++ {
					at := e*x.k + k
					switch v := x.dw[at] + x.dp[at]; {
					case math.IsInf(v, -1):
						x.allowed[at] = false
					case !math.IsNaN(v): // half way: neighbours move as well
						phi[at] = 0.5*phi[at] + 0.5*math.Max(v-top, -30)
					}
				}
			}
		}
		if err := f.scan(g, st, u); err != nil {
			return nil, err
		}
	}
	if !graph.Finite(st.value) {
		return nil, nil
	}
	for _, x := range g.sites {
		st.bounds = append(st.bounds, [2][]float64{append([]float64(nil), x.from...), append([]float64(nil), x.to...)})
		st.allowed = append(st.allowed, append([]bool(nil), x.allowed...))
	}
	return st, nil
}

// fixed are the assignments by probabilities as inputs without particles.
func (g *guided) fixed(in *target.Inputs, st *guidedStart) map[*graph.Node][]float64 {
	out := map[*graph.Node][]float64{}
	for _, x := range g.sites {
		x.logits(st.phi[x.at : x.at+x.params()])
		if n := in.AssignmentOf[x.i]; n != nil {
			w := append([]float64(nil), x.q...)
			if x.infinite {
				for i := range w {
					w[i] = 1
				}
			}
			out[n] = w
		}
		if n := in.PriorOf[x.i]; n != nil {
			out[n] = append([]float64(nil), x.q...)
		}
		if n := in.DrawnOf[x.i]; n != nil {
			z := make([]float64, x.n)
			for e := range z {
				z[e] = math.Round(st.phi[x.at+2*e])
			}
			out[n] = z
		}
	}
	return out
}

// fill assigns probabilities, and the rounded means of infinite sites, to all
// particles.
func (x *guidedSite) fill(all []float64) {
	phi := all[x.at : x.at+x.params()]
	x.logits(phi)
	s := len(x.z) / x.n
	for p := 0; p < s; p++ {
		if x.infinite {
			for e := 0; e < x.n; e++ {
				x.w[p*x.n+e] = 1
				x.z[p*x.n+e] = math.Min(math.Max(math.Round(phi[2*e]), x.from[e]), x.to[e])
			}
			continue
		}
		copy(x.w[p*x.n*x.k:], x.q)
		copy(x.pr[p*x.n*x.k:], x.q)
	}
}

// scan looks for the best value of each element of infinite sites among a grid
// around the present one, finds out where the density ends, and sets the
// guide's mean and sd from what it sees. Particles try different values; the
// derivative by the assignment is, element by element, what each value gives.
func (f *fitter) scan(g *guided, st *guidedStart, u []float64) error {
	for _, x := range g.sites {
		if !x.infinite {
			continue
		}
		for _, y := range g.sites {
			y.fill(st.phi)
		}
		phi := st.phi[x.at : x.at+x.params()]
		grid := make([]float64, len(x.z)/x.n)
		for e := 0; e < x.n; e++ {
			for p := range grid {
				x.z[p*x.n+e] = x.low + spaced(p, len(grid), math.Max(phi[2*e]-x.low, 1))
			}
		}
		if err := g.eval(u); err != nil {
			return err
		}
		f.spent += target.Lanes
		for e := 0; e < x.n; e++ {
			best, top := -1, math.Inf(-1)
			for p := range grid {
				if v := x.dw[p*x.n+e]; graph.Finite(v) && v > top {
					best, top = p, v
				}
			}
			if best < 0 {
				continue
			}
			mode := x.z[best*x.n+e]
			// The spread of what is within a few nats of the best.
			lo, hi := mode, mode
			for p := range grid {
				z, v := x.z[p*x.n+e], x.dw[p*x.n+e]
				switch {
				case math.IsInf(v, -1) && z < mode:
					x.from[e] = math.Max(x.from[e], z+1)
				case math.IsInf(v, -1) && z > mode:
					x.to[e] = math.Min(x.to[e], z-1)
				case v > top-2:
					lo, hi = math.Min(lo, z), math.Max(hi, z)
				}
			}
			phi[2*e], phi[2*e+1] = mode, math.Log(math.Max(0.5, (hi-lo)/4))
		}
	}
	return nil
}

// spaced is place p of n in a grid of integers from 0: every one at first, then
// ever wider, up to a hundred times around.
func spaced(p, n int, around float64) float64 {
	half := n / 2
	if p < half {
		return float64(p)
	}
	top := math.Max(100*around, 1000)
	return math.Round(float64(half) * math.Pow(top/float64(half), float64(p-half+1)/float64(n-half)))
}

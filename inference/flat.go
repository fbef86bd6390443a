package inference

import "math"

// withoutResponse answers where there is no linear response. The curvature at the
// particles may vanish though the posterior is proper: that of a Laplace density is
// zero but at one point, that of a logistic one dies away. Where the density falls along
// the direction without curvature nothing is flat, and importance weights around the
// guide, whose sds know of the whole fall, make up for the response.
func (f *fitter) withoutResponse(fit *Answer, r *response, a *ascent) error {
	if f.opt.Correct == "linear" || f.t.D > mostWeighted {
		return f.plainDraws(fit, a, f.t.D)
	}
	falls, err := f.falls(r, a)
	if err != nil {
		return err
	}
	if !falls {
		return f.plainDraws(fit, a, f.t.D)
	}
	fit.Flat = nil
	if err := f.weightsAround(fit, diagonal(a.loc, a.logsd), a); err != nil || fit.Applied == Importance {
		return err
	}
	khat, ess := fit.Draws.KHat, fit.Draws.ESS
	if err := f.plainDraws(fit, a, f.t.D); err != nil {
		return err
	}
	fit.Draws.KHat, fit.Draws.ESS = khat, ess
	return nil
}

// walk is how far, in sds of the guide, the density is looked at along a direction, and
// fall the nats by which a proper one is lower somewhere there, on both sides.
var walk = []float64{2, 8, 64, 512}

const fall = 1

// falls reports whether the density falls on both sides along the direction without
// curvature, and along each of its coordinates.
func (f *fitter) falls(r *response, a *ascent) (bool, error) {
	if len(r.flat) == 0 {
		return false, nil
	}
	d := f.t.D
	directions := [][]float64{r.direction}
	for _, i := range r.flat {
		axis := make([]float64, d)
		axis[i] = 1
		directions = append(directions, axis)
	}
	for _, x := range directions {
		size := 0.0
		for i, v := range x {
			size = math.Max(size, math.Abs(v)/math.Exp(a.logsd[i]))
		}
		if size == 0 { // of log sds alone
			continue
		}
		u := make([]float64, 0, (1+2*len(walk))*d)
		u = append(u, a.loc...)
		for _, sign := range []float64{-1, 1} {
			for _, t := range walk {
				for i, v := range x {
					u = append(u, a.loc[i]+sign*t*v/size)
				}
			}
		}
		lp := make([]float64, 1+2*len(walk))
		if err := f.surf.Value(u, lp); err != nil {
			return false, err
		}
		for _, side := range [][]float64{lp[1 : 1+len(walk)], lp[1+len(walk):]} {
			lowest := math.Inf(1)
			for _, v := range side {
				if v < lowest { // not NaN
					lowest = v
				}
			}
			if !(lowest < lp[0]-fall) {
				return false, nil
			}
		}
	}
	return true, nil
}

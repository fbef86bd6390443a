package inference

import (
	"math"
	"runtime"
	"slices"

	"ppl/graph/parallel"
	"ppl/inference/random"
	"ppl/inference/target"
)

// responseDraws draws from the linear response, unless the weights carry the
// answer. Draws are balanced block by block, as models may be large.
func (f *fitter) responseDraws(fit *Answer, r *response, loc []float64) {
	if fit.Applied == Importance {
		return
	}
	d := f.t.D
	fit.Draws.U = f.drawn(2*d, func(z, u, scratch []float64) {
		r.colour(z, u, scratch)
		axpy(1, loc, u)
	})
	if n := fit.Draws.N(); n < f.opt.Draws {
		fit.Draws.ESS = min(fit.Draws.ESS, float64(n))
	}
}

// plainDraws draws from the mean-field guide.
func (f *fitter) plainDraws(fit *Answer, a *ascent, d int) error {
	f.ears.close()
	draw := func(z, u, _ []float64) {
		for i, x := range z {
			u[i] = a.loc[i] + math.Exp(a.logsd[i])*x
		}
	}
	var u []float64
	if n := f.opt.Draws; n*d <= balancedDraws {
		u = make([]float64, n*d)
		random.Balanced(random.Stream(f.opt.Seed, "draws", 0), u, n, d)
		for i := 0; i < n; i++ {
			draw(u[i*d:(i+1)*d], u[i*d:(i+1)*d], nil)
		}
	} else {
		u = f.drawn(d, draw)
	}
	fit.Draws, fit.Applied = &Weighted{D: d, U: u, KHat: math.NaN(), ESS: float64(len(u) / max(1, d))}, NoCorrection
	return nil
}

// balancedDraws is the number of numbers, 128 MB of them, up to which plain draws
// are balanced all at once; hastyDraws how many are drawn where someone is waiting.
const (
	balancedDraws = 1 << 24
	hastyDraws    = 1 << 21
)

// drawn makes the draws of the answer, rows of D numbers, each from standard
// normals, width of them: all that were asked for, or fewer where the run has been
// ended, or is meanwhile. They are balanced block by block, as models may be large.
func (f *fitter) drawn(width int, draw func(z, u, scratch []float64)) []float64 {
	d, n := f.t.D, f.opt.Draws
	waiting := f.halted()
	if waiting {
		n = min(n, max(target.Lanes, hastyDraws/d))
	}
	out := make([]float64, n*d)
	blocks := (n + target.Lanes - 1) / target.Lanes
	done := make([]bool, blocks)
	workers := min(blocks, runtime.GOMAXPROCS(0))
	parallel.Each(workers, func(worker int) {
		z, scratch := make([]float64, target.Lanes*width), make([]float64, width)
		for b := worker; b < blocks && (b == 0 || waiting || f.ears.why() == ""); b += workers {
			random.Balanced(random.Stream(f.opt.Seed, "draws", b), z, target.Lanes, width)
			for i := b * target.Lanes; i < min(n, (b+1)*target.Lanes); i++ {
				draw(z[(i-b*target.Lanes)*width:][:width], out[i*d:(i+1)*d], scratch)
			}
			done[b] = true
		}
	})
	if b := slices.Index(done, false); b > 0 {
		out = out[:b*target.Lanes*d]
	}
	if hasty := max(target.Lanes, hastyDraws/d) * d; f.halted() && len(out) > hasty {
		out = append([]float64(nil), out[:hasty]...) // what is made of them takes time, too
	}
	return out
}

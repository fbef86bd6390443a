package inference

import (
	"math"
	"slices"

	"ppl/graph"
	"ppl/inference/random"
	"ppl/inference/target"
)

// starts finds n starting points with a finite density and gradient: the
// origin of the unconstrained scale, or the outset, first, then points uniform in (−2, 2) as
// Stan's are, then closer and farther ones.
// With values to start from that point is the first one, before all others; alone where one is wanted.
func (f *fitter) starts(n int) ([][]float64, error) {
	if f.opt.Init == nil {
		return f.plainStarts(n)
	}
	first, err := f.initial()
	if err != nil || n == 1 {
		return [][]float64{first}, err
	}
	rest, err := f.plainStarts(n)
	if _, none := err.(*target.ErrNoStart); none {
		err = nil
	}
	return append([][]float64{first}, rest...), err
}

// initialTries are how often what has no value of its own starts elsewhere, where the density is not finite.
const initialTries = 24

// initial is the start that Options.Init asks for: what has no value is at the origin, or where the density is finite.
func (f *fitter) initial() ([]float64, error) {
	d := f.t.D
	rest := make([]float64, d)
	copy(rest, f.outset)
	u, lp, g := make([]float64, target.Lanes*d), make([]float64, target.Lanes), make([]float64, target.Lanes*d)
	r := random.Stream(f.opt.Seed, "initial", 0)
	for try := range initialTries {
		s, err := f.t.Start(f.opt.Init, rest)
		if err != nil {
			return nil, err
		}
		if s.Inside() {
			for i := range u {
				u[i] = s.U[i%d]
			}
			if err := f.surf.Gradient(u, lp, g); err != nil {
				return nil, err
			}
			if graph.Finite(lp[0]) && graph.AllFinite(g[:d]) {
				return s.U, nil
			}
		}
		if s.Whole() {
			break
		}
		if f.halted() {
			return nil, &ErrStopped{f.why}
		}
		width := 2 / float64(1+try/8)
		for i := range rest {
			rest[i] = (2*r.Float64() - 1) * width
		}
	}
	return nil, &ErrInitial{f.noStart(u[:d])}
}

// ErrInitial says that the density is not finite at the values to start from.
type ErrInitial struct{ Err error }

func (e *ErrInitial) Error() string { return "the starting values: " + e.Err.Error() }
func (e *ErrInitial) Unwrap() error { return e.Err }

// plainStarts are starts without values to start from.
func (f *fitter) plainStarts(n int) ([][]float64, error) {
	d := f.t.D
	u, lp, g := make([]float64, target.Lanes*d), make([]float64, target.Lanes), make([]float64, target.Lanes*d)
	var out [][]float64
	for try, width := range []float64{2, 0.5, 0.1, 5, 20} {
		r := random.Stream(f.opt.Seed, "start", try)
		for i := range u {
			u[i] = (2*r.Float64() - 1) * width
		}
		if try == 0 {
			clear(u[:d])
			copy(u, f.outset)
		}
		if err := f.surf.Gradient(u, lp, g); err != nil {
			return nil, err
		}
		for i := range lp {
			if graph.Finite(lp[i]) && graph.AllFinite(g[i*d:(i+1)*d]) {
				if out = append(out, append([]float64(nil), u[i*d:(i+1)*d]...)); len(out) == n {
					return out, nil
				}
			}
		}
		if f.halted() {
			return nil, &ErrStopped{f.why}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return nil, f.noStart(u[:d])
}

func (f *fitter) noStart(u []float64) error { return f.t.NoStart(u) }

// approach moves a start near the bulk of the posterior by Newton steps on the
// log density, and sets sds from the curvature there: that copes with raw units
// of any size. It does not try to find a mode, of which a hierarchical density
// may have none.
func (f *fitter) approach(u []float64) (loc, logsd []float64, err error) {
	d := f.t.D
	loc, logsd = append([]float64(nil), u...), make([]float64, d)
	still := f.still()
	for i, s := range still {
		if s {
			loc[i] = 0
		}
	}
	if f.pattern == nil {
		return loc, logsd, nil
	}
	c := &climber{u: loc}
	steps := 40
	if f.learning && slices.Contains(f.surf.Points(), false) || still != nil {
		steps = 0 // beside params the density of latents at points may rise without bound: their spread is what holds it
	}
	if err := f.climb(c, 0.1, steps); err != nil {
		return nil, nil, err
	}
	diag := make([]float64, d)
	if c.h != nil && c.h.Finite() {
		c.h.Diagonal(diag)
	}
	for i, h := range diag {
		if h > 0 {
			logsd[i] = -0.5 * math.Log(h)
		}
		if still != nil && still[i] {
			logsd[i] = 0
		}
	}
	return c.u, logsd, nil
}

// shrink makes sds smaller until the objective is finite.
func (f *fitter) shrink(o *objective, loc, logsd []float64) error {
	for k := 0; k < 40; k++ {
		if err := o.eval(loc, logsd); err != nil {
			return err
		}
		if o.finite() {
			return nil
		}
		for i := range logsd {
			if o.still == nil || !o.still[i] {
				logsd[i] -= math.Ln2
			}
		}
		if f.halted() {
			return &ErrStopped{f.why}
		}
	}
	return f.noStart(loc)
}

// widest is the log sd at which a coordinate counts as unbounded, relative to
// the units in which its transform works.
const widest = 40

// wide reports whether some sd has grown beyond any scale.
func (f *fitter) wide(logsd []float64) bool {
	for i, l := range logsd {
		if l > widest || f.curved[i] && l > 5 {
			return true
		}
	}
	return false
}

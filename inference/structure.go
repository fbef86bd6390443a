package inference

import (
	"math"
	"runtime"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/arrow"
	"ppl/inference/random"
	"ppl/inference/target"
)

const (
	// looked is the number of coordinates from which a pattern is looked for:
	// below it, a dense Hessian takes one run.
	looked = target.Lanes
)

// largestDense bounds dense matrices: beyond it a Hessian without a pattern is
// not formed. (A variable for tests.)
var largestDense = 1500

// findPattern looks for structure in the Hessian. For each length n that
// leading dimensions of latents have, all coordinates of such latents are taken
// as n local blocks and the others as global ones: blocks that do not interact
// given the rest (a plate), or that interact with their neighbours, or with
// those up to four away (a state-space model). Products of the Hessian with
// random vectors, at random points, tell whether that is so. The pattern with
// the fewest probes is returned; without any, it is the dense one up to
// largestDense coordinates, else nil.
func (f *fitter) findPattern() (*arrow.Pattern, error) {
	d := f.t.D
	dense := arrow.Dense(d)
	if d <= looked {
		return dense, nil
	}
	return f.findPatternOf(f.t.Slots, dense, nil)
}

// findPatternOf is findPattern for some slots; dense is the dense pattern of their coordinates, and within marks
// them, nil if they are all.
func (f *fitter) findPatternOf(slots []guide.Slot, dense *arrow.Pattern, within []bool) (*arrow.Pattern, error) {
	best := dense
	tried := map[int]bool{}
	for _, s := range slots {
		if len(s.Free) == 0 || s.Free[0] < 2 || tried[s.Free[0]] {
			continue
		}
		n := s.Free[0]
		tried[n] = true
		plate := plate(slots, n)
		candidates := []*arrow.Pattern{plate}
		for _, span := range []int{1, 2, 4} {
			if n >= 8*span {
				candidates = append(candidates, grouped(plate, span))
			}
		}
		for _, p := range candidates {
			if p.Probes() > largestDense || p.Probes() >= best.Probes() || f.halted() {
				continue
			}
			ok, err := f.follows(p, within)
			if isStopped(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if ok {
				best = p
				break
			}
		}
	}
	if best.Probes() > largestDense {
		return nil, nil
	}
	return best, nil
}

// plate takes the latents whose leading dimension is n as n blocks.
func plate(slots []guide.Slot, n int) *arrow.Pattern {
	p := &arrow.Pattern{Blocks: make([][]int, n)}
	for _, s := range slots {
		size := s.Free.Size()
		for i := 0; i < size; i++ {
			if leads(s.Free, n) {
				b := i / (size / n)
				p.Blocks[b] = append(p.Blocks[b], s.Offset+i)
			} else {
				p.Globals = append(p.Globals, s.Offset+i)
			}
		}
	}
	return p
}

// grouped makes a chain of the blocks of a plate, span of them to a block; those
// that are left over become global.
func grouped(plate *arrow.Pattern, span int) *arrow.Pattern {
	p := &arrow.Pattern{Globals: append([]int(nil), plate.Globals...), Chained: true}
	n := len(plate.Blocks) / span * span
	for i := 0; i < n; i += span {
		var block []int
		for _, b := range plate.Blocks[i : i+span] {
			block = append(block, b...)
		}
		p.Blocks = append(p.Blocks, block)
	}
	for _, b := range plate.Blocks[n:] {
		p.Globals = append(p.Globals, b...)
	}
	return p
}

// unrelated is the pattern of n coordinates none of which touches another.
func unrelated(n int) *arrow.Pattern {
	p := &arrow.Pattern{Blocks: make([][]int, n)}
	for i := range p.Blocks {
		p.Blocks[i] = []int{i}
	}
	return p
}

func leads(shape graph.Shape, n int) bool { return len(shape) > 0 && shape[0] == n }

// follows tests a pattern: at random points, the matrix that the probes give
// and the Hessian itself must agree on random vectors, within the coordinates that are marked (nil: all).
func (f *fitter) follows(p *arrow.Pattern, within []bool) (bool, error) {
	const points, tests = 2, 3
	d := f.t.D
	r := random.Stream(f.opt.Seed, "pattern", len(p.Blocks))
	for k := 0; k < points; k++ {
		u := make([]float64, d)
		for i := range u {
			u[i] = 0.5 * r.NormFloat64() * float64(k)
		}
		m, _, err := f.hessianInTime(p, u)
		if err != nil {
			return false, err
		}
		if !m.Finite() {
			continue
		}
		us, vs := make([]float64, tests*d), make([]float64, tests*d)
		lp, g, hv := make([]float64, tests), make([]float64, tests*d), make([]float64, tests*d)
		for i := 0; i < tests; i++ {
			copy(us[i*d:], u)
		}
		for i := range vs {
			if x := r.NormFloat64(); within == nil || within[i%d] {
				vs[i] = x
			}
		}
		if err := f.surf.Product(us, vs, lp, g, hv); err != nil {
			return false, err
		}
		diag := make([]float64, d)
		m.Diagonal(diag)
		y := make([]float64, d)
		for i := 0; i < tests; i++ {
			m.MulVec(vs[i*d:(i+1)*d], y)
			for j, want := range hv[i*d : (i+1)*d] {
				if within != nil && !within[j] {
					continue
				}
				if math.Abs(-y[j]-want) > 1e-7*(math.Abs(want)+math.Abs(diag[j])) {
					return false, nil
				}
			}
		}
	}
	return true, nil
}

// hessian is the negated Hessian of the log density at u, in the fit's pattern,
// with the gradient there.
func (f *fitter) hessian(u []float64) (*arrow.Matrix, []float64, error) {
	return f.hessianAs(f.pattern, u)
}

// batch is the number of points of one call to the surface where there are
// many: enough for all cores, but no more than memory for a million numbers, or
// sixteen blocks.
func batch(d int) int {
	return target.Lanes * max(runtime.GOMAXPROCS(0), min(16, 1<<20/(target.Lanes*max(1, d))))
}

func (f *fitter) hessianAs(p *arrow.Pattern, u []float64) (*arrow.Matrix, []float64, error) {
	return f.hessianUnless(p, u, func() bool { return false })
}

// hessianInTime is hessianAs, or an *ErrStopped where the run is ended meanwhile.
func (f *fitter) hessianInTime(p *arrow.Pattern, u []float64) (*arrow.Matrix, []float64, error) {
	return f.hessianUnless(p, u, f.halted)
}

func (f *fitter) hessianUnless(p *arrow.Pattern, u []float64, halted func() bool) (*arrow.Matrix, []float64, error) {
	d, n := f.t.D, p.Probes()
	m := arrow.New(p)
	var gradient []float64
	rows := batch(d)
	for from := 0; from < n; from += rows {
		if from > 0 && halted() {
			return nil, nil, &ErrStopped{f.why}
		}
		k := min(rows, n-from)
		us, vs := make([]float64, k*d), make([]float64, k*d)
		lp, g, hv := make([]float64, k), make([]float64, k*d), make([]float64, k*d)
		for i := 0; i < k; i++ {
			copy(us[i*d:], u)
			p.Probe(from+i, vs[i*d:(i+1)*d])
		}
		if err := f.surf.Product(us, vs, lp, g, hv); err != nil {
			return nil, nil, err
		}
		for i := 0; i < k; i++ {
			m.AddProduct(from+i, -1, hv[i*d:(i+1)*d])
		}
		if gradient == nil {
			gradient = g[:d]
		}
	}
	m.Symmetrise()
	return m, gradient, nil
}

package inference

import (
	"math"
	"runtime"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/parallel"
)

// lanes is the number of points that a Surface evaluates in one run: the width
// of the plan's vector kernels.
const lanes = 64

// Surface evaluates the log density of a target on the unconstrained scale,
// log p(x(u), data) + log |det ∂x/∂u|, at any number of points: its values,
// gradients and products of its Hessian with vectors. Points are rows of D
// numbers. They are worked in blocks of 64, block by block on all cores; each
// block's result does not depend on which core takes it.
//
// A Surface is one caller's: its methods must not run at the same time.
type Surface struct {
	D int
	// Values, Gradients and Products count the points evaluated by each method.
	Values, Gradients, Products int

	t    *Target
	g    *graph.Graph
	u, v *graph.Node
	outs [3][]*graph.Node // by kind
	// fixed are inputs that do not change with the points.
	fixed map[*graph.Node][]float64
	work  [3][]*program // one for each worker, compiled when first used
}

type kind int

const (
	valueOnly kind = iota
	withGradient
	withProduct
)

// NewSurface lowers and differentiates the model; programs are compiled when
// they are first needed.
func (t *Target) NewSurface() (*Surface, error) {
	return t.surfaceOver(pointAxis())
}

// pointAxis is the axis of the points of a block.
func pointAxis() *named.Axis {
	return &named.Axis{Name: "particle", Size: lanes, Class: named.Particle}
}

// surfaceOver is NewSurface with an axis of the points that is given.
func (t *Target) surfaceOver(ax *named.Axis) (*Surface, error) {
	b := t.builder()
	s := &Surface{D: t.D, t: t, g: b.G}
	s.u = b.G.BatchInput("u", graph.Shape{lanes, t.D})
	s.v = b.G.BatchInput("v", graph.Shape{lanes, t.D})
	l, err := t.lowerDensity(b, b.Wrap(s.u, ax))
	if err != nil {
		return nil, err
	}
	lp := b.With(l.logDensity(), ax).N
	ones := make([]float64, lanes)
	for i := range ones {
		ones[i] = 1
	}
	g := grad.VJP(b.G, lp, b.G.Constant(graph.Shape{lanes}, ones), []*graph.Node{s.u})[0]
	s.outs[valueOnly] = []*graph.Node{lp}
	s.outs[withGradient] = []*graph.Node{lp, g}
	return s, nil
}

// differentiateTwice adds the Hessian-vector product to the graph: the
// gradient of Σ g·v, lane by lane.
func (s *Surface) differentiateTwice() {
	if s.outs[withProduct] != nil {
		return
	}
	lp, g := s.outs[withGradient][0], s.outs[withGradient][1]
	hv := grad.VJP(s.g, g, s.v, []*graph.Node{s.u})[0]
	s.outs[withProduct] = []*graph.Node{lp, g, hv}
}

// programs returns at least n compiled programs of a kind, for n workers.
func (s *Surface) programs(k kind, n int) ([]*program, error) {
	if k == withProduct {
		s.differentiateTwice()
	}
	if len(s.work[k]) == 0 {
		p, err := s.t.compile(s.g, s.outs[k]...)
		if err != nil {
			return nil, err
		}
		s.work[k] = append(s.work[k], p)
	}
	for len(s.work[k]) < n {
		p, err := s.work[k][0].another()
		if err != nil {
			return nil, err
		}
		s.work[k] = append(s.work[k], p)
	}
	return s.work[k][:n], nil
}

// run evaluates n points; v, g and hv are used as the kind asks.
func (s *Surface) run(k kind, n int, u, v, lp, g, hv []float64) error {
	blocks := (n + lanes - 1) / lanes
	if blocks == 0 {
		return nil
	}
	workers := min(blocks, runtime.GOMAXPROCS(0))
	ps, err := s.programs(k, workers)
	if err != nil {
		return err
	}
	errs := make([]error, workers)
	inParallel(workers, func(w int) {
		for i := w; i < blocks && errs[w] == nil; i += workers {
			errs[w] = s.block(ps[w], k, i, n, u, v, lp, g, hv)
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// inParallel runs work for each worker at the same time. What a piece of work
// gives must not depend on who does it. A panic of one is the caller's.
func inParallel(workers int, work func(worker int)) { parallel.Each(workers, work) }

func (s *Surface) block(p *program, k kind, i, n int, u, v, lp, g, hv []float64) error {
	lo, hi := i*lanes, min(n, (i+1)*lanes)
	p.setRows(s.u, u[lo*s.D:hi*s.D], s.D)
	for n, x := range s.fixed {
		p.set(n, x)
	}
	if k == withProduct {
		p.setRows(s.v, v[lo*s.D:hi*s.D], s.D)
	}
	if err := p.state.Run(); err != nil {
		return err
	}
	copy(lp[lo:hi], p.state.Output(0))
	if k >= withGradient {
		copy(g[lo*s.D:hi*s.D], p.state.Output(1))
	}
	if k >= withProduct {
		copy(hv[lo*s.D:hi*s.D], p.state.Output(2))
	}
	return nil
}

// setRows fills an input of 64 rows; missing rows repeat the last one, so that
// no lane works on numbers that nobody asked for.
func (p *program) setRows(n *graph.Node, x []float64, d int) {
	i, ok := p.inputs[n]
	if !ok || d == 0 {
		return
	}
	in := p.state.Input(i)
	k := copy(in, x)
	for ; k < len(in); k += d {
		copy(in[k:], x[len(x)-d:])
	}
}

// another is the same program with a state of its own.
func (p *program) another() (*program, error) {
	st, err := p.compiled.NewState()
	return &program{compiled: p.compiled, state: st, inputs: p.inputs}, err
}

// Value fills lp with the log densities of the points u.
func (s *Surface) Value(u, lp []float64) error {
	s.Values += len(lp)
	return s.run(valueOnly, len(lp), u, nil, lp, nil, nil)
}

// Gradient fills lp and g, of the shape of u.
func (s *Surface) Gradient(u, lp, g []float64) error {
	s.Gradients += len(lp)
	return s.run(withGradient, len(lp), u, nil, lp, g, nil)
}

// Product fills lp, g, and hv with the Hessian at each point times the row of
// v that belongs to it.
func (s *Surface) Product(u, v, lp, g, hv []float64) error {
	s.Products += len(lp)
	return s.run(withProduct, len(lp), u, v, lp, g, hv)
}

// Hessian fills h (D×D) with the Hessian at the point u, made symmetric, and
// returns the log density and gradient there.
func (s *Surface) Hessian(u, h []float64) (lp float64, g []float64, err error) {
	d := s.D
	us, vs := make([]float64, d*d), make([]float64, d*d)
	lps, gs := make([]float64, d), make([]float64, d*d)
	for i := 0; i < d; i++ {
		copy(us[i*d:], u)
		vs[i*d+i] = 1
	}
	if err := s.Product(us, vs, lps, gs, h); err != nil {
		return math.NaN(), nil, err
	}
	symmetrise(h, d)
	return lps[0], gs[:d], nil
}

func symmetrise(h []float64, d int) {
	for i := 0; i < d; i++ {
		for j := 0; j < i; j++ {
			m := 0.5 * (h[i*d+j] + h[j*d+i])
			h[i*d+j], h[j*d+i] = m, m
		}
	}
}

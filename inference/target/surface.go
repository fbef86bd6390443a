package target

import (
	"math"
	"runtime"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/parallel"
	"ppl/graph/scan"
)

// Lanes is the number of points that a Surface evaluates in one run: the width
// of the plan's vector kernels.
const Lanes = 64

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
	// Fixed are inputs that do not change with the points.
	Fixed map[*graph.Node][]float64
	work  [3][]*Program // one for each worker, compiled when first used
}

type kind int

const (
	valueOnly kind = iota
	withGradient
	withProduct
)

// Points marks the coordinates of params.
func (s *Surface) Points() []bool {
	out := make([]bool, s.D)
	for _, slot := range s.t.Slots {
		for i := range slot.Free.Size() {
			out[slot.Offset+i] = slot.Param
		}
	}
	return out
}

// Noise marks the coordinates of the noise that a guide of the user's draws from; nil where there is none.
func (s *Surface) Noise() []bool {
	if !s.t.Written() {
		return nil
	}
	out := make([]bool, s.D)
	for _, slot := range s.t.Slots {
		for i := range slot.Free.Size() {
			out[slot.Offset+i] = slot.Noise
		}
	}
	return out
}

// NewSurface lowers and differentiates the model; programs are compiled when
// they are first needed.
func (t *Target) NewSurface() (*Surface, error) {
	return t.SurfaceOver(PointAxis())
}

// PointAxis is the axis of the points of a block.
func PointAxis() *named.Axis {
	return &named.Axis{Name: "particle", Size: Lanes, Class: named.Particle}
}

// SurfaceOver is NewSurface with an axis of the points that is given.
func (t *Target) SurfaceOver(ax *named.Axis) (*Surface, error) {
	b := t.Builder()
	s := &Surface{D: t.D, t: t, g: b.G}
	s.u = b.G.BatchInput("u", graph.Shape{Lanes, t.D})
	s.v = b.G.BatchInput("v", graph.Shape{Lanes, t.D})
	l, err := t.LowerDensity(b, b.Wrap(s.u, ax))
	if err != nil {
		return nil, err
	}
	lp := b.With(l.LogDensity(), ax).N
	g := Derivatives(b, lp, Lanes, s.u)[0]
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
func (s *Surface) programs(k kind, n int) ([]*Program, error) {
	if k == withProduct {
		s.differentiateTwice()
	}
	if len(s.work[k]) == 0 {
		p, err := s.t.Compile(s.g, s.outs[k]...)
		if err != nil {
			return nil, err
		}
		s.work[k] = append(s.work[k], p)
	}
	for len(s.work[k]) < n {
		p, err := s.work[k][0].Another()
		if err != nil {
			return nil, err
		}
		s.work[k] = append(s.work[k], p)
	}
	return s.work[k][:n], nil
}

// run evaluates n points; v, g and hv are used as the kind asks.
func (s *Surface) run(k kind, n int, u, v, lp, g, hv []float64) error {
	blocks := (n + Lanes - 1) / Lanes
	if blocks == 0 {
		return nil
	}
	workers := min(blocks, runtime.GOMAXPROCS(0))
	ps, err := s.programs(k, workers)
	if err != nil {
		return err
	}
	errs := make([]error, workers)
	parallel.Each(workers, func(w int) {
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

func (s *Surface) block(p *Program, k kind, i, n int, u, v, lp, g, hv []float64) error {
	lo, hi := i*Lanes, min(n, (i+1)*Lanes)
	p.setRows(s.u, u[lo*s.D:hi*s.D], s.D)
	for n, x := range s.Fixed {
		p.Set(n, x)
	}
	if k == withProduct {
		p.setRows(s.v, v[lo*s.D:hi*s.D], s.D)
	}
	if err := p.Run(); err != nil {
		return err
	}
	copy(lp[lo:hi], p.Out(0))
	if k >= withGradient {
		copy(g[lo*s.D:hi*s.D], p.Out(1))
	}
	if k >= withProduct {
		copy(hv[lo*s.D:hi*s.D], p.Out(2))
	}
	return nil
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
	Symmetrise(h, d)
	return lps[0], gs[:d], nil
}

// Symmetrise makes a D×D matrix the mean of itself and its transpose.
func Symmetrise(h []float64, d int) {
	for i := 0; i < d; i++ {
		for j := 0; j < i; j++ {
			m := 0.5 * (h[i*d+j] + h[j*d+i])
			h[i*d+j], h[j*d+i] = m, m
		}
	}
}

// Integrates reports whether the density solves a differential equation.
func (s *Surface) Integrates() bool {
	for _, n := range s.g.Nodes() {
		if _, is := n.Op.(scan.Steps); is {
			return true
		}
	}
	return false
}

// Evaluations counts points at which anything was evaluated.
func (s *Surface) Evaluations() int { return s.Values + s.Gradients + s.Products }

// Cost estimates the elements that an evaluation at one point works through.
func (s *Surface) Cost() float64 {
	t := 0.0
	for _, n := range s.g.Nodes() {
		t += float64(n.Shape.Size())
	}
	return t / Lanes
}

// Work is Cost, with what the bodies of recurrences work through.
func (s *Surface) Work() float64 { return s.Cost() + InnerWork(s.g)/Lanes }

// InnerWork is what the bodies of a graph's recurrences work through.
func InnerWork(g *graph.Graph) float64 {
	w := 0.0
	for _, n := range g.Nodes() {
		if op, is := n.Op.(interface{ Work() float64 }); is {
			w += op.Work()
		}
	}
	return w
}

// stepWork is what a step of a chain of discrete states takes for each pair of values, in numbers that a plain operation works
// through: exponentials, forwards and back, one at a time.
const stepWork = 100

// StepWork is what the recursions over chains of discrete states work through, beside the elements of nodes.
func StepWork(g *graph.Graph) float64 {
	w := 0.0
	for _, n := range g.Nodes() {
		var c op.ChainShape
		switch o := n.Op.(type) {
		case op.Chain:
			c = o.ChainShape
		case op.ChainHessian:
			c = o.ChainShape
		default:
			continue
		}
		w += stepWork * float64(c.Batch.Size()*c.T*c.K*c.K)
	}
	return w
}

// Nodes is the number of nodes of the density's graph.
func (s *Surface) Nodes() int { return len(s.g.Nodes()) }

package target

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/lang/diag"
)

// ErrNoStart is returned where no starting point has a finite density.
type ErrNoStart struct {
	// Sites lists the statements whose contribution is not finite at the start.
	Sites []string
	// Derivatives says that all contributions are finite, but not the
	// derivatives of those of Sites.
	Derivatives bool
	// Span is that of the first of Sites, and At the first iteration of it for which that is so, as in
	// "i = 3"; "" where it is not known.
	Span diag.Span
	At   string
}

func (e *ErrNoStart) Error() string {
	if e.Derivatives {
		return fmt.Sprintf("the log density has no finite derivatives at any starting point; not finite at the last one: those of %v", e.Sites)
	}
	return fmt.Sprintf("the log density is not finite at any starting point; not finite at the last one: %v", e.Sites)
}

// NoStart is the error that names the statements of which the contribution to the log density is not
// finite, and the iteration; or, where all are finite, the statement and the iteration of which a
// derivative is not: at an ordinary point, where what is not finite is hardly so by chance or by overflow, or else at
// u, the last that was tried. The Jacobian of the transforms is no statement: it is not finite only where the density of
// a latent is not either.
func (t *Target) NoStart(u []float64) error {
	if t.Block != nil {
		return t.whole.NoStart(make([]float64, t.whole.D))
	}
	r, ordinary := random.Stream(0, "no start", 0), make([]float64, t.D)
	for i := range ordinary {
		ordinary[i] = 2*r.Float64() - 1
	}
	e, err := t.noStartAt(ordinary)
	if err == nil && len(e.Sites) == 0 {
		e, err = t.noStartAt(u)
	}
	if err != nil {
		return err
	}
	return e
}

func (t *Target) noStartAt(u []float64) (*ErrNoStart, error) {
	b := named.New()
	q := guide.NewMeanField(b, t.D, 1)
	l, err := t.LowerDensity(b, q.U)
	if err != nil {
		return nil, err
	}
	s := &search{t: t, b: b, q: q, u: u, factors: l.Joint.Factors}
	e := &ErrNoStart{}
	if err := s.values(e); err != nil || len(e.Sites) > 0 {
		return e, err
	}
	return e, s.derivatives(e)
}

// search looks for what is not finite.
type search struct {
	t       *Target
	b       *named.Builder
	q       *guide.MeanField
	u       []float64
	factors []lower.Factor
}

// run evaluates outputs at u.
func (s *search) compile(outs ...*graph.Node) (*Program, error) {
	p, err := s.t.Compile(s.b.G, outs...)
	if err != nil {
		return nil, err
	}
	zero := make([]float64, s.t.D)
	p.Set(s.q.Loc, s.u)
	p.Set(s.q.LogSD, zero)
	p.Set(s.q.Eps, zero)
	return p, nil
}

// values finds the statements whose contributions are not finite.
func (s *search) values(e *ErrNoStart) error {
	var outs []*graph.Node
	for _, f := range s.factors {
		outs = append(outs, f.Value.N)
		for _, x := range f.Terms {
			outs = append(outs, x.N)
		}
	}
	p, err := s.compile(outs...)
	if err != nil {
		return err
	}
	if err := p.Run(); err != nil {
		return err
	}
	at := 0
	for _, f := range s.factors {
		bad := !graph.AllFinite(p.Out(at))
		if bad && len(e.Sites) == 0 {
			e.Span = f.Span
			for k, x := range f.Terms {
				if i := firstNotFinite(p.Out(at + 1 + k)); i >= 0 {
					e.At = f.At(x, i)
					break
				}
			}
		}
		if bad {
			e.Sites = append(e.Sites, f.Site)
		}
		at += 1 + len(f.Terms)
	}
	return nil
}

func firstNotFinite(x []float64) int {
	for i, v := range x {
		if !graph.Finite(v) {
			return i
		}
	}
	return -1
}

// seeded is a term with a weight for each of its elements.
type seeded struct {
	factor lower.Factor
	term   named.Value
	weight *graph.Node
}

// derivatives finds the first element of a term of which a derivative is not finite: of the
// sum of all elements with weights of 0 and 1, of which those of 0 count for nothing (op.MulZ), by halves.
func (s *search) derivatives(e *ErrNoStart) error {
	var terms []seeded
	total, n := s.b.Scalar(0), 0
	for _, f := range s.factors {
		for _, x := range f.Terms {
			if x.IsConst() {
				continue
			}
			input := s.b.G.Input
			if x.Has(s.q.Particles) {
				input = s.b.G.BatchInput
			}
			w := input(fmt.Sprintf("weight %d", len(terms)), x.N.Shape)
			terms = append(terms, seeded{f, x, w})
			total = s.b.Add(total, s.b.SumAll(s.b.Apply(op.MulZ, s.b.Wrap(w), s.b.Wrap(x.N))))
			n += x.N.Shape.Size()
		}
	}
	if len(terms) == 0 {
		return nil
	}
	p, err := s.compile(grad.Reverse(s.b.G, total.N, []*graph.Node{s.q.Loc})...)
	if err != nil {
		return err
	}
	lo, hi := 0, n
	if ok, err := s.finiteUpTo(p, terms, hi); ok || err != nil {
		return err
	}
	for hi-lo > 1 { // the first lo are finite, the first hi are not
		mid := (lo + hi) / 2
		ok, err := s.finiteUpTo(p, terms, mid)
		if err != nil {
			return err
		}
		if ok {
			lo = mid
		} else {
			hi = mid
		}
	}
	for _, x := range terms {
		if size := x.term.N.Shape.Size(); lo >= size {
			lo -= size
			continue
		}
		e.Derivatives = true
		e.Sites, e.Span, e.At = []string{x.factor.Site}, x.factor.Span, x.factor.At(x.term, lo)
		break
	}
	return nil
}

// finiteUpTo reports whether the derivatives of the first n elements are finite.
func (s *search) finiteUpTo(p *Program, terms []seeded, n int) (bool, error) {
	for _, x := range terms {
		w := make([]float64, x.term.N.Shape.Size())
		for i := range w[:min(len(w), n)] {
			w[i] = 1
		}
		n -= min(len(w), n)
		p.Set(x.weight, w)
	}
	if err := p.Run(); err != nil {
		return false, err
	}
	return graph.AllFinite(p.Out(0)), nil
}

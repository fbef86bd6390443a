package runtime

import (
	"math"
	"sync"

	"ppl/inference"
	"ppl/inference/psis"
	"ppl/inference/tails"
	"ppl/inference/target"
	"ppl/lang"
	"ppl/lang/ast"
)

// A quotient has no mean where the density of its divisor at 0 is positive, however small:
// draws at the pole may be one in a hundred thousand, which no tail index tells. Weighted draws
// have some beyond it; of a divisor that is positive the density tells how it falls to 0.

// divisors are the names that a let is divided by, with nothing around the quotient but
// sums, products and signs.
func divisors(s *lang.Symbol) []string {
	let, ok := s.Decl.(*ast.Let)
	if !ok {
		return nil
	}
	var out []string
	var visit func(e ast.Expr)
	visit = func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.Paren:
			visit(e.X)
		case *ast.Unary:
			if e.Op == "-" {
				visit(e.X)
			}
		case *ast.Binary:
			switch e.Op {
			case "+", "-", "*":
				visit(e.X)
				visit(e.Y)
			case "/":
				visit(e.X)
				y := e.Y
				for p, is := y.(*ast.Paren); is; p, is = y.(*ast.Paren) {
					y = p.X
				}
				if name, is := y.(*ast.Name); is {
					out = append(out, name.Name)
				}
			}
		}
	}
	visit(let.Value)
	return out
}

// nextToZero says which draws with weight (all of them if w is nil) are next to 0, and
// whether they lie on both sides of it.
func nextToZero(draws, w []float64) (near, through bool) {
	var below, above bool
	var sd float64
	if w == nil {
		_, sd = meanSD(draws)
	} else {
		sd, _ = psis.SD(draws, w, 1)
	}
	for i, x := range draws {
		if w != nil && !(w[i] > 0) {
			continue
		}
		below, above = below || x < 0, above || x > 0
		near = near || !(math.Abs(x) >= sd/4)
	}
	return near, below && above
}

// findPoles takes the moments of quotients whose divisor may be 0; columns are the draws of
// the quantities, with weights w, and at is a place among them on the unconstrained scale.
func (post *making) findPoles(columns [][]float64, w, at []float64) error {
	if post.problem == nil {
		return nil
	}
	parts := map[string][]int{} // quantities by symbol
	for i := range post.quantities {
		name := post.quantities[i].Symbol
		parts[name] = append(parts[name], i)
	}
	density := sync.OnceValues(post.fit.Target.NewSurface)
	for _, s := range post.problem.model.checked.Lets {
		for _, name := range divisors(s) {
			of, by := parts[s.Name], parts[name]
			if len(by) != 1 && len(by) != len(of) {
				continue
			}
			has := make([]tails.Which, len(by))
			for k, i := range by {
				var err error
				if has[k], err = post.reciprocal(&post.quantities[i], k, columns[i], w, at, density); err != nil {
					return err
				}
			}
			for k, i := range of {
				k = min(k, len(by)-1)
				if q := &post.quantities[i]; !q.NotFinite && (has[k] == tails.None || has[k] == tails.Mean && q.Moments == tails.Both) {
					q.divisor = post.quantities[by[k]].Name
					q.TailIndex = math.Max(q.TailIndex, map[tails.Which]float64{tails.None: 1, tails.Mean: 0.5}[has[k]])
					q.without(has[k])
				}
			}
		}
	}
	return nil
}

// reciprocal says which moments the reciprocal of a quantity has, element k of its symbol,
// of which draws with weights w are given; density compiles the log density when it is needed.
func (post *making) reciprocal(q *quantity, k int, draws, w, at []float64, density func() (*target.Surface, error)) (tails.Which, error) {
	near, through := nextToZero(draws, w)
	switch {
	case !near:
		return tails.Both, nil
	case through:
		return tails.None, nil
	}
	t := post.fit.Target
	for _, s := range t.Slots {
		if s.Site.Name != q.Symbol || s.Transform.Name != "exp" || s.Relative || k >= s.Free.Size() || len(at) != t.D {
			continue
		}
		surface, err := density()
		if err != nil {
			return tails.Both, err
		}
		order, err := inference.OrderAtZero(surface, s.Offset+k, at)
		const rounding = 1e-3
		switch {
		case err != nil:
			return tails.Both, err
		case order <= 1+rounding:
			return tails.None, nil
		case order <= 2+rounding:
			return tails.Mean, nil
		}
	}
	return tails.Both, nil
}

package runtime

import (
	"math"

	"ppl/inference/tails"
	"ppl/lang"
	"ppl/lang/ast"
)

// A quotient has no mean where the density of its divisor at 0 is positive, however small:
// draws beyond the pole may be one in a hundred thousand, which no tail index tells, while
// weighted draws have them.

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

// throughZero reports whether draws with weight (all of them if w is nil) are on both sides
// of 0, and next to it.
func throughZero(draws, w []float64) bool {
	var below, above, near bool
	spread := math.Inf(1)
	if _, sd := weightedMoments(draws, w); sd > 0 {
		spread = sd
	}
	for i, x := range draws {
		if w != nil && !(w[i] > 0) {
			continue
		}
		below, above = below || x < 0, above || x > 0
		near = near || math.Abs(x) < spread/4
	}
	return below && above && near
}

func weightedMoments(draws, w []float64) (mean, sd float64) {
	if w == nil {
		return meanSD(draws)
	}
	for i, x := range draws {
		mean += w[i] * x
	}
	for i, x := range draws {
		sd += w[i] * (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(sd)
}

// findPoles takes the moments of quotients whose divisor passes through 0; columns are the
// draws of the quantities, with weights w.
func (post *Posterior) findPoles(columns [][]float64, w []float64) {
	if post.problem == nil {
		return
	}
	parts := map[string][]int{} // quantities by symbol
	for i := range post.quantities {
		name := post.quantities[i].Symbol
		parts[name] = append(parts[name], i)
	}
	for _, s := range post.problem.model.checked.Lets {
		for _, name := range divisors(s) {
			of, by := parts[s.Name], parts[name]
			if len(by) != 1 && len(by) != len(of) {
				continue
			}
			crossed := make([]bool, len(by))
			for k, i := range by {
				crossed[k] = throughZero(columns[i], w)
			}
			for k, i := range of {
				if q := &post.quantities[i]; crossed[min(k, len(by)-1)] && !q.broken {
					q.divisor = post.quantities[by[min(k, len(by)-1)]].Name
					q.TailIndex = math.Max(q.TailIndex, 1)
					q.without(tails.None)
				}
			}
		}
	}
}

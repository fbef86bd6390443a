package target

import (
	"ppl/graph"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// Weights are the weights of data, by name: one for each element of those of which some statement
// has weights (`~ DIST weighted w`), row-major, 1 where none has. The error is that of the model at
// its data, which a target has not.
func (t *Target) Weights() (map[string][]float64, error) {
	if !weighted(t.Model) || t.Options.Unweighted {
		return nil, nil
	}
	out := map[string][]float64{}
	_, err := t.lowerAt(1, Given, nil, func(opt *lower.Options, _ *named.Axis) {
		opt.Weighing = func(of *lang.Symbol, shape graph.Shape, element int, w float64) {
			if out[of.Name] == nil {
				out[of.Name] = make([]float64, shape.Size())
				for i := range out[of.Name] {
					out[of.Name][i] = 1
				}
			}
			out[of.Name][element] = w
		}
	})
	return out, err
}

// weighted reports whether some statement has weights.
func weighted(m *lang.Model) bool {
	found := false
	for _, s := range m.File.Stmts {
		ast.Inspect(s, func(n ast.Node) bool {
			_, is := n.(*ast.Weighting)
			found = found || is
			return !found
		})
	}
	return found
}

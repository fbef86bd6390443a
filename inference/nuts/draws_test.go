package nuts_test

import (
	"ppl/inference/nuts"
	"ppl/inference/target"
)

// parameter gives the draws of unconstrained number i by chain and draw, as the
// diagnostics of package mcmc take them.
func parameter(r *nuts.Result, i int) [][]float64 {
	out := make([][]float64, len(r.Chains))
	for c := range r.Chains {
		out[c] = make([]float64, len(r.Chains[c].Draws))
		for k, q := range r.Chains[c].Draws {
			out[c][k] = q[i]
		}
	}
	return out
}

// valuesOf gives the reported values of the draws: for each of the reporter's
// symbols and each of its elements, the draws by chain and draw.
func valuesOf(r *nuts.Result, rep *target.Reporter) ([][][][]float64, error) {
	out := make([][][][]float64, len(rep.Symbols))
	for k := range out {
		out[k] = make([][][]float64, rep.Shapes[k].Size())
		for e := range out[k] {
			out[k][e] = make([][]float64, len(r.Chains))
		}
	}
	u := make([]float64, rep.S*rep.D)
	for c := range r.Chains {
		draws := r.Chains[c].Draws
		for at := 0; at < len(draws); at += rep.S {
			n := min(rep.S, len(draws)-at)
			for s := range rep.S { // the last ones again, to fill the block
				copy(u[s*rep.D:], draws[min(at+s, len(draws)-1)])
			}
			vals, err := rep.Eval(u)
			if err != nil {
				return nil, err
			}
			for k, v := range vals {
				size := len(out[k])
				for i := range n * size {
					e := i % size
					out[k][e][c] = append(out[k][e][c], v[i])
				}
			}
		}
	}
	return out, nil
}

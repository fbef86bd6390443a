package runtime

import (
	"math"
	"sort"

	"ppl/runtime/answer"
)

// reportGiven reports the lets that depend on discrete latents: their values at
// the draws that are kept, each with its draw of the discrete latents.
func (post *making) reportGiven() error {
	t := post.fit.Target
	if len(t.Given) == 0 {
		return nil
	}
	r, err := t.NewGivenReporter(sitePoints)
	if err != nil || len(r.Symbols) == 0 {
		return err
	}
	z, err := post.drawn()
	if err != nil {
		return err
	}
	rows := post.kept()
	n := len(rows)
	first := len(post.quantities)
	of := post.draws // whose draws are all kept
	if of == nil || of.Weights != nil || of.N != n {
		of = &answer.Draws{N: n, Kept: n}
		if post.draws == nil {
			post.draws = of
		}
	}
	for k, s := range r.Symbols {
		for e := range r.Shapes[k].Size() {
			q := post.problem.naming().name(s, r.Shapes[k], e)
			q.Hold(make([]float64, n), of)
			post.quantities = append(post.quantities, q)
		}
	}
	values := make([][]float64, len(t.Discrete))
	for k, s := range t.Discrete {
		values[k] = make([]float64, r.S*s.Shape.Size())
	}
	for at := 0; at < n; at += r.S {
		for k, s := range t.Discrete {
			for e := range s.Shape.Size() {
				for i := range r.S {
					values[k][i*s.Shape.Size()+e] = float64(z[post.discrete.first[k]+e][min(at+i, n-1)])
				}
			}
		}
		out, err := r.Eval(rowsOf(post.fit.Draws.U, t.D, rowsAt(rows, at, r.S)), values)
		if err != nil {
			return err
		}
		c := first
		for k, shape := range r.Shapes {
			for e := range shape.Size() {
				for i := range min(r.S, n-at) {
					values, _ := post.quantities[c].Made()
					values[at+i] = out[k][i*shape.Size()+e]
				}
				c++
			}
		}
	}
	for i := first; i < len(post.quantities); i++ {
		post.quantities[i].fromDraws(post.sampling)
	}
	sort.SliceStable(post.quantities, func(i, j int) bool { return post.quantities[i].at < post.quantities[j].at })
	for i := range post.quantities {
		post.byName[post.quantities[i].Name] = i
	}
	return nil
}

// fromDraws computes summaries from the draws, and diagnostics if they are of
// Markov chains.
func (q *quantity) fromDraws(s *Sampling) {
	q.MeanFieldSD = math.NaN()
	draws, _ := q.Made()
	if s == nil {
		q.summarise(draws, nil, make([]float64, len(draws)))
		return
	}
	q.summariseChains(byChain(draws, s.Chains), s.Groups, s.Kept())
	worst(s, q)
}

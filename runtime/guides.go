package runtime

import (
	"ppl/inference/target"
)

// guideOf is the guide of discrete latent number k; nil if it was summed out.
func (post *making) guideOf(k int) *target.SiteGuide {
	if k >= len(post.fit.Guides) {
		return nil
	}
	return post.fit.Guides[k]
}

// reportGuides reports the guides of discrete latents; all says that none was
// summed out.
func (post *making) reportGuides(t *target.Target) (all bool) {
	all = true
	d := &post.discrete
	for k, s := range t.Discrete {
		g := post.guideOf(k)
		if g == nil {
			all = all && s.Shape.Size() == 0
			continue
		}
		for e := range s.Shape.Size() {
			q := &d.quantities[d.first[k]+e]
			copy(q.P, g.P[e*len(q.P):(e+1)*len(q.P)])
			settleProbabilities(q, 1)
			q.Joint = q.Mode
		}
	}
	return all
}

// guideDraws are rows of the draws of all discrete latents if none was summed out,
// else nil.
func (post *making) guideDraws(t *target.Target, rows []int) [][]int {
	d := &post.discrete
	out := make([][]int, len(d.quantities))
	for k, s := range t.Discrete {
		g := post.guideOf(k)
		size := s.Shape.Size()
		if g == nil && size > 0 {
			return nil
		}
		for e := range size {
			q := d.first[k] + e
			out[q] = make([]int, len(rows))
			for i, row := range rows {
				out[q][i] = d.quantities[q].Values[g.Draws[row*size+e]]
			}
		}
	}
	return out
}

package plan

import "ppl/graph"

// A program may be run with other constants than those that it was compiled with. Most are only read by its states. What the
// compiler does otherwise for what they are it demands of others: row numbers, which make accesses, and where a matrix is 0.

// demand is what the program asks of a constant.
type demand struct {
	id    int
	suits func(x []float64) bool
}

func (c *compiler) demand(n *graph.Node, suits func(x []float64) bool) {
	c.demands = append(c.demands, demand{n.ID, suits})
}

// Suits implements graph.Refitted.
func (pr *rowProgram) Suits(c graph.Constants) bool {
	for _, d := range pr.demands {
		if !d.suits(c(d.id)) {
			return false
		}
	}
	return true
}

// constant is the value of a constant, in physical layout.
func (s *rowState) constant(v *value) []float64 {
	switch {
	case s.constants == nil:
		return v.data
	case v.spread == nil:
		return s.constants(v.n.ID)
	}
	x, done := s.spread[v]
	if !done {
		if s.spread == nil {
			s.spread = map[*value][]float64{}
		}
		x = make([]float64, len(v.data))
		toRows(x, s.constants(v.spread.ID), s.pr.s, s.pr.p)
		s.spread[v] = x
	}
	return x
}

// tiles is the copy of a matrix, nil where there is none.
func (s *rowState) tiles(m *matrix) []float64 {
	if m.tiled == nil || s.constants == nil {
		return m.tiled
	}
	x := s.array(m.x)
	key := m.tileKey(x)
	t, done := s.tiled[key]
	if !done {
		if s.tiled == nil {
			s.tiled = map[tileKey][]float64{}
		}
		t = m.tilesOf(x)
		s.tiled[key] = t
	}
	return t
}

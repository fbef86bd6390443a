package enum

import (
	"fmt"
	"slices"

	"ppl/graph/named"
)

// The graph of all elements that are left: each is a variable, each iteration of a table connects those that it refers
// to. A round of the schedule (rounds.go) is one table: a plate of the elements that it removes, and an axis for each
// of the elements near them, first, second, and so on. The iterations of a table whose references stand in the same of
// these positions are brought there together.

// Bounds of the graph.
const (
	maxElements   = 1 << 17
	maxIterations = 1 << 20
)

// source is a table, with what it refers to in each iteration of the axes over.
type source struct {
	t    *Table
	over []*named.Axis
	refs [][]int // of each reference, in each iteration: the element
	used []bool  // iterations
}

// network is the graph of all elements.
type network struct {
	*elements
	sites   []*Site
	first   []int // element of each site
	sources []*source
	at      [][]incidence // of each element
}

// incidence is an iteration of a source.
type incidence struct{ source, row int }

// elements finds an order for all elements that are left.
func (e *elim) elements() *choice {
	n := e.network()
	if n == nil {
		return nil
	}
	s := n.schedule(float64(e.limit))
	if s == nil {
		return nil
	}
	return &choice{s.largest, func() {
		e.tables, e.sites = nil, nil
		for _, r := range s.rounds {
			e.round(n, r)
		}
		e.frozen(n)
	}}
}

// network lists the elements of the sites that are left, and of others that tables refer to, which stay.
func (e *elim) network() *network {
	n := &network{elements: &elements{}}
	known := map[*Site]int{}
	admit := func(s *Site, frozen bool) bool {
		if _, ok := known[s]; ok {
			return true
		}
		known[s] = len(n.sites)
		n.sites = append(n.sites, s)
		n.first = append(n.first, len(n.k))
		if len(n.k)+s.Shape.Size() > maxElements {
			return false
		}
		for range s.Shape.Size() {
			n.kind = append(n.kind, known[s])
			n.k = append(n.k, float64(s.K))
			n.elements.frozen = append(n.elements.frozen, frozen)
		}
		return true
	}
	for _, s := range e.sites {
		if !admit(s, false) {
			return nil
		}
	}
	total := 0
	for _, t := range e.tables {
		axes := over(t.Refs)
		if total += sizes(axes).Size(); total > maxIterations {
			return nil
		}
		s := &source{t: t, over: axes}
		for _, r := range t.Refs {
			if !admit(r.Site, true) {
				return nil
			}
			at := r.at(axes)
			for i := range at {
				at[i] += n.first[known[r.Site]]
			}
			s.refs = append(s.refs, at)
		}
		n.sources = append(n.sources, s)
	}
	n.at = make([][]incidence, len(n.k))
	n.near = make([][]int, len(n.k))
	for k := range n.sources {
		n.enter(k)
	}
	n.connect()
	return n
}

// enter notes which elements source k is of in each iteration.
func (n *network) enter(k int) {
	s := n.sources[k]
	rows := sizes(s.over).Size()
	s.used = make([]bool, rows)
	for row := range rows {
		for i, at := range s.refs {
			v, again := at[row], false
			for _, other := range s.refs[:i] {
				again = again || other[row] == v
			}
			if !again {
				n.at[v] = append(n.at[v], incidence{k, row})
			}
		}
	}
}

// connect makes the elements near one another of all sources.
func (n *network) connect() {
	for v, at := range n.at {
		for _, x := range at {
			for _, to := range n.sources[x.source].refs {
				if w := to[x.row]; w != v {
					n.near[v] = append(n.near[v], w)
				}
			}
		}
		slices.Sort(n.near[v])
		n.near[v] = slices.Compact(n.near[v])
	}
}

// gathering is the iterations of a source whose references are in the same positions: near the element that is removed,
// or own, the element itself.
type gathering struct {
	source    int
	positions []int
	rows      []int // iterations
	of        []int // of each: which element of the round
}

const own = -1

// gather lists the iterations that mention elements of a round, each for the last time.
func (n *network) gather(r round) []*gathering {
	known := map[string]*gathering{}
	var out []*gathering
	for i, v := range r.elements {
		for _, x := range n.at[v] {
			s := n.sources[x.source]
			if s.used[x.row] {
				continue
			}
			s.used[x.row] = true
			key := []byte{byte(x.source), byte(x.source >> 8), byte(x.source >> 16)}
			var positions []int
			for _, at := range s.refs {
				p := own
				if w := at[x.row]; w != v {
					p, _ = slices.BinarySearch(r.near[i], w)
				}
				positions = append(positions, p)
				key = append(key, byte(p), byte(p>>8))
			}
			g := known[string(key)]
			if g == nil {
				g = &gathering{source: x.source, positions: positions}
				known[string(key)] = g
				out = append(out, g)
			}
			g.rows, g.of = append(g.rows, x.row), append(g.of, i)
		}
	}
	return out
}

// round removes the elements of a round.
func (e *elim) round(n *network, r round) {
	site := n.sites[n.kind[r.elements[0]]]
	at := make([]int, len(r.elements))
	for i, v := range r.elements {
		at[i] = v - n.first[n.kind[v]]
	}
	var plates []*named.Axis
	if len(at) > 1 {
		plates = []*named.Axis{e.axis(site.Name, len(at), named.Plate)}
	}
	s := site.part(site.Name, sizes(plates), plates, at)
	e.enumerate(s)
	out := &Table{Plates: plates}
	after := &source{t: out, over: plates}
	together := s.K
	for p := range r.near[0] {
		to := n.sites[n.kind[r.near[0][p]]]
		ref := &Ref{Site: to, Axis: e.axis(to.Name, to.K, named.Enumerated), Over: plates}
		elements := make([]int, len(at))
		for i := range at {
			elements[i] = r.near[i][p]
			ref.Index = append(ref.Index, elements[i]-n.first[n.kind[elements[i]]])
		}
		out.Refs = append(out.Refs, ref)
		after.refs = append(after.refs, elements)
		together *= to.K
	}
	total := e.b.Scalar(0)
	for _, g := range n.gather(r) {
		for _, x := range n.sources[g.source].t.Terms {
			x = e.gathered(x, n.sources[g.source], g, plates)
			total = e.b.Add(total, e.positioned(x, n.sources[g.source].t.Refs, g.positions, s, out.Refs))
		}
	}
	x := e.b.ReduceAxis(e.reduction(), e.b.With(total, s.e), s.e)
	out.Terms = []named.Value{x}
	e.steps = append(e.steps, Step{How: summedOut(s, together), Sites: []*Site{s}, Size: together * len(at), along: -1, elements: true})
	if len(out.Refs) == 0 {
		e.total = e.b.Add(e.total, e.b.SumAxes(x, plates...))
		return
	}
	n.sources = append(n.sources, after)
	n.enter(len(n.sources) - 1)
}

// summedOut says in words that a site was summed out in a table of so many joint values.
func summedOut(s *Site, together int) string {
	if together > s.K {
		return fmt.Sprintf("summed out, %d states together", together)
	}
	return "summed out"
}

// gathered brings a term of a source to the plates of a round.
func (e *elim) gathered(x named.Value, s *source, g *gathering, plates []*named.Axis) named.Value {
	x = e.b.SumAxes(x, without(s.t.Plates, s.over)...)
	if len(plates) > 0 && each(g.of, plates[0].Size) {
		return e.pick(x, s.over, g.rows, plates[0])
	}
	r := e.axis("row", len(g.rows), named.Plate)
	x = e.pick(x, s.over, g.rows, r)
	if len(plates) == 0 {
		return e.b.SumAxes(x, r)
	}
	return e.scatter(x, cells{[]*named.Axis{r}, g.of, plates})
}

// each reports whether x is 0, 1, ..., n-1.
func each(x []int, n int) bool {
	for i, v := range x {
		if v != i {
			return false
		}
	}
	return len(x) == n
}

// positioned gives a term the axes of the element that is removed and of those near it.
func (e *elim) positioned(x named.Value, refs []*Ref, positions []int, s *Site, near []*Ref) named.Value {
	var from, to []*named.Axis
	for i, r := range refs {
		a := s.e
		if p := positions[i]; p != own {
			a = near[p].Axis
		}
		if k := indexOf(to, a); k >= 0 { // twice the same element
			x = e.diagonal(x, r.Axis, from[k])
			continue
		}
		from, to = append(from, r.Axis), append(to, a)
	}
	return e.rename(x, from, to)
}

// frozen puts back the iterations that refer to nothing that was removed.
func (e *elim) frozen(n *network) {
	for _, s := range n.sources {
		var rows []int
		for row, used := range s.used {
			if !used {
				rows = append(rows, row)
			}
		}
		if len(rows) > 0 {
			e.add(e.restrict(s.t, s.over, rows))
		}
	}
}

// single takes the sites of one value out: nothing depends on which it is.
func (e *elim) single() {
	for _, s := range e.sites {
		if s.K != 1 || s.Shape.Size() == 0 {
			continue
		}
		for _, t := range e.take(s) {
			coords := map[*named.Axis]int{}
			for _, r := range t.to(s) {
				coords[r.Axis] = 0
			}
			out := &Table{Plates: t.Plates}
			for _, x := range t.Terms {
				out.Terms = append(out.Terms, e.fixed(x, coords))
			}
			for _, r := range t.Refs {
				if r.Site != s {
					out.Refs = append(out.Refs, r)
				}
			}
			e.add(out)
		}
		e.steps = append(e.steps, Step{How: "summed out", Sites: []*Site{s}, Size: s.Shape.Size(), along: -1})
	}
}

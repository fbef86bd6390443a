package enum

import (
	"fmt"
	"slices"

	"ppl/graph"
	"ppl/graph/named"
)

// A site is split along a short dimension into sites of the others: a[j, k] into a[j, 1], ..., a[j, 5]. A table that
// refers to elements at several places along it then refers to several sites, and one that did so in different
// iterations becomes several tables. What is left in each site are plates, in which the other rules go on.

// Bounds of what is split: places along a dimension, and tables that come of it. A site without another dimension is
// split only if it has few elements, which others may then all depend on.
const (
	maxPlaces = 64
	maxAlone  = 8
	maxParts  = 2000
)

// split takes the shortest dimension of a site along which its elements meet in a table, or of any if there is none.
func (e *elim) split() *choice {
	var best *splitting
	for _, s := range e.sites {
		for d := range s.Shape {
			if x := e.splitting(s, d); x != nil && (best == nil || x.before(best)) {
				best = x
			}
		}
	}
	if best == nil {
		return nil
	}
	return &choice{0, func() { e.splitUp(best) }}
}

// splitting is a site to be split along a dimension.
type splitting struct {
	s     *Site
	d     int
	meets bool // a table refers to elements at different places
	parts int
}

func (x *splitting) before(y *splitting) bool {
	if x.meets != y.meets {
		return x.meets
	}
	return x.s.Shape[x.d] < y.s.Shape[y.d]
}

// splitting finds out whether s can be split along dimension d.
func (e *elim) splitting(s *Site, d int) *splitting {
	n := s.Shape[d]
	if n < 2 || n > maxPlaces || len(s.Shape) == 1 && (n > maxAlone || !e.larger(n)) {
		return nil
	}
	x := &splitting{s: s, d: d}
	for _, t := range e.mentioning(s) {
		for _, p := range partition(t, s, d) {
			x.parts++
			for _, k := range p.places {
				x.meets = x.meets || k != p.places[0]
			}
		}
	}
	if x.parts > maxParts {
		return nil
	}
	return x
}

// larger reports whether a site has more than n elements.
func (e *elim) larger(n int) bool {
	return slices.ContainsFunc(e.sites, func(s *Site) bool { return s.Shape.Size() > n })
}

// portion is the iterations of a table in which its references to a site are at some places along a dimension.
type portion struct {
	over   []*named.Axis
	rows   []int
	places []int // of each reference
}

// partition lists the iterations of a table by the places of its references to s along dimension d.
func partition(t *Table, s *Site, d int) []*portion {
	refs := t.to(s)
	axes := over(refs)
	at := make([][]int, len(refs))
	for i, r := range refs {
		at[i] = r.at(axes)
	}
	stride, n := s.Shape.Strides()[d], s.Shape[d]
	known := map[string]*portion{}
	var out []*portion
	key := make([]byte, len(refs)) // places are below 64
	for row := range sizes(axes).Size() {
		for i := range refs {
			key[i] = byte(at[i][row] / stride % n)
		}
		p := known[string(key)]
		if p == nil {
			p = &portion{over: axes}
			for _, k := range key {
				p.places = append(p.places, int(k))
			}
			known[string(key)] = p
			out = append(out, p)
		}
		p.rows = append(p.rows, row)
	}
	return out
}

func (e *elim) splitUp(x *splitting) {
	s, d := x.s, x.d
	n, stride := s.Shape[d], s.Shape.Strides()[d]
	shape := append(slices.Clone(s.Shape[:d]), s.Shape[d+1:]...)
	axes := append(slices.Clone(s.Axes[:d]), s.Axes[d+1:]...)
	short := make([]int, s.Shape.Size()) // of each element: which it is of its part
	parts := make([]*Site, n)
	for k := range parts {
		var of []int
		for i := range short {
			if i/stride%n == k {
				short[i] = len(of)
				of = append(of, i)
			}
		}
		parts[k] = s.part(fmt.Sprintf("%s[%d]", s.Name, k+1), graph.Shape(shape), axes, of)
	}
	tables := e.take(s)
	e.sites = append(e.sites, parts...)
	for _, t := range tables {
		for _, p := range partition(t, s, d) {
			out := e.restrict(t, p.over, p.rows)
			at := 0
			for i, r := range out.Refs {
				if r.Site != s {
					continue
				}
				own := &Ref{Site: parts[p.places[at]], Axis: r.Axis, Over: r.Over, Index: make([]int, len(r.Index))}
				for j, k := range r.Index {
					own.Index[j] = short[k]
				}
				out.Refs[i] = own
				at++
			}
			e.add(out)
		}
	}
}

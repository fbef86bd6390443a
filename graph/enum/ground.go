package enum

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/named"
)

// A site with few elements is taken apart: each becomes a site of its own, and
// each table that refers to it is written out for every iteration of the
// plates that the reference varies over. Then plain variable elimination
// settles what no pattern over plates could.

// Bounds of what is written out: elements of a site, iterations of a table,
// and tables in all.
const (
	maxElements   = 64
	maxIterations = 4096
	maxTables     = 20000
)

// ground takes the smallest site apart.
func (e *elim) ground() *choice {
	var best *Site
	for _, s := range e.sites {
		n := s.Shape.Size()
		if len(s.Shape) == 0 || n > maxElements || best != nil && n >= best.Shape.Size() {
			continue
		}
		tables := len(e.tables)
		for _, t := range e.mentioning(s) {
			tables += sizes(t.over(s)).Size()
			if sizes(t.over(s)).Size() > maxIterations {
				tables = maxTables + 1
			}
		}
		if tables <= maxTables {
			best = s
		}
	}
	if best == nil {
		return nil
	}
	return &choice{0, func() { e.takeApart(best) }}
}

// over are the plates that the references of a table to a site vary over.
func (t *Table) over(s *Site) []*named.Axis {
	var out []*named.Axis
	for _, r := range t.to(s) {
		out = union(out, r.Over)
	}
	return out
}

func (e *elim) takeApart(s *Site) {
	tables := e.take(s)
	elements := make([]*Site, s.Shape.Size())
	for i := range elements {
		elements[i] = &Site{Name: fmt.Sprintf("%s[%s]", s.Name, place(s.Shape, i)), K: s.K, origin: s, at: i}
	}
	e.sites = append(e.sites, elements...)
	for _, t := range tables {
		over := t.over(s)
		for c := range sizes(over).Size() {
			e.add(e.iteration(t, s, over, c, elements))
		}
	}
}

// iteration is a table in iteration c of the axes over.
func (e *elim) iteration(t *Table, s *Site, over []*named.Axis, c int, elements []*Site) *Table {
	out := &Table{Plates: without(t.Plates, over)}
	coords := map[*named.Axis]int{}
	size := sizes(over)
	for d, st := range size.Strides() {
		coords[over[d]] = c / st % size[d]
	}
	for _, r := range t.Refs {
		x := r.Fixed(coords)
		if r.Site == s {
			x.Site, x.Index = elements[x.Index[0]], []int{0}
		}
		out.Refs = append(out.Refs, x)
	}
	for _, v := range t.Terms {
		out.Terms = append(out.Terms, e.fixed(v, coords))
	}
	return out
}

// Fixed is a reference where some axes have a fixed index, from 0.
func (r *Ref) Fixed(coords map[*named.Axis]int) *Ref {
	out := &Ref{Site: r.Site, Axis: r.Axis, Index: r.Index}
	left := r.Over
	for d := 0; d < len(left); d++ {
		k, ok := coords[left[d]]
		if !ok {
			continue
		}
		out.Index = slice(out.Index, sizes(left), d, k)
		left = append(append([]*named.Axis(nil), left[:d]...), left[d+1:]...)
		d--
	}
	out.Over = left
	return out
}

// fixed is a value where some axes have a fixed index.
func (e *elim) fixed(v named.Value, coords map[*named.Axis]int) named.Value {
	var axes []*named.Axis
	var args []named.IndexArg
	for _, a := range v.Axes() {
		if k, ok := coords[a]; ok {
			axes = append(axes, a)
			args = append(args, named.IndexArg{Value: e.b.Scalar(float64(k + 1))})
		}
	}
	if len(axes) == 0 {
		return v
	}
	return e.b.Index(e.b.Close(v, axes...), args...)
}

// diagonal is a value where two axes have the same index: a gives way to b.
func (e *elim) diagonal(v named.Value, a, b *named.Axis) named.Value {
	if !v.Has(a) {
		return v
	}
	if !v.Has(b) {
		return e.b.Rename(v, a, b)
	}
	i := e.b.Counter(b, 1)
	return e.b.Index(e.b.Close(v, a, b), named.IndexArg{Value: i}, named.IndexArg{Value: i})
}

// place prints the index of element i, from 1.
func place(shape graph.Shape, i int) string {
	text := ""
	for d, st := range shape.Strides() {
		if d > 0 {
			text += ","
		}
		text += fmt.Sprint(i/st%shape[d] + 1)
	}
	return text
}

// Package enum sums discrete sites out of a log density, exactly.
//
// The log density is a sum of tables. A table is a value over plates, and over
// an enumerated axis for each reference to a discrete site that it depends on:
// element c of the axis is the value of the table where the site has the c-th
// value of its support. A reference says which element of the site it is of, in
// each iteration of the plates.
//
// This is variable elimination on a factor graph that is kept in plates
// (Obermeyer, Bingham, Jankowiak, Chiu, Pradhan, Rush, Goodman 2019, "Tensor
// variable elimination for plated factor graphs"). Rules remove sites, the first
// that applies and can be afforded:
//
//   - A site that every table refers to once, where the rest of each table is
//     a function of the site's element: the tables are brought to the plates of
//     the site (sums over further plates, a segment sum where the reference
//     goes through an index of the data), added, and a log-sum-exp over the
//     site's axis is left (plated.go).
//   - A site whose elements refer to one another along one dimension, z[t] and
//     z[t-1], is a chain; so are several such sites that refer to one another.
//     The forward recursion removes them in one op (chain.go).
//   - A site whose elements meet in tables is split along a short dimension,
//     a[j, 1..5] into five sites a[j]: the two rules above then remove these over
//     all j at once, at a cost of their joint values, or as parallel chains (split.go).
//   - Whatever is left is a graph of elements: they are removed in an order that
//     keeps its tables small, as plain variable elimination does, but in rounds, in
//     each of which all elements go that are in the same position and do not
//     touch one another (elements.go, rounds.go).
//
// Where these, in this order, come to a table that is too large, the graph of all elements is
// tried from the start. What can be summed out is bounded by that graph's treewidth alone: no
// pattern over plates is needed, they only make it quicker.
//
// Tables keep their terms apart, each with no more axes than it depends on, and
// nothing is laid out along plates before the sum. The size of each table is
// known before it is built: one beyond the limit ends the elimination with an
// error that names the sites.
package enum

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"ppl/graph"
	"ppl/graph/named"
)

// Site is an array of discrete variables of one support.
type Site struct {
	Name  string
	Shape graph.Shape
	K     int // number of values
	Axes  []*named.Axis
	// Axes are the plates of the site, one for each dimension of Shape. They may
	// be those of a table.

	// e is the enumerated axis of the element at hand, prev that of the one
	// before it in a chain.
	e, prev *named.Axis
	// origin is the site of the problem that this one is a part of, nil where it is one of those itself; at are
	// the elements of that which these are.
	origin *Site
	at     []int
}

// Whole is the site that this one is a part of, or the site itself.
func (s *Site) Whole() *Site {
	if s.origin != nil {
		return s.origin
	}
	return s
}

// element is which one of Whole element i is.
func (s *Site) element(i int) int {
	if s.origin == nil {
		return i
	}
	return s.at[i]
}

// part is a site of some elements of s.
func (s *Site) part(name string, shape graph.Shape, axes []*named.Axis, elements []int) *Site {
	p := &Site{Name: name, Shape: shape, K: s.K, Axes: axes, origin: s.Whole(), at: make([]int, len(elements))}
	for i, k := range elements {
		p.at[i] = s.element(k)
	}
	return p
}

// Ref is a reference to a site: its axis, and the element that it is of, in
// row-major order, for each iteration of the plates Over.
type Ref struct {
	Site  *Site
	Axis  *named.Axis
	Over  []*named.Axis
	Index []int
}

// Table is a part of the log density: the sum of its terms, once for each
// iteration of its plates. Terms have no event dimensions; axes that are
// neither plates nor of references (particles) are left alone.
type Table struct {
	Terms  []named.Value
	Plates []*named.Axis
	Refs   []*Ref
}

// Problem is what Eliminate works on.
type Problem struct {
	B      *named.Builder
	Sites  []*Site
	Tables []*Table
	// Max finds the most likely values in place of summing: the result is the
	// log density there, and its derivative by a weight of a value is 1 for the
	// value taken.
	Max bool
	// Limit is the largest number of elements of a table, for one particle.
	Limit int
}

// DefaultLimit is the largest number of elements of a table for one particle.
const DefaultLimit = 1 << 22

// Step is the removal of sites.
type Step struct {
	// How says it in words: "summed out", "forward recursion over 100 steps".
	How string
	// Sites are those of the problem, or parts of them.
	Sites []*Site
	// Size is the number of elements of the largest table, for one particle.
	Size int
	// along is the dimension of a chain, -1 where there is none, order how far back its references reach.
	along, order int
	// elements says that it is of the graph of all elements.
	elements bool
}

// Result is a log density without discrete sites.
type Result struct {
	// Value has the axes that are no plates and no references.
	Value named.Value
	Steps []Step
	// Rest are the tables that refer to sites that are not among the problem's.
	Rest []*Table
}

// TooLarge is the error for sites that no rule removes within the limit.
type TooLarge struct {
	Sites []string
	Size  float64 // of the smallest table that would do; 0 if no rule applies
	Limit int
}

func (e *TooLarge) Error() string {
	names := "`" + strings.Join(e.Sites, "`, `") + "`"
	if e.Size == 0 {
		return "summing out " + names + " exactly is not possible: too many elements depend on one another in a way that is neither a tree nor a chain"
	}
	return fmt.Sprintf("summing out %s exactly needs a table of %.3g elements for each particle, more than the limit of %d", names, e.Size, e.Limit)
}

// elim is an elimination at work.
type elim struct {
	b      *named.Builder
	max    bool
	limit  int
	sites  []*Site
	tables []*Table
	depth  int
	total  named.Value
	steps  []Step
}

// Eliminate removes all sites.
func Eliminate(p Problem) (*Result, error) {
	e := begin(p)
	for len(e.sites) > 0 {
		if err := e.next(); err != nil {
			return afresh(p, err)
		}
	}
	return e.result(), nil
}

func begin(p Problem) *elim {
	e := &elim{b: p.B, max: p.Max, limit: p.Limit, sites: append([]*Site(nil), p.Sites...), depth: 1 << 20}
	if e.limit == 0 {
		e.limit = DefaultLimit
	}
	e.total = e.b.Scalar(0)
	for _, t := range p.Tables {
		e.add(t)
	}
	e.single()
	return e
}

func (e *elim) result() *Result { return &Result{Value: e.total, Steps: e.steps, Rest: e.tables} }

// afresh tries the graph of all elements where the rules over plates came to no end.
func afresh(p Problem, failed error) (*Result, error) {
	e := begin(p)
	c := e.elements()
	if c == nil {
		return nil, failed
	}
	if c.cost > float64(e.limit) {
		f := failed.(*TooLarge)
		if f.Size == 0 || c.cost < f.Size {
			f.Size = c.cost
		}
		return nil, f
	}
	c.do()
	return e.result(), nil
}

// add takes a table in; one without references goes to the total.
func (e *elim) add(t *Table) {
	t = e.simplified(t)
	for _, a := range t.Plates {
		if a.Size == 0 {
			return
		}
	}
	if len(t.Refs) > 0 {
		e.tables = append(e.tables, t)
		return
	}
	for _, x := range t.Terms {
		e.total = e.b.Add(e.total, e.b.SumAxes(x, t.Plates...))
	}
}

// simplified drops references that no term depends on, and axes over which a
// reference is constant. Two references to the same element become one.
func (e *elim) simplified(t *Table) *Table {
	out := &Table{Terms: append([]named.Value(nil), t.Terms...), Plates: t.Plates}
	for _, r := range t.Refs {
		used := false
		for _, x := range t.Terms {
			used = used || x.Has(r.Axis)
		}
		if !used {
			continue
		}
		r = r.Reduced()
		twin := out.twin(r)
		if twin == nil {
			out.Refs = append(out.Refs, r)
			continue
		}
		for i, x := range out.Terms {
			out.Terms[i] = e.diagonal(x, r.Axis, twin.Axis)
		}
	}
	return out
}

// twin finds a reference to the same element as r.
func (t *Table) twin(r *Ref) *Ref {
	for _, x := range t.Refs {
		if x.Site == r.Site && slices.Equal(x.Over, r.Over) && slices.Equal(x.Index, r.Index) {
			return x
		}
	}
	return nil
}

// Reduced drops the axes over which the reference is constant.
func (r *Ref) Reduced() *Ref {
	if len(r.Index) == 0 { // an empty plate: nothing to tell its axes apart by
		return r
	}
	out := &Ref{Site: r.Site, Axis: r.Axis, Index: r.Index}
	size := sizes(r.Over)
	for d := 0; d < len(size); d++ {
		if !constantAlong(out.Index, size, d) {
			out.Over = append(out.Over, r.Over[d])
			continue
		}
		out.Index = slice(out.Index, size, d, 0)
		size = append(append(graph.Shape{}, size[:d]...), size[d+1:]...)
		r = &Ref{Over: append(append([]*named.Axis(nil), r.Over[:d]...), r.Over[d+1:]...)}
		d--
	}
	return out
}

func constantAlong(x []int, size graph.Shape, d int) bool {
	st := size.Strides()
	for i, v := range x {
		if v != x[i-i/st[d]%size[d]*st[d]] {
			return false
		}
	}
	return true
}

// slice takes index k along dimension d.
func slice(x []int, size graph.Shape, d, k int) []int {
	st := size.Strides()
	var out []int
	for i, v := range x {
		if i/st[d]%size[d] == k {
			out = append(out, v)
		}
	}
	return out
}

func sizes(axes []*named.Axis) graph.Shape {
	s := make(graph.Shape, len(axes))
	for i, a := range axes {
		s[i] = a.Size
	}
	return s
}

// choice is a way to go on.
type choice struct {
	cost float64
	do   func()
}

// next makes the cheapest step of the first rule that has one within the limit.
func (e *elim) next() error {
	least := math.Inf(1)
	for _, rule := range []func() *choice{e.cheapest, e.chains, e.split, e.elements} {
		c := rule()
		if c == nil {
			continue
		}
		if c.cost <= float64(e.limit) {
			c.do()
			return nil
		}
		least = math.Min(least, c.cost)
	}
	err := &TooLarge{Limit: e.limit}
	if !math.IsInf(least, 1) {
		err.Size = least
	}
	for _, s := range e.sites {
		err.Sites = appendNew(err.Sites, s.Whole().Name)
	}
	return err
}

// cheapest is the site that is summed out in its plates at the least cost.
func (e *elim) cheapest() *choice {
	var best *choice
	for _, s := range e.sites {
		if c := e.plated(s); c != nil && (best == nil || c.cost < best.cost) {
			best = c
		}
	}
	return best
}

func appendNew(xs []string, x string) []string {
	for _, y := range xs {
		if x == y {
			return xs
		}
	}
	return append(xs, x)
}

// take removes the tables that refer to any of the sites, and the sites.
func (e *elim) take(sites ...*Site) []*Table {
	var mine, rest []*Table
	for _, t := range e.tables {
		if len(t.to(sites...)) > 0 {
			mine = append(mine, t)
		} else {
			rest = append(rest, t)
		}
	}
	e.tables = rest
	var left []*Site
	for _, s := range e.sites {
		if !contains(sites, s) {
			left = append(left, s)
		}
	}
	e.sites = left
	return mine
}

// mentioning lists the tables that refer to any of the sites.
func (e *elim) mentioning(sites ...*Site) []*Table {
	var out []*Table
	for _, t := range e.tables {
		if len(t.to(sites...)) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// to lists the references of a table to any of the sites.
func (t *Table) to(sites ...*Site) []*Ref {
	var out []*Ref
	for _, r := range t.Refs {
		if contains(sites, r.Site) {
			out = append(out, r)
		}
	}
	return out
}

func contains[T comparable](xs []T, x T) bool {
	for _, y := range xs {
		if x == y {
			return true
		}
	}
	return false
}

func without[T comparable](xs, drop []T) []T {
	var out []T
	for _, x := range xs {
		if !contains(drop, x) {
			out = append(out, x)
		}
	}
	return out
}

// union lists the axes of both, in order.
func union(a, b []*named.Axis) []*named.Axis {
	out := append([]*named.Axis(nil), a...)
	for _, x := range b {
		if !contains(out, x) {
			out = append(out, x)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Before(out[j]) })
	return out
}

// axis makes a new axis, inside all of its class.
func (e *elim) axis(name string, size int, class named.Class) *named.Axis {
	e.depth++
	return &named.Axis{Name: name, Size: size, Class: class, Depth: e.depth}
}

// enumerate gives a site the axes of its values.
func (e *elim) enumerate(s *Site) {
	e.depth++
	s.now().Depth = e.depth
}

package enum

import (
	"math"
	"slices"
)

// The order in which the elements of a graph are removed, in rounds. Removing an element joins all that share a table
// with it into one table. Which order keeps these small is hard to say (Arnborg, Corneil & Proskurowski 1987); the
// greedy ones are good: the element whose removal makes the smallest table, or the one that connects the fewest which
// were not connected, each pair counted by its joint values (weighted min-fill; Kjærulff 1990). Each round takes all
// elements of one site that are alike and do not touch one another. A long path has but two ends, so that rounds are
// also tried which take somewhat larger tables for more elements at once: then a path of n takes log n rounds.

// elements is a graph of discrete variables: which share a table.
type elements struct {
	kind   []int     // of each: its site
	k      []float64 // its number of values
	frozen []bool    // it is not to be removed
	near   [][]int   // those it shares a table with, in order
}

// round is a set of elements removed at once, with those near each of them at that time.
type round struct {
	elements []int
	near     [][]int
}

// schedule is an order of rounds.
type schedule struct {
	rounds  []round
	work    float64 // in numbers
	largest float64 // table
}

const (
	maxRounds = 400
	opWork    = 2000 // an op takes as long as so many numbers
)

// schedule finds the best of several greedy orders; nil if all take too many rounds.
func (g *elements) schedule(limit float64) *schedule {
	k := 2.0
	for _, x := range g.k {
		k = math.Max(k, x)
	}
	var best *schedule
	for _, by := range []greedy{{fill: true}, {slack: 1}, {slack: k}, {slack: k * k}} {
		s := g.run(by)
		if s == nil {
			continue
		}
		if best == nil || s.largest <= limit && (best.largest > limit || s.work < best.work) || best.largest > limit && s.largest < best.largest {
			best = s
		}
	}
	return best
}

// greedy is how the next elements are chosen: by what they would connect, or by the size of their table, which may
// be so many times the smallest.
type greedy struct {
	fill  bool
	slack float64
}

// removal is the work of removing elements from a graph.
type removal struct {
	*elements
	by           greedy
	left         []int
	weight, cost []float64 // of each element: numbers of its table, what is to be kept small
	stale        []bool
}

func (g *elements) run(by greedy) *schedule {
	r := &removal{elements: &elements{kind: g.kind, k: g.k, frozen: g.frozen, near: make([][]int, len(g.near))}, by: by,
		weight: make([]float64, len(g.k)), cost: make([]float64, len(g.k)), stale: make([]bool, len(g.k))}
	for i, x := range g.near {
		r.near[i] = slices.Clone(x)
		if !g.frozen[i] {
			r.left = append(r.left, i)
			r.stale[i] = true
		}
	}
	out := &schedule{}
	for len(r.left) > 0 {
		if len(out.rounds) == maxRounds {
			return nil
		}
		now := r.next()
		size := r.weight[now.elements[0]] * float64(len(now.elements))
		out.largest = math.Max(out.largest, size)
		out.work += size + opWork*float64(1+len(now.near[0]))
		if out.largest > tooMuch {
			return out
		}
		out.rounds = append(out.rounds, now)
		r.remove(now)
	}
	return out
}

// tooMuch is a table that no limit allows: the rest of such an order is not worked out.
const tooMuch = 1 << 40

// next is the largest set of elements that are alike, of the least cost or near it.
func (r *removal) next() round {
	least := math.Inf(1)
	for _, v := range r.left {
		if r.stale[v] {
			r.judge(v)
		}
		least = math.Min(least, r.cost[v])
	}
	most := least
	if !r.by.fill {
		most *= r.by.slack
	}
	sets := map[string]*set{}
	var best *set
	for _, v := range r.left {
		if r.cost[v] > most {
			continue
		}
		key := r.alike(v)
		s := sets[key]
		if s == nil {
			s = &set{touched: map[int]bool{}}
			sets[key] = s
		}
		if s.touched[v] {
			continue
		}
		s.elements = append(s.elements, v)
		for _, x := range r.near[v] {
			s.touched[x] = true
		}
		if best == nil || r.better(s, best) {
			best = s
		}
	}
	out := round{elements: best.elements}
	for _, v := range best.elements {
		out.near = append(out.near, slices.Clone(r.near[v]))
	}
	return out
}

// set is a set of elements that do not touch one another.
type set struct {
	elements []int
	touched  map[int]bool
}

func (r *removal) better(a, b *set) bool {
	if wa, wb := r.weight[a.elements[0]], r.weight[b.elements[0]]; r.by.fill && wa != wb {
		return wa < wb
	}
	return len(a.elements) > len(b.elements)
}

// alike is the same for elements of one site with the same sites near them.
func (r *removal) alike(v int) string {
	key := make([]byte, 0, 3*(1+len(r.near[v])))
	put := func(i int) { key = append(key, byte(i), byte(i>>8), byte(i>>16)) }
	put(r.kind[v])
	for _, x := range r.near[v] {
		put(r.kind[x])
	}
	return string(key)
}

// judge works out the cost of removing v.
func (r *removal) judge(v int) {
	r.stale[v] = false
	r.weight[v] = r.k[v]
	for _, x := range r.near[v] {
		r.weight[v] *= r.k[x]
	}
	r.cost[v] = r.weight[v]
	if !r.by.fill || r.weight[v] > tooMuch {
		return
	}
	r.cost[v] = 0
	for i, x := range r.near[v] {
		for _, y := range r.near[v][:i] {
			if _, ok := slices.BinarySearch(r.near[x], y); !ok {
				r.cost[v] += r.k[x] * r.k[y]
			}
		}
	}
}

// remove takes elements out and connects those near each of them.
func (r *removal) remove(now round) {
	gone := map[int]bool{}
	for i, v := range now.elements {
		gone[v] = true
		for _, x := range now.near[i] {
			joined := make([]int, 0, len(r.near[x])+len(now.near[i]))
			joined = append(append(joined, r.near[x]...), now.near[i]...)
			slices.Sort(joined)
			joined = slices.Compact(joined)
			r.near[x] = slices.DeleteFunc(joined, func(y int) bool { return y == x || y == v })
			r.stale[x] = true
		}
		r.near[v] = nil
	}
	if r.by.fill { // what elements beyond would connect may be connected now
		for _, near := range now.near {
			for _, x := range near {
				for _, y := range r.near[x] {
					r.stale[y] = true
				}
			}
		}
	}
	r.left = slices.DeleteFunc(r.left, func(v int) bool { return gone[v] })
}

package plan

import (
	"slices"

	"ppl/graph"
)

// rowProgram is a compiled graph in rows.
type rowProgram struct {
	s, p    int
	inputs  []*graph.Node
	outputs []*graph.Node
	in, out []*value
	steps   []rowStep
	arena   int
	scratch int // block registers of the largest cluster
	demands []demand
}

// rowStep is one step of a run.
type rowStep interface {
	// touches lists the values written, then those read.
	touches() (writes, reads []*value)
	describe() string
	// cost is an estimate of what it takes with rows of p numbers.
	cost(p int) cost
}

// program orders the steps by stage: arrays that are accumulated into are
// cleared before the first stage that adds to them and scaled after the last.
func (c *compiler) program() *rowProgram {
	pr := &rowProgram{s: c.s, p: c.p, outputs: c.outputs, demands: c.demands}
	for _, n := range c.an.order {
		if n.IsInput() {
			pr.inputs = append(pr.inputs, n)
			pr.in = append(pr.in, c.values[n.ID])
		}
	}
	for _, o := range c.outputs {
		pr.out = append(pr.out, c.value(o))
	}
	cleared, summed := c.prepare(), map[*value]bool{}
	for stage := 0; stage <= c.lastStage; stage++ {
		var sums []*value
		for _, cl := range c.clusters {
			if cl.stage != stage {
				continue
			}
			for _, a := range cl.accums {
				if !cleared[a.to.v] {
					cleared[a.to.v] = true
					pr.steps = append(pr.steps, &clear1{a.to.v})
				}
				if a.to.v.stage == stage && !summed[a.to.v] {
					summed[a.to.v] = true
					sums = append(sums, a.to.v)
				}
			}
		}
		for _, cl := range c.clusters {
			if cl.stage == stage {
				pr.steps = append(pr.steps, cl)
				pr.scratch = max(pr.scratch, cl.loop.scratch)
			}
		}
		for _, g := range c.others {
			if g.stage == stage {
				pr.steps = append(pr.steps, g)
			}
		}
		for _, v := range sums {
			if v.times != 1 {
				pr.steps = append(pr.steps, &scale{v})
			}
		}
	}
	c.place(pr)
	return pr
}

// prepare finishes all clusters and gives the arrays that need no clearing.
func (c *compiler) prepare() map[*value]bool {
	adds := map[*value][]*accum{}
	slices.SortStableFunc(c.clusters, func(a, b *cluster) int { return a.stage - b.stage })
	for _, cl := range c.clusters {
		cl.finish(c)
		for _, a := range cl.accums {
			adds[a.to.v] = append(adds[a.to.v], a)
		}
	}
	set := map[*value]bool{}
	for v, as := range adds {
		if setFirst(v, as) {
			set[v] = true
		}
	}
	for _, cl := range c.clusters {
		cl.settleSet()
	}
	return set
}

// place gives every stored value its place in the arena.
func (c *compiler) place(pr *rowProgram) {
	seen := map[*value]bool{}
	var vals []*value
	touch := func(v *value, step int) {
		if v.data != nil {
			return
		}
		if !seen[v] {
			seen[v] = true
			v.first, v.last = step, step
			vals = append(vals, v)
		}
		v.last = max(v.last, step)
	}
	for _, v := range pr.in {
		touch(v, -1)
		v.last = forever
	}
	for i, s := range pr.steps {
		w, r := s.touches()
		for _, v := range append(w, r...) {
			touch(v, i)
		}
	}
	for _, v := range pr.out {
		touch(v, len(pr.steps))
		v.last = forever
	}
	var a arena
	born, dying := map[int][]*value{}, map[int][]*value{}
	for _, v := range vals {
		born[v.first] = append(born[v.first], v)
		dying[v.last] = append(dying[v.last], v)
	}
	for step := -1; step <= len(pr.steps); step++ {
		for _, v := range born[step] {
			v.at = a.take(c.floats(v))
		}
		for _, v := range dying[step] {
			a.release(v.at, c.floats(v))
		}
	}
	if pr.arena = a.size; pr.arena > mostNumbers {
		panic(TooLarge{float64(pr.arena)})
	}
}

// mostNumbers bounds what a state holds: 8 GiB. Go cannot recover from running out
// of memory.
const mostNumbers = 1 << 30

// TooLarge is the panic of a compilation whose states would hold too many numbers.
type TooLarge struct{ Numbers float64 }

// floats is the room that a value takes, in whole vectors so that rows stay
// aligned.
func (c *compiler) floats(v *value) int {
	n := v.rows.Size() * c.width(v.batch)
	return max(8, (n+7)&^7)
}

// clear1 sets an array to zero.
type clear1 struct{ v *value }

// scale multiplies an array by its factor.
type scale struct{ v *value }

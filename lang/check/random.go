package check

import (
	"ppl/lang"
)

// What depends on latents. Reading top to bottom settles it for most values;
// arrays that are built in a `for` may depend on a latent through a statement
// further down, so the last word is a walk over who reads whom. The same walk,
// within one `for`, finds lets that depend on themselves: recurrences.

// noteRead records that the let being checked mentions a value.
func (c *checker) noteRead(in *info) {
	if c.cur == nil {
		return
	}
	c.cur.reads[in] = true
	if c.inFor() && (in.local || in.array != nil && !in.array.done) {
		if c.cur.loopReads == nil {
			c.cur.loopReads = map[*info]bool{}
		}
		c.cur.loopReads[in] = true
	}
}

// inFor reports whether a `for` encloses the statement.
func (c *checker) inFor() bool {
	for _, l := range c.loops {
		if l.ordered {
			return true
		}
	}
	return false
}

// depends says what a value depends on, through whatever it reads.
func (c *checker) depends(in *info) dep {
	var d dep
	for other := range reach(in, func(i *info) map[*info]bool { return i.reads }) {
		d = d.or(other.dep)
	}
	return d.or(in.dep)
}

// reach is the set of values reached from in over one edge or more.
func reach(in *info, edges func(*info) map[*info]bool) map[*info]bool {
	seen := map[*info]bool{}
	todo := []*info{in}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for other := range edges(next) {
			if !seen[other] {
				seen[other] = true
				todo = append(todo, other)
			}
		}
	}
	return seen
}

// recurrent reports whether a let depends on itself within a `for`.
func recurrent(in *info) bool {
	return len(in.loopLets) > 0 && reach(in, func(i *info) map[*info]bool { return i.loopReads })[in]
}

// settleRandom sets Symbol.Random, and records the recurrences over latents.
func (c *checker) settleRandom() {
	for _, in := range c.all {
		if in.sym.Kind == lang.SymLet || in.sym.Kind == lang.SymLatent || in.sym.Kind == lang.SymParam {
			in.sym.Random = !c.depends(in).known()
		}
		if in.sym.Random && !in.sym.Generated && recurrent(in) {
			for _, s := range in.loopLets {
				c.notYet(s.Span(), "the recurrence of `%s` over latents is not supported yet", in.sym.Name)
			}
		}
	}
}

// hasRecurrence reports whether an array of the root depends on itself in a `for`.
func (c *checker) hasRecurrence() bool {
	for _, in := range c.built {
		if recurrent(in) {
			return true
		}
	}
	return false
}

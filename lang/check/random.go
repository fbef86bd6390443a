package check

import (
	"ppl/lang"
)

// What depends on latents. Reading top to bottom settles it for most values;
// arrays that are built in a `for` may depend on a latent through a statement
// further down, so the last word is a walk over who reads whom.

// noteRead records that the let being checked mentions a value.
func (c *checker) noteRead(in *info) {
	if c.cur == nil {
		return
	}
	c.cur.reads[in] = true
}

// depends says what a value depends on, through whatever it reads.
func (c *checker) depends(in *info) dep {
	var d dep
	for other := range reach(in) {
		d = d.or(other.dep)
	}
	return d.or(in.dep)
}

// reach is the set of values that in reads, or that these read.
func reach(in *info) map[*info]bool {
	seen := map[*info]bool{}
	todo := []*info{in}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for other := range next.reads {
			if !seen[other] {
				seen[other] = true
				todo = append(todo, other)
			}
		}
	}
	return seen
}

// settleRandom sets Symbol.Random.
func (c *checker) settleRandom() {
	for _, in := range c.all {
		if in.sym.Kind == lang.SymLet || in.sym.Kind == lang.SymLatent || in.sym.Kind == lang.SymParam {
			in.sym.Random = !c.depends(in).known()
		}
	}
}

package check

import (
	"ppl/lang"
)

// What depends on latents. Reading top to bottom settles it for most values;
// arrays that are built in a `for` may depend on a latent through a statement
// further down, so the last word is a walk over who reads whom. The walk passes
// every value once, however often it is asked: what no array in the making is
// behind will not change any more, and is kept.

// noteRead records that the let being checked mentions a value.
func (c *checker) noteRead(in *info) {
	if c.cur == nil {
		return
	}
	c.cur.reads[in] = true
}

// depends says what a value depends on, through whatever it reads.
func (c *checker) depends(in *info) dep {
	if !in.settled {
		settle([]*info{in})
	}
	return in.through
}

// settle finds what values depend on, through whatever they read: what each
// depends on by itself is handed on to its readers, until nothing changes.
func settle(values []*info) {
	reached, readers := unsettled(values)
	todo := make([]*info, 0, len(reached))
	for _, in := range reached {
		in.through, in.unfinished = in.dep, in.array != nil && !in.array.done
		for other := range in.reads {
			if other.settled {
				in.through = in.through.or(other.through)
			}
		}
		if !in.through.known() || in.unfinished {
			todo = append(todo, in)
		}
	}
	for len(todo) > 0 {
		in := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, r := range readers[in] {
			d, unfinished := r.through.or(in.through), r.unfinished || in.unfinished
			if d != r.through || unfinished != r.unfinished {
				r.through, r.unfinished = d, unfinished
				todo = append(todo, r)
			}
		}
	}
	for _, in := range reached {
		in.settled = !in.unfinished
	}
}

// unsettled are the values that are not settled yet among those given and those
// that they read, directly or not, each with its readers.
func unsettled(values []*info) (reached []*info, readers map[*info][]*info) {
	seen := map[*info]bool{}
	readers = map[*info][]*info{}
	visit := func(in *info) {
		if !in.settled && !seen[in] {
			seen[in] = true
			reached = append(reached, in)
		}
	}
	for _, in := range values {
		visit(in)
	}
	for k := 0; k < len(reached); k++ {
		for other := range reached[k].reads {
			if !other.settled {
				visit(other)
				readers[other] = append(readers[other], reached[k])
			}
		}
	}
	return reached, readers
}

// settleRandom sets Symbol.Random.
func (c *checker) settleRandom() {
	settle(c.all)
	for _, in := range c.all {
		if in.sym.Kind == lang.SymLet || in.sym.Kind == lang.SymLatent || in.sym.Kind == lang.SymParam {
			in.sym.Random = !in.through.known()
		}
	}
}

package target

import (
	"sync"

	"ppl/graph"
)

// Programs keeps compiled programs of a model's targets, over whatever data: a model that is lowered for new data of the same
// shapes becomes, mostly, the same graph with other constants, and is run by the program that was compiled for the first.
// Numbers are the same as those of a program of its own, to the bit. It may be used by many goroutines, and keeps at most
// mostKept programs, with the constants that they were compiled with; larger graphs are not kept.
type Programs struct {
	mu   sync.Mutex
	kept map[uint64][]*keptProgram
	n    int
	// clock counts uses: what has not been used for longest makes room.
	clock uint64
	found int
}

type keptProgram struct {
	of   *graph.Skeleton
	p    graph.Refitted
	used uint64
}

// The bounds of what is kept: programs of a model, and nodes and numbers of a graph. To compile a larger one takes little of what a
// fit takes.
const (
	mostKept        = 32
	mostKeptNodes   = 1 << 13
	mostKeptNumbers = 1 << 18
)

// NewPrograms keeps none.
func NewPrograms() *Programs { return &Programs{kept: map[uint64][]*keptProgram{}} }

// Found counts the programs that did not have to be compiled, Kept those that are there.
func (c *Programs) Found() int { c.mu.Lock(); defer c.mu.Unlock(); return c.found }
func (c *Programs) Kept() int  { c.mu.Lock(); defer c.mu.Unlock(); return c.n }

// find is a program that is right for a skeleton with its constants; nil where there is none.
func (c *Programs) find(s *graph.Skeleton) *keptProgram {
	c.mu.Lock()
	candidates := append([]*keptProgram(nil), c.kept[s.Hash()]...)
	c.mu.Unlock()
	for _, k := range candidates {
		if !k.of.Equal(s) || !k.p.Suits(s.Constants(k.of)) {
			continue
		}
		c.mu.Lock()
		c.clock++
		k.used = c.clock
		c.found++
		c.mu.Unlock()
		return k
	}
	return nil
}

// keep adds a program.
func (c *Programs) keep(s *graph.Skeleton, p graph.Refitted) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n >= mostKept {
		c.forget()
	}
	c.clock++
	c.kept[s.Hash()] = append(c.kept[s.Hash()], &keptProgram{s, p, c.clock})
	c.n++
}

// forget makes room for one.
func (c *Programs) forget() {
	var oldest uint64
	at, least := 0, c.clock+1
	for h, list := range c.kept {
		for i, k := range list {
			if k.used < least {
				oldest, at, least = h, i, k.used
			}
		}
	}
	list := c.kept[oldest]
	rest := append(append([]*keptProgram(nil), list[:at]...), list[at+1:]...)
	if c.kept[oldest] = rest; len(rest) == 0 {
		delete(c.kept, oldest)
	}
	c.n--
}

// own is the target without the programs of others.
func (t *Target) own() *Target {
	u := *t
	u.Programs = nil
	return &u
}

// refit is a program with what is to be used with it.
type refit struct {
	p graph.Program
	// constants are those in the place of those that it was compiled with, node what stands in the place of an input; nil where
	// it was compiled for the graph.
	constants graph.Constants
	node      func(of *graph.Node) *graph.Node
}

// program compiles outputs of a graph, unless that has been done.
func (t *Target) program(g *graph.Graph, outputs []*graph.Node) refit {
	if t.Programs == nil {
		return refit{p: t.Engine(g, outputs)}
	}
	if len(outputs) == 0 || len(g.Nodes()) > mostKeptNodes {
		g.Back(outputs)
		return refit{p: t.Engine(g, outputs)}
	}
	s := graph.SkeletonOf(outputs)
	if k := t.Programs.find(s); k != nil {
		return refit{k.p, s.Constants(k.of), func(n *graph.Node) *graph.Node { return s.Node(k.of, n.ID) }}
	}
	g.Back(outputs)
	p := t.Engine(g, outputs)
	if r, can := p.(graph.Refitted); can && s.Numbers() <= mostKeptNumbers {
		t.Programs.keep(s, r)
	}
	return refit{p: p}
}

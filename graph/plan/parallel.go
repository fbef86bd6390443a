package plan

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"ppl/graph"
	"ppl/graph/op"
)

// A cluster with much work is cut into chunks of its first dimension, whose
// number depends on the cluster alone. Each chunk adds to arrays of its own,
// which are then added up in order: the result is the same, bit for bit,
// whoever runs the chunks. Stored rows are disjoint between chunks.

const maxChunks = 16

// chunkWork is how many element operations are worth a chunk, and privateCost
// how many each number of a private array must stand for.
var chunkWork, privateCost = 1 << 20, 16

// In graphs of networks, which have one particle and large products of matrices that all cores share, what stands between
// these is shared from less work on: so many additions, as which other functions count by their time.
var networkWork, networkProduct = 1 << 19, 1 << 22

// network reports whether a graph has one particle and a product of as many multiplications as make a network.
func (a *analysis) network() bool {
	return a.particles == 1 && slices.ContainsFunc(a.order, func(n *graph.Node) bool {
		o, ok := n.Op.(op.Contract)
		return ok && graph.Shape(o.Sizes).Size() >= networkProduct
	})
}

// chunk decides into how many chunks a cluster is cut.
func (cl *cluster) chunk(c *compiler) {
	lp := cl.loop
	lp.chunks = 1
	steps, private := 0, 0
	for _, in := range cl.instrs {
		steps++
		if in.mat != nil {
			steps += in.mat.k
		}
		if c.network && in.fn != nil {
			steps += int(in.perElement() / 0.05)
		}
	}
	for _, a := range cl.accums {
		steps++
		if a.mat != nil {
			steps += a.mat.k
		}
		private += c.floats(a.to.v)
	}
	work := lp.dims.Size() * c.width(cl.batch) * steps
	unit := chunkWork
	if c.network {
		unit = min(unit, networkWork)
	}
	n := min(maxChunks, work/unit, lp.dims[0])
	if private*privateCost > 0 { // clearing and adding up private arrays must stay cheap
		n = min(n, work/(privateCost*private))
	}
	lp.chunks = max(1, n)
}

// team runs pieces of work on as many goroutines as there were processors when it was made.
type team struct {
	workers int
	pieces  int
	work    []func() // of each worker
	next    atomic.Int64
	wait    sync.WaitGroup
	failed  atomic.Value
}

// failure is a panic of a worker.
type failure struct{ what any }

func newTeam(pieces int, work func(worker, piece int)) *team {
	t := &team{workers: min(pieces, runtime.GOMAXPROCS(0)), pieces: pieces}
	for w := range t.workers {
		t.work = append(t.work, func() { t.help(func(piece int) { work(w, piece) }) })
	}
	return t
}

// help runs pieces until there are none left.
func (t *team) help(work func(piece int)) {
	defer func() {
		if r := recover(); r != nil {
			t.failed.Store(failure{r})
		}
		t.wait.Done()
	}()
	for {
		k := int(t.next.Add(1)) - 1
		if k >= t.pieces {
			return
		}
		work(k)
	}
}

// run returns when all pieces are done, with the panic of one of them if there was any.
func (t *team) run() {
	t.next.Store(0)
	t.wait.Add(len(t.work))
	for _, f := range t.work[1:] {
		go f()
	}
	t.work[0]()
	t.wait.Wait()
	if f, ok := t.failed.Load().(failure); ok {
		panic(f.what)
	}
}

// chunked is a cluster that a state runs in chunks.
type chunked struct {
	cl      *cluster
	team    *team
	workers []*rowState // with registers of their own
	bounds  []*bound    // of each worker
	private [][][]float64
}

func (s *rowState) split(cl *cluster) *chunked {
	c := &chunked{cl: cl}
	n := cl.loop.chunks
	for i := 0; i < n; i++ {
		var own [][]float64
		for _, a := range cl.accums {
			own = append(own, aligned(len(s.array(a.to.v))))
		}
		c.private = append(c.private, own)
	}
	c.team = newTeam(n, c.chunk)
	for range c.team.workers {
		t := *s
		t.scratch, t.sum = aligned(s.pr.scratch), aligned(s.pr.p)
		t.idx, t.tab, t.taken = make([]int, len(s.idx)), make([]unsafe.Pointer, cl.loop.entries()), 0
		c.workers = append(c.workers, &t)
		c.bounds = append(c.bounds, t.bind(cl))
	}
	return c
}

// chunk runs chunk k.
func (c *chunked) chunk(w, k int) {
	n, size := c.cl.loop.chunks, c.cl.loop.dims[0]
	b := c.bounds[w]
	first := len(b.data) - len(c.cl.accums)
	for i, own := range c.private[k] {
		clear(own)
		b.data[first+i] = own
	}
	b.part(c.workers[w], k*size/n, (k+1)*size/n)
}

func (c *chunked) run(s *rowState) {
	c.team.run()
	for _, own := range c.private {
		for i, a := range c.cl.accums {
			out := s.array(a.to.v)
			for j, v := range own[i] {
				out[j] += v
			}
		}
	}
}

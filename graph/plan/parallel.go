package plan

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A cluster with much work is cut into chunks of its first dimension, whose
// number depends on the cluster alone. Each chunk adds to arrays of its own,
// which are then added up in order: the result is the same, bit for bit,
// whoever runs the chunks. Stored rows are disjoint between chunks.

const maxChunks = 16

// chunkWork is how many element operations are worth a chunk, and privateCost
// how many each number of a private array must stand for.
var chunkWork, privateCost = 1 << 20, 16

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
	}
	for _, a := range cl.accums {
		steps++
		if a.mat != nil {
			steps += a.mat.k
		}
		private += c.floats(a.to.v)
	}
	work := lp.dims.Size() * c.width(cl.batch) * steps
	n := min(maxChunks, work/chunkWork, lp.dims[0])
	if private*privateCost > 0 { // clearing and adding up private arrays must stay cheap
		n = min(n, work/(privateCost*private))
	}
	lp.chunks = max(1, n)
}

// chunked is a cluster that a state runs in chunks, on as many goroutines as
// there were processors when the state was made.
type chunked struct {
	cl      *cluster
	workers []*rowState // with registers of their own
	bounds  []*bound    // of each worker
	private [][][]float64
	work    []func()
	next    atomic.Int64
	wait    sync.WaitGroup
	failed  atomic.Value
}

// failure is a panic of a worker.
type failure struct{ what any }

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
	for w := 0; w < min(n, runtime.GOMAXPROCS(0)); w++ {
		t := *s
		t.scratch, t.sum = aligned(s.pr.scratch), aligned(s.pr.p)
		t.idx, t.tab, t.taken = make([]int, len(s.idx)), make([]unsafe.Pointer, cl.loop.entries()), 0
		c.workers = append(c.workers, &t)
		c.bounds = append(c.bounds, t.bind(cl))
		c.work = append(c.work, func() { c.help(w) })
	}
	return c
}

// help runs chunks until there are none left.
func (c *chunked) help(w int) {
	defer func() {
		if r := recover(); r != nil {
			c.failed.Store(failure{r})
		}
		c.wait.Done()
	}()
	n, size := c.cl.loop.chunks, c.cl.loop.dims[0]
	b := c.bounds[w]
	first := len(b.data) - len(c.cl.accums)
	for {
		k := int(c.next.Add(1)) - 1
		if k >= n {
			return
		}
		for i, own := range c.private[k] {
			clear(own)
			b.data[first+i] = own
		}
		b.part(c.workers[w], k*size/n, (k+1)*size/n)
	}
}

func (c *chunked) run(s *rowState) {
	c.next.Store(0)
	c.wait.Add(len(c.work))
	for _, f := range c.work[1:] {
		go f()
	}
	c.work[0]()
	c.wait.Wait()
	if f, ok := c.failed.Load().(failure); ok {
		panic(f.what)
	}
	for _, own := range c.private {
		for i, a := range c.cl.accums {
			out := s.array(a.to.v)
			for j, v := range own[i] {
				out[j] += v
			}
		}
	}
}

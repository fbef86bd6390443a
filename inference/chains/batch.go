package chains

import (
	"iter"

	"ppl/inference"
	"ppl/inference/nuts"
)

// batch is the chains that share the rows of one program.
type batch struct {
	j      *inference.Joint
	u      []float64
	lanes  []*lane
	halted func() bool
	err    error // the first one of the density
	// entangled says that elements with infinitely many values turned out to share a
	// factor though they were drawn together.
	entangled bool

	evaluations int // rows that a chain asked for
	work        float64
}

// wants is what a chain asks of the next evaluation at its row.
type wants uint8

const (
	nothing wants = iota
	value
	derivatives
)

// run runs each chain's work to its end, all chains at once.
func (b *batch) run(work func(*lane)) error {
	type coroutine struct {
		l    *lane
		next func() (wants, bool)
	}
	var live []coroutine
	for _, l := range b.lanes {
		next, stop := iter.Pull(func(yield func(wants) bool) {
			l.yield = yield
			work(l)
		})
		defer stop()
		l.asks = nothing
		live = append(live, coroutine{l, next})
	}
	for {
		// Chains that have what they asked for go on; the others wait.
		waiting := live[:0]
		for _, c := range live {
			if c.l.asks == nothing {
				var ok bool
				if c.l.asks, ok = c.next(); !ok {
					continue
				}
			}
			waiting = append(waiting, c)
		}
		if live = waiting; len(live) == 0 {
			return b.err
		}
		// What most ask for; derivatives come with the value.
		gradients := 0
		for _, c := range live {
			if c.l.asks == derivatives {
				gradients++
			}
		}
		both := 2*gradients >= len(live)
		b.work += b.j.Work() * float64(b.j.S)
		if err := b.j.Eval(b.u, both); err != nil && b.err == nil {
			b.err = err
		}
		for _, c := range live {
			if both || c.l.asks == value {
				c.l.asks = nothing
				b.evaluations++
				b.work += b.besides()
			}
		}
	}
}

// besides is what a chain does beside an evaluation: as much work as so many numbers. Of many numbers trajectories and
// velocities no longer stay in fast memory.
func (b *batch) besides() float64 {
	d := float64(b.j.D)
	if nuts.PartialMetric(b.j.D) {
		return 1000 + 50*d
	}
	return 1000 + 20*d
}

// spent reports whether more than a limit of work was done.
func (b *batch) spent(limit float64) bool { return b.work > limit }

// place writes a chain's point into its row.
func (b *batch) place(l *lane, u []float64) { copy(b.u[l.row*b.j.D:(l.row+1)*b.j.D], u) }

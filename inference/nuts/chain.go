package nuts

import "math/rand/v2"

// Chain is the draws of one chain after warm-up, and how it came by them.
type Chain struct {
	Draws      [][]float64 // draw by draw, unconstrained
	LogDensity []float64   // of each draw, unconstrained, up to a constant
	Energy     []float64   // of each draw with its momentum, for E-BFMI
	AcceptStat []float64   // mean acceptance probability of each trajectory
	Depth      []int       // doublings of each trajectory
	Leaps      []int       // leapfrog steps of each trajectory
	Diverged   []bool      // whether the trajectory ended in a divergence

	StepSize  float64
	InvMetric []float64 // the diagonal of M⁻¹
	Dense     bool      // whether M⁻¹ has more than its diagonal
	// WarmupDivergences are those of the warm-up, where some are usual.
	WarmupDivergences int
	// Restarts counts the starting points that were given up because nothing moved there.
	Restarts    int
	Evaluations int // gradients, warm-up included
}

// chain is the state of a run of one chain.
type chain struct {
	d    int
	opt  Options
	r    *rand.Rand
	sys  *system
	tree *tree
	now  *state
	out  *Chain
	tell func(iteration int, c *Chain)
}

func newChain(density Density, d int, r *rand.Rand, opt Options, halted func() bool) *chain {
	c := &chain{d: d, opt: opt, r: r, now: newState(d), out: &Chain{}}
	c.sys = &system{density: density, invMetric: make([]float64, d)}
	for i := range c.sys.invMetric {
		c.sys.invMetric[i] = 1
	}
	copy(c.sys.invMetric, opt.InvMetric)
	c.tree = newTree(c.sys, r, opt.MaxDepth, halted)
	c.tree.step = opt.StepSize
	return c
}

// run warms the chain up, from one of the points given if there are any, the first that
// it can move from, and draws. Halted, it keeps the draws it has.
func (c *chain) run(given [][]float64) error {
	if err := c.begin(given); err != nil {
		return err
	}
	err := c.warmUp()
	if err == nil {
		err = c.sample()
	}
	c.out.StepSize, c.out.InvMetric, c.out.Dense, c.out.Evaluations = c.tree.step, c.sys.invMetric, c.sys.covariances != nil, c.sys.evaluations
	return err
}

// advance makes one transition and reports whether it is complete.
func (c *chain) advance() bool {
	c.tree.transition(c.now)
	return c.sys.err == nil && !c.tree.halted()
}

// A chain that makes triedMoves transitions of which few end by turning back, but almost all
// reach the greatest length or diverge, cannot move: its step is too small for where it
// is, or the density has nothing there to turn it. It starts again, mostRestarts times at
// the most.
const (
	triedMoves   = 30
	stuckMoves   = 27
	mostRestarts = 3
)

// begin places the chain where it can move.
func (c *chain) begin(given [][]float64) error {
	for try := 0; ; try++ {
		var at []float64
		if len(given) > 0 && try < len(given) {
			at = given[try]
		}
		if err := c.start(at); err != nil {
			return err
		}
		if try == mostRestarts || c.opt.Warmup < 2*triedMoves {
			return nil
		}
		stuck, err := c.stuck()
		if err != nil || !stuck {
			return err
		}
		c.out.Restarts++
		c.tree.step = c.opt.StepSize
	}
}

// stuck makes a few transitions, with steps that adapt, and reports whether the chain could
// hardly move. It leaves the chain where it has come to, if it could.
func (c *chain) stuck() (bool, error) {
	if c.tree.step == 0 {
		c.tree.step = 1
		if err := c.findStep(); err != nil {
			return false, err
		}
	}
	steps := &averager{target: c.opt.TargetAccept}
	steps.restart(c.tree.step)
	bad := 0
	for i := range triedMoves {
		if !c.advance() {
			return false, c.sys.err
		}
		if c.tree.divergent || c.tree.depth >= c.opt.MaxDepth {
			bad++
		}
		if i+1-bad > triedMoves-stuckMoves {
			break // it moves
		}
		c.tree.step = steps.next(c.tree.acceptance())
	}
	c.tree.step = 0
	if c.opt.StepSize > 0 {
		c.tree.step = c.opt.StepSize
	}
	return bad >= stuckMoves, nil
}

func (c *chain) warmUp() error {
	if c.tree.step == 0 {
		c.tree.step = 1
		if err := c.findStep(); err != nil {
			return err
		}
	}
	if c.opt.Warmup == 0 {
		return nil
	}
	steps := &averager{target: c.opt.TargetAccept}
	steps.restart(c.tree.step)
	plan, spread := newWindows(c.opt.Warmup), newSpread(c.d, c.opt.dense(c.d))
	for i := range c.opt.Warmup {
		if !c.advance() {
			return c.sys.err
		}
		if c.tree.divergent {
			c.out.WarmupDivergences++
		}
		c.tree.step = steps.next(c.tree.acceptance())
		if plan.collects(i) {
			spread.add(c.now.q)
		}
		if plan.closes(i) {
			spread.take(c.sys)
			if err := c.findStep(); err != nil {
				return err
			}
			steps.restart(c.tree.step)
		}
		c.tell(i+1, c.out)
	}
	c.tree.step = steps.final()
	return nil
}

func (c *chain) sample() error {
	const block = 256 // draws are allocated in blocks, as far as the chain comes
	var room []float64
	n, o := c.opt.Draws, c.out
	for i := range n {
		if !c.advance() {
			return c.sys.err
		}
		if len(room) < c.d {
			room = make([]float64, min(block, n-i)*c.d)
		}
		q := room[:c.d:c.d]
		room = room[c.d:]
		copy(q, c.now.q)
		o.Draws = append(o.Draws, q)
		o.LogDensity = append(o.LogDensity, c.now.lp)
		o.Energy = append(o.Energy, c.now.energy)
		o.AcceptStat = append(o.AcceptStat, c.tree.acceptance())
		o.Depth = append(o.Depth, c.tree.depth)
		o.Leaps = append(o.Leaps, c.tree.leaps)
		o.Diverged = append(o.Diverged, c.tree.divergent)
		o.Evaluations = c.sys.evaluations
		c.tell(c.opt.Warmup+i+1, o)
	}
	return nil
}

// cut keeps the first n draws.
func (c *Chain) cut(n int) {
	c.Draws, c.LogDensity, c.Energy = c.Draws[:n], c.LogDensity[:n], c.Energy[:n]
	c.AcceptStat, c.Depth, c.Leaps, c.Diverged = c.AcceptStat[:n], c.Depth[:n], c.Leaps[:n], c.Diverged[:n]
}

func (c *Chain) divergences() int {
	n := 0
	for _, d := range c.Diverged {
		if d {
			n++
		}
	}
	return n
}

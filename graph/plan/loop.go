package plan

import (
	"slices"

	"ppl/graph"
)

// loop is a cluster ready to run: its domain with dimensions merged where all
// accesses allow it, and registers assigned to slots.
type loop struct {
	dims    graph.Shape // at least one; the last is run in blocks
	acc     []*access   // all accesses, those written to included
	block   int         // rows of a block
	slots   int
	slot    []int // of each virtual register
	home    []int // of each virtual register: the access that it is stored through, in place of a slot; or -1
	scratch int
	temps   int // slots for operands that are copied in
	chunks  int // that may run at the same time
}

const (
	blockFloats = 4096 // 32 KB: a block's live registers stay in the first-level cache
	maxBlock    = 512
	// matrixRows is the least block of a cluster with a matrix product, whose
	// adjoint reads and writes its whole result once a block.
	matrixRows = 48
	// minTile is the least block for one particle, whose rows of the matrix
	// should stay in the cache between the product and its adjoint.
	minTile = 64
)

// columns is the largest number of columns of a matrix that the cluster
// multiplies with; 0 if it does not.
func (cl *cluster) columns() int {
	k := 0
	for _, in := range cl.instrs {
		if in.mat != nil {
			k = max(k, in.mat.k)
		}
	}
	for _, a := range cl.accums {
		if a.mat != nil {
			k = max(k, a.mat.k)
		}
	}
	return k
}

func (cl *cluster) finish(c *compiler) {
	lp := &loop{dims: append(graph.Shape{}, cl.dims...)}
	lp.acc = append(lp.acc, cl.accesses...)
	for _, in := range cl.instrs {
		if in.out.stored {
			to := &access{v: in.out, strides: in.out.rows.Strides()}
			if len(to.strides) > len(cl.dims) { // a lane
				to.base, to.strides = in.k*to.strides[len(cl.dims)], to.strides[:len(cl.dims):len(cl.dims)]
			}
			in.store = len(lp.acc)
			lp.acc = append(lp.acc, to)
		}
	}
	for _, a := range cl.accums {
		a.index, a.loop = len(lp.acc), lp
		lp.acc = append(lp.acc, a.to)
	}
	lp.merge()
	cl.findDots(lp, c.width(cl.batch))
	cl.findPairs(lp)
	cl.findResiduals(lp)
	cl.fuse()
	cl.settle(lp)
	cl.assign(lp)
	width := c.width(cl.batch)
	for _, in := range cl.instrs {
		if in.lse == nil {
			lp.temps = max(lp.temps, len(in.args))
		}
	}
	lp.temps = max(lp.temps, 3) // one for sums
	lp.block = min(maxBlock, max(1, blockFloats/(width*max(1, lp.slots))))
	switch k := cl.columns(); {
	case k > 0 && width == 1:
		lp.block = min(lp.block, max(minTile, blockFloats/k&^7))
	case k > 0:
		lp.block = max(lp.block, matrixRows)
	}
	if n := lp.dims[len(lp.dims)-1]; lp.block > n {
		lp.block = n
	}
	lp.scratch = (lp.slots + lp.temps) * lp.block * width
	cl.loop = lp
	cl.chunk(c)
	cl.tile(c)
}

// merge leaves out dimensions of one index, and joins neighbouring dimensions
// that every access runs through as one.
func (lp *loop) merge() {
	for d := len(lp.dims) - 1; d >= 0; d-- {
		if lp.dims[d] == 1 {
			lp.drop(d)
		}
	}
	for d := len(lp.dims) - 2; d >= 0; d-- {
		ok := true
		for _, a := range lp.acc {
			ok = ok && a.strides[d] == a.strides[d+1]*lp.dims[d+1]
			if a.off != nil {
				ok = ok && a.offStrides[d] == a.offStrides[d+1]*lp.dims[d+1]
			}
		}
		if !ok {
			continue
		}
		lp.dims[d+1] *= lp.dims[d]
		lp.drop(d)
	}
	if len(lp.dims) == 0 {
		lp.dims = graph.Shape{1}
		for _, a := range lp.acc {
			a.strides = []int{0}
			if a.off != nil {
				a.offStrides = []int{0}
			}
		}
	}
}

// drop leaves out dimension d.
func (lp *loop) drop(d int) {
	lp.dims = dropAt(lp.dims, d)
	for _, a := range lp.acc {
		a.strides = dropAt(a.strides, d)
		if a.off != nil {
			a.offStrides = dropAt(a.offStrides, d)
		}
	}
}

// dropAt leaves out element d.
func dropAt(s []int, d int) []int {
	return append(append([]int{}, s[:d]...), s[d+1:]...)
}

// settle finds the registers that are computed where they are stored: their
// rows are next to one another there, and nothing needs them elsewhere.
func (cl *cluster) settle(lp *loop) {
	lp.home = make([]int, cl.nregs)
	for r := range lp.home {
		lp.home[r] = -1
	}
	last := len(lp.dims) - 1
	for _, in := range cl.instrs {
		if in.makes() && in.out.stored && (lp.acc[in.store].strides[last] == 1 || lp.dims[last] == 1) {
			lp.home[in.dst] = in.store
		}
	}
}

// placeLanes gives the weights of a log-sum-exp neighbouring slots, as the
// kernel wants them, which its operands have before where nothing else reads
// these later.
func (cl *cluster) placeLanes(lp *loop, last []int) {
	for i, in := range cl.instrs {
		for k, r := range in.lse {
			lp.slot[r] = lp.slots
			lp.slots++
			if a := in.args[k].reg; a >= 0 && last[a] == i && lp.home[a] < 0 && lp.slot[a] < 0 {
				lp.slot[a] = lp.slot[r]
			}
		}
	}
}

// laneOf is the weight that has the slot of a register, or -1.
func (in *instr) laneOf(lp *loop, reg int) int {
	for k, r := range in.lse {
		if in.args[k].reg == reg && lp.slot[r] == lp.slot[reg] {
			return r
		}
	}
	return -1
}

// settleSet does the same for registers that an accumulation would copy: rows
// next to one another, set as a whole, that no other accumulation reads.
func (cl *cluster) settleSet() {
	lp := cl.loop
	readers, made, stored := make([]int, cl.nregs), make([]bool, cl.nregs), make([]bool, cl.nregs)
	for _, a := range cl.accums {
		args := a.srcs()
		if a.dot != nil {
			args = a.dot.args
		}
		for _, x := range args {
			if x.reg >= 0 {
				readers[x.reg]++
			}
		}
	}
	for _, in := range cl.instrs {
		stored[in.dst] = stored[in.dst] || in.out.stored
		made[in.dst] = made[in.dst] || in.makes() && in.lse == nil && !in.skip
	}
	last := len(lp.dims) - 1
	for _, a := range cl.accums {
		r := a.src[0].reg
		if !a.set || a.dot != nil || a.horizontal || r < 0 || readers[r] != 1 || !made[r] || stored[r] || lp.home[r] >= 0 {
			continue
		}
		if a.to.strides[last] == 1 || lp.dims[last] == 1 {
			lp.home[r], a.settled = a.index, true
		}
	}
}

// makes reports whether the instruction computes its register, rather than
// storing one computed before.
func (in *instr) makes() bool {
	return in.fn != nil || in.mat != nil || in.lse != nil || len(in.args) > 0
}

// assign gives registers slots by liveness.
func (cl *cluster) assign(lp *loop) {
	last := make([]int, cl.nregs)
	for i, in := range cl.instrs {
		last[in.dst] = i
		for _, r := range in.lse {
			last[r] = i
		}
		for _, a := range in.args {
			if a.reg >= 0 {
				last[a.reg] = i
			}
		}
	}
	for _, a := range cl.accums {
		if a.src[0].reg >= 0 && a.dot == nil && !a.paired {
			last[a.src[0].reg] = forever
		}
		if a.dot != nil && !a.paired {
			for _, x := range a.dot.args {
				if x.reg >= 0 {
					last[x.reg] = forever
				}
			}
		}
	}
	lp.slot = make([]int, cl.nregs)
	for r := range lp.slot {
		lp.slot[r] = -1
	}
	cl.placeLanes(lp, last)
	var free []int
	for i, in := range cl.instrs {
		if in.skip {
			continue
		}
		var ending []int
		for _, a := range in.args {
			if a.reg >= 0 && last[a.reg] == i && lp.home[a.reg] < 0 && !slices.Contains(in.lse, in.laneOf(lp, a.reg)) {
				ending = append(ending, lp.slot[a.reg])
				last[a.reg] = -1
			}
		}
		// An operand that ends here may give its slot to an elementwise result:
		// kernels allow the result to be one of their operands, single ones.
		if in.fn != nil && in.kern.has {
			free, ending = append(free, ending...), nil
		}
		if lp.slot[in.dst] < 0 && lp.home[in.dst] < 0 {
			if n := len(free); n > 0 {
				lp.slot[in.dst], free = free[n-1], free[:n-1]
			} else {
				lp.slot[in.dst] = lp.slots
				lp.slots++
			}
		}
		free = append(free, ending...)
		for _, r := range append([]int{in.dst}, in.lse...) {
			if last[r] == i && lp.home[r] < 0 {
				free = append(free, lp.slot[r])
			}
		}
	}
}

package plan

import (
	"math"

	"ppl/graph"
	"ppl/graph/kernel/vec"
	"ppl/graph/op"
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
}

// rowStep is one step of a run.
type rowStep interface {
	// touches lists the values written, then those read.
	touches() (writes, reads []*value)
	describe() string
}

// program orders the steps by stage: arrays that are accumulated into are
// cleared before the first stage that adds to them and scaled after the last.
func (c *compiler) program() *rowProgram {
	pr := &rowProgram{s: c.s, p: c.p, outputs: c.outputs}
	for _, n := range c.an.order {
		if n.IsInput() {
			pr.inputs = append(pr.inputs, n)
			pr.in = append(pr.in, c.values[n.ID])
		}
	}
	for _, o := range c.outputs {
		pr.out = append(pr.out, c.value(o))
	}
	cleared, summed := map[*value]bool{}, map[*value]bool{}
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
				cl.finish(c)
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
	pr.arena = a.size
}

// floats is the room that a value takes, in whole vectors so that rows stay
// aligned.
func (c *compiler) floats(v *value) int {
	n := v.rows.Size() * c.width(v.batch)
	return max(8, (n+7)&^7)
}

// loop is a cluster ready to run: its domain with dimensions merged where all
// accesses allow it, and registers assigned to slots.
type loop struct {
	dims    graph.Shape // at least one; the last is run in blocks
	acc     []*access   // all accesses, those written to included
	block   int         // rows of a block
	slots   int
	slot    []int // of each virtual register
	scratch int
	temps   int // slots for operands that are copied in
	chunks  int // that may run at the same time
}

const (
	blockFloats = 4096 // 32 KB: a block's live registers stay in the first-level cache
	maxBlock    = 512
	// matrixRows is the least block of a cluster with a matrix product, whose
	// adjoint reads and writes its whole result once a block.
	matrixRows = 24
)

func (cl *cluster) hasMatrix() bool {
	for _, in := range cl.instrs {
		if in.mat != nil {
			return true
		}
	}
	for _, a := range cl.accums {
		if a.mat != nil {
			return true
		}
	}
	return false
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
			lp.acc = append(lp.acc, to)
		}
	}
	for _, a := range cl.accums {
		a.index = len(lp.acc)
		lp.acc = append(lp.acc, a.to)
	}
	lp.merge()
	if cl.batch {
		cl.findDots(lp)
		cl.findPairs(lp)
	}
	cl.fuse()
	cl.assign(lp)
	width := c.width(cl.batch)
	for _, in := range cl.instrs {
		if in.lse == nil {
			lp.temps = max(lp.temps, len(in.args))
		}
	}
	lp.temps = max(lp.temps, 2)
	lp.block = min(maxBlock, max(1, blockFloats/(width*max(1, lp.slots))))
	if cl.hasMatrix() {
		lp.block = max(lp.block, matrixRows)
	}
	if n := lp.dims[len(lp.dims)-1]; lp.block > n {
		lp.block = n
	}
	lp.scratch = (lp.slots + lp.temps) * lp.block * width
	cl.loop = lp
	cl.chunk(c)
}

// merge joins neighbouring dimensions that every access runs through as one.
func (lp *loop) merge() {
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
		lp.dims[d] *= lp.dims[d+1]
		lp.dims = append(lp.dims[:d+1], lp.dims[d+2:]...)
		for _, a := range lp.acc {
			a.strides = dropAt(a.strides, d)
			if a.off != nil {
				a.offStrides = dropAt(a.offStrides, d)
			}
		}
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

// dropAt leaves out element d.
func dropAt(s []int, d int) []int {
	return append(append([]int{}, s[:d]...), s[d+1:]...)
}

// findDots finds products that are only summed over rows, or over a row's
// particles: the sum multiplies as it adds, and no register holds the product.
func (cl *cluster) findDots(lp *loop) {
	readers := make([]int, cl.nregs)
	for _, in := range cl.instrs {
		for _, a := range in.args {
			if a.reg >= 0 {
				readers[a.reg]++
			}
		}
	}
	for _, a := range cl.accums {
		if a.src[0].reg >= 0 {
			readers[a.src[0].reg]++
		}
	}
	maker := map[int]*instr{}
	for _, in := range cl.instrs {
		if in.fn == op.Mul || in.fn == op.MulZ || in.fn == op.Square {
			maker[in.dst] = in
		}
	}
	for _, a := range cl.accums {
		in := maker[a.src[0].reg]
		if a.src[0].reg < 0 || in == nil || readers[a.src[0].reg] != 1 || in.out.stored || a.mat != nil || a.to.off != nil {
			continue
		}
		if a.horizontal == (a.to.strides[len(lp.dims)-1] == 0) || !lp.anyFull(in) {
			continue
		}
		a.dot, in.skip = in, true
	}
}

// findPairs finds sums of softplus(x) beside inv_logit(x), as the density of a
// Bernoulli with its adjoint has them: one kernel shares the exponential.
func (cl *cluster) findPairs(lp *loop) {
	for _, a := range cl.accums {
		soft := cl.only(op.Softplus, a)
		if soft == nil || a.horizontal || a.mat != nil || a.to.off != nil || a.to.strides[len(lp.dims)-1] != 0 {
			continue
		}
		for _, in := range cl.instrs {
			if in.fn == op.InvLogit && in.pair == nil && in.args[0] == soft.args[0] {
				in.pair, soft.skip, a.paired = a, true, true
				break
			}
		}
	}
}

// fma and fnma stand for a·b + c and c − a·b, rounded once.
var (
	fma  = &op.Func{Name: "fma", Arity: 3, F3: math.FMA}
	fnma = &op.Func{Name: "fnma", Arity: 3, F3: func(a, b, c float64) float64 { return math.FMA(-a, b, c) }}
)

// fuse joins a product with the one sum or difference that reads it.
func (cl *cluster) fuse() {
	readers := make([]int, cl.nregs)
	maker := make([]*instr, cl.nregs)
	read := func(args []arg) {
		for _, a := range args {
			if a.reg >= 0 {
				readers[a.reg]++
			}
		}
	}
	for _, in := range cl.instrs {
		read(in.args)
		if in.fn == op.Mul && !in.skip && !in.out.stored {
			maker[in.dst] = in
		}
	}
	for _, a := range cl.accums {
		read(a.srcs())
	}
	product := func(a arg) *instr {
		if a.reg < 0 || readers[a.reg] != 1 || maker[a.reg] == nil || maker[a.reg].skip {
			return nil
		}
		return maker[a.reg]
	}
	for _, in := range cl.instrs {
		if in.skip || in.fn != op.Add && in.fn != op.Sub {
			continue
		}
		for k := 1; k >= 0; k-- {
			m := product(in.args[k])
			if m == nil || in.fn == op.Sub && k == 0 {
				continue
			}
			in.args = []arg{m.args[0], m.args[1], in.args[1-k]}
			if in.fn == op.Add {
				in.fn, in.kern = fma, kern{true, uint8(vec.FMA)}
			} else {
				in.fn, in.kern = fnma, kern{true, uint8(vec.FNMA)}
			}
			m.skip = true
			break
		}
	}
}

// only finds the instruction of function fn whose result nothing but the
// accumulation reads.
func (cl *cluster) only(fn *op.Func, a *accum) *instr {
	reg := a.src[0].reg
	if reg < 0 || a.dot != nil {
		return nil
	}
	var maker *instr
	for _, in := range cl.instrs {
		if in.dst == reg && in.fn == fn && !in.out.stored {
			maker = in
		}
		for _, x := range in.args {
			if x.reg == reg {
				return nil
			}
		}
	}
	for _, b := range cl.accums {
		if b != a && b.src[0].reg == reg {
			return nil
		}
	}
	return maker
}

// anyFull reports whether one operand of a product has rows of its own for
// every particle.
func (lp *loop) anyFull(in *instr) bool {
	for _, a := range in.args {
		if a.reg >= 0 {
			return true
		}
		x := lp.acc[a.acc]
		if x.v.batch && x.strides[len(lp.dims)-1] != 0 {
			return true
		}
	}
	return false
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
		if a.dot != nil {
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
	var free []int
	for i, in := range cl.instrs {
		if in.skip {
			continue
		}
		var ending []int
		for _, a := range in.args {
			if a.reg >= 0 && last[a.reg] == i {
				ending = append(ending, lp.slot[a.reg])
				last[a.reg] = -1
			}
		}
		// An operand that ends here may give its slot to an elementwise result:
		// kernels allow the result to be one of their operands.
		if in.fn != nil {
			free, ending = append(free, ending...), nil
		}
		for _, r := range in.lse { // the kernel wants them side by side
			lp.slot[r] = lp.slots
			lp.slots++
		}
		if lp.slot[in.dst] < 0 {
			if n := len(free); n > 0 {
				lp.slot[in.dst], free = free[n-1], free[:n-1]
			} else {
				lp.slot[in.dst] = lp.slots
				lp.slots++
			}
		}
		free = append(free, ending...)
		for _, r := range append([]int{in.dst}, in.lse...) {
			if last[r] == i {
				free = append(free, lp.slot[r])
			}
		}
	}
}

// clear1 sets an array to zero.
type clear1 struct{ v *value }

// scale multiplies an array by its factor.
type scale struct{ v *value }

package plan

import (
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

// cluster is a loop nest over a domain of rows: elementwise results live in
// block registers, and leave by stores and accumulations.
type cluster struct {
	dims  graph.Shape
	batch bool
	stage int

	accesses []*access
	byKey    map[string]int
	regs     map[lane]int // → virtual register
	instrs   []*instr
	accums   []*accum
	nregs    int
	loop     *loop // after finishing
}

// instr computes a register.
type instr struct {
	fn   *op.Func // nil for a copy, a matrix product or a log-sum-exp
	kern kern
	dst  int
	args []arg
	mat  *matrix
	lse  []int  // registers of the weights of a log-sum-exp; dst is the result
	out  *value // the value that the register holds
	k    int    // the lane
	skip bool   // an accumulation computes it
	// store is the access through which a stored register is written.
	store int
	// pair is the sum that one kernel computes together with the instruction:
	// of an inv_logit that of the softplus of the same operand, of a difference
	// that of its squares.
	pair *accum
}

// arg is a register, or an access if reg is negative.
type arg struct{ reg, acc int }

// accum adds a register or an access to an array.
type accum struct {
	src        [1]arg
	to         *access
	horizontal bool // summing over particles too
	mat        *matrix
	dot        *instr // the product that makes src, if it is summed as it is made
	paired     bool   // an instruction adds it
	index      int    // of its access
	set        bool   // nothing is there yet: set, do not add
	settled    bool   // an instruction computes it in its place
	loop       *loop  // of its cluster
}

// srcs is what is added, as a list of arguments.
func (a *accum) srcs() []arg { return a.src[:] }

// matrix is a product with a matrix X that does not vary: element (i, k) of X
// is at i·rowStride + k·colStride. As an instruction it computes rows Σ_k
// X[i, k]·b[k]; as an accumulation it adds X[i, k]·src[i] to row k.
type matrix struct {
	x                    *value
	b                    *value
	k                    int
	rowStride, colStride int
	tiled                []float64 // or nil: tiles of height rows of all, by columns
	rows, height         int
	empty                []int // rows of a known X that are all 0
}

// withoutEmpty are rows of w numbers, of which those from start on that meet an
// empty row of X are 0, whatever they were: as every product with 0 (op.Contract).
func (m *matrix) withoutEmpty(rows, scratch []float64, start, n, w int) []float64 {
	at, _ := slices.BinarySearch(m.empty, start)
	if at == len(m.empty) || m.empty[at] >= start+n {
		return rows
	}
	out := rows
	for ; at < len(m.empty) && m.empty[at] < start+n; at++ {
		from := (m.empty[at] - start) * w
		if finiteSum(rows[from : from+w]) {
			continue
		}
		if &out[0] == &rows[0] {
			copy(scratch, rows[:n*w])
			out = scratch
		}
		clear(out[from : from+w])
	}
	return out
}

// clusterKey tells clusters apart. With one particle those that vary with it
// and those that do not are alike.
type clusterKey struct {
	rank, stage int
	batch       bool
	dims        [4]int
	more        string
}

func (c *compiler) clusterKey(dims graph.Shape, batch bool, stage int) clusterKey {
	k := clusterKey{rank: len(dims), stage: stage, batch: batch && c.p > 1}
	if n := copy(k.dims[:], dims); n < len(dims) {
		k.more = dims[n:].String()
	}
	return k
}

func (c *compiler) cluster(dims graph.Shape, batch bool, stage int) *cluster {
	key := c.clusterKey(dims, batch, stage)
	if cl, ok := c.stages[key]; ok {
		return cl
	}
	cl := &cluster{dims: dims, batch: batch, stage: stage, byKey: map[string]int{}, regs: map[lane]int{}}
	c.stages[key] = cl
	c.clusters = append(c.clusters, cl)
	c.lastStage = max(c.lastStage, stage)
	return cl
}

func (cl *cluster) emit(n *graph.Node, in *instr) {
	in.dst = cl.nregs
	cl.nregs++
	cl.regs[lane{n.ID, in.k}] = in.dst
	cl.instrs = append(cl.instrs, in)
}

// generic runs an op through its own Eval, in logical order.
type generic struct {
	n       *graph.Node
	in      []*value
	out     *value
	stage   int
	promote *value
	body    *rowProgram // of a scan
	// valueOnly says of a chain that nobody reads its marginals.
	valueOnly bool
}

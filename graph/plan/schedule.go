package plan

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/op"
)

// value is an array of the program: rows of width numbers.
type value struct {
	n     *graph.Node // nil for a copy that the plan made
	rows  graph.Shape
	batch bool      // rows hold one number for each particle
	data  []float64 // of a constant, in physical layout

	stage  int // at which it is computed; -1 for inputs and constants
	stored bool
	at     int // in the arena
	first  int // step that first writes it
	last   int // step that last reads it
	times  float64
}

// ready is the first stage that can read the stored value.
func (v *value) ready() int { return v.stage + 1 }

// compiler holds the state of one compilation.
type compiler struct {
	an         *analysis
	s, p       int // particles, and rounded up
	outputs    []*graph.Node
	values     map[int]*value // by node ID
	promoted   map[int]*value // constants and others read as if they varied
	keep       map[int]bool   // views that are read otherwise than through strides
	stages     map[string]*cluster
	offsets    map[*float64][]int32
	weights    map[int]*value // of a log-sum-exp in lanes, by its node ID
	weightRegs map[int][]int
	clusters   []*cluster // in order of creation
	others     []*generic
	lastStage  int

	now       int           // ID of the node being scheduled
	uses      map[int][]use // of elementwise nodes
	notBefore map[int]int   // stage of a node, at least
}

func compileRows(g *graph.Graph, outputs []*graph.Node) (*rowProgram, bool) {
	an, ok := analyse(g, outputs)
	if !ok {
		return nil, false
	}
	early := newCompiler(an, outputs, nil)
	early.schedule()
	late := newCompiler(an, outputs, early.sink())
	late.schedule()
	return late.program(), true
}

func newCompiler(an *analysis, outputs []*graph.Node, notBefore map[int]int) *compiler {
	c := &compiler{an: an, s: an.particles, p: roundUp(an.particles), outputs: outputs, notBefore: notBefore,
		values: map[int]*value{}, promoted: map[int]*value{}, keep: map[int]bool{}, stages: map[string]*cluster{},
		offsets: map[*float64][]int32{}, weights: map[int]*value{}, weightRegs: map[int][]int{}, uses: map[int][]use{}}
	c.markKept()
	return c
}

func (c *compiler) schedule() {
	for _, n := range c.an.order {
		c.now = n.ID
		c.node(n)
	}
	for _, o := range c.outputs {
		c.store(c.value(o))
	}
}

// use is one reading of an elementwise node.
type use struct {
	by    int  // node ID of the reader
	stage int  // of the cluster that reads
	reg   bool // over the same domain, so that a register could serve
}

// sink finds the elementwise nodes that are first read, always over their own
// domain, at a later stage than that at which they could be computed: computed
// then, they need not be stored.
func (c *compiler) sink() map[int]int {
	final := map[int]int{}
	for i := len(c.an.order) - 1; i >= 0; i-- {
		n := c.an.order[i]
		v := c.values[n.ID]
		if v == nil {
			continue
		}
		final[n.ID] = v.stage
		us := c.uses[n.ID]
		if _, ok := n.Op.(*op.Map); !ok || c.keep[n.ID] || len(us) == 0 {
			continue
		}
		latest, all := forever, true
		for _, u := range us {
			all = all && u.reg
			at := u.stage
			if r := c.an.node(u.by); r != nil {
				if _, ok := r.Op.(*op.Map); ok {
					at = final[u.by]
				}
			}
			latest = min(latest, at)
		}
		if all && latest > v.stage {
			final[n.ID] = latest
		}
	}
	return final
}

// roundUp pads the particles to whole vectors; a single one is not padded.
func roundUp(s int) int {
	if s == 1 {
		return 1
	}
	return (s + 7) &^ 7
}

func (c *compiler) width(batch bool) int {
	if batch {
		return c.p
	}
	return 1
}

// markKept finds the views that must be arrays: outputs, operands of ops that
// read arrays, and views of views that did not compose.
func (c *compiler) markKept() {
	for _, o := range c.outputs {
		c.keep[o.ID] = true
	}
	for _, n := range c.an.order {
		for k, x := range n.In {
			if c.readAsArray(n, k) {
				c.keep[x.ID] = true
			}
		}
	}
}

// readAsArray reports whether n needs its operand k stored, in its own order.
func (c *compiler) readAsArray(n *graph.Node, k int) bool {
	promoted := c.an.batch[n.ID] && !c.an.batch[n.In[k].ID]
	switch o := n.Op.(type) {
	case *op.Map:
		return promoted && len(o.Dims[k]) > 0 && o.Dims[k][0] == 0
	case op.Scatter:
		return promoted
	case graph.Sum:
		return false
	case op.Reduce:
		return !c.inLanes(n, o)
	}
	return true
}

// inLanes reports whether a reduction is a log-sum-exp over a dimension that
// is split into lanes.
func (c *compiler) inLanes(n *graph.Node, r op.Reduce) bool {
	x := n.In[0]
	if r.Kind != op.LogSumExp || !c.an.batch[x.ID] || len(r.Dims) != 1 || r.Dims[0] != len(r.From)-1 {
		return false
	}
	_, k := lanes(c.an.rows(x))
	return k > 1
}

// alias reports whether n is only a way to read its operand.
func (c *compiler) alias(n *graph.Node) bool {
	if n.IsConst() || c.keep[n.ID] {
		return false
	}
	switch n.Op.(type) {
	case op.View, graph.Broadcast:
		return true
	}
	return false
}

// value returns the value of a node that is not an alias.
func (c *compiler) value(n *graph.Node) *value {
	if v, ok := c.values[n.ID]; ok {
		return v
	}
	if !n.IsConst() {
		panic(fmt.Sprintf("plan: node %d (%T) has no value", n.ID, n.Op))
	}
	v := &value{n: n, rows: n.Shape, data: n.Const, stage: -1, stored: true}
	c.values[n.ID] = v
	return v
}

// store makes a value an array of the arena that others may read.
func (c *compiler) store(v *value) *value {
	v.stored = true
	return v
}

func (c *compiler) newValue(n *graph.Node, stage int) *value {
	v := &value{n: n, rows: c.an.rows(n), batch: c.an.batch[n.ID], stage: stage, times: 1}
	c.values[n.ID] = v
	c.lastStage = max(c.lastStage, stage)
	return v
}

func (c *compiler) node(n *graph.Node) {
	if n.Op == nil {
		v := c.newValue(n, -1)
		v.stored = true
		return
	}
	if c.alias(n) {
		return
	}
	switch o := n.Op.(type) {
	case *op.Map:
		c.elementwise(n, o)
	case graph.Sum:
		c.sum(n, o)
	case op.Scatter:
		c.scatter(n, o)
	case op.View, graph.Broadcast:
		c.copyView(n)
	case op.Reduce:
		if c.inLanes(n, o) {
			c.logSumExp(n)
		} else {
			c.generic(n)
		}
	case op.Contract:
		if !c.product(n, o) {
			c.generic(n)
		}
	default:
		c.generic(n)
	}
}

// access is a way to read or write rows of a value over a cluster's domain:
// row base + Σ strides·c (+ off[Σ offStrides·c]).
type access struct {
	v          *value
	base       int
	strides    []int
	off        []int32 // nil if there is no gather
	offBase    int
	offStrides []int
	key        string
}

// reach describes how a consumer over a domain of given rank reads an operand.
func (c *compiler) reach(o operand, rank int) *access {
	a := &access{strides: make([]int, rank)}
	if o.v != nil || !c.alias(o.n) {
		if a.v = o.v; a.v == nil {
			a.v = c.value(o.n)
		}
		for i, st := range a.v.rows.Strides() {
			a.step(o, i, st)
		}
		return a.sealed()
	}
	a.v = c.value(o.n.In[0])
	shift := 0
	if c.an.batch[o.n.ID] {
		shift = 1
	}
	switch x := o.n.Op.(type) {
	case op.View:
		a.base = x.Base
		for i, st := range x.Strides[shift:] {
			a.step(o, i, st)
		}
		if x.OffStrides != nil {
			a.gather(o, x.OffStrides[shift:], c.rowNumbers(o.n.In[1].Const))
		}
	case graph.Broadcast:
		have := x.Dims[shift:]
		for i, st := range a.v.rows.Strides() {
			a.step(o, have[i]-shift, st)
		}
	}
	return a.sealed()
}

// step adds the stride of the operand's dimension i.
func (a *access) step(o operand, i, stride int) {
	if d := o.dims[i]; d >= 0 {
		a.strides[d] += stride
	} else {
		a.base += o.k * stride
	}
}

// gather reads through row numbers.
func (a *access) gather(o operand, strides []int, off []int32) {
	a.off, a.offStrides = off, make([]int, len(a.strides))
	for i, st := range strides {
		if d := o.dims[i]; d >= 0 {
			a.offStrides[d] += st
		} else {
			a.offBase += o.k * st
		}
	}
}

// rowNumbers converts offsets; equal arrays give the same numbers, so that
// accesses through them are recognised as equal.
func (c *compiler) rowNumbers(x []float64) []int32 {
	if len(x) == 0 {
		return nil
	}
	if out, ok := c.offsets[&x[0]]; ok {
		return out
	}
	out := make([]int32, len(x))
	c.offsets[&x[0]] = out
	for i, v := range x {
		out[i] = int32(v)
	}
	return out
}

func (a *access) sealed() *access {
	a.key = fmt.Sprintf("%p %d %v", a.v, a.base, a.strides)
	if len(a.off) > 0 {
		a.key += fmt.Sprintf(" %p %d %v", &a.off[0], a.offBase, a.offStrides)
	}
	return a
}

// promote reads a value that does not vary as one that does, where its first
// dimension is the particle.
func (c *compiler) promote(n *graph.Node) *value {
	if v, ok := c.promoted[n.ID]; ok {
		return v
	}
	v := &value{rows: n.Shape[1:], batch: true, stage: -1, stored: true, times: 1}
	if n.IsConst() {
		v.data = make([]float64, v.rows.Size()*c.p)
		toRows(v.data, n.Const, c.s, c.p)
	} else {
		src := c.value(n)
		c.store(src)
		v.stage = src.ready()
		c.lastStage = max(c.lastStage, v.stage)
		c.others = append(c.others, &generic{out: v, promote: src, stage: v.stage})
	}
	c.promoted[n.ID] = v
	return v
}

// toRows turns an S×R logical array into R rows of P.
func toRows(dst, src []float64, s, p int) {
	r := len(dst) / p
	if p == 1 {
		copy(dst, src)
		return
	}
	for i := 0; i < s; i++ {
		row := src[i*r : (i+1)*r]
		for j, v := range row {
			dst[j*p+i] = v
		}
	}
}

// fromRows is the inverse of toRows.
func fromRows(dst, src []float64, s, p int) {
	r := len(src) / p
	if p == 1 {
		copy(dst, src)
		return
	}
	for i := 0; i < s; i++ {
		row := dst[i*r : (i+1)*r]
		for j := range row {
			row[j] = src[j*p+i]
		}
	}
}

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

// lane is what a register holds: a node over the domain, or, where the node's
// last dimension is short, its slice k along it.
type lane struct{ node, k int }

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
	// pair, of an inv_logit, is the sum of the softplus of the same operand,
	// which one kernel computes together with it.
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
}

func (c *compiler) cluster(dims graph.Shape, batch bool, stage int) *cluster {
	key := fmt.Sprint(dims, batch, stage)
	if cl, ok := c.stages[key]; ok {
		return cl
	}
	cl := &cluster{dims: dims, batch: batch, stage: stage, byKey: map[string]int{}, regs: map[lane]int{}}
	c.stages[key] = cl
	c.clusters = append(c.clusters, cl)
	c.lastStage = max(c.lastStage, stage)
	return cl
}

// operand is an operand of something over a domain: a node with the domain
// dimension of each of its row dimensions, or a promoted value.
type operand struct {
	n    *graph.Node
	v    *value // instead of n
	dims []int  // -1: the dimension is fixed at index k
	k    int
}

// maxLanes is the longest last dimension that is split into lanes.
const maxLanes = 8

// lanes splits a short last dimension off a domain: instead of a loop over few
// rows there is a register for each, and a reduction over it stays in
// registers.
func lanes(dims graph.Shape) (domain graph.Shape, k int) {
	last := len(dims) - 1
	if last < 1 || dims[last] < 2 || dims[last] > maxLanes || dims[:last].Size() < 4*dims[last] {
		return dims, 1
	}
	return dims[:last], dims[last]
}

// at is the operand in lane k of the domain that lanes gives for dims.
func (o operand) at(dims graph.Shape, k int) operand {
	domain, n := lanes(dims)
	if n == 1 {
		return o
	}
	out := operand{n: o.n, v: o.v, dims: append([]int(nil), o.dims...), k: k}
	for i, d := range out.dims {
		if d == len(domain) {
			out.dims[i] = -1
		}
	}
	return out
}

// inRegister reports whether the operand is computed over this very domain,
// and its lane.
func (c *compiler) inRegister(o operand, dims graph.Shape, batch bool) (*value, lane, bool) {
	var l lane
	if o.v != nil || o.n.IsConst() || c.alias(o.n) {
		return nil, l, false
	}
	v := c.values[o.n.ID]
	if v == nil || v.batch != batch {
		return nil, l, false
	}
	domain, n := lanes(v.rows)
	if !domain.Equal(dims) {
		return nil, l, false
	}
	for i, d := range o.dims {
		if i < len(dims) && i != d || i == len(dims) && d != -1 {
			return nil, l, false
		}
	}
	l.node = o.n.ID
	if n > 1 {
		l.k = o.k
	}
	cl := c.stages[fmt.Sprint(dims, batch, v.stage)]
	if cl == nil {
		return nil, l, false
	}
	_, ok := cl.regs[l]
	return v, l, ok
}

// source is the stored value that an operand is read from.
func (c *compiler) source(o operand) *value {
	if o.v != nil {
		return o.v
	}
	if c.alias(o.n) {
		return c.value(o.n.In[0])
	}
	return c.value(o.n)
}

// earliest is the first stage at which all operands can be had over a domain.
func (c *compiler) earliest(os []operand, dims graph.Shape, batch bool) int {
	stage := 0
	for _, o := range os {
		if v, _, ok := c.inRegister(o, dims, batch); ok {
			stage = max(stage, v.stage)
		} else {
			stage = max(stage, c.source(o).ready())
		}
	}
	return stage
}

// arg makes an operand readable in a cluster.
func (c *compiler) arg(cl *cluster, o operand) arg {
	v, l, same := c.inRegister(o, cl.dims, cl.batch)
	if o.v == nil && !c.alias(o.n) {
		c.uses[o.n.ID] = append(c.uses[o.n.ID], use{c.now, cl.stage, same})
	} else if o.v == nil {
		c.uses[o.n.In[0].ID] = append(c.uses[o.n.In[0].ID], use{c.now, cl.stage, false})
	}
	if same && v.stage == cl.stage {
		return arg{reg: cl.regs[l]}
	}
	a := c.reach(o, len(cl.dims))
	c.store(a.v)
	i, ok := cl.byKey[a.key]
	if !ok {
		i = len(cl.accesses)
		cl.byKey[a.key] = i
		cl.accesses = append(cl.accesses, a)
	}
	return arg{reg: -1, acc: i}
}

func (c *compiler) elementwise(n *graph.Node, m *op.Map) {
	batch := c.an.batch[n.ID]
	dims := c.an.rows(n)
	if v, ok := c.weight(n, m); ok {
		c.values[n.ID] = v
		return
	}
	os := make([]operand, len(n.In))
	for k, x := range n.In {
		os[k] = c.operand(x, m.Dims[k], batch)
	}
	domain, lanes := lanes(dims)
	stage := c.notBefore[n.ID]
	for k := 0; k < lanes; k++ {
		stage = max(stage, c.earliest(inLane(os, dims, k), domain, batch))
	}
	cl := c.cluster(domain, batch, stage)
	v := c.newValue(n, stage)
	for k := 0; k < lanes; k++ {
		in := &instr{fn: m.F, kern: kernelOf(m.F), out: v, k: k}
		for _, o := range inLane(os, dims, k) {
			in.args = append(in.args, c.arg(cl, o))
		}
		cl.emit(n, in)
	}
}

func inLane(os []operand, dims graph.Shape, k int) []operand {
	out := make([]operand, len(os))
	for i, o := range os {
		out[i] = o.at(dims, k)
	}
	return out
}

// logSumExp keeps a log-sum-exp over lanes in registers, weights included.
func (c *compiler) logSumExp(n *graph.Node) {
	x := n.In[0]
	dims := c.an.rows(x)
	domain, lanes := lanes(dims)
	o := []operand{{n: x, dims: graph.Iota(len(dims))}}
	stage := 0
	for k := 0; k < lanes; k++ {
		stage = max(stage, c.earliest(inLane(o, dims, k), domain, true))
	}
	cl := c.cluster(domain, true, stage)
	in := &instr{out: c.newValue(n, stage)}
	w := &value{rows: dims, batch: true, stage: stage, times: 1}
	c.weights[n.ID] = w
	for k := 0; k < lanes; k++ {
		in.args = append(in.args, c.arg(cl, inLane(o, dims, k)[0]))
		in.lse = append(in.lse, cl.nregs)
		cl.nregs++
	}
	cl.emit(n, in)
	c.weightRegs[n.ID] = in.lse
}

// weight recognises exp(x − log_sum_exp(x)), which the log-sum-exp left in
// registers.
func (c *compiler) weight(n *graph.Node, m *op.Map) (*value, bool) {
	if m.F != op.ExpSub {
		return nil, false
	}
	l := n.In[1]
	w := c.weights[l.ID]
	if w == nil || l.In[0] != n.In[0] || len(m.Dims[1]) != len(m.Out)-1 || w.n != nil {
		return nil, false
	}
	for i, d := range m.Dims[1] {
		if i != d {
			return nil, false
		}
	}
	w.n = n
	domain, lanes := lanes(w.rows)
	cl := c.cluster(domain, true, w.stage)
	for k := 0; k < lanes; k++ {
		cl.regs[lane{n.ID, k}] = c.weightRegs[l.ID][k]
		cl.instrs = append(cl.instrs, &instr{dst: c.weightRegs[l.ID][k], out: w, k: k})
	}
	return w, true
}

// operand places an operand with dimensions dims of a frame in the domain of
// the frame's rows.
func (c *compiler) operand(x *graph.Node, dims []int, batch bool) operand {
	if !batch {
		return operand{n: x, dims: dims}
	}
	if len(dims) > 0 && dims[0] == 0 {
		o := operand{n: x, dims: shift(dims[1:])}
		if !c.an.batch[x.ID] {
			o.v = c.promote(x)
		}
		return o
	}
	return operand{n: x, dims: shift(dims)}
}

func shift(dims []int) []int {
	out := make([]int, len(dims))
	for i, d := range dims {
		out[i] = d - 1
	}
	return out
}

func (cl *cluster) emit(n *graph.Node, in *instr) {
	in.dst = cl.nregs
	cl.nregs++
	cl.regs[lane{n.ID, in.k}] = in.dst
	cl.instrs = append(cl.instrs, in)
}

// sum is an accumulation over the operand's rows.
func (c *compiler) sum(n *graph.Node, s graph.Sum) {
	x := n.In[0]
	batch := c.an.batch[x.ID]
	dims := c.an.rows(x)
	over := s.Dims
	horizontal := false
	if batch {
		if len(over) > 0 && over[0] == 0 {
			over, horizontal = over[1:], true
		}
		over = shift(over)
	}
	v := c.store(c.newValue(n, 0))
	v.times = s.Times
	strides := make([]int, len(dims))
	st := v.rows.Strides()
	k := 0
	for d := range dims {
		if !contains(over, d) {
			strides[d] = st[k]
			k++
		}
	}
	c.accumulate(operand{n: x, dims: graph.Iota(len(dims))}, dims, batch, &access{v: v, strides: strides}, horizontal)
}

// accumulate adds an operand over dims to an array, lane by lane.
func (c *compiler) accumulate(o operand, dims graph.Shape, batch bool, to *access, horizontal bool) {
	domain, lanes := lanes(dims)
	os := []operand{o}
	stage := 0
	for k := 0; k < lanes; k++ {
		stage = max(stage, c.earliest(inLane(os, dims, k), domain, batch))
	}
	cl := c.cluster(domain, batch, stage)
	to.v.stage = max(to.v.stage, stage)
	for k := 0; k < lanes; k++ {
		t := *to
		if lanes > 1 {
			last := len(dims) - 1
			t.base += k * to.strides[last]
			t.strides = to.strides[:last:last]
			if to.off != nil {
				t.offBase += k * to.offStrides[last]
				t.offStrides = to.offStrides[:last:last]
			}
		}
		cl.accums = append(cl.accums, &accum{src: [1]arg{c.arg(cl, inLane(os, dims, k)[0])}, to: t.sealed(), horizontal: horizontal})
	}
}

func contains(s []int, x int) bool {
	for _, v := range s {
		if v == x {
			return true
		}
	}
	return false
}

// scatter is one accumulation for each part.
func (c *compiler) scatter(n *graph.Node, s op.Scatter) {
	batch := c.an.batch[n.ID]
	v := c.store(c.newValue(n, 0))
	k := 0
	for _, p := range s.Parts {
		x := n.In[k]
		k++
		to := &access{v: v, base: p.Base, strides: p.Strides}
		shape := p.Shape
		off := p.OffStrides
		if batch {
			to.strides, shape = to.strides[1:], shape[1:]
			if off != nil {
				off = off[1:]
			}
		}
		if p.OffStrides != nil {
			to.off, to.offStrides = c.rowNumbers(n.In[k].Const), off
			k++
		}
		o := operand{n: x, dims: graph.Iota(len(shape))}
		if batch && !c.an.batch[x.ID] {
			o.v = c.promote(x)
		}
		c.accumulate(o, shape, batch, to, false)
	}
}

// copyView stores a view that something reads as an array.
func (c *compiler) copyView(n *graph.Node) {
	batch := c.an.batch[n.ID]
	dims := c.an.rows(n)
	delete(c.keep, n.ID) // read its source through it
	o := []operand{{n: n, dims: graph.Iota(len(dims))}}
	domain, lanes := lanes(dims)
	stage := c.value(n.In[0]).ready()
	cl := c.cluster(domain, batch, stage)
	v := c.store(c.newValue(n, stage))
	delete(c.values, n.ID)
	var args []arg
	for k := 0; k < lanes; k++ {
		args = append(args, c.arg(cl, inLane(o, dims, k)[0]))
	}
	c.keep[n.ID] = true
	c.values[n.ID] = v
	for k, a := range args {
		cl.emit(n, &instr{args: []arg{a}, out: v, k: k})
	}
}

// product recognises a matrix that does not vary times rows that do:
// Out[p, i] = Σ_k X[i, k]·b[p, k], X in either order. With more rows than
// columns it is an instruction over the rows i; otherwise an accumulation over
// the rows k, as the adjoint of the former is.
func (c *compiler) product(n *graph.Node, o op.Contract) bool {
	xa, ba, x, b := o.A, o.B, n.In[0], n.In[1]
	if c.an.batch[x.ID] {
		xa, ba, x, b = ba, xa, b, x
	}
	if c.an.batch[x.ID] || !c.an.batch[b.ID] || !c.an.batch[n.ID] || len(xa) != 2 || len(ba) != 2 || len(o.Out) != 2 {
		return false
	}
	i, k := o.Out[1], ba[1]
	if i == k || !(xa[0] == i && xa[1] == k || xa[0] == k && xa[1] == i) {
		return false
	}
	m := &matrix{x: c.store(c.value(x)), k: o.Sizes[k]}
	st := x.Shape.Strides()
	m.rowStride, m.colStride = st[0], st[1]
	if xa[0] == k {
		m.rowStride, m.colStride = st[1], st[0]
	}
	if o.Sizes[i] >= o.Sizes[k] {
		m.b = c.store(c.value(b))
		dims := graph.Shape{o.Sizes[i]}
		stage := max(m.x.ready(), m.b.ready())
		cl := c.cluster(dims, true, stage)
		cl.emit(n, &instr{mat: m, out: c.newValue(n, stage)})
		return true
	}
	dims := graph.Shape{o.Sizes[k]}
	src := operand{n: b, dims: []int{0}}
	stage := max(c.earliest([]operand{src}, dims, true), m.x.ready())
	cl := c.cluster(dims, true, stage)
	v := c.store(c.newValue(n, stage))
	m.rowStride, m.colStride, m.k = m.colStride, m.rowStride, o.Sizes[i]
	cl.accums = append(cl.accums, &accum{src: [1]arg{c.arg(cl, src)}, to: (&access{v: v, strides: []int{0}}).sealed(), mat: m})
	return true
}

// generic runs an op through its own Eval, in logical order.
type generic struct {
	n       *graph.Node
	in      []*value
	out     *value
	stage   int
	promote *value
}

func (c *compiler) generic(n *graph.Node) {
	g := &generic{n: n}
	for _, x := range n.In {
		v := c.store(c.value(x))
		g.in = append(g.in, v)
		g.stage = max(g.stage, v.ready())
	}
	g.out = c.store(c.newValue(n, g.stage))
	c.others = append(c.others, g)
}

//go:build rows

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
	g         *graph.Graph
	an        *analysis
	s, p      int // particles, and rounded up
	outputs   []*graph.Node
	values    map[int]*value // by node ID
	promoted  map[int]*value // constants and others read as if they varied
	keep      map[int]bool   // views that are read otherwise than through strides
	stages    map[string]*cluster
	clusters  []*cluster // in order of creation
	others    []*generic
	lastStage int
}

func compileRows(g *graph.Graph, outputs []*graph.Node) (*rowProgram, bool) {
	an, ok := analyse(g, outputs)
	if !ok {
		return nil, false
	}
	c := &compiler{g: g, an: an, s: an.particles, p: roundUp(an.particles), outputs: outputs,
		values: map[int]*value{}, promoted: map[int]*value{}, keep: map[int]bool{}, stages: map[string]*cluster{}}
	c.markKept()
	for _, n := range an.order {
		c.node(n)
	}
	for _, o := range outputs {
		c.store(c.value(o))
	}
	return c.program(), true
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
	}
	return true
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
	offStrides []int
	key        string
}

// reach describes how a consumer over a domain of given rank reads n, whose
// row dimension i is dimension dims[i] of the domain.
func (c *compiler) reach(n *graph.Node, dims []int, rank int) *access {
	a := &access{strides: make([]int, rank)}
	if !c.alias(n) {
		a.v = c.value(n)
		for i, st := range a.v.rows.Strides() {
			a.strides[dims[i]] += st
		}
		return a.sealed()
	}
	x := n.In[0]
	a.v = c.value(x)
	batch := c.an.batch[n.ID]
	switch o := n.Op.(type) {
	case op.View:
		a.base = o.Base
		st, off := o.Strides, o.OffStrides
		if batch {
			st = st[1:]
			if off != nil {
				off = off[1:]
			}
		}
		for i, d := range dims {
			a.strides[d] += st[i]
		}
		if off != nil {
			a.offStrides = make([]int, rank)
			for i, d := range dims {
				a.offStrides[d] += off[i]
			}
			a.off = rowNumbers(n.In[1].Const)
		}
	case graph.Broadcast:
		st := a.v.rows.Strides()
		have := o.Dims
		shift := 0
		if batch {
			have, shift = have[1:], 1
		}
		for i, d := range have {
			a.strides[dims[d-shift]] += st[i]
		}
	}
	return a.sealed()
}

func rowNumbers(x []float64) []int32 {
	out := make([]int32, len(x))
	for i, v := range x {
		out[i] = int32(v)
	}
	return out
}

func (a *access) sealed() *access {
	id := -1
	if a.v.n != nil {
		id = a.v.n.ID
	}
	a.key = fmt.Sprint(id, a.v.batch, a.base, a.strides, a.offStrides)
	if len(a.off) > 0 {
		a.key += fmt.Sprintf(" %p", &a.off[0])
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
	regs     map[int]int // node ID → virtual register
	instrs   []*instr
	accums   []*accum
	nregs    int
	loop     *loop // after finishing
}

// instr computes a register.
type instr struct {
	fn   *op.Func // nil for a copy or a matrix product
	dst  int
	args []arg
	mat  *matrix
	out  *value // the value that the register holds
}

// arg is a register, or an access if reg is negative.
type arg struct{ reg, acc int }

// accum adds a register or an access to an array.
type accum struct {
	src        arg
	to         *access
	horizontal bool // summing over particles too
	mat        *matrix
}

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
	cl := &cluster{dims: dims, batch: batch, stage: stage, byKey: map[string]int{}, regs: map[int]int{}}
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
	dims []int
}

// inRegister reports whether the operand is computed over this very domain,
// and at which stage.
func (c *compiler) inRegister(o operand, dims graph.Shape, batch bool) (*value, bool) {
	if o.v != nil || o.n.IsConst() || c.alias(o.n) || len(o.dims) != len(dims) {
		return nil, false
	}
	for i, d := range o.dims {
		if i != d {
			return nil, false
		}
	}
	v := c.values[o.n.ID]
	if v == nil || v.batch != batch || !v.rows.Equal(dims) {
		return nil, false
	}
	cl := c.stages[fmt.Sprint(dims, batch, v.stage)]
	if cl == nil {
		return nil, false
	}
	_, ok := cl.regs[o.n.ID]
	return v, ok
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
		if v, ok := c.inRegister(o, dims, batch); ok {
			stage = max(stage, v.stage)
		} else {
			stage = max(stage, c.source(o).ready())
		}
	}
	return stage
}

// arg makes an operand readable in a cluster.
func (c *compiler) arg(cl *cluster, o operand) arg {
	if v, ok := c.inRegister(o, cl.dims, cl.batch); ok && v.stage == cl.stage {
		return arg{reg: cl.regs[o.n.ID]}
	}
	var a *access
	if o.v != nil {
		a = &access{v: o.v, strides: make([]int, len(cl.dims))}
		for i, st := range o.v.rows.Strides() {
			a.strides[o.dims[i]] += st
		}
		a.key = fmt.Sprintf("%p %v", o.v, a.strides)
	} else {
		a = c.reach(o.n, o.dims, len(cl.dims))
	}
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
	os := make([]operand, len(n.In))
	for k, x := range n.In {
		os[k] = c.operand(x, m.Dims[k], batch)
	}
	stage := c.earliest(os, dims, batch)
	cl := c.cluster(dims, batch, stage)
	in := &instr{fn: m.F, out: c.newValue(n, stage)}
	for _, o := range os {
		in.args = append(in.args, c.arg(cl, o))
	}
	cl.emit(n, in)
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
	cl.regs[n.ID] = in.dst
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
	o := operand{n: x, dims: graph.Iota(len(dims))}
	stage := c.earliest([]operand{o}, dims, batch)
	cl := c.cluster(dims, batch, stage)
	v := c.store(c.newValue(n, stage))
	v.times = s.Times
	to := &access{v: v, strides: make([]int, len(dims))}
	st := v.rows.Strides()
	k := 0
	for d := range dims {
		if !contains(over, d) {
			to.strides[d] = st[k]
			k++
		}
	}
	cl.accums = append(cl.accums, &accum{src: c.arg(cl, o), to: to.sealed(), horizontal: horizontal})
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
			to.off, to.offStrides = rowNumbers(n.In[k].Const), off
			k++
		}
		o := operand{n: x, dims: graph.Iota(len(shape))}
		if batch && !c.an.batch[x.ID] {
			o.v = c.promote(x)
		}
		stage := c.earliest([]operand{o}, shape, batch)
		cl := c.cluster(shape, batch, stage)
		v.stage = max(v.stage, stage)
		cl.accums = append(cl.accums, &accum{src: c.arg(cl, o), to: to.sealed()})
	}
}

// copyView stores a view that something reads as an array.
func (c *compiler) copyView(n *graph.Node) {
	batch := c.an.batch[n.ID]
	dims := c.an.rows(n)
	delete(c.keep, n.ID) // read its source through it
	src := c.value(n.In[0])
	stage := src.ready()
	cl := c.cluster(dims, batch, stage)
	a := c.arg(cl, operand{n: n, dims: graph.Iota(len(dims))})
	c.keep[n.ID] = true
	in := &instr{args: []arg{a}, out: c.store(c.newValue(n, stage))}
	cl.emit(n, in)
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
	cl.accums = append(cl.accums, &accum{src: c.arg(cl, src), to: (&access{v: v, strides: []int{0}}).sealed(), mat: m})
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

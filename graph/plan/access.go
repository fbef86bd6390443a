package plan

import (
	"slices"
	"strconv"
	"unsafe"

	"ppl/graph"
	"ppl/graph/op"
)

// How operands are reached: a view is not executed, it is the way in which the
// rows of its source are read.

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
			a.gather(o, x.OffStrides[shift:], c.rowNumbers(o.n.In[1]))
		}
	case graph.Sum:
		st := a.v.rows.Strides()
		lost := len(x.From) - len(st) // the particle
		i := 0
		for d := lost; d < len(x.From); d++ {
			if !slices.Contains(x.Dims, d) {
				a.step(o, i, st[d-lost])
				i++
			}
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
	} else if d == fixed {
		a.base += o.k * stride
	}
}

// gather reads through row numbers.
func (a *access) gather(o operand, strides []int, off []int32) {
	a.off, a.offStrides = off, make([]int, len(a.strides))
	for i, st := range strides {
		if d := o.dims[i]; d >= 0 {
			a.offStrides[d] += st
		} else if d == fixed {
			a.offBase += o.k * st
		}
	}
}

// rowNumbers converts offsets; equal arrays give the same numbers, so that
// accesses through them are recognised as equal.
func (c *compiler) rowNumbers(n *graph.Node) []int32 {
	x := n.Const
	if len(x) == 0 {
		return nil
	}
	c.demand(n, func(y []float64) bool { return slices.Equal(x, y) })
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

// sealed gives the access its key, by which equal ones are found.
func (a *access) sealed() *access {
	key := make([]byte, 0, 64)
	number := func(x int) { key = append(strconv.AppendInt(key, int64(x), 36), ' ') }
	number(int(uintptr(unsafe.Pointer(a.v))))
	number(a.base)
	for _, s := range a.strides {
		number(s)
	}
	if len(a.off) > 0 {
		number(int(uintptr(unsafe.Pointer(&a.off[0]))))
		number(a.offBase)
		for _, s := range a.offStrides {
			number(s)
		}
	}
	a.key = string(key)
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
		v.data, v.spread = make([]float64, v.rows.Size()*c.p), n
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
	if s == 0 {
		return
	}
	for j := 0; j < r; j++ { // the last particle pads: its numbers are as good as any
		pad := dst[j*p+s : (j+1)*p]
		for i := range pad {
			pad[i] = dst[j*p+s-1]
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

// operand is an operand of something over a domain: a node with the domain
// dimension of each of its row dimensions, or a promoted value.
type operand struct {
	n    *graph.Node
	v    *value // instead of n
	dims []int
	k    int
}

// Instead of a dimension of the domain: the dimension is fixed at index k, or
// it is the particle where there is only one.
const (
	fixed = -1 - iota
	single
)

// varying is an operand over dims that is read as if it varied with the
// particle, its first dimension.
func (c *compiler) varying(x *graph.Node, dims []int) operand {
	switch {
	case c.an.batch[x.ID]:
		return operand{n: x, dims: dims}
	case c.p == 1:
		return operand{n: x, dims: append([]int{single}, dims...)}
	}
	return operand{n: x, v: c.promote(x), dims: dims}
}

// inRegister reports whether the operand is computed over this very domain,
// and its lane.
func (c *compiler) inRegister(o operand, dims graph.Shape, batch bool) (*value, lane, bool) {
	var l lane
	if o.v != nil || o.n.IsConst() || c.alias(o.n) {
		return nil, l, false
	}
	v := c.values[o.n.ID]
	if v == nil || v.batch != batch && c.p > 1 {
		return nil, l, false
	}
	domain, n := lanes(v.rows)
	if !domain.Equal(dims) {
		return nil, l, false
	}
	for i, d := range o.dims {
		if i < len(dims) && i != d || i == len(dims) && d != fixed {
			return nil, l, false
		}
	}
	l.node = o.n.ID
	if n > 1 {
		l.k = o.k
	}
	cl := c.stages[c.clusterKey(dims, batch, v.stage)]
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

// operand places an operand with dimensions dims of a frame in the domain of
// the frame's rows.
func (c *compiler) operand(x *graph.Node, dims []int, batch bool) operand {
	if !batch {
		return operand{n: x, dims: dims}
	}
	if len(dims) > 0 && dims[0] == 0 {
		return c.varying(x, shift(dims[1:]))
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

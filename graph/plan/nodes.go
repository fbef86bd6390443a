package plan

import (
	"slices"

	"ppl/graph"
	"ppl/graph/op"
	"ppl/graph/scan"
)

// What each kind of node becomes: instructions of a cluster, accumulations, or
// a step of its own.

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

// sum is an accumulation over the operand's rows.
func (c *compiler) sum(n *graph.Node, s graph.Sum) {
	x := n.In[0]
	batch := c.an.batch[x.ID]
	dims := c.an.rows(x)
	over := s.Dims
	horizontal := false
	if batch {
		if len(over) > 0 && over[0] == 0 {
			over, horizontal = over[1:], c.p > 1
		}
		over = shift(over)
	}
	v := c.store(c.newValue(n, 0))
	v.times = s.Times
	strides := make([]int, len(dims))
	st := v.rows.Strides()
	k := 0
	for d := range dims {
		if !slices.Contains(over, d) {
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

// scatter is one accumulation for each part.
func (c *compiler) scatter(n *graph.Node, s op.Scatter) {
	if c.moves(n) {
		c.generic(n)
		return
	}
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
			to.off, to.offStrides = c.rowNumbers(n.In[k]), off
			k++
		}
		o := operand{n: x, dims: graph.Iota(len(shape))}
		if batch {
			o = c.varying(x, o.dims)
		}
		c.accumulate(o, shape, batch, to, false)
	}
}

// copyView stores a view that something reads as an array.
func (c *compiler) copyView(n *graph.Node) {
	if c.moves(n) {
		c.generic(n)
		return
	}
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

// product recognises a known matrix times rows that vary:
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
	if x.Const == nil {
		return false
	}
	finite := graph.AllFinite(x.Const)
	c.demand(x, func(y []float64) bool { return graph.AllFinite(y) == finite })
	if !finite { // what is 0 in b absorbs it
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
	m.empty = m.findEmpty(x.Const, dims[0])
	c.demand(x, func(y []float64) bool { return slices.Equal(m.findEmpty(y, dims[0]), m.empty) })
	cl.accums = append(cl.accums, &accum{src: [1]arg{c.arg(cl, src)}, to: (&access{v: v, strides: []int{0}}).sealed(), mat: m})
	return true
}

// findEmpty lists the rows of 0 of a known X.
func (m *matrix) findEmpty(x []float64, rows int) (empty []int) {
	for i := 0; i < rows && x != nil; i++ {
		k := 0
		for k < m.k && x[i*m.rowStride+k*m.colStride] == 0 {
			k++
		}
		if k == m.k {
			empty = append(empty, i)
		}
	}
	return empty
}

func (c *compiler) generic(n *graph.Node) {
	g := &generic{n: n}
	for k, x := range n.In {
		v := c.store(c.value(x))
		if c.perParticle(n, k) {
			v = c.promote(x)
		}
		g.in = append(g.in, v)
		g.stage = max(g.stage, v.ready())
	}
	g.out = c.store(c.newValue(n, g.stage))
	switch o := n.Op.(type) {
	case scan.Scan:
		g.body = compileRows(o.G, []*graph.Node{o.Out})
	case scan.Steps:
		g.body = compileRows(o.G, []*graph.Node{o.Out})
	case op.Chain:
		g.valueOnly = !c.an.marginalsRead(n, c.outputs)
	}
	c.others = append(c.others, g)
}

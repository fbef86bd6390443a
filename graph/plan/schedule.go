package plan

import (
	"fmt"

	"ppl/graph"
	"ppl/graph/op"
)

// value is an array of the program: rows of width numbers.
type value struct {
	n      *graph.Node // nil for a copy that the plan made
	rows   graph.Shape
	batch  bool        // rows hold one number for each particle
	data   []float64   // of a constant, in physical layout
	spread *graph.Node // the constant that data repeats for each particle

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
	stages     map[clusterKey]*cluster
	offsets    map[*float64][]int32
	tiled      map[tileKey][]float64
	weights    map[int]*value // of a log-sum-exp in lanes, by its node ID
	weightRegs map[int][]int
	clusters   []*cluster // in order of creation
	others     []*generic
	lastStage  int
	network    bool
	moved      map[int]bool // whether a scatter is done by a step of moves, which is asked for each of its operands

	demands []demand

	now       int           // ID of the node being scheduled
	uses      map[int][]use // of elementwise nodes
	notBefore map[int]int   // stage of a node, at least
}

func compileRows(g *graph.Graph, outputs []*graph.Node) *rowProgram {
	an := analyse(g, outputs)
	early := newCompiler(an, outputs, nil)
	early.schedule()
	late := newCompiler(an, outputs, early.sink())
	late.schedule()
	return late.program()
}

func newCompiler(an *analysis, outputs []*graph.Node, notBefore map[int]int) *compiler {
	c := &compiler{an: an, moved: map[int]bool{}, network: an.network(), s: an.particles, p: roundUp(an.particles), outputs: outputs, notBefore: notBefore,
		values: map[int]*value{}, promoted: map[int]*value{}, keep: map[int]bool{}, stages: map[clusterKey]*cluster{},
		offsets: map[*float64][]int32{}, tiled: map[tileKey][]float64{}, weights: map[int]*value{}, weightRegs: map[int][]int{}, uses: map[int][]use{}}
	c.markKept()
	return c
}

func (c *compiler) schedule() {
	for _, n := range c.an.order {
		n.Graph().Listen()
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
		return promoted || !fixedRows(n) || c.moves(n)
	case graph.Sum:
		return c.squeezes(n)
	case op.Reduce:
		return !c.inLanes(n, o)
	}
	return true
}

// alias reports whether n is only a way to read its operand.
func (c *compiler) alias(n *graph.Node) bool {
	if n.IsConst() || c.keep[n.ID] {
		return false
	}
	switch n.Op.(type) {
	case op.View:
		return fixedRows(n)
	case graph.Broadcast:
		return true
	case graph.Sum:
		return c.squeezes(n)
	}
	return false
}

// squeezes reports whether a sum only leaves out dimensions of one index, such
// as that of a single particle.
func (c *compiler) squeezes(n *graph.Node) bool {
	s, ok := n.Op.(graph.Sum)
	if !ok || s.Times != 1 || c.p > 1 {
		return false
	}
	for _, d := range s.Dims {
		if s.From[d] != 1 {
			return false
		}
	}
	return true
}

// fixedRows reports whether the row numbers of a view or scatter are known.
func fixedRows(n *graph.Node) bool {
	switch o := n.Op.(type) {
	case op.View:
		return o.OffStrides == nil || n.In[1].IsConst()
	case op.Scatter:
		k := 0
		for _, p := range o.Parts {
			k++
			if p.OffStrides != nil {
				if !n.In[k].IsConst() {
					return false
				}
				k++
			}
		}
	}
	return true
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
	if !fixedRows(n) {
		c.generic(n)
		return
	}
	switch o := n.Op.(type) {
	case *op.Map:
		c.elementwise(n, o)
	case graph.Sum:
		if c.squeezes(n) {
			c.copyView(n)
		} else {
			c.sum(n, o)
		}
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

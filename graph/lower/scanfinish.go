package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/graph/scan"
)

// From the body of a recurrence to the scan, and back to arrays.

// finishScan makes the scan, and defines what it computes.
func (l *lowerer) finishScan(q *scanning) {
	var states []*state
	for _, st := range q.states {
		if q.axis.Size == 0 || q.tail(st).Size() == 0 {
			shape := append(sizesOf(q.axes), q.axis.Size)
			l.defineHistory(q, st, l.b.Wrap(l.b.G.Constant(append(shape, st.shape...), []float64{}), q.axes...))
		} else {
			states = append(states, st)
		}
	}
	if len(states) == 0 {
		return
	}
	out := l.packing(q, states)
	nodes := make([]*graph.Node, len(out.slices))
	for i, v := range out.slices {
		nodes[i] = q.inner.With(v, q.axes...).N
	}
	particles := q.particles()
	body := scan.NewBody(particles, out.carry)
	copies := map[*graph.Node]*graph.Node{}
	at := 0
	init := make([]*graph.Node, len(out.registers))
	for i, r := range out.registers {
		tail := r.N.Shape
		if particles > 0 {
			tail = tail[1:]
		}
		copies[r.N] = body.Part(at, tail)
		at += tail.Size()
		init[i] = l.b.With(out.init[i], q.axes...).N
	}
	operands := append([]*graph.Node{scan.Pack(l.b.G, particles, init...)}, q.feed(body, copies, graph.Needed(nodes))...)
	body.Out = scan.Pack(body.G, particles, graph.Copy(body.G, nodes, copies)...)
	history := scan.New(l.b.G, scan.Scan{Body: body, T: q.axis.Size}, operands...)
	for i, st := range states {
		l.defineHistory(q, st, l.b.Wrap(q.view(l.b.G, history, st, out.at[i]), q.axes...))
	}
}

// view is a state in the outputs of a scan, which are [particles?, T, width]:
// of all steps, with the axes in front, [particles?, axes..., T, slice...].
func (q *scanning) view(g *graph.Graph, history *graph.Node, st *state, at int) *graph.Node {
	width := history.Shape[len(history.Shape)-1]
	v := op.View{Out: append(append(sizesOf(q.axes), q.axis.Size), st.shape...), Base: at}
	inner := q.tail(st).Strides()
	if q.particles() > 0 {
		v.Strides = append(v.Strides, q.axis.Size*width)
	}
	front := len(q.axes) - len(v.Strides)
	v.Strides = append(v.Strides, inner[:front]...)
	v.Strides = append(append(v.Strides, width), inner[front:]...)
	return op.NewView(g, history, v, nil)
}

// packing is what a step gives: the registers of the next step, each array's
// own slice first, then the slices of arrays that no later step reads.
type packing struct {
	slices    []named.Value // in order, those of the carry first
	registers []named.Value // of the carry
	init      []named.Value // of the registers before the first step
	carry     int           // numbers in the carry
	at        []int         // of each state's slice
}

func (l *lowerer) packing(q *scanning, states []*state) packing {
	carried := false
	for _, st := range states {
		carried = carried || len(st.registers) > 0
	}
	if !carried { // the look back is in a branch that is never taken
		l.inside(q, func() { l.register(states[0], 1) })
	}
	p := packing{at: make([]int, len(states))}
	total := 0
	add := func(st *state, v named.Value) {
		p.slices = append(p.slices, v)
		total += q.tail(st).Size()
	}
	for _, later := range []bool{true, false} {
		for i, st := range states {
			if later != (len(st.registers) > 0) {
				continue
			}
			p.at[i] = total
			l.inside(q, func() { add(st, l.wholeSlice(st)) })
			for k, r := range st.registers {
				if k > 0 {
					add(st, st.registers[k-1])
				}
				p.registers = append(p.registers, r)
				p.init = append(p.init, l.before(q, st, k+1))
			}
		}
		if later {
			p.carry = total
		}
	}
	return p
}

// before is the slice that was defined k iterations before the first; zeros
// where there is none, which nobody reads.
func (l *lowerer) before(q *scanning, st *state, k int) named.Value {
	element := st.first(q) - k
	zeros := l.b.Array(st.shape, make([]float64, st.shape.Size()))
	if len(st.pieces) == 0 || element < 1 || element > st.array.shape[st.dim] {
		return zeros
	}
	args := make([]named.IndexArg, len(st.array.shape))
	for d := range args {
		args[d].All = true
	}
	args[st.dim] = named.IndexArg{Value: l.b.Scalar(float64(element))}
	v := l.b.Index(l.whole(st.array), args...)
	if v.Shape().Equal(st.shape) {
		return v
	}
	return l.b.Assemble(st.shape, named.Block{Value: v, At: make([]int, v.Rank())})
}

// defineHistory defines what the iterations have: [T, slice...] with the steps
// moved to the array's own dimension, piece by piece of the slice.
func (l *lowerer) defineHistory(q *scanning, st *state, history named.Value) {
	pieces := st.now.pieces
	if len(pieces) == 0 {
		pieces = []piece{{dims: make([]pieceDim, len(st.shape))}}
		for d := range pieces[0].dims {
			pieces[0].dims[d].along = d
		}
	}
	for _, p := range pieces {
		out := piece{span: p.span, by: p.by}
		args := []named.IndexArg{{All: true}}
		next := 1
		for d, x := range p.dims {
			n := st.shape[d]
			if p.value.Valid() && x.along >= 0 {
				n = p.size(x.along)
			}
			switch {
			case x.list != nil:
				var list []float64
				for _, i := range x.list {
					list = append(list, float64(i+1))
				}
				args = append(args, named.IndexArg{Value: l.b.Vector(list...)})
				out.dims = append(out.dims, pieceDim{list: x.list, along: next})
				next++
			case x.along < 0:
				args = append(args, named.IndexArg{Value: l.b.Scalar(float64(x.first + 1))})
				out.dims = append(out.dims, pieceDim{first: x.first, along: -1})
			default:
				args = append(args, named.IndexArg{Lo: x.first + 1, Hi: x.first + n})
				out.dims = append(out.dims, pieceDim{first: x.first, along: next})
				next++
			}
		}
		out.value = l.b.Index(history, args...)
		steps := pieceDim{first: st.first(q) - 1, along: 0}
		out.dims = append(out.dims[:st.dim:st.dim], append([]pieceDim{steps}, out.dims[st.dim:]...)...)
		if st.elem = join(st.now.elem, st.elem); len(st.array.pieces) == 0 {
			st.elem = st.now.elem
		}
		l.define(st.array, spanned{p.span}, out)
	}
}

package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// sequence is a run of data-only recurrences, iteration by iteration:
//
//	for t in 2..T { let level[t] = a * y[t] + (1 - a) * level[t-1] }
//
// Iterations work in graphs that are thrown away now and then, so that neither
// they nor the model's graph grow with the data; the arrays are put together
// at the end and enter the model's graph as constants.
type sequence struct {
	// first is where the pieces of an array that the sequence defines start.
	first     map[*array]int
	assembled []*array // whose assembled value is in a graph of the sequence
	// random are the lets that turned out to depend on latents. They wait for
	// the vectorised pass, if they are not part of the circle.
	random map[string]*ast.Let
}

// enough is the number of nodes at which a sequence goes on in a new graph.
const enough = 20000

// depends is raised where a sequence reads a value that depends on latents.
type depends struct{}

// importTo moves a known value into a graph of the sequence.
func (q *sequence) importTo(b *named.Builder, v named.Value) named.Value {
	if !v.IsConst() {
		panic(depends{})
	}
	return b.Wrap(b.G.ConstantOf(v.N, v.Const()), v.Axes()...)
}

func (q *sequence) importPieces(b *named.Builder, pieces []piece) []piece {
	out := append([]piece(nil), pieces...)
	for i := range out {
		out[i].value = q.importTo(b, out[i].value)
	}
	return out
}

// recurrence runs the lets of a circular group of a loop, one after another or,
// if they depend on latents, as a scan, and returns those that are done with. around is the context outside of the loop.
func (l *lowerer) recurrence(s *ast.For, g group, around context) (done []ast.Stmt) {
	if l.sim == nil || l.sim.forward != nil {
		for _, u := range g.units {
			l.onlyLets(u.stmt)
		}
		if l.dependsOnLatents(g) {
			return l.scan(s, g)
		}
	}
	units := withLocals(g.units)
	if steps := l.resume(s, units); steps > 0 {
		l.skip(s.Binders[0], steps)
		defer l.skip(s.Binders[0], 0)
	}
	before := append([]*array(nil), l.all...)
	q := &sequence{first: map[*array]int{}, random: map[string]*ast.Let{}}
	for _, a := range l.all {
		q.first[a] = len(a.pieces)
	}
	if !l.runSequence(s, q, units, around) {
		q.undo(before, l.all)
		return l.scan(s, g)
	}
	lets := l.defining(units)
	for x := range lets {
		if let, ok := x.(*ast.Let); !ok || q.random[let.Name.Name] == nil {
			l.done[x] = true
			done = append(done, x)
		}
	}
	l.gatherSequence(q, lets)
	for _, u := range g.units {
		for _, r := range u.reads {
			if x := q.random[r.name]; x != nil && len(x.Index) > 0 && !l.sameIteration(s, leftSide{r.name, x.Index}, r) {
				for _, x := range done {
					delete(l.done, x)
				}
				q.undo(before, l.all)
				return l.scan(s, g)
			}
		}
	}
	return done
}

// undo drops what the sequence has defined.
func (q *sequence) undo(before, now []*array) {
	for i, a := range now {
		n := 0
		if i < len(before) {
			n = q.first[a]
		}
		if n < len(a.pieces) {
			a.pieces, a.joined = a.pieces[:n:n], named.Value{}
			a.shape = make([]int, len(a.shape))
			for _, p := range a.pieces {
				for d := range p.dims {
					a.shape[d] = max(a.shape[d], p.extent(d))
				}
			}
		}
	}
}

// runSequence reports whether all of it could run: not if it depends on latents.
func (l *lowerer) runSequence(s *ast.For, q *sequence, units []*unit, around context) (ok bool) {
	inside, b := l.context, l.b
	l.context, l.sequence = around, q
	defer func() {
		l.context, l.b, l.sequence = inside, b, nil
		if r := recover(); r != nil {
			if _, is := r.(depends); !is {
				panic(r)
			}
			ok = false
		}
	}()
	l.b = l.newBuilder()
	l.iterate(s.Binders, func() {
		if len(l.b.G.Nodes()) > enough {
			l.b = l.newBuilder()
		}
		if l.guard.Valid() {
			l.guard = q.importTo(l.b, l.guard)
		}
		for _, u := range units {
			if !u.making {
				l.stmt(u.stmt)
			}
		}
	})
	return true
}

// defining are the statements of units that define elements of arrays in a
// sequence: lets, and in a simulation every `~` too.
func (l *lowerer) defining(units []*unit) map[ast.Stmt]bool {
	out := map[ast.Stmt]bool{}
	for _, u := range units {
		ast.Inspect(u.stmt, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.Let:
				if len(x.Index) > 0 {
					out[x] = true
				}
			case *ast.Sample:
				if l.sim != nil {
					out[x] = true
				}
			}
			return true
		})
	}
	return out
}

// letInSequence runs a let unless it depends on latents.
func (l *lowerer) letInSequence(s *ast.Let, run func()) {
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(depends); !is {
				panic(r)
			}
			l.sequence.random[s.Name.Name] = s
		}
	}()
	run()
}

// onlyLets refuses circles that are not of lets.
func (l *lowerer) onlyLets(s ast.Stmt) {
	ast.Inspect(s, func(n ast.Node) bool {
		x, ok := n.(*ast.Sample)
		if !ok {
			return true
		}
		info := l.m.Samples[x]
		if info == nil || info.Kind != lang.Latent {
			return true
		}
		if _, made := l.ahead[x]; !made {
			l.fail("not-supported-here", x.Dist, "the bounds of `%s` depend on its own earlier elements, which is not supported yet", x.Name.Name)
		}
		return true
	})
}

// withLocals adds the local lets that units need.
func withLocals(units []*unit) []*unit {
	seen := map[*unit]bool{}
	var out []*unit
	var add func(u *unit)
	add = func(u *unit) {
		if seen[u] {
			return
		}
		seen[u] = true
		for _, d := range u.needs {
			if x, ok := d.stmt.(*ast.Let); ok && len(x.Index) == 0 {
				add(d)
			}
		}
		out = append(out, u)
	}
	for _, u := range units {
		add(u)
	}
	for i := 1; i < len(out); i++ {
		for k := i; k > 0 && out[k].at < out[k-1].at; k-- {
			out[k], out[k-1] = out[k-1], out[k]
		}
	}
	return out
}

// gatherSequence replaces the pieces that iterations have defined by one
// constant piece for each let.
func (l *lowerer) gatherSequence(q *sequence, lets map[ast.Stmt]bool) {
	for _, a := range q.assembled {
		a.joined = named.Value{}
	}
	for _, a := range l.all {
		at, known := q.first[a]
		if !known && len(a.pieces) > 0 && lets[a.pieces[0].by] {
			at, known = 0, true
		}
		if !known || at == len(a.pieces) {
			continue
		}
		var order []ast.Stmt
		byLet := map[ast.Stmt][]piece{}
		for _, p := range a.pieces[at:] {
			if byLet[p.by] == nil {
				order = append(order, p.by)
			}
			byLet[p.by] = append(byLet[p.by], p)
		}
		a.pieces = a.pieces[:at:at]
		for _, x := range order {
			a.pieces = append(a.pieces, l.stackPieces(byLet[x]))
		}
		a.joined = named.Value{}
	}
}

// stackPieces makes one piece of those of successive iterations: a list of all
// their elements.
func (l *lowerer) stackPieces(ps []piece) piece {
	axes := ps[0].value.Axes()
	rank := len(ps[0].dims)
	out := piece{span: ps[0].span, by: ps[0].by, dims: make([]pieceDim, rank)}
	var data [][]float64 // for each element of the axes, its part
	lead := graph.Shape{}
	for _, a := range axes {
		lead = append(lead, a.Size)
	}
	data = make([][]float64, lead.Size())
	lists := make([][]int, rank)
	box := graph.Shape{}
	for d := range rank {
		n := 0
		for _, p := range ps {
			n = max(n, p.extent(d))
		}
		box = append(box, n)
	}
	st := box.Strides()
	for _, p := range ps {
		n := p.value.Shape().Size()
		for k := range data {
			data[k] = append(data[k], p.value.Const()[k*n:(k+1)*n]...)
		}
		p.places(st, func(_, at int) {
			for d := range lists {
				lists[d] = append(lists[d], at/st[d]%box[d])
			}
		})
	}
	var flat []float64
	for _, x := range data {
		flat = append(flat, x...)
	}
	for d := range lists {
		if lists[d] == nil {
			lists[d] = []int{}
		}
		out.dims[d].list = lists[d]
	}
	out.value = l.b.Wrap(l.b.G.Constant(append(lead, len(flat)/max(1, lead.Size())), flat), axes...)
	return out
}

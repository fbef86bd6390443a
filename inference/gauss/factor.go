package gauss

import (
	"math"

	"ppl/graph"
	"ppl/graph/named"
	"ppl/graph/op"
	"ppl/inference/arrow"
)

// System is a quadratic function of n numbers, one for each point of its axes, as its gradient at 0 and the products of its
// Hessian with the probes of a pattern.
type System struct {
	B       *named.Builder
	Axes    []*named.Axis
	Pattern *arrow.Pattern // of the coordinates 0 to n−1
	// Gradient has the event [n], Products one of that shape for each of Pattern.Probes().
	Gradient named.Value
	Products []named.Value

	shows []int // the probe that shows the diagonal at a coordinate
}

// Factor is a factorisation LLᵀ of A = −Hessian, whose coordinates are eliminated in an order that keeps the pattern: blocks that do
// not touch one another at once, all of them, or in a chain every second one, then every second one of those that are left, and
// so on (cyclic reduction: Hockney 1965; each of log₂ n levels is a few operations on arrays); the global ones last.
//
// LogDet is NaN where A is not positive definite, or so nearly singular that rounding would show: where eliminating
// the coordinates before it leaves less than leastPivot of an element of the diagonal.
type Factor struct {
	s      *System
	levels []level
	least  named.Value // of the ratios of pivots to diagonals
	// LogDet is log|A|, a scalar.
	LogDet named.Value

	corner named.Value // [G, G]: the factor of what is left for the global coordinates
	rest   named.Value // [G]: the whitened right side there
}

// leastPivot keeps errors of log|A| below 1e-5 for each coordinate.
const leastPivot = 1e-10

// level is the elimination of some blocks, m of them.
type level struct {
	blocks []int       // their places in the pattern
	root   named.Value // [m, k, k], or [m] of single numbers: their factors L
	left   named.Value // [m, k, k]: L⁻¹ times the coupling to the block before; invalid without
	right  named.Value // that to the block after, 0 where there is none
	border named.Value // [m, k, G]: that to the global coordinates; invalid without
	side   named.Value // [m, k]: L⁻¹ times the right side
}

// chain is what is left of the blocks.
type chain struct {
	blocks  []int
	local   named.Value // [n, k, k]
	next    named.Value // [n−1, k, k]: block i+1 by block i; invalid where blocks do not touch
	columns named.Value // [n, k, G+1]: the border and the right side
}

// Factor eliminates all coordinates.
func (s *System) Factor() *Factor {
	p, b := s.Pattern, s.B
	f := &Factor{s: s, LogDet: b.Scalar(0)}
	k, g := p.K(), len(p.Globals)
	gather := s.entries()
	s.shows = make([]int, p.Size())
	for i, block := range p.Blocks {
		for at, c := range block {
			s.shows[c] = s.probe(i, at)
		}
	}
	for i, c := range p.Globals {
		s.shows[c] = s.global(i)
	}
	// The corner has the right side as its last row and column, so that one product updates all.
	corner := s.corner(gather)
	if n := len(p.Blocks); n > 0 {
		c := chain{blocks: graph.Iota(n)}
		c.local = gather(graph.Shape{n, k, k}, func(i []int) (int, int) { return s.probe(i[0], i[2]), p.Blocks[i[0]][i[1]] })
		if p.Chained && n > 1 {
			c.next = gather(graph.Shape{n - 1, k, k}, func(i []int) (int, int) { return s.probe(i[0], i[2]), p.Blocks[i[0]+1][i[1]] })
		}
		side := s.at(s.Gradient, p.Blocks)
		c.columns = b.Reshape(side, graph.Shape{n, k, 1})
		if g > 0 {
			border := gather(graph.Shape{n, k, g}, func(i []int) (int, int) { return s.global(i[2]), p.Blocks[i[0]][i[1]] })
			c.columns = s.beside(border, c.columns)
		}
		for len(c.blocks) > 0 {
			l, update, rest := s.eliminate(c, g)
			f.levels = append(f.levels, l)
			at := make([][]int, len(l.blocks))
			for i, block := range l.blocks {
				at[i] = p.Blocks[block]
			}
			f.pivots(s.diagonal(l.root), gather, at)
			corner = b.Sub(corner, update)
			c = rest
		}
	}
	if g > 0 {
		f.corner = b.Cholesky(b.With(s.part(s.part(corner, 0, 0, g), 1, 0, g), s.Axes...))
		f.rest = b.SolveLower(f.corner, b.With(b.Reshape(s.part(s.part(corner, 0, 0, g), 1, g, 1), graph.Shape{g}), s.Axes...), false)
		f.pivots(b.Diagonal(f.corner), gather, [][]int{p.Globals})
	}
	f.LogDet = b.Where(b.Less(f.least, b.Scalar(leastPivot)), b.Scalar(math.NaN()), f.LogDet)
	return f
}

// pivots adds those of some coordinates, lists of one length, whose roots are given.
func (f *Factor) pivots(roots named.Value, gather entries, lists [][]int) {
	s, b := f.s, f.s.B
	k := len(lists[0])
	n := len(lists) * k
	roots = b.Reshape(roots, graph.Shape{n})
	diagonal := gather(graph.Shape{n}, func(i []int) (int, int) {
		c := lists[i[0]/k][i[0]%k]
		return s.shows[c], c
	})
	least := b.Reduce(op.MinOf, b.Div(b.Square(roots), diagonal), 1)
	if f.least.Valid() {
		least = b.Min(f.least, least)
	}
	f.least = least
	f.LogDet = b.Add(f.LogDet, b.Scale(2, b.SumAll(b.Log(roots))))
}

// LogIntegral is log ∫ exp(−½ δᵀAδ) dδ: what the log of the function's integral exceeds its value at the mean by.
func (f *Factor) LogIntegral() named.Value {
	b := f.s.B
	return b.AddScalar(b.Scale(-0.5, f.LogDet), float64(f.s.Pattern.Size())/2*math.Log(2*math.Pi))
}

// Place is A⁻¹b + L⁻ᵀz in the order of the coordinates, event [n]: the mean where z is invalid, and of standard normal z a draw.
func (f *Factor) Place(z named.Value) named.Value {
	s, b := f.s, f.s.B
	p := s.Pattern
	k, g := p.K(), len(p.Globals)
	var parts []named.Value
	order := make([]int, 0, p.Size()) // of what is in parts
	var global named.Value
	if g > 0 {
		x := f.rest
		if z.Valid() {
			x = b.Add(x, b.Reshape(s.at(z, [][]int{p.Globals}), graph.Shape{g}))
		}
		global = b.SolveLower(f.corner, b.With(x, s.Axes...), true)
		parts, order = append(parts, global), append(order, p.Globals...)
	}
	var places named.Value // [n, k] of the blocks placed so far, in their order
	var placed []int
	for i := len(f.levels) - 1; i >= 0; i-- {
		l := f.levels[i]
		m := len(l.blocks)
		t := l.side
		if z.Valid() {
			at := make([][]int, m)
			for j, block := range l.blocks {
				at[j] = p.Blocks[block]
			}
			t = b.Add(t, s.at(z, at))
		}
		if l.border.Valid() {
			t = b.Sub(t, b.Contract(l.border, global, []int{0, 1, 2}, []int{2}, []int{0, 1}))
		}
		if l.left.Valid() {
			before := s.part(places, 0, 0, m)
			t = b.Sub(t, b.Contract(l.left, before, []int{0, 1, 2}, []int{0, 2}, []int{0, 1}))
			if after := len(placed) - 1; after > 0 {
				right := s.part(l.right, 0, 0, after)
				push := b.Contract(right, s.part(places, 0, 1, after), []int{0, 1, 2}, []int{0, 2}, []int{0, 1})
				t = b.Sub(t, b.Assemble(graph.Shape{m, k}, named.Block{Value: push, At: []int{0, 0}}))
			}
		}
		x := b.Reshape(s.solve(l.root, b.Reshape(t, graph.Shape{m, k, 1}), true), graph.Shape{m, k})
		if placed == nil {
			places, placed = x, l.blocks
			continue
		}
		// The blocks of the level stand between those that are placed: first, new, second, new, ...
		n := len(placed) + m
		turn := make([]float64, n)
		next := make([]int, n)
		for j := range n {
			if j%2 == 0 {
				turn[j], next[j] = float64(j/2+1), placed[j/2]
			} else {
				turn[j], next[j] = float64(len(placed)+j/2+1), l.blocks[j/2]
			}
		}
		places, placed = b.Index(b.Concat(places, x), named.IndexArg{Value: b.Array(graph.Shape{n}, turn)}), next
	}
	if placed != nil {
		parts = append(parts, b.Reshape(places, graph.Shape{len(placed) * k}))
		for _, block := range placed {
			order = append(order, p.Blocks[block]...)
		}
	}
	all := parts[0]
	if len(parts) > 1 {
		all = b.Concat(parts...)
	}
	back := make([]float64, len(order))
	for i, c := range order {
		back[c] = float64(i + 1)
	}
	return b.Index(all, named.IndexArg{Value: b.Array(graph.Shape{len(back)}, back)})
}

// eliminate eliminates the blocks of a chain that do not touch one another: all of them, or every second one. update is what that
// takes from the corner, of G+1 rows and columns.
func (s *System) eliminate(c chain, g int) (l level, update named.Value, rest chain) {
	b := s.B
	n, k := len(c.blocks), s.Pattern.K()
	if !c.next.Valid() {
		l.blocks, l.root = c.blocks, s.root(c.local)
		y := s.solve(l.root, c.columns, false)
		l.split(s, y, g)
		return l, b.Contract(y, y, []int{0, 1, 2}, []int{0, 1, 3}, []int{2, 3}), chain{}
	}
	m, kept := n/2, n-n/2
	right := (n - 1) / 2 // of the m have a block after them
	for i, block := range c.blocks {
		if i%2 == 1 {
			l.blocks = append(l.blocks, block)
		} else {
			rest.blocks = append(rest.blocks, block)
		}
	}
	l.root = s.root(b.Every(c.local, 0, 1, 2, m))
	before := b.Every(c.next, 0, 0, 2, m)
	sides := []named.Block{{Value: before, At: []int{0, 0, 0}}, {Value: b.Every(c.columns, 0, 1, 2, m), At: []int{0, 0, 2 * k}}}
	if right > 0 {
		sides = append(sides, named.Block{Value: b.Transpose(b.Every(c.next, 0, 1, 2, right), 0, 2, 1), At: []int{0, 0, k}})
	}
	y := s.solve(l.root, b.Assemble(graph.Shape{m, k, 2*k + g + 1}, sides...), false)
	l.left, l.right = s.part(y, 2, 0, k), s.part(y, 2, k, k)
	columns := s.part(y, 2, 2*k, g+1)
	l.split(s, columns, g)
	// What the blocks that are left lose to the one after them and to the one before.
	loses := func(x named.Value, from named.Value, width, count, at int) named.Value {
		y := b.Contract(s.part(x, 0, 0, count), s.part(from, 0, 0, count), []int{0, 1, 2}, []int{0, 1, 3}, []int{0, 2, 3})
		return b.Assemble(graph.Shape{kept, k, width}, named.Block{Value: y, At: []int{at, 0, 0}})
	}
	rest.local = b.Sub(b.Every(c.local, 0, 0, 2, kept), loses(l.left, l.left, k, m, 0))
	rest.columns = b.Sub(b.Every(c.columns, 0, 0, 2, kept), loses(l.left, columns, g+1, m, 0))
	if right > 0 {
		rest.local = b.Sub(rest.local, loses(l.right, l.right, k, right, 1))
		rest.columns = b.Sub(rest.columns, loses(l.right, columns, g+1, right, 1))
		rest.next = b.Neg(b.Contract(s.part(l.right, 0, 0, right), s.part(l.left, 0, 0, right), []int{0, 1, 2}, []int{0, 1, 3}, []int{0, 2, 3}))
	}
	return l, b.Contract(columns, columns, []int{0, 1, 2}, []int{0, 1, 3}, []int{2, 3}), rest
}

// split takes border and right side from columns.
func (l *level) split(s *System, columns named.Value, g int) {
	if g > 0 {
		l.border = s.part(columns, 2, 0, g)
	}
	x := s.part(columns, 2, g, 1)
	l.side = s.B.Reshape(x, graph.Shape{x.Shape()[0], x.Shape()[1]})
}

// part are n elements of a dimension, from the first one on.
func (s *System) part(x named.Value, dim, first, n int) named.Value {
	return s.B.Every(x, dim, first, 1, n)
}

// beside joins arrays of rank 3 along their last dimension.
func (s *System) beside(x, y named.Value) named.Value {
	a, c := x.Shape(), y.Shape()
	return s.B.Assemble(graph.Shape{a[0], a[1], a[2] + c[2]}, named.Block{Value: x, At: []int{0, 0, 0}}, named.Block{Value: y, At: []int{0, 0, a[2]}})
}

// root are the factors of blocks [m, k, k]: square roots [m] of single numbers.
func (s *System) root(local named.Value) named.Value {
	if m := local.Shape()[0]; local.Shape()[1] == 1 {
		return s.B.Sqrt(s.B.Reshape(local, graph.Shape{m}))
	}
	return s.B.Cholesky(s.B.With(local, s.Axes...))
}

// diagonal is that of roots of blocks.
func (s *System) diagonal(root named.Value) named.Value {
	if root.Rank() == 1 {
		return root
	}
	m, k := root.Shape()[0], root.Shape()[1]
	return s.B.Every(s.B.Reshape(root, graph.Shape{m, k * k}), 1, 0, k+1, k)
}

// solve is L⁻¹x, or L⁻ᵀx, for x of [m, k, columns].
func (s *System) solve(root, x named.Value, trans bool) named.Value {
	b := s.B
	if root.Rank() == 1 {
		return b.Contract(b.Recip(root), x, []int{0}, []int{0, 1, 2}, []int{0, 1, 2})
	}
	l, y := b.With(root, s.Axes...), b.With(x, s.Axes...)
	return b.Wrap(b.G.Apply(op.TriSolve{A: l.N.Shape, B: y.N.Shape, Trans: trans}, l.N, y.N), s.Axes...)
}

// corner is the precision of the global coordinates with the gradient beside and below it, [G+1, G+1].
func (s *System) corner(gather entries) named.Value {
	b, p := s.B, s.Pattern
	g := len(p.Globals)
	if g == 0 {
		return b.Array(graph.Shape{1, 1}, []float64{0})
	}
	precision := gather(graph.Shape{g, g}, func(i []int) (int, int) { return s.global(i[1]), p.Globals[i[0]] })
	side := s.at(s.Gradient, [][]int{p.Globals})
	return b.Assemble(graph.Shape{g + 1, g + 1}, named.Block{Value: precision, At: []int{0, 0}},
		named.Block{Value: b.Reshape(side, graph.Shape{g, 1}), At: []int{0, g}}, named.Block{Value: b.Reshape(side, graph.Shape{1, g}), At: []int{g, 0}})
}

// entries makes an array of elements of −Hessian: those at rows of products with probes.
type entries func(shape graph.Shape, at func(index []int) (probe, row int)) named.Value

func (s *System) entries() entries {
	b, n := s.B, s.Pattern.Size()
	all := b.Reshape(b.Neg(b.Stack(s.Products...)), graph.Shape{len(s.Products) * n})
	return func(shape graph.Shape, at func([]int) (int, int)) named.Value {
		x := make([]float64, shape.Size())
		index := make([]int, len(shape))
		for e := range x {
			for d, rest := len(shape)-1, e; d >= 0; d-- {
				index[d], rest = rest%shape[d], rest/shape[d]
			}
			probe, row := at(index)
			x[e] = float64(probe*n + row + 1)
		}
		return b.Index(all, named.IndexArg{Value: b.Array(shape, x)})
	}
}

// probe is the one that shows column at of a block, global that of a global coordinate.
func (s *System) probe(block, at int) int {
	return block%s.Pattern.Colours()*s.Pattern.K() + at
}

func (s *System) global(i int) int { return s.Pattern.Colours()*s.Pattern.K() + i }

// at reads coordinates of a vector, lists of one length: [lists, k].
func (s *System) at(x named.Value, lists [][]int) named.Value {
	k := len(lists[0])
	index := make([]float64, 0, len(lists)*k)
	for _, list := range lists {
		for _, c := range list {
			index = append(index, float64(c+1))
		}
	}
	return s.B.Index(x, named.IndexArg{Value: s.B.Array(graph.Shape{len(lists), k}, index)})
}

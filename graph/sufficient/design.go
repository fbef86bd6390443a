package sufficient

import (
	"slices"

	"ppl/graph"
	"ppl/graph/op"
)

// design is an affine form sorted for elimination: the columns of the matrix A
// and what each is multiplied by.
type design struct {
	f *space
	// locals occur in a cell of the index alone: by coefficient, the sum of the
	// latents that have it.
	locals  []local
	indices []*index
	dense   []term // matrices
	singles []term // columns
	// constant is the column of what is known.
	constant placed
	parts    int // of the form, the columns of matrices counted singly
}

type local struct {
	coef  placed
	parts []term // with an index or without
}

// newDesign merges the terms of a form that have a coefficient in common.
func newDesign(f *space, ts form) *design {
	d := &design{f: f, constant: f.scalar(0)}
	for _, t := range ts {
		d.parts += max(1, t.columns)
		v, known := t.number()
		switch {
		case known:
			d.constant = f.data(op.Add, d.constant, f.data(op.Mul, f.scalar(v), t.coef))
		case t.columns > 0:
			d.dense = f.merge(d.dense, t)
		case t.index != nil:
			d.local(t)
		default:
			d.singles = f.merge(d.singles, t)
		}
	}
	shared := d.singles
	d.singles = nil
	for _, t := range shared {
		if i := d.find(t.coef); i >= 0 {
			d.locals[i].parts = append(d.locals[i].parts, t)
		} else {
			d.singles = append(d.singles, t)
		}
	}
	return d
}

func samePlaced(a, b placed) bool { return a.node == b.node && sameInts(a.row, b.row) }

// merge adds a term to the one with the same coefficients, if there is one.
func (f *space) merge(ts []term, t term) []term {
	for i, u := range ts {
		if samePlaced(u.coef, t.coef) && samePlaced(u.matrix, t.matrix) {
			ts[i].latent = f.frame(t).Apply(op.Add, u.latent, t.latent)
			return ts
		}
	}
	return append(ts, t)
}

func (d *design) find(coef placed) int {
	return slices.IndexFunc(d.locals, func(l local) bool { return samePlaced(l.coef, coef) })
}

func (d *design) local(t term) {
	i := d.find(t.coef)
	if i < 0 {
		i = len(d.locals)
		d.locals = append(d.locals, local{coef: t.coef})
	}
	d.locals[i].parts = append(d.locals[i].parts, t)
	for _, ix := range d.indices {
		if ix.codes == t.index.codes {
			return
		}
	}
	d.indices = append(d.indices, t.index)
}

// shared is the number of columns other than the locals', the constant included.
func (d *design) shared() int {
	n := len(d.singles) + 1
	for _, t := range d.dense {
		n += t.columns
	}
	return n
}

// cells are the combinations of levels that occur.
type cells struct {
	n     int
	level [][]float64 // of each index, in each cell
	rows  []int32     // the rows of the first cell, of the second, and so on
	from  []int       // where each begins in rows; one more at the end
}

// cells of the joint index, unless they are more than most.
func (d *design) cells(most int) (*cells, bool) {
	code := make([]int, d.f.n)
	n := 1
	for _, ix := range d.indices {
		seen := map[int]int{}
		var pairs []int
		for i, c := range ix.codes.Const {
			pair := code[i]*ix.levels + int(c)
			if _, ok := seen[pair]; !ok {
				if len(pairs) == most {
					return nil, false
				}
				seen[pair] = 0
				pairs = append(pairs, pair)
			}
			code[i] = pair
		}
		slices.Sort(pairs)
		for k, p := range pairs {
			seen[p] = k
		}
		for i, c := range code {
			code[i] = seen[c]
		}
		n = len(pairs)
	}
	c := &cells{n: n, from: make([]int, n+1), rows: make([]int32, len(code))}
	for _, k := range code {
		c.from[k+1]++
	}
	for k := 0; k < n; k++ {
		c.from[k+1] += c.from[k]
	}
	at := slices.Clone(c.from)
	for i, k := range code {
		c.rows[at[k]] = int32(i)
		at[k]++
	}
	for _, ix := range d.indices {
		l := make([]float64, n)
		for k := range l {
			l[k] = ix.codes.Const[c.rows[c.from[k]]]
		}
		c.level = append(c.level, l)
	}
	return c, true
}

// value is the sum of a local's latents in each cell, over the kept dimensions
// and the cells.
func (d *design) value(l local, c *cells) graph.Term {
	fr := d.f.over(c.n)
	var sum graph.Term
	for i, t := range l.parts {
		v := t.latent
		if t.index != nil {
			v = d.atCells(t, c)
		}
		if i == 0 {
			sum = v
		} else {
			sum = fr.Apply(op.Add, sum, v)
		}
	}
	return sum
}

// atCells picks a term's latents for each cell.
func (d *design) atCells(t term, c *cells) graph.Term {
	last := len(t.latent.Dims) - 1
	level := c.level[slices.IndexFunc(d.indices, func(ix *index) bool { return ix.codes == t.index.codes })]
	inOrder := len(level) == t.index.levels
	for k, l := range level {
		inOrder = inOrder && int(l) == k
	}
	if inOrder {
		return t.latent
	}
	n := t.latent.Node
	v := op.View{Out: slices.Clone(n.Shape), Strides: n.Shape.Strides(), OffStrides: make([]int, last+1)}
	v.Out[last], v.Strides[last], v.OffStrides[last] = c.n, 0, 1
	return graph.Term{Node: op.NewView(d.f.g, n, v, d.f.g.Constant(graph.Shape{c.n}, level)), Dims: t.latent.Dims}
}

package lower

import (
	"ppl/graph"
	"ppl/graph/named"
	"ppl/lang/ast"
)

// left opens the binders of a left side around body, which receives the value
// of each index: none for a range or a colon.
func (l *lowerer) left(ix []ast.LeftIndex, body func(idx []named.Value)) {
	defer l.enter()()
	for _, x := range ix {
		if x.Binder != nil {
			l.open(x.Binder, named.Plate)
		}
	}
	idx := make([]named.Value, len(ix))
	for i, x := range ix { // after all binders: a ragged one changes those before
		switch {
		case x.Binder != nil:
			idx[i] = l.lookup(x.Binder.Name.Name).Value
		case x.Arg.Expr != nil:
			v := l.eval(x.Arg.Expr)
			if !v.IsConst() {
				l.fail("not-supported-here", x, "an index on the left must be known from the data")
			}
			idx[i] = v.Value
		}
	}
	body(idx)
}

// box is the part of an array that a left side defines, with the axes that
// run over it.
type box struct {
	dims  []pieceDim
	axes  []*named.Axis // become the leading dimensions of the piece
	inner graph.Shape   // the event of the piece: axes, then the rest
	full  graph.Shape   // of a box: inner with dimensions of one for constant indices
}

// box finds the part of an array at the indices; rest are the dimensions that
// follow.
func (l *lowerer) box(at ast.Node, idx []named.Value, rest graph.Shape) box {
	var x box
	for _, v := range idx {
		x.dims = append(x.dims, l.boxDim(at, &x, v))
	}
	for _, a := range x.axes {
		x.inner = append(x.inner, a.Size)
	}
	for _, n := range rest {
		x.dims = append(x.dims, pieceDim{along: len(x.inner)})
		x.inner = append(x.inner, n)
	}
	l.afford(at, x.inner)
	x.full = x.inner
	if x.isBox() {
		x.full = nil
		for _, d := range x.dims {
			n := 1
			if d.along >= 0 {
				n = x.inner[d.along]
			}
			x.full = append(x.full, n)
		}
	}
	return x
}

func (x *box) isBox() bool { return piece{dims: x.dims}.isBox() }

// at is where the box starts, from 0; nil if it is none.
func (x *box) at() []int {
	if !x.isBox() {
		return nil
	}
	at := make([]int, len(x.dims))
	for d := range at {
		at[d] = x.dims[d].first
	}
	return at
}

// cells lists, where the part is no box, the indices (from 0) of each element
// of the leading dimension.
func (x *box) cells() [][]int {
	if x.isBox() {
		return nil
	}
	var out [][]int
	for _, d := range x.dims {
		for i, p := range d.list {
			for i >= len(out) {
				out = append(out, nil)
			}
			out[i] = append(out[i], p)
		}
	}
	return out
}

func (l *lowerer) boxDim(at ast.Node, x *box, v named.Value) pieceDim {
	if !v.Valid() || v.Rank() > 0 || len(v.Axes()) > 1 {
		l.fail("not-supported-here", at, "an index on the left of a latent or a let must be a plate's index, or that plus a constant")
	}
	for i, c := range v.Const() {
		if c < 1 {
			l.fail("index-out-of-bounds", at, "the index %g on the left is below 1%s", c, l.at(v, i))
		}
	}
	if len(v.Axes()) == 0 {
		return pieceDim{first: int(v.Const()[0]) - 1, along: -1}
	}
	a := v.Axes()[0]
	d := pieceDim{along: len(x.axes)}
	for k, b := range x.axes {
		if a == b {
			d.along = k
		}
	}
	if d.along == len(x.axes) {
		x.axes = append(x.axes, a)
	}
	if l.raggedAxis(a) {
		d.list = make([]int, a.Size)
		for i, c := range v.Const() {
			d.list[i] = int(c) - 1
		}
		return d
	}
	if !stepOne(v.Const()) {
		l.fail("not-supported-here", at, "an index on the left of a latent or a let must be a plate's index, or that plus a constant")
	}
	if c := v.Const(); len(c) > 0 {
		d.first = int(c[0]) - 1
	}
	return d
}

func (l *lowerer) raggedAxis(a *named.Axis) bool {
	for _, r := range l.ragged {
		if r.axis == a {
			return true
		}
	}
	return false
}

func stepOne(d []float64) bool {
	for i, v := range d {
		if v != d[0]+float64(i) {
			return false
		}
	}
	return true
}

package lower

import (
	"fmt"
	"math"

	"ppl/graph"
	"ppl/graph/enum"
	"ppl/graph/named"
	"ppl/lang"
	"ppl/lang/ast"
)

// References to discrete latents. A reference is of one element in each
// iteration of the plates around it; equal ones share an axis, whatever
// statement they are in, so that a table knows what it depends on.

// elementAt says, for one reference, which element of the site it is of: over some
// axes, in row-major order.
type elementAt struct {
	over  []*named.Axis
	index []int
}

// elements works out which elements a list of indices is of.
func (l *lowerer) elements(d *discrete, idx []named.Value) elementAt {
	var over []*named.Axis
	for _, v := range idx {
		over = union(over, v.Axes())
	}
	out := elementAt{over: over, index: make([]int, sizesOf(over).Size())}
	st := d.site.Shape.Strides()
	for k, v := range idx {
		for i, x := range l.b.With(v, over...).Const() {
			out.index[i] += (int(x) - 1) * st[k]
		}
	}
	return out
}

func sizesOf(axes []*named.Axis) graph.Shape {
	s := make(graph.Shape, len(axes))
	for i, a := range axes {
		s[i] = a.Size
	}
	return s
}

// refer is the value of a reference: the support along its axis. Where the
// element varies over a comprehension, or with another discrete latent, each
// element has an axis of its own: they are different variables.
func (l *lowerer) refer(at ast.Node, d *discrete, x elementAt) named.Value {
	if l.sequence != nil {
		panic(depends{})
	}
	if d.guessing {
		return l.b.Scalar(d.lo)
	}
	if l.giving {
		return l.givenAt(d, x)
	}
	r := (&enum.Ref{Site: d.site, Over: x.over, Index: x.index}).Reduced()
	for i, a := range r.Over {
		if d.how == Relax && a.Class == named.Comprehension && !contains(l.closing, a) {
			continue // it is mixed before the comprehension closes the axis
		}
		if a.Class != named.Plate {
			return l.referEach(at, d, r, i)
		}
	}
	key := fmt.Sprintf("%p %v", d, r.Index)
	for _, a := range r.Over {
		key += fmt.Sprintf(" %p", a)
	}
	known := l.refByKey[key]
	if known == nil {
		l.fresh++
		r.Axis = &named.Axis{Name: d.sym.Name, Size: d.site.K, Class: named.Enumerated, Depth: l.fresh}
		l.refByKey[key], l.refs[r.Axis] = r, r
		d.noteRef(r)
		known = r
	}
	if d.infinite {
		return l.drawnOf(d, known)
	}
	return l.b.Wrap(l.b.G.Constant(graph.Shape{d.site.K}, d.values()), known.Axis)
}

// referEach refers to a different element at each index of axis i.
func (l *lowerer) referEach(at ast.Node, d *discrete, r *enum.Ref, i int) named.Value {
	a := r.Over[i]
	l.affordEach(d, r, a)
	var out named.Value
	for k := range a.Size {
		one := r.Fixed(map[*named.Axis]int{a: k})
		v := l.refer(at, d, elementAt{one.Over, one.Index})
		if k == 0 {
			out = v
			continue
		}
		hit := make([]float64, a.Size)
		hit[k] = 1
		out = l.b.Where(l.b.Wrap(l.b.G.Constant(graph.Shape{a.Size}, hit), a), v, out)
	}
	return out
}

// affordEach refuses, before any of it is made, a table over too many elements
// of a discrete latent.
func (l *lowerer) affordEach(d *discrete, r *enum.Ref, a *named.Axis) {
	if d.infinite || l.b.Limit == 0 {
		return
	}
	different := map[string]bool{}
	for k := range a.Size {
		different[fmt.Sprint(r.Fixed(map[*named.Axis]int{a: k}).Index)] = true
	}
	if n := float64(sizesOf(r.Over).Size()) * math.Pow(float64(d.site.K), float64(len(different))); n > float64(l.b.Limit) {
		panic(named.TooLarge{Axes: []*named.Axis{{Name: d.sym.Name, Size: d.site.K, Class: named.Enumerated}}, Elements: n})
	}
}

// siteIndex interprets z[...] for a discrete latent.
func (l *lowerer) siteIndex(at ast.Node, d *discrete, args []ast.IndexArg) val {
	plugIn := l.plugIn && !d.guessing && l.sequence == nil
	l.plugIn = false
	var given []named.IndexArg
	if !d.guessing || len(d.site.Shape) > 0 {
		given = l.indexArgs(at, args, d.site.Shape)
	}
	defer l.enter()()
	idx := make([]named.Value, len(d.site.Shape))
	var dims []*named.Axis
	for k, n := range d.site.Shape {
		a := named.IndexArg{All: true}
		if k < len(given) {
			a = given[k]
		}
		switch {
		case a.Value.Valid():
			idx[k] = a.Value
			var own []*named.Axis
			for _, m := range a.Value.Shape() {
				own = append(own, l.newAxis("_", m, named.Comprehension))
			}
			idx[k] = l.b.Open(a.Value, own...)
			dims = append(dims, own...)
		case a.All:
			x := l.newAxis("_", n, named.Comprehension)
			idx[k], dims = l.b.Counter(x, 1), append(dims, x)
		default:
			x := l.newAxis("_", max(0, a.Hi-a.Lo+1), named.Comprehension)
			idx[k], dims = l.b.Counter(x, a.Lo), append(dims, x)
		}
	}
	var v named.Value
	if x := l.elements(d, idx); plugIn {
		v = l.plug(d, x)
	} else {
		closing := l.closing
		l.closing = dims
		v = l.refer(at, d, x)
		l.closing = closing
	}
	if len(dims) > 0 {
		if sizesOf(dims).Size() == 0 {
			return val{l.b.Array(sizesOf(dims), []float64{}), lang.Int}
		}
		v = l.b.Close(v, dims...)
	}
	return val{v, lang.Int}
}

// recast follows the references of a value when axes that it had are read at
// positions (from 1): what was of z[i] is of z[g[n]] where the value is read at
// g[n].
func (l *lowerer) recast(at ast.Node, v named.Value, read map[*named.Axis]named.Value) named.Value {
	var from, to []*named.Axis
	for _, a := range v.Axes() {
		r := l.refs[a]
		if r == nil {
			continue
		}
		moved := false
		for _, x := range r.Over {
			moved = moved || read[x].Valid()
		}
		if !moved {
			continue
		}
		now := l.refer(at, l.sites[r.Site.Name], l.follow(r, read))
		if len(now.Axes()) != 1 || contains(to, now.Axes()[0]) {
			l.fail("not-supported-here", at, "this reads several elements that depend on different elements of the discrete latent `%s` at once, which is not supported yet", r.Site.Name)
		}
		from, to = append(from, a), append(to, now.Axes()[0])
	}
	if len(from) == 0 {
		return v
	}
	var have, want []*named.Axis
	for i, a := range from {
		if a != to[i] {
			have, want = append(have, a), append(want, to[i])
		}
	}
	for _, a := range want {
		if v.Has(a) && !contains(have, a) {
			l.fail("not-supported-here", at, "this mixes elements that depend on different elements of a discrete latent, which is not supported yet")
		}
	}
	if len(have) == 0 {
		return v
	}
	return l.b.Open(l.b.Close(v, have...), want...)
}

// follow is which element a reference is of when its axes are read at positions.
func (l *lowerer) follow(r *enum.Ref, read map[*named.Axis]named.Value) elementAt {
	var out elementAt
	pos := make([]named.Value, len(r.Over))
	for k, a := range r.Over {
		pos[k] = read[a]
		if !pos[k].Valid() {
			pos[k] = l.b.Counter(a, 1)
		}
		out.over = union(out.over, pos[k].Axes())
	}
	at := make([]int, sizesOf(out.over).Size())
	for k, st := range sizesOf(r.Over).Strides() {
		for i, p := range l.b.With(pos[k], out.over...).Const() {
			at[i] += (int(p) - 1) * st
		}
	}
	for _, p := range at {
		out.index = append(out.index, r.Index[p])
	}
	return out
}

// readEnumerated reads from an array of lets that depend on discrete latents.
func (l *lowerer) readEnumerated(e ast.Node, a *array, args []named.IndexArg) named.Value {
	for k := len(a.pieces) - 1; k >= 0; k-- {
		p := a.pieces[k]
		v, ok := l.readPiece(p, args)
		if !ok {
			continue
		}
		read := map[*named.Axis]named.Value{}
		for d, x := range p.dims {
			if x.along < 0 || x.along >= len(p.axes) {
				continue
			}
			if d >= len(args) || !args[d].Value.Valid() || args[d].Value.Rank() > 0 {
				l.wholePiece(e, a, p, x.along)
				continue
			}
			read[p.axes[x.along]] = l.b.AddScalar(args[d].Value, -float64(x.first))
		}
		return l.recast(e, v, read)
	}
	l.fail("not-supported-here", e, "this reads elements of `%s` that different statements define and that depend on discrete latents, which is not supported yet", a.name)
	return named.Value{}
}

// wholePiece refuses to read many elements at once that depend on different
// elements of a discrete latent.
func (l *lowerer) wholePiece(at ast.Node, a *array, p piece, along int) {
	for _, x := range p.value.Axes() {
		if r := l.refs[x]; r != nil && contains(r.Over, p.axes[along]) {
			l.fail("not-supported-here", at, "the elements of `%s` depend on different elements of the discrete latent `%s`: they can be read one at a time, `%s[i]`, but not together yet", a.name, r.Site.Name, a.name)
		}
	}
}

// wholeEnumerated reads all of an array of lets that depend on discrete latents.
func (l *lowerer) wholeEnumerated(a *array) named.Value {
	for _, p := range a.pieces {
		for along := range p.axes {
			l.wholePiece(l.now, a, p, along)
		}
	}
	return l.whole(a)
}

// dependsOnDiscrete reports whether some piece of an array does.
func (a *array) dependsOnDiscrete() bool {
	for _, p := range a.pieces {
		if enumerated(p.value) {
			return true
		}
	}
	return false
}

package check

import (
	"strings"

	"ppl/lang"
	"ppl/lang/ast"
	"ppl/lang/diag"
)

// Pieces. An array that statements define element by element or block by block
// must end up a full box from 1 to its largest index, each element defined
// once. Each statement fills a box: per index position a range of integers.
// The boxes are put side by side: along some position they must form groups
// that follow one another from 1 without gap or overlap, and each group must
// fill the other positions alike. Where that fails, pairs of boxes that
// provably share an element, and elements that provably belong to none, are
// errors; what only data can tell is left to binding.

// array is the state of a value that is defined in pieces.
type array struct {
	n       int       // index positions
	elem    lang.Type // of one element
	guessed bool      // elem is not yet known from a piece
	mixed   bool      // both a let and a `~` define elements
	sites   []*defSite
	done    bool // all pieces are checked, and sym.Type is final
	left    int  // sites that are not done
	busy    bool
	refused bool // reads of it in a loop would take too long
	// filled are the boxes of the pieces that are done, in order, and tops what
	// is known of the largest index at each position.
	filled [][]extent
	tops   []top
}

// top is the largest index at a position among the first pieces of an array,
// where they can be compared whatever loops are around: nil otherwise, and for
// no piece.
type top struct {
	pieces int
	dim    *lang.Dim
}

// piece is what a statement defines.
type piece struct {
	box []extent
}

// extent is a range of one index. exact says that every integer from lo to hi
// is taken.
type extent struct {
	lo, hi lang.Dim
	exact  bool
}

// maxPieces bounds the work of putting boxes side by side.
const maxPieces = 400

// declareArrays declares the arrays that a loop at the root fills, so that its
// statements may look back at one another.
func (c *checker) declareArrays(node ast.Node) {
	for _, name := range c.defs.inLoop[node] {
		if _, taken := c.find(name); !taken && !reserved[name] {
			c.declareArray(c.defs.byName[name])
		}
	}
}

// declareArray makes the info of an array, with a guess at its elements.
func (c *checker) declareArray(sites []*defSite) *info {
	first := sites[0]
	for _, d := range sites {
		if len(d.index) > 0 {
			first = d
			break
		}
	}
	kind, decl, lets := lang.SymLet, ast.Node(first.stmt), 0
	for _, d := range sites {
		switch {
		case d.sample == nil:
			lets++
		case kind == lang.SymLet:
			kind, decl = lang.SymLatent, d.stmt
		}
	}
	sym := &lang.Symbol{Name: first.name, Kind: kind, Span: first.span, Decl: decl}
	in := &info{sym: sym, reads: map[*info]bool{}, inGuide: c.guide != nil}
	in.array = &array{n: len(first.index), sites: sites, mixed: lets > 0 && lets < len(sites), guessed: true, elem: c.guessElem(first)}
	in.dep.latent = kind == lang.SymLatent
	for _, d := range sites {
		d.array = in
		if !d.done {
			in.array.left++
		}
	}
	if c.declare(c.root, in, RedefinedName) {
		c.built = append(c.built, in)
	} else {
		in.bad = true
	}
	return in
}

// guessElem is the type of an element that is read before it is defined.
func (c *checker) guessElem(d *defSite) lang.Type {
	if d.sample == nil || d.sample.Dist == nil || d.sample.Dist.Call == nil {
		return lang.Scalar(lang.Real)
	}
	if sig, ok := c.cat.Dist(d.sample.Dist.Call.Fn.Name); ok && sig.Support.Discrete() {
		return lang.Scalar(lang.Int)
	}
	return lang.Scalar(lang.Real)
}

// typeOf is the type of a value: for an array that is not finished, what its
// pieces so far make of it.
func (c *checker) typeOf(in *info) lang.Type {
	a := in.array
	if a == nil || a.done {
		return in.sym.Type
	}
	t := a.elem
	dims := make([]lang.Dim, 0, a.n+len(t.Dims))
	for p := range a.n {
		dims = append(dims, c.largest(in, p))
	}
	t.Dims = append(dims, t.Dims...)
	return t
}

// boxes of the pieces that are done.
func (a *array) boxes() [][]extent { return a.filled }

// largest is the largest index at a position, as far as it is known.
func (c *checker) largest(in *info, p int) lang.Dim {
	if d := c.plainlyLargest(in.array, p); d != nil {
		return *d
	}
	var all []lang.Dim
	for _, b := range in.array.boxes() {
		if p < len(b) {
			all = append(all, b[p].hi)
		}
	}
	if len(all) == 0 {
		return lang.DimOpaque(c.id(in.sym.Name), &ast.Number{Text: "0"})
	}
	out := &all[0]
	for i := range all[1:] {
		if out = c.greater(out, &all[i+1]); out == nil {
			return c.maxDim(in, all)
		}
	}
	return *out
}

// plainlyLargest is largest where that does not rest on a loop that is known to
// run. It compares each piece once, however often it is asked.
func (c *checker) plainlyLargest(a *array, p int) *lang.Dim {
	for len(a.tops) <= p {
		a.tops = append(a.tops, top{})
	}
	t := &a.tops[p]
	for ; t.pieces < len(a.filled); t.pieces++ {
		if b := a.filled[t.pieces]; p >= len(b) {
			t.dim = nil
		} else if t.pieces == 0 || t.dim != nil && c.plainlyAtLeast(b[p].hi.Sub(*t.dim), 0) {
			t.dim = &b[p].hi
		} else if t.dim != nil && !c.plainlyAtLeast(t.dim.Sub(b[p].hi), 0) {
			t.dim = nil
		}
	}
	return t.dim
}

// maxDim is the largest of forms that cannot be compared.
func (c *checker) maxDim(in *info, ds []lang.Dim) lang.Dim {
	arr := &ast.Array{}
	for _, d := range ds {
		arr.Elems = append(arr.Elems, d.Expr())
	}
	call := &ast.Call{Fn: ast.Ident{Name: "max"}, Args: []ast.Arg{{Value: arr}}}
	return lang.DimOpaque(c.id(in.sym.Name), call)
}

// extentOf gives the range of an index on the left, over all iterations.
func (c *checker) extentOf(d lang.Dim) extent {
	lo, okLo := c.lower(d, indexSymbol)
	hi, okHi := c.upper(d, indexSymbol)
	exact := okLo && okHi
	for _, s := range d.Symbols() {
		if b := c.bounds[s.Name]; b != nil {
			exact = exact && !b.dependent
		}
	}
	if c.mentionsIndex(lo) {
		lo, exact = lang.DimInt(1), false
	}
	if c.mentionsIndex(hi) {
		hi, exact = c.overLoops(hi), false
	}
	return extent{lo, hi, exact}
}

// overLoops is the largest value of d over the loops in scope: a length that
// only data can tell.
func (c *checker) overLoops(d lang.Dim) lang.Dim {
	comp := &ast.Comprehension{Elem: d.Expr()}
	for _, l := range c.loops {
		for _, b := range loopBinders(l.node) {
			if mentionsName(comp, b.Name.Name) {
				comp.Binders = append(comp.Binders, b)
			}
		}
	}
	call := &ast.Call{Fn: ast.Ident{Name: "max"}, Args: []ast.Arg{{Value: comp}}}
	return lang.DimOpaque(c.id("max"), call)
}

func loopBinders(n ast.Node) []*ast.Binder {
	switch n := n.(type) {
	case *ast.Plate:
		return n.Binders
	case *ast.For:
		return n.Binders
	case *ast.Let:
		return binders(n.Index)
	case *ast.Sample:
		return binders(n.Index)
	}
	return nil
}

func mentionsName(root ast.Node, name string) bool {
	found := false
	ast.Inspect(root, func(n ast.Node) bool {
		if x, ok := n.(*ast.Name); ok && x.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// finish closes the arrays whose last piece has been checked.
func (c *checker) finish() {
	for _, in := range c.ready {
		if !in.array.done {
			c.close(in)
		}
	}
	c.ready = nil
}

// finishAll closes every array of the root, complete or not.
func (c *checker) finishAll() {
	for _, in := range c.built {
		if !in.array.done {
			in.bad = in.bad || in.array.left > 0
			c.close(in)
		}
	}
}

// close gives an array its type and checks that its pieces fill it.
func (c *checker) close(in *info) {
	boxes := in.array.boxes()
	whole := len(boxes) == len(in.array.sites) && !in.bad
	t := c.typeOf(in)
	if whole && len(boxes) <= maxPieces {
		if dims, ok := c.cover(boxes, positions(in.array.n)); ok {
			t.Dims = append(dims, in.array.elem.Dims...)
		} else {
			c.explainCover(in)
		}
	}
	in.sym.Type = t
	in.array.done = true
	in.bad = in.bad || !whole
}

func positions(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// cover reports whether boxes provably fill the box from 1 to its largest
// indices, each element once, over the positions ps; and its dimensions.
func (c *checker) cover(boxes [][]extent, ps []int) ([]lang.Dim, bool) {
	if len(ps) == 0 {
		return nil, len(boxes) == 1
	}
	for k, p := range ps {
		rest := append(append([]int(nil), ps[:k]...), ps[k+1:]...)
		hi, groups, ok := chain(boxes, p)
		if !ok {
			continue
		}
		if dims, ok := c.coverAlike(groups, rest); ok {
			return append(append(append([]lang.Dim(nil), dims[:k]...), hi), dims[k:]...), true
		}
		if len(boxes) == 1 {
			break
		}
	}
	return nil, false
}

// coverAlike asks that every group fills the positions ps to the same ends.
func (c *checker) coverAlike(groups [][][]extent, ps []int) ([]lang.Dim, bool) {
	var dims []lang.Dim
	for i, g := range groups {
		d, ok := c.cover(g, ps)
		if !ok || i > 0 && lang.SameShape(d, dims) != lang.Yes {
			return nil, false
		}
		dims = d
	}
	return dims, true
}

// chain orders boxes along position p: ranges that follow one another from 1.
func chain(boxes [][]extent, p int) (hi lang.Dim, groups [][][]extent, ok bool) {
	next := lang.DimInt(1)
	left := boxes
	for len(left) > 0 {
		var group, others [][]extent
		for _, b := range left {
			switch {
			case !b[p].exact:
				return hi, nil, false
			case b[p].lo.Equal(next) == lang.Yes && (group == nil || b[p].hi.Equal(group[0][p].hi) == lang.Yes):
				group = append(group, b)
			default:
				others = append(others, b)
			}
		}
		if group == nil {
			return hi, nil, false
		}
		groups = append(groups, group)
		hi = group[0][p].hi
		next = hi.AddInt(1)
		left = others
	}
	return hi, groups, true
}

// explainCover reports the overlaps and gaps that are provable.
func (c *checker) explainCover(in *info) {
	if c.explainOverlap(in) {
		return
	}
	boxes := in.array.boxes()
	for p := range in.array.n {
		if alikeBut(boxes, p) && c.explainGap(in, boxes, p) {
			return
		}
	}
}

// alikeBut reports whether boxes differ at position p only.
func alikeBut(boxes [][]extent, p int) bool {
	for _, b := range boxes[1:] {
		for q := range b {
			if q != p && (b[q].lo.Equal(boxes[0][q].lo) != lang.Yes || b[q].hi.Equal(boxes[0][q].hi) != lang.Yes) {
				return false
			}
		}
	}
	return true
}

// explainOverlap reports two pieces that define the same element.
func (c *checker) explainOverlap(in *info) bool {
	sites := in.array.sites
	for j, d := range sites {
		for _, e := range sites[:j] {
			lo, hi, ok := c.overlap(e.piece.box, d.piece.box)
			if !ok {
				continue
			}
			c.report(ElementOverlap, d.span, "%s is defined twice", elementName(in.sym.Name, lo, hi)).
				related(e.span, "first defined here").
				hint("each element of an array is defined exactly once")
			in.bad = true
			return true
		}
	}
	return false
}

// overlap reports whether two boxes, neither empty, share elements, and which.
func (c *checker) overlap(a, b []extent) (lo, hi []lang.Dim, ok bool) {
	for p := range min(len(a), len(b)) {
		x, y := a[p], b[p]
		facts := []lang.Dim{x.hi.Sub(x.lo), y.hi.Sub(y.lo)}
		if !x.exact || !y.exact || !c.atLeast(y.hi.Sub(x.lo), 0, facts...) || !c.atLeast(x.hi.Sub(y.lo), 0, facts...) {
			return nil, nil, false
		}
		lo = append(lo, c.pick(x.lo, y.lo, y.lo.Sub(x.lo), facts))
		hi = append(hi, c.pick(y.hi, x.hi, y.hi.Sub(x.hi), facts))
	}
	return lo, hi, len(lo) > 0
}

// pick returns b if diff is provably not negative, else a.
func (c *checker) pick(a, b, diff lang.Dim, facts []lang.Dim) lang.Dim {
	if c.atLeast(diff, 0, facts...) {
		return b
	}
	return a
}

// explainGap reports elements along position p that no piece defines.
func (c *checker) explainGap(in *info, boxes [][]extent, p int) bool {
	next := lang.DimInt(1)
	for left := boxes; len(left) > 0; {
		var others [][]extent
		moved := false
		gap := 0
		for _, b := range left {
			diff, isInt := b[p].lo.Sub(next).Int()
			switch {
			case !b[p].exact || !isInt && !c.plainlyAtLeast(b[p].lo.Sub(next), 1):
				return false
			case isInt && diff == 0 && !moved:
				moved, next = true, b[p].hi.AddInt(1)
				continue
			case isInt && (gap == 0 || diff < gap):
				gap = diff
			}
			others = append(others, b)
		}
		if !moved {
			if gap < 0 {
				return false
			}
			c.reportGap(in, boxes[0], p, next, others)
			return true
		}
		left = others
	}
	return false
}

// reportGap names the elements from next to the start of the next piece.
func (c *checker) reportGap(in *info, like []extent, p int, next lang.Dim, others [][]extent) {
	first := others[0][p].lo
	for _, b := range others {
		if c.plainlyAtLeast(first.Sub(b[p].lo), 1) {
			first = b[p].lo
		}
	}
	lo, hi := make([]lang.Dim, len(like)), make([]lang.Dim, len(like))
	for q, e := range like {
		lo[q], hi[q] = e.lo, e.hi
	}
	lo[p], hi[p] = next, first.AddInt(-1)
	n := c.report(ElementGap, in.sym.Span, "%s is never defined", elementName(in.sym.Name, lo, hi))
	for _, d := range in.array.sites[1:] {
		n.related(d.span, "another piece is defined here")
	}
	n.hint("the array runs from 1 to its largest index: define the missing elements, or number from 1")
	in.bad = true
}

// elementName writes `h[1]`, `h[2..K]`, `z[1..N, 3]`.
func elementName(name string, lo, hi []lang.Dim) string {
	var parts []string
	for p := range lo {
		if lo[p].Equal(hi[p]) == lang.Yes {
			parts = append(parts, lo[p].String())
		} else {
			parts = append(parts, lo[p].String()+".."+hi[p].String())
		}
	}
	return "`" + name + "[" + strings.Join(parts, ", ") + "]`"
}

// observed is a block of data that a `~` observes.
type observed struct {
	box  []extent
	span diag.Span
}

// observe notes that a block of data is observed, and reports one that was before.
func (c *checker) observe(in *info, box []extent, at diag.Span) {
	if box == nil && in.sym.Type.Rank() > 0 {
		return
	}
	if len(in.observed) > maxPieces {
		return
	}
	for _, o := range in.observed {
		lo, hi, ok := c.overlap(o.box, box)
		if !ok && len(box) > 0 {
			continue
		}
		what := "`" + in.sym.Name + "`"
		if len(box) > 0 {
			what = elementName(in.sym.Name, lo, hi)
		}
		c.report(ObservedTwice, at, "%s is observed twice", what).related(o.span, "first observed here").
			hint("every element of the data has one distribution; to add another term, use `factor log_density(DIST, x)`")
		return
	}
	in.observed = append(in.observed, observed{box, at})
}

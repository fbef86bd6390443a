package data

import (
	"errors"
	"fmt"
	"math"

	"ppl/lang"
	"ppl/lang/diag"
)

// dimension is a length that has a name.
type dimension struct {
	name  string
	n     int
	known bool
	// given is the integer that the data hold under the name.
	given    *given
	sights   []sight
	isLevels bool
}

// given is an integer given by name, declared (`data N : int`) or not.
type given struct {
	n     int
	item  *item // its declaration, or nil
	value *Value
}

// sight is an array whose shape shows the dimension.
type sight struct {
	item *item
	axis int
	n    int
}

// bareDim returns the name of a dimension that is just a name.
func bareDim(d lang.Dim) (string, bool) {
	syms := d.Symbols()
	if len(syms) != 1 || d.Const() != 0 || syms[0].Length != nil || d.Coef(syms[0].Name) != 1 {
		return "", false
	}
	return syms[0].Name, true
}

// dim returns the dimension of a name, which may be new.
func (b *binder) dim(name string) *dimension {
	d, ok := b.dims[name]
	if !ok {
		d = &dimension{name: name}
		b.dims[name] = d
		b.order = append(b.order, name)
	}
	return d
}

// bindable reports whether a name is a dimension that data bind: not a let.
func (b *binder) bindable(name string) bool { return b.lets[name] == nil }

// bindDims binds every dimension from what the data hold, and compares.
func (b *binder) bindDims() {
	for _, s := range b.m.Dims {
		b.dim(s.Name)
	}
	for _, it := range b.items {
		b.see(it)
	}
	for _, name := range b.order {
		d := b.dims[name]
		b.findGiven(d)
		b.settle(d)
	}
}

// see notes the dimensions that the shape of an item shows.
func (b *binder) see(it *item) {
	for axis, dim := range it.sym.Type.Dims {
		name, ok := bareDim(dim)
		if !ok || !b.bindable(name) {
			continue
		}
		d := b.dim(name)
		if it.array != nil && !it.bad && it.shape[axis] >= 0 {
			d.sights = append(d.sights, sight{it, axis, it.shape[axis]})
		}
	}
}

// findGiven looks for an integer of the dimension's name.
func (b *binder) findGiven(d *dimension) {
	if it := b.byKey[d.name]; it != nil {
		if it.array != nil && !it.bad && it.sym.Type.IsScalar() && it.sym.Type.Elem == lang.Int {
			d.given = &given{int(it.array.Data[0]), it, it.value}
		}
		return
	}
	v, ok := b.take(d.name)
	if !ok {
		return
	}
	var bad string
	switch {
	case v.also != nil:
		b.diags.Add(v.duplicate())
		return
	case v.problem != nil:
		bad = "no number"
	case len(v.shape) > 0:
		bad = shapeText(v.shape)
	case len(v.nums) != 1 || judgeInt(v, 0) != fine:
		bad = v.cellText(0)
	case v.nums[0] < 0 || v.nums[0] > math.MaxInt32:
		bad = plain(v.nums[0])
	default:
		d.given = &given{int(v.nums[0]), nil, v}
		return
	}
	hint := "remove the key: the shapes of the data give the length"
	switch {
	case len(v.shape) == 1 && v.shape[0] == 1 && v.origin.kind == fromJSON:
		hint = "write the number without brackets, or leave it out; in R: `jsonlite::write_json(data, path, auto_unbox = TRUE)`"
	case len(v.shape) > 0:
		hint = fmt.Sprintf("if it has nothing to do with the length, call the dimension by another name: `%s` in the place of `%s`", b.otherName(d.name), d.name)
	}
	b.diags.Add(diag.Diagnostic{
		Code: dimensionError, Source: b.src, Span: b.dimSpan(d.name), Where: v.Where(),
		Summary:  fmt.Sprintf("`%s` is a dimension of the model, but the data give %s (%s)", d.name, bad, v.Where()),
		Expected: "a whole number, at least 0", Found: bad, Hint: hint,
	})
}

// otherName is a name for a dimension that neither the model nor the data use.
func (b *binder) otherName(name string) string {
	for {
		name += "_"
		_, given := b.t.Lookup(name)
		if _, used := b.dims[name]; !used && !given && b.byKey[name] == nil {
			return name
		}
	}
}

// dimSpan is where a dimension is first named.
func (b *binder) dimSpan(name string) diag.Span {
	for _, s := range b.m.Dims {
		if s.Name == name {
			return s.Span
		}
	}
	return diag.Span{}
}

// settle gives a dimension its length and reports what disagrees with it: with
// the levels of a factor, else the integer given by name, else the first array.
// Where all arrays agree and the integer does not, that is one mistake.
func (b *binder) settle(d *dimension) {
	first := len(d.sights) > 0
	switch {
	case d.isLevels:
		if d.given != nil && d.given.n != d.n {
			b.givenDisagrees(d, fmt.Sprintf("`%s` has %s", d.name, count(d.n, "level")))
		}
		b.compare(d, fmt.Sprintf("`%s` has %s", d.name, count(d.n, "level")), nil)
	case d.given != nil && first && d.agree() && d.sights[0].n != d.given.n:
		b.givenDisagrees(d, d.sights[0].describe(b))
		d.n, d.known = d.sights[0].n, true
		b.failed[d.name] = true
	case d.given != nil:
		d.n, d.known = d.given.n, true
		b.compare(d, fmt.Sprintf("`%s` is %d (%s)", d.name, d.n, d.given.value.Where()), nil)
	case first:
		d.n, d.known = d.sights[0].n, true
		b.compare(d, d.sights[0].describe(b), d.sights[0].item)
	default:
		d.n, d.known = b.again.length(d.name)
	}
}

func (d *dimension) agree() bool {
	for _, s := range d.sights {
		if s.n != d.sights[0].n {
			return false
		}
	}
	return true
}

// describe says what a sight shows: "`y` has 100 elements".
func (s sight) describe(b *binder) string {
	name, where := s.item.sym.Name, s.item.value.describe()
	if s.item.value == nil && b.again != nil {
		where = "as before"
	}
	if s.item.sym.Type.Rank() == 1 {
		return fmt.Sprintf("`%s` has %s (%s)", name, count(s.n, "element"), where)
	}
	return fmt.Sprintf("dimension %d of `%s` has length %d (%s)", s.axis+1, name, s.n, where)
}

// describe is Where, for a value that may be a default.
func (v *Value) describe() string {
	if v == nil {
		return "by default"
	}
	return v.Where()
}

// givenDisagrees reports an integer that no array agrees with.
func (b *binder) givenDisagrees(d *dimension, other string) {
	g := d.given
	msg := diag.Diagnostic{
		Code: dimensionError, Source: b.src, Span: b.dimSpan(d.name), Where: g.value.Where(),
		Summary: fmt.Sprintf("`%s` is %d (%s), but %s", d.name, g.n, g.value.Where(), other),
		Hint:    fmt.Sprintf("leave `%s` out of the data: the shapes give it", d.name),
	}
	if len(d.sights) > 0 && !d.isLevels {
		msg.Span = b.dimExprSpan(d.sights[0])
	}
	b.diags.Add(msg)
}

// compare reports each array that disagrees with the length of d.
func (b *binder) compare(d *dimension, reference string, from *item) {
	for _, s := range d.sights {
		if s.n == d.n {
			continue
		}
		msg := diag.Diagnostic{Code: dimensionError, Span: b.dimExprSpan(s), Summary: fmt.Sprintf("%s, but %s", s.describe(b), reference)}
		msg.Expected = fmt.Sprintf("%s with %s = %d", s.item.sym.Type, d.name, d.n)
		msg.Found = shapeText(s.item.shape)
		if from != nil && from != s.item {
			msg.Related = []diag.Related{{Span: from.sym.Span, Message: fmt.Sprintf("`%s` is %d here", d.name, d.n)}}
		}
		b.add(s.item, msg)
	}
}

// dimExprSpan is where a declaration names the dimension that a sight shows.
func (b *binder) dimExprSpan(s sight) diag.Span {
	if decl := s.item.decl; decl != nil && decl.Type != nil && len(decl.Type.Dims) > 0 {
		return decl.Type.Dims[min(s.axis, len(decl.Type.Dims)-1)].Span()
	}
	return s.item.sym.Span
}

// dimText is a dimension as the declaration writes it: `K`, where the checker
// knows it to be 2.
func (b *binder) dimText(s sight, dim lang.Dim) string {
	if b.src != nil && s.item.decl != nil {
		return b.src.Slice(b.dimExprSpan(s))
	}
	return dim.String()
}

// checkShapes compares lengths with dimensions that are numbers or expressions,
// and closes the lengths that an empty array left open.
func (b *binder) checkShapes() {
	for _, it := range b.items {
		if it.array == nil || it.bad {
			continue
		}
		for axis, dim := range it.sym.Type.Dims {
			b.checkLength(it, axis, dim)
		}
		it.array.Shape = it.shape
	}
	b.reportUnbound()
}

func (b *binder) checkLength(it *item, axis int, dim lang.Dim) {
	name, bare := bareDim(dim)
	want, err := dim.Eval(b.length)
	open := it.shape[axis] < 0
	switch {
	case open && (err != nil || want < 0):
		it.shape[axis] = 0
	case open:
		it.shape[axis] = want
	case bare && b.bindable(name):
		return // compared when it was bound
	case errors.Is(err, errNotReady):
		return
	case err != nil:
		b.fail(it, expression, b.dimExprSpan(sight{it, axis, 0}), "the length `%s` cannot be evaluated: %s", dim, err)
	case want != it.shape[axis]:
		s := sight{it, axis, it.shape[axis]}
		text := fmt.Sprintf("`%s` is %d", b.dimText(s, dim), want)
		if b.dimText(s, dim) == fmt.Sprint(want) {
			text = fmt.Sprintf("is declared %s", it.sym.Type)
		}
		d := b.fail(it, shapeError, b.dimExprSpan(s), "%s, but %s", s.describe(b), text)
		d.Expected, d.Found = fmt.Sprint(want), fmt.Sprint(s.n)
	}
}

// length is the value of a symbol of a dimension.
func (b *binder) length(sym *lang.DimSym) (int, error) {
	var a *Array
	switch {
	case sym.Length != nil:
		var err error
		if a, err = b.eval(sym.Length); err != nil {
			return 0, err
		}
	case b.failed[sym.Name]:
		return 0, errNotReady
	default:
		var ok bool
		if a, ok = b.lookup(sym.Name); !ok {
			return 0, errNotReady
		}
	}
	if len(a.Data) != 1 || a.Data[0] != math.Trunc(a.Data[0]) || math.Abs(a.Data[0]) > maxExact {
		return 0, errors.New("it is not a whole number")
	}
	return int(a.Data[0]), nil
}

// reportUnbound reports dimensions whose length nothing gives, unless an error
// explains that.
func (b *binder) reportUnbound() {
	if b.diags.HasErrors() || b.piece != nil && b.piece.base != nil {
		return
	}
	only := b.m.OnlyGenerated()
	for _, s := range b.m.Dims {
		if d := b.dims[s.Name]; !d.known && b.byKey[s.Name] == nil && !only[s] {
			b.diags.Add(diag.Diagnostic{
				Code: dimensionError, Source: b.src, Span: s.Span,
				Summary: fmt.Sprintf("no data give the length of `%s`", s.Name), Hint: fmt.Sprintf("give it by name: -d %s=10", s.Name),
			})
		}
	}
}

package data

import (
	"fmt"
	"strings"

	"ppl/lang"
	"ppl/lang/diag"
)

// fillIn gives values to declarations that the data leave out: integers that a
// shape shows, then defaults. A default may bind a dimension, so integers are
// tried again at the end.
func (b *binder) fillIn() {
	b.implied()
	for _, it := range b.items {
		if b.leftOut(it) && it.decl != nil && it.decl.Default != nil {
			b.byDefault(it)
		}
	}
	b.implied()
	only := b.m.OnlyGenerated()
	for _, it := range b.items {
		if b.leftOut(it) && !only[it.sym] && !((b.opt.Drawn[it.sym.Name] || b.opt.Unread[it.sym.Name]) && it.sym.Type.Levels == "") {
			b.noValue(it)
		}
	}
}

func (b *binder) leftOut(it *item) bool { return it.value == nil && it.array == nil && !it.bad }

// implied sets `data N : int` where a shape shows N.
func (b *binder) implied() {
	for _, it := range b.items {
		t := it.sym.Type
		if !b.leftOut(it) || !t.IsScalar() || t.Elem != lang.Int || t.Levels != "" {
			continue
		}
		if d := b.dims[it.sym.Name]; d != nil && d.known {
			it.array = scalar(float64(d.n))
		}
	}
}

// byDefault evaluates the default of a declaration.
func (b *binder) byDefault(it *item) {
	e := it.decl.Default
	if it.sym.Type.Levels != "" {
		b.fail(it, expression, e.Span(), "`%s` is a factor, which cannot have a default: its labels come with the data", it.sym.Name)
		return
	}
	a, err := b.eval(e)
	if err != nil {
		b.evalFailed(it, e, "the default", err)
		return
	}
	want := it.sym.Type
	if len(a.Shape) != want.Rank() {
		d := b.fail(it, expression, e.Span(), "the default of `%s` is %s, but is declared %s", it.sym.Name, shapeText(a.Shape), declared(want.Rank()))
		d.Expected = want.String()
		return
	}
	v := &Value{key: it.sym.Name, origin: &origin{name: "the default", kind: fromGo}, shape: a.Shape, cells: cells{nums: a.Data}}
	judge := judgeOf(want)
	for i := range v.nums {
		missing := a.Missing != nil && a.Missing[i]
		if w := judge(v, i); w != fine && w != infinite && !(missing && want.Optional) {
			b.fail(it, expression, e.Span(), "the default of `%s` is %s, which is not %s", it.sym.Name, plain(v.nums[i]), article(want.Elem.String()))
			return
		}
	}
	it.array, it.shape = &Array{Shape: a.Shape, Data: a.Data, Missing: a.Missing}, a.Shape
	b.bindByDefault(it)
}

// bindByDefault binds the dimensions that only the default shows, and compares
// the others.
func (b *binder) bindByDefault(it *item) {
	if t := it.sym.Type; t.IsScalar() && t.Elem == lang.Int {
		if d := b.dims[it.sym.Name]; d != nil && !d.known {
			d.n, d.known = int(it.array.Data[0]), true
		}
	}
	for axis, dim := range it.sym.Type.Dims {
		name, ok := bareDim(dim)
		if !ok || !b.bindable(name) {
			continue
		}
		d, s := b.dim(name), sight{it, axis, it.shape[axis]}
		switch {
		case b.failed[name]:
		case !d.known:
			d.n, d.known = s.n, true
		case d.n != s.n:
			msg := b.fail(it, dimensionError, it.decl.Default.Span(), "%s, but `%s` is %d", s.describe(b), name, d.n)
			msg.Expected, msg.Found = fmt.Sprintf("%s with %s = %d", it.sym.Type, name, d.n), shapeText(it.shape)
		}
	}
}

// noValue reports a declaration that nothing gives a value.
func (b *binder) noValue(it *item) {
	if b.failed[it.sym.Name] {
		b.spoil(it)
		return
	}
	d := b.fail(it, noValue, it.sym.Span, "the data hold no value for `%s`", it.sym.Name)
	d.Expected = it.sym.Type.String()
	d.Found = b.keysFound()
	d.Hint = b.noValueHint(it)
}

// keysFound lists the keys of the data.
func (b *binder) keysFound() string {
	keys := b.t.Names()
	if len(keys) == 0 {
		return "no data"
	}
	items := make([]string, 0, maxListed)
	for _, k := range keys[:min(len(keys), maxListed)] {
		items = append(items, shortened(k))
	}
	return listed(items, len(keys))
}

// noValueHint looks for a key that was probably meant.
func (b *binder) noValueHint(it *item) string {
	name := it.sym.Name
	var unused []string
	for _, k := range b.t.Names() {
		if b.used[k] || b.byKey[k] != nil {
			continue
		}
		unused = append(unused, k)
		v := b.t.values[k]
		switch {
		case strings.EqualFold(k, name):
			return fmt.Sprintf("%s has `%s`; names are case-sensitive", v.source(), k)
		case plainName(k) == plainName(name):
			return fmt.Sprintf("%s has `%s`; call it `%s`", v.source(), k, name)
		}
	}
	if s := diag.Suggest(name, unused); s != "" {
		return fmt.Sprintf("%s has `%s`; is it meant?", b.t.values[s].source(), s)
	}
	if len(b.t.values) == 0 {
		return fmt.Sprintf("give data with -d FILE.json, -d FILE.csv or -d %s=...", name)
	}
	return ""
}

// source names the source of a value in a sentence.
func (v *Value) source() string {
	switch v.origin.kind {
	case fromFlag:
		return "`-d`"
	case fromGo:
		return "the data"
	}
	return v.origin.name
}

// plainName reduces a name to its letters and digits: `mom.hs` and `mom_hs` agree.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("._- ", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

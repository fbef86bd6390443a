package data

import (
	"fmt"
	"slices"
	"strconv"

	"ppl/lang"
	"ppl/lang/diag"
)

// RebindOptions set how data are bound anew.
type RebindOptions struct {
	// Eval, Drawn and Unread are as in BindOptions.
	Eval          Eval
	Drawn, Unread map[string]bool
	// Extend adds so many elements to dimensions: arrays that are given along them hold the
	// new elements alone, which follow the earlier ones.
	Extend map[string]int
	// KnownOnly refuses labels that the earlier data do not have.
	KnownOnly bool
}

// Rebound are data that were bound anew.
type Rebound struct {
	*Bound
	// Given are the names that the new data hold a value of.
	Given map[string]bool
	// Anew are the dimensions whose rows are new ones: none of them is a row of the earlier data.
	Anew map[string]bool
	// Unseen are the labels of each factor that the earlier data do not have; they follow the
	// earlier ones.
	Unseen map[string][]string
}

// Rebind binds other data for a model that has been bound to from: what t does not hold
// keeps its value. By dimension, not by position:
//
//   - The first dimension of an array in t is bound anew, if data on the left of a `~` (those
//     of opt.Drawn) run along it, or its length is another: its rows are new ones, and all other
//     data along it must be given, too, or are drawn.
//   - Dimensions of labels keep the labels that there were, in their order, and get those that
//     are new behind them. Data along them are needed for the new labels, keyed by label.
//   - Dimensions of opt.Extend keep their elements, and get new ones behind them.
//
// Every other dimension must have the length that it had.
func Rebind(m *lang.Model, t *Tables, from *Bound, opt RebindOptions) (*Rebound, diag.List) {
	b := newBinder(m, t, BindOptions{Eval: opt.Eval, Drawn: opt.Drawn, Unread: opt.Unread})
	b.again = &rebinding{from: from, opt: opt, out: &Rebound{Bound: b.out, Given: map[string]bool{}, Anew: map[string]bool{}, Unseen: map[string][]string{}}}
	b.match()
	b.newRows()
	b.factors()
	b.convertAll()
	b.joinEarlier()
	b.reuse()
	b.bindDims()
	b.fillIn()
	b.checkShapes()
	b.checkConstraints()
	b.finish()
	b.diags.Sort()
	return b.again.out, b.diags
}

// rebinding is the state of a Rebind; nil of a Bind.
type rebinding struct {
	from *Bound
	opt  RebindOptions
	out  *Rebound
}

// length is that of a dimension whose rows are not new, if no array shows it.
func (r *rebinding) length(name string) (n int, known bool) {
	if r == nil || r.out.Anew[name] {
		return 0, false
	}
	n, known = r.from.Dims[name]
	return n + r.opt.Extend[name], known
}

// newRows finds the dimensions that are bound anew.
func (b *binder) newRows() {
	r := b.again
	observed := map[string]bool{}
	for _, it := range b.items {
		if r.opt.Drawn[it.sym.Name] {
			for _, d := range it.sym.Type.Dims {
				observed[d.String()] = true
			}
		}
	}
	labels := map[string]bool{}
	for _, it := range b.items {
		labels[it.sym.Type.Levels] = true
	}
	anew := func(name string, n int) {
		_, extended := r.opt.Extend[name]
		if was, known := r.from.Dims[name]; !extended && !labels[name] && b.bindable(name) && (observed[name] || !known || n != was) {
			r.out.Anew[name] = true
		}
	}
	for _, it := range b.items {
		if it.value == nil {
			continue
		}
		r.out.Given[it.sym.Name] = true
		if it.bad || len(it.shape) == 0 {
			continue
		}
		if name, bare := bareDim(it.sym.Type.Dims[0]); bare {
			anew(name, it.shape[0])
		}
	}
	for _, s := range b.m.Dims { // lengths given by name
		if v, ok := b.t.Lookup(s.Name); ok && len(v.shape) == 0 && len(v.nums) == 1 {
			anew(s.Name, int(v.nums[0]))
		}
	}
}

// levels are those that there were, and the new ones of all.
func (b *binder) moreLevels(j string, all []*labelled) []string {
	r := b.again
	out := slices.Clone(r.from.Levels[j])
	if r.opt.KnownOnly {
		return out
	}
	for _, label := range union(all) {
		if !slices.Contains(out, label) {
			out = append(out, label)
			r.out.Unseen[j] = append(r.out.Unseen[j], label)
		}
	}
	return out
}

// earlier reports whether an array keyed by label had a row for a label.
func (r *rebinding) earlier(it *item, j, label string) bool {
	return r != nil && r.from.Values[it.sym.Name] != nil && slices.Contains(r.from.Levels[j], label)
}

// joinEarlier completes arrays that are given in part: keyed by some of the labels, or with
// the new elements of a dimension that is extended.
func (b *binder) joinEarlier() {
	r := b.again
	for _, it := range b.items {
		was := r.from.Values[it.sym.Name]
		if it.array == nil || it.bad || was == nil || len(was.Shape) == 0 {
			continue
		}
		if it.value != nil && it.value.labels != nil {
			b.joinByLabel(it, was)
			continue
		}
		for axis, dim := range it.sym.Type.Dims {
			name, bare := bareDim(dim)
			extra, extended := r.opt.Extend[name]
			if !bare || !extended {
				continue
			}
			if it.shape[axis] != extra {
				b.fail(it, dimensionError, b.typeSpan(it), "`%s` is to be extended by %d, but `%s` is given for %d (%s)", name, extra, it.sym.Name, it.shape[axis], it.value.Where()).
					Hint = "give the new elements alone: those that there are follow from the fit"
				break
			}
			b.append(it, was, axis)
		}
	}
}

// joinByLabel puts the rows of labels that are not given anew among those that are.
func (b *binder) joinByLabel(it *item, was *Array) {
	j, _ := bareDim(it.sym.Type.Dims[0])
	levels := b.out.Levels[j]
	row := size(was.Shape[1:])
	if len(levels) == it.shape[0] || !slices.Equal(was.Shape[1:], it.shape[1:]) {
		return
	}
	given := map[string]int{}
	for _, r := range it.order {
		given[it.value.labels[r]] = len(given)
	}
	out := &Array{Shape: append([]int{len(levels)}, it.shape[1:]...)}
	for k, label := range levels {
		from, at := was, k
		if r, ok := given[label]; ok {
			from, at = it.array, r
		}
		out.append(from, at*row, (at+1)*row)
	}
	it.array, it.shape, it.order = out, out.Shape, nil
}

// append puts the elements of an array behind those that there were along an axis.
func (b *binder) append(it *item, was *Array, axis int) {
	shape := slices.Clone(was.Shape)
	shape[axis] += it.shape[axis]
	for d := range shape {
		if d != axis && shape[d] != it.shape[d] {
			return // which the comparison of dimensions reports
		}
	}
	out := &Array{Shape: shape}
	first, second := size(was.Shape[axis:]), size(it.shape[axis:])
	for k := range size(shape[:axis]) {
		out.append(was, k*first, (k+1)*first)
		out.append(it.array, k*second, (k+1)*second)
	}
	it.array, it.shape, it.order = out, shape, nil
}

// append puts elements of another array behind those that there are; the shape is the caller's.
func (a *Array) append(from *Array, start, end int) {
	if from.Missing != nil && a.Missing == nil {
		a.Missing = make([]bool, len(a.Data), size(a.Shape))
	}
	a.Data = append(a.Data, from.Data[start:end]...)
	switch {
	case from.Missing != nil:
		a.Missing = append(a.Missing, from.Missing[start:end]...)
	case a.Missing != nil:
		a.Missing = append(a.Missing, make([]bool, end-start)...)
	}
}

// reuse gives data that are not given anew the value that they had, and says which must be.
func (b *binder) reuse() {
	r := b.again
	for _, it := range b.items {
		was := r.from.Values[it.sym.Name]
		if was == nil || it.value != nil || it.array != nil || it.bad || b.changes(it) {
			continue
		}
		it.array, it.shape = &Array{Shape: slices.Clone(was.Shape), Data: was.Data, Missing: was.Missing}, slices.Clone(was.Shape)
	}
}

// changes reports whether data that are not given cannot keep their value, as a dimension of
// theirs is another one now. Where nothing else gives them a value that is an error.
func (b *binder) changes(it *item) bool {
	r, name := b.again, it.sym.Name
	free := r.opt.Drawn[name] || r.opt.Unread[name] || it.decl != nil && it.decl.Default != nil
	if t := it.sym.Type; t.IsScalar() {
		_, extended := r.opt.Extend[name]
		d := b.dims[name]
		return r.out.Anew[name] || extended || d != nil && d.isLevels && len(r.out.Unseen[name]) > 0
	}
	for _, dim := range it.sym.Type.Dims {
		for _, s := range dim.Symbols() {
			var why, hint string
			extra, extended := r.opt.Extend[s.Name]
			switch {
			case r.out.Anew[s.Name]:
				why, hint = fmt.Sprintf("its rows along `%s` are new ones", s.Name), "give it with the new data"
			case len(r.out.Unseen[s.Name]) > 0:
				label := strconv.Quote(shortened(r.out.Unseen[s.Name][0]))
				why = fmt.Sprintf("the label %s of `%s` is new", label, s.Name)
				hint = fmt.Sprintf(`give it for the new labels, keyed by them: {"%s": {%s: ...}}`, name, label)
			case extended:
				why, hint = fmt.Sprintf("`%s` is extended by %d", s.Name, extra), fmt.Sprintf("give its %d new elements", extra)
			default:
				continue
			}
			if !free || it.sym.Type.Levels != "" && !r.opt.Drawn[name] {
				d := b.fail(it, noValue, it.sym.Span, "the new data hold no value for `%s`, and %s", name, why)
				d.Expected, d.Found, d.Hint = it.sym.Type.String(), b.keysFound(), hint
			}
			return true
		}
	}
	return false
}

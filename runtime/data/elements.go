package data

import (
	"fmt"
	"math"
	"strconv"

	"ppl/lang/diag"
)

// trouble collects the elements of one value that fail one check.
type trouble struct {
	n  int
	at []int // offsets in the value as read, the first ten
}

func (t *trouble) add(i int) {
	t.n++
	if len(t.at) < maxListed {
		t.at = append(t.at, i)
	}
}

// elements reports a trouble. is says what an element is ("is -1, which is not
// > 0"), short gives its value for the list of the others.
func (b *binder) elements(it *item, code diag.Code, at diag.Span, t trouble, is, short func(i int) string) *diag.Diagnostic {
	i := t.at[0]
	d := b.fail(it, code, at, "%s %s (%s)", b.element(it, i), is(i), it.whereElement(i))
	if t.n > 1 {
		items := make([]string, len(t.at))
		for k, i := range t.at {
			items[k] = b.elementName(it, i)
			if s := short(i); s != "" {
				items[k] += " = " + s
			}
		}
		d.Found = fmt.Sprintf("%d such elements: %s", t.n, listed(items, t.n))
	}
	return d
}

// whereElement says where an element stands. Defaults stand nowhere.
func (it *item) whereElement(i int) string {
	if it.value == nil {
		return it.value.describe()
	}
	return it.value.whereElement(i)
}

// element names element i of the value for a message: "`y[3]`", with its label
// where a dimension has labels.
func (b *binder) element(it *item, i int) string {
	name := "`" + b.elementName(it, i) + "`"
	if label := b.elementLabel(it, i); label != "" {
		name += " (" + label + ")"
	}
	return name
}

func (b *binder) elementName(it *item, i int) string {
	if len(it.shape) == 0 {
		return it.sym.Name
	}
	index := b.index(it, i)
	if it.value != nil {
		index[0] += it.value.first
	}
	return it.sym.Name + bracket(index, 0)
}

// index is the index of element i of the value as read, in the bound array.
func (b *binder) index(it *item, i int) []int {
	index := unravel(i, it.value.shapeOr(it.shape))
	if it.order != nil {
		for row, from := range it.order {
			if from == index[0] {
				index[0] = row
				break
			}
		}
	}
	return index
}

func (v *Value) shapeOr(shape []int) []int {
	if v != nil && len(v.shape) == len(shape) {
		return v.shape
	}
	return shape
}

// elementLabel gives the labels of an index, or "".
func (b *binder) elementLabel(it *item, i int) string {
	out := ""
	for d, k := range b.index(it, i) {
		levels := b.levelsOf(it, d)
		if k >= len(levels) {
			continue
		}
		if out != "" {
			out += ", "
		}
		out += shortened(levels[k])
	}
	return out
}

// levelsOf returns the labels along dimension d of an item, if it has any.
func (b *binder) levelsOf(it *item, d int) []string {
	if name, ok := bareDim(it.sym.Type.Dims[d]); ok {
		return b.out.Levels[name]
	}
	return nil
}

// cellText shows a cell as the source has it.
func (v *Value) cellText(i int) string {
	switch t := v.tag(i); {
	case t == tagNull:
		return "missing"
	case t == tagBool:
		return strconv.FormatBool(v.nums[i] != 0)
	case t > 0 && v.text(i).kind == textNumber && !math.IsNaN(v.nums[i]):
		return v.text(i).s
	case t > 0:
		return strconv.Quote(shortened(v.text(i).s))
	}
	return plain(v.nums[i])
}

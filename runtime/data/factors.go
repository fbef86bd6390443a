package data

import (
	"fmt"
	"math"
	"sort"
	"strconv"

	"ppl/lang/diag"
)

// factors collects the levels of each factor, finds the order of the values
// that are keyed by label, and gives the labels their codes.
func (b *binder) factors() {
	isFactor := map[string]bool{}
	var names []string
	var all []*labelled
	for _, it := range b.items {
		j := it.sym.Type.Levels
		if j == "" {
			continue
		}
		if !isFactor[j] {
			isFactor[j] = true
			names = append(names, j)
		}
		if !it.bad && it.value != nil {
			all = append(all, labelsOf(it))
		}
	}
	for _, j := range names {
		b.findLevels(j, all)
	}
	for _, it := range b.items {
		b.orderByLabel(it, isFactor)
	}
	for _, l := range all {
		if !l.it.bad {
			b.encode(l)
		}
	}
}

// labelled are the labels of one value: the distinct ones, and which one each
// cell has (-1: missing).
type labelled struct {
	it       *item
	distinct []string
	cell     []int32
	// cells that are no labels
	none, unfit trouble
}

func (l *labelled) ok() bool { return l.none.n+l.unfit.n == 0 }

// findLevels makes the levels of j from the data that share them. They are
// known only if all of these data are.
func (b *binder) findLevels(j string, all []*labelled) {
	var sharing []*labelled
	wanted := 0
	for _, it := range b.items {
		if it.sym.Type.Levels == j {
			wanted++
		}
	}
	for _, l := range all {
		if l.it.sym.Type.Levels == j && l.ok() {
			sharing = append(sharing, l)
		}
	}
	fixed, isFixed := b.opt.Levels[j]
	switch {
	case b.again != nil:
		b.out.Levels[j] = b.moreLevels(j, sharing)
	case isFixed:
		b.out.Levels[j] = fixed
	case len(sharing) == wanted:
		b.out.Levels[j] = union(sharing)
	default:
		b.failed[j] = true
		return
	}
	d := b.dim(j)
	d.n, d.known, d.isLevels = len(b.out.Levels[j]), true, true
}

// labelsOf reads the labels of a value.
func labelsOf(it *item) *labelled {
	v := it.value
	out := &labelled{it: it, cell: make([]int32, len(v.nums))}
	ids := map[string]int32{}
	number := map[float64]int32{}
	id := func(s string) int32 {
		k, ok := ids[s]
		if !ok {
			k = int32(len(out.distinct))
			ids[s] = k
			out.distinct = append(out.distinct, s)
		}
		return k
	}
	byText := make([]int32, len(v.texts))
	for k := range byText {
		byText[k] = -1
	}
	for i, x := range v.nums {
		out.cell[i] = -1
		switch t := v.tag(i); {
		case t > 0:
			if byText[t-1] < 0 {
				byText[t-1] = id(v.texts[t-1].s)
			}
			out.cell[i] = byText[t-1]
		case t == tagNull || t == tagNumber && math.IsNaN(x):
			if !it.sym.Type.Optional {
				out.none.add(i)
			}
		case t == tagBool || x != math.Trunc(x) || math.Abs(x) >= maxExact:
			out.unfit.add(i)
		default:
			k, ok := number[x]
			if !ok {
				k = id(strconv.FormatInt(int64(x), 10))
				number[x] = k
			}
			out.cell[i] = k
		}
	}
	return out
}

// reportLabels reports cells that are no labels.
func (b *binder) reportLabels(l *labelled) {
	it, v, at := l.it, l.it.value, b.typeSpan(l.it)
	none, unfit := l.none, l.unfit
	if none.n > 0 {
		b.elements(it, missingElement, at, none, func(int) string { return "is missing" }, func(int) string { return "" }).
			Hint = "declare it `" + optionalText(it.sym.Type) + "` if elements may be missing"
	}
	if unfit.n > 0 {
		b.elements(it, typeError, at, unfit, func(i int) string { return "is " + v.cellText(i) + ", which is not a label" }, v.cellText).
			Hint = "labels are strings or integers"
	}
}

// union sorts the labels of all values: as numbers if all are integers, else
// bytewise.
func union(all []*labelled) []string {
	seen := map[string]bool{}
	levels := []string{}
	integers := true
	for _, l := range all {
		for _, s := range l.distinct {
			if !seen[s] {
				seen[s] = true
				levels = append(levels, s)
				integers = integers && isInteger(s)
			}
		}
	}
	if !integers {
		sort.Strings(levels)
		return levels
	}
	sort.Slice(levels, func(i, k int) bool {
		a, _ := strconv.ParseInt(levels[i], 10, 64)
		b, _ := strconv.ParseInt(levels[k], 10, 64)
		return a < b
	})
	return levels
}

// isInteger reports whether s is an integer as it is normally written.
func isInteger(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == s
}

// encode replaces labels by codes, in the order of the levels that key the
// value, if they do.
func (b *binder) encode(l *labelled) {
	j := l.it.sym.Type.Levels
	b.reportLabels(l)
	if _, known := b.out.Levels[j]; l.it.bad || !known {
		b.spoil(l.it)
		return
	}
	code := map[string]int{}
	for k, level := range b.out.Levels[j] {
		code[level] = k + 1
	}
	codes := make([]float64, len(l.distinct))
	for k, s := range l.distinct {
		codes[k] = float64(code[s])
	}
	a := &Array{Shape: l.it.shape, Data: make([]float64, len(l.cell))}
	var unknown trouble
	for i, k := range l.cell {
		switch {
		case k < 0:
			if a.Missing == nil {
				a.Missing = make([]bool, len(l.cell))
			}
			a.Data[i], a.Missing[i] = math.NaN(), true
		case codes[k] == 0:
			unknown.add(i)
		default:
			a.Data[i] = codes[k]
		}
	}
	if unknown.n > 0 {
		b.reportUnknown(l, unknown, b.out.Levels[j])
		return
	}
	l.it.array = a
	l.it.reorder()
}

// reportUnknown reports labels that are not among the levels.
func (b *binder) reportUnknown(l *labelled, unknown trouble, levels []string) {
	label := func(i int) string { return l.distinct[l.cell[i]] }
	d := b.elements(l.it, labelError, b.typeSpan(l.it), unknown, func(i int) string {
		return fmt.Sprintf("is %q, which is not a level of `%s`", shortened(label(i)), l.it.sym.Type.Levels)
	}, func(i int) string { return strconv.Quote(shortened(label(i))) })
	d.Expected = levelsText(levels)
	d.Hint = suggestion(label(unknown.at[0]), levels)
}

func levelsText(levels []string) string {
	items := make([]string, 0, maxListed)
	for _, s := range levels[:min(len(levels), maxListed)] {
		items = append(items, shortened(s))
	}
	return "one of " + listed(items, len(levels))
}

func suggestion(name string, candidates []string) string {
	if s := diag.Suggest(name, candidates); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return ""
}

// orderByLabel finds the row of each level in a value that is keyed by label.
func (b *binder) orderByLabel(it *item, isFactor map[string]bool) {
	if it.bad || it.value == nil || it.value.labels == nil {
		return
	}
	j, _ := bareDim(it.sym.Type.Dims[0])
	if !isFactor[j] {
		d := b.fail(it, notAnArray, b.typeSpan(it), "`%s` is keyed by label, but its first dimension `%s` is not a factor (%s)",
			it.sym.Name, it.sym.Type.Dims[0], it.value.Where())
		d.Hint = "write an array, or declare the labels: `data name : factor(J)[N]`"
		return
	}
	if b.failed[j] {
		b.spoil(it)
		return
	}
	row := map[string]int{}
	for r, s := range it.value.labels {
		row[s] = r
	}
	var absent []string
	for _, level := range b.out.Levels[j] {
		r, ok := row[level]
		if !ok && b.again.earlier(it, j, level) {
			continue
		}
		if !ok {
			absent = append(absent, level)
			continue
		}
		it.order = append(it.order, r)
		delete(row, level)
	}
	b.reportKeys(it, j, absent, row)
}

// reportKeys reports levels without a key and keys that are no levels.
func (b *binder) reportKeys(it *item, j string, absent []string, extra map[string]int) {
	quoted := func(list []string) string {
		items := make([]string, 0, maxListed)
		for _, s := range list[:min(len(list), maxListed)] {
			items = append(items, strconv.Quote(shortened(s)))
		}
		return listed(items, len(list))
	}
	unknown := make([]string, 0, len(extra))
	for s := range extra {
		unknown = append(unknown, s)
	}
	sort.Strings(unknown)
	if len(unknown) > 0 {
		d := b.fail(it, labelError, b.typeSpan(it), "`%s` has a value for %s, which no data of type `factor(%s)` has (%s)", it.sym.Name, quoted(unknown), j, it.value.Where())
		d.Hint = suggestion(unknown[0], b.out.Levels[j])
	}
	if len(absent) > 0 {
		d := b.fail(it, labelError, b.typeSpan(it), "`%s` has no value for %s of `%s` (%s)", it.sym.Name, quoted(absent), j, it.value.Where())
		d.Hint = "an array keyed by label needs every level"
	}
}

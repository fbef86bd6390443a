package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A matrix in a table is several columns, one for each element of a row, if it is no column of lists:
// `X.1`, `X.2`, ... as CmdStan and R write them, or `X[1]`, `X[2]`, ...; more
// dimensions have more numbers: `X.1.1`, `X[1,2]`. Indices start at 1.

// elementOf splits the name of a column into that of its array and the indices
// within a row. A name that is not of that form has none.
func elementOf(name string) (array string, index []int) {
	var parts []string
	if open := strings.IndexByte(name, '['); open > 0 && strings.HasSuffix(name, "]") {
		array, parts = name[:open], strings.Split(name[open+1:len(name)-1], ",")
	} else if dot := strings.IndexByte(name, '.'); dot > 0 {
		// A name may hold dots of its own: the indices are the numbers at the end.
		parts = strings.Split(name, ".")
		k := len(parts)
		for k > 1 && isIndex(parts[k-1]) {
			k--
		}
		array, parts = strings.Join(parts[:k], "."), parts[k:]
	}
	for _, p := range parts {
		p = strings.TrimSpace(p)
		if !isIndex(p) {
			return name, nil
		}
		k, _ := strconv.Atoi(p)
		index = append(index, k)
	}
	return array, index
}

// isIndex accepts what stands for one element of a row; no row is that long.
func isIndex(s string) bool {
	k, err := strconv.Atoi(s)
	return err == nil && 0 < k && k < 1<<20 && s == strconv.Itoa(k)
}

// member is a column that holds one element of every row.
type member struct {
	value *Value
	index []int
}

// membersOf finds the columns that are elements of the rows of an array.
func (b *binder) membersOf(name string, rank int) (members []member) {
	for _, key := range b.t.Names() {
		v := b.t.values[key]
		if array, index := elementOf(key); array == name && len(index) == rank-1 && v.origin.isTable() {
			members = append(members, member{v, index})
		}
	}
	return members
}

// joined makes one array of the columns that are elements of its rows. It is
// nil if there are none for an array of that rank.
func (b *binder) joined(name string, rank int) *Value {
	members := b.membersOf(name, rank)
	if len(members) == 0 {
		return nil
	}
	slices.SortFunc(members, func(x, y member) int { return slices.Compare(x.index, y.index) })
	for _, m := range members {
		b.used[m.value.key] = true
	}
	first, last := members[0].value, members[len(members)-1].value
	out := &Value{key: name, origin: first.origin, line: first.line, column: first.column, rows: first.rows,
		columns: len(members), first: first.first, title: fmt.Sprintf("columns %q to %q", first.key, last.key)}
	if len(members) == 1 {
		out.title = ""
		out.key = first.key
	}
	shape := make([]int, rank-1)
	for _, m := range members {
		for d, k := range m.index {
			shape[d] = max(shape[d], k)
		}
	}
	if out.problem = troubleOf(members, shape); out.problem != nil {
		return out
	}
	out.shape = append([]int{first.shape[0]}, shape...)
	out.cells = side(members, first.shape[0])
	return out
}

// troubleOf says why columns do not make up rows of a shape. They are in order.
func troubleOf(members []member, shape []int) *problem {
	for i, m := range members {
		v, first := m.value, members[0].value
		switch {
		case v.also != nil:
			d := v.duplicate()
			return &problem{d.Summary, d.Hint, d.Code}
		case v.problem != nil:
			return v.problem
		case v.origin != first.origin:
			return &problem{fmt.Sprintf("the columns %q and %q are in two files: %s and %s", first.key, v.key, first.origin.name, v.origin.name),
				"put the columns of one array into one file", ""}
		case len(v.shape) != 1:
			return &problem{fmt.Sprintf("the column %q has lists, and stands for one element of a row", v.key), "write lists, or a column for each element", ""}
		case i > 0 && slices.Equal(m.index, members[i-1].index):
			return &problem{fmt.Sprintf("the columns %q and %q are the same element of a row", members[i-1].value.key, v.key), "remove one of them", ""}
		case !slices.Equal(m.index, unravelFrom1(i, shape)):
			return &problem{fmt.Sprintf("there is a column %q, but none for element %v of each row", members[len(members)-1].value.key, indexText(unravelFrom1(i, shape))),
				"number the columns from 1, without gaps", ""}
		}
	}
	if n := size(shape); n != len(members) {
		return &problem{fmt.Sprintf("there are %d columns, but rows of %s", len(members), count(n, "element")), "number the columns from 1, without gaps", ""}
	}
	return nil
}

func unravelFrom1(i int, shape []int) []int {
	if i >= size(shape) {
		return nil
	}
	index := unravel(i, shape)
	for d := range index {
		index[d]++
	}
	return index
}

func indexText(index []int) string { return strings.ReplaceAll(fmt.Sprint(index), " ", ", ") }

// side puts the cells of columns side by side.
func side(members []member, rows int) cells {
	k := len(members)
	out := cells{nums: make([]float64, rows*k)}
	known := map[text]int32{}
	for j, m := range members {
		c := &m.value.cells
		for i, x := range c.nums {
			out.nums[i*k+j] = x
		}
		if c.tags == nil {
			continue
		}
		if out.tags == nil {
			out.tags = make([]int32, rows*k)
		}
		for i, tag := range c.tags {
			if tag > 0 {
				t := c.text(i)
				if known[t] == 0 {
					out.texts = append(out.texts, t)
					known[t] = int32(len(out.texts))
				}
				tag = known[t]
			}
			out.tags[i*k+j] = tag
		}
	}
	return out
}

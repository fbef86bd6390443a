package data

import (
	"fmt"
	"sort"

	"ppl/lang/diag"
)

// Tables are the values that the sources supply, by key. They do not change
// once read, and may be bound to any number of models.
type Tables struct {
	values map[string]*Value
}

// Value is what one source says about one key.
type Value struct {
	key    string
	origin *origin
	// line and column of the key in a file; 0 where there is none.
	line, column int
	// shape is nil for a scalar. An empty array has a trailing 0.
	shape []int
	cells
	// labels are the keys of an object, whose members are the first dimension.
	labels []string
	// rows locates the cells of a column of a text, or of several side by side: columns
	// is the number of cells in a row, and title names several.
	rows    *rowIndex
	columns int
	title   string
	// first is the row that the value begins with, where it is a piece of a table.
	first int
	// problem, if set, says why the value is no array.
	problem *problem
	// also is a second file that gives the key.
	also *Value
	// later, if set, reads what follows from the cells; there are none yet.
	later *later
}

// problem is what is wrong with a value, to be reported if it is used.
type problem struct {
	summary, hint string
	code          diag.Code // empty: notAnArray
}

type originKind int

const (
	fromJSON originKind = iota
	fromCSV
	fromFlag
	fromGo
	fromLines // of JSON, a record each
	fromParquet
	fromNumPy
	fromNumPyZip
)

// origin is one source.
type origin struct {
	name string
	kind originKind
	// given says that the source was named for one value: `-d X=path.npy`.
	given bool
}

// isFile reports whether the source is a file rather than something given for
// this run in particular.
func (o *origin) isFile() bool { return o.kind != fromFlag && o.kind != fromGo && !o.given }

// isTable reports whether the source has columns: its values are what rows have one of each.
func (o *origin) isTable() bool {
	return o.kind == fromCSV || o.kind == fromLines || o.kind == fromParquet
}

// Key is the name that the source gives the value.
func (v *Value) Key() string { return v.key }

// Where says where the value stands: `data.json:3:5, key "y"`.
func (v *Value) Where() string {
	switch v.origin.kind {
	case fromJSON:
		return fmt.Sprintf("%s:%d:%d, key %q", v.origin.name, v.line, v.column, v.key)
	case fromCSV, fromLines, fromParquet:
		if v.title != "" {
			return v.origin.name + ", " + v.title
		}
		return fmt.Sprintf("%s, column %q", v.origin.name, v.key)
	case fromFlag:
		return "-d " + v.key
	case fromNumPy:
		return v.origin.name
	case fromNumPyZip:
		return fmt.Sprintf("%s, array %q", v.origin.name, v.key)
	}
	return fmt.Sprintf("the value of %q", v.key)
}

// whereElement says where element i stands: in a table with its row, and in a text with its line.
func (v *Value) whereElement(i int) string {
	row := v.first + i/max(1, v.columns)
	if v.rows == nil && v.origin.isTable() {
		return fmt.Sprintf("%s, row %d", v.Where(), row+1)
	}
	if v.rows == nil {
		return v.Where()
	}
	return fmt.Sprintf("%s:%d, row %d", v.origin.name, v.rows.line(row), row+1)
}

// newTables returns empty tables.
func newTables() *Tables { return &Tables{values: map[string]*Value{}} }

// Names lists the keys, sorted.
func (t *Tables) Names() []string {
	out := make([]string, 0, len(t.values))
	for k := range t.values {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Lookup returns the value of a key.
func (t *Tables) Lookup(key string) (*Value, bool) {
	v, ok := t.values[key]
	return v, ok
}

// Merge returns the values of all tables. A value that is given for this run
// (an assignment, a Go value) replaces earlier ones and is not replaced by a
// file; of two files that give a key both are remembered.
func Merge(tables ...*Tables) *Tables {
	out := newTables()
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, k := range t.Names() {
			out.add(t.values[k])
		}
	}
	return out
}

// add enters a value by the rule of Merge. A value is never changed: a second
// file is noted on a copy.
func (t *Tables) add(v *Value) {
	old, ok := t.values[v.key]
	switch {
	case !ok || !v.origin.isFile():
		t.values[v.key] = v
	case old.origin.isFile():
		both := *old
		both.also = v
		t.values[v.key] = &both
	}
}

// duplicate is the error for a value that two files give.
func (v *Value) duplicate() diag.Diagnostic {
	d := diag.Diagnostic{
		Code: duplicateKey, Where: v.also.Where(),
		Summary: fmt.Sprintf("`%s` is in two files: %s and %s", v.key, v.origin.name, v.also.origin.name),
		Hint:    fmt.Sprintf("remove it from one of them, or say which value to use with `-d %s=...`", v.key),
	}
	if v.origin.name == v.also.origin.name {
		d.Summary = fmt.Sprintf("`%s` is given twice: %s is read more than once", v.key, v.origin.name)
		d.Hint = "name each data file once"
	}
	return d
}

// rowIndex maps rows of a CSV file to lines. Where rows are one line each, a
// single entry does.
type rowIndex struct {
	from []int // first row (from 0) of a run of one-line rows
	at   []int // its line
}

// add notes that row stands on line. Rows come in order.
func (r *rowIndex) add(row, line int) {
	if n := len(r.from); n > 0 && r.at[n-1]+row-r.from[n-1] == line {
		return
	}
	r.from, r.at = append(r.from, row), append(r.at, line)
}

func (r *rowIndex) line(row int) int {
	k := sort.SearchInts(r.from, row+1) - 1
	if k < 0 {
		return 0
	}
	return r.at[k] + row - r.from[k]
}

package data

import (
	"context"
	"fmt"
	"math"
)

// linesReader reads lines of JSON: a record each, an object whose keys are the names of columns. Where a record
// does not have a key, the value is missing. Values may be lists, of one length in all records.
type linesReader struct {
	jsonReader
	columns []*lineColumn
	byName  map[string]*lineColumn
	rows    rowIndex
	n       int // records so far
	first   int // the record that was read first: 0, or of a piece
}

// lineColumn is a column of records.
type lineColumn struct {
	jsonArray
	value *Value
	next  int // the record that it has got to
	// gaps are records without the key: they are filled in where the column is asked for, so
	// that a file of records that have little in common takes no more memory than its text.
	gaps []gap
}

// gap is n records from one on that do not have a key, behind so many numbers.
type gap struct{ behind, from, n int }

// file reads all records.
func (l *linesReader) file() (f *fault) {
	defer catch(&f)
	for l.record() {
	}
	if l.n == 0 && l.err == nil {
		panic(&fault{place: l.here(), length: 1, summary: "there are no records in the file"})
	}
	for _, c := range l.columns {
		l.tables.add(l.finish(c))
	}
	return nil
}

// record reads the next line that is not blank.
func (l *linesReader) record() bool {
	l.space()
	c, ok := l.peek()
	switch {
	case !ok:
		return false
	case c != '{':
		f := l.unexpected("each line is an object, with a key for each column")
		if c == '[' {
			f.hint = "write {\"x\": 1.5, \"y\": 2}; a file with one list of records is JSON, and is not read"
		}
		panic(f)
	}
	line := l.line
	l.rows.add(l.n, line)
	l.members(l.entry)
	l.key = ""
	l.n++
	l.endOfLine(line)
	return true
}

// endOfLine reads up to the next line: nothing else may stand behind a record, and a record may not go on there.
func (l *linesReader) endOfLine(line int) {
	if l.line != line {
		f := &fault{place: l.here(), length: 1, summary: fmt.Sprintf("the record of line %d goes on on line %d", line, l.line)}
		f.hint = "each record stands on a line of its own; a single object on several lines is JSON: call the file .json"
		panic(f)
	}
	for {
		c, ok := l.peek()
		switch {
		case !ok:
			return
		case c == '\n':
			l.take()
			return
		case c != ' ' && c != '\t' && c != '\r':
			f := l.unexpected("there is text after the end of a record")
			f.hint = "each record stands on a line of its own"
			panic(f)
		}
		l.take()
	}
}

// entry reads the value of a key of a record.
func (l *linesReader) entry(key string, at place) {
	c := l.byName[key]
	if c == nil {
		c = &lineColumn{jsonArray: jsonArray{leaf: -1}, value: &Value{key: key, origin: l.origin, line: at.line, column: at.column, first: l.first}, next: l.first}
		c.open(key, 0)
		if c.broken = l.keep != nil && !l.keep(key); c.broken {
			c.problem = notKept(key)
		}
		if l.byName == nil {
			l.byName = map[string]*lineColumn{}
		}
		l.byName[key] = c
		l.columns = append(l.columns, c)
	}
	if c.next > l.n {
		f := l.fail(at, "the key %q stands twice in the record", key)
		f.length, f.code, f.hint = len(key)+2, duplicateKey, "remove one of them"
		panic(f)
	}
	c.missUntil(l.n)
	c.next++
	c.path = append(c.path[:0], l.n)
	l.key = key
	if l.space(); !c.broken {
		if next, ok := l.peek(); ok && next == '{' {
			c.spoil("make its fields columns of their own", "`%s` is an object in row %d", key, l.n+1)
		}
	}
	l.element(&c.jsonArray, 1)
	l.key = ""
}

// missUntil notes that records before one do not have the key.
func (c *lineColumn) missUntil(n int) {
	if c.next < n && !c.broken {
		c.gaps = append(c.gaps, gap{c.nums.n, c.next, n - c.next})
	}
	c.next = n
}

// finish makes a value of a column.
func (l *linesReader) finish(c *lineColumn) *Value {
	v := c.value
	c.missUntil(l.n)
	c.path = c.path[:0]
	n := l.n - v.first
	if len(c.gaps) > 0 && len(c.shape) > 1 {
		from := c.gaps[0].from
		c.spoil("where all elements of a list are missing, write a list of nulls",
			"row %d has no `%s`, and other rows have a list (%s:%d)", from+1, v.key, l.origin.name, l.rows.line(from))
	}
	c.close(v.key, 0, n)
	if v.problem = c.problem; v.problem != nil {
		return v
	}
	v.shape, v.cells, v.rows, v.columns = c.shape, c.cells(), &l.rows, size(c.shape[1:])
	if len(c.gaps) > 0 {
		v.later = filledIn(v.cells, c.gaps, n)
		v.cells = cells{}
	}
	return v
}

// filledIn gives a column of n elements its missing ones.
func filledIn(have cells, gaps []gap, n int) *later {
	return &later{read: func(_ context.Context, v *Value) error {
		out := cells{nums: make([]float64, 0, n), tags: make([]int32, 0, n), texts: have.texts}
		at := 0
		until := func(k int) {
			for ; at < k; at++ {
				out.nums, out.tags = append(out.nums, have.nums[at]), append(out.tags, have.tag(at))
			}
		}
		for _, g := range gaps {
			until(g.behind)
			for range g.n {
				out.nums, out.tags = append(out.nums, math.NaN()), append(out.tags, tagNull)
			}
		}
		until(len(have.nums))
		v.cells = out
		return nil
	}}
}

package data

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"ppl/lang/diag"
)

// maxCell bounds a cell: a longer one is a quotation mark that was never closed.
const maxCell = 1 << 20

// csvReader reads one CSV text.
type csvReader struct {
	*scanner
	tables *Tables
	origin *origin
	keep   func(string) bool
	comma  byte
	cell   []byte
	quoted bool // the cell that was read stood in quotation marks
	rows   rowIndex
	n      int // rows so far
}

// column is one column of the file; without a value it is read over.
type column struct {
	builder
	name  string
	value *Value
}

// cellEnd says what stands after a cell.
type cellEnd int

const (
	nextCell cellEnd = iota
	endOfRow
	endOfFile
)

// file reads header and rows.
func (r *csvReader) file() (f *fault) {
	defer catch(&f)
	columns := r.header()
	for {
		for r.blankLine() {
		}
		if _, ok := r.peek(); !ok {
			break
		}
		r.row(columns)
	}
	for i := range columns {
		if v := columns[i].value; v != nil {
			r.finish(v, &columns[i])
		}
	}
	return nil
}

// finish completes a value with its cells.
func (r *csvReader) finish(v *Value, c *column) {
	v.cells = c.cells()
	v.shape = []int{r.n}
	v.rows = &r.rows
	r.tables.add(v)
}

// header reads the names of the columns. A column without a name (the row
// names that R and pandas write) is read over.
func (r *csvReader) header() []column {
	for r.blankLine() {
	}
	start := r.here()
	var columns []column
	numbers := 0
	for {
		at := r.here()
		end := r.readCell()
		name := strings.ToValidUTF8(string(r.cell), "\uFFFD")
		if _, ok := parseNumber(r.cell); ok {
			numbers++
		}
		c := column{name: name}
		if name != "" {
			c.value = &Value{key: name, origin: r.origin, line: at.line, column: at.column}
		}
		columns = append(columns, c)
		if end != nextCell {
			break
		}
	}
	r.checkHeader(columns, start, numbers)
	if r.keep != nil {
		for i := range columns {
			if v := columns[i].value; v != nil && !r.keep(v.key) {
				v.problem = notKept(v.key)
				r.tables.add(v)
				columns[i].value = nil
			}
		}
	}
	return columns
}

func (r *csvReader) checkHeader(columns []column, at place, numbers int) {
	var code diag.Code
	fail := func(hint, format string, args ...any) {
		panic(&fault{place: at, length: 1, code: code, summary: fmt.Sprintf(format, args...), hint: hint})
	}
	first := columns[0].name
	for _, other := range []struct{ sep, name, hint string }{
		{";", "semicolons", "save with commas (and decimal points): in R `write.csv`, in pandas `to_csv(sep=\",\")`"},
		{"\t", "tabs", "call the file .tsv, or save it with commas"},
	} {
		if len(columns) == 1 && strings.Contains(first, other.sep) {
			fail(other.hint, "the columns are separated by %s, not by commas", other.name)
		}
	}
	if numbers == len(columns) {
		fail("write the names of the columns in the first row", "the first row holds numbers, not the names of the columns")
	}
	seen := map[string]int{}
	for i, c := range columns {
		if c.name == "" {
			continue
		}
		if k, twice := seen[c.name]; twice {
			code = DuplicateKey
			fail("give each column a name of its own", "the name %q stands twice in the header: columns %d and %d", c.name, k+1, i+1)
		}
		seen[c.name] = i
	}
	if len(seen) == 0 {
		fail("write the names of the columns in the first row", "no column has a name")
	}
}

// row reads one row into the columns.
func (r *csvReader) row(columns []column) {
	at := r.here()
	r.rows.add(r.n, at.line)
	r.n++
	for i := 0; ; i++ {
		end := r.readCell()
		if i < len(columns) && columns[i].value != nil {
			columns[i].add(r.cell, r.quoted)
		}
		if end == nextCell {
			continue
		}
		if i+1 != len(columns) {
			r.wrongLength(at, i+1, len(columns))
		}
		return
	}
}

func (r *csvReader) wrongLength(at place, n, want int) {
	f := &fault{place: at, length: 1, summary: fmt.Sprintf("row %d has %s, the header has %d", r.n, count(n, "cell"), want)}
	f.hint = "a text that holds a comma stands in double quotes"
	if n < want {
		f.hint = "leave a missing cell empty, but keep its comma"
	}
	panic(f)
}

// add enters a cell. A quoted one is a text unless it is a number or empty, so
// that "NA" may be a label where NA is a missing cell.
func (c *column) add(cell []byte, quoted bool) {
	switch {
	case !quoted || len(cell) == 0:
		c.pushBare(cell)
	default:
		n, ok := parseNumber(cell)
		if !ok {
			c.pushText(cell, textOnly, 0)
			return
		}
		c.pushNumber(cell, n)
	}
}

// blankLine reads an empty line, if one is next.
func (r *csvReader) blankLine() bool {
	h := r.head(2)
	switch {
	case len(h) > 0 && h[0] == '\n':
		r.take()
	case len(h) > 1 && h[0] == '\r' && h[1] == '\n':
		r.take()
		r.take()
	case len(h) == 1 && h[0] == '\r':
		r.take()
	default:
		return false
	}
	return true
}

// readCell reads a cell and what ends it. Spaces around a bare cell are not
// part of it.
func (r *csvReader) readCell() cellEnd {
	r.cell, r.quoted = r.cell[:0], false
	for {
		c, ok := r.peek()
		if !ok || c != ' ' {
			break
		}
		r.take()
	}
	if c, ok := r.peek(); ok && c == '"' {
		r.quotedCell()
		return r.afterQuote()
	}
	start := r.here()
	for {
		c, ok := r.peek()
		if !ok {
			r.trim()
			return endOfFile
		}
		switch c {
		case r.comma:
			r.take()
			r.trim()
			return nextCell
		case '\n':
			r.take()
			r.trim()
			return endOfRow
		case 0:
			panic(&fault{place: r.here(), length: 1, summary: "the file holds a zero byte: it is not text"})
		}
		if len(r.cell) >= maxCell {
			panic(&fault{place: start, length: 1, summary: "the cell that starts here is longer than a megabyte"})
		}
		r.cell = append(r.cell, r.run(r.comma, '\n', 0)...)
	}
}

func (r *csvReader) trim() {
	r.cell = bytes.TrimRight(r.cell, " \r")
	if !utf8.Valid(r.cell) {
		r.cell = bytes.ToValidUTF8(r.cell, []byte("\uFFFD"))
	}
}

// quotedCell reads from one quotation mark to the other; two stand for one.
func (r *csvReader) quotedCell() {
	start := r.here()
	r.take()
	r.quoted = true
	for {
		c, ok := r.peek()
		if !ok || len(r.cell) >= maxCell {
			panic(&fault{place: start, length: 1, summary: "the quotation mark that opens here is not closed", hint: "write a quotation mark inside quotes twice: \"\""})
		}
		r.take()
		if c == '"' {
			if next, ok := r.peek(); !ok || next != '"' {
				break
			}
			r.take()
		}
		r.cell = append(r.cell, c)
	}
	if !utf8.Valid(r.cell) {
		r.cell = bytes.ToValidUTF8(r.cell, []byte("\uFFFD"))
	}
}

// afterQuote reads what follows a closing quotation mark.
func (r *csvReader) afterQuote() cellEnd {
	for {
		c, ok := r.peek()
		switch {
		case !ok:
			return endOfFile
		case c == r.comma:
			r.take()
			return nextCell
		case c == '\n':
			r.take()
			return endOfRow
		case c != ' ' && c != '\r':
			panic(&fault{place: r.here(), length: 1, summary: "there is text after a closing quotation mark", hint: "write a quotation mark inside quotes twice: \"\""})
		}
		r.take()
	}
}

package data

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"ppl/lang/diag"
)

// maxCell bounds what is kept of a cell. No label is longer; a column with a
// longer cell is no value.
const maxCell = 1 << 20

// csvReader reads one CSV text.
type csvReader struct {
	*scanner
	tables  *Tables
	origin  *origin
	keep    func(string) bool
	comma   byte
	cell    []byte // good until the next one is read
	room    []byte // where cells are put together that are not one piece of the buffer
	quoted  bool   // the cell that was read stood in quotation marks
	long    bool   // the cell that was read is longer than maxCell
	start   place  // of the header
	names   bool   // the header is being read
	rows    rowIndex
	n       int // rows so far
	blanks  int // blank lines that are rows and have not been entered yet, the first of which is blankAt
	blankAt int
	notes   diag.List
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
	for r.next(columns) {
	}
	if r.n == 0 {
		r.noRows(columns)
	}
	r.finishAll(columns)
	return nil
}

// finishAll completes the values of all columns.
func (r *csvReader) finishAll(columns []column) {
	for i := range columns {
		if v := columns[i].value; v != nil {
			r.finish(v, &columns[i])
		}
	}
}

// next reads a row. A blank line between rows of one cell is a row
// without its value; between longer rows it separates nothing.
func (r *csvReader) next(columns []column) bool {
	if r.blanks > 0 {
		return r.blankRow(columns)
	}
	line, blank := r.line, 0
	for r.blankLine() {
		blank++
	}
	switch _, ok := r.peek(); {
	case !ok:
		if len(columns) == 1 && blank > 0 {
			r.blankEnd(line, blank)
		}
		return false
	case len(columns) == 1 && blank > 0:
		r.blanks, r.blankAt = blank, line
		return r.blankRow(columns)
	}
	r.row(columns)
	return true
}

// blankRow enters a blank line that has been read as a row.
func (r *csvReader) blankRow(columns []column) bool {
	r.begin(r.blankAt)
	r.blanks, r.blankAt = r.blanks-1, r.blankAt+1
	r.cell, r.quoted, r.long = nil, false, false
	r.enter(&columns[0])
	return true
}

// blankEnd notes that blank lines at the end are no rows: most are an editor's.
func (r *csvReader) blankEnd(line, n int) {
	where := fmt.Sprintf("%s:%d", r.origin.name, line)
	r.notes.Add(diag.Diagnostic{Code: syntaxError, Severity: diag.Warning, Where: where,
		Summary: fmt.Sprintf("%s at the end: not read as rows (%s)", count(n, "blank line"), where),
		Hint:    "remove them, or write NA for values that are missing",
	})
}

// noRows refuses a file that ends with its header: it was cut short, or its
// lines are not told apart.
func (r *csvReader) noRows(columns []column) {
	f := &fault{place: r.start, length: 1, summary: "there are no rows below the header"}
	f.hint = "if an array is meant to be empty, give it with -d 'name=[]'"
	for _, c := range columns {
		if strings.Contains(c.name, "\r") {
			f.hint = "the lines end in carriage returns alone; save the file with line feeds"
		}
	}
	panic(f)
}

// finish completes a value with its cells.
func (r *csvReader) finish(v *Value, c *column) {
	if v.problem == nil {
		v.cells = c.cells()
		v.shape = []int{r.n - v.first}
		v.rows = &r.rows
	}
	r.tables.add(v)
}

// header reads the names of the columns. A column without a name (the row
// names that R and pandas write) is read over.
func (r *csvReader) header() []column {
	for r.blankLine() {
	}
	r.start, r.names = r.here(), true
	var columns []column
	numbers := 0
	for {
		at := r.here()
		end := r.readCell()
		if r.long {
			panic(&fault{place: at, length: 1, summary: "the name that starts here is longer than a megabyte"})
		}
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
	r.names = false
	r.checkHeader(columns, r.start, numbers)
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
	for c := range separators {
		if len(columns) == 1 && c != r.comma && strings.IndexByte(columns[0].name, c) >= 0 {
			panic(r.separatedBy(c, at))
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
			code = duplicateKey
			fail("give each column a name of its own", "the name %q stands twice in the header: columns %d and %d", c.name, k+1, i+1)
		}
		seen[c.name] = i
	}
	if len(seen) == 0 {
		fail("write the names of the columns in the first row", "no column has a name")
	}
}

// separators are what other programs put between columns, and what to do then.
var separators = map[byte]struct{ name, hint string }{
	';':  {"semicolons", "save with commas, and decimals with points: in R `write.csv`, not `write.csv2`; in pandas `to_csv(sep=\",\", decimal=\".\")`"},
	'\t': {"tabs", "call the file .tsv, or save it with commas"},
	'|':  {"bars", "save with commas"},
	',':  {"commas", "call the file .csv, or save it with tabs"},
}

// separatedBy is the fault of a header with another separator.
func (r *csvReader) separatedBy(c byte, at place) *fault {
	s := separators[c]
	return &fault{place: at, length: 1, hint: s.hint,
		summary: fmt.Sprintf("the columns are separated by %s, not by %s", s.name, separators[r.comma].name)}
}

// begin counts a row that stands on a line.
func (r *csvReader) begin(line int) {
	r.rows.add(r.n, line)
	r.n++
}

// enter adds the cell that was read to its column.
func (r *csvReader) enter(c *column) {
	switch v := c.value; {
	case v == nil || v.problem != nil:
	case r.long:
		v.problem = &problem{summary: fmt.Sprintf("`%s` has a text of more than a megabyte in row %d", v.key, r.n), hint: "labels are short texts"}
		c.builder = builder{}
	default:
		c.add(r.cell, r.quoted)
	}
}

// row reads one row into the columns.
func (r *csvReader) row(columns []column) {
	at := r.here()
	r.begin(at.line)
	for i := 0; ; i++ {
		end := r.readCell()
		if i < len(columns) {
			r.enter(&columns[i])
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
	if end, ok := r.bareCell(); ok {
		return end
	}
	r.cell, r.quoted, r.long = r.room[:0], false, false
	defer func() { r.room = r.cell }()
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
		r.keepText(r.run(r.comma, '\n', 0)...)
	}
}

// bareCell reads a cell that needs no thought, as most do: ASCII without quotation marks or spaces before it, which is all in
// the buffer with what ends it.
func (r *csvReader) bareCell() (end cellEnd, ok bool) {
	rest := r.buf[r.pos:r.end]
	for i, c := range rest {
		switch {
		case c == r.comma || c == '\n':
			n := i
			for n > 0 && (rest[n-1] == ' ' || rest[n-1] == '\r') {
				n--
			}
			r.cell, r.quoted, r.long = rest[:n], false, false
			if r.pos += i + 1; c == r.comma {
				return nextCell, true
			}
			r.line++
			r.bol, r.multi = r.offset(), 0
			return endOfRow, true
		case c == 0 || c >= 0x80 || i == 0 && (c == '"' || c == ' '):
			return 0, false
		}
	}
	return 0, false
}

// keepText adds to the cell, up to the longest that is kept.
func (r *csvReader) keepText(b ...byte) {
	if r.long = r.long || len(r.cell)+len(b) > maxCell; !r.long {
		r.cell = append(r.cell, b...)
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
		if !ok {
			panic(&fault{place: start, length: 1, summary: "the quotation mark that opens here is not closed", hint: "write a quotation mark inside quotes twice: \"\""})
		}
		r.take()
		if c == '"' {
			if next, ok := r.peek(); !ok || next != '"' {
				break
			}
			r.take()
		}
		r.keepText(c)
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
			if _, other := separators[c]; other && r.names {
				panic(r.separatedBy(c, r.start))
			}
			if c == '"' && r.names {
				panic(&fault{place: r.start, length: 1, summary: "the columns are separated by spaces, not by " + separators[r.comma].name, hint: "save with commas: in R `write.csv`, not `write.table`"})
			}
			panic(&fault{place: r.here(), length: 1, summary: "there is text after a closing quotation mark", hint: "write a quotation mark inside quotes twice: \"\""})
		}
		r.take()
	}
}

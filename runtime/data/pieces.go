package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"ppl/lang/diag"
	"ppl/runtime/data/npy"
)

// piecewise is a table whose rows can be read in pieces.
type piecewise interface {
	// keys are the names of its columns, as far as they are known.
	keys() []string
	// read reads the columns that are wanted of n rows from row first on: fewer where the table ends. Rows that have
	// been read once may be read again, and the next ones; a gap is not allowed.
	read(ctx context.Context, first, n int) (*Tables, int, diag.List)
	// want says which columns are read.
	want(keep func(key string) bool)
	// prefer gives the number of rows of a piece that suits the table, between two bounds.
	prefer(least, most int) int
	// inOrder reports that rows before those that were read last are dear to read.
	inOrder() bool
	// reset goes back to before the first reading.
	reset()
	close()
}

// textPieces is a CSV file, or lines of JSON, whose pieces begin at places that the first reading has found.
type textPieces struct {
	path  string
	o     *origin
	info  os.FileInfo
	file  *os.File
	names []string // of a CSV file's columns, or the keys of the first records
	keep  func(string) bool
	// piece is the number of rows from one place to the next, set by the first reading.
	piece  int
	places []textPlace
	bom    int64 // the length of a mark at the start, which offsets leave out
}

// textPlace is where a piece begins.
type textPlace struct {
	offset  int64
	line    int
	blanks  int // rows of blank lines that were read before the place
	blankAt int
}

// openText opens a text whose rows are to be read in pieces.
func openText(ctx context.Context, file *os.File, info os.FileInfo, o *origin) (*textPieces, diag.List) {
	p := &textPieces{path: o.name, o: o, info: info, file: file}
	s := newScanner(ctx, io.NewSectionReader(file, 0, info.Size()))
	var f *fault
	if o.kind == fromLines {
		f = p.firstRecord(s)
	} else {
		f = p.header(s)
	}
	switch {
	case s.err != nil:
		return nil, diag.List{readFailed(o.name, s.err)}
	case f != nil:
		return nil, diag.List{f.diagnostic(o.name, excerpt(o.name))}
	}
	return p, nil
}

// header reads the names of a CSV file's columns.
func (p *textPieces) header(s *scanner) (f *fault) {
	defer catch(&f)
	r := p.reader(s)
	for _, c := range r.header() {
		p.names = append(p.names, c.name)
	}
	p.bom, p.places = s.skipped, []textPlace{{offset: s.offset(), line: s.line}}
	return nil
}

func (p *textPieces) reader(s *scanner) *csvReader {
	r := &csvReader{scanner: s, tables: newTables(), origin: p.o, comma: ','}
	if ext(p.o.name) == ".tsv" {
		r.comma = '\t'
	}
	return r
}

// firstRecord reads the keys of the first lines of JSON.
func (p *textPieces) firstRecord(s *scanner) (f *fault) {
	defer catch(&f)
	l := &linesReader{jsonReader: jsonReader{scanner: s, tables: newTables(), origin: p.o, keep: func(string) bool { return false }}}
	for range probed {
		if !l.record() {
			break
		}
	}
	for _, c := range l.columns {
		p.names = append(p.names, c.value.key)
	}
	p.bom, p.places = s.skipped, []textPlace{{line: 1}}
	return nil
}

func (p *textPieces) keys() []string                  { return p.names }
func (p *textPieces) want(keep func(key string) bool) { p.keep = keep }
func (p *textPieces) prefer(least, _ int) int         { return least }
func (p *textPieces) inOrder() bool                   { return false }
func (p *textPieces) reset()                          { p.piece, p.places = 0, p.places[:1] }
func (p *textPieces) close()                          { p.file.Close() }

// read reads a piece. All pieces but the last have the same number of rows.
func (p *textPieces) read(ctx context.Context, first, n int) (*Tables, int, diag.List) {
	if p.piece == 0 {
		p.piece = n
	}
	k := first / p.piece
	if first%p.piece != 0 || n > p.piece || k >= len(p.places) {
		return nil, 0, diag.List{{Code: fileError, Where: p.path, Summary: fmt.Sprintf("%s is read out of order: %d rows from row %d", p.path, n, first+1)}}
	}
	if info, err := p.file.Stat(); err == nil && (info.Size() != p.info.Size() || !info.ModTime().Equal(p.info.ModTime())) {
		return nil, 0, diag.List{fileFault(ctx, p.path, errors.New("has been changed while it was read"))}
	}
	s := p.scanner(ctx, p.places[k])
	t := newTables()
	rows, notes, f := p.rows(s, t, k, first, n)
	switch {
	case s.err != nil:
		return nil, 0, diag.List{readFailed(p.path, s.err)}
	case f != nil:
		return nil, 0, diag.List{f.diagnostic(p.path, excerpt(p.path))}
	}
	return t, rows, notes
}

// scanner reads from a place on.
func (p *textPieces) scanner(ctx context.Context, at textPlace) *scanner {
	start := at.offset + p.bom
	s := newScannerAt(ctx, io.NewSectionReader(p.file, start, p.info.Size()-start))
	s.base, s.bol, s.line = at.offset, at.offset, at.line
	return s
}

// rows reads n rows of piece k, and notes where the next one begins.
func (p *textPieces) rows(s *scanner, t *Tables, k, first, n int) (rows int, notes diag.List, f *fault) {
	defer catch(&f)
	next := textPlace{}
	if p.o.kind == fromLines {
		l := &linesReader{jsonReader: jsonReader{scanner: s, tables: t, origin: p.o, keep: p.keep}, n: first, first: first}
		for rows < n && l.record() {
			rows++
		}
		for _, c := range l.columns {
			if rows > 0 {
				t.add(l.finish(c))
			}
		}
	} else {
		r := p.reader(s)
		r.tables, r.n = t, first
		r.blanks, r.blankAt = p.places[k].blanks, p.places[k].blankAt
		columns := make([]column, len(p.names))
		for i, name := range p.names {
			if columns[i].name = name; name != "" && p.keep(name) {
				columns[i].value = &Value{key: name, origin: p.o, line: 1, first: first}
				columns[i].nums.reserve(n)
			}
		}
		for rows < n && r.next(columns) {
			rows++
		}
		if rows > 0 {
			r.finishAll(columns)
		}
		notes = r.notes
		next.blanks, next.blankAt = r.blanks, r.blankAt
	}
	if k+1 == len(p.places) && rows == n {
		next.offset, next.line = s.offset(), s.line
		p.places = append(p.places, next)
	}
	return rows, notes, nil
}

// parquetPieces is a Parquet file.
type parquetPieces struct {
	*parquetFile
	o    *origin
	keep func(string) bool
}

func openParquet(file source, o *origin) (*parquetPieces, diag.List) {
	p := &parquetPieces{parquetFile: &parquetFile{from: file}, o: o}
	if err := p.open(); err != nil {
		return nil, diag.List{fileFault(context.Background(), o.name, err)}
	}
	p.parquetFile.close()
	return p, nil
}

func (p *parquetPieces) keys() (names []string) {
	for _, c := range p.file.Columns() {
		names = append(names, c.Name)
	}
	return names
}

func (p *parquetPieces) want(keep func(key string) bool) { p.keep = keep }
func (p *parquetPieces) inOrder() bool                   { return false }
func (p *parquetPieces) reset()                          {}
func (p *parquetPieces) close()                          {}

// prefer takes row groups, if they are of one length that will do, so that none is unpacked for two pieces.
func (p *parquetPieces) prefer(least, most int) int {
	groups := p.file.Groups()
	if len(groups) == 0 {
		return least
	}
	for _, g := range groups[:len(groups)-1] {
		if g != groups[0] {
			return min(2*least, most)
		}
	}
	switch g := groups[0]; {
	case g > most:
		return min(2*least, most)
	case g < 1:
		return least
	default:
		return g * max(1, least/g)
	}
}

func (p *parquetPieces) read(ctx context.Context, first, n int) (*Tables, int, diag.List) {
	if err := p.open(); err != nil {
		return nil, 0, diag.List{fileFault(ctx, p.o.name, err)}
	}
	defer p.parquetFile.close()
	n = max(0, min(n, p.file.Rows()-first))
	t := newTables()
	for _, c := range p.file.Columns() {
		if n == 0 || c.Name == "" || !p.keep(c.Name) {
			continue
		}
		v := &Value{key: c.Name, origin: p.o, first: first}
		if v.problem = parquetProblem(c); v.problem == nil {
			if err := readRows(ctx, c, first, n, v); err != nil {
				return nil, 0, diag.List{fileFault(ctx, p.o.name, err)}
			}
		}
		t.add(v)
	}
	return t, n, nil
}

// numPyPieces is a .npy file.
type numPyPieces struct {
	from source
	o    *origin
	key  string
	n    int
}

func openNumPy(key string, from source, o *origin) (*numPyPieces, diag.List) {
	r, size, done, err := from.open()
	if err != nil {
		return nil, diag.List{readFailed(o.name, err)}
	}
	defer done()
	f, err := npy.Open(r, size)
	if err == nil && len(f.Shape) == 0 {
		err = errors.New("has a single number, and no rows")
	}
	if err != nil {
		return nil, diag.List{fileFault(context.Background(), o.name, err)}
	}
	return &numPyPieces{from: from, o: o, key: key, n: f.Rows()}, nil
}

func (p *numPyPieces) keys() []string             { return []string{p.key} }
func (p *numPyPieces) want(func(key string) bool) {}
func (p *numPyPieces) prefer(least, _ int) int    { return least }
func (p *numPyPieces) inOrder() bool              { return false }
func (p *numPyPieces) reset()                     {}
func (p *numPyPieces) close()                     {}

func (p *numPyPieces) read(ctx context.Context, first, n int) (*Tables, int, diag.List) {
	r, size, done, err := p.from.open()
	if err != nil {
		return nil, 0, diag.List{readFailed(p.o.name, err)}
	}
	defer done()
	t := newTables()
	f, err := npy.Open(contextReader{ctx, r}, size)
	n = max(0, min(n, p.n-first))
	if err == nil && n > 0 {
		v := &Value{key: p.key, origin: p.o, first: first, columns: f.RowElements()}
		err = numPyRows(f, first, n, v)
		t.add(v)
	}
	if err != nil {
		return nil, 0, diag.List{fileFault(ctx, p.o.name, err)}
	}
	return t, n, nil
}

// tablePieces are values that are in memory.
type tablePieces struct {
	t    *Tables
	keep func(string) bool
}

func (p *tablePieces) keys() []string                  { return p.t.Names() }
func (p *tablePieces) want(keep func(key string) bool) { p.keep = keep }
func (p *tablePieces) prefer(least, _ int) int         { return least }
func (p *tablePieces) inOrder() bool                   { return false }
func (p *tablePieces) reset()                          {}
func (p *tablePieces) close()                          {}

func (p *tablePieces) read(_ context.Context, first, n int) (*Tables, int, diag.List) {
	t, rows := newTables(), 0
	for _, key := range p.t.Names() {
		if v := p.t.values[key]; p.keep(key) {
			if v.problem == nil && len(v.shape) > 0 {
				v = v.rowsFrom(first, n)
				v.first = first
				rows = max(rows, v.shape[0])
			}
			t.add(v)
		}
	}
	return t, rows, nil
}

// rowsFrom are n rows of an array from row first on, or those that there are. They share its memory.
func (v *Value) rowsFrom(first, n int) *Value {
	n = max(0, min(n, v.shape[0]-first))
	width := size(v.shape[1:])
	out := *v
	out.columns = width
	out.shape = append([]int{n}, v.shape[1:]...)
	if n == 0 {
		out.nums, out.tags = nil, nil
		return &out
	}
	out.nums = v.nums[first*width : (first+n)*width]
	if v.tags != nil {
		out.tags = v.tags[first*width : (first+n)*width]
	}
	return &out
}

// rowPieces are records that an iterator gives, which is begun anew for each epoch.
type rowPieces[T any] struct {
	rows   func() iter.Seq[T]
	layout *rowReader // of a T
	keep   func(string) bool
	next   func() (T, bool)
	stop   func()
	at     int
}

func openRows[T any](rows func() iter.Seq[T]) (*rowPieces[T], diag.List) {
	layout, diags := newRowReader(reflect.TypeFor[T]())
	return &rowPieces[T]{rows: rows, layout: layout}, diags
}

func (p *rowPieces[T]) keys() (names []string) {
	for _, c := range p.layout.columns {
		names = append(names, c.key)
	}
	return names
}

func (p *rowPieces[T]) want(keep func(key string) bool) { p.keep = keep }
func (p *rowPieces[T]) prefer(least, _ int) int         { return least }
func (p *rowPieces[T]) inOrder() bool                   { return true }
func (p *rowPieces[T]) reset()                          { p.close() }
func (p *rowPieces[T]) close() {
	if p.stop != nil {
		p.stop()
		p.stop, p.next = nil, nil
	}
}

func (p *rowPieces[T]) read(ctx context.Context, first, n int) (t *Tables, rows int, diags diag.List) {
	defer func() {
		if r := recover(); r != nil {
			t, rows, diags = nil, 0, diag.List{{Code: fileError, Summary: fmt.Sprintf("the iterator of the rows panicked at row %d: %v", p.at+1, r)}}
		}
	}()
	if p.next == nil || first < p.at {
		p.close()
		p.next, p.stop = iter.Pull(p.rows())
		p.at = 0
	}
	r, _ := newRowReader(reflect.TypeFor[T]())
	for _, c := range r.columns {
		if !p.keep(c.key) {
			c.broken, c.problem = true, notKept(c.key)
		}
	}
	r.first = first
	for ; p.at < first+n; p.at++ {
		if p.at%1024 == 0 && ctx.Err() != nil {
			return nil, 0, diag.List{readFailed("the rows", ctx.Err())}
		}
		row, ok := p.next()
		if !ok {
			break
		}
		if p.at >= first {
			r.row(reflect.ValueOf(&row).Elem())
		}
	}
	t = r.tables()
	for key, v := range t.values {
		if v.first = first; !p.keep(key) {
			delete(t.values, key)
		}
	}
	return t, r.n, nil
}

// stem is what a .npy file is called without its ending.
func stem(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

package data

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"ppl/lang"
	"ppl/lang/diag"
)

// Data that are larger than memory are read in pieces: the rows along one dimension, a block at a time, while all other data are
// bound as ever. A block is bound as if it were all there is (Bind does it), so that labels, missing elements, shapes and
// constraints mean what they mean elsewhere; what is different is that the labels of a factor are collected over all blocks
// before codes are given out, and that messages count rows from the start of the file.

// Part is where data come from that may be read in pieces: FileParts, TablesPart or RowsPart.
type Part interface {
	// open gives a table that is read in pieces, or values that are in memory.
	open(ctx context.Context, s *Stream) (piecewise, *Tables, diag.List)
}

// FileParts are files and assignments, as Read takes them. CSV, lines of JSON, Parquet and .npy are read in pieces, if they hold
// rows along the dimension and are files, not pipes; everything else is read whole.
func FileParts(sources ...string) []Part {
	out := make([]Part, len(sources))
	for i, s := range sources {
		out[i] = filePart(s)
	}
	return out
}

// TablesPart is what has been read already.
func TablesPart(t *Tables) Part { return tablesPart{t} }

// RowsPart are records, as FromRows takes them, from an iterator that is begun anew for each epoch and has to give the same rows each
// time. It is read from its start: rows are shuffled among those that are in memory together.
func RowsPart[T any](rows func() iter.Seq[T]) Part { return rowsPart[T]{rows} }

type filePart string

func (p filePart) open(ctx context.Context, s *Stream) (piecewise, *Tables, diag.List) {
	whole := func() (piecewise, *Tables, diag.List) {
		t, diags := readSource(ctx, string(p), Options{Keep: s.keep})
		return nil, t, diags
	}
	path, key := string(p), ""
	if name, value, ok := assignment(path); ok {
		if !isNumPyPath(value) {
			return whole()
		}
		path, key = value, name
	}
	file, d := open(path)
	if d != nil {
		return nil, nil, diag.List{*d}
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return whole()
	}
	head := newScanner(ctx, io.NewSectionReader(file, 0, info.Size()))
	kind, d := sniff(path, head.head(512))
	if head.err != nil {
		f := readFailed(path, head.err)
		d = &f
	}
	if d != nil {
		file.Close()
		return nil, nil, diag.List{*d}
	}
	o := &origin{name: path, kind: kind, given: key != ""}
	var table piecewise
	var diags diag.List
	switch kind {
	case fromCSV, fromLines:
		var t *textPieces
		if t, diags = openText(ctx, file, info, o); t != nil {
			table = t
		}
	case fromParquet, fromNumPy:
		file.Close()
		if kind == fromParquet {
			table, diags = openParquet(disk{path, info}, o)
			break
		}
		if key == "" {
			key = stem(path)
		}
		if !s.streams(key) {
			return whole() // it may be a scalar
		}
		table, diags = openNumPy(key, disk{path, info}, o)
	default:
		file.Close()
		return whole()
	}
	switch {
	case diags.HasErrors():
		return nil, nil, diags
	case slices.ContainsFunc(table.keys(), s.streams):
		return table, nil, nil
	}
	table.close()
	return whole()
}

type tablesPart struct{ t *Tables }

func (p tablesPart) open(ctx context.Context, s *Stream) (piecewise, *Tables, diag.List) {
	return nil, p.t.loadedFor(ctx, s.keep), nil
}

type rowsPart[T any] struct{ rows func() iter.Seq[T] }

func (p rowsPart[T]) open(context.Context, *Stream) (piecewise, *Tables, diag.List) {
	table, diags := openRows(p.rows)
	if diags.HasErrors() {
		return nil, nil, diags
	}
	return table, nil, nil
}

// StreamOptions set how rows are read in pieces.
type StreamOptions struct {
	// Eval and Levels are as in BindOptions.
	Eval   Eval
	Levels map[string][]string
	// Memory is how many bytes of rows are held: 0 for 48 MB. Reading them takes about as much again.
	Memory int
	// Block is the number of rows of a block; 0 chooses.
	Block int
}

const (
	// streamMemory is StreamOptions.Memory by default.
	streamMemory = 48 << 20
	// blocksHeld is how many blocks the memory has room for, where a table does not prefer others.
	blocksHeld = 8
	// mostBlock is the number of rows of a block at most: the place of each is kept in 32 bits.
	mostBlock = 1 << 24
)

// Column is a column of a stream: data of the model along its dimension.
type Column struct {
	Name string
	// Elem is the type of the elements: lang.Int for the codes of labels, with their Levels, the name of the factor.
	Elem   lang.Elem
	Levels string
	// Shape is that of a row, Elements the number of its elements.
	Shape    []int
	Elements int
	// Missing counts the elements that are missing, over all rows.
	Missing int
	// Min and Max are the smallest and the largest element that is not missing: NaN where there is none.
	Min, Max float64
}

// Stream reads the rows along one dimension of a model's data in pieces. It is for one goroutine at a time.
type Stream struct {
	m       *lang.Model
	dim     string
	opt     StreamOptions
	along   map[string]bool // the data along the dimension
	keep    func(key string) bool
	tables  []piecewise
	others  *Tables // data that are not along the dimension
	base    *Bound  // of these
	columns []Column
	rows    int
	block   int // rows of a block
	held    int // blocks of a window
	levels  map[string][]string
	notes   diag.List
	noted   map[string]bool
	// filled are the data that some record does not have, seen those that some record has.
	filled, seen map[string]bool
	spare        *window
}

// OpenStream opens data of which the rows along a dimension of m are read in pieces. All rows are read once: they are counted
// and checked, and labels, ranges and missing elements are gathered. The stream is to be closed.
//
// The diagnostics are those that Bind would give, with rows counted from the start of the data, and those of a dimension whose
// rows do not stand for themselves: every array along it has it as its first dimension, and nowhere else.
func OpenStream(ctx context.Context, m *lang.Model, dim string, parts []Part, opt StreamOptions) (*Stream, diag.List) {
	s := &Stream{m: m, dim: dim, opt: opt, keep: KeepFor(m), along: map[string]bool{}, others: newTables(), levels: map[string][]string{}, noted: map[string]bool{}, filled: map[string]bool{}, seen: map[string]bool{}}
	if diags := s.findAlong(); diags.HasErrors() {
		return nil, diags
	}
	diags := s.openParts(ctx, parts)
	if !diags.HasErrors() {
		diags = append(diags, s.scan(ctx)...)
	}
	if diags.HasErrors() {
		s.Close()
		return nil, diags
	}
	s.notes = append(diags, s.notes...)
	return s, s.notes
}

// Close closes the files.
func (s *Stream) Close() {
	for _, t := range s.tables {
		t.close()
	}
	s.tables = nil
}

// Rows is the number of rows.
func (s *Stream) Rows() int { return s.rows }

// Columns are the data along the dimension, in the order of the model.
func (s *Stream) Columns() []Column { return s.columns }

// Levels are the labels of each factor, in the order of their codes.
func (s *Stream) Levels() map[string][]string { return s.levels }

// BlockRows is the number of rows of a block, and WindowRows that of the rows that are shuffled together.
func (s *Stream) BlockRows() int  { return s.block }
func (s *Stream) WindowRows() int { return min(s.rows, s.block*s.held) }

// streams reports whether a key of a table is data along the dimension, or an element of its rows.
func (s *Stream) streams(key string) bool {
	array, _ := elementOf(key)
	return s.along[key] || s.along[array]
}

// findAlong finds the data along the dimension, and refuses data whose rows are not theirs alone.
func (s *Stream) findAlong() (diags diag.List) {
	fail := func(sym *lang.Symbol, format string, args ...any) {
		d := diag.Diagnostic{Code: dimensionError, Span: sym.Span, Summary: fmt.Sprintf(format, args...),
			Hint: fmt.Sprintf("data that are read in pieces have `%s` as their first dimension, and nowhere else", s.dim)}
		if s.m.File != nil {
			d.Source = s.m.File.Source
		}
		diags.Add(d)
	}
	known := false
	for _, sym := range s.m.Dims {
		known = known || sym.Name == s.dim
	}
	for _, sym := range s.m.Data {
		for axis, d := range sym.Type.Dims {
			name, bare := bareDim(d)
			mentions := slices.ContainsFunc(d.Symbols(), func(sym *lang.DimSym) bool { return sym.Name == s.dim })
			switch {
			case !mentions:
			case bare && name == s.dim && axis == 0 && !s.along[sym.Name]:
				s.along[sym.Name], known = true, true
			case s.along[sym.Name]:
				fail(sym, "`%s` runs along `%s` twice: its rows cannot be read in pieces", sym.Name, s.dim)
			default:
				fail(sym, "`%s` is declared %s: it cannot be read in pieces along `%s`", sym.Name, sym.Type, s.dim)
			}
		}
		if sym.Type.Levels == s.dim {
			fail(sym, "`%s` is the number of labels of `%s`: data cannot be read in pieces along it", s.dim, sym.Name)
		}
	}
	if len(s.along) == 0 && len(diags) == 0 {
		d := diag.Diagnostic{Code: dimensionError, Summary: fmt.Sprintf("no data run along `%s`: there is nothing to read in pieces", s.dim)}
		if !known {
			var names []string
			for _, sym := range s.m.Dims {
				names = append(names, sym.Name)
			}
			if like := diag.Suggest(s.dim, names); like != "" {
				d.Hint = fmt.Sprintf("did you mean `%s`?", like)
			}
		}
		diags.Add(d)
	}
	return diags
}

// openParts opens the sources: tables that are read in pieces, and the rest, which is in memory.
func (s *Stream) openParts(ctx context.Context, parts []Part) (diags diag.List) {
	var whole []*Tables
	for _, p := range parts {
		table, t, found := p.open(ctx, s)
		diags = append(diags, found...)
		if table != nil {
			s.tables = append(s.tables, table)
		}
		whole = append(whole, t)
	}
	inMemory := newTables()
	all := Merge(whole...).loadedFor(ctx, s.keep)
	for key, v := range all.values {
		if s.streams(key) {
			inMemory.values[key] = v
		} else {
			s.others.values[key] = v
		}
	}
	if len(inMemory.values) > 0 {
		s.tables = append(s.tables, &tablePieces{t: inMemory})
	}
	declared := map[string]bool{s.dim: true}
	for _, sym := range s.m.Data {
		declared[sym.Name] = true
	}
	for _, table := range s.tables {
		table.want(s.streams)
		for _, key := range table.keys() {
			if array, _ := elementOf(key); !s.streams(key) && (declared[key] || declared[array]) {
				diags.Add(diag.Diagnostic{Code: dimensionError, Summary: fmt.Sprintf("`%s` does not run along `%s`, and stands in a table whose rows are read in pieces", key, s.dim),
					Hint: "put it into a file of its own, or give it with -d name=value"})
			}
		}
	}
	return diags
}

// scan reads all rows once.
func (s *Stream) scan(ctx context.Context) diag.List {
	labels := newLabelSets(s.opt.Levels)
	s.base = s.bindOthers(labels)
	if diags := s.probe(ctx); diags.HasErrors() {
		return diags
	}
	for {
		t, n, diags := s.read(ctx, s.rows, s.block)
		if n > 0 && !diags.HasErrors() {
			diags = append(diags, s.look(t, s.rows, labels)...)
		}
		if diags.HasErrors() {
			return diags
		}
		s.note(diags)
		if s.rows += n; n < s.block {
			break
		}
	}
	for name := range s.filled {
		if !s.seen[name] {
			return s.look(newTables(), 0, labels)
		}
	}
	s.levels = labels.levels()
	for i := range s.columns {
		if c := &s.columns[i]; c.Levels != "" && s.rows*c.Elements > c.Missing {
			c.Min, c.Max = 1, float64(len(s.levels[c.Levels]))
		}
	}
	if s.rows == 0 {
		return diag.List{{Code: emptyData, Summary: fmt.Sprintf("there are no rows along `%s`", s.dim)}}
	}
	return s.bindFirst(ctx)
}

// probe reads the first rows, to tell how long a row is and how many make a block.
func (s *Stream) probe(ctx context.Context) diag.List {
	t, n, diags := s.read(ctx, 0, probed)
	if (n > 0 || len(s.tables) == 0) && !diags.HasErrors() {
		diags = s.look(t, 0, newLabelSets(s.opt.Levels))
	}
	if diags.HasErrors() {
		return diags
	}
	for _, table := range s.tables {
		table.reset()
	}
	width := 0
	for i := range s.columns {
		c := &s.columns[i]
		width += c.Elements
		c.Missing, c.Min, c.Max = 0, math.NaN(), math.NaN()
	}
	memory := s.opt.Memory
	if memory <= 0 {
		memory = streamMemory
	}
	most := min(max(1, memory/8/max(1, width)), mostBlock) // rows in memory
	s.block = max(1, most/blocksHeld)
	for _, table := range s.tables {
		s.block = max(s.block, table.prefer(s.block, max(1, most/2)))
	}
	if s.opt.Block > 0 {
		s.block = min(s.opt.Block, mostBlock)
	}
	s.held = max(1, most/s.block)
	return nil
}

// probed is how many rows are read to see how long they are.
const probed = 64

// read reads a block of all tables.
func (s *Stream) read(ctx context.Context, first, n int) (*Tables, int, diag.List) {
	var all []*Tables
	rows := -1
	var diags diag.List
	for i, table := range s.tables {
		t, k, found := table.read(ctx, first, n)
		if diags = append(diags, found...); found.HasErrors() {
			return nil, 0, diags
		}
		switch {
		case rows >= 0 && k < rows:
			return nil, 0, s.unequal(i, i-1, first+k)
		case rows >= 0 && k > rows:
			return nil, 0, s.unequal(i-1, i, first+rows)
		}
		rows = k
		all = append(all, t)
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, diag.List{readFailed("the rows", err)}
	}
	t := Merge(all...).loadedFor(ctx, s.streams)
	s.fillAbsent(t, first, rows)
	return t, max(rows, 0), diags
}

// fillAbsent gives a block of records that do not have a key, where others may, a column of missing elements.
func (s *Stream) fillAbsent(t *Tables, first, n int) {
	at := slices.IndexFunc(s.tables, func(table piecewise) bool {
		lines, is := table.(*textPieces)
		return is && lines.o.kind == fromLines
	})
	for _, sym := range s.m.Data {
		if _, given := t.values[sym.Name]; given {
			s.seen[sym.Name] = true
		} else if at >= 0 && n > 0 && s.along[sym.Name] && sym.Type.Rank() == 1 {
			v := &Value{key: sym.Name, origin: s.tables[at].(*textPieces).o, first: first, columns: 1, shape: []int{n}}
			v.nums, v.tags = make([]float64, n), make([]int32, n)
			for i := range v.nums {
				v.nums[i], v.tags[i] = math.NaN(), tagNull
			}
			t.add(v)
			s.filled[sym.Name] = true
		}
	}
}

// unequal is the error of two tables of which one is shorter.
func (s *Stream) unequal(short, long, rows int) diag.List {
	name := func(i int) string {
		keys := slices.DeleteFunc(s.tables[i].keys(), func(key string) bool { return !s.streams(key) })
		if len(keys) == 0 {
			return "one table"
		}
		return "`" + keys[0] + "`"
	}
	return diag.List{{Code: dimensionError, Summary: fmt.Sprintf("%s has %d rows, and %s has more", name(short), rows, name(long)), Hint: fmt.Sprintf("they are both along `%s`", s.dim)}}
}

// note keeps the first warning of each kind about each declaration.
func (s *Stream) note(diags diag.List) {
	for _, d := range diags.Warnings() {
		key := fmt.Sprint(d.Code, d.Span)
		if !s.noted[key] {
			s.noted[key] = true
			s.notes.Add(d)
		}
	}
}

// look binds a block without codes for its labels, and gathers what is to be known of it.
func (s *Stream) look(t *Tables, first int, labels *labelSets) diag.List {
	b := s.binder(t, nil)
	b.match()
	for _, it := range b.items {
		b.orderByLabel(it, nil)
	}
	labels.collect(b)
	b.convertAll()
	b.finishPiece()
	if b.diags.HasErrors() {
		b.diags.Sort()
		return b.diags
	}
	items := present(b)
	if s.columns == nil {
		for _, it := range items {
			c := Column{Name: it.sym.Name, Elem: it.sym.Type.Elem, Levels: it.sym.Type.Levels, Min: math.NaN(), Max: math.NaN()}
			c.Shape = slices.Clone(it.shape[1:])
			c.Elements = size(c.Shape)
			s.columns = append(s.columns, c)
		}
	}
	if diags := s.sameColumns(items, first); diags != nil {
		return diags
	}
	for i, it := range items {
		if it.array != nil {
			s.columns[i].gather(it.array)
		}
		s.columns[i].Missing += labels.missing[it.sym.Name]
	}
	clear(labels.missing)
	return b.diags
}

// present are the data that a block has: what only generated quantities read may be left out.
func present(b *binder) []*item {
	return slices.DeleteFunc(slices.Clone(b.items), func(it *item) bool { return it.shape == nil })
}

// sameColumns compares the columns of a block, which begins with a row, and the shapes of their rows with those of the first.
func (s *Stream) sameColumns(items []*item, first int) diag.List {
	for i, c := range s.columns {
		if i >= len(items) || items[i].sym.Name != c.Name {
			return diag.List{{Code: noValue, Summary: fmt.Sprintf("there are no values of `%s` from row %d on", c.Name, first+1)}}
		}
		if shape := items[i].shape[1:]; !slices.Equal(shape, c.Shape) {
			where := items[i].value.describe()
			return diag.List{{Code: notAnArray, Where: where, Summary: fmt.Sprintf("`%s` is ragged: rows from %d on are %s, the ones before are %s (%s)", c.Name, first+1, shapeText(shape), shapeText(c.Shape), where)}}
		}
	}
	return nil
}

// gather counts and ranges over the elements of a block.
func (c *Column) gather(a *Array) {
	for i, x := range a.Data {
		switch {
		case a.Missing != nil && a.Missing[i]:
			c.Missing++
		case x < c.Min || c.Min != c.Min:
			c.Min = x
			if c.Max != c.Max {
				c.Max = x
			}
		case x > c.Max:
			c.Max = x
		}
	}
}

// binder binds the data along the dimension that a block has; levels are nil as long as they are collected.
func (s *Stream) binder(t *Tables, levels map[string][]string) *binder {
	b := newBinder(s.m, t, BindOptions{Eval: s.opt.Eval, Levels: levels})
	b.piece = &piece{dim: s.dim, rows: s.rows, base: s.base}
	if levels == nil {
		b.piece.rows = 0 // not known yet
	}
	b.items = slices.DeleteFunc(b.items, func(it *item) bool { return !s.along[it.sym.Name] })
	for name := range b.byKey {
		if s.along[name] {
			continue
		}
		delete(b.byKey, name)
		if _, known := s.base.Lookup(name); !known && name != s.dim {
			b.failed[name] = true
		}
	}
	return b
}

// bindOthers binds what can be bound of the other data before the rows and labels are known; what is wrong with
// them is reported later.
func (s *Stream) bindOthers(labels *labelSets) *Bound {
	b := newBinder(s.m, s.others, BindOptions{Eval: s.opt.Eval, Levels: s.opt.Levels})
	b.items = slices.DeleteFunc(b.items, func(it *item) bool { return s.along[it.sym.Name] || it.sym.Name == s.dim })
	for name := range s.along {
		delete(b.byKey, name)
		b.failed[name] = true
	}
	b.failed[s.dim] = true
	b.match()
	labels.collect(b)
	b.convertAll()
	b.bindDims()
	b.fillIn()
	for _, it := range b.items {
		if it.array != nil && !it.bad && !it.open() {
			b.out.Values[it.sym.Name] = it.array
		}
	}
	for name, d := range b.dims {
		if d.known && name != s.dim {
			b.out.Dims[name] = d.n
		}
	}
	return b.out
}

// bindFirst binds everything with the first rows, so that what is wrong with the other data is reported.
func (s *Stream) bindFirst(ctx context.Context) diag.List {
	bound, diags := s.First(ctx, min(s.rows, probed))
	s.note(diags)
	if diags.HasErrors() {
		return diags
	}
	base := *bound
	base.Values = map[string]*Array{}
	for name, a := range bound.Values {
		if !s.along[name] {
			base.Values[name] = a
		}
	}
	if _, declared := base.Values[s.dim]; declared {
		base.Values[s.dim] = scalar(float64(s.rows))
	}
	base.Dims = map[string]int{}
	for name, n := range bound.Dims {
		base.Dims[name] = n
	}
	base.Dims[s.dim] = s.rows
	s.base, s.levels = &base, bound.Levels
	return nil
}

// Base are the data that are not along the dimension, of which the length is that of all rows.
func (s *Stream) Base() *Bound { return s.base }

// First binds the first n rows and all other data, as if there were no other rows, but that labels have the codes that
// they have among all rows. n is at most Rows, and should be small: it is what a model is compiled for.
func (s *Stream) First(ctx context.Context, n int) (*Bound, diag.List) {
	if n < 1 || n > s.rows {
		return nil, diag.List{{Code: dimensionError, Summary: fmt.Sprintf("there are %d rows, and not %d", s.rows, n)}}
	}
	all := []*Tables{}
	others := newTables()
	for key, v := range s.others.values {
		if key != s.dim {
			others.values[key] = v
			continue
		}
		v = v.loaded(ctx)
		if v.problem != nil || len(v.shape) > 0 || len(v.nums) != 1 || v.nums[0] != float64(s.rows) {
			return nil, diag.List{{Code: dimensionError, Where: v.Where(), Summary: fmt.Sprintf("`%s` has %s, but the data have %d rows (%s)", s.dim, v.said(), s.rows, v.Where()), Hint: fmt.Sprintf("leave `%s` out of the data: the rows give it", s.dim)}}
		}
	}
	all = append(all, others)
	for first := 0; first < n; first += s.block {
		t, k, diags := s.read(ctx, first, s.block)
		if diags.HasErrors() {
			return nil, diags
		}
		all = append(all, cut(t, min(k, n-first)))
	}
	t := all[0]
	if len(all) == 2 {
		t = Merge(all...)
	} else {
		t = Merge(t, stacked(all[1:]))
	}
	b := newBinder(s.m, t, BindOptions{Eval: s.opt.Eval, Levels: s.levels})
	b.piece = &piece{dim: s.dim, rows: s.rows}
	return b.bind()
}

// said is what a value says, for a message.
func (v *Value) said() string {
	if v.problem == nil && len(v.shape) == 0 && len(v.nums) == 1 {
		return "the value " + v.cellText(0)
	}
	return "a value that is no number"
}

// cut are the first n rows of the values of a block.
func cut(t *Tables, n int) *Tables {
	out := newTables()
	for key, v := range t.values {
		if out.values[key] = v; v.problem == nil && len(v.shape) > 0 {
			out.values[key] = v.rowsFrom(0, n)
		}
	}
	return out
}

// stacked are tables of the same columns, one below the other.
func stacked(tables []*Tables) *Tables {
	out := newTables()
	for key, v := range tables[0].values {
		whole := *v
		var b builder
		rows := 0
		for _, t := range tables {
			next := t.values[key]
			if next == nil || next.problem != nil || len(next.shape) == 0 || !slices.Equal(next.shape[1:], v.shape[1:]) {
				continue
			}
			rows += next.shape[0]
			for i, x := range next.nums {
				if tag := next.tag(i); tag > 0 {
					c := next.text(i)
					b.pushText([]byte(c.s), c.kind, x)
				} else {
					b.push(x, tag)
				}
			}
		}
		if v.problem == nil {
			whole.cells, whole.shape = b.cells(), append([]int{rows}, v.shape[1:]...)
			whole.rows = nil
		}
		out.values[key] = &whole
	}
	return out
}

// piece says that what is bound is not all rows of a dimension.
type piece struct {
	dim string
	// rows is the number of all rows: 0 as long as it is not known.
	rows int
	// base are the data that are not along the dimension; nil where they are bound with the piece.
	base *Bound
}

// finishPiece does the steps of Bind that follow factors and conversion, for data along a dimension.
func (b *binder) finishPiece() {
	b.bindDims()
	b.fillIn()
	b.checkShapes()
	if b.piece.rows == 0 {
		b.failed[b.piece.dim] = true
	}
	b.checkConstraints()
	for _, it := range b.items {
		if it.array != nil && !it.bad {
			b.out.Values[it.sym.Name] = it.array
		}
	}
}

// labelSets collect the labels of factors.
type labelSets struct {
	fixed   map[string][]string
	sets    map[string]*labelled
	known   map[string]map[string]bool
	missing map[string]int // by declaration, since it was cleared
}

func newLabelSets(fixed map[string][]string) *labelSets {
	return &labelSets{fixed: fixed, sets: map[string]*labelled{}, known: map[string]map[string]bool{}, missing: map[string]int{}}
}

// collect adds the labels of what is being bound.
func (l *labelSets) collect(b *binder) {
	for _, it := range b.items {
		j := it.sym.Type.Levels
		if j == "" || it.bad || it.value == nil {
			continue
		}
		found := labelsOf(it)
		if b.reportLabels(found); it.bad {
			continue
		}
		for _, k := range found.cell {
			if k < 0 {
				l.missing[it.sym.Name]++
			}
		}
		if l.sets[j] == nil {
			l.sets[j], l.known[j] = &labelled{}, map[string]bool{}
			for _, s := range l.fixed[j] {
				l.known[j][s] = true
			}
		}
		for _, s := range found.distinct {
			if _, isFixed := l.fixed[j]; !l.known[j][s] && isFixed {
				l.unknown(b, found, s)
				break
			}
			if !l.known[j][s] {
				l.known[j][s] = true
				l.sets[j].distinct = append(l.sets[j].distinct, s)
			}
		}
	}
}

// unknown reports a label that is not among those that there are.
func (l *labelSets) unknown(b *binder, found *labelled, label string) {
	j := found.it.sym.Type.Levels
	var at trouble
	for i, k := range found.cell {
		if k >= 0 && found.distinct[k] == label {
			at.add(i)
		}
	}
	b.reportUnknown(found, at, l.fixed[j])
}

// levels are the labels of each factor in the order of their codes.
func (l *labelSets) levels() map[string][]string {
	out := map[string][]string{}
	for j, set := range l.sets {
		if fixed, is := l.fixed[j]; is {
			out[j] = fixed
			continue
		}
		out[j] = union([]*labelled{set})
	}
	return out
}

package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime/debug"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// Magic is how a file begins and ends.
const Magic = "PAR1"

// maxRows is how many rows are believed, and how many elements a column may have: 16 GB of numbers.
const maxRows = 1 << 31

// File is an open file. Its methods may not be called at once from several goroutines.
type File struct {
	r       io.ReaderAt
	size    int64
	file    *parquet.File
	columns []*Column
	rows    int64
	// limit is how many elements a column may have.
	limit int64
}

// Column is a column of a file.
type Column struct {
	Name string
	// Problem, if set, says why the column cannot be read, and Hint what to do: "is a struct", to follow its name.
	Problem, Hint string
	// Lists is the number of lists around each value; the rows are not counted.
	Lists int

	file   *File
	leaf   *parquet.Column
	enter  enter
	groups []*chunk // opened where they are asked for
	// lists are the definition levels at which each list has an element.
	lists []int
	bulk  bool // the values are doubles, one a row, none missing
}

// Open reads the footer of a file of size bytes. The error says what is wrong with the file, to follow its name:
// "is cut short: ...".
func Open(r io.ReaderAt, size int64) (f *File, err error) {
	defer guard(&err)
	f = &File{r: r, size: size, limit: maxRows}
	if err := f.checkFooter(); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("is a damaged Parquet file: %w", err)
	}
	f.file = file
	for i, g := range file.RowGroups() {
		n := g.NumRows()
		if n < 0 || n > maxRows || f.rows+n > maxRows {
			return nil, fmt.Errorf("is a damaged Parquet file: row group %d is said to have %d rows", i+1, n)
		}
		f.rows += n
	}
	if n := file.NumRows(); n != f.rows {
		return nil, fmt.Errorf("is a damaged Parquet file: it is said to have %d rows, and its row groups have %d", n, f.rows)
	}
	f.findColumns()
	return f, nil
}

// guard turns panics, faults included, into an error.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("is a damaged Parquet file: %v", r)
	}
}

// checkFooter checks what parquet-go takes on trust: the lengths in the footer.
func (f *File) checkFooter() error {
	var head, tail [8]byte
	if f.size < 12 {
		return errors.New("is cut short: it has no footer")
	}
	for at, b := range map[int64]*[8]byte{0: &head, f.size - 8: &tail} {
		if _, err := f.r.ReadAt(b[:], at); err != nil && err != io.EOF {
			return fmt.Errorf("cannot be read: %w", err)
		}
	}
	switch magic := string(tail[4:]); {
	case magic == "PARE" || string(head[:4]) == "PARE":
		return errors.New("is an encrypted Parquet file")
	case string(head[:4]) != Magic:
		return errors.New("is not a Parquet file: it does not begin with PAR1")
	case magic != Magic:
		return errors.New("is cut short: a Parquet file ends with PAR1")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if n > f.size-12 {
		return fmt.Errorf("is cut short: its footer takes %d bytes, and the file has %d", n, f.size)
	}
	b := make([]byte, n)
	if _, err := f.r.ReadAt(b, f.size-8-n); err != nil && err != io.EOF {
		return fmt.Errorf("cannot be read: %w", err)
	}
	if _, _, err := walk(b); err != nil {
		return errors.New("is a damaged Parquet file: its footer is no structure of Thrift")
	}
	return nil
}

// Rows is the number of rows.
func (f *File) Rows() int { return int(f.rows) }

// Groups are the numbers of rows of the row groups.
func (f *File) Groups() []int {
	var out []int
	for _, g := range f.file.RowGroups() {
		out = append(out, int(g.NumRows()))
	}
	return out
}

// Columns are the columns below the root, in the order of the file. Several may have one name.
func (f *File) Columns() []*Column { return f.columns }

// findColumns describes what stands below the root.
func (f *File) findColumns() {
	var leaves []*format.SchemaElement // in the order of the leaves
	schema := f.file.Metadata().Schema
	for i := range schema {
		if n := schema[i].NumChildren; i > 0 && (!n.Valid || n.V == 0) {
			leaves = append(leaves, &schema[i])
		}
	}
	for _, top := range f.file.Root().Columns() {
		c := &Column{Name: top.Name(), file: f}
		if c.descend(top); c.Problem == "" {
			if i := c.leaf.Index(); i < len(leaves) {
				c.typed(leaves[i])
			} else {
				c.Problem = "has no type"
			}
		}
		f.columns = append(f.columns, c)
	}
}

// descend finds the leaf of a column below its lists.
func (c *Column) descend(n *parquet.Column) {
	level := 0
	for {
		switch {
		case n.Optional():
			level++
		case n.Repeated():
			level++
			c.lists = append(c.lists, level)
		}
		if n.Leaf() {
			c.leaf, c.Lists = n, len(c.lists)
			return
		}
		children := n.Columns()
		switch what := kindOf(n); {
		case what == "list" && len(children) == 1 && children[0].Repeated() && !children[0].Leaf() && len(children[0].Columns()) == 1:
			// The repeated group in the middle holds the element and no more.
			level++
			c.lists = append(c.lists, level)
			n = children[0].Columns()[0]
		case what == "list" && len(children) == 1 && children[0].Repeated() && children[0].Leaf():
			n = children[0]
		case what == "map":
			c.Problem, c.Hint = "is a map", "make columns of its keys"
			return
		case what == "variant":
			c.Problem, c.Hint = "is a variant, whose values may be of any type", "cast it to a type"
			return
		default:
			c.Problem, c.Hint = "is a struct", "make its fields columns of their own"
			return
		}
	}
}

// kindOf says what a group is.
func kindOf(n *parquet.Column) string {
	if n.Type() == nil {
		return ""
	}
	if t := n.Type().LogicalType(); t != nil {
		switch t.Value.(type) {
		case *format.ListType:
			return "list"
		case *format.MapType:
			return "map"
		case *format.VariantType:
			return "variant"
		}
	}
	if t := n.Type().ConvertedType(); t != nil {
		switch *t {
		case deprecated.List:
			return "list"
		case deprecated.Map, deprecated.MapKeyValue:
			return "map"
		}
	}
	return ""
}

// chunkOf opens the column's chunk of a row group.
func (c *Column) chunkOf(g int) (*chunk, error) {
	if c.groups == nil {
		c.groups = make([]*chunk, len(c.file.file.RowGroups()))
	}
	if c.groups[g] != nil {
		return c.groups[g], nil
	}
	meta := &c.file.file.Metadata().RowGroups[g]
	at := c.leaf.Index()
	if at < 0 || at >= len(meta.Columns) {
		return nil, fmt.Errorf("row group %d does not have the column", g+1)
	}
	if meta.Columns[at].FilePath != "" {
		return nil, fmt.Errorf("the column is in another file, %q", meta.Columns[at].FilePath)
	}
	from, is := c.file.file.RowGroups()[g].ColumnChunks()[at].(*parquet.FileColumnChunk)
	if !is {
		return nil, fmt.Errorf("row group %d has a column of another kind", g+1)
	}
	out := &chunk{meta: &meta.Columns[at].MetaData, from: from, leaf: c.leaf, rows: meta.NumRows, codec: c.leaf.Compression().CompressionCodec()}
	if n := out.meta.NumValues; n < 0 || n > math.MaxInt64/8 || c.Lists == 0 && n != out.rows {
		return nil, fmt.Errorf("row group %d is said to have %d rows, and %d values of the column", g+1, out.rows, n)
	}
	if err := c.file.walk(out, c.Lists > 0); err != nil {
		return nil, err
	}
	c.groups[g] = out
	return out, nil
}

// faultsArePanics lets guard see faults of memory, too, and gives what was before.
func faultsArePanics() func() {
	was := debug.SetPanicOnFault(true)
	return func() { debug.SetPanicOnFault(was) }
}

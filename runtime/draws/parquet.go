package draws

import (
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
)

const (
	// groupNumbers is how many numbers a row group holds: 64 MB.
	groupNumbers = 8 << 20
	// groupDraws is how many draws it holds at least, where columns are very many: each
	// column of each group has its entry in the file's footer.
	groupDraws = 500
)

// WriteParquet writes a row for each draw: its chain (where there are chains) and its
// place in it, both from 1, what the sampler says of it, and the quantities, under
// their labels. Draw and chain are draw__ and chain__ where a quantity has one of
// these labels. Row groups of up to 64 MB are written as they fill.
func (t *Table) WriteParquet(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	var fields []field
	suffix := ""
	if t.taken("chain") || t.taken("draw") {
		suffix = "__"
	}
	if t.Chains > 0 {
		fields = append(fields, field{"chain" + suffix, counts})
	}
	fields = append(fields, field{"draw" + suffix, counts})
	before := len(fields)
	columns := t.all()
	for _, c := range columns {
		fields = append(fields, field{c.Label, numbers})
	}
	p := newParquet(w, fields, t.Comments)
	rows := max(1, min(max(groupNumbers/max(1, len(columns)), groupDraws), t.Draws))
	block := make([]float64, rows)
	err := blocks(0, t.Draws, rows, func(first, n int) error {
		t.writePlaces(p, before, first, n)
		for i, c := range columns {
			if err := c.read(block[:n], first); err != nil {
				return err
			}
			p.write(before+i, n, func(r int) parquet.Value { return parquet.DoubleValue(block[r]) })
		}
		return p.flush()
	})
	if err != nil {
		return err
	}
	return p.close()
}

// WriteParquetLong writes a row for each number: the variable and the index of its
// element (as in the label: `AITKIN,2`, empty for a scalar), chain (where there are
// chains), draw and value. What the sampler says of draws is not in it.
func (t *Table) WriteParquetLong(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	fields := []field{{"variable", words}, {"index", words}}
	if t.Chains > 0 {
		fields = append(fields, field{"chain", counts})
	}
	fields = append(fields, field{"draw", counts}, field{"value", numbers})
	value := len(fields) - 1
	p := newParquet(w, fields, t.Comments)
	rows := max(1, min(longRows/max(1, len(t.Columns)), t.Draws))
	block := make([]float64, rows)
	held := 0
	err := blocks(0, t.Draws, rows, func(first, n int) error {
		for _, c := range t.Columns {
			if err := c.read(block[:n], first); err != nil {
				return err
			}
			variable, index := parquet.ByteArrayValue([]byte(c.variable())), parquet.ByteArrayValue([]byte(c.index()))
			p.write(0, n, func(int) parquet.Value { return variable })
			p.write(1, n, func(int) parquet.Value { return index })
			t.writePlaces(p, value, first, n)
			p.write(value, n, func(r int) parquet.Value { return parquet.DoubleValue(block[r]) })
			if held += n; held >= longRows {
				held = 0
				if err := p.flush(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.close()
}

// longRows is how many rows a row group of the long form has.
const longRows = 1 << 20

// writePlaces writes chain and draw of the rows of a block, the last columns before
// another: the draw alone where there are no chains.
func (t *Table) writePlaces(p *parquetFile, before, first, n int) {
	if t.Chains > 0 {
		p.write(before-2, n, func(r int) parquet.Value {
			chain, _ := t.place(first + r)
			return parquet.Int32Value(int32(chain))
		})
	}
	p.write(before-1, n, func(r int) parquet.Value {
		_, at := t.place(first + r)
		return parquet.Int32Value(int32(at))
	})
}

func (t *Table) taken(label string) bool {
	for _, c := range t.all() {
		if c.Label == label {
			return true
		}
	}
	return false
}

// The kinds of columns. Words come few and often: they are written once in each row
// group. Counts rise by one.
var (
	numbers = parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.Plain)
	counts  = parquet.Encoded(parquet.Leaf(parquet.Int32Type), &parquet.DeltaBinaryPacked)
	words   = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
)

// field is a column of the file.
type field struct {
	name string
	node parquet.Node
}

// ordered is a schema whose columns keep their order; parquet.Group sorts them.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

func schema(fields []field) *parquet.Schema {
	group := parquet.Group{}
	for _, f := range fields {
		group[f.name] = f.node
	}
	byName := map[string]parquet.Field{}
	for _, f := range group.Fields() {
		byName[f.Name()] = f
	}
	root := ordered{Group: group}
	for _, f := range fields {
		root.fields = append(root.fields, byName[f.name])
	}
	return parquet.NewSchema("draws", root)
}

// parquetFile writes columns of a row group after one another. An error is kept until
// the flush.
type parquetFile struct {
	w       *parquet.GenericWriter[any]
	columns []*parquet.ColumnWriter
	chunk   []parquet.Value
	err     error
}

func newParquet(w io.Writer, fields []field, comments []string) *parquetFile {
	options := []parquet.WriterOption{schema(fields), parquet.CreatedBy("ppl", "", "")}
	if len(comments) > 0 {
		options = append(options, parquet.KeyValueMetadata("comments", strings.Join(comments, "\n")))
	}
	f := &parquetFile{w: parquet.NewGenericWriter[any](w, options...), chunk: make([]parquet.Value, 1<<12)}
	f.columns = f.w.ColumnWriters()
	return f
}

// write adds n values to a column.
func (f *parquetFile) write(column, n int, value func(r int) parquet.Value) {
	for from := 0; from < n && f.err == nil; from += len(f.chunk) {
		chunk := f.chunk[:min(len(f.chunk), n-from)]
		for r := range chunk {
			chunk[r] = value(from + r)
		}
		_, f.err = f.columns[column].WriteRowValues(chunk)
	}
}

// flush ends a row group.
func (f *parquetFile) flush() error {
	if f.err == nil {
		f.err = f.w.Flush()
	}
	if f.err != nil {
		return fmt.Errorf("writing Parquet: %w", f.err)
	}
	return nil
}

func (f *parquetFile) close() error {
	if err := f.flush(); err != nil {
		return err
	}
	if err := f.w.Close(); err != nil {
		return fmt.Errorf("writing Parquet: %w", err)
	}
	return nil
}

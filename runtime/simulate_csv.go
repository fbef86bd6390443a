package runtime

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"ppl/lang"
	"ppl/runtime/data"
)

// DataCSV is the data set as CSV, which `ppl fit -d` and Files read as the same
// values: a column for each array, `x.1`, `x.2`, ... for one of more dimensions,
// and NA for what is missing. All data must be arrays with one first dimension,
// since scalars and other lengths have no place in a table: a *TableError
// names what has none. Otherwise the errors are those of DataJSON.
func (s *Simulation) DataCSV() ([]byte, error) {
	if err := given("Simulation.DataCSV", argument{"s", s.made()}); err != nil {
		return nil, err
	}
	if err := s.noDrawnLet(); err != nil {
		return nil, err
	}
	columns, rows, err := s.csvColumns()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for r := -1; r < rows; r++ {
		for k, c := range columns {
			if k > 0 {
				b.WriteByte(',')
			}
			if r < 0 {
				b.WriteString(c.name)
				continue
			}
			cell, ok := s.csvCell(c, r)
			if !ok {
				return nil, noTable("`%s` has the label %q, which a CSV file reads as something else", c.sym.Name, s.label(c.sym, c.array.Data[r*c.width+c.at]))
			}
			b.WriteString(cell)
		}
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// csvColumn is one element of each row of an array.
type csvColumn struct {
	name      string
	sym       *lang.Symbol
	array     *data.Array
	at, width int
}

// csvColumns are those of all data, in the order of the model, and their length.
func (s *Simulation) csvColumns() (columns []csvColumn, rows int, err error) {
	var first string
	for _, sym := range s.from.model.checked.Data {
		a := s.bound.Values[sym.Name]
		switch {
		case a == nil:
			continue
		case len(a.Shape) == 0:
			return nil, 0, noTable("`%s` is a scalar", sym.Name)
		case first == "":
			first, rows = sym.Name, a.Shape[0]
		case a.Shape[0] != rows:
			return nil, 0, noTable("`%s` has %d rows, and `%s` %d", first, rows, sym.Name, a.Shape[0])
		}
		width := 1
		for _, n := range a.Shape[1:] {
			width *= n
		}
		for at := range width {
			columns = append(columns, csvColumn{sym.Name + elementSuffix(at, a.Shape[1:]), sym, a, at, width})
		}
	}
	for _, name := range s.lengthsApart() {
		return nil, 0, noTable("the length `%s` is shown by no array", name)
	}
	if len(columns) == 0 || rows == 0 {
		return nil, 0, noTable("there are no data to write")
	}
	return columns, rows, nil
}

// elementSuffix is what CmdStan adds to the name of an array for element i of a
// row-major shape: ".2.1".
func elementSuffix(i int, shape []int) string {
	index := make([]string, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		index[d] = "." + strconv.Itoa(i%shape[d]+1)
		i /= shape[d]
	}
	return strings.Join(index, "")
}

// TableError says why a data set is not a table.
type TableError struct{ Why string }

func (e *TableError) Error() string {
	return "the data do not fit into a CSV file: " + e.Why + "; write JSON"
}

func noTable(format string, args ...any) error {
	return &TableError{fmt.Sprintf(format, args...)}
}

// csvCell is row r of a column; ok is false for a label that would not be read
// back as it is.
func (s *Simulation) csvCell(c csvColumn, r int) (cell string, ok bool) {
	i := r*c.width + c.at
	x := c.array.Data[i]
	switch {
	case c.array.Missing != nil && c.array.Missing[i]:
		return "NA", true
	case c.sym.Type.Levels != "":
		return data.QuoteCell(s.label(c.sym, x))
	case c.sym.Type.Elem == lang.Bool:
		return strconv.FormatBool(x != 0), true
	case math.IsInf(x, 0):
		return infinityText(x), true
	}
	return jsonNumber(x), true
}

// label is the label of a code of a factor.
func (s *Simulation) label(sym *lang.Symbol, code float64) string {
	return s.bound.Levels[sym.Type.Levels][int(code)-1]
}

package runtime

import (
	"context"
	"io"
	"iter"
	"runtime/debug"

	"ppl/lang/diag"
	"ppl/runtime/data"
)

// Data are values for a model's data declarations, from Map, Rows, Reader or Files, or several of them
// by Join. The zero value has none.
type Data struct {
	tables *data.Tables
	diags  diag.List
	err    error // that Bind is to report
}

// read are the tables, or why there are none.
func (d *Data) read() (*data.Tables, error) {
	switch {
	case d.err != nil:
		return nil, d.err
	case d.diags.HasErrors():
		return nil, &DataError{d.diags}
	case d.tables == nil:
		return data.FromMap(nil), nil
	}
	return d.tables, nil
}

// Map takes data from Go values: numbers, booleans, strings (factor levels) and slices of them, nested
// for more dimensions; nil, NaN and what sql.Null and its like hold as not valid are missing.
func Map(values map[string]any) *Data {
	return &Data{tables: data.FromMap(values)}
}

// Rows takes data from records, a column of data from each field: T is a struct, or a pointer to one.
//
//	type row struct {
//		Y      float64 `ppl:"y"`
//		County string  `ppl:"county"`
//		Dose   *float64                 // called Dose; nil is missing
//		Note   string  `ppl:"-"`        // no data
//	}
//	d := runtime.Rows(slices.Values(rows))
//
// A column has an element for each row, and further dimensions where the field is a slice or an array. Fields
// that are not exported are left out, and those of an embedded struct are the record's own. All rows are read
// at once. Errors are reported by Bind: a *DataError for a T that is no record, two fields of one name, or
// a field that is asked for and cannot be data, and a *CallbackError where the iterator panics.
func Rows[T any](rows iter.Seq[T]) (d *Data) {
	if rows == nil {
		return &Data{err: &ArgumentError{"Rows", "rows"}}
	}
	defer func() {
		if r := recover(); r != nil {
			d = &Data{err: &CallbackError{Callback: "rows", What: r, Stack: debug.Stack()}}
		}
	}()
	tables, diags := data.FromRows(rows)
	return &Data{tables: tables, diags: diags}
}

// Files reads data from files and from assignments "name=value". The ending of a file's name says what it is: JSON (.json,
// an object of arrays), lines of JSON (.jsonl, .ndjson, a record each), CSV (.csv, .tsv), Parquet (.parquet) or NumPy's
// arrays (.npy, called as the file is, or "name=path.npy", and .npz). The columns of Parquet files and NumPy's arrays are
// read when a model is bound that declares them, and the files have to stay as they are until then; text is read
// at once. Errors are reported by Bind; that of a context that is done is a *Stopped.
func Files(ctx context.Context, sources ...string) *Data {
	if ctx == nil {
		return &Data{err: &ArgumentError{"Files", "ctx"}}
	}
	t, diags := data.Read(ctx, sources, data.Options{})
	return readUntil(ctx, t, diags)
}

// Files reads data as the function Files does, but keeps nothing of what m does not declare, which then takes no memory;
// and Parquet and NumPy files are read at once. The data are good for m alone.
func (m *Model) Files(ctx context.Context, sources ...string) *Data {
	if err := given("Model.Files", contextArgument(ctx), argument{"m", m.made()}); err != nil {
		return &Data{err: err}
	}
	t, diags := data.Read(ctx, sources, data.Options{Keep: data.KeepFor(m.checked)})
	return readUntil(ctx, t, diags)
}

// Reader reads data from r to its end, as Files does from a file: as the ending of name says (.json, .jsonl, .ndjson, .csv,
// .tsv, .npz), or else how the bytes begin. Parquet and NumPy files are kept in memory whole. Messages call it by that
// name. Errors are reported by Bind:
// a *DataError, which wraps an error of r, a *CallbackError where r panics, or a *Stopped.
func Reader(ctx context.Context, name string, r io.Reader) *Data {
	switch {
	case ctx == nil:
		return &Data{err: &ArgumentError{"Reader", "ctx"}}
	case r == nil:
		return &Data{err: &ArgumentError{"Reader", "r"}}
	case name == "":
		name = "the data"
	}
	from := &callersReader{r: r}
	t, diags := data.ReadFrom(ctx, name, from, data.Options{})
	d := readUntil(ctx, t, diags)
	switch {
	case d.err != nil:
	case from.panicked != nil:
		d.err = from.panicked
	case from.err != nil && d.diags.HasErrors():
		d.err = &readError{&DataError{d.diags}, from.err}
	}
	return d
}

// readUntil are data that were read until a context was done, or to their end.
func readUntil(ctx context.Context, t *data.Tables, diags diag.List) *Data {
	if ctx.Err() != nil {
		return &Data{err: &Stopped{Why: whyDone(ctx), Cause: ctx.Err(), before: "the data were read"}}
	}
	return &Data{tables: t, diags: diags}
}

// Join are the data of all parts. Where several have a value of one name, that of the last Go value
// (Map, Rows) or assignment counts, before those of files and readers; two of the latter are an error, as of
// the command line.
func Join(parts ...*Data) *Data {
	out := &Data{}
	var tables []*data.Tables
	for _, d := range parts {
		switch {
		case d == nil:
			return &Data{err: &ArgumentError{"Join", "parts"}}
		case d.err != nil:
			return &Data{err: d.err}
		}
		tables = append(tables, d.tables)
		out.diags = append(out.diags, d.diags...)
	}
	out.tables = data.Merge(tables...)
	return out
}

// readError is a *DataError that an error of a reader has caused.
type readError struct {
	*DataError
	cause error
}

func (e *readError) Unwrap() []error { return []error{e.DataError, e.cause} }

// callersReader is a reader of the caller, whose panics are errors; it keeps its error.
type callersReader struct {
	r        io.Reader
	err      error
	panicked *CallbackError
}

func (c *callersReader) Read(b []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			c.panicked = &CallbackError{Callback: "r.Read", What: r, Stack: debug.Stack()}
			n, err = 0, c.panicked
		}
		if err != nil && err != io.EOF {
			c.err = err
		}
	}()
	if c.panicked != nil {
		return 0, c.panicked
	}
	return c.r.Read(b)
}

package data

import (
	"fmt"
	"iter"
	"reflect"

	"ppl/lang/diag"
)

// FromRows takes data from records: structs, or pointers to them. Each exported field is an array with an
// element for each row, named as the field or by its tag `ppl:"name"`; `ppl:"-"` leaves it out, and the
// fields of an embedded struct are those of the record. A field is what FromMap takes: an array of
// numbers adds dimensions, a nil pointer is a missing element, as is a struct of a value and `Valid
// bool` (sql.Null, sql.NullFloat64) that is not valid. A field that cannot be data is reported when a
// model asks for it.
//
// The diagnostics are those of a T that is no record, and of two fields of one name.
func FromRows[T any](rows iter.Seq[T]) (*Tables, diag.List) {
	r, diags := newRowReader(reflect.TypeFor[T]())
	if diags.HasErrors() {
		return newTables(), diags
	}
	for row := range rows {
		r.row(reflect.ValueOf(&row).Elem())
	}
	return r.tables(), nil
}

// rowReader collects records, column by column.
type rowReader struct {
	columns []*rowColumn
	n       int
	first   int // the row that was first, where they are a piece
}

type rowColumn struct {
	goReader
	field []int
}

func newRowReader(t reflect.Type) (*rowReader, diag.List) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, diag.List{{Code: notAnArray, Summary: fmt.Sprintf("rows are structs, with a field for each array of data; these are of the Go type %s", t), Hint: "arrays of numbers by name are a map, of one number in each row too"}}
	}
	r := &rowReader{}
	seen := map[string]string{}
	var whole []int // an embedded struct that is a column itself
	for _, f := range reflect.VisibleFields(t) {
		name, tagged := f.Tag.Lookup("ppl")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		_, null := nullable(inner)
		switch {
		case whole != nil && len(f.Index) > len(whole) && reflect.DeepEqual(f.Index[:len(whole)], whole):
			continue
		case f.Anonymous && inner.Kind() == reflect.Struct && !tagged && !null:
			continue // its fields follow
		case f.Anonymous:
			whole = f.Index
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if other, twice := seen[name]; twice {
			return nil, diag.List{{Code: duplicateKey, Summary: fmt.Sprintf("the fields %s and %s of %s are both called `%s`", other, f.Name, t, name), Hint: "give one of them another name, or leave it out: `ppl:\"-\"`"}}
		}
		seen[name] = f.Name
		c := &rowColumn{goReader{key: name, jsonArray: jsonArray{leaf: -1}}, f.Index}
		c.open(name, 0)
		c.path = []int{0}
		r.columns = append(r.columns, c)
	}
	return r, nil
}

// row enters a record; one that is a nil pointer has nothing but missing elements.
func (r *rowReader) row(x reflect.Value) {
	for x.Kind() == reflect.Pointer {
		x = x.Elem()
	}
	for _, c := range r.columns {
		if c.broken {
			continue
		}
		var v reflect.Value
		if x.IsValid() {
			v, _ = x.FieldByIndexErr(c.field) // an embedded nil pointer: the invalid value
		}
		c.path = append(c.path[:0], r.first+r.n)
		c.element(v, 1)
	}
	r.n++
}

func (r *rowReader) tables() *Tables {
	t := newTables()
	for _, c := range r.columns {
		v := &Value{key: c.key, origin: &origin{name: "Go", kind: fromGo}}
		c.path = c.path[:0]
		c.close(c.key, 0, r.n)
		if v.problem = c.problem; v.problem == nil {
			v.shape, v.cells = c.shape, c.cells()
		}
		t.add(v)
	}
	return t
}

// nullable reports whether a type is one of database/sql for what may be missing, or made in its way: a
// struct of a value and `Valid bool`. Value is the place of the value.
func nullable(t reflect.Type) (value int, ok bool) {
	if t.Kind() != reflect.Struct || t.NumField() != 2 {
		return 0, false
	}
	for i := range 2 {
		if f := t.Field(i); f.Name == "Valid" && f.Type.Kind() == reflect.Bool && t.Field(1-i).IsExported() {
			return 1 - i, true
		}
	}
	return 0, false
}

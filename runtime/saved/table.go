package saved

import (
	"fmt"
	"math"
	"reflect"

	"ppl/runtime/store"
)

// A table is a slice of structures as arrays, one for each field: quantity_mean along the
// dimension quantity. A field that is a list is two arrays: the elements of all lists one after
// another, and the length of each.

const lengthSuffix = "_length"

// table makes the arrays of a slice of structures.
func table(prefix string, rows reflect.Value) ([]store.Array, error) {
	var out []store.Array
	n := rows.Len()
	add := func(name, dim string, length int, values store.Values) {
		out = append(out, store.Array{Name: name, Dims: []string{dim}, Shape: []int{length}, Values: values})
	}
	for _, f := range fields(rows.Type().Elem()) {
		name := prefix + "_" + snake(f.Name)
		at := func(i int) reflect.Value { return rows.Index(i).FieldByIndex(f.Index) }
		if f.Type.Kind() != reflect.Slice {
			values, err := column(f.Type.Kind(), n, at)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			add(name, prefix, n, values)
			continue
		}
		lengths, all := make(store.Ints, n), reflect.MakeSlice(f.Type, 0, 0)
		for i := range n {
			lengths[i] = int64(at(i).Len())
			all = reflect.AppendSlice(all, at(i))
		}
		values, err := column(f.Type.Elem().Kind(), all.Len(), all.Index)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		add(name, name+"_item", all.Len(), values)
		add(name+lengthSuffix, prefix, n, lengths)
	}
	return out, nil
}

// column makes an array of n values.
func column(kind reflect.Kind, n int, at func(int) reflect.Value) (store.Values, error) {
	switch kind {
	case reflect.Float64:
		return fill(make(store.Floats, n), func(i int) float64 { return at(i).Float() }), nil
	case reflect.Int:
		return fill(make(store.Ints, n), func(i int) int64 { return at(i).Int() }), nil
	case reflect.Bool:
		return fill(make(store.Bools, n), func(i int) bool { return at(i).Bool() }), nil
	case reflect.String:
		return fill(make(store.Strings, n), func(i int) string { return at(i).String() }), nil
	}
	return nil, fmt.Errorf("a field of kind %s cannot be an array", kind)
}

func fill[S ~[]E, E any](to S, at func(int) E) S {
	for i := range to {
		to[i] = at(i)
	}
	return to
}

// untable reads a slice of structures, which rows points at.
func (g *group) untable(prefix string, rows reflect.Value) error {
	t := rows.Elem().Type()
	first := true
	for _, f := range fields(t.Elem()) {
		name := prefix + "_" + snake(f.Name)
		list := f.Type.Kind() == reflect.Slice
		along := name // the array that has an element for each row
		if list {
			along += lengthSuffix
		}
		a, err := g.array(along)
		if err != nil {
			return err
		}
		n, err := a.vector()
		if err != nil {
			return err
		}
		if first {
			rows.Elem().Set(reflect.MakeSlice(t, n, n))
			first = false
		}
		if n != rows.Elem().Len() {
			return a.fault("has %d elements, and %s_%s has %d", n, prefix, snake(fields(t.Elem())[0].Name), rows.Elem().Len())
		}
		at := func(i int) reflect.Value { return rows.Elem().Index(i).FieldByIndex(f.Index) }
		if !list {
			if err := a.uncolumn(f.Type.Kind(), n, at); err != nil {
				return err
			}
			continue
		}
		if err := g.unlist(name, a, f.Type, n, at); err != nil {
			return err
		}
	}
	return nil
}

// unlist reads the lists of a field, whose lengths are at hand: they share one array.
func (g *group) unlist(name string, lengths *array, t reflect.Type, n int, at func(int) reflect.Value) error {
	each, err := lengths.ints()
	if err != nil {
		return err
	}
	items, err := g.array(name)
	if err != nil {
		return err
	}
	total, err := items.vector()
	if err != nil {
		return err
	}
	all := reflect.MakeSlice(t, total, total)
	if err := items.uncolumn(t.Elem().Kind(), total, all.Index); err != nil {
		return err
	}
	from := 0
	for i := range n {
		if each[i] < 0 || each[i] > int64(total-from) {
			return lengths.fault("says that list %d has %d elements, and %d are left", i+1, each[i], total-from)
		}
		to := from + int(each[i])
		at(i).Set(all.Slice3(from, to, to))
		from = to
	}
	if from != total {
		return lengths.fault("says that lists have %d elements, and there are %d", from, total)
	}
	return nil
}

// uncolumn reads values into places of a kind.
func (a *array) uncolumn(kind reflect.Kind, n int, at func(int) reflect.Value) error {
	switch kind {
	case reflect.Float64:
		x, err := a.floats()
		for i := range min(n, len(x)) {
			at(i).SetFloat(x[i])
		}
		return err
	case reflect.Int:
		x, err := a.ints()
		for i := range min(n, len(x)) {
			if x[i] < math.MinInt || x[i] > math.MaxInt {
				return a.fault("holds %d, which is no int of this machine", x[i])
			}
			at(i).SetInt(x[i])
		}
		return err
	case reflect.Bool:
		x, ok := a.Values.(store.Bools)
		if !ok {
			return a.fault("does not hold truth values")
		}
		for i := range x {
			at(i).SetBool(x[i])
		}
		return nil
	case reflect.String:
		x, ok := a.Values.(store.Strings)
		if !ok {
			return a.fault("does not hold texts")
		}
		for i := range x {
			at(i).SetString(x[i])
		}
		return nil
	}
	return a.fault("cannot be read into a field of kind %s", kind)
}

package data

import "maps"

// Array is a dense row-major array of numbers.
type Array struct {
	// Shape has the length of each dimension; a scalar has none.
	Shape []int
	Data  []float64
	// Missing marks the missing elements, whose Data are NaN; nil if there are none.
	Missing []bool
}

// scalar is an array without dimensions.
func scalar(x float64) *Array { return &Array{Data: []float64{x}} }

// Bound is a model's data. Arrays may share memory with the tables that they
// were bound from: do not write to them.
type Bound struct {
	// Values holds every data declaration. int and bool are whole numbers, a
	// factor has the codes of its labels, from 1.
	Values map[string]*Array
	// Dims holds the length of every dimension that data bind by name.
	Dims map[string]int
	// Levels holds the labels of each factor in the order of their codes.
	Levels map[string][]string
	// Unused are the keys that the model has no use for, sorted.
	Unused []string
	// Params are the values of params that have been learned; nil where there are none.
	Params map[string]*Array

	places map[string]func(element int) string
}

// Where says where an element of data stands in its source, row-major from 0:
// "d.csv:3, row 2". It is empty for what no source holds.
func (b *Bound) Where(name string, element int) string {
	if place := b.places[name]; place != nil {
		return place(element)
	}
	return ""
}

// With is a copy in which some values are others, which no source holds.
func (b *Bound) With(values map[string]*Array) *Bound {
	out := *b
	out.Values, out.places = maps.Clone(b.Values), maps.Clone(b.places)
	for name, a := range values {
		out.Values[name] = a
		delete(out.places, name)
	}
	return &out
}

// Knowing is a copy in which params have values.
func (b *Bound) Knowing(params map[string]*Array) *Bound {
	out := *b
	out.Params = params
	return &out
}

// Lookup finds a value or, as a scalar, a dimension.
func (b *Bound) Lookup(name string) (*Array, bool) {
	if a, ok := b.Values[name]; ok {
		return a, true
	}
	if n, ok := b.Dims[name]; ok {
		return scalar(float64(n)), true
	}
	return nil, false
}

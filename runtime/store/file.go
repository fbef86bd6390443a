package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"unicode/utf16"
	"unicode/utf8"
)

// File is the content of a store.
type File struct {
	// Attrs are the attributes of the root. ppl_layout is the store's own.
	Attrs  Attrs
	Groups []Group
}

// Group is a set of arrays that share dimensions: a dimension has one length
// in all of them, and an array that is named as a dimension holds its
// coordinates. Names are not empty, do not begin with a full stop, and hold
// neither slashes nor control characters; those of groups are distinct, and
// those of the arrays in one group.
type Group struct {
	Name   string
	Attrs  Attrs
	Arrays []Array
}

// Array is an array in row-major (C) order.
type Array struct {
	Name string
	// Dims names the dimensions, each once; Shape has their lengths. Both are
	// empty for a scalar, which has one value.
	Dims   []string
	Shape  []int
	Attrs  Attrs // _ARRAY_DIMENSIONS is the store's own
	Values Values
}

// Values are the elements of an array, as many as the product of its shape:
// Floats, Ints, Bools, Strings, or Blocks for arrays that are not in memory.
// Read gives Floats where Blocks were written.
type Values interface {
	element() *element
	count() int // -1 where that shows only as they are produced
	open() source
}

type (
	// Floats are float64 numbers; NaN, infinities and -0 are kept.
	Floats []float64
	// Ints are int64 numbers.
	Ints []int64
	// Bools are truth values.
	Bools []bool
	// Strings are texts in UTF-8, of any length.
	Strings []string
	// Blocks are float64 numbers that are produced while they are written:
	// consecutive runs of any length, whose lengths add up to the product of
	// the shape. A block is read before the next is asked for, so that one
	// buffer serves for all. An error ends the writing, which returns it.
	Blocks iter.Seq2[[]float64, error]
)

// Attrs are attributes by name: values in JSON, which are decoded only when
// they are asked for.
type Attrs map[string]json.RawMessage

// Set gives an attribute the value that v encodes to. It fails where
// encoding/json cannot encode v, as it cannot NaN.
func (a *Attrs) Set(name string, v any) error {
	text, err := encodeJSON(v)
	if err != nil {
		return fmt.Errorf("attribute %q: %w", name, err)
	}
	if *a == nil {
		*a = Attrs{}
	}
	(*a)[name] = text
	return nil
}

// Get decodes an attribute into the value that into points at, and says
// whether there is one of this name. It fails where the attribute has another
// form.
func (a Attrs) Get(name string, into any) (bool, error) {
	text, ok := a[name]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return true, fmt.Errorf("attribute %q: %w", name, err)
	}
	return true, nil
}

// encodeJSON encodes in ASCII, the only text that zarr takes for JSON, and
// without the escapes that are for web pages: attributes hold the text of
// models, in which < and > are frequent.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escaped(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// escaped writes the letters of a JSON text that are not ASCII, which stand
// in strings, as \u and their number in UTF-16.
func escaped(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

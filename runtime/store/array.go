package store

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"
)

// maxDocument is the most bytes of a .zarray, a .zgroup and a list of
// dimensions: far more than 32 lengths and names take.
const maxDocument = 64 << 10

// array reads an array, whole.
func (a *archive) array(group, name string) (Array, error) {
	place := inArray(group, name, arrayEntry)
	if err := a.take(place, arrayMemory); err != nil {
		return Array{}, err
	}
	text, err := a.document(place, maxDocument)
	if err != nil {
		return Array{}, err
	}
	var d arrayDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return Array{}, &Error{Damaged, place, "is not the JSON of an array", err}
	}
	if err := d.check(place); err != nil {
		return Array{}, err
	}
	array := Array{Name: name, Shape: d.Shape}
	if array.Attrs, array.Dims, err = a.arrayAttrs(inArray(group, name, attrsEntry)); err != nil {
		return Array{}, err
	}
	array.Values, err = a.values(inArray(group, name, ""), &d)
	return array, err
}

// check refuses what Zarr has and this layout has not.
func (d *arrayDocument) check(place string) error {
	switch {
	case d.Format != 2:
		return fault(Unsupported, place, "Zarr of format %d; format 2 is read", d.Format)
	case d.Order != "C":
		return fault(Unsupported, place, "elements in the order %.20q; C is read", d.Order)
	case present(d.Compressor):
		return fault(Unsupported, place, "the compressor %.80s; chunks of a saved fit are not compressed", d.Compressor)
	case len(d.Shape) > maxRank || len(d.Chunks) > maxRank:
		return fault(Unsupported, place, "%d dimensions; at most %d are read", max(len(d.Shape), len(d.Chunks)), maxRank)
	}
	if _, ok := elements(d.Shape); !ok {
		return fault(Damaged, place, "the shape %v, whose elements cannot be counted", d.Shape)
	}
	if _, ok := gridOf(d.Shape, d.Chunks); !ok {
		return fault(Unsupported, place, "chunks %v for shape %v; chunks that are runs of consecutive elements are read", d.Chunks, d.Shape)
	}
	return nil
}

// arrayAttrs reads the .zattrs of an array, and takes the dimensions out.
func (a *archive) arrayAttrs(place string) (Attrs, []string, error) {
	attrs, err := a.attrs(place)
	if err != nil {
		return nil, nil, err
	}
	text, ok := attrs[dimsAttr]
	if !ok {
		return nil, nil, fault(Missing, place, "there is no attribute %s", dimsAttr)
	}
	if len(text) > maxDocument {
		return nil, nil, fault(TooLarge, place, "the attribute %s has %d bytes, and at most %d are read", dimsAttr, len(text), maxDocument)
	}
	var dims []string
	if err := json.Unmarshal(text, &dims); err != nil {
		return nil, nil, &Error{Damaged, place, "the attribute " + dimsAttr + " is no list of names", err}
	}
	if delete(attrs, dimsAttr); len(attrs) == 0 {
		attrs = nil
	}
	return attrs, dims, a.take(place, int64(len(text)))
}

// values reads the elements of an array whose entries begin with a prefix.
func (a *archive) values(prefix string, d *arrayDocument) (Values, error) {
	g, _ := gridOf(d.Shape, d.Chunks)
	if present(d.Filters) != (d.Type == textElement.dtype) || d.Type == textElement.dtype && !bytes.Equal(d.Filters, textElement.filters) {
		return nil, fault(Unsupported, prefix+arrayEntry, "the filters %.80s for elements %.20q", d.Filters, d.Type)
	}
	switch d.Type {
	case floatElement.dtype:
		v, err := fixed(a, prefix, g, floatElement, floatOf)
		return Floats(v), err
	case intElement.dtype:
		v, err := fixed(a, prefix, g, intElement, intOf)
		return Ints(v), err
	case boolElement.dtype:
		v, err := fixed(a, prefix, g, boolElement, boolOf)
		return Bools(v), err
	case textElement.dtype:
		return a.strings(prefix, g)
	}
	return nil, fault(Unsupported, prefix+arrayEntry, "elements of type %.20q; %s, %s, %s and %s are read", d.Type, floatElement.dtype, intElement.dtype, boolElement.dtype, textElement.dtype)
}

func floatOf(p []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(p)) }
func intOf(p []byte) int64     { return int64(binary.LittleEndian.Uint64(p)) }
func boolOf(p []byte) bool     { return p[0] != 0 }

// checkChunks sees that all chunks of an array are there, before anything is
// made that is as large as its shape says.
func (a *archive) checkChunks(prefix string, g grid, check func(f *zip.File) error) error {
	for key := range g.chunks() {
		f, err := a.find(prefix + key)
		if err != nil {
			return err
		}
		if err := check(f); err != nil {
			return err
		}
	}
	return nil
}

// fixed reads elements of one size.
func fixed[T any](a *archive, prefix string, g grid, e *element, get func([]byte) T) ([]T, error) {
	size := e.size
	err := a.checkChunks(prefix, g, func(f *zip.File) error {
		if f.UncompressedSize64 != uint64(g.block)*uint64(size) {
			return fault(Damaged, f.Name, "has %d bytes; %d elements %s have %d", f.UncompressedSize64, g.block, e.dtype, g.block*size)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := a.take(prefix+arrayEntry, int64(g.size)*int64(size)); err != nil {
		return nil, err
	}
	values := make([]T, 0, g.size)
	for key, held := range g.chunks() {
		f := a.entries[prefix+key].File
		if err := a.start(f); err != nil {
			return nil, err
		}
		err := a.each(f, held*size, size, func(piece []byte) {
			for ; len(piece) > 0; piece = piece[size:] {
				values = append(values, get(piece))
			}
		})
		if err != nil {
			return nil, err
		}
		if err := a.each(f, (g.block-held)*size, size, func([]byte) {}); err != nil {
			return nil, err
		}
		if err := a.finish(f); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// stringMemory is what a string takes beside its bytes: no more than four
// times the bytes of its length in the file.
const stringMemory = 16

// strings reads texts. All share one piece of memory, which is as long as
// they are together.
func (a *archive) strings(prefix string, g grid) (Strings, error) {
	var letters int64
	err := a.checkChunks(prefix, g, func(f *zip.File) error {
		lengths := 4 + 4*uint64(g.block)
		if f.UncompressedSize64 < lengths {
			return fault(Damaged, f.Name, "has %d bytes; %d texts have %d and their letters", f.UncompressedSize64, g.block, lengths)
		}
		letters += int64(f.UncompressedSize64 - lengths)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := a.take(prefix+arrayEntry, int64(g.size)*stringMemory+letters); err != nil {
		return nil, err
	}
	var all strings.Builder
	all.Grow(int(letters))
	values := make(Strings, 0, g.size)
	for key, held := range g.chunks() {
		f := a.entries[prefix+key].File
		if err := a.start(f); err != nil {
			return nil, err
		}
		if values, err = a.texts(f, g.block, held, values, &all); err != nil {
			return nil, err
		}
		if err := a.finish(f); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// texts appends the held texts of a chunk, and passes over its padding.
func (a *archive) texts(f *zip.File, block, held int, values Strings, all *strings.Builder) (Strings, error) {
	count, err := a.uint32(f)
	if err != nil {
		return nil, err
	}
	if uint64(count) != uint64(block) {
		return nil, fault(Damaged, f.Name, "holds %d texts, and a chunk has %d", count, block)
	}
	left := f.UncompressedSize64 - 4 - 4*uint64(block) // not negative, as checked, and all has room for it
	for i := range block {
		n, err := a.uint32(f)
		if err != nil {
			return nil, err
		}
		if uint64(n) > left {
			return nil, fault(Damaged, f.Name, "text %d is said to have %d bytes, more than are left", i, n)
		}
		left -= uint64(n)
		begin := all.Len()
		if err := a.each(f, int(n), 1, func(piece []byte) { all.Write(piece) }); err != nil {
			return nil, err
		}
		value := all.String()[begin:]
		if !utf8.ValidString(value) {
			return nil, fault(Damaged, f.Name, "text %d is not UTF-8", i)
		}
		if i < held {
			values = append(values, value)
		}
	}
	return values, nil
}

// uint32 reads a number.
func (a *archive) uint32(f *zip.File) (n uint32, err error) {
	err = a.each(f, 4, 4, func(piece []byte) { n = binary.LittleEndian.Uint32(piece) })
	return n, err
}

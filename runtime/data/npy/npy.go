// Package npy reads NumPy's .npy files: one array, of numbers or booleans.
//
// A file is a magic number, a version, the length of a header, the header, which is the text of a Python
// dictionary with the type of the elements, their order and the shape, and then the elements as they lay in
// memory (NEP 1; numpy/lib/format.py). Types are those of one number: f2, f4, f8, i1 to i8, u1 to u8 and b1,
// of either byte order; elements may be in C order (the last index fastest) or in Fortran order (the first).
// Texts, complex numbers, dates, records and pickled Python objects are refused by name.
//
// A File reads any range of rows, which are the elements along the first dimension, so that an array larger
// than memory can be read in pieces.
package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"ppl/runtime/data/half"
)

// Magic is how a file begins.
const Magic = "\x93NUMPY"

// maxHeader bounds the header: that of an array of numbers has about a hundred bytes.
const maxHeader = 1 << 16

// maxDims is how many dimensions NumPy allows at most.
const maxDims = 64

// Kind is what the elements are.
type Kind int

const (
	Real Kind = iota
	Int
	Uint
	Bool
)

// Header says what a file holds.
type Header struct {
	Kind Kind
	// Size is that of an element, in bytes.
	Size int
	// Big says that the bytes of an element are in the order of big-endian machines.
	Big bool
	// Fortran says that the first index varies fastest.
	Fortran bool
	// Shape has the length of each dimension; a scalar has none.
	Shape []int
	// Offset is where the elements begin, in bytes from the start of the file.
	Offset int64
}

// Elements is the number of elements.
func (h *Header) Elements() int {
	n := 1
	for _, d := range h.Shape {
		n *= d
	}
	return n
}

// Rows is the length of the first dimension; a scalar is one row.
func (h *Header) Rows() int {
	if len(h.Shape) == 0 {
		return 1
	}
	return h.Shape[0]
}

// RowElements is the number of elements of a row.
func (h *Header) RowElements() int {
	n := 1
	for _, d := range h.Shape[min(1, len(h.Shape)):] {
		n *= d
	}
	return n
}

// ReadHeader reads the header from the start of a file. The error says what is wrong with it, as in "holds
// texts (<U10)", to follow the name of the file.
func ReadHeader(r io.Reader) (*Header, error) {
	var fixed [12]byte
	if _, err := io.ReadFull(r, fixed[:10]); err != nil {
		return nil, short(err, "its header is cut short")
	}
	if string(fixed[:6]) != Magic {
		return nil, errors.New("is not a NumPy file: it does not begin with \\x93NUMPY")
	}
	n, at := int(binary.LittleEndian.Uint16(fixed[8:])), int64(10)
	switch version := fixed[6]; version {
	case 1:
	case 2, 3:
		if _, err := io.ReadFull(r, fixed[10:12]); err != nil {
			return nil, short(err, "its header is cut short")
		}
		n, at = int(min(binary.LittleEndian.Uint32(fixed[8:]), math.MaxInt32)), 12
	default:
		return nil, fmt.Errorf("is of version %d of NumPy's format; versions 1 to 3 are read", version)
	}
	if n > maxHeader {
		return nil, fmt.Errorf("has a header of %d bytes: it is damaged, or holds records", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, short(err, "its header is cut short")
	}
	h := &Header{Offset: at + int64(n)}
	return h, h.parse(text)
}

// short words an error of reading: the end of the file as why.
func short(err error, why string) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("is no whole NumPy file: " + why)
	}
	return fmt.Errorf("cannot be read: %w", err)
}

// parse reads the dictionary.
func (h *Header) parse(text []byte) error {
	p := &parser{rest: string(bytes.TrimSpace(text))}
	damaged := func() error { return fmt.Errorf("has a header that is not NumPy's: %q", shortened(string(text))) }
	if !p.take("{") {
		return damaged()
	}
	seen := map[string]bool{}
	for !p.take("}") {
		key, ok := p.str()
		if !ok || seen[key] || !p.take(":") {
			return damaged()
		}
		seen[key] = true
		switch key {
		case "descr":
			descr, ok := p.str()
			if !ok {
				return errors.New("holds records (a structured array): save each field by itself")
			}
			if err := h.typeOf(descr); err != nil {
				return err
			}
		case "fortran_order":
			h.Fortran = p.take("True")
			if !h.Fortran && !p.take("False") {
				return damaged()
			}
		case "shape":
			if !p.take("(") {
				return damaged()
			}
			for !p.take(")") {
				d, ok := p.length()
				if !ok || !p.take(",") && !strings.HasPrefix(p.rest, ")") {
					return damaged()
				}
				h.Shape = append(h.Shape, d)
			}
		default:
			return damaged()
		}
		if !p.take(",") && !strings.HasPrefix(p.rest, "}") {
			return damaged()
		}
	}
	if len(seen) != 3 || p.rest != "" {
		return damaged()
	}
	return h.check()
}

// check refuses shapes whose size does not fit into an int, with eight bytes an element.
func (h *Header) check() error {
	if len(h.Shape) > maxDims {
		return fmt.Errorf("has %d dimensions", len(h.Shape))
	}
	total := uint64(8)
	for _, d := range h.Shape {
		over, low := bits.Mul64(total, uint64(max(d, 1)))
		if total = low; over > 0 || low > math.MaxInt64 {
			return fmt.Errorf("has the shape %v, which no memory holds", h.Shape)
		}
	}
	return nil
}

// foreign are the types that are not read, by their letter.
var foreign = map[byte]string{
	'U': "texts", 'S': "texts", 'a': "texts", 'T': "texts", 'O': "Python objects", 'c': "complex numbers", 'M': "dates", 'm': "lengths of time", 'V': "records",
}

// typeOf reads a type like "<f8".
func (h *Header) typeOf(descr string) error {
	order, letter, size := byte('='), byte(0), ""
	switch {
	case len(descr) > 1 && strings.IndexByte("<>|=", descr[0]) >= 0:
		order, letter, size = descr[0], descr[1], descr[2:]
	case len(descr) > 0:
		letter, size = descr[0], descr[1:]
	}
	if what, is := foreign[letter]; is {
		return fmt.Errorf("holds %s (%s): what is read is numbers and booleans", what, descr)
	}
	known := map[byte]struct {
		kind  Kind
		sizes string
	}{'f': {Real, "248"}, 'i': {Int, "1248"}, 'u': {Uint, "1248"}, 'b': {Bool, "1"}}
	k, is := known[letter]
	if !is || len(size) != 1 || !strings.Contains(k.sizes, size) {
		return fmt.Errorf("holds elements of the type %s: what is read is f2, f4, f8, i1 to i8, u1 to u8 and booleans", shortened(descr))
	}
	h.Kind, h.Size, h.Big = k.kind, int(size[0]-'0'), order == '>'
	return nil
}

func shortened(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

// parser reads Python's literals.
type parser struct{ rest string }

func (p *parser) take(s string) bool {
	if !strings.HasPrefix(p.rest, s) {
		return false
	}
	p.rest = strings.TrimLeft(p.rest[len(s):], " \n")
	return true
}

// str reads a string in either quotation mark, without escapes.
func (p *parser) str() (string, bool) {
	if p.rest == "" || p.rest[0] != '\'' && p.rest[0] != '"' {
		return "", false
	}
	s, rest, ok := strings.Cut(p.rest[1:], p.rest[:1])
	if !ok || strings.Contains(s, `\`) {
		return "", false
	}
	p.rest = strings.TrimLeft(rest, " \n")
	return s, true
}

// length reads an integer, which Python 2 wrote with an L.
func (p *parser) length() (int, bool) {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	d, err := strconv.Atoi(p.rest[:n])
	if err != nil {
		return 0, false
	}
	p.rest = strings.TrimLeft(strings.TrimPrefix(p.rest[n:], "L"), " \n")
	return d, true
}

// Decode turns elements as they lie in the file into numbers. It needs Size bytes for each element of to. The
// digits of integers beyond 2^53 are lost: see Lossy.
func (h *Header) Decode(to []float64, from []byte) {
	var order binary.ByteOrder = binary.LittleEndian
	if h.Big {
		order = binary.BigEndian
	}
	switch size := h.Size; {
	case h.Kind == Real && size == 8 && !h.Big:
		for i := range to {
			to[i] = math.Float64frombits(binary.LittleEndian.Uint64(from[8*i:]))
		}
	case h.Kind == Real && size == 4 && !h.Big:
		for i := range to {
			to[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(from[4*i:])))
		}
	default:
		for i := range to {
			to[i] = h.number(bitsOf(order, from[size*i:], size))
		}
	}
}

func bitsOf(order binary.ByteOrder, b []byte, size int) uint64 {
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	}
	return order.Uint64(b)
}

// number is the number that the bits of an element stand for.
func (h *Header) number(b uint64) float64 {
	switch h.Kind {
	case Real:
		switch h.Size {
		case 2:
			return half.Float(uint16(b))
		case 4:
			return float64(math.Float32frombits(uint32(b)))
		}
		return math.Float64frombits(b)
	case Int:
		shift := 64 - 8*h.Size
		return float64(int64(b<<shift) >> shift)
	case Bool:
		if b != 0 {
			return 1
		}
		return 0
	}
	return float64(b)
}

// Digits spells an integer of 64 bits, of which a float64 may not hold all digits.
func (h *Header) Digits(from []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	if h.Big {
		order = binary.BigEndian
	}
	b := bitsOf(order, from, h.Size)
	if h.Kind == Int {
		shift := 64 - 8*h.Size
		return strconv.FormatInt(int64(b<<shift)>>shift, 10)
	}
	return strconv.FormatUint(b, 10)
}

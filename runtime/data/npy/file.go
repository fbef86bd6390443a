package npy

import (
	"fmt"
	"io"
	"math"
)

// maxExact is the largest integer up to which float64 holds all of them.
const maxExact = 1 << 53

// bufferBytes is how much is read at once.
const bufferBytes = 1 << 16

// File is an array in a file.
type File struct {
	*Header
	r io.ReaderAt
}

// Open reads the header of a file of size bytes, and compares its size with the shape. The error says what is
// wrong with the file, to follow its name.
func Open(r io.ReaderAt, size int64) (*File, error) {
	h, err := ReadHeader(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	return &File{h, r}, h.Fits(size)
}

// Fits compares the size of a file, in bytes, with the shape of its array.
func (h *Header) Fits(size int64) error {
	want := int64(h.Elements()) * int64(h.Size)
	switch got := size - h.Offset; {
	case got < want:
		return fmt.Errorf("is cut short: it has %d bytes of the %d that its %d elements take", got, want, h.Elements())
	case got > want:
		return fmt.Errorf("has %d bytes after the array that it declares: a file with several arrays, or a damaged one", got-want)
	}
	return nil
}

// Big is told of an integer beyond 2^53, by its place among the elements that were asked for and its digits.
type Big func(i int, digits string)

// ReadRows reads rows first, first+1, ... into to, row-major: as many as fill it. big may be nil.
func (f *File) ReadRows(first int, to []float64, big Big) error {
	width := f.RowElements()
	n := len(to)
	if width > 0 {
		n = len(to) / width
	}
	if !f.Fortran || len(f.Shape) < 2 || n == f.Rows() {
		at := f.Offset + int64(first)*int64(width)*int64(f.Size)
		return f.read(io.NewSectionReader(f.r, at, int64(len(to))*int64(f.Size)), to, len(to), f.places(n), big)
	}
	// Of each column a run of n elements.
	place := f.columns()
	for j := range width {
		at := f.Offset + (int64(j)*int64(f.Rows())+int64(first))*int64(f.Size)
		start := place(j)
		err := f.read(io.NewSectionReader(f.r, at, int64(n)*int64(f.Size)), to, n, func(e int) int { return e*width + start }, big)
		if err != nil {
			return err
		}
	}
	return nil
}

// ReadAll reads the elements that follow the header in r into to, row-major: Elements of them. big may be nil.
func (h *Header) ReadAll(r io.Reader, to []float64, big Big) error {
	return h.read(r, to, len(to), h.places(h.Rows()), big)
}

// places gives the row-major place of element e of the first n rows as they lie in the file; nil is e itself.
func (h *Header) places(n int) func(e int) int {
	if !h.Fortran || len(h.Shape) < 2 || n == 0 {
		return nil
	}
	width, column := h.RowElements(), h.columns()
	at, start := -1, 0
	return func(e int) int {
		if j := e / n; j != at {
			at, start = j, column(j)
		}
		return e%n*width + start
	}
}

// columns gives the place within a row, row-major, of its element j in Fortran order.
func (h *Header) columns() func(j int) int {
	row := h.Shape[1:]
	return func(j int) int {
		place, stride := 0, h.RowElements()
		for _, d := range row {
			stride /= d
			place += j % d * stride
			j /= d
		}
		return place
	}
}

// read reads n elements and puts each at its place.
func (h *Header) read(r io.Reader, to []float64, n int, place func(e int) int, big Big) error {
	raw := make([]byte, min(n*h.Size, bufferBytes))
	var nums []float64
	if place != nil {
		nums = make([]float64, len(raw)/h.Size)
	}
	for done := 0; done < n; {
		k := min(n-done, len(raw)/h.Size)
		if _, err := io.ReadFull(r, raw[:k*h.Size]); err != nil {
			return short(err, "it was cut short while it was read")
		}
		if place == nil {
			nums = to[done : done+k]
		}
		h.Decode(nums[:k], raw)
		for i, x := range nums[:k] {
			at := done + i
			if place != nil {
				at = place(done + i)
				to[at] = x
			}
			if h.Kind != Real && math.Abs(x) >= maxExact && big != nil {
				big(at, h.Digits(raw[i*h.Size:]))
			}
		}
		done += k
	}
	return nil
}

package vec

import "unsafe"

// Mode says how an operand of rows × p elements is stored.
type Mode uint8

const (
	Full        Mode = iota // rows × p elements
	PerParticle             // p elements, repeated on each row
	PerRow                  // rows elements, each for all particles of its row
	Scalar                  // one element for all
)

// Operand is an argument of an elementwise kernel.
type Operand struct {
	Data []float64
	Mode Mode
}

// size is the number of elements the operand must have.
func (m Mode) size(rows, p int) int {
	switch m {
	case Full:
		return rows * p
	case PerParticle:
		return p
	case PerRow:
		return rows
	}
	return 1
}

// view is an operand as a loop reads it: a vector or one number on each row, and the number of
// elements from one row to the next.
type view struct {
	data      []float64
	broadcast bool
	stride    int
}

func (o Operand) check(rows, p int) {
	if len(o.Data) < o.Mode.size(rows, p) {
		panic("vec: operand too short")
	}
}

// flat reports whether the operand has no structure by rows, so that rows × p may be one row.
func (o Operand) flat() bool { return o.Mode == Full || o.Mode == Scalar }

// column is the operand of a block with one particle, as a row.
func (o Operand) column() Operand {
	switch o.Mode {
	case PerRow:
		o.Mode = Full
	case PerParticle:
		o.Mode = Scalar
	}
	return o
}

func (o Operand) view(p int) view {
	switch o.Mode {
	case Full:
		return view{o.Data, false, p}
	case PerParticle:
		return view{o.Data, false, 0}
	case PerRow:
		return view{o.Data, true, 1}
	}
	return view{o.Data, true, 0}
}

// row is the part of the operand that row r reads.
func (v *view) row(r, p int) []float64 {
	if v.broadcast {
		return v.data[r*v.stride:][:1]
	}
	return v.data[r*v.stride:][:p]
}

func (v *view) base() *float64 { return unsafe.SliceData(v.data) }

// bit is 1 for a broadcast operand; the bits of all operands make the variant of a kernel.
func (v *view) bit() int {
	if v.broadcast {
		return 1
	}
	return 0
}

// still returns p in a way that escape analysis does not follow: kernels called through a table
// do not keep what they are passed. It is internal/abi.NoEscape of the standard library.
//
//go:nosplit
//go:nocheckptr
func still(p *float64) *float64 {
	return (*float64)(unsafe.Add(nil, uintptr(unsafe.Pointer(p))))
}

func stillSlice(s []float64) []float64 {
	return unsafe.Slice(still(unsafe.SliceData(s)), len(s))
}

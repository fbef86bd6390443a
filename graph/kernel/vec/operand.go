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

// stride is the number of elements from one row to the next.
func (m Mode) stride(p int) int {
	switch m {
	case Full:
		return p
	case PerRow:
		return 1
	}
	return 0
}

// broadcast is 1 for one number on each row; the bits of all operands make the variant of a kernel.
func (m Mode) broadcast() int { return int(m >> 1) }

// flat reports whether the operand has no structure by rows, so that rows × p may be one row.
func (m Mode) flat() bool { return m == Full || m == Scalar }

// column is the mode of the operand of a block with one particle, as a row.
func (m Mode) column() Mode { return [...]Mode{Full, Scalar, Full, Scalar}[m] }

func (o *Operand) check(rows, p int) {
	if len(o.Data) < o.Mode.size(rows, p) {
		panic("vec: operand too short")
	}
}

// row is the part of the operand that row r reads.
func (o *Operand) row(m Mode, r, p int) []float64 {
	n := p
	if m.broadcast() == 1 {
		n = 1
	}
	return o.Data[r*m.stride(p):][:n]
}

func (o *Operand) base() *float64 { return unsafe.SliceData(o.Data) }

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

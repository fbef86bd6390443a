package parquet

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// The types of Thrift's compact protocol (thrift-compact-protocol.md of Apache Thrift).
const (
	thriftStop = iota
	thriftTrue
	thriftFalse
	thriftI8
	thriftI16
	thriftI32
	thriftI64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
)

// maxThriftDepth bounds the nesting of structures; those of Parquet nest some eight deep.
const maxThriftDepth = 32

var errThrift = errors.New("a structure of the file is damaged")

// thrift walks a structure of Thrift's compact protocol without building anything: every length must fit
// into the bytes that there are. It keeps the integers of the outermost structure and of those in it.
type thrift struct {
	b    []byte
	at   int
	path [2]int
	// ints are integers and booleans by the numbers of their fields: of the outermost structure (f, 0), of one in it (f, g).
	ints map[[2]int]int64
}

// walk walks the structure at the start of b and gives its length. The error is io.ErrUnexpectedEOF where b ends
// before it.
func walk(b []byte) (ints map[[2]int]int64, length int, err error) {
	t := &thrift{b: b, ints: map[[2]int]int64{}}
	err = t.structure(0)
	return t.ints, t.at, err
}

func (t *thrift) byte() (byte, error) {
	if t.at >= len(t.b) {
		return 0, io.ErrUnexpectedEOF
	}
	t.at++
	return t.b[t.at-1], nil
}

func (t *thrift) uvarint() (uint64, error) {
	x, n := binary.Uvarint(t.b[t.at:])
	switch {
	case n == 0:
		return 0, io.ErrUnexpectedEOF
	case n < 0:
		return 0, errThrift
	}
	t.at += n
	return x, nil
}

// length reads the length of what takes a byte each at least.
func (t *thrift) length() (int, error) {
	n, err := t.uvarint()
	switch {
	case err != nil:
		return 0, err
	case n > math.MaxInt32:
		return 0, errThrift
	case int(n) > len(t.b)-t.at:
		return 0, io.ErrUnexpectedEOF
	}
	return int(n), nil
}

func (t *thrift) structure(depth int) error {
	if depth > maxThriftDepth {
		return errThrift
	}
	field := 0
	for {
		b, err := t.byte()
		if err != nil {
			return err
		}
		if b&0xF == thriftStop {
			return nil
		}
		if delta := int(b >> 4); delta > 0 {
			field += delta
		} else {
			id, err := t.uvarint()
			if err != nil {
				return err
			}
			field = int(int16(id>>1) ^ -int16(id&1))
		}
		switch depth {
		case 0:
			t.path = [2]int{field, 0}
		case 1:
			t.path[1] = field
		}
		if err := t.value(b&0xF, depth, false); err != nil {
			return err
		}
	}
}

// value walks a value of a type. A boolean in a list takes a byte, one in a field none.
func (t *thrift) value(typ byte, depth int, listed bool) error {
	switch typ {
	case thriftTrue, thriftFalse:
		if listed {
			_, err := t.byte()
			return err
		}
		if depth < 2 {
			t.ints[t.path] = thriftFalse - int64(typ) // 1 and 0
		}
		return nil
	case thriftI8:
		_, err := t.byte()
		return err
	case thriftI16, thriftI32, thriftI64:
		x, err := t.uvarint()
		if err == nil && depth < 2 && !listed {
			t.ints[t.path] = int64(x>>1) ^ -int64(x&1)
		}
		return err
	case thriftDouble:
		if len(t.b)-t.at < 8 {
			return io.ErrUnexpectedEOF
		}
		t.at += 8
		return nil
	case thriftBinary:
		n, err := t.length()
		t.at += n
		return err
	case thriftList, thriftSet:
		return t.list(depth)
	case thriftMap:
		return t.mapping(depth)
	case thriftStruct:
		return t.structure(depth + 1)
	}
	return errThrift
}

func (t *thrift) list(depth int) error {
	if depth > maxThriftDepth {
		return errThrift
	}
	b, err := t.byte()
	if err != nil {
		return err
	}
	n := int(b >> 4)
	if n == 0xF {
		if n, err = t.length(); err != nil {
			return err
		}
	}
	for range n {
		if err := t.value(b&0xF, depth+1, true); err != nil {
			return err
		}
	}
	return nil
}

func (t *thrift) mapping(depth int) error {
	n, err := t.length()
	if n == 0 || err != nil {
		return err
	}
	types, err := t.byte()
	if err != nil {
		return err
	}
	for range n {
		if err := t.value(types>>4, depth+1, true); err != nil {
			return err
		}
		if err := t.value(types&0xF, depth+1, true); err != nil {
			return err
		}
	}
	return nil
}

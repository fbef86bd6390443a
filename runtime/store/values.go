package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"iter"
	"math"
)

// element is a type of elements as a .zarray states it.
type element struct {
	dtype   string
	size    int // bytes; 0 for text
	fill    json.RawMessage
	filters json.RawMessage
}

var (
	floatElement = &element{dtype: "<f8", size: 8, fill: json.RawMessage(`"NaN"`)}
	intElement   = &element{dtype: "<i8", size: 8}
	boolElement  = &element{dtype: "|b1", size: 1}
	textElement  = &element{dtype: "|O", filters: json.RawMessage(`[{"id":"vlen-utf8"}]`)}
)

func (Floats) element() *element  { return floatElement }
func (Blocks) element() *element  { return floatElement }
func (Ints) element() *element    { return intElement }
func (Bools) element() *element   { return boolElement }
func (Strings) element() *element { return textElement }

// A source encodes the elements of an array, in their order.
type source interface {
	// chunk appends the next chunk, held elements and padding up to block.
	chunk(buf []byte, held, block int) ([]byte, error)
	// end fails if elements are left.
	end() error
	// close gives up what the source holds, elements left or not.
	close()
}

// errFew and errMany are returned by Blocks whose lengths do not add up.
var (
	errFew  = errors.New("the blocks hold fewer values than the shape")
	errMany = errors.New("the blocks hold more values than the shape")
)

func (v Floats) open() source  { return &numbers[float64]{v, 8, appendFloat} }
func (v Ints) open() source    { return &numbers[int64]{v, 8, appendInt} }
func (v Bools) open() source   { return &numbers[bool]{v, 1, appendBool} }
func (v Strings) open() source { return &texts{v} }

func (v Floats) count() int  { return len(v) }
func (v Ints) count() int    { return len(v) }
func (v Bools) count() int   { return len(v) }
func (v Strings) count() int { return len(v) }
func (v Blocks) count() int  { return -1 }

func appendFloat(buf []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(buf, math.Float64bits(v))
}

func appendInt(buf []byte, v int64) []byte {
	return binary.LittleEndian.AppendUint64(buf, uint64(v))
}

func appendBool(buf []byte, v bool) []byte {
	if v {
		return append(buf, 1)
	}
	return append(buf, 0)
}

// numbers is the source of elements of one size that are in memory.
type numbers[T any] struct {
	left []T
	size int
	put  func([]byte, T) []byte
}

func (s *numbers[T]) chunk(buf []byte, held, block int) ([]byte, error) {
	for _, v := range s.left[:held] {
		buf = s.put(buf, v)
	}
	s.left = s.left[held:]
	return append(buf, make([]byte, (block-held)*s.size)...), nil
}

func (*numbers[T]) end() error { return nil }
func (*numbers[T]) close()     {}

// stream is the source of elements that are produced as they are written.
type stream struct {
	next  func() ([]float64, error, bool)
	stop  func()
	block []float64 // what is left of the last block
}

func (v Blocks) open() source {
	next, stop := iter.Pull2(iter.Seq2[[]float64, error](v))
	return &stream{next: next, stop: stop}
}

func (s *stream) chunk(buf []byte, held, block int) ([]byte, error) {
	for missing := held; missing > 0; {
		if len(s.block) == 0 {
			if ok, err := s.advance(); err != nil {
				return nil, err
			} else if !ok {
				return nil, errFew
			}
		}
		n := min(missing, len(s.block))
		for _, v := range s.block[:n] {
			buf = appendFloat(buf, v)
		}
		s.block, missing = s.block[n:], missing-n
	}
	return append(buf, make([]byte, (block-held)*floatElement.size)...), nil
}

// advance goes to the next block that is not empty, and says whether there is one.
func (s *stream) advance() (bool, error) {
	for {
		block, err, ok := s.next()
		if err != nil || !ok || len(block) > 0 {
			s.block = block
			return ok, err
		}
	}
}

func (s *stream) end() error {
	if len(s.block) > 0 {
		return errMany
	}
	if ok, err := s.advance(); err != nil {
		return err
	} else if ok {
		return errMany
	}
	return nil
}

func (s *stream) close() { s.stop() }

// texts is the source of strings: a chunk is the count of its strings, and
// each with its length in bytes before it (numcodecs' VLenUTF8).
type texts struct {
	left []string
}

func (s *texts) chunk(buf []byte, held, block int) ([]byte, error) {
	buf = binary.LittleEndian.AppendUint32(buf, uint32(block))
	for _, v := range s.left[:held] {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(v)))
		buf = append(buf, v...)
	}
	s.left = s.left[held:]
	return append(buf, make([]byte, (block-held)*4)...), nil
}

func (*texts) end() error { return nil }
func (*texts) close()     {}

package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/parquet-go/parquet-go/format"
)

// What is packed may unpack to more than the header of its page says, and parquet-go makes room for it as it
// comes: a few bytes of zstd or Brotli may be gigabytes, and damaged LZ4 has no end. So the size of what is packed is
// found, or bounded, before it is unpacked. Gzip, 1032 times at most, needs no look.

// slack is by what the bounds below may be larger than what a header says.
const slack = 1 << 26

// checkPacked compares the size of n packed bytes when unpacked with what a header says.
func (f *File) checkPacked(codec format.CompressionCodec, at, n, size int64) error {
	if n == 0 {
		return nil
	}
	wrong := func(got int64) error {
		return fmt.Errorf("a page of %d bytes has %d when unpacked, not the %d of its header", n, got, size)
	}
	switch codec {
	case format.Snappy:
		// Blocks begin with their unpacked length, which is allocated unseen.
		b, err := f.bytes(at, min(binary.MaxVarintLen64, n))
		if err != nil {
			return err
		}
		if got, k := binary.Uvarint(b); k > 0 && got > uint64(size) {
			return wrong(int64(min(got, 1<<62)))
		}
	case format.Lz4Raw, format.Lz4:
		b, err := f.bytes(at, n)
		if err != nil {
			return err
		}
		got, err := lz4Size(b)
		if err != nil {
			return err
		}
		if got > size {
			return wrong(got)
		}
	case format.Zstd:
		b, err := f.bytes(at, n)
		if err != nil {
			return err
		}
		if most := zstdMost(b); most > 64*size+slack {
			return wrong(most)
		}
	case format.Brotli:
		got, err := io.Copy(io.Discard, io.LimitReader(brotli.NewReader(io.NewSectionReader(f.r, at, n)), size+1))
		if err != nil {
			return err
		}
		if got > size {
			return wrong(got)
		}
	}
	return nil
}

func (f *File) bytes(at, n int64) ([]byte, error) {
	b := make([]byte, n)
	_, err := f.r.ReadAt(b, at)
	if err == io.EOF {
		err = nil
	}
	return b, err
}

var errLZ4 = errors.New("a page is no block of LZ4")

// lz4Size is the size of a block of LZ4 when unpacked (lz4_Block_format.md): sequences of a token, literals, and
// a copy of what came before.
func lz4Size(b []byte) (n int64, err error) {
	extended := func(n int64) (int64, bool) {
		for n >= 15 && len(b) > 0 {
			x := b[0]
			b = b[1:]
			if n += int64(x); x < 255 {
				return n, true
			}
		}
		return n, n < 15
	}
	for len(b) > 0 {
		token := b[0]
		b = b[1:]
		literals, ok := extended(int64(token >> 4))
		if !ok || literals > int64(len(b)) {
			return 0, errLZ4
		}
		b = b[literals:]
		if n += literals; len(b) == 0 {
			return n, nil
		}
		if len(b) < 2 {
			return 0, errLZ4
		}
		back := int64(binary.LittleEndian.Uint16(b))
		b = b[2:]
		match, ok := extended(int64(token & 15))
		if !ok || back == 0 || back > n {
			return 0, errLZ4
		}
		n += match + 4
	}
	return n, nil
}

// zstdBlock is the most that a block of zstd unpacks to.
const zstdBlock = 1 << 17

// zstdMost bounds the size of frames of zstd when unpacked (RFC 8878, section 3.1.1), by the number of their blocks. Of
// what is no frame it is what has been found before it: the decoder stops there, too.
func zstdMost(b []byte) (most int64) {
	for len(b) > 5 && binary.LittleEndian.Uint32(b) == 0xFD2FB528 {
		descriptor := b[4]
		b = b[5:]
		header := []int{0, 1, 2, 4}[descriptor&3] + []int{0, 2, 4, 8}[descriptor>>6]
		switch single := descriptor&0x20 != 0; {
		case !single:
			header++ // the window
		case descriptor>>6 == 0:
			header++ // the size, in one byte
		}
		if header > len(b) {
			return most
		}
		b = b[header:]
		for last := false; !last; {
			if len(b) < 3 {
				return most
			}
			block := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
			last, b = block&1 == 1, b[3:]
			n := int(block >> 3)
			switch block >> 1 & 3 {
			case 0:
				most += int64(n)
			case 1:
				most, n = most+int64(n), 1
			default:
				most += zstdBlock
			}
			if n > len(b) {
				return most
			}
			b = b[n:]
		}
		if descriptor&4 != 0 {
			b = b[min(4, len(b)):]
		}
	}
	return most
}

// checkDeltas compares the number of integers in a page of deltas, for which room is made unseen, with that of the
// values that it may have (Encodings.md, DELTA_BINARY_PACKED).
func (f *File) checkDeltas(c *chunk, codec format.CompressionCodec, v1 bool, at, n, values int64) error {
	b, err := f.bytes(at, n)
	if err != nil {
		return err
	}
	if codec != format.Uncompressed && n > 0 {
		unpacked, err := c.leaf.Compression().Decode(nil, b)
		if err != nil && len(unpacked) == 0 {
			return nil // parquet-go says what it is
		}
		b = unpacked
	}
	leaf := c.leaf
	for _, most := range []int{leaf.MaxRepetitionLevel(), leaf.MaxDefinitionLevel()} {
		if !v1 || most == 0 {
			continue
		}
		if len(b) < 4 {
			return nil
		}
		b = b[4+min(int(binary.LittleEndian.Uint32(b)), len(b)-4):]
	}
	for range 2 { // the sizes of blocks and of what they are made of
		_, k := binary.Uvarint(b)
		b = b[max(k, 0):]
	}
	if total, k := binary.Uvarint(b); k > 0 && total > uint64(values) {
		return fmt.Errorf("a page of %d values is said to have %d", values, total)
	}
	return nil
}

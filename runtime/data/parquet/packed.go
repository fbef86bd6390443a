package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/andybalholm/brotli"
	"github.com/parquet-go/parquet-go/encoding/delta"
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

// contentSize is the size that the header of a frame of zstd claims; 0 if none.
func contentSize(header []byte, descriptor byte) int64 {
	n := []int{0, 2, 4, 8}[descriptor>>6]
	if n == 0 {
		return 0 // or a byte
	}
	x := uint64(0)
	for i, c := range header[len(header)-n:] {
		x |= uint64(c) << (8 * i)
	}
	return int64(min(x, 1<<62))
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
		most = max(most, contentSize(b[:header], descriptor))
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

// checkBody compares the numbers of values in a page, for which room is made unseen, with that of its header: those of runs of
// one value, and of deltas. packed are the bytes of the page, levels those before its values that are not packed.
func (f *File) checkBody(c *chunk, codec format.CompressionCodec, h map[[2]int]int64, at, packed, levels, values int64) error {
	if h[pageType] == dictionaryPage {
		return nil
	}
	v1 := h[pageType] == dataPage
	encoding := format.Encoding(h[encodingV2])
	if v1 {
		encoding = format.Encoding(h[encodingV1])
	}
	most := [2]int{c.leaf.MaxRepetitionLevel(), c.leaf.MaxDefinitionLevel()}
	if encoding == format.Plain && (most == [2]int{} || !v1 && levels == 0) {
		return nil
	}
	b, err := f.bytes(at, packed)
	if err != nil {
		return err
	}
	before, b := b[:levels], b[levels:]
	if codec != format.Uncompressed && len(b) > 0 {
		if b, err = c.leaf.Compression().Decode(nil, b); err != nil {
			return err
		}
	}
	bitPacked := [2]bool{h[repetitionsV1] == int64(format.BitPacked), h[definitionsV1] == int64(format.BitPacked)}
	for i, n := range [2]int64{h[repetitionV2], h[definitionV2]} {
		var runs []byte
		switch {
		case most[i] == 0:
			continue
		case v1 && bitPacked[i]: // eight values a byte, at most
			b = b[min(int64(len(b)), (values*int64(bits.Len(uint(most[i])))+7)/8):]
			continue
		case v1 && len(b) < 4:
			return nil
		case v1:
			n := min(int64(binary.LittleEndian.Uint32(b)), int64(len(b)-4))
			runs, b = b[4:4+n], b[4+n:]
		default:
			n = min(n, int64(len(before)))
			runs, before = before[:n], before[n:]
		}
		if err := checkRuns(runs, bits.Len(uint(most[i])), values); err != nil {
			return err
		}
	}
	switch encoding {
	//lint:ignore SA1019 older files have it
	case format.PlainDictionary, format.RLEDictionary:
		if len(b) > 0 {
			return checkRuns(b[1:], int(b[0]), values)
		}
	case format.RLE:
		if len(b) > 4 {
			return checkRuns(b[4:], 1, values)
		}
	case format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray:
		return checkDeltas(b, encoding, values)
	}
	return nil
}

// checkRuns adds up runs (Encodings.md, RLE/bit-packing hybrid) of numbers of some bits. The last run of packed bits may
// be filled up.
func checkRuns(b []byte, width int, values int64) error {
	for total := int64(0); len(b) > 0; {
		run, k := binary.Uvarint(b)
		if k <= 0 || width > 32 {
			return nil // parquet-go says what it is
		}
		n, bytes := int64(min(run>>1, 1<<40)), int64(width+7)/8
		if run&1 == 1 {
			n, bytes = 8*n, n*int64(width)
		}
		if total += n; total > values+504 {
			return fmt.Errorf("a page of %d values has runs of %d", values, total)
		}
		b = b[min(int64(len(b)), int64(k)+bytes):]
	}
	return nil
}

// checkDeltas checks the number of integers that are packed as deltas (Encodings.md, DELTA_BINARY_PACKED), and their sum if
// they are lengths of texts.
func checkDeltas(b []byte, encoding format.Encoding, values int64) error {
	head := b
	for range 2 { // the sizes of blocks and of what they are made of
		n, k := binary.Uvarint(head)
		if k <= 0 || n > 1<<20 {
			return errors.New("a page of deltas has blocks of no size")
		}
		head = head[k:]
	}
	if total, k := binary.Uvarint(head); k <= 0 || total > uint64(values) {
		return fmt.Errorf("a page of %d values is said to have %d", values, total)
	}
	if encoding == format.DeltaBinaryPacked {
		return nil
	}
	lengths, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, b)
	if err != nil {
		return err
	}
	sum, longest := int64(0), int64(0)
	for _, n := range lengths {
		if n < 0 {
			return errors.New("a page has texts of lengths below zero")
		}
		longest = max(longest, int64(n))
		sum += int64(n)
	}
	if encoding == format.DeltaLengthByteArray && sum > int64(len(b)) || longest > int64(len(b)) || sum > 64*int64(len(b))+slack {
		return fmt.Errorf("a page of %d bytes has texts of %d", len(b), sum)
	}
	return nil
}

package store

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits bound the memory that Read takes.
type Limits struct {
	// Memory is the most bytes that what is read takes in memory, together
	// with the directory of the zip; 0 stands for four times the size of the
	// file and 256 KiB. That is enough for all that Write writes, but for
	// thousands of attributes of a few letters each. The buffers of reading,
	// 100 KiB, come on top, and what the garbage collector has yet to free.
	Memory int64
}

const (
	memoryPerByte = 4
	memoryAtLeast = 256 << 10
	bufferBytes   = 64 << 10

	// What archive/zip and the index below allocate for a byte of a zip's
	// directory: entries have 46 bytes there and a name, and take about 230
	// bytes, the name twice, and a place in the index.
	memoryPerDirectoryByte = 7
)

// archive is the zip of a store that is being read.
type archive struct {
	files   []*zip.File      // in the order of the directory
	entries map[string]entry // by name
	left    int64            // bytes that may still be taken
	in      *bufio.Reader
}

type entry struct {
	*zip.File
	used bool
}

// openArchive reads the directory of a zip.
func openArchive(r io.ReaderAt, size int64, limits Limits) (*archive, error) {
	a := &archive{left: limits.Memory, in: bufio.NewReaderSize(nil, bufferBytes)}
	if a.left == 0 {
		a.left = memoryPerByte*size + memoryAtLeast
	}
	if err := checkMagic(r, size); err != nil {
		return nil, err
	}
	directory := &metered{r: r, left: a.left / memoryPerDirectoryByte}
	begun := directory.left
	z, err := zip.NewReader(directory, size)
	switch {
	case errors.Is(err, errDirectory):
		return nil, fault(TooLarge, "", "the directory of the zip is out of proportion to its %d bytes", size)
	case errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, fault(Truncated, "", "there is no whole directory at the end of the zip; the file was cut off or overwritten")
	case err != nil:
		return nil, fmt.Errorf("reading the directory of the zip: %w", err)
	}
	if err := a.take("", memoryPerDirectoryByte*(begun-directory.left)+8*int64(cap(z.File))); err != nil {
		return nil, err
	}
	directory.left = -1
	a.files = z.File
	return a, nil
}

// checkMagic looks at the first bytes of a file.
func checkMagic(r io.ReaderAt, size int64) error {
	const localHeader, emptyDirectory = "PK\x03\x04", "PK\x05\x06"
	if size == 0 {
		return fault(NotZip, "", "the file is empty")
	}
	magic := make([]byte, min(size, int64(len(localHeader))))
	if _, err := r.ReadAt(magic, 0); err != nil && err != io.EOF {
		return fmt.Errorf("reading the first bytes: %w", err)
	}
	switch {
	case string(magic) == localHeader:
		return nil
	case string(magic) == emptyDirectory:
		return fault(Foreign, "", "the zip is empty")
	case strings.HasPrefix(localHeader, string(magic)):
		return fault(Truncated, "", "the file ends after %d bytes", size)
	}
	return fault(NotZip, "", "the file begins with %q", magic)
}

// index checks the directory and makes it a map: each name once, nothing
// compressed, and no byte of the file in two entries, as far as sizes tell.
func (a *archive) index(size int64) error {
	a.entries = make(map[string]entry, len(a.files))
	const header = 30 // bytes before the name, at the least
	room := uint64(size)
	for _, f := range a.files {
		name, bytes := f.Name, f.UncompressedSize64
		const encrypted = 1
		switch {
		case f.Method != zip.Store || f.Flags&encrypted != 0:
			return fault(Unsupported, name, "the entry is compressed or encrypted; entries of a saved fit are stored")
		case bytes != f.CompressedSize64:
			return fault(Damaged, name, "a stored entry of %d bytes is said to have %d", f.CompressedSize64, bytes)
		case bytes > room || header+uint64(len(name)) > room-bytes:
			return fault(Damaged, name, "the entries up to this one have more bytes than the file, %d", size)
		}
		if _, twice := a.entries[name]; twice {
			return fault(Duplicate, name, "the zip has two entries of this name")
		}
		a.entries[name] = entry{File: f}
		room -= bytes + header + uint64(len(name))
	}
	return nil
}

// take counts n bytes that are about to be allocated for an entry.
func (a *archive) take(entry string, n int64) error {
	if n < 0 || n > a.left {
		return fault(TooLarge, entry, "takes more memory than the size of the file allows")
	}
	a.left -= n
	return nil
}

// find returns an entry that must be there, and marks it as used.
func (a *archive) find(name string) (*zip.File, error) {
	e, ok := a.entries[name]
	if !ok {
		return nil, fault(Missing, name, "the zip has no such entry")
	}
	a.entries[name] = entry{e.File, true}
	return e.File, nil
}

// rest returns the first entry that nothing called for, or nil.
func (a *archive) rest() *zip.File {
	for _, f := range a.files {
		if !a.entries[f.Name].used {
			return f
		}
	}
	return nil
}

// start makes a.in read an entry, to whose end the caller must go by finish.
func (a *archive) start(f *zip.File) error {
	r, err := f.Open() // what it returns holds nothing that would have to be closed
	if err != nil {
		return broken(f.Name, err)
	}
	a.in.Reset(r)
	return nil
}

// finish sees that an entry has no further bytes, and the right checksum.
func (a *archive) finish(f *zip.File) error {
	switch _, err := a.in.ReadByte(); err {
	case io.EOF:
		return nil
	case nil:
		return fault(Damaged, f.Name, "has more bytes than its metadata says")
	default:
		return broken(f.Name, err)
	}
}

// each hands the next n bytes of an entry to a callback, in pieces that are
// multiples of size, which divides n.
func (a *archive) each(f *zip.File, n, size int, use func(piece []byte)) error {
	for n > 0 {
		piece, err := a.in.Peek(min(n, a.in.Size()/size*size))
		if err != nil {
			return broken(f.Name, err)
		}
		use(piece)
		n -= len(piece)
		a.in.Discard(len(piece)) // they are buffered: this cannot fail
	}
	return nil
}

// document reads an entry whole, if it has at most the given number of bytes.
func (a *archive) document(name string, most uint64) ([]byte, error) {
	f, err := a.find(name)
	if err != nil {
		return nil, err
	}
	if f.UncompressedSize64 > most {
		return nil, fault(TooLarge, name, "has %d bytes, and at most %d are read", f.UncompressedSize64, most)
	}
	n := int(f.UncompressedSize64)
	if err := a.take(name, int64(n)); err != nil {
		return nil, err
	}
	if err := a.start(f); err != nil {
		return nil, err
	}
	text := make([]byte, 0, n)
	if err := a.each(f, n, 1, func(piece []byte) { text = append(text, piece...) }); err != nil {
		return nil, err
	}
	return text, a.finish(f)
}

// broken says what an error in reading an entry means. Errors of the file
// system stay what they are.
func broken(name string, err error) error {
	switch {
	case errors.Is(err, zip.ErrChecksum):
		return fault(Damaged, name, "the checksum is another than that of its bytes")
	case errors.Is(err, zip.ErrFormat):
		return fault(Damaged, name, "no entry begins where the directory of the zip says")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fault(Damaged, name, "ends too early")
	}
	return fmt.Errorf("%s: %w", name, err)
}

var errDirectory = errors.New("too much read")

// metered lets a number of bytes be read, or any where it is negative.
type metered struct {
	r    io.ReaderAt
	left int64
}

func (m *metered) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 { // of a directory that names such a place
		return 0, zip.ErrFormat
	}
	if m.left >= 0 {
		if int64(len(p)) > m.left {
			return 0, errDirectory
		}
		m.left -= int64(len(p))
	}
	return m.r.ReadAt(p, off)
}

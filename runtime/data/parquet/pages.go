package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// The kinds of pages (format.PageType).
const (
	dataPage       = int64(format.DataPage)
	indexPage      = int64(format.IndexPage)
	dictionaryPage = int64(format.DictionaryPage)
	dataPageV2     = int64(format.DataPageV2)
)

// The fields of a page's header (parquet.thrift, PageHeader).
var (
	pageType         = [2]int{1, 0}
	uncompressedSize = [2]int{2, 0}
	compressedSize   = [2]int{3, 0}
	valuesV1         = [2]int{5, 1}
	valuesV2         = [2]int{8, 1}
	encodingV1       = [2]int{5, 2}
	definitionsV1    = [2]int{5, 3}
	repetitionsV1    = [2]int{5, 4}
	rowsV2           = [2]int{8, 3}
	encodingV2       = [2]int{8, 4}
	packedV2         = [2]int{8, 7}
	definitionV2     = [2]int{8, 5}
	repetitionV2     = [2]int{8, 6}
)

const (
	// maxPage is how large a page may be, unpacked: 512 MB, where writers make pages of some megabytes.
	maxPage = 1 << 29
	// maxRatio is by what a page may have been packed, if it is large at all: zeros by zstd come to 1/17,000.
	maxRatio, packedPage = 1 << 15, 1 << 26
	// maxPageValues is how many values a page may have: some writers put a row group into one.
	maxPageValues = 1 << 26
	// headerBytes is what is read at first for the header of a page, maxHeader what one may take.
	headerBytes, maxHeader = 1 << 9, 1 << 24
)

// page is where a page of data lies.
type page struct {
	at     int64
	values int64
	// rows is how many rows begin in the page: -1, of lists, as long as nobody knows.
	rows int64
}

// chunk is a column of a row group.
type chunk struct {
	meta  *format.ColumnMetaData
	from  *parquet.FileColumnChunk
	leaf  *parquet.Column
	rows  int64                   // of the row group
	codec format.CompressionCodec // that parquet-go will use
	// start of the chunk, and where its first page of data lies.
	start, data int64
	pages       []page
}

// walk finds the pages of a chunk. Lists says that values are not rows.
func (f *File) walk(c *chunk, lists bool) error {
	m := c.meta
	c.start = m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		c.start = m.DictionaryPageOffset
	}
	end := c.start + m.TotalCompressedSize
	if c.start < 4 || m.TotalCompressedSize < 0 || end > f.size-8 {
		return fmt.Errorf("a column is said to lie at bytes %d to %d of %d", c.start, end, f.size)
	}
	c.data = -1
	for at, values := c.start, int64(0); at < end && values < m.NumValues; {
		h, n, err := f.header(at, end)
		if err != nil {
			return err
		}
		next := at + n + h[compressedSize]
		p := page{at: at}
		switch h[pageType] {
		case dataPage:
			p.values, p.rows = h[valuesV1], -1
		case dataPageV2:
			p.values, p.rows = h[valuesV2], h[rowsV2]
		}
		if !lists {
			p.rows = p.values
		}
		if err := f.checkPage(c, h, at+n, end, p); err != nil {
			return err
		}
		switch h[pageType] {
		case dataPage, dataPageV2:
			if c.data < 0 {
				c.data = at
			}
			c.pages = append(c.pages, p)
			values += p.values
		case dictionaryPage:
			if c.data >= 0 {
				return errors.New("a dictionary stands behind the values that use it")
			}
		}
		at = next
	}
	return nil
}

// header reads the header of the page at an offset, and gives its length.
func (f *File) header(at, end int64) (h map[[2]int]int64, length int64, err error) {
	for n := int64(headerBytes); ; n *= 8 {
		b := make([]byte, min(n, end-at))
		if _, err := f.r.ReadAt(b, at); err != nil && err != io.EOF {
			return nil, 0, err
		}
		h, k, err := walk(b)
		switch {
		case err == nil:
			return h, int64(k), nil
		case err != io.ErrUnexpectedEOF:
			return nil, 0, err
		case n >= end-at:
			return nil, 0, errors.New("the header of a page is cut short")
		case n >= maxHeader:
			return nil, 0, errThrift
		}
	}
}

// checkPage refuses a page whose sizes cannot be: they are what parquet-go would allocate.
func (f *File) checkPage(c *chunk, h map[[2]int]int64, body, end int64, p page) error {
	packed, size := h[compressedSize], h[uncompressedSize]
	switch {
	case packed < 0 || size < 0 || p.values < 0 || p.rows < -1 || p.rows > p.values:
		return errors.New("a page has sizes below zero")
	case packed > end-body:
		return fmt.Errorf("a page of %d bytes is cut short", packed)
	case size > maxPage, size > packedPage && size/maxRatio > packed, p.values > maxPageValues:
		return fmt.Errorf("a page of %d bytes has %d bytes and %d values when unpacked", packed, size, p.values)
	}
	// Levels of a page of version 2 stand before the values, not packed.
	levels := int64(0)
	if h[pageType] == dataPageV2 {
		levels = h[definitionV2] + h[repetitionV2]
	}
	if levels < 0 || levels > packed || levels > size {
		return errors.New("a page has levels that are longer than it is")
	}
	codec := c.codec
	if packs, given := h[packedV2]; given && packs == 0 {
		codec = format.Uncompressed
	}
	if err := f.checkPacked(codec, body+levels, packed-levels, size-levels); err != nil {
		return err
	}
	return f.checkBody(c, codec, h, body, packed, levels, p.values)
}

// spliced is a file in which the pages of a chunk before one of them, which stand at from, are left out:
// skip bytes of them.
type spliced struct {
	r          io.ReaderAt
	from, skip int64
}

func (s spliced) ReadAt(b []byte, at int64) (int, error) {
	if at >= s.from {
		return s.r.ReadAt(b, at+s.skip)
	}
	if left := s.from - at; int64(len(b)) > left {
		n, err := s.r.ReadAt(b[:left], at)
		if err != nil {
			return n, err
		}
		k, err := s.r.ReadAt(b[left:], s.from+s.skip)
		return n + k, err
	}
	return s.r.ReadAt(b, at)
}

// open gives the pages of a chunk from page k on.
func (f *File) open(c *chunk, k int) *parquet.FilePages {
	if k == 0 {
		return c.from.PagesFrom(f.r)
	}
	return c.from.PagesFrom(spliced{f.r, c.data, c.pages[k].at - c.data})
}

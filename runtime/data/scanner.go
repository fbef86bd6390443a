package data

import (
	"context"
	"io"

	"ppl/lang/diag"
)

// scanner gives the bytes of a source one by one and knows where they stand. It
// ends, with err set, when reading fails or the context is cancelled.
type scanner struct {
	ctx      context.Context
	r        io.Reader
	buf      []byte
	pos, end int
	base     int64 // offset of buf[0]
	line     int   // from 1
	bol      int64 // offset of the start of the line
	multi    int   // bytes of the line that continue a character
	eof      bool
	err      error
	skipped  int64 // bytes of a mark at the start that offsets leave out
}

const bufferSize = 1 << 16

func newScanner(ctx context.Context, r io.Reader) *scanner {
	s := newScannerAt(ctx, r)
	s.skipBOM()
	return s
}

// newScannerAt is a scanner of what does not begin with the start of a file.
func newScannerAt(ctx context.Context, r io.Reader) *scanner {
	return &scanner{ctx: ctx, r: r, buf: make([]byte, bufferSize), line: 1}
}

// head returns up to n bytes that are next, without consuming them.
func (s *scanner) head(n int) []byte {
	for s.end-s.pos < n && !s.eof {
		s.fill()
	}
	return s.buf[s.pos:min(s.pos+n, s.end)]
}

// fill reads more, keeping what is not consumed.
func (s *scanner) fill() {
	copy(s.buf, s.buf[s.pos:s.end])
	s.base += int64(s.pos)
	s.end -= s.pos
	s.pos = 0
	if err := s.ctx.Err(); err != nil {
		s.err, s.eof = err, true
		return
	}
	for tries := 0; tries < 100; tries++ {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.err = err
			}
			return
		}
		if n > 0 {
			return
		}
	}
	s.err, s.eof = io.ErrNoProgress, true
}

// peek returns the next byte; ok is false at the end.
func (s *scanner) peek() (c byte, ok bool) {
	for s.pos == s.end {
		if s.eof {
			return 0, false
		}
		s.fill()
	}
	return s.buf[s.pos], true
}

// take consumes the byte that peek returned.
func (s *scanner) take() {
	c := s.buf[s.pos]
	s.pos++
	switch {
	case c == '\n':
		s.line++
		s.bol, s.multi = s.offset(), 0
	case c&0xC0 == 0x80:
		s.multi++
	}
}

// run returns the bytes in the buffer up to the first of three, and consumes
// them. There are none if one of the three is next, or nothing is buffered.
func (s *scanner) run(a, b, c byte) []byte {
	rest := s.buf[s.pos:s.end]
	n := len(rest)
	for i, x := range rest {
		if x == a || x == b || x == c {
			n = i
			break
		}
		if x&0xC0 == 0x80 {
			s.multi++
		}
	}
	s.pos += n
	return rest[:n]
}

func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

// column of the next byte, in characters from 1.
func (s *scanner) column() int { return int(s.offset()-s.bol) - s.multi + 1 }

// skipBOM leaves out a byte order mark; offsets start after it.
func (s *scanner) skipBOM() {
	if h := s.head(3); len(h) == 3 && h[0] == 0xEF && h[1] == 0xBB && h[2] == 0xBF {
		s.pos += 3
		s.base -= 3
		s.skipped = 3
	}
}

// place is a position in a source.
type place struct {
	offset       int64
	line, column int
}

func (s *scanner) here() place { return place{s.offset(), s.line, s.column()} }

// fault is an error in the text of a source.
type fault struct {
	place
	length  int       // bytes to underline
	code    diag.Code // empty: syntaxError
	summary string
	found   string
	hint    string
}

func (f *fault) Error() string { return f.summary }

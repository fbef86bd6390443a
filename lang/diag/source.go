package diag

import (
	"sort"
	"unicode/utf8"
)

// Source is a named text with an index of its lines.
type Source struct {
	Name  string // as shown to the user: a path, or "<input>"
	Text  string
	lines []int // byte offset of the start of each line
}

// NewSource indexes text. A line ends at "\n", "\r\n" or a lone "\r".
func NewSource(name, text string) *Source {
	s := &Source{Name: name, Text: text, lines: []int{0}}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\n':
			s.lines = append(s.lines, i+1)
		case '\r':
			if i+1 >= len(text) || text[i+1] != '\n' {
				s.lines = append(s.lines, i+1)
			}
		}
	}
	return s
}

// Position is a place for people: both numbers start at 1, Column counts runes.
type Position struct {
	Line, Column int
}

// Position converts a byte offset. Offsets outside the text are clamped.
func (s *Source) Position(offset int) Position {
	offset = max(0, min(offset, len(s.Text)))
	line := s.LineOf(offset)
	return Position{Line: line, Column: utf8.RuneCountInString(s.Text[s.lines[line-1]:offset]) + 1}
}

// LineOf is the line (from 1) of a byte offset. It does not look at the text,
// as the column of a Position must.
func (s *Source) LineOf(offset int) int {
	offset = max(0, min(offset, len(s.Text)))
	return sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > offset })
}

// Line returns the text of a line (from 1) without its line break, and the
// byte offset at which it starts.
func (s *Source) Line(n int) (text string, start int) {
	if n < 1 || n > len(s.lines) {
		return "", len(s.Text)
	}
	start = s.lines[n-1]
	end := len(s.Text)
	if n < len(s.lines) {
		end = s.lines[n]
	}
	for end > start && (s.Text[end-1] == '\n' || s.Text[end-1] == '\r') {
		end--
	}
	return s.Text[start:end], start
}

// Slice returns the text of a span, clamped to the source.
func (s *Source) Slice(sp Span) string {
	a := max(0, min(sp.Start, len(s.Text)))
	b := max(a, min(sp.End, len(s.Text)))
	return s.Text[a:b]
}

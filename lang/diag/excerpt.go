package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

const (
	tabWidth = 4
	// excerptWidth is how many columns of a source line are shown; a longer
	// line is shown in a window around the span.
	excerptWidth = 100
	// windowBefore is how much of a long line is kept before the span.
	windowBefore = 30
)

// widths measures characters as a terminal does. East Asian ambiguous ones
// count one column whatever the locale, so that output does not depend on it.
var widths = &runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}

// excerpt prints the lines of a span with the span underlined by mark. Of a
// span over several lines the first and the last are shown.
func (r *renderer) excerpt(s *Source, sp Span, pad int, st style, mark rune, label string) {
	sp.Start = max(0, min(sp.Start, len(s.Text)))
	sp.End = max(sp.Start, min(sp.End, len(s.Text)))
	// A span that ends with its line break ends on that line.
	for sp.End > sp.Start && (s.Text[sp.End-1] == '\n' || s.Text[sp.End-1] == '\r') {
		sp.End--
	}
	first, last := s.LineOf(sp.Start), s.LineOf(sp.End)
	r.gutter(pad, "")
	if first == last {
		r.line(s, first, sp, pad, st, mark, label)
		return
	}
	r.line(s, first, sp, pad, st, mark, "")
	if last > first+1 {
		fmt.Fprintf(&r.b, "%s\n", r.paint(styleGutter, strings.Repeat(".", pad+1)))
	}
	r.line(s, last, sp, pad, st, mark, label)
}

// gutter prints the margin of a line that has no number.
func (r *renderer) gutter(pad int, rest string) {
	text := strings.Repeat(" ", pad+2) + r.paint(styleGutter, "|")
	r.b.WriteString(text + rest + "\n")
}

// line prints one source line and the underline of its part of sp.
func (r *renderer) line(s *Source, n int, sp Span, pad int, st style, mark rune, label string) {
	shown, col, width := lineWindow(s, n, sp)
	fmt.Fprintf(&r.b, "%s %s\n", r.paint(styleGutter, fmt.Sprintf(" %*d |", pad, n)), shown)
	r.marks(col, width, pad, st, mark, label)
}

// underline marks a second span under a line that was just printed.
func (r *renderer) underline(s *Source, sp Span, pad int, st style, mark rune, label string) {
	_, col, width := lineWindow(s, s.LineOf(sp.Start), sp)
	r.marks(col, width, pad, st, mark, label)
}

// oneLine reports whether a span lies in one line that is shown whole.
func oneLine(s *Source, sp Span) bool {
	n := s.LineOf(sp.Start)
	text, _ := s.Line(n)
	return n == s.LineOf(sp.End) && len(text) <= excerptWidth
}

func (r *renderer) marks(col, width, pad int, st style, mark rune, label string) {
	under := r.paint(st, strings.Repeat(string(mark), max(1, width)))
	if label != "" {
		under += " " + r.paint(st, printable(label))
	}
	r.gutter(pad, " "+strings.Repeat(" ", col)+under)
}

// lineWindow lays out line n and finds where its part of sp stands in it.
func lineWindow(s *Source, n int, sp Span) (shown string, col, width int) {
	text, start := s.Line(n)
	from := max(0, min(sp.Start-start, len(text)))
	to := max(from, min(sp.End-start, len(text)))
	if from == 0 && sp.Start < start { // a later line of the span: leave out its indent
		from = min(to, len(text)-len(strings.TrimLeft(text, " \t")))
	}
	return window(text, from, to)
}

// window lays out text for a terminal and returns it with the column and
// width of the bytes [from, to). Only a part of a long line is shown.
func window(text string, from, to int) (shown string, col, width int) {
	lo, hi := 0, len(text)
	if len(text) > excerptWidth && runewidthOf(text) > excerptWidth {
		if from > excerptWidth-windowBefore {
			lo = backRunes(text, from, windowBefore)
		}
		hi = forwardRunes(text, lo, excerptWidth-6)
	}
	var b strings.Builder
	if lo > 0 {
		b.WriteString("...")
	}
	at := b.Len()
	col, end := -1, -1
	for i := lo; i < hi; {
		if i >= from && col < 0 {
			col = at
		}
		if i >= to && end < 0 {
			end = at
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		cell, w := cellOf(r, n, at)
		b.WriteString(cell)
		at += w
		i += n
	}
	if col < 0 {
		col = at
	}
	if end < 0 {
		end = at
	}
	if hi < len(text) {
		b.WriteString("...")
	}
	return b.String(), col, end - col
}

// runewidthOf is the width of a line, or a bound above excerptWidth for one
// that is surely longer.
func runewidthOf(text string) int {
	if len(text) > 8*excerptWidth {
		return len(text)
	}
	at := 0
	for i, r := range text {
		_, n := utf8.DecodeRuneInString(text[i:])
		_, w := cellOf(r, n, at)
		at += w
	}
	return at
}

// cellOf is how one character is shown at a column: tabs as blanks, control
// characters and broken bytes as a replacement character, since the text of a
// user must not drive the terminal.
func cellOf(r rune, n, at int) (string, int) {
	switch {
	case r == '\t':
		w := tabWidth - at%tabWidth
		return strings.Repeat(" ", w), w
	case r == utf8.RuneError && n <= 1, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
		return "\uFFFD", 1
	}
	return string(r), widths.RuneWidth(r)
}

func backRunes(text string, i, n int) int {
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:i])
		i -= size
	}
	return i
}

func forwardRunes(text string, i, n int) int {
	for ; n > 0 && i < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	return i
}

// printable makes text from outside safe for a terminal.
func printable(text string) string {
	safe := func(r rune) bool { return r != utf8.RuneError && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) }
	if strings.IndexFunc(text, func(r rune) bool { return !safe(r) }) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		if safe(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

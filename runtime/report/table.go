package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"ppl/graph"
)

// Table is rows of text in columns: the first is set left, the others are
// numbers with their decimal points below one another.
type Table struct {
	Head []string
	Rows [][]string // of len(Head) cells, or one that stands alone
}

// Add adds a row.
func (t *Table) Add(cells ...string) {
	cells[0] = shorten(Printable(cells[0]))
	t.Rows = append(t.Rows, cells)
}

const gap = 3 // blanks between columns

// Write prints the table; bold marks its head.
func (t *Table) Write(w io.Writer, bold func(string) string) {
	cols := make([]column, len(t.Head))
	for _, r := range t.Rows {
		for i, cell := range r {
			cols[i].measure(cell)
		}
	}
	names := 0
	for _, r := range t.Rows {
		if len(r) > 1 || len(t.Head) == 1 {
			names = max(names, Width(r[0]))
		}
	}
	names = max(names, Width(t.Head[0]))
	var b strings.Builder
	b.WriteString(PadRight(t.Head[0], names))
	for i := 1; i < len(t.Head); i++ {
		b.WriteString(strings.Repeat(" ", gap) + padLeft(t.Head[i], cols[i].width(t.Head[i])))
	}
	fmt.Fprintln(w, bold(strings.TrimRight(b.String(), " ")))
	for _, r := range t.Rows {
		b.Reset()
		b.WriteString(PadRight(r[0], names))
		for i := 1; i < len(r); i++ {
			b.WriteString(strings.Repeat(" ", gap) + padLeft(cols[i].align(r[i]), cols[i].width(t.Head[i])))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// column is the room that a column of numbers needs on both sides of the point.
type column struct{ left, right int }

func split(cell string) (left, right string) {
	if i := strings.IndexByte(cell, '.'); i >= 0 {
		return cell[:i], cell[i:]
	}
	if i := strings.IndexByte(cell, 'e'); i > 0 {
		return cell[:i], cell[i:]
	}
	return cell, ""
}

func (c *column) measure(cell string) {
	left, right := split(cell)
	c.left, c.right = max(c.left, Width(left)), max(c.right, Width(right))
}

func (c *column) align(cell string) string {
	left, right := split(cell)
	return padLeft(left, c.left) + PadRight(right, c.right)
}

func (c *column) width(head string) int { return max(c.left+c.right, Width(head)) }

// widths counts columns as the diagnostics do: ambiguous characters take one.
var widths = &runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}

// Width is the number of columns that a text takes.
func Width(s string) int { return widths.StringWidth(s) }

// PadRight fills a text with blanks up to a width.
func PadRight(s string, n int) string { return s + strings.Repeat(" ", max(0, n-Width(s))) }
func padLeft(s string, n int) string  { return strings.Repeat(" ", max(0, n-Width(s))) + s }

// shorten cuts names that would push the numbers off the screen.
func shorten(s string) string { return widths.Truncate(s, 48, "…") }

// Printable makes text from outside (labels, keys) safe for a terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// Numbers prints numbers with one precision, as many digits as are of use where their sd is so
// large.
func Numbers(sd float64, values ...float64) []string { return row(sd, values...) }

// row prints numbers with one precision: two or three digits of the sd show.
func row(sd float64, values ...float64) []string {
	largest := 0.0
	for _, v := range values {
		if graph.Finite(v) {
			largest = math.Max(largest, math.Abs(v))
		}
	}
	digits := decimals(sd, largest)
	out := make([]string, len(values))
	for i, v := range values {
		switch before := int(math.Floor(math.Log10(math.Max(largest, 1)))); {
		case digits > 8 || before >= 9 && digits+before <= 9:
			out[i] = toPlace(v, digits, mostDigits)
		default: // of numbers that differ late, too
			out[i] = Fixed(v, max(0, digits))
		}
	}
	return out
}

// mostDigits is how many decimals of a mantissa a float64 may tell.
const mostDigits = 16

// decimals is the number of digits after the point with which an sd is 30 to
// 300 units of the last place: 2 from 0.3, 1 from 3. It is negative from 300.
// Without a useful sd, six digits of the value show; of a constant, those that
// it has.
func decimals(sd, largest float64) int {
	switch {
	case graph.Finite(sd) && sd > 0:
		return 2 - int(math.Floor(math.Log10(sd/0.3)+1e-9))
	case largest > 0:
		d := max(0, 5-int(math.Floor(math.Log10(largest))))
		for d > 0 && sd == 0 && whole(largest*math.Pow10(d-1)) {
			d--
		}
		return d
	}
	return 0
}

// whole reports whether x is an integer but for rounding.
func whole(x float64) bool { return math.Abs(x-math.Round(x)) <= 1e-9*math.Abs(x) }

// Fixed prints x with d digits after the point, and no minus before a zero.
func Fixed(x float64, d int) string {
	if !graph.Finite(x) {
		return nonFinite(x)
	}
	s := strconv.FormatFloat(x, 'f', d, 64)
	if strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") == "" {
		return s[1:]
	}
	return s
}

// scientific prints x to the decimal place that fixed would, but at most ten digits.
func scientific(x float64, d int) string { return toPlace(x, d, 9) }

// toPlace prints x with an exponent to the d-th decimal place, with at most so many
// decimals of the mantissa.
func toPlace(x float64, d, most int) string {
	if !graph.Finite(x) {
		return nonFinite(x)
	}
	if x == 0 {
		return "0"
	}
	return strconv.FormatFloat(x, 'e', min(max(0, d+int(math.Floor(math.Log10(math.Abs(x))))), most), 64)
}

func nonFinite(x float64) string {
	switch {
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	}
	return "NaN"
}

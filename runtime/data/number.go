package data

import (
	"bytes"
	"math"
	"strconv"
)

// maxExact is the largest integer up to which float64 holds all of them.
const maxExact = 1 << 53

// number is what a numeric literal stands for.
type number struct {
	x float64
	// big marks an integer literal beyond 2^53, whose last digits are lost.
	big bool
	// over marks a literal beyond the range of float64, under one that is not 0 and
	// closer to it than any float64.
	over, under bool
	// zeros marks leading zeros, which matter to labels ("007").
	zeros bool
}

// parseNumber reads a decimal literal: sign, digits, point, exponent. It is
// strict about everything that strconv also takes (hexadecimal, "inf",
// underscores), so that a label never turns into a number.
func parseNumber(b []byte) (number, bool) {
	form, ok := scanNumber(b)
	if !ok {
		return number{}, false
	}
	n := number{zeros: form.zeros}
	if form.integer && form.digits <= 15 {
		n.x = smallInt(b)
		return n, true
	}
	x, err := strconv.ParseFloat(string(b), 64)
	if err != nil && math.IsInf(x, 0) {
		n.over = true
		return n, true
	}
	n.x = x
	n.under = x == 0 && bytes.ContainsAny(significand(b), "123456789")
	n.big = form.integer && math.Abs(x) >= maxExact
	return n, true
}

// significand is a literal without its exponent.
func significand(b []byte) []byte {
	if e := bytes.IndexAny(b, "eE"); e >= 0 {
		return b[:e]
	}
	return b
}

// numberForm describes the spelling of a literal.
type numberForm struct {
	digits  int  // of the whole part
	integer bool // neither point nor exponent
	zeros   bool // a zero before other digits of the whole part
	bare    bool // `.5`, `5.` or `+5`: right in CSV, wrong in JSON
}

func scanNumber(b []byte) (numberForm, bool) {
	f := numberForm{integer: true}
	i := 0
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		f.bare = b[i] == '+'
		i++
	}
	whole := digitsFrom(b, i)
	f.digits = whole - i
	f.zeros = f.digits > 1 && b[i] == '0'
	i = whole
	fraction := 0
	if i < len(b) && b[i] == '.' {
		f.integer = false
		end := digitsFrom(b, i+1)
		fraction = end - i - 1
		f.bare = f.bare || fraction == 0 || f.digits == 0
		i = end
	}
	if f.digits+fraction == 0 {
		return f, false
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		f.integer = false
		i++
		if i < len(b) && (b[i] == '-' || b[i] == '+') {
			i++
		}
		end := digitsFrom(b, i)
		if end == i {
			return f, false
		}
		i = end
	}
	return f, i == len(b)
}

func digitsFrom(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// smallInt reads an integer literal of at most 15 digits.
func smallInt(b []byte) float64 {
	negative := b[0] == '-'
	if negative || b[0] == '+' {
		b = b[1:]
	}
	n := int64(0)
	for _, c := range b {
		n = 10*n + int64(c-'0')
	}
	x := float64(n)
	if negative {
		x = -x // of 0: -0, as strconv has it
	}
	return x
}

// specialNumber reads the words for values that have no digits.
func specialNumber(b []byte) (float64, bool) {
	if len(b) < 3 || len(b) > 9 {
		return 0, false
	}
	switch string(b) {
	case "NaN", "nan", "NAN", "-NaN", "-nan":
		return math.NaN(), true
	case "Inf", "inf", "INF", "+Inf", "+inf", "Infinity", "infinity", "+Infinity":
		return math.Inf(1), true
	case "-Inf", "-inf", "-INF", "-Infinity", "-infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// pushBare adds a cell written without quotes, in CSV or in an assignment:
// nothing, NA and NaN are missing, then numbers, booleans and texts.
func (b *builder) pushBare(s []byte) {
	if len(s) == 0 {
		b.push(math.NaN(), tagNull)
		return
	}
	if n, ok := parseNumber(s); ok {
		b.pushNumber(s, n)
		return
	}
	switch string(s) {
	case "NA":
		b.push(math.NaN(), tagNull)
	case "true", "TRUE", "True":
		b.pushText(s, textBool, 1)
	case "false", "FALSE", "False":
		b.pushText(s, textBool, 0)
	default:
		x, ok := specialNumber(s)
		switch {
		case !ok:
			b.pushText(s, textOnly, 0)
		case math.IsNaN(x):
			b.push(x, tagNull)
		default:
			b.pushText(s, textNumber, x)
		}
	}
}

// pushNumber adds the number that s spells.
func (b *builder) pushNumber(s []byte, n number) {
	switch {
	case n.over, n.under:
		b.pushText(s, textOnly, 0)
	case n.zeros || n.big:
		b.pushText(s, textNumber, n.x)
	default:
		b.push(n.x, tagNumber)
	}
}

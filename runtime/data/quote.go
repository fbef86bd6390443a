package data

import (
	"strconv"
	"strings"
)

// QuoteCell writes a label as a cell of a CSV file, in quotation marks. Some
// labels have no such cell, since a quoted number is a number and an empty cell
// is missing: then ok is false.
func QuoteCell(label string) (cell string, ok bool) {
	var c column
	c.add([]byte(label), true)
	read := c.cells()
	switch t := read.tag(0); {
	case t > 0:
		ok = read.text(0).s == label
	case t == tagNumber:
		ok = strconv.FormatFloat(read.nums[0], 'f', -1, 64) == label
	}
	return `"` + strings.ReplaceAll(label, `"`, `""`) + `"`, ok
}

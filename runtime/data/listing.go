package data

import (
	"fmt"
	"strconv"
	"strings"

	"ppl/lang/diag"
)

// maxListed is how many elements a message lists.
const maxListed = 10

// bracket writes an index, from 1: `[3, 1]`. base is added to each entry.
func bracket(index []int, base int) string {
	parts := make([]string, len(index))
	for i, k := range index {
		parts[i] = strconv.Itoa(k + base + 1)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// unravel turns a row-major offset into an index.
func unravel(i int, shape []int) []int {
	out := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		if shape[d] > 0 {
			out[d] = i % shape[d]
			i /= shape[d]
		}
	}
	return out
}

// size is the number of elements of a shape.
func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// count writes "1 element", "2 elements".
func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// plain writes a number as a person would.
func plain(x float64) string { return diag.Number(x) }

// shortened cuts a long text.
func shortened(s string) string {
	const most = 60
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "..."
}

// listed joins the first ten of n items.
func listed(items []string, n int) string {
	if len(items) > maxListed {
		items = items[:maxListed]
	}
	out := strings.Join(items, ", ")
	if n > len(items) {
		out += fmt.Sprintf(", and %d more", n-len(items))
	}
	return out
}

// shapeText writes the shape of a value: `real[3, 2]` without its type.
func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "a scalar"
	}
	if len(shape) == 1 {
		return "an array of length " + strconv.Itoa(shape[0])
	}
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	return "an array [" + strings.Join(parts, ", ") + "]"
}

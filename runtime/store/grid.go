package store

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
)

// chunkElements is the most elements of a chunk: 4 MiB of numbers, so that a
// chunk is worth a request and does not weigh in memory.
const chunkElements = 1 << 19

// maxRank is the most dimensions of an array, as in numpy.
const maxRank = 32

// A grid cuts an array into chunks that are runs of consecutive elements: a
// chunk has length 1 along the outer dimensions, any length along one, and the
// whole length along the inner ones. The last chunk along the dimension that
// is cut may reach beyond the array; there it is padded, as Zarr wants it.
type grid struct {
	shape []int
	chunk []int
	size  int // elements of the array
	block int // elements of a chunk, padding included
}

// elements returns the product of a shape, and whether it is one whose bytes
// can be counted.
func elements(shape []int) (int, bool) {
	switch {
	case len(shape) > 0 && slices.Min(shape) < 0:
		return 0, false
	case slices.Contains(shape, 0):
		return 0, true
	}
	size := 1
	for _, n := range shape {
		if size > math.MaxInt/8/n {
			return 0, false
		}
		size *= n
	}
	return size, true
}

// cut lays chunks of at most the given number of elements over a shape whose
// product can be counted. The parts of the dimension that is cut are as equal
// as they can be, which keeps the padding below their number.
func cut(shape []int, most int) grid {
	g := grid{shape: shape, chunk: make([]int, len(shape)), block: 1}
	g.size, _ = elements(shape)
	whole := true
	for i := len(shape) - 1; i >= 0; i-- {
		n := max(1, shape[i])
		switch {
		case !whole:
			g.chunk[i] = 1
		case n <= most/g.block:
			g.chunk[i] = n
		default:
			g.chunk[i] = parts(n, parts(n, most/g.block))
			whole = false
		}
		g.block *= g.chunk[i]
	}
	return g
}

// parts returns how many parts of length at most size make up n.
func parts(n, size int) int { return 1 + (n-1)/size }

// gridOf returns the grid that a file states, or false where its chunks are
// not runs of consecutive elements or cannot be counted.
func gridOf(shape, chunk []int) (grid, bool) {
	g := grid{shape: shape, chunk: chunk}
	var ok, countable bool
	g.size, ok = elements(shape)
	g.block, countable = elements(chunk)
	if !ok || !countable || len(shape) != len(chunk) {
		return g, false
	}
	whole := true
	for i := len(shape) - 1; i >= 0; i-- {
		n := max(1, shape[i])
		if chunk[i] < 1 || chunk[i] > n || !whole && chunk[i] != 1 {
			return g, false
		}
		whole = whole && chunk[i] == n
	}
	return g, true
}

// count returns the number of chunks.
func (g grid) count() int {
	if g.size == 0 {
		return 0
	}
	count := 1
	for i, n := range g.shape {
		count *= parts(n, g.chunk[i]) // no more than the elements
	}
	return count
}

// chunks walks the chunks in the order of the elements: the key of each, and
// how many elements of the array it holds.
func (g grid) chunks() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		at := make([]int, len(g.shape))
		for range g.count() {
			held := 1
			for i, c := range g.chunk {
				held *= min(c, g.shape[i]-at[i]*c)
			}
			if !yield(key(at), held) {
				return
			}
			for i := len(at) - 1; i >= 0; i-- {
				if at[i]++; at[i] < parts(g.shape[i], g.chunk[i]) {
					break
				}
				at[i] = 0
			}
		}
	}
}

// key returns the name of the entry of a chunk: "0.3.0", or "0" for a scalar.
func key(at []int) string {
	if len(at) == 0 {
		return "0"
	}
	var b strings.Builder
	for i, k := range at {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.Itoa(k))
	}
	return b.String()
}

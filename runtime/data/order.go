package data

import (
	"fmt"

	"ppl/inference/random"
)

// order is the order in which the rows of a table are visited in one epoch, when blocks of them are in memory at a
// time. Blocks are shuffled, and so many of them as the memory holds are a window; the rows of a window are shuffled
// as a whole. Every row is visited once. Where a table can only be read from its start, its blocks come in
// their own order, and the first window is of another length in each epoch, so that a row does not always have
// the same neighbours.
//
// All of it follows from seed and epoch (and the sizes of the table, of its blocks and of the memory, which are the
// same on every machine): where in an epoch a batch begins can be worked out without what comes before.
type order struct {
	seed   uint64
	epoch  int
	rows   int   // of the table
	block  int   // rows of a block, but the last
	blocks []int // as they are visited
	ends   []int // of windows, in blocks
}

// newOrder orders rows in blocks, of which a window has held.
func newOrder(seed uint64, epoch, rows, block, held int, inOrder bool) *order {
	o := &order{seed: seed, epoch: epoch, rows: rows, block: block}
	r := random.Stream(seed, "blocks of rows", epoch)
	o.blocks = make([]int, (rows+block-1)/block)
	for i := range o.blocks {
		o.blocks[i] = i
	}
	first := held
	if inOrder {
		if len(o.blocks) > held {
			first = 1 + r.IntN(held)
		}
	} else {
		r.Shuffle(len(o.blocks), func(i, j int) { o.blocks[i], o.blocks[j] = o.blocks[j], o.blocks[i] })
	}
	for end := first; len(o.ends) == 0 || o.ends[len(o.ends)-1] < len(o.blocks); end += held {
		o.ends = append(o.ends, min(end, len(o.blocks)))
	}
	return o
}

// size is the number of rows of a block.
func (o *order) size(block int) int { return min(o.block, o.rows-block*o.block) }

// window are the blocks of a window, and the number of their rows.
func (o *order) window(w int) (blocks []int, rows int) {
	start := 0
	if w > 0 {
		start = o.ends[w-1]
	}
	blocks = o.blocks[start:o.ends[w]]
	for _, b := range blocks {
		rows += o.size(b)
	}
	return blocks, rows
}

// find is the window of the k-th row of the epoch, and the place of that row in it. After the last row it is the number
// of windows.
func (o *order) find(k int) (w, at int) {
	for ; w < len(o.ends); w++ {
		_, rows := o.window(w)
		if k < rows {
			return w, k
		}
		k -= rows
	}
	return w, 0
}

// shuffle fills at with the places of a window's rows in the order of their visit.
func (o *order) shuffle(w int, at []int32) {
	for i := range at {
		at[i] = int32(i)
	}
	r := random.Stream(o.seed, fmt.Sprintf("rows of epoch %d", o.epoch), w)
	r.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
}

package data

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"ppl/lang/diag"
)

// Batch is some rows of a stream, until the next one is asked for.
type Batch struct {
	// Rows is how many there are.
	Rows int
	// Index has the number of each row among all rows, from 0.
	Index []int
	// Values has the elements of each column of the stream, row after row: Rows times Elements numbers. Labels are codes, from
	// 1, booleans 0 and 1.
	Values [][]float64
	// Missing marks the elements that are missing, whose Values are NaN; nil for a column that has none.
	Missing [][]bool
}

// window is a part of the rows, in memory.
type window struct {
	batch Batch
	at    []int32 // the order in which its rows are visited
	whole bool    // it has all rows, in their own order
}

// resize makes room for rows.
func (b *Batch) resize(rows int, columns []Column) {
	b.Rows = rows
	b.Index = grown(b.Index, rows)
	if b.Values == nil {
		b.Values, b.Missing = make([][]float64, len(columns)), make([][]bool, len(columns))
	}
	for i, c := range columns {
		b.Values[i] = grown(b.Values[i], rows*c.Elements)
		if c.Missing > 0 {
			b.Missing[i] = grown(b.Missing[i], rows*c.Elements)
		}
	}
}

// grown is a slice of n elements, in the same memory if that is large enough.
func grown[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// copyRow copies row i of another batch to row k.
func (b *Batch) copyRow(k int, from *Batch, i int, columns []Column) {
	b.Index[k] = from.Index[i]
	for j := range columns {
		n := columns[j].Elements
		if n == 1 {
			b.Values[j][k] = from.Values[j][i]
		} else {
			copy(b.Values[j][k*n:(k+1)*n], from.Values[j][i*n:(i+1)*n])
		}
		if from.Missing[j] != nil {
			copy(b.Missing[j][k*n:(k+1)*n], from.Missing[j][i*n:(i+1)*n])
		}
	}
}

// Batches visits all rows once, size at a time (the last batch has the rest), in an order that follows from seed and epoch:
// blocks of rows are visited in a random order, as many as the memory has room for at a time, and their rows as if dealt from one
// pack. Where all rows have room, that is a random order of the rows. The same seed, epoch, data and options give the
// same batches on every machine.
//
// It begins with batch from of the epoch, from 0, without reading what comes before, but for an iterator (RowsPart), which
// is read from its start. A batch is good until the next one. An error, that of ctx included, ends the sequence: it is a diag.List.
func (s *Stream) Batches(ctx context.Context, seed uint64, epoch, size, from int) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		if size < 1 || from < 0 || epoch < 0 {
			yield(nil, fmt.Errorf("batches of %d rows, from batch %d of epoch %d", size, from, epoch))
			return
		}
		if from >= (s.rows+size-1)/size {
			return
		}
		o := newOrder(seed, epoch, s.rows, s.block, s.held, slices.ContainsFunc(s.tables, piecewise.inOrder))
		win := s.spare
		if s.spare = nil; win == nil {
			win = &window{}
		}
		defer func() { s.spare = win }()
		var out Batch
		out.resize(min(size, s.rows), s.columns)
		filled := 0
		w, at := o.find(from * size)
		for ; w < len(o.ends); w, at = w+1, 0 {
			if diags := s.load(ctx, o, w, win); diags.HasErrors() {
				yield(nil, diags)
				return
			}
			for _, i := range win.at[at:] {
				out.copyRow(filled, &win.batch, int(i), s.columns)
				if filled++; filled < size {
					continue
				}
				if err := ctx.Err(); err != nil {
					yield(nil, diag.List{readFailed("the rows", err)})
					return
				}
				filled = 0
				if !yield(&out, nil) {
					return
				}
				out.resize(min(size, s.rows), s.columns)
			}
		}
		if filled > 0 {
			out.resize(filled, s.columns)
			yield(&out, nil)
		}
	}
}

// load reads the blocks of a window, in the order of the table, and shuffles its rows.
func (s *Stream) load(ctx context.Context, o *order, w int, win *window) diag.List {
	blocks, rows := o.window(w)
	if !win.whole {
		blocks = slices.Sorted(slices.Values(blocks))
		win.batch.resize(rows, s.columns)
		at := 0
		for _, b := range blocks {
			if diags := s.fetch(ctx, b*s.block, o.size(b), &win.batch, at); diags.HasErrors() {
				return diags
			}
			at += o.size(b)
		}
		win.whole = rows == s.rows
	}
	win.at = grown(win.at, rows)
	o.shuffle(w, win.at)
	return nil
}

// fetch reads n rows from row first on into a batch, at row at.
func (s *Stream) fetch(ctx context.Context, first, n int, to *Batch, at int) diag.List {
	t, k, diags := s.read(ctx, first, s.block)
	switch {
	case diags.HasErrors():
		return diags
	case k != n:
		return diag.List{{Code: fileError, Summary: fmt.Sprintf("there are %d rows from row %d on, and there were %d when they were first read", k, first+1, n)}}
	}
	b := s.binder(t, s.levels)
	b.match()
	b.factors()
	b.convertAll()
	b.finishPiece()
	if b.diags.HasErrors() {
		b.diags.Sort()
		return b.diags
	}
	for i := range n {
		to.Index[at+i] = first + i
	}
	items := present(b)
	if diags := s.sameColumns(items, first); diags != nil {
		return diags
	}
	for j, c := range s.columns {
		it := items[j]
		copy(to.Values[j][at*c.Elements:], it.array.Data)
		if to.Missing[j] == nil {
			continue
		}
		mask := to.Missing[j][at*c.Elements : (at+n)*c.Elements]
		if clear(mask); it.array.Missing != nil {
			copy(mask, it.array.Missing)
		}
	}
	return nil
}

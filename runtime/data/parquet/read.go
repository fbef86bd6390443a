package parquet

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Read enters n rows from row first on, counted from 0, into to. The error is that of ctx, or says what is wrong with
// the file, to follow its name.
func (c *Column) Read(ctx context.Context, first, n int, to Sink) (err error) {
	defer faultsArePanics()()
	defer guard(&err)
	defer func() {
		if r := recover(); r != nil {
			if _, is := r.(notUTF8); !is {
				panic(r)
			}
			err = errBytes
		}
	}()
	if c.Problem != "" {
		return errors.New(c.Problem)
	}
	if first < 0 || n < 0 || first+n > c.file.Rows() {
		return fmt.Errorf("has %d rows: there are none from %d to %d", c.file.rows, first+1, first+n)
	}
	r := &reading{c: c, ctx: ctx, to: to, begun: make([]int, len(c.lists))}
	at := 0
	for g, rows := range c.file.Groups() {
		from, until := max(first, at)-at, min(first+n, at+rows)-at
		at += rows
		if from >= until {
			continue
		}
		switch err := r.group(g, from, until-from); {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errBytes):
			return err
		case err != nil:
			return fmt.Errorf("is a damaged Parquet file: column %q: %w", c.Name, err)
		}
	}
	return nil
}

// errBytes is the error of a column of bytes that are no text.
var errBytes = errors.New("holds bytes that are no text")

// IsBytes reports whether an error is that of a column of bytes.
func IsBytes(err error) bool { return errors.Is(err, errBytes) }

// reading is the state of one Read.
type reading struct {
	c   *Column
	ctx context.Context
	to  Sink
	// begun are the numbers of elements in the lists that are open, open their number.
	begun []int
	open  int
	total int64 // of values
	left  int   // rows that are to begin yet
	skip  int64 // rows that begin before the first
	taken bool  // the first has begun
}

// group reads rows of a row group.
func (r *reading) group(g, from, n int) error {
	k, err := r.c.chunkOf(g)
	if err != nil {
		return err
	}
	start, before := k.find(int64(from))
	if start >= len(k.pages) {
		return fmt.Errorf("row group %d ends before its row %d", g+1, from+1)
	}
	pages := r.c.file.open(k, start)
	defer pages.Close()
	r.left, r.skip, r.taken = n, int64(from)-before, false
	for i := start; ; i++ {
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if i == len(k.pages) {
			if r.closeTo(0); r.left > 0 {
				return fmt.Errorf("row group %d ends before its row %d", g+1, from+n-r.left+1)
			}
			return nil
		}
		p, err := pages.ReadPage()
		if err != nil {
			return noEOF(err)
		}
		begun, done, err := r.page(p, k.pages[i].values)
		parquet.Release(p)
		if err != nil {
			return err
		}
		if done {
			r.closeTo(0)
			return nil
		}
		if k.pages[i].rows < 0 {
			k.pages[i].rows = begun
		}
		if k.pages[i].rows != begun {
			return fmt.Errorf("a page is said to have %d rows, and has %d", k.pages[i].rows, begun)
		}
	}
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// find is the page in which a row begins, and the number of rows that begin before it: the last one of which
// this is known, if it is not.
func (k *chunk) find(row int64) (at int, before int64) {
	for at < len(k.pages) && k.pages[at].rows >= 0 && before+k.pages[at].rows <= row {
		before += k.pages[at].rows
		at++
	}
	return at, before
}

// page enters the values of a page, as long as rows are left. begun is the number of rows that begin in it.
func (r *reading) page(p parquet.Page, values int64) (begun int64, done bool, err error) {
	if p.NumValues() != values {
		return 0, false, fmt.Errorf("a page is said to have %d values, and has %d", values, p.NumValues())
	}
	if r.total += values; r.total > r.c.file.limit {
		return 0, false, fmt.Errorf("it has more than %d elements", r.c.file.limit)
	}
	if r.c.bulk && r.c.Lists == 0 && p.Dictionary() == nil {
		data := p.Data()
		return values, r.numbers(data.Double(), values), nil
	}
	var buf [512]parquet.Value
	from := p.Values()
	for seen := int64(0); seen < values; {
		n, err := from.ReadValues(buf[:])
		if n == 0 {
			if err == nil {
				err = io.ErrNoProgress
			}
			return 0, false, noEOF(err)
		}
		seen += int64(n)
		for _, v := range buf[:n] {
			if r.c.Lists == 0 || v.RepetitionLevel() == 0 {
				begun++
				if r.skip > 0 {
					r.skip--
					continue
				}
				if r.left == 0 {
					return begun, true, nil
				}
				r.left--
				r.taken = true
			} else if !r.taken {
				continue // of a row before the first
			}
			if r.c.Lists == 0 {
				if r.value(v, 1); r.left == 0 {
					return begun, true, nil
				}
				continue
			}
			if err := r.element(v); err != nil {
				return 0, false, err
			}
		}
	}
	return begun, false, nil
}

// numbers enters a page of plain numbers.
func (r *reading) numbers(x []float64, values int64) (done bool) {
	x = x[:values]
	k := min(r.skip, values)
	r.skip -= k
	x = x[k:]
	x = x[:min(len(x), r.left)]
	r.to.Numbers(x)
	r.left -= len(x)
	return r.left == 0
}

// value enters a value, or that there is none, as an element of depth lists.
func (r *reading) value(v parquet.Value, depth int) {
	if v.IsNull() || v.DefinitionLevel() < r.c.leaf.MaxDefinitionLevel() {
		r.to.Missing(depth)
		return
	}
	r.c.enter(v, r.to)
}

// element enters a value of nested lists: its repetition level says which list goes on, its definition level
// how many lists there are around it.
func (r *reading) element(v parquet.Value) error {
	level, defined := v.RepetitionLevel(), v.DefinitionLevel()
	if level > r.open {
		return fmt.Errorf("an element of list %d stands in none", level)
	}
	r.closeTo(level)
	if level > 0 {
		r.begun[level-1]++
	}
	for k := level; k < len(r.c.lists); k++ {
		at := r.c.lists[k]
		if defined < at-1 {
			r.to.Missing(k + 1)
			return nil
		}
		r.to.Open(k + 1)
		if r.open, r.begun[k] = k+1, 0; defined < at {
			r.closeTo(k)
			return nil
		}
		r.begun[k] = 1
	}
	r.value(v, len(r.c.lists)+1)
	return nil
}

// closeTo closes lists until so many are open.
func (r *reading) closeTo(n int) {
	for r.open > n {
		r.open--
		r.to.Close(r.open+1, r.begun[r.open])
	}
}

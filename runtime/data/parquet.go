package data

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"ppl/runtime/data/parquet"
)

// parquetFile is a Parquet file whose footer has been read. It is open while it is read.
type parquetFile struct {
	from source
	file *parquet.File
	mu   sync.Mutex // held while it is open
	r    io.ReaderAt
	done func()
}

func (p *parquetFile) ReadAt(b []byte, at int64) (int, error) { return p.r.ReadAt(b, at) }

// open opens the file, for one reader at a time. The error follows its name.
func (p *parquetFile) open() error {
	p.mu.Lock()
	r, size, done, err := p.from.open()
	if err != nil {
		p.mu.Unlock()
		return fmt.Errorf("cannot be read: %w", cause(err))
	}
	p.r, p.done = r, done
	if p.file == nil {
		if p.file, err = parquet.Open(p, size); err != nil {
			p.close()
		}
	}
	return err
}

func (p *parquetFile) close() {
	p.done()
	p.r = nil
	p.mu.Unlock()
}

// listParquet lists the columns of a Parquet file, to be read later from the same bytes.
func listParquet(from source, o *origin) ([]*Value, error) {
	p := &parquetFile{from: from}
	if err := p.open(); err != nil {
		return nil, err
	}
	defer p.close()
	var out []*Value
	for _, c := range p.file.Columns() {
		if c.Name == "" {
			continue // the index of a data frame, as in CSV
		}
		v := &Value{key: c.Name, origin: o}
		if v.problem = parquetProblem(c); v.problem == nil {
			v.later = &later{read: func(ctx context.Context, v *Value) error {
				if err := p.open(); err != nil {
					return err
				}
				defer p.close()
				return readRows(ctx, c, 0, p.file.Rows(), v)
			}}
		}
		out = append(out, v)
	}
	return out, nil
}

func parquetProblem(c *parquet.Column) *problem {
	if c.Problem == "" {
		return nil
	}
	return &problem{summary: fmt.Sprintf("`%s` %s, which is no array of numbers or labels", c.Name, c.Problem), hint: c.Hint}
}

// readRows reads n rows of a column from row first on.
func readRows(ctx context.Context, c *parquet.Column, first, n int, v *Value) error {
	b := newGathered(v.key)
	b.skipped = first
	if c.Lists == 0 {
		b.nums.reserve(n)
	}
	switch err := c.Read(ctx, first, n, b); {
	case parquet.IsBytes(err):
		v.problem = &problem{summary: fmt.Sprintf("`%s` holds bytes that are no text", v.key), hint: "labels are texts in UTF-8"}
		return nil
	case err != nil:
		return err
	}
	b.finish(v, n)
	return nil
}

// gathered collects the elements of a column whose values may be nested lists, as events tell of them.
type gathered struct {
	jsonArray
	key     string
	skipped int // rows before the first, for messages
}

func newGathered(key string) *gathered {
	b := &gathered{jsonArray: jsonArray{leaf: -1}, key: key}
	b.open(key, 0)
	b.path = []int{-1}
	return b
}

// finish gives the cells of n rows to a value.
func (b *gathered) finish(v *Value, n int) {
	b.path = b.path[:0]
	b.close(b.key, 0, n)
	if v.problem = b.problem; v.problem == nil {
		v.shape, v.cells, v.columns = b.shape, b.cells(), size(b.shape[1:])
	}
}

// step goes on to the next element of depth lists.
func (b *gathered) step(depth int) {
	b.path = b.path[:depth]
	b.path[depth-1]++
}

// at names the element that is being read.
func (b *gathered) at() string {
	index := append([]int(nil), b.path...)
	index[0] += b.skipped
	return "`" + b.key + bracket(index, 0) + "`"
}

func (b *gathered) Open(depth int) {
	b.step(depth)
	b.open(b.key, depth)
	b.path = append(b.path, -1)
}

func (b *gathered) Close(depth, n int) {
	if b.path = b.path[:depth]; !b.broken && b.shape[depth] >= 0 && b.shape[depth] != n {
		b.spoil("arrays are dense; pad the rows with nulls and declare the type with `?`, or make a longer table, with a row for each element",
			"`%s` is ragged: %s has %s, the ones before it have %d", b.key, b.at(), count(n, "element"), b.shape[depth])
	}
	b.close(b.key, depth, n)
}

func (b *gathered) Missing(depth int) {
	b.step(depth)
	switch {
	case b.broken:
	case b.leaf < 0 && len(b.shape) > depth, b.leaf > depth:
		b.spoil("where all elements of a list are missing, write a list of nulls", "%s is missing, but the other rows of `%s` are lists", b.at(), b.key)
	default:
		b.scalar(b.key, depth)
		b.push(math.NaN(), tagNull)
	}
}

// value goes on to the next value; it says whether it is to be kept.
func (b *gathered) value() bool {
	depth := len(b.path)
	b.path[depth-1]++
	if !b.broken {
		b.scalar(b.key, depth)
	}
	return !b.broken
}

func (b *gathered) Number(x float64) {
	if b.value() {
		b.push(x, tagNumber)
	}
}

func (b *gathered) Numbers(x []float64) {
	if len(x) == 0 || !b.value() {
		return
	}
	b.path[len(b.path)-1] += len(x) - 1
	for _, x := range x {
		b.push(x, tagNumber)
	}
}

func (b *gathered) Big(x float64, digits string) {
	if b.value() {
		b.pushText([]byte(digits), textNumber, x)
	}
}

func (b *gathered) Decimal(digits []byte) {
	if !b.value() {
		return
	}
	n, ok := parseNumber(digits)
	if !ok {
		b.pushText(digits, textOnly, 0)
		return
	}
	n.zeros = false
	b.pushNumber(digits, n)
}

func (b *gathered) Bool(x bool) {
	if b.value() {
		b.pushBool(x)
	}
}

func (b *gathered) Text(s []byte) {
	if !b.value() {
		return
	}
	if len(s) > maxString {
		b.spoil("labels are short texts", "%s is a text of more than %d MiB", b.at(), maxString>>20)
		return
	}
	b.pushString(s)
}

package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"ppl/lang"
	"ppl/lang/diag"
)

// Parquet and NumPy files need not be read from front to back: their values are listed when a source is read, and
// read when a model is bound that asks for them.

// later is a value that has not been read yet. It is read once, whatever the number of models.
type later struct {
	mu sync.Mutex
	// read gives the value with its cells. An error follows the name of the file: "is cut short".
	read func(ctx context.Context, v *Value) error
	done *Value
}

// loaded is the value with its cells. Where they cannot be read it has a problem instead.
func (v *Value) loaded(ctx context.Context) *Value {
	if v.later == nil {
		return v
	}
	v.later.mu.Lock()
	defer v.later.mu.Unlock()
	if v.later.done == nil {
		out := v.bare()
		err := v.later.read(ctx, out)
		if err != nil {
			f := fileFault(ctx, v.origin.name, err)
			out.problem = &problem{f.Summary, f.Hint, f.Code}
		}
		if ctx.Err() != nil {
			return out // it may be asked for again
		}
		v.later.done = out
	}
	if v.also == nil {
		return v.later.done
	}
	both := *v.later.done
	both.also = v.also
	return &both
}

// bare is a value without its cells.
func (v *Value) bare() *Value {
	out := *v
	out.later = nil
	return &out
}

// fileFault is the diagnostic of a file that cannot be read; err follows its name, or is that of ctx.
func fileFault(ctx context.Context, name string, err error) diag.Diagnostic {
	if ctx.Err() != nil {
		return readFailed(name, ctx.Err())
	}
	return diag.Diagnostic{Code: fileError, Where: name, Summary: name + " " + err.Error()}
}

// For are the tables with all that m asks for: what was listed and not yet read is read, until ctx is
// done. Bind does it by itself, but hears no context.
func (t *Tables) For(ctx context.Context, m *lang.Model) *Tables {
	return t.loadedFor(ctx, KeepFor(m))
}

// loadedFor are the tables with the cells of the values that are wanted. The others are there, but not read.
func (t *Tables) loadedFor(ctx context.Context, wanted func(key string) bool) *Tables {
	any := false
	for _, v := range t.values {
		any = any || v.later != nil
	}
	if !any {
		return t
	}
	out := newTables()
	for key, v := range t.values {
		switch {
		case v.later == nil:
		case wanted(key):
			v = v.loaded(ctx)
		default:
			v = v.bare()
			v.problem = notKept(key)
		}
		out.values[key] = v
	}
	return out
}

// source gives the bytes of a file that is read in pieces.
type source interface {
	open() (r io.ReaderAt, size int64, done func(), err error)
}

// disk is a file that is opened where it is needed, and has to stay as it was.
type disk struct {
	path string
	info os.FileInfo
}

func (d disk) open() (io.ReaderAt, int64, func(), error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, 0, nil, err
	}
	info, err := f.Stat()
	if err == nil && (!os.SameFile(info, d.info) || info.Size() != d.info.Size() || !info.ModTime().Equal(d.info.ModTime())) {
		err = errors.New("it has been changed since it was opened")
	}
	if err != nil {
		f.Close()
		return nil, 0, nil, err
	}
	return f, info.Size(), func() { f.Close() }, nil
}

// memory is a file that was read whole: what is no file cannot be read in pieces.
type memory []byte

func (m memory) open() (io.ReaderAt, int64, func(), error) {
	return bytes.NewReader(m), int64(len(m)), func() {}, nil
}

// sourceOf is a source with what a scanner is reading from r, of which it has not consumed anything.
func sourceOf(s *scanner, path string, r io.Reader) (source, error) {
	if f, is := r.(*os.File); is {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return disk{path, info}, nil
		}
	}
	var all bytes.Buffer
	for {
		all.Write(s.buf[s.pos:s.end])
		if s.pos = s.end; s.eof {
			return memory(all.Bytes()), s.err
		}
		s.fill()
	}
}

// readBinary lists the values of a file that is no text.
func readBinary(s *scanner, r io.Reader, o *origin, t *Tables, opt Options) diag.List {
	from, err := sourceOf(s, o.name, r)
	if err != nil {
		return diag.List{readFailed(o.name, err)}
	}
	var values []*Value
	switch o.kind {
	case fromParquet:
		values, err = listParquet(from, o)
	case fromNumPyZip:
		values, err = listNumPyZip(from, o)
	default:
		values, err = listNumPy(stem(o.name), from, o)
	}
	if err != nil {
		return diag.List{fileFault(s.ctx, o.name, err)}
	}
	for _, v := range values {
		if _, twice := t.values[v.key]; twice {
			return diag.List{{Code: duplicateKey, Where: o.name, Summary: fmt.Sprintf("the name %q stands twice in %s", v.key, o.name), Hint: "give each column a name of its own"}}
		}
		t.add(v)
	}
	if opt.Keep != nil {
		*t = *t.loadedFor(s.ctx, opt.Keep)
	}
	return nil
}

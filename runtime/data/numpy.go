package data

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"ppl/lang/diag"
	"ppl/runtime/data/npy"
)

// listNumPy lists the one array of a .npy file.
func listNumPy(key string, from source, o *origin) ([]*Value, error) {
	r, size, done, err := from.open()
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	defer done()
	if _, err := npy.Open(r, size); err != nil {
		return nil, err
	}
	return []*Value{{key: key, origin: o, later: &later{read: func(ctx context.Context, v *Value) error {
		r, size, done, err := from.open()
		if err != nil {
			return fmt.Errorf("cannot be read: %w", cause(err))
		}
		defer done()
		f, err := npy.Open(contextReader{ctx, r}, size)
		if err != nil {
			return err
		}
		return numPyRows(f, 0, f.Rows(), v)
	}}}}, nil
}

// readNamedNumPy reads `-d name=path.npy`.
func readNamedNumPy(ctx context.Context, name, path string, opt Options) (*Tables, diag.List) {
	t := newTables()
	file, d := open(path)
	if d != nil {
		return t, diag.List{*d}
	}
	defer file.Close()
	s := newScanner(ctx, file)
	o := &origin{name: path, kind: fromNumPy, given: true}
	if _, d := sniff(path, s.head(512)); d != nil {
		return t, diag.List{*d}
	}
	from, err := sourceOf(s, path, file)
	if err != nil {
		return t, diag.List{readFailed(path, err)}
	}
	values, err := listNumPy(name, from, o)
	if err != nil {
		return t, diag.List{fileFault(ctx, path, err)}
	}
	t.add(values[0])
	if opt.Keep != nil {
		t = t.loadedFor(ctx, opt.Keep)
	}
	return t, nil
}

// numPyRows reads n rows of an array from row first on.
func numPyRows(f *npy.File, first, n int, v *Value) error {
	v.shape = append([]int(nil), f.Shape...)
	if len(v.shape) > 0 {
		v.shape[0] = n
	}
	v.nums = make([]float64, n*f.RowElements())
	big := v.keepDigits()
	if err := f.ReadRows(first, v.nums, big); err != nil {
		return err
	}
	v.tagNumPy(f.Header)
	return nil
}

// keepDigits is told of integers that float64 may not hold.
func (v *Value) keepDigits() npy.Big {
	known := map[string]int32{}
	return func(i int, digits string) {
		if v.tags == nil {
			v.tags = make([]int32, len(v.nums))
		}
		tag, ok := known[digits]
		if !ok {
			v.texts = append(v.texts, text{digits, textNumber})
			tag = int32(len(v.texts))
			known[digits] = tag
		}
		v.tags[i] = tag
	}
}

// tagNumPy marks booleans.
func (v *Value) tagNumPy(h *npy.Header) {
	if h.Kind != npy.Bool {
		return
	}
	v.tags = make([]int32, len(v.nums))
	for i := range v.tags {
		v.tags[i] = tagBool
	}
}

// contextReader reads until a context is done.
type contextReader struct {
	ctx context.Context
	r   io.ReaderAt
}

func (c contextReader) ReadAt(b []byte, at int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.ReadAt(b, at)
}

// mostDeflated is by what deflate packs at most (RFC 1951: 258 bytes in two bits).
const mostDeflated = 1032

// listNumPyZip lists the arrays of a .npz file: a zip archive of .npy files, as numpy.savez and
// savez_compressed write it.
func listNumPyZip(from source, o *origin) ([]*Value, error) {
	r, size, done, err := from.open()
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	defer done()
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("is no whole zip archive: %v", err)
	}
	var out []*Value
	for _, f := range z.File {
		key, is := strings.CutSuffix(f.Name, ".npy")
		v := &Value{key: key, origin: o}
		if out = append(out, v); !is {
			v.problem = &problem{summary: fmt.Sprintf("`%s` of %s is no .npy file", f.Name, o.name)}
			continue
		}
		v.later = &later{read: func(ctx context.Context, v *Value) error { return readNumPyZip(ctx, from, v) }}
	}
	return out, nil
}

// readNumPyZip reads the array of a value from its archive.
func readNumPyZip(ctx context.Context, from source, v *Value) error {
	r, size, done, err := from.open()
	if err != nil {
		return fmt.Errorf("cannot be read: %w", cause(err))
	}
	defer done()
	z, err := zip.NewReader(contextReader{ctx, r}, size)
	if err != nil {
		return fmt.Errorf("is no whole zip archive: %v", err)
	}
	for _, f := range z.File {
		if f.Name == v.key+".npy" {
			if err := readZipped(f, v); err != nil {
				return fmt.Errorf("holds %s, which %w", f.Name, err)
			}
			return nil
		}
	}
	return fmt.Errorf("has no array %q any more", v.key)
}

func readZipped(f *zip.File, v *Value) error {
	if f.UncompressedSize64 > math.MaxInt64 || f.UncompressedSize64/mostDeflated > f.CompressedSize64+1 {
		return fmt.Errorf("is said to have %d bytes, packed into %d", f.UncompressedSize64, f.CompressedSize64)
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("cannot be unpacked: %w", err)
	}
	defer r.Close()
	h, err := npy.ReadHeader(r)
	if err != nil {
		return err
	}
	if err := h.Fits(int64(f.UncompressedSize64)); err != nil {
		return err
	}
	v.shape, v.nums = h.Shape, make([]float64, h.Elements())
	if err := h.ReadAll(r, v.nums, v.keepDigits()); err != nil {
		return err
	}
	v.tagNumPy(h)
	var rest [1]byte
	if _, err := r.Read(rest[:]); err != io.EOF { // the end has the checksum
		return fmt.Errorf("cannot be unpacked: %w", err)
	}
	return nil
}

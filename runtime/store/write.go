package store

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
)

// Write writes a file. The same content gives the same bytes. Content that
// the format cannot hold is an *Error of kind Invalid, and nothing is written;
// after any other error (that of w, of Blocks, or of a context that is
// cancelled) what w has received is no whole file.
func Write(ctx context.Context, w io.Writer, f *File) error {
	return write(ctx, w, f, chunkElements)
}

// write writes a file in chunks of at most the given number of elements.
func write(ctx context.Context, w io.Writer, f *File, most int) error {
	if err := f.check(); err != nil {
		return err
	}
	documents, err := f.documents(most)
	if err != nil {
		return err
	}
	out := &writer{ctx: ctx, zip: zip.NewWriter(w), documents: documents, most: most}
	if err := out.root(); err != nil {
		return err
	}
	for i := range f.Groups {
		if err := out.group(&f.Groups[i]); err != nil {
			return err
		}
	}
	return out.zip.Close()
}

// documents returns all metadata but what repeats it.
func (f *File) documents(most int) (map[string][]byte, error) {
	documents := map[string][]byte{groupEntry: []byte(groupDocument)}
	var err error
	if documents[attrsEntry], err = f.Attrs.document(attrsEntry, layoutAttr, Layout); err != nil {
		return nil, err
	}
	for i := range f.Groups {
		g := &f.Groups[i]
		documents[inGroup(g.Name, groupEntry)] = []byte(groupDocument)
		name := inGroup(g.Name, attrsEntry)
		if documents[name], err = g.Attrs.document(name, "", nil); err != nil {
			return nil, err
		}
		for k := range g.Arrays {
			a := &g.Arrays[k]
			if documents[inArray(g.Name, a.Name, arrayEntry)], err = a.document(most); err != nil {
				return nil, err
			}
			name := inArray(g.Name, a.Name, attrsEntry)
			if documents[name], err = a.Attrs.document(name, dimsAttr, append([]string{}, a.Dims...)); err != nil {
				return nil, err
			}
		}
	}
	return documents, nil
}

// document returns the content of a .zattrs: the attributes, and one that is
// the layout's own where it is named.
func (a Attrs) document(entry, own string, value any) ([]byte, error) {
	all := maps.Clone(a)
	if all == nil {
		all = Attrs{}
	}
	if own != "" {
		if _, taken := a[own]; taken {
			return nil, fault(Invalid, entry, "the attribute %s is the layout's own", own)
		}
		if err := all.Set(own, value); err != nil {
			return nil, err
		}
	}
	text, err := encodeJSON(map[string]json.RawMessage(all))
	if err != nil {
		return nil, &Error{Kind: Invalid, Entry: entry, Detail: "an attribute is not JSON", Err: err}
	}
	return text, nil
}

// document returns the content of the array's .zarray.
func (a *Array) document(most int) ([]byte, error) {
	e := a.Values.element()
	return encodeJSON(arrayDocument{
		Chunks: cut(a.Shape, most).chunk, Type: e.dtype, Fill: e.fill, Filters: e.filters,
		Order: "C", Shape: append([]int{}, a.Shape...), Format: 2,
	})
}

// writer is a store that is being written.
type writer struct {
	ctx       context.Context
	zip       *zip.Writer
	documents map[string][]byte
	most      int    // elements of a chunk
	chunk     []byte // the last one: its memory is used again
}

// root writes the documents that a reader wants first.
func (w *writer) root() error {
	var all bytes.Buffer
	err := consolidate(&all, slices.Collect(maps.Keys(w.documents)), func(out io.Writer, name string) error {
		_, err := out.Write(w.documents[name])
		return err
	})
	if err != nil {
		return err
	}
	if err := w.metadata(groupEntry, attrsEntry); err != nil {
		return err
	}
	return w.entry(consolidatedEntry, all.Bytes())
}

func (w *writer) group(g *Group) error {
	if err := w.metadata(inGroup(g.Name, groupEntry), inGroup(g.Name, attrsEntry)); err != nil {
		return err
	}
	for i := range g.Arrays {
		if err := w.array(g, &g.Arrays[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) array(g *Group, a *Array) error {
	if err := w.metadata(inArray(g.Name, a.Name, arrayEntry), inArray(g.Name, a.Name, attrsEntry)); err != nil {
		return err
	}
	values := a.Values.open()
	defer values.close()
	grid := cut(a.Shape, w.most)
	for key, held := range grid.chunks() {
		var err error
		if w.chunk, err = values.chunk(w.chunk[:0], held, grid.block); err != nil {
			return fmt.Errorf("%s: %w", inGroup(g.Name, a.Name), err)
		}
		if err := w.entry(inArray(g.Name, a.Name, key), w.chunk); err != nil {
			return err
		}
	}
	if err := values.end(); err != nil {
		return fmt.Errorf("%s: %w", inGroup(g.Name, a.Name), err)
	}
	return nil
}

func (w *writer) metadata(names ...string) error {
	for _, name := range names {
		if err := w.entry(name, w.documents[name]); err != nil {
			return err
		}
	}
	return nil
}

const (
	utf8Name   = 0x800 // the flag of zip for names in UTF-8
	firstOfZip = 0x21  // 1 January 1980, the earliest date that zip has
)

// entry writes an entry whose size and checksum stand before it, so that a
// reader can take it from a stream.
func (w *writer) entry(name string, content []byte) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	header := &zip.FileHeader{
		Name: name, Method: zip.Store, Flags: utf8Name, CRC32: crc32.ChecksumIEEE(content),
		CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content)),
	}
	//lint:ignore SA1019 CreateRaw does not look at Modified
	header.ModifiedDate = firstOfZip
	header.SetMode(0o644)
	out, err := w.zip.CreateRaw(header)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, err := out.Write(content); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

package store

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
)

// readFile reads the file at a path. Errors are those of Read, with the path.
func readFile(path string, limits Limits) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	f, err := Read(in, info.Size(), limits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Read reads a file of the given size that Write wrote. What is wrong with
// another one is an *Error, and what r returns is passed on; content that is
// returned could be written again.
func Read(r io.ReaderAt, size int64, limits Limits) (*File, error) {
	a, err := openArchive(r, size, limits)
	if err != nil {
		return nil, err
	}
	if err := a.identify(); err != nil {
		return nil, err
	}
	if err := a.index(size); err != nil {
		return nil, err
	}
	f := &File{}
	if f.Attrs, err = a.group(""); err != nil {
		return nil, err
	}
	delete(f.Attrs, layoutAttr)
	if f.Groups, err = a.groups(); err != nil {
		return nil, err
	}
	repeated, err := a.find(consolidatedEntry)
	if err != nil {
		return nil, err
	}
	if left := a.rest(); left != nil {
		return nil, fault(Foreign, left.Name, "the entry is not part of the layout")
	}
	if err := a.checkConsolidated(repeated); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, nil
}

// identify sees that a zip is a store of this layout. It comes before all
// other checks, since the zip of another layout may differ in everything else.
func (a *archive) identify() error {
	for _, f := range a.files {
		if f.Name != attrsEntry {
			continue
		}
		a.entries = map[string]entry{attrsEntry: {File: f}}
		if f.Method != zip.Store || f.UncompressedSize64 != f.CompressedSize64 {
			break
		}
		attrs, err := a.attrs(attrsEntry)
		if err != nil {
			return err
		}
		return checkLayout(attrs)
	}
	return fault(Foreign, "", "the zip is not one that ppl wrote: it has no stored entry %s", attrsEntry)
}

func checkLayout(attrs Attrs) error {
	layout, ok := attrs[layoutAttr]
	switch {
	case !ok:
		return fault(Foreign, attrsEntry, "the zip is not one that ppl wrote: there is no attribute %s", layoutAttr)
	case string(layout) == fmt.Sprint(Layout):
		return nil
	}
	by := "ppl"
	if version, ok := attrs[versionAttr]; ok {
		by += " " + strings.Trim(string(version), `"`)
	}
	return fault(Version, attrsEntry, "the file has layout %.20s of %.40s; this program reads layout %d", layout, by, Layout)
}

// groups reads all groups, in the order of the zip.
func (a *archive) groups() ([]Group, error) {
	var groups []Group
	at := map[string]int{}
	for _, f := range a.files {
		name, rest, _ := strings.Cut(f.Name, "/")
		if rest != groupEntry {
			continue
		}
		attrs, err := a.group(name)
		if err != nil {
			return nil, err
		}
		at[name] = len(groups)
		groups = append(groups, Group{Name: name, Attrs: attrs})
	}
	for _, f := range a.files {
		group, rest, _ := strings.Cut(f.Name, "/")
		name, rest, _ := strings.Cut(rest, "/")
		i, ok := at[group]
		if rest != arrayEntry || !ok {
			continue
		}
		array, err := a.array(group, name)
		if err != nil {
			return nil, err
		}
		groups[i].Arrays = append(groups[i].Arrays, array)
	}
	return groups, nil
}

// What a group, an array and an attribute take beside their bytes.
const (
	groupMemory = 128
	arrayMemory = 512
	attrMemory  = 80
)

// group reads the documents of a group, or of the root if the name is empty.
func (a *archive) group(name string) (Attrs, error) {
	prefix := ""
	if name != "" {
		prefix = name + "/"
	}
	if err := a.take(prefix+groupEntry, groupMemory); err != nil {
		return nil, err
	}
	text, err := a.document(prefix+groupEntry, maxDocument)
	if err != nil {
		return nil, err
	}
	var document struct {
		Format int `json:"zarr_format"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, &Error{Damaged, prefix + groupEntry, "is not the JSON of a group", err}
	}
	if document.Format != 2 {
		return nil, fault(Unsupported, prefix+groupEntry, "Zarr of format %d; format 2 is read", document.Format)
	}
	return a.attrs(prefix + attrsEntry)
}

// attrs reads a .zattrs.
func (a *archive) attrs(name string) (Attrs, error) {
	text, err := a.document(name, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	if err := a.take(name, int64(len(text)+attrMemory*members(text))); err != nil {
		return nil, err
	}
	var attrs Attrs
	if err := json.Unmarshal(text, &attrs); err != nil {
		return nil, &Error{Damaged, name, "is not a JSON object", err}
	}
	if len(attrs) == 0 {
		return nil, nil
	}
	return attrs, nil
}

// members bounds the number of members of the JSON object that a text is: it
// counts the colons between its braces that are neither in strings nor deeper.
func members(text []byte) int {
	n, depth := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ':':
			if depth == 1 {
				n++
			}
		}
	}
	return n
}

// checkConsolidated demands that .zmetadata repeats the documents, all of
// which have been read, byte for byte, so that readers that trust it and
// readers that do not see the same.
func (a *archive) checkConsolidated(f *zip.File) error {
	if err := a.start(f); err != nil {
		return err
	}
	names := make([]string, 0, len(a.files))
	for _, f := range a.files {
		base := f.Name[strings.LastIndexByte(f.Name, '/')+1:]
		if base == groupEntry || base == attrsEntry || base == arrayEntry {
			names = append(names, f.Name)
		}
	}
	buffer := make([]byte, 4<<10)
	err := consolidate(&comparison{a, f}, names, func(w io.Writer, name string) error {
		r, err := a.entries[name].Open()
		if err != nil {
			return broken(name, err)
		}
		_, err = io.CopyBuffer(w, r, buffer)
		return err
	})
	if err != nil {
		return err
	}
	return a.finish(f)
}

// comparison is a writer that compares what is written with the entry that
// the archive is reading.
type comparison struct {
	a *archive
	f *zip.File
}

func (c *comparison) Write(p []byte) (int, error) {
	left, same := p, true
	err := c.a.each(c.f, len(p), 1, func(piece []byte) {
		same = same && bytes.Equal(piece, left[:len(piece)])
		left = left[len(piece):]
	})
	if err == nil && !same {
		err = fault(Damaged, c.f.Name, "does not repeat the other metadata")
	}
	return len(p), err
}

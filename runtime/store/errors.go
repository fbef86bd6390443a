package store

import "fmt"

// Kind says what is wrong with a file, or with the content of one that is to
// be written.
type Kind int

const (
	// Invalid is content that does not fit together: names that are no names,
	// shapes that do not fit dimensions or values, dimensions of two lengths.
	// It is not written, and not returned where it is read.
	Invalid Kind = iota + 1
	// NotZip is a file that is no zip.
	NotZip
	// Truncated is a zip without its end.
	Truncated
	// Foreign is a zip that is not a store of this package, or has entries
	// that are not part of the layout.
	Foreign
	// Version is a store of another version of the layout.
	Version
	// Unsupported is an element type, an order, a codec or a compression that
	// Zarr or zip have and this layout does not.
	Unsupported
	// Missing is an entry that another one calls for.
	Missing
	// Duplicate is an entry that is there twice.
	Duplicate
	// Damaged is an entry whose bytes are not what its metadata or checksum
	// says.
	Damaged
	// TooLarge is a file that needs more memory than its size allows.
	TooLarge
)

var kinds = map[Kind]string{
	Invalid: "invalid content", NotZip: "not a zip", Truncated: "truncated", Foreign: "not a saved fit", Version: "another version",
	Unsupported: "unsupported", Missing: "missing", Duplicate: "duplicate", Damaged: "damaged", TooLarge: "too large",
}

// String returns the kind in words.
func (k Kind) String() string { return kinds[k] }

// Error is what is wrong with a file, and where.
type Error struct {
	Kind   Kind
	Entry  string // the entry of the zip ("posterior/theta/.zarray"), or the array or group; empty for the file as a whole
	Detail string // what is wrong with it
	Err    error  // the error below, or nil
}

// Error returns the place, the kind and the detail.
func (e *Error) Error() string {
	text := e.Kind.String() + ": " + e.Detail
	if e.Entry != "" {
		text = e.Entry + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the error below.
func (e *Error) Unwrap() error { return e.Err }

func fault(kind Kind, entry, format string, args ...any) *Error {
	return &Error{Kind: kind, Entry: entry, Detail: fmt.Sprintf(format, args...)}
}

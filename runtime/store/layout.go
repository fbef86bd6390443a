package store

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Layout is the version of the layout that is written, and the only one that
// is read. It stands in the attributes of the root.
const Layout = 1

// Names of entries, and of the attributes that are the layout's own.
const (
	groupEntry        = ".zgroup"
	attrsEntry        = ".zattrs"
	arrayEntry        = ".zarray"
	consolidatedEntry = ".zmetadata"

	layoutAttr  = "ppl_layout"
	versionAttr = "ppl_version" // of the program that wrote the file: named where its layout is another
	dimsAttr    = "_ARRAY_DIMENSIONS"
)

// groupDocument is the content of each .zgroup.
const groupDocument = `{"zarr_format":2}`

// arrayDocument is the content of a .zarray. Fields are in the order of their
// names, as zarr itself writes them.
type arrayDocument struct {
	Chunks     []int           `json:"chunks"`
	Compressor json.RawMessage `json:"compressor"`
	Type       string          `json:"dtype"`
	Fill       json.RawMessage `json:"fill_value"`
	Filters    json.RawMessage `json:"filters"`
	Order      string          `json:"order"`
	Shape      []int           `json:"shape"`
	Format     int             `json:"zarr_format"`
}

// present says whether a field is there and not null.
func present(field json.RawMessage) bool {
	return len(field) > 0 && string(field) != "null"
}

// consolidate writes the document that repeats all others,
// {"metadata":{NAME:DOCUMENT,...},"zarr_consolidated_format":1}, sorted by
// name, as it leaves the names. The callback writes the document of one.
func consolidate(w io.Writer, names []string, document func(w io.Writer, name string) error) error {
	slices.Sort(names)
	before := `{"metadata":{`
	for _, name := range names {
		quoted, err := encodeJSON(name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s:", before, quoted); err != nil {
			return err
		}
		if err := document(w, name); err != nil {
			return err
		}
		before = ","
	}
	if len(names) > 0 {
		before = ""
	}
	_, err := io.WriteString(w, before+`},"zarr_consolidated_format":1}`)
	return err
}

// inGroup and inArray name an entry that belongs to a group or to an array.
func inGroup(group, entry string) string        { return group + "/" + entry }
func inArray(group, array, entry string) string { return group + "/" + array + "/" + entry }

package data

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ppl/lang"
	"ppl/lang/diag"
)

// maxExcerpt bounds the files of which an error shows the line.
const maxExcerpt = 1 << 20

// Options of Read.
type Options struct {
	// Keep, if set, says which keys are wanted. The others are read over and
	// take no memory; they still count as given (Bound.Unused lists them).
	Keep func(key string) bool
}

// keepFor is an Options.Keep for m: it keeps the values of data and dimensions,
// and of names that the model fixes.
func keepFor(m *lang.Model) func(key string) bool {
	wanted := map[string]bool{}
	for _, list := range [][]*lang.Symbol{m.Data, m.Dims, m.Lets} {
		for _, s := range list {
			wanted[s.Name] = true
			for _, d := range s.Type.Dims {
				for _, sym := range d.Symbols() {
					wanted[sym.Name] = true
				}
			}
		}
	}
	return func(key string) bool {
		array, _ := elementOf(key)
		return wanted[key] || wanted[array]
	}
}

// notKept is the problem of a value that Options.Keep did not want.
func notKept(key string) *problem {
	return &problem{summary: fmt.Sprintf("`%s` was left out when the data were read", key)}
}

// Read reads sources in order: paths of JSON and CSV files, and assignments
// `name=value` (write ./a=b.csv for a file of such a name). A value is a JSON
// value, or a bare number or text. All sources are tried, so that the list
// holds the errors of each.
func Read(ctx context.Context, sources []string, opt Options) (*Tables, diag.List) {
	var diags diag.List
	var tables []*Tables
	for _, s := range sources {
		t, l := readSource(ctx, s, opt)
		diags = append(diags, l...)
		tables = append(tables, t)
		if ctx.Err() != nil {
			break
		}
	}
	return Merge(tables...), diags
}

func readSource(ctx context.Context, source string, opt Options) (*Tables, diag.List) {
	if name, value, ok := strings.Cut(source, "="); ok && isName(strings.TrimSpace(name)) {
		return readAssignment(ctx, strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return readFile(ctx, source, opt)
}

func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// readAssignment reads `-d name=value`.
func readAssignment(ctx context.Context, name, value string) (*Tables, diag.List) {
	t := newTables()
	o := &origin{name: "-d " + name, kind: fromFlag}
	if value == "" {
		return t, diag.List{{Code: syntaxError, Where: o.name, Summary: "there is no value after `=`", Hint: fmt.Sprintf("write -d %s=1, or -d '%s=[1, 2, 3]'", name, name)}}
	}
	if strings.IndexByte(`[{"`, value[0]) < 0 {
		b := builder{}
		if value == "null" {
			value = ""
		}
		b.pushBare([]byte(value))
		t.add(&Value{key: name, origin: o, cells: b.cells()})
		return t, nil
	}
	j := &jsonReader{scanner: newScanner(ctx, strings.NewReader(value)), tables: t, origin: o}
	if f := j.one(name); f != nil {
		if j.err != nil {
			return t, diag.List{readFailed(o.name, j.err)}
		}
		return t, diag.List{f.diagnostic(o.name, diag.NewSource(o.name, value))}
	}
	return t, nil
}

// readFile reads a JSON or CSV file.
func readFile(ctx context.Context, path string, opt Options) (*Tables, diag.List) {
	t := newTables()
	file, d := open(path)
	if d != nil {
		return t, diag.List{*d}
	}
	defer file.Close()
	return readNamed(ctx, path, file, func() *diag.Source { return excerpt(path) }, opt)
}

// ReadFrom reads JSON or CSV from r as Read does from a file called name, whose ending says what it
// is: .json, .csv or .tsv; without one its beginning tells.
func ReadFrom(ctx context.Context, name string, r io.Reader, opt Options) (*Tables, diag.List) {
	seen := &recorder{r: r}
	return readNamed(ctx, name, seen, func() *diag.Source { return seen.excerpt(name) }, opt)
}

// recorder keeps what is read, for the line that a message shows, unless it is large.
type recorder struct {
	r    io.Reader
	seen []byte
	over bool
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if n < 0 || n > len(b) {
		return 0, fmt.Errorf("the reader says that it has read %d bytes of %d", n, len(b))
	}
	if r.over = r.over || len(r.seen)+n > maxExcerpt; r.over {
		r.seen = nil
	} else {
		r.seen = append(r.seen, b[:n]...)
	}
	return n, err
}

// excerpt is what was read, with the rest of the line that it ends in.
func (r *recorder) excerpt(name string) *diag.Source {
	rest := make([]byte, 1<<12)
	for tries := 0; tries < 100 && !r.over && len(r.seen) > 0 && r.seen[len(r.seen)-1] != '\n'; tries++ {
		if _, err := r.Read(rest); err != nil {
			break
		}
	}
	if r.over {
		return nil
	}
	return diag.NewSource(name, strings.TrimPrefix(string(r.seen), "\uFEFF"))
}

// readNamed reads a text that is called path; source is that text, for messages.
func readNamed(ctx context.Context, path string, r io.Reader, source func() *diag.Source, opt Options) (*Tables, diag.List) {
	t := newTables()
	s := newScanner(ctx, r)
	kind, d := sniff(path, s.head(512))
	if s.err != nil {
		return t, diag.List{readFailed(path, s.err)}
	}
	if d != nil {
		return t, diag.List{*d}
	}
	notes, f := readText(s, &origin{name: path, kind: kind}, t, opt)
	switch {
	case s.err != nil:
		return newTables(), diag.List{readFailed(path, s.err)}
	case f != nil:
		return newTables(), diag.List{f.diagnostic(path, source())}
	}
	return t, notes
}

func readText(s *scanner, o *origin, t *Tables, opt Options) (notes diag.List, f *fault) {
	if o.kind == fromJSON {
		j := &jsonReader{scanner: s, tables: t, origin: o, keep: opt.Keep}
		return nil, j.file()
	}
	c := &csvReader{scanner: s, tables: t, origin: o, keep: opt.Keep, comma: ','}
	if ext(o.name) == ".tsv" {
		c.comma = '\t'
	}
	f = c.file()
	return c.notes, f
}

func ext(path string) string { return strings.ToLower(filepath.Ext(path)) }

// open opens a file, or says why not.
func open(path string) (*os.File, *diag.Diagnostic) {
	fail := func(hint, format string, args ...any) (*os.File, *diag.Diagnostic) {
		return nil, &diag.Diagnostic{Code: fileError, Where: path, Summary: fmt.Sprintf(format, args...), Hint: hint}
	}
	if path == "" {
		return fail("write -d data.json, or -d name=value", "`-d` names no file")
	}
	if path == "-" {
		return fail("name it as a file, -d /dev/stdin, where the system has one", "`-d -` does not read standard input")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(nearbyFile(path), "there is no file %s", path)
	case err != nil:
		return fail("", "cannot read %s: %v", path, cause(err))
	case info.IsDir():
		return fail("name the .json or .csv file in it", "%s is a directory", path)
	case info.Mode().IsRegular() && info.Size() == 0:
		return fail("", "%s is empty", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return fail("", "cannot read %s: %v", path, cause(err))
	}
	return f, nil
}

// cause is the part of a file error that does not repeat the path.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func readFailed(where string, err error) diag.Diagnostic {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return diag.Diagnostic{Code: fileError, Where: where, Summary: fmt.Sprintf("reading %s was interrupted", where)}
	}
	return diag.Diagnostic{Code: fileError, Where: where, Summary: fmt.Sprintf("cannot read %s: %v", where, cause(err))}
}

// nearbyFile suggests a file of a similar name, or an assignment.
func nearbyFile(path string) string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if s := diag.Suggest(filepath.Base(path), names); s != "" {
		return fmt.Sprintf("did you mean `%s`?", filepath.Join(filepath.Dir(path), s))
	}
	return ""
}

// foreignFormats are formats recognised by how they begin.
var foreignFormats = []struct{ magic, name, hint string }{
	{"\x1f\x8b", "is compressed with gzip", "unpack it first: gunzip FILE"},
	{"PK\x03\x04", "is a zip archive (an Excel workbook is one)", "unpack it, or save the sheet as CSV"},
	{"BZh", "is compressed with bzip2", "unpack it first: bunzip2 FILE"},
	{"\xfd7zXZ", "is compressed with xz", "unpack it first: unxz FILE"},
	{"\x28\xb5\x2f\xfd", "is compressed with zstd", "unpack it first: unzstd FILE"},
	{"PAR1", "is a Parquet file", "save it as CSV: in pandas `read_parquet(FILE).to_csv(\"data.csv\", index=False)`"},
	{"ARROW1", "is an Arrow file", "save it as CSV"},
	{"\x93NUMPY", "is a NumPy file", "save it as JSON: `json.dump({\"y\": y.tolist()}, file)`"},
	{"RDX", "is an R workspace", "save it as JSON: in R `jsonlite::write_json(data, \"data.json\", auto_unbox = TRUE)`"},
	{"\x89HDF", "is an HDF5 file", "save it as JSON or CSV"},
	{"\xff\xfe", "is text in UTF-16", "save it as UTF-8"},
	{"\xfe\xff", "is text in UTF-16", "save it as UTF-8"},
}

// sniff decides what a file is from its first bytes and its name.
func sniff(path string, head []byte) (originKind, *diag.Diagnostic) {
	fail := func(hint, format string, args ...any) (originKind, *diag.Diagnostic) {
		return 0, &diag.Diagnostic{Code: fileError, Where: path, Summary: path + " " + fmt.Sprintf(format, args...), Hint: hint}
	}
	for _, f := range foreignFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return fail(strings.ReplaceAll(f.hint, "FILE", filepath.Base(path)), "%s", f.name)
		}
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.IndexByte(head, 0) >= 0:
		return fail("data are JSON or CSV text", "is not text")
	case len(text) == 0:
		return fail("", "is empty")
	}
	isObject := text[0] == '{' || text[0] == '['
	switch e := ext(path); {
	case e == ".json" && text[0] != '{' && text[0] != '[' && looksLikeRows(text):
		return fail("call it .csv", "is not JSON: it looks like CSV")
	case (e == ".csv" || e == ".tsv") && text[0] == '{':
		return fail("call it .json", "is not CSV: it looks like JSON")
	case e == ".json":
		return fromJSON, nil
	case e == ".csv" || e == ".tsv":
		return fromCSV, nil
	case e == ".ppl" || e == ".stan" || e == ".r" || e == ".py":
		return fail("data are JSON (.json) or CSV (.csv)", "is not a data file")
	case isObject:
		return fromJSON, nil
	case looksLikeRows(text), looksLikeColumn(text):
		return fromCSV, nil
	}
	return fail("data are JSON (.json), an object with a key per value, or CSV (.csv), a header and rows", "is neither JSON nor CSV")
}

// looksLikeRows reports whether the first line could be the header of a CSV file.
func looksLikeRows(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return bytes.IndexByte(line, ',') > 0 && !bytes.ContainsAny(line, "{}[]:=")
}

// looksLikeColumn reports whether the first lines could be a name and its first
// value.
func looksLikeColumn(text []byte) bool {
	name, rest, _ := bytes.Cut(text, []byte("\n"))
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	value = bytes.Trim(value, " \r\"")
	_, number := parseNumber(value)
	return isName(string(bytes.Trim(name, " \r\""))) && (number || string(value) == "NA")
}

// excerpt returns the text of a small file, for the line that a message shows.
func excerpt(path string) *diag.Source {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxExcerpt {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxExcerpt))
	if err != nil {
		return nil
	}
	return diag.NewSource(path, strings.TrimPrefix(string(b), "\uFEFF"))
}

// diagnostic turns a fault into a message, with its line if the text is at hand.
func (f *fault) diagnostic(name string, src *diag.Source) diag.Diagnostic {
	d := diag.Diagnostic{Code: syntaxError, Source: src, Summary: f.summary, Found: f.found, Hint: f.hint}
	if f.code != "" {
		d.Code = f.code
	}
	if src == nil {
		d.Where = fmt.Sprintf("%s:%d:%d", name, f.line, f.column)
		return d
	}
	d.Span = diag.Span{Start: int(f.offset), End: int(f.offset) + f.length}
	return d
}

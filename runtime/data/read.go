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
	"ppl/runtime/data/npy"
	"ppl/runtime/data/parquet"
)

// maxExcerpt bounds the files of which an error shows the line.
const maxExcerpt = 1 << 20

// Options of Read.
type Options struct {
	// Keep, if set, says which keys are wanted. The others are read over and
	// take no memory; they still count as given (Bound.Unused lists them). Columns of
	// Parquet files and arrays of NumPy's are then read at once.
	Keep func(key string) bool
}

// KeepFor is an Options.Keep for m: it keeps the values of data and dimensions,
// and of names that the model fixes or draws.
func KeepFor(m *lang.Model) func(key string) bool {
	wanted := map[string]bool{}
	for _, list := range [][]*lang.Symbol{m.Data, m.Dims, m.Lets, m.Latents} {
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

// Read reads sources in order: paths of files, and assignments `name=value` (write
// ./a=b.csv for a file of such a name). A value is a JSON value, a bare number or
// text, or the path of a .npy file. All sources are tried, so that the list
// holds the errors of each. Columns of Parquet files and arrays of NumPy's are not read
// before a model is bound that asks for them; the files have to stay as they are until then.
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
	if name, value, ok := assignment(source); ok {
		return readAssignment(ctx, name, value, opt)
	}
	return readFile(ctx, source, opt)
}

// assignment splits `name=value`.
func assignment(source string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(source, "=")
	name = strings.TrimSpace(name)
	return name, strings.TrimSpace(value), ok && isName(name)
}

// isNumPyPath reports whether the value of an assignment is the path of a .npy file.
func isNumPyPath(value string) bool {
	return ext(value) == ".npy" && strings.IndexByte(`"[{`, value[0]) < 0
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
func readAssignment(ctx context.Context, name, value string, opt Options) (*Tables, diag.List) {
	t := newTables()
	o := &origin{name: "-d " + name, kind: fromFlag}
	if isNumPyPath(value) {
		return readNamedNumPy(ctx, name, value, opt)
	}
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

// readFile reads a file.
func readFile(ctx context.Context, path string, opt Options) (*Tables, diag.List) {
	t := newTables()
	file, d := open(path)
	if d != nil {
		return t, diag.List{*d}
	}
	defer file.Close()
	return readNamed(ctx, path, file, func() *diag.Source { return excerpt(path) }, opt)
}

// ReadFrom reads from r as Read does from a file called name, whose ending says what it
// is: .json, .jsonl, .ndjson, .csv or .tsv; without one its beginning tells, as it does of Parquet and NumPy files. These
// are kept in memory whole.
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
	if kind == fromParquet || kind == fromNumPy || kind == fromNumPyZip {
		return t, readBinary(s, r, &origin{name: path, kind: kind}, t, opt)
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
	if o.kind == fromLines {
		l := &linesReader{jsonReader: jsonReader{scanner: s, tables: t, origin: o, keep: opt.Keep}}
		return nil, l.file()
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
		return fail("name the data file in it", "%s is a directory", path)
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

// binaryFormats are those that are read and are no text, by how they begin and, of archives, their ending.
var binaryFormats = []struct {
	magic, ending, name string
	kind                originKind
}{
	{parquet.Magic, "", "Parquet", fromParquet},
	{npy.Magic, "", "npy", fromNumPy},
	{"PK\x03\x04", ".npz", "npz", fromNumPyZip},
	{"PK\x05\x06", ".npz", "npz", fromNumPyZip},
}

// foreignFormats are formats recognised by how they begin.
var foreignFormats = []struct{ magic, name, hint string }{
	{"\x1f\x8b", "is compressed with gzip", "unpack it first: gunzip FILE"},
	{"PK\x03\x04", "is a zip archive (an Excel workbook is one)", "unpack it, or save the sheet as CSV"},
	{"BZh", "is compressed with bzip2", "unpack it first: bunzip2 FILE"},
	{"\xfd7zXZ", "is compressed with xz", "unpack it first: unxz FILE"},
	{"\x28\xb5\x2f\xfd", "is compressed with zstd", "unpack it first: unzstd FILE"},
	{"PARE", "is an encrypted Parquet file", "save it without encryption"},
	{"ARROW1", "is an Arrow file", "save it as Parquet or CSV"},
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
	for _, f := range binaryFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) && (f.ending == "" || f.ending == ext(path)) {
			return f.kind, nil
		}
	}
	for _, f := range binaryFormats {
		if e := ext(path); e != "" && (e == "."+strings.ToLower(f.name) || e == f.ending) {
			return fail("was it cut short, or is it something else under that name?", "is not a %s file: it does not begin with %q", f.name, f.magic)
		}
	}
	for _, f := range foreignFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return fail(strings.ReplaceAll(f.hint, "FILE", filepath.Base(path)), "%s", f.name)
		}
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case bytes.IndexByte(head, 0) >= 0:
		return fail("data are JSON or CSV text, Parquet, or NumPy's .npy and .npz", "is not text")
	case len(text) == 0:
		return fail("", "is empty")
	}
	isObject := text[0] == '{' || text[0] == '['
	switch e := ext(path); {
	case e == ".json" && text[0] != '{' && text[0] != '[' && looksLikeRows(text):
		return fail("call it .csv", "is not JSON: it looks like CSV")
	case (e == ".csv" || e == ".tsv") && text[0] == '{':
		return fail("call it .json", "is not CSV: it looks like JSON")
	case (e == ".jsonl" || e == ".ndjson") && text[0] != '{':
		return fail("each line is an object, with a key for each column: {\"x\": 1.5, \"y\": 2}", "has no lines of JSON")
	case e == ".jsonl" || e == ".ndjson":
		return fromLines, nil
	case e == ".json":
		return fromJSON, nil
	case e == ".csv" || e == ".tsv":
		return fromCSV, nil
	case e == ".ppl" || e == ".stan" || e == ".r" || e == ".py":
		return fail("data are "+formats, "is not a data file")
	case isObject:
		return fromJSON, nil
	case looksLikeRows(text), looksLikeColumn(text):
		return fromCSV, nil
	}
	return fail("data are JSON (.json), an object with a key per value, or CSV (.csv), a header and rows; also lines of JSON (.jsonl), .parquet, .npy and .npz", "is neither JSON nor CSV")
}

// formats are those of data, in a sentence.
const formats = "JSON (.json, .jsonl), CSV (.csv, .tsv), Parquet (.parquet) or NumPy's (.npy, .npz)"

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

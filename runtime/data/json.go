package data

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a JSON text: no array has so many dimensions.
const maxDepth = 64

// maxToken bounds a number or word, maxString what is kept of a string: no label
// is longer, and a value with a longer one is no array.
const (
	maxToken  = 1 << 12
	maxString = 1 << 24
)

// jsonReader reads one JSON text. Its methods panic with a *fault, recovered in
// catch, where the text is malformed: a recursive descent reads better so, and
// no panic leaves the package.
type jsonReader struct {
	*scanner
	tables  *Tables
	origin  *origin
	keep    func(string) bool
	scratch []byte
	key     string // that is being read
	long    bool   // the string that was read is longer than maxString
}

// catch turns the panic of fail into a result.
func catch(f **fault) {
	switch e := recover().(type) {
	case nil:
	case *fault:
		*f = e
	default:
		panic(e)
	}
}

func (j *jsonReader) fail(at place, format string, args ...any) *fault {
	f := &fault{place: at, length: 1, summary: fmt.Sprintf(format, args...)}
	if j.key != "" {
		f.summary += fmt.Sprintf(", in the value of %q", j.key)
	}
	return f
}

// file reads a whole text: one object.
func (j *jsonReader) file() (f *fault) {
	defer catch(&f)
	j.space()
	c, ok := j.peek()
	switch {
	case !ok && j.err != nil:
		return nil // the caller reports it
	case !ok:
		panic(j.fail(j.here(), "there is no data in the file"))
	case c == '[':
		f := j.fail(j.here(), "the data must be a JSON object, with a key per value")
		f.found = "an array"
		f.hint = "write {\"y\": [...], ...}; a list of records becomes one array per field"
		panic(f)
	case c != '{':
		panic(j.unexpected("the data must be a JSON object, with a key per value"))
	}
	j.members(j.member)
	j.key = ""
	j.space()
	if _, ok := j.peek(); ok {
		f := j.unexpected("there is text after the end of the data")
		if f.found == "`{`" {
			f.hint = "a file holds one object; records become one array per field"
		}
		panic(f)
	}
	return nil
}

// one reads a single value for key, and nothing after it.
func (j *jsonReader) one(key string) (f *fault) {
	defer catch(&f)
	j.space()
	j.key = key
	v := j.value(key, j.here())
	j.space()
	if _, ok := j.peek(); ok {
		panic(j.unexpected("there is text after the end of the value"))
	}
	j.tables.add(v)
	return nil
}

// member reads the value of a key of the outermost object.
func (j *jsonReader) member(key string, at place) {
	if old, ok := j.tables.values[key]; ok {
		f := j.fail(at, "the key %q stands twice in the object, first on line %d", key, old.line)
		f.length, f.code = len(key)+2, duplicateKey
		f.hint = "remove one of them"
		panic(f)
	}
	j.key = key
	j.tables.add(j.value(key, at))
	j.key = ""
}

// value reads a scalar, an array, or an object keyed by label.
func (j *jsonReader) value(key string, at place) *Value {
	b := &jsonArray{leaf: -1, broken: j.keep != nil && !j.keep(key)}
	j.element(b, 0)
	v := &Value{key: key, origin: j.origin, line: at.line, column: at.column, labels: b.labels, problem: b.problem}
	switch {
	case !b.broken:
		v.shape = b.shape
		v.cells = b.cells()
	case b.problem == nil:
		v.problem = notKept(key)
	}
	return v
}

// jsonArray collects the elements of one value and watches its shape.
type jsonArray struct {
	builder
	shape  []int // -1: not known yet
	leaf   int   // depth of the scalars, -1 before the first
	labels []string
	path   []int // indices of the element being read, from 0
	// broken says that nothing more is collected, for problem or because the
	// value is not wanted.
	broken  bool
	problem *problem
}

func (b *jsonArray) spoil(hint, format string, args ...any) {
	if !b.broken {
		b.problem = &problem{summary: fmt.Sprintf(format, args...), hint: hint}
		b.broken = true
	}
}

// at names the element being read: `y[3, 1]`.
func (b *jsonArray) at(key string) string {
	if len(b.path) == 0 {
		return "`" + key + "`"
	}
	return "`" + key + bracket(b.path, 0) + "`"
}

// scalar notes that a scalar stands at depth.
func (b *jsonArray) scalar(key string, depth int) {
	if b.leaf < 0 && len(b.shape) <= depth {
		b.leaf = depth
	}
	if b.leaf != depth {
		b.spoil("all elements of an array are scalars, or all are arrays", "%s is a scalar, but other elements of `%s` at this depth are arrays", b.at(key), key)
	}
}

// open notes that an array starts at depth.
func (b *jsonArray) open(key string, depth int) {
	if b.leaf >= 0 && depth >= b.leaf {
		b.spoil("all elements of an array are scalars, or all are arrays", "%s is an array, but other elements of `%s` at this depth are scalars", b.at(key), key)
	}
	if depth == len(b.shape) && !b.broken {
		b.shape = append(b.shape, -1)
	}
}

// close notes that the array at depth had n elements.
func (b *jsonArray) close(key string, depth, n int) {
	switch {
	case b.broken:
	case b.shape[depth] < 0:
		b.shape[depth] = n
	case b.shape[depth] != n:
		b.spoil("arrays are dense; pad the rows and declare the type with `?`, or give the lengths as data and one long array",
			"`%s` is ragged: %s has %s, the ones before it have %d", key, b.at(key), count(n, "element"), b.shape[depth])
	}
}

// element reads what stands at depth arrays inside the value.
func (j *jsonReader) element(b *jsonArray, depth int) {
	if depth > maxDepth {
		panic(j.fail(j.here(), "the text nests more than %d deep", maxDepth))
	}
	j.space()
	c, ok := j.peek()
	switch {
	case c == '[':
		j.array(b, depth)
		return
	case c == '{':
		j.object(b, depth)
		return
	case !ok:
		panic(j.unexpected("a value is missing"))
	}
	b.scalar(j.key, depth)
	var sink *builder
	if !b.broken {
		sink = &b.builder
	}
	switch {
	case c == '"':
		if j.stringCell(sink); j.long {
			b.spoil("labels are short texts", "%s is a text of more than %d MiB", b.at(j.key), maxString>>20)
		}
	case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9':
		j.numberCell(sink)
	default:
		j.wordCell(sink)
	}
}

func (j *jsonReader) array(b *jsonArray, depth int) {
	b.open(j.key, depth)
	j.take()
	j.space()
	n := 0
	if c, ok := j.peek(); ok && c == ']' {
		j.take()
		b.close(j.key, depth, n)
		return
	}
	b.path = append(b.path, 0)
	for {
		b.path[len(b.path)-1] = n
		j.element(b, depth+1)
		n++
		if j.separator(']') {
			break
		}
	}
	b.path = b.path[:len(b.path)-1]
	b.close(j.key, depth, n)
}

// object reads an object inside a value: labels and their elements.
func (j *jsonReader) object(b *jsonArray, depth int) {
	if depth > 0 {
		b.spoil("a list of records becomes one array per field", "%s is an object inside an array", b.at(j.key))
	}
	b.open(j.key, depth)
	n := 0
	b.path = append(b.path, 0)
	seen := map[string]bool{}
	j.members(func(label string, at place) {
		b.path[len(b.path)-1] = n
		if depth == 0 {
			if seen[label] {
				b.spoil("remove one of them", "the label %q stands twice in `%s`", label, j.key)
			}
			seen[label] = true
			b.labels = append(b.labels, label)
		}
		j.element(b, depth+1)
		n++
	})
	b.path = b.path[:len(b.path)-1]
	b.close(j.key, depth, n)
}

// members reads `{"key": VALUE, ...}` and calls member in place of VALUE.
func (j *jsonReader) members(member func(key string, at place)) {
	j.take()
	j.space()
	if c, ok := j.peek(); ok && c == '}' {
		j.take()
		return
	}
	for {
		j.space()
		at := j.here()
		if c, ok := j.peek(); !ok || c != '"' {
			f := j.unexpected("expected a key in double quotes")
			if f.found == "`}`" {
				f.hint = "remove the comma before it"
			}
			panic(f)
		}
		key := string(j.str())
		if j.long {
			panic(j.fail(at, "the key that starts here is longer than %d MiB", maxString>>20))
		}
		j.space()
		if c, ok := j.peek(); !ok || c != ':' {
			panic(j.unexpected(fmt.Sprintf("expected `:` after the key %q", key)))
		}
		j.take()
		member(key, at)
		if j.separator('}') {
			return
		}
	}
}

// separator reads a comma, or the end of an array or object.
func (j *jsonReader) separator(end byte) (ended bool) {
	j.space()
	c, ok := j.peek()
	switch {
	case ok && c == end:
		j.take()
		return true
	case !ok || c != ',':
		f := j.unexpected(fmt.Sprintf("expected `,` or `%c`", end))
		panic(f)
	}
	j.take()
	j.space()
	if c, ok := j.peek(); ok && c == end {
		f := j.unexpected("expected a value after the comma")
		if end == '}' {
			f = j.unexpected("expected a key after the comma")
		}
		f.hint = "remove the comma before it"
		panic(f)
	}
	return false
}

func (j *jsonReader) space() {
	for {
		c, ok := j.peek()
		if !ok || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return
		}
		j.take()
	}
}

// unexpected is a fault at the next byte.
func (j *jsonReader) unexpected(summary string) *fault {
	f := j.fail(j.here(), "%s", summary)
	head := j.head(utf8.UTFMax)
	if len(head) == 0 {
		f.found = "the end of the text"
		return f
	}
	r, n := utf8.DecodeRune(head)
	f.length = n
	f.found = fmt.Sprintf("`%c`", r)
	if r == '/' || r == '#' {
		f.hint = "JSON has no comments"
	}
	if r == '\'' {
		f.hint = "JSON quotes strings with \", not with '"
	}
	return f
}

// token reads a run of bytes that belong to a number or a word.
func (j *jsonReader) token() []byte {
	b := j.scratch[:0]
	for len(b) < maxToken {
		c, ok := j.peek()
		if !ok || strings.IndexByte(" \t\r\n,:[]{}\"", c) >= 0 {
			break
		}
		b = append(b, c)
		j.take()
	}
	j.scratch = b
	return b
}

func (j *jsonReader) numberCell(b *builder) {
	at := j.here()
	s := j.token()
	form, _ := scanNumber(s)
	n, ok := parseNumber(s)
	switch {
	case !ok && string(s) == "-Infinity":
		b.pushIf(math.Inf(-1))
		return
	case !ok || form.bare || form.zeros:
		f := j.fail(at, "%s is not a number", quoteToken(s))
		f.length = len(s)
		switch {
		case ok && form.bare:
			f.hint = "JSON numbers have digits on both sides of the point and no plus sign"
		case ok:
			f.hint = "JSON numbers have no leading zeros; a label with zeros is a string"
		default:
			f.hint = "a label or a date is a string: put it in double quotes"
		}
		panic(f)
	}
	if b != nil {
		b.pushNumber(s, n)
	}
}

// pushIf adds a number to a builder that may be nil.
func (b *builder) pushIf(x float64) {
	if b != nil {
		b.push(x, tagNumber)
	}
}

// foreignWords are what other languages write for JSON's words.
var foreignWords = map[string]string{
	"nan": "NaN", "NAN": "NaN", "Nan": "NaN", "inf": "Infinity", "Inf": "Infinity", "INF": "Infinity", "infinity": "Infinity",
	"None": "null", "NA": "null", "NULL": "null", "Null": "null", "nil": "null", "undefined": "null",
	"True": "true", "TRUE": "true", "False": "false", "FALSE": "false",
}

func (j *jsonReader) wordCell(b *builder) {
	at := j.here()
	s := j.token()
	if b == nil {
		b = &builder{}
	}
	switch string(s) {
	case "null":
		b.push(math.NaN(), tagNull)
	case "true", "false":
		b.pushBool(s[0] == 't')
	case "NaN":
		b.push(math.NaN(), tagNumber)
	case "Infinity":
		b.push(math.Inf(1), tagNumber)
	default:
		panic(j.badWord(at, s))
	}
}

func (j *jsonReader) badWord(at place, s []byte) *fault {
	if len(s) == 0 {
		return j.unexpected("expected a value")
	}
	f := j.fail(at, "expected a value, found %s", quoteToken(s))
	f.length = len(s)
	switch w, ok := foreignWords[string(s)]; {
	case ok:
		f.hint = "write `" + w + "`"
	case s[0] == '\'':
		f.hint = "JSON quotes strings with \", not with '"
	case s[0] == '/' || s[0] == '#':
		f.hint = "JSON has no comments"
	default:
		f.hint = "a string stands in double quotes"
	}
	return f
}

// quoteToken shows text from a file, shortened.
func quoteToken(s []byte) string {
	t := strings.ToValidUTF8(string(s[:min(len(s), 40)]), "\uFFFD")
	if len(s) > 40 {
		t += "..."
	}
	return "`" + t + "`"
}

func (j *jsonReader) stringCell(b *builder) {
	s := j.str()
	if b != nil {
		b.pushString(s)
	}
}

// pushString adds a string of JSON or Go: a text, which may also name a number
// that has no digits.
func (b *builder) pushString(s []byte) {
	if x, ok := specialNumber(s); ok {
		b.pushText(s, textNumber, x)
		return
	}
	b.pushText(s, textOnly, 0)
}

// str reads a string, or over it if it is long. The bytes are good until
// the next token.
func (j *jsonReader) str() []byte {
	start := j.here()
	j.take()
	b := j.scratch[:0]
	j.long = false
	for {
		if len(b) > maxString {
			b, j.long = b[:0], true
		}
		c, ok := j.peek()
		switch {
		case !ok || c == '\n':
			panic(j.fail(start, "the string that starts here is not closed"))
		case c == '"':
			j.take()
			j.scratch = b
			if !utf8.Valid(b) {
				return []byte(strings.ToValidUTF8(string(b), "\uFFFD"))
			}
			return b
		case c == '\\':
			b = j.escape(b)
		default:
			b = append(b, j.run('"', '\\', '\n')...)
		}
	}
}

// escapes are the one-letter escapes of JSON.
var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (j *jsonReader) escape(b []byte) []byte {
	at := j.here()
	j.take()
	c, ok := j.peek()
	if r, known := escapes[c]; ok && known {
		j.take()
		return append(b, r)
	}
	if !ok || c != 'u' {
		f := j.fail(at, "`\\%c` is not an escape of JSON", c)
		f.length, f.hint = 2, `write a backslash as \\`
		panic(f)
	}
	j.take()
	r := j.hex(at)
	if !utf16.IsSurrogate(r) {
		return utf8.AppendRune(b, r)
	}
	if h := j.head(2); string(h) == `\u` {
		j.take()
		j.take()
		return utf8.AppendRune(b, utf16.DecodeRune(r, j.hex(at)))
	}
	return utf8.AppendRune(b, utf8.RuneError)
}

// hex reads the four digits of \u.
func (j *jsonReader) hex(at place) rune {
	r := rune(0)
	for range 4 {
		c, ok := j.peek()
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if c <= '9' {
			d = strings.IndexByte("0123456789", c)
		}
		if !ok || d < 0 {
			f := j.fail(at, "`\\u` needs four hexadecimal digits")
			f.length = 2
			panic(f)
		}
		r = r<<4 | rune(d)
		j.take()
	}
	return r
}

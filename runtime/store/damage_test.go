package store

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
)

// part is an entry of a zip that is put together for a test.
type part struct {
	name    string
	content []byte
	header  func(*zip.FileHeader)
}

// parts takes a zip apart.
func partsOf(t testing.TB, data []byte) []part {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{name: f.Name, content: content})
	}
	return parts
}

// zipped puts a zip together, with right checksums, and with a .zmetadata that
// fits the rest unless it is kept.
func zipped(t testing.TB, parts []part, keepConsolidated bool) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		if p.name == consolidatedEntry && !keepConsolidated {
			p.content = reconsolidated(t, parts)
		}
		h := &zip.FileHeader{
			Name: p.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(p.content),
			CompressedSize64: uint64(len(p.content)), UncompressedSize64: uint64(len(p.content)),
		}
		if p.header != nil {
			p.header(h)
		}
		w, err := z.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func reconsolidated(t testing.TB, parts []part) []byte {
	contents, names := map[string][]byte{}, []string{}
	for _, p := range parts {
		base := p.name[strings.LastIndexByte(p.name, '/')+1:]
		if base == groupEntry || base == attrsEntry || base == arrayEntry {
			if _, twice := contents[p.name]; !twice {
				names = append(names, p.name)
			}
			contents[p.name] = p.content
		}
	}
	var all bytes.Buffer
	if err := consolidate(&all, names, func(w io.Writer, name string) error {
		_, err := w.Write(contents[name])
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}

// changed is the sample with one entry changed, or left out where the change
// gives nil.
func changed(t testing.TB, name string, change func(p *part)) []byte {
	parts := partsOf(t, written(t, sample()))
	for i := range parts {
		if parts[i].name == name {
			change(&parts[i])
			if parts[i].content == nil {
				parts = append(parts[:i], parts[i+1:]...)
			}
			return zipped(t, parts, name == consolidatedEntry)
		}
	}
	t.Fatalf("no entry %s", name)
	return nil
}

// Each kind of damage is told apart, and its place is named.
func TestDamage(t *testing.T) {
	whole := written(t, sample())
	replace := func(name, old, new string) []byte {
		return changed(t, name, func(p *part) {
			if !bytes.Contains(p.content, []byte(old)) {
				t.Fatalf("%s has no %s: %s", name, old, p.content)
			}
			p.content = bytes.Replace(p.content, []byte(old), []byte(new), 1)
		})
	}
	content := func(name string, content string) []byte {
		return changed(t, name, func(p *part) { p.content = []byte(content) })
	}
	without := func(name string) []byte { return changed(t, name, func(p *part) { p.content = nil }) }
	header := func(name string, change func(*zip.FileHeader)) []byte {
		return changed(t, name, func(p *part) { p.header = change })
	}
	with := func(name, content string) []byte {
		return zipped(t, append(partsOf(t, whole), part{name: name, content: []byte(content)}), false)
	}
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(whole, []byte("Aitkin"))] ^= 1
	moved := bytes.Clone(whole)
	moved[bytes.Index(whole, []byte("PK\x03\x04"))+4+bytes.Index(whole[4:], []byte("PK\x03\x04"))] ^= 1
	const theta, county = "posterior/theta/.zarray", "posterior/county/0"
	for _, c := range []struct {
		name  string
		data  []byte
		kind  Kind
		entry string
		text  string
	}{
		{"empty file", nil, NotZip, "", "the file is empty"},
		{"a CSV", []byte("a,b\n1,2\n"), NotZip, "", `begins with "a,b\n"`},
		{"two bytes", whole[:2], Truncated, "", "ends after 2 bytes"},
		{"first entry only", whole[:100], Truncated, "", "no whole directory"},
		{"half", whole[:len(whole)/2], Truncated, "", "no whole directory"},
		{"last byte", whole[:len(whole)-1], Truncated, "", "no whole directory"},
		{"empty zip", zipped(t, nil, false), Foreign, "", "the zip is empty"},
		{"other zip", zipped(t, []part{{name: "word/document.xml", content: []byte("<w/>")}}, false), Foreign, "", "no stored entry .zattrs"},
		{"other store", content(".zattrs", `{"a":1}`), Foreign, ".zattrs", "no attribute ppl_layout"},
		{"other entry", with("notes.txt", "x"), Foreign, "notes.txt", "not part of the layout"},
		{"a chunk too many", with("posterior/theta/1.0.1", "x"), Foreign, "posterior/theta/1.0.1", "not part of the layout"},
		{"array without group", with("g/a/.zarray", "{}"), Foreign, "g/a/.zarray", "not part of the layout"},
		{"later layout", replace(".zattrs", `"ppl_layout":1`, `"ppl_layout":2`), Version, ".zattrs", "layout 2 of ppl 0.9; this program reads layout 1"},
		{"layout no number", replace(".zattrs", `"ppl_layout":1`, `"ppl_layout":"x"`), Version, ".zattrs", `layout "x"`},
		{"later layout, compressed", laterLayout(t), Version, ".zattrs", "layout 2"},
		{"root no JSON", content(".zattrs", `{`), Damaged, ".zattrs", "is not a JSON object"},
		{"no root group", without(".zgroup"), Missing, ".zgroup", "no such entry"},
		{"no consolidated", without(".zmetadata"), Missing, ".zmetadata", "no such entry"},
		{"other consolidated", replace(".zmetadata", `"<f8"`, `"<f4"`), Damaged, ".zmetadata", "does not repeat"},
		{"short consolidated", content(".zmetadata", `{}`), Damaged, ".zmetadata", "ends too early"},
		{"long consolidated", replace(".zmetadata", `"zarr_consolidated_format":1}`, `"zarr_consolidated_format":1} `), Damaged, ".zmetadata", "more bytes"},
		{"no attributes", without("posterior/theta/.zattrs"), Missing, "posterior/theta/.zattrs", "no such entry"},
		{"no chunk", without("posterior/theta/0.0.0"), Missing, "posterior/theta/0.0.0", "no such entry"},
		{"group of Zarr 3", content("empty/.zgroup", `{"zarr_format":3}`), Unsupported, "empty/.zgroup", "Zarr of format 3"},
		{"group no JSON", content("empty/.zgroup", `[`), Damaged, "empty/.zgroup", "not the JSON of a group"},
		{"array of Zarr 3", replace(theta, `"zarr_format":2`, `"zarr_format":3`), Unsupported, theta, "Zarr of format 3"},
		{"array no JSON", content(theta, `{"shape":[1.5]}`), Damaged, theta, "not the JSON of an array"},
		{"array large", content(theta, strings.Repeat(" ", maxDocument+1)), TooLarge, theta, "at most 65536 are read"},
		{"Fortran order", replace(theta, `"C"`, `"F"`), Unsupported, theta, `the order "F"`},
		{"compressor", replace(theta, `"compressor":null`, `"compressor":{"id":"blosc"}`), Unsupported, theta, `the compressor {"id":"blosc"}`},
		{"filter", replace(theta, `"filters":null`, `"filters":[{"id":"delta"}]`), Unsupported, theta, "the filters"},
		{"no filter", replace("posterior/county/.zarray", `[{"id":"vlen-utf8"}]`, `null`), Unsupported, "posterior/county/.zarray", `for elements "|O"`},
		{"type", replace(theta, `"<f8"`, `">f8"`), Unsupported, theta, `elements of type ">f8"`},
		{"structured type", replace(theta, `"<f8"`, `[["a","<f8"]]`), Damaged, theta, "not the JSON of an array"},
		{"33 dimensions", replace(theta, `"shape":[2,2,3]`, `"shape":[`+strings.Repeat("1,", 32)+`1]`), Unsupported, theta, "33 dimensions"},
		{"overflow", replace(theta, `"shape":[2,2,3]`, `"shape":[4294967296,4294967296,2]`), Damaged, theta, "cannot be counted"},
		{"no int", replace(theta, `"shape":[2,2,3]`, `"shape":[99999999999999999999,2,3]`), Damaged, theta, "not the JSON of an array"},
		{"negative", replace(theta, `"shape":[2,2,3]`, `"shape":[-2,-2,3]`), Damaged, theta, "cannot be counted"},
		{"chunks no runs", replace(theta, `"chunks":[2,2,3]`, `"chunks":[2,1,3]`), Unsupported, theta, "runs of consecutive"},
		{"huge shape", replace(theta, `"shape":[2,2,3]`, `"shape":[2000000000,2,3]`), Missing, "posterior/theta/1.0.0", "no such entry"},
		{"huge chunk", replace(theta, `"chunks":[2,2,3],"compressor":null,"dtype":"<f8","fill_value":"NaN","filters":null,"order":"C","shape":[2,2,3]`,
			`"chunks":[200000000,2,3],"compressor":null,"dtype":"<f8","fill_value":"NaN","filters":null,"order":"C","shape":[200000000,2,3]`), Damaged, "posterior/theta/0.0.0", "has 96 bytes; 1200000000 elements"},
		{"short chunk", content("posterior/theta/0.0.0", "12345678"), Damaged, "posterior/theta/0.0.0", "has 8 bytes; 12 elements <f8 have 96"},
		{"no dimensions", content("posterior/theta/.zattrs", "{}"), Missing, "posterior/theta/.zattrs", "no attribute _ARRAY_DIMENSIONS"},
		{"dimensions no names", content("posterior/theta/.zattrs", `{"_ARRAY_DIMENSIONS":[1,2,3]}`), Damaged, "posterior/theta/.zattrs", "no list of names"},
		{"long dimensions", content("posterior/theta/.zattrs", `{"_ARRAY_DIMENSIONS":["`+strings.Repeat("x", maxDocument)+`"]}`), TooLarge, "posterior/theta/.zattrs", "_ARRAY_DIMENSIONS has"},
		{"two dimensions", replace("posterior/theta/.zattrs", `"draw",`, ``), Invalid, "posterior/theta", "2 dimensions"},
		{"other dimension", replace("posterior/z/.zattrs", `"draw"`, `"county"`), Invalid, "posterior/z", "dimension county has length 2 here and 3"},
		{"texts counted", content(county, "\x04\x00\x00\x00"+strings.Repeat("\x00", 12)), Damaged, county, "holds 4 texts"},
		{"texts cut", content(county, "\x03\x00\x00\x00\x00\x00\x00\x00"), Damaged, county, "has 8 bytes; 3 texts have 16"},
		{"text too long", content(county, "\x03\x00\x00\x00\x02\x00\x00\x00a"+strings.Repeat("\x00", 8)), Damaged, county, "text 0 is said to have 2 bytes"},
		{"text no UTF-8", content(county, "\x03\x00\x00\x00\x01\x00\x00\x00\xff"+strings.Repeat("\x00", 8)), Damaged, county, "text 0 is not UTF-8"},
		{"texts and more", content(county, "\x03\x00\x00\x00"+strings.Repeat("\x00", 13)), Damaged, county, "more bytes"},
		{"entry twice", with("empty/.zgroup", groupDocument), Duplicate, "empty/.zgroup", "two entries"},
		{"name no name", with("a\\b/.zgroup", groupDocument), Missing, `a\b/.zattrs`, "no such entry"},
		{"deflated", deflated(t, county), Unsupported, county, "compressed"},
		{"encrypted", header(county, func(h *zip.FileHeader) { h.Flags |= 1 }), Unsupported, county, "encrypted"},
		{"two sizes", header(county, func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 40 }), Damaged, county, "stored entry"},
		{"large entry", header(county, func(h *zip.FileHeader) { h.UncompressedSize64, h.CompressedSize64 = 1<<40, 1<<40 }), Damaged, county, "more bytes than the file"},
		{"overlap", overlapping(t), Damaged, "", "more bytes than the file"},
		{"directory bomb", directoryBomb(), TooLarge, "", "out of proportion"},
		{"byte flipped", flipped, Damaged, county, "checksum"},
		{"header flipped", moved, Damaged, ".zattrs", "no entry begins"},
		{"attributes without end", content(".zattrs", manyAttrs(100_000)), TooLarge, ".zattrs", "more memory"},
	} {
		err := checkHostile(t, c.data)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if e.Kind != c.kind || e.Entry != c.entry && c.entry != "" || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), c.kind.String()) {
			t.Errorf("%s: %v at %q: %v; want %v at %q, %s", c.name, e.Kind, e.Entry, err, c.kind, c.entry, c.text)
		}
	}
}

// laterLayout is a file of a layout in which chunks are compressed.
func laterLayout(t testing.TB) []byte {
	parts := partsOf(t, deflated(t, "posterior/theta/0.0.0"))
	parts[1].content = []byte(`{"ppl_layout":2}`)
	return zipped(t, parts, false)
}

// deflated is the sample with one entry compressed.
func deflated(t testing.TB, name string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range partsOf(t, written(t, sample())) {
		method := zip.Store
		if p.name == name {
			method = zip.Deflate
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: method})
		if err == nil {
			_, err = w.Write(p.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// overlapping is a zip whose directory names one large entry many times, with
// another name each.
func overlapping(t testing.TB) []byte {
	parts := partsOf(t, written(t, sample()))
	for i := range 20 {
		parts = append(parts, part{name: fmt.Sprintf("x/%02d", i), content: bytes.Repeat([]byte{'x'}, 1000)})
	}
	data := zipped(t, parts, false)
	at := bytes.Index(data, []byte("PK\x01\x02"))
	first := bytes.Index(data, []byte("x/00")) - 30
	entries := first // what stands before the twenty
	var out bytes.Buffer
	out.Write(data[:entries+34+1000])
	directory := bytes.Clone(data[at:])
	for i := range 20 {
		name := bytes.Index(directory, fmt.Appendf(nil, "x/%02d", i))
		binary.LittleEndian.PutUint32(directory[name-4:], uint32(first))
	}
	end := bytes.Index(directory, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint32(directory[end+16:], uint32(out.Len()))
	out.Write(directory)
	return out.Bytes()
}

// directoryBomb is a zip of one entry that its directory has 200,000 times.
func directoryBomb() []byte {
	local := []byte("PK\x03\x04" + strings.Repeat("\x00", 26))
	record := []byte("PK\x01\x02" + strings.Repeat("\x00", 42))
	const n = 200_000
	data := append(local, bytes.Repeat(record, n)...)
	end := []byte("PK\x05\x06" + strings.Repeat("\x00", 18))
	binary.LittleEndian.PutUint16(end[8:], n&0xffff)
	binary.LittleEndian.PutUint16(end[10:], n&0xffff)
	binary.LittleEndian.PutUint32(end[12:], uint32(n*len(record)))
	binary.LittleEndian.PutUint32(end[16:], uint32(len(local)))
	return append(data, end...)
}

func manyAttrs(n int) string {
	var b strings.Builder
	b.WriteString(`{"ppl_layout":1`)
	for i := range n {
		fmt.Fprintf(&b, `,"%d":0`, i)
	}
	return b.String() + "}"
}

// Limits that the caller sets hold.
func TestLimits(t *testing.T) {
	data := written(t, &File{Groups: []Group{{Name: "g", Arrays: []Array{{Name: "a", Dims: []string{"x"}, Shape: []int{1 << 20}, Values: make(Floats, 1<<20)}}}}})
	for memory, kind := range map[int64]Kind{0: 0, 100: TooLarge, 8 << 20: TooLarge, 9 << 20: 0} {
		_, err := Read(bytes.NewReader(data), int64(len(data)), Limits{Memory: memory})
		var e *Error
		if errors.As(err, &e) != (kind != 0) || e != nil && e.Kind != kind {
			t.Errorf("%d bytes allowed: %v", memory, err)
		}
	}
}

// What fails below is passed on, and is no *Error.
func TestReadError(t *testing.T) {
	boom := errors.New("boom")
	data := written(t, sample())
	for n := range 100 {
		_, err := Read(&failing{bytes.NewReader(data), n, boom}, int64(len(data)), Limits{})
		var e *Error
		if err != nil && (!errors.Is(err, boom) || errors.As(err, &e)) {
			t.Fatalf("after %d reads: %v", n, err)
		}
		if n == 0 && err == nil {
			t.Error("no error")
		}
	}
	if _, err := readFile(t.TempDir(), Limits{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
	if _, err := readFile("nowhere", Limits{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

type failing struct {
	r   io.ReaderAt
	n   int
	err error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.n--; f.n < 0 {
		return 0, f.err
	}
	return f.r.ReadAt(p, off)
}

// allocations returns the bytes that a function allocates in all.
func allocations(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// watched is a file that looks at the memory in use at some of its reads.
type watched struct {
	r     io.ReaderAt
	reads int
	every int
	peak  int64
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	if w.reads++; w.reads%w.every == 0 {
		w.peak = max(w.peak, inUse())
	}
	return w.r.ReadAt(p, off)
}

// inUse returns the bytes of memory that are reachable.
func inUse() int64 {
	var now runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools hold survives the first
	runtime.ReadMemStats(&now)
	return int64(now.HeapAlloc)
}

// checkPeak reads a file and looks at the memory in use at some twenty
// moments, and at the end.
func checkPeak(t *testing.T, name string, data []byte) {
	t.Helper()
	count := &watched{r: bytes.NewReader(data), every: 1 << 60}
	Read(count, int64(len(data)), Limits{})
	before := inUse()
	w := &watched{r: bytes.NewReader(data), every: 1 + count.reads/20}
	f, _ := Read(w, int64(len(data)), Limits{})
	peak := max(w.peak, inUse()) - before
	runtime.KeepAlive(f)
	runtime.KeepAlive(data)
	if peak > memoryPerByte*int64(len(data))+readingBuffers {
		t.Errorf("%s: %d bytes in use for a file of %d", name, peak, len(data))
	}
	t.Logf("%s: %.2f bytes in use for a byte of the file, of which there are %d", name, float64(peak)/float64(len(data)), len(data))
}

// readingBuffers is what reading allocates whatever the file: its buffers,
// those of archive/zip, and JSON decoders, and memoryAtLeast.
const readingBuffers = 256<<10 + memoryAtLeast

// checkHostile reads a file that may be anything: content that can be written
// again or an error, in memory that its size bounds.
func checkHostile(t testing.TB, data []byte) (err error) {
	t.Helper()
	var f *File
	if allocated := allocations(func() { f, err = read(data) }); allocated > memoryPerByte*uint64(len(data))+readingBuffers {
		t.Fatalf("%d bytes allocated for a file of %d", allocated, len(data))
	}
	var e *Error
	switch {
	case err == nil:
		again := written(t, f)
		if g, err := read(again); err != nil || !bytes.Equal(written(t, g), again) {
			t.Fatalf("written again, it is not read as it was: %v", err)
		}
	case !errors.As(err, &e) || e.Kind == 0 || e.Detail == "":
		t.Fatalf("%v", err)
	}
	return err
}

// 10,000 files with random damage: half of them to any bytes, half to the
// bytes of an entry whose checksum is put right, as is .zmetadata.
func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	whole := written(t, sample())
	parts := partsOf(t, whole)
	kinds := map[Kind]int{}
	for i := range 10_000 {
		data := bytes.Clone(whole)
		if i%2 == 0 {
			data = mutated(random, data)
		} else {
			k := random.IntN(len(parts))
			some := append([]part{}, parts...)
			some[k].content = mutated(random, bytes.Clone(some[k].content))
			if random.IntN(8) == 0 {
				some[k].name = parts[random.IntN(len(parts))].name
			}
			data = zipped(t, some, false)
		}
		var e *Error
		if errors.As(checkHostile(t, data), &e) {
			kinds[e.Kind]++
		} else {
			kinds[0]++
		}
	}
	for _, kind := range []Kind{0, Invalid, NotZip, Truncated, Foreign, Version, Unsupported, Missing, Duplicate, Damaged} {
		if kinds[kind] == 0 {
			t.Errorf("no file of kind %q: %v", kind, kinds)
		}
	}
}

// mutated changes some bytes, digits more than others.
func mutated(random *rand.Rand, data []byte) []byte {
	for range 1 + random.IntN(3) {
		if len(data) == 0 {
			return []byte{byte(random.Uint32())}
		}
		at := random.IntN(len(data))
		switch random.IntN(6) {
		case 0:
			data[at] = byte(random.Uint32())
		case 1:
			data[at] ^= 1 << random.IntN(8)
		case 2:
			data = data[:at]
		case 3:
			end := min(len(data), at+random.IntN(20))
			data = append(data[:at:at], data[end:]...)
		case 4:
			end := min(len(data), at+random.IntN(20))
			data = append(data[:end:end], data[at:]...)
		case 5:
			for k := at; k < len(data); k++ {
				if data[k] >= '0' && data[k] <= '9' {
					digits := []string{"0", "-1", "2", "9", "4294967296", "9223372036854775807", "1e9", "null"}
					data = append(data[:k:k], append([]byte(digits[random.IntN(len(digits))]), data[k+1:]...)...)
					break
				}
			}
		}
	}
	return data
}

// small is a file whose fuzzed descendants stay small.
func small(t testing.TB) []byte {
	return written(t, &File{Groups: []Group{{Name: "g", Arrays: []Array{
		{Name: "a", Dims: []string{"x", "y"}, Shape: []int{1, 2}, Values: Floats{1, 2}},
		{Name: "x", Dims: []string{"x"}, Shape: []int{1}, Values: Strings{"é"}},
	}}}})
}

func FuzzRead(f *testing.F) {
	f.Add(small(f))
	f.Add(written(f, &File{}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) { checkHostile(t, data) })
}

// FuzzEntry replaces an entry by any bytes, with the right checksum.
func FuzzEntry(f *testing.F) {
	parts := partsOf(f, small(f))
	for i, p := range parts {
		f.Add(uint8(i), p.content)
	}
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		some := append([]part{}, parts...)
		some[int(which)%len(parts)].content = content
		checkHostile(t, zipped(t, some, false))
	})
}

// Reading the golden file of an earlier version of the program.
func TestReadGolden(t *testing.T) {
	f, err := readFile("testdata/golden.zarr.zip", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(sample(), f); d != "" {
		t.Error(d)
	}
}

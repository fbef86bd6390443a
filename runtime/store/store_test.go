package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	_ "ppl/bench/daily"
)

// sample has every element type, and every awkward shape and value.
func sample() *File {
	attrs := func(pairs ...any) Attrs {
		var a Attrs
		for i := 0; i < len(pairs); i += 2 {
			if err := a.Set(pairs[i].(string), pairs[i+1]); err != nil {
				panic(err)
			}
		}
		return a
	}
	theta := Floats{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.SmallestNonzeroFloat64, math.MaxFloat64, -1.5, 1. / 3, 2, 3, 4}
	return &File{
		Attrs: attrs("ppl_version", "0.9", "model", "y ~ Normal(mu, 1)  // <é> & \"quotes\"\n", "seed", uint64(1<<63)),
		Groups: []Group{
			{Name: "posterior", Attrs: attrs("created_by", "ppl"), Arrays: []Array{
				{Name: "theta", Dims: []string{"chain", "draw", "county"}, Shape: []int{2, 2, 3}, Values: theta, Attrs: attrs("long_name", "θ")},
				{Name: "chain", Dims: []string{"chain"}, Shape: []int{2}, Values: Ints{0, 1}},
				{Name: "county", Dims: []string{"county"}, Shape: []int{3}, Values: Strings{"Aitkin", "", "Łódź \x00 日本"}},
				{Name: "größe σ", Values: Floats{2.5}},
				{Name: "z", Dims: []string{"chain", "draw"}, Shape: []int{2, 2}, Values: Ints{0, -1, math.MinInt64, math.MaxInt64}},
			}},
			{Name: "sample_stats", Arrays: []Array{
				{Name: "diverging", Dims: []string{"chain", "draw"}, Shape: []int{2, 2}, Values: Bools{true, false, false, true}},
				{Name: "none", Dims: []string{"chain", "nothing", "draw"}, Shape: []int{2, 0, 2}, Values: Floats{}},
				{Name: "nothing", Dims: []string{"nothing"}, Shape: []int{0}, Values: Strings{}},
			}},
			{Name: "empty"},
		},
	}
}

func written(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(context.Background(), &b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(data []byte) (*File, error) {
	return Read(bytes.NewReader(data), int64(len(data)), Limits{})
}

// difference compares files, floats by their bits.
func difference(want, got *File) string {
	return cmp.Diff(want, got,
		cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
		cmp.Comparer(func(a, b Attrs) bool {
			return maps.EqualFunc(a, b, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
		}),
		cmp.Comparer(func(a, b []int) bool {
			return len(a) == len(b) && cmp.Equal(append([]int{}, a...), append([]int{}, b...))
		}),
		cmp.Comparer(func(a, b []string) bool {
			return len(a) == len(b) && cmp.Equal(append(Strings{}, a...), append(Strings{}, b...))
		}))
}

func TestRoundTrip(t *testing.T) {
	got, err := read(written(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(sample(), got); d != "" {
		t.Error(d)
	}
	var seed uint64
	if ok, err := got.Attrs.Get("seed", &seed); !ok || err != nil || seed != 1<<63 {
		t.Errorf("seed %d, %v, %v", seed, ok, err)
	}
	if ok, err := got.Attrs.Get("nothing", &seed); ok || err != nil {
		t.Errorf("an attribute that is not there: %v, %v", ok, err)
	}
	if ok, err := got.Attrs.Get("model", &seed); !ok || err == nil {
		t.Errorf("a text as a number: %v, %v", ok, err)
	}
}

// Files of any content come back, in chunks of any size, within the limits of reading.
func TestRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawFile(t)
		most := rapid.SampledFrom([]int{1, 2, 3, 5, 10, chunkElements}).Draw(t, "elements of a chunk")
		var b, again bytes.Buffer
		if err := write(context.Background(), &b, want, most); err != nil {
			t.Fatal(err)
		}
		got, err := read(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(want, got); d != "" {
			t.Fatal(d)
		}
		if err := write(context.Background(), &again, got, most); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Fatalf("written again: %v, %d and %d bytes", err, b.Len(), again.Len())
		}
	})
}

func drawFile(t *rapid.T) *File {
	name := rapid.StringMatching(`[a-zA-Zéß日_ ][a-zé0-9_. -]{0,5}`)
	f := &File{}
	for _, group := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID[string]).Draw(t, "groups") {
		g := Group{Name: group}
		lengths := map[string]int{}
		for _, array := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID[string]).Draw(t, "arrays") {
			a := Array{Name: "a" + array} // dimensions begin with d: none is an array's name
			for _, dim := range rapid.SliceOfNDistinct(name, 0, 4, rapid.ID[string]).Draw(t, "dims") {
				dim = "d" + dim
				if _, seen := lengths[dim]; !seen {
					lengths[dim] = rapid.IntRange(0, 6).Draw(t, "length")
				}
				a.Dims, a.Shape = append(a.Dims, dim), append(a.Shape, lengths[dim])
			}
			a.Values = drawValues(t, a.Shape)
			if text := rapid.String().Draw(t, "attribute"); text != "" {
				a.Attrs.Set(text, map[string]string{text: text})
			}
			g.Arrays = append(g.Arrays, a)
		}
		f.Groups = append(f.Groups, g)
	}
	return f
}

func drawValues(t *rapid.T, shape []int) Values {
	n, _ := elements(shape)
	switch rapid.IntRange(0, 3).Draw(t, "type") {
	case 0:
		return Floats(rapid.SliceOfN(rapid.Float64(), n, n).Draw(t, "values"))
	case 1:
		return Ints(rapid.SliceOfN(rapid.Int64(), n, n).Draw(t, "values"))
	case 2:
		return Bools(rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "values"))
	}
	return Strings(rapid.SliceOfN(rapid.String(), n, n).Draw(t, "values"))
}

// The same content gives the same bytes, on every machine and in every
// version that writes this layout. After a change that is meant, go test
// -update writes the file anew; if older files are read otherwise than before,
// Layout changes too.
var update = flag.Bool("update", false, "rewrite testdata/golden.zarr.zip")

func TestGolden(t *testing.T) {
	const path = "testdata/golden.zarr.zip"
	got := written(t, sample())
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes that are others than the %d of %s", len(got), len(want), path)
	}
	if again := written(t, sample()); !bytes.Equal(got, again) {
		t.Error("written twice, other bytes")
	}
}

// Chunks are runs of consecutive elements that cover an array once.
func TestGrid(t *testing.T) {
	for _, c := range []struct {
		shape, chunk []int
		most, count  int
	}{
		{nil, []int{}, 8, 1},
		{[]int{0}, []int{1}, 8, 0},
		{[]int{0, math.MaxInt}, []int{1, 8}, 8, 0},
		{[]int{8}, []int{8}, 8, 1},
		{[]int{9}, []int{5}, 8, 2},
		{[]int{17}, []int{6}, 8, 3},
		{[]int{4, 10, 3}, []int{1, 2, 3}, 8, 20},
		{[]int{4, 10, 9}, []int{1, 1, 5}, 8, 80},
		{[]int{2, 2, 2}, []int{2, 2, 2}, 8, 1},
		{[]int{3, 2, 4}, []int{1, 2, 4}, 8, 3},
		{[]int{4, 1000, 100000}, []int{1, 5, 100000}, chunkElements, 800},
	} {
		g := cut(c.shape, c.most)
		if !cmp.Equal(g.chunk, c.chunk) || g.count() != c.count || g.block > c.most {
			t.Errorf("%v: chunks %v, %d of %d elements; want %v, %d", c.shape, g.chunk, g.count(), g.block, c.chunk, c.count)
		}
		back, ok := gridOf(c.shape, g.chunk)
		if ok != (g.size > 0 || g.block <= c.most) || back.block != g.block || back.size != g.size {
			t.Errorf("%v in %v: %+v, %v", c.shape, g.chunk, back, ok)
		}
		total, n, last := 0, 0, ""
		for key, held := range g.chunks() {
			total, n, last = total+held, n+1, key
		}
		if total != g.size || n != c.count {
			t.Errorf("%v: %d chunks up to %s hold %d elements of %d", c.shape, n, last, total, g.size)
		}
	}
	for _, c := range [][2][]int{
		{{4}, {5}}, {{4}, {0}}, {{4}, {-1}}, {{4}, {}}, {{-1}, {1}}, {{4, 4}, {2, 2}}, {{4, 4}, {4, 2}},
		{{1 << 32, 1 << 32}, {1, 1}}, {{1 << 62}, {1 << 62}},
	} {
		if _, ok := gridOf(c[0], c[1]); ok {
			t.Errorf("shape %v in chunks %v is taken", c[0], c[1])
		}
	}
}

// blocks yields the numbers from 0 on, in blocks of the given lengths.
func blocks(lengths ...int) Blocks {
	return func(yield func([]float64, error) bool) {
		next, buffer := 0., make([]float64, 0, 16)
		for _, n := range lengths {
			buffer = buffer[:0]
			for range n {
				buffer, next = append(buffer, next), next+1
			}
			if !yield(buffer, nil) {
				return
			}
		}
	}
}

func TestBlocks(t *testing.T) {
	array := func(v Values) *File {
		return &File{Groups: []Group{{Name: "g", Arrays: []Array{{Name: "a", Dims: []string{"x", "y"}, Shape: []int{3, 4}, Values: v}}}}}
	}
	for _, most := range []int{3, 4, 5, 100} {
		var want bytes.Buffer
		if err := write(context.Background(), &want, array(Floats{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), most); err != nil {
			t.Fatal(err)
		}
		for _, lengths := range [][]int{{12}, {0, 5, 0, 0, 7, 0}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}} {
			var got bytes.Buffer
			if err := write(context.Background(), &got, array(blocks(lengths...)), most); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
				t.Errorf("blocks of %v in chunks of %d give other bytes: %v", lengths, most, err)
			}
		}
	}
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		blocks Blocks
		want   error
	}{
		"few":         {blocks(5, 6), errFew},
		"many":        {blocks(5, 8), errMany},
		"many after":  {blocks(12, 0, 1), errMany},
		"error":       {func(yield func([]float64, error) bool) { _ = yield(make([]float64, 5), nil) && yield(nil, boom) }, boom},
		"error after": {func(yield func([]float64, error) bool) { _ = yield(make([]float64, 12), nil) && yield(nil, boom) }, boom},
	} {
		err := Write(context.Background(), &bytes.Buffer{}, array(c.blocks))
		if !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "g/a: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Writing what the format cannot hold says why, and writes nothing.
func TestInvalid(t *testing.T) {
	one := func(a Array) *File { return &File{Groups: []Group{{Name: "g", Arrays: []Array{a}}}} }
	two := func(a, b Array) *File { return &File{Groups: []Group{{Name: "g", Arrays: []Array{a, b}}}} }
	along := func(name string, n int, dims ...string) Array {
		a := Array{Name: name, Dims: dims, Values: make(Ints, n)}
		for range dims {
			a.Shape = append(a.Shape, n)
		}
		return a
	}
	with := func(a Attrs) *File {
		return one(Array{Name: "a", Values: Ints{1}, Attrs: a})
	}
	for want, f := range map[string]*File{
		`the name "" (group`:                              {Groups: []Group{{}}},
		`the name ".a" (group`:                            {Groups: []Group{{Name: ".a"}}},
		`the name "a/b" (group`:                           {Groups: []Group{{Name: "a/b"}}},
		`the name "g" (group) is there twice`:             {Groups: []Group{{Name: "g"}, {Name: "g"}}},
		`the name "a\\b" (array of group g`:               one(Array{Name: `a\b`, Values: Ints{1}}),
		`the name "a\n" (array`:                           one(Array{Name: "a\n", Values: Ints{1}}),
		`the name "\xff" (array`:                          one(Array{Name: "\xff", Values: Ints{1}}),
		`the name "" (dimension of g/a`:                   one(along("a", 1, "")),
		`the name "a" (array of group g) is there twice`:  two(along("a", 1, "x"), along("a", 1, "x")),
		`the name "x" (dimension of g/a) is there twice`:  one(along("a", 1, "x", "x")),
		"g/b: invalid content: dimension x has length 3":  two(along("a", 2, "x"), along("b", 3, "x")),
		`g/x: invalid content: is named as a dimension`:   two(along("x", 1), along("b", 3, "x")),
		"g/a: invalid content: 1 dimensions":              one(Array{Name: "a", Dims: []string{"x"}, Values: Ints{1}}),
		"g/a: invalid content: 33 dimensions":             one(Array{Name: "a", Dims: make([]string, 33), Shape: make([]int, 33), Values: Ints{}}),
		"g/a: invalid content: shape [-1]":                one(Array{Name: "a", Dims: []string{"x"}, Shape: []int{-1}, Values: Ints{}}),
		"g/a: invalid content: shape [4294967296 42949":   one(Array{Name: "a", Dims: []string{"x", "y"}, Shape: []int{1 << 32, 1 << 32}, Values: Ints{}}),
		"g/a: invalid content: has no values":             one(Array{Name: "a"}),
		"g/b: invalid content: has no values":             one(Array{Name: "b", Values: Blocks(nil)}),
		"g/a: invalid content: 2 values for shape []":     one(Array{Name: "a", Values: Bools{true, false}}),
		"g/a: invalid content: element 1 is no UTF-8":     one(Array{Name: "a", Dims: []string{"x"}, Shape: []int{2}, Values: Strings{"", "\xff"}}),
		"g/a/.zattrs: invalid content: the attribute _AR": with(Attrs{"_ARRAY_DIMENSIONS": json.RawMessage("[]")}),
		"g/a/.zattrs: invalid content: an attribute is n": with(Attrs{"x": json.RawMessage("[")}),
		".zattrs: invalid content: the attribute ppl_lay": {Attrs: Attrs{"ppl_layout": json.RawMessage("1")}},
	} {
		var b bytes.Buffer
		err := Write(context.Background(), &b, f)
		var e *Error
		if !errors.As(err, &e) || e.Kind != Invalid || !strings.Contains(err.Error(), want) || b.Len() > 0 {
			t.Errorf("want %s, got %v, %d bytes written", want, err, b.Len())
		}
	}
	var a Attrs
	if err := a.Set("x", math.NaN()); err == nil || a != nil {
		t.Errorf("NaN as an attribute: %v", err)
	}
}

// What takes the most memory for its bytes can be read, and takes no more of
// it than is said.
func TestLimitsAllowWhatIsWritten(t *testing.T) {
	scalars := Group{Name: "g"}
	for i := range 3_000 {
		scalars.Arrays = append(scalars.Arrays, Array{Name: fmt.Sprint(i), Values: Bools{true}})
	}
	var many Attrs
	for i := range 30_000 {
		many.Set(fmt.Sprintf("parameter_%d", i), i)
	}
	const n = chunkElements + 10
	var groups []Group
	for i := range 5_000 {
		groups = append(groups, Group{Name: fmt.Sprint(i)})
	}
	for name, f := range map[string]*File{
		"scalars":      {Groups: []Group{scalars}},
		"groups":       {Groups: groups},
		"empty texts":  {Groups: []Group{{Name: "g", Arrays: []Array{{Name: "a", Dims: []string{"a"}, Shape: []int{n}, Values: make(Strings, n)}}}}},
		"attributes":   {Groups: []Group{{Name: "g", Attrs: many}}},
		"one long one": {Attrs: Attrs{"model": json.RawMessage(`"` + strings.Repeat("a:{", 1<<20) + `"`)}},
	} {
		data := written(t, f)
		if _, err := read(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkPeak(t, name, data)
	}
}

// Of an array of 256 MiB no more than one chunk is in memory.
func TestWriteStreams(t *testing.T) {
	const blocksOf, count = 1 << 16, 512
	block := make([]float64, blocksOf)
	f := &File{Groups: []Group{{Name: "g", Arrays: []Array{{Name: "a", Dims: []string{"x"}, Shape: []int{blocksOf * count}, Values: Blocks(func(yield func([]float64, error) bool) {
		for range count {
			if !yield(block, nil) {
				return
			}
		}
	})}}}}}
	if allocated := allocations(func() { _ = Write(context.Background(), discard{}, f) }); allocated > 32<<20 {
		t.Errorf("%d MiB allocated", allocated>>20)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := sample()
	f.Groups[0].Arrays[0].Values = Blocks(func(yield func([]float64, error) bool) {
		cancel()
		yield(make([]float64, 12), nil)
	})
	if err := Write(ctx, &bytes.Buffer{}, f); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A chunk lies in the file as it is said to: found without this package.
func TestChunkBytes(t *testing.T) {
	data := written(t, sample())
	at := bytes.Index(data, []byte("posterior/z/0.0"))
	z := data[at+len("posterior/z/0.0"):]
	for i, want := range sample().Groups[0].Arrays[4].Values.(Ints) {
		if got := int64(binary.LittleEndian.Uint64(z[8*i:])); got != want {
			t.Errorf("element %d: %d, want %d", i, got, want)
		}
	}
}

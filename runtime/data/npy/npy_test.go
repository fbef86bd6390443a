package npy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// file is a file of version 1, 2 or 3 with a header and elements.
func file(version byte, header string, elements ...any) []byte {
	b := []byte(Magic + string([]byte{version, 0}))
	header += "\n"
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	}
	b = append(b, header...)
	for _, e := range elements {
		var order binary.ByteOrder = binary.LittleEndian
		if strings.Contains(header, "'>") {
			order = binary.BigEndian
		}
		var w bytes.Buffer
		if err := binary.Write(&w, order, e); err != nil {
			panic(err)
		}
		b = append(b, w.Bytes()...)
	}
	return b
}

func header(descr, order, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
}

func TestTypes(t *testing.T) {
	for _, c := range []struct {
		descr    string
		elements []any
		want     []float64
	}{
		{"<f8", []any{1.5, math.Inf(-1), 0.1}, []float64{1.5, math.Inf(-1), 0.1}},
		{">f8", []any{1.5, -2.25}, []float64{1.5, -2.25}},
		{"<f4", []any{float32(0.1), float32(-3)}, []float64{float64(float32(0.1)), -3}},
		{">f4", []any{float32(0.1)}, []float64{float64(float32(0.1))}},
		{"<f2", []any{uint16(0x3C00), uint16(0xC000), uint16(0x0001), uint16(0x7C00), uint16(0x3555)}, []float64{1, -2, 0x1p-24, math.Inf(1), 1365.0 / 4096}},
		{"|i1", []any{int8(-128), int8(127)}, []float64{-128, 127}},
		{"|u1", []any{uint8(255), uint8(1)}, []float64{255, 1}},
		{"<i2", []any{int16(-32768), int16(5)}, []float64{-32768, 5}},
		{">i2", []any{int16(-32768), int16(5)}, []float64{-32768, 5}},
		{"<u2", []any{uint16(65535)}, []float64{65535}},
		{"<i4", []any{int32(math.MinInt32), int32(7)}, []float64{math.MinInt32, 7}},
		{">u4", []any{uint32(math.MaxUint32), uint32(7)}, []float64{math.MaxUint32, 7}},
		{"<i8", []any{int64(-1), int64(1) << 40}, []float64{-1, 1 << 40}},
		{">i8", []any{int64(-1), int64(1) << 40}, []float64{-1, 1 << 40}},
		{"<u8", []any{uint64(3)}, []float64{3}},
		{"|b1", []any{uint8(0), uint8(1), uint8(2)}, []float64{0, 1, 1}},
	} {
		b := file(1, header(c.descr, "False", fmt.Sprintf("(%d,)", len(c.elements))), c.elements...)
		f, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", c.descr, err)
			continue
		}
		got := make([]float64, f.Elements())
		if err := f.ReadRows(0, got, nil); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.descr, got, err, c.want)
		}
	}
}

// Digits beyond 2^53 are kept for messages and labels.
func TestBigIntegers(t *testing.T) {
	b := file(3, header("<i8", "False", "(3,)"), int64(1)<<53+1, int64(5), int64(math.MinInt64))
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[int]string{}
	if err := f.ReadRows(0, make([]float64, 3), func(i int, digits string) { got[i] = digits }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0] != "9007199254740993" || got[2] != "-9223372036854775808" {
		t.Errorf("%v", got)
	}
	b = file(1, header("<u8", "False", "()"), uint64(math.MaxUint64))
	f, err = Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.ReadRows(0, make([]float64, 1), func(i int, digits string) { got[i] = digits }); err != nil || got[0] != "18446744073709551615" {
		t.Errorf("%v, %v", got, err)
	}
}

// Rows are the same in either order, whole or in pieces: element (i, j, k) is 100i + 10j + k.
func TestOrders(t *testing.T) {
	const n, p, q = 5, 3, 2
	var c, fortran []any
	for i := range n {
		for j := range p {
			for k := range q {
				c = append(c, int16(100*i+10*j+k))
			}
		}
	}
	for k := range q {
		for j := range p {
			for i := range n {
				fortran = append(fortran, int16(100*i+10*j+k))
			}
		}
	}
	for order, elements := range map[string][]any{"False": c, "True": fortran} {
		b := file(2, header("<i2", order, "(5, 3, 2)"), elements...)
		f, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for first := range n {
			for rows := 0; first+rows <= n; rows++ {
				to := make([]float64, rows*p*q)
				if err := f.ReadRows(first, to, nil); err != nil {
					t.Fatal(err)
				}
				for e, x := range to {
					i, j, k := first+e/(p*q), e/q%p, e%q
					if x != float64(100*i+10*j+k) {
						t.Fatalf("Fortran %s, rows %d+%d: element %d is %v", order, first, rows, e, x)
					}
				}
			}
		}
		whole := make([]float64, n*p*q)
		if err := f.ReadAll(bytes.NewReader(b[f.Offset:]), whole, nil); err != nil {
			t.Fatal(err)
		}
		for e, x := range whole {
			if x != float64(100*(e/(p*q))+10*(e/q%p)+e%q) {
				t.Fatalf("Fortran %s: element %d is %v", order, e, x)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	ok := header("<f8", "False", "(2,)")
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "cut short"},
		{"magic", []byte("hello, world"), "does not begin with"},
		{"header", file(1, ok)[:20], "its header is cut short"},
		{"version", append([]byte(Magic+"\x09\x00"), make([]byte, 8)...), "version 9"},
		{"elements", file(1, ok, 1.5), "it has 8 bytes of the 16 that its 2 elements take"},
		{"more", file(1, ok, 1.5, 2.5, 3.5), "8 bytes after the array"},
		{"texts", file(1, header("<U10", "False", "(2,)")), "holds texts (<U10)"},
		{"bytes", file(1, header("|S3", "False", "(2,)")), "holds texts (|S3)"},
		{"objects", file(1, header("|O", "False", "(2,)")), "holds Python objects (|O)"},
		{"complex", file(1, header("<c16", "False", "(2,)")), "holds complex numbers (<c16)"},
		{"dates", file(1, header("<M8[ns]", "False", "(2,)")), "holds dates (<M8[ns])"},
		{"long", file(1, header("<f16", "False", "(2,)")), "elements of the type <f16"},
		{"records", file(1, "{'descr': [('a', '<f8'), ('b', '<i4')], 'fortran_order': False, 'shape': (2,), }"), "holds records"},
		{"key", file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': 1}"), "a header that is not NumPy's"},
		{"no shape", file(1, "{'descr': '<f8', 'fortran_order': False, }"), "a header that is not NumPy's"},
		{"negative", file(1, header("<f8", "False", "(-2,)")), "a header that is not NumPy's"},
		{"huge", file(1, header("<f8", "False", "(4000000000, 4000000000)")), "no memory holds"},
		{"huge and empty", file(1, header("<f8", "False", "(0, 4000000000, 4000000000)")), "no memory holds"},
	} {
		_, err := Open(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

// Whatever a file holds, it is read or refused, in memory of its own size.
func FuzzNPY(f *testing.F) {
	f.Add(file(1, header("<f8", "False", "(2,)"), 1.5, 2.5))
	f.Add(file(2, header(">i4", "True", "(2, 2)"), int32(1), int32(2), int32(3), int32(4)))
	f.Add(file(3, header("|b1", "True", "(3, 0, 2)")))
	f.Add(file(1, header("<u8", "False", "()"), uint64(1)<<63))
	f.Add(file(1, "{'shape': (3L,), 'fortran_order': False, 'descr': \"|u1\"}", uint8(1), uint8(2), uint8(3)))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if file.Elements() > len(b) {
			t.Fatalf("%d elements in %d bytes", file.Elements(), len(b))
		}
		whole := make([]float64, file.Elements())
		if err := file.ReadRows(0, whole, func(i int, digits string) {
			if i >= len(whole) || len(digits) < 16 {
				t.Fatalf("element %d has the digits %s", i, digits)
			}
		}); err != nil {
			t.Fatal(err)
		}
		width := file.RowElements()
		for first := 0; first < min(file.Rows(), 4) && width > 0; first++ {
			row := make([]float64, width)
			if err := file.ReadRows(first, row, nil); err != nil {
				t.Fatal(err)
			}
			for k, x := range row {
				if y := whole[first*width+k]; x != y && (x == x || y == y) {
					t.Fatalf("row %d is %v by itself, and %v in the whole", first, row, whole[first*width:(first+1)*width])
				}
			}
		}
	})
}

package data

import (
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"ppl/lang/diag"
)

// A text that comes byte by byte, of which no cell is in the buffer as a whole, is what it is when it comes at once.
func TestCSVByteByByte(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	bits := []string{"1", "-2.5", "x", "ä", "\"", "\"\"", " ", ",", ",", "\n", "\n", "\r\n", "\r", "NA", "TRUE", "1e3", "\x00", "\xff", "\t"}
	read := 0
	for range 20_000 {
		var b strings.Builder
		b.WriteString([]string{"a,b\n", "a\n", "a,b,c\r\n"}[r.IntN(3)])
		for range r.IntN(20) {
			b.WriteString(bits[r.IntN(len(bits))])
		}
		at := func(slow bool) string {
			var text io.Reader = strings.NewReader(b.String())
			if slow {
				text = iotest.OneByteReader(text)
			}
			s := newScanner(context.Background(), text)
			tables := newTables()
			_, f := readText(s, &origin{name: "d.csv", kind: fromCSV}, tables, Options{})
			if f != nil {
				return rendered(diag.List{f.diagnostic("d.csv", nil)})
			}
			read++
			var out strings.Builder
			describeTables(&out, tables)
			for _, name := range tables.Names() {
				out.WriteString(tables.values[name].whereElement(len(tables.values[name].nums) - 1))
			}
			return out.String()
		}
		if whole, slow := at(false), at(true); whole != slow {
			t.Fatalf("%q is\n%s\nand byte by byte\n%s", b.String(), whole, slow)
		}
	}
	if read < 2000 {
		t.Errorf("%d texts were read", read)
	}
}

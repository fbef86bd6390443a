package data

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// Literals of every length are the numbers that strconv makes of them, bit by bit.
func TestNumbersAreStrconvs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200_000 {
		var b strings.Builder
		b.WriteString([]string{"", "-", "+"}[r.IntN(3)])
		for range r.IntN(12) {
			b.WriteByte('0' + byte(r.IntN(10)))
		}
		if r.IntN(4) > 0 {
			b.WriteByte('.')
			for range r.IntN(14) {
				b.WriteByte('0' + byte(r.IntN(10)))
			}
		}
		if r.IntN(6) == 0 {
			b.WriteString("e" + strconv.Itoa(r.IntN(60)-30))
		}
		n, ok := parseNumber([]byte(b.String()))
		want, err := strconv.ParseFloat(b.String(), 64)
		if ok != (err == nil) || ok && math.Float64bits(n.x) != math.Float64bits(want) {
			t.Fatalf("%q is %v, %v, and for strconv %v, %v", b.String(), n.x, ok, want, err)
		}
	}
}

package parser

import (
	"strings"
	"testing"
)

func BenchmarkStatements(b *testing.B) {
	unit := "x[i in 1..N] ~ Normal(alpha + beta * y[i], sigma)  # comment\n"
	s := []byte(strings.Repeat(unit, 20000))
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		Parse("t", s)
	}
}
func BenchmarkParens(b *testing.B) {
	s := []byte(strings.Repeat("(", 1<<20))
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		Parse("t", s)
	}
}

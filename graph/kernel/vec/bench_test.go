package vec

import (
	"fmt"
	"testing"
)

// eachLevelBench runs a benchmark at every level and reports ns for each of n elements.
func eachLevelBench(b *testing.B, name string, n int, run func()) {
	was := level
	defer func() { level = was }()
	for l := Portable; l < levels; l++ {
		if Use(l) != nil {
			continue
		}
		b.Run(fmt.Sprintf("%s/%v", name, l), func(b *testing.B) {
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/element")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// A block of 8 rows of 64 particles: 4 KB an operand.
const benchRows, benchP = 8, 64

func benchData() (dst, x, y, z []float64) {
	r := source()
	n := benchRows * benchP
	return make([]float64, n), normals(r, n), normals(r, n), normals(r, n)
}

func BenchmarkUnary(b *testing.B) {
	dst, x, _, _ := benchData()
	positive := make([]float64, len(x))
	for i, v := range x {
		positive[i] = v*v + 0.1
	}
	for op := range unaryOps {
		in := x
		if op == Log || op == Sqrt || op == Lgamma || op == Digamma || op == Log1p {
			in = positive
		}
		eachLevelBench(b, op.String(), len(dst), func() { Map(op, dst, in) })
	}
}

func BenchmarkBinary(b *testing.B) {
	dst, x, y, _ := benchData()
	for op := range binaryOps {
		eachLevelBench(b, op.String()+"/full", len(dst), func() { Binary(op, dst, Operand{x, Full}, Operand{y, Full}, benchRows, benchP) })
	}
	for _, mode := range []Mode{PerParticle, PerRow, Scalar} {
		eachLevelBench(b, fmt.Sprintf("mul/mode%d", mode), len(dst), func() { Binary(Mul, dst, Operand{x, Full}, Operand{y, mode}, benchRows, benchP) })
	}
	eachLevelBench(b, "mul/onerow", benchP, func() { Binary(Mul, dst, Operand{x, Full}, Operand{y, Full}, 1, benchP) })
}

func BenchmarkTernary(b *testing.B) {
	dst, x, y, z := benchData()
	for op := range ternaryOps {
		eachLevelBench(b, op.String()+"/full", len(dst), func() {
			Ternary(op, dst, Operand{x, Full}, Operand{y, Full}, Operand{z, Full}, benchRows, benchP)
		})
	}
	eachLevelBench(b, "fma/row", len(dst), func() {
		Ternary(FMA, dst, Operand{x, PerParticle}, Operand{y, PerRow}, Operand{z, Full}, benchRows, benchP)
	})
}

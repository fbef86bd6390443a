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

func BenchmarkReduce(b *testing.B) {
	dst, x, y, _ := benchData()
	n := len(x)
	acc, rows := make([]float64, benchP), make([]float64, benchRows)
	eachLevelBench(b, "sum_rows", n, func() { SumRows(acc, x, benchRows, benchP) })
	eachLevelBench(b, "max_rows", n, func() { MaxRows(acc, x, benchRows, benchP) })
	eachLevelBench(b, "dot_rows/full", n, func() { DotRows(acc, x, Operand{y, Full}, benchRows, benchP) })
	eachLevelBench(b, "dot_rows/row", n, func() { DotRows(acc, x, Operand{y, PerRow}, benchRows, benchP) })
	eachLevelBench(b, "sum_particles", n, func() { SumParticles(rows, x, benchRows, benchP) })
	eachLevelBench(b, "dot_particles", n, func() { DotParticles(rows, x, Operand{y, PerParticle}, benchRows, benchP) })
	eachLevelBench(b, "sum", n, func() { rows[0] = Sum(x) })
	eachLevelBench(b, "dot", n, func() { rows[0] = Dot(x, y) })
	index := make([]int32, benchRows)
	for i := range index {
		index[i] = int32(i * 5 % benchRows)
	}
	eachLevelBench(b, "gather", n, func() { GatherRows(dst, x, index, benchP) })
	eachLevelBench(b, "scatter_add", n, func() { ScatterAddRows(dst, x, index, benchP) })
	one := make([]int32, n)
	for i := range one {
		one[i] = int32(i * 97 % n)
	}
	eachLevelBench(b, "gather_one", n, func() { GatherRows(dst, x, one, 1) })
	eachLevelBench(b, "scatter_add_one", n, func() { ScatterAddRows(dst, x, one, 1) })
	eachLevelBench(b, "log_sum_exp/3", 3*128, func() { LogSumExp(dst[:128], x, 3, 128, 128) })
	eachLevelBench(b, "softmax/3", 3*128, func() { Softmax(dst[:128], y, x, 3, 128, 128) })
}

// BenchmarkCycle tells how long a cycle is here and now: multiplications of integers that wait for one
// another take three each on every x86-64 processor of the last fifteen years.
func BenchmarkCycle(b *testing.B) {
	x, y := uint64(b.N)|1, uint64(b.N)*2+3
	const n = 1000
	for b.Loop() {
		for range n / 4 {
			x *= y
			x *= y
			x *= y
			x *= y
		}
	}
	if x == 0 { // never: both are odd
		b.Fatal(x)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(3*n), "ns/cycle")
}

// The unit of matrix products is one multiplication and addition.
func BenchmarkMatrix(b *testing.B) {
	r := source()
	for _, k := range []int{1, 10, 20, 50, 300} {
		const rows, p = 48, 64
		a, bm, c := normals(r, rows*k), normals(r, k*p), normals(r, rows*p)
		eachLevelBench(b, fmt.Sprintf("forward/%d", k), rows*k*p, func() { MatMul(c, a, bm, rows, k, p, k, 1, false) })
		eachLevelBench(b, fmt.Sprintf("adjoint/%d", k), rows*k*p, func() { MatMul(bm, a, c, k, rows, p, 1, k, true) })
		eachLevelBench(b, fmt.Sprintf("vector/%d", k), rows*k, func() { MatMul(c[:rows], a, bm[:k], rows, k, 1, k, 1, false) })
		eachLevelBench(b, fmt.Sprintf("vector_adjoint/%d", k), rows*k, func() { MatMul(bm[:k], a, c[:rows], k, rows, 1, 1, k, false) })
	}
}

func BenchmarkDensity(b *testing.B) {
	r := source()
	for _, p := range []int{64, 1} {
		rows := 32
		if p == 1 {
			rows = 2048
		}
		eta, d, ll, w := normals(r, rows*p), make([]float64, rows*p), make([]float64, p), normals(r, p)
		y, n := make([]float64, rows), make([]float64, rows)
		for i := range y {
			y[i], n[i] = float64(i&1), 3
		}
		eachLevelBench(b, fmt.Sprintf("bernoulli/%d", p), rows*p, func() { BernoulliLogit(ll, d, eta, y, rows, p) })
		eachLevelBench(b, fmt.Sprintf("binomial/%d", p), rows*p, func() { BinomialLogit(ll, d, eta, y, n, rows, p) })
		eachLevelBench(b, fmt.Sprintf("poisson/%d", p), rows*p, func() { PoissonLog(ll, d, eta, y, rows, p) })
		eachLevelBench(b, fmt.Sprintf("normal/%d", p), rows*p, func() { Normal(ll, d, eta, y, w, rows, p) })
	}
}

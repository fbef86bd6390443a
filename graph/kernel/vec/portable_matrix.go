package vec

// The product in Go works on whole rows: it adds to a row of C up to eight rows of B, each times a
// number that stays in a register. Eight multiplications and additions then share one load and one store
// of an element of C and one step of the loop, and nothing else is loaded but B; what remains are the
// multiplications and additions, of which a processor does three in two cycles at most. A tile of C in
// registers would need fewer loads, but the compiler makes all products of a step before it adds any
// of them, and runs out of registers.

// portableMatMul adds A·B to C, where rows of C are strideC apart, and those of B strideB.
func portableMatMul(c, a, b []float64, rows, inner, p, strideC, strideA, stepA, strideB int) {
	for k := 0; k < inner; {
		ak, bk := a[k*stepA:], b[k*strideB:]
		switch left := inner - k; {
		case left >= 8:
			addRows8(c, ak, bk, rows, p, strideC, strideA, stepA, strideB)
			k += 8
		case left >= 4:
			addRows4(c, ak, bk, rows, p, strideC, strideA, stepA, strideB)
			k += 4
		case left >= 2:
			addRows2(c, ak, bk, rows, p, strideC, strideA, stepA, strideB)
			k += 2
		default:
			addRows1(c, ak, bk, rows, p, strideC, strideA)
			k++
		}
	}
}

// addRows8 adds to each row of C the first eight rows of B, each times its number in the row of A.
func addRows8(c, a, b []float64, rows, p, strideC, strideA, stepA, strideB int) {
	b0, b1, b2, b3 := b[:p], b[strideB:][:p], b[2*strideB:][:p], b[3*strideB:][:p]
	b4, b5, b6, b7 := b[4*strideB:][:p], b[5*strideB:][:p], b[6*strideB:][:p], b[7*strideB:][:p]
	for r := range rows {
		row, x := c[r*strideC:][:p], a[r*strideA:]
		x0, x1, x2, x3 := x[0], x[stepA], x[2*stepA], x[3*stepA]
		x4, x5, x6, x7 := x[4*stepA], x[5*stepA], x[6*stepA], x[7*stepA]
		for j := range row {
			row[j] = row[j] + x0*b0[j] + x1*b1[j] + x2*b2[j] + x3*b3[j] + x4*b4[j] + x5*b5[j] + x6*b6[j] + x7*b7[j]
		}
	}
}

// addRows4 adds to each row of C the first four rows of B, each times its number in the row of A.
func addRows4(c, a, b []float64, rows, p, strideC, strideA, stepA, strideB int) {
	b0, b1, b2, b3 := b[:p], b[strideB:][:p], b[2*strideB:][:p], b[3*strideB:][:p]
	for r := range rows {
		row, x := c[r*strideC:][:p], a[r*strideA:]
		x0, x1, x2, x3 := x[0], x[stepA], x[2*stepA], x[3*stepA]
		for j := range row {
			row[j] = row[j] + x0*b0[j] + x1*b1[j] + x2*b2[j] + x3*b3[j]
		}
	}
}

// addRows2 adds to each row of C the first two rows of B, each times its number in the row of A.
func addRows2(c, a, b []float64, rows, p, strideC, strideA, stepA, strideB int) {
	b0, b1 := b[:p], b[strideB:][:p]
	for r := range rows {
		row, x := c[r*strideC:][:p], a[r*strideA:]
		x0, x1 := x[0], x[stepA]
		for j := range row {
			row[j] = row[j] + x0*b0[j] + x1*b1[j]
		}
	}
}

// addRows1 adds to each row of C the first row of B times the first number in the row of A.
func addRows1(c, a, b []float64, rows, p, strideC, strideA int) {
	b0 := b[:p]
	for r := range rows {
		row, x := c[r*strideC:][:p], a[r*strideA:]
		x0 := x[0]
		for j := range row {
			row[j] = row[j] + x0*b0[j]
		}
	}
}

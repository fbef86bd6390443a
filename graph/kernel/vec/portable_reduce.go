package vec

// Sums over rows in Go take several rows at a time, so that a sum is loaded and stored once for all of
// them; each is added in turn.

// portableSumRows adds the rows of x to acc.
func portableSumRows(acc, x []float64, p int) {
	for ; len(x) > 0 && len(x) >= 8*p; x = x[8*p:] {
		sumRows8(acc, x)
	}
	for ; len(x) > 0; x = x[p:] {
		addVV(acc, acc, x[:p])
	}
}

func sumRows8(acc, x []float64) {
	p := len(acc)
	x0, x1, x2, x3 := x[:p], x[p:][:p], x[2*p:][:p], x[3*p:][:p]
	x4, x5, x6, x7 := x[4*p:][:p], x[5*p:][:p], x[6*p:][:p], x[7*p:][:p]
	for j := range acc {
		acc[j] = acc[j] + x0[j] + x1[j] + x2[j] + x3[j] + x4[j] + x5[j] + x6[j] + x7[j]
	}
}

// portableDotRows adds products of the rows of a and b, whose rows are stride apart, to acc.
func portableDotRows(acc, a, b []float64, rows, p, stride int) {
	r := 0
	for ; r+4 <= rows; r += 4 {
		dotRows4(acc, a[r*p:], b[r*stride:], stride)
	}
	for ; r < rows; r++ {
		fmaVVV(acc, a[r*p:], b[r*stride:], acc)
	}
}

func dotRows4(acc, a, b []float64, stride int) {
	p := len(acc)
	a0, a1, a2, a3 := a[:p], a[p:][:p], a[2*p:][:p], a[3*p:][:p]
	b0, b1, b2, b3 := b[:p], b[stride:][:p], b[2*stride:][:p], b[3*stride:][:p]
	for j := range acc {
		acc[j] = acc[j] + a0[j]*b0[j] + a1[j]*b1[j] + a2[j]*b2[j] + a3[j]*b3[j]
	}
}

package vec

// The densities in Go: rows of a stretch of particles, with the exponentials of the stretch first.
// With fewer particles the stretch holds several rows.

// glmStretches calls f with particles from j to j+w and rows from r to r+n, of which w·n are at most a
// stretch, in the order of the rows for each particle; with n > 1 their elements are next to one another.
// No call has rows on both sides of a multiple of productRows.
func glmStretches(rows, p int, f func(j, w, r, n int)) {
	for j := 0; j < p; j += stretch {
		w := min(stretch, p-j)
		most := 1
		if w == p {
			most = stretch / p
		}
		for r := 0; r < rows; {
			n := min(most, rows-r, productRows-r%productRows)
			f(j, w, r, n)
			r += n
		}
	}
}

func portableBernoulli(ll, d, eta, y []float64, rows, p int) {
	var buffer, sums, products [stretch]float64
	glmStretches(rows, p, func(j, w, r, n int) {
		sum, product := sums[:w], products[:w]
		if r == 0 {
			clear(sum)
		}
		if r%productRows == 0 {
			fill(product, 1)
		}
		x, g, m := eta[r*p+j:][:n*w], d[r*p+j:][:n*w], buffer[:n*w]
		expNegAbs(m, x)
		for i := range n {
			bernoulliRow(sum, product, g[i*w:], x[i*w:], m[i*w:], y[r+i])
		}
		if r += n; r%productRows == 0 || r == rows {
			for i, v := range product {
				sum[i] -= log(v)
			}
		}
		if r == rows {
			addVV(ll[j:][:w], ll[j:], sum)
		}
	})
}

// bernoulliRow does a row, given m = e^−|x|.
func bernoulliRow(sum, product, g, xs, ms []float64, y float64) {
	product, g, xs, ms = product[:len(sum)], g[:len(sum)], xs[:len(sum)], ms[:len(sum)]
	for i := range sum {
		x, m := xs[i], ms[i]
		u := 1 + m
		sum[i] += y*x - atLeast0(x)
		g[i] = y - logitSide(x, m/u)
		product[i] *= u
	}
}

func portableBinomial(ll, d, eta, y, size []float64, rows, p int) {
	var buffer, logs, sums [stretch]float64
	glmStretches(rows, p, func(j, w, r, n int) {
		sum := sums[:w]
		if r == 0 {
			clear(sum)
		}
		x, g, m, l := eta[r*p+j:][:n*w], d[r*p+j:][:n*w], buffer[:n*w], logs[:n*w]
		expNegAbs(m, x)
		copy(l, m)
		log1pUnits(l)
		for i := range n {
			binomialRow(sum, g[i*w:], x[i*w:], m[i*w:], l[i*w:], y[r+i], size[r+i])
		}
		if r+n == rows {
			addVV(ll[j:][:w], ll[j:], sum)
		}
	})
}

// binomialRow does a row of so many trials, given m = e^−|x| and l = log(1+m).
func binomialRow(sum, g, xs, ms, ls []float64, y, trials float64) {
	g, xs, ms, ls = g[:len(sum)], xs[:len(sum)], ms[:len(sum)], ls[:len(sum)]
	for i := range sum {
		x, m := xs[i], ms[i]
		sum[i] += y*x - trials*(atLeast0(x)+ls[i])
		g[i] = y - trials*logitSide(x, m/(1+m))
	}
}

func portablePoisson(ll, d, eta, y []float64, rows, p int) {
	var buffer, sums [stretch]float64
	glmStretches(rows, p, func(j, w, r, n int) {
		sum := sums[:w]
		if r == 0 {
			clear(sum)
		}
		x, g, m := eta[r*p+j:][:n*w], d[r*p+j:][:n*w], buffer[:n*w]
		expV(m, x)
		for i := range n {
			poissonRow(sum, g[i*w:], x[i*w:], m[i*w:], y[r+i])
		}
		if r+n == rows {
			addVV(ll[j:][:w], ll[j:], sum)
		}
	})
}

// poissonRow does a row, given m = eˣ.
func poissonRow(sum, g, xs, ms []float64, y float64) {
	g, xs, ms = g[:len(sum)], xs[:len(sum)], ms[:len(sum)]
	for i := range sum {
		sum[i] += y*xs[i] - ms[i]
		g[i] = y - ms[i]
	}
}

// portableNormal does four rows at a time.
func portableNormal(ss, d, eta, y, w []float64, rows, p int) {
	r := 0
	for ; r+4 <= rows; r += 4 {
		normalRows4(ss, d[r*p:], eta[r*p:], w, (*[4]float64)(y[r:]), p)
	}
	for ; r < rows; r++ {
		normalRow(ss, d[r*p:], eta[r*p:], w, y[r])
	}
}

func normalRows4(ss, d, eta, w []float64, y *[4]float64, p int) {
	ss, w = ss[:p], w[:p]
	e0, e1, e2, e3 := eta[:p], eta[p:][:p], eta[2*p:][:p], eta[3*p:][:p]
	g0, g1, g2, g3 := d[:p], d[p:][:p], d[2*p:][:p], d[3*p:][:p]
	y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
	for j, v := range w {
		x0, x1, x2, x3 := y0-e0[j], y1-e1[j], y2-e2[j], y3-e3[j]
		g0[j], g1[j], g2[j], g3[j] = x0*v, x1*v, x2*v, x3*v
		ss[j] = ss[j] + float64(x0*x0) + float64(x1*x1) + float64(x2*x2) + float64(x3*x3)
	}
}

func normalRow(ss, d, eta, w []float64, y float64) {
	d, eta, w = d[:len(ss)], eta[:len(ss)], w[:len(ss)]
	for j := range ss {
		x := y - eta[j]
		d[j] = x * w[j]
		ss[j] += float64(x * x)
	}
}

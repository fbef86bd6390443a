package vec

import "math"

var negInf = math.Inf(-1)

// Reductions over rows. Each adds to (or takes the maximum with) p accumulators, row after row, so
// that the result depends neither on how the rows are cut into blocks nor on the level, except for
// the last bits of products, which the native kernels do not round.

// SumRows adds each row of x to acc: acc[j] += Σᵣ x[r,j].
func SumRows(acc, x []float64, rows, p int) {
	acc, x = acc[:p], x[:rows*p]
	if p == 1 {
		acc[0] += Sum(x)
		return
	}
	if f := native[level].sumRows; f != nil && len(x) > 0 {
		f(still(&acc[0]), still(&x[0]), rows, p)
		return
	}
	portableSumRows(acc, x, p)
}

// SumSquaresRows adds the squares of each row of x to acc.
func SumSquaresRows(acc, x []float64, rows, p int) {
	DotRows(acc, x, Operand{x, Full}, rows, p)
}

// DotRows adds products: acc[j] += Σᵣ a[r,j]·b[r,j], for a full a and any b.
func DotRows(acc, a []float64, b Operand, rows, p int) {
	acc, a = acc[:p], a[:rows*p]
	b.check(rows, p)
	if len(a) == 0 {
		return
	}
	if p == 1 {
		if b.Mode.column() == Full {
			acc[0] += Dot(a, b.Data[:rows])
		} else {
			acc[0] += b.Data[0] * Sum(a)
		}
		return
	}
	if f := native[level].dotRows[b.Mode.broadcast()]; f != nil {
		f(still(&acc[0]), still(&a[0]), still(b.base()), rows, p, b.Mode.stride(p)*8)
		return
	}
	if b.Mode.broadcast() == 1 {
		portableMatMul(acc, b.Data, a, 1, rows, p, 0, 0, b.Mode.stride(p), p)
		return
	}
	portableDotRows(acc, a, b.Data, rows, p, b.Mode.stride(p))
}

// MaxRows takes the maximum of acc and each row of x, NaN where there is any.
func MaxRows(acc, x []float64, rows, p int) {
	acc, x = acc[:p], x[:rows*p]
	if len(x) == 0 {
		return
	}
	if p == 1 {
		acc[0] = larger(acc[0], Maximum(x))
		return
	}
	if f := native[level].maxRows; f != nil {
		f(still(&acc[0]), still(&x[0]), rows, p)
		return
	}
	for ; len(x) > 0; x = x[p:] {
		maxVV(acc, acc, x[:p])
	}
}

// lanes is the number of partial sums of a horizontal reduction.
const lanes = 32

// Horizontal reductions add element i to partial sum i mod 32 and then fold the 32 in halves: 16
// and 16, 8 and 8, down to one. This order, too, is that of every level.

// Sum returns the sum of x.
func Sum(x []float64) float64 {
	var s [1]float64
	SumParticles(s[:], x, 1, len(x))
	return s[0]
}

// SumSquares returns Σ xᵢ².
func SumSquares(x []float64) float64 { return Dot(x, x) }

// Dot returns Σ aᵢbᵢ.
func Dot(a, b []float64) float64 {
	var s [1]float64
	DotParticles(s[:], a, Operand{b, Full}, 1, len(a))
	return s[0]
}

// Maximum returns the largest element of x, NaN where there is one, −Inf of none.
func Maximum(x []float64) float64 {
	if len(x) == 0 {
		return negInf
	}
	m := x[0]
	i := 1
	if len(x) >= 16 { // a row of partial maxima first
		var acc [8]float64
		copy(acc[:], x)
		MaxRows(acc[:], x[8:], len(x)/8-1, 8)
		m = acc[0]
		for _, v := range acc[1:] {
			m = larger(m, v)
		}
		i = len(x) &^ 7
	}
	for _, v := range x[i:] {
		m = larger(m, v)
	}
	return m
}

// SumParticles sums each row: dst[r] = Σⱼ x[r,j].
func SumParticles(dst, x []float64, rows, p int) {
	dst, x = dst[:rows], x[:rows*p]
	if len(x) == 0 {
		fill(dst, 0)
		return
	}
	if f := native[level].sumParticles; f != nil {
		f(still(&dst[0]), still(&x[0]), rows, p)
		return
	}
	for r := range dst {
		dst[r] = sumLanes(x[r*p:][:p])
	}
}

// DotParticles sums products along each row: dst[r] = Σⱼ a[r,j]·b[r,j], for a full a and any b.
func DotParticles(dst, a []float64, b Operand, rows, p int) {
	dst, a = dst[:rows], a[:rows*p]
	b.check(rows, p)
	if len(a) == 0 {
		fill(dst, 0)
		return
	}
	switch f := native[level].dotParticles; {
	case b.Mode.broadcast() == 1:
		SumParticles(dst, a, rows, p)
		Binary(Mul, dst, Operand{dst, Full}, Operand{b.Data, b.Mode - PerRow}, rows, 1)
	case f != nil:
		f(still(&dst[0]), still(&a[0]), still(b.base()), rows, p, b.Mode.stride(p)*8)
	default:
		for r := range dst {
			dst[r] = dotLanes(a[r*p:][:p], b.row(b.Mode, r, p))
		}
	}
}

// sumLanes sums x in the order of the horizontal reductions.
func sumLanes(x []float64) float64 {
	var s [lanes]float64
	for ; len(x) >= lanes; x = x[lanes:] {
		b := (*[lanes]float64)(x)
		for i := range s {
			s[i] += b[i]
		}
	}
	for i, v := range x {
		s[i&(lanes-1)] += v
	}
	return foldLanes(&s)
}

func dotLanes(x, y []float64) float64 {
	var s [lanes]float64
	y = y[:len(x)]
	for ; len(x) >= lanes; x, y = x[lanes:], y[lanes:] {
		b, c := (*[lanes]float64)(x), (*[lanes]float64)(y)
		for i := range s {
			s[i] += float64(b[i] * c[i])
		}
	}
	for i, v := range x {
		s[i&(lanes-1)] += float64(v * y[i])
	}
	return foldLanes(&s)
}

// foldLanes adds the upper half to the lower until one number is left.
func foldLanes(s *[lanes]float64) float64 {
	a, b := (*[16]float64)(s[:]), (*[16]float64)(s[16:])
	for i := range a {
		a[i] += b[i]
	}
	for i := range 8 {
		a[i] += a[i+8]
	}
	a[0], a[1], a[2], a[3] = a[0]+a[4], a[1]+a[5], a[2]+a[6], a[3]+a[7]
	return a[0] + a[2] + (a[1] + a[3])
}

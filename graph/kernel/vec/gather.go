package vec

import "fmt"

// GatherRows copies rows: dst[r,:] = src[index[r],:] for every index. It panics on an index outside src.
func GatherRows(dst, src []float64, index []int32, p int) {
	rows := len(index)
	dst = dst[:rows*p]
	if len(dst) == 0 {
		return
	}
	if p == 1 {
		for r, i := range index {
			dst[r] = src[i]
		}
		return
	}
	if f := native[level].gatherRows; f != nil && len(src) >= p {
		checkIndex(f(still(&dst[0]), still(&src[0]), &index[0], rows, p, len(src)/p), index, len(src)/p)
		return
	}
	for r, i := range index {
		copy(dst[r*p:][:p], src[int(i)*p:][:p])
	}
}

// ScatterAddRows adds rows: dst[index[r],:] += src[r,:], in the order of r. It panics on an index
// outside dst.
func ScatterAddRows(dst, src []float64, index []int32, p int) {
	rows := len(index)
	src = src[:rows*p]
	if len(src) == 0 {
		return
	}
	if p == 1 {
		for r, i := range index {
			dst[i] += src[r]
		}
		return
	}
	if f := native[level].scatterAddRows; f != nil && len(dst) >= p {
		checkIndex(f(still(&dst[0]), still(&src[0]), &index[0], rows, p, len(dst)/p), index, len(dst)/p)
		return
	}
	for r, i := range index {
		row := dst[int(i)*p:][:p]
		addVV(row, row, src[r*p:][:p])
	}
}

// checkIndex panics where a native kernel stopped before an index outside its table.
func checkIndex(done int, index []int32, limit int) {
	if done < len(index) {
		panic(fmt.Sprintf("vec: index %d outside a table of %d rows", index[done], limit))
	}
}

package enum

// Draw is a set of elements of a site that are independent of one another
// given all sites and elements in the Draws before.
type Draw struct {
	Site     *Site // of the problem
	Elements []int // row-major
}

// Order is an order in which the sites can be drawn from their joint
// distribution, or their most likely values found, one Draw after another from
// marginals alone: the reverse of the elimination, since what was removed
// first depends on what was left. The elements of a chain are halved: given
// the one in the middle, or as many there as references reach back, the two
// sides are independent, so that a chain of T takes log₂ T draws.
func (r *Result) Order() []Draw {
	var out []Draw
	for i := len(r.Steps) - 1; i >= 0; i-- {
		st := r.Steps[i]
		if st.along >= 0 {
			out = append(out, halves(st)...)
			continue
		}
		for _, s := range st.Sites {
			d := Draw{Site: s.Whole()}
			for k := range s.Shape.Size() {
				d.Elements = append(d.Elements, s.element(k))
			}
			out = append(out, d)
		}
	}
	return out
}

func halves(st Step) []Draw {
	shape := st.Sites[0].Shape
	stride := shape.Strides()[st.along]
	level := make([]int, shape[st.along]) // of each state: when it is drawn
	deepest := 0
	var halve func(lo, hi, depth int)
	halve = func(lo, hi, depth int) {
		if lo >= hi {
			return
		}
		n := min(st.order, hi-lo) // in the middle
		mid := lo + (hi-lo-n+1)/2
		for i := range n {
			level[mid+i] = depth + i
		}
		deepest = max(deepest, depth+n-1)
		halve(lo, mid, depth+n)
		halve(mid+n, hi, depth+n)
	}
	halve(0, len(level), 0)
	var out []Draw
	for depth := range deepest + 1 {
		for _, s := range st.Sites {
			d := Draw{Site: s.Whole()}
			for k := range shape.Size() {
				if level[k/stride%shape[st.along]] == depth {
					d.Elements = append(d.Elements, s.element(k))
				}
			}
			out = append(out, d)
		}
	}
	return out
}

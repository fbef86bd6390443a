package inference

// Report evaluates the reported values at n = len(u)/D points: for each value k
// of the reporter, size(k) columns of n numbers, one after the other.
func (r *Reporter) Report(u []float64) ([][]float64, error) {
	n := 0
	if r.D > 0 {
		n = len(u) / r.D
	}
	out := make([][]float64, len(r.Symbols))
	for k := range out {
		out[k] = make([]float64, n*r.Shapes[k].Size())
	}
	block := make([]float64, r.S*r.D)
	for done := 0; done < n; done += r.S {
		take := min(r.S, n-done)
		for i := 0; i < r.S; i++ { // a short last block repeats its last row
			row := done + min(i, take-1)
			copy(block[i*r.D:(i+1)*r.D], u[row*r.D:(row+1)*r.D])
		}
		vals, err := r.Eval(block)
		if err != nil {
			return nil, err
		}
		for k, v := range vals {
			size := r.Shapes[k].Size()
			for e := 0; e < size; e++ {
				col := out[k][e*n+done : e*n+done+take]
				for i := range col {
					col[i] = v[i*size+e]
				}
			}
		}
	}
	return out, nil
}

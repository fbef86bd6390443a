package inference

// Report evaluates the reported values at n = len(u)/D points: for each value k
// of the reporter, n rows of size(k) numbers.
func (r *Reporter) Report(u []float64) ([][]float64, error) {
	n := 0
	if r.D > 0 {
		n = len(u) / r.D
	}
	out := make([][]float64, len(r.Symbols))
	for k := range out {
		out[k] = make([]float64, 0, n*r.Shapes[k].Size())
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
		for k := range out {
			out[k] = append(out[k], vals[k][:take*r.Shapes[k].Size()]...)
		}
	}
	return out, nil
}

package inference

// Share gives another goroutine working memory of its own for the same compiled
// log density.
func (d *Density) Share() (*Density, error) {
	s, err := d.p.compiled.NewState()
	if err != nil {
		return nil, err
	}
	return &Density{S: d.S, D: d.D, p: &program{compiled: d.p.compiled, state: s, inputs: d.p.inputs}, u: d.u}, nil
}

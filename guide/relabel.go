package guide

import "slices"

// Labels is the number of labels of dimension k of the slot's box, if exchanging them is a linear map of its
// unconstrained numbers, the same for all: whole objects of the support, or the elements of one where they are
// transformed alike (each by itself, those of a simplex, of a vector that sums to zero). Otherwise it is 0.
func (s Slot) Labels(k int) int {
	last := len(s.Free) - 1
	switch {
	case s.Circular || s.At == nil || k > last || len(s.Free) > len(s.Box):
		return 0
	case k < last:
		if s.Free[k] == s.Box[k] {
			return s.Box[k]
		}
	case len(s.Free) == len(s.Box):
		switch s.Transform {
		case identity, positive, lowerBounded, upperBounded, unitInterval, interval, unitVector, simplex, sumToZero:
			return s.Box[k]
		}
	}
	return 0
}

// Relabel exchanges the labels of dimension k of the slot's box in a packed vector: what has label j is what had
// label of[j]. The map is orthogonal, so that it leaves volumes as they are.
func (s Slot) Relabel(u []float64, k int, of []int) {
	u = u[s.Offset : s.Offset+s.Free.Size()]
	if k == len(s.Free)-1 && s.Free[k] == len(of)-1 {
		m := s.Free[k]
		x, moved := make([]float64, m+1), make([]float64, m+1)
		for from := 0; from < len(u); from += m {
			toHelmert(u[from:from+m], x)
			for j, i := range of {
				moved[j] = x[i]
			}
			copy(u[from:from+m], fromHelmert(moved))
		}
		return
	}
	inner := s.Free[k+1:].Size()
	old := slices.Clone(u)
	for from := 0; from < len(u); from += len(of) * inner {
		for j, i := range of {
			copy(u[from+j*inner:from+(j+1)*inner], old[from+i*inner:from+(i+1)*inner])
		}
	}
}

// Labelled are the places in a packed vector of what has a label of dimension k, where the slot's elements are
// transformed each by itself.
func (s Slot) Labelled(k, label int) []int {
	inner := s.Free[k+1:].Size()
	var out []int
	for from := label * inner; from < s.Free.Size(); from += s.Free[k] * inner {
		for i := range inner {
			out = append(out, s.Offset+from+i)
		}
	}
	return out
}

// Signed reports whether the slot's numbers are the latent's own, so that changing their sign is changing its.
func (s Slot) Signed() bool {
	return !s.Circular && (s.Transform == identity || s.Transform == sumToZero || s.Transform == unitVector)
}

// Mirrored reports whether changing the sign of the slot's numbers takes shares p to 1 − p.
func (s Slot) Mirrored() bool { return s.Transform == unitInterval }

// toHelmert sets x to V u, with the Helmert basis V.
func toHelmert(u, x []float64) {
	above := 0.0
	for i := len(u); i >= 0; i-- {
		x[i] = above
		if i > 0 {
			w := u[i-1] * helmertScale(i)
			x[i] -= float64(i) * w
			above += w
		}
	}
}

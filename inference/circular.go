package inference

import (
	"math"

	"ppl/graph"
	"ppl/guide"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
)

// Angles. Their unconstrained scale winds the line around the circle, and faces one
// direction (guide.Angles). Where the mass lies elsewhere it is cut in two: half of it
// a turn away from the other half. The direction is looked for angle by angle, then by
// fits that begin there. Angles that the model reads as numbers, so that its density has
// a jump at ±π, are held as numbers.

const (
	// directions are tried for each angle, in sweeps over all angles.
	directions, directionSweeps = 16, 2
	// mostSwept bounds the angles of the sweeps: each takes an evaluation of the density.
	mostSwept = 500
	// facings bounds the fits that look for the direction: the mass of one angle may
	// move when another's is found whole. farTurn is the angle, in radians, between the
	// mode of a fit and what the scale faces above which it is turned again.
	facings = 3
	farTurn = math.Pi / 32
	// jumpPoints are the points at which a jump is looked for, and jumpNats is what is
	// more than rounding.
	jumpPoints = 8
	jumpNats   = 1e-6
)

// circularSlots lists the slots of angles.
func circularSlots(t *target.Target) []int {
	var out []int
	for i, s := range t.Slots {
		if s.Circular && s.Free.Size() > 0 {
			out = append(out, i)
		}
	}
	return out
}

// face makes the target of a fitter hold its angles as they are best held. Beside
// discrete latents with a guide, whose fits are of another kind, they stay as they are.
func (f *fitter) face() error {
	slots := circularSlots(f.t)
	if len(slots) == 0 || f.t.Guided() {
		return nil
	}
	f.stage = "start"
	if err := f.use(f.t); err != nil {
		return err
	}
	starts, err := f.starts(1)
	if err != nil {
		return err
	}
	if slots, err = f.straighten(slots, starts[0]); err != nil {
		return err
	}
	if err := f.sweep(slots, starts[0]); err != nil {
		return err
	}
	for range facings {
		if len(slots) == 0 || f.halted() {
			break
		}
		_, a, err := f.fresh(f.t)
		if err != nil {
			return err
		}
		turned, far := turned(f.t, slots, a.loc)
		if !(far > farTurn) {
			break
		}
		f.t = turned
	}
	return nil
}

// straighten holds as numbers the angles at whose ends the density differs: a slot at a
// time, all its angles at −π and at π, with the rest around u. It gives the others.
func (f *fitter) straighten(slots []int, u []float64) (circular []int, err error) {
	t := *f.t
	t.Slots, t.Angles = append([]guide.Slot(nil), t.Slots...), make([]guide.Angles, len(t.Slots))
	for _, i := range slots {
		jumps, err := f.jumps(&t.Slots[i], u)
		if err != nil {
			return nil, err
		}
		if !jumps {
			circular = append(circular, i)
			continue
		}
		t.Angles[i].Straight = true
		if t.Slots[i].Transform, err = guide.ForSupport(lang.SupportInterval); err != nil {
			return nil, err
		}
	}
	f.t = &t
	return circular, nil
}

// jumps reports whether the density is another just below π than just above −π.
func (f *fitter) jumps(s *guide.Slot, u []float64) (bool, error) {
	const inside = 1e-9
	r := random.Stream(f.opt.Seed, "angles", s.Offset)
	points, lp := make([]float64, 0, 2*jumpPoints*len(u)), make([]float64, 2*jumpPoints)
	for range jumpPoints {
		from := len(points)
		for _, x := range u {
			points = append(points, x+r.NormFloat64())
		}
		points = append(points, points[from:]...)
		for k := range s.Free.Size() {
			points[from+s.Offset+k], points[from+len(u)+s.Offset+k] = math.Pi-inside, inside-math.Pi
		}
	}
	if err := f.surf.Value(points, lp); err != nil {
		return false, err
	}
	for i := 0; i < len(lp); i += 2 {
		a, b := lp[i], lp[i+1]
		if graph.Finite(a) != graph.Finite(b) || graph.Finite(a) && math.Abs(a-b) > jumpNats*(1+math.Abs(a)) {
			return true, nil
		}
	}
	return false, nil
}

// sweep turns each angle in turn to the best of some directions, the others as they are.
func (f *fitter) sweep(slots []int, u []float64) error {
	u = append([]float64(nil), u...)
	at := []int{}
	for _, i := range slots {
		for k := range f.t.Slots[i].Free.Size() {
			at = append(at, f.t.Slots[i].Offset+k)
		}
	}
	if len(at) == 0 || len(at) > mostSwept {
		return nil
	}
	points, lp := make([]float64, directions*len(u)), make([]float64, directions)
	for range directionSweeps {
		for _, k := range at {
			for j := range directions {
				copy(points[j*len(u):], u)
				points[j*len(u)+k] = math.Remainder(2*math.Pi*float64(j)/directions, 2*math.Pi)
			}
			if err := f.surf.Value(points, lp); err != nil {
				return err
			}
			best := math.Inf(-1)
			for j, x := range lp {
				if x > best {
					best, u[k] = x, points[j*len(u)+k]
				}
			}
			if f.halted() {
				return nil
			}
		}
	}
	f.t, _ = turned(f.t, slots, u)
	return nil
}

// turned is the target that faces the point u, and the largest angle from what it faced.
func turned(t *target.Target, slots []int, u []float64) (to *target.Target, far float64) {
	v := *t
	v.Angles = append([]guide.Angles(nil), t.Angles...)
	for _, i := range slots {
		s := t.Slots[i]
		turns := make([]float64, s.Free.Size())
		for k := range turns {
			angle := math.Remainder(u[s.Offset+k], 2*math.Pi)
			far = math.Max(far, math.Abs(angle))
			if before := t.Angles[i].Turns; before != nil {
				angle += before[k]
			}
			turns[k] = math.Remainder(angle, 2*math.Pi)
		}
		v.Angles[i].Turns = turns
	}
	return &v, far
}

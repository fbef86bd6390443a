// Package edge finds the limits of a function, its slope and its curvature
// where its domain ends, by differences of its values alone. Tests compare
// derivatives with them: at the ends of domains, at infinity and at kinks,
// where formulas have 0·∞ and central differences do not exist.
package edge

import "math"

// Limits are those of a function's value, slope and curvature (0, 1, 2) on one side of a point.
type Limits struct {
	At  [3]float64
	Off [3]float64 // by how much a limit may be off
	OK  [3]bool    // it is finite: the sequence converges
	// Inside says that f is finite on this side.
	Inside bool
}

// Of approaches x from above (side 1) or below (side −1), an infinite x from inside.
func Of(f func(float64) float64, x, side float64) Limits {
	var d [3][]float64
	least := 0.0
	for _, h := range []float64{1e-1, 1e-2, 1e-3} {
		a, s := x+side*h, h/8
		if math.IsInf(x, 0) {
			a = math.Copysign(1/h/h, x)
			s = math.Abs(a) / 8
		}
		p, q, r, t, m := f(a-2*s), f(a-s), f(a+s), f(a+2*s), f(a)
		d[0] = append(d[0], m)
		d[1] = append(d[1], (8*(r-q)-(t-p))/(12*s))
		d[2] = append(d[2], (16*(r+q)-(t+p)-30*m)/(12*s*s))
		least = s
	}
	var l Limits
	for m := range d {
		l.At[m], l.Off[m], l.OK[m] = limit(d[m])
	}
	last := d[0][len(d[0])-1]
	l.Inside = !math.IsNaN(last) && !math.IsInf(last, 0)
	scale := 1 + math.Abs(l.At[0])
	l.Off[1] += 1e-14 * scale / least // rounding of differences
	l.Off[2] += 1e-14 * scale / least / least
	return l
}

// limit is the last of a sequence if it converges: if its steps shrink.
func limit(d []float64) (l, off float64, ok bool) {
	n := len(d)
	if math.IsNaN(d[n-1]) || math.IsInf(d[n-1], 0) {
		return 0, 0, false
	}
	a, b := math.Abs(d[n-2]-d[n-3]), math.Abs(d[n-1]-d[n-2])
	noise := 1e-6 * (1 + math.Abs(d[n-1]))
	return d[n-1], 3*b + noise, b <= 0.5*a || b <= noise
}

// Sides are those from which x can be approached.
func Sides(x float64) []float64 {
	if math.IsInf(x, 0) {
		return []float64{1}
	}
	return []float64{-1, 1}
}

// Expect gives, for the slope and the curvature of f at x, the range that a
// derivative may be in: the limits of both sides and what is between them. ok
// is false where a limit is not finite, where f is not finite or jumps at x,
// and where x cannot be approached.
func Expect(f func(float64) float64, x float64) (lo, hi [2]float64, ok [2]bool) {
	value := f(x)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return lo, hi, ok
	}
	ok = [2]bool{true, true}
	sides := 0
	for _, side := range Sides(x) {
		l := Of(f, x, side)
		if !l.Inside {
			continue // the domain ends here
		}
		if !l.OK[0] || math.Abs(l.At[0]-value) > l.Off[0]+1e-2 {
			return lo, hi, [2]bool{} // a jump, or something else nearby
		}
		for m := range ok {
			a, off := l.At[m+1], l.Off[m+1]
			ok[m] = ok[m] && l.OK[m+1]
			if sides == 0 || a-off < lo[m] {
				lo[m] = a - off
			}
			if sides == 0 || a+off > hi[m] {
				hi[m] = a + off
			}
		}
		sides++
	}
	ok[0] = ok[0] && sides > 0
	ok[1] = ok[1] && ok[0]
	return lo, hi, ok
}

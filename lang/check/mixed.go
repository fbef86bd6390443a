package check

import (
	"slices"
	"strconv"

	"ppl/lang/ast"
)

// Arrays of which a `let` defines some elements and a `~` the others: the
// corner constraint `let b[1] = 0` beside `b[k in 2..K] ~ Normal(0, 1)`, or a
// series that starts at a known value. But a `~` on elements that a `let`
// defines observes them. Which of the two it is must be known before anything
// is checked, since a read depends on who defines the array; so it is told by
// the text of the indices: a `~` defines elements that are plainly none of
// those of the lets above it.

// written is an index as it is written: a name and an offset, or a number.
type written struct {
	name   string
	offset int
}

// writtenOf reads `3`, `K`, `i - 1`.
func writtenOf(e ast.Expr) (written, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Number:
		return written{"", int(e.Value)}, !e.Real
	case *ast.Name:
		return written{e.Name, 0}, true
	case *ast.Binary:
		x, okX := writtenOf(e.X)
		y, okY := writtenOf(e.Y)
		switch {
		case !okX || !okY || e.Op != "+" && e.Op != "-" || y.name != "" && (e.Op == "-" || x.name != ""):
			return written{}, false
		case e.Op == "-":
			return written{x.name, x.offset - y.offset}, true
		}
		return written{x.name + y.name, x.offset + y.offset}, true
	}
	return written{}, false
}

// writtenRange is the range of one index on the left, as far as its ends are
// plain: a start that is the largest of some, an end that is the least of some.
// Where it is the index of a loop, shifted perhaps, index and shift say so.
type writtenRange struct {
	lo, hi []written
	index  string
	shift  int
}

func (d *defSite) writtenRange(p int) writtenRange {
	ix := d.index[p]
	switch {
	case ix.Binder != nil:
		return rangeOfBinder(ix.Binder, 0)
	case ix.Arg.Range != nil:
		return rangeOfEnds(ix.Arg.Range, 0)
	case ix.Arg.Expr == nil:
		return writtenRange{}
	}
	x, ok := writtenOf(ix.Arg.Expr)
	if !ok {
		return writtenRange{}
	}
	for _, v := range d.vars {
		if v != nil && v.Name.Name == x.name {
			return rangeOfBinder(v, x.offset)
		}
	}
	return writtenRange{lo: []written{x}, hi: []written{x}}
}

func rangeOfBinder(b *ast.Binder, shift int) writtenRange {
	r := rangeOfEnds(b.Range, shift)
	r.index, r.shift = b.Name.Name, shift
	return r
}

func rangeOfEnds(r *ast.Range, shift int) (out writtenRange) {
	if r == nil {
		return out
	}
	return writtenRange{lo: endsOfRange(r.Lo, "max", shift), hi: endsOfRange(r.Hi, "min", shift)}
}

// endsOfRange reads an end, or the ends of which it is the largest or least.
func endsOfRange(e ast.Expr, of string, shift int) (out []written) {
	ends := []ast.Expr{e}
	if call, ok := ast.Unparen(e).(*ast.Call); ok && call.Fn.Name == of {
		ends = nil
		for _, a := range call.Args {
			ends = append(ends, a.Value)
		}
	}
	for _, end := range ends {
		if x, ok := writtenOf(end); ok {
			out = append(out, written{x.name, x.offset + shift})
		}
	}
	return out
}

// apart reports whether two left sides are plainly of different elements: at
// some position the range of one ends before that of the other starts, for
// equal indices at the other positions (`L[i, j]` for j below i, and above).
func (d *defSite) apart(e *defSite) bool {
	if len(d.index) != len(e.index) {
		return false
	}
	for p := range d.index {
		a, b := d.fixed(e, p), e.fixed(d, p)
		if before(a.hi, b.lo) || before(b.hi, a.lo) {
			return true
		}
	}
	return false
}

func before(xs, ys []written) bool {
	for _, x := range xs {
		for _, y := range ys {
			if x.name == y.name && x.offset < y.offset {
				return true
			}
		}
	}
	return false
}

// fixed is the range of an index in terms of those of the other positions,
// which are what they are in e.
func (d *defSite) fixed(e *defSite, p int) writtenRange {
	r := d.writtenRange(p)
	for q := range d.index {
		own, other := d.writtenRange(q), e.writtenRange(q)
		if q == p || own.index == "" || own.shift != 0 {
			continue
		}
		as := written{name: "#" + strconv.Itoa(q)}
		if other.index == "" {
			if len(other.lo) != 1 || len(other.hi) != 1 || other.lo[0] != other.hi[0] {
				continue
			}
			as = other.lo[0]
		} else if other.shift != 0 {
			continue
		}
		if r.index == own.index {
			at := []written{{as.name, as.offset + r.shift}}
			r = writtenRange{lo: at, hi: at}
		}
		r.lo, r.hi = renamed(r.lo, own.index, as), renamed(r.hi, own.index, as)
	}
	return r
}

// renamed puts an index in terms of another.
func renamed(ends []written, index string, as written) []written {
	out := slices.Clone(ends)
	for i, end := range out {
		if end.name == index {
			out[i] = written{as.name, as.offset + end.offset}
		}
	}
	return out
}

// defines reports whether a `~` defines elements of a name that lets above it
// define others of.
func (p *prescanner) defines(d *defSite) bool {
	lets := p.lets[d.name]
	if len(lets) > maxPieces {
		return false
	}
	for _, e := range lets {
		if !d.apart(e) {
			return false
		}
	}
	return true
}

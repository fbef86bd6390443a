package store

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// check returns what keeps a file from being written and opened by xarray, as
// an *Error of kind Invalid, or nil.
func (f *File) check() error {
	groups := map[string]bool{}
	for i := range f.Groups {
		g := &f.Groups[i]
		if err := checkName(g.Name, "group", groups); err != nil {
			return err
		}
		if err := g.check(); err != nil {
			return err
		}
	}
	return nil
}

func (g *Group) check() error {
	arrays, lengths := map[string]bool{}, map[string]int{}
	for i := range g.Arrays {
		a := &g.Arrays[i]
		if err := checkName(a.Name, "array of group "+g.Name, arrays); err != nil {
			return err
		}
		place := inGroup(g.Name, a.Name)
		if err := a.checkShape(place); err != nil {
			return err
		}
		if err := a.checkValues(place); err != nil {
			return err
		}
		for k, dim := range a.Dims {
			if n, seen := lengths[dim]; seen && n != a.Shape[k] {
				return fault(Invalid, place, "dimension %s has length %d here and %d in another array of its group", dim, a.Shape[k], n)
			}
			lengths[dim] = a.Shape[k]
		}
	}
	return g.checkCoordinates(lengths)
}

// checkCoordinates demands of an array that is named as a dimension that it
// lies along this dimension alone, as xarray does.
func (g *Group) checkCoordinates(lengths map[string]int) error {
	for i := range g.Arrays {
		a := &g.Arrays[i]
		if _, isDim := lengths[a.Name]; isDim && !slices.Equal(a.Dims, []string{a.Name}) {
			return fault(Invalid, inGroup(g.Name, a.Name), "is named as a dimension, and lies along %q: coordinates lie along their own dimension alone", a.Dims)
		}
	}
	return nil
}

func (a *Array) checkShape(place string) error {
	if len(a.Dims) != len(a.Shape) {
		return fault(Invalid, place, "%d dimensions %q for a shape of %d, %v", len(a.Dims), a.Dims, len(a.Shape), a.Shape)
	}
	if len(a.Dims) > maxRank {
		return fault(Invalid, place, "%d dimensions: there are at most %d", len(a.Dims), maxRank)
	}
	dims := map[string]bool{}
	for _, dim := range a.Dims {
		if err := checkName(dim, "dimension of "+place, dims); err != nil {
			return err
		}
	}
	return nil
}

func (a *Array) checkValues(place string) error {
	size, ok := elements(a.Shape)
	if !ok {
		return fault(Invalid, place, "shape %v", a.Shape)
	}
	if blocks, isBlocks := a.Values.(Blocks); a.Values == nil || isBlocks && blocks == nil {
		return fault(Invalid, place, "has no values")
	}
	if n := a.Values.count(); n >= 0 && n != size {
		return fault(Invalid, place, "%d values for shape %v, which has %d", n, a.Shape, size)
	}
	labels, _ := a.Values.(Strings)
	for i, label := range labels {
		if !utf8.ValidString(label) || uint64(len(label)) > math.MaxUint32 {
			return fault(Invalid, place, "element %d is no UTF-8 text of less than 4 GiB: %.60q", i, label)
		}
	}
	return nil
}

// checkName demands a name that a zip, Zarr and xarray all take as it is, and
// that is not among those seen, which it joins.
func checkName(name, what string, seen map[string]bool) error {
	switch {
	case name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\`) ||
		!utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fault(Invalid, "", "the name %q (%s): a name is text that is not empty, does not begin with a full stop and has no slash, backslash or control character", name, what)
	case seen[name]:
		return fault(Invalid, "", "the name %q (%s) is there twice", name, what)
	}
	seen[name] = true
	return nil
}

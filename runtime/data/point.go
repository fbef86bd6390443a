package data

import (
	"context"
	"fmt"
	"math"
	"slices"

	"ppl/lang/diag"
)

// Point reads the values of an array of a shape, which no declaration describes: those of a
// latent. An object's keys are labels of its first dimension.
func (t *Tables) Point(name string, shape []int, levels []string) ([]float64, error) {
	v, err := t.array(name)
	switch {
	case err != nil:
		return nil, err
	case !slices.Equal(v.shape, shape) && !(len(shape) == 0 && len(v.nums) == 1):
		return nil, fmt.Errorf("`%s` is %s, and the model has %s", name, shapeText(v.shape), shapeText(shape))
	}
	for i := range v.nums {
		if tag := v.tag(i); tag != tagNumber && tag != tagBool {
			return nil, fmt.Errorf("`%s`: element %d is %s, which is no number", name, i+1, v.cellText(i))
		}
	}
	if v.labels == nil {
		return slices.Clone(v.nums), nil
	}
	row := size(shape[1:])
	out := make([]float64, 0, len(v.nums))
	for _, label := range levels {
		at := slices.Index(v.labels, label)
		if at < 0 {
			return nil, fmt.Errorf("`%s` has no value for %q", name, label)
		}
		out = append(out, v.nums[at*row:(at+1)*row]...)
	}
	if len(out) != len(v.nums) {
		return nil, fmt.Errorf("`%s` is keyed by %d labels, and the model has %d", name, len(v.labels), len(levels))
	}
	return out, nil
}

// Start reads values as Point does where some may be missing: null, NaN, an empty cell, and what belongs to a label
// that an object does not have, are NaN.
func (t *Tables) Start(name string, shape []int, levels []string) ([]float64, error) {
	v, err := t.array(name)
	if err != nil {
		return nil, err
	}
	keyed := v.labels != nil && len(shape) > 0
	if !keyed && !slices.Equal(v.shape, shape) && !(len(shape) == 0 && len(v.nums) == 1) || keyed && !slices.Equal(v.shape[1:], shape[1:]) {
		return nil, fmt.Errorf("`%s` is %s, and the model has %s", name, shapeText(v.shape), shapeText(shape))
	}
	nums := slices.Clone(v.nums)
	for i := range nums {
		switch tag := v.tag(i); {
		case tag == tagNull:
			nums[i] = math.NaN()
		case tag != tagNumber && tag != tagBool:
			return nil, fmt.Errorf("`%s`: element %d is %s, which is no number", name, i+1, v.cellText(i))
		}
	}
	if !keyed {
		return nums, nil
	}
	row := size(shape[1:])
	out := make([]float64, size(shape))
	for i := range out {
		out[i] = math.NaN()
	}
	for i, label := range v.labels {
		at := slices.Index(levels, label)
		if at < 0 {
			why := fmt.Sprintf("`%s` has a value for %q, which is no label of its first dimension", name, label)
			if like := diag.Suggest(label, levels); like != "" {
				why += fmt.Sprintf("; did you mean %q?", like)
			}
			return nil, fmt.Errorf("%s", why)
		}
		copy(out[at*row:(at+1)*row], nums[i*row:(i+1)*row])
	}
	return out, nil
}

// array is what stands under a name, if it is one.
func (t *Tables) array(name string) (*Value, error) {
	v, ok := t.Lookup(name)
	if ok {
		v = v.loaded(context.Background())
	}
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no value of `%s`", name)
	case v.problem != nil:
		return nil, fmt.Errorf("`%s` is no array of numbers: %s", name, v.problem.summary)
	}
	return v, nil
}

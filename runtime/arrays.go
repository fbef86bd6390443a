package runtime

import (
	"iter"
	"slices"

	"ppl/lang/diag"
	"ppl/runtime/saved"
)

// Array is an array of the posterior with its draws: a latent, a let that depends on one, or the missing
// elements of data.
type Array struct {
	Name string
	// Dims are the dimensions, none of a scalar. Where only part of an array is in the posterior, as the
	// missing elements of data are, there is one, whose labels are the names of the elements.
	Dims []ArrayDim
	// N is the number of draws that are kept.
	N int

	columns [][]float64 // by element, the last index fastest
}

// ArrayDim is a dimension of an array.
type ArrayDim struct {
	// Name is as the model writes it, "J" or "2"; "" where it does not.
	Name   string
	Length int
	// Labels are those of a factor; nil where places are numbered from 1.
	Labels []string
}

// Shape are the lengths of the dimensions.
func (a *Array) Shape() []int {
	if a == nil {
		return nil
	}
	out := make([]int, len(a.Dims))
	for d := range out {
		out[d] = a.Dims[d].Length
	}
	return out
}

// Draw is draw i, from 0, of the whole array: its elements, the last index fastest; nil where there is no
// such draw. It is joint with draw i of every other array. The slice is the caller's.
func (a *Array) Draw(i int) []float64 {
	if a == nil || i < 0 || i >= a.N {
		return nil
	}
	out := make([]float64, len(a.columns))
	for e, c := range a.columns {
		out[e] = c[i]
	}
	return out
}

// Draws are the draws, from 0, of the whole array, as Draw has them.
func (a *Array) Draws() iter.Seq2[int, []float64] {
	return func(yield func(int, []float64) bool) {
		for i := 0; a != nil && i < a.N; i++ {
			if !yield(i, a.Draw(i)) {
				return
			}
		}
	}
}

// Array is the array of that name in the model, with the draws that are kept; a scalar has no dimensions. The
// error is an *ArgumentError, an *UnknownQuantity, or one of DiscreteDraws.
func (post *Posterior) Array(name string) (*Array, error) {
	if err := given("Posterior.Array", argument{"post", post.made()}); err != nil {
		return nil, err
	}
	a := &Array{Name: name}
	var indices [][]int
	var names []string
	for i := range post.answer.Quantities {
		if q := &post.answer.Quantities[i]; q.Symbol == name {
			a.columns, indices, names = append(a.columns, q.Draws()), append(indices, q.Index), append(names, q.Name)
		}
	}
	for i := range post.answer.Discrete {
		q := &post.answer.Discrete[i]
		if q.Symbol != name {
			continue
		}
		draws, err := post.Draws(q.Name)
		if err != nil {
			return nil, err
		}
		a.columns, indices, names = append(a.columns, draws), append(indices, q.Index), append(names, q.Name)
	}
	if len(a.columns) == 0 {
		return nil, &UnknownQuantity{name, diag.Suggest(name, post.symbols())}
	}
	a.N = len(a.columns[0])
	of := post.names()
	shape, whole := saved.Whole(indices)
	if !whole || slices.Contains(of.Partial, name) {
		a.Dims = []ArrayDim{{Length: len(names), Labels: names}}
		return a, nil
	}
	for d, n := range shape {
		dim := ArrayDim{Length: n}
		if declared := of.Dims[name]; d < len(declared) {
			dim.Name = declared[d]
			if labels := of.Levels[dim.Name]; len(labels) == n {
				dim.Labels = slices.Clone(labels)
			}
		}
		a.Dims = append(a.Dims, dim)
	}
	return a, nil
}

// Arrays are all arrays of the posterior, in the order of the model, those of discrete latents last. It ends
// with the first error, which is as that of Array.
func (post *Posterior) Arrays() iter.Seq2[*Array, error] {
	return func(yield func(*Array, error) bool) {
		if err := given("Posterior.Arrays", argument{"post", post.made()}); err != nil {
			yield(nil, err)
			return
		}
		seen := map[string]bool{}
		for _, name := range post.symbols() {
			if seen[name] {
				continue
			}
			seen[name] = true
			if a, err := post.Array(name); !yield(a, err) || err != nil {
				return
			}
		}
	}
}

// names are the dimensions of what the model declares.
func (post *Posterior) names() saved.Names {
	if post.loaded != nil {
		return post.loaded.fit.Names
	}
	return post.problem.saveNames()
}

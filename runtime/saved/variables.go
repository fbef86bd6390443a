package saved

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"ppl/runtime/answer"
	"ppl/runtime/store"
)

// variable is a symbol of the posterior: its elements are quantities, or those of a discrete
// latent.
type variable struct {
	symbol   string
	discrete bool
	elements []int // positions among the answer's quantities or discrete latents
	shape    []int
	names    []string // of the elements, if these are only part of an array
}

// variables groups the quantities, and then the discrete latents, by symbol, in their order.
func (f *Fit) variables() []variable {
	var out []variable
	at := map[string]int{}
	add := func(symbol string, discrete bool, i int) {
		k, ok := at[symbol]
		if !ok {
			k = len(out)
			at[symbol] = k
			out = append(out, variable{symbol: symbol, discrete: discrete})
		}
		out[k].elements = append(out[k].elements, i)
	}
	for i := range f.Answer.Quantities {
		add(f.Answer.Quantities[i].Symbol, false, i)
	}
	for i := range f.Answer.Discrete {
		add(f.Answer.Discrete[i].Symbol, true, i)
	}
	for k := range out {
		out[k].arrange(f.Answer, slices.Contains(f.Names.Partial, out[k].symbol))
	}
	return out
}

// arrange finds the shape: that of the array where the elements are all of its, in their order,
// or else one dimension.
func (v *variable) arrange(a *answer.Answer, partial bool) {
	index := func(i int) []int { return a.Quantities[i].Index }
	name := func(i int) string { return a.Quantities[i].Name }
	if v.discrete {
		index = func(i int) []int { return a.Discrete[i].Index }
		name = func(i int) string { return a.Discrete[i].Name }
	}
	if !partial {
		indices := make([][]int, len(v.elements))
		for i, e := range v.elements {
			indices[i] = index(e)
		}
		if shape, whole := Whole(indices); whole {
			v.shape = shape
			return
		}
	}
	v.shape, v.names = []int{len(v.elements)}, nil
	for _, e := range v.elements {
		v.names = append(v.names, name(e))
	}
}

// Whole is the shape of the array that has elements at these indices, from 1, and no others, if they come
// in its order, the last index fastest.
func Whole(indices [][]int) (shape []int, ok bool) {
	shape = slices.Clone(indices[len(indices)-1])
	if size(shape) != len(indices) {
		return nil, false
	}
	next := make([]int, len(shape)) // the index that comes next, from 0
	for _, ix := range indices {
		if len(ix) != len(next) {
			return nil, false
		}
		for d := range ix {
			if ix[d] != next[d]+1 {
				return nil, false
			}
		}
		for d := len(next) - 1; d >= 0; d-- {
			if next[d]++; next[d] < shape[d] {
				break
			}
			next[d] = 0
		}
	}
	return shape, true
}

// size is the number of elements of a shape, -1 if it has none or cannot be counted.
func size(shape []int) int {
	n := 1
	for _, k := range shape {
		if k <= 0 || n > math.MaxInt32/k {
			return -1
		}
		n *= k
	}
	return n
}

// Names that arrays of draws do not have, for dimensions or figures of draws have them.
var (
	ofDraws    = []string{"chain", "draw"}
	ofWeighted = []string{"chain", "draw", weightArray, logWeightArray, keptArray}
)

const (
	weightArray    = "weight"
	logWeightArray = "log_weight"
	keptArray      = "kept"
)

// arrayNames are the names of the arrays of symbols, which have to differ from those that are
// taken.
func arrayNames(symbols, taken []string) map[string]string {
	out := map[string]string{}
	for _, s := range symbols {
		name := s
		for slices.Contains(taken, name) || name != s && slices.Contains(symbols, name) {
			name += "_"
		}
		out[s] = name
	}
	return out
}

// labeller gives the arrays of one group their dimensions and coordinates.
type labeller struct {
	names   *Names
	taken   map[string]bool // names of arrays, which are not names of dimensions
	lengths map[string]int
	coords  []store.Array
}

func newLabeller(names *Names, arrays ...string) *labeller {
	l := &labeller{names, map[string]bool{}, map[string]int{}, nil}
	for _, a := range arrays {
		l.taken[a] = true
	}
	return l
}

// dims names the dimensions of a symbol: labels, if there are any, are those of its one
// dimension.
func (l *labeller) dims(symbol string, shape []int, labels []string) []string {
	var out []string
	declared := l.names.Dims[symbol]
	for d, n := range shape {
		name := ""
		if d < len(declared) && labels == nil {
			name = declared[d]
		}
		length, seen := l.lengths[name]
		if !plain(name) || l.taken[name] || slices.Contains(out, name) || seen && length != n {
			name = fmt.Sprintf("%s_dim_%d", symbol, d)
			for l.taken[name] || l.lengths[name] != 0 {
				name += "_"
			}
		}
		if _, seen := l.lengths[name]; !seen {
			l.lengths[name] = n
			l.coords = append(l.coords, store.Array{Name: name, Dims: []string{name}, Shape: []int{n}, Values: l.coordinates(name, n, labels)})
		}
		out = append(out, name)
	}
	return out
}

// coordinates are labels, or the numbers from 1.
func (l *labeller) coordinates(dim string, n int, labels []string) store.Values {
	if labels == nil {
		labels = l.names.Levels[dim]
	}
	if n > 0 && len(labels) == n {
		return store.Strings(labels)
	}
	return fill(make(store.Ints, n), func(i int) int64 { return int64(i + 1) })
}

// plain says whether a dimension is a name, rather than a number or an expression.
func plain(name string) bool {
	return name != "" && name != "chain" && name != "draw" && !strings.ContainsFunc(name, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) &&
		!unicode.IsDigit([]rune(name)[0])
}

// places are the coordinates of chains and draws, from 0 as ArviZ has them.
func places(name string, n int) store.Array {
	return store.Array{Name: name, Dims: []string{name}, Shape: []int{n}, Values: fill(make(store.Ints, n), func(i int) int64 { return int64(i) })}
}

// numbersOfBlock is how many numbers are made at once.
const numbersOfBlock = 1 << 15

// draws are the numbers of a variable, draw by draw: those of n rows of its columns.
func draws(columns [][]float64, n int, row func(int) int) store.Blocks {
	return func(yield func([]float64, error) bool) {
		rows := max(1, numbersOfBlock/len(columns))
		block := make([]float64, 0, rows*len(columns))
		for from := 0; from < n; from += rows {
			block = block[:0]
			for i := from; i < min(n, from+rows); i++ {
				r := row(i)
				for _, c := range columns {
					block = append(block, c[r])
				}
			}
			if !yield(block, nil) {
				return
			}
		}
	}
}

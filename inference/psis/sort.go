package psis

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// Summaries of thousands of draws are mostly sorting. Numbers are sorted by their bits, eleven at a time, which takes
// a fifth of the time of comparisons.

const (
	digit   = 11
	buckets = 1 << digit
	passes  = (64 + digit - 1) / digit
	// fewSorted numbers are sorted by comparisons.
	fewSorted = 512
)

// keyed is something with its place in the order.
type keyed[T any] struct {
	value T
	key   uint64
}

// key of a number that is not NaN: keys are in the order of the numbers, and −0 and 0 have the same.
func key(x float64) uint64 {
	b := math.Float64bits(x + 0) // −0 + 0 is 0
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func unkey(k uint64) float64 {
	if k>>63 == 0 {
		return math.Float64frombits(^k)
	}
	return math.Float64frombits(k &^ (1 << 63))
}

// rooms keep what sorting works in.
var (
	numberRooms sync.Pool // of *[]keyed[struct{}]
	drawRooms   sync.Pool // of *[]keyed[float64]
	orderRooms  sync.Pool // of *[]Draw
	plainRooms  sync.Pool // of *[]float64
	countRooms  = sync.Pool{New: func() any { return new([passes][buckets]uint32) }}
)

func room[T any](p *sync.Pool, n int) *[]T {
	if r, _ := p.Get().(*[]T); r != nil && cap(*r) >= n {
		*r = (*r)[:n]
		return r
	}
	r := make([]T, n)
	return &r
}

// numbers is room for n of them.
func numbers(n int) *[]float64 { return room[float64](&plainRooms, n) }

// Numbers is room for n numbers, whatever they are, until done is called.
func Numbers(n int) (x []float64, done func()) {
	r := numbers(n)
	return *r, func() { giveBack(&plainRooms, r) }
}

// mostRoom bounds the numbers that a room keeps between calls.
const mostRoom = 1 << 18

func giveBack[T any](p *sync.Pool, r *[]T) {
	if cap(*r) <= mostRoom {
		p.Put(r)
	}
}

// byDigits sorts a by keys, stably, with b as room for as many; it returns the one of the two that has come to hold them. Few
// numbers of many have their first digits in common: what these leave out of order is mended where it is little.
func byDigits[T any](a, b []keyed[T]) []keyed[T] {
	count := countRooms.Get().(*[passes][buckets]uint32)
	defer countRooms.Put(count)
	a, b = byDigitsFrom(a, b, count, passes-firstDigits)
	if !mended(a) {
		a, _ = byDigitsFrom(a, b, count, 0)
	}
	return a
}

// firstDigits are the digits that are looked at first.
const firstDigits = 3

// byDigitsFrom sorts by the digits from one on: a holds the result.
func byDigitsFrom[T any](a, b []keyed[T], count *[passes][buckets]uint32, from int) (sorted, room []keyed[T]) {
	clear(count[from:])
	for i := range a {
		k := a[i].key >> (from * digit)
		for p := from; p < passes; p++ {
			count[p][k&(buckets-1)]++
			k >>= digit
		}
	}
	for p := from; p < passes; p++ {
		c, shift := &count[p], p*digit
		if c[a[0].key>>shift&(buckets-1)] == uint32(len(a)) { // all have the same
			continue
		}
		at := uint32(0)
		for i, n := range c {
			c[i] = at
			at += n
		}
		for i := range a {
			to := &c[a[i].key>>shift&(buckets-1)]
			b[*to] = a[i]
			*to++
		}
		a, b = b, a
	}
	return a, b
}

// mended puts what is nearly in order in order, by insertion, unless that takes many steps; then it is some other order.
func mended[T any](a []keyed[T]) bool {
	left := 2 * len(a)
	for i := 1; i < len(a); i++ {
		if a[i-1].key <= a[i].key {
			continue
		}
		x, j := a[i], i
		for ; j > 0 && a[j-1].key > x.key; j-- {
			a[j] = a[j-1]
		}
		a[j] = x
		if left -= i - j; left < 0 {
			return false
		}
	}
	return true
}

// Sort is slices.Sort of numbers, but that it makes 0 of −0 where there are many.
func Sort(x []float64) {
	if len(x) < fewSorted || len(x) > math.MaxUint32 {
		slices.Sort(x)
		return
	}
	n := len(x)
	r := room[keyed[struct{}]](&numberRooms, 2*n)
	defer giveBack(&numberRooms, r)
	a := (*r)[:n]
	for i, v := range x {
		if v != v {
			slices.Sort(x)
			return
		}
		a[i].key = key(v)
	}
	for i, k := range byDigits(a, (*r)[n:]) {
		x[i] = unkey(k.key)
	}
}

// sortDraws puts draws in order, equal ones by their weights.
func sortDraws(draws []Draw) {
	n := len(draws)
	odd := func(d Draw) bool { return d.X != d.X || d.X == 0 && math.Signbit(d.X) } // has no key of its own
	if n < fewSorted || n > math.MaxUint32 || slices.ContainsFunc(draws, odd) {
		slices.SortFunc(draws, ascendingDraws)
		return
	}
	r := room[keyed[float64]](&drawRooms, 2*n)
	defer giveBack(&drawRooms, r)
	a := (*r)[:n]
	for i, d := range draws {
		a[i] = keyed[float64]{d.W, key(d.X)}
	}
	for i, k := range byDigits(a, (*r)[n:]) {
		draws[i] = Draw{unkey(k.key), k.value}
	}
	for i := 0; i < n; {
		j := i + 1
		for j < n && draws[j].X == draws[i].X {
			j++
		}
		if j-i > 1 {
			slices.SortFunc(draws[i:j], ascendingDraws)
		}
		i = j
	}
}

// ascendingDraws compares draws, equal ones, in whatever order they come, by their weights.
func ascendingDraws(a, b Draw) int {
	switch {
	case a.X < b.X:
		return -1
	case a.X > b.X:
		return 1
	case a.W < b.W:
		return -1
	case a.W > b.W:
		return 1
	}
	return 0
}

// Top are the n largest of x, which has as many, in ascending order: the end of what Sort makes of it. x stays as it is.
// What is below the n largest so far is passed over, and the others are sorted each time that there are twice as many.
func Top(x []float64, n int) []float64 {
	if n <= 0 {
		return nil
	}
	if 4*n > len(x) {
		all := slices.Clone(x)
		Sort(all)
		return all[len(all)-n:]
	}
	top, least := make([]float64, 0, 2*n), math.Inf(-1)
	for _, v := range x {
		if v <= least && len(top) >= n || v != v { // NaN is the smallest
			continue
		}
		if top = append(top, v); len(top) == 2*n {
			Sort(top)
			top = append(top[:0], top[n:]...)
			least = top[0]
		}
	}
	if len(top) < n { // the others are NaN
		all := slices.Clone(x)
		Sort(all)
		return all[len(all)-n:]
	}
	Sort(top)
	return top[len(top)-n:]
}

// largest lists the n draws of the largest weight, which are fewer than have any, the smallest first; of equal ones those
// that come later are the larger ones.
func largest(lw []float64, n int) []int {
	least := Top(lw, n)[0]
	equal := n
	for _, l := range lw {
		if l > least {
			equal--
		}
	}
	top := make([]int, 0, n)
	for i := len(lw) - 1; i >= 0; i-- {
		switch {
		case lw[i] > least:
			top = append(top, i)
		case lw[i] == least && equal > 0:
			top = append(top, i)
			equal--
		}
	}
	slices.SortFunc(top, func(a, b int) int { return cmp.Or(cmp.Compare(lw[a], lw[b]), cmp.Compare(a, b)) })
	return top
}

package data

// A cell is a number unless its tag says otherwise. Tags above zero are entries
// of the dictionary of texts, counted from 1.
const (
	tagNumber int32 = 0
	tagNull   int32 = -1 // missing
	tagBool   int32 = -2 // the number is 0 or 1
)

// textKind says how a text may be read other than as a label. The cell's number
// then holds that reading.
type textKind int

const (
	textOnly   textKind = iota
	textNumber          // "NaN" in JSON; a number that float64 does not spell as a label: 007, 2^53 + 1
	textBool            // TRUE in CSV
)

type text struct {
	s    string
	kind textKind
}

// cells are the elements of a value, row-major.
type cells struct {
	nums  []float64
	tags  []int32 // nil: all plain numbers
	texts []text
}

func (c *cells) tag(i int) int32 {
	if c.tags == nil {
		return tagNumber
	}
	return c.tags[i]
}

// text returns the text of a cell whose tag is above zero.
func (c *cells) text(i int) text { return c.texts[c.tags[i]-1] }

// builder collects cells one by one. Elements lie in blocks that are joined at
// the end, so that an array of unknown length never costs more than twice its
// size.
type builder struct {
	nums  blocks[float64]
	tags  blocks[int32]
	texts []text
	index map[text]int32
}

func (b *builder) push(x float64, tag int32) {
	if tag != tagNumber && b.tags.n < b.nums.n {
		for b.tags.n < b.nums.n {
			b.tags.push(tagNumber)
		}
	}
	if tag != tagNumber || b.tags.n > 0 {
		b.tags.push(tag)
	}
	b.nums.push(x)
}

func (b *builder) pushBool(v bool) {
	if v {
		b.push(1, tagBool)
		return
	}
	b.push(0, tagBool)
}

// pushText adds a text. The bytes are copied only the first time they occur.
func (b *builder) pushText(s []byte, kind textKind, x float64) {
	k, ok := b.index[text{string(s), kind}]
	if !ok {
		t := text{string(s), kind}
		b.texts = append(b.texts, t)
		k = int32(len(b.texts))
		if b.index == nil {
			b.index = map[text]int32{}
		}
		b.index[t] = k
	}
	b.push(x, k)
}

// cells joins what was pushed.
func (b *builder) cells() cells {
	return cells{nums: b.nums.join(), tags: b.tags.join(), texts: b.texts}
}

// blocks is a list that grows without copying what it holds.
type blocks[T any] struct {
	full [][]T
	cur  []T
	n    int
}

const (
	firstBlock = 16
	largeBlock = 1 << 15
)

func (b *blocks[T]) push(x T) {
	if len(b.cur) == cap(b.cur) {
		b.grow()
	}
	b.cur = append(b.cur, x)
	b.n++
}

func (b *blocks[T]) grow() {
	if len(b.cur) > 0 {
		b.full = append(b.full, b.cur)
	}
	b.cur = make([]T, 0, min(max(firstBlock, b.n), largeBlock))
}

// reserve makes room for n elements, which are then not copied, if nothing has been pushed and they are not too many.
func (b *blocks[T]) reserve(n int) {
	if b.cur == nil && n <= mostReserved {
		b.cur = make([]T, 0, n)
	}
}

// mostReserved is for how many elements room is made before they are there.
const mostReserved = 1 << 22

// join returns one slice, nil if nothing was pushed, and forgets the blocks.
func (b *blocks[T]) join() []T {
	if b.n == 0 {
		return nil
	}
	if len(b.full) == 0 {
		out := b.cur
		*b = blocks[T]{}
		return out
	}
	out := make([]T, 0, b.n)
	for _, f := range b.full {
		out = append(out, f...)
	}
	out = append(out, b.cur...)
	*b = blocks[T]{}
	return out
}

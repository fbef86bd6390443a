package sufficient

import (
	"hash/maphash"
	"sync"
	"unsafe"
)

// Cache keeps the factors of designs, so that each is computed once for the
// several graphs that a fit builds. It is safe for concurrent use. A nil Cache
// keeps nothing.
type Cache struct {
	mu    sync.Mutex
	seeds [2]maphash.Seed
	kept  map[digest]*folded
}

// digest names a design by its content: two hashes of 64 bits with random seeds.
type digest [2]uint64

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, kept: map[digest]*folded{}}
}

func (c *Cache) fold(d *design, weight placed, cs *cells) (*folded, bool) {
	if c == nil {
		return d.fold(weight, cs)
	}
	key := c.digest(d, weight)
	c.mu.Lock()
	f, ok := c.kept[key]
	c.mu.Unlock()
	if ok {
		return f, f != nil
	}
	f, ok = d.fold(weight, cs)
	if !ok {
		f = nil
	}
	c.mu.Lock()
	c.kept[key] = f
	c.mu.Unlock()
	return f, ok
}

// digest covers the rows' shape, every column with the places that it is read
// from, and the indices.
func (c *Cache) digest(d *design, weight placed) digest {
	var out digest
	for i, seed := range c.seeds {
		var h maphash.Hash
		h.SetSeed(seed)
		write := func(p unsafe.Pointer, n int) { // n words at p
			maphash.WriteComparable(&h, n)
			h.Write(unsafe.Slice((*byte)(p), 8*n))
		}
		numbers := func(x []float64) { write(unsafe.Pointer(unsafe.SliceData(x)), len(x)) }
		maphash.WriteComparable(&h, d.f.rows.String())
		maphash.WriteComparable(&h, len(d.locals))
		w := d.f.column1(weight)
		for _, s := range append(d.sources(), w) {
			for _, o := range []offsets{s.at, s.wAt} {
				maphash.WriteComparable(&h, o.stride)
				maphash.WriteComparable(&h, len(o.table))
				for _, place := range o.table {
					maphash.WriteComparable(&h, place)
				}
			}
			maphash.WriteComparable(&h, [2]int{s.step, s.columns})
			numbers(s.data)
			numbers(s.weight)
		}
		for _, ix := range d.indices {
			numbers(ix.codes.Const)
		}
		out[i] = h.Sum64()
	}
	return out
}

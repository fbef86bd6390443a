package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
)

// tail is the mask of the first n lanes, for n below the number of lanes.
func (m *machine) tail(n word) operand.Op {
	if m.wide {
		ones := m.GP32()
		m.MOVL(operand.U32(0xff), ones)
		m.BZHIL(n.As32(), ones, ones)
		k := m.K()
		m.KMOVW(ones, k)
		return k
	}
	base, back := m.GP64(), m.GP64()
	m.LEAQ(operand.NewDataAddr(operand.Symbol{Name: "tails", Static: true}, 32), base)
	m.MOVQ(n, back)
	m.SHLQ(operand.U8(3), back)
	m.SUBQ(back, base)
	mask := m.vec()
	m.VMOVUPD(at(base, 0), mask)
	if m.pool.table["tails"] == nil {
		m.pool.table["tails"] = tailMasks
		m.pool.names = append(m.pool.names, "tails")
	}
	return mask
}

// loadTail reads the lanes of the mask; the others are 0.
func (m *machine) loadTail(from mem, mask operand.Op) vector {
	x := m.vec()
	if m.wide {
		m.VMOVUPD_Z(from, mask, x)
	} else {
		m.VMASKMOVPD(from, mask, x)
	}
	return x
}

func (m *machine) storeTail(x vector, to mem, mask operand.Op) {
	if m.wide {
		m.VMOVUPD(x, mask, to)
	} else {
		m.VMASKMOVPD(x, mask, to)
	}
}

// A port moves vectors in or out of a loop: whole ones or the last few lanes.
type port struct {
	mask operand.Op // nil for all lanes
}

func (m *machine) read(p port, from mem) vector {
	if p.mask == nil {
		return m.load(from)
	}
	return m.loadTail(from, p.mask)
}

func (m *machine) write(p port, x vector, to mem) {
	if p.mask == nil {
		m.VMOVUPD(x, to)
	} else {
		m.storeTail(x, to, p.mask)
	}
}

// flat runs body over n elements at each pointer, which it advances: unroll vectors at a time (woven
// if two, which then must not branch), then one, then the tail. body works at an offset from the pointers.
func (m *machine) flat(n word, unroll int, pointers []word, body func(p port, offset int)) {
	w := m.lanes()
	steps := []int{1}
	if unroll > 1 {
		steps = []int{unroll, 1}
	}
	for _, u := range steps {
		loop, done := m.label("loop"), m.label("done")
		m.CMPQ(n, operand.I32(u*w))
		m.JL(operand.LabelRef(done))
		m.Label(loop)
		run := func(i int) { body(port{}, i*w*8) }
		if u <= 2 {
			m.weave(u, run)
		} else {
			for i := range u {
				run(i)
			}
		}
		for _, p := range pointers {
			m.ADDQ(operand.I32(u*w*8), p)
		}
		m.SUBQ(operand.I32(u*w), n)
		m.CMPQ(n, operand.I32(u*w))
		m.JGE(operand.LabelRef(loop))
		m.Label(done)
	}
	done := m.label("done")
	m.TESTQ(n, n)
	m.JZ(operand.LabelRef(done))
	body(port{m.tail(n)}, 0)
	for _, p := range pointers {
		m.LEAQ(mem{Base: p, Index: n, Scale: 8}, p)
	}
	m.XORQ(n, n)
	m.Label(done)
}

// times runs body n times, n being at least one.
func (m *machine) times(n word, body func()) {
	loop := m.label("times")
	m.Label(loop)
	body()
	m.DECQ(n)
	m.JNZ(operand.LabelRef(loop))
}

// tailMasks holds, from element 4−n on, n lanes of ones and then zeros.
var tailMasks = func() []float64 {
	ones := math.Float64frombits(allBits)
	return []float64{ones, ones, ones, ones, 0, 0, 0, 0}
}()

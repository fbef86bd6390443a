package main

import (
	"bytes"
	"fmt"
	"math"
	"regexp"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
	"github.com/mmcloughlin/avo/reg"
)

// A machine writes instructions for one of the two vector widths, so that a kernel is described
// once. Registers are avo's virtual ones. Methods named after an operation return a new register
// unless they say that they change one.
type machine struct {
	*build.Context
	wide   bool // 512 bits, else 256
	pool   *pool
	tables map[string]*table
	kept   map[uint64]vector // constants held in registers
	labels int
}

type (
	vector = reg.VecVirtual
	word   = reg.GPVirtual
	mem    = operand.Mem
)

// lanes is the number of float64 in a vector.
func (m *machine) lanes() int {
	if m.wide {
		return 8
	}
	return 4
}

// level names the machine as kernels do.
func (m *machine) level() string {
	if m.wide {
		return "avx512"
	}
	return "avx2"
}

func (m *machine) vec() vector {
	if m.wide {
		return m.ZMM()
	}
	return m.YMM()
}

// label returns a new label.
func (m *machine) label(name string) string {
	m.labels++
	return fmt.Sprintf("%s%d", name, m.labels)
}

// begin opens the function NAME_LEVEL with parameters all of one size.
func (m *machine) begin(name, signature string) {
	m.Function(name + "_" + m.level())
	m.Attributes(attr.NOSPLIT)
	m.Pragma("noescape")
	m.SignatureExpr(signature)
	m.tables, m.kept = map[string]*table{}, map[uint64]vector{}
	m.labels = 0
}

// end leaves the function.
func (m *machine) end() {
	m.VZEROUPPER()
	m.RET()
}

// arg loads a parameter.
func (m *machine) arg(name string) word {
	return m.Load(m.Param(name), m.GP64()).(word)
}

func at(base reg.Register, offset int) mem { return mem{Base: base, Disp: offset} }

// A pool is the constants of one file, each held four times: a whole 256-bit vector, of which a
// 512-bit instruction broadcasts the first.
type pool struct {
	at    map[uint64]int
	bits  []uint64
	table map[string][]float64
	names []string
}

func newPool() *pool { return &pool{at: map[uint64]int{}, table: map[string][]float64{}} }

// bits returns the address of a constant.
func (m *machine) bits(b uint64) mem {
	i, ok := m.pool.at[b]
	if !ok {
		i = len(m.pool.bits)
		m.pool.at[b] = i
		m.pool.bits = append(m.pool.bits, b)
	}
	return operand.NewDataAddr(operand.Symbol{Name: "constants", Static: true}, 32*i)
}

// keep loads constants into registers, before the loop that uses them; the narrow machine has too few.
func (m *machine) keep(numbers ...float64) {
	if !m.wide {
		return
	}
	for _, x := range numbers {
		if b := math.Float64bits(x); m.kept[b] == nil {
			m.kept[b] = m.fill(m.bits(b))
		}
	}
}

func (m *machine) number(x float64) mem { return m.bits(math.Float64bits(x)) }

// emit writes the data sections.
func (p *pool) emit(c *build.Context) {
	if len(p.bits) > 0 {
		c.StaticGlobal("constants")
		c.DataAttributes(attr.RODATA | attr.NOPTR)
		for _, b := range p.bits {
			for range 4 {
				c.AppendDatum(operand.U64(b))
			}
		}
	}
	for _, name := range p.names {
		c.StaticGlobal(name)
		c.DataAttributes(attr.RODATA | attr.NOPTR)
		for _, x := range p.table[name] {
			c.AppendDatum(operand.U64(math.Float64bits(x)))
		}
	}
}

// A table is 16 numbers to choose from by the low four bits of each lane: two registers of the wide
// machine, memory of the narrow one.
type table struct {
	low, high vector
	base      word
}

// useTable makes a table ready; to be called before the loop that reads it.
func (m *machine) useTable(name string, values []float64) {
	if m.tables[name] != nil {
		return
	}
	if m.pool.table[name] == nil {
		m.pool.table[name] = values
		m.pool.names = append(m.pool.names, name)
	}
	data := operand.NewDataAddr(operand.Symbol{Name: name, Static: true}, 0)
	t := &table{}
	if m.wide {
		t.low, t.high = m.vec(), m.vec()
		m.VMOVUPD(data, t.low)
		m.VMOVUPD(data.Offset(64), t.high)
	} else {
		t.base = m.GP64()
		m.LEAQ(data, t.base)
	}
	m.tables[name] = t
}

// index prepares the low bits of x to choose from tables.
func (m *machine) index(x vector) vector {
	if m.wide {
		return x
	}
	i := m.vec()
	m.VPAND(m.bits(15), x, i)
	return i
}

// choose looks index up.
func (m *machine) choose(name string, index vector) vector {
	t := m.tables[name]
	out := m.vec()
	if m.wide {
		m.VMOVAPD(index, out)
		m.VPERMI2PD(t.high, t.low, out)
		return out
	}
	all := m.vec()
	m.VPCMPEQQ(all, all, all)
	m.VXORPD(out, out, out)
	m.VGATHERQPD(all, mem{Base: t.base, Index: index, Scale: 8}, out)
	return out
}

// assemble writes a file of kernels for one machine, and its declarations.
func assemble(wide bool, body func(m *machine)) (asm, stubs []byte, err error) {
	c := build.NewContext()
	m := &machine{Context: c, wide: wide, pool: newPool()}
	body(m)
	m.pool.emit(c)
	f, err := c.Result()
	if err != nil {
		return nil, nil, err
	}
	for _, fn := range f.Functions() {
		merge(fn)
	}
	var a, s bytes.Buffer
	config := printer.Config{Name: "gen", Pkg: "vec"}
	p := pass.Concat(pass.Compile,
		&pass.Output{Writer: closer{&a}, Printer: printer.NewGoAsm(config)},
		&pass.Output{Writer: closer{&s}, Printer: printer.NewStubs(config)})
	if err := p.Execute(f); err != nil {
		return nil, nil, err
	}
	if !wide && beyondAVX2.Match(a.Bytes()) {
		return nil, nil, fmt.Errorf("AVX2 code with registers of AVX-512: too many are live at once")
	}
	return a.Bytes(), s.Bytes(), nil
}

// beyondAVX2 finds registers that need the encoding of AVX-512, which avo hands out freely.
var beyondAVX2 = regexp.MustCompile(`\b[XY](1[6-9]|2\d|3[01])\b|\b[ZK]\d`)

type closer struct{ *bytes.Buffer }

func (closer) Close() error { return nil }

package plan

import (
	"math"

	"ppl/graph/kernel/vec"
	"ppl/graph/op"
)

// Fusions within a cluster: sums that multiply as they add, one kernel for a
// softplus and its derivative, products fused with a sum.

// findDots finds products that are only summed over rows, or over a row's
// particles: the sum multiplies as it adds, and no register holds the product.
func (cl *cluster) findDots(lp *loop, width int) {
	readers := cl.readers()
	maker := cl.makers(func(in *instr) bool { return in.fn == op.Mul || in.fn == op.MulZ || in.fn == op.Square })
	for _, a := range cl.accums {
		in := maker[a.src[0].reg]
		if a.src[0].reg < 0 || in == nil || readers[a.src[0].reg] != 1 || in.out.stored || a.mat != nil || a.to.off != nil {
			continue
		}
		if a.horizontal == (a.to.strides[len(lp.dims)-1] == 0) || !lp.anyFull(in, width) {
			continue
		}
		a.dot, in.skip = in, true
	}
}

// findPairs finds sums of softplus(x) beside inv_logit(x), as the density of a
// Bernoulli with its adjoint has them: one kernel shares the exponential.
func (cl *cluster) findPairs(lp *loop) {
	soft := cl.makers(func(in *instr) bool { return in.fn == op.Softplus && !in.out.stored })
	if len(soft) == 0 {
		return
	}
	readers := cl.readers()
	logits := map[arg]*instr{}
	for _, in := range cl.instrs {
		if in.fn == op.InvLogit && logits[in.args[0]] == nil {
			logits[in.args[0]] = in
		}
	}
	for _, a := range cl.accums {
		s := soft[a.src[0].reg]
		if s == nil || a.dot != nil || readers[s.dst] != 1 || a.horizontal || a.mat != nil || a.to.off != nil || a.to.strides[len(lp.dims)-1] != 0 {
			continue
		}
		if in := logits[s.args[0]]; in != nil && in.pair == nil {
			in.pair, s.skip, a.paired = a, true, true
		}
	}
}

// findResiduals finds differences from data whose squares are summed, as the
// density of a normal has them: one pass makes both.
func (cl *cluster) findResiduals(lp *loop) {
	last := len(lp.dims) - 1
	for _, a := range cl.accums {
		if a.dot == nil || a.dot.fn != op.Square || a.horizontal || a.to.off != nil || a.to.strides[last] != 0 {
			continue
		}
		for _, in := range cl.instrs {
			if in.dst != a.dot.args[0].reg || in.fn != op.Sub || in.skip || in.pair != nil || in.args[0].reg >= 0 || in.args[1].reg < 0 {
				continue
			}
			if y := lp.acc[in.args[0].acc]; !y.v.batch && y.off == nil && y.strides[last] == 1 && lp.dims[last] > 1 {
				in.pair, a.paired = a, true
			}
			break
		}
	}
}

// readers counts how often each register is read.
func (cl *cluster) readers() []int {
	n := make([]int, cl.nregs)
	read := func(args []arg) {
		for _, a := range args {
			if a.reg >= 0 {
				n[a.reg]++
			}
		}
	}
	for _, in := range cl.instrs {
		read(in.args)
	}
	for _, a := range cl.accums {
		read(a.srcs())
	}
	return n
}

// makers finds instructions by the register that they compute.
func (cl *cluster) makers(ok func(*instr) bool) map[int]*instr {
	m := map[int]*instr{}
	for _, in := range cl.instrs {
		if ok(in) {
			m[in.dst] = in
		}
	}
	return m
}

// fma and fnma stand for a·b + c and c − a·b, rounded once.
var (
	fma  = &op.Func{Name: "fma", Arity: 3, F3: math.FMA}
	fnma = &op.Func{Name: "fnma", Arity: 3, F3: func(a, b, c float64) float64 { return math.FMA(-a, b, c) }}
)

// fuse joins a product with the one sum or difference that reads it.
func (cl *cluster) fuse() {
	readers := cl.readers()
	maker := cl.makers(func(in *instr) bool { return in.fn == op.Mul && !in.skip && !in.out.stored })
	product := func(a arg) *instr {
		if a.reg < 0 || readers[a.reg] != 1 || maker[a.reg] == nil || maker[a.reg].skip {
			return nil
		}
		return maker[a.reg]
	}
	for _, in := range cl.instrs {
		if in.skip || in.pair != nil || in.fn != op.Add && in.fn != op.Sub {
			continue
		}
		for k := 1; k >= 0; k-- {
			m := product(in.args[k])
			if m == nil || in.fn == op.Sub && k == 0 {
				continue
			}
			in.args = []arg{m.args[0], m.args[1], in.args[1-k]}
			if in.fn == op.Add {
				in.fn, in.kern = fma, kern{true, uint8(vec.FMA)}
			} else {
				in.fn, in.kern = fnma, kern{true, uint8(vec.FNMA)}
			}
			m.skip = true
			break
		}
	}
}

// anyFull reports whether one operand of a product has rows of its own for
// every particle.
func (lp *loop) anyFull(in *instr, width int) bool {
	for _, a := range in.args {
		if a.reg >= 0 {
			return true
		}
		x := lp.acc[a.acc]
		if last := len(lp.dims) - 1; (x.v.batch || width == 1) && (x.strides[last] != 0 || lp.dims[last] == 1) {
			return true
		}
	}
	return false
}

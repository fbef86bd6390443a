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
	readers := make([]int, cl.nregs)
	for _, in := range cl.instrs {
		for _, a := range in.args {
			if a.reg >= 0 {
				readers[a.reg]++
			}
		}
	}
	for _, a := range cl.accums {
		if a.src[0].reg >= 0 {
			readers[a.src[0].reg]++
		}
	}
	maker := map[int]*instr{}
	for _, in := range cl.instrs {
		if in.fn == op.Mul || in.fn == op.MulZ || in.fn == op.Square {
			maker[in.dst] = in
		}
	}
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
	for _, a := range cl.accums {
		soft := cl.only(op.Softplus, a)
		if soft == nil || a.horizontal || a.mat != nil || a.to.off != nil || a.to.strides[len(lp.dims)-1] != 0 {
			continue
		}
		for _, in := range cl.instrs {
			if in.fn == op.InvLogit && in.pair == nil && in.args[0] == soft.args[0] {
				in.pair, soft.skip, a.paired = a, true, true
				break
			}
		}
	}
}

// fma and fnma stand for a·b + c and c − a·b, rounded once.
var (
	fma  = &op.Func{Name: "fma", Arity: 3, F3: math.FMA}
	fnma = &op.Func{Name: "fnma", Arity: 3, F3: func(a, b, c float64) float64 { return math.FMA(-a, b, c) }}
)

// fuse joins a product with the one sum or difference that reads it.
func (cl *cluster) fuse() {
	readers := make([]int, cl.nregs)
	maker := make([]*instr, cl.nregs)
	read := func(args []arg) {
		for _, a := range args {
			if a.reg >= 0 {
				readers[a.reg]++
			}
		}
	}
	for _, in := range cl.instrs {
		read(in.args)
		if in.fn == op.Mul && !in.skip && !in.out.stored {
			maker[in.dst] = in
		}
	}
	for _, a := range cl.accums {
		read(a.srcs())
	}
	product := func(a arg) *instr {
		if a.reg < 0 || readers[a.reg] != 1 || maker[a.reg] == nil || maker[a.reg].skip {
			return nil
		}
		return maker[a.reg]
	}
	for _, in := range cl.instrs {
		if in.skip || in.fn != op.Add && in.fn != op.Sub {
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

// only finds the instruction of function fn whose result nothing but the
// accumulation reads.
func (cl *cluster) only(fn *op.Func, a *accum) *instr {
	reg := a.src[0].reg
	if reg < 0 || a.dot != nil {
		return nil
	}
	var maker *instr
	for _, in := range cl.instrs {
		if in.dst == reg && in.fn == fn && !in.out.stored {
			maker = in
		}
		for _, x := range in.args {
			if x.reg == reg {
				return nil
			}
		}
	}
	for _, b := range cl.accums {
		if b != a && b.src[0].reg == reg {
			return nil
		}
	}
	return maker
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

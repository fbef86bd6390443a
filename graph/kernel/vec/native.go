package vec

// kernels holds the native kernels of a level apart from the elementwise ones; nil means portable.
// p and n are in elements, strides in bytes. Those that work by rows want p to be a multiple of 8.
type kernels struct {
	sumRows, maxRows func(acc, x *float64, rows, p int)
	dotRows          [2]func(acc, a, b *float64, rows, p, strideB int)
	sumParticles     func(dst, x *float64, rows, p int)
	dotParticles     func(dst, a, b *float64, rows, p, strideB int)

	gatherRows     func(dst, src *float64, index *int32, rows, p, limit int) (done int)
	scatterAddRows func(dst, src *float64, index *int32, rows, p, limit int) (done int)

	logSumExp func(out, x *float64, k, n, stride int)
	softmax   func(out, w, x *float64, k, n, stride int)

	// Tall and short, wide and narrow: rows a multiple of the height, and any.
	matrix        [4]matrixKernel
	matVec        func(y, a, x *float64, rows, cols, stride int)
	matVecAdjoint func(x, a, y *float64, rows, cols, stride int)

	// A square tile, one of its columns, and one element.
	cellsAdd, cellsSub [3]cellsKernel

	// For blocks and for one particle, see shape.
	bernoulliLogit, poissonLog [3]densityKernel
	binomialLogit, normal      [3]densityKernel2
}

var native [levels]kernels

type (
	matrixKernel   func(c, a, b *float64, rows, inner, strideC, strideA, stepA, strideB, accumulate int)
	cellsKernel    func(c, a, b *float64, inner, rowC, colC, rowA, stepA, colB, stepB int)
	densityKernel  func(ll, d, eta, y *float64, rows, p int)
	densityKernel2 func(ll, d, eta, y, extra *float64, rows, p int) // with one more argument
)

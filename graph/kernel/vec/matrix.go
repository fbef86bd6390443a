package vec

// matrixTile is the number of inner steps of one pass of the matrix kernel: 64 rows of B for 64
// particles are 32 KB.
const matrixTile = 64

// MatMul computes C = A·B, or C += A·B, for A of rows × inner with element (r, k) at
// a[r·strideA + k·stepA], B of inner × p and C of rows × p, both dense. With strideA = 1 and stepA
// the row length of a data matrix it is the adjoint, B̄ += Aᵀ·C̄. Each element of C is one sum over k
// in order.
//
// Full speed needs p to be a multiple of 64, or else of 8. p = 1 is a matrix-vector product.
func MatMul(c, a, b []float64, rows, inner, p, strideA, stepA int, accumulate bool) {
	c = c[:rows*p]
	if len(c) == 0 {
		return
	}
	blocks := native[level].matrix[0] != nil && p > 1 && p%8 == 0
	if !accumulate && (!blocks || inner == 0) {
		clear(c)
	}
	if inner == 0 {
		return
	}
	b = b[:inner*p]
	_ = a[(rows-1)*strideA+(inner-1)*stepA]
	switch {
	case p == 1 && stepA == 1:
		matVec(c, a, b, rows, inner, strideA)
	case p == 1 && strideA == 1:
		matVecAdjoint(c, a, b, inner, rows, stepA)
	case blocks:
		nativeMatMul(c, a, b, rows, inner, p, strideA, stepA, accumulate)
	default:
		portableMatMul(c, a, b, rows, inner, p, p, strideA, stepA, p)
	}
}

// matVec adds A·x to y, for A of rows × cols by rows.
func matVec(y, a, x []float64, rows, cols, stride int) {
	if f := native[level].matVec; f != nil {
		f(still(&y[0]), still(&a[0]), still(&x[0]), rows, cols, stride*8)
		return
	}
	for r := range y {
		y[r] += dotShort(a[r*stride:][:cols], x)
	}
}

// matVecAdjoint adds Aᵀ·y to x, for A of rows × cols by rows.
func matVecAdjoint(x, a, y []float64, rows, cols, stride int) {
	if f := native[level].matVecAdjoint; f != nil {
		f(still(&x[0]), still(&a[0]), still(&y[0]), rows, cols, stride*8)
		return
	}
	portableMatMul(x, y, a, 1, rows, cols, 0, 0, 1, stride)
}

// dotShort is a dot product with four partial sums.
func dotShort(x, y []float64) float64 {
	var s0, s1, s2, s3 float64
	y = y[:len(x)]
	for ; len(x) >= 4; x, y = x[4:], y[4:] {
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
	}
	for i, v := range x {
		s0 += v * y[i]
	}
	return s0 + s2 + (s1 + s3)
}

// nativeMatMul cuts the product into tiles of matrixTile inner steps, chunks of 64 particles (then
// 8), and groups of rows as tall as the kernel.
func nativeMatMul(c, a, b []float64, rows, inner, p, strideA, stepA int, accumulate bool) {
	m := &native[level].matrix
	for k := 0; k < inner; k += matrixTile {
		steps := min(matrixTile, inner-k)
		ak, bk := a[k*stepA:], b[k*p:]
		add := 1
		if k == 0 && !accumulate {
			add = 0
		}
		for j := 0; j < p; {
			wide, height, tall, short := 8, matrixHeight[level], m[2], m[3]
			if p-j >= matrixChunk[level] {
				wide, height, tall, short = matrixChunk[level], 3, m[0], m[1]
			}
			r := rows / height * height
			if r > 0 {
				tall(still(&c[j]), still(&ak[0]), still(&bk[j]), r, steps, p*8, strideA*8, stepA*8, p*8, add)
			}
			if r < rows {
				short(still(&c[r*p+j]), still(&ak[r*strideA]), still(&bk[j]), rows-r, steps, p*8, strideA*8, stepA*8, p*8, add)
			}
			j += wide
		}
	}
}

// The wide matrix kernels do 3 rows of matrixChunk particles, the others matrixHeight rows of 8.
var (
	matrixChunk  = [levels]int{AVX2: 16, AVX512: 64}
	matrixHeight = [levels]int{AVX2: 4, AVX512: 8}
)

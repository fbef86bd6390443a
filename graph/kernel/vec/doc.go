// Package vec holds the loops that a compiled plan calls: elementwise operations, elementary
// functions, reductions, gathers, matrix products, log-sum-exp and the densities of generalised
// linear models, on float64, without allocation.
//
// # Layout
//
// A block is rows × p elements, p Monte-Carlo particles side by side: element (r, j) is at r·p + j. An
// operand is such a block (Full), one number for each particle (PerParticle), one for each row
// (PerRow), or one (Scalar), so a broadcast is never laid out in memory, a gather copies rows, a
// scatter adds rows without conflicts, and a sum over rows stays in registers. Every p and every number
// of rows works. Multiples of 8 waste no lanes, 64 is what the matrix product likes best, and p = 1 makes
// the rows the vector: a block is then a plain vector of any length. The destination may be the very
// memory of a full operand; other overlaps are not allowed. Slices need no alignment. A slice too short
// for its mode panics.
//
// # Levels
//
// Each kernel exists in Go (portable), for AVX2 with FMA, and for AVX-512, chosen when the program
// starts from what the processor has; PPL_KERNEL=portable, avx2 or avx512 chooses for it, and
// Selected reports what came of that. The assembly is written by the program in gen with avo, each
// kernel once for both widths; go generate runs it. Its constants come from coefficients.py.
//
// Elementwise arithmetic has the same bits at every level, except that FMA and FNMA are fused in the
// native ones alone. AVX2 and AVX-512 share their algorithms and give the same bits in everything but
// the one-particle densities, whose rows they sum in as many lanes as a vector has. The portable
// functions differ from these in the last bits.
//
// The order of every sum is fixed. Sums over rows go row after row, on top of what the accumulators
// hold, so cutting rows into blocks changes nothing; sums along a row are taken in 32 partial
// sums, folded in halves; each element of a matrix product is one sum over the inner index, in order.
//
// # Accuracy
//
// The largest errors seen, in units in the last place, native and portable, with the bound that the
// tests enforce: over six million arguments each down to log_inv_logit, over hundreds of figures from
// mpmath for the rest.
//
//	exp            0.98  0.51  at most 1
//	log            0.84  0.75  at most 1
//	log1p          1.08  0.81  at most 1.5 and 1
//	expm1          2.35  0.83  at most 2.5 and 1.5
//	tanh           3.45  2.5   at most 4
//	inv_logit      2.94  2.3   at most 3
//	softplus       2.05  1.9   at most 2.5
//	log_inv_logit  2.05  2.0   at most 2.5
//	sin, cos       1.5   1.5   at most 2, up to |x| = 2³⁰; beyond that math.Sin and math.Cos
//	erf            1.5   1.5   at most 2
//	Phi            5.5   5.5   at most 6 and 8, down to the smallest normal result
//
// Add, subtract, multiply, divide, square root and reciprocal are correctly rounded. Lgamma, Digamma,
// LogPhi and InvMills call package kernel for each element. Subnormal arguments and results, zeros with
// their sign, infinities and NaN are as in package math.
//
// # Methods
//
// The exponential is Tang's (ACM TOMS 15, 1989): x = n·log 2 + r with n a multiple of 1/16, 2ⁿ from a table
// of 16 powers and an exponent, eʳ from a polynomial. The table is multiplied by a number near one,
// found by search, for which all 16 powers lie close to a float64 (Gal and Bachelis, ACM TOMS 17, 1991).
// The logarithm is Tang's too (ACM TOMS 16, 1990): a table of 16 short reciprocals c of the mantissa m makes r = mc − 1
// small and exact. With AVX-512 a table is two registers and a permutation; with AVX2 a gather.
// Polynomials are Chebyshev interpolants, close to minimax (Muller, Elementary Functions, 3rd ed.,
// chapter 3). Sine and cosine subtract a multiple of π/2 in three parts with fused operations
// (Cody and Waite; Muller, chapter 11), and Phi and erf use erfcx after Shepherd and Laframboise (Math. Comp.
// 36, 1981). Shibata and Petrogalli, "SLEEF" (IEEE TPDS 31, 2020) was the model for doing without branches.
//
// The matrix product keeps 3 rows × 8 vectors (AVX2: 3 × 4) of the result in registers while the
// inner index runs, 64 steps at a time so that what it reads stays in the first-level cache. In Go it
// adds eight rows of B at a time to each row of the result.
package vec

//go:generate go run -C gen .

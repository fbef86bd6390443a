package vec

// Densities of generalised linear models. Each takes the linear predictor eta of rows × p and the
// data of its rows, adds the log density of all rows, without the terms of the data alone, to p
// accumulators, and writes the derivative of each row's density in eta to d, which may be eta. One
// pass, one exponential an element. With p = 1 the rows are the vector and the sum is taken in 8 lanes;
// else a particle's rows are added in order.

// productRows is the number of factors in (1, 2] that are multiplied before a logarithm is taken.
const productRows = 512

// BernoulliLogit: log density y·η − log(1+e^η) and derivative y − 1/(1+e^−η), for y in [0, 1].
//
// Σ log(1+e^−|η|) is the logarithm of a product, taken once for 512 rows, so ll has an absolute error of
// up to 2⁻⁵² a row beside that of its sum.
func BernoulliLogit(ll, d, eta, y []float64, rows, p int) {
	ll, d, eta, y = glmArgs(ll, d, eta, y, rows, p)
	if len(d) == 0 {
		return
	}
	if f := native[level].bernoulliLogit[shape(p)]; f != nil {
		for r := 0; r < rows; r += productRows {
			f(still(&ll[0]), still(&d[r*p]), still(&eta[r*p]), still(&y[r]), min(productRows, rows-r), p)
		}
		return
	}
	portableBernoulli(ll, d, eta, y, rows, p)
}

// BinomialLogit: log density y·η − n·log(1+e^η) and derivative y − n/(1+e^−η), for y of n trials.
func BinomialLogit(ll, d, eta, y, n []float64, rows, p int) {
	ll, d, eta, y = glmArgs(ll, d, eta, y, rows, p)
	n = n[:rows]
	if len(d) == 0 {
		return
	}
	if f := native[level].binomialLogit[shape(p)]; f != nil {
		f(still(&ll[0]), still(&d[0]), still(&eta[0]), still(&y[0]), still(&n[0]), rows, p)
		return
	}
	portableBinomial(ll, d, eta, y, n, rows, p)
}

// PoissonLog: log density y·η − e^η and derivative y − e^η.
func PoissonLog(ll, d, eta, y []float64, rows, p int) {
	ll, d, eta, y = glmArgs(ll, d, eta, y, rows, p)
	if len(d) == 0 {
		return
	}
	if f := native[level].poissonLog[shape(p)]; f != nil {
		f(still(&ll[0]), still(&d[0]), still(&eta[0]), still(&y[0]), rows, p)
		return
	}
	portablePoisson(ll, d, eta, y, rows, p)
}

// Normal adds the squared residuals, ss[j] += Σᵣ (y[r]−η[r,j])², and writes d = (y−η)·w for the
// inverse variance w[j] of each particle: the derivative of −½·w·Σ(y−η)².
func Normal(ss, d, eta, y, w []float64, rows, p int) {
	ss, d, eta, y = glmArgs(ss, d, eta, y, rows, p)
	w = w[:p]
	if len(d) == 0 {
		return
	}
	if f := native[level].normal[shape(p)]; f != nil {
		f(still(&ss[0]), still(&d[0]), still(&eta[0]), still(&y[0]), still(&w[0]), rows, p)
		return
	}
	portableNormal(ss, d, eta, y, w, rows, p)
}

// glmArgs checks and cuts the arguments common to all.
func glmArgs(ll, d, eta, y []float64, rows, p int) (_, _, _, _ []float64) {
	return ll[:p], d[:rows*p], eta[:rows*p], y[:rows]
}

// shape tells the kernels apart: 0 for blocks of 8 particles, 1 for one particle, 2 for neither.
func shape(p int) int {
	switch {
	case p == 1:
		return 1
	case p%8 == 0:
		return 0
	}
	return 2
}

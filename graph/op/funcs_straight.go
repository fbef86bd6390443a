package op

// Straight is x, with the derivatives of y (Bengio, Léonard & Courville 2013, "Estimating or propagating gradients
// through stochastic neurons", the straight-through estimator): Straight(x, 0) is x as if it were constant. Its derivatives
// are, on purpose, not those of its values.
var Straight *Func

func init() {
	Straight = binary("straight", func(x, _ float64) float64 { return x }, nil, constant(1))
}

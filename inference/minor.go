package inference

import "math"

// minor is how far below the best, in nats, an optimum's ELBO counts as no mode of the
// posterior whatever it is: e^−10 of its mass at the most, if both are as wide as the
// guide says.
const minor = 10

// Below smallShare of the mass a mode moves no quantile that is reported, and it may be
// left out if it moves the variance of no latent by more than smallShift of it either.
const (
	smallShare = 0.005
	smallShift = 0.1
)

// matters reports whether an optimum that is not the best bears on the answer. With a
// share p of the mass at a distance of d sds it adds p(1 − p)d² to the variance, and pd
// to the mean, in units of the best's: its mass is small where it is near, negligible
// where it is far.
func matters(a, best *ascent) bool {
	below := best.value - a.value
	if below > minor {
		return false
	}
	share := 1 / (1 + math.Exp(below))
	if share > smallShare {
		return true
	}
	for i, x := range a.loc {
		d := (x - best.loc[i]) / math.Exp(best.logsd[i])
		if !(share*d*d <= smallShift) {
			return true
		}
	}
	return false
}

package inference

import "math"

// Relaxations of discrete latents begin at a temperature of 1, where gradients have little noise and much bias, and cool
// geometrically (Jang, Gu & Poole 2017). When that has ended is a matter of epochs that have passed alone, so that a run may be gone on with.

const (
	hottest      = 1
	batchCoolest = 0.5
	coolEpochs   = 10
	coolSteps    = 500 // at least
)

// temperature is that of the step at work.
func (l *loop) temperature() float64 {
	last := l.opt.Temperature
	if last == 0 {
		last = batchCoolest
	}
	if share := l.cooled(); share < 1 {
		return hottest * math.Pow(last/hottest, share)
	}
	return last
}

// cooled is how much of the cooling is over, 1 where nothing is relaxed.
func (l *loop) cooled() float64 {
	if !l.relaxes {
		return 1
	}
	batches := math.Ceil(float64(l.b.N) / float64(max(1, l.opt.Size)))
	epochs := math.Max(coolEpochs, coolSteps/batches)
	return math.Min(1, (float64(l.at.epoch)+float64(l.at.batch)/batches)/epochs)
}

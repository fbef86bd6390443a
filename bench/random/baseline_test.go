package random

import "math"

// baseline is how many fits of each family commit 619157e calls good, of how many
// models with seeds 1 to 12 (31 of these 305 are wrong by Fit.Wrong, those
// with no moment included). A change that says good less often than that is none
// for the better, however few it gets wrong.
var baseline = map[string]struct{ good, models int }{
	"branch":            {7, 12},
	"branch_regression": {7, 12},
	"category":          {6, 12},
	"change_continuous": {5, 12},
	"change_normal":     {11, 12},
	"change_poisson":    {12, 12},
	"collinear":         {12, 12},
	"contaminated":      {8, 12},
	"counts":            {10, 10},
	"curved":            {11, 12},
	"decay":             {12, 12},
	"emax":              {12, 12},
	"heavy_prior":       {12, 12},
	"hierarchy":         {11, 12},
	"hierarchy_noise":   {12, 12},
	"logistic":          {12, 12},
	"mixture":           {11, 12},
	"mixture_sigma":     {11, 12},
	"mixture_sigmas":    {12, 12},
	"precision":         {12, 12},
	"product":           {9, 11},
	"proportion":        {11, 12},
	"rate":              {12, 12},
	"ratio":             {12, 12},
	"robust_line":       {10, 12},
	"scale":             {11, 11},
	"selection":         {8, 12},
	"shares":            {12, 12},
	"student":           {10, 12},
	"wide_factor":       {4, 12},
}

// baselineSeeds are those that it was recorded with.
const baselineSeeds = 12

// expected is how many fits baseline would call good of so many of each family,
// the sd of that number where these are other models than those recorded, and how many are good of those families.
func expected(tallies map[string]*Tally) (least, sd float64, good int) {
	var variance float64
	for name, t := range tallies {
		b := baseline[name]
		if b.models == 0 {
			continue
		}
		share := float64(b.good) / float64(b.models)
		least += share * float64(t.Models)
		variance += share * (1 - share) * float64(t.Models)
		good += t.Good
	}
	return least, math.Sqrt(variance), good
}

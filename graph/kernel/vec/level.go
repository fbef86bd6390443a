package vec

import (
	"fmt"
	"os"
	"strings"
)

// Level is an implementation of the kernels.
type Level uint8

const (
	Portable Level = iota // Go alone
	AVX2                  // 256-bit vectors with FMA
	AVX512                // 512-bit vectors (F, DQ, VL, BW)
	levels
)

var levelNames = [levels]string{"portable", "avx2", "avx512"}

func (l Level) String() string { return levelNames[l] }

// level is the implementation in use and levelErr what was wrong with the wish for another.
var level, levelErr = choose(os.Getenv("PPL_KERNEL"))

// choose returns the level named, and the best one of this machine where none is named or the one
// named does not exist here.
func choose(name string) (Level, error) {
	best := bestLevel()
	if name == "" {
		return best, nil
	}
	for l := Portable; l < levels; l++ {
		switch {
		case strings.ToLower(name) != l.String():
		case l <= best:
			return l, nil
		default:
			return best, fmt.Errorf("PPL_KERNEL=%s: this machine has no %s; using %s", name, l, best)
		}
	}
	return best, fmt.Errorf("PPL_KERNEL=%s: expected portable, avx2 or avx512; using %s", name, best)
}

// bestLevel is the highest level that this machine supports.
func bestLevel() Level {
	for l := levels - 1; l > Portable; l-- {
		if Supported(l) {
			return l
		}
	}
	return Portable
}

// Selected returns the level in use, and an error where PPL_KERNEL asked for one that cannot be had.
func Selected() (Level, error) { return level, levelErr }

// Use makes every kernel run at level l from here on. It is for tests and benchmarks: it must not
// run beside a kernel.
func Use(l Level) error {
	if !Supported(l) {
		return fmt.Errorf("this machine does not support %s kernels", l)
	}
	level = l
	return nil
}

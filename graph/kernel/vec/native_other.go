//go:build !amd64

package vec

// Supported reports whether this machine can run level l.
func Supported(l Level) bool { return l == Portable }

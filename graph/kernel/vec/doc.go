// Package vec holds the loops that a compiled plan calls. (Prose to come.)
package vec

//go:generate go run -C gen .

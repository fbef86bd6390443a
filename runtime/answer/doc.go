// Package answer is what an inference leaves: named quantities with their draws, discrete
// latents with their probabilities, a verdict with its reasons, and what was done. It is plain
// data that does not know which method made it, and holds no graph and no program: it can be
// written and read back without loss (package runtime saves and loads it), and everything that
// shows an answer, such as package report, shows it whether it was just found or read from a file.
package answer

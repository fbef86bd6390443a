// Package plan compiles a graph into a program that evaluates all Monte-Carlo
// particles side by side.
//
// # Layout
//
// Logically a value that varies with the particle has the particle as its
// first dimension. Physically it is an array of rows, one for each element of
// its other dimensions, and a row holds that element for all particles: P
// numbers next to one another, P being the number of particles rounded up to a
// multiple of eight. Broadcasting over particles, gathering and scattering are
// then operations on whole rows, and every loop runs over particles innermost.
// A value that does not vary with the particle has rows of one number.
//
// # Compilation
//
//  1. analyse: which nodes vary with the particle, and which dimension it is.
//     If an op mixes particles all are laid out as one particle's, as they are
//     where there is no particle at all. With one particle what varies and
//     what does not are alike: rows are vectors, and scalars are computed in
//     place.
//  2. schedule: every node gets a stage. Elementwise nodes over the same rows
//     join a cluster at the earliest stage at which their operands are there;
//     what leaves a cluster by a sum or a scatter, and what another cluster
//     reads, is stored and counts from the next stage on.
//  3. clusters: each becomes a list of instructions on blocks of rows. Indexing
//     is never executed by itself: a view is the way in which an operand is
//     read (strides, or row numbers for a gather), a scatter or a sum the way
//     in which a result is added to its array.
//     A cluster with much work is cut into chunks that any number of cores may
//     share; their number, and the order in which their sums are added, depend
//     on the cluster alone, so that the bits do not depend on the cores.
//  4. memory: one arena, planned by liveness over the steps.
//
// Ops without loops of their own here (decompositions, sorting) run through
// their Eval, on values brought into logical order for them.
package plan

import "ppl/graph"

// Compile plans the evaluation of outputs.
func Compile(g *graph.Graph, outputs []*graph.Node) graph.Program {
	return compileRows(g, outputs)
}

// Flat compiles the flat plan: each node by its own op, for comparison.
func Flat(g *graph.Graph, outputs []*graph.Node) graph.Program { return compileFlat(g, outputs) }
